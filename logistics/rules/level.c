#include "logistics/rules/level.h"

#include <math.h>

#define LEVEL_FIRST (-6.0)
#define LEVEL_STEP (10.0 / (LEVEL_STEPS - 1))
#define MEAN_MIN 1e-12

static double log_m(size_t i) { return LEVEL_FIRST + LEVEL_STEP * (double)i; }

/* While SKUs are added, cumulative[i + 1] holds the log weight of step i. */
void level_start(struct level *l, const struct level_prior *prior)
{
    l->cumulative[0] = 0;
    for (size_t i = 0; i < LEVEL_STEPS; i++) {
        double x = log_m(i) / prior->sigma, y = log_m(i) / prior->wide_sigma;
        l->cumulative[i + 1] = log((1 - prior->wide_share) * exp(-0.5 * x * x) / prior->sigma +
                                   prior->wide_share * exp(-0.5 * y * y) / prior->wide_sigma);
    }
}

void level_add(struct level *l, double n, double mean, double shape)
{
    double m = mean > MEAN_MIN ? mean : MEAN_MIN, log_mean = log(m), ratio = exp(LEVEL_STEP), at = m * exp(LEVEL_FIRST);
    for (size_t i = 0; i < LEVEL_STEPS; i++, at *= ratio)
        l->cumulative[i + 1] += n * (log_m(i) + log_mean) - (n + shape) * log(shape + at);
}

void level_end(struct level *l)
{
    double top = l->cumulative[1];
    for (size_t i = 1; i < LEVEL_STEPS; i++)
        top = l->cumulative[i + 1] > top ? l->cumulative[i + 1] : top;
    for (size_t i = 0; i < LEVEL_STEPS; i++)
        l->cumulative[i + 1] = l->cumulative[i] + exp(l->cumulative[i + 1] - top);
}

double level_at(const struct level *l, double u)
{
    double x = u * l->cumulative[LEVEL_STEPS];
    size_t low = 0, high = LEVEL_STEPS; /* cumulative[low] <= x < cumulative[high] */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (l->cumulative[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    double width = l->cumulative[high] - l->cumulative[low];
    double within = width > 0 ? (x - l->cumulative[low]) / width : 0.5;
    return exp(log_m(low) + LEVEL_STEP * (within - 0.5));
}
