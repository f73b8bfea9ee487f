/* tests/torture/play.h - the stage of a game: a node's own code and a private Redis, and the model beside them; or the stand-in
 * in memory, which must keep the same law.
 *
 * Each group of requests is asked in one turn. The node makes one call or more of it; where one ends and the next begins
 * is seen from the clock, which is read once per call. Every answer and every entry of the ledger is then compared
 * with the model, call by call. Time is the game's own. */
#ifndef LIVESHELF_TESTS_TORTURE_PLAY_H
#define LIVESHELF_TESTS_TORTURE_PLAY_H

#include <uv.h>

#include "inventory/memory/memory.h"
#include "inventory/redis/redis.h"
#include "tests/support/fake_clock.h"
#include "tests/support/redis_server.h"
#include "tests/torture/told.h"

#define GROUP_MAX 200
#define CALLS_MAX GROUP_MAX
#define SHOP "game"

/* SIGKILL of Redis. All but the last happen at one and the same point of the history every time. */
enum kill_kind {
    KILL_NONE,
    KILL_BEFORE,     /* the call is asked of a Redis that is gone, and sent to the next */
    KILL_UNREAD,     /* the call was sent, and never read */
    KILL_UNANSWERED, /* the call was done, its answer lost: the same bytes come again */
    KILL_AFTER,      /* when everything was answered */
    KILL_ANYWHERE,   /* at some moment after sending: whichever of the above it turns out to be */
    KILL_KINDS,
};

struct play {
    struct memory_world *world; /* the stage in memory */
    struct memory_node *memory;
    struct fake_clock clock;
    struct redis_server server; /* the stage on Redis */
    uv_loop_t loop;
    struct redis_node *node;
    bool is_ready, is_closed, was_rewound, is_caught_up;
    struct ledger_follow follow;
    struct list heard;    /* of told_entry, not compared yet */
    struct claims claims; /* folded from the ledger, with all its checks */
    struct model model;
    int64_t now_ms;

    /* ---- the group at hand ---- */
    struct inventory_request asked[GROUP_MAX], got[GROUP_MAX];
    struct model_answer wanted[GROUP_MAX];
    size_t count, answered;
    size_t calls, call_begins[CALLS_MAX + 1]; /* index of each call's first request */
    enum kill_kind kill;
    size_t kill_call; /* in which call of the group */
    unsigned kill_after_us;
    bool is_stopped;                          /* Redis stands still, to be killed */
    size_t twice;                             /* 1 + the call that was done before it was sent again; 0: none */
    char acknowledged[LEDGER_ID_LEN_MAX + 1]; /* the last ledger id any answer carried */
    char unanswered[LEDGER_ID_LEN_MAX + 1];   /* of the call that was done twice, the first time */

    uint64_t operations, calls_made, kills, done_twice, entries, digest;
    uint64_t answers[INVENTORY_OPS][INVENTORY_ANSWERS], kills_by[KILL_KINDS];
    struct bytes difference; /* empty while everything is as it must be */
};

extern const bool play_may_step_back; /* the server's clock */
extern const bool play_may_kill;
#define PLAY_NO_LIBRARY 3 /* the program ends with this when `library` cannot be loaded */
/* False: no Redis on this machine. `library`: NULL, or the text of a library that takes the place of the node's own. */
bool play_open(struct play *p, int64_t now_ms, const char *library);
void play_close(struct play *p);
/* Asks p->asked[0..count) and compares. False: p->difference says what is not as it must be. */
bool play_group(struct play *p, size_t count);
/* The whole state: every hold through the port, the fold of the ledger, what the stage says of itself (the audit too when
 * `audit`). */
bool play_check(struct play *p, bool audit);

/* ---- between play_judge.c and its stages: play_redis.c, or play_memory.c ---- */

void play_begin(struct play *p, int64_t now_ms);
void play_end(struct play *p);
void play_follow(struct play *p, struct ledger *ledger);
void play_call_begins(struct play *p);
void play_acknowledge(struct play *p);
bool play_is_answered(const struct play *p);
bool play_has_last_entry(const struct play *p); /* of those acknowledged */
void play_ask(struct play *p);                  /* the stage asks p->got, and waits for answers and entries */
bool play_check_stage(struct play *p, bool audit);

#endif
