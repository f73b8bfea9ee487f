/* core/orchestrator/hold_clock.c - while a broadcast is paused its holds stand still: one write, however many there are.
 *
 *   hold_clock_look      is the ledger's clock of this broadcast as its state says? The node that handled the host's act looks
 *                        at once, all others on every tick, and leave it to that one for PATIENCE_MS
 *     hold_clock_answered   whatever it was: what the ledger tells is looked at again
 *   (ledger.c)           every node hears, and every screen
 *
 * Epoch and seq of the event that made the state order the askers: a node whose log lags cannot undo what came after. */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static void hold_clock_answered(struct own_ask *own);

bool hold_clock_differs(const struct show *show)
{
    bool stands = show->b.state == BROADCAST_PAUSED;
    return stands != (claims_clock(&show->shop->claims, show->b.id.text).frozen_since_ms > 0);
}

void hold_clock_write(const struct show *show, struct inventory_request *ask)
{
    ask->hold.broadcast = show->b.id;
    ask->frozen = show->b.state == BROADCAST_PAUSED;
    ask->epoch = show->b.epoch;
    ask->version = (int64_t)show->b.state_seq;
}

void hold_clock_look(struct show *show, bool at_once)
{
    struct shop *shop = show->shop;
    int64_t now_ms = orchestrator_now(shop->o);
    if (!show_is_on(show) || !shop->claims.complete || shop->ledger_rewound)
        return;
    if (!hold_clock_differs(show)) {
        show->hold_clock.since_ms = 0;
        return;
    }
    if (show->hold_clock.since_ms == 0)
        show->hold_clock.since_ms = now_ms;
    if (show->hold_clock.asking || (!at_once && now_ms < show->hold_clock.since_ms + PATIENCE_MS))
        return;
    struct own_ask *own = own_ask_take(shop, INVENTORY_FREEZE, hold_clock_answered);
    if (own == NULL)
        return;
    hold_clock_write(show, &own->ask);
    show->hold_clock.asking = true;
    own_ask_go(own);
}

static void hold_clock_answered(struct own_ask *own)
{
    struct show *show = map_get(&own->shop->shows, own->ask.hold.broadcast.text);
    if (show == NULL)
        return;
    show->hold_clock.asking = false;
    show->hold_clock.since_ms = orchestrator_now(own->shop->o);
    log_info("hold_clock.set", "shop=%s broadcast=%s stands=%d seq=%lld result=%s answer=%s", own->shop->id.text,
             show->b.id.text, own->ask.frozen, (long long)own->ask.version, result_name(own->ask.result),
             own->ask.result == RESULT_OK ? inventory_answer_name(own->ask.answer) : "none");
}
