/* Prices that need a second person, and sales that stop themselves. */
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 1

static void a_second_host_makes_a_price_hold_on_every_node(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; host2@2 comes 2");
    world_forget_trace(w);
    world_do(w, "host prices mug-red 129; host approves a4; host2 approves a4; host2 approves a4; host2 rejects a99");
    world_expect(w, "[    0] *1    4 approval a4 asked mug-red at 129\n"
                    "[    0] *2    4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] host  refused approve: forbidden (approval)\n"
                    "[    0] *1    5 approval a4 approved mug-red at 129\n"
                    "[    0] *1    6 price mug-red 129 EUR v2\n"
                    "[    0] *2    5 approval a4 approved mug-red at 129\n"
                    "[    0] *2    6 price mug-red 129 EUR v2\n"
                    "[    0] host2 ok 6\n"
                    "[    0] host2 refused approve: conflict (approval)\n"
                    "[    0] host2 refused reject: not_found (approval)\n");
    world_close(w);
}

static void an_offer_waits_too_and_may_be_rejected(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host2 comes; host offers mug-red 129 60000; host2 rejects a4; host offers mug-red 129 60000; "
                "host2 approves a6");
    world_run_ms(w, 60000);
    world_expect(w, "[    0] host2 snapshot at 3\n"
                    "[    0] host2 back\n"
                    "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused offer.start: approval_needed a4\n"
                    "[    0] *     5 approval a4 rejected mug-red at 129\n"
                    "[    0] host2 ok 5\n"
                    "[    0] *     6 approval a6 asked mug-red at 129\n"
                    "[    0] host  refused offer.start: approval_needed a6\n"
                    "[    0] *     7 approval a6 approved mug-red at 129\n"
                    "[    0] *     8 offer mug-red started 129 EUR v2\n"
                    "[    0] host2 ok 8\n"
                    "[60000] *     9 offer mug-red stopped 1290 EUR v3\n");
    world_close(w);
}

static void asking_again_is_one_question(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host prices mug-red 129; host prices mug-red 129; host prices mug-red 128; host prices mug-red 1000");
    world_expect(w, "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] *     5 approval a4 rejected mug-red at 129\n"
                    "[    0] *     6 approval a6 asked mug-red at 128\n"
                    "[    0] host  refused price.set: approval_needed a6\n"
                    "[    0] *     7 approval a6 rejected mug-red at 128\n"
                    "[    0] *     8 price mug-red 1000 EUR v2\n"
                    "[    0] host  ok 8\n");
    world_close(w);
}

static void an_approval_outlives_its_node_and_lapses(void **state)
{
    (void)state;
    struct world_config config = {.seed = SEED, .nodes = 2, .limits = orchestrator_limits_default};
    config.limits.approval_ms = 60000;
    struct world *w = world_open(&config);
    world_do(w, "host comes; host2@2 comes 2; host prices mug-red 129; host prices cap-blue 250");
    world_forget_trace(w);
    world_do(w, "node 2 dies; node 2 starts; host2 comes 2; host2 approves a4");
    world_run_ms(w, 60000);
    world_do(w, "host2 approves a5; host2 prices cap-blue 250");
    world_expect(w, "[    0] *2    1 begun\n"
                    "[    0] *2    2 shelf\n"
                    "[    0] *2    3 state live forced\n"
                    "[    0] *2    4 approval a4 asked mug-red at 129\n"
                    "[    0] *2    5 approval a5 asked cap-blue at 250\n"
                    "[    0] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] host2 back\n"
                    "[    0] *1    6 approval a4 approved mug-red at 129\n"
                    "[    0] *1    7 price mug-red 129 EUR v2\n"
                    "[    0] *2    6 approval a4 approved mug-red at 129\n"
                    "[    0] *2    7 price mug-red 129 EUR v2\n"
                    "[    0] host2 ok 7\n"
                    "[60000] host2 refused approve: conflict (approval)\n"
                    "[60000] *1    8 approval a8 asked cap-blue at 250\n"
                    "[60000] *2    8 approval a8 asked cap-blue at 250\n"
                    "[60000] host2 refused price.set: approval_needed a8\n");
    world_close(w);
}

static void the_shop_may_approve_and_a_nameless_host_may_not(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host comes; host? comes");
    world_forget_trace(w);
    world_do(w, "host? prices mug-red 129; host approves a4; host prices cap-blue 250; host? approves a5");
    struct command approve = {.kind = COMMAND_APPROVE, .broadcast = {"spring-drop"}, .approval = "a4"};
    assert_true(world_submit(w, world_person(w, "shop", ROLE_INTEGRATOR), &approve));
    world_run_ms(w, 0);
    world_expect(w, "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host? refused price.set: approval_needed a4\n"
                    "[    0] host  refused approve: forbidden (approval)\n"
                    "[    0] *     5 approval a5 asked cap-blue at 250\n"
                    "[    0] host  refused price.set: approval_needed a5\n"
                    "[    0] host? refused approve: forbidden (approval)\n"
                    "[    0] *     6 approval a4 approved mug-red at 129\n"
                    "[    0] *     7 price mug-red 129 EUR v2\n"
                    "[    0] shop  ok 7\n");
    world_close(w);
}

static void two_hosts_decide_at_once(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; host2@2 comes 2; host3 comes; host prices mug-red 129");
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 20});
    world_do(w, "host2 approves a4; host3 rejects a4");
    world_run_ms(w, 400);
    world_expect(w, "[    1] *1    5 approval a4 rejected mug-red at 129\n"
                    "[    6] *2    5 approval a4 rejected mug-red at 129\n"
                    "[    7] host3 ok 5\n"
                    "[   33] host2 refused approve: conflict (approval)\n");
    world_close(w);
}

static void a_recalled_product_is_offered_by_nobody(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w,
             "host2 comes; host offers mug-red 129 60000; host recalls mug-red; host2 approves a4; host2 rejects a4");
    world_expect(w, "[    0] host2 snapshot at 3\n"
                    "[    0] host2 back\n"
                    "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused offer.start: approval_needed a4\n"
                    "[    0] *     shelf mug-red 0 free, 0 held, 0 sold, stopped\n"
                    "[    0] *     5 sku mug-red recalled\n"
                    "[    0] *     6 notice recall: lid cracks\n"
                    "[    0] host  recalled mug-red (cancel): 0 holds of 0, 0 orders of 0\n"
                    "[    0] host2 refused approve: recalled (sku)\n"
                    "[    0] *     7 approval a4 rejected mug-red at 129\n"
                    "[    0] host2 ok 7\n");
    world_close(w);
}

static void an_approved_price_is_taken_back_within_its_time(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host2 comes; host prices mug-red 129; host2 approves a4; host undoes; host undoes");
    world_expect(w, "[    0] host2 snapshot at 3\n"
                    "[    0] host2 back\n"
                    "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] *     5 approval a4 approved mug-red at 129\n"
                    "[    0] *     6 price mug-red 129 EUR v2\n"
                    "[    0] host2 ok 6\n"
                    "[    0] *     7 price mug-red 1290 EUR v3\n"
                    "[    0] host  ok 7\n"
                    "[    0] host  refused undo: conflict\n");
    world_close(w);
}

/* ---- floors, nothing for nothing ---- */

static void a_floor_holds_on_air_and_before(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .draft = true});
    world_do(w,
             "shop replaces 1000; host preflights; host starts; host forces; host prices mug-red 999; "
             "host prices mug-red 1000; shop replaces 1100; host prices mug-red 1050; host offers mug-red 1100 60000");
    world_expect(w, "[    0] shop  catalogue.put 3\n"
                    "[    0] host  preflight no-go\n"
                    "[    0] host    cue 0 below_floor mug-red\n"
                    "[    0] host    cue 0 allocation_missing mug-red\n"
                    "[    0] host    cue 1 allocation_missing cap-blue\n"
                    "[    0] host    cue 3 allocation_missing tee-green\n"
                    "[    0] host  refused start: preflight_failed\n"
                    "[    0] host    cue 0 below_floor mug-red\n"
                    "[    0] host    cue 0 allocation_missing mug-red\n"
                    "[    0] host    cue 1 allocation_missing cap-blue\n"
                    "[    0] host    cue 3 allocation_missing tee-green\n"
                    "[    0] *     3 state live forced\n"
                    "[    0] host  ok 3\n"
                    "[    0] *     4 approval a4 asked mug-red at 999\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] *     5 approval a4 rejected mug-red at 999\n"
                    "[    0] *     6 price mug-red 1000 EUR v2\n"
                    "[    0] host  ok 6\n"
                    "[    0] shop  catalogue.put 3\n"
                    "[    0] *     7 approval a7 asked mug-red at 1050\n"
                    "[    0] host  refused price.set: approval_needed a7\n"
                    "[    0] *     8 approval a7 rejected mug-red at 1050\n"
                    "[    0] *     9 offer mug-red started 1100 EUR v3\n"
                    "[    0] host  ok 9\n");
    world_close(w);
}

static void nothing_is_sold_for_nothing(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host prices mug-red 0; host offers mug-red 0 60000; "
                "host loads "
                "{\"cues\":[{\"id\":\"c1\",\"title\":\"Gift\",\"sku\":\"mug-red\",\"price\":{\"amount\":0,\"currency\":"
                "\"EUR\"}}]}");
    world_expect(w, "[    0] host  refused price.set: bad_request (amount)\n"
                    "[    0] host  refused offer.start: bad_request (amount)\n"
                    "[    0] host  refused run.load: bad_request (cues[0].price.amount)\n");
    world_close(w);
}

/* ---- a sale that runs away ---- */

static struct world_config quick(unsigned nodes)
{
    struct world_config config = {.seed = SEED, .nodes = nodes, .limits = orchestrator_limits_default};
    config.limits.sale_trip_units = 3;
    config.limits.price_guard_percent = 0;
    return config;
}

static void a_sale_that_runs_away_stops_and_is_opened_as_meant(void **state)
{
    (void)state;
    struct world_config config = quick(2);
    struct world *w = world_open(&config);
    world_do(w, "host comes; viewer a@2 comes 2; host stocks mug-red 20; host prices mug-red 129");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "viewer a reserves mug-red 3");
    world_run_ms(w, 11000);
    world_do(w, "viewer a reserves mug-red; viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_do(w, "host opens mug-red; viewer a reserves mug-red 5");
    world_run_ms(w, 200);
    world_expect(w, "[  200] a     held mug-red 3 at 387 until 60200\n"
                    "[  200] *1    shelf mug-red 17 free, 3 held, 0 sold\n"
                    "[  200] *2    shelf mug-red 17 free, 3 held, 0 sold\n"
                    "[  907] *2    audience 1\n"
                    "[ 1628] *1    audience 1\n"
                    "[11200] a     held mug-red at 129 until 71200\n"
                    "[11200] *1    shelf mug-red 16 free, 4 held, 0 sold\n"
                    "[11200] *2    shelf mug-red 16 free, 4 held, 0 sold\n"
                    "[11200] *1    5 sku mug-red stopped by itself\n"
                    "[11200] *2    5 sku mug-red stopped by itself\n"
                    "[11200] a     refused reserve: stopped mug-red\n"
                    "[11300] *1    shelf mug-red 16 free, 4 held, 0 sold, stopped\n"
                    "[11300] *2    shelf mug-red 16 free, 4 held, 0 sold, stopped\n"
                    "[11400] *1    shelf mug-red 16 free, 4 held, 0 sold\n"
                    "[11400] *2    shelf mug-red 16 free, 4 held, 0 sold\n"
                    "[11400] *1    6 sku mug-red open\n"
                    "[11400] *2    6 sku mug-red open\n"
                    "[11400] host  ok 6\n"
                    "[11400] a     held mug-red 5 at 645 until 71400\n"
                    "[11500] *1    shelf mug-red 11 free, 9 held, 0 sold\n"
                    "[11500] *2    shelf mug-red 11 free, 9 held, 0 sold\n");
    world_close(w);
}

static void a_slow_sale_and_a_fair_price_go_on(void **state)
{
    (void)state;
    struct world_config config = quick(1);
    struct world *w = world_open(&config);
    world_do(w, "viewer a comes; host stocks mug-red 20; host prices mug-red 387; viewer a reserves mug-red 8; "
                "host prices mug-red 386; viewer a reserves mug-red 3");
    world_run_ms(w, 61000);
    world_do(w, "viewer a reserves mug-red 3");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[61200] a     held mug-red at 386 until 121200\n"
                    "[61200] *     shelf mug-red 16 free, 4 held, 0 sold\n"
                    "[61200] *     6 sku mug-red stopped by itself\n"
                    "[61300] *     shelf mug-red 16 free, 4 held, 0 sold, stopped\n");
    world_close(w);
}

static void an_approved_price_does_not_trip(void **state)
{
    (void)state;
    struct world_config config = quick(1);
    config.limits.price_guard_percent = 50;
    struct world *w = world_open(&config);
    world_do(w, "viewer a comes; host2 comes; host stocks mug-red 20; host prices mug-red 129; host2 approves a4; "
                "viewer a reserves mug-red 9");
    world_run_ms(w, 200);
    world_expect(w, "[    0] a     snapshot at 3\n"
                    "[    0] a     back\n"
                    "[    0] host2 snapshot at 3\n"
                    "[    0] host2 back\n"
                    "[    0] host  stock mug-red 20 = 20 + 0 + 0\n"
                    "[    0] *     shelf mug-red 20 free, 0 held, 0 sold\n"
                    "[    0] *     4 approval a4 asked mug-red at 129\n"
                    "[    0] host  refused price.set: approval_needed a4\n"
                    "[    0] *     5 approval a4 approved mug-red at 129\n"
                    "[    0] *     6 price mug-red 129 EUR v2\n"
                    "[    0] host2 ok 6\n"
                    "[    0] a     held mug-red 9 at 1161 until 60000\n"
                    "[  100] *     shelf mug-red 11 free, 9 held, 0 sold\n");
    world_close(w);
}

static void history_trips_nothing(void **state)
{
    (void)state;
    struct world_config config = quick(2);
    config.limits.sale_trip_units = 4;
    struct world *w = world_open(&config);
    world_do(w, "viewer a comes; viewer b@2 comes 2; host stocks mug-red 20; host prices mug-red 129; "
                "viewer a reserves mug-red 4; node 1 dies; node 2 dies; node 1 starts; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "viewer a reserves mug-red 4");
    world_run_ms(w, 200);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[  200] a     held mug-red 4 at 516 until 60200\n"
                    "[  200] *1    shelf mug-red 12 free, 8 held, 0 sold\n"
                    "[  400] a     held mug-red at 129 until 60400\n"
                    "[  400] *1    shelf mug-red 11 free, 9 held, 0 sold\n"
                    "[  400] *1    5 sku mug-red stopped by itself\n"
                    "[  500] *1    shelf mug-red 11 free, 9 held, 0 sold, stopped\n");
    world_close(w);
}

/* Neither what is read again, nor what was lost and is put back. */
static void a_fail_over_trips_nothing(void **state)
{
    (void)state;
    struct world_config config = quick(1);
    config.can_forget = true;
    struct world *w = world_open(&config);
    world_do(w, "viewer a comes; host stocks mug-red 20; host prices mug-red 129; viewer a reserves mug-red; "
                "viewer a reserves mug-red 2");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_fail_over(w, 1, true);
    world_run_ms(w, 5000);
    world_do(w, "viewer a reserves mug-red; viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[  200] *     selling unavailable\n"
                    "[  200] *     selling unavailable\n"
                    "[  200] *     shelf mug-red 19 free, 1 held, 0 sold\n"
                    "[  200] a     hears held mug-red 2 at 258 until 60000\n"
                    "[  300] *     shelf mug-red 17 free, 3 held, 0 sold\n"
                    "[  654] *     audience 1\n"
                    "[ 2200] *     snapshot at 4\n"
                    "[ 2200] *     selling ok\n"
                    "[ 2200] *     shelf mug-red 17 free, 3 held, 0 sold\n"
                    "[ 2200] *     shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[ 5200] a     held mug-red at 129 until 65200\n"
                    "[ 5200] a     held mug-red at 129 until 65200\n"
                    "[ 5200] *     5 sku mug-red stopped by itself\n"
                    "[ 5268] *     shelf mug-red 15 free, 5 held, 0 sold, stopped\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_host_makes_a_price_hold_on_every_node),
        cmocka_unit_test(an_offer_waits_too_and_may_be_rejected),
        cmocka_unit_test(asking_again_is_one_question),
        cmocka_unit_test(an_approval_outlives_its_node_and_lapses),
        cmocka_unit_test(the_shop_may_approve_and_a_nameless_host_may_not),
        cmocka_unit_test(two_hosts_decide_at_once),
        cmocka_unit_test(a_recalled_product_is_offered_by_nobody),
        cmocka_unit_test(an_approved_price_is_taken_back_within_its_time),
        cmocka_unit_test(a_floor_holds_on_air_and_before),
        cmocka_unit_test(nothing_is_sold_for_nothing),
        cmocka_unit_test(a_sale_that_runs_away_stops_and_is_opened_as_meant),
        cmocka_unit_test(a_slow_sale_and_a_fair_price_go_on),
        cmocka_unit_test(an_approved_price_does_not_trip),
        cmocka_unit_test(history_trips_nothing),
        cmocka_unit_test(a_fail_over_trips_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
