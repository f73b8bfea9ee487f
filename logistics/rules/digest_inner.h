/* logistics/rules/digest_inner.h - the inside of a digest, for those in logistics/rules that fill, pool and write it. */
#ifndef LIVESHELF_LOGISTICS_RULES_DIGEST_INNER_H
#define LIVESHELF_LOGISTICS_RULES_DIGEST_INNER_H

#include "logistics/rules/bins.h"
#include "logistics/rules/digest.h"

/* Counts of one broadcast. Holds are lines: a cart with two SKUs is two. */
struct lessons {
    double confirms[AGE_BINS], releases[AGE_BINS]; /* by the age of the hold, those of people */
    double at_risk[AGE_BINS];                      /* seconds that holds were open at that age */
    double tail_orders[TAIL_BINS];                 /* confirmed holds begun in the replay, by time since the end */
    double cancels[TAIL_BINS];                     /* by the age of the order */
    double holds, orders, cancelled;               /* lines; cancelled: a part counts as a part */
    double units, units_squared;                   /* of the orders */
    double pairs[2],
        pair_units[2]; /* parcels that confirmed units began, and these units: of holds begun live and in the replay */
    double shipped, returned; /* units, as the shop told */
};

struct digest_sku {
    struct sku_id sku;
    double live[PIN_BINS];     /* confirmed lines begun live, by time since its last pin */
    double exposure[PIN_BINS]; /* viewer-seconds in stock */
    double tail;               /* confirmed lines begun in the replay */
    double live_scale;         /* lines begun live, had it never been sold out */
    double tail_share;         /* of the replay's built-in profile, in stock */
    double orders, units;
};

struct digest_score {
    bool told;
    struct spread spread;
    double shipped;
};

struct digest {
    struct lessons lessons;
    double hold_s, planned_s, end_s;
    double viewers;               /* mean audience; 0: nobody said */
    double course[COURSE_BINS];   /* audience over the real length, mean 1 */
    double tail_scale[TAIL_BINS]; /* sum of live_scale over the SKUs, each by its share of the bin in stock */
    struct digest_score scores[ESTIMATE_MOMENTS];
    struct digest_sku *skus; /* owned */
    size_t skus_count;
};

#endif
