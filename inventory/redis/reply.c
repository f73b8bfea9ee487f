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

static bool is_stock_op(enum inventory_op op) { return op >= INVENTORY_ALLOCATE && op <= INVENTORY_LIMIT; }

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
    r->fault_line = r->op == INVENTORY_RESERVE && number < CART_LINES_MAX ? (uint8_t)number : 0;
    r->ahead = r->op == INVENTORY_WAITLIST_JOIN ? number : 0;
    r->count = count;
    r->hold.state = HOLD_NONE;
    if (hold.state != HOLD_NONE)
        hold_copy(&r->hold, &hold);
    return RESULT_OK;
}

static bool is_text(const redisReply *reply, size_t len_max)
{
    return reply != NULL && reply->type == REDIS_REPLY_STRING && (size_t)reply->len <= len_max;
}

enum result reply_parse(const redisReply *reply, struct inventory_request *const *requests, size_t count)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
        return RESULT_MALFORMED;
    const redisReply *answers = reply->element[0], *id = reply->element[1];
    if (answers->type != REDIS_REPLY_ARRAY || answers->elements != count || !is_text(id, LEDGER_ID_LEN_MAX))
        return RESULT_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        struct inventory_request *r = requests[i];
        const redisReply *answer = answers->element[i];
        if (r == NULL)
            continue;
        r->result = RESULT_NO_ANSWER;
        if (is_text(answer, SIZE_MAX))
            r->result =
                reply_answer_parse(answer->str, (size_t)answer->len, r) == RESULT_OK ? RESULT_OK : RESULT_NO_ANSWER;
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
