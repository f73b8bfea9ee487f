/* core/orchestrator/broadcasts.c - a broadcast comes into being, and is found again.
 *
 *   broadcast_create_start
 *     create_opened     is it there already? the same details: this one; others: conflict
 *     create_list       into the shop's list, unless it is there
 *     create_begin      its log begins; whoever was faster is looked at again
 *   broadcast_get_start, broadcast_list_start, volumes_get_start
 *
 * A creation that dies half-way leaves a listed broadcast without a log; the repeat completes it. */
#include "core/orchestrator/journeys.h"

#include <string.h>

#include "base/log.h"

#define HOLD_MS_DEFAULT 300000

static void create_opened(struct errand *e);
static void create_list(struct errand *e);
static void create_listed(struct append *append);
static void create_begin(struct errand *e);
static void create_begun(struct append *append);

void broadcast_create_start(struct errand *e)
{
    if (e->command.details.hold_ms == 0)
        e->command.details.hold_ms = HOLD_MS_DEFAULT;
    e->may_be_missing = true;
    errand_open(e, true, create_opened);
}

static void errand_unavailable(struct errand *e)
{
    journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

static bool details_same(const struct broadcast_details *a, const struct broadcast_details *b)
{
    return strcmp(a->title, b->title) == 0 && strcmp(a->video_url, b->video_url) == 0 &&
           strcmp(a->video_still, b->video_still) == 0 && a->hold_ms == b->hold_ms &&
           a->pdt_offset_ms == b->pdt_offset_ms;
}

static void create_opened(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    if (show == NULL) {
        create_list(e);
    } else if (!details_same(&show->b.details, &e->command.details) && !e->created) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_CONFLICT,
                                                     .field = "id",
                                                     .detail = "A broadcast with this id and other details exists."});
    } else {
        struct outcome outcome = {
            .kind = OUTCOME_BROADCAST, .seq = show->b.seq, .created = e->created, .replayed = !e->created};
        outcome.view = show_view(show);
        journey_end(&e->j, &outcome);
    }
}

static void create_list(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    const struct broadcast_listed *listed = shop == NULL ? NULL : shop_listed(shop, e->j.broadcast.text);
    if (shop == NULL || !shop_is_ready(shop)) {
        errand_unavailable(e);
        return;
    }
    if (listed != NULL && strcmp(listed->title, e->command.details.title) == 0) {
        create_begin(e);
        return;
    }
    struct event events[2] = {0};
    size_t count = shop_begun_event(shop, events);
    struct event *event = &events[count++];
    *event = (struct event){.kind = EVENT_LISTED, .ms = orchestrator_now(e->j.o)};
    text_keep(event->by, sizeof event->by, e->j.asker.sub);
    event->u.listed.broadcast = e->j.broadcast;
    text_keep(event->u.listed.title, sizeof event->u.listed.title, e->command.details.title);
    e->append.done = create_listed;
    if (append_start(&e->append, e->j.o, &shop->log, events, count) != RESULT_OK)
        errand_unavailable(e);
}

/* Others who create at the same time come first now and then; the shop's log has room for all. */
static void create_listed(struct append *append)
{
    struct errand *e = container_of(append, struct errand, append);
    if (append->end == APPEND_FOLDED)
        errand_open(e, true, create_begin); /* again: what does not exist may have been closed meanwhile */
    else if (append->end == APPEND_BEATEN && e->tries++ < PLAN_ATTEMPTS_MAX * 3)
        create_list(e);
    else
        errand_unavailable(e);
}

static void create_begin(struct errand *e)
{
    struct show *show = show_find(e->j.o, &e->j.asker.shop, &e->j.broadcast);
    if (show != NULL && show->b.seq > 0) {
        create_opened(e); /* somebody was faster */
        return;
    }
    struct event event = {.kind = EVENT_BEGUN, .ms = orchestrator_now(e->j.o), .u.begun.details = e->command.details};
    text_keep(event.by, sizeof event.by, e->j.asker.sub);
    epoch_new(e->j.o, &event.u.begun.epoch);
    e->append.done = create_begun;
    if (show == NULL || append_start(&e->append, e->j.o, &show->log, &event, 1) != RESULT_OK)
        errand_unavailable(e);
}

static void create_begun(struct append *append)
{
    struct errand *e = container_of(append, struct errand, append);
    e->created = append->end == APPEND_FOLDED;
    if (e->created)
        log_info("broadcast.created", "shop=%s broadcast=%s by=%s", e->j.asker.shop.text, e->j.broadcast.text,
                 log_quote(e->j.asker.sub));
    if (append->end == APPEND_FOLDED || append->end == APPEND_BEATEN)
        errand_open(e, true, create_opened);
    else
        errand_unavailable(e);
}

/* ---- read ---- */

#define VOLUMES_AGAIN_MS 50 /* until what is told of a broadcast is known here */

static void get_opened(struct errand *e);

static void get_again(struct clock_timer *timer)
{
    get_opened(container_of(container_of(timer, struct journey, again), struct errand, j));
}

/* A node that has just opened it may not have read what was estimated: to answer "nothing" would be wrong. */
static void volumes_wait(struct errand *e)
{
    struct orchestrator *o = e->j.o;
    if (e->j.answered || o->config.observer == NULL || o->config.observer->volumes == NULL) {
        errand_unavailable(e);
        return;
    }
    e->j.again.fire = get_again;
    o->config.clock->start(o->config.clock, &e->j.again, VOLUMES_AGAIN_MS);
}

static void get_opened(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    struct volumes_view volumes;
    struct outcome outcome = {.kind = OUTCOME_BROADCAST};
    if (show == NULL) {
        errand_unavailable(e);
        return;
    }
    outcome.view = show_view(show);
    outcome.seq = show->b.seq;
    if (e->j.kind == COMMAND_VOLUMES_GET) {
        if (!show_volumes(show, &volumes)) {
            volumes_wait(e);
            return;
        }
        outcome.kind = OUTCOME_VOLUMES;
        outcome.volumes = &volumes;
    }
    journey_end(&e->j, &outcome);
}

void broadcast_get_start(struct errand *e) { errand_open(e, true, get_opened); }
void volumes_get_start(struct errand *e) { errand_open(e, true, get_opened); }

static void list_opened(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    if (shop == NULL) {
        errand_unavailable(e);
        return;
    }
    struct outcome outcome = {.kind = OUTCOME_BROADCAST_LIST, .listed = shop->listed, .count = shop->listed_count};
    journey_end(&e->j, &outcome);
}

void broadcast_list_start(struct errand *e) { errand_open(e, false, list_opened); }
