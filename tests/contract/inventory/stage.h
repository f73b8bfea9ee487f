/* tests/contract/inventory/stage.h - one stage for both implementations of the ports: memory on a fake clock, or Redis on a
 * private server and a libuv loop. The time given to the stock is the stage's own on both. */
#ifndef LIVESHELF_TESTS_CONTRACT_INVENTORY_STAGE_H
#define LIVESHELF_TESTS_CONTRACT_INVENTORY_STAGE_H

#include <uv.h>

#include "inventory/memory/memory.h"
#include "inventory/redis/redis.h"
#include "tests/support/fake_clock.h"
#include "tests/support/redis_server.h"

#define STAGE_NODES_MAX 3
#define STAGE_START_MS INT64_C(1795177200000)
#define STAGE_PATIENCE_MS 30000 /* real time a test waits for one thing before it fails */

enum stage_kind { STAGE_MEMORY, STAGE_REDIS };

struct stage_node {
    struct inventory *inventory;
    struct log *log;
    struct ledger *ledger;
    struct store *store;
    struct feed *feed;
    struct memory_node *memory;
    struct redis_node *redis;
    bool is_ready;
    char reason[256];
    struct stage *stage;
};
struct stage_config {
    enum stage_kind kind;
    size_t nodes;       /* 0: one */
    bool keeps_history; /* memory */
    /* ---- Redis ---- */
    bool durable;     /* append-only file */
    bool redis_clock; /* its own time */
    bool unready;     /* do not wait for the nodes to be ready */
    enum redis_durability durability;
    unsigned replicas;
    uint32_t queue_max;
    uint32_t feed_entries;
    int64_t request_ms, silence_ms, connect_ms; /* 0: long, and the defaults */
    const char *login;                          /* "user:password@" of the url */
    void (*prepare)(struct redis_server *server);
};
struct stage {
    struct stage_config config;
    struct stage_node nodes[STAGE_NODES_MAX];
    int64_t now_ms; /* of the servers: may step back */
    struct fake_clock clock;
    struct clock server_clock; /* memory: the clock's timers, this time */
    struct memory_world *world;
    uv_loop_t loop;
    struct redis_server server;
    unsigned closing;
};

/* False: Redis is not installed. */
bool stage_open(struct stage *s, const struct stage_config *config);
void stage_close(struct stage *s);
void stage_pass(struct stage *s, int64_t ms); /* time goes by; the servers' clocks step back when negative */
/* Turns until *until; stops the process when it takes too long. */
void stage_run(struct stage *s, const bool *until);
void stage_wait_ready(struct stage *s, size_t node, bool ready);
void stage_wait_reason(struct stage *s, size_t node, const char *part); /* not ready, for a reason with this in it */
/* Asks all in one turn and waits for all answers. `done` is the stage's. */
void stage_ask(struct stage *s, size_t node, struct inventory_request *requests, size_t count);

/* The whole ledger of a shop from its start, each entry as text without its id: two histories are the same when these are. A
 * checkpoint is put in order, since its own is not said. */
void stage_ledger(struct stage *s, size_t node, const char *shop, struct bytes *out);
/* Folds the shop's ledger; stops the process when the fold finds a difference, or when one that begins at a checkpoint (the
 * first 64) comes to know other counts, open holds, lines or clocks. `out`: the state as folded, as text; NULL: not asked. */
void stage_fold(struct stage *s, const char *shop, struct bytes *out);
/* Redis: replays the shop's ledger and stops the process when the stock is not what it says. */
void stage_audit(struct stage *s, const char *shop);
void stage_write_hold(struct bytes *out, const struct hold *h);
void stage_write_count(struct bytes *out, const struct stock_count *c);

#endif
