#include "logistics/rules/sample.h"

#include <math.h>

#include "tests/unit/unit.h"

#define DRAWS_MANY 200000

/* ---- moments ---- */

enum family { NORMAL, GAMMA, POISSON, BINOMIAL };
struct shape {
    enum family family;
    double a, b;
};

static double draw(struct rng *r, const struct shape *s)
{
    switch (s->family) {
    case NORMAL:
        return sample_normal(r);
    case GAMMA:
        return sample_gamma(r, s->a);
    case POISSON:
        return sample_poisson(r, s->a);
    default:
        return sample_binomial(r, s->a, s->b);
    }
}

static double mean_of(const struct shape *s)
{
    return s->family == NORMAL ? 0 : s->family == BINOMIAL ? s->a * s->b : s->a;
}

static double variance_of(const struct shape *s)
{
    return s->family == NORMAL ? 1 : s->family == BINOMIAL ? s->a * s->b * (1 - s->b) : s->a;
}

static void mean_and_variance_are_those_of_the_distribution(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        {NORMAL, 0, 0},      {GAMMA, 0.3, 0},     {GAMMA, 1, 0},          {GAMMA, 7.5, 0},
        {GAMMA, 400, 0},     {POISSON, 0.02, 0},  {POISSON, 3, 0},        {POISSON, 15.9, 0},
        {POISSON, 16.1, 0},  {POISSON, 900, 0},   {BINOMIAL, 1, 0.3},     {BINOMIAL, 12, 0.9},
        {BINOMIAL, 60, 0.5}, {BINOMIAL, 70, 0.4}, {BINOMIAL, 5000, 0.01}, {BINOMIAL, 1e6, 0.97},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct rng r;
        double sum = 0, squares = 0, mean = mean_of(&shapes[i]), variance = variance_of(&shapes[i]);
        sample_seed(&r, 1, i, 0);
        for (int n = 0; n < DRAWS_MANY; n++) {
            double x = draw(&r, &shapes[i]) - mean;
            sum += x / DRAWS_MANY;
            squares += x * x / DRAWS_MANY;
        }
        assert_true(fabs(sum) < 5 * sqrt(variance / DRAWS_MANY));
        double fourth = 3 + 6 / (shapes[i].family == GAMMA ? shapes[i].a : variance); /* kurtosis, at most */
        assert_true(fabs(squares / variance - 1) < 5 * sqrt(fourth / DRAWS_MANY));
    }
}

/* ---- the whole distribution, by chi-square ---- */

#define CELLS 60

/* The seen against the expected, cells of fewer than five expected thrown together. Degrees of freedom in *ret. */
static double chi_square(const double seen[CELLS], const double expected[CELLS], double *ret_degrees)
{
    double sum = 0, s = 0, e = 0, cells = 0;
    for (size_t i = 0; i < CELLS; i++) {
        s += seen[i];
        e += expected[i];
        if (e < 5)
            continue;
        sum += (s - e) * (s - e) / e;
        cells++;
        s = e = 0;
    }
    *ret_degrees = cells - 1;
    return sum;
}

static double poisson_mass(double mean, int k)
{
    double log_mass = -mean + k * log(mean);
    for (int i = 2; i <= k; i++)
        log_mass -= log(i);
    return exp(log_mass);
}

static double binomial_mass(double n, double p, int k)
{
    if (k > n)
        return 0;
    double log_mass = (n - k) * log(1 - p) + k * log(p);
    for (int i = 1; i <= k; i++)
        log_mass += log((n - k + i) / i);
    return exp(log_mass);
}

static void assert_counts(const struct shape *shape, double first, double draws)
{
    struct rng r;
    double seen[CELLS] = {0}, expected[CELLS] = {0}, degrees;
    sample_seed(&r, 2, (uint64_t)shape->a, (uint64_t)(1000 * shape->b));
    for (double n = 0; n < draws; n++) {
        double at = draw(&r, shape) - first;
        assert_true(at == floor(at));
        if (at >= 0 && at < CELLS)
            seen[(size_t)at]++;
    }
    for (int k = 0; k < CELLS; k++)
        expected[k] = draws * (shape->family == POISSON ? poisson_mass(shape->a, (int)first + k)
                                                        : binomial_mass(shape->a, shape->b, (int)first + k));
    double x = chi_square(seen, expected, &degrees);
    assert_true(x < degrees + 5 * sqrt(2 * degrees));
    assert_true(x > degrees - 5 * sqrt(2 * degrees));
}

static void counts_fall_as_their_distribution_says(void **state)
{
    (void)state;
    assert_counts(&(struct shape){POISSON, 0.7, 0}, 0, 100000);
    assert_counts(&(struct shape){POISSON, 9, 0}, 0, 100000);
    assert_counts(&(struct shape){POISSON, 20, 0}, 0, 100000); /* by the expansion */
    assert_counts(&(struct shape){BINOMIAL, 8, 0.25}, 0, 100000);
    assert_counts(&(struct shape){BINOMIAL, 30, 0.8}, 0, 100000);
    assert_counts(&(struct shape){BINOMIAL, 90, 0.3}, 0, 100000); /* by the expansion */
}

/* The exponential is the gamma of shape 1: ten cells of equal chance. */
static void gamma_of_shape_one_is_the_exponential(void **state)
{
    (void)state;
    struct rng r;
    double seen[CELLS] = {0}, expected[CELLS] = {0}, degrees;
    sample_seed(&r, 3, 0, 0);
    for (int n = 0; n < 100000; n++)
        seen[(size_t)(10 * (1 - exp(-sample_gamma(&r, 1))))]++;
    for (size_t i = 0; i < 10; i++)
        expected[i] = 10000;
    assert_true(chi_square(seen, expected, &degrees) < degrees + 5 * sqrt(2 * degrees));
}

static void quantiles_of_the_normal_are_the_known_ones(void **state)
{
    (void)state;
    static const double known[][2] = {{0.5, 0},
                                      {0.75, 0.6744897502},
                                      {0.95, 1.6448536270},
                                      {0.975, 1.9599639845},
                                      {0.999, 3.0902323062},
                                      {0.000001, -4.7534243088},
                                      {1e-12, -7.0344838253}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(fabs(normal_quantile(known[i][0]) - known[i][1]) < 1e-6 * (1 + fabs(known[i][1])));
}

/* ---- edges, and generators ---- */

static void impossible_parameters_count_as_the_nearest(void **state)
{
    (void)state;
    struct rng r;
    sample_seed(&r, 4, 0, 0);
    assert_true(sample_poisson(&r, 0) == 0 && sample_poisson(&r, -1) == 0);
    assert_true(sample_binomial(&r, 5, 0) == 0 && sample_binomial(&r, 5, -1) == 0);
    assert_true(sample_binomial(&r, 5, 1) == 5 && sample_binomial(&r, 5, 2) == 5);
    assert_true(sample_binomial(&r, 0, 0.5) == 0);
}

/* So that an estimate moves by events alone: more to come never makes a draw of the same dice smaller. */
static void a_larger_mean_never_draws_less_from_the_same_dice(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        double last = 0;
        for (double mean = 0.1; mean < 60; mean *= 1.1) {
            struct rng r;
            sample_seed(&r, 5, 0, seed);
            double x = sample_poisson(&r, mean);
            assert_true(x >= last ||
                        (mean > POISSON_INVERTED_MAX && mean < POISSON_INVERTED_MAX * 1.1 && x >= last - 1));
            last = x;
        }
    }
}

static void purposes_and_things_have_dice_of_their_own(void **state)
{
    (void)state;
    struct rng a, b, c, d;
    sample_seed(&a, 1, 2, 3);
    sample_seed(&b, 1, 2, 3);
    sample_seed(&c, 1, 3, 2);
    sample_seed(&d, 2, 2, 3);
    uint64_t x = rng_next(&a);
    assert_true(x == rng_next(&b) && x != rng_next(&c) && x != rng_next(&d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_variance_are_those_of_the_distribution),
        cmocka_unit_test(counts_fall_as_their_distribution_says),
        cmocka_unit_test(gamma_of_shape_one_is_the_exponential),
        cmocka_unit_test(quantiles_of_the_normal_are_the_known_ones),
        cmocka_unit_test(impossible_parameters_count_as_the_nearest),
        cmocka_unit_test(a_larger_mean_never_draws_less_from_the_same_dice),
        cmocka_unit_test(purposes_and_things_have_dice_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
