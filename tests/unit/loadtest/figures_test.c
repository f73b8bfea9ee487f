/* Percentiles, and what is demanded of them: a load generator that is wrong about these is worse than none. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "loadtest/run.h"
#include "tests/unit/unit.h"

static struct histogram h, before, since;
static struct crowd crowd;
static struct run run;

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void percentiles_are_within_their_promise(void **state)
{
    enum { COUNT = 5000 };
    static const double shares[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    static int64_t us[COUNT];
    struct rng rng;
    (void)state;
    rng_seed(&rng, 7);
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < COUNT; i++) { /* over seven decades */
        us[i] = (int64_t)pow(10, 7 * rng_unit(&rng));
        histogram_add(&h, us[i]);
    }
    qsort(us, COUNT, sizeof us[0], ascending);
    for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
        double truth = (double)us[(size_t)ceil(shares[i] * COUNT - 1e-9) - 1] / 1000;
        assert_true(fabs(histogram_ms(&h, shares[i]) - truth) <= truth * 0.016 + 1e-9);
    }
    assert_true(histogram_ms(&h, 1) == (double)us[COUNT - 1] / 1000);
}

static void few_values_are_told_as_they_are(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    assert_true(histogram_ms(&h, 0.5) == 0);
    for (int64_t us = 1; us <= 10; us++)
        histogram_add(&h, us);
    assert_true(histogram_ms(&h, 0.5) == 0.005);
    assert_true(histogram_ms(&h, 0.9) == 0.009);
    assert_true(histogram_ms(&h, 0.99) == 0.010);
    histogram_add(&h, -5);
    histogram_add(&h, INT64_MAX);
    assert_int_equal(h.count, 12);
    assert_true(histogram_ms(&h, 0.01) == 0);
}

static void a_phase_has_its_own_percentiles(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    for (int i = 0; i < 1000; i++)
        histogram_add(&h, 900000);
    before = h;
    for (int i = 0; i < 100; i++)
        histogram_add(&h, 50);
    histogram_since(&h, &before, &since);
    assert_int_equal(since.count, 100);
    assert_true(histogram_ms(&since, 0.99) == 0.050);
    assert_true(histogram_ms(&since, 1) < 0.052);
    histogram_add(&h, 2000000);
    histogram_since(&h, &before, &since);
    assert_true(histogram_ms(&since, 1) == 2000);
}

static void the_coarse_form_loses_nothing(void **state)
{
    uint64_t buckets[HISTOGRAM_BOUNDS], sum = 0;
    (void)state;
    memset(&h, 0, sizeof h);
    for (int64_t us = 1; us < INT64_C(1) << 40; us *= 3)
        histogram_add(&h, us);
    histogram_add(&h, 1000); /* 1 ms: a bound */
    histogram_coarse(&h, buckets);
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        sum += buckets[i];
        if (i > 0)
            assert_true(histogram_bound_ms(i) > histogram_bound_ms(i - 1));
    }
    assert_int_equal(sum, h.count);
    assert_true(fabs(histogram_bound_ms(70) - 100000) < 1);
}

static void run_begin(void)
{
    memset(&run, 0, sizeof run);
    memset(&crowd, 0, sizeof crowd);
    run.crowd = &crowd;
}

static void what_is_demanded_is_judged(void **state)
{
    (void)state;
    run_begin();
    crowd.counts.held = 3;
    books_answer(&crowd.books, "sold_out", 8);
    for (int i = 0; i < 100; i++)
        histogram_add(&crowd.pin, 10000);
    assert_int_equal(threshold_parse(&run, "counts.held>=3", 0), RESULT_OK);
    assert_int_equal(threshold_parse(&run, "answers.sold_out<=1", 0), RESULT_OK);
    assert_int_equal(threshold_parse(&run, "pin_ms.p99<=10.2", 0), RESULT_OK);
    assert_true(thresholds_judge(&run));
    assert_int_equal(threshold_parse(&run, "pin_ms.p99<=9.8", 0), RESULT_OK);
    assert_false(thresholds_judge(&run));
    assert_false(run.thresholds[3].passed);
    assert_true(run.thresholds[2].passed);
}

static void nothing_measured_passes_nothing(void **state)
{
    (void)state;
    run_begin();
    assert_int_equal(threshold_parse(&run, "reserve_ms.p99<=1000", 0), RESULT_OK);
    assert_false(thresholds_judge(&run));
    assert_false(run.thresholds[0].measured);
    run.thresholds_count = 0;
    assert_int_equal(threshold_parse(&run, "reserve_ms.count<=0", 0), RESULT_OK);
    assert_true(thresholds_judge(&run));
}

static void one_phase_is_compared_with_another(void **state)
{
    struct threshold t = {.name = "phase2.pin_ms.p99", .of = "phase1.pin_ms.p99", .has_most = true, .most = 1.5};
    (void)state;
    run_begin();
    run.phases_count = 2;
    run.phases[0].times[TIMES_PIN].at[FIGURE_COUNT] = run.phases[1].times[TIMES_PIN].at[FIGURE_COUNT] = 10;
    run.phases[0].times[TIMES_PIN].at[FIGURE_P99] = 20;
    run.phases[1].times[TIMES_PIN].at[FIGURE_P99] = 29;
    assert_int_equal(threshold_add(&run, &t, 2), RESULT_OK);
    assert_true(thresholds_judge(&run));
    run.phases[1].times[TIMES_PIN].at[FIGURE_P99] = 31;
    assert_false(thresholds_judge(&run));
    run.phases[0].times[TIMES_PIN].at[FIGURE_COUNT] = 0;
    assert_false(thresholds_judge(&run));
    assert_false(run.thresholds[0].measured);
}

static void wrong_demands_are_refused(void **state)
{
    static const char *const unknown[] = {"pin_ms.p98<=1", "pin.p99<=1",           "counts.gap<=0",
                                          "answers.x<=1",  "phase3.pin_ms.p99<=1", "phase0.pin_ms.p99<=1",
                                          "gaps<=0",       "phase1.counts.gaps<=0"};
    static const char *const malformed[] = {"",
                                            "counts.gaps",
                                            "counts.gaps<0",
                                            "counts.gaps=0",
                                            "<=5",
                                            "counts.gaps<=",
                                            "counts.gaps<=x",
                                            "counts.gaps<=0x",
                                            "counts.gaps<=nan",
                                            "counts.gaps<=1e99"};
    (void)state;
    run_begin();
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        assert_int_equal(threshold_parse(&run, unknown[i], 2), RESULT_NOT_FOUND);
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++)
        assert_int_equal(threshold_parse(&run, malformed[i], 2), RESULT_MALFORMED);
    assert_int_equal(run.thresholds_count, 0);
    assert_int_equal(threshold_parse(&run, "phase2.pin_ms.p999<=1", 2), RESULT_OK);
    for (size_t i = 1; i < RUN_THRESHOLDS_MAX; i++)
        assert_int_equal(threshold_parse(&run, "counts.gaps<=0", 2), RESULT_OK);
    assert_int_equal(threshold_parse(&run, "counts.gaps<=0", 2), RESULT_FULL);
}

static void a_second_is_a_row(void **state)
{
    static struct series s;
    uint64_t counters[SERIES_COLUMNS] = {0};
    (void)state;
    series_init(&s, 0);
    assert_false(series_tick(&s, 0, 999999, 5, counters));
    counters[SERIES_ASKED] = 30;
    histogram_add(&s.reserve, 5000);
    assert_true(series_tick(&s, 0, 1000000, 5, counters));
    counters[SERIES_ASKED] = 40;
    assert_true(series_tick(&s, 0, 3000000, 7, counters)); /* a second was slept through */
    assert_false(series_tick(&s, 0, 3500000, 7, counters));
    assert_int_equal(s.count, 2);
    assert_true(s.rows[0].at[SERIES_ASKED] == 30 && s.rows[1].at[SERIES_ASKED] == 5);
    assert_true(fabs(s.rows[0].at[SERIES_RESERVE_P99] - 5) < 0.1);
    assert_true(isnan(s.rows[1].at[SERIES_RESERVE_P99]) && isnan(s.rows[0].at[SERIES_PIN_P50]));
    assert_true(s.rows[1].at[SERIES_T_MS] == 3000 && s.rows[1].at[SERIES_LIVE] == 7);
    series_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_within_their_promise),
        cmocka_unit_test(few_values_are_told_as_they_are),
        cmocka_unit_test(a_phase_has_its_own_percentiles),
        cmocka_unit_test(the_coarse_form_loses_nothing),
        cmocka_unit_test(what_is_demanded_is_judged),
        cmocka_unit_test(nothing_measured_passes_nothing),
        cmocka_unit_test(one_phase_is_compared_with_another),
        cmocka_unit_test(wrong_demands_are_refused),
        cmocka_unit_test(a_second_is_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
