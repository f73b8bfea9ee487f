/* What is written of a broadcast is read back as it was. */
#include "app/recording_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/recording.h"
#include "tests/unit/unit.h"

static const struct estimator_sku skus[] = {
    {.sku = {"mug-red"}, .stock = {30, 10}, .grams = 420, .size_mm = {110, 90, 95}},
    {.sku = {"poster"}, .stock = {-1, -1}},
};
static const struct planned_pin run[] = {{.t = 0.0, .sku = {"mug-red"}}, {.t = 240.5, .sku = {"poster"}}};
static const struct estimator_plan plan = {.planned_s = 3600.25,
                                           .hold_s = 300.0,
                                           .tail_s = 259200.0,
                                           .skus = skus,
                                           .skus_count = 2,
                                           .run = run,
                                           .run_count = 2,
                                           .start_ms = INT64_C(1795177200123),
                                           .seed = UINT64_C(4503599627370495)};
static const struct shop_id shop = {"demo"};
static const struct broadcast_id broadcast = {"spring-drop"};

static const struct sale_event events[] = {
    {.kind = SALE_PIN, .t = 0.0, .sku = "mug-red", .site = ESTIMATE_ALL},
    {.kind = SALE_SKU, .t = 1.001, .sku = "cap", .site = ESTIMATE_ALL},
    {.kind = SALE_STOCK, .t = 1.001, .sku = "cap", .site = 1, .units = 7},
    {.kind = SALE_HOLD, .t = 2.5, .hold = "h_1", .sku = "mug-red", .buyer = "v_1", .units = 2, .site = ESTIMATE_ALL},
    {.kind = SALE_HOLD, .t = 2.5, .hold = "h_1", .sku = "poster", .buyer = "v_1", .units = 1, .site = ESTIMATE_ALL},
    {.kind = SALE_EXTEND, .t = 3.0, .hold = "h_1", .sku = "mug-red", .site = ESTIMATE_ALL},
    {.kind = SALE_WAIT, .t = 3.5, .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_LEAVE, .t = 3.6, .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_STOP, .t = 3.7, .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_OPEN, .t = 3.8, .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_VIEWERS, .t = 5.0, .n = 413, .site = ESTIMATE_ALL},
    {.kind = SALE_CONFIRM, .t = 6.0, .hold = "h_1", .sku = "mug-red", .buyer = "v_1", .units = 2, .site = ESTIMATE_ALL},
    {.kind = SALE_RELEASE, .t = 7.0, .hold = "h_1", .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_EXPIRE, .t = 8.0, .hold = "h_2", .sku = "poster", .site = ESTIMATE_ALL},
    {.kind = SALE_END, .t = 3600.0, .site = ESTIMATE_ALL},
    {.kind = SALE_CANCEL, .t = 4000.0, .hold = "h_1", .units = 1, .site = ESTIMATE_ALL},
    {.kind = SALE_SHIP, .t = 4001.0, .hold = "h_1", .sku = "mug-red", .site = 0},
    {.kind = SALE_RETURN, .t = 90000.0, .hold = "h_1", .sku = "mug-red", .units = 1, .site = ESTIMATE_ALL},
    {.kind = SALE_CLOSE, .t = 262800.0, .site = ESTIMATE_ALL},
};

static void expect_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL)
        assert_string_equal(a, b);
}

static void expect_same_plan(const struct estimator_plan *got)
{
    assert_true(fabs(got->planned_s - plan.planned_s) + fabs(got->hold_s - plan.hold_s) +
                    fabs(got->tail_s - plan.tail_s) ==
                0.0);
    assert_int_equal(got->start_ms, plan.start_ms);
    assert_int_equal(got->seed, plan.seed);
    assert_int_equal(got->skus_count, 2);
    assert_int_equal(got->skus[0].grams, 420);
    assert_int_equal(got->skus[0].stock[0], 30);
    assert_int_equal(got->skus[0].stock[1], 10);
    assert_int_equal(got->skus[0].size_mm[2], 95);
    assert_int_equal(got->skus[1].stock[0], -1);
    assert_int_equal(got->run_count, 2);
    assert_string_equal(got->run[1].sku.text, "poster");
    assert_true(got->run[1].t == 240.5);
}

static void expect_same_event(const struct sale_event *got, const struct sale_event *e)
{
    assert_int_equal(got->kind, e->kind);
    assert_true(got->t == e->t);
    expect_same_text(got->hold, e->hold);
    expect_same_text(got->sku, e->sku);
    expect_same_text(got->buyer, e->buyer);
    assert_int_equal(got->units, e->units);
    assert_int_equal(got->n, e->n);
    assert_int_equal(got->site, e->site);
}

static void read_back(const struct logistics_plan *logistics)
{
    struct bytes lines = {0};
    struct recording r;
    struct sale_event got;
    struct estimator_plan with_sites = plan;
    with_sites.logistics = logistics;
    recording_write_start(&lines, &shop, &broadcast, &with_sites);
    for (size_t i = 0; i < ARRAY_LEN(events); i++)
        recording_write_event(&lines, &events[i], events[i].t, logistics);
    FILE *from = fmemopen(lines.data, lines.len, "r");
    assert_non_null(from);
    if (recording_open(&r, from, NULL) != RESULT_OK)
        fail_msg("%s", r.why);
    assert_int_equal(r.logistics.sites_count, 2);
    assert_string_equal(r.logistics.sites[1].id.text, "W2");
    expect_same_plan(&r.plan);
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (recording_next(&r, &got) != RESULT_OK)
            fail_msg("%s", r.why);
        expect_same_event(&got, &events[i]);
    }
    assert_int_equal(recording_next(&r, &got), RESULT_NOT_FOUND);
    recording_close(&r);
    fclose(from);
    bytes_finish(&lines);
}

static void a_broadcast_of_two_sites(void **state)
{
    (void)state;
    struct logistics_plan logistics = {.sites = {{.id = {"W1"}, .share = 3}, {.id = {"W2"}, .share = 1}},
                                       .sites_count = 2,
                                       .waves = {{.id = {"w1"}, .after_end = true, .cut_off_ms = 7200000}},
                                       .waves_count = 1,
                                       .fill_per_mille = 700,
                                       .cm3_per_kg = 5000,
                                       .tail_hours = 72};
    read_back(&logistics);
}

static void a_shop_that_names_no_sites_has_one(void **state)
{
    (void)state;
    struct bytes lines = {0};
    const struct estimator_plan alone = {.planned_s = 60, .hold_s = 10, .skus = skus, .skus_count = 1};
    const struct sale_event stock = {.kind = SALE_STOCK, .sku = "mug-red", .units = 4};
    recording_write_start(&lines, &shop, &broadcast, &alone);
    recording_write_event(&lines, &stock, 1.0, NULL);
    assert_non_null(strstr(lines.data, "\"stock\":{\"" RECORDING_SITE "\":30}"));
    assert_non_null(strstr(lines.data,
                           "{\"type\":\"stock\",\"t\":1.000,\"sku\":\"mug-red\",\"units\":4,\"wh\":\"" RECORDING_SITE
                           "\"}\n"));
    bytes_finish(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broadcast_of_two_sites),
        cmocka_unit_test(a_shop_that_names_no_sites_has_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
