#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

static enum result value_keep(struct store_request *r, const redisReply *reply)
{
    bytes_clear(&r->value);
    bytes_append(&r->value, reply->str, (size_t)reply->len);
    return bytes_result(&r->value);
}

static enum result store_parse(void *owner, const redisReply *reply)
{
    struct store_request *r = owner;
    bool has_value = reply->type == REDIS_REPLY_STRING;
    switch (r->op) {
    case STORE_GET:
        return has_value ? value_keep(r, reply) : RESULT_NOT_FOUND;
    case STORE_CLAIM: /* SET NX GET: nil when it was absent, and is ours now */
        if (!has_value)
            return RESULT_OK;
        return value_keep(r, reply) == RESULT_OK ? RESULT_CONFLICT : RESULT_NO_MEMORY;
    case STORE_SHARE:
        return has_value ? value_keep(r, reply) : RESULT_NO_ANSWER;
    case STORE_PUT:
    case STORE_DROP:
        break;
    }
    return RESULT_OK;
}

static void store_done(void *owner, enum result result)
{
    struct store_request *r = owner;
    r->result = result;
    r->done(r);
}

static void write_set(struct bytes *out, const char *key, const struct store_request *r)
{
    bool is_claim = r->op == STORE_CLAIM;
    resp_begin(out, is_claim ? 7 : 5);
    resp_word(out, "SET");
    resp_word(out, key);
    resp_data(out, r->value.data, r->value.len);
    resp_word(out, "PX");
    resp_number(out, r->ttl_ms);
    if (is_claim) {
        resp_word(out, "NX");
        resp_word(out, "GET");
    }
}

static void write_share(struct redis_node *n, struct bytes *out, const char *key, const struct store_request *r)
{
    resp_begin(out, 8);
    resp_word(out, "FCALL");
    resp_word(out, "ls_share");
    resp_word(out, "1");
    resp_word(out, key);
    resp_number(out, node_time(n));
    resp_word(out, r->node.text);
    resp_data(out, r->value.data, r->value.len);
    resp_number(out, r->ttl_ms);
}

static void store_refused(struct waiter *w)
{
    struct store_request *r = container_of((void *)w, struct store_request, impl);
    r->result = RESULT_MALFORMED;
    r->done(r);
}
_Static_assert(sizeof(struct waiter) <= sizeof((struct store_request *)0)->impl, "a waiter fits into `impl`");

static bool store_is_valid(const struct store_request *r)
{
    bool writes = r->op == STORE_PUT || r->op == STORE_CLAIM || r->op == STORE_SHARE;
    return !writes || (r->ttl_ms >= 1 && !r->value.failed && r->value.len <= STORE_VALUE_MAX);
}

static void store_ask(struct store *store, struct store_request *r)
{
    struct redis_node *n = container_of(store, struct redis_node, store);
    struct bytes command = {0};
    char key[KEY_MAX];
    if (!store_is_valid(r)) {
        struct waiter *w = (struct waiter *)(void *)r->impl;
        *w = (struct waiter){.fire = store_refused};
        node_post(n, w);
        return;
    }
    key_store(key, r->shop.text, r->op == STORE_SHARE ? 'n' : 's', r->key);
    switch (r->op) {
    case STORE_GET:
        resp_command(&command, "GET", key, NULL);
        break;
    case STORE_DROP:
        resp_command(&command, "DEL", key, NULL);
        break;
    case STORE_PUT:
    case STORE_CLAIM:
        write_set(&command, key, r);
        break;
    case STORE_SHARE:
        write_share(n, &command, key, r);
        break;
    }
    call_start(n, &command, r, r->op == STORE_CLAIM || r->op == STORE_PUT, store_parse, store_done);
    bytes_finish(&command);
}

void store_redis_setup(struct redis_node *n) { n->store.ask = store_ask; }
