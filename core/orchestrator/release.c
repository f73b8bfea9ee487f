/* core/orchestrator/release.c - a viewer gives a hold back, or asks for more time.
 *
 *   release_start, extend_start   whose hold it is, the stock checks
 *     hold_changed                answered with the hold as it is now; the shelf hears from the ledger */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static bool hold_ask_prepared(struct journey *j, const struct command *command);
static void released(struct journey *j);
static void extended(struct journey *j);
static void hold_changed(struct journey *j);

void release_start(struct journey *j, const struct command *command)
{
    if (hold_ask_prepared(j, command))
        journey_ask(j, INVENTORY_RELEASE, released);
}

void extend_start(struct journey *j, const struct command *command)
{
    struct show *show = journey_show(j);
    if (!hold_ask_prepared(j, command))
        return;
    j->ask.ttl_ms = show->b.details.hold_ms;
    journey_ask(j, INVENTORY_EXTEND, extended);
}

static bool hold_ask_prepared(struct journey *j, const struct command *command)
{
    struct show *show = journey_show(j);
    if (show == NULL || !shop_is_selling(show->shop)) {
        journey_refuse_unavailable(j);
        return false;
    }
    const struct hold *known = claims_hold(&show->shop->claims, command->hold.text);
    if (known != NULL && ID_EQUAL(known->viewer, j->asker.viewer))
        hold_copy(&j->ask.hold, known); /* to answer from, should the stock fall silent and the ledger not */
    j->ask.hold.id = command->hold;
    j->ask.hold.viewer = j->asker.viewer;
    return true;
}

static void released(struct journey *j)
{
    if (j->ask.result != RESULT_OK && j->folded && j->ask.hold.lines_count > 0) {
        j->ask.result = RESULT_OK;
        j->ask.answer = INVENTORY_REPLAYED;
        j->ask.hold.state = HOLD_RELEASED;
        j->ask.hold.expires_at_ms = orchestrator_now(j->o);
    }
    hold_changed(j);
}

static void extended(struct journey *j)
{
    struct shop *shop = journey_shop(j);
    const struct hold *told = shop == NULL ? NULL : claims_hold(&shop->claims, j->asking.text);
    if (j->ask.result != RESULT_OK && j->folded && told != NULL) {
        told_hold(shop, told, &j->ask.hold);
        j->ask.result = RESULT_OK;
        j->ask.answer = INVENTORY_REPLAYED;
    }
    hold_changed(j);
}

static void hold_changed(struct journey *j)
{
    if (journey_no_answer(j))
        return;
    log_debug("hold.changed", "shop=%s broadcast=%s viewer=%s hold=%s command=%s answer=%s", j->asker.shop.text,
              j->broadcast.text, j->asker.viewer.text, j->asking.text, command_kind_name(j->kind),
              inventory_answer_name(j->ask.answer));
    if (j->ask.answer == INVENTORY_DONE || j->ask.answer == INVENTORY_REPLAYED) {
        struct outcome outcome = journey_hold(&j->ask.hold);
        outcome.replayed = j->ask.answer == INVENTORY_REPLAYED;
        journey_end(j, &outcome);
        return;
    }
    struct refusal refusal = refusal_of_answer(&j->ask);
    journey_end_refused(j, &refusal);
}
