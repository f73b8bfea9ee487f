/* ws/wire/message_outcome.c - the one answer to a command: as a message of the socket, as an HTTP body.
 *
 *   message_outcome   {"t":...,"re":...,"d":{...}}     socket_of[kind]
 *   http_outcome      status and object                http_of[kind] */
#include "ws/wire/message_parts.h"

#include <stdio.h>
#include <stdlib.h>

struct answer_out {
    struct json_out *out;
    const struct message_context *c;
    const struct outcome *o;
};

/* ---- errors ---- */

static bool waiting_helps(enum error_code code)
{
    return code == ERROR_UNAVAILABLE || code == ERROR_OVERLOADED || code == ERROR_RATE_LIMITED;
}

static const char *detail_of(const struct outcome *o)
{
    static const char *const words[ERROR_CODES] = {
        [ERROR_SOLD_OUT] = "The last one was taken a moment ago.",
        [ERROR_HELD_OUT] = "All of them are on hold for others right now. Some may come back.",
        [ERROR_LIMIT_REACHED] = "You already have as many of these as one person may take.",
        [ERROR_PRICE_CHANGED] = "The price changed while you were looking. Have a look at the new one.",
        [ERROR_NOT_LIVE] = "Nothing can be claimed before the show starts or after it ends.",
        [ERROR_PAUSED] = "The show is paused. What you hold can still be paid, and its time stands still.",
        [ERROR_RECALLED] = "This product was recalled and is not sold any more.",
        [ERROR_STOPPED] = "The sale of this product was stopped for the moment.",
        [ERROR_SKU_UNKNOWN] = "This product is not on the shelf of this show.",
        [ERROR_HOLD_UNKNOWN] = "There is no such reservation of yours.",
        [ERROR_HOLD_EXPIRED] = "The time to pay ran out and the units went back to the shelf.",
        [ERROR_HOLD_CONFIRMED] = "This is bought already.",
        [ERROR_HOLD_RELEASED] = "This was given back and is on the shelf again.",
        [ERROR_CONFLICT] = "Somebody else changed the show first.",
        [ERROR_PREFLIGHT_FAILED] = "Something would go wrong on air. Put it right, or start all the same with force.",
        [ERROR_RATE_LIMITED] = "That was a lot at once. Try again in a moment.",
        [ERROR_OVERLOADED] = "Very many people are here right now. Try again in a moment.",
        [ERROR_UNAUTHENTICATED] = "A valid token is needed.",
        [ERROR_TOKEN_EXPIRED] = "The token has run out. Get a new one.",
        [ERROR_FORBIDDEN] = "This token does not allow that.",
        [ERROR_TOO_LARGE] = "The message is larger than allowed here.",
        [ERROR_MISMATCH] = "The same id was used before for something else.",
        [ERROR_APPROVAL_NEEDED] = "Another host must agree to this price first.",
        [ERROR_NOT_FOUND] = "There is no such thing here.",
        [ERROR_UNAVAILABLE] = "It is not known yet whether this worked. Ask again with the same id.",
    };
    if (o->error.detail[0] != '\0')
        return o->error.detail;
    return words[o->error.code] == NULL ? "" : words[o->error.code];
}

/* What an error says beside its code, in the socket's `d` and in problem details alike. */
static void error_facts(struct json_out *out, const struct outcome *o)
{
    if (detail_of(o)[0] != '\0')
        json_put_text(out, "detail", detail_of(o));
    if (o->error.field[0] != '\0')
        json_put_text(out, "field", o->error.field);
    if (!ID_IS_NONE(o->error.sku))
        json_put_text(out, "sku", o->error.sku.text);
    if (o->error.code == ERROR_PRICE_CHANGED)
        part_price(out, "price", &o->error.price);
    if (o->error.approval[0] != '\0')
        json_put_text(out, "approval", o->error.approval);
    if (o->error.may_wait)
        json_put_bool(out, "waitlist", true);
    if (o->error.code == ERROR_PREFLIGHT_FAILED && o->preflight != NULL)
        part_preflight_members(out, o->preflight, o->view == NULL ? NULL : o->view->run);
    json_put_bool(out, "retry", waiting_helps(o->error.code));
    if (o->error.retry_after_ms > 0)
        json_put_int(out, "retry_after_ms", o->error.retry_after_ms);
}

static void socket_error(const struct answer_out *a)
{
    json_put_text(a->out, "code", error_code_name(a->o->error.code));
    json_put_text(a->out, "title", error_code_title(a->o->error.code));
    error_facts(a->out, a->o);
}

/* ---- members that both sides share ---- */

static void write_hold(const struct answer_out *a) { part_hold(a->out, a->c, &a->o->hold); }

static void write_waitlist(const struct answer_out *a)
{
    json_put_text(a->out, "sku", a->o->waitlist.sku.text);
    json_put_text(a->out, "state", a->o->waitlist.joined ? "joined" : "left");
    if (a->o->waitlist.joined)
        json_put_int(a->out, "ahead", a->o->waitlist.ahead);
}

static void write_count(struct json_out *out, const struct stock_count *count)
{
    json_put_text(out, "sku", count->sku.text);
    json_put_int(out, "allocated", count->allocated);
    json_put_int(out, "available", count->available);
    json_put_int(out, "held", count->held);
    json_put_int(out, "sold", count->sold);
}

static void write_stock(const struct answer_out *a)
{
    write_count(a->out, &a->o->stock);
    json_put_bool(a->out, "replayed", a->o->replayed);
    if (a->o->ignored)
        json_put_bool(a->out, "ignored", true);
}

static void write_confirmed(const struct answer_out *a)
{
    json_put_text(a->out, "hold", a->o->hold.id.text);
    json_put_text(a->out, "state", hold_state_name(a->o->hold.state));
    json_put_text(a->out, "order", a->o->hold.order);
    json_put_bool(a->out, "replayed", a->o->replayed);
}

static void write_broadcast(const struct answer_out *a)
{
    if (a->o->view != NULL)
        part_broadcast(a->out, a->o->view->broadcast);
}

static const struct run_of_show *run_of(const struct answer_out *a)
{
    return a->o->view == NULL ? NULL : a->o->view->run;
}

static void write_preflight(const struct answer_out *a)
{
    if (a->o->preflight != NULL)
        part_preflight_members(a->out, a->o->preflight, run_of(a));
}

static void write_run(const struct answer_out *a)
{
    if (a->o->command == COMMAND_RUN_GET) {
        part_run(a->out, "cues", run_of(a));
        return;
    }
    json_put_uint(a->out, "cues", a->o->count);
    part_preflight(a->out, "preflight", a->o->preflight, run_of(a));
}

static void write_product(struct json_out *out, const struct product *p)
{
    json_put_object(out, NULL);
    json_put_text(out, "sku", p->sku.text);
    json_put_text(out, "title", p->title);
    if (p->price.currency[0] != '\0')
        part_money(out, "price", &p->price);
    if (p->floor.currency[0] != '\0')
        part_money(out, "floor", &p->floor);
    json_put_text(out, "image", p->image);
    json_put_text(out, "url", p->url);
    if (p->gtin[0] != '\0')
        json_put_text(out, "gtin", p->gtin);
    if (p->weight_g != 0)
        json_put_uint(out, "weight_g", p->weight_g);
    if (p->size_mm[0] != 0 || p->size_mm[1] != 0 || p->size_mm[2] != 0) {
        json_put_array(out, "size_mm");
        for (size_t i = 0; i < 3; i++)
            json_put_uint(out, NULL, p->size_mm[i]);
        json_end_array(out);
    }
    if (p->limit_per_viewer != 0)
        json_put_uint(out, "limit_per_viewer", p->limit_per_viewer);
    json_end_object(out);
}

/* ---- lists out of maps, which keep no order of their own: by SKU, the same every time ---- */

struct entry {
    const char *key;
    const void *value;
};

static int entry_compare(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/* NULL: nothing is in it, or there is no memory, which the buffer then remembers. The caller frees it. */
static struct entry *entries_sorted(const struct map *m, struct json_out *out)
{
    struct entry *entries = m->count == 0 ? NULL : calloc(m->count, sizeof *entries);
    if (entries == NULL) {
        out->to->failed = out->to->failed || m->count > 0;
        return NULL;
    }
    size_t at = 0;
    const char *key;
    void *value;
    for (size_t i = 0; map_next(m, &at, &key, &value); i++)
        entries[i] = (struct entry){.key = key, .value = value};
    qsort(entries, m->count, sizeof *entries, entry_compare);
    return entries;
}

static void write_catalogue(const struct answer_out *a)
{
    if (a->o->command != COMMAND_CATALOGUE_GET || a->o->catalogue == NULL) {
        json_put_uint(a->out, "products", a->o->count);
        return;
    }
    const struct map *products = &a->o->catalogue->by_sku;
    struct entry *entries = entries_sorted(products, a->out);
    json_put_array(a->out, "products");
    for (size_t i = 0; entries != NULL && i < products->count; i++)
        write_product(a->out, entries[i].value);
    json_end_array(a->out);
    free(entries);
}

static void write_stock_entry(struct json_out *out, const struct claim_sku *sku)
{
    json_put_object(out, NULL);
    write_count(out, &sku->count);
    json_put_int(out, "waitlist", sku->waitlist);
    json_put_text(out, "state", stock_state_name(stock_state_of(&sku->count)));
    json_put_int(out, "version", sku->count.version);
    json_put_int(out, "buffer", sku->count.buffer);
    json_put_text(out, "recall", recall_mode_name(sku->count.recall));
    json_end_object(out);
}

static void write_stock_list(const struct answer_out *a)
{
    static const struct map none;
    const struct map *skus = a->o->claims == NULL ? &none : &a->o->claims->skus;
    struct entry *entries = entries_sorted(skus, a->out);
    json_put_int(a->out, "as_of_ms", a->o->as_of_ms);
    json_put_text(a->out, "ledger", a->o->ledger_id);
    if (a->o->claims == NULL)
        json_put_null(a->out, "sync_delay_ms");
    else
        part_sync_delay(a->out, a->o->claims);
    json_put_array(a->out, "stock");
    for (size_t i = 0; entries != NULL && i < skus->count; i++)
        if (((const struct claim_sku *)entries[i].value)->known)
            write_stock_entry(a->out, entries[i].value);
    json_end_array(a->out);
    free(entries);
}

static void write_broadcast_list(const struct answer_out *a)
{
    json_put_array(a->out, "broadcasts");
    for (size_t i = 0; i < a->o->count; i++) {
        json_put_object(a->out, NULL);
        json_put_text(a->out, "id", a->o->listed[i].id.text);
        json_put_text(a->out, "title", a->o->listed[i].title);
        json_put_int(a->out, "created_ms", a->o->listed[i].created_ms);
        json_end_object(a->out);
    }
    json_end_array(a->out);
}

static void write_recall(const struct answer_out *a) { part_recall(a->out, a->o); }
static void write_affected(const struct answer_out *a) { part_affected(a->out, a->o); }

/* Answers of the board and the courier, which are asked over HTTP alone. */
static outcome_part *const asked_of_others[OUTCOME_KINDS] = {
    [OUTCOME_PLAN] = part_outcome_plan,       [OUTCOME_ACTUALS] = part_outcome_actuals,
    [OUTCOME_STAMP] = part_outcome_stamp,     [OUTCOME_STAMPS] = part_outcome_stamps,
    [OUTCOME_CHANGES] = part_outcome_changes, [OUTCOME_HOOKS] = part_outcome_hooks,
    [OUTCOME_HOOK_DEAD] = part_outcome_dead,  [OUTCOME_HOOK_REPLAYED] = part_outcome_replayed,
};

/* ---- the socket ---- */

typedef void answer_writer(const struct answer_out *a);
static const struct {
    const char *type;
    answer_writer *write; /* members of `d`; NULL: no `d` */
} socket_of[OUTCOME_KINDS] = {
    [OUTCOME_ERROR] = {"error", socket_error},
    [OUTCOME_OK] = {"ok", NULL},
    [OUTCOME_HOLD] = {"hold", write_hold},
    [OUTCOME_WAITLIST] = {"waitlist", write_waitlist},
    [OUTCOME_STOCK] = {"ok", write_stock},
    [OUTCOME_CONFIRMED] = {"hold", write_hold},
    [OUTCOME_BROADCAST] = {"ok", write_broadcast},
    [OUTCOME_PREFLIGHT] = {"preflight", write_preflight},
    [OUTCOME_RUN] = {"ok", write_run},
    [OUTCOME_CATALOGUE] = {"ok", write_catalogue},
    [OUTCOME_STOCK_LIST] = {"ok", write_stock_list},
    [OUTCOME_BROADCAST_LIST] = {"ok", write_broadcast_list},
    [OUTCOME_VOLUMES] = {"ok", NULL},
    [OUTCOME_RECALL] = {"ok", write_recall},
    [OUTCOME_AFFECTED] = {"ok", write_affected},
};

void message_outcome(struct bytes *to, const struct message_context *c, const struct outcome *o)
{
    struct json_out json, *out = &json;
    struct answer_out a = {.out = out, .c = c, .o = o};
    json_out_begin(out, to);
    json_put_object(out, NULL);
    json_put_text(out, "t", socket_of[o->kind].type == NULL ? "ok" : socket_of[o->kind].type);
    if (o->re[0] != '\0')
        json_put_text(out, "re", o->re);
    if (o->seq != 0)
        json_put_uint(out, "seq", o->seq);
    if (socket_of[o->kind].write != NULL) {
        json_put_object(out, "d");
        socket_of[o->kind].write(&a);
        json_end_object(out);
    }
    json_end_object(out);
    json_out_end(out);
}

/* ---- HTTP ---- */

static int problem(struct bytes *to, const struct outcome *o, int status)
{
    struct json_out json, *out = &json;
    char type[96];
    json_out_begin(out, to);
    snprintf(type, sizeof type, "https://liveshelf.example/errors/%s", error_code_name(o->error.code));
    json_put_object(out, NULL);
    json_put_text(out, "type", type);
    json_put_text(out, "title", error_code_title(o->error.code));
    json_put_int(out, "status", status);
    json_put_text(out, "code", error_code_name(o->error.code));
    error_facts(out, o);
    json_end_object(out);
    json_out_end(out);
    return status;
}

static struct outcome error_outcome(enum error_code code, const char *field, const char *detail, int64_t retry_after_ms)
{
    struct outcome o = {.kind = OUTCOME_ERROR, .error.code = code, .error.retry_after_ms = retry_after_ms};
    snprintf(o.error.field, sizeof o.error.field, "%s", field == NULL ? "" : field);
    snprintf(o.error.detail, sizeof o.error.detail, "%s", detail == NULL ? "" : detail);
    return o;
}

void message_error(struct bytes *out, const char *re, enum error_code code, const char *field, const char *detail,
                   int64_t retry_after_ms)
{
    struct outcome o = error_outcome(code, field, detail, retry_after_ms);
    snprintf(o.re, sizeof o.re, "%s", re == NULL ? "" : re);
    message_outcome(out, NULL, &o);
}

int http_problem(struct bytes *out, enum error_code code, const char *field, const char *detail, int64_t retry_after_ms)
{
    return http_problem_as(out, error_code_http(code), code, field, detail, retry_after_ms);
}

int http_problem_as(struct bytes *out, int status, enum error_code code, const char *field, const char *detail,
                    int64_t retry_after_ms)
{
    struct outcome o = error_outcome(code, field, detail, retry_after_ms);
    return problem(out, &o, status);
}

static void http_ok(const struct answer_out *a) { json_put_uint(a->out, "seq", a->o->seq); }
static void http_recall(const struct answer_out *a)
{
    http_ok(a);
    write_recall(a);
}

static answer_writer *const http_of[OUTCOME_KINDS] = {
    [OUTCOME_OK] = http_ok,
    [OUTCOME_HOLD] = write_hold,
    [OUTCOME_WAITLIST] = write_waitlist,
    [OUTCOME_STOCK] = write_stock,
    [OUTCOME_CONFIRMED] = write_confirmed,
    [OUTCOME_BROADCAST] = write_broadcast,
    [OUTCOME_PREFLIGHT] = write_preflight,
    [OUTCOME_RUN] = write_run,
    [OUTCOME_CATALOGUE] = write_catalogue,
    [OUTCOME_STOCK_LIST] = write_stock_list,
    [OUTCOME_BROADCAST_LIST] = write_broadcast_list,
    [OUTCOME_RECALL] = http_recall,
    [OUTCOME_AFFECTED] = write_affected,
};

/* Only for the shop: whose hold it is and which order it became. */
static void hold_for_shop(const struct answer_out *a)
{
    json_put_text(a->out, "viewer", a->o->hold.viewer.text);
    json_put_text(a->out, "broadcast", a->o->hold.broadcast.text);
    json_put_text(a->out, "order", a->o->hold.order);
}

int http_outcome(struct bytes *out, const struct message_context *c, const struct outcome *o, bool *ret_problem)
{
    struct json_out json;
    struct answer_out a = {.out = &json, .c = c, .o = o};
    *ret_problem = o->kind == OUTCOME_ERROR;
    if (o->kind == OUTCOME_ERROR)
        return problem(out, o, error_code_http(o->error.code));
    if (o->kind == OUTCOME_VOLUMES) {
        message_volumes_body(out, o->volumes, true);
        return 200;
    }
    json_out_begin(&json, out);
    json_put_object(&json, NULL);
    if (asked_of_others[o->kind] != NULL)
        asked_of_others[o->kind](&json, o);
    else
        http_of[o->kind](&a);
    if (o->kind == OUTCOME_HOLD)
        hold_for_shop(&a);
    json_end_object(&json);
    json_out_end(&json);
    return (o->kind == OUTCOME_BROADCAST || o->kind == OUTCOME_STAMP) && o->created ? 201 : 200;
}
