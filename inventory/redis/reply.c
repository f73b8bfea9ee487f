#include "inventory/redis/reply.h"

#include <string.h>

#include "inventory/redis/text.h"

static bool word_parse(struct text word, enum inventory_answer *ret)
{
    for (size_t i = 0; i < INVENTORY_ANSWERS; i++) {
        if (text_is(word, inventory_answer_name((enum inventory_answer)i))) {
            *ret = (enum inventory_answer)i;
            return true;
        }
    }
    return false;
}

#define TIME_MS_MAX (INT64_MAX / 4)
_Static_assert(CART_LINES_MAX <= 16, "an answer and a line fit into one number");

static bool is_stock_op(enum inventory_op op) { return op >= INVENTORY_ALLOCATE && op <= INVENTORY_BUFFER; }

enum result reply_answer_parse(const char *text, size_t len, struct inventory_request *r)
{
    struct text rest = {text, len}, word, part;
    enum inventory_answer answer = INVENTORY_BAD;
    int64_t number = 0;
    struct row_rest more;
    struct hold hold = {.state = HOLD_NONE};
    struct stock_count count = {0};
    if (!text_take(&rest, ' ', &word) || !word_parse(word, &answer))
        return RESULT_MALFORMED;
    if (text_take(&rest, ' ', &part) && !text_number(part, 0, INT64_MAX, &number))
        return RESULT_MALFORMED;
    bool is_stock = is_stock_op(r->op);
    if (is_stock && rest.len > 0) {
        count.sku = r->sku;
        if (text_row(rest, &count, &more) != RESULT_OK)
            return RESULT_MALFORMED;
    } else if (rest.len > 0 && text_hold(rest, &hold) != RESULT_OK) {
        return RESULT_MALFORMED;
    }
    r->answer = answer;
    r->fault_line = 0; /* a refused line comes as a number */
    r->ahead = r->op == INVENTORY_WAITLIST_JOIN && hold.state == HOLD_NONE ? number : 0;
    r->count = count;
    r->hold.state = HOLD_NONE;
    if (hold.state == HOLD_NONE)
        return RESULT_OK;
    hold_copy(&r->hold, &hold);
    if (hold.state == HOLD_HELD && hold.expires_at_ms <= TIME_MS_MAX && number <= TIME_MS_MAX)
        r->hold.expires_at_ms += number; /* from its broadcast's clock to server time */
    return RESULT_OK;
}

enum result reply_number_parse(int64_t number, int64_t now_ms, struct inventory_request *r)
{
    if (number < 0 || number >= 16 * INVENTORY_ANSWERS || (number == 0 && r->op != INVENTORY_RESERVE))
        return RESULT_MALFORMED;
    r->answer = (enum inventory_answer)(number / 16);
    r->fault_line = (uint8_t)(number % 16);
    r->ahead = 0;
    r->count = (struct stock_count){0};
    r->hold.state = HOLD_NONE;
    if (number != 0)
        return RESULT_OK;
    r->hold.state = HOLD_HELD; /* as it was asked for */
    r->hold.expires_at_ms = now_ms + r->ttl_ms;
    r->hold.extends = 0;
    r->hold.offer = false;
    r->hold.order[0] = '\0';
    return RESULT_OK;
}

static bool is_text(const redisReply *reply, size_t len_max)
{
    return reply != NULL && reply->type == REDIS_REPLY_STRING && (size_t)reply->len <= len_max;
}

static enum result answer_parse(const redisReply *answer, int64_t now_ms, struct inventory_request *r)
{
    if (answer != NULL && answer->type == REDIS_REPLY_INTEGER)
        return reply_number_parse(answer->integer, now_ms, r);
    return is_text(answer, SIZE_MAX) ? reply_answer_parse(answer->str, (size_t)answer->len, r) : RESULT_MALFORMED;
}

static bool is_time(const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0 && reply->integer <= TIME_MS_MAX;
}

enum result reply_parse(const redisReply *reply, struct inventory_request *const *requests, size_t count)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return RESULT_MALFORMED;
    const redisReply *now = reply->element[0], *id = reply->element[1], *answers = reply->element[2];
    if (!is_time(now) || !is_text(id, LEDGER_ID_LEN_MAX) || answers->type != REDIS_REPLY_ARRAY ||
        answers->elements != count)
        return RESULT_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        struct inventory_request *r = requests[i];
        if (r == NULL)
            continue;
        r->result = answer_parse(answers->element[i], now->integer, r) == RESULT_OK ? RESULT_OK : RESULT_NO_ANSWER;
        memcpy(r->ledger_id, id->str, (size_t)id->len);
        r->ledger_id[id->len] = '\0';
    }
    return RESULT_OK;
}

bool reply_error_passes(const char *error)
{
    static const char *const passing[] = {
        "LOADING ",    "MISCONF ", "READONLY ", "OOM ",      "NOREPLICAS ", "BUSY ",      "CLUSTERDOWN ",
        "MASTERDOWN ", "MOVED ",   "ASK ",      "TRYAGAIN ", "NOAUTH ",     "UNBLOCKED ", "ERR Function not found",
    };
    for (size_t i = 0; i < ARRAY_LEN(passing); i++)
        if (strncmp(error, passing[i], strlen(passing[i])) == 0)
            return true;
    return false;
}

bool reply_error_refuses(const char *error)
{
    static const char mark[] = "ERR liveshelf";
    return strncmp(error, mark, sizeof mark - 1) == 0;
}
