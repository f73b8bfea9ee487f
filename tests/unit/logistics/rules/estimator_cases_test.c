#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/logistics/rules/estimator_help.h"
#include "tests/unit/unit.h"

/* ---- small exact cases ---- */

static void a_line_counts_once_whatever_is_said_of_it(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 10, "h1", "mug", 2);
    sale(e, SALE_HOLD, 11, "h1", "mug", 2);
    struct estimate x = estimate(e, 12);
    assert_int_equal(x.skus[0].held, 2);
    assert_int_equal(x.skus[0].firm, 0);
    estimate_finish(&x);
    sale(e, SALE_CONFIRM, 20, "h1", NULL, 0);
    sale(e, SALE_CONFIRM, 21, "h1", "mug", 2);
    sale(e, SALE_EXPIRE, 400, "h1", "mug", 0);
    x = estimate(e, 400);
    assert_int_equal(x.skus[0].held, 0);
    assert_int_equal(x.skus[0].firm, 2);
    assert_false(x.flags & FLAG_LATE_EVENTS);
    estimate_finish(&x);
    sale(e, SALE_CANCEL, 500, "h1", "mug", 1);
    x = estimate(e, 500);
    assert_int_equal(x.skus[0].firm, 1);
    estimate_finish(&x);
    sale(e, SALE_CANCEL, 501, "h1", "mug", 0);
    sale(e, SALE_CANCEL, 502, "h1", "mug", 0);
    x = estimate(e, 502);
    assert_int_equal(x.skus[0].firm, 0);
    assert_true(x.loads[0].parcels.mean >= 0);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void what_cannot_be_is_flagged_and_paid_late_counts(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 10, "h1", "mug", 3);
    sale(e, SALE_EXPIRE, 310, "h1", "mug", 0);
    sale(e, SALE_CONFIRM, 330, "h1", "mug", 3); /* paid late, and still there */
    sale(e, SALE_CONFIRM, 340, "h2", "mug", 2); /* nobody saw the hold */
    struct estimate x = estimate(e, 340);
    assert_int_equal(x.skus[0].firm, 5);
    assert_false(x.flags & FLAG_LATE_EVENTS);
    estimate_finish(&x);
    sale(e, SALE_CONFIRM, 350, "h3", NULL, 0); /* of what? */
    x = estimate(e, 350);
    assert_true(x.flags & FLAG_LATE_EVENTS);
    assert_int_equal(x.skus[0].firm, 5);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void events_far_behind_their_time_are_flagged(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 100, "h1", "mug", 1);
    sale(e, SALE_HOLD, 98, "h2", "mug", 1); /* two sources are never quite even */
    struct estimate x = estimate(e, 100);
    assert_false(x.flags & FLAG_LATE_EVENTS);
    estimate_finish(&x);
    sale(e, SALE_HOLD, 20, "h3", "mug", 1);
    x = estimate(e, 50); /* before the newest event: as then */
    assert_true(x.flags & FLAG_LATE_EVENTS);
    assert_int_equal(x.skus[0].held, 3);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void a_cart_is_several_lines_under_one_hold(void **state)
{
    (void)state;
    struct estimator_sku two[2] = {mug, mug};
    strcpy(two[1].sku.text, "cap");
    struct estimator_plan plan = plan_of(two, 2);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 1, "h1", "mug", 1);
    sale(e, SALE_HOLD, 1, "h1", "cap", 2);
    sale(e, SALE_CONFIRM, 9, "h1", "cap", 2);
    struct estimate x = estimate(e, 9);
    assert_int_equal(x.skus[0].held, 1);
    assert_int_equal(x.skus[1].firm, 2);
    assert_int_equal(x.skus[1].held, 0);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void stock_is_the_most_that_ships(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    char hold[16];
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 500);
    sale(e, SALE_PIN, 1, NULL, "mug", 0);
    for (int i = 0; i < 10; i++) {
        snprintf(hold, sizeof hold, "h%d", i);
        sale(e, SALE_HOLD, 10 + i, hold, "mug", 1);
        sale(e, SALE_CONFIRM, 40 + i, hold, "mug", 1);
    }
    struct estimate x = estimate(e, 600);
    assert_true(x.skus[0].units.q[4] <= 10);
    assert_true(x.skus[0].lost > 1 && x.skus[0].short_by > x.skus[0].lost); /* people went on wanting it */
    double short_by = x.skus[0].short_by;
    estimate_finish(&x);
    sale(e, SALE_STOCK, 601, NULL, "mug", 500); /* restocked: exposure counts again, and what was short comes */
    sale(e, SALE_VIEWERS, 700, NULL, NULL, 500);
    x = estimate(e, 700);
    assert_true(x.skus[0].units.q[4] > 10 && x.skus[0].units.mean > 11);
    assert_true(x.skus[0].short_by < short_by);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void a_sku_may_come_onto_the_shelf_on_air(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 100);
    sale(e, SALE_SKU, 900, NULL, "hat", 0);
    struct estimate x = estimate(e, 900);
    assert_int_equal(x.skus_count, 2);
    assert_int_equal(x.skus[1].stock, -1);
    assert_true(x.skus[1].flags & FLAG_STOCK_UNKNOWN && x.skus[1].flags & FLAG_MASTER_DATA_MISSING);
    estimate_finish(&x);
    sale(e, SALE_STOCK, 901, NULL, "hat", 7);
    sale(e, SALE_HOLD, 902, "h1", "hat", 1);
    x = estimate(e, 950);
    assert_int_equal(x.skus[1].stock, 7);
    assert_int_equal(x.skus[1].held, 1);
    assert_true(isnan(x.loads[0].grams.mean)); /* nobody told what a hat weighs: unknown, not nothing */
    assert_true(isfinite(x.loads[0].units.mean));
    estimate_finish(&x);
    sale(e, SALE_SKU, 960, NULL, "hat", 120);
    x = estimate(e, 960);
    assert_true(x.loads[0].grams.mean > 120);
    assert_true(isnan(x.loads[0].cm3.mean)); /* its size is still nobody's knowledge */
    estimate_finish(&x);
    estimator_destroy(e);
}

/* 500 holds within a few seconds, of which none pays, against a SKU that sells as usual. */
static void holds_that_no_person_made_are_left_out(void **state)
{
    (void)state;
    struct estimator_sku two[2] = {mug, mug};
    strcpy(two[1].sku.text, "cap");
    two[0].stock[0] = two[1].stock[0] = 5000;
    struct estimator_plan plan = plan_of(two, 2);
    struct estimator *e = create(&plan, NULL);
    char hold[16];
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 500);
    for (int i = 0; i < 100; i++) {
        snprintf(hold, sizeof hold, "p%d", i);
        sale(e, SALE_HOLD, i * 5, hold, "mug", 1);
        if (i >= 12) {
            snprintf(hold, sizeof hold, "p%d", i - 12);
            sale(e, SALE_CONFIRM, i * 5 + 1, hold, "mug", 1);
        }
    }
    for (int i = 0; i < 500; i++) {
        snprintf(hold, sizeof hold, "b%d", i);
        sale(e, SALE_HOLD, 500 + i / 100, hold, "cap", 1);
    }
    struct estimate at_once = estimate(e, 506), later = estimate(e, 700);
    assert_true(at_once.skus[1].parts[PART_HOLDS] > 100);
    assert_true(later.skus[1].parts[PART_HOLDS] < 15);
    assert_true(later.flags & FLAG_SUSPECT_HOLDS && later.suspect_holds > 450 && later.suspect_holds <= 500);
    estimate_finish(&at_once);
    estimate_finish(&later);
    estimator_destroy(e);
}

/* ---- sites and waves ---- */

static void each_wave_takes_what_is_confirmed_until_its_cut_off(void **state)
{
    (void)state;
    struct logistics_plan shop = {
        .sites_count = 2, .waves_count = 2, .sites = {{.id = {"W1"}, .share = 1}, {.id = {"W2"}, .share = 3}}};
    shop.waves[0] = (struct logistics_wave){.id = {"early"}, .cut_off_ms = 1000000 + 1800 * 1000};
    shop.waves[1] = (struct logistics_wave){.id = {"next"}, .after_end = true, .cut_off_ms = 3600 * 1000};
    struct estimator_sku sku = mug;
    sku.stock[0] = 100;
    sku.stock[1] = 100;
    struct estimator_plan plan = plan_of(&sku, 1);
    plan.logistics = &shop;
    plan.start_ms = 1000000;
    struct estimator *e = create(&plan, NULL);
    static const struct {
        const char *hold;
        double t;
        uint16_t site;
        int64_t units;
    } orders[] = {
        {"a", 100, 0, 3}, {"b", 1700, 1, 5}, {"c", 1900, 1, 2}, {"d", 3000, ESTIMATE_ALL, 4}, {"later", 9000, 0, 6}};
    for (size_t i = 0; i < 5; i++) {
        if (i == 4)
            sale(e, SALE_END, 3600, NULL, NULL, 0);
        struct sale_event event = {.kind = SALE_CONFIRM,
                                   .t = orders[i].t,
                                   .hold = orders[i].hold,
                                   .sku = "mug",
                                   .units = orders[i].units,
                                   .site = orders[i].site};
        feed(e, &event);
    }
    sale(e, SALE_CLOSE, 9001, NULL, NULL, 0);
    struct estimate x = estimate(e, 9001);
    int64_t wave[3] = {0}, site[2] = {0}, cells[3][2] = {{0}}, unplaced[3] = {0};
    for (size_t i = 0; i < x.loads_count; i++) {
        const struct estimate_load *l = &x.loads[i];
        if (l->site == ESTIMATE_ALL && l->wave != ESTIMATE_ALL)
            wave[l->wave] = l->firm;
        if (l->wave == ESTIMATE_ALL && l->site != ESTIMATE_ALL)
            site[l->site] = l->firm;
    }
    for (size_t i = 0; i < x.cells_count; i++) {
        const struct estimate_cell *c = &x.cells[i];
        *(c->site == ESTIMATE_ALL ? &unplaced[c->wave] : &cells[c->wave][c->site]) = c->firm;
    }
    assert_int_equal(wave[0], 8);
    assert_int_equal(wave[1], 6); /* c, and d, which lies nowhere yet */
    assert_int_equal(wave[2], 6);
    assert_int_equal(site[0], 9);
    assert_int_equal(site[1], 7);
    assert_int_equal(cells[0][0], 3);
    assert_int_equal(cells[0][1], 5);
    assert_int_equal(cells[1][1], 2);
    assert_int_equal(cells[2][0], 6);
    assert_int_equal(unplaced[0], 0);
    assert_int_equal(unplaced[1], 4);          /* d again: its wave is known */
    for (size_t i = 0; i < x.loads_count; i++) /* the first two have left: exactly these units */
        if (x.loads[i].site == ESTIMATE_ALL && x.loads[i].wave < 2)
            assert_true(x.loads[i].units.q[0] == x.loads[i].units.q[4] &&
                        x.loads[i].units.q[0] == (double)wave[x.loads[i].wave]);
    estimate_finish(&x);
    struct sale_event ship = {.kind = SALE_SHIP, .t = 9100, .hold = "d", .sku = "mug", .site = 0};
    feed(e, &ship);
    x = estimate(e, 9100);
    assert_int_equal(x.loads[1].site, 0);
    assert_int_equal(x.loads[1].firm, 13); /* it left from the first site after all */
    estimate_finish(&x);
    estimator_destroy(e);
}

static void parcels_are_what_one_buyer_gets_from_one_site(void **state)
{
    (void)state;
    struct logistics_plan shop = {.sites_count = 2, .sites = {{.id = {"W1"}, .share = 1}, {.id = {"W2"}, .share = 1}}};
    struct estimator_plan plan = plan_of(&mug, 1);
    plan.logistics = &shop;
    struct estimator *e = create(&plan, NULL);
    static const struct {
        const char *hold, *buyer;
        uint16_t site;
    } orders[] = {{"a", "ann", 0}, {"b", "ann", 0}, {"c", "ann", 1}, {"d", "bob", 0}, {"e", NULL, 0}, {"f", NULL, 0}};
    for (size_t i = 0; i < 6; i++) {
        struct sale_event event = {.kind = SALE_CONFIRM,
                                   .t = 10,
                                   .hold = orders[i].hold,
                                   .sku = "mug",
                                   .units = 1,
                                   .buyer = orders[i].buyer,
                                   .site = orders[i].site};
        feed(e, &event);
        event.kind = SALE_SHIP;
        feed(e, &event);
    }
    sale(e, SALE_CLOSE, 1e7, NULL, NULL, 0); /* long after anything is cancelled */
    struct estimate x = estimate(e, 1e7);
    assert_true(fabs(x.loads[0].parcels.mean - 5) < 0.01);
    assert_true(fabs(x.loads[1].parcels.mean - 4) < 0.01);
    assert_true(fabs(x.loads[2].parcels.mean - 1) < 0.01);
    assert_true(fabs(x.loads[0].grams.mean - 2400) < 5);
    estimate_finish(&x);
    estimator_destroy(e);
}

/* What nobody has placed yet is in some carton all the same. */
static void cartons_are_counted_wherever_units_lie(void **state)
{
    (void)state;
    struct logistics_plan shop = {.sites_count = 2, .sites = {{.id = {"W1"}, .share = 1}, {.id = {"W2"}, .share = 1}}};
    shop.cartons[shop.cartons_count++] =
        (struct logistics_carton){.id = {"S"}, .size_mm = {300, 200, 200}, .weight_max_g = 5000, .tare_g = 100};
    shop.fill_per_mille = 700;
    struct estimator_plan plan = plan_of(&mug, 1);
    plan.logistics = &shop;
    struct estimator *e = create(&plan, NULL);
    for (int i = 0; i < 8; i++) {
        char hold[16];
        snprintf(hold, sizeof hold, "h%d", i);
        struct sale_event event = {.kind = SALE_CONFIRM, .t = 10, .hold = hold, .sku = "mug", .units = 1};
        event.site = i < 3 ? 0 : ESTIMATE_ALL;
        feed(e, &event);
    }
    sale(e, SALE_CLOSE, 20, NULL, NULL, 0);
    struct estimate x = estimate(e, 20);
    assert_int_equal(x.cartons_count, 1);
    assert_true(fabs(x.loads[0].parcels.mean - 8) < 0.01);
    assert_true(fabs(x.cartons[0].count.mean - 8) < 0.01);
    assert_true(fabs(x.loads[0].cm3.mean - 8 * 12000) < 10);
    assert_true(fabs(x.loads[0].grams.mean - 8 * 500) < 5);
    estimate_finish(&x);
    estimator_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_counts_once_whatever_is_said_of_it),
        cmocka_unit_test(what_cannot_be_is_flagged_and_paid_late_counts),
        cmocka_unit_test(events_far_behind_their_time_are_flagged),
        cmocka_unit_test(a_cart_is_several_lines_under_one_hold),
        cmocka_unit_test(stock_is_the_most_that_ships),
        cmocka_unit_test(a_sku_may_come_onto_the_shelf_on_air),
        cmocka_unit_test(holds_that_no_person_made_are_left_out),
        cmocka_unit_test(each_wave_takes_what_is_confirmed_until_its_cut_off),
        cmocka_unit_test(parcels_are_what_one_buyer_gets_from_one_site),
        cmocka_unit_test(cartons_are_counted_wherever_units_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
