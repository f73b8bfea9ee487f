#include "logistics/rules/hazard.h"

#include <math.h>

#include "logistics/rules/level.h"
#include "tests/unit/unit.h"

static bool near(double a, double b) { return fabs(a - b) < 1e-9 * (1 + fabs(b)); }

/* ---- bins ---- */

static void a_value_on_an_edge_belongs_to_the_bin_above(void **state)
{
    (void)state;
    assert_int_equal(bin_of(age_edges, AGE_BINS, -3), 0);
    assert_int_equal(bin_of(age_edges, AGE_BINS, 4.999), 0);
    assert_int_equal(bin_of(age_edges, AGE_BINS, 5), 1);
    assert_int_equal(bin_of(age_edges, AGE_BINS, 1e9), AGE_BINS - 1);
    assert_int_equal(pin_bin_of(1200), PIN_BINS - 2);
    assert_int_equal(pin_bin_of(0), 0);
}

static void between_edges_values_are_linear_in_the_logarithm(void **state)
{
    (void)state;
    double values[TAIL_BINS + 1];
    for (size_t i = 0; i <= TAIL_BINS; i++)
        values[i] = (double)i;
    assert_true(near(tail_interpolate(values, -1), 0));
    assert_true(near(tail_interpolate(values, tail_edges[6]), 6));
    assert_true(near(tail_interpolate(values, 900),
                     5 + log(1500.0 / 1200) / log(1800.0 / 1200))); /* of 1200..1800 behind 600 */
    assert_true(near(tail_interpolate(values, 1e9), TAIL_BINS));
}

/* ---- hazards ---- */

static struct hazard constant(double confirm, double release)
{
    struct hazard h;
    for (size_t b = 0; b < AGE_BINS; b++) {
        h.confirm[b] = confirm;
        h.release[b] = release;
    }
    return h;
}

/* With constant rates the chance is known: c / (c + r) of those that end at all before the time is up. */
static void constant_rates_give_the_exponential(void **state)
{
    (void)state;
    struct hazard h = constant(0.01, 0.003);
    struct chance c;
    chance_init(&c, &h, 437);
    static const double ages[] = {0, 3, 5, 299.5, 420, 436};
    for (size_t i = 0; i < sizeof ages / sizeof *ages; i++) {
        double left = 437 - ages[i];
        assert_true(near(chance_at(&c, ages[i]), 0.01 / 0.013 * (1 - exp(-0.013 * left))));
        assert_true(near(chance_within(&c, ages[i], left / 2), 0.01 / 0.013 * (1 - exp(-0.013 * left / 2))));
        assert_true(near(chance_within(&c, ages[i], left + 5), chance_at(&c, ages[i])));
    }
    assert_true(chance_at(&c, 437) == 0 && chance_at(&c, 9999) == 0);
    assert_true(chance_within(&c, 10, 0) == 0);
}

static void holds_may_last_for_less_than_a_bin_or_longer_than_all(void **state)
{
    (void)state;
    struct hazard h = constant(0.01, 0);
    struct chance c;
    chance_init(&c, &h, 0.5);
    assert_true(near(chance_at(&c, 0), 1 - exp(-0.005)));
    chance_init(&c, &h, 50000);
    assert_true(near(chance_at(&c, 49990), 1 - exp(-0.1)));
    h = constant(0, 0);
    chance_init(&c, &h, 100);
    assert_true(chance_at(&c, 5) == 0);
}

static void two_rates_are_followed_one_after_the_other(void **state)
{
    (void)state;
    struct hazard h = constant(0, 0);
    h.confirm[0] = 0.1; /* 0..5 s */
    h.release[1] = 0.2; /* 5..10 s */
    h.confirm[2] = 0.3; /* 10..20 s */
    struct chance c;
    chance_init(&c, &h, 15);
    double late = 1 - exp(-0.3 * 5), middle = exp(-0.2 * 5) * late;
    assert_true(near(chance_at(&c, 10), late));
    assert_true(near(chance_at(&c, 5), middle));
    assert_true(near(chance_at(&c, 0), 1 - exp(-0.5) + exp(-0.5) * middle));
    double sums[AGE_BINS + 1];
    hazard_sums(&h, sums);
    assert_true(near(hazard_up_to(&h, sums, 12), 0.1 * 5 + 0.3 * 2));
}

static void the_built_in_guess_converts_six_in_ten(void **state)
{
    (void)state;
    struct hazard h;
    struct chance c;
    double at_risk[AGE_BINS];
    hazard_guess(&h, at_risk);
    chance_init(&c, &h, 600);
    double all = chance_at(&c, 0);
    assert_true(all > 0.58 && all < 0.63);
    assert_true(chance_at(&c, 500) < 0.1); /* who has waited that long has left */
}

/* ---- the common level ---- */

static const struct level_prior usual = {0.3, 0.15, 1.3};

/* Posterior mean and quantile by plain summation over a fine grid. */
static double exact_quantile(double n, double mean, double shape, double at)
{
    double all = 0, passed = 0, m;
    for (int turn = 0; turn < 2; turn++)
        for (double x = -6; x < 4; x += 0.001) {
            m = exp(x) * mean;
            double w =
                (0.85 * exp(-0.5 * x * x / 0.09) / 0.3 + 0.15 * exp(-0.5 * x * x / 1.69) / 1.3) *
                exp(n * log(m) - (n + shape) * log(shape + m) - n * log(n + 1) + (n + shape) * log(shape + n + 1));
            if (turn == 0)
                all += w;
            else if ((passed += w) >= at * all)
                return exp(x);
        }
    return 0;
}

static void the_level_is_the_posterior_of_its_formula(void **state)
{
    (void)state;
    static const double cases[][3] = {{0, 5, 2}, {10, 10, 2}, {50, 10, 8}, {300, 60, 4}};
    for (size_t i = 0; i < 4; i++) {
        struct level l;
        level_start(&l, &usual);
        level_add(&l, cases[i][0], cases[i][1], cases[i][2]);
        level_end(&l);
        for (double at = 0.1; at < 1; at += 0.2)
            assert_true(fabs(log(level_at(&l, at) / exact_quantile(cases[i][0], cases[i][1], cases[i][2], at))) < 0.02);
    }
}

static void a_hit_is_believed_once_many_skus_say_so(void **state)
{
    (void)state;
    struct level l;
    level_start(&l, &usual);
    for (int i = 0; i < 12; i++)
        level_add(&l, 20, 4, 3); /* five times as many as expected */
    level_end(&l);
    assert_true(level_at(&l, 0.5) > 4 && level_at(&l, 0.5) < 6);
    level_start(&l, &usual);
    level_end(&l);
    assert_true(fabs(level_at(&l, 0.5) - 1) < 0.05);
    assert_true(level_at(&l, 0) > 0 && isfinite(level_at(&l, 0.9999999)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_on_an_edge_belongs_to_the_bin_above),
        cmocka_unit_test(between_edges_values_are_linear_in_the_logarithm),
        cmocka_unit_test(constant_rates_give_the_exponential),
        cmocka_unit_test(holds_may_last_for_less_than_a_bin_or_longer_than_all),
        cmocka_unit_test(two_rates_are_followed_one_after_the_other),
        cmocka_unit_test(the_built_in_guess_converts_six_in_ten),
        cmocka_unit_test(the_level_is_the_posterior_of_its_formula),
        cmocka_unit_test(a_hit_is_believed_once_many_skus_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
