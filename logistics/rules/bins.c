#include "logistics/rules/bins.h"

#include <math.h>

const double age_edges[AGE_BINS + 1] = {0,   5,   10,  20,  30,  45,   60,   90,   120, 180,
                                        240, 300, 420, 600, 900, 1200, 1800, 2700, 3600};
const double pin_edges[PIN_BINS - 1] = {0, 15, 30, 60, 90, 120, 180, 300, 600, 1200};
const double tail_edges[TAIL_BINS + 1] = {0,    20,    60,    120,   300,   600,    1200,   1800,   3600,
                                          7200, 14400, 28800, 43200, 86400, 129600, 172800, 216000, 259200};

#define TAIL_SLOW_S 600.0 /* rates fall over times that are long against this */

size_t bin_of(const double *edges, size_t bins, double x)
{
    size_t low = 0, high = bins; /* edges[low] <= x < edges[high], or x is outside */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (x >= edges[middle])
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t pin_bin_of(double since_pin_s) { return bin_of(pin_edges, PIN_BINS - 1, since_pin_s); }

double tail_interpolate(const double values[TAIL_BINS + 1], double s)
{
    if (s <= tail_edges[0])
        return values[0];
    if (s >= tail_edges[TAIL_BINS])
        return values[TAIL_BINS];
    size_t bin = bin_of(tail_edges, TAIL_BINS, s);
    double from = log(tail_edges[bin] + TAIL_SLOW_S), to = log(tail_edges[bin + 1] + TAIL_SLOW_S);
    return values[bin] + (values[bin + 1] - values[bin]) * (log(s + TAIL_SLOW_S) - from) / (to - from);
}
