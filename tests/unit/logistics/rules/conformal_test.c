#include <math.h>

#include "logistics/rules/conformal.h"
#include "tests/unit/unit.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static void the_five_moments(void **state)
{
    (void)state;
    static const double expected[ESTIMATE_MOMENTS] = {1800, 3901, 4800, 7500, 90300};
    for (size_t i = 0; i < ESTIMATE_MOMENTS; i++)
        NEAR(estimate_moment_s(i, 3600, 3900), expected[i]);
    NEAR(estimate_moment_s(0, 3600, 600), 600); /* ended before half of the plan */
}

static void a_miss_widens_and_nine_hits_take_it_back(void **state)
{
    (void)state;
    struct conformal c = {0};
    conformal_learn(&c, 1, 1);
    NEAR(c.log_width[1], 0.225);
    for (int i = 0; i < 9; i++)
        conformal_learn(&c, 1, 0);
    NEAR(c.log_width[1], 0); /* one in ten missed: as meant */
    NEAR(c.log_width[0], 0);
    conformal_learn(&c, 2, 0.3);
    NEAR(c.log_width[2], 0.05);
}

static void widths_stay_within_reason(void **state)
{
    (void)state;
    struct conformal c = {0};
    for (int i = 0; i < 100; i++) {
        conformal_learn(&c, 0, 1);
        conformal_learn(&c, 1, 0);
    }
    NEAR(c.log_width[0], CONFORMAL_MAX);
    NEAR(c.log_width[1], 0);
}

static void between_moments_it_goes_with_the_time(void **state)
{
    (void)state;
    struct conformal c = {.log_width = {0.4, 0.2, 0.1, 0.0, 0.3}};
    NEAR(conformal_log_width(&c, 0, 3600, 3600), 0.4);
    NEAR(conformal_log_width(&c, 1800, 3600, 3600), 0.4);
    NEAR(conformal_log_width(&c, 1800 + 1801 / 2.0, 3600, 3600), 0.3);
    NEAR(conformal_log_width(&c, 3601, 3600, 3600), 0.2);
    NEAR(conformal_log_width(&c, 4500, 3600, 3600), 0.1);
    NEAR(conformal_log_width(&c, 7200 - 1350, 3600, 3600), 0.05);
    NEAR(conformal_log_width(&c, 1e7, 3600, 3600), 0.3);
    NEAR(conformal_log_width(&c, 600, 3600, 600), 0.4); /* half of the plan and the end are one */
}

static void an_interval_widens_around_its_median(void **state)
{
    (void)state;
    struct spread s = {.mean = 110, .q = {50, 80, 100, 150, 200}};
    conformal_widen(&s, log(2), 0, INFINITY);
    static const double expected[ESTIMATE_QUANTILES] = {25, 64, 100, 225, 400};
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        NEAR(s.q[i], expected[i]);
    NEAR(s.mean, 110);
}

static void bounds_hold(void **state)
{
    (void)state;
    struct spread s = {.mean = 110, .q = {50, 80, 100, 150, 200}};
    conformal_widen(&s, log(2), 60, 220);
    static const double expected[ESTIMATE_QUANTILES] = {60, 64, 100, 220, 220};
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        NEAR(s.q[i], expected[i]);
    struct spread nothing = {.mean = 0.4, .q = {0, 0, 0, 1, 2}}; /* no median to widen around */
    conformal_widen(&nothing, 1, 0, INFINITY);
    NEAR(nothing.q[4], 2);
    NEAR(nothing.mean, 0.4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_five_moments),
        cmocka_unit_test(a_miss_widens_and_nine_hits_take_it_back),
        cmocka_unit_test(widths_stay_within_reason),
        cmocka_unit_test(between_moments_it_goes_with_the_time),
        cmocka_unit_test(an_interval_widens_around_its_median),
        cmocka_unit_test(bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
