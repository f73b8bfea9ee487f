/* inventory/redis/redis.h - one node's connection to Redis, and the ports behind it: inventory, log, ledger, store, feed.
 *
 *     redis_node_create(&config, &node);           connects by itself, for ever; `ready` tells when stock can be asked
 *     orchestrator_config.inventory = redis_inventory(node); ... log, ledger, store
 *     redis_node_close(node, closed, ctx);          before the orchestrator goes: open requests are answered in it
 *
 * One Redis or Valkey (7.0 or later), master, over a unix socket or TCP; redirections of a Cluster are not followed, but
 * all keys of one call lie in one slot. Two connections: commands, and one that waits for news (XREAD BLOCK).
 *
 * Answers: RESULT_UNAVAILABLE when a request was certainly never done, RESULT_NO_ANSWER when it may have been,
 * RESULT_FULL when `queue_max` requests wait already. A batch of stock requests in flight when the connection goes is
 * sent again, byte for byte, until `request_ms` is over; unless the shop's ledger no longer has what this node was answered last:
 * acknowledged stock was lost, and those who wait hear NO_ANSWER or UNAVAILABLE. Appends and store requests are not sent
 * again. All on the loop thread. */
#ifndef LIVESHELF_INVENTORY_REDIS_REDIS_H
#define LIVESHELF_INVENTORY_REDIS_REDIS_H

#include <uv.h>

#include "core/ports/feed.h"
#include "core/ports/inventory.h"
#include "core/ports/ledger.h"
#include "core/ports/log.h"
#include "core/ports/store.h"
#include "inventory/redis/audit.h"
#include "inventory/redis/server.h"

#define REDIS_REQUEST_MS 2000
#define REDIS_CONNECT_MS 3000
#define REDIS_SILENCE_MS 1000
#define REDIS_QUEUE_MAX 20000
#define REDIS_FEED_ENTRIES 10000
#define REDIS_FEED_BYTES (32u << 20) /* of a shop's stream, about: fewer entries when they are long */

struct redis_config {
    uv_loop_t *loop;
    const char *url; /* redis/url.h; read in create only */
    enum redis_durability durability;
    unsigned replicas; /* REDIS_REPLICATED: how many must have each write; 0 reads as 1 */
    struct node_id node;
    uint64_t seed;                              /* of the jitter */
    int64_t request_ms, connect_ms, silence_ms; /* 0: the defaults above */
    uint32_t queue_max;                         /* stock requests waiting; 0: the default */
    uint32_t feed_entries;                      /* kept about so many of a shop's stream for machines; 0: the default */
    /* Told on every change, and with a new reason while not ready; never from inside create. May be NULL. */
    void (*ready)(void *ctx, bool ready, const char *reason);
    /* The time given to Redis with each call, for tests; NULL: Redis's own clock. */
    int64_t (*now_ms)(void *ctx);
    void *ctx;
};

struct redis_node;
/* SIGPIPE is ignored from then on, unless the process handles it. RESULT_MALFORMED: the url, with *ret_why when not NULL. RESULT_NO_MEMORY, RESULT_IO. */
MUST_USE enum result redis_node_create(const struct redis_config *config, struct redis_node **ret,
                                       const char **ret_why);
/* Takes the replies that have come and sends what waits for the end of the loop's turn. Both happen by themselves; this is for a turn that
 * turns out long. Not from inside a callback of the node's. */
void redis_node_flush(struct redis_node *n);
/* Answers what is open, forgets follows, disconnects. Ask nothing after it returned. `closed` runs when the loop holds nothing of it any more. */
void redis_node_close(struct redis_node *n, void (*closed)(void *ctx), void *ctx);

struct inventory *redis_inventory(struct redis_node *n);
struct log *redis_log(struct redis_node *n);
struct ledger *redis_ledger(struct redis_node *n);
struct store *redis_store(struct redis_node *n);
struct feed *redis_feed(struct redis_node *n);
bool redis_is_ready(const struct redis_node *n, const char **ret_reason); /* reason: borrowed until the next turn */

void redis_metrics_register(void); /* once per process */

#endif
