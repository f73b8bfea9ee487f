/* core/ports/store.h - small facts that are neither events nor stock: answers kept for Idempotency-Key, and what each node
 * shares with the others (audience, demand). Real: inventory/redis. Stand-in: inventory/memory. */
#ifndef LIVESHELF_CORE_PORTS_STORE_H
#define LIVESHELF_CORE_PORTS_STORE_H

#include "base/bytes.h"
#include "base/types.h"

enum store_op {
    STORE_GET,    /* value <- key; RESULT_NOT_FOUND */
    STORE_PUT,    /* key := value for ttl_ms */
    STORE_CLAIM,  /* the same only when absent; RESULT_CONFLICT and the present value otherwise */
    STORE_DROP,   /* removes the key */
    STORE_SHARE,  /* this node's share of a topic := value, kept ttl_ms; `value` <- all nodes' fresh shares */
};
#define STORE_VALUE_MAX (2u << 20)

struct store_request {
    enum store_op op;
    struct shop_id shop;
    char key[ID_LEN_MAX + 80]; /* visible ASCII */
    struct bytes value;        /* in and out; the caller finishes it. SHARE out: lines "node value\n" */
    int64_t ttl_ms;
    struct node_id node;       /* SHARE */
    enum result result;
    void (*done)(struct store_request *request);
    void *impl[6];
};
struct store {
    void (*ask)(struct store *store, struct store_request *request);
};

#endif
