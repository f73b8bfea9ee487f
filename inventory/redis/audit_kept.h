/* inventory/redis/audit_kept.h - what Redis keeps of a shop, against its ledger. Pure.
 *
 * Part by part, each in pages. The fold must stand where the ledger stood when the page was read, so whatever a page
 * shows must be so; what was there when the scan of a part began, and has not gone since, must come in one of its pages:
 *
 *     for each part:  audit_kept_begin, audit_kept_pair of each pair that comes, audit_kept_end
 *     audit_kept_finish
 *
 * `places` come before `wishes`. A zset is told as pairs of member and score. */
#ifndef LIVESHELF_INVENTORY_REDIS_AUDIT_KEPT_H
#define LIVESHELF_INVENTORY_REDIS_AUDIT_KEPT_H

#include "inventory/redis/audit_fold.h"
#include "inventory/redis/text.h"

enum audit_part {              /* of the keys of a shop's stock */
                  PART_ROWS,   /* c */
                  PART_HOLDS,  /* h */
                  PART_TAKEN,  /* l */
                  PART_PLACES, /* w */
                  PART_WISHES, /* y */
                  PART_CLOCKS, /* f */
                  PART_REFS,   /* r */
                  PART_TIMERS, /* x */
                  AUDIT_PARTS,
};

struct audit_kept {
    struct audit_fold *fold;
    struct map places;  /* members of `w` that came */
    struct map unparks; /* lanes whose parked timers are to be looked at, by all scans so far */
    bool failed;        /* no memory */
};

void audit_kept_init(struct audit_kept *k, struct audit_fold *fold);
void audit_kept_finish(struct audit_kept *k);
void audit_kept_begin(struct audit_kept *k, enum audit_part part);
void audit_kept_pair(struct audit_kept *k, enum audit_part part, struct text key, struct text value);
/* How many were wanted and did not come; each is a difference when `tells`. Timers may be renewed without a movement, and
 * come behind a scan that passed: scan those again before telling. RESULT_NO_MEMORY. */
MUST_USE enum result audit_kept_end(struct audit_kept *k, enum audit_part part, bool tells, uint64_t *ret_missing);
/* The members of `w`, counted in the step that the fold stands at. */
void audit_kept_count_places(struct audit_kept *k, int64_t places);

#endif
