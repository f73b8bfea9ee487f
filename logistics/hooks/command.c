/* logistics/hooks/command.c - what the integrator asks: the list, put and read; what was given up, read and sent again.
 *
 *   hooks_command
 *     put      the list goes into the shop's log, and comes back from there to every node
 *     get      as it is known here
 *     dead     the letters, from the store
 *     replay   goes into the log beside the list: whoever leads the broadcast sends it, now or after a restart
 *
 * Who asks about a shop that is not known here yet waits for its list; the asker's own deadline ends the waiting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/hooks/inner.h"

#define KEEPS_MAX 10 /* times our copy of the list is given to a log that goes on meanwhile */
#define KEEP_AGAIN_MS 200

struct ask {
    struct list link; /* of hooks->asks, from beginning to end */
    struct hooks *hooks;
    struct hooks_ask ask;
    enum command_kind kind;
    char endpoint[ID_LEN_MAX + 1];
    struct hook_replay replay;
    struct hook_endpoint *endpoints; /* HOOKS_PUT, REPLAY; owned */
    size_t endpoints_count;
    bool waits;     /* for the list */
    bool as_known;  /* the list is this node's copy: no newer one may be written over */
    unsigned keeps; /* how often it was given to the log */
    struct clock_timer again;
    struct store_request request;
    struct hooks_keep keep;
};

static void ask_go(struct ask *a);
static void list_put(struct ask *a);
static void list_answer(struct ask *a);
static void letters_ask(struct ask *a);
static void letters_answered(struct store_request *request);
static void replay_letter(struct ask *a, const struct hook_dead *letters, size_t count);
static void replay_put(struct ask *a);
static void kept(struct hooks_keep *keep);
static void keep_again(struct clock_timer *timer);

/* ---- the end of one ---- */

static void endpoints_free(struct hook_endpoint *endpoints, size_t count)
{
    if (endpoints != NULL)
        explicit_bzero(endpoints, count * sizeof *endpoints);
    free(endpoints);
}

static void ask_free(struct ask *a)
{
    list_remove(&a->link);
    a->hooks->config.clock->stop(a->hooks->config.clock, &a->again);
    a->hooks->asks_count--;
    bytes_finish(&a->request.value);
    endpoints_free(a->endpoints, a->endpoints_count);
    free(a);
}

static void ask_end(struct ask *a, struct outcome *outcome)
{
    outcome->command = a->kind;
    if (a->ask.answer != NULL) /* NULL: nobody asked, see hooks_keep_as_is */
        a->ask.answer(a->ask.ctx, outcome);
    ask_free(a);
}

static void ask_refuse(struct ask *a, enum error_code code, const char *detail)
{
    struct outcome outcome = {.kind = OUTCOME_ERROR, .error = {.code = code}};
    snprintf(outcome.error.detail, sizeof outcome.error.detail, "%s", detail);
    if (code == ERROR_UNAVAILABLE || code == ERROR_OVERLOADED)
        outcome.error.retry_after_ms = HOOKS_AGAIN_MS;
    ask_end(a, &outcome);
}

/* ---- the beginning ---- */

static struct ask *ask_create(struct hooks *h, const struct shop_id *shop, enum command_kind kind)
{
    struct ask *a = calloc(1, sizeof *a);
    MUST(a != NULL);
    a->hooks = h;
    a->ask.shop = *shop;
    a->kind = kind;
    a->again.fire = keep_again;
    list_push_back(&h->asks, &a->link);
    h->asks_count++;
    return a;
}

static struct hooks_shop *ask_shop(struct ask *a) { return hooks_shop(a->hooks, &a->ask.shop); }

void hooks_command(void *hooks, const struct hooks_ask *ask)
{
    struct hooks *h = hooks;
    struct command *c = ask->command;
    struct ask *a = ask_create(h, &ask->shop, c->kind);
    a->ask = *ask;
    a->ask.command = NULL; /* borrowed for this call */
    snprintf(a->endpoint, sizeof a->endpoint, "%s", c->hook);
    a->replay = (struct hook_replay){.broadcast = c->broadcast, .after_seq = c->after_seq};
    snprintf(a->replay.endpoint, sizeof a->replay.endpoint, "%s", c->hook);
    snprintf(a->replay.message, sizeof a->replay.message, "%s", c->message);
    if (c->kind == COMMAND_HOOKS_PUT) {
        a->endpoints = c->hooks;
        a->endpoints_count = c->hooks_count;
        c->hooks = NULL;
        c->hooks_count = 0;
    }
    if (h->asks_count > HOOKS_ASKS_MAX) {
        ask_refuse(a, ERROR_OVERLOADED, "");
    } else if (h->stopped) {
        ask_refuse(a, ERROR_UNAVAILABLE, "");
    } else if (c->kind != COMMAND_HOOKS_PUT && !ask_shop(a)->is_known) {
        a->waits = true;
        h->config.source.fetch(h->config.source.ctx, &a->ask.shop);
    } else {
        ask_go(a);
    }
}

void hooks_asks_look(struct hooks *h)
{
    list_for_each (at, &h->asks) {
        struct ask *a = container_of(at, struct ask, link);
        if (!a->waits || !ask_shop(a)->is_known)
            continue;
        a->waits = false;
        ask_go(a);
    }
}

void hooks_asks_free(struct hooks *h)
{
    list_for_each (at, &h->asks)
        ask_free(container_of(at, struct ask, link));
}

static void ask_go(struct ask *a)
{
    switch (a->kind) {
    case COMMAND_HOOKS_PUT:
        list_put(a);
        return;
    case COMMAND_HOOKS_GET:
        list_answer(a);
        return;
    case COMMAND_HOOK_DEAD_GET:
    case COMMAND_HOOK_REPLAY:
        break;
    default:
        MUST(!"a command of the courier's");
    }
    if (shop_sink(ask_shop(a), a->endpoint) == NULL)
        ask_refuse(a, ERROR_NOT_FOUND, "no such endpoint");
    else if (a->kind == COMMAND_HOOK_REPLAY && a->replay.message[0] == '\0')
        replay_put(a);
    else
        letters_ask(a);
}

/* ---- the list ---- */

static void list_keep(struct ask *a)
{
    a->keep = (struct hooks_keep){.shop = a->ask.shop,
                                  .list = {.endpoints = a->endpoints, .count = a->endpoints_count},
                                  .fenced = a->as_known,
                                  .done = kept};
    a->keeps++;
    if (a->kind == COMMAND_HOOK_REPLAY)
        a->keep.list.replay = a->replay;
    a->hooks->config.source.keep(a->hooks->config.source.ctx, &a->keep);
}

static void list_put(struct ask *a) { list_keep(a); }

static void list_answer(struct ask *a)
{
    struct hook_endpoint endpoints[HOOKS_MAX];
    struct outcome outcome = {.kind = OUTCOME_HOOKS, .hooks = endpoints};
    outcome.count = shop_endpoints(ask_shop(a), endpoints);
    ask_end(a, &outcome);
    explicit_bzero(endpoints, sizeof endpoints);
}

static void endpoints_copy(struct ask *a)
{
    endpoints_free(a->endpoints, a->endpoints_count);
    a->as_known = true;
    a->endpoints = calloc(HOOKS_MAX, sizeof *a->endpoints);
    MUST(a->endpoints != NULL);
    a->endpoints_count = shop_endpoints(ask_shop(a), a->endpoints);
}

/* An endpoint said that it is gone. When this is lost, it says so again. */
void hooks_keep_as_is(struct hooks *h, const struct shop_id *shop)
{
    struct ask *a = ask_create(h, shop, COMMAND_HOOKS_PUT);
    endpoints_copy(a);
    list_keep(a);
}

/* ---- what was given up ---- */

static void letters_ask(struct ask *a)
{
    struct store *store = a->hooks->config.store;
    letters_question(&a->request, &a->ask.shop, a->endpoint);
    a->request.done = letters_answered;
    store->ask(store, &a->request);
}

static void letters_answered(struct store_request *request)
{
    struct ask *a = container_of(request, struct ask, request);
    if (request->result != RESULT_OK) {
        ask_refuse(a, ERROR_UNAVAILABLE, "");
        return;
    }
    struct hook_dead *letters = calloc(HOOK_DEAD_MAX, sizeof *letters);
    MUST(letters != NULL);
    size_t count = letters_read(&request->value, NULL, letters, HOOK_DEAD_MAX);
    if (a->kind == COMMAND_HOOK_DEAD_GET) {
        struct outcome outcome = {.kind = OUTCOME_HOOK_DEAD, .dead = letters, .count = count};
        ask_end(a, &outcome);
    } else {
        replay_letter(a, letters, count);
    }
    free(letters);
}

/* ---- sent again ---- */

static void replay_letter(struct ask *a, const struct hook_dead *letters, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(letters[i].message, a->replay.message) != 0)
            continue;
        a->replay.broadcast = letters[i].broadcast;
        replay_put(a);
        return;
    }
    ask_refuse(a, ERROR_NOT_FOUND, "no such message was given up");
}

static void replay_put(struct ask *a)
{
    const struct hooks_source *source = &a->hooks->config.source;
    if (!source->wake(source->ctx, &a->ask.shop, &a->replay.broadcast)) {
        ask_refuse(a, ERROR_NOT_FOUND, "that broadcast is not kept any more");
        return;
    }
    endpoints_copy(a);
    list_keep(a);
}

/* Changes and the newest estimate, as far as they are known here. */
static size_t replay_count(const struct ask *a)
{
    const struct hooks_source *source = &a->hooks->config.source;
    struct hook_view view = {0};
    size_t count = 0;
    if (a->replay.message[0] != '\0')
        return 1;
    if (!source->view(source->ctx, &a->ask.shop, &a->replay.broadcast, &view))
        return 0;
    for (size_t i = 0; i < view.changes_count; i++)
        count += view.changes[i].seq > a->replay.after_seq;
    return count + (view.estimate != NULL);
}

/* Another entry came in between, or is still on its way here: our copy may be old. */
static void keep_again(struct clock_timer *timer)
{
    struct ask *a = container_of(timer, struct ask, again);
    if (a->hooks->stopped) {
        ask_refuse(a, ERROR_UNAVAILABLE, "");
    } else if (a->kind == COMMAND_HOOK_REPLAY) {
        replay_put(a);
    } else {
        endpoints_copy(a);
        list_keep(a);
    }
}

static void kept(struct hooks_keep *keep)
{
    struct ask *a = container_of(keep, struct ask, keep);
    struct outcome outcome = {.kind = OUTCOME_HOOKS, .hooks = a->endpoints, .count = a->endpoints_count};
    if (keep->result == RESULT_CONFLICT && a->as_known && a->keeps < KEEPS_MAX) {
        a->hooks->config.clock->start(a->hooks->config.clock, &a->again, KEEP_AGAIN_MS);
    } else if (keep->result == RESULT_CONFLICT) {
        ask_refuse(a, ERROR_CONFLICT, "somebody put another list");
    } else if (keep->result != RESULT_OK) {
        ask_refuse(a, ERROR_UNAVAILABLE, "");
    } else if (a->kind == COMMAND_HOOK_REPLAY) {
        outcome = (struct outcome){.kind = OUTCOME_HOOK_REPLAYED, .count = replay_count(a)};
        ask_end(a, &outcome);
    } else {
        ask_end(a, &outcome);
    }
}
