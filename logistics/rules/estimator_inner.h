/* logistics/rules/estimator_inner.h - the inside of an estimator: shared by estimator.c (its life, its estimates), feed.c (events of the
 * broadcast and of SKUs), lines.c (events of holds) and teach.c (digests). */
#ifndef LIVESHELF_LOGISTICS_RULES_ESTIMATOR_INNER_H
#define LIVESHELF_LOGISTICS_RULES_ESTIMATOR_INNER_H

#include "base/map.h"
#include "logistics/rules/fold.h"
#include "logistics/rules/table.h"

#define SECONDS_MAX 1e8 /* three years: no broadcast lasts that long */

enum line_state { LINE_OPEN, LINE_ENDED, LINE_CONFIRMED, LINE_SHIPPED, LINE_GONE }; /* gone: cancelled or returned */

/* One SKU of one hold. */
struct line {
    struct table_entry entry; /* hash of the hold; units */
    uint64_t buyer;           /* hash */
    double t;                 /* when it began; once confirmed: when that was */
    struct place place;
    uint16_t sku, column;
    uint8_t state, pin_bin, row, begun; /* begun: enum begun */
};
_Static_assert(sizeof(struct line) == 48, "a million holds cost what this says, and a fifth more");

#define PAIR_ALONE (UINT32_C(1) << 31) /* beside its units: it has one line, whose cancellation frees it */
struct pair {                          /* a parcel: what one buyer gets from one site with one wave */
    struct table_entry entry;
};

struct estimator {
    struct fold fold;
    struct logistics_plan plan;
    struct prior *prior;
    struct map skus; /* id -> place in fold.skus, plus one, as a pointer */
    struct table lines, pairs;
    struct weighed *scratch;
    size_t scratch_count;
};

/* The place of a SKU; one that was never heard of comes onto the shelf now. RESULT_MALFORMED: no id; RESULT_FULL; RESULT_NO_MEMORY. */
MUST_USE enum result estimator_sku(struct estimator *e, const char *sku, size_t *ret);
/* Of an event that cannot be: counted, and that is all. */
enum result estimator_impossible(struct estimator *e);
/* lines.c: an event that names a hold. */
MUST_USE enum result estimator_feed_line(struct estimator *e, const struct sale_event *event);

#endif
