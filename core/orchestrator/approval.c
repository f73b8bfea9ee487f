/* core/orchestrator/approval.c - prices that need a second person: what host.c does not know of them.
 *
 *   price.set, offer.start   judged by the operator's percentage and the catalogue's floor (core/broadcast/price_guard.h)
 *     approval_asked         the log has an `approval` event then, in place of the price; the asker hears approval_needed
 *   approve, reject          acts like any other (core/broadcast/plan_price.c) */
#include "core/orchestrator/journeys.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* The catalogue as it is now: a floor may be raised while the show is on. */
void approval_act(const struct errand *e, const struct show *show, struct act *act)
{
    const struct orchestrator_limits *limits = &e->j.o->config.limits;
    const struct product *product = catalogue_find(&show->shop->catalogue, act->sku.text);
    act->by_name = e->j.asker.has_sub;
    act->by_shop = e->j.asker.role == ROLE_INTEGRATOR;
    act->approval = e->command.approval;
    act->approval_ms = limits->approval_ms;
    act->guard.percent = limits->price_guard_percent;
    if (product != NULL)
        act->guard.floor = product->floor;
    act->tripped = e->tripped_version != 0;
}

/* The last event asks; none: it waits since before. */
void approval_asked(struct errand *e, const struct show *show, const struct event *events, size_t count)
{
    const struct price_approval *asked =
        count > 0 ? &events[count - 1].u.approval
                  : broadcast_approval_of(&show->b, e->command.sku.text, orchestrator_now(e->j.o));
    MUST(asked != NULL && asked->state == APPROVAL_ASKED);
    e->asked.id = asked->id;
    text_keep(e->asked.reason, sizeof e->asked.reason, asked->reason);
}

struct outcome approval_outcome(const struct errand *e)
{
    struct outcome outcome = {.kind = OUTCOME_ERROR, .error.code = ERROR_APPROVAL_NEEDED};
    text_keep(outcome.error.approval, sizeof outcome.error.approval, e->asked.id.text);
    text_keep(outcome.error.detail, sizeof outcome.error.detail, e->asked.reason);
    return outcome;
}

void approval_log(const struct errand *e)
{
    const struct journey *j = &e->j;
    bool asked = !ID_IS_NONE(e->asked.id);
    const char *id = asked ? e->asked.id.text : e->command.approval;
    const struct show *show = journey_show(j);
    const struct price_approval *a = show == NULL ? NULL : broadcast_approval(&show->b, id);
    if (a == NULL)
        return; /* history was lost meanwhile, and says so itself */
    log_info(asked ? "price.asked" : "price.decided",
             "shop=%s broadcast=%s approval=%s state=%s sku=%s amount=%lld currency=%s asked_by=%s by=%s",
             j->asker.shop.text, j->broadcast.text, id, approval_state_name(a->state), a->sku.text,
             (long long)a->money.minor, a->money.currency, log_quote(a->asked_by), log_quote(j->asker.sub));
}
