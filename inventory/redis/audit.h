/* inventory/redis/audit.h - is the stock what its ledger says? For `liveshelf audit`, and for tests.
 *
 * The ledger is replayed from its first entry by a second set of rules, which must come to the same counts as each entry says,
 * and in the end to the counters and the holds that are kept. The laws that only Redis can see (timers, limits,
 * waitlists) are checked there. One shop at a time; blocking calls, not for the loop thread.
 *
 * The last step reads all holds of the shop in one atomic step, about 10 ms per 10,000 of them, during which the
 * shop's Redis does nothing else. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_H

#include "base/bytes.h"
#include "core/broadcast/claims.h"

#define AUDIT_DIFFERENCES_MAX 200 /* kept; more are counted */
#define AUDIT_TEXT_MAX 240

struct audit_certificate {                                                           /* of one SKU */
    struct stock_count count;                                                        /* as Redis keeps it */
    int64_t waiting;                                                                 /* viewers in line */
    uint64_t holds_held, holds_confirmed, holds_released, holds_expired, holds_void; /* ever, by their last state */
    char first_id[LEDGER_ID_LEN_MAX + 1], last_id[LEDGER_ID_LEN_MAX + 1]; /* ledger entries that changed its count */
};

struct audit_result {
    struct shop_id shop;
    uint64_t entries, movements, holds; /* replayed; holds ever made */
    char first_id[LEDGER_ID_LEN_MAX + 1], last_id[LEDGER_ID_LEN_MAX + 1];
    struct audit_certificate *skus; /* in order of SKU */
    size_t skus_count;
    char (*differences)[AUDIT_TEXT_MAX];
    size_t differences_count;   /* <= AUDIT_DIFFERENCES_MAX */
    uint64_t differences_total; /* 0: the stock is what its ledger says */
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
