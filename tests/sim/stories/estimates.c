/* What planners are told: by one node at a time, the same numbers whichever it is, through deaths, cuts and lost histories, until
 * nothing more is expected. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 7
static const struct shop_id shop = {"demo"};
static const struct broadcast_id show = {"spring-drop"};

/* Nobody comes for the boards' sake: what is unsettled stays open by itself. */
static struct world *open_world(unsigned nodes)
{
    struct world *w =
        world_open(&(struct world_config){.seed = SEED, .nodes = nodes, .estimates = true, .can_forget = true});
    world_do(w, "host stocks mug-red 40; host stocks cap-blue 30; host pins mug-red");
    return w;
}

static struct board_show *board_show_of(struct world *w, unsigned node)
{
    struct board_show *s = board_show_find(world_board(w, node), &shop, &show);
    assert_non_null(s);
    return s;
}

static unsigned leader(struct world *w, unsigned nodes)
{
    unsigned found = 0;
    for (unsigned n = 1; n <= nodes; n++) {
        if (!world_node_lives(w, n) || !board_show_of(w, n)->leads)
            continue;
        assert_int_equal(found, 0); /* never two */
        found = n;
    }
    return found;
}

static int next_viewer;
static void somebody_buys(struct world *w, const char *sku, unsigned node, bool pays)
{
    char words[200];
    int v = ++next_viewer;
    snprintf(words, sizeof words, "viewer v%d@%u comes %u; viewer v%d reserves %s as h%d", v, node, node, v, sku, v);
    world_do(w, words);
    world_run_ms(w, 700);
    snprintf(words, sizeof words, "viewer v%d pays h%d; shop@%u confirms h%d %d A-%d", v, v, node, v,
             strcmp(sku, "mug-red") == 0 ? 1290 : 2500, v);
    if (pays)
        world_do(w, words);
    snprintf(words, sizeof words, "viewer v%d goes-away", v);
    world_do(w, words);
}

static struct spread units_at(const struct board_show *s, double t)
{
    struct estimate e = {0};
    assert_int_equal(estimator_estimate(s->tally.estimator, t, &e), RESULT_OK);
    struct spread units = e.loads[0].units;
    estimate_finish(&e);
    return units;
}

/* What this node would tell now is what was told, to the last thousandth, whoever told it. */
static void check_told(struct world *w, unsigned node)
{
    const struct board_show *s = board_show_of(w, node);
    assert_true(tally_is_current(s));
    assert_true(s->told_count > 0);
    const struct told *told = &s->told[s->told_count - 1];
    assert_int_equal(told->seq, s->tally.done);
    struct spread own = units_at(s, show_seconds(s, s->tally.done_ms));
    assert_true(fabs(own.mean - told->units.mean) <= 0.00051);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        assert_true(fabs(own.q[i] - told->units.q[i]) <= 0.00051);
}

/* Bit for bit, at the same tick. */
static void check_same(struct world *w, unsigned a, unsigned b)
{
    const struct board_show *sa = board_show_of(w, a), *sb = board_show_of(w, b);
    assert_int_equal(sa->tally.done, sb->tally.done);
    struct spread ua = units_at(sa, show_seconds(sa, sa->tally.done_ms)),
                  ub = units_at(sb, show_seconds(sb, sb->tally.done_ms));
    assert_memory_equal(&ua, &ub, sizeof ua);
    assert_int_equal(sa->document.seq, sb->document.seq);
    assert_int_equal(sa->document.text.len, sb->document.text.len);
    assert_memory_equal(sa->document.text.data, sb->document.text.data, sa->document.text.len);
}

/* Until just behind a tick and its estimate. */
static void until_told(struct world *w, unsigned node)
{
    uint64_t seq = world_published(w, node);
    for (int i = 0; world_published(w, node) == seq; i++) {
        assert_true(i < 4000);
        world_run_ms(w, 50);
    }
    world_run_ms(w, 100); /* the others have read it */
}

/* ---- one leads ---- */

static void one_node_tells_and_the_other_has_the_same(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    world_run_ms(w, 6000);
    assert_int_not_equal(leader(w, 2), 0);
    for (int i = 0; i < 6; i++) {
        somebody_buys(w, i % 2 ? "mug-red" : "cap-blue", (unsigned)i % 2 + 1, i % 3 != 0);
        until_told(w, 1);
        check_told(w, 1);
        check_told(w, 2);
        check_same(w, 1, 2);
    }
    const struct board_show *s = board_show_of(w, 1);
    assert_int_equal(s->told[s->told_count - 1].firm, 4);
    world_close(w);
}

static void the_leader_dies_and_the_numbers_go_on(void **state)
{
    (void)state;
    struct world *w = open_world(3);
    world_run_ms(w, 6000);
    unsigned first = leader(w, 3);
    somebody_buys(w, "mug-red", first, true);
    somebody_buys(w, "mug-red", first, false);
    until_told(w, first);
    world_node_die(w, first);
    unsigned left = first == 1 ? 2 : 1;
    somebody_buys(w, "cap-blue", left, true);
    uint64_t before = world_published(w, left);
    world_run_ms(w, 20000);
    unsigned second = leader(w, 3);
    assert_int_not_equal(second, 0);
    assert_int_not_equal(second, first);
    assert_true(world_published(w, second) > before);
    world_node_start(w, first); /* reads all of it again */
    world_run_ms(w, 10000);
    until_told(w, second);
    for (unsigned n = 1; n <= 3; n++)
        check_told(w, n);
    check_same(w, 1, 2);
    check_same(w, 1, 3);
    world_close(w);
}

static void who_was_cut_off_cannot_publish(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    world_run_ms(w, 6000);
    unsigned first = leader(w, 2), second = 3 - first;
    until_told(w, first);
    world_node_cut(w, first, true);
    somebody_buys(w, "mug-red", second, true);
    world_run_ms(w, 20000);
    uint64_t old = world_published(w, first), new = world_published(w, second);
    assert_true(old < new);
    world_node_cut(w, first, false); /* still believes that it leads, for a moment */
    world_run_ms(w, 10000);
    assert_int_equal(leader(w, 2), second);
    until_told(w, second);
    check_same(w, 1, 2);
    check_told(w, first);
    world_close(w);
}

/* ---- faults ---- */

static void slow_lost_and_repeated_words_change_no_number(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    world_set_faults(w,
                     &(struct world_faults){.slow = 200, .lost = 60, .silent = 60, .repeated = 60, .slow_ms_max = 900});
    for (int i = 0; i < 12; i++) {
        somebody_buys(w, i % 2 ? "mug-red" : "cap-blue", (unsigned)i % 2 + 1, i % 3 != 0);
        world_run_ms(w, 4000);
    }
    world_set_faults(w, &(struct world_faults){0});
    world_run_ms(w, 30000);
    until_told(w, 1);
    check_told(w, 1);
    check_told(w, 2);
    check_same(w, 1, 2);
    world_close(w);
}

static void a_fail_over_loses_the_end_and_it_goes_on(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    for (int i = 0; i < 5; i++) {
        somebody_buys(w, "mug-red", (unsigned)i % 2 + 1, true);
        world_run_ms(w, 3000);
    }
    world_fail_over(w, 12, false);
    world_run_ms(w, 40000);
    somebody_buys(w, "cap-blue", 1, true);
    world_run_ms(w, 20000);
    until_told(w, 1);
    check_told(w, 1);
    check_told(w, 2);
    check_same(w, 1, 2);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node_tells_and_the_other_has_the_same),
        cmocka_unit_test(the_leader_dies_and_the_numbers_go_on),
        cmocka_unit_test(who_was_cut_off_cannot_publish),
        cmocka_unit_test(slow_lost_and_repeated_words_change_no_number),
        cmocka_unit_test(a_fail_over_loses_the_end_and_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
