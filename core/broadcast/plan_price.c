/* core/broadcast/plan_price.c - prices and offers, by one host or, where one is not enough, by two.
 *
 *   plan_price, plan_offer_start   may it be at all? does it need a second person (price_guard)?
 *     second_person                then it is asked for; the price itself waits
 *   plan_approve                   judged by the state of now, then planned as if it had needed nobody */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/broadcast/plan.h"

bool plan_currency_fits(const struct broadcast *b, const struct money *money)
{
    const char *currency = shelf_currency(b->items, b->items_count);
    return currency == NULL || strcmp(currency, money->currency) == 0;
}

/* ---- may it be ---- */

static enum act_answer price_may_be(const struct plan *p, const struct shelf_item *item, const struct money *money)
{
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (money->minor == 0)
        return ACT_AMOUNT;
    return plan_currency_fits(p->b, money) ? ACT_DONE : ACT_CURRENCY;
}

static enum act_answer offer_may_be(const struct plan *p, const struct shelf_item *item, const struct money *money)
{
    if (p->b->state != BROADCAST_LIVE && p->b->state != BROADCAST_PAUSED)
        return ACT_NOT_LIVE; /* approved before the start, when it could not have been asked for */
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state == SKU_RECALLED)
        return ACT_RECALLED;
    if (item->price.version == 0)
        return ACT_PRICE_MISSING; /* there would be nothing to go back to */
    return price_may_be(p, item, money);
}

/* ---- what it gives ---- */

static struct price plan_offer_stopped(struct event *e, const struct shelf_item *item)
{
    e->u.offer.sku = item->sku;
    e->u.offer.price = price_after(&item->price, &item->base_price);
    return e->u.offer.price;
}

/* A price that is meant is said again even when it holds already. */
void plan_new_price(struct plan *p, const struct shelf_item *item, const struct money *money, bool meant)
{
    struct price now = item->price;
    if (item->offer_ends_ms != 0)
        now = plan_offer_stopped(plan_add_undoable(p, EVENT_OFFER), item);
    if (!meant && now.version != 0 && money_equal(&now.money, money))
        return;
    struct event *e = plan_add_undoable(p, EVENT_PRICE);
    e->u.price.sku = item->sku;
    e->u.price.price = price_after(&now, money);
    e->u.price.meant = meant;
}

static void plan_new_offer(struct plan *p, const struct shelf_item *item, const struct money *money, int64_t for_ms,
                           bool meant)
{
    MUST(for_ms > 0);
    struct event *e = plan_add(p, EVENT_OFFER);
    e->u.offer.sku = item->sku;
    e->u.offer.started = true;
    e->u.offer.price = price_after(&item->price, money);
    e->u.offer.meant = meant;
    e->u.offer.ends_ms = p->a->now_ms + for_ms;
}

/* ---- a second person ---- */

static size_t approvals_pending(const struct plan *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->b->approvals_count; i++)
        count += approval_is_pending(&p->b->approvals[i], p->a->now_ms);
    return count;
}

static const char *asker_name(const struct act *a) { return a->by_name && a->by != NULL ? a->by : ""; }

static bool asks_the_same(const struct act *a, const struct price_approval *waiting)
{
    bool is_offer = a->kind == ACT_OFFER_START;
    return waiting->is_offer == is_offer && money_equal(&waiting->money, &a->price) &&
           (!is_offer || waiting->for_ms == a->for_ms) && strcmp(waiting->asked_by, asker_name(a)) == 0;
}

static void plan_ask(struct plan *p, const char *reason)
{
    const struct act *a = p->a;
    struct event *e = plan_add(p, EVENT_APPROVAL);
    struct price_approval *asked = &e->u.approval;
    snprintf(asked->id.text, sizeof asked->id.text, "a%" PRIu64, p->b->seq + p->count);
    asked->state = APPROVAL_ASKED;
    asked->is_offer = a->kind == ACT_OFFER_START;
    asked->sku = a->sku;
    asked->money = a->price;
    asked->for_ms = asked->is_offer ? a->for_ms : 0;
    text_copy(asked->asked_by, sizeof asked->asked_by, asker_name(a));
    asked->until_ms = a->now_ms + a->approval_ms;
    text_copy(asked->reason, sizeof asked->reason, reason);
}

static void plan_decided(struct plan *p, const struct price_approval *waiting, enum approval_state state,
                         const char *reason)
{
    struct event *e = plan_add(p, EVENT_APPROVAL);
    e->u.approval = *waiting;
    e->u.approval.state = state;
    text_copy(e->u.approval.reason, sizeof e->u.approval.reason, reason);
}

/* ACT_DONE: nobody else is needed. Whatever is wanted of a SKU, what was wanted before is not any more. */
static enum act_answer second_person(struct plan *p, const struct shelf_item *item)
{
    char reason[PRICE_REASON_MAX];
    const struct price_approval *waiting = broadcast_approval_of(p->b, item->sku.text, p->a->now_ms);
    bool needed = price_needs_approval(&p->a->guard, item, &p->a->price, reason);
    if (needed && waiting != NULL && asks_the_same(p->a, waiting))
        return ACT_APPROVAL_ASKED;
    if (needed && waiting == NULL && approvals_pending(p) >= APPROVALS_MAX)
        return ACT_APPROVALS_FULL;
    if (waiting != NULL)
        plan_decided(p, waiting, APPROVAL_REJECTED, "Another price was asked for since.");
    if (!needed)
        return ACT_DONE;
    plan_ask(p, reason);
    return ACT_APPROVAL_ASKED;
}

/* A name is a person; the shop's own systems are nobody's second self, and who has no name could be anybody. */
static bool is_another_person(const struct act *a, const struct price_approval *waiting)
{
    const char *name = asker_name(a);
    if (name[0] != '\0' && strcmp(name, waiting->asked_by) == 0)
        return false;
    return a->by_shop || (name[0] != '\0' && waiting->asked_by[0] != '\0');
}

static enum act_answer may_decide(const struct plan *p, const struct price_approval *waiting)
{
    if (waiting == NULL)
        return ACT_APPROVAL_UNKNOWN;
    if (waiting->state != APPROVAL_ASKED)
        return waiting->state == APPROVAL_LAPSED ? ACT_APPROVAL_LAPSED : ACT_APPROVAL_DECIDED;
    if (!approval_is_pending(waiting, p->a->now_ms))
        return ACT_APPROVAL_LAPSED;
    return is_another_person(p->a, waiting) ? ACT_DONE : ACT_APPROVAL_OWN;
}

/* ---- the acts ---- */

enum act_answer plan_price(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    enum act_answer answer = price_may_be(p, item, &p->a->price);
    if (answer == ACT_DONE)
        answer = second_person(p, item);
    if (answer == ACT_DONE)
        plan_new_price(p, item, &p->a->price, false);
    return answer;
}

enum act_answer plan_offer_start(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    enum act_answer answer = offer_may_be(p, item, &p->a->price);
    if (answer == ACT_DONE)
        answer = second_person(p, item);
    if (answer == ACT_DONE)
        plan_new_offer(p, item, &p->a->price, p->a->for_ms, false);
    return answer;
}

enum act_answer plan_offer_stop(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->offer_ends_ms != 0)
        plan_offer_stopped(plan_add(p, EVENT_OFFER), item);
    return ACT_DONE;
}

/* Refused as the price itself would be: then nothing is decided, and it may be approved when that is put right. */
enum act_answer plan_approve(struct plan *p)
{
    const struct price_approval *waiting = broadcast_approval(p->b, p->a->approval);
    enum act_answer answer = may_decide(p, waiting);
    if (answer != ACT_DONE)
        return answer;
    const struct shelf_item *item = broadcast_item(p->b, waiting->sku.text);
    answer = waiting->is_offer ? offer_may_be(p, item, &waiting->money) : price_may_be(p, item, &waiting->money);
    if (answer != ACT_DONE)
        return answer;
    plan_decided(p, waiting, APPROVAL_APPROVED, waiting->reason);
    if (waiting->is_offer)
        plan_new_offer(p, item, &waiting->money, waiting->for_ms, true);
    else
        plan_new_price(p, item, &waiting->money, true);
    return ACT_DONE;
}

enum act_answer plan_reject(struct plan *p)
{
    const struct price_approval *waiting = broadcast_approval(p->b, p->a->approval);
    enum act_answer answer = may_decide(p, waiting);
    if (answer == ACT_DONE)
        plan_decided(p, waiting, APPROVAL_REJECTED, waiting->reason);
    return answer;
}
