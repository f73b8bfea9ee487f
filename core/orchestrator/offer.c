/* core/orchestrator/offer.c - an offer ends in time, whoever is still there to end it.
 *
 *   offer_arm     after every event: when does the next offer of this broadcast end?
 *     offer_fire  then this node acts as the host would; other nodes do the same, and one gets through
 *
 * The loser of that race plans again, finds nothing to stop, and is done. */
#include "core/orchestrator/journeys.h"

static void offer_fire(struct clock_timer *timer);

static const struct shelf_item *offer_first(const struct broadcast *b)
{
    const struct shelf_item *first = NULL;
    for (size_t i = 0; i < b->items_count; i++)
        if (b->items[i].offer_ends_ms > 0 && (first == NULL || b->items[i].offer_ends_ms < first->offer_ends_ms))
            first = &b->items[i];
    return first;
}

void offer_arm(struct show *show)
{
    struct orchestrator *o = show->shop->o;
    const struct shelf_item *item = offer_first(&show->b);
    show->offer_timer.fire = offer_fire;
    if (item == NULL) {
        o->config.clock->stop(o->config.clock, &show->offer_timer);
        return;
    }
    int64_t left_ms = item->offer_ends_ms - orchestrator_now(o);
    o->config.clock->start(o->config.clock, &show->offer_timer, left_ms > 0 ? left_ms : 0);
}

static void offer_fire(struct clock_timer *timer)
{
    struct show *show = container_of(timer, struct show, offer_timer);
    struct orchestrator *o = show->shop->o;
    const struct shelf_item *item = offer_first(&show->b);
    if (item == NULL)
        return;
    if (show_is_ready(show) && item->offer_ends_ms <= orchestrator_now(o)) {
        struct command stop = {.kind = COMMAND_OFFER_STOP, .broadcast = show->b.id, .sku = item->sku};
        struct errand *e = errand_take_ours(show, &stop);
        if (e != NULL)
            e->step = host_start;
    }
    o->config.clock->start(o->config.clock, timer, OFFER_AGAIN_MS); /* the event that ends it arms anew */
}
