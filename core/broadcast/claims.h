/* core/broadcast/claims.h - a shop's stock and holds as this node knows them, folded from the ledger.
 *
 * Pure. A projection: it may lag Redis by a moment and decides nothing but refusals that are certain (sold out) and
 * what is shown. Folding is idempotent per ledger entry id; entries come in ledger order. */
#ifndef LIVESHELF_CORE_BROADCAST_CLAIMS_H
#define LIVESHELF_CORE_BROADCAST_CLAIMS_H

#include "base/list.h"
#include "base/map.h"
#include "core/broadcast/movement.h"

#define SYNC_DELAYS_KEPT 64
#define CLAIMS_HOLDS_MAX 10000000 /* open and confirmed holds, and viewers, of one shop */
#define CLAIMS_TAKEN_BACK_MAX 100000
#define LEDGER_ID_LEN_MAX 41
/* Ids are "ms-seq", compared as numbers; "" comes before all: < 0, 0, > 0. */
int ledger_id_order(const char *a, const char *b);
struct ledger_entry {
    char id[LEDGER_ID_LEN_MAX + 1]; /* "ms-seq", grows */
    int64_t ms;
    /* The whole state at this point: `counts` are all there are, `movements` are KEPT for each open hold, WAITING for each in
     * line, first come first, and FROZEN or THAWED for each broadcast that ever stood still (FROZEN: `units` as THAWED, then
     * still since `gone`). Nothing moves. A fold may begin here; a fold that was there before must agree. */
    bool is_checkpoint;
    const struct movement *movements; /* borrowed for the call */
    size_t movements_count;
    const struct stock_count *counts; /* absolute, after the entry, of each SKU it changed; borrowed */
    size_t counts_count;
};

struct claim {             /* a hold that is open, was confirmed, or was taken back by a recall */
    struct list of_viewer; /* in its viewer's list; taken back: in claims.taken_back */
    int64_t since_ms;      /* time of the entry that made it what it is */
    struct hold hold;      /* last: allocated with HOLD_SIZE(lines_count) only, so never copied by assignment */
};
struct claim_sku {
    struct stock_count count;
    int64_t waitlist; /* viewers in line */
    bool known;       /* a count was seen; false: it has a waitlist alone */
};

struct claims {
    struct map holds;                      /* hold id -> struct claim * */
    struct map viewers;                    /* viewer id -> list head of claims and of waits */
    struct map skus;                       /* sku -> struct claim_sku * */
    char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* of the last entry folded; "" before the first */
    uint64_t version;                      /* grows with every entry folded; the `ver` of stock messages on this node */
    bool complete;                         /* the ledger was folded to its end once */
    struct map clocks;                     /* broadcast -> struct claim_clock * */
    /* Every entry is checked as it is folded: its movements must lead from the counts before to the counts it carries, counts
     * must add up, a hold ends once, a checkpoint must say what was folded. */
    uint64_t differences;                  /* found so far; 0, or nothing more is to be sold */
    char difference[256];                  /* the first, in words; "" */
    struct {                               /* the warehouse's counts: how late they came */
        int64_t last_ms;                   /* -1: never said */
        int64_t p95_ms;                    /* of the last SYNC_DELAYS_KEPT; -1 */
        int64_t kept_ms[SYNC_DELAYS_KEPT]; /* a ring */
        uint64_t count;                    /* seen so far */
    } sync_delay;
    size_t open, waiting;   /* holds that are held; places in all lines */
    struct list taken_back; /* struct claim, oldest first: in no other place but their SKUs' lists */
    size_t taken_back_count;
    uint64_t audit;               /* numbers the entries audited */
    struct claims_entry *touched; /* SKUs the present entry moves */
    bool unfinished; /* the last fold failed half way: what it did is found done when the entry is given again */
};
struct claim_clock {         /* of a broadcast that was paused */
    int64_t stood_ms;        /* how long it stood still before the present pause */
    int64_t frozen_since_ms; /* 0: it runs */
};

void claims_init(struct claims *c);
void claims_finish(struct claims *c);
/* RESULT_OK, also for an entry already folded; otherwise RESULT_NO_MEMORY, or RESULT_FULL at CLAIMS_HOLDS_MAX: the entry
 * does not count as folded and may be given again. */
MUST_USE enum result claims_fold(struct claims *c, const struct ledger_entry *e);
const struct claim_sku *claims_sku(const struct claims *c, const char *sku); /* NULL: never allocated nor waited for */
const struct hold *claims_hold(const struct claims *c, const char *hold);
/* The viewer's open holds first, then those confirmed; at most `max`; returns how many. */
size_t claims_of_viewer(const struct claims *c, const char *viewer, const struct hold **ret, size_t max);
/* SKUs the viewer is in line for; at most `max`. */
size_t claims_waits_of_viewer(const struct claims *c, const char *viewer, struct sku_id *ret, size_t max);
/* Server time at which an open hold ends if its broadcast goes on at `now_ms`; other states: expires_at_ms. */
int64_t claims_expires_ms(const struct claims *c, const struct hold *hold, int64_t now_ms);
struct claim_clock claims_clock(const struct claims *c, const char *broadcast); /* zeroed when it never stood still */
/* Calls `found` for every hold, open or confirmed, with a line of this SKU; the order is not said. Borrowed for the call. */
void claims_each_of_sku(const struct claims *c, const char *sku, void (*found)(void *ctx, const struct hold *hold),
                        void *ctx);
/* The same, of holds that a recall took back: the last CLAIMS_TAKEN_BACK_MAX of the shop. Their state is RELEASED. */
void claims_taken_back_of_sku(const struct claims *c, const char *sku,
                              void (*found)(void *ctx, const struct hold *hold), void *ctx);
/* The same, of open holds alone, at most `max`; returns how many were given. */
size_t claims_open_of_sku(const struct claims *c, const char *sku, const struct hold **ret, size_t max);
/* Units of this SKU sold in the 60 s up to `now_ms`, by the entries' times. */
int64_t claims_sold_lately(const struct claims *c, const char *sku, int64_t now_ms);
int64_t claims_ahead(const struct claims *c, const char *sku, const char *viewer); /* viewers before; -1: not in line */

enum stock_state { STOCK_OK, STOCK_LOW, STOCK_HELD_OUT, STOCK_SOLD_OUT, STOCK_STOPPED };
#define STOCK_SHOWN_MAX 50 /* above this many left viewers are shown no number */
#define STOCK_LOW_MAX 10
const char *stock_state_name(enum stock_state state);
/* What viewers are shown. available <= 0 with units held: HELD_OUT; otherwise SOLD_OUT. */
enum stock_state stock_state_of(const struct stock_count *count);

#endif
