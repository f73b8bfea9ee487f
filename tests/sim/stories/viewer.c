/* What viewers do: take, lose, wait, give back, pay. */
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 2

static void the_last_unit_goes_to_one_of_two(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 1; viewer a comes; viewer b@2 comes 2");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 10});
    world_do(w, "viewer a reserves mug-red; viewer b reserves mug-red");
    world_run_ms(w, 300);
    world_expect(w, "[  204] *2    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  205] b     held mug-red at 1290 until 60202\n"
                    "[  209] *1    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  211] a     refused reserve: held_out mug-red\n");
    world_close(w);
}

static void what_is_known_to_be_gone_is_refused_without_asking(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; viewer b comes");
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.unavailable = 1000}); /* asking would be heard of */
    world_do(w, "viewer b reserves mug-red; viewer a reserves mug-red as a-1");
    world_expect(w, "[    0] b     refused reserve: held_out mug-red\n"
                    "[    0] a     refused reserve: unavailable\n");
    world_close(w);
}

static void an_expired_hold_returns_to_the_shelf(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; viewer b reserves mug-red");
    world_run_ms(w, 61 * 1000);
    world_do(w, "viewer b reserves mug-red; viewer a reserves mug-red as a-1; viewer a releases a-1; viewer a extends "
                "a-1; viewer a pays a-1");
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *     shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] b     snapshot at 3\n"
                    "[    0] b     refused reserve: held_out mug-red\n"
                    "[  100] *     shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  948] *     audience 2\n"
                    "[60034] a     hears expired mug-red\n"
                    "[60034] *     shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[61000] b     held mug-red at 1290 until 121000\n"
                    "[61000] *     shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[61000] a     refused reserve: held_out mug-red\n"
                    "[61000] a     refused release: hold_expired\n"
                    "[61000] a     refused extend: hold_expired\n"
                    "[61000] a     refused checkout: hold_expired\n");
    world_close(w);
}

static void who_waits_is_offered_what_comes_free(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; viewer b@2 joins mug-red; viewer c joins mug-red;"
                "viewer c joins mug-red; viewer d joins mug-red; viewer d leaves mug-red; viewer d leaves mug-red; "
                "viewer a releases");
    world_run_ms(w, 125 * 1000);
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *1    shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] *2    1 begun\n"
                    "[    0] *2    2 shelf\n"
                    "[    0] *2    3 state live forced\n"
                    "[    0] *2    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[    0] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] b     snapshot at 3\n"
                    "[    0] b     in line for mug-red behind 0\n"
                    "[    0] c     snapshot at 3\n"
                    "[    0] c     in line for mug-red behind 1\n"
                    "[    0] c     in line for mug-red behind 1\n"
                    "[    0] d     snapshot at 3\n"
                    "[    0] d     in line for mug-red behind 2\n"
                    "[    0] d     left the line for mug-red\n"
                    "[    0] d     left the line for mug-red\n"
                    "[    0] b     hears offered mug-red at 1290 until 120000\n"
                    "[    0] a     released mug-red\n"
                    "[  100] *1    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  100] *2    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  948] *1    audience 3\n"
                    "[  985] *2    audience 4\n"
                    "[ 1896] *1    audience 4\n"
                    "[120015] c     hears offered mug-red at 1290 until 240015\n"
                    "[120015] b     hears expired mug-red\n"
                    "[120015] *1    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[120015] *2    shelf mug-red 0 free, 1 held, 0 sold\n");
    world_close(w);
}

static void a_hold_given_back_is_heard_once(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; viewer a extends; viewer a releases; viewer a "
                "releases; viewer b releases a-1");
    world_run_ms(w, 200);
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *     shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] a     held mug-red at 1290 until 60000 (as before)\n"
                    "[    0] a     released mug-red\n"
                    "[    0] a     released mug-red (as before)\n"
                    "[    0] b     snapshot at 3\n"
                    "[    0] b     refused release: hold_unknown\n");
    world_close(w);
}

static void extensions_are_counted(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red");
    for (int i = 0; i < 3; i++) {
        world_run_ms(w, 30000);
        world_do(w, "viewer a extends");
    }
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *     shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[  100] *     shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  948] *     audience 1\n"
                    "[30000] a     held mug-red at 1290 until 90000\n"
                    "[60000] a     held mug-red at 1290 until 120000\n"
                    "[90000] a     refused extend: limit_reached\n");
    world_close(w);
}

static void a_price_change_keeps_old_holds_and_stops_old_taps(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 9; viewer a reserves mug-red 2 seeing 1; host prices mug-red 800; viewer a "
                "reserves mug-red 2 as a-1;"
                "viewer b reserves mug-red seeing 1; viewer b reserves mug-red seeing 2; viewer a pays");
    world_expect(w, "[    0] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[    0] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red 2 at 2580 until 60000\n"
                    "[    0] *     4 price mug-red 800 EUR v2\n"
                    "[    0] host  ok 4\n"
                    "[    0] a     held mug-red 2 at 2580 until 60000 (as before)\n"
                    "[    0] b     snapshot at 4\n"
                    "[    0] b     refused reserve: price_changed mug-red\n"
                    "[    0] b     held mug-red at 800 until 60000\n"
                    "[    0] a     held mug-red 2 at 2580 until 60000\n");
    world_close(w);
}

static void nobody_takes_more_than_their_share(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.holds_per_viewer_max = 2;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .limits = limits});
    world_do(
        w,
        "host stocks mug-red 9; host stocks tee-green 9; viewer a reserves tee-green 3; viewer a reserves tee-green 2;"
        "viewer a reserves tee-green; viewer a reserves mug-red; viewer a reserves mug-red; viewer a releases a-2; "
        "viewer a reserves mug-red");
    world_expect(w, "[    0] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[    0] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[    0] host  stock tee-green 9 = 9 + 0 + 0\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     refused reserve: limit_reached tee-green\n"
                    "[    0] a     held tee-green 2 at 3800 until 60000\n"
                    "[    0] a     refused reserve: limit_reached tee-green\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] a     refused reserve: limit_reached\n"
                    "[    0] a     released tee-green 2\n"
                    "[    0] a     held mug-red at 1290 until 60000\n");
    world_close(w);
}

static void an_id_belongs_to_what_it_was_first_used_for(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 9; viewer a reserves mug-red; viewer a reserves cap-blue 1 as a-1; viewer b "
                "reserves mug-red 1 as a-1;"
                "viewer b pays a-1; viewer b extends a-1; viewer b pays nothing");
    world_expect(w, "[    0] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[    0] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] a     refused reserve: mismatch\n"
                    "[    0] b     snapshot at 3\n"
                    "[    0] b     refused reserve: mismatch\n"
                    "[    0] b     refused checkout: hold_unknown\n"
                    "[    0] b     refused extend: hold_unknown\n"
                    "[    0] b     refused checkout: hold_unknown\n");
    world_close(w);
}

static void paid_in_time_is_sold_and_stays_sold(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 1; viewer a@2 reserves mug-red; viewer a pays; shop looks a-1; shop confirms a-1 "
                "999; shop confirms a-1 1290;"
                "shop confirms a-1 1290; shop frees a-1; viewer a releases");
    world_run_ms(w, 61 * 1000);
    world_do(w, "shop looks a-1");
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *1    shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] *2    1 begun\n"
                    "[    0] *2    2 shelf\n"
                    "[    0] *2    3 state live forced\n"
                    "[    0] *2    shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] shop  held mug-red at 1290 until 60000\n"
                    "[    0] shop  refused hold.confirm: mismatch\n"
                    "[    0] a     hears confirmed mug-red\n"
                    "[    0] shop  a-1 sold for A-1\n"
                    "[    0] shop  a-1 sold for A-1 (as before)\n"
                    "[    0] shop  refused hold.release: hold_confirmed\n"
                    "[    0] a     refused release: hold_confirmed\n"
                    "[  100] *2    shelf mug-red 0 free, 0 held, 1 sold\n"
                    "[  100] *1    shelf mug-red 0 free, 0 held, 1 sold\n"
                    "[  985] *2    audience 1\n"
                    "[ 1896] *1    audience 1\n"
                    "[61000] shop  confirmed mug-red\n");
    world_close(w);
}

static void paid_too_late_is_sold_while_there_is_one_and_refunded_otherwise(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 2; viewer a reserves mug-red; viewer b reserves mug-red");
    world_run_ms(w, 61 * 1000);
    world_forget_trace(w);
    world_do(w, "viewer c reserves mug-red; shop confirms a-1 1290; shop confirms b-1 1290; shop confirms b-1 1290");
    world_run_ms(w, 200);
    world_expect(w, "[61000] c     snapshot at 3\n"
                    "[61000] c     held mug-red at 1290 until 121000\n"
                    "[61000] *     shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[61000] *     audience 3\n"
                    "[61000] a     hears confirmed mug-red\n"
                    "[61000] shop  a-1 sold for A-1\n"
                    "[61000] b     hears void mug-red\n"
                    "[61000] shop  refused hold.confirm: hold_expired\n"
                    "[61000] shop  refused hold.confirm: hold_expired\n"
                    "[61100] *     shelf mug-red 0 free, 1 held, 1 sold\n");
    world_close(w);
}

static void the_shop_gives_back_for_a_viewer(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 1; viewer a reserves mug-red; shop frees a-1; shop frees a-1; shop frees nothing");
    world_run_ms(w, 200);
    world_expect(w, "[    0] host  stock mug-red 1 = 1 + 0 + 0\n"
                    "[    0] *     shelf mug-red 1 free, 0 held, 0 sold\n"
                    "[    0] a     snapshot at 3\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] a     hears released mug-red\n"
                    "[    0] shop  released mug-red\n"
                    "[    0] shop  released mug-red (as before)\n"
                    "[    0] shop  refused hold.release: hold_unknown\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_unit_goes_to_one_of_two),
        cmocka_unit_test(what_is_known_to_be_gone_is_refused_without_asking),
        cmocka_unit_test(an_expired_hold_returns_to_the_shelf),
        cmocka_unit_test(who_waits_is_offered_what_comes_free),
        cmocka_unit_test(a_hold_given_back_is_heard_once),
        cmocka_unit_test(extensions_are_counted),
        cmocka_unit_test(a_price_change_keeps_old_holds_and_stops_old_taps),
        cmocka_unit_test(nobody_takes_more_than_their_share),
        cmocka_unit_test(an_id_belongs_to_what_it_was_first_used_for),
        cmocka_unit_test(paid_in_time_is_sold_and_stays_sold),
        cmocka_unit_test(paid_too_late_is_sold_while_there_is_one_and_refunded_otherwise),
        cmocka_unit_test(the_shop_gives_back_for_a_viewer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
