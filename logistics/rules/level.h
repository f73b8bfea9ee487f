/* logistics/rules/level.h - the one multiplier that all SKUs of a broadcast share: a hit, a flop, a heavy replay.
 *
 *     n_k ~ NegativeBinomial(mean M m_k, shape alpha_k);   ln M ~ (1-w) N(0, s^2) + w N(0, s_wide^2)
 *     ln weight(M) = ln prior(M) + sum_k [ n_k ln(M m_k) - (n_k + alpha_k) ln(alpha_k + M m_k) ]
 *
 * Posterior on a fixed grid of ln M in [-6, 4]. Gamma-Poisson pooling after Robbins (1956) and DuMouchel (1999); the wide part is what
 * makes a hit five times as large as ever learnable within a minute, which a conjugate Gamma prior is not. */
#ifndef LIVESHELF_LOGISTICS_RULES_LEVEL_H
#define LIVESHELF_LOGISTICS_RULES_LEVEL_H

#include <stddef.h>

#include "base/rng.h"

#define LEVEL_STEPS 161

struct level_prior {
    double sigma, wide_share, wide_sigma;
};
struct level { /* cumulative weights of the grid's cells */
    double cumulative[LEVEL_STEPS + 1];
};
/* Start, add every SKU, end; then draw. `n`, `mean`, `shape`: of one SKU; n >= 0 need not be whole. */
void level_start(struct level *l, const struct level_prior *prior);
void level_add(struct level *l, double n, double mean, double shape);
void level_end(struct level *l);
double level_at(const struct level *l, double u); /* the quantile of M at u in [0, 1) */

#endif
