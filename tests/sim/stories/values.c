/* What is told of stock, audience and lag: a lone change at once, the rest at the audience's pace, and nothing twice. */
#include <stdio.h>

#include "core/orchestrator/journeys.h"
#include "tests/support/world_inner.h"
#include "tests/unit/unit.h"

#define SEED 11

static int64_t pace_ms; /* what the audience of world_broadcast_id answers; others are small */

static struct world_node *node_of(struct audience *a) { return container_of(a, struct world_node, audience); }

static void hear(struct audience *a, const char *whom, const char *what)
{
    struct world_node *n = node_of(a);
    char who[16];
    snprintf(who, sizeof who, "%s%u", whom, n->number);
    world_line(n->w, who, "%s", what);
}

static void hear_stock(struct audience *a, const struct show_view *view, const struct sku_id *skus, size_t count)
{
    screens_stock(node_of(a), view, skus, count);
    for (size_t i = 0; i < count; i++) {
        struct stock_shown shown = stock_shown(view->claims, broadcast_item(view->broadcast, skus[i].text));
        char line[128];
        snprintf(line, sizeof line, "%s %lld %s", skus[i].text, (long long)shown.left, stock_state_name(shown.state));
        hear(a, "all", line);
    }
}

static void hear_audience(struct audience *a, const struct show_view *view, enum role role)
{
    char line[64];
    screens_audience(node_of(a), view, role);
    snprintf(line, sizeof line, "%llu viewers",
             (unsigned long long)(role == ROLE_HOST ? view->audience : view->audience_shown));
    hear(a, role == ROLE_HOST ? "host" : "view", line);
}

static void hear_lag(struct audience *a, const struct show_view *view)
{
    char line[64];
    snprintf(line, sizeof line, "lag of %llu %lld/%lld", (unsigned long long)view->lag.viewers,
             (long long)view->lag.p50_ms, (long long)view->lag.p95_ms);
    hear(a, "host", line);
}

static void hear_demand(struct audience *a, const struct show_view *view) { hear(a, "host", view->broadcast->id.text); }

static int64_t answer_pace(struct audience *a, const struct show_view *view)
{
    (void)a;
    return ID_EQUAL(view->broadcast->id, world_broadcast_id) ? pace_ms : 0;
}

/* The stock of world_open is told, and a moment passed. */
static struct world *world_hears(unsigned nodes)
{
    struct world *w = world_open(&(struct world_config){.seed = SEED, .nodes = nodes});
    pace_ms = 0;
    for (unsigned i = 0; i < nodes; i++) {
        w->nodes[i].audience.publish_stock = hear_stock;
        w->nodes[i].audience.publish_audience = hear_audience;
        w->nodes[i].audience.publish_lag = hear_lag;
        w->nodes[i].audience.pace_ms = answer_pace;
    }
    world_run_ms(w, 200);
    world_forget_trace(w);
    return w;
}

static void join(struct world *w, unsigned node, unsigned viewers)
{
    while (viewers-- > 0)
        orchestrator_joined(world_orchestrator(w, node), &world_shop_id, &world_broadcast_id, ROLE_VIEWER);
}

static void leave(struct world *w, unsigned node, unsigned viewers)
{
    while (viewers-- > 0)
        orchestrator_left(world_orchestrator(w, node), &world_shop_id, &world_broadcast_id, ROLE_VIEWER);
}

/* So many viewers of the node say that they see what was so long ago. */
static void say_clocks(struct world *w, unsigned node, unsigned viewers, int64_t ago_ms)
{
    while (viewers-- > 0)
        orchestrator_lag(world_orchestrator(w, node), &world_shop_id, &world_broadcast_id, w->clock.now_ms - ago_ms);
}

static void a_lone_change_is_told_at_once_and_a_crowd_of_them_once_a_tick(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w,
             "host stocks mug-red 9; viewer a reserves mug-red; viewer b reserves mug-red; viewer c reserves mug-red");
    world_run_ms(w, 300);
    world_do(w, "viewer a releases");
    world_expect(w, "[  200] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[  200] all1  mug-red 9 low\n"
                    "[  200] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[  200] a     snapshot at 3\n"
                    "[  200] a     held mug-red at 1290 until 60200\n"
                    "[  200] b     snapshot at 3\n"
                    "[  200] b     held mug-red at 1290 until 60200\n"
                    "[  200] c     snapshot at 3\n"
                    "[  200] c     held mug-red at 1290 until 60200\n"
                    "[  300] all1  mug-red 6 low\n"
                    "[  300] *     shelf mug-red 6 free, 3 held, 0 sold\n"
                    "[  500] a     released mug-red\n"
                    "[  500] all1  mug-red 7 low\n"
                    "[  500] *     shelf mug-red 7 free, 2 held, 0 sold\n");
    world_close(w);
}

static void a_large_audience_is_told_more_slowly_and_still_the_latest(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    pace_ms = 700;
    world_do(w, "host stocks mug-red 9");
    world_run_ms(w, 50);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 300);
    world_do(w, "viewer b reserves mug-red");
    world_run_ms(w, 300);
    pace_ms = 3600000; /* however long it takes: no longer than PACE_MAX_MS */
    world_run_ms(w, 100);
    world_do(w, "viewer a releases");
    world_run_ms(w, 6000);
    world_expect(w, "[  200] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[  200] all1  mug-red 9 low\n"
                    "[  200] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[  250] a     snapshot at 3\n"
                    "[  250] a     held mug-red at 1290 until 60250\n"
                    "[  550] b     snapshot at 3\n"
                    "[  550] b     held mug-red at 1290 until 60550\n"
                    "[  900] all1  mug-red 7 low\n"
                    "[  900] *     shelf mug-red 7 free, 2 held, 0 sold\n"
                    "[  900] view1 2 viewers\n"
                    "[  900] host1 2 viewers\n"
                    "[  950] a     released mug-red\n"
                    "[ 5900] all1  mug-red 8 low\n"
                    "[ 5900] *     shelf mug-red 8 free, 1 held, 0 sold\n");
    world_close(w);
}

static void a_small_audience_does_not_wait_for_a_large_one(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w, "shop creates small Small");
    world_forget_trace(w);
    w->nodes[0].audience.publish_demand = hear_demand;
    pace_ms = 900;
    struct show *large = show_find(world_orchestrator(w, 1), &world_shop_id, &world_broadcast_id);
    struct show *small = show_find(world_orchestrator(w, 1), &world_shop_id, &(struct broadcast_id){"small"});
    for (int i = 0; i < 5; i++) {
        show_mark_demand(large);
        show_mark_demand(small);
        world_run_ms(w, 250);
    }
    world_expect(w, "[  300] host1 small\n"
                    "[  300] host1 spring-drop\n"
                    "[  550] host1 small\n"
                    "[  800] host1 small\n"
                    "[ 1050] host1 small\n"
                    "[ 1200] host1 spring-drop\n"
                    "[ 1300] host1 small\n");
    world_close(w);
}

static void what_looks_the_same_is_not_told_to_viewers_and_every_count_is_to_hosts(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w, "host stocks mug-red 52");
    world_run_ms(w, 200);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 200);
    world_do(w, "viewer b reserves mug-red");
    world_run_ms(w, 200);
    world_expect(w, "[  200] host  stock mug-red 52 = 52 + 0 + 0\n"
                    "[  200] all1  mug-red -1 ok\n"
                    "[  200] *     shelf mug-red 52 free, 0 held, 0 sold\n"
                    "[  400] a     snapshot at 3\n"
                    "[  400] a     held mug-red at 1290 until 60400\n"
                    "[  400] *     shelf mug-red 51 free, 1 held, 0 sold\n"
                    "[  600] b     snapshot at 3\n"
                    "[  600] b     held mug-red at 1290 until 60600\n"
                    "[  600] all1  mug-red 50 ok\n"
                    "[  600] *     shelf mug-red 50 free, 2 held, 0 sold\n");
    world_close(w);
}

static void what_ends_where_it_began_is_not_told(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w, "host stocks mug-red 9");
    world_run_ms(w, 10);
    world_do(w, "viewer a reserves mug-red");
    world_run_ms(w, 10);
    world_do(w, "viewer a releases");
    world_run_ms(w, 200);
    world_expect(w, "[  200] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[  200] all1  mug-red 9 low\n"
                    "[  200] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[  210] a     snapshot at 3\n"
                    "[  210] a     held mug-red at 1290 until 60210\n"
                    "[  220] a     released mug-red\n");
    world_close(w);
}

static void what_a_snapshot_told_early_is_told_again_when_it_goes_back(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w, "host stocks mug-red 9");
    world_run_ms(w, 10);
    world_do(w, "viewer a reserves mug-red; viewer b comes");
    world_run_ms(w, 10);
    world_do(w, "viewer a releases");
    world_run_ms(w, 200);
    world_expect(w, "[  200] host  stock mug-red 9 = 9 + 0 + 0\n"
                    "[  200] all1  mug-red 9 low\n"
                    "[  200] *     shelf mug-red 9 free, 0 held, 0 sold\n"
                    "[  210] a     snapshot at 3\n"
                    "[  210] a     held mug-red at 1290 until 60210\n"
                    "[  210] b     snapshot at 3\n"
                    "[  210] b     back\n"
                    "[  220] a     released mug-red\n"
                    "[  300] all1  mug-red 9 low\n"
                    "[  300] *     shelf mug-red 9 free, 0 held, 0 sold\n");
    world_close(w);
}

static void many_viewers_are_told_roughly_to_viewers_and_exactly_to_hosts(void **state)
{
    (void)state;
    struct world *w = world_hears(2);
    world_do(w, "viewer a comes; viewer b@2 comes");
    join(w, 1, 98);
    world_run_ms(w, 2500);
    world_expect(w, "[  200] a     snapshot at 3\n"
                    "[  200] a     back\n"
                    "[  200] *2    1 begun\n"
                    "[  200] *2    2 shelf\n"
                    "[  200] *2    3 state live forced\n"
                    "[  200] all2  mug-red 0 sold_out\n"
                    "[  200] all2  cap-blue 0 sold_out\n"
                    "[  200] all2  tee-green 0 sold_out\n"
                    "[  200] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  200] b     snapshot at 3\n"
                    "[  200] b     back\n"
                    "[  907] view2 1 viewers\n"
                    "[  907] host2 1 viewers\n"
                    "[  963] view1 100 viewers\n"
                    "[  963] host1 100 viewers\n"
                    "[ 1817] view2 100 viewers\n"
                    "[ 1817] host2 100 viewers\n");
    join(w, 1, 31); /* 131 */
    world_run_ms(w, 2500);
    leave(w, 1, 1);
    world_run_ms(w, 2500);
    leave(w, 1, 1);
    world_run_ms(w, 2500);
    join(w, 1, 1);
    world_run_ms(w, 2500);
    world_expect(w, "[ 3622] view1 130 viewers\n"
                    "[ 3622] host1 131 viewers\n"
                    "[ 4546] view2 130 viewers\n"
                    "[ 4546] host2 131 viewers\n"
                    "[ 5275] host1 130 viewers\n"
                    "[ 6378] host2 130 viewers\n"
                    "[ 7719] view1 120 viewers\n"
                    "[ 7719] host1 129 viewers\n"
                    "[ 8917] view2 120 viewers\n"
                    "[ 8917] host2 129 viewers\n"
                    "[10427] host1 130 viewers\n"
                    "[10715] host2 130 viewers\n");
    leave(w, 1, 128);
    world_close(w);
}

static void a_crowd_is_told_its_number_every_five_seconds_and_hosts_at_once(void **state)
{
    (void)state;
    struct world *w = world_hears(1);
    world_do(w, "viewer a comes");
    join(w, 1, 1499);
    world_run_ms(w, 1000);
    world_forget_trace(w);
    join(w, 1, 700);
    world_run_ms(w, 1500);
    join(w, 1, 800);
    world_run_ms(w, 5000);
    leave(w, 1, 2500); /* nothing to save any more */
    world_run_ms(w, 1500);
    world_expect(w, "[ 1943] host1 2200 viewers\n"
                    "[ 3622] host1 3000 viewers\n"
                    "[ 6199] view1 3000 viewers\n"
                    "[ 7719] view1 500 viewers\n"
                    "[ 7719] host1 500 viewers\n");
    world_close(w);
}

static void viewers_of_a_node_that_died_are_gone_after_three_shares(void **state)
{
    (void)state;
    struct world *w = world_hears(2);
    world_do(w, "viewer a comes; viewer b@2 comes");
    say_clocks(w, 2, 1, 6000);
    world_run_ms(w, 2500);
    world_do(w, "node 2 dies");
    world_run_ms(w, 6000);
    world_expect(w, "[  200] a     snapshot at 3\n"
                    "[  200] a     back\n"
                    "[  200] *2    1 begun\n"
                    "[  200] *2    2 shelf\n"
                    "[  200] *2    3 state live forced\n"
                    "[  200] all2  mug-red 0 sold_out\n"
                    "[  200] all2  cap-blue 0 sold_out\n"
                    "[  200] all2  tee-green 0 sold_out\n"
                    "[  200] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  200] b     snapshot at 3\n"
                    "[  200] b     back\n"
                    "[  907] view2 1 viewers\n"
                    "[  907] host2 1 viewers\n"
                    "[  907] host2 lag of 1 6250/6250\n"
                    "[  963] view1 2 viewers\n"
                    "[  963] host1 2 viewers\n"
                    "[  963] host1 lag of 1 6250/6250\n"
                    "[ 1817] view2 2 viewers\n"
                    "[ 1817] host2 2 viewers\n"
                    "[ 6199] view1 1 viewers\n"
                    "[ 6199] host1 1 viewers\n"
                    "[ 6199] host1 lag of 0 0/0\n");
    world_close(w);
}

static void hosts_are_told_how_late_viewers_of_all_nodes_see_it(void **state)
{
    (void)state;
    struct world *w = world_hears(2);
    world_do(w, "host comes; viewer b@2 comes");
    say_clocks(w, 1, 18, 6000);
    say_clocks(w, 2, 2, 14000);
    say_clocks(w, 1, 1, -5001); /* clocks that cannot be right */
    say_clocks(w, 2, 1, 600001);
    world_run_ms(w, 2500);
    world_expect(w, "[  200] host  back\n"
                    "[  200] *2    1 begun\n"
                    "[  200] *2    2 shelf\n"
                    "[  200] *2    3 state live forced\n"
                    "[  200] all2  mug-red 0 sold_out\n"
                    "[  200] all2  cap-blue 0 sold_out\n"
                    "[  200] all2  tee-green 0 sold_out\n"
                    "[  200] *2    shelf tee-green 0 free, 0 held, 0 sold\n"
                    "[  200] b     snapshot at 3\n"
                    "[  200] b     back\n"
                    "[  907] view2 1 viewers\n"
                    "[  907] host2 1 viewers\n"
                    "[  907] host2 lag of 2 14500/14500\n"
                    "[  963] view1 1 viewers\n"
                    "[  963] host1 1 viewers\n"
                    "[  963] host1 lag of 20 6250/14500\n"
                    "[ 1817] host2 lag of 20 6250/14500\n");
    show_find(world_orchestrator(w, 1), &world_shop_id, &world_broadcast_id)->b.details.pdt_offset_ms = 3000;
    world_run_ms(w, 40000); /* nobody says anything any more */
    say_clocks(w, 1, 1, 0);
    world_run_ms(w, 2500);
    world_expect(w, "[30341] host1 lag of 2 14500/14500\n"
                    "[30880] host2 lag of 0 0/0\n"
                    "[31234] host1 lag of 0 0/0\n"
                    "[43384] host1 lag of 1 3250/3250\n"
                    "[43929] host2 lag of 1 3250/3250\n");
    show_find(world_orchestrator(w, 1), &world_shop_id, &world_broadcast_id)->b.details.pdt_offset_ms = 0;
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lone_change_is_told_at_once_and_a_crowd_of_them_once_a_tick),
        cmocka_unit_test(a_large_audience_is_told_more_slowly_and_still_the_latest),
        cmocka_unit_test(a_small_audience_does_not_wait_for_a_large_one),
        cmocka_unit_test(what_looks_the_same_is_not_told_to_viewers_and_every_count_is_to_hosts),
        cmocka_unit_test(what_ends_where_it_began_is_not_told),
        cmocka_unit_test(what_a_snapshot_told_early_is_told_again_when_it_goes_back),
        cmocka_unit_test(many_viewers_are_told_roughly_to_viewers_and_exactly_to_hosts),
        cmocka_unit_test(a_crowd_is_told_its_number_every_five_seconds_and_hosts_at_once),
        cmocka_unit_test(viewers_of_a_node_that_died_are_gone_after_three_shares),
        cmocka_unit_test(hosts_are_told_how_late_viewers_of_all_nodes_see_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
