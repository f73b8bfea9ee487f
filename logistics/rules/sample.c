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

static double gamma_above_one(struct rng *r, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = sample_normal(r), v = 1 + c * x, u = unit_open(r);
        if (v <= 0)
            continue;
        v = v * v * v;
        if (u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + d * (1 - v + log(v)))
            return d * v;
    }
}

double sample_gamma(struct rng *r, double shape)
{
    if (shape >= 1)
        return gamma_above_one(r, shape);
    double boost = pow(unit_open(r), 1 / shape);
    return boost * gamma_above_one(r, shape + 1);
}

/* ---- counts ---- */

/* The quantile at normal deviate z of a distribution with this mean, deviation, skewness and excess kurtosis. */
static double cornish_fisher(double z, double mean, double deviation, double skewness, double excess)
{
    double w = z + skewness * (z * z - 1) / 6 + excess * (z * z * z - 3 * z) / 24 -
               skewness * skewness * (2 * z * z * z - 5 * z) / 36;
    return floor(mean + deviation * w + 0.5);
}

double sample_poisson(struct rng *r, double mean)
{
    double u = unit_open(r);
    if (mean <= 0)
        return 0;
    if (mean >= POISSON_INVERTED_MAX) {
        double deviation = sqrt(mean), x = cornish_fisher(normal_quantile(u), mean, deviation, 1 / deviation, 1 / mean);
        return x < 0 ? 0 : x;
    }
    double p = exp(-mean), n = 0;
    while (u > p && n < 200) {
        u -= p;
        n++;
        p *= mean / n;
    }
    return n;
}

static double binomial_inverted(double u, double n, double p)
{
    double odds = p / (1 - p), mass = exp(n * log(1 - p)), k = 0;
    while (u > mass && k < n) {
        u -= mass;
        k++;
        mass *= odds * (n - k + 1) / k;
    }
    return k;
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
    if (variance < POISSON_INVERTED_MAX)
        return p <= 0.5 ? binomial_inverted(u, n, p) : n - binomial_inverted(1 - u, n, 1 - p);
    double deviation = sqrt(variance);
    double k =
        cornish_fisher(normal_quantile(u), n * p, deviation, (1 - 2 * p) / deviation, (1 - 6 * p * (1 - p)) / variance);
    return k < 0 ? 0 : k > n ? n : k;
}

/* ---- generators ---- */

void sample_seed(struct rng *r, uint64_t seed, uint64_t purpose, uint64_t thing)
{
    rng_seed(r, seed ^ (purpose * UINT64_C(0x9e3779b97f4a7c15)) ^ (thing * UINT64_C(0xd1342543de82ef95)));
}
