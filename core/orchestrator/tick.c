/* core/orchestrator/tick.c - values to the screens: the latest wins, and only what differs from what was told last.
 *
 *   show_mark_...   something may have changed; a SKU starts the broadcast's tick on the next turn, or when its audience can take
 *                   values again. The others wait tick_ms for company: a reserve counts as demand before it moves stock
 *     tick_fire     what differs is published
 *       next_ms     nothing more for tick_ms, or as long as the audience needs (audience.pace_ms), whichever is longer
 *
 * Whether selling goes on and whether holds stand still is told at once, from the turn that changed it. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#define AUDIENCE_CROWD 1000 /* more viewers are told their number every AUDIENCE_CROWD_MS at most */
#define AUDIENCE_CROWD_MS 5000

static void tick_fire(struct clock_timer *timer);
static void tick_publish(struct show *show, const struct show_view *view);
static void publish_skus(struct show *show, const struct show_view *view);
static void publish_viewers(struct show *show, const struct show_view *view);
static void publish_lag(struct show *show, const struct show_view *view);
static void publish_demand(struct show *show, const struct show_view *view);
static void publish_volumes(struct show *show);

static struct show *show_of(struct values *v) { return container_of(v, struct show, values); }

void values_init(struct show *show)
{
    show->values.tick.fire = tick_fire;
    map_init(&show->values.skus, SHELF_ITEMS_MAX);
}

static void skus_forget(struct values *v)
{
    size_t at = 0;
    const char *key;
    void *told;
    while (map_next(&v->skus, &at, &key, &told))
        free(told);
    map_finish(&v->skus);
    map_init(&v->skus, SHELF_ITEMS_MAX);
    v->marked_count = 0;
}

void values_finish(struct show *show)
{
    struct clock *clock = show->shop->o->config.clock;
    clock->stop(clock, &show->values.tick);
    skus_forget(&show->values);
    map_finish(&show->values.skus);
    free(show->values.marked);
}

/* ---- marks ---- */

static void tick_arm(struct show *show, int64_t wait_ms)
{
    struct values *v = &show->values;
    struct clock *clock = show->shop->o->config.clock;
    int64_t now_ms = clock->now_ms(clock);
    int64_t due_ms = now_ms + wait_ms > v->next_ms ? now_ms + wait_ms : v->next_ms;
    if (v->armed && v->due_ms <= due_ms)
        return;
    clock->start(clock, &v->tick, due_ms - now_ms);
    v->due_ms = due_ms;
    v->armed = true;
}

static void show_mark(struct show *show, bool *mark, int64_t wait_ms)
{
    if (*mark)
        metrics_add(METRIC_VALUES_MERGED, 1);
    *mark = true;
    tick_arm(show, wait_ms);
}

static int64_t tick_ms(const struct show *show) { return show->shop->o->config.limits.tick_ms; }

/* NULL: no memory; its next change is told. */
static struct sku_told *sku_told_of(struct values *v, const struct sku_id *sku)
{
    struct sku_told *told = map_get(&v->skus, sku->text);
    if (told != NULL)
        return told;
    if (v->marked == NULL)
        v->marked = calloc(SHELF_ITEMS_MAX, sizeof(struct sku_told *));
    told = v->marked == NULL ? NULL : calloc(1, sizeof *told);
    if (told == NULL || map_set(&v->skus, sku->text, told) != RESULT_OK) {
        free(told);
        return NULL;
    }
    told->sku = *sku;
    return told;
}

void show_mark_sku(struct show *show, const struct sku_id *sku)
{
    struct values *v = &show->values;
    struct sku_told *told = sku_told_of(v, sku);
    show->values.volumes = true;
    if (told == NULL)
        return;
    if (!told->marked) {
        v->marked[v->marked_count++] = told;
        v->seen_of.seq = 0; /* not compared yet, whatever was at this version: after a rewind a number comes again */
    }
    show_mark(show, &told->marked, 0);
}

void show_mark_all(struct show *show)
{
    skus_forget(&show->values);
    show->values.hold_clock.told = show->values.health.told = false;
    for (size_t i = 0; i < show->b.items_count; i++)
        show_mark_sku(show, &show->b.items[i].sku);
    show_mark_volumes(show);
}

void show_mark_demand(struct show *show)
{
    show_mark(show, &show->values.demand, tick_ms(show));
    show->values.volumes = true;
}

void show_mark_audience(struct show *show) { show_mark(show, &show->values.audience, tick_ms(show)); }
void show_mark_lag(struct show *show) { show_mark(show, &show->values.lag, tick_ms(show)); }
void show_mark_volumes(struct show *show) { show_mark(show, &show->values.volumes, tick_ms(show)); }

/* ---- what snapshots tell early ---- */

static bool counts_equal(const struct claim_sku *a, const struct claim_sku *b)
{
    const struct stock_count *x = &a->count, *y = &b->count;
    return x->available == y->available && x->held == y->held && x->sold == y->sold && x->allocated == y->allocated &&
           x->stopped == y->stopped && x->recall == y->recall && x->buffer == y->buffer && a->waitlist == b->waitlist;
}

/* What is so now, as everyone and as hosts are told it. False: it is not on the shelf any more. */
static bool sku_now(const struct show_view *view, const struct sku_told *told, struct sku_told *ret)
{
    const struct shelf_item *item = broadcast_item(view->broadcast, told->sku.text);
    const struct claim_sku *known = claims_sku(view->claims, told->sku.text);
    if (item == NULL)
        return false;
    ret->shown = stock_shown(view->claims, item);
    ret->counts = known == NULL ? (struct claim_sku){0} : *known;
    return true;
}

static bool shown_differs(const struct sku_told *told, const struct sku_told *now)
{
    return !told->told || told->shown.state != now->shown.state || told->shown.left != now->shown.left;
}

static bool counts_differ(const struct sku_told *told, const struct sku_told *now)
{
    return !told->told || !counts_equal(&told->counts, &now->counts);
}

void values_seen(struct show *show, const struct show_view *view)
{
    struct values *v = &show->values;
    v->viewers.exact_seen |= view->audience != v->viewers.exact;
    v->viewers.shown_seen |= view->audience_shown != v->viewers.shown;
    if (v->seen_of.claims == view->claims->version && v->seen_of.seq == view->broadcast->seq)
        return; /* thousands may come in one turn */
    v->seen_of.claims = view->claims->version;
    v->seen_of.seq = view->broadcast->seq;
    for (size_t i = 0; i < v->marked_count; i++) {
        struct sku_told now, *told = v->marked[i];
        told->seen |= sku_now(view, told, &now) && (shown_differs(told, &now) || counts_differ(told, &now));
    }
}

/* ---- the tick ---- */

static void tick_fire(struct clock_timer *timer)
{
    struct values *v = container_of(timer, struct values, tick);
    struct show *show = show_of(v);
    struct orchestrator *o = show->shop->o;
    int64_t pace_ms = o->config.limits.tick_ms;
    v->armed = false;
    if (show_is_ready(show) && show->b.seq > 0) {
        const struct show_view *view = show_view(show);
        struct audience *audience = o->config.audience;
        tick_publish(show, view);
        int64_t needed_ms = audience->pace_ms(audience, view);
        pace_ms = needed_ms > pace_ms ? needed_ms : pace_ms;
        pace_ms = pace_ms < PACE_MAX_MS ? pace_ms : PACE_MAX_MS;
    }
    v->next_ms = orchestrator_now(o) + pace_ms;
    metrics_set(METRIC_TICK_PACE, (double)pace_ms / 1000);
    if (v->marked_count > 0 && show->conns > 0)
        tick_arm(show, 0); /* stock is being read again: what waits is told afterwards */
}

static void tick_publish(struct show *show, const struct show_view *view)
{
    struct values *v = &show->values;
    metrics_add(METRIC_TICK_PUBLISHES, 1);
    publish_skus(show, view);
    if (v->audience)
        publish_viewers(show, view);
    if (v->lag)
        publish_lag(show, view);
    if (v->demand)
        publish_demand(show, view);
    if (v->volumes)
        publish_volumes(show);
    v->demand = v->audience = v->lag = v->volumes = false;
}

/* Published, or left out because it was told before. */
static bool told_again(bool differs, enum metric_name published)
{
    metrics_add(differs ? published : METRIC_VALUES_UNCHANGED, 1);
    return differs;
}

static void publish_skus(struct show *show, const struct show_view *view)
{
    struct orchestrator *o = show->shop->o;
    struct audience *audience = o->config.audience;
    struct values *v = &show->values;
    size_t stock = 0, counts = 0, marked = v->marked_count;
    v->marked_count = 0;
    for (size_t i = 0; i < marked; i++) {
        struct sku_told *told = v->marked[i], now = {.sku = told->sku, .told = true};
        told->marked = false;
        if (!sku_now(view, told, &now))
            continue;
        if (told_again(told->seen || shown_differs(told, &now), METRIC_VALUES_STOCK))
            o->stock_due[stock++] = told->sku;
        if (told_again(told->seen || counts_differ(told, &now), METRIC_VALUES_COUNTS))
            o->counts_due[counts++] = told->sku;
        *told = now;
    }
    if (stock > 0)
        audience->publish_stock(audience, view, o->stock_due, stock);
    if (counts > 0)
        audience->publish_counts(audience, view, o->counts_due, counts);
}

static void publish_shown(struct show *show, const struct show_view *view)
{
    struct audience *audience = show->shop->o->config.audience;
    struct values *v = &show->values;
    bool shown = v->viewers.shown_seen || view->audience_shown != v->viewers.shown;
    v->viewers.shown = view->audience_shown;
    v->viewers.shown_seen = false;
    if (!told_again(shown, METRIC_VALUES_AUDIENCE))
        return;
    v->viewers.shown_ms = view->now_ms;
    audience->publish_audience(audience, view, ROLE_VIEWER);
}

/* A crowd's number interests nobody each second, and each time costs a send to all of it: as much as to let them in, while
 * they come. Every share marks it anew, so what is not told now is told when its time has come. */
static void publish_viewers(struct show *show, const struct show_view *view)
{
    struct audience *audience = show->shop->o->config.audience;
    struct values *v = &show->values;
    bool exact = v->viewers.exact_seen || view->audience != v->viewers.exact;
    v->viewers.exact = view->audience;
    v->viewers.exact_seen = false;
    if (view->audience <= AUDIENCE_CROWD || view->now_ms - v->viewers.shown_ms >= AUDIENCE_CROWD_MS)
        publish_shown(show, view);
    if (told_again(exact, METRIC_VALUES_AUDIENCE))
        audience->publish_audience(audience, view, ROLE_HOST);
}

static void publish_lag(struct show *show, const struct show_view *view)
{
    struct audience *audience = show->shop->o->config.audience;
    const struct lag_view *told = &show->values.lag_told, *now = &view->lag;
    bool differs = told->viewers != now->viewers || told->p50_ms != now->p50_ms || told->p95_ms != now->p95_ms;
    show->values.lag_told = *now;
    if (told_again(differs, METRIC_VALUES_LAG))
        audience->publish_lag(audience, view);
}

static void publish_demand(struct show *show, const struct show_view *view)
{
    const struct orchestrator_observer *observer = show->shop->o->config.observer;
    struct audience *audience = show->shop->o->config.audience;
    metrics_add(METRIC_VALUES_DEMAND, 1);
    audience->publish_demand(audience, view);
    if (observer != NULL && observer->demand != NULL)
        observer->demand(observer->ctx, view);
}

static void publish_volumes(struct show *show)
{
    struct audience *audience = show->shop->o->config.audience;
    struct volumes_view volumes;
    if (!show_volumes(show, &volumes))
        return;
    metrics_add(METRIC_VALUES_VOLUMES, 1);
    audience->publish_volumes(audience, &volumes);
    show->volumes_published = volumes_mark(&volumes);
}

/* ---- what is told at once ---- */

void show_tell_health(struct show *show)
{
    struct audience *audience = show->shop->o->config.audience;
    const struct claims *claims = &show->shop->claims;
    struct values *v = &show->values;
    if (!show_is_on(show))
        return;
    const struct show_view *view = show_view(show);
    bool same = v->health.told && v->health.selling == view->selling_available &&
                v->health.differs == (claims->differences > 0) &&
                strncmp(v->health.why, view->selling_why, sizeof v->health.why - 1) == 0 &&
                v->health.last_ms == claims->sync_delay.last_ms && v->health.p95_ms == claims->sync_delay.p95_ms;
    v->health.told = true;
    v->health.selling = view->selling_available;
    v->health.differs = claims->differences > 0;
    v->health.last_ms = claims->sync_delay.last_ms;
    v->health.p95_ms = claims->sync_delay.p95_ms;
    text_keep(v->health.why, sizeof v->health.why, view->selling_why);
    if (told_again(!same, METRIC_VALUES_HEALTH))
        audience->publish_health(audience, view);
}

void values_tell_hold_clock(struct show *show)
{
    struct audience *audience = show->shop->o->config.audience;
    struct claim_clock now = claims_clock(&show->shop->claims, show->b.id.text);
    const struct claim_clock *told = &show->values.hold_clock.clock;
    if (!show_is_ready(show) || show->b.seq == 0) {
        show->values.hold_clock.told = false;
        return; /* a snapshot says it too */
    }
    bool same =
        show->values.hold_clock.told && told->stood_ms == now.stood_ms && told->frozen_since_ms == now.frozen_since_ms;
    show->values.hold_clock.told = true;
    show->values.hold_clock.clock = now;
    if (told_again(!same, METRIC_VALUES_HOLD_CLOCK))
        audience->publish_hold_clock(audience, show_view(show));
}
