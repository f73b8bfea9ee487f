/* tests/torture/model.h - what the stock must answer, told a second time: a sequential model, written from the contract
 * (core/ports/inventory.h, core/broadcast/movement.h, docs/decisions/0004), not from any implementation.
 *
 * Pure. It is given each call of the stock as it was made - the requests in their order, and the time - and says every
 * answer, every movement, and with them the whole state. Slow and plain on purpose: where an implementation keeps an
 * index, this looks through everything.
 *
 * Two freedoms are left to the implementation. Where more than HOLD_EXPIRE_BATCH_MAX holds are due it need not end all at
 * once, only so many: then the ledger's entry says which. And what ended, was extended, paused or kept leaves timers behind
 * that have to be looked through: the model keeps an upper bound of those due (`owed`), and beyond MODEL_TIMERS_SEEN of them
 * a call may end any of the holds that are due, or none.
 *
 * And one history is left out: the server's clock must not step back behind model.forgotten_ms, since a hold that is
 * unknown after its day may or may not be kept still. */
#ifndef LIVESHELF_TESTS_TORTURE_MODEL_H
#define LIVESHELF_TESTS_TORTURE_MODEL_H

#include "core/ports/inventory.h"

#define MODEL_TIMERS_SEEN 1000

struct model_sku {
    struct list link;
    struct stock_count count, told; /* now; and before the call at hand */
    bool is_tracked;                /* units per viewer are counted: since the first limit */
    struct map taken;               /* viewer -> int64_t *, units held and bought */
    struct map refs;                /* ref -> struct model_ref * */
    struct list line;               /* of model_wait, first come first */
    int64_t line_len;
};
struct model_ref {
    enum inventory_op op;
    int64_t units;
};
struct model_wait {
    struct list link;
    struct hold wish; /* viewer, broadcast, currency, one line */
    int64_t ttl_ms;
    uint64_t ticket;
};
struct model_hold {
    struct list link;
    bool is_spared;   /* by the call at hand */
    bool is_named;    /* by its entry, as expired */
    struct hold hold; /* expires_at_ms on its broadcast's clock while held */
};
struct model_clock {
    struct list link;
    struct broadcast_id broadcast;
    int64_t stood_ms, since_ms;
    bool is_frozen;
    struct epoch_id epoch;
    int64_t seq;
};
struct model_timer { /* at `at_ms` something may look at a hold that ends at `expires_ms` on its broadcast's clock */
    int64_t at_ms, expires_ms;
    struct model_clock *clock; /* NULL: server time */
};
struct model {
    struct map skus, holds, clocks; /* by id */
    struct list all_skus, all_holds, all_clocks;
    uint64_t tickets;           /* places in line given so far; an offer is named after its place */
    int64_t checkpoint_ms;      /* -1: none yet */
    int64_t forgotten_ms;       /* the latest time at which a hold became unknown */
    int64_t quiet_until_ms;     /* before this nothing comes due */
    struct model_timer *timers; /* a heap, soonest first */
    size_t timers_count, timers_capacity;
    struct model_timer *parked; /* came due while their broadcasts stand still */
    size_t parked_count, parked_capacity;
    size_t owed;             /* timers due that need not have been looked at yet */
    int64_t now_ms;          /* of the call at hand */
    struct model_hold **due; /* of the call at hand, in the order of their ends */
    size_t due_count, due_capacity;
    /* Movements of the call at hand; from told_kept on, those of the checkpoint it wrote. */
    struct movement *told;
    size_t told_count, told_capacity, told_kept;
    bool writes_checkpoint;
    const struct inventory_request *checkpoint; /* asked for by the call: decided at its end */
    struct model_answer *checkpoint_answer;
};

struct model_answer {
    enum inventory_answer answer;
    bool has_line, has_hold, has_ahead, has_count; /* which of the following are promised */
    uint8_t fault_line;
    int64_t ahead;
    struct hold hold; /* expires in server time */
    struct stock_count count;
};

void model_init(struct model *m);
void model_finish(struct model *m);

/* One call. `ret` has room for `count` answers; m->told are its movements afterwards. `entry` is what it wrote into the ledger
 * (NULL: nothing); looked at only in a crowd. False: it says that a hold expired which was not due. */
bool model_call(struct model *m, const struct inventory_request *asked, size_t count, int64_t now_ms,
                const struct ledger_entry *entry, struct model_answer *ret);

size_t model_holds_open(const struct model *m);
const struct model_hold *model_hold_find(const struct model *m, const char *id);

/* ---- between the files of the model ---- */

struct model_sku *model_sku(const struct model *m, const char *sku); /* NULL: unknown */
struct model_sku *model_sku_make(struct model *m, const char *sku);
int64_t model_taken(const struct model_sku *s, const char *viewer);
void model_take(struct model_sku *s, const char *viewer, int64_t units);    /* negative: gives back */
struct model_clock *model_clock_of(struct model *m, const char *broadcast); /* makes it */
int64_t model_clock_now(const struct model *m, const char *broadcast);      /* what its clock shows */
int64_t model_clock_at(const struct model *m, const char *broadcast, int64_t now_ms);
bool model_is_parked(const struct model *m, const struct hold *h);    /* its time stands still */
struct hold model_shown(const struct model *m, const struct hold *h); /* as answers say it */
struct model_hold *model_hold_open(struct model *m, const struct hold *claim, int64_t ttl_ms);
void model_hold_end(struct model *m, struct model_hold *h, enum hold_state state);
void model_wake_at(struct model *m, int64_t at_ms); /* something may be due then */
void model_timer_arm(struct model *m, const struct hold *h);
void model_timers_again(struct model *m, size_t count); /* so many are looked at by the next call */
void model_timers_unpark(struct model *m, const struct model_clock *c);
bool model_has_recall(const struct model *m, const struct hold *h, enum recall_mode a, enum recall_mode b);

void model_tell_hold(struct model *m, enum movement_kind kind, const struct hold *h);
struct movement *model_tell(struct model *m, enum movement_kind kind); /* empty, to be filled in */

enum inventory_answer model_reserve(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_extend(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_confirm(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_release(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_take_back(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_hold_get(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_join(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_leave(struct model *m, const struct inventory_request *r, struct model_answer *a);
void model_offer_is_back(struct model *m, const struct hold *h);
void model_serve(struct model *m, struct model_sku *s);        /* offers what is there to the line */
void model_serve_lines(struct model *m, const struct hold *h); /* of the SKUs of a hold that ended */
enum inventory_answer model_stock(struct model *m, const struct inventory_request *r, struct model_answer *a);
enum inventory_answer model_freeze(struct model *m, const struct inventory_request *r, struct model_answer *a);
void model_checkpoint(struct model *m); /* at the end of the call that asked for one */

/* Is the request well formed? model_valid.c */
bool model_valid(const struct inventory_request *r);
bool model_ref_is_valid(const char *ref);

/* Would an extend of this hold be granted now? */
enum model_grant { GRANT_MOVES, GRANT_IS_SO, GRANT_USED_UP };
enum model_grant model_grant(const struct model *m, const struct hold *h, int64_t ttl_ms);

#endif
