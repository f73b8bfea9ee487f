/* logistics/rules/bins.h - the fixed bins of the estimator: by delay and by age nothing is assumed about shapes, only that they are
 * flat within a bin (piecewise constant; the study's reasons: delays follow no family and drift). Seconds. */
#ifndef LIVESHELF_LOGISTICS_RULES_BINS_H
#define LIVESHELF_LOGISTICS_RULES_BINS_H

#include <stddef.h>

#define AGE_BINS 18      /* age of a hold */
#define PIN_BINS 11      /* time since a SKU was last on screen; the last one: it never was */
#define TAIL_BINS 17     /* time since the end, and age of an order */
#define COURSE_BINS 40   /* equal parts of a broadcast's real length */
#define AUDIENCE_BINS 80 /* parts of the planned length / COURSE_BINS; the last one takes what comes behind it */

extern const double age_edges[AGE_BINS + 1];
extern const double pin_edges[PIN_BINS - 1]; /* lower ones; the last bin has no upper one */
extern const double tail_edges[TAIL_BINS + 1];

/* The bin [edges[i], edges[i + 1]) of x, 0..bins - 1; below the first and above the last edge: the nearest. */
size_t bin_of(const double *edges, size_t bins, double x);
size_t pin_bin_of(double since_pin_s); /* 0..PIN_BINS - 2 */
/* `values` at the tail's edges, between them linear in ln(s + 600): within a bin the rate falls, and a straight line would have too
 * little come early. Constant outside. */
double tail_interpolate(const double values[TAIL_BINS + 1], double s);

#endif
