/* tests/contract/inventory/game.h - random requests that meet each other: on few ids, viewers, SKUs and broadcasts, with replays,
 * mistakes and strangers among them. The same seed, and the same answers, make the same game. */
#ifndef LIVESHELF_TESTS_CONTRACT_INVENTORY_GAME_H
#define LIVESHELF_TESTS_CONTRACT_INVENTORY_GAME_H

#include "base/rng.h"
#include "tests/contract/inventory/stage.h"

#define GAME_IDS 60 /* so many hold ids are in use at a time */
#define GAME_SKUS 5
#define GAME_VIEWERS 9
#define GAME_BROADCASTS 3

struct game {
    struct stage memory, redis;
    struct rng rng;
    uint64_t seed;
    size_t operations;
    unsigned first_id;        /* the window of ids moves on */
    unsigned favourite;       /* an id that many operations meet on */
    struct hold_id stretched; /* extended last: extended again until it may not be */
    unsigned refs;
    int64_t versions[GAME_SKUS];
    int64_t seqs[GAME_BROADCASTS]; /* of the last event */
    size_t answers[INVENTORY_ANSWERS];
};

uint64_t game_below(struct game *g, uint64_t bound);
bool game_one_in(struct game *g, uint64_t bound);
struct inventory_request game_request(struct game *g); /* of the shop "game"; looks at memory's holds */

#endif
