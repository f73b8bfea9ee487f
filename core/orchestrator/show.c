/* core/orchestrator/show.c - one open broadcast as this node knows it: from its log to its audience.
 *
 *   show_log_entry     decoded, stepped (the only writer of the state), published, told to the observer
 *   show_log_caught_up whoever waited for it may come in
 *   show_log_rewound   history was lost: epoch.c
 *
 * Every event is published, those of the first reading too: the hub's ring is the history viewers resume from. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void show_log_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len);
static enum result show_step(struct show *show, struct event *e);
static void show_tell(struct show *show, const struct event *e);
static void show_log_caught_up(struct log_follow *follow);
static void show_log_rewound(struct log_follow *follow);

struct show *show_find(struct orchestrator *o, const struct shop_id *shop_id, const struct broadcast_id *id)
{
    struct shop *shop = shop_find(o, shop_id);
    return shop == NULL ? NULL : map_get(&shop->shows, id->text);
}

bool show_is_ready(const struct show *show)
{
    return show->log.caught_up && !show->log.broken && !show->heal.pending && shop_is_ready(show->shop);
}

bool show_is_on(const struct show *show)
{
    return show->log.caught_up && !show->log.broken && !show->heal.pending && show->b.seq > 0;
}

static enum result show_create(struct shop *shop, const struct broadcast_id *id, struct show **ret)
{
    struct show *show = calloc(1, sizeof *show);
    if (show == NULL)
        return RESULT_NO_MEMORY;
    show->shop = shop;
    broadcast_init(&show->b, &shop->id, id);
    logbook_init(&show->log);
    list_init(&show->waiters);
    list_init(&show->acts);
    values_init(show);
    map_init(&show->demand_at, SHELF_ITEMS_MAX);
    map_init(&show->trips, SHELF_ITEMS_MAX);
    map_init(&show->heal.known, EPOCHS_MAX);
    map_init(&show->heal.since, EPOCHS_MAX);
    show->share_node = shop->o->config.node;
    show->share_node.text[ID_LEN_MAX - 9] = '\0';
    size_t len = strlen(show->share_node.text);
    show->share_node.text[len] = '.';
    rng_text(&shop->o->rng, show->share_node.text + len + 1, 8);
    enum result result = map_set(&shop->shows, id->text, show);
    if (result != RESULT_OK) {
        show_free(show);
        return result;
    }
    *ret = show;
    return RESULT_OK;
}

enum result show_open(struct shop *shop, const struct broadcast_id *id, struct show **ret)
{
    struct orchestrator *o = shop->o;
    *ret = map_get(&shop->shows, id->text);
    if (*ret != NULL)
        return RESULT_OK;
    if (o->shows_open >= o->config.limits.broadcasts_max && !show_make_room(o))
        return RESULT_FULL;
    enum result result = show_create(shop, id, ret);
    if (result != RESULT_OK)
        return result;
    struct show *show = *ret;
    o->shows_open++;
    metrics_add(METRIC_BROADCASTS_OPEN, 1);
    show->log.follow = (struct log_follow){.shop = shop->id,
                                           .broadcast = *id,
                                           .entry = show_log_entry,
                                           .caught_up = show_log_caught_up,
                                           .rewound = show_log_rewound};
    o->config.log->follow(o->config.log, &show->log.follow);
    return RESULT_OK;
}

/* ---- an event ---- */

static void show_log_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len)
{
    struct show *show = container_of(follow, struct show, log.follow);
    struct event e = {0};
    if (show->log.broken)
        return;
    logbook_delivered(&show->log, seq, data, len);
    enum result result = seq == show->b.seq + 1 ? show->shop->o->config.codec.decode(data, len, &e) : RESULT_MALFORMED;
    e.seq = seq;
    if (result == RESULT_OK)
        result = show_step(show, &e);
    if (result != RESULT_OK) {
        log_error("log.broken", "shop=%s broadcast=%s seq=%llu kind=%s result=%s", show->shop->id.text, show->b.id.text,
                  (unsigned long long)seq, event_kind_name(e.kind), result_name(result));
        event_finish(&e);
        logbook_broke(&show->log);
        show_check_waiters(show);
        return;
    }
    metrics_add(METRIC_EVENTS, 1);
    show_tell(show, &e);
    event_finish(&e);
    logbook_folded(&show->log, seq);
    heal_check(show);
    offer_arm(show);
}

static enum result show_step(struct show *show, struct event *e)
{
    enum result result = broadcast_step(&show->b, e);
    if (result == RESULT_OK)
        result = heal_step(show);
    return result == RESULT_OK && e->kind == EVENT_SHELF ? show_read_run(&show->b, &show->run) : result;
}

enum result show_read_run(const struct broadcast *b, struct run_of_show *run)
{
    struct load_fault fault;
    run_of_show_finish(run);
    *run = (struct run_of_show){0};
    if (b->document == NULL)
        return RESULT_OK;
    enum result result = run_of_show_load(b->document, strlen(b->document), run, &fault);
    if (result == RESULT_MALFORMED)
        log_error("run_of_show.unreadable", "broadcast=%s field=%s detail=%s", b->id.text, log_quote(fault.field),
                  log_quote(fault.detail));
    return result;
}

static void show_tell(struct show *show, const struct event *e)
{
    struct orchestrator *o = show->shop->o;
    const struct orchestrator_observer *observer = o->config.observer;
    const struct show_view *view = show_view(show);
    if (e->kind == EVENT_SHELF) {
        show->view.preflight = show_preflight(show);
        show_mark_all(show);
    }
    if (e->kind == EVENT_SKU)
        show_mark_sku(show, &e->u.sku.sku);
    if (show->heal.pending)
        ; /* everybody is sent a snapshot once the new epoch has begun */
    else if (e->kind == EVENT_EPOCH)
        o->config.audience->reset(o->config.audience, view); /* others saw the loss: here too the old epoch is over */
    else
        o->config.audience->publish(o->config.audience, view, e);
    if (observer != NULL && observer->event != NULL)
        observer->event(observer->ctx, view, e);
    show_mark_volumes(show);
}

static void show_log_caught_up(struct log_follow *follow)
{
    struct show *show = container_of(follow, struct show, log.follow);
    logbook_caught_up(&show->log);
    heal_check(show);
    show_check_waiters(show);
}

static void show_log_rewound(struct log_follow *follow)
{
    struct show *show = container_of(follow, struct show, log.follow);
    log_error("log.rewound", "shop=%s broadcast=%s epoch=%s seen=%llu", show->shop->id.text, show->b.id.text,
              show->b.epoch.text, (unsigned long long)show->b.seq);
    metrics_add(METRIC_REWINDS_EVENTS, 1);
    heal_rewound(show);
    struct shop_id shop = show->shop->id;
    struct broadcast_id id = show->b.id;
    broadcast_finish(&show->b);
    broadcast_init(&show->b, &shop, &id);
    run_of_show_finish(&show->run);
    show->run = (struct run_of_show){0};
    show->preflight_of.valid = false;
    logbook_rewound(&show->log);
}

/* ---- what others read ---- */

const struct show_view *show_view(struct show *show)
{
    struct shop *shop = show->shop;
    show->view = (struct show_view){
        .broadcast = &show->b,
        .run = show->b.document == NULL ? NULL : &show->run,
        .claims = &shop->claims,
        .catalogue = &shop->catalogue,
        .demand = show->demand,
        .demand_count = show->demand_count,
        .audience = show->viewers + show->viewers_elsewhere,
        .audience_shown = audience_shown(show->viewers + show->viewers_elsewhere, show->values.viewers.shown),
        .lag = show->lag.view,
        .preflight = show->b.state < BROADCAST_LIVE ? show_preflight(show) : NULL,
        .selling_available = shop_is_selling(shop),
        .selling_why = shop_selling_words(shop),
        .now_ms = orchestrator_now(shop->o),
    };
    return &show->view;
}

bool show_volumes(struct show *show, struct volumes_view *ret)
{
    const struct orchestrator_observer *observer = show->shop->o->config.observer;
    if (observer == NULL || observer->volumes == NULL || !observer->volumes(observer->ctx, show_view(show), ret))
        return false;
    ret->as_of_ms = orchestrator_now(show->shop->o);
    ret->ledger_id = show->shop->claims.ledger_id;
    volumes_since(ret, &show->volumes_published);
    return true;
}

/* ---- the end of it ---- */

void show_free(struct show *show)
{
    struct clock *clock = show->shop->o->config.clock;
    clock->stop(clock, &show->heal.again);
    clock->stop(clock, &show->offer_timer);
    values_finish(show);
    list_remove(&show->heal.append.turn.link);
    append_finish(&show->heal.append);
    broadcast_finish(&show->b);
    run_of_show_finish(&show->run);
    map_finish(&show->demand_at);
    trips_free(show);
    map_finish(&show->heal.known);
    map_finish(&show->heal.since);
    bytes_finish(&show->share_viewers.ask.value);
    bytes_finish(&show->share_demand.ask.value);
    bytes_finish(&show->lag.share.ask.value);
    for (size_t i = 0; i < show->demand_count; i++)
        free(show->demand_rows[i]);
    free(show->demand_rows);
    free(show->demand);
    free(show);
}

static bool show_is_idle(const struct show *show)
{
    return show->conns == 0 && list_is_empty(&show->waiters) && list_is_empty(&show->acts) &&
           list_is_empty(&show->log.appends) && !show->heal.pending && !show->heal.appending &&
           !show->share_viewers.busy && !show->share_demand.busy && !show->lag.share.busy && !show->demand_unshared &&
           !replay_reads(show);
}

static void show_close(struct show *show)
{
    struct orchestrator *o = show->shop->o;
    o->config.log->unfollow(o->config.log, &show->log.follow);
    map_remove(&show->shop->shows, show->b.id.text);
    o->shows_open--;
    metrics_add(METRIC_BROADCASTS_OPEN, -1);
    show_free(show);
}

/* Closes one (`first`) or all shows that are idle, of those that do not exist or of all. */
static bool shows_close(struct orchestrator *o, bool missing_only, bool first)
{
    size_t shop_at = 0;
    const char *key;
    void *shop, *show;
    bool closed = false;
    while (map_next(&o->shops, &shop_at, &key, &shop)) {
        size_t at = 0;
        while (!(first && closed) && map_next(&((struct shop *)shop)->shows, &at, &key, &show)) {
            const struct show *candidate = show;
            if ((!missing_only || (candidate->b.seq == 0 && candidate->log.caught_up)) && show_is_idle(candidate)) {
                show_close(show);
                closed = true;
            }
        }
    }
    return closed;
}

bool show_make_room(struct orchestrator *o) { return shows_close(o, false, true); }

void shows_close_missing(struct orchestrator *o) { (void)shows_close(o, true, false); }
