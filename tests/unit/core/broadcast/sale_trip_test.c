/* When a sale stops itself: how low, how many, how fast; and how a host says that it is meant. */
#include <string.h>

#include "core/broadcast/sale_trip.h"
#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static const struct sale_trip_rule rule = {.units = 50, .percent = 70};

static bool is_low(int64_t catalogue, int64_t price)
{
    struct money listed = eur(catalogue), low = eur(price);
    return sale_trip_is_low(&rule, &listed, &low);
}

static void the_edge_of_low_is_exact(void **state)
{
    (void)state;
    assert_false(is_low(1000, 300));
    assert_true(is_low(1000, 299));
    assert_false(is_low(1001, 301));
    assert_true(is_low(1001, 300)); /* 300.3 is the edge */
    assert_false(is_low(1000, 5000));
    assert_false(is_low(0, 0));
    assert_true(is_low(MONEY_MINOR_MAX, 1));
    assert_false(is_low(1, MONEY_MINOR_MAX));
    struct money none = {0}, low = eur(1), dollars = {100, "USD"};
    assert_false(sale_trip_is_low(&rule, &none, &low));
    assert_false(sale_trip_is_low(&rule, &dollars, &low));
    struct sale_trip_rule off = {.units = 0, .percent = 70};
    struct money listed = eur(1000);
    assert_false(sale_trip_is_low(&off, &listed, &low));
}

static void a_minute_of_claims_is_counted(void **state)
{
    (void)state;
    struct sale_trip t = {0};
    assert_int_equal(sale_trip_count(&t, 2, 1000, 3), 3);
    assert_int_equal(sale_trip_count(&t, 2, 1999, 4), 7);
    assert_int_equal(sale_trip_count(&t, 2, 60999, 1), 8); /* second 60: the last that still sees second 1 */
    assert_int_equal(sale_trip_count(&t, 2, 61000, 1), 2);
    assert_int_equal(sale_trip_count(&t, 2, 500000, 5), 5);
}

static void time_that_goes_back_counts_as_now(void **state)
{
    (void)state;
    struct sale_trip t = {0};
    sale_trip_count(&t, 1, 90000, 3);
    assert_int_equal(sale_trip_count(&t, 1, 1000, 4), 7);
    assert_int_equal(sale_trip_count(&t, 1, 150000, 1), 1);
}

static void a_new_price_begins_anew(void **state)
{
    (void)state;
    struct sale_trip t = {0};
    sale_trip_count(&t, 1, 1000, 40);
    assert_int_equal(sale_trip_count(&t, 2, 1000, 2), 2);
    assert_int_equal(sale_trip_count(&t, 1, 1000, 30), 2); /* late news of the old one */
}

static void the_host_reads_why(void **state)
{
    (void)state;
    struct sale_trip t = {0};
    char reason[SALE_TRIP_REASON_MAX];
    struct money listed = eur(8900), low = eur(890);
    sale_trip_count(&t, 1, 1000, 50);
    sale_trip_count(&t, 1, 12900, 1);
    sale_trip_reason(&t, &listed, &low, reason);
    assert_string_equal(reason,
                        "Stopped by itself: 51 claimed within 12 s at 8.90 EUR, 90 % below the catalogue's 89.00 "
                        "EUR. Open it again if this price is meant.");
}

static struct act trip_stop(const char *sku_text)
{
    struct act stop = act_of(ACT_SKU_STOP, sku_text);
    stop.tripped = true;
    return stop;
}

static void opening_it_again_says_that_the_price_is_meant(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_price("mug", 129));
    show_do(&s, trip_stop("mug"));
    assert_int_equal(broadcast_item(&s.b, "mug")->tripped_version, 2);
    show_do(&s, act_shelf("mug 1290, teapot 4900", NULL, items)); /* remembered over a new plan */
    show_do(&s, act_of(ACT_SKU_OPEN, "mug"));
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    assert_true(broadcast_item(&s.b, "mug")->base_meant);
    show_do(&s, act_price("mug", 128));
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_do(&s, trip_stop("mug"));
    show_do(&s, act_price("mug", 127));
    show_do(&s, act_of(ACT_SKU_OPEN, "mug")); /* at another price than the one it stopped at */
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_close(&s);
}

static void a_stop_by_hand_says_nothing_of_the_price(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_of(ACT_SKU_STOP, "mug"));
    show_do(&s, act_of(ACT_SKU_OPEN, "mug"));
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_close(&s);
}

static void an_offer_that_is_meant_says_nothing_of_the_price_under_it(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 129, 60000));
    show_do(&s, trip_stop("mug"));
    show_do(&s, act_of(ACT_SKU_OPEN, "mug"));
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    show_do(&s, act_offer("mug", 129, 90000)); /* prolonged: the same price */
    assert_true(broadcast_item(&s.b, "mug")->price_meant);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_false(broadcast_item(&s.b, "mug")->price_meant);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_edge_of_low_is_exact),
        cmocka_unit_test(a_minute_of_claims_is_counted),
        cmocka_unit_test(time_that_goes_back_counts_as_now),
        cmocka_unit_test(a_new_price_begins_anew),
        cmocka_unit_test(the_host_reads_why),
        cmocka_unit_test(opening_it_again_says_that_the_price_is_meant),
        cmocka_unit_test(a_stop_by_hand_says_nothing_of_the_price),
        cmocka_unit_test(an_offer_that_is_meant_says_nothing_of_the_price_under_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
