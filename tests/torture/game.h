/* tests/torture/game.h - what is asked, and when: random, but the same for the same seed.
 *
 * Each seed has a temper of its own: how many SKUs, viewers and units there are, how long holds last, how often each
 * operation comes. Most requests are about something that exists, so that every law is met often; some are about
 * nothing, or are nonsense. Time likes to stop just before, at, and just after the end of something. */
#ifndef LIVESHELF_TESTS_TORTURE_GAME_H
#define LIVESHELF_TESTS_TORTURE_GAME_H

#include "base/rng.h"
#include "tests/torture/play.h"

#define GAME_START_MS INT64_C(1795177200000)
#define RECENT_MAX 256
#define GAME_SKUS_MAX 8
#define GAME_BROADCASTS_MAX 3

struct game {
    struct rng rng;
    const struct model *model;
    uint64_t seed;
    unsigned skus, viewers, broadcasts, sku_life;
    int64_t units_most, ttl_ms, leap_one_in, now_ms;
    unsigned group_most, join_units_most;
    unsigned weights[INVENTORY_OPS], weights_sum;
    struct hold_id recent[RECENT_MAX]; /* ids in use, a ring */
    struct hold_id favourite;          /* one that many operations meet on */
    size_t recent_count;
    unsigned next_id, next_ref, first_sku;
    int64_t version; /* of the last count */
    int64_t seqs[GAME_BROADCASTS_MAX];
    unsigned epochs[GAME_BROADCASTS_MAX];
    struct hold rush;    /* in this group most want the same */
    int64_t rush_ttl_ms; /* 0: they do not */
    bool is_first;       /* of its group */
    bool anywhere;       /* kills at any moment, too: then a seed does not repeat itself to the byte */
};

void game_init(struct game *g, uint64_t seed, const struct model *model, bool anywhere);
/* The time of the next group. */
int64_t game_time(struct game *g, int64_t now_ms);
/* Writes the next group's requests; returns how many, 1..GROUP_MAX. */
size_t game_group(struct game *g, int64_t now_ms, struct inventory_request *asked);
/* How Redis is killed in a group of `count` requests, and in which of its calls. */
enum kill_kind game_kill(struct game *g, size_t count, size_t *ret_call, unsigned *ret_after_us);
/* Holds made by the last call are ids to play with. */
void game_learn(struct game *g);

/* ---- game_ask.c ---- */

void game_ask(struct game *g, struct inventory_request *r); /* fills in what r->op needs */
void game_rush(struct game *g);                             /* chooses what most want from now on */
void game_use_id(struct game *g, const struct hold_id *id);
void game_some_id(struct game *g, struct hold_id *ret);

#endif
