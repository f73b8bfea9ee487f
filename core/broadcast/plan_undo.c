/* core/broadcast/plan_undo.c - taking back the last pin, cue, price change or extra: events that bring the old values back.
 *
 * The log only grows: an undo is more events, with new price versions. They are of no undoable act themselves, so a
 * second undo finds nothing instead of doing the mistake again. */
#include "core/broadcast/plan.h"

static void undo_cue(struct plan *p)
{
    if (cue_shown_equal(&p->b->undo.cue, &p->b->cue))
        return;
    struct event *e = plan_add(p, EVENT_CUE);
    plan_show(p, e);
    e->u.cue = p->b->undo.cue;
}

static struct price undo_price_to(struct plan *p, const struct shelf_item *item, const struct price *now,
                                  const struct money *money, bool meant)
{
    struct event *e = plan_add(p, EVENT_PRICE);
    e->u.price.sku = item->sku;
    e->u.price.price = price_after(now, money);
    e->u.price.meant = meant;
    return e->u.price.price;
}

/* An offer that the act ended goes on if its time is not over; the base price comes first, since an offer
 * remembers what it covers. A first price cannot be taken back: there is no event for "no price". */
static void undo_price(struct plan *p)
{
    const struct undo_record *undo = &p->b->undo;
    const struct shelf_item *item = broadcast_item(p->b, undo->price_sku.text);
    if (item == NULL || undo->base_price.currency[0] == '\0')
        return;
    struct price now = item->price;
    if (!money_equal(&item->base_price, &undo->base_price))
        now = undo_price_to(p, item, &now, &undo->base_price, undo->base_meant);
    if (undo->offer_ends_ms <= p->a->now_ms)
        return;
    struct event *e = plan_add(p, EVENT_OFFER);
    e->u.offer.sku = item->sku;
    e->u.offer.started = true;
    e->u.offer.price = price_after(&now, &undo->price);
    e->u.offer.meant = undo->price_meant;
    e->u.offer.ends_ms = undo->offer_ends_ms;
}

static void undo_pin(struct plan *p, uint8_t slot)
{
    const struct pin *before = &p->b->undo.pins[slot];
    if (pin_equal(before, &p->b->pins[slot]))
        return;
    if (before->set) {
        plan_pin(p, plan_add(p, EVENT_PIN_SET), slot, before);
        return;
    }
    struct event *e = plan_add(p, EVENT_PIN_CLEARED);
    plan_show(p, e);
    e->u.slot = slot;
}

/* What ran before runs again, or nothing does. */
static void undo_extra(struct plan *p)
{
    const struct undo_record *undo = &p->b->undo;
    if (broadcast_item(p->b, undo->extra_sku.text) == NULL)
        return;
    struct event *e = plan_add(p, EVENT_EXTRA);
    e->u.extra.extra.sku = undo->extra_sku;
    if (!ID_IS_NONE(undo->extra.sku))
        plan_extra(e, &undo->extra);
}

enum act_answer plan_undo(struct plan *p)
{
    if (p->a->now_ms >= p->b->undo.until_ms)
        return ACT_NOTHING_TO_UNDO;
    undo_cue(p);
    if (!ID_IS_NONE(p->b->undo.price_sku))
        undo_price(p);
    if (!ID_IS_NONE(p->b->undo.extra_sku))
        undo_extra(p);
    for (uint8_t slot = 0; slot < PIN_SLOTS; slot++)
        undo_pin(p, slot);
    return ACT_DONE;
}
