/* Idempotency-Key: a POST that is repeated, because its answer was lost, is done once and answered the same.
 *
 *   claim   "pending <fingerprint>" is put under the key, if nothing is there yet
 *   keep    "done <fingerprint> <status> <problem>\n<body>" replaces it; an answer that invites another try is not kept
 *
 * The fingerprint covers method, path and body. A node that dies in between leaves a claim that ends by itself. */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/meters.h"
#include "ws/lws/server_parts.h"
#include "ws/lws/text64.h"

#define PENDING_TTL_MS (60 * 1000)
#define DONE_TTL_MS (24 * 60 * 60 * 1000)
#define RETRY_MS 1000
#define HEAD_MAX 128 /* bytes of a kept answer before its body */
#define KEPT_MAX (256u << 10)

static bool key_is_valid(const char *key)
{
    for (; *key != '\0'; key++) {
        if (*key < 0x21 || *key > 0x7e)
            return false;
    }
    return true;
}

static void fingerprint(struct request *r)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct bytes text = {0};
    bytes_format(&text, "%s\n%s\n", r->method, r->path);
    bytes_append(&text, r->body.data, r->body.len);
    SHA256((const unsigned char *)(text.data == NULL ? "" : text.data), text.len, digest);
    text64_encode(digest, sizeof digest, r->fingerprint);
    bytes_finish(&text);
}

static void ask(struct request *r, enum store_op op, int64_t ttl_ms, void (*done)(struct store_request *))
{
    r->store.op = op;
    r->store.shop = r->asker.shop;
    snprintf(r->store.key, sizeof r->store.key, "idem:%s", r->idempotency_key);
    r->store.ttl_ms = ttl_ms;
    r->store.done = done;
    r->storing = true;
    r->server->store->ask(r->server->store, &r->store);
}

/* False: the server was closed meanwhile, and the request with it. */
static bool answered(struct store_request *store, struct request **ret)
{
    struct request *r = container_of(store, struct request, store);
    r->storing = false;
    *ret = r;
    if (r->server != NULL) {
        hub_turn(r->server->hub);
        return true;
    }
    request_end(r);
    return false;
}

static void replay(struct request *r)
{
    struct bytes *value = &r->store.value;
    char found[FINGERPRINT_LEN + 1] = "";
    int status = 0, problem = 0, head = 0;
    const char *text = value->data == NULL ? "" : value->data;
    bool done = sscanf(text, "done %43s %d %d%n", found, &status, &problem, &head) == 3 && text[head] == '\n';
    bool pending = !done && sscanf(text, "pending %43s", found) == 1;
    if ((done || pending) && strcmp(found, r->fingerprint) != 0) {
        request_reply_problem_as(r, 422, ERROR_MISMATCH, "Idempotency-Key", "This key was used for another request.");
        return;
    }
    if (!done) {
        request_reply_problem(r, ERROR_CONFLICT, "Idempotency-Key", "The first request with this key is in progress.",
                              RETRY_MS);
        return;
    }
    meter_count(&meters.http_replayed);
    bytes_append(&r->out, text + head + 1, value->len - (size_t)head - 1);
    r->status = status;
    r->type = problem ? "application/problem+json" : "application/json";
    request_header(r, "Idempotency-Replayed: true");
    request_reply(r);
}

static void claimed(struct store_request *store)
{
    struct request *r = NULL;
    if (!answered(store, &r))
        return;
    if (store->result == RESULT_OK) {
        r->claimed = true;
        api_ask(r);
    } else if (store->result == RESULT_CONFLICT) {
        replay(r);
    } else {
        request_reply_problem(r, ERROR_UNAVAILABLE, NULL, "Repeats could not be told from new requests.", RETRY_MS);
    }
}

void idempotency_claim(struct request *r)
{
    if (!key_is_valid(r->idempotency_key)) {
        request_reply_problem(r, ERROR_BAD_REQUEST, "Idempotency-Key", "1 to 64 visible ASCII characters.", 0);
        return;
    }
    fingerprint(r);
    bytes_format(&r->store.value, "pending %s\n", r->fingerprint);
    ask(r, STORE_CLAIM, PENDING_TTL_MS, claimed);
}

static void kept(struct store_request *store)
{
    struct request *r = NULL;
    if (answered(store, &r))
        request_reply(r); /* also when it could not be kept: the work is done */
}

void idempotency_keep(struct request *r)
{
    bool final = r->status < 500 && r->status != 429 && !r->out.failed && r->out.len < KEPT_MAX - HEAD_MAX;
    bytes_clear(&r->store.value);
    if (!final) {
        ask(r, STORE_DROP, 0, kept);
        return;
    }
    bytes_format(&r->store.value, "done %s %d %d\n", r->fingerprint, r->status, r->problem ? 1 : 0);
    bytes_append(&r->store.value, r->out.data, r->out.len);
    ask(r, STORE_PUT, DONE_TTL_MS, kept);
}
