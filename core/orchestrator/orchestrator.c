/* core/orchestrator/orchestrator.c - one node: made, asked, told, drained.
 *
 *   orchestrator_command   who may ask this at all; then the journey of its kind, one file each */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

const struct orchestrator_limits orchestrator_limits_default = {
    .requests_in_flight_max = 4096,
    .holds_per_viewer_max = 10,
    .broadcasts_max = 256,
    .shops_max = 64,
    .request_timeout_ms = 3000,
    .tick_ms = 100,
    .share_ms = 1000,
    .expire_ms = 100,
    .offer_ms = 120000,
    .undo_ms = UNDO_MS,
    .checkpoint_ms = 600000,
    .price_guard_percent = 50,
    .approval_ms = 600000,
    .sale_trip_units = 50,
    .sale_trip_percent = 70,
};

static void drain_fire(struct clock_timer *timer);

int64_t orchestrator_now(const struct orchestrator *o) { return o->config.clock->now_ms(o->config.clock); }

/* ---- made ---- */

static void orchestrator_init(struct orchestrator *o, const struct orchestrator_config *config)
{
    o->config = *config;
    o->stock_ready = true;
    rng_seed(&o->rng, config->seed);
    map_init(&o->shops, config->limits.shops_max);
    list_init(&o->unanswered);
    list_init(&o->late);
    list_init(&o->turns);
    list_init(&o->opened);
    list_init(&o->replays);
    o->deadline.fire = deadline_fire;
    o->turn_timer.fire = turns_run;
    o->share.fire = share_fire;
    o->expire.fire = expiry_fire;
    o->open_timer.fire = open_sweep;
    o->drain_timer.fire = drain_fire;
    o->opened_turn.run = opened_run;
}

enum result orchestrator_create(const struct orchestrator_config *config, struct orchestrator **ret)
{
    struct orchestrator *o = calloc(1, sizeof *o);
    if (o == NULL)
        return RESULT_NO_MEMORY;
    orchestrator_init(o, config);
    metrics_register();
    enum result result = pool_init(&o->journeys, sizeof(struct journey), config->limits.requests_in_flight_max);
    o->holds = calloc(config->limits.holds_per_viewer_max, sizeof(const struct hold *));
    o->stock_due = calloc(SHELF_ITEMS_MAX, sizeof *o->stock_due);
    o->counts_due = calloc(SHELF_ITEMS_MAX, sizeof *o->counts_due);
    if (result == RESULT_OK && (o->holds == NULL || o->stock_due == NULL || o->counts_due == NULL))
        result = RESULT_NO_MEMORY;
    if (result != RESULT_OK) {
        orchestrator_destroy(o);
        return result;
    }
    share_start(o);
    expiry_start(o);
    *ret = o;
    return RESULT_OK;
}

void orchestrator_destroy(struct orchestrator *o)
{
    if (o == NULL)
        return;
    struct clock *clock = o->config.clock;
    struct clock_timer *timers[] = {&o->deadline, &o->turn_timer, &o->share,
                                    &o->expire,   &o->open_timer, &o->drain_timer};
    for (size_t i = 0; i < ARRAY_LEN(timers); i++)
        clock->stop(clock, timers[i]);
    journeys_free(o);
    replays_free(o);
    size_t at = 0;
    const char *key;
    void *shop;
    while (map_next(&o->shops, &at, &key, &shop)) {
        metrics_add(METRIC_AUDIT_DIFFERENCES, -(double)((const struct shop *)shop)->differences);
        shop_free(shop);
    }
    map_finish(&o->shops);
    metrics_add(METRIC_BROADCASTS_OPEN, -(double)o->shows_open);
    pool_finish(&o->journeys);
    free(o->holds);
    free(o->stock_due);
    free(o->counts_due);
    free(o);
}

/* ---- asked ---- */

static const struct journey_of {
    journey_start *viewers; /* starts at once */
    errand_step *errand;    /* starts on the next turn */
} journeys[COMMAND_KINDS] = {
    [COMMAND_RESERVE] = {.viewers = reserve_start},
    [COMMAND_EXTEND] = {.viewers = extend_start},
    [COMMAND_RELEASE] = {.viewers = release_start},
    [COMMAND_CHECKOUT] = {.viewers = checkout_start},
    [COMMAND_WAITLIST_JOIN] = {.viewers = waitlist_join_start},
    [COMMAND_WAITLIST_LEAVE] = {.viewers = waitlist_leave_start},
    [COMMAND_PIN_SET] = {.errand = host_start},
    [COMMAND_PIN_CLEAR] = {.errand = host_start},
    [COMMAND_CUE_NEXT] = {.errand = host_start},
    [COMMAND_CUE_GO] = {.errand = host_start},
    [COMMAND_CUE_DONE] = {.errand = host_start},
    [COMMAND_PRICE_SET] = {.errand = host_start},
    [COMMAND_NOTICE] = {.errand = host_start},
    [COMMAND_OFFER_START] = {.errand = host_start},
    [COMMAND_OFFER_STOP] = {.errand = host_start},
    [COMMAND_EXTRA_ADD] = {.errand = host_start},
    [COMMAND_EXTRA_END] = {.errand = host_start},
    [COMMAND_STOCK_STOP] = {.errand = host_start},
    [COMMAND_STOCK_OPEN] = {.errand = host_start},
    [COMMAND_RECALL] = {.errand = host_start},
    [COMMAND_START] = {.errand = host_start},
    [COMMAND_PAUSE] = {.errand = host_start},
    [COMMAND_RESUME] = {.errand = host_start},
    [COMMAND_END] = {.errand = host_start},
    [COMMAND_UNDO] = {.errand = host_start},
    [COMMAND_APPROVE] = {.errand = host_start},
    [COMMAND_REJECT] = {.errand = host_start},
    [COMMAND_RUN_LOAD] = {.errand = run_load_start},
    [COMMAND_PREFLIGHT] = {.errand = preflight_start},
    [COMMAND_STOCK_ALLOCATE] = {.errand = stock_start},
    [COMMAND_STOCK_WITHDRAW] = {.errand = stock_start},
    [COMMAND_STOCK_SYNC] = {.errand = stock_start},
    [COMMAND_STOCK_GET] = {.errand = stock_get_start},
    [COMMAND_CATALOGUE_PUT] = {.errand = catalogue_put_start},
    [COMMAND_CATALOGUE_GET] = {.errand = catalogue_get_start},
    [COMMAND_BROADCAST_CREATE] = {.errand = broadcast_create_start},
    [COMMAND_BROADCAST_LIST] = {.errand = broadcast_list_start},
    [COMMAND_BROADCAST_GET] = {.errand = broadcast_get_start},
    [COMMAND_RUN_GET] = {.errand = run_get_start},
    [COMMAND_HOLD_GET] = {.errand = hold_get_start},
    [COMMAND_HOLD_CONFIRM] = {.errand = hold_confirm_start},
    [COMMAND_HOLD_RELEASE] = {.errand = hold_release_start},
    [COMMAND_HOLD_RESERVE] = {.errand = hold_reserve_start},
    [COMMAND_HOLD_EXTEND] = {.errand = hold_extend_start},
    [COMMAND_AFFECTED_GET] = {.errand = affected_start},
    [COMMAND_VOLUMES_GET] = {.errand = volumes_get_start},
    [COMMAND_LOGISTICS_PUT] = {.errand = logistics_start},
    [COMMAND_LOGISTICS_GET] = {.errand = logistics_start},
    [COMMAND_ACTUALS_POST] = {.errand = logistics_start},
    [COMMAND_SETTLE] = {.errand = logistics_start},
    [COMMAND_ESTIMATE_STAMP] = {.errand = logistics_start},
    [COMMAND_STAMPS_GET] = {.errand = logistics_start},
    [COMMAND_STAMP_GET] = {.errand = logistics_start},
    [COMMAND_CHANGES_GET] = {.errand = logistics_start},
    [COMMAND_HOOKS_PUT] = {.errand = logistics_start},
    [COMMAND_HOOKS_GET] = {.errand = logistics_start},
    [COMMAND_HOOK_DEAD_GET] = {.errand = logistics_start},
    [COMMAND_HOOK_REPLAY] = {.errand = logistics_start},
};

/* The adapter has checked the token; what a mistake there would cost is checked here again. */
static enum error_code command_refused(const struct orchestrator *o, const struct asker *asker,
                                       const struct command *command)
{
    const struct journey_of *journey = &journeys[command->kind];
    bool elsewhere = !ID_IS_NONE(asker->broadcast) && !ID_IS_NONE(command->broadcast) &&
                     !ID_EQUAL(asker->broadcast, command->broadcast);
    if (journey->viewers == NULL && journey->errand == NULL)
        return ERROR_BAD_REQUEST;
    if (!command_is_allowed(command->kind, asker->role) || elsewhere || ID_IS_NONE(asker->shop))
        return ERROR_FORBIDDEN;
    if (journey->viewers != NULL && ID_IS_NONE(asker->viewer))
        return ERROR_FORBIDDEN; /* a hold belongs to a person */
    return o->draining ? ERROR_UNAVAILABLE : ERROR_NONE;
}

void orchestrator_command(struct orchestrator *o, const struct asker *asker, struct command *command)
{
    MUST(command->kind < COMMAND_KINDS);
    const struct journey_of *journey = &journeys[command->kind];
    enum error_code refused = command_refused(o, asker, command);
    if (refused == ERROR_NONE && journey->errand != NULL) {
        struct errand *e = errand_take(o, asker, command);
        if (e != NULL)
            e->step = journey->errand;
        return;
    }
    struct journey *j = journey_take(o, asker, command);
    if (j == NULL)
        return;
    if (refused == ERROR_NONE)
        journey->viewers(j, command);
    else if (refused == ERROR_UNAVAILABLE)
        journey_refuse_unavailable(j);
    else
        journey_refuse_code(j, refused, NULL);
}

const struct show_view *orchestrator_show(struct orchestrator *o, const struct shop_id *shop,
                                          const struct broadcast_id *broadcast)
{
    struct show *show = show_find(o, shop, broadcast);
    return show != NULL && show_is_ready(show) && show->b.seq > 0 ? show_view(show) : NULL;
}

void orchestrator_shown(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct show *show = show_find(o, shop, broadcast);
    if (show != NULL)
        values_seen(show, show_view(show));
}

void orchestrator_volumes_changed(struct orchestrator *o, const struct shop_id *shop,
                                  const struct broadcast_id *broadcast)
{
    struct show *show = show_find(o, shop, broadcast);
    if (show != NULL)
        show_mark_volumes(show);
}

bool orchestrator_volumes(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                          struct volumes_view *ret)
{
    struct show *show = show_find(o, shop, broadcast);
    return show != NULL && show_is_ready(show) && show->b.seq > 0 && show_volumes(show, ret);
}

/* ---- told ---- */

void orchestrator_joined(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                         enum role role)
{
    struct show *show = show_find(o, shop, broadcast);
    if (show == NULL)
        return;
    show->conns++;
    show->viewers += role == ROLE_VIEWER;
}

void orchestrator_left(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                       enum role role)
{
    struct show *show = show_find(o, shop, broadcast);
    if (show == NULL)
        return;
    MUST(show->conns > 0 && (role != ROLE_VIEWER || show->viewers > 0));
    show->conns--;
    show->viewers -= role == ROLE_VIEWER;
}

void orchestrator_stock_ready(struct orchestrator *o, bool ready)
{
    size_t shop_at = 0;
    const char *key;
    void *shop, *show;
    if (o->stock_ready == ready)
        return;
    o->stock_ready = ready;
    log_write(ready ? LOG_INFO : LOG_WARN, "stock.ready", "ready=%d", ready);
    while (map_next(&o->shops, &shop_at, &key, &shop)) {
        size_t at = 0;
        while (map_next(&((struct shop *)shop)->shows, &at, &key, &show))
            show_tell_health(show);
    }
}

size_t orchestrator_in_flight(const struct orchestrator *o) { return pool_in_use(&o->journeys); }

const char *orchestrator_fault(const struct orchestrator *o)
{
    size_t at = 0;
    const char *key;
    void *value;
    const char *mending = NULL;
    while (map_next(&o->shops, &at, &key, &value)) {
        const struct shop *shop = value;
        if (shop->differences > 0)
            return shop->difference;
        if (!shop_may_ask(shop))
            mending = shop_selling_why(shop);
    }
    return mending;
}

/* ---- drained ---- */

void drain_check(struct orchestrator *o)
{
    bool idle = list_is_empty(&o->unanswered) && list_is_empty(&o->late);
    if (!o->draining || !idle || o->drained == NULL)
        return;
    void (*drained)(void *ctx) = o->drained;
    o->drained = NULL;
    o->config.clock->stop(o->config.clock, &o->drain_timer);
    drained(o->drained_ctx); /* last: `o` may be gone after it */
}

static void drain_fire(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, drain_timer);
    void (*drained)(void *ctx) = o->drained;
    o->drained = NULL;
    log_warn("drain.timeout", "commands still under way are abandoned");
    if (drained != NULL)
        drained(o->drained_ctx);
}

void orchestrator_drain(struct orchestrator *o, int64_t timeout_ms, void (*idle)(void *ctx), void *ctx)
{
    o->draining = true;
    o->drained = idle;
    o->drained_ctx = ctx;
    o->config.clock->start(o->config.clock, &o->drain_timer, timeout_ms);
    if (!o->turn_armed)
        o->config.clock->start(o->config.clock, &o->turn_timer, 0);
    o->turn_armed = true;
}
