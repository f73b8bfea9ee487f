/* What a broadcast begins with: its planned pins, and its stock split over the sites. */
#include <stdlib.h>
#include <string.h>

#include "core/ports/run_plan.h"
#include "logistics/board/inner.h"
#include "scripts/rules/runofshow.h"
#include "tests/unit/unit.h"

/* ---- the stock, split ---- */

static void split(const struct logistics_plan *plan, const char *sku, int64_t units, int64_t ret[SITES_MAX])
{
    static struct board_show s; /* large */
    s.tally.plan = (struct logistics_plan *)(uintptr_t)plan;
    memset(ret, 0, SITES_MAX * sizeof *ret);
    stock_split(&s, sku, units, ret);
    int64_t sum = 0;
    for (size_t i = 0; i < SITES_MAX; i++) {
        assert_true(ret[i] >= 0);
        sum += ret[i];
    }
    assert_int_equal(sum, units);
}

static void without_a_plan_there_is_one_site(void **state)
{
    (void)state;
    int64_t got[SITES_MAX];
    split(NULL, "mug-red", 41, got);
    assert_int_equal(got[0], 41);
}

static void shares_are_kept_to_the_unit(void **state)
{
    (void)state;
    int64_t got[SITES_MAX];
    struct logistics_plan plan = {.sites_count = 3};
    for (size_t i = 0; i < 3; i++)
        plan.sites[i].share = i == 2 ? 10 : 45;
    split(&plan, "mug-red", 100, got);
    assert_int_equal(got[0], 45);
    assert_int_equal(got[2], 10);
    split(&plan, "mug-red", 7, got); /* 3.15, 3.15, 0.7 */
    assert_int_equal(got[0], 3);
    assert_int_equal(got[1], 3);
    assert_int_equal(got[2], 1);
    split(&plan, "mug-red", STOCK_UNITS_MAX, got);
    assert_int_equal(got[2], STOCK_UNITS_MAX / 10);
    for (size_t i = 0; i < 3; i++)
        plan.sites[i].share = 0; /* nothing said: equally */
    split(&plan, "mug-red", 8, got);
    assert_int_equal(got[0], 3);
    assert_int_equal(got[1], 3);
    assert_int_equal(got[2], 2);
}

static void what_lies_there_counts_before_shares(void **state)
{
    (void)state;
    int64_t got[SITES_MAX];
    struct logistics_sku_stock stock = {.sku = {"mug-red"}, .units = {30, 10}};
    struct logistics_plan plan = {.sites_count = 2, .stocks = &stock, .stocks_count = 1};
    plan.sites[0].share = plan.sites[1].share = 50;
    split(&plan, "mug-red", 40, got);
    assert_int_equal(got[0], 30);
    split(&plan, "mug-red", 20, got); /* sold elsewhere: in proportion */
    assert_int_equal(got[0], 15);
    split(&plan, "cap-blue", 20, got);
    assert_int_equal(got[0], 10);
}

/* ---- the run of show ---- */

static void cues_follow_each_other(void **state)
{
    (void)state;
    struct cue cues[] = {{.sku = {"mug-red"}, .minutes = 4}, {.minutes = 2}, {.sku = {"cap-blue"}, .minutes = 6}};
    struct run_of_show run = {.cues = cues, .count = 3};
    struct journal_pin pins[CUES_MAX];
    size_t count = 0;
    assert_int_equal(run_plan(&run, pins, &count), 12 * 60000);
    assert_int_equal(count, 2); /* one is talk */
    assert_int_equal(pins[0].after_ms, 0);
    assert_int_equal(pins[1].after_ms, 6 * 60000);
    assert_string_equal(pins[1].sku.text, "cap-blue");
}

static void a_run_without_minutes_is_spread_over_an_hour(void **state)
{
    (void)state;
    struct cue cues[] = {{.sku = {"mug-red"}}, {.sku = {"cap-blue"}}};
    struct run_of_show run = {.cues = cues, .count = 2};
    struct journal_pin pins[CUES_MAX];
    size_t count = 0;
    assert_int_equal(run_plan(&run, pins, &count), RUN_PLAN_MS_DEFAULT);
    assert_int_equal(pins[1].after_ms, RUN_PLAN_MS_DEFAULT / 2);
    assert_int_equal(run_plan(NULL, pins, &count), RUN_PLAN_MS_DEFAULT);
    assert_int_equal(count, 0);
}

/* ---- places in the ledger ---- */

static void places_are_numbers_not_texts(void **state)
{
    (void)state;
    assert_true(place_order(place_of("9-1"), place_of("10-0")) < 0);
    assert_true(place_order(place_of("10-9"), place_of("10-10")) < 0);
    assert_int_equal(place_order(place_of("1795177200000-4"), place_of("1795177200000-4")), 0);
    assert_true(place_order(place_of(""), place_of("0-1")) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_plan_there_is_one_site),
        cmocka_unit_test(shares_are_kept_to_the_unit),
        cmocka_unit_test(what_lies_there_counts_before_shares),
        cmocka_unit_test(cues_follow_each_other),
        cmocka_unit_test(a_run_without_minutes_is_spread_over_an_hour),
        cmocka_unit_test(places_are_numbers_not_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
