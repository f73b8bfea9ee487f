#include "logistics/rules/sample.h"

#include <math.h>

/* ---- normal ---- */

static double normal_tail(double p)
{
    double r = sqrt(-log(p));
    if (r <= 5) {
        r -= 1.6;
        return (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
               ((0.12021132975 * r + 0.73700164250) * r + 1);
    }
    r -= 5;
    return (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
           ((0.012258202635 * r + 0.24197894225) * r + 1);
}

double normal_quantile(double p)
{
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425) {
        double r = 0.180625 - q * q;
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
    }
    return q < 0 ? -normal_tail(p) : normal_tail(1 - p);
}

/* In (0, 1): neither end comes up. */
static double unit_open(struct rng *r) { return ((double)(rng_next(r) >> 12) + 0.5) * 0x1.0p-52; }

double sample_normal(struct rng *r) { return normal_quantile(unit_open(r)); }

/* ---- gamma ---- */

struct gamma_shape gamma_shape(double shape)
{
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
    return (struct gamma_shape){.d = d, .c = 1 / sqrt(9 * d), .boost = shape < 1 ? 1 / shape : 0};
}

double sample_gamma_of(struct rng *r, const struct gamma_shape *shape)
{
    double boost = shape->boost > 0 ? pow(unit_open(r), shape->boost) : 1;
    for (;;) {
        double x = sample_normal(r), v = 1 + shape->c * x, u = unit_open(r), square = x * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (u < 1 - 0.0331 * square * square || log(u) < 0.5 * square + shape->d * (1 - v + log(v)))
            return shape->d * v * boost;
    }
}

double sample_gamma(struct rng *r, double shape)
{
    struct gamma_shape of = gamma_shape(shape);
    return sample_gamma_of(r, &of);
}

/* ---- counts ---- */

#define INVERSES 64
/* clang-format off */
#define INVERSES_8(n) 1.0 / (n), 1.0 / (n + 1), 1.0 / (n + 2), 1.0 / (n + 3), 1.0 / (n + 4), 1.0 / (n + 5), 1.0 / (n + 6), 1.0 / (n + 7)
/* clang-format on */
static const double inverse[INVERSES + 1] = {0,
                                             INVERSES_8(1),
                                             INVERSES_8(9),
                                             INVERSES_8(17),
                                             INVERSES_8(25),
                                             INVERSES_8(33),
                                             INVERSES_8(41),
                                             INVERSES_8(49),
                                             INVERSES_8(57)};

static double whole(double x) { return (double)(int64_t)x; } /* rounded down; x >= 0. Much cheaper than floor */

/* With three terms: skewness and excess kurtosis of a Poisson are 1 / sqrt(mean) and 1 / mean. */
static double poisson_expanded(double z, double mean)
{
    double deviation = sqrt(mean), square = z * z;
    double x = mean + deviation * z + (square - 1) / 6 + z * (1 - square) / (72 * deviation);
    return x > 0 ? whole(x + 0.5) : 0;
}

double sample_poisson(struct rng *r, double mean)
{
    double u = unit_open(r);
    if (mean <= 0)
        return 0;
    if (mean >= POISSON_INVERTED_MAX)
        return poisson_expanded(normal_quantile(u), mean);
    double p = exp(-mean);
    size_t n = 0;
    while (u > p && n < INVERSES) {
        u -= p;
        p *= mean * inverse[++n];
    }
    return (double)n;
}

/* ln(1 - p); for small p by its series, whose error there is under 1e-9. */
static double log_rest(double p)
{
    if (p > 0.03)
        return log(1 - p);
    return -p * (1 + p * (1.0 / 2 + p * (1.0 / 3 + p * (1.0 / 4 + p * (1.0 / 5 + p / 6)))));
}

/* For n p (1 - p) < POISSON_INVERTED_MAX and p <= 1/2. */
static double binomial_inverted(double u, double n, double p)
{
    double odds = p / (1 - p), mass = exp(n * log_rest(p));
    size_t k = 0;
    while (u > mass && (double)k < n && k < INVERSES) {
        u -= mass;
        mass *= odds * (n - (double)k) * inverse[k + 1];
        k++;
    }
    return (double)k;
}

static double binomial_expanded(double z, double n, double p, double variance)
{
    double deviation = sqrt(variance), square = z * z, skew = 1 - 2 * p;
    double third = ((1 - 6 * p * (1 - p)) * (square - 3) / 24 - skew * skew * (2 * square - 5) / 36) * z / deviation;
    double k = n * p + deviation * z + skew * (square - 1) / 6 + third + 0.5;
    return k < 0 ? 0 : k > n ? n : whole(k);
}

double sample_binomial(struct rng *r, double n, double p)
{
    double u = unit_open(r);
    if (n <= 0 || p <= 0)
        return 0;
    if (p >= 1)
        return n;
    if (n == 1)
        return u < p ? 1 : 0;
    double variance = n * p * (1 - p);
    if (variance >= POISSON_INVERTED_MAX)
        return binomial_expanded(normal_quantile(u), n, p, variance);
    return p <= 0.5 ? binomial_inverted(u, n, p) : n - binomial_inverted(1 - u, n, 1 - p);
}

double sample_part(struct rng *r, double n, double p)
{
    if (n <= 0 || p <= 0)
        return 0;
    if (p >= 1)
        return n;
    double mean = n * p, k = mean + sqrt(mean * (1 - p)) * sample_normal(r) + 0.5;
    return k < 0 ? 0 : k > n ? n : whole(k);
}

/* ---- generators ---- */

void sample_seed(struct rng *r, uint64_t seed, uint64_t purpose, uint64_t thing)
{
    rng_seed(r, seed ^ (purpose * UINT64_C(0x9e3779b97f4a7c15)) ^ (thing * UINT64_C(0xd1342543de82ef95)));
}
