#include "logistics/rules/spread.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tests/unit/unit.h"

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* By sorting: what every quicker way must give. */
static double sorted_quantile(const double *sorted, size_t count, double level)
{
    double rank = level * (double)(count - 1);
    size_t below = (size_t)rank, above = below + 1 < count ? below + 1 : below;
    return sorted[below] + (sorted[above] - sorted[below]) * (rank - (double)below);
}

static void assert_spread(double *draws, size_t count)
{
    static const double levels[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    double sorted[400], sum = 0;
    struct spread s;
    for (size_t i = 0; i < count; i++)
        sum += sorted[i] = draws[i];
    qsort(sorted, count, sizeof *sorted, compare);
    spread_of(draws, count, &s);
    assert_true(fabs(s.mean - sum / (double)count) < 1e-9 * (1 + fabs(s.mean)));
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        assert_true(fabs(s.q[i] - sorted_quantile(sorted, count, levels[i])) < 1e-9 * (1 + fabs(s.q[i])));
}

static void quantiles_are_those_of_sorting(void **state)
{
    (void)state;
    struct rng r;
    double draws[400];
    rng_seed(&r, 1);
    for (size_t turn = 0; turn < 600; turn++) {
        size_t count = turn % 3 == 0 ? 1 + turn % 400 : 400;
        uint64_t range = UINT64_C(1) << (turn % 14); /* narrow: counted; wide or broken: selected */
        for (size_t i = 0; i < count; i++) {
            draws[i] = (double)rng_below(&r, range) - (double)(turn % 5);
            draws[i] += turn % 2 == 0 ? 0 : rng_unit(&r);
        }
        assert_spread(draws, count);
    }
}

static void sorted_equal_and_reversed_draws_are_no_trap(void **state)
{
    (void)state;
    double draws[400];
    for (int kind = 0; kind < 3; kind++) {
        for (size_t i = 0; i < 400; i++)
            draws[i] = kind == 0 ? 7.5 : kind == 1 ? (double)i * 10.5 : 5000.5 - (double)i * 9;
        assert_spread(draws, 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_sorting),
        cmocka_unit_test(sorted_equal_and_reversed_draws_are_no_trap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
