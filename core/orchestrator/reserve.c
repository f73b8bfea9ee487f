/* core/orchestrator/reserve.c - from a viewer's tap to the count on every screen.
 *
 *   reserve_start       is this id known? then the stock answers as before, whatever the show's rules say now
 *     reserve_allowed   the show's own rules; the price is fixed into the lines
 *     reserve_is_gone   nothing there for certain: refused at no cost to the stock
 *   reserve_answered    the viewer hears; silence was asked again under the same hold id
 *   (ledger.c, tick.c)  everyone else hears the count
 *
 * Refusing here what is gone. The projection may be a moment behind the stock, so a refusal may be true only of a moment ago:
 * as honest as one that lost the race by that moment. It is given only while the ledger is being followed and nothing could
 * have come free by itself: no unit left, and if some are held, none of the shop's holds is due yet. An id this node knows of
 * is never refused here. One granted through another node a moment ago may be: its hold then reaches the viewer from the
 * ledger. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct reserving { /* what shop->reserving points to */
    size_t count;
};

static const struct hold *reserve_earlier(struct shop *shop, const struct hold_id *id);
static bool reserve_is_replay(struct journey *j, const struct command *command, const struct hold *earlier);
static bool reserve_allowed(struct journey *j, struct show *show, const struct command *command);
static bool reserve_within_limit(struct journey *j, struct shop *shop);
static bool reserve_is_gone(struct journey *j, struct show *show);
static void reserve_go(struct journey *j, struct shop *shop, int64_t ttl_ms);
static void reserve_answered(struct journey *j);
static void reserve_refuse(struct journey *j, const struct refusal *refusal);
static void reserve_end_refused(struct journey *j, const struct refusal *refusal);
static void hold_reserve_opened(struct errand *e);

void reserve_start(struct journey *j, const struct command *command)
{
    struct show *show = journey_show(j);
    struct refusal unavailable = {.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS};
    if (show == NULL || !shop_is_selling(show->shop)) {
        reserve_refuse(j, &unavailable);
        return;
    }
    struct hold *hold = &j->ask.hold;
    const struct hold *earlier = reserve_earlier(show->shop, &command->hold);
    hold->id = command->hold;
    hold->viewer = j->asker.viewer;
    hold->broadcast = show->b.id;
    if (earlier != NULL) {
        if (reserve_is_replay(j, command, earlier))
            reserve_go(j, show->shop, show->b.details.hold_ms);
        return;
    }
    if (!reserve_allowed(j, show, command))
        return;
    for (uint8_t i = 0; i < hold->lines_count; i++)
        demand_count(show, &hold->lines[i].sku, false);
    j->counted = true;
    if (reserve_within_limit(j, show->shop) && !reserve_is_gone(j, show))
        reserve_go(j, show->shop, show->b.details.hold_ms);
}

/* The shop reserves for one of its own viewers: by the same rules, for the same limits. */
void hold_reserve_start(struct errand *e) { errand_open(e, true, hold_reserve_opened); }

static void hold_reserve_opened(struct errand *e)
{
    e->j.asker.viewer = e->command.viewer;
    reserve_start(&e->j, &e->command); /* its viewer hears from the ledger */
}

/* ---- a repeat ---- */

/* The hold under this id as the ledger told it, or as it is being asked for now; NULL: not known here. */
static const struct hold *reserve_earlier(struct shop *shop, const struct hold_id *id)
{
    const struct hold *known = claims_hold(&shop->claims, id->text);
    struct journey *asked = map_get(&shop->asking, id->text);
    while (asked != NULL && asked->kind != COMMAND_RESERVE)
        asked = asked->asked_next;
    return known != NULL ? known : asked != NULL ? &asked->ask.hold : NULL;
}

static bool wish_is_of(const struct reserve_wish *wish, const struct hold *hold)
{
    bool same = wish->lines_count == hold->lines_count;
    for (uint8_t i = 0; same && i < wish->lines_count; i++)
        same = ID_EQUAL(wish->lines[i].sku, hold->lines[i].sku) && wish->lines[i].units == hold->lines[i].units;
    return same;
}

/* The lines and prices promised then go to the stock again: it compares, and answers with the hold as it is. */
static bool reserve_is_replay(struct journey *j, const struct command *command, const struct hold *earlier)
{
    if (!ID_EQUAL(earlier->viewer, j->asker.viewer) || !ID_EQUAL(earlier->broadcast, j->broadcast) ||
        !wish_is_of(&command->wish, earlier)) {
        reserve_refuse(
            j, &(struct refusal){.code = ERROR_MISMATCH, .detail = "This id was used before with other content."});
        return false;
    }
    struct hold *hold = &j->ask.hold;
    hold->broadcast = earlier->broadcast;
    hold->lines_count = earlier->lines_count;
    memcpy(hold->lines, earlier->lines, earlier->lines_count * sizeof earlier->lines[0]);
    memcpy(hold->currency, earlier->currency, sizeof hold->currency);
    return true;
}

/* ---- may they ---- */

static enum error_code error_of_refusal(enum reserve_refusal why)
{
    static const enum error_code codes[] = {
        [RESERVE_ALLOWED] = ERROR_NONE,
        [RESERVE_NOT_LIVE] = ERROR_NOT_LIVE,
        [RESERVE_PAUSED] = ERROR_PAUSED,
        [RESERVE_SKU_UNKNOWN] = ERROR_SKU_UNKNOWN,
        [RESERVE_STOPPED] = ERROR_STOPPED,
        [RESERVE_RECALLED] = ERROR_RECALLED,
        [RESERVE_PRICE_CHANGED] = ERROR_PRICE_CHANGED,
        [RESERVE_NO_PRICE] = ERROR_NOT_LIVE,
    };
    return codes[why];
}

bool wish_refused(const struct show *show, const struct reserve_wish *wish, struct hold *hold, struct refusal *ret)
{
    uint8_t line = 0;
    enum reserve_refusal why = broadcast_may_reserve(&show->b, wish, hold->lines, hold->currency, &line);
    hold->lines_count = wish->lines_count;
    if (why == RESERVE_ALLOWED)
        return false;
    *ret = (struct refusal){.code = error_of_refusal(why)};
    if (why == RESERVE_NO_PRICE)
        ret->detail = "It has no price yet.";
    if (why == RESERVE_NOT_LIVE || why == RESERVE_PAUSED)
        return true; /* not about any one product */
    const struct shelf_item *item = broadcast_item(&show->b, wish->lines[line].sku.text);
    ret->sku = wish->lines[line].sku;
    if (item != NULL)
        ret->price = item->price;
    return true;
}

static bool reserve_allowed(struct journey *j, struct show *show, const struct command *command)
{
    struct refusal refusal;
    if (!wish_refused(show, &command->wish, &j->ask.hold, &refusal))
        return true;
    reserve_refuse(j, &refusal);
    return false;
}

/* Open holds as told by the ledger, and reserves of the same viewer that are under way. */
static bool reserve_within_limit(struct journey *j, struct shop *shop)
{
    const struct hold **holds = j->o->holds;
    size_t max = j->o->config.limits.holds_per_viewer_max;
    size_t found = claims_of_viewer(&shop->claims, j->asker.viewer.text, holds, max);
    const struct reserving *under_way = map_get(&shop->reserving, j->asker.viewer.text);
    size_t open = under_way == NULL ? 0 : under_way->count;
    for (size_t i = 0; i < found; i++)
        open += holds[i]->state == HOLD_HELD;
    if (open < max)
        return true;
    reserve_refuse(j, &(struct refusal){.code = ERROR_LIMIT_REACHED, .detail = "Too many holds are open at once."});
    return false;
}

static bool reserve_is_gone(struct journey *j, struct show *show)
{
    struct shop *shop = show->shop;
    int64_t now_ms = orchestrator_now(j->o);
    if (shop->ledger_lost || shop->ledger_broken)
        return false;
    for (uint8_t i = 0; i < j->ask.hold.lines_count; i++) {
        const struct sku_id *sku = &j->ask.hold.lines[i].sku;
        const struct claim_sku *known = claims_sku(&shop->claims, sku->text);
        if (known == NULL || !known->known || known->count.stopped || stock_left(&known->count) > 0)
            continue;
        if (known->count.held > 0 && due_first_ms(&shop->due, &shop->claims, now_ms) <= now_ms)
            continue; /* a unit may be free by now: the stock knows */
        struct inventory_request as_if = {.answer = known->count.held > 0 ? INVENTORY_HELD_OUT : INVENTORY_SOLD_OUT};
        struct refusal refusal = refusal_of_answer(&as_if);
        refusal.sku = *sku;
        demand_count(show, sku, true);
        metrics_add(METRIC_REFUSED_HERE, 1);
        reserve_refuse(j, &refusal);
        return true;
    }
    return false;
}

/* ---- the stock decides ---- */

static void reserving_add(struct shop *shop, const struct viewer_id *viewer)
{
    struct reserving *r = map_get(&shop->reserving, viewer->text);
    if (r == NULL) {
        r = calloc(1, sizeof *r);
        if (r == NULL || map_set(&shop->reserving, viewer->text, r) != RESULT_OK) {
            free(r); /* uncounted: the viewer may hold one more than the limit */
            return;
        }
    }
    r->count++;
}

static void reserving_remove(struct shop *shop, const struct viewer_id *viewer)
{
    struct reserving *r = map_get(&shop->reserving, viewer->text);
    if (r != NULL && --r->count == 0)
        free(map_remove(&shop->reserving, viewer->text));
}

static void reserve_go(struct journey *j, struct shop *shop, int64_t ttl_ms)
{
    j->ask.ttl_ms = ttl_ms;
    reserving_add(shop, &j->asker.viewer);
    journey_ask(j, INVENTORY_RESERVE, reserve_answered);
}

static bool reserve_is_theirs(const struct inventory_request *ask)
{
    return ask->answer == INVENTORY_DONE ||
           (ask->answer == INVENTORY_REPLAYED && (ask->hold.state == HOLD_HELD || ask->hold.state == HOLD_CONFIRMED));
}

/* The show may not know yet. */
static bool sku_is_recalled(const struct shop *shop, const struct sku_id *sku)
{
    const struct claim_sku *known = claims_sku(&shop->claims, sku->text);
    return known != NULL && known->count.recall != RECALL_NONE;
}

static void reserve_refused(struct journey *j)
{
    struct show *show = journey_show(j);
    if (j->ask.answer == INVENTORY_REPLAYED) /* asked for again after its end */
        j->ask.answer = j->ask.hold.state == HOLD_RELEASED ? INVENTORY_HOLD_RELEASED : INVENTORY_HOLD_EXPIRED;
    struct refusal refusal = refusal_of_answer(&j->ask);
    bool of_line = j->ask.answer <= INVENTORY_SKU_UNKNOWN && j->ask.answer >= INVENTORY_SOLD_OUT;
    if (of_line && j->ask.fault_line < j->ask.hold.lines_count)
        refusal.sku = j->ask.hold.lines[j->ask.fault_line].sku;
    if (j->ask.answer == INVENTORY_STOPPED && show != NULL && sku_is_recalled(show->shop, &refusal.sku))
        refusal = (struct refusal){.code = ERROR_RECALLED, .sku = refusal.sku};
    if (show != NULL && j->counted && (j->ask.answer == INVENTORY_SOLD_OUT || j->ask.answer == INVENTORY_HELD_OUT))
        demand_count(show, &refusal.sku, true);
    reserve_end_refused(j, &refusal);
}

static void reserve_answered(struct journey *j)
{
    struct shop *shop = journey_shop(j);
    const struct hold *told = shop == NULL ? NULL : claims_hold(&shop->claims, j->asking.text);
    if (shop != NULL)
        reserving_remove(shop, &j->asker.viewer);
    if (j->ask.result != RESULT_OK && j->folded && told != NULL) { /* no answer came, but the ledger told of it */
        told_hold(shop, told, &j->ask.hold);
        j->ask.result = RESULT_OK;
        j->ask.answer = INVENTORY_REPLAYED;
    }
    if (j->ask.result != RESULT_OK) {
        if (!j->answered)
            metrics_add(METRIC_RESERVE_UNAVAILABLE, 1);
        (void)journey_no_answer(j);
    } else if (reserve_is_theirs(&j->ask)) {
        struct outcome outcome = journey_hold(&j->ask.hold);
        outcome.replayed = j->ask.answer == INVENTORY_REPLAYED;
        metrics_add(outcome.replayed ? METRIC_RESERVE_REPLAYED : METRIC_RESERVE_HELD, 1);
        log_debug("hold.granted", "shop=%s broadcast=%s viewer=%s hold=%s replayed=%d", j->asker.shop.text,
                  j->broadcast.text, j->asker.viewer.text, j->ask.hold.id.text, outcome.replayed);
        journey_end(j, &outcome);
    } else {
        reserve_refused(j);
    }
}

/* ---- refused ---- */

static void reserve_note(const struct journey *j, const struct refusal *refusal)
{
    if (!j->answered)
        metrics_add(metric_of_reserve(refusal->code), 1);
    log_debug("hold.refused", "shop=%s broadcast=%s viewer=%s hold=%s why=%s", j->asker.shop.text, j->broadcast.text,
              j->asker.viewer.text, j->re, error_code_name(refusal->code));
}

static void reserve_refuse(struct journey *j, const struct refusal *refusal)
{
    reserve_note(j, refusal);
    journey_refuse(j, refusal);
}

static void reserve_end_refused(struct journey *j, const struct refusal *refusal)
{
    reserve_note(j, refusal);
    journey_end_refused(j, refusal);
}
