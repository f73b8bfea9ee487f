/* ws/wire/command_decode.c - one message of the socket to a command.
 *
 *   command_decode
 *     command_plain     the two that every viewer sends, in one pass when they are plain; all others:
 *     json_parse        guarded: never deep, valid UTF-8, no name twice
 *     envelope_read     `id` first, so that even a refusal can name what it answers; then `t`
 *     read_object       the members of that kind of command, by its table
 *     command_settle    what no single member can tell: the hold of a reserve, an extra's SKU, the document of a run of show */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/command_plain.h"
#include "ws/wire/json_scan.h"
#include "ws/wire/limits.h"
#include "ws/wire/parts_in.h"
#include "ws/wire/wish_in.h"

/* ---- members that are no plain value ---- */

static enum result read_expect_seq(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member whole = {.kind = MEMBER_U64, .max = WHOLE_MAX};
    struct command *c = to;
    c->has_expect_seq = true;
    return read_member(in, value, at, &whole, &c->expect_seq);
}

static enum result read_said(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member said = {.kind = MEMBER_BOOL};
    struct command *c = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 0, MUST_SAY_MAX, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        result = read_member(in, json_array_get(value, i), &here, &said, &c->said[i]);
    }
    c->said_count = (uint8_t)count;
    return result;
}

static enum result read_token(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member text = {.kind = MEMBER_TEXT, .min = 1, .max = TOKEN_LEN_MAX, .rule = TEXT_ASCII};
    struct command *c = to;
    char token[TOKEN_LEN_MAX + 1];
    enum result result = read_member(in, value, at, &text, token);
    if (result != RESULT_OK)
        return result;
    c->hello.token = strdup(token);
    return c->hello.token == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

static enum result read_resume(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    /* clang-format off */
    static const struct member list[] = {
        NEEDS(struct command, "epoch", ID, hello.resume_epoch),
        NEEDS(struct command, "seq", U64, hello.resume_seq, .max = WHOLE_MAX),
    };
    /* clang-format on */
    static const struct members members = MEMBERS(list);
    struct command *c = to;
    c->hello.has_resume = true;
    return read_object(in, value, at, &members, c);
}

/* Judged by scripts/load, which knows cues; here only that there is a list. */
static enum result read_cues(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    (void)to;
    size_t count = 0;
    return read_list(in, value, at, 0, CUES_MAX, &count);
}

/* ---- commands ---- */

/* clang-format off */
#define WHOLE_COMMAND .offset = 0 /* what fills more than one field is given the command itself */
#define ID_OF(name, field) NEEDS(struct command, name, ID, field)
#define WORDS(name, required_) \
    MEMBER_OF(struct command, name, MEMBER_TEXT, text, required_, .max = TEXT_LEN_MAX, .rule = TEXT_LINES)
#define AMOUNT NEEDS(struct command, "amount", I64, money.minor, .min = 1, .max = MONEY_MINOR_MAX), \
               NEEDS(struct command, "currency", CURRENCY, money.currency)
#define SLOT NEEDS(struct command, "slot", U8, slot, .max = PIN_SLOTS - 1)
#define MOVED NEEDS(struct command, "units", I64, units, .min = 1, .max = STOCK_UNITS_MAX), \
              NEEDS(struct command, "ref", TEXT, ref, .min = 1, .max = REF_LEN_MAX, .rule = TEXT_REF)

static const struct member hello_list[] = {
    {.name = "token", .kind = MEMBER_READ, .required = true, .read = read_token, WHOLE_COMMAND},
    MAY(struct command, "viewer_key", TEXT, hello.viewer_key, .max = VIEWER_KEY_LEN_MAX, .rule = TEXT_ASCII),
    {.name = "resume", .kind = MEMBER_READ, .read = read_resume, WHOLE_COMMAND},
    MAY(struct command, "locale", TEXT, hello.locale, .max = LOCALE_LEN_MAX, .rule = TEXT_ASCII),
    MAY(struct command, "src", TEXT, hello.src, .max = SRC_LEN_MAX, .rule = TEXT_LINE),
};
static const struct member clock_list[] = {
    NEEDS(struct command, "playing_ms", I64, playing_ms, .max = WHOLE_MAX),
};
static const struct member reserve_list[] = {
    {.name = "lines", .kind = MEMBER_READ, .required = true, .read = read_lines, WHOLE_COMMAND},
    {.name = "seen_price", .kind = MEMBER_READ, .read = read_seen_price, WHOLE_COMMAND}, /* after the lines */
};
static const struct member hold_list[] = {ID_OF("hold", hold)};
static const struct member sku_list[] = {ID_OF("sku", sku)};
static const struct member join_list[] = {
    ID_OF("sku", sku),
    NEEDS(struct command, "qty", U32, qty, .min = 1, .max = HOLD_UNITS_MAX),
};
static const struct member pin_set_list[] = {SLOT, ID_OF("sku", sku)};
static const struct member pin_clear_list[] = {SLOT};
static const struct member cue_go_list[] = {ID_OF("cue", cue)};
static const struct member cue_done_list[] = {
    ID_OF("cue", cue),
    {.name = "must_say", .kind = MEMBER_READ, .required = true, .read = read_said, WHOLE_COMMAND},
};
static const struct member price_list[] = {ID_OF("sku", sku), AMOUNT};
static const struct member offer_list[] = {
    ID_OF("sku", sku),
    AMOUNT,
    NEEDS(struct command, "for_ms", I64, for_ms, .min = OFFER_MS_MIN, .max = OFFER_MS_MAX),
};
static const struct member notice_list[] = {
    WORDS("text", true), /* empty: takes the notice down */
    MAY(struct command, "level", NAME, level, .max = NOTICE_OUTAGE, .name_of = notice_level_name_of),
};
static const struct member stop_list[] = {ID_OF("sku", sku), WORDS("reason", false)};
static const struct member recall_list[] = {
    ID_OF("sku", sku),
    WORDS("text", false),
    {.name = "holds", .kind = MEMBER_READ, .read = read_recall, WHOLE_COMMAND},
};
static const struct member extra_list[] = {
    ID_OF("sku", sku),
    NEEDS(struct command, "kind", NAME, extra.kind, .max = EXTRA_FREEBIE, .name_of = extra_kind_name_of),
    MAY(struct command, "adds", ID, extra.adds),
    MAY(struct command, "adds_units", U32, extra.adds_units, .min = 1, .max = EXTRA_UNITS_MAX),
    MAY(struct command, "first_orders", U32, extra.first_orders, .min = 0, .max = EXTRA_ORDERS_MAX),
    NEEDS(struct command, "text", TEXT, extra.text, .min = 1, .max = EXTRA_TEXT_LEN_MAX, .rule = TEXT_LINE),
};
static const struct member approval_list[] = {ID_OF("approval", approval)};
static const struct member start_list[] = {MAY(struct command, "force", BOOL, force)};
static const struct member stock_list[] = {ID_OF("sku", sku), MOVED};
static const struct member run_list[] = {
    {.name = "cues", .kind = MEMBER_READ, .required = true, .read = read_cues, WHOLE_COMMAND},
};
static const struct member act_list[] = {
    {.name = "expect_seq", .kind = MEMBER_READ, .read = read_expect_seq, WHOLE_COMMAND},
};
static const struct members act_members = MEMBERS(act_list);

/* Those that are not here are not commands of the socket. An act is a host's and may carry `expect_seq`. */
static const struct {
    bool known, act;
    struct members members;
} kinds[COMMAND_KINDS] = {
    [COMMAND_HELLO]          = {true, false, MEMBERS(hello_list)},
    [COMMAND_PING]           = {true, false, {NULL, 0}},
    [COMMAND_CLOCK]          = {true, false, MEMBERS(clock_list)},
    [COMMAND_RESERVE]        = {true, false, MEMBERS(reserve_list)},
    [COMMAND_EXTEND]         = {true, false, MEMBERS(hold_list)},
    [COMMAND_RELEASE]        = {true, false, MEMBERS(hold_list)},
    [COMMAND_CHECKOUT]       = {true, false, MEMBERS(hold_list)},
    [COMMAND_WAITLIST_JOIN]  = {true, false, MEMBERS(join_list)},
    [COMMAND_WAITLIST_LEAVE] = {true, false, MEMBERS(sku_list)},
    [COMMAND_PIN_SET]        = {true, true, MEMBERS(pin_set_list)},
    [COMMAND_PIN_CLEAR]      = {true, true, MEMBERS(pin_clear_list)},
    [COMMAND_CUE_NEXT]       = {true, true, {NULL, 0}},
    [COMMAND_CUE_GO]         = {true, true, MEMBERS(cue_go_list)},
    [COMMAND_CUE_DONE]       = {true, true, MEMBERS(cue_done_list)},
    [COMMAND_PRICE_SET]      = {true, true, MEMBERS(price_list)},
    [COMMAND_NOTICE]         = {true, true, MEMBERS(notice_list)},
    [COMMAND_OFFER_START]    = {true, true, MEMBERS(offer_list)},
    [COMMAND_OFFER_STOP]     = {true, true, MEMBERS(sku_list)},
    [COMMAND_STOCK_STOP]     = {true, true, MEMBERS(stop_list)},
    [COMMAND_STOCK_OPEN]     = {true, true, MEMBERS(sku_list)},
    [COMMAND_RECALL]         = {true, true, MEMBERS(recall_list)},
    [COMMAND_EXTRA_ADD]      = {true, true, MEMBERS(extra_list)},
    [COMMAND_EXTRA_END]      = {true, true, MEMBERS(sku_list)},
    [COMMAND_START]          = {true, true, MEMBERS(start_list)},
    [COMMAND_PAUSE]          = {true, true, {NULL, 0}},
    [COMMAND_RESUME]         = {true, true, {NULL, 0}},
    [COMMAND_END]            = {true, true, {NULL, 0}},
    [COMMAND_UNDO]           = {true, true, {NULL, 0}},
    [COMMAND_APPROVE]        = {true, true, MEMBERS(approval_list)},
    [COMMAND_REJECT]         = {true, true, MEMBERS(approval_list)},
    [COMMAND_RUN_LOAD]       = {true, true, MEMBERS(run_list)},
    [COMMAND_PREFLIGHT]      = {true, true, {NULL, 0}},
    [COMMAND_STOCK_ALLOCATE] = {true, true, MEMBERS(stock_list)},
    [COMMAND_STOCK_WITHDRAW] = {true, true, MEMBERS(stock_list)},
};
/* clang-format on */

/* ---- the whole ---- */

/* {"cues":[...]} out of the message, byte for byte: numbers and order stay as the host wrote them. */
static enum result document_take(struct json_in *in, const char *data, size_t len, struct command *c)
{
    static const char head[] = "{\"cues\":";
    const char *cues = NULL;
    size_t cues_len = 0;
    struct place at = {.member = "cues"};
    if (!json_find_member(data, len, "cues", &cues, &cues_len))
        return fault_at(in, &at, "must be named without escapes");
    size_t head_len = sizeof head - 1;
    c->document = malloc(head_len + cues_len + 2);
    if (c->document == NULL)
        return RESULT_NO_MEMORY;
    memcpy(c->document, head, head_len);
    memcpy(c->document + head_len, cues, cues_len);
    memcpy(c->document + head_len + cues_len, "}", 2);
    c->document_len = head_len + cues_len + 1;
    return RESULT_OK;
}

static enum result command_settle(struct json_in *in, const char *data, size_t len, struct command *c)
{
    struct place id = {.member = "id"};
    if (c->kind == COMMAND_RESERVE && c->id[0] == '~')
        return fault_at(in, &id, "must not begin with ~: those are the server's own");
    if (c->kind == COMMAND_RESERVE)
        memcpy(c->hold.text, c->id, sizeof c->id);
    if (c->kind == COMMAND_RECALL && c->recall == RECALL_NONE)
        c->recall = RECALL_CANCEL;
    if (c->kind == COMMAND_EXTRA_ADD) {
        c->extra.sku = c->sku;
        c->extra.adds_units = c->extra.adds_units == 0 ? 1 : c->extra.adds_units;
    }
    return c->kind == COMMAND_RUN_LOAD ? document_take(in, data, len, c) : RESULT_OK;
}

static enum result kind_find(struct json_in *in, const json_t *message, enum command_kind *ret)
{
    const json_t *t = json_object_get(message, "t");
    struct place at = {.member = "t"};
    if (t == NULL)
        return fault_at(in, &at, "is missing");
    if (!json_is_string(t))
        return fault_at(in, &at, "must be text");
    for (unsigned kind = 0; kind < COMMAND_KINDS; kind++) {
        if (kinds[kind].known && strcmp(command_kind_name((enum command_kind)kind), json_string_value(t)) == 0) {
            *ret = (enum command_kind)kind;
            return RESULT_OK;
        }
    }
    /* Not malformed: a newer client may know more. The word itself is not repeated, it may be long. */
    (void)fault_at(in, &at, "is no command known here");
    return RESULT_NOT_FOUND;
}

static enum result envelope_read(struct json_in *in, const json_t *message, struct command *c)
{
    static const struct member id_list[] = {NEEDS(struct command, "id", ID, id)};
    static const struct members id_members = MEMBERS(id_list);
    enum result result = read_object(in, message, NULL, &id_members, c);
    if (result != RESULT_OK)
        return result;
    memcpy(in->fault->id, c->id, sizeof in->fault->id);
    return kind_find(in, message, &c->kind);
}

static enum result message_read(struct json_in *in, const json_t *message, struct command *c)
{
    enum result result = envelope_read(in, message, c);
    if (result == RESULT_OK)
        result = read_object(in, message, NULL, &kinds[c->kind].members, c);
    if (result == RESULT_OK && kinds[c->kind].act)
        result = read_object(in, message, NULL, &act_members, c);
    return result;
}

enum result command_decode(const char *data, size_t len, struct command *ret, struct decode_fault *ret_fault)
{
    *ret_fault = (struct decode_fault){0};
    if (command_plain(data, len, ret)) {
        memcpy(ret_fault->id, ret->id, sizeof ret_fault->id);
        return RESULT_OK;
    }
    struct json_in in = {.source = FROM_SOCKET, .fault = ret_fault};
    struct command c = {0};
    json_t *message = NULL;
    enum result result = json_parse(&in, data, len, &message);
    if (result == RESULT_OK)
        result = message_read(&in, message, &c);
    if (result == RESULT_OK)
        result = command_settle(&in, data, len, &c);
    json_decref(message);
    if (result != RESULT_OK) {
        command_finish(&c);
        return result;
    }
    *ret = c;
    return RESULT_OK;
}
