/* inventory/memory/memory.h - inventory, log, ledger and store in memory, on the rules of inventory/rules: the
 * stand-in for Redis that simulations and tests run on.
 *
 * One `memory_world` holds the truth of all shops. Nodes attach to it and get the four ports, so that several
 * orchestrators live on one truth:
 *
 *     memory_world_create(&config, &world);
 *     struct memory_node *node = memory_attach(world, &node_id, clock);
 *     orchestrator_config.inventory = memory_inventory(node);  ... log, ledger, store
 *
 * Everything is answered through the node's clock, never from inside the call, so a fake clock decides when.
 * Requests of one turn of one node and shop reach the truth as one batch of at most MEMORY_BATCH_MAX, in order, one
 * batch at a time, as in Redis. With the same calls, the same clock and the same hook everything repeats.
 *
 * Out of memory stops the process: this is no place to sell from. */
#ifndef LIVESHELF_INVENTORY_MEMORY_MEMORY_H
#define LIVESHELF_INVENTORY_MEMORY_MEMORY_H

#include "core/ports/clock.h"
#include "core/ports/feed.h"
#include "core/ports/inventory.h"
#include "core/ports/ledger.h"
#include "core/ports/log.h"
#include "core/ports/store.h"

#define MEMORY_BATCH_MAX 128

enum memory_channel {
    MEMORY_STOCK,       /* a batch of inventory requests */
    MEMORY_APPEND,      /* a log append */
    MEMORY_STORE,       /* and what is appended to a stream for machines */
    MEMORY_LEDGER_WAKE, /* a follower is told of new entries: only after_ms and repeats apply */
    MEMORY_LOG_WAKE,    /* the same; only after_ms applies, since log entries come exactly once */
};

struct memory_delivery { /* what the hook is asked about */
    enum memory_channel channel;
    const struct node_id *node;
    const struct shop_id *shop;
    size_t count; /* requests in the batch */
};

struct memory_fate {   /* zeroed: arrives and is answered as soon as the clock lets it */
    int64_t after_ms;  /* until it reaches the truth */
    int64_t answer_ms; /* from there to the answer */
    bool unavailable;  /* never asked: RESULT_UNAVAILABLE after after_ms */
    bool lost;         /* never arrives: RESULT_NO_ANSWER after silence_ms */
    bool silent;       /* arrives and is done, but the answer is lost: RESULT_NO_ANSWER after silence_ms */
    bool repeated;     /* the batch arrives twice (sent again after a lost connection); a wake-up delivers the last
                            entry once more */
};

struct memory_config {
    /* NULL: nothing goes wrong. Called once per delivery, in a fixed order; `fate` comes zeroed. */
    void (*fate)(void *ctx, const struct memory_delivery *delivery, struct memory_fate *fate);
    void *ctx;
    int64_t silence_ms; /* 0: MEMORY_SILENCE_MS */
    bool keeps_history; /* needed by memory_forget; costs a copy of each request */
};
#define MEMORY_SILENCE_MS 1000

struct memory_world;
struct memory_node;
struct memory_world *memory_world_create(const struct memory_config *config);
void memory_world_destroy(struct memory_world *w); /* after all nodes were detached; NULL is fine */

/* `clock` is borrowed until memory_detach. Nodes may share one. */
struct memory_node *memory_attach(struct memory_world *w, const struct node_id *node, struct clock *clock);
/* The node died or stops: its timers are stopped, open requests are never answered, its follows are forgotten. What was
 * on its way is lost. */
void memory_detach(struct memory_node *n);
struct inventory *memory_inventory(struct memory_node *n);
struct log *memory_log(struct memory_node *n);
struct ledger *memory_ledger(struct memory_node *n);
struct store *memory_store(struct memory_node *n);
struct feed *memory_feed(struct memory_node *n);

/* Cuts the node off from the truth: what is asked now is RESULT_UNAVAILABLE, what is on its way gets no answer,
 * follows are silent and ledger followers hear `lost`. Back again: followers are told as after any reconnect. */
void memory_cut(struct memory_node *n, bool off);

/* A fail-over: the truth forgets its last `count` writes (batches of stock, appends, store writes), of all shops. Nodes notice
 * when they are cut off and come back, as with Redis: cut them first. Needs keeps_history. Returns how many were forgotten. */
size_t memory_forget(struct memory_world *w, size_t count);

/* Looks at the truth directly, for invariants in tests. */
bool memory_count(const struct memory_world *w, const struct shop_id *shop, const struct sku_id *sku,
                  struct stock_count *ret);
/* As kept: the end of a held one on its broadcast's clock, as in the ledger. */
const struct hold *memory_hold(const struct memory_world *w, const struct shop_id *shop, const struct hold_id *id);
/* In order of id; at most `max`; returns how many there are. Borrowed until the next turn. */
size_t memory_holds(const struct memory_world *w, const struct shop_id *shop, const struct hold **ret, size_t max);
int64_t memory_waiting(const struct memory_world *w, const struct shop_id *shop, const struct sku_id *sku);
/* A shop's stream for machines: its entries as "type broadcast seq id data", the oldest at 0; all are kept. Borrowed. */
size_t memory_feed_count(const struct memory_world *w, const struct shop_id *shop);
const char *memory_feed_entry(const struct memory_world *w, const struct shop_id *shop, size_t at);
/* Stops the process when a law is broken: counts add up, `held` is the sum of the open holds, limits and offers match, timers
 * stand where clocks and recalls put them, nothing recalled is on sale. */
void memory_check(const struct memory_world *w);
/* Nothing on its way to or from any node. */
bool memory_is_quiet(const struct memory_world *w);

#endif
