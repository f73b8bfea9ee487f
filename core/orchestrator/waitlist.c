/* core/orchestrator/waitlist.c - a place in line for units that may come free.
 *
 *   waitlist_join_start    the price is promised now, as for a reserve
 *     waitlist_joined      answered with how many are before
 *   waitlist_leave_start   answered with `left`, also when there was no place to leave
 *   (ledger.c)             a freed unit is offered to the next in line as a short hold; its viewer hears from the ledger */
#include "core/orchestrator/journeys.h"

#include <string.h>

static void waitlist_answered(struct journey *j);

static struct show *waitlist_show(struct journey *j)
{
    struct show *show = journey_show(j);
    if (show != NULL && shop_is_selling(show->shop))
        return show;
    journey_refuse_unavailable(j);
    return NULL;
}

void waitlist_join_start(struct journey *j, const struct command *command)
{
    struct show *show = waitlist_show(j);
    if (show == NULL)
        return;
    struct reserve_wish wish = {.lines_count = 1};
    wish.lines[0].sku = command->sku;
    wish.lines[0].units = command->qty;
    struct refusal refusal;
    if (wish_refused(show, &wish, &j->ask.hold, &refusal)) {
        journey_refuse(j, &refusal);
        return;
    }
    j->ask.hold.viewer = j->asker.viewer;
    j->ask.hold.broadcast = show->b.id;
    j->ask.ttl_ms = j->o->config.limits.offer_ms;
    j->ask.sku = command->sku;
    journey_ask(j, INVENTORY_WAITLIST_JOIN, waitlist_answered);
}

void waitlist_leave_start(struct journey *j, const struct command *command)
{
    struct show *show = waitlist_show(j);
    if (show == NULL)
        return;
    j->ask.hold.viewer = j->asker.viewer;
    j->ask.hold.broadcast = show->b.id;
    j->ask.hold.lines_count = 1;
    j->ask.hold.lines[0].sku = command->sku;
    j->ask.sku = command->sku;
    journey_ask(j, INVENTORY_WAITLIST_LEAVE, waitlist_answered);
}

static void waitlist_answered(struct journey *j)
{
    if (journey_no_answer(j))
        return;
    if (j->ask.answer == INVENTORY_DONE || j->ask.answer == INVENTORY_REPLAYED) {
        struct outcome outcome = {.kind = OUTCOME_WAITLIST, .replayed = j->ask.answer == INVENTORY_REPLAYED};
        outcome.waitlist.sku = j->ask.sku;
        outcome.waitlist.joined = j->kind == COMMAND_WAITLIST_JOIN;
        outcome.waitlist.ahead = outcome.waitlist.joined ? j->ask.ahead : 0;
        journey_end(j, &outcome);
        return;
    }
    struct refusal refusal = refusal_of_answer(&j->ask);
    refusal.sku = j->ask.sku;
    journey_end_refused(j, &refusal);
}
