/* core/orchestrator/own.c - requests of the node's own, and when each part of its keeping looks. */
#include <stdlib.h>

#include "core/orchestrator/journeys.h"

static void own_answered(struct inventory_request *ask);

struct own_ask *own_ask_take(struct shop *shop, enum inventory_op op, void (*answered)(struct own_ask *own))
{
    struct own_ask *own = calloc(1, sizeof *own);
    if (own == NULL)
        return NULL;
    own->shop = shop;
    own->answered = answered;
    own->ask.op = op;
    own->ask.shop = shop->id;
    own->ask.done = own_answered;
    list_push_back(&shop->keeping.asks, &own->link);
    return own;
}

void own_ask_go(struct own_ask *own)
{
    struct inventory *inventory = own->shop->o->config.inventory;
    inventory->ask(inventory, &own->ask); /* port; continues in own_answered */
}

static void own_answered(struct inventory_request *ask)
{
    struct own_ask *own = container_of(ask, struct own_ask, ask);
    list_remove(&own->link);
    own->answered(own);
    free(own);
}

/* ---- of one shop ---- */

void keeping_init(struct keeping *k)
{
    list_init(&k->asks);
    map_init(&k->recalled, CATALOGUE_PRODUCTS_MAX);
    map_init(&k->taking, TAKE_BACKS_MAX);
}

void keeping_finish(struct shop *shop)
{
    struct keeping *k = &shop->keeping;
    shop->o->config.clock->stop(shop->o->config.clock, &k->restore.timer);
    list_for_each (link, &k->asks)
        free(container_of(link, struct own_ask, link));
    recall_forget(shop);
    map_finish(&k->recalled);
    map_finish(&k->taking);
    vouched_finish(&k->vouching);
}

bool keeping_is_idle(const struct shop *shop)
{
    return list_is_empty(&shop->keeping.asks) && !restore_is_under_way(shop);
}

void keeping_look(struct shop *shop)
{
    size_t at = 0;
    const char *key;
    void *show;
    if (!shop->claims.complete || shop->ledger_lost || shop->ledger_broken)
        return; /* what is known may be old */
    while (map_next(&shop->shows, &at, &key, &show))
        hold_clock_look(show, false);
    recall_look(shop);
    if (!shop_is_selling(shop))
        return;
    checkpoint_look(shop);
    buffers_look(shop);
}

void keeping_folded(struct shop *shop, const struct ledger_entry *entry)
{
    shop->keeping.moved = !entry->is_checkpoint;
    vouched_entry(shop, entry);
    recall_folded(shop, entry);
    restore_folded(shop, entry);
}

void keeping_rewound(struct shop *shop)
{
    vouched_rewound(shop);
    recall_forget(shop);
    shop->keeping.restore.step = RESTORE_NONE;
    shop->o->config.clock->stop(shop->o->config.clock, &shop->keeping.restore.timer);
}

void keeping_caught_up(struct shop *shop, bool rewound)
{
    size_t at = 0;
    const char *key;
    void *show;
    vouched_caught_up(&shop->keeping.vouching);
    while (map_next(&shop->shows, &at, &key, &show))
        hold_clock_look(show, true); /* before a hold of a paused show can end */
    restore_begin(shop, rewound);
}
