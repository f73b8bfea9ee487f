/* What is given to sell, taken back, counted, stopped and recalled. */
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 3

static void a_stopped_product_is_refused_and_opens_again(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 3; viewer a@2 reserves mug-red; host stops mug-red; viewer b@2 reserves mug-red; "
                "shop confirms a-1 1290;"
                "host stops mug-red; host opens mug-red; viewer b reserves mug-red; host stops hat");
    world_run_ms(w, 200);
    world_expect(w, "[    0] host  stock mug-red 3 = 3 + 0 + 0\n"
                    "[    0] *1    shelf mug-red 3 free, 0 held, 0 sold\n"
                    "[    0] *2    1 begun\n"
                    "[    0] *2    2 shelf\n"
                    "[    0] *2    3 state live forced\n"
                    "[    0] *2    shelf mug-red 3 free, 0 held, 0 sold\n"
                    "[    0] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] *1    4 sku mug-red stopped\n"
                    "[    0] *2    4 sku mug-red stopped\n"
                    "[    0] host  ok 4\n"
                    "[    0] b     snapshot at 4\n"
                    "[    0] b     refused reserve: stopped mug-red\n"
                    "[    0] a     hears confirmed mug-red\n"
                    "[    0] shop  a-1 sold for A-1\n"
                    "[    0] host  ok 4\n"
                    "[    0] *1    5 sku mug-red open\n"
                    "[    0] *2    5 sku mug-red open\n"
                    "[    0] host  ok 5\n"
                    "[    0] b     held mug-red at 1290 until 60000\n"
                    "[    0] host  refused stock.stop: sku_unknown hat\n"
                    "[  100] *2    shelf mug-red 1 free, 1 held, 1 sold\n"
                    "[  100] *1    shelf mug-red 1 free, 1 held, 1 sold\n");
    world_close(w);
}

static void a_recalled_product_leaves_every_screen_and_never_comes_back(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 3; host pins mug-red 0; host pins mug-red 2; host recalls mug-red; viewer a "
                "reserves mug-red;"
                "host pins mug-red 1; host opens mug-red; host recalls mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[    0] host  stock mug-red 3 = 3 + 0 + 0\n"
                    "[    0] *     shelf mug-red 3 free, 0 held, 0 sold\n"
                    "[    0] *     4 pin 0 mug-red\n"
                    "[    0] host  ok 4\n"
                    "[    0] *     5 pin 2 mug-red\n"
                    "[    0] host  ok 5\n"
                    "[    0] *     6 sku mug-red recalled\n"
                    "[    0] *     7 pin 0 cleared\n"
                    "[    0] *     8 pin 2 cleared\n"
                    "[    0] *     9 notice recall: lid cracks\n"
                    "[    0] host  recalled mug-red (cancel): 0 holds of 0, 0 orders of 0\n"
                    "[    0] a     snapshot at 9\n"
                    "[    0] a     refused reserve: recalled mug-red\n"
                    "[    0] host  refused pin.set: recalled (sku)\n"
                    "[    0] host  refused stock.open: recalled (sku)\n"
                    "[    0] host  recalled mug-red (cancel): 0 holds of 0, 0 orders of 0\n"
                    "[  100] *     shelf mug-red 3 free, 0 held, 0 sold, stopped\n");
    world_close(w);
}

static void stock_is_moved_once_per_reference(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "shop stocks mug-red 5; shop withdraws mug-red 2; shop withdraws mug-red 4; shop counts mug-red 7 0 1; "
                "shop counts mug-red 9 0 1;"
                "shop counts mug-red 9 1 2");
    world_run_ms(w, 200);
    world_expect(w, "[    0] shop  stock mug-red 5 = 5 + 0 + 0\n"
                    "[    0] *     shelf mug-red 5 free, 0 held, 0 sold\n"
                    "[    0] shop  stock mug-red 3 = 3 + 0 + 0\n"
                    "[    0] shop  refused stock.withdraw: sold_out mug-red\n"
                    "[    0] shop  stock mug-red 7 = 7 + 0 + 0\n"
                    "[    0] shop  stock mug-red 7 = 7 + 0 + 0 (ignored)\n"
                    "[    0] shop  refused stock.sync: bad_request mug-red\n"
                    "[  100] *     shelf mug-red 7 free, 0 held, 0 sold\n");
    world_close(w);
}

static void a_short_count_sells_nothing_until_units_arrive(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "shop stocks mug-red 5; viewer a reserves mug-red 4; shop counts mug-red 3 0 1; viewer b reserves "
                "mug-red; shop stocks mug-red 2;"
                "viewer b reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[    0] shop  stock mug-red 5 = 5 + 0 + 0\n"
                    "[    0] *     shelf mug-red 5 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red 4 at 5160 until 60000\n"
                    "[    0] shop  stock mug-red 3 = -1 + 4 + 0\n"
                    "[    0] b     snapshot at 3\n"
                    "[    0] b     refused reserve: held_out mug-red\n"
                    "[    0] shop  stock mug-red 5 = 1 + 4 + 0\n"
                    "[    0] b     held mug-red at 1290 until 60000\n"
                    "[  100] *     shelf mug-red 0 free, 5 held, 0 sold\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_product_is_refused_and_opens_again),
        cmocka_unit_test(a_recalled_product_leaves_every_screen_and_never_comes_back),
        cmocka_unit_test(stock_is_moved_once_per_reference),
        cmocka_unit_test(a_short_count_sells_nothing_until_units_arrive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
