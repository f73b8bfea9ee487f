/* What the stock promises beyond one hold: pauses that freeze its timers, recalls, histories that are lost, books that must
 * add up, buffers. */
#include <string.h>

#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 5

static struct world *open_world(unsigned nodes, bool can_forget)
{
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = nodes, .can_forget = can_forget});
    world_do(w, "host stocks mug-red 4; host stocks cap-blue 4; viewer a comes; viewer b comes");
    world_run_ms(w, 1000);
    world_forget_trace(w);
    return w;
}

/* ---- pauses ---- */

static void a_pause_freezes_every_timer_and_what_was_left_is_left(void **state)
{
    (void)state;
    struct world *w = open_world(1, false);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 50000);
    world_do(w, "host pauses");
    world_run_ms(w, 100000); /* long over, had it gone on */
    world_do(w, "shop looks a-1; host resumes; shop looks a-1");
    world_run_ms(w, 9999);
    world_do(w, "shop looks a-1");
    world_run_ms(w, 200);
    world_expect(w, "[ 1000] a     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[51000] *     4 state paused\n"
                    "[51000] *     holds stand still\n"
                    "[51000] host  ok 4\n"
                    "[151000] shop  held mug-red at 1290 until 161000\n"
                    "[151000] *     5 state live\n"
                    "[151000] *     holds go on, 100000 later\n"
                    "[151000] host  ok 5\n"
                    "[151000] shop  held mug-red at 1290 until 161000\n"
                    "[160999] shop  held mug-red at 1290 until 161000\n"
                    "[161057] a     hears expired mug-red\n"
                    "[161057] *     shelf mug-red 4 free, 0 held, 0 sold\n");
    world_close(w);
}

static void a_pause_that_ends_the_show_lets_time_go_on(void **state)
{
    (void)state;
    struct world *w = open_world(1, false);
    world_do(w, "viewer a reserves mug-red; host pauses");
    world_run_ms(w, 30000);
    world_do(w, "host ends");
    world_run_ms(w, 61000);
    world_expect(w, "[ 1000] a     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[ 1000] *     4 state paused\n"
                    "[ 1000] *     holds stand still\n"
                    "[ 1000] host  ok 4\n"
                    "[31000] *     5 state ended\n"
                    "[31000] *     holds go on, 30000 later\n"
                    "[31000] host  ok 5\n"
                    "[91069] a     hears expired mug-red\n"
                    "[91069] *     shelf mug-red 4 free, 0 held, 0 sold\n");
    world_close(w);
}

static void a_node_that_dies_between_the_pause_and_the_stock_is_no_matter(void **state)
{
    (void)state;
    struct world *w = open_world(2, false);
    world_do(w, "viewer b@2 comes 2; viewer b reserves mug-red");
    world_run_ms(w, 1000);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 40});
    struct command pause = {.kind = COMMAND_PAUSE};
    world_submit(w, world_person(w, "host", ROLE_HOST), &pause);
    struct world_person *host = world_person(w, "host", ROLE_HOST);
    while (world_seen_seq(host) < 4 && world_step(w, world_now_ms(w) + 1000)) /* the event, and nothing more */
        ;
    world_node_die(w, 1);
    world_set_faults(w, &(struct world_faults){0});
    world_forget_trace(w);
    world_run_ms(w, 2000);
    world_do(w, "node 1 starts");
    world_run_ms(w, 120000);
    world_expect(w, "[ 2059] *2    4 state paused\n"
                    "[ 3164] *2    holds stand still\n"
                    "[ 5347] *2    audience 1\n");
    world_close(w);
}

/* ---- recalls ---- */

static void a_recall_takes_open_holds_back_and_says_whom_it_touches(void **state)
{
    (void)state;
    struct world *w = open_world(2, false);
    world_do(
        w,
        "viewer b comes 2; viewer a reserves mug-red as h1; viewer b reserves mug-red 2 as h2; shop confirms h2 2580; "
        "viewer a reserves cap-blue as h3");
    world_run_ms(w, 1000);
    world_forget_trace(w);
    world_do(
        w,
        "host recalls mug-red; host traces mug-red; shop confirms h1 1290; viewer a reserves mug-red; shop looks h3");
    world_run_ms(w, 500);
    world_do(w, "shop traces mug-red; shop traces cap-blue; host traces tee-green");
    world_expect(w, "[ 2000] *1    shelf mug-red 1 free, 1 held, 2 sold, stopped\n"
                    "[ 2000] *2    shelf mug-red 1 free, 1 held, 2 sold, stopped\n"
                    "[ 2000] *1    4 sku mug-red recalled\n"
                    "[ 2000] *1    5 notice recall: lid cracks\n"
                    "[ 2000] *2    4 sku mug-red recalled\n"
                    "[ 2000] *2    5 notice recall: lid cracks\n"
                    "[ 2000] a     hears released mug-red\n"
                    "[ 2000] host  recalled mug-red (cancel): 1 holds of 1, 1 orders of 2\n"
                    "[ 2000] host  affected by mug-red: 1 held, 2 sold\n"
                    "[ 2000] host    h1 a released \n"
                    "[ 2000] host    h2 b confirmed A-1\n"
                    "[ 2000] shop  refused hold.confirm: recalled\n"
                    "[ 2000] a     refused reserve: recalled mug-red\n"
                    "[ 2000] shop  held cap-blue at 2500 until 61000\n"
                    "[ 2100] *1    shelf mug-red 2 free, 0 held, 2 sold, stopped\n"
                    "[ 2100] *2    shelf mug-red 2 free, 0 held, 2 sold, stopped\n"
                    "[ 2500] shop  affected by mug-red: 1 held, 2 sold\n"
                    "[ 2500] shop    h1 a released \n"
                    "[ 2500] shop    h2 b confirmed A-1\n"
                    "[ 2500] shop  affected by cap-blue: 1 held, 0 sold\n"
                    "[ 2500] shop    h3 a held \n"
                    "[ 2500] host  affected by tee-green: 0 held, 0 sold\n");
    world_close(w);
}

static void a_recall_that_keeps_holds_stops_their_time_until_it_is_decided(void **state)
{
    (void)state;
    struct world *w = open_world(1, false);
    world_do(w, "viewer a reserves mug-red as h1; viewer b reserves mug-red as h2; host recalls mug-red keep; "
                "shop confirms h1 1290");
    world_run_ms(w, 100000); /* overdue, and parked */
    world_do(w, "shop looks h1; host recalls mug-red honour; shop confirms h1 1290");
    world_run_ms(w, 500); /* the other goes, now that it may */
    world_do(w, "shop confirms h2 1290; host opens mug-red");
    world_expect(w, "[ 1000] a     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[ 1000] b     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     4 sku mug-red recalled\n"
                    "[ 1000] *     5 notice recall: lid cracks\n"
                    "[ 1000] host  recalled mug-red (keep): 2 holds of 2, 0 orders of 0\n"
                    "[ 1000] shop  refused hold.confirm: recalled\n"
                    "[ 1100] *     shelf mug-red 2 free, 2 held, 0 sold, stopped\n"
                    "[101000] shop  held mug-red at 1290 until 61000\n"
                    "[101000] a     hears held mug-red at 1290 until 161000\n"
                    "[101000] b     hears held mug-red at 1290 until 161000\n"
                    "[101000] *     shelf mug-red 2 free, 2 held, 0 sold, stopped\n"
                    "[101000] *     6 sku mug-red recalled\n" /* said again: it means something else now */
                    "[101000] host  recalled mug-red (honour): 2 holds of 2, 0 orders of 0\n"
                    "[101000] a     hears confirmed mug-red\n"
                    "[101000] shop  h1 sold for A-1\n"
                    "[101100] *     shelf mug-red 2 free, 1 held, 1 sold, stopped\n"
                    "[101500] b     hears confirmed mug-red\n"
                    "[101500] shop  h2 sold for A-1\n"
                    "[101500] *     shelf mug-red 2 free, 0 held, 2 sold, stopped\n"
                    "[101500] host  refused stock.open: recalled (sku)\n");
    world_close(w);
}

static void a_recall_decided_again_cancels_what_was_kept(void **state)
{
    (void)state;
    struct world *w = open_world(1, false);
    world_do(w, "viewer a reserves mug-red as h1; viewer b reserves mug-red as h2; host recalls mug-red honour; shop "
                "confirms h1 1290; "
                "host recalls mug-red keep; host recalls mug-red cancel");
    world_run_ms(w, 500);
    world_do(w, "shop confirms h2 1290");
    world_expect(w, "[ 1000] a     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[ 1000] b     held mug-red at 1290 until 61000\n"
                    "[ 1000] *     4 sku mug-red recalled\n"
                    "[ 1000] *     5 notice recall: lid cracks\n"
                    "[ 1000] host  recalled mug-red (honour): 2 holds of 2, 0 orders of 0\n"
                    "[ 1000] a     hears confirmed mug-red\n"
                    "[ 1000] shop  h1 sold for A-1\n"
                    "[ 1000] *     6 sku mug-red recalled\n"
                    "[ 1000] host  recalled mug-red (keep): 1 holds of 1, 1 orders of 1\n"
                    "[ 1000] *     7 sku mug-red recalled\n"
                    "[ 1000] b     hears released mug-red\n"
                    "[ 1000] host  recalled mug-red (cancel): 1 holds of 1, 1 orders of 1\n"
                    "[ 1100] *     shelf mug-red 3 free, 0 held, 1 sold, stopped\n"
                    "[ 1500] shop  refused hold.confirm: recalled\n");
    world_close(w);
}

static void a_node_that_dies_while_it_takes_holds_back_is_no_matter(void **state)
{
    (void)state;
    struct world *w = open_world(2, false);
    world_do(w, "viewer b comes 2; viewer b reserves mug-red as h1");
    world_run_ms(w, 1000);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 30});
    struct world_person *host = world_person(w, "host", ROLE_HOST);
    struct command recall = {.kind = COMMAND_RECALL, .recall = RECALL_CANCEL, .sku = {"mug-red"}, .text = "lid cracks"};
    world_submit(w, host, &recall);
    struct sku_id mug = {"mug-red"};
    struct stock_count count = {0};
    while (count.recall == RECALL_NONE && world_step(w, world_now_ms(w) + 1000))
        world_count(w, &mug, &count);
    world_node_die(w, 1); /* the stock knows, and nobody else */
    world_set_faults(w, &(struct world_faults){0});
    world_run_ms(w, 3000);
    world_expect(w, "[ 2008] *2    shelf mug-red 3 free, 1 held, 0 sold, stopped\n"
                    "[ 3064] b     hears released mug-red\n"
                    "[ 3064] *2    4 sku mug-red recalled\n"
                    "[ 3064] *2    shelf mug-red 4 free, 0 held, 0 sold, stopped\n");
    world_close(w);
}

/* ---- the shop's own reserves ---- */

static void the_shop_reserves_for_its_viewers_by_the_same_rules(void **state)
{
    (void)state;
    struct world *w = open_world(1, false);
    world_do(w, "shop takes mug-red for a as s1; shop takes mug-red for a as s1; shop takes mug-red for b as s1; "
                "shop takes scarf for a as s2");
    world_run_ms(w, 30000);
    world_do(
        w,
        "shop prolongs s1; shop prolongs nothing; viewer a releases s1; host pauses; shop takes mug-red for a as s3");
    world_run_ms(w, 200);
    world_expect(w, "[ 1000] a     hears held mug-red at 1290 until 61000\n"
                    "[ 1000] shop  held mug-red at 1290 until 61000\n"
                    "[ 1000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[ 1000] shop  held mug-red at 1290 until 61000 (as before)\n"
                    "[ 1000] shop  refused hold.reserve: mismatch\n"
                    "[ 1000] shop  refused hold.reserve: sku_unknown scarf\n"
                    "[31000] a     hears held mug-red at 1290 until 91000\n"
                    "[31000] shop  held mug-red at 1290 until 91000\n"
                    "[31000] shop  refused hold.extend: hold_unknown\n"
                    "[31000] a     released mug-red\n"
                    "[31000] *     4 state paused\n"
                    "[31000] *     holds stand still\n"
                    "[31000] host  ok 4\n"
                    "[31000] shop  refused hold.reserve: paused\n"
                    "[31100] *     shelf mug-red 4 free, 0 held, 0 sold\n");
    world_close(w);
}

/* ---- lost history ---- */

static void all_that_a_fail_over_lost_is_put_back(void **state)
{
    (void)state;
    struct world *w = open_world(2, true);
    world_do(w, "viewer b comes 2");
    world_run_ms(w, 1000);
    world_forget_trace(w);
    world_do(w,
             "host stocks tee-green 1; viewer a reserves tee-green as h1; viewer b reserves mug-red 2 as h2; shop "
             "confirms h2 2580; "
             "viewer a reserves cap-blue as h3; viewer a releases h3; viewer b joins tee-green; host stops cap-blue");
    world_fail_over(w, 8, true);
    world_run_ms(w, 3000);
    world_do(w, "shop looks h1; shop looks h2; shop looks h3; viewer a reserves cap-blue; viewer a releases h1");
    world_run_ms(w, 200);
    world_expect(w, "[ 2000] host  stock tee-green 1 = 1 + 0 + 0\n"
                    "[ 2000] *1    shelf tee-green 1 free, 0 held, 0 sold\n"
                    "[ 2000] *2    shelf tee-green 1 free, 0 held, 0 sold\n"
                    "[ 2000] a     held tee-green at 1900 until 62000\n"
                    "[ 2000] b     held mug-red 2 at 2580 until 62000\n"
                    "[ 2000] b     hears confirmed mug-red 2\n"
                    "[ 2000] shop  h2 sold for A-1\n"
                    "[ 2000] a     held cap-blue at 2500 until 62000\n"
                    "[ 2000] a     released cap-blue\n"
                    "[ 2000] b     in line for tee-green behind 0\n"
                    "[ 2000] *1    4 sku cap-blue stopped\n"
                    "[ 2000] *2    4 sku cap-blue stopped\n"
                    "[ 2000] host  ok 4\n"
                    "[ 2000] *1    selling unavailable\n"
                    "[ 2000] *2    selling unavailable\n"
                    "[ 2000] *1    selling unavailable\n"
                    "[ 2000] *2    selling unavailable\n"
                    "[ 2000] *1    snapshot at 4\n"
                    "[ 2000] *2    snapshot at 4\n"
                    "[ 2000] a     hears held tee-green at 1900 until 62000\n"
                    "[ 2000] b     hears held mug-red 2 at 2580 until 62000\n"
                    "[ 2000] b     hears confirmed mug-red 2\n"
                    "[ 2100] *1    shelf mug-red 2 free, 0 held, 2 sold\n"
                    "[ 2100] *1    shelf cap-blue 4 free, 0 held, 0 sold, stopped\n"
                    "[ 2100] *1    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 2100] *2    shelf mug-red 2 free, 0 held, 2 sold\n"
                    "[ 2100] *2    shelf cap-blue 4 free, 0 held, 0 sold, stopped\n"
                    "[ 2100] *2    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 2718] *1    audience 2\n"
                    "[ 4000] *1    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 4000] *2    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 4000] *1    snapshot at 4\n"
                    "[ 4000] *1    selling ok\n"
                    "[ 4000] *2    snapshot at 4\n"
                    "[ 4000] *2    selling ok\n"
                    "[ 4100] *1    shelf mug-red 2 free, 0 held, 2 sold\n"
                    "[ 4100] *1    shelf cap-blue 4 free, 0 held, 0 sold, stopped\n"
                    "[ 4100] *1    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 4100] *2    shelf mug-red 2 free, 0 held, 2 sold\n"
                    "[ 4100] *2    shelf cap-blue 4 free, 0 held, 0 sold, stopped\n"
                    "[ 4100] *2    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 5000] shop  held tee-green at 1900 until 62000\n"
                    "[ 5000] shop  confirmed mug-red 2\n"
                    "[ 5000] shop  refused hold.get: hold_unknown\n"
                    "[ 5000] a     refused reserve: stopped cap-blue\n"
                    "[ 5000] b     hears offered tee-green at 1900 until 125000\n"
                    "[ 5000] a     released tee-green\n"
                    "[ 5000] *1    shelf tee-green 0 free, 1 held, 0 sold\n"
                    "[ 5000] *2    shelf tee-green 0 free, 1 held, 0 sold\n");
    world_close(w);
}

static void a_pause_that_was_lost_stands_again(void **state)
{
    (void)state;
    struct world *w = open_world(1, true);
    world_do(w, "viewer a reserves mug-red as h1");
    world_run_ms(w, 50000);
    world_do(w, "host pauses");
    world_forget_trace(w);
    world_fail_over(w, 1, true); /* the stock's part of it */
    world_run_ms(w, 60000);
    world_do(w, "shop looks h1; host resumes");
    world_run_ms(w, 12000);
    world_expect(w, "[51000] *     selling unavailable\n"
                    "[51000] *     selling unavailable\n"
                    "[53000] *     snapshot at 4\n"
                    "[53000] *     selling ok\n"
                    "[53000] *     shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[53000] *     shelf cap-blue 4 free, 0 held, 0 sold\n"
                    "[53000] *     shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[111000] shop  held mug-red at 1290 until 121000\n"
                    "[111000] *     5 state live\n"
                    "[111000] *     holds go on, 60000 later\n"
                    "[111000] host  ok 5\n"
                    "[121067] a     hears expired mug-red\n"
                    "[121067] *     shelf mug-red 4 free, 0 held, 0 sold\n");
    world_close(w);
}

/* ---- the audit ---- */

static void books_that_do_not_add_up_stop_the_sale(void **state)
{
    (void)state;
    struct world *w = open_world(2, false);
    world_do(w, "viewer b comes 2");
    world_run_ms(w, 1000);
    world_forget_trace(w);
    assert_null(orchestrator_fault(world_orchestrator(w, 1)));
    world_corrupt(w, 1);
    world_do(w, "viewer a reserves mug-red; viewer b reserves mug-red");
    assert_string_equal(strstr(orchestrator_fault(world_orchestrator(w, 1)), "hold nobodys"),
                        "hold nobodys is expired, and was not open");
    assert_null(orchestrator_fault(world_orchestrator(w, 2)));
    world_run_ms(w, 200);
    world_expect(w, "[ 2000] *1    selling unavailable\n"
                    "[ 2000] a     refused reserve: unavailable\n"
                    "[ 2000] b     held mug-red at 1290 until 62000\n"
                    "[ 2000] *2    shelf mug-red 3 free, 1 held, 0 sold\n"
                    "[ 2100] *1    shelf mug-red 3 free, 1 held, 0 sold\n");
    world_close(w);
}

/* ---- checkpoints and buffers ---- */

static void a_node_that_comes_later_begins_like_the_others(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.checkpoint_ms = 5000;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2, .limits = limits});
    world_do(w, "host stocks mug-red 3; viewer a reserves mug-red; viewer b@2 joins tee-green; host pauses");
    world_run_ms(w, 20000);
    const struct claims *claims = world_claims(w, 1);
    assert_int_equal(claims->differences, 0);
    assert_in_range(world_checkpoints(w), 1, 2); /* and none while nothing moves */
    world_do(w, "host resumes; node 2 dies; node 2 starts; viewer b comes 2");
    world_close(w);
}

static void a_buffer_is_what_may_have_been_sold_elsewhere(void **state)
{
    (void)state;
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.stock_buffer = 1;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2, .limits = limits});
    world_do(w, "host stocks mug-red 10; viewer a reserves mug-red 3 as h1; shop confirms h1 3870");
    world_run_ms(w, 3000);
    world_forget_trace(w);
    world_do(w, "shop counts mug-red 10 0 1 30000"); /* said half a minute late */
    world_run_ms(w, 2000);
    world_do(w, "viewer a reserves mug-red 6 as h2; viewer a reserves mug-red 5 as h3");
    world_run_ms(w, 61000); /* nothing sold for a minute */
    world_expect(w, "[ 3000] shop  stock mug-red 10 = 7 + 0 + 3\n"
                    "[ 3221] *1    shelf mug-red 7 free, 0 held, 3 sold\n"
                    "[ 5000] a     refused reserve: sold_out mug-red\n"
                    "[ 5000] a     held mug-red 5 at 6450 until 65000\n"
                    "[ 5000] *1    shelf mug-red 2 free, 5 held, 3 sold\n"
                    "[60287] *1    shelf mug-red 2 free, 5 held, 3 sold\n"
                    "[65085] a     hears expired mug-red 5\n"
                    "[65085] *1    shelf mug-red 7 free, 0 held, 3 sold\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_freezes_every_timer_and_what_was_left_is_left),
        cmocka_unit_test(a_pause_that_ends_the_show_lets_time_go_on),
        cmocka_unit_test(a_node_that_dies_between_the_pause_and_the_stock_is_no_matter),
        cmocka_unit_test(a_recall_takes_open_holds_back_and_says_whom_it_touches),
        cmocka_unit_test(a_recall_that_keeps_holds_stops_their_time_until_it_is_decided),
        cmocka_unit_test(a_recall_decided_again_cancels_what_was_kept),
        cmocka_unit_test(a_node_that_dies_while_it_takes_holds_back_is_no_matter),
        cmocka_unit_test(the_shop_reserves_for_its_viewers_by_the_same_rules),
        cmocka_unit_test(all_that_a_fail_over_lost_is_put_back),
        cmocka_unit_test(a_pause_that_was_lost_stands_again),
        cmocka_unit_test(books_that_do_not_add_up_stop_the_sale),
        cmocka_unit_test(a_node_that_comes_later_begins_like_the_others),
        cmocka_unit_test(a_buffer_is_what_may_have_been_sold_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
