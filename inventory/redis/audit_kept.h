/* inventory/redis/audit_kept.h - what Redis keeps of a shop, against its ledger and against itself. Pure.
 *
 * Give it all rows first, then all holds, then the rest in any order; audit_kept_close looks for what is missing. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_KEPT_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_KEPT_H

#include "inventory/redis/audit_fold.h"
#include "inventory/redis/text.h"

struct audit_kept {
    struct audit_fold *fold;
    struct map holds; /* id -> struct kept_hold * */
    struct map skus;  /* sku -> struct kept_sku * */
    struct map taken; /* "sku/viewer" -> int64_t *: units of the holds kept */
    bool failed;      /* no memory */
};

void audit_kept_init(struct audit_kept *k, struct audit_fold *fold);
void audit_kept_finish(struct audit_kept *k);
/* Keys and values of the hashes `c` and `h`, of the zset `x`, of the hash `l`; members of the zset `w`. */
void audit_kept_row(struct audit_kept *k, struct text sku, struct text row);
void audit_kept_hold(struct audit_kept *k, struct text id, struct text record);
void audit_kept_timer(struct audit_kept *k, struct text id, struct text ms);
void audit_kept_taken(struct audit_kept *k, struct text pair, struct text units);
void audit_kept_place(struct audit_kept *k, struct text place);
MUST_USE enum result audit_kept_close(struct audit_kept *k);

#endif
