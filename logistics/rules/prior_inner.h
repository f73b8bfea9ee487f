/* logistics/rules/prior_inner.h - the inside of a prior: what the estimator believes before the first event. */
#ifndef LIVESHELF_LOGISTICS_RULES_PRIOR_INNER_H
#define LIVESHELF_LOGISTICS_RULES_PRIOR_INNER_H

#include "logistics/rules/bins.h"
#include "logistics/rules/conformal.h"
#include "logistics/rules/hazard.h"
#include "logistics/rules/prior.h"

struct beliefs {
    uint32_t shows;
    double hold_s; /* of the last broadcast */
    /* holds */
    struct hazard hazard;
    double hazard_sums[AGE_BINS + 1];
    double at_risk[AGE_BINS]; /* seconds per hold */
    double hazard_holds;      /* how many holds this weighs */
    /* demand, live */
    double profile[PIN_BINS],
        profile_weight; /* rate by time since the last pin, relative; converting lines it weighs */
    double rate;        /* converting lines per viewer-second of weighted exposure; 0: not known */
    double shape;       /* of the Gamma between SKUs */
    double level_sigma; /* of ln M between broadcasts */
    /* the replay */
    double tail_ratio, tail_sigma, tail_shape;
    double tail_done[TAIL_BINS + 1]; /* share that has come by each edge */
    /* cancellations and returns before and after shipping */
    double cancel_share, cancel_weight;
    double cancel_done[TAIL_BINS + 1];
    double return_share, return_weight;
    /* parcels */
    double units_per_line, units_variance;
    double parcels_per_unit[2]; /* of lines begun live, in the replay */
    /* audience */
    double viewers; /* 0: not known */
    double pace;    /* ln of real over planned length */
    bool course_known;
    double course[COURSE_BINS];                                  /* mean 1 when known */
    double recent_sigma[COURSE_BINS], so_far_sigma[COURSE_BINS]; /* errors, in logs, of the two forecasts of it */
    /* of our own estimates */
    struct conformal conformal; /* of totals */
    struct estimate_accuracy accuracy[ESTIMATE_MOMENTS];
};

/* The built-in profile of the replay: the share that comes in each bin. */
void tail_guess(double share[TAIL_BINS]);

struct prior_sku {
    struct sku_id sku;
    double lines, expected; /* converting lines seen, and what its exposure and the broadcasts' levels would have had */
    double orders, units;
};

struct prior {
    struct beliefs beliefs;
    struct prior_sku *skus; /* by id */
    size_t skus_count;
};
const struct prior_sku *prior_sku(const struct prior *p, const char *sku); /* NULL: never seen */
MUST_USE enum result prior_copy(const struct prior *from, struct prior **ret);

#endif
