/* core/orchestrator/journey.c - one command under way, from taken to ended.
 *
 *   journey_take, errand_take   a place for it, or the asker hears `overloaded`
 *     journey_ask               the stock is asked; silence is asked again under the same ids
 *       journey_asked
 *     deadline_fire             time is up: the asker hears `unavailable`, the asking goes on
 *   journey_end                 the one way out: the answer, or a late hold pushed to its viewer
 *
 * A journey is on o->unanswered until its one answer, then on o->late until its port is done with it. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void journey_asked(struct inventory_request *ask);
static void journey_ask_again(struct clock_timer *timer);

/* ---- turns ---- */

void turn_take(struct orchestrator *o, struct turn *turn)
{
    if (list_is_linked(&turn->link))
        return;
    list_push_back(&o->turns, &turn->link);
    if (!o->turn_armed)
        o->config.clock->start(o->config.clock, &o->turn_timer, 0);
    o->turn_armed = true;
}

void turns_run(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, turn_timer);
    struct list now;
    list_init(&now);
    o->turn_armed = false;
    list_for_each (link, &o->turns)
        list_move(&now, link);
    while (!list_is_empty(&now)) { /* what they take is for the next turn */
        struct turn *turn = container_of(now.next, struct turn, link);
        list_remove(&turn->link);
        turn->run(turn);
    }
    drain_check(o); /* last: the drained orchestrator may be gone after it */
}

/* ---- taken ---- */

struct overloaded {
    struct turn turn;
    struct orchestrator *o;
    uint64_t conn;
    enum command_kind kind;
    char re[ID_LEN_MAX + 1];
};

static void overloaded_answer(struct overloaded *w)
{
    struct outcome outcome = {.kind = OUTCOME_ERROR, .command = w->kind};
    outcome.error.code = ERROR_OVERLOADED;
    outcome.error.retry_after_ms = RETRY_AFTER_MS;
    memcpy(outcome.re, w->re, sizeof outcome.re);
    w->o->config.audience->send(w->o->config.audience, w->conn, &outcome);
}

static void overloaded_turn(struct turn *turn)
{
    struct overloaded *w = container_of(turn, struct overloaded, turn);
    overloaded_answer(w);
    free(w);
}

static void overloaded_refuse(struct orchestrator *o, const struct asker *asker, const struct command *command)
{
    struct overloaded now = {.turn.run = overloaded_turn, .o = o, .conn = asker->conn, .kind = command->kind};
    memcpy(now.re, command->id, sizeof now.re);
    metrics_add(METRIC_OVERLOADED, 1);
    struct overloaded *w = malloc(sizeof *w);
    if (w == NULL) {
        overloaded_answer(&now); /* too early is better than never */
        return;
    }
    *w = now;
    turn_take(o, &w->turn);
}

static void journey_begin(struct journey *j, struct orchestrator *o, const struct asker *asker,
                          const struct command *command)
{
    j->o = o;
    j->asker = *asker;
    j->kind = command->kind;
    memcpy(j->re, command->id, sizeof j->re);
    j->broadcast = ID_IS_NONE(command->broadcast) ? asker->broadcast : command->broadcast;
    j->deadline_ms = orchestrator_now(o) + o->config.limits.request_timeout_ms;
    if (list_is_empty(&o->unanswered))
        o->config.clock->start(o->config.clock, &o->deadline, o->config.limits.request_timeout_ms);
    list_push_back(&o->unanswered, &j->link); /* all have the same time, so this keeps the order of deadlines */
    metrics_add(METRIC_IN_FLIGHT, 1);
}

struct journey *journey_take(struct orchestrator *o, const struct asker *asker, const struct command *command)
{
    struct journey *j = pool_take(&o->journeys);
    if (j == NULL) {
        overloaded_refuse(o, asker, command);
        return NULL;
    }
    journey_begin(j, o, asker, command);
    return j;
}

static void errand_begin(struct turn *turn)
{
    struct errand *e = container_of(container_of(turn, struct journey, turn), struct errand, j);
    e->step(e);
}

static struct errand *errand_make(struct orchestrator *o, const struct asker *asker, struct command *command)
{
    struct errand *e = o->errands < ERRANDS_MAX ? calloc(1, sizeof *e) : NULL;
    if (e == NULL)
        return NULL;
    o->errands++;
    journey_begin(&e->j, o, asker, command);
    e->j.is_errand = true;
    e->command = command_move(command);
    e->command.broadcast = e->j.broadcast;
    e->j.turn.run = errand_begin;
    turn_take(o, &e->j.turn);
    return e;
}

struct errand *errand_take(struct orchestrator *o, const struct asker *asker, struct command *command)
{
    struct errand *e = errand_make(o, asker, command);
    if (e == NULL)
        overloaded_refuse(o, asker, command);
    return e;
}

struct errand *errand_take_ours(struct show *show, struct command *command)
{
    struct asker nobody = {.role = ROLE_HOST, .shop = show->shop->id, .broadcast = show->b.id, .sub = "liveshelf"};
    struct errand *e = errand_make(show->shop->o, &nobody, command);
    if (e != NULL)
        e->j.is_ours = true;
    return e;
}

struct shop *journey_shop(const struct journey *j) { return shop_find(j->o, &j->asker.shop); }

struct show *journey_show(const struct journey *j)
{
    struct show *show = show_find(j->o, &j->asker.shop, &j->broadcast);
    return show != NULL && show_is_on(show) ? show : NULL;
}

/* ---- asked ---- */

static bool journey_is_viewers(const struct journey *j)
{
    return j->kind == COMMAND_RESERVE || j->kind == COMMAND_EXTEND || j->kind == COMMAND_RELEASE;
}

/* So that the ledger's word of what is being answered is not pushed to the same viewer as well. */
static void asking_add(struct journey *j)
{
    struct shop *shop = journey_shop(j);
    if (shop == NULL || !journey_is_viewers(j))
        return;
    j->asking = j->ask.hold.id;
    j->asked_next = map_get(&shop->asking, j->asking.text);
    if (map_set(&shop->asking, j->asking.text, j) != RESULT_OK)
        j->asked_next = NULL; /* costs a word said twice */
}

static void asking_remove(struct journey *j)
{
    struct shop *shop = journey_shop(j);
    if (shop == NULL || !journey_is_viewers(j))
        return;
    const char *hold = j->asking.text;
    struct journey *first = map_get(&shop->asking, hold);
    if (first == j) {
        map_remove(&shop->asking, hold);
        if (j->asked_next != NULL && map_set(&shop->asking, hold, j->asked_next) != RESULT_OK)
            return;
    } else {
        for (struct journey *at = first; at != NULL; at = at->asked_next)
            if (at->asked_next == j)
                at->asked_next = j->asked_next;
    }
}

void journey_ask(struct journey *j, enum inventory_op op, void (*asked)(struct journey *j))
{
    j->ask.op = op;
    j->ask.shop = j->asker.shop;
    j->ask.done = journey_asked;
    j->asked = asked;
    j->attempts = 1;
    j->doubted = j->folded = false;
    j->again.fire = journey_ask_again;
    asking_add(j);
    j->o->config.inventory->ask(j->o->config.inventory, &j->ask); /* port; continues in journey_asked */
}

static void journey_ask_again(struct clock_timer *timer)
{
    struct journey *j = container_of(timer, struct journey, again);
    const struct shop *shop = journey_shop(j);
    j->attempts++;
    if (shop != NULL && !shop_may_ask(shop)) { /* what it asks for may be another's, about to be put back */
        j->ask.result = RESULT_NO_ANSWER;
        journey_asked(&j->ask);
        return;
    }
    metrics_add(METRIC_ASKED_AGAIN, 1);
    j->o->config.inventory->ask(j->o->config.inventory, &j->ask);
}

static void journey_asked(struct inventory_request *ask)
{
    struct journey *j = container_of(ask, struct journey, ask);
    bool silent = ask->result == RESULT_NO_ANSWER || (j->doubted && ask->result == RESULT_UNAVAILABLE);
    j->doubted = j->doubted || silent;
    if (silent && j->attempts < ASK_ATTEMPTS_MAX) { /* the same id makes asking again harmless */
        j->o->config.clock->start(j->o->config.clock, &j->again, ASK_AGAIN_MS << (j->attempts - 1));
        return;
    }
    asking_remove(j);
    struct shop *shop = journey_shop(j);
    if (shop != NULL)
        vouched_answered(shop, &j->ask);
    j->asked(j);
}

bool journey_no_answer(struct journey *j)
{
    if (j->ask.result == RESULT_OK)
        return false;
    struct refusal refusal = {.code = j->ask.result == RESULT_FULL ? ERROR_OVERLOADED : ERROR_UNAVAILABLE,
                              .retry_after_ms = RETRY_AFTER_MS};
    if (j->doubted)
        refusal.detail = "No answer came. Ask again with the same id to learn what became of it.";
    journey_end_refused(j, &refusal);
    return true;
}

/* ---- waiting for what was written to be read here ---- */

static void fold_overdue(struct journey *j)
{
    list_remove(&j->wait);
    j->overdue = NULL;
    j->next(j); /* it is true already, only not seen here */
}

void journey_when_folded(struct journey *j, void (*next)(struct journey *j))
{
    struct shop *shop = journey_shop(j);
    memcpy(j->ledger_id, j->ask.ledger_id, sizeof j->ledger_id);
    if (shop == NULL || j->answered || ledger_is_folded(shop, j->ledger_id)) {
        next(j);
        return;
    }
    j->next = next;
    j->overdue = fold_overdue;
    list_push_back(&shop->folds, &j->wait);
}

void journeys_check_folds(struct shop *shop)
{
    list_for_each (link, &shop->folds) {
        struct journey *j = container_of(link, struct journey, wait);
        if (ledger_is_folded(shop, j->ledger_id)) {
            list_remove(&j->wait);
            j->overdue = NULL;
            j->next(j);
        }
    }
}

/* ---- refused ---- */

static void refusal_turn(struct turn *turn)
{
    struct journey *j = container_of(turn, struct journey, turn);
    journey_end_refused(j, &j->refusal);
}

void journey_refuse(struct journey *j, const struct refusal *refusal)
{
    j->refusal = *refusal;
    j->turn.run = refusal_turn;
    turn_take(j->o, &j->turn);
}

void journey_refuse_code(struct journey *j, enum error_code code, const char *detail)
{
    journey_refuse(j, &(struct refusal){.code = code, .detail = detail});
}

void journey_refuse_unavailable(struct journey *j)
{
    journey_refuse(j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

struct refusal refusal_of_answer(const struct inventory_request *ask)
{
    static const struct {
        enum error_code code;
        bool may_wait;
        const char *detail;
    } told[INVENTORY_ANSWERS] = {
        [INVENTORY_SOLD_OUT] = {ERROR_SOLD_OUT, true, "The last one was taken a moment ago."},
        [INVENTORY_HELD_OUT] = {ERROR_HELD_OUT, true, "All are in other carts just now; one may come back."},
        [INVENTORY_LIMIT_REACHED] = {ERROR_LIMIT_REACHED, false, "One person may not have more of this."},
        [INVENTORY_STOPPED] = {ERROR_STOPPED, false, "The sale of this product was stopped."},
        [INVENTORY_SKU_UNKNOWN] = {ERROR_SKU_UNKNOWN, false, "No units of this were ever given to sell."},
        [INVENTORY_MISMATCH] = {ERROR_MISMATCH, false, "This id was used before with other content."},
        [INVENTORY_HOLD_UNKNOWN] = {ERROR_HOLD_UNKNOWN, false, NULL},
        [INVENTORY_HOLD_EXPIRED] = {ERROR_HOLD_EXPIRED, false, "Its time was over; the units went back on sale."},
        [INVENTORY_HOLD_RELEASED] = {ERROR_HOLD_RELEASED, false, NULL},
        [INVENTORY_HOLD_CONFIRMED] = {ERROR_HOLD_CONFIRMED, false, "It is bought already."},
        [INVENTORY_RECALLED] = {ERROR_RECALLED, false, "It was recalled."},
        [INVENTORY_EXTENDS_USED] = {ERROR_LIMIT_REACHED, false, "This hold cannot be extended again."},
        [INVENTORY_BAD] = {ERROR_BAD_REQUEST, false, NULL},
    };
    struct refusal refusal = {
        .code = told[ask->answer].code, .detail = told[ask->answer].detail, .may_wait = told[ask->answer].may_wait};
    /* What a warehouse counts or gives may not fit the stock; everything else was judged before it was asked. */
    if (ask->answer == INVENTORY_BAD && ask->op != INVENTORY_ALLOCATE && ask->op != INVENTORY_SYNC)
        log_error("stock.refused_as_malformed", "op=%d hold=%s sku=%s", (int)ask->op, ask->hold.id.text, ask->sku.text);
    return refusal;
}

/* ---- answered and ended ---- */

void text_keep(char *ret, size_t size, const char *text)
{
    size_t len = text == NULL ? 0 : strnlen(text, size - 1);
    if (len > 0)
        memcpy(ret, text, len);
    ret[len] = '\0';
}

static void outcome_refused(struct outcome *outcome, const struct refusal *refusal)
{
    MUST(refusal->code != ERROR_NONE);
    outcome->kind = OUTCOME_ERROR;
    outcome->error.code = refusal->code;
    outcome->error.retry_after_ms = refusal->retry_after_ms;
    outcome->error.sku = refusal->sku;
    outcome->error.price = refusal->price;
    outcome->error.may_wait = refusal->may_wait;
    text_keep(outcome->error.field, sizeof outcome->error.field, refusal->field);
    text_keep(outcome->error.detail, sizeof outcome->error.detail, refusal->detail);
}

void journey_answer(struct journey *j, struct outcome *outcome)
{
    MUST(!j->answered);
    struct orchestrator *o = j->o;
    j->answered = true;
    list_move(&o->late, &j->link);
    memcpy(outcome->re, j->re, sizeof outcome->re);
    outcome->command = j->kind;
    if (!j->is_ours)
        o->config.audience->send(o->config.audience, j->asker.conn, outcome);
}

void journey_push_hold(struct orchestrator *o, const struct shop_id *shop, const struct hold *hold)
{
    struct outcome outcome = journey_hold(hold); /* its end in server time */
    o->config.audience->send_viewer(o->config.audience, shop, &hold->broadcast, &hold->viewer, &outcome);
}

struct outcome journey_hold(const struct hold *hold)
{
    struct outcome outcome = {.kind = OUTCOME_HOLD};
    hold_copy(&outcome.hold, hold);
    return outcome;
}

/* The viewer was told `unavailable` meanwhile; what they asked for happened all the same, or did not. */
static void journey_late(struct journey *j, const struct outcome *outcome)
{
    metrics_add(METRIC_LATE, 1);
    log_info("command.late", "shop=%s broadcast=%s command=%s id=%s answer=%s", j->asker.shop.text, j->broadcast.text,
             command_kind_name(j->kind), j->re,
             outcome->kind == OUTCOME_ERROR ? error_code_name(outcome->error.code) : "done");
    if (outcome->kind == OUTCOME_HOLD && journey_is_viewers(j))
        journey_push_hold(j->o, &j->asker.shop, &outcome->hold);
}

static void journey_free(struct journey *j)
{
    struct orchestrator *o = j->o;
    list_remove(&j->link);
    list_remove(&j->wait);
    list_remove(&j->turn.link);
    o->config.clock->stop(o->config.clock, &j->again);
    metrics_add(METRIC_IN_FLIGHT, -1);
    if (!j->is_errand) {
        pool_give(&o->journeys, j);
        return;
    }
    struct errand *e = container_of(j, struct errand, j);
    o->errands--;
    host_leave(e);
    orchestrator_open_cancel(o, &e->open);
    append_finish(&e->append);
    run_of_show_finish(&e->run);
    bytes_finish(&e->document);
    command_finish(&e->command);
    free(e->items);
    free(e->preflight);
    free(e);
}

void journey_end(struct journey *j, struct outcome *outcome)
{
    struct orchestrator *o = j->o;
    struct shop *shop = journey_shop(j);
    if (outcome->kind == OUTCOME_HOLD && journey_is_viewers(j) && shop != NULL)
        ledger_answered(shop, &outcome->hold.id, j->ask.ledger_id);
    if (j->answered)
        journey_late(j, outcome);
    else
        journey_answer(j, outcome);
    journey_free(j);
    if (o->draining && !o->turn_armed) {
        o->turn_armed = true;
        o->config.clock->start(o->config.clock, &o->turn_timer, 0); /* drain_check runs at the end of a turn */
    }
}

void journey_end_refused(struct journey *j, const struct refusal *refusal)
{
    struct outcome outcome = {0};
    outcome_refused(&outcome, refusal);
    journey_end(j, &outcome);
}

/* ---- time is up ---- */

static void journey_overdue(struct journey *j)
{
    struct refusal refusal = {.code = ERROR_UNAVAILABLE,
                              .retry_after_ms = RETRY_AFTER_MS,
                              .detail =
                                  "No answer came in time. Ask again with the same id to learn what became of it."};
    struct outcome outcome = {0};
    outcome_refused(&outcome, &refusal);
    metrics_add(METRIC_OVERDUE, 1);
    if (j->kind == COMMAND_RESERVE)
        metrics_add(METRIC_RESERVE_UNAVAILABLE, 1);
    journey_answer(j, &outcome);
}

void deadline_fire(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, deadline);
    int64_t now_ms = orchestrator_now(o);
    while (!list_is_empty(&o->unanswered)) {
        struct journey *j = container_of(o->unanswered.next, struct journey, link);
        if (j->deadline_ms > now_ms) {
            o->config.clock->start(o->config.clock, &o->deadline, j->deadline_ms - now_ms);
            return;
        }
        if (j->overdue != NULL)
            j->overdue(j);
        else
            journey_overdue(j);
    }
}

void journeys_free(struct orchestrator *o)
{
    o->turn_armed = true;             /* nobody's turn comes any more */
    list_for_each (turn, &o->turns) { /* first: the turns of journeys lie in them */
        struct turn *waiting = container_of(turn, struct turn, link);
        if (waiting->run != overloaded_turn)
            continue;
        list_remove(&waiting->link);
        free(container_of(waiting, struct overloaded, turn));
    }
    list_for_each (link, &o->unanswered)
        journey_free(container_of(link, struct journey, link));
    list_for_each (late, &o->late)
        journey_free(container_of(late, struct journey, link));
}
