/* inventory/redis/audit_fold.h - the ledger folded a second time, suspiciously. Pure.
 *
 *   audit_fold.c   entries: units from side to side, and the counts that each entry carries
 *   audit_hold.c   a hold's path from its first movement to its end, its time, its line, its viewer's limit
 *   audit_point.c  checkpoints: begun at, or agreed with
 *
 * What the ledger alone can show is demanded at every position: nothing granted that was not there, nothing sold while
 * stopped or recalled, one end per hold and in its time, clocks that add up, counts and checkpoints that say what was moved. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_FOLD_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_FOLD_H

#include "base/map.h"
#include "inventory/redis/audit.h"

#define AUDIT_MAP_MAX 50000000
#define AUDIT_RETAIN_MS INT64_C(86400000)             /* an ended hold is known for so long, and its id not free */
#define AUDIT_PAIR_MAX (ID_LEN_MAX + REF_LEN_MAX + 2) /* "sku/viewer", "sku/ref" */

/* What has to be found in a scan of what is kept: there since before it began. */
enum audit_mark { MARK_NONE, MARK_WANTED, MARK_SEEN };
struct audit_sku {
    struct audit_certificate certificate; /* `count` by the movements alone */
    uint64_t tickets;                     /* given to its line */
    int64_t held_by_holds;                /* by the checkpoint looked at */
    uint64_t last_ticket;                 /* the same */
    bool is_told;                         /* an entry said its count */
    bool is_moved;                        /* by the present entry, and not told yet */
    bool is_tracked;                      /* it had a limit: units per viewer are counted */
    bool is_seen;                         /* in the checkpoint looked at */
    enum audit_mark kept;                 /* its row */
};
struct audit_hold {
    enum audit_mark kept, timed; /* its record; its timer */
    uint32_t point;              /* the last checkpoint that had it */
    struct hold hold;            /* last: cut after its lines */
};
struct audit_wait { /* one viewer in line for one SKU */
    int64_t units;
    uint64_t ticket; /* grows with the line */
    uint32_t point;
    enum audit_mark kept, placed; /* its wish; its place */
};
struct audit_clock {
    int64_t stood_ms, since_ms; /* since_ms 0: it runs */
    uint32_t point;
    enum audit_mark kept;
};
struct audit_taken { /* units a viewer holds or bought of a SKU with a limit: at least, at most */
    int64_t low, high;
    enum audit_mark kept;
};
struct audit_ref { /* a stock move's own name */
    enum movement_kind kind;
    int64_t units;
    enum audit_mark kept;
};

struct audit_fold {
    struct map skus;   /* sku -> struct audit_sku * */
    struct map holds;  /* id -> struct audit_hold * */
    struct map waits;  /* "sku/viewer" -> struct audit_wait * */
    struct map clocks; /* broadcast -> struct audit_clock * */
    struct map taken;  /* "sku/viewer" -> struct audit_taken * */
    struct map refs;   /* "sku/ref" -> struct audit_ref * */
    struct audit_result *result;
    const struct ledger_entry *entry; /* the present one */
    int64_t begin_ms;                 /* of the checkpoint that the fold began at; 0: it began at nothing */
    uint64_t open;                    /* holds */
    bool waits_for_checkpoint;        /* the ledger was cut: what comes before the first checkpoint proves nothing */
};

MUST_USE enum result audit_fold_init(struct audit_fold *f, struct audit_result *result);
void audit_fold_finish(struct audit_fold *f);
MUST_USE enum result audit_fold_entry(struct audit_fold *f, const struct ledger_entry *entry);
/* Fills the certificates, after everything else. */
MUST_USE enum result audit_fold_close(struct audit_fold *f);

void audit_differ(struct audit_result *r, const char *format, ...) PRINTF_LIKE(2, 3);
void audit_remark(struct audit_result *r, const char *format, ...) PRINTF_LIKE(2, 3);
bool audit_same_count(const struct stock_count *a, const struct stock_count *b);
/* "WHERE: SKU WHOSE says ..., the movements say ...", with what else differs. */
void audit_differ_counts(struct audit_result *r, const char *where, const char *whose,
                         const struct stock_count *by_moves, const struct stock_count *told);
/* All terms but the state, the time and the order. */
bool audit_same_terms(const struct hold *a, const struct hold *b);

/* ---- between the files of the fold ---- */

/* The value of the key, made of zeroes when new; NULL: no memory. */
void *audit_at(struct map *m, const char *key, size_t size);
struct audit_sku *audit_fold_sku(struct audit_fold *f, const char *sku);
MUST_USE enum result audit_move_units(struct audit_fold *f, const char *sku, enum movement_kind kind, int64_t units);
/* audit_hold.c */
MUST_USE enum result audit_fold_hold(struct audit_fold *f, const struct movement *m);
MUST_USE enum result audit_keep_hold(struct audit_fold *f, const struct hold *h);
MUST_USE enum result audit_fold_wait(struct audit_fold *f, const struct movement *m);  /* WAITING, LEFT */
MUST_USE enum result audit_fold_clock(struct audit_fold *f, const struct movement *m); /* FROZEN, THAWED */
/* The SKU has its first limit: what viewers took so far is counted. */
MUST_USE enum result audit_track(struct audit_fold *f, struct audit_sku *sku);
/* What a broadcast's clock shows, by the movements so far. */
int64_t audit_clock_shows(const struct audit_fold *f, const struct broadcast_id *broadcast, int64_t now_ms);
int64_t audit_clock_stood(const struct audit_fold *f,
                          const struct broadcast_id *broadcast); /* before the present pause */
bool audit_clock_stands(const struct audit_fold *f, const struct broadcast_id *broadcast);
/* audit_point.c */
MUST_USE enum result audit_fold_checkpoint(struct audit_fold *f, const struct ledger_entry *e);

#endif
