/* inventory/redis/audit_fold.h - the ledger folded a second time, suspiciously. Pure. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_FOLD_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_FOLD_H

#include "base/map.h"
#include "inventory/redis/audit.h"

#define AUDIT_MAP_MAX 50000000

struct audit_sku {
    struct audit_certificate certificate; /* `count` by the movements alone */
    struct stock_count told;              /* as the last entry said */
    bool is_told, is_moved;               /* is_moved: by the present entry */
};
struct audit_fold {
    struct map skus;  /* sku -> struct audit_sku * */
    struct map holds; /* id -> struct hold *, cut after its lines */
    struct audit_result *result;
    const struct ledger_entry *entry;
};

MUST_USE enum result audit_fold_init(struct audit_fold *f, struct audit_result *result);
void audit_fold_finish(struct audit_fold *f);
MUST_USE enum result audit_fold_entry(struct audit_fold *f, const struct ledger_entry *entry);
/* What Redis keeps, against what was folded. */
void audit_fold_compare_row(struct audit_fold *f, const struct stock_count *kept, int64_t waiting);
void audit_fold_compare_hold(struct audit_fold *f, const struct hold *kept);
/* After all rows and holds; `kept_holds` has the ids of those kept. Nothing folded may be missing there. Fills the
 * certificates. */
MUST_USE enum result audit_fold_close(struct audit_fold *f, const struct map *kept_holds);
void audit_differ(struct audit_result *r, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
