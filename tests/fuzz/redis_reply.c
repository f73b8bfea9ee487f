/* tests/fuzz/redis_reply.c - any bytes from Redis as the answer to a batch: what is let in are valid holds and counts.
 * The first byte says how many requests asked, the second how their operations begin. */
#include <hiredis/hiredis.h>
#include <string.h>

#include "inventory/redis/reply.h"

#define REQUESTS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_hold(const struct hold *h)
{
    if (h->state == HOLD_NONE)
        return;
    MUST(id_is_valid(h->id.text, strlen(h->id.text)) && id_is_valid(h->viewer.text, strlen(h->viewer.text)));
    MUST(h->lines_count >= 1 && h->lines_count <= CART_LINES_MAX && h->extends <= EXTENDS_MAX);
    MUST(currency_is_valid(h->currency, strlen(h->currency)) && strlen(h->order) <= REF_LEN_MAX);
    for (size_t i = 0; i < h->lines_count; i++) {
        MUST(id_is_valid(h->lines[i].sku.text, strlen(h->lines[i].sku.text)));
        MUST(h->lines[i].units >= 1 && h->lines[i].units <= HOLD_UNITS_MAX);
    }
}

static const struct hold asked = {.id = {"h1"},
                                  .viewer = {"v1"},
                                  .currency = "EUR",
                                  .lines_count = 1,
                                  .lines = {{.sku = {"mug"}, .units = 1, .unit_minor = 990}}};

static void check_reply(const redisReply *reply, size_t count, unsigned first_op)
{
    static struct inventory_request requests[REQUESTS_MAX];
    struct inventory_request *slots[REQUESTS_MAX];
    memset(requests, 0, sizeof requests);
    for (size_t i = 0; i < count; i++) {
        requests[i].op = (enum inventory_op)((first_op + i) % INVENTORY_OPS);
        requests[i].ttl_ms = 60000;
        requests[i].hold = asked; /* what a number as answer speaks of */
        slots[i] = i % 7 == 6 ? NULL : &requests[i];
    }
    if (reply_parse(reply, slots, count) != RESULT_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct inventory_request *r = &requests[i];
        if (slots[i] == NULL)
            continue;
        MUST(r->result == RESULT_OK || r->result == RESULT_NO_ANSWER);
        MUST(r->answer < INVENTORY_ANSWERS && r->fault_line < CART_LINES_MAX && r->ahead >= 0);
        MUST(strlen(r->ledger_id) <= LEDGER_ID_LEN_MAX);
        check_hold(&r->hold);
        MUST(r->hold.expires_at_ms >= 0);
    }
}

/* hiredis makes room for as many elements as an array says it has, before they come. */
static bool promises_too_much(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t elements = 0;
        for (size_t at = i + 1; data[i] == '*' && at < size && data[at] >= '0' && data[at] <= '9'; at++)
            elements = elements * 10 + (uint64_t)(data[at] - '0');
        if (elements > size)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || promises_too_much(data + 2, size - 2))
        return 0;
    redisReader *reader = redisReaderCreate();
    void *reply = NULL;
    MUST(reader != NULL);
    redisReaderFeed(reader, (const char *)data + 2, size - 2);
    if (redisReaderGetReply(reader, &reply) == REDIS_OK && reply != NULL) {
        check_reply(reply, data[0] % (REQUESTS_MAX + 1), data[1]);
        freeReplyObject(reply);
    }
    redisReaderFree(reader);
    return 0;
}
