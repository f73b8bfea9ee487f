/* core/orchestrator/checkout.c - a hold is handed over to the shop's checkout, and the shop calls back.
 *
 *   checkout_start        the viewer leaves to pay: answered with the hold, its signed link made fresh on the way out
 *   hold_get_start        the shop looks at it
 *   hold_confirm_start    the shop says it is paid: sold, under the same hold id; a repeat is answered as before
 *   hold_release_start    the shop lets it go
 *   hold_extend_start     the shop gives it more time: looked at for its viewer and broadcast, then extended as by them
 *
 * The viewer hears of what the shop did from the ledger, wherever they are connected. */
#include "core/orchestrator/journeys.h"

#include <string.h>

#include "base/log.h"

static void checkout_read(struct journey *j);
static void shop_opened(struct errand *e);
static void hold_read(struct journey *j);
static void hold_confirmed(struct journey *j);
static void hold_let_go(struct journey *j);
static void extend_read(struct journey *j);
static void extend_opened(struct errand *e);

/* ---- the viewer ---- */

void checkout_start(struct journey *j, const struct command *command)
{
    struct shop *shop = journey_shop(j);
    if (shop == NULL || !shop_is_selling(shop)) {
        journey_refuse_unavailable(j);
        return;
    }
    j->ask.hold.id = command->hold;
    journey_ask(j, INVENTORY_HOLD_GET, checkout_read);
}

static void checkout_read(struct journey *j)
{
    if (journey_no_answer(j))
        return;
    static const enum error_code ended[] = {[HOLD_NONE] = ERROR_HOLD_UNKNOWN,
                                            [HOLD_RELEASED] = ERROR_HOLD_RELEASED,
                                            [HOLD_EXPIRED] = ERROR_HOLD_EXPIRED,
                                            [HOLD_VOID] = ERROR_HOLD_EXPIRED};
    const struct hold *hold = &j->ask.hold;
    bool found = j->ask.answer == INVENTORY_DONE || j->ask.answer == INVENTORY_REPLAYED;
    struct refusal refusal = {.code =
                                  ERROR_HOLD_UNKNOWN}; /* also of another viewer's: their ids are nobody's business */
    if (found && ID_EQUAL(hold->viewer, j->asker.viewer))
        refusal.code = ended[hold->state];
    if (refusal.code != ERROR_NONE) {
        journey_end_refused(j, &refusal);
        return;
    }
    struct outcome outcome = journey_hold(hold);
    journey_end(j, &outcome);
}

/* ---- the shop ---- */

void hold_get_start(struct errand *e) { errand_open(e, false, shop_opened); }
void hold_confirm_start(struct errand *e) { errand_open(e, false, shop_opened); }
void hold_release_start(struct errand *e) { errand_open(e, false, shop_opened); }
void hold_extend_start(struct errand *e) { errand_open(e, false, shop_opened); }

static void shop_opened(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    struct refusal unavailable = {.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS};
    if (shop == NULL || !shop_is_selling(shop)) {
        journey_end_refused(&e->j, &unavailable);
        return;
    }
    e->j.ask.hold.id = e->command.hold;
    if (e->j.kind == COMMAND_HOLD_GET) {
        journey_ask(&e->j, INVENTORY_HOLD_GET, hold_read);
    } else if (e->j.kind == COMMAND_HOLD_EXTEND) {
        journey_ask(&e->j, INVENTORY_HOLD_GET, extend_read);
    } else if (e->j.kind == COMMAND_HOLD_RELEASE) {
        journey_ask(&e->j, INVENTORY_RELEASE, hold_let_go);
    } else {
        e->j.ask.amount = e->command.money;
        memcpy(e->j.ask.ref, e->command.ref, sizeof e->j.ask.ref);
        journey_ask(&e->j, INVENTORY_CONFIRM, hold_confirmed);
    }
}

static void end_as_answered(struct journey *j, enum outcome_kind kind)
{
    enum inventory_answer answer = j->ask.answer;
    if (answer == INVENTORY_DONE || answer == INVENTORY_REPLAYED || answer == INVENTORY_LATE) {
        struct outcome outcome = journey_hold(&j->ask.hold);
        outcome.kind = kind;
        outcome.replayed = answer == INVENTORY_REPLAYED;
        journey_end(j, &outcome);
        return;
    }
    struct refusal refusal = refusal_of_answer(&j->ask);
    journey_end_refused(j, &refusal);
}

static void hold_read(struct journey *j)
{
    if (!journey_no_answer(j))
        end_as_answered(j, OUTCOME_HOLD);
}

static void hold_confirmed(struct journey *j)
{
    if (journey_no_answer(j))
        return;
    const struct errand *e = container_of(j, struct errand, j);
    log_info("hold.confirm", "shop=%s hold=%s order=%s answer=%s", j->asker.shop.text, e->command.hold.text,
             log_quote(e->command.ref), inventory_answer_name(j->ask.answer));
    end_as_answered(j, OUTCOME_CONFIRMED);
}

static void hold_let_go(struct journey *j)
{
    if (!journey_no_answer(j))
        end_as_answered(j, OUTCOME_HOLD);
}

/* ---- more time ---- */

static void extend_read(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    struct refusal refusal = refusal_of_answer(&j->ask);
    if (journey_no_answer(j))
        return;
    if (refusal.code != ERROR_NONE) {
        journey_end_refused(j, &refusal);
        return;
    }
    j->broadcast = j->ask.hold.broadcast; /* whose hold time it is */
    errand_open(e, true, extend_opened);
}

static void extend_opened(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    if (show == NULL || !shop_is_selling(show->shop)) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    e->j.ask.ttl_ms = show->b.details.hold_ms;
    journey_ask(&e->j, INVENTORY_EXTEND, hold_let_go);
}
