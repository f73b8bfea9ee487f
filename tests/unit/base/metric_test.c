#include <math.h>
#include <string.h>

#include "base/metric.h"
#include "tests/unit/unit.h"

static int teardown(void **state)
{
    (void)state;
    metric_reset_all();
    return 0;
}

static void expect_written(const char *expected)
{
    struct bytes out = {0};
    metric_write_all(&out);
    assert_int_equal(bytes_result(&out), RESULT_OK);
    assert_string_equal(out.data == NULL ? "" : out.data, expected);
    bytes_finish(&out);
}

static void counters_and_gauges_are_written(void **state)
{
    (void)state;
    struct metric held = {.name = "liveshelf_holds_total", .help = "Holds granted.", .kind = METRIC_COUNTER};
    struct metric temperature = {.name = "liveshelf_lag_seconds", .help = "Loop lag.", .kind = METRIC_GAUGE};
    metric_register(&held);
    metric_register(&temperature);
    metric_add(&held, 1);
    metric_add(&held, 2);
    metric_set(&temperature, 0.1);
    expect_written("# HELP liveshelf_holds_total Holds granted.\n"
                   "# TYPE liveshelf_holds_total counter\n"
                   "liveshelf_holds_total 3\n"
                   "# HELP liveshelf_lag_seconds Loop lag.\n"
                   "# TYPE liveshelf_lag_seconds gauge\n"
                   "liveshelf_lag_seconds 0.1\n");
}

static void one_name_has_one_header(void **state)
{
    (void)state;
    struct metric a = {.name = "r_total", .labels = "code=\"sold_out\"", .help = "Refusals.", .kind = METRIC_COUNTER};
    struct metric b = {.name = "r_total", .labels = "code=\"not_live\"", .help = "Refusals.", .kind = METRIC_COUNTER};
    metric_register(&a);
    metric_register(&b);
    metric_add(&b, 4);
    expect_written("# HELP r_total Refusals.\n"
                   "# TYPE r_total counter\n"
                   "r_total{code=\"sold_out\"} 0\n"
                   "r_total{code=\"not_live\"} 4\n");
    struct bytes list = {0};
    metric_list(&list);
    assert_string_equal(list.data, "r_total counter Refusals.\n");
    bytes_finish(&list);
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    static const double bounds[] = {0.001, 0.5, 2};
    struct metric h = {.name = "h_seconds",
                       .labels = "op=\"reserve\"",
                       .help = "Time.",
                       .kind = METRIC_HISTOGRAM,
                       .bounds = bounds,
                       .bounds_count = 3};
    metric_register(&h);
    metric_observe(&h, 0.0005);
    metric_observe(&h, 0.001); /* on the bound: belongs to it */
    metric_observe(&h, 0.25);
    metric_observe(&h, 3);
    expect_written("# HELP h_seconds Time.\n"
                   "# TYPE h_seconds histogram\n"
                   "h_seconds_bucket{op=\"reserve\",le=\"0.001\"} 2\n"
                   "h_seconds_bucket{op=\"reserve\",le=\"0.5\"} 3\n"
                   "h_seconds_bucket{op=\"reserve\",le=\"2\"} 3\n"
                   "h_seconds_bucket{op=\"reserve\",le=\"+Inf\"} 4\n"
                   "h_seconds_sum{op=\"reserve\"} 3.2515\n"
                   "h_seconds_count{op=\"reserve\"} 4\n");
    h.labels = NULL;
    struct bytes out = {0};
    metric_write_all(&out);
    assert_non_null(strstr(out.data, "h_seconds_bucket{le=\"0.001\"} 2\n"));
    bytes_finish(&out);
}

static void numbers_read_back_the_same(void **state)
{
    (void)state;
    struct metric g = {.name = "g", .help = "G.", .kind = METRIC_GAUGE};
    metric_register(&g);
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "g 0\n"},           {-1.5, "g -1.5\n"},      {1e6, "g 1000000\n"}, {123456789012.0, "g 123456789012\n"},
        {INFINITY, "g +Inf\n"}, {-INFINITY, "g -Inf\n"}, {NAN, "g NaN\n"},     {1.0 / 3, "g 0.33333333333333331\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes out = {0};
        metric_set(&g, cases[i].value);
        metric_write_all(&out);
        assert_string_equal(strstr(out.data, "\ng ") + 1, cases[i].text);
        bytes_finish(&out);
    }
}

static void register_twice(void)
{
    static struct metric m = {.name = "m", .help = "M.", .kind = METRIC_GAUGE};
    metric_register(&m);
    metric_register(&m);
}

static void register_one_name_apart(void)
{
    static struct metric a = {.name = "a", .help = "A.", .kind = METRIC_GAUGE};
    static struct metric b = {.name = "b", .help = "B.", .kind = METRIC_GAUGE};
    static struct metric a2 = {.name = "a", .help = "A.", .kind = METRIC_GAUGE};
    metric_register(&a);
    metric_register(&b);
    metric_register(&a2);
}

static void register_falling_bounds(void)
{
    static const double bounds[] = {2, 1};
    static struct metric h = {.name = "h", .help = "H.", .kind = METRIC_HISTOGRAM, .bounds = bounds, .bounds_count = 2};
    metric_register(&h);
}

static void wrong_registrations_trip_a_must(void **state)
{
    (void)state;
    assert_true(unit_trips_must(register_twice));
    assert_true(unit_trips_must(register_one_name_apart));
    assert_true(unit_trips_must(register_falling_bounds));
}

static void reset_forgets(void **state)
{
    (void)state;
    struct metric g = {.name = "g", .help = "G.", .kind = METRIC_GAUGE};
    metric_register(&g);
    metric_reset_all();
    expect_written("");
    metric_register(&g);
    expect_written("# HELP g G.\n# TYPE g gauge\ng 0\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counters_and_gauges_are_written, teardown),
        cmocka_unit_test_teardown(one_name_has_one_header, teardown),
        cmocka_unit_test_teardown(histograms_are_cumulative, teardown),
        cmocka_unit_test_teardown(numbers_read_back_the_same, teardown),
        cmocka_unit_test_teardown(wrong_registrations_trip_a_must, teardown),
        cmocka_unit_test_teardown(reset_forgets, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
