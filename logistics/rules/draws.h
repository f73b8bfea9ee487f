/* logistics/rules/draws.h - seeded draws of how a broadcast may end, and the estimate that is read from them.
 *
 * One draw is one possible future, the same for all SKUs, sites and waves: so sums have quantiles of their own and everything adds up.
 * Sections 3.6 to 3.9 of the study: stock bounds (a hold that dies returns its unit to those who wait), cancellations that come late,
 * waves, sites, parcels. */
#ifndef LIVESHELF_LOGISTICS_RULES_DRAWS_H
#define LIVESHELF_LOGISTICS_RULES_DRAWS_H

#include "logistics/rules/fold.h"

/* `f` is brought up to `t`; the same again gives the same. */
MUST_USE enum result draws_estimate(struct fold *f, const struct logistics_plan *plan, double t,
                                    struct weighed *scratch, struct estimate *ret);

#endif
