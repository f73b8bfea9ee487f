/* core/orchestrator/epoch.c - when a log has lost what this node had seen of it.
 *
 *   heal_step       remembers every epoch, and since which loss
 *   heal_rewound    remembers what was lost; nothing is published any more
 *   heal_check      read again to the head: does it carry an epoch from before the loss?
 *     heal_append   then a new one must begin; every node that saw the loss tries, one gets through
 *   heal_done       everybody is sent a snapshot
 *
 * Without a new epoch a viewer could resume an old seq against another history. New is an epoch that this node first saw after
 * the loss: the one it carries may well be older than the one it carried, when the loss took an epoch's beginning. A log that lost even its first event is
 * begun again with the details this node remembers. */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static void heal_append(struct show *show);
static void heal_appended(struct append *append);
static void heal_again(struct clock_timer *timer);
static void heal_done(struct show *show);

enum result heal_step(struct show *show)
{
    const char *epoch = show->b.epoch.text;
    if (map_get(&show->heal.known, epoch) != NULL || map_get(&show->heal.since, epoch) != NULL)
        return RESULT_OK;
    return map_set(&show->heal.since, epoch, show);
}

static bool epoch_is_new(const struct show *show) { return map_get(&show->heal.since, show->b.epoch.text) != NULL; }

static void epochs_grow_old(struct show *show)
{
    size_t at = 0;
    const char *epoch;
    void *value;
    while (map_next(&show->heal.since, &at, &epoch, &value)) {
        enum result result = map_set(&show->heal.known, epoch, show);
        MUST(result == RESULT_OK); /* forgetting one would let it come back */
        map_remove(&show->heal.since, epoch);
    }
}

void heal_rewound(struct show *show)
{
    epochs_grow_old(show);
    if (show->heal.pending || show->b.seq == 0)
        return; /* the first loss is what viewers have seen the other side of */
    show->heal.pending = true;
    show->heal.epoch = show->b.epoch;
    show->heal.seq = show->b.seq;
    show->heal.details = show->b.details;
}

void heal_check(struct show *show)
{
    if (!show->heal.pending || !show->log.caught_up)
        return;
    if (show->b.seq > 0 && epoch_is_new(show))
        heal_done(show);
    else if (!show->heal.appending)
        heal_append(show);
}

static void heal_append(struct show *show)
{
    struct orchestrator *o = show->shop->o;
    struct event e = {.kind = EVENT_EPOCH, .ms = orchestrator_now(o), .by = "liveshelf"};
    if (show->b.seq == 0) {
        e.kind = EVENT_BEGUN;
        e.u.begun.details = show->heal.details;
        epoch_new(o, &e.u.begun.epoch);
    } else {
        epoch_new(o, &e.u.epoch);
    }
    show->heal.append.done = heal_appended;
    show->heal.appending = append_start(&show->heal.append, o, &show->log, &e, 1) == RESULT_OK;
    if (!show->heal.appending) {
        show->heal.again.fire = heal_again;
        o->config.clock->start(o->config.clock, &show->heal.again, HEAL_AGAIN_MS);
    }
}

static void heal_appended(struct append *append)
{
    struct show *show = container_of(append, struct show, heal.append);
    struct clock *clock = show->shop->o->config.clock;
    show->heal.appending = false;
    show->heal.again.fire = heal_again;
    if (append->end == APPEND_BEATEN || append->end == APPEND_FOLDED)
        heal_check(show);
    else
        clock->start(clock, &show->heal.again, HEAL_AGAIN_MS);
}

static void heal_again(struct clock_timer *timer) { heal_check(container_of(timer, struct show, heal.again)); }

static void heal_done(struct show *show)
{
    struct audience *audience = show->shop->o->config.audience;
    log_warn("epoch.changed", "shop=%s broadcast=%s from=%s seen=%llu to=%s seq=%llu", show->shop->id.text,
             show->b.id.text, show->heal.epoch.text, (unsigned long long)show->heal.seq, show->b.epoch.text,
             (unsigned long long)show->b.seq);
    show->heal.pending = false;
    audience->reset(audience, show_view(show));
    show_mark_all(show);
    show_check_waiters(show);
}
