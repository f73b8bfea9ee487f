/* tests/support/world.h - the real core in a small world: a fake clock, memory in place of Redis, several nodes on it, people
 * who count what they are sent, and faults from a seed.
 *
 *     struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
 *     world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; viewer b@2 reserves mug-red");
 *     world_run_ms(w, 1000);
 *     world_expect(w, "[    0] a     held mug-red until 60000\n" ...);
 *     world_close(w);
 *
 * The shop `demo` has a catalogue (mug-red 12.90, cap-blue 25.00, tee-green 19.00 at most 2 a person, EUR) and the broadcast
 * `spring-drop` (holds last 60 s) with four cues: c1 mug-red at 9.90 in slot 0, c2 cap-blue in slot 1, c3 talk, c4 tee-green.
 * world_open leaves it live, started against its preflight, unless `draft` is set.
 *
 * Any broken promise stops the process with the seed and the end of the trace: a seq that is skipped or comes twice, a
 * command answered twice, an answer that contradicts the stock. world_check_all says what else is looked at. */
#ifndef LIVESHELF_TESTS_SUPPORT_WORLD_H
#define LIVESHELF_TESTS_SUPPORT_WORLD_H

#include "base/rng.h"
#include "core/orchestrator/orchestrator.h"
#include "inventory/memory/memory.h"
#include "tests/support/fake_clock.h"

#define WORLD_NODES_MAX 5
#define WORLD_PEOPLE_MAX 64
#define WORLD_START_MS INT64_C(1795177200000) /* times in traces count from here */

struct world_faults { /* of a thousand deliveries, so many */
    unsigned slow, lost, silent, repeated, unavailable;
    int64_t slow_ms_max;
};
struct world_config {
    uint64_t seed;
    unsigned nodes;                    /* 0: one */
    bool draft;                        /* leave the broadcast unstarted */
    bool can_forget;                   /* memory_forget may be used: costs memory */
    bool quiet;                        /* keep only the end of the trace */
    bool estimates;                    /* boards make estimates, and lead, and settle */
    struct orchestrator_limits limits; /* request_timeout_ms 0: the defaults */
};

struct world;
struct world *world_open(const struct world_config *config);
/* Runs the rest out, checks everything once more, and that nothing is in flight or leaked. */
void world_close(struct world *w);

/* Sentences, separated by semicolons, each run until nothing more happens at this very moment. WHO is a name, made when first
 * said: "host", "host2", "shop", or "viewer a"; "@2" behind it connects them to node 2; "a/2" is another screen of viewer a.
 *   host: stocks SKU N | withdraws SKU N | pins SKU [SLOT] | unpins SLOT | prices SKU AMOUNT | offers SKU AMOUNT MS | stops SKU |
 *         opens SKU | recalls SKU [keep|cancel|honour] | traces SKU | starts | forces | pauses | resumes | ends | undoes | next | goes CUE | says CUE 10 |
 *         approves ID | rejects ID | notices TEXT | loads [DOCUMENT] | preflights; any of them with "at SEQ" behind it: expect_seq
 *   viewer: reserves SKU [N] [as ID] [seeing VERSION] | releases [ID] | extends [ID] | pays [ID] | joins SKU [N] | leaves SKU
 *   shop: confirms ID AMOUNT [ORDER] | frees ID | looks ID | creates ID TITLE | lists | counts SKU COUNT GONE VERSION [AGO_MS] |
 *         replaces [FLOOR of mug-red] | takes SKU for VIEWER as ID | prolongs ID | recalls and traces as a host
 *   anyone: comes [NODE] | goes-away
 *   node: N dies | N starts | N cut | N back | N stock on|off */
void world_do(struct world *w, const char *sentences);
void world_run_ms(struct world *w, int64_t ms);
/* The trace since the last expectation; a difference stops the process and prints both. With WORLD_PRINT in the environment
 * nothing is compared, and what happened is printed as it is written in a story. */
void world_expect(struct world *w, const char *trace);
void world_forget_trace(struct world *w);

/* ---- for the storm ---- */
struct world_person; /* host, viewer or the shop's machine */
struct rng *world_rng(struct world *w);
int64_t world_now_ms(const struct world *w); /* since WORLD_START_MS */
void world_set_faults(struct world *w, const struct world_faults *faults);
struct world_person *world_person(struct world *w, const char *name, enum role role);
void world_person_of(struct world_person *p, const char *broadcast); /* from now on; while they are away */
bool world_is_connected(const struct world_person *p);
/* Connects (a second time: leaves first) with what the person has seen; they may hear `unavailable` and stay away. */
void world_come(struct world *w, struct world_person *p, unsigned node);
void world_go_away(struct world *w, struct world_person *p);
/* Gives the command an id of its own where it has none, and sends it. False: not connected. */
bool world_submit(struct world *w, struct world_person *p, struct command *command);
void world_last_hold(const struct world_person *p, struct hold_id *ret); /* none: none yet */
uint64_t world_seen_seq(const struct world_person *p);
const char *world_last_answer(
    const struct world_person *p); /* "ok", "held", "in line", "other", or an error's code; "" before the first */
size_t world_unanswered(const struct world *w);                                    /* of people whose node lives */
const struct hold *world_truth(const struct world *w, const struct hold_id *hold); /* NULL: there is none */
void world_node_die(struct world *w, unsigned node);
void world_node_start(struct world *w, unsigned node);
bool world_node_lives(const struct world *w, unsigned node);
void world_node_cut(struct world *w, unsigned node, bool off);
/* All nodes are cut off, the truth forgets `writes`, all come back. What was promised before may be lost from now on, unless
 * `vouched`: then every promise must be kept once all nodes sell again. */
void world_fail_over(struct world *w, size_t writes, bool vouched);
bool world_sells(const struct world *w); /* every node that lives */
/* The node is told an entry that does not add up. */
void world_corrupt(struct world *w, unsigned node);
bool world_count(const struct world *w, const struct sku_id *sku, struct stock_count *ret); /* as the stock has it */
const struct claims *world_claims(const struct world *w, unsigned node);
size_t world_checkpoints(const struct world *w); /* told to all nodes together */
struct orchestrator *world_orchestrator(struct world *w, unsigned node);
/* With estimates: at every tick of every node, a replay's too, what was fed and the estimate of it are compared with those of whoever
 * came to that tick first, bit for bit; a difference stops the process. So often so far. */
size_t world_ticks_compared(const struct world *w);
/* Within a minute without faults one node leads, every node that lives has what it told last, and what each would tell is the same. */
void world_check_estimates(struct world *w);
struct board; /* logistics/board/board.h */
struct board *world_board(struct world *w, unsigned node);
uint64_t world_published(const struct world *w, unsigned node); /* seq of the newest estimate it told of; 0: none */
unsigned world_settled(const struct world *w, unsigned node);   /* how often it told that a broadcast is settled */
void world_print_tally(const struct world *w);      /* what was answered, published and pushed, and how often */
bool world_step(struct world *w, int64_t until_ms); /* one timer; false: none left until then */

/* At any moment: the stock's own laws; every hold somebody was told is theirs is so, but while a fail-over is mended; every command
 * whose time is up was answered; screens show what is so, or a tick is to come. With each publish: under one epoch and seq every node says the same. */
void world_check(struct world *w);
/* When nothing is under way: a host's `ok` names an event that is there; every node's broadcast equals every other's, its counts and holds equal the truth. */
void world_check_all(struct world *w);
_Noreturn void world_fail(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
