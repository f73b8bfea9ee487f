/* What hosts do: on one node, on two at once, and against each other. */
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 1

static void a_pin_is_seen_on_every_node(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "viewer a comes; viewer b@2 comes 2");
    world_forget_trace(w);
    world_do(w, "host pins mug-red 1; host unpins 1; host unpins 1");
    world_expect(w, "[    0] *1    4 pin 1 mug-red\n"
                    "[    0] *2    4 pin 1 mug-red\n"
                    "[    0] host  ok 4\n"
                    "[    0] *1    5 pin 1 cleared\n"
                    "[    0] *2    5 pin 1 cleared\n"
                    "[    0] host  ok 5\n"
                    "[    0] host  ok 5\n");
    world_close(w);
}

static void two_hosts_on_two_nodes_act_at_once(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; host2@2 comes 2");
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 20});
    world_do(w, "host pins mug-red; host2 pins cap-blue; host prices mug-red 1100; host2 prices mug-red 1200");
    world_run_ms(w, 400);
    world_expect(w, "[    1] *1    4 pin 0 cap-blue\n"
                    "[    6] *2    4 pin 0 cap-blue\n"
                    "[    7] host2 ok 4\n"
                    "[   22] *1    5 price mug-red 1200 EUR v2\n"
                    "[   37] *2    5 price mug-red 1200 EUR v2\n"
                    "[   37] host2 ok 5\n"
                    "[   50] *2    6 pin 0 mug-red\n"
                    "[   60] *1    6 pin 0 mug-red\n"
                    "[   60] host  ok 6\n"
                    "[   87] *2    7 price mug-red 1100 EUR v3\n"
                    "[   89] *1    7 price mug-red 1100 EUR v3\n"
                    "[   89] host  ok 7\n");
    world_close(w);
}

static void the_last_of_two_taps_wins_also_when_others_act(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; host2@2 comes 2");
    world_forget_trace(w);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 20});
    world_do(w,
             "host pins mug-red; host2 pins tee-green 1; host pins cap-blue; host stops cap-blue; host opens cap-blue");
    world_run_ms(w, 400);
    world_expect(w, "[    1] *1    4 pin 1 tee-green\n"
                    "[    6] *2    4 pin 1 tee-green\n"
                    "[    7] host2 ok 4\n"
                    "[   48] *1    5 pin 0 mug-red\n"
                    "[   63] *2    5 pin 0 mug-red\n"
                    "[   63] host  ok 5\n"
                    "[   80] *2    6 pin 0 cap-blue\n"
                    "[   90] *1    6 pin 0 cap-blue\n"
                    "[   90] host  ok 6\n"
                    "[  137] *2    7 sku cap-blue stopped\n"
                    "[  141] *1    7 sku cap-blue stopped\n"
                    "[  141] host  ok 7\n"
                    "[  172] *1    8 sku cap-blue open\n"
                    "[  189] host  ok 8\n"
                    "[  190] *2    8 sku cap-blue open\n");
    world_close(w);
}

static void an_act_on_what_was_seen_is_refused_when_the_show_moved_on(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host pins mug-red 0 at 3; host pins cap-blue 0 at 3; host pins cap-blue 0 at 4");
    world_expect(w, "[    0] *     4 pin 0 mug-red\n"
                    "[    0] host  ok 4\n"
                    "[    0] host  refused pin.set: conflict (expect_seq)\n"
                    "[    0] *     5 pin 0 cap-blue\n"
                    "[    0] host  ok 5\n");
    world_close(w);
}

static void the_run_of_show_is_walked_and_ends(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host next; host says c1 10; host next; host next; host next; host next; host goes c2; host goes c9; "
                "host says c9 1");
    world_expect(w, "[    0] *     4 cue c1\n"
                    "[    0] *     5 price mug-red 990 EUR v2\n"
                    "[    0] *     6 pin 0 mug-red\n"
                    "[    0] host  ok 6\n"
                    "[    0] *     7 cue.done\n"
                    "[    0] host  ok 7\n"
                    "[    0] *     8 cue c2\n"
                    "[    0] *     9 pin 1 cap-blue\n"
                    "[    0] host  ok 9\n"
                    "[    0] *     10 cue c3\n"
                    "[    0] host  ok 10\n"
                    "[    0] *     11 cue c4\n"
                    "[    0] *     12 pin 0 tee-green\n"
                    "[    0] host  ok 12\n"
                    "[    0] host  refused cue.next: conflict\n"
                    "[    0] *     13 cue c2\n"
                    "[    0] *     14 pin 1 cap-blue\n"
                    "[    0] host  ok 14\n"
                    "[    0] host  refused cue.go: not_found (cue)\n"
                    "[    0] host  refused cue.done: not_found (cue)\n");
    world_close(w);
}

static void undo_takes_back_a_whole_cue_for_five_seconds(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host next; host undoes; host undoes; host pins mug-red 2");
    world_run_ms(w, 5000);
    world_do(w, "host undoes");
    world_expect(w, "[    0] *     4 cue c1\n"
                    "[    0] *     5 price mug-red 990 EUR v2\n"
                    "[    0] *     6 pin 0 mug-red\n"
                    "[    0] host  ok 6\n"
                    "[    0] *     7 cue none\n"
                    "[    0] *     8 price mug-red 1290 EUR v3\n"
                    "[    0] *     9 pin 0 cleared\n"
                    "[    0] host  ok 9\n"
                    "[    0] host  refused undo: conflict\n"
                    "[    0] *     10 pin 2 mug-red\n"
                    "[    0] host  ok 10\n"
                    "[ 5000] host  refused undo: conflict\n");
    world_close(w);
}

static void an_offer_ends_by_itself_once_whoever_is_there(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; viewer b@2 comes 2");
    world_forget_trace(w);
    world_do(w, "host offers mug-red 790 30000; node 1 dies");
    world_run_ms(w, 30000);
    world_expect(w, "[    0] *1    4 offer mug-red started 790 EUR v2\n"
                    "[    0] *2    4 offer mug-red started 790 EUR v2\n"
                    "[    0] host  ok 4\n"
                    "[  907] *2    audience 1\n"
                    "[30000] *2    5 offer mug-red stopped 1290 EUR v3\n");
    world_close(w);
}

static void an_offer_outlives_a_log_that_cannot_be_reached(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host offers mug-red 790 10000");
    world_run_ms(w, 9000);
    world_do(w, "node 1 cut");
    world_run_ms(w, 5000);
    world_do(w, "node 1 back");
    world_run_ms(w, 3000);
    world_expect(w, "[    0] *     4 offer mug-red started 790 EUR v2\n"
                    "[    0] host  ok 4\n"
                    "[ 9000] *     selling unavailable\n"
                    "[14000] *     selling unavailable\n"
                    "[14500] *     5 offer mug-red stopped 1290 EUR v3\n"
                    "[15000] *     selling ok\n");
    world_close(w);
}

static void preflight_says_what_would_go_wrong(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .draft = true});
    world_do(w, "host preflights; host starts");
    world_expect(w, "[    0] host  preflight no-go\n"
                    "[    0] host    cue 0 allocation_missing mug-red\n"
                    "[    0] host    cue 1 allocation_missing cap-blue\n"
                    "[    0] host    cue 3 allocation_missing tee-green\n"
                    "[    0] host  refused start: preflight_failed\n"
                    "[    0] host    cue 0 allocation_missing mug-red\n"
                    "[    0] host    cue 1 allocation_missing cap-blue\n"
                    "[    0] host    cue 3 allocation_missing tee-green\n");
    world_do(w, "shop stocks mug-red 5; shop stocks cap-blue 1; host stocks tee-green 3; host starts; host starts");
    world_expect(w, "[    0] shop  stock mug-red 5 = 5 + 0 + 0\n"
                    "[    0] *     shelf mug-red 5 free, 0 held, 0 sold\n"
                    "[    0] shop  stock cap-blue 1 = 1 + 0 + 0\n"
                    "[    0] host  stock tee-green 3 = 3 + 0 + 0\n"
                    "[    0] *     3 state live\n"
                    "[    0] host  ok 3\n"
                    "[    0] host  refused start: conflict\n");
    world_close(w);
}

static void a_plan_names_what_the_catalogue_lacks(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .draft = true});
    world_do(w, "host loads {\"cues\":[{\"id\":\"x\",\"title\":\"X\",\"sku\":\"hat\"}]}");
    world_do(w, "host loads {\"cues\":[{\"id\":\"x\"}]}");
    world_do(w, "host loads {\"cues\":[{\"id\":\"x\",\"title\":\"X\",\"sku\":\"tee-green\"}]}; host loads");
    world_expect(w, "[    0] host  refused run.load: sku_unknown (cues[0].sku)\n"
                    "[    0] host  refused run.load: bad_request (cues[0].title)\n"
                    "[    0] *     3 shelf\n"
                    "[    0] *     shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[    0] host  run.load 1\n"
                    "[    0] *     4 shelf\n"
                    "[    0] host  run.load 4\n");
    world_close(w);
}

static void pause_ends_sales_until_resumed(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED});
    world_do(w, "host stocks mug-red 2; host pauses; viewer a reserves mug-red; host pauses; host resumes; viewer a "
                "reserves mug-red;"
                "host ends; viewer a reserves mug-red; host starts");
    world_expect(w, "[    0] host  stock mug-red 2 = 2 + 0 + 0\n"
                    "[    0] *     shelf mug-red 2 free, 0 held, 0 sold\n"
                    "[    0] *     4 state paused\n"
                    "[    0] *     holds stand still\n"
                    "[    0] host  ok 4\n"
                    "[    0] a     snapshot at 4\n"
                    "[    0] a     refused reserve: paused\n"
                    "[    0] host  refused pause: conflict\n"
                    "[    0] *     5 state live\n"
                    "[    0] *     holds go on, 0 later\n"
                    "[    0] host  ok 5\n"
                    "[    0] a     held mug-red at 1290 until 60000\n"
                    "[    0] *     6 state ended\n"
                    "[    0] host  ok 6\n"
                    "[    0] a     refused reserve: not_live\n"
                    "[    0] host  refused start: conflict\n");
    world_close(w);
}

/* What comes with a product is promised to everyone who watches, also to who comes later, and to the end of the recall. */
static void an_extra_runs_until_it_ends_is_taken_back_or_recalled(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "host comes; host2@2 comes 2");
    world_forget_trace(w);
    world_do(w, "host promises mug-red a sticker with every mug");
    world_do(w, "host2 promises mug-red a sticker with every mug; host promises cap-blue a card; host undoes");
    world_do(w, "host drops mug-red; host drops mug-red; host undoes; host promises ghost a card");
    world_do(w, "host recalls mug-red; host drops mug-red; host promises mug-red a card; host ends; host promises "
                "cap-blue a card");
    world_expect(w, "[    0] *1    4 extra mug-red a sticker with every mug\n"
                    "[    0] *2    4 extra mug-red a sticker with every mug\n"
                    "[    0] host  ok 4\n"
                    "[    0] host2 ok 4\n"
                    "[    0] *1    5 extra cap-blue a card\n"
                    "[    0] *2    5 extra cap-blue a card\n"
                    "[    0] host  ok 5\n"
                    "[    0] *1    6 extra cap-blue ended\n"
                    "[    0] *2    6 extra cap-blue ended\n"
                    "[    0] host  ok 6\n"
                    "[    0] *1    7 extra mug-red ended\n"
                    "[    0] *2    7 extra mug-red ended\n"
                    "[    0] host  ok 7\n"
                    "[    0] host  ok 7\n"
                    "[    0] *1    8 extra mug-red a sticker with every mug\n"
                    "[    0] *2    8 extra mug-red a sticker with every mug\n"
                    "[    0] host  ok 8\n"
                    "[    0] host  refused extra.add: sku_unknown ghost\n"
                    "[    0] *1    shelf mug-red 0 free, 0 held, 0 sold, stopped\n"
                    "[    0] *1    9 sku mug-red recalled\n"
                    "[    0] *1    10 notice recall: lid cracks\n"
                    "[    0] *2    9 sku mug-red recalled\n"
                    "[    0] *2    10 notice recall: lid cracks\n"
                    "[    0] host  recalled mug-red (cancel): 0 holds of 0, 0 orders of 0\n"
                    "[    0] host  ok 10\n"
                    "[    0] host  refused extra.add: recalled (sku)\n"
                    "[    0] *1    11 state ended\n"
                    "[    0] *2    11 state ended\n"
                    "[    0] host  ok 11\n"
                    "[    0] host  refused extra.add: conflict\n");
    world_close(w);
}

static void creating_twice_is_creating_once(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_do(w, "shop creates autumn Autumn show; shop creates autumn Autumn show; shop creates autumn Winter show; "
                "shop lists");
    world_expect(w, "[    0] *1    1 begun\n"
                    "[    0] shop  broadcast autumn draft created\n"
                    "[    0] shop  broadcast autumn draft\n"
                    "[    0] shop  refused broadcast.create: conflict (id)\n"
                    "[    0] shop  listed spring-drop: Spring drop\n"
                    "[    0] shop  listed autumn: Autumn show\n");
    world_close(w);
}

static void the_other_node_completes_a_creation_cut_short(void **state)
{
    (void)state;
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = 2});
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 50});
    world_do(w, "shop creates autumn Autumn show");
    world_run_ms(w, 60);
    world_do(w, "node 1 dies; shop creates autumn Autumn show");
    world_run_ms(w, 1000);
    world_do(w, "shop lists");
    world_run_ms(w, 100);
    world_expect(w, "[  115] *2    1 begun\n"
                    "[  115] shop  broadcast autumn draft created\n"
                    "[ 1060] shop  listed spring-drop: Spring drop\n"
                    "[ 1060] shop  listed autumn: Autumn show\n");
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_is_seen_on_every_node),
        cmocka_unit_test(two_hosts_on_two_nodes_act_at_once),
        cmocka_unit_test(the_last_of_two_taps_wins_also_when_others_act),
        cmocka_unit_test(an_act_on_what_was_seen_is_refused_when_the_show_moved_on),
        cmocka_unit_test(the_run_of_show_is_walked_and_ends),
        cmocka_unit_test(undo_takes_back_a_whole_cue_for_five_seconds),
        cmocka_unit_test(an_offer_ends_by_itself_once_whoever_is_there),
        cmocka_unit_test(an_offer_outlives_a_log_that_cannot_be_reached),
        cmocka_unit_test(preflight_says_what_would_go_wrong),
        cmocka_unit_test(a_plan_names_what_the_catalogue_lacks),
        cmocka_unit_test(pause_ends_sales_until_resumed),
        cmocka_unit_test(an_extra_runs_until_it_ends_is_taken_back_or_recalled),
        cmocka_unit_test(creating_twice_is_creating_once),
        cmocka_unit_test(the_other_node_completes_a_creation_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
