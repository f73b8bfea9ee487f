/* core/orchestrator/expiry.c - due holds go back to the shelf, or to the first in line.
 *
 *   expiry_fire      every expire_ms, with jitter: is a hold of this shop due, as far as this node knows?
 *     expiry_ask     any node may ask, any number of times; the stock expires what is due
 *   (ledger.c)       the ledger tells every node of each; its viewer and the shelf hear from there
 *
 * Every call to the stock expires what is due at its head, so this is for quiet moments. A node that missed the hold's ledger
 * entry does not ask for it; one that has it does. The same tick is that of all a node does by itself (keeping.h). */
#include "core/orchestrator/journeys.h"

static void expiry_ask(struct shop *shop);
static void expiry_answered(struct inventory_request *ask);

void expiry_start(struct orchestrator *o)
{
    int64_t expire_ms = o->config.limits.expire_ms;
    int64_t jitter_ms = (int64_t)rng_below(&o->rng, (uint64_t)expire_ms / 2 + 1);
    o->config.clock->start(o->config.clock, &o->expire, expire_ms - jitter_ms);
}

void expiry_fire(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, expire);
    size_t at = 0;
    const char *key;
    void *value;
    while (!o->draining && map_next(&o->shops, &at, &key, &value)) {
        struct shop *shop = value;
        int64_t now_ms = orchestrator_now(o);
        if (!shop->expiring && shop_is_selling(shop) && due_first_ms(&shop->due, &shop->claims, now_ms) <= now_ms)
            expiry_ask(shop);
        keeping_look(shop);
    }
    expiry_start(o);
}

static void expiry_ask(struct shop *shop)
{
    struct inventory *inventory = shop->o->config.inventory;
    shop->expiring = true;
    shop->expire = (struct inventory_request){.op = INVENTORY_EXPIRE, .shop = shop->id, .done = expiry_answered};
    inventory->ask(inventory, &shop->expire);
}

static void expiry_answered(struct inventory_request *ask)
{
    struct shop *shop = container_of(ask, struct shop, expire);
    shop->expiring = false; /* silence or not: still due, it is asked again */
}
