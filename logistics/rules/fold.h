/* logistics/rules/fold.h - what of a broadcast's events the estimates stand on, in sums whose size does not grow with the number of
 * holds: open holds in buckets of their age, groups of holds that began together, orders by the time they were made.
 *
 * Pure. Times: seconds since the start. The estimator (estimator.c) finds the lines that events speak of and calls this; fold_copy
 * takes what an estimate needs to another thread. */
#ifndef LIVESHELF_LOGISTICS_RULES_FOLD_H
#define LIVESHELF_LOGISTICS_RULES_FOLD_H

#include "logistics/rules/digest_inner.h"
#include "logistics/rules/estimator.h"
#include "logistics/rules/prior_inner.h"

#define NEVER (-1.0) /* a time that has not come */
#define STOCK_UNKNOWN INT64_C(-1)
#define GROUP_LINES_MIN 12u /* smaller ones are never suspected */

/* When a line began. AGAIN: in the replay, of a SKU that had been sold out in it, or since before: units that came back and go to those in
 * line. They come without exposure, so they say nothing of how the replay sells; until the shop brings more. */
enum begun { BEGUN_LIVE, BEGUN_TAIL, BEGUN_AGAIN };

struct bucket { /* open lines of a SKU that began within a few seconds */
    double begun_sum;
    int64_t units;
    int64_t step; /* which few seconds: fold.c */
    uint32_t lines, group;
    uint8_t pin_bin, begun; /* begun: enum begun */
};
struct group {       /* lines of a SKU that began within 20 s (10 min in the replay), once */
    double expected; /* confirms that the prior's hazards expect of its closed lines up to the age they reached */
    uint32_t confirmed, lines;
};
struct batch { /* confirmed units that are not cancelled, by when they were confirmed */
    int64_t step;
    double t; /* middle */
    int64_t units;
    uint16_t wave;
};

struct fold_sku {
    struct sku_id sku;
    /* of the plan and of earlier broadcasts */
    int64_t stock; /* the most that can ship; STOCK_UNKNOWN */
    uint32_t grams;
    double cm3; /* of one unit; 0: not known */
    uint32_t longest_mm;
    bool known, stopped;
    struct prior_sku prior;
    /* counts */
    int64_t net, held, waiting; /* confirmed and not cancelled; open; in line */
    int64_t open_lines;
    double orders, units, units_squared;
    /* exposure */
    double pin_t, accrued_t, added_t;
    double in_stock[PIN_BINS], all[PIN_BINS]; /* viewer-seconds by time since the last pin */
    double live[PIN_BINS], tail;              /* confirmed lines by when they began */
    double tail_in_stock[TAIL_BINS];          /* seconds of each bin of the replay before it was sold out */
    double tail_at;                           /* counted up to, since the end */
    bool tail_over;                           /* sold out in the replay, and nothing was brought since */
    double expected;                          /* sum over its groups */
    struct bucket *buckets;
    size_t buckets_first, buckets_count, buckets_capacity; /* those before `first` are empty, and others may be */
    struct group *groups;
    size_t groups_count, groups_capacity;
    int64_t group_step; /* of the newest */
    struct batch *batches;
    size_t batches_count, batches_capacity;
};

struct run_pin {
    double t;
    uint32_t sku;
};

struct fold {
    struct beliefs beliefs;
    double planned_s, hold_s, tail_s;
    uint64_t seed;
    bool same_hold_s; /* as in earlier broadcasts, of which there are some */
    /* sites and waves */
    size_t sites, waves;     /* of the plan; 0: not told apart */
    size_t columns, rows;    /* of the tables below: sites, + 1 for what is not placed yet; waves, + 1 for later */
    double cut_s[WAVES_MAX]; /* after the start, or after the end */
    bool cut_after_end[WAVES_MAX];
    uint32_t share[SITES_MAX];
    /* now */
    double now, end_t; /* end_t NEVER: live */
    bool closed;
    double viewers, audience_t;
    bool audience_known;
    double audience[AUDIENCE_BINS], audience_s[AUDIENCE_BINS]; /* viewer-seconds and seconds */
    size_t pins;                                               /* so far */
    double last_pin_t;
    double pace, pace_t; /* confirms over what the prior expects, lately; when it was reckoned */
    double alone;        /* parcels of one line */
    uint64_t late, impossible;
    struct lessons lessons;
    /* owned arrays */
    struct fold_sku *skus;
    size_t skus_count, skus_capacity;
    int64_t *firm;       /* [sku][row][column]: confirmed, not cancelled */
    int64_t *held;       /* [sku][column] */
    int64_t *site_stock; /* [sku][sites]; STOCK_UNKNOWN */
    double *pairs;       /* [row][column]: parcels: buyer, wave, site */
    struct run_pin *run;
    size_t run_count;
    struct batch *shipped; /* by day */
    size_t shipped_count, shipped_capacity;
};

void fold_finish(struct fold *f);
/* One block, freed with free(): *ret and all its arrays lie in it; without fields that only events need. */
MUST_USE enum result fold_copy(const struct fold *f, struct fold **ret);
size_t fold_bytes(const struct fold *f);

MUST_USE enum result fold_sku_add(struct fold *f, const struct sku_id *sku, const struct prior_sku *prior);
bool fold_sku_available(const struct fold_sku *s);
int64_t *fold_firm(const struct fold *f, size_t sku, size_t row, size_t column);
int64_t *fold_held(const struct fold *f, size_t sku, size_t column);
int64_t *fold_site_stock(const struct fold *f, size_t sku, size_t site);
size_t fold_column(const struct fold *f, uint16_t site); /* ESTIMATE_ALL and what the plan does not have: not placed */
/* The row of what is confirmed at t: the first wave whose cut-off has not passed. */
size_t fold_row(const struct fold *f, double t);
double fold_cut(const struct fold *f, size_t wave); /* its time; HUGE_VAL: after an end that has not come */

/* Before anything changes that exposure depends on (stock, pins, audience, the end): counts it up to t. */
void fold_sku_accrue(const struct fold *f, struct fold_sku *s, double t);
void fold_accrue(struct fold *f, double t);
/* The share of the replay's profile (one number per bin) that passed so far while the SKU was in stock. */
double fold_tail_seen(const struct fold_sku *s, const double profile[TAIL_BINS]);

/* A line begins, or begins anew: joins a bucket and a group. */
struct place {
    uint32_t bucket, group;
};
MUST_USE enum result fold_open(struct fold *f, struct fold_sku *s, double t, int64_t units, uint8_t pin_bin,
                               enum begun begun, struct place *ret);
/* It ends (or begins anew) at t. `confirmed` and `released` say how; neither: its time was up. */
enum fold_end { FOLD_CONFIRMED, FOLD_RELEASED, FOLD_TIMED_OUT };
void fold_close(struct fold *f, struct fold_sku *s, const struct place *place, double begun, double t, int64_t units,
                enum fold_end how);
/* Units confirmed at t (or cancelled of those confirmed at t: negative). */
MUST_USE enum result fold_batch(struct fold *f, struct fold_sku *s, double t, size_t row, int64_t units);
MUST_USE enum result fold_ship(struct fold *f, double t, int64_t units);

/* The share of groups' lines that are not people's: Wald's sequential test of a group's confirms against the prior's,
 *     logit = logit(prior) + confirmed ln 0.05 + 0.95 x caution x pace x expected
 * which the study derives: people confirm at `pace`, automated holds at a twentieth of it. */
double group_suspicion(const struct fold *f, const struct group *g, double expected, double pace);
/* Confirms over what the prior's hazards expect, the median of SKUs: one bad SKU does not move it. O(SKUs x buckets). */
struct weighed { /* room for the reckoning: one for each SKU */
    double ratio, weight;
};
double fold_pace(const struct fold *f, double t, struct weighed *scratch);

#endif
