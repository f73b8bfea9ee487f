/* loadtest/histogram.h - latencies in microseconds, kept to 1.6 % from 1 us to an hour in a fixed 16 kB. */
#ifndef LOADTEST_HISTOGRAM_H
#define LOADTEST_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_STEPS 64 /* per doubling */
#define HISTOGRAM_SLOTS (HISTOGRAM_STEPS * 32)

struct histogram {
    uint64_t slots[HISTOGRAM_SLOTS];
    uint64_t count;
    int64_t max_us;
    double sum_us;
};

void histogram_add(struct histogram *h, int64_t us);          /* below 0 counts as 0, above the range as its end */
double histogram_ms(const struct histogram *h, double share); /* 0.99: the 99th percentile; 0 when empty */
void histogram_merge(struct histogram *into, const struct histogram *from);

#endif
