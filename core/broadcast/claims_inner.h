/* core/broadcast/claims_inner.h - what the files behind claims.h share:
 *
 *   claims.c        holds, lines, clocks: kept, dropped, asked for
 *   claims_fold.c   an entry's movements, in order, then its counts, which are absolute
 *   claims_audit.c  what the counts must be after the movements; a checkpoint compared
 *   claims_rate.c   sales of the last minute, delays of the warehouse's counts */
#ifndef LIVESHELF_CORE_BROADCAST_CLAIMS_INNER_H
#define LIVESHELF_CORE_BROADCAST_CLAIMS_INNER_H

#include "core/broadcast/claims.h"

struct claims_viewer { /* what `viewers` points to; gone when both lists are empty */
    struct list claims;
    struct list waits;
};
struct sales;             /* of the last minute, by the second */
struct claims_entry {     /* what `skus` points to */
    struct claim_sku sku; /* first: this is what callers are shown */
    struct list line;     /* waits, the longest waiting first */
    struct list open;     /* struct claim_line: of holds that are open */
    struct list sold;     /* the same, of those confirmed */
    struct list back;     /* the same, of those a recall took back */
    struct sales *sales;  /* NULL: none yet */
    /* While one entry is audited: what the movements so far make of the counts. */
    struct stock_count sum;
    uint64_t audit; /* `sum` is of this audit; another: not touched by it */
    uint64_t told;  /* the audit in which the entry told its count */
    struct claims_entry *next_touched;
    const struct list *next_waiting; /* while a checkpoint is compared */
};
struct claim_line { /* one for each line of a hold, kept behind it */
    struct list of_sku;
    struct claims_entry *entry;
    struct claim *claim;
};
struct wait {
    struct list of_sku;
    struct list of_viewer;
    struct sku_id sku;
    struct viewer_id viewer;
};

/* claims.c */
struct claim_line *claim_lines(const struct claim *claim);
struct claim *claim_find(const struct claims *c, const char *hold);
/* Replaces what was kept under this id. */
MUST_USE enum result claim_keep(struct claims *c, const struct hold *hold, enum hold_state state, int64_t now_ms,
                                struct claim **ret);
void claim_drop(struct claims *c, struct claim *claim);
void claim_take_back(struct claims *c, struct claim *claim, const struct hold *ended); /* as many lines as before */
MUST_USE enum result claims_entry_make(struct claims *c, const char *sku, struct claims_entry **ret);
MUST_USE enum result wait_join(struct claims *c, const struct sku_id *sku, const struct viewer_id *viewer);
void wait_leave(struct claims *c, const char *sku, const char *viewer);
MUST_USE enum result clock_set(struct claims *c, const char *broadcast, struct claim_clock now);

/* claims_audit.c */
void claims_differ(struct claims *c, const struct ledger_entry *e, const char *format, ...) PRINTF_LIKE(3, 4);
void audit_begin(struct claims *c);
struct stock_count *audit_sum(struct claims *c, struct claims_entry *entry);
/* Every line of the hold moves: so many times its units. */
void audit_move(struct claims *c, const struct claim *claim, int available, int held, int sold);
/* The counts told become the counts known; `all_known` false: a fold begins here, and what was sold before is taken as told. */
MUST_USE enum result audit_counts(struct claims *c, const struct ledger_entry *e, bool begins);
void audit_checkpoint(struct claims *c, const struct ledger_entry *e);

/* claims_rate.c */
void sales_add(struct claims_entry *entry, int64_t ms, int64_t units); /* no memory: goes uncounted */
void sync_delay_add(struct claims *c, int64_t delay_ms);

#endif
