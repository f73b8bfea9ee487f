#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static struct reserve_wish wish_of(const char *sku_text, uint32_t units, uint32_t seen_price)
{
    struct reserve_wish wish = {.lines_count = 1};
    wish.lines[0].sku = sku(sku_text);
    wish.lines[0].units = units;
    wish.lines[0].seen_price = seen_price;
    return wish;
}

static enum reserve_refusal ask(const struct show *s, const struct reserve_wish *wish, uint8_t *ret_line)
{
    struct line lines[CART_LINES_MAX];
    char currency[4];
    return broadcast_may_reserve(&s->b, wish, lines, currency, ret_line);
}

static void a_wish_is_promised_the_price_of_now(void **state)
{
    (void)state;
    struct show s;
    struct line lines[CART_LINES_MAX];
    char currency[4] = "";
    uint8_t line = 9;
    show_open_live(&s);
    show_do(&s, act_price("mug", 990));
    struct reserve_wish wish = wish_of("mug", 2, 2);
    wish.lines_count = 2;
    wish.lines[1].sku = sku("teapot");
    wish.lines[1].units = 1;
    assert_int_equal(broadcast_may_reserve(&s.b, &wish, lines, currency, &line), RESERVE_ALLOWED);
    assert_string_equal(lines[0].sku.text, "mug");
    assert_int_equal(lines[0].units, 2);
    assert_int_equal(lines[0].unit_minor, 990);
    assert_int_equal(lines[0].price_version, 2);
    assert_int_equal(lines[1].unit_minor, 4900);
    assert_string_equal(currency, "EUR");
    assert_int_equal(line, 9); /* written on refusal only */
    show_close(&s);
}

static void nothing_is_sold_unless_live(void **state)
{
    (void)state;
    struct show s;
    uint8_t line = 9;
    struct reserve_wish wish = wish_of("ghost", 1, 0); /* the state is said first */
    show_open(&s);
    assert_int_equal(ask(&s, &wish, &line), RESERVE_NOT_LIVE);
    assert_int_equal(line, 0);
    show_do(&s, act_of(ACT_START, NULL));
    show_do(&s, act_of(ACT_PAUSE, NULL));
    assert_int_equal(ask(&s, &wish, &line), RESERVE_PAUSED);
    show_do(&s, act_of(ACT_END, NULL));
    assert_int_equal(ask(&s, &wish, &line), RESERVE_NOT_LIVE);
    show_close(&s);
}

static void the_offending_line_is_named(void **state)
{
    (void)state;
    struct show s;
    uint8_t line = 9;
    show_open_live(&s);
    struct reserve_wish wish = wish_of("teapot", 1, 1);
    wish.lines_count = 2;
    wish.lines[1].units = 1;
    wish.lines[1].sku = sku("ghost");
    assert_int_equal(ask(&s, &wish, &line), RESERVE_SKU_UNKNOWN);
    assert_int_equal(line, 1);
    wish.lines[1].sku = sku("bag");
    assert_int_equal(ask(&s, &wish, &line), RESERVE_NO_PRICE);
    wish.lines[1].sku = sku("mug");
    wish.lines[1].seen_price = 1;
    assert_int_equal(ask(&s, &wish, &line), RESERVE_ALLOWED);
    show_do(&s, act_price("mug", 900));
    assert_int_equal(ask(&s, &wish, &line), RESERVE_PRICE_CHANGED);
    assert_int_equal(line, 1);
    show_do(&s, act_of(ACT_SKU_STOP, "mug"));
    assert_int_equal(ask(&s, &wish, &line), RESERVE_STOPPED); /* before the price: it would not help to look again */
    show_do(&s, act_of(ACT_RECALL, "mug"));
    assert_int_equal(ask(&s, &wish, &line), RESERVE_RECALLED);
    assert_int_equal(line, 1);
    wish.lines[0].seen_price = 2;
    assert_int_equal(ask(&s, &wish, &line), RESERVE_PRICE_CHANGED); /* newer than ours: this node lags */
    assert_int_equal(line, 0);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wish_is_promised_the_price_of_now),
        cmocka_unit_test(nothing_is_sold_unless_live),
        cmocka_unit_test(the_offending_line_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
