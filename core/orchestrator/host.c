/* core/orchestrator/host.c - what a host does, from the tap to every screen.
 *
 *   host_start         broadcast open on this node?
 *     host_queue       one act at a time on one node, in the order of the taps
 *     host_begin       the rules asked once, so that nothing is begun in vain
 *     host_ask_stock   stop, open, recall: the stock first, since it is what decides a sale
 *     host_plan        command -> act -> events by the pure rules -> one compare-and-append
 *     host_appended    somebody was faster: planned again on what they did, at most PLAN_ATTEMPTS_MAX times
 *     host_clock       a pause or its end: the holds' clock, before anybody is told
 *                      a price that needs a second person is asked for instead (approval.c)
 *   host_done          answered once this node has folded it; every node's audience hears from its own fold
 *
 * The same way ends an offer that is over (offer.c) and loads a run of show (run.c). */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void host_opened(struct errand *e);
static void host_begin(struct errand *e);
static void host_ask_stock(struct errand *e);
static void host_stock_answered(struct journey *j);
static void host_stock_folded(struct journey *j);
static void host_appended(struct append *append);
static void host_overdue(struct journey *j);
static void host_clock(struct errand *e, uint64_t seq);
static void host_clock_set(struct journey *j);
static void host_done(struct errand *e, uint64_t seq);

void host_start(struct errand *e) { errand_open(e, true, host_opened); }

static void host_opened(struct errand *e) { host_queue(e, host_begin); }

/* ---- one at a time ---- */

static void host_queue_overdue(struct journey *j)
{
    host_refuse(container_of(j, struct errand, j),
                &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

void host_queue(struct errand *e, errand_step *step)
{
    struct show *show = journey_show(&e->j);
    if (show == NULL) {
        host_queue_overdue(&e->j);
        return;
    }
    list_push_back(&show->acts, &e->act);
    e->step = step;
    if (show->acts.next == &e->act)
        step(e);
    else
        e->j.overdue = host_queue_overdue; /* not begun, so it certainly did not happen */
}

/* The next one in the queue begins, on a turn of its own. */
void host_leave(struct errand *e)
{
    struct show *show = show_find(e->j.o, &e->j.asker.shop, &e->j.broadcast);
    if (!list_is_linked(&e->act) || show == NULL)
        return;
    bool was_first = show->acts.next == &e->act;
    list_remove(&e->act);
    if (!was_first || list_is_empty(&show->acts))
        return;
    struct errand *next = container_of(show->acts.next, struct errand, act);
    next->j.overdue = NULL;
    turn_take(e->j.o, &next->j.turn); /* continues in its step */
}

/* ---- command -> act ---- */

static struct refusal refusal_of_act(enum act_answer answer)
{
    static const struct refusal told[] = {
        [ACT_NOT_LIVE] = {.code = ERROR_NOT_LIVE,
                          .detail = "This needs a broadcast that has started and has not ended."},
        [ACT_STATE] = {.code = ERROR_CONFLICT, .detail = "The broadcast is not in a state for this."},
        [ACT_SKU_UNKNOWN] = {.code = ERROR_SKU_UNKNOWN,
                             .field = "sku",
                             .detail = "It is not on this broadcast's shelf."},
        [ACT_PRICE_MISSING] = {.code = ERROR_CONFLICT,
                               .field = "sku",
                               .detail = "It has no price, so it cannot be sold."},
        [ACT_NOTHING_TO_UNDO] = {.code = ERROR_CONFLICT, .detail = "There is nothing to take back any more."},
        [ACT_RECALLED] = {.code = ERROR_RECALLED, .field = "sku", .detail = "It was recalled."},
        [ACT_CURRENCY] = {.code = ERROR_BAD_REQUEST,
                          .field = "currency",
                          .detail = "A broadcast sells in one currency."},
        [ACT_AMOUNT] = {.code = ERROR_BAD_REQUEST,
                        .field = "amount",
                        .detail = "Nothing is sold for nothing: a price is at least 1."},
        [ACT_EXTRAS_FULL] = {.code = ERROR_LIMIT_REACHED, .detail = "Too many extras run already; end one first."},
        [ACT_APPROVALS_FULL] = {.code = ERROR_LIMIT_REACHED,
                                .detail = "Too many prices wait for another host already."},
        [ACT_APPROVAL_UNKNOWN] = {.code = ERROR_NOT_FOUND, .field = "approval", .detail = "No such price is known."},
        [ACT_APPROVAL_DECIDED] = {.code = ERROR_CONFLICT, .field = "approval", .detail = "It was decided already."},
        [ACT_APPROVAL_LAPSED] = {.code = ERROR_CONFLICT,
                                 .field = "approval",
                                 .detail = "It has lapsed: nobody decided in time. Ask for the price again."},
        [ACT_APPROVAL_OWN] = {.code = ERROR_FORBIDDEN,
                              .field = "approval",
                              .detail = "Another person must decide this, by a token of their own name."},
    };
    return told[answer];
}

static int32_t cue_wanted(const struct errand *e, const struct show *show)
{
    if (e->j.kind == COMMAND_CUE_GO)
        return run_of_show_find(&show->run, e->command.cue.text);
    const struct cue_shown *now = &show->b.cue;
    int32_t at = ID_IS_NONE(now->cue) ? -1 : run_of_show_find(&show->run, now->cue.text);
    if (at < 0 && !ID_IS_NONE(now->cue))
        at = now->index; /* a new plan left the cue out: go on from its place */
    return at >= (int32_t)show->run.count ? -1 : run_of_show_next(&show->run, at);
}

static struct refusal act_cue(const struct errand *e, const struct show *show, struct act *act)
{
    int32_t index = cue_wanted(e, show);
    if (index < 0 && e->j.kind == COMMAND_CUE_GO)
        return (struct refusal){.code = ERROR_NOT_FOUND, .field = "cue", .detail = "The run of show has no such cue."};
    if (index < 0)
        return (struct refusal){.code = ERROR_CONFLICT, .detail = "There is no further cue."};
    const struct cue *cue = &show->run.cues[index];
    act->kind = ACT_CUE;
    act->cue = (struct cue_shown){.cue = cue->id, .index = index, .sponsored = cue->sponsored};
    text_keep(act->cue.title, sizeof act->cue.title, cue->title);
    text_keep(act->cue.text, sizeof act->cue.text, cue->viewer_text);
    act->cue_sku = cue->sku;
    act->cue_has_price = cue->has_price;
    act->price = cue->price;
    act->slot = cue->slot;
    return (struct refusal){0};
}

static struct refusal act_cue_done(const struct errand *e, const struct show *show, struct act *act)
{
    if (run_of_show_find(&show->run, e->command.cue.text) < 0)
        return (struct refusal){.code = ERROR_NOT_FOUND, .field = "cue", .detail = "The run of show has no such cue."};
    act->kind = ACT_CUE_DONE;
    act->done.cue = e->command.cue;
    act->done.count = e->command.said_count;
    memcpy(act->done.said, e->command.said, sizeof act->done.said);
    return (struct refusal){0};
}

static struct refusal act_start(struct errand *e, struct show *show, struct act *act)
{
    const struct preflight *preflight = show_preflight(show);
    act->kind = ACT_START;
    act->force = e->forced = e->command.force && !preflight->go;
    if (preflight->go || e->command.force || show->b.state >= BROADCAST_LIVE)
        return (struct refusal){0};
    if (e->preflight == NULL)
        e->preflight = malloc(sizeof *e->preflight);
    if (e->preflight == NULL)
        return (struct refusal){.code = ERROR_UNAVAILABLE};
    *e->preflight = *preflight;
    return (struct refusal){.code = ERROR_PREFLIGHT_FAILED,
                            .detail = "The preflight found what would go wrong on air."};
}

static struct refusal act_undo(const struct errand *e, const struct show *show, struct act *act)
{
    const struct orchestrator_limits *limits = &e->j.o->config.limits;
    act->kind = ACT_UNDO;
    int64_t until_ms =
        show->b.undo.until_ms - (UNDO_MS - limits->undo_ms); /* an operator may allow less than the rules */
    return limits->undo_ms < UNDO_MS && act->now_ms >= until_ms ? refusal_of_act(ACT_NOTHING_TO_UNDO)
                                                                : (struct refusal){0};
}

/* Fills *act; a code in the refusal when it cannot be one. */
static struct refusal host_act(struct errand *e, struct show *show, struct act *act)
{
    static const enum act_kind plain[COMMAND_KINDS] = {
        [COMMAND_PIN_SET] = ACT_PIN_SET,       [COMMAND_PIN_CLEAR] = ACT_PIN_CLEAR,
        [COMMAND_PRICE_SET] = ACT_PRICE,       [COMMAND_OFFER_START] = ACT_OFFER_START,
        [COMMAND_OFFER_STOP] = ACT_OFFER_STOP, [COMMAND_NOTICE] = ACT_NOTICE,
        [COMMAND_STOCK_STOP] = ACT_SKU_STOP,   [COMMAND_STOCK_OPEN] = ACT_SKU_OPEN,
        [COMMAND_RECALL] = ACT_RECALL,         [COMMAND_PAUSE] = ACT_PAUSE,
        [COMMAND_RESUME] = ACT_RESUME,         [COMMAND_END] = ACT_END,
        [COMMAND_RUN_LOAD] = ACT_SHELF,        [COMMAND_APPROVE] = ACT_APPROVE,
        [COMMAND_REJECT] = ACT_REJECT,         [COMMAND_EXTRA_ADD] = ACT_EXTRA_ADD,
        [COMMAND_EXTRA_END] = ACT_EXTRA_END,
    };
    const struct command *c = &e->command;
    *act = (struct act){.kind = plain[c->kind],
                        .now_ms = orchestrator_now(e->j.o),
                        .by = e->j.asker.sub,
                        .slot = c->slot,
                        .sku = c->sku,
                        .price = c->money,
                        .for_ms = c->for_ms,
                        .level = c->level,
                        .recall = c->recall,
                        .text = c->text,
                        .extra = c->extra};
    approval_act(e, show, act);
    switch (c->kind) {
    case COMMAND_CUE_NEXT:
    case COMMAND_CUE_GO:
        return act_cue(e, show, act);
    case COMMAND_CUE_DONE:
        return act_cue_done(e, show, act);
    case COMMAND_START:
        return act_start(e, show, act);
    case COMMAND_UNDO:
        return act_undo(e, show, act);
    case COMMAND_RUN_LOAD:
        act->document = e->document.data;
        act->items = e->items;
        act->items_count = e->items_count;
        return (struct refusal){0};
    default:
        return (struct refusal){0};
    }
}

static bool host_expects_other(const struct errand *e, const struct show *show)
{
    return e->command.has_expect_seq && e->command.expect_seq != show->b.seq;
}

/* The events this command would append now, to be finished by the caller; or why not. */
static struct refusal host_events(struct errand *e, struct show *show, struct event events[EVENT_BATCH_MAX],
                                  size_t *count)
{
    struct act act;
    *count = 0;
    e->asked.id = (struct cue_id){0};
    if (host_expects_other(e, show))
        return (struct refusal){.code = ERROR_CONFLICT, .field = "expect_seq", .detail = "The broadcast has moved on."};
    struct refusal refusal = host_act(e, show, &act);
    if (refusal.code != ERROR_NONE)
        return refusal;
    enum act_answer answer = broadcast_plan(&show->b, &act, events, count);
    if (answer == ACT_APPROVAL_ASKED)
        approval_asked(e, show, events, *count);
    return answer == ACT_DONE || answer == ACT_APPROVAL_ASKED ? (struct refusal){0} : refusal_of_act(answer);
}

static void events_finish(struct event events[EVENT_BATCH_MAX])
{
    for (size_t i = 0; i < EVENT_BATCH_MAX; i++)
        event_finish(&events[i]);
}

/* ---- the stock first ---- */

static enum inventory_op stock_op(enum command_kind kind)
{
    static const enum inventory_op ops[COMMAND_KINDS] = {[COMMAND_STOCK_OPEN] = INVENTORY_OPEN,
                                                         [COMMAND_STOCK_STOP] = INVENTORY_STOP,
                                                         [COMMAND_RECALL] = INVENTORY_RECALL};
    return ops[kind];
}

/* A show that is told of a recall by this node itself (recall.c): the stock knows. */
static bool host_asks_stock(const struct errand *e)
{
    return e->j.kind == COMMAND_STOCK_STOP || e->j.kind == COMMAND_STOCK_OPEN ||
           (e->j.kind == COMMAND_RECALL && !e->j.is_ours);
}

static void host_begin(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    if (!host_asks_stock(e) || show == NULL) {
        host_plan(e);
        return;
    }
    if (e->tripped_version != 0 && !trip_stands(e, show)) {
        host_done(e, show->b.seq); /* others stopped it, or meant it, meanwhile */
        return;
    }
    struct event events[EVENT_BATCH_MAX] = {0};
    size_t count;
    struct refusal refusal = host_events(e, show, events, &count);
    events_finish(events);
    if (refusal.code != ERROR_NONE)
        host_refuse(e, &refusal);
    else
        host_ask_stock(e);
}

static void host_ask_stock(struct errand *e)
{
    e->j.ask.sku = e->command.sku;
    e->j.ask.recall = e->command.recall;
    if (e->j.kind == COMMAND_RECALL && e->command.recall == RECALL_HONOUR)
        recall_honour(journey_shop(&e->j), &e->command.sku); /* in the same call, before it */
    journey_ask(&e->j, stock_op(e->j.kind), host_stock_answered);
}

static void host_stock_answered(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    struct refusal refusal = refusal_of_answer(&j->ask);
    if (j->ask.result != RESULT_OK)
        metrics_add(METRIC_HOST_UNAVAILABLE, 1);
    if (journey_no_answer(j))
        return;
    if (refusal.code != ERROR_NONE && j->ask.answer != INVENTORY_SKU_UNKNOWN) /* nothing was ever given to sell: fine */
        host_refuse(e, &refusal);
    else
        journey_when_folded(j, host_stock_folded);
}

static void host_stock_folded(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    if (j->kind == COMMAND_RECALL)
        recall_begun(e);
    host_plan(e);
}

/* ---- into the log ---- */

void host_plan(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    struct refusal unavailable = {.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS};
    if (show == NULL) {
        host_refuse(e, &unavailable);
        return;
    }
    struct event events[EVENT_BATCH_MAX] = {0};
    size_t count;
    struct refusal refusal = host_events(e, show, events, &count);
    e->tries++;
    e->append.done = host_appended;
    e->j.overdue = host_overdue;
    bool started = false;
    if (refusal.code == ERROR_NONE && count > 0) {
        started = append_start(&e->append, e->j.o, &show->log, events, count) == RESULT_OK;
        refusal = started ? refusal : unavailable;
    }
    events_finish(events);
    if (refusal.code != ERROR_NONE)
        host_refuse(e, &refusal);
    else if (!started)
        host_done(e, show->b.seq); /* nothing would change: said again */
}

static void host_appended(struct append *append)
{
    struct errand *e = container_of(append, struct errand, append);
    if (append->end == APPEND_FOLDED)
        host_clock(e, append->ask.expected_seq + append->ask.count);
    else if (append->end == APPEND_BEATEN && e->tries < PLAN_ATTEMPTS_MAX)
        host_plan(e);
    else if (append->end == APPEND_BEATEN)
        host_refuse(
            e, &(struct refusal){.code = ERROR_CONFLICT, .detail = "Others act at the same time; look and try again."});
    else
        host_refuse(e, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

/* ---- the clock of holds ---- */

/* Who is told that the show is paused may tell viewers that their time stands still: so first it does. */
static void host_clock(struct errand *e, uint64_t seq)
{
    const struct show *show = journey_show(&e->j);
    if (show == NULL || !hold_clock_differs(show)) {
        host_done(e, seq);
        return;
    }
    e->seq = seq;
    e->j.overdue = NULL;
    e->j.ask = (struct inventory_request){0};
    hold_clock_write(show, &e->j.ask);
    journey_ask(&e->j, INVENTORY_FREEZE, host_clock_set);
}

/* No answer: the log says so all the same, and every node sees to it (hold_clock.c). */
static void host_clock_set(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    host_done(e, e->seq);
}

/* ---- answered ---- */

static void host_log(const struct errand *e, uint64_t seq)
{
    const struct journey *j = &e->j;
    log_info("host.act", "shop=%s broadcast=%s act=%s by=%s sku=%s seq=%llu", j->asker.shop.text, j->broadcast.text,
             command_kind_name(j->kind), log_quote(j->asker.sub), e->command.sku.text, (unsigned long long)seq);
    if (!ID_IS_NONE(e->asked.id) || j->kind == COMMAND_APPROVE || j->kind == COMMAND_REJECT)
        approval_log(e);
    else if (j->kind == COMMAND_PRICE_SET || j->kind == COMMAND_OFFER_START)
        log_info("price.change", "shop=%s broadcast=%s sku=%s amount=%lld currency=%s by=%s", j->asker.shop.text,
                 j->broadcast.text, e->command.sku.text, (long long)e->command.money.minor, e->command.money.currency,
                 log_quote(j->asker.sub));
    if (e->forced)
        log_warn("start.forced", "shop=%s broadcast=%s by=%s started against its preflight", j->asker.shop.text,
                 j->broadcast.text, log_quote(j->asker.sub));
}

static enum outcome_kind host_outcome_kind(const struct journey *j)
{
    bool of_state =
        j->kind == COMMAND_START || j->kind == COMMAND_PAUSE || j->kind == COMMAND_RESUME || j->kind == COMMAND_END;
    if (j->kind == COMMAND_RUN_LOAD)
        return OUTCOME_RUN;
    return of_state && j->re[0] == '\0' ? OUTCOME_BROADCAST : OUTCOME_OK; /* over HTTP the state itself is the answer */
}

static struct outcome host_outcome(struct errand *e, uint64_t seq)
{
    struct outcome outcome = {.kind = host_outcome_kind(&e->j), .seq = seq, .count = e->run.count};
    struct show *show = journey_show(&e->j);
    if (!ID_IS_NONE(e->asked.id))
        return approval_outcome(e);
    outcome.view = show == NULL ? NULL : show_view(show);
    if (show != NULL && outcome.kind == OUTCOME_RUN)
        outcome.preflight = show_preflight(show);
    if (outcome.view == NULL)
        outcome.kind = OUTCOME_OK;
    if (e->j.kind == COMMAND_RECALL)
        recall_outcome(e, &outcome);
    return outcome;
}

static void host_done(struct errand *e, uint64_t seq)
{
    struct outcome outcome = host_outcome(e, seq);
    struct show *show = journey_show(&e->j);
    if (show != NULL)
        hold_clock_look(show, true);
    if (!e->j.answered)
        metrics_add(ID_IS_NONE(e->asked.id) ? METRIC_HOST_DONE : METRIC_APPROVALS_ASKED, 1);
    host_log(e, seq);
    journey_end(&e->j, &outcome);
}

void host_refuse(struct errand *e, const struct refusal *refusal)
{
    struct show *show = journey_show(&e->j);
    struct outcome outcome = {.kind = OUTCOME_ERROR};
    MUST(refusal->code != ERROR_NONE);
    outcome.error.code = refusal->code;
    outcome.error.retry_after_ms = refusal->retry_after_ms;
    outcome.error.sku = refusal->code == ERROR_SKU_UNKNOWN ? e->command.sku : (struct sku_id){0};
    text_keep(outcome.error.field, sizeof outcome.error.field, refusal->field);
    text_keep(outcome.error.detail, sizeof outcome.error.detail, refusal->detail);
    outcome.preflight = refusal->code == ERROR_PREFLIGHT_FAILED ? e->preflight : NULL;
    outcome.view = show == NULL ? NULL : show_view(show);
    if (!e->j.answered)
        metrics_add(metric_of_host(refusal->code), 1);
    journey_end(&e->j, &outcome);
}

/* It is in the log, and this node has not folded it yet: that it happened is certain. */
static void host_overdue(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    j->overdue = NULL;
    if (e->append.step != APPEND_FOLDING)
        return; /* `unavailable` then, since nothing else is left to say it */
    struct outcome outcome = host_outcome(e, e->append.wait_seq);
    journey_answer(j, &outcome);
}
