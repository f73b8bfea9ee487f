/* logistics/rules/conformal.h - intervals that answer for their promise: when the truth keeps falling outside of them they grow,
 * and when it no longer does they come back. Pure.
 *
 * After Gibbs and Candes, "Adaptive conformal inference under distribution shift" (2021), on the logarithm of the quantiles: per
 * moment of a broadcast one log-width l. A quantile q around the median m becomes m (q/m)^(e^l). When the truth is known,
 * l += 0.25 (missed - 0.10), so that no more than one in ten 90 % intervals is missed in the long run, whatever the estimator
 * believes; but never below nothing: a few shows that went as usual are no reason to promise more about an unusual one. */
#ifndef LIVESHELF_LOGISTICS_RULES_CONFORMAL_H
#define LIVESHELF_LOGISTICS_RULES_CONFORMAL_H

#include "logistics/rules/digest.h"

/* Seconds since the start of moment 0..ESTIMATE_MOMENTS-1: half of the plan, the end (one second after it, when it is known),
 * 15 min, 1 h and 24 h after it. While a broadcast is live its end is the plan's, or now when that is over. */
double estimate_moment_s(size_t moment, double planned_s, double end_s);

struct conformal {                      /* zeroed: as the estimator believes */
    double log_width[ESTIMATE_MOMENTS]; /* 0..CONFORMAL_MAX */
};
#define CONFORMAL_MAX 1.8 /* six times as wide */

/* What one broadcast taught at `moment`: the share of its 90 % intervals that the truth fell out of, 0..1. */
void conformal_learn(struct conformal *c, size_t moment, double missed);
/* The log-width at `t`: between two moments in proportion to the time between them, before the first and behind the last as there. */
double conformal_log_width(const struct conformal *c, double t, double planned_s, double end_s);
/* Widens `s` by e^log_width around its median, within floor..ceiling (INFINITY: none). The mean stays: means add up, quantiles do not. */
void conformal_widen(struct spread *s, double log_width, double floor, double ceiling);

#endif
