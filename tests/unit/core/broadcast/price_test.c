/* Prices, offers and shelves: a version stands for one price for ever. */
#include <string.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static void each_price_is_a_new_version(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_int_equal(version_of(&s, "mug"), 1);
    assert_int_equal(version_of(&s, "bag"), 0);
    assert_string_equal(show_do(&s, act_price("mug", 890)), "price");
    assert_int_equal(version_of(&s, "mug"), 2);
    assert_string_equal(show_do(&s, act_price("mug", 890)), "");
    assert_string_equal(show_do(&s, act_price("mug", 1290)), "price"); /* an old price is a new version too */
    assert_int_equal(version_of(&s, "mug"), 3);
    assert_string_equal(show_do(&s, act_price("bag", 300)), "price");
    assert_int_equal(version_of(&s, "bag"), 1);
    assert_string_equal(show_do(&s, act_price("ghost", 890)), "sku_unknown");
    show_close(&s);
}

static void a_broadcast_sells_in_one_currency(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    struct act dollars = act_price("bag", 890);
    memcpy(dollars.price.currency, "USD", 4);
    assert_string_equal(show_do(&s, dollars), "currency");
    dollars.kind = ACT_OFFER_START;
    dollars.sku = sku("mug");
    dollars.for_ms = 1000;
    assert_string_equal(show_do(&s, dollars), "currency");
    assert_string_equal(show_do(&s, act_shelf("mug 1290, teapot 10 USD", NULL, items)), "currency");
    assert_string_equal(show_do(&s, act_shelf("mug 1290 USD, teapot 10 USD", NULL, items)), "currency"); /* on air */
    show_close(&s);
}

static void nothing_is_sold_for_nothing(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_price("mug", 0)), "amount");
    assert_string_equal(show_do(&s, act_offer("mug", 0, 1000)), "amount");
    struct act cue = act_cue("c1", "mug", 500);
    cue.price.minor = 0;
    assert_string_equal(show_do(&s, cue), "amount");
    show_do(&s,
            act_shelf("mug 0, teapot 4900", NULL, items)); /* a catalogue may have it; then it is not shown for sale */
    assert_string_equal(show_do(&s, act_pin(0, "mug")), "amount");
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 0)), "amount");
    struct reserve_wish wish = {.lines_count = 1, .lines = {{.sku = {"mug"}, .units = 1}}};
    struct line lines[CART_LINES_MAX];
    char currency[4];
    uint8_t line;
    assert_int_equal(broadcast_may_reserve(&s.b, &wish, lines, currency, &line), RESERVE_NO_PRICE);
    show_close(&s);
}

static void before_the_start_the_currency_may_still_change(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open(&s);
    assert_string_equal(show_do(&s, act_shelf("mug 1290 USD, teapot 10 EUR", NULL, items)), "currency");
    assert_string_equal(show_do(&s, act_shelf("mug 1290 USD, teapot 10 USD", NULL, items)), "shelf");
    show_close(&s);
}

static void an_offer_ends_at_the_price_under_it(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_offer("mug", 790, 60000)), "offer");
    assert_int_equal(price_of(&s, "mug"), 790);
    assert_int_equal(version_of(&s, "mug"), 2);
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, 61000);
    assert_int_equal(broadcast_item(&s.b, "mug")->base_price.minor, 1290);
    assert_string_equal(show_do(&s, act_of(ACT_OFFER_STOP, "mug")), "offer");
    assert_int_equal(price_of(&s, "mug"), 1290);
    assert_int_equal(version_of(&s, "mug"), 3);
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, 0);
    assert_string_equal(show_do(&s, act_of(ACT_OFFER_STOP, "mug")), "");
    assert_string_equal(show_do(&s, act_of(ACT_OFFER_STOP, "ghost")), "sku_unknown");
    show_close(&s);
}

static void an_offer_may_be_prolonged_and_lowered(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 790, 60000));
    s.now_ms += 1000;
    assert_string_equal(show_do(&s, act_offer("mug", 790, 60000)), "offer");
    assert_int_equal(version_of(&s, "mug"), 2); /* the same price: nobody who saw it must look again */
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, s.now_ms + 60000);
    assert_string_equal(show_do(&s, act_offer("mug", 690, 60000)), "offer");
    assert_int_equal(version_of(&s, "mug"), 3);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_close(&s);
}

static void offers_need_a_product_with_a_price(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_offer("ghost", 790, 60000)), "sku_unknown");
    assert_string_equal(show_do(&s, act_offer("bag", 790, 60000)), "price_missing");
    show_close(&s);
}

static void a_new_price_ends_the_offer_for_everyone_to_hear(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 790, 60000));
    assert_string_equal(show_do(&s, act_price("mug", 890)), "offer price");
    assert_int_equal(price_of(&s, "mug"), 890);
    assert_int_equal(version_of(&s, "mug"), 4);
    assert_int_equal(broadcast_item(&s.b, "mug")->base_price.minor, 890);
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, 0);
    show_do(&s, act_offer("mug", 790, 60000));
    assert_string_equal(show_do(&s, act_price("mug", 890)), "offer"); /* the price under it: ending it is enough */
    show_close(&s);
}

static void a_cue_ends_an_offer_only_with_another_price(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    show_do(&s, act_offer("mug", 790, 60000));
    show_do(&s, act_cue("c2", "teapot", 0));
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "cue pin.set");
    assert_int_equal(price_of(&s, "mug"), 790);
    assert_string_equal(show_do(&s, act_cue("c3", "mug", 950)), "cue offer price pin.set");
    assert_int_equal(price_of(&s, "mug"), 950);
    show_close(&s);
}

/* ---- shelves ---- */

static void a_new_shelf_keeps_versions_states_and_prices_made_on_air(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_price("mug", 890));
    show_do(&s, act_of(ACT_SKU_STOP, "mug"));
    assert_string_equal(show_do(&s, act_shelf("teapot 4900, mug 1290, lamp 7900", "{}", items)), "shelf");
    assert_int_equal(price_of(&s, "mug"), 890); /* 1290 is what the last shelf asked too */
    assert_int_equal(version_of(&s, "mug"), 2);
    assert_int_equal(broadcast_item(&s.b, "mug")->state, SKU_STOPPED);
    assert_int_equal(version_of(&s, "lamp"), 1);
    assert_null(broadcast_item(&s.b, "bag"));
    assert_string_equal(s.b.document, "{}");
    assert_int_equal(s.b.document_seq, s.b.seq);
    assert_int_equal(s.b.items_count, 3);
    assert_string_equal(s.b.items[0].sku.text, "teapot");
    show_close(&s);
}

static void a_shelf_that_asks_another_price_changes_it(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_price("mug", 890));
    show_do(&s, act_offer("teapot", 4000, 60000));
    show_do(&s, act_shelf("mug 1190, teapot 4500, bag 300", NULL, items));
    assert_int_equal(price_of(&s, "mug"), 1190);
    assert_int_equal(version_of(&s, "mug"), 3);
    assert_int_equal(price_of(&s, "teapot"), 4500); /* and ends the offer on the old one */
    assert_int_equal(version_of(&s, "teapot"), 3);
    assert_int_equal(broadcast_item(&s.b, "teapot")->offer_ends_ms, 0);
    assert_int_equal(version_of(&s, "bag"), 1);
    show_do(&s, act_shelf("mug 890, teapot, bag 300", NULL, items));
    assert_int_equal(version_of(&s, "mug"), 4);
    assert_int_equal(price_of(&s, "teapot"), 4500); /* a shelf that asks nothing leaves the price */
    show_close(&s);
}

static void a_shelf_keeps_a_running_offer(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_offer("mug", 790, 60000));
    show_do(&s, act_shelf("mug 1290, teapot 4900", NULL, items));
    assert_int_equal(price_of(&s, "mug"), 790);
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, 61000);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_do(&s, act_price("mug", 890));
    show_do(&s, act_offer("mug", 790, 60000));
    show_do(&s, act_shelf("mug 890, teapot 4900", NULL, items)); /* asks what already holds under the offer */
    assert_int_equal(price_of(&s, "mug"), 790);
    show_close(&s);
}

static void a_sku_that_comes_back_never_reuses_a_version(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_price("mug", 890));
    show_do(&s, act_price("mug", 790));
    show_do(&s, act_shelf("teapot 4900", NULL, items));
    assert_null(broadcast_item(&s.b, "mug"));
    show_do(&s, act_shelf("teapot 4900, mug 1290", NULL, items));
    assert_int_equal(version_of(&s, "mug"), 4);
    assert_int_equal(version_of(&s, "teapot"), 1);
    show_close(&s);
}

static void leaving_a_recalled_sku_out_does_not_open_it(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_of(ACT_RECALL, "mug"));
    show_do(&s, act_shelf("teapot 4900", NULL, items));
    assert_int_equal(broadcast_item(&s.b, "mug")->state, SKU_RECALLED);
    show_do(&s, act_shelf("teapot 4900, mug 1290", NULL, items));
    assert_int_equal(broadcast_item(&s.b, "mug")->state, SKU_RECALLED);
    assert_int_equal(s.b.items_count, 2);
    show_close(&s);
}

static void pins_of_skus_that_left_go_with_them(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_pin(1, "teapot"));
    show_do(&s, act_shelf("teapot 4900", NULL, items));
    assert_string_equal(pinned(&s, 0), "");
    assert_string_equal(pinned(&s, 1), "teapot");
    show_close(&s);
}

static void the_same_shelf_again_changes_nothing(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open(&s);
    assert_string_equal(show_do(&s, act_shelf("mug 1290, teapot 4900, bag", "{\"cues\":[]}", items)), "");
    assert_string_equal(show_do(&s, act_shelf("mug 1290, teapot 4900, bag", NULL, items)), "");
    assert_string_equal(show_do(&s, act_shelf("mug 1290, bag, teapot 4900", NULL, items)),
                        "shelf"); /* order is shown */
    assert_string_equal(s.b.document, "{\"cues\":[]}");
    assert_string_equal(show_do(&s, act_shelf("mug 1290, bag, teapot 4900", "{}", items)), "shelf");
    struct act renamed = act_shelf("mug 1290, bag, teapot 4900", "{}", items);
    strcpy(items[0].title, "The better mug");
    assert_string_equal(show_do(&s, renamed), "shelf");
    assert_string_equal(show_do(&s, act_shelf("", NULL, items)), "shelf");
    assert_int_equal(s.b.items_count, 0);
    show_close(&s);
}

static void a_shelf_over_its_limit_is_refused_from_the_log(void **state)
{
    (void)state;
    struct show s;
    show_open(&s);
    struct event e = {.kind = EVENT_SHELF, .u.shelf.count = SHELF_ITEMS_MAX + 1};
    assert_int_equal(show_step(&s, e), RESULT_MALFORMED);
    assert_int_equal(s.b.items_count, 3);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_price_is_a_new_version),
        cmocka_unit_test(a_broadcast_sells_in_one_currency),
        cmocka_unit_test(nothing_is_sold_for_nothing),
        cmocka_unit_test(before_the_start_the_currency_may_still_change),
        cmocka_unit_test(an_offer_ends_at_the_price_under_it),
        cmocka_unit_test(an_offer_may_be_prolonged_and_lowered),
        cmocka_unit_test(offers_need_a_product_with_a_price),
        cmocka_unit_test(a_new_price_ends_the_offer_for_everyone_to_hear),
        cmocka_unit_test(a_cue_ends_an_offer_only_with_another_price),
        cmocka_unit_test(a_new_shelf_keeps_versions_states_and_prices_made_on_air),
        cmocka_unit_test(a_shelf_that_asks_another_price_changes_it),
        cmocka_unit_test(a_shelf_keeps_a_running_offer),
        cmocka_unit_test(a_sku_that_comes_back_never_reuses_a_version),
        cmocka_unit_test(leaving_a_recalled_sku_out_does_not_open_it),
        cmocka_unit_test(pins_of_skus_that_left_go_with_them),
        cmocka_unit_test(the_same_shelf_again_changes_nothing),
        cmocka_unit_test(a_shelf_over_its_limit_is_refused_from_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
