/* logistics/rules/hazard.h - when holds end, and how: competing risks with rates that are constant per age bin.
 *
 *     p(T) = 0;   p(a) = c/(c+r) (1 - e^-(c+r)d) + e^-(c+r)d p(a+d)      within a bin, d to its end; c, r: its rates
 *
 * A hold that is still open is censored at its age, not a failure: Kaplan & Meier (1958), Fine & Gray (1999); for conversions that
 * come late, Chapelle, "Modeling delayed feedback in display advertising" (KDD 2014). */
#ifndef LIVESHELF_LOGISTICS_RULES_HAZARD_H
#define LIVESHELF_LOGISTICS_RULES_HAZARD_H

#include "logistics/rules/bins.h"

struct hazard { /* per second of being open */
    double confirm[AGE_BINS], release[AGE_BINS];
};

/* The built-in guess: log-normal checkout (median 90 s, sigma 0.8), 62 % convert, 12 % are released with mean 150 s.
 * `at_risk`: seconds one hold spends in each bin. */
void hazard_guess(struct hazard *ret, double at_risk[AGE_BINS]);

/* Cumulative confirm hazard up to the lower edge of each bin; hazard_up_to adds what is within one. */
void hazard_sums(const struct hazard *h, double ret[AGE_BINS + 1]);
double hazard_up_to(const struct hazard *h, const double sums[AGE_BINS + 1], double age);

/* P(converts before it times out), at each bin's lower edge and at any age. */
struct chance {
    const struct hazard *hazard;
    double hold_s, at_edge[AGE_BINS + 1];
    double ended[AGE_BINS + 1]; /* cumulative rate of ending, either way */
};
void chance_init(struct chance *c, const struct hazard *hazard, double hold_s);
double chance_at(const struct chance *c, double age);
/* P(converts within `s` seconds): that it converts at all, less that it is still open then and converts later. */
double chance_within(const struct chance *c, double age, double s);

#endif
