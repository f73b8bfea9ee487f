/* logistics/rules/sample.h - draws from distributions, each monotone in few uniform numbers where that can be had, so that an
 * estimate moves by events and not by the dice.
 *
 * Pure: the caller's generator is the only state. Uses log, exp, sqrt, pow and floor alone: the same numbers on any
 * machine whose libm rounds these alike. */
#ifndef LIVESHELF_LOGISTICS_RULES_SAMPLE_H
#define LIVESHELF_LOGISTICS_RULES_SAMPLE_H

#include "base/rng.h"

/* The quantile of the standard normal at p in (0, 1): Wichura, "Algorithm AS 241" (PPND7), Applied Statistics 37 (1988). */
double normal_quantile(double p);
/* One number of `r` each. */
double sample_normal(struct rng *r);
/* Shape > 0, scale 1: Marsaglia & Tsang, "A simple method for generating gamma variables" (2000), boosted below shape 1. For many
 * draws of one shape: what depends on it alone, once. */
struct gamma_shape {
    double d, c, boost;
};
struct gamma_shape gamma_shape(double shape);
double sample_gamma_of(struct rng *r, const struct gamma_shape *shape);
double sample_gamma(struct rng *r, double shape);
/* Mean >= 0; whole. Below POISSON_INVERTED_MAX the exact quantile of one uniform number, found by walking up; above it the
 * quantile by Cornish & Fisher's expansion (1938) with three terms, whose error there is about a thousandth of a deviation. */
#define POISSON_INVERTED_MAX 10.0
double sample_poisson(struct rng *r, double mean);
/* n whole and >= 0, p in [0, 1] (values outside count as the nearest). The same two ways, by the variance. */
double sample_binomial(struct rng *r, double n, double p);
/* As sample_binomial, but a rounded normal whatever n: for cutting a draw into parts, where mean and spread are what matters. Takes no
 * number of `r` when there is nothing to decide. */
double sample_part(struct rng *r, double n, double p);
/* A generator of its own for each purpose and thing: what one of them draws leaves the others' numbers alone. */
void sample_seed(struct rng *r, uint64_t seed, uint64_t purpose, uint64_t thing);

#endif
