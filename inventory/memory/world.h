/* inventory/memory/world.h - what the files behind memory.h share. */
#ifndef LIVESHELF_INVENTORY_MEMORY_WORLD_H
#define LIVESHELF_INVENTORY_MEMORY_WORLD_H

#include "inventory/memory/memory.h"
#include "inventory/memory/truth.h"

#define WORLD_KEY_MAX 320

struct world_entry {
    char *data;
    size_t len;
};
struct world_log {
    struct world_entry *entries; /* number n at n - 1 */
    size_t count, capacity;
};
struct world_value {
    struct bytes bytes;
    int64_t expires_at_ms;
};

struct memory_world {
    struct memory_config config;
    struct map shops;  /* shop -> struct truth_shop * */
    struct map logs;   /* "kind/shop/broadcast" -> struct world_log * */
    struct map feeds;  /* shop -> struct world_log *, the stream for machines */
    struct map values; /* "shop/key" of the store, "shop/key/node" of shares -> struct world_value * */
    struct list nodes;
    struct list history; /* of what changed the truth, for memory_forget */
    size_t flights;      /* of all nodes */
};

struct memory_node {
    struct inventory inventory;
    struct log log;
    struct ledger ledger;
    struct store store;
    struct feed feed;
    struct memory_world *world;
    struct clock *clock;
    struct node_id id;
    struct list link;
    struct list lanes, flights, follows;
    struct clock_timer gather;
    bool off;
    unsigned cuts; /* how often it was cut off */
};

struct truth_shop *world_shop(struct memory_world *w, const struct shop_id *shop); /* made when new */
struct world_log *world_log(struct memory_world *w, enum log_kind kind, const struct shop_id *shop,
                            const struct broadcast_id *broadcast);

/* ---- flight.c: one question on its way, with its fate ---- */
struct flight {
    struct clock_timer timer;
    struct list link;
    struct memory_node *node;
    enum memory_channel channel;
    struct memory_fate fate;
    unsigned cuts;
    enum { FLIGHT_OUT, FLIGHT_SILENT, FLIGHT_BACK } stage;
    void (*arrive)(struct flight *f);                   /* do it to the truth; keep the answer */
    void (*land)(struct flight *f, enum result result); /* answer the caller; frees */
    void (*drop)(struct flight *f);                     /* frees only */
};
void flight_start(struct flight *f, struct memory_node *n, enum memory_channel channel, const struct shop_id *shop,
                  size_t count);

/* ---- follow.c ---- */
void follow_setup(struct memory_node *n);
void follow_wake_ledger(struct memory_world *w, const struct shop_id *shop);
void follow_wake_log(struct memory_world *w, const struct log_append *append);
void follow_cut(struct memory_node *n, bool off);
void follow_drop_all(struct memory_node *n);
bool follow_is_quiet(const struct memory_node *n);

/* ---- lane.c, log.c, store.c, feed.c ---- */
void lane_setup(struct memory_node *n);
void lane_drop_all(struct memory_node *n);
void lane_cut(struct memory_node *n);
bool lane_is_quiet(const struct memory_node *n);
void log_port_setup(struct memory_node *n);
void store_port_setup(struct memory_node *n);
void feed_port_setup(struct memory_node *n);
void world_log_append(struct world_log *log, const struct bytes *entries, size_t count);
void world_log_destroy(struct world_log *log);
void store_apply(struct memory_world *w, struct store_request *r, int64_t now_ms);

/* ---- history ---- */
void history_keep_batch(struct memory_world *w, const struct shop_id *shop, int64_t now_ms,
                        const struct inventory_request *requests, size_t count);
void history_keep_append(struct memory_world *w, const struct log_append *append);
void history_keep_store(struct memory_world *w, const struct store_request *r, int64_t now_ms);
void world_history_finish(struct memory_world *w);

#endif
