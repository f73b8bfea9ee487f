/* core/orchestrator/open.c - before anyone comes in: shop and broadcast folded to their heads on this node.
 *
 *   orchestrator_open    follows what is not followed yet, waits
 *     show_check_waiters, shop_check_waiters   a head was reached
 *     open_sweep         time is up
 *   opened_run           `done`, on a later turn
 *
 * A viewer who resumes needs no more as long as the hub's ring has what was missed; history.c reads the log again otherwise. */
#include "core/orchestrator/journeys.h"

#define OPEN_SWEEP_MS 100

static enum result open_join(struct orchestrator *o, struct orchestrator_open *open);
static void open_settle(struct orchestrator *o, struct orchestrator_open *open, enum result result);

void orchestrator_open(struct orchestrator *o, struct orchestrator_open *open)
{
    if (open->deadline_ms <= 0)
        open->deadline_ms = orchestrator_now(o) + o->config.limits.request_timeout_ms;
    open->link = (struct list){0};
    enum result result = o->draining ? RESULT_UNAVAILABLE : open_join(o, open);
    if (result != RESULT_OK) {
        open_settle(o, open, result);
        return;
    }
    if (!o->open_armed)
        o->config.clock->start(o->config.clock, &o->open_timer, OPEN_SWEEP_MS);
    o->open_armed = true;
}

/* Links `open` to what it waits for, and settles it if that is there already. */
static enum result open_join(struct orchestrator *o, struct orchestrator_open *open)
{
    struct shop *shop;
    struct show *show;
    enum result result = shop_open(o, &open->shop, &shop);
    if (result != RESULT_OK)
        return result;
    if (ID_IS_NONE(open->broadcast)) {
        list_push_back(&shop->waiters, &open->link);
        shop_check_waiters(shop);
        return RESULT_OK;
    }
    result = show_open(shop, &open->broadcast, &show);
    if (result != RESULT_OK)
        return result;
    list_push_back(&show->waiters, &open->link);
    show_check_waiters(show);
    return RESULT_OK;
}

void orchestrator_open_cancel(struct orchestrator *o, struct orchestrator_open *open)
{
    (void)o;
    list_remove(&open->link);
}

static void open_settle(struct orchestrator *o, struct orchestrator_open *open, enum result result)
{
    open->result = result;
    list_move(&o->opened, &open->link);
    turn_take(o, &o->opened_turn);
}

void opened_run(struct turn *turn)
{
    struct orchestrator *o = container_of(turn, struct orchestrator, opened_turn);
    struct list now;
    list_init(&now);
    list_for_each (link, &o->opened)
        list_move(&now, link);
    while (!list_is_empty(&now)) {
        struct orchestrator_open *open = container_of(now.next, struct orchestrator_open, link);
        list_remove(&open->link);
        open->done(open);
    }
}

static void waiters_settle(struct orchestrator *o, struct list *waiters, enum result result)
{
    list_for_each (link, waiters)
        open_settle(o, container_of(link, struct orchestrator_open, link), result);
}

void show_check_waiters(struct show *show)
{
    if (show->log.broken || show->shop->log.broken)
        waiters_settle(show->shop->o, &show->waiters, RESULT_UNAVAILABLE);
    else if (show_is_ready(show))
        waiters_settle(show->shop->o, &show->waiters, show->b.seq > 0 ? RESULT_OK : RESULT_NOT_FOUND);
}

void shop_check_waiters(struct shop *shop)
{
    size_t at = 0;
    const char *key;
    void *show;
    if (shop->log.broken)
        waiters_settle(shop->o, &shop->waiters, RESULT_UNAVAILABLE);
    else if (shop_is_ready(shop))
        waiters_settle(shop->o, &shop->waiters, RESULT_OK);
    while (map_next(&shop->shows, &at, &key, &show))
        show_check_waiters(show);
}

/* ---- time is up ---- */

static bool overdue_settle(struct orchestrator *o, struct list *waiters, int64_t now_ms)
{
    list_for_each (link, waiters) {
        struct orchestrator_open *open = container_of(link, struct orchestrator_open, link);
        if (open->deadline_ms <= now_ms)
            open_settle(o, open, RESULT_UNAVAILABLE);
    }
    return !list_is_empty(waiters);
}

void open_sweep(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, open_timer);
    int64_t now_ms = orchestrator_now(o);
    size_t shop_at = 0;
    const char *key;
    void *shop, *show;
    bool more = false;
    while (map_next(&o->shops, &shop_at, &key, &shop)) {
        size_t at = 0;
        more = overdue_settle(o, &((struct shop *)shop)->waiters, now_ms) || more;
        while (map_next(&((struct shop *)shop)->shows, &at, &key, &show))
            more = overdue_settle(o, &((struct show *)show)->waiters, now_ms) || more;
    }
    o->open_armed = more;
    if (more)
        o->config.clock->start(o->config.clock, &o->open_timer, OPEN_SWEEP_MS);
}

/* ---- errands open what they need by themselves ---- */

static void errand_opened(struct orchestrator_open *open)
{
    struct errand *e = container_of(open, struct errand, open);
    enum result result = open->result;
    e->j.overdue = NULL;
    if (result == RESULT_OK || (result == RESULT_NOT_FOUND && e->may_be_missing)) {
        e->step(e);
        return;
    }
    struct refusal refusal = {.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS};
    if (result == RESULT_NOT_FOUND)
        refusal = (struct refusal){.code = ERROR_NOT_FOUND, .detail = "There is no such broadcast."};
    else if (result == RESULT_FULL)
        refusal.code = ERROR_OVERLOADED;
    journey_end_refused(&e->j, &refusal);
}

static void errand_open_overdue(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    orchestrator_open_cancel(j->o, &e->open);
    journey_end_refused(j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

void errand_open(struct errand *e, bool with_broadcast, errand_step *step)
{
    struct orchestrator *o = e->j.o;
    struct shop *shop = journey_shop(&e->j);
    bool ready = with_broadcast ? journey_show(&e->j) != NULL : shop != NULL && shop_is_ready(shop);
    e->step = step;
    if (ready) {
        step(e);
        return;
    }
    if (with_broadcast && ID_IS_NONE(e->j.broadcast)) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_NOT_FOUND, .detail = "No broadcast was named."});
        return;
    }
    e->j.overdue = errand_open_overdue;
    e->open =
        (struct orchestrator_open){.shop = e->j.asker.shop, .done = errand_opened, .deadline_ms = e->j.deadline_ms};
    if (with_broadcast)
        e->open.broadcast = e->j.broadcast;
    orchestrator_open(o, &e->open);
}
