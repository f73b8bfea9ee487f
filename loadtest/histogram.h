/* loadtest/histogram.h - latencies in microseconds, in a fixed 7 kB.
 *
 * Bounded relative error: a time up to 63 us is kept exactly, a longer one in a slot at most 1/32 of it wide and told as that
 * slot's middle, so that a percentile is within 1.6 % of the true one, from 1 us to 35 minutes. Count and maximum are exact. */
#ifndef LOADTEST_HISTOGRAM_H
#define LOADTEST_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64 /* the first doublings, exactly; then half as many per doubling */
#define HISTOGRAM_SLOTS (HISTOGRAM_STEPS / 2 * 27)
#define HISTOGRAM_BOUNDS 71 /* of the coarse form below: ten per decade, 0.01 ms to 100 s */

struct histogram {
    uint64_t slots[HISTOGRAM_SLOTS];
    uint64_t count;
    int64_t max_us;
    double sum_us;
};

void histogram_add(struct histogram *h, int64_t us); /* below 0 counts as 0, above the range as its end */
/* 0.99: the time that 99 of 100 do not exceed; 1: the exact maximum; 0 when empty. */
double histogram_ms(const struct histogram *h, double share);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* What came since `before`, an earlier copy of the same. Its maximum is the end of its last slot, or exact when it is a new one. */
void histogram_since(const struct histogram *now, const struct histogram *before, struct histogram *ret);

/* The coarse form for charts: `ret_buckets[i]` counts times up to bound i (in ms), the last one also everything longer. */
double histogram_bound_ms(unsigned i);
void histogram_coarse(const struct histogram *h, uint64_t ret_buckets[HISTOGRAM_BOUNDS]);

#endif
