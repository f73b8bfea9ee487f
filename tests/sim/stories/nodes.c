/* What fails: answers that are late or lost, nodes that die, a stock that is away, a history that is gone. */
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 4

static void a_viewer_resumes_on_another_node_without_a_gap(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "viewer a comes; viewer b@2 comes 2; host pins mug-red; viewer a goes-away; host pins cap-blue 1; host "
                "unpins 0");
    world_forget_trace(w);
    world_do(w, "viewer a comes 2; host pins mug-red; node 1 dies; viewer a comes 2; host comes 2; host pins cap-blue "
                "0; node 1 starts;"
                "viewer a comes 1");
    world_expect(w, "[    0] a     back, 2 missed\n"
                    "[    0] *1    7 pin 0 mug-red\n"
                    "[    0] *2    7 pin 0 mug-red\n"
                    "[    0] host  ok 7\n"
                    "[    0] a     back\n"
                    "[    0] host  back\n"
                    "[    0] *2    8 pin 0 cap-blue\n"
                    "[    0] host  ok 8\n"
                    "[    0] *1    1 begun\n"
                    "[    0] *1    2 shelf\n"
                    "[    0] *1    3 state live forced\n"
                    "[    0] *1    4 pin 0 mug-red\n"
                    "[    0] *1    5 pin 1 cap-blue\n"
                    "[    0] *1    6 pin 0 cleared\n"
                    "[    0] *1    7 pin 0 mug-red\n"
                    "[    0] *1    8 pin 0 cap-blue\n"
                    "[    0] *1    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] a     back\n");
    world_close(w);
}

static void a_lost_answer_is_asked_again_and_is_the_same_hold(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 2; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.silent = 1000});
    world_do(w, "viewer a reserves mug-red");
    world_set_faults(w, &(struct world_faults){0});
    world_run_ms(w, 2000);
    world_expect(w, "[  200] *     shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[  669] *     audience 1\n"
                    "[ 1300] a     held mug-red at 1290 until 60200 (as before)\n");
    world_close(w);
}

static void after_three_seconds_a_viewer_hears_unavailable_and_the_hold_when_it_comes(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 2; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.lost = 1000});
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 3500);
    world_set_faults(w, &(struct world_faults){0});
    world_run_ms(w, 3000);
    world_expect(w, "[ 1669] *     audience 1\n"
                    "[ 3200] a     refused reserve: unavailable\n"
                    "[ 3900] a     hears held mug-red at 1290 until 63900\n"
                    "[ 3900] *     shelf mug-red 1 free, 1 held, 0 sold\n");
    world_close(w);
}

static void a_node_dies_mid_reserve_and_the_same_id_is_the_same_hold_elsewhere(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host@2 stocks mug-red 1; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.silent = 1000});
    world_do(w, "viewer a reserves mug-red as wish; node 1 dies");
    world_set_faults(w, &(struct world_faults){0});
    world_do(w, "viewer a comes 2; viewer a reserves mug-red as wish");
    world_run_ms(w, 200);
    world_expect(w, "[  200] *1    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  200] *2    1 begun\n"
                    "[  200] *2    2 shelf\n"
                    "[  200] *2    3 state live forced\n"
                    "[  200] *2    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  200] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  200] a     back\n"
                    "[  200] a     held mug-red at 1290 until 60200 (as before)\n");
    world_close(w);
}

static void another_screen_of_the_same_viewer_hears_too(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 1; viewer a comes; viewer a/2@2 comes 2");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "viewer a reserves mug-red; viewer a/2 extends a-1; viewer a/2 releases a-1");
    world_expect(w, "[  200] a/2   hears held mug-red at 1290 until 60200\n"
                    "[  200] a     held mug-red at 1290 until 60200\n"
                    "[  200] *1    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  200] *2    shelf mug-red 0 free, 1 held, 0 sold\n"
                    "[  200] a/2   held mug-red at 1290 until 60200 (as before)\n"
                    "[  200] a     hears released mug-red\n"
                    "[  200] a/2   released mug-red\n");
    world_close(w);
}

static void without_stock_nothing_is_sold_and_the_show_goes_on(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 2; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "node 1 stock off; viewer a reserves mug-red; host stocks mug-red 1; host pins mug-red; host stops "
                "mug-red; node 1 stock off;"
                "node 1 stock on; viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[  200] *     selling unavailable\n"
                    "[  200] a     refused reserve: unavailable\n"
                    "[  200] host  refused stock.allocate: unavailable\n"
                    "[  200] *     4 pin 0 mug-red\n"
                    "[  200] host  ok 4\n"
                    "[  200] *     shelf mug-red 2 free, 0 held, 0 sold, stopped\n"
                    "[  200] *     5 sku mug-red stopped\n"
                    "[  200] host  ok 5\n"
                    "[  200] *     selling ok\n"
                    "[  200] a     refused reserve: stopped mug-red\n");
    world_close(w);
}

static void a_node_that_is_cut_off_catches_up(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host stocks mug-red 2; viewer a@2 comes 2; viewer b comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_do(w, "node 2 cut; host pins mug-red; viewer b reserves mug-red; viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_do(w, "node 2 back; viewer a reserves mug-red");
    world_run_ms(w, 1200); /* others may have lost more than it, and put it back */
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[  200] *2    selling unavailable\n"
                    "[  200] *1    4 pin 0 mug-red\n"
                    "[  200] host  ok 4\n"
                    "[  200] b     held mug-red at 1290 until 60200\n"
                    "[  200] *1    shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[  200] a     refused reserve: unavailable\n"
                    "[  400] *2    selling unavailable\n"
                    "[  400] *2    4 pin 0 mug-red\n"
                    "[  400] *2    shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[  400] a     refused reserve: unavailable\n"
                    "[  669] *1    audience 1\n"
                    "[  739] *2    audience 2\n"
                    "[ 1400] *2    selling ok\n"
                    "[ 1516] *1    audience 2\n"
                    "[ 1600] a     held mug-red at 1290 until 61600\n"
                    "[ 1616] *1    shelf mug-red 0 free, 2 held, 0 sold\n"
                    "[ 1635] *2    shelf mug-red 0 free, 2 held, 0 sold\n");
    world_close(w);
}

static void a_lost_history_begins_a_new_epoch_for_all(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2, .can_forget = true});
    world_do(w, "host stocks mug-red 2; viewer a@2 comes 2; viewer b comes; host pins mug-red; host pins cap-blue 1");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_fail_over(w, 2, false);
    world_run_ms(w, 500);
    world_do(w, "host pins tee-green; viewer b comes 2");
    world_expect(w, "[  200] *1    selling unavailable\n"
                    "[  200] *2    selling unavailable\n"
                    "[  200] *1    selling unavailable\n"
                    "[  200] *2    selling unavailable\n"
                    "[  200] *1    snapshot at 4\n"
                    "[  200] *2    snapshot at 4\n"
                    "[  300] *1    shelf mug-red 2 free, 0 held, 0 sold\n"
                    "[  300] *1    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  300] *2    shelf mug-red 2 free, 0 held, 0 sold\n"
                    "[  300] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  669] *1    audience 1\n"
                    "[  700] *1    5 pin 0 tee-green\n"
                    "[  700] *2    5 pin 0 tee-green\n"
                    "[  700] host  ok 5\n"
                    "[  700] b     back\n");
    world_close(w);
}

static void a_loss_of_an_epochs_beginning_never_goes_back_to_an_old_one(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .can_forget = true});
    world_do(w, "host pins mug-red");
    const struct show_view *show =
        orchestrator_show(world_orchestrator(w, 1), &(struct shop_id){"demo"}, &(struct broadcast_id){"spring-drop"});
    struct epoch_id first = show->broadcast->epoch;
    world_fail_over(w, 1, false);
    world_run_ms(w, 500);
    struct epoch_id second = show->broadcast->epoch;
    assert_string_not_equal(first.text, second.text);
    world_fail_over(w, 1, false); /* the event that began it */
    world_run_ms(w, 500);
    assert_string_not_equal(show->broadcast->epoch.text, first.text);
    assert_string_not_equal(show->broadcast->epoch.text, second.text);
    world_expect(w, "[    0] *     4 pin 0 mug-red\n"
                    "[    0] host  ok 4\n"
                    "[    0] *     selling unavailable\n"
                    "[    0] *     selling unavailable\n"
                    "[    0] *     snapshot at 4\n"
                    "[  100] *     shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  500] *     selling unavailable\n"
                    "[  500] *     selling unavailable\n"
                    "[  500] *     snapshot at 4\n"
                    "[  600] *     shelf tee-green 0 free, 0 held, 0 sold\n");
    world_close(w);
}

static void a_hold_that_a_fail_over_lost_is_put_back_before_anything_is_sold(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 1, .can_forget = true});
    world_do(w, "host stocks mug-red 2; viewer b reserves mug-red; viewer b reserves mug-red");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 100});
    world_fail_over(w, 1, true);
    world_run_ms(w, 1000);
    world_do(w, "viewer c reserves mug-red");
    world_run_ms(w, 4000);
    world_do(w, "viewer c reserves mug-red");
    world_run_ms(w, 1000);
    world_expect(w, "[  200] *     selling unavailable\n"
                    "[  262] *     selling unavailable\n"
                    "[  262] *     shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[  356] b     hears held mug-red at 1290 until 60021\n"
                    "[  362] *     shelf mug-red 0 free, 2 held, 0 sold\n"
                    "[  792] *     audience 1\n"
                    "[ 1200] c     snapshot at 3\n"
                    "[ 1200] c     refused reserve: unavailable\n"
                    "[ 1562] *     audience 2\n"
                    "[ 2285] *     snapshot at 3\n"
                    "[ 2285] *     selling ok\n"
                    "[ 2285] *     shelf mug-red 0 free, 2 held, 0 sold\n"
                    "[ 2285] *     shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[ 5200] c     refused reserve: held_out mug-red\n");
    world_close(w);
}

struct drained {
    struct world *w;
    int64_t at_ms;
};
static void on_drained(void *ctx)
{
    struct drained *d = ctx;
    d->at_ms = world_now_ms(d->w);
}

static void a_draining_node_finishes_what_it_began(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    struct drained d = {.w = w, .at_ms = -1};
    world_do(w, "host stocks mug-red 2; viewer a comes");
    world_run_ms(w, 200);
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 300});
    world_do(w, "viewer a reserves mug-red");
    orchestrator_drain(world_orchestrator(w, 1), 5000, on_drained, &d);
    world_do(w, "viewer a reserves mug-red; host pins mug-red");
    assert_int_equal(d.at_ms, -1);
    world_run_ms(w, 1000);
    world_expect(w, "[  200] a     refused reserve: unavailable\n"
                    "[  200] host  refused pin.set: unavailable\n"
                    "[  646] *     shelf mug-red 1 free, 1 held, 0 sold\n"
                    "[  687] a     held mug-red at 1290 until 60396\n"
                    "[  968] *     audience 1\n");
    assert_true(d.at_ms > 200 && d.at_ms <= 800);
    world_close(w);
}

static uint64_t demand_of(struct world *w, unsigned node, uint64_t *ret_refused)
{
    const struct show_view *show = orchestrator_show(world_orchestrator(w, node), &(struct shop_id){"demo"},
                                                     &(struct broadcast_id){"spring-drop"});
    assert_non_null(show);
    assert_int_equal(show->demand_count, 1);
    *ret_refused = show->demand[0].refused;
    return show->demand[0].attempts;
}

static void a_restarted_node_does_not_forget_demand(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    uint64_t refused;
    world_do(
        w,
        "host@2 stocks mug-red 1; viewer a reserves mug-red; viewer b reserves mug-red; viewer c@2 reserves mug-red");
    world_run_ms(w, 3000);
    assert_int_equal(demand_of(w, 2, &refused), 3);
    assert_int_equal(refused, 2);
    world_do(w, "node 1 dies; node 1 starts; viewer a comes 1; viewer a reserves mug-red");
    world_run_ms(w, 3000);
    assert_int_equal(demand_of(w, 1, &refused), 4); /* what the earlier run counted is still there */
    assert_int_equal(demand_of(w, 2, &refused), 4);
    assert_int_equal(refused, 3);
    world_do(w, "viewer a comes 1");
    world_run_ms(w, 5000); /* those of the dead run are forgotten */
    world_forget_trace(w);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_viewer_resumes_on_another_node_without_a_gap),
        cmocka_unit_test(a_lost_answer_is_asked_again_and_is_the_same_hold),
        cmocka_unit_test(after_three_seconds_a_viewer_hears_unavailable_and_the_hold_when_it_comes),
        cmocka_unit_test(a_node_dies_mid_reserve_and_the_same_id_is_the_same_hold_elsewhere),
        cmocka_unit_test(another_screen_of_the_same_viewer_hears_too),
        cmocka_unit_test(without_stock_nothing_is_sold_and_the_show_goes_on),
        cmocka_unit_test(a_node_that_is_cut_off_catches_up),
        cmocka_unit_test(a_lost_history_begins_a_new_epoch_for_all),
        cmocka_unit_test(a_loss_of_an_epochs_beginning_never_goes_back_to_an_old_one),
        cmocka_unit_test(a_hold_that_a_fail_over_lost_is_put_back_before_anything_is_sold),
        cmocka_unit_test(a_draining_node_finishes_what_it_began),
        cmocka_unit_test(a_restarted_node_does_not_forget_demand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
