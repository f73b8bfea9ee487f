/* inventory/redis/audit.h - is the stock what its ledger says? For `liveshelf audit`, and for tests.
 *
 * The ledger is replayed by a second set of rules, which must come to the same counts as each entry says, to the same state
 * as each checkpoint, and in the end to what is kept: counters, holds, timers, limits, lines, clocks. It begins at the first entry, or, when
 * the ledger was cut, at its first checkpoint. One shop at a time; blocking calls, not for the loop thread.
 *
 * A selling shop is not stopped. What is kept is read in pages, and each page in one step with the ledger up to it, so
 * that every page is compared with exactly the state it must show; a page takes Redis about a millisecond. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_H

#include "base/bytes.h"
#include "core/broadcast/claims.h"

#define AUDIT_DIFFERENCES_MAX 200 /* kept; more are counted */
#define AUDIT_REMARKS_MAX 50      /* the same */
#define AUDIT_TEXT_MAX 400

struct audit_certificate {                                                           /* of one SKU */
    struct stock_count count;                                                        /* by the movements */
    int64_t waiting;                                                                 /* viewers in line */
    uint64_t holds_held, holds_confirmed, holds_released, holds_expired, holds_void; /* by their last state */
    char first_id[LEDGER_ID_LEN_MAX + 1], last_id[LEDGER_ID_LEN_MAX + 1]; /* ledger entries that told its count */
};

struct audit_result {
    struct shop_id shop;
    uint64_t entries, movements, holds; /* replayed; holds that were made, or open in the checkpoint begun at */
    uint64_t checkpoints;
    uint64_t unchecked;        /* entries before the first checkpoint of a ledger that was cut */
    bool begins_at_checkpoint; /* false: at the first entry there ever was */
    char first_id[LEDGER_ID_LEN_MAX + 1], last_id[LEDGER_ID_LEN_MAX + 1];
    struct audit_certificate *skus; /* in order of SKU */
    size_t skus_count;
    char (*differences)[AUDIT_TEXT_MAX];
    size_t differences_count;   /* <= AUDIT_DIFFERENCES_MAX */
    uint64_t differences_total; /* 0: the stock is what its ledger says */
    /* What only a lost end of the ledger explains, put back afterwards: sold while stopped, recalled or over a limit. No
     * difference: every unit is accounted for. */
    char (*remarks)[AUDIT_TEXT_MAX];
    size_t remarks_count;
    uint64_t remarks_total;
};

/* RESULT_OK also with differences. RESULT_MALFORMED: the url; RESULT_UNAVAILABLE; RESULT_NO_MEMORY; RESULT_NOT_FOUND: no such
 * shop. *ret_why, when not NULL, says more; constant or until the next call. The caller finishes *ret. */
MUST_USE enum result audit_run(const char *url, const struct shop_id *shop, struct audit_result *ret,
                               const char **ret_why);
void audit_finish(struct audit_result *r); /* zeroed memory is fine */
/* Calls `found` for every shop with stock on this Redis; on a Cluster only those of the node asked. */
MUST_USE enum result audit_shops(const char *url, void (*found)(void *ctx, const struct shop_id *shop), void *ctx,
                                 const char **ret_why);
/* The certificate, for people: a table, and every difference. */
void audit_write(const struct audit_result *r, struct bytes *out);

#endif
