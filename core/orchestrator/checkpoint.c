/* core/orchestrator/checkpoint.c - the whole state into the ledger, now and then: every node that folded so far compares it with
 * its own, and one that comes later may begin there.
 *
 *   checkpoint_look       the time has come, and the ledger moved since the last
 *     checkpoint_answered another node may have been faster; too many holds: later */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static void checkpoint_answered(struct own_ask *own);

static void checkpoint_later(struct shop *shop)
{
    int64_t every_ms = shop->o->config.limits.checkpoint_ms;
    int64_t jitter_ms = (int64_t)rng_below(&shop->o->rng, (uint64_t)every_ms / 4 + 1);
    shop->keeping.checkpoint_ms = orchestrator_now(shop->o) + every_ms + jitter_ms;
}

void checkpoint_look(struct shop *shop)
{
    struct keeping *k = &shop->keeping;
    if (k->checkpoint_ms == 0)
        k->checkpoint_ms = orchestrator_now(shop->o) + shop->o->config.limits.checkpoint_ms / 2;
    if (k->checkpoint_asking || orchestrator_now(shop->o) < k->checkpoint_ms)
        return;
    checkpoint_later(shop);
    struct own_ask *own = !k->moved ? NULL : own_ask_take(shop, INVENTORY_CHECKPOINT, checkpoint_answered);
    if (own == NULL)
        return;
    k->checkpoint_asking = true;
    own->ask.ttl_ms = shop->o->config.limits.checkpoint_ms;
    own_ask_go(own);
}

static void checkpoint_answered(struct own_ask *own)
{
    struct shop *shop = own->shop;
    shop->keeping.checkpoint_asking = false;
    if (own->ask.result != RESULT_OK)
        return;
    log_write(own->ask.answer == INVENTORY_BUSY ? LOG_WARN : LOG_DEBUG, "ledger.checkpoint",
              "shop=%s answer=%s entry=%s", shop->id.text, inventory_answer_name(own->ask.answer), own->ask.ledger_id);
}
