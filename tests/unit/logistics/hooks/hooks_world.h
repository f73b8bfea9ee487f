/* tests/unit/logistics/hooks/hooks_world.h - couriers on several nodes, one store, a clock that stands still unless told, and a
 * board that says what the test says. */
#ifndef LIVESHELF_TESTS_UNIT_LOGISTICS_HOOKS_WORLD_H
#define LIVESHELF_TESTS_UNIT_LOGISTICS_HOOKS_WORLD_H

#include "tests/unit/unit.h"

#include "core/broadcast/estimate.h"
#include "inventory/memory/memory.h"
#include "logistics/hooks/hooks.h"
#include "tests/support/fake_clock.h"
#include "tests/support/webhook_recording.h"

#define WORLD_START_MS INT64_C(1795177200000)
#define WORLD_NODES 2
#define WORLD_SHOWS 40
#define S INT64_C(1000)
#define MIN (60 * S)
#define HOUR (60 * MIN)
#define ALL (BIT(HOOK_TYPES) - 1)

struct world_show {
    char name[16];
    uint64_t estimate_seq;
    int64_t estimate_ms;
    char estimate[64];
    struct promise_change changes[50];
    size_t changes_count;
    bool settled;
    bool away; /* the board is reading it anew */
};
struct world_node {
    struct hooks *hooks; /* NULL: dead */
    struct memory_node *memory;
    struct webhook_recording web;
};
struct world {
    struct fake_clock clock;
    struct memory_world *memory;
    struct world_node nodes[WORLD_NODES];
    struct world_show shows[WORLD_SHOWS];
    size_t shows_count;
    /* the shop's log */
    uint64_t seq;
    struct hook_endpoint endpoints[HOOKS_MAX];
    size_t endpoints_count;
    struct hook_replay replays[64]; /* of entry i + 1 */
    enum result keeps;              /* what the next `keep` is answered */
    unsigned conflicts;             /* so many fenced ones come too late */
    bool store_silent;
    unsigned fetched;
    bool asleep;  /* no broadcast can be woken */
    bool telling; /* the board is: it must not be asked */
    struct hooks_limits limits;
};
extern struct world w;
extern const struct shop_id the_shop;

void world_open(void);
void world_close(void);
void world_node_open(size_t node); /* and is told the list */
void world_node_kill(size_t node);
/* Replaces the list; `secret` and types ALL. Up to three names; NULL ends. */
void world_list(const char *a, const char *b, const char *c);
void world_put(void); /* what stands in `endpoints` is told to all nodes */
void world_lead(size_t node, const char *show, bool leads);
void world_estimate(const char *show); /* a new one */
void world_change(const char *show, uint64_t seq);
/* A fail-over: the last changes and estimates are gone, as if they had never been. */
void world_lose(const char *show, size_t changes, uint64_t estimates);
void world_settle(const char *show);
void world_run(int64_t ms); /* and all that falls due */
/* The oldest open post of the node to this endpoint; fails when there is none. */
struct recorded_post *world_post(size_t node, const char *endpoint);
bool world_quiet(size_t node, const char *endpoint); /* nothing open */
void world_answer(size_t node, const char *endpoint, int status);
void world_take_all(size_t node, const char *endpoint); /* what is open, and what comes behind it: 200 */
/* "changed 7", "updated 3", "settled 3": what was posted to the endpoint by the node, joined by ", ". */
const char *world_told(size_t node, const char *endpoint);
bool world_owes(size_t node, const char *show);
struct world_show *world_show(const char *show);

#endif
