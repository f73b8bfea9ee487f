/* logistics/board/asks.c - what logistics and the shop ask of the board.
 *
 *   board_command     waits until the log it is about is read
 *     ask_start
 *       plan_put        into the shop's log
 *       actuals_post    into the broadcast's log (actuals.c)
 *       settle          counts in all that is here, and is the last tick
 *       stamp           the document for a year into the store, then its name into the log
 *     ask_end         the one way out */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"

#define RETRY_AFTER_MS 1000
#define ASKS_WAITING_MAX 1000

static void ask_start(struct ask *a);

/* ---- ends ---- */

static void ask_free(struct ask *a)
{
    list_remove(&a->link);
    if (a->plan != NULL)
        logistics_plan_finish(a->plan);
    free(a->plan);
    bytes_finish(&a->store.value);
    free(a);
}

void ask_end(struct ask *a, struct outcome *outcome)
{
    outcome->command = a->ask.command->kind;
    a->ask.answer(a->ask.ctx, outcome);
    ask_free(a);
}

void ask_refuse(struct ask *a, enum error_code code, const char *field, const char *detail)
{
    struct outcome outcome = {.kind = OUTCOME_ERROR};
    outcome.error.code = code;
    outcome.error.retry_after_ms = code == ERROR_UNAVAILABLE || code == ERROR_OVERLOADED ? RETRY_AFTER_MS : 0;
    snprintf(outcome.error.field, sizeof outcome.error.field, "%s", field);
    snprintf(outcome.error.detail, sizeof outcome.error.detail, "%s", detail);
    ask_end(a, &outcome);
}

bool ask_written(struct ask *a, const struct book_wish *wish)
{
    if (wish->result == RESULT_OK)
        return true;
    ask_refuse(a, ERROR_UNAVAILABLE, "", "");
    return false;
}

void ask_write(struct ask *a, struct book *book, struct journal *j, void (*done)(struct book_wish *wish))
{
    const char *sub = a->ask.asker->sub;
    j->ms = board_now(a->shop->b);
    if (j->by[0] == '\0')
        snprintf(j->by, sizeof j->by, "%s", sub);
    if (!book_write(book, j, false, done, a))
        ask_refuse(a, ERROR_TOO_LARGE, "", "");
}

/* ---- the plan ---- */

static void plan_written(struct book_wish *wish)
{
    struct ask *a = wish->ctx;
    if (!ask_written(a, wish))
        return;
    a->plan->version = wish->seq;
    ask_end(a, &(struct outcome){.kind = OUTCOME_PLAN, .plan = a->plan});
}

static void plan_put(struct ask *a)
{
    struct journal j = {.kind = JOURNAL_PLAN};
    a->plan = a->ask.command->plan; /* taken */
    a->ask.command->plan = NULL;
    j.u.plan = a->plan;
    ask_write(a, &a->shop->book, &j, plan_written);
}

static void plan_get(struct ask *a) { ask_end(a, &(struct outcome){.kind = OUTCOME_PLAN, .plan = a->shop->plan}); }

/* ---- orders ---- */

void orders_free(struct board_show *s)
{
    size_t at = 0;
    const char *key;
    void *hold;
    while (map_next(&s->orders, &at, &key, &hold))
        free(hold);
    map_finish(&s->orders);
}

/* ---- settle ---- */

static void settle_written(struct book_wish *wish)
{
    struct ask *a = wish->ctx;
    if (ask_written(a, wish))
        ask_end(a, &(struct outcome){.kind = OUTCOME_OK, .seq = wish->seq});
}

static void settle(struct ask *a)
{
    struct board_show *s = a->show;
    struct journal j;
    char open[80];
    if (s->settled_seq > 0) {
        ask_end(a, &(struct outcome){.kind = OUTCOME_OK, .seq = s->settled_seq});
    } else if (s->end_ms == 0) {
        ask_refuse(a, ERROR_CONFLICT, "", "The broadcast has not ended.");
    } else if (!tally_is_current(s)) {
        ask_refuse(a, ERROR_UNAVAILABLE, "", "What was sold is still being read.");
    } else if (s->holds_open > 0) {
        snprintf(open, sizeof open, "%lld hold%s still open.", (long long)s->holds_open,
                 s->holds_open == 1 ? " is" : "s are");
        ask_refuse(a, ERROR_CONFLICT, "", open);
    } else {
        lead_cut(s, JOURNAL_SETTLED, &j);
        ask_write(a, &s->book, &j, settle_written);
    }
}

/* ---- stamps ---- */

static void stamp_written(struct book_wish *wish)
{
    struct ask *a = wish->ctx;
    if (!ask_written(a, wish))
        return;
    struct estimate_stamp *stamp = &a->stamp.u.stamp;
    snprintf(stamp->id, sizeof stamp->id, "s%llu", (unsigned long long)wish->seq);
    stamp->ms = a->stamp.ms;
    memcpy(stamp->by, a->stamp.by, sizeof stamp->by);
    ask_end(a, &(struct outcome){.kind = OUTCOME_STAMP, .created = true, .stamps = stamp, .count = 1});
}

static void stamp_stored(struct store_request *put)
{
    struct ask *a = container_of(put, struct ask, store);
    if (put->result != RESULT_OK)
        ask_refuse(a, ERROR_UNAVAILABLE, "", "");
    else
        ask_write(a, &a->show->book, &a->stamp, stamp_written);
}

static const struct told_estimate *told_of(const struct board_show *s, uint64_t seq)
{
    for (size_t i = s->told_count; i > 0; i--)
        if (s->told[i - 1].seq == seq)
            return &s->told[i - 1];
    return NULL;
}

static void stamp(struct ask *a)
{
    struct board_show *s = a->show;
    const struct told_estimate *told = told_of(s, s->document.seq);
    if (s->stamps_count == BOARD_STAMPS_MAX) {
        ask_refuse(a, ERROR_TOO_LARGE, "", "This broadcast has as many stamps as are kept.");
        return;
    }
    if (told == NULL) {
        ask_refuse(a, ERROR_NOT_FOUND, "", "There is no estimate yet.");
        return;
    }
    a->stamp = (struct journal){.kind = JOURNAL_STAMP};
    a->stamp.u.stamp =
        (struct estimate_stamp){.seq = told->seq, .firm = told->firm, .units = told->units, .parcels = told->parcels};
    memcpy(a->stamp.u.stamp.note, a->ask.command->text, NOTE_LEN_MAX); /* no longer than that (command.h) */
    a->store = (struct store_request){
        .op = STORE_PUT, .shop = a->shop->id, .ttl_ms = ESTIMATES_KEPT_YEAR_MS, .done = stamp_stored};
    document_key(a->store.key, sizeof a->store.key, "stamp", s, told->seq);
    bytes_append(&a->store.value, s->document.text.data, s->document.text.len);
    s->b->config.store->ask(s->b->config.store, &a->store);
}

static const struct estimate_stamp *stamp_find(const struct board_show *s, const char *id)
{
    for (size_t i = 0; i < s->stamps_count; i++)
        if (strcmp(s->stamps[i].id, id) == 0)
            return &s->stamps[i];
    return NULL;
}

static void stamp_fetched(struct store_request *get)
{
    struct ask *a = container_of(get, struct ask, store);
    const struct estimate_stamp *found = stamp_find(a->show, a->ask.command->stamp);
    if (get->result != RESULT_OK || found == NULL)
        ask_refuse(a, get->result == RESULT_NOT_FOUND || found == NULL ? ERROR_NOT_FOUND : ERROR_UNAVAILABLE, "",
                   get->result == RESULT_NOT_FOUND ? "The document is no longer kept." : "");
    else
        ask_end(a, &(struct outcome){.kind = OUTCOME_STAMP,
                                     .stamps = found,
                                     .count = 1,
                                     .document = get->value.data,
                                     .document_len = get->value.len});
}

static void stamp_get(struct ask *a)
{
    const struct estimate_stamp *found = stamp_find(a->show, a->ask.command->stamp);
    if (found == NULL) {
        ask_refuse(a, ERROR_NOT_FOUND, "", "There is no such stamp.");
        return;
    }
    a->store = (struct store_request){.op = STORE_GET, .shop = a->shop->id, .done = stamp_fetched};
    document_key(a->store.key, sizeof a->store.key, "stamp", a->show, found->seq);
    a->shop->b->config.store->ask(a->shop->b->config.store, &a->store);
}

static void stamps_get(struct ask *a)
{
    ask_end(a, &(struct outcome){.kind = OUTCOME_STAMPS, .stamps = a->show->stamps, .count = a->show->stamps_count});
}

/* ---- changes ---- */

static void changes_get(struct ask *a)
{
    const struct board_show *s = a->show;
    const struct promise *p = &s->promise;
    const struct show_view *view = s->b->config.show(s->b->config.ctx, &s->shop->id, &s->id);
    size_t first = 0;
    while (first < p->count && p->changes[first].seq <= a->ask.command->after_seq)
        first++;
    ask_end(a, &(struct outcome){.kind = OUTCOME_CHANGES,
                                 .changes = p->changes + first,
                                 .count = p->count - first,
                                 .catalogue = view == NULL ? NULL : view->catalogue});
}

/* ---- asked ---- */

static const struct ask_of {
    void (*start)(struct ask *a);
    bool of_show, of_one_on_air; /* what is asked of a broadcast; of one that went live */
} asks[COMMAND_KINDS] = {
    [COMMAND_LOGISTICS_PUT] = {.start = plan_put},
    [COMMAND_LOGISTICS_GET] = {.start = plan_get},
    [COMMAND_ACTUALS_POST] = {.start = actuals_post, .of_show = true, .of_one_on_air = true},
    [COMMAND_SETTLE] = {.start = settle, .of_show = true, .of_one_on_air = true},
    [COMMAND_ESTIMATE_STAMP] = {.start = stamp, .of_show = true, .of_one_on_air = true},
    [COMMAND_STAMPS_GET] = {.start = stamps_get, .of_show = true},
    [COMMAND_STAMP_GET] = {.start = stamp_get, .of_show = true},
    [COMMAND_CHANGES_GET] = {.start = changes_get, .of_show = true},
};

static void ask_start(struct ask *a)
{
    list_push_back(&a->shop->b->asks, &a->link);
    const struct ask_of *of = &asks[a->ask.command->kind];
    if (of->of_one_on_air && !a->show->is_on)
        ask_refuse(a, ERROR_NOT_LIVE, "", "It has not been on air yet.");
    else
        of->start(a);
}

static bool asks_are_full(const struct list *waiting)
{
    size_t count = 0;
    list_for_each (link, waiting)
        count++;
    return count >= ASKS_WAITING_MAX;
}

void ask_wait(struct ask *a)
{
    list_remove(&a->link);
    if (asks_are_full(&a->show->asks)) {
        ask_refuse(a, ERROR_OVERLOADED, "", "");
        return;
    }
    list_push_back(&a->show->asks, &a->link);
}

void board_command(struct board *b, const struct board_ask *ask)
{
    const struct ask_of *of = &asks[ask->command->kind];
    struct ask *a = calloc(1, sizeof *a);
    MUST(a != NULL && of->start != NULL);
    a->ask = *ask;
    a->ask.show = NULL; /* valid for this call alone */
    list_init(&a->link);
    a->shop = board_shop_make(b, &ask->shop);
    a->show = of->of_show && ask->show != NULL ? board_show_make(b, &ask->shop, &ask->show->broadcast->id) : NULL;
    if (!b->estimates || b->is_stopped || (of->of_show && a->show == NULL)) {
        ask_refuse(a, ERROR_UNAVAILABLE, "", "");
        return;
    }
    if (a->show != NULL)
        (void)show_take_out(a->show);
    bool waits_for_show = a->show != NULL && a->show->is_on && !a->show->book.is_caught_up;
    struct list *waiting = waits_for_show ? &a->show->asks : &a->shop->asks;
    if (!waits_for_show && a->shop->book.is_caught_up)
        ask_start(a);
    else if (asks_are_full(waiting))
        ask_refuse(a, ERROR_OVERLOADED, "", "");
    else
        list_push_back(waiting, &a->link);
}

void asks_go_on(struct list *waiting)
{
    struct list now;
    list_init(&now);
    list_for_each (link, waiting)
        list_move(&now, link);
    while (!list_is_empty(&now)) {
        struct ask *a = container_of(now.next, struct ask, link);
        list_remove(&a->link);
        ask_start(a);
    }
}

void asks_stop(struct list *waiting)
{
    if (waiting->next == NULL)
        return;
    list_for_each (link, waiting)
        ask_refuse(container_of(link, struct ask, link), ERROR_UNAVAILABLE, "", "");
}

void asks_abandon(struct list *started)
{
    list_for_each (link, started)
        ask_free(container_of(link, struct ask, link));
}

/* ---- the courier ---- */

static void hooks_written(struct book_wish *wish)
{
    struct board_put *put = wish->ctx;
    put->result = wish->result;
    put->done(put);
}

void board_hooks_put(struct board *b, const struct shop_id *shop, const struct hook_list *list, struct board_put *put)
{
    struct journal j = {.kind = JOURNAL_HOOKS, .ms = board_now(b)};
    memcpy(j.by, b->config.node.text, sizeof j.by);
    j.u.hooks.count = list->count;
    j.u.hooks.replay = list->replay;
    j.u.hooks.list = calloc(list->count + 1, sizeof *j.u.hooks.list);
    MUST(j.u.hooks.list != NULL);
    for (size_t i = 0; i < list->count; i++)
        j.u.hooks.list[i] = list->endpoints[i];
    bool is_written = book_write(&board_shop_make(b, shop)->book, &j, put->fenced, hooks_written, put);
    MUST(is_written); /* HOOKS_MAX of them fit */
    journal_finish(&j);
}
