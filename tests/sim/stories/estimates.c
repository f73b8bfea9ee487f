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
    const struct told_estimate *told = &s->told[s->told_count - 1];
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
    assert_true(world_ticks_compared(w) > 10); /* each tick, by all, and by who read them all again */
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

/* ---- what the shop asks ---- */

struct answered {
    struct outcome outcome;
    unsigned times;
    char stamp[ID_LEN_MAX + 1];
    char document[200];
};

static void answered(void *ctx, struct outcome *outcome)
{
    struct answered *a = ctx;
    a->times++;
    a->outcome = *outcome;
    if (outcome->kind == OUTCOME_STAMP)
        snprintf(a->stamp, sizeof a->stamp, "%s", outcome->stamps[0].id);
    if (outcome->kind == OUTCOME_STAMP && outcome->document != NULL)
        snprintf(a->document, sizeof a->document, "%.150s", outcome->document);
}

static struct answered asks(struct world *w, unsigned node, struct command *c)
{
    struct answered a = {0};
    struct asker asker = {.role = ROLE_INTEGRATOR, .shop = shop, .sub = "paula"};
    struct board_ask ask = {.shop = shop,
                            .asker = &asker,
                            .command = c,
                            .show = orchestrator_show(world_orchestrator(w, node), &shop, &show),
                            .answer = answered,
                            .ctx = &a};
    board_command(world_board(w, node), &ask);
    world_run_ms(w, 1000);
    assert_int_equal(a.times, 1);
    return a;
}

static struct answered tells_all(struct world *w, unsigned node, struct actual *list, size_t count)
{
    struct command c = {.kind = COMMAND_ACTUALS_POST, .broadcast = show, .actuals = list, .actuals_count = count};
    return asks(w, node, &c);
}

static struct actual actual_of(const char *id, enum actual_kind kind, const char *hold, int64_t units)
{
    struct actual a = {.kind = kind, .sku = {"mug-red"}, .units = units};
    snprintf(a.id, sizeof a.id, "%s", id);
    snprintf(a.hold.text, sizeof a.hold.text, "%s", hold);
    return a;
}

static void check_refused(struct answered a, enum error_code code, const char *field, const char *part)
{
    assert_int_equal(a.outcome.kind, OUTCOME_ERROR);
    assert_int_equal(a.outcome.error.code, code);
    assert_string_equal(a.outcome.error.field, field);
    assert_non_null(strstr(a.outcome.error.detail, part));
}

static struct answered asks_kind(struct world *w, unsigned node, enum command_kind kind)
{
    struct command c = {.kind = kind, .broadcast = show};
    return asks(w, node, &c);
}

static struct answered tells(struct world *w, unsigned node, const char *id, enum actual_kind kind, const char *order,
                             int64_t units)
{
    struct actual actual = {.kind = kind, .sku = {"mug-red"}, .units = units};
    struct command c = {.kind = COMMAND_ACTUALS_POST, .broadcast = show, .actuals = &actual, .actuals_count = 1};
    snprintf(actual.id, sizeof actual.id, "%s", id);
    snprintf(actual.order, sizeof actual.order, "%s", order);
    return asks(w, node, &c);
}

static int64_t told_firm(struct world *w, unsigned node)
{
    const struct board_show *s = board_show_of(w, node);
    return s->told[s->told_count - 1].firm;
}

static void after_the_end_what_comes_late_moves_the_estimate(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    somebody_buys(w, "mug-red", 1, true);
    int first = next_viewer;
    somebody_buys(w, "mug-red", 1, false);
    world_do(w, "host ends");
    until_told(w, 1);
    assert_int_equal(told_firm(w, 1), 1);
    char words[100];
    snprintf(words, sizeof words, "shop confirms h%d 1290 late-1", next_viewer);
    world_do(w, words); /* paid after the end */
    until_told(w, 2);
    assert_int_equal(told_firm(w, 2), 2);
    struct answered a = tells(w, 2, "c1", ACTUAL_CANCELLED, "late-1", 1);
    assert_int_equal(a.outcome.kind, OUTCOME_ACTUALS);
    assert_int_equal(a.outcome.actuals.taken, 1);
    until_told(w, 1);
    assert_int_equal(told_firm(w, 1), 1);
    a = tells(w, 1, "c1", ACTUAL_CANCELLED, "late-1", 1); /* told again, to another node */
    assert_int_equal(a.outcome.actuals.repeated, 1);
    a = tells(w, 1, "c2", ACTUAL_CANCELLED, "nobody", 1);
    assert_int_equal(a.outcome.kind, OUTCOME_ERROR);
    assert_int_equal(a.outcome.error.code, ERROR_HOLD_UNKNOWN);
    assert_string_equal(a.outcome.error.field, "actuals[0].order");
    snprintf(words, sizeof words, "viewer x comes 1; viewer x reserves mug-red as open-%d", first);
    until_told(w, 1);
    check_told(w, 1);
    check_told(w, 2);
    check_same(w, 1, 2);
    world_close(w);
}

static void more_than_there_was_did_not_become_of_it(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    char paid[20], open[20];
    somebody_buys(w, "mug-red", 1, true);
    snprintf(paid, sizeof paid, "h%d", next_viewer);
    somebody_buys(w, "mug-red", 2, false);
    snprintf(open, sizeof open, "h%d", next_viewer);
    until_told(w, 1);
    struct actual a = actual_of("t1", ACTUAL_CANCELLED, paid, 1000);
    check_refused(tells_all(w, 1, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units",
                  "1000 is more than the 1 there can be");
    a = actual_of("t2", ACTUAL_SHIPPED, paid, 1000000);
    check_refused(tells_all(w, 2, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 1 there can be");
    a = actual_of("t3", ACTUAL_RETURNED, paid, 2);
    check_refused(tells_all(w, 2, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 1 there can be");
    a = actual_of("t4", ACTUAL_SHIPPED, "", 2); /* of nobody's order: of what was sold */
    check_refused(tells_all(w, 2, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 1 that were sold");
    a = actual_of("t5", ACTUAL_CANCELLED, open, 1);
    check_refused(tells_all(w, 1, &a, 1), ERROR_CONFLICT, "actuals[0].hold", "was never paid");
    a = actual_of("t6", ACTUAL_CANCELLED, "nobody", 1);
    check_refused(tells_all(w, 1, &a, 1), ERROR_HOLD_UNKNOWN, "actuals[0].hold", "is not known");
    a = actual_of("t7", ACTUAL_CANCELLED, paid, 1);
    a.sku = (struct sku_id){"cap-blue"};
    check_refused(tells_all(w, 1, &a, 1), ERROR_BAD_REQUEST, "actuals[0].sku", "is not in this hold");
    a = actual_of("t8", ACTUAL_SHIPPED, paid, 1);
    a.site = (struct site_id){"W9"};
    check_refused(tells_all(w, 1, &a, 1), ERROR_BAD_REQUEST, "actuals[0].site", "is not a site of the plan");
    a = actual_of("t9", ACTUAL_SHIPPED, paid, 1);
    a.parcels = 11;
    check_refused(tells_all(w, 1, &a, 1), ERROR_BAD_REQUEST, "actuals[0].parcels", "more than 10");
    struct actual two[] = {actual_of("t10", ACTUAL_SHIPPED, paid, 1), actual_of("t11", ACTUAL_CANCELLED, paid, 1)};
    check_refused(tells_all(w, 1, two, 2), ERROR_BAD_REQUEST, "actuals[1].units", "more than the 0 there can be");
    assert_int_equal(board_show_of(w, 1)->actual_ids.count, 0); /* all of it, or none */
    until_told(w, 1);
    assert_int_equal(told_firm(w, 1), 1);

    struct answered taken = tells_all(w, 1, two, 1);
    assert_int_equal(taken.outcome.actuals.taken, 1);
    taken = tells_all(w, 2, two, 1); /* the same again is harmless */
    assert_int_equal(taken.outcome.actuals.repeated, 1);
    a = actual_of("t12", ACTUAL_SHIPPED, paid, 1); /* and under another id it is one too many */
    check_refused(tells_all(w, 2, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 0 there can be");
    check_same(w, 1, 2);
    world_close(w);
}

static void what_was_bought_a_moment_ago_can_be_cancelled(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    char hold[20];
    until_told(w, 1);
    somebody_buys(w, "mug-red", 1, true); /* no tick has counted it in yet */
    world_run_ms(w, 300);
    snprintf(hold, sizeof hold, "h%d", next_viewer);
    struct actual a = actual_of("m1", ACTUAL_CANCELLED, hold, 1);
    assert_int_equal(tells_all(w, 1, &a, 1).outcome.actuals.taken, 1);
    a = actual_of("m2", ACTUAL_CANCELLED, hold, 1);
    check_refused(tells_all(w, 1, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 0 there can be");
    until_told(w, 1);
    assert_int_equal(told_firm(w, 1), 0);
    world_close(w);
}

static void an_estimate_that_a_fail_over_lost_is_told_again(void **state)
{
    (void)state;
    struct world *w = open_world(1);
    until_told(w, 1);
    world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 900});
    struct board_show *s = board_show_of(w, 1);
    bool is_between = false; /* said to stand in the log, and not read there yet */
    for (int i = 0; !is_between; i++) {
        assert_true(i < 60000);
        world_run_ms(w, 1);
        is_between = s->computing.step >= COMPUTE_APPENDS && book_is_idle(&s->book);
    }
    world_set_faults(w, &(struct world_faults){0});
    world_fail_over(w, 1, false);
    uint64_t seq = world_published(w, 1);
    world_run_ms(w, 60000);
    assert_true(world_published(w, 1) > seq);
    check_told(w, 1);
    world_close(w);
}

static void a_plan_is_taken_into_a_show_that_runs(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    somebody_buys(w, "mug-red", 1, true);
    until_told(w, 1);
    struct command c = {.kind = COMMAND_LOGISTICS_PUT};
    c.plan = calloc(1, sizeof *c.plan);
    *c.plan = (struct logistics_plan){.sites_count = 2, .fill_per_mille = 700, .tail_hours = 72};
    c.plan->sites[0] = (struct logistics_site){.id = {"W1"}, .share = 60};
    c.plan->sites[1] = (struct logistics_site){.id = {"W2"}, .share = 40};
    struct answered a = asks(w, 2, &c);
    assert_int_equal(a.outcome.kind, OUTCOME_PLAN);
    assert_null(c.plan); /* taken */
    world_run_ms(w, 12000);
    until_told(w, 1);
    for (unsigned n = 1; n <= 2; n++) {
        const struct board_show *s = board_show_of(w, n);
        assert_non_null(s->tally.plan);
        assert_int_equal(s->tally.plan->sites_count, 2);
        assert_non_null(strstr(s->document.text.data, "\"W2\""));
        check_told(w, n);
    }
    assert_int_equal(told_firm(w, 1), 1); /* folded again, from the start */
    check_same(w, 1, 2);
    world_close(w);
}

static void a_stamp_keeps_the_document_as_it_was(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    until_told(w, 1);
    struct command c = {.kind = COMMAND_ESTIMATE_STAMP, .broadcast = show, .text = "labour plan"};
    uint64_t seq = world_published(w, 1);
    struct answered a = asks(w, 1, &c);
    assert_int_equal(a.outcome.kind, OUTCOME_STAMP);
    assert_true(a.outcome.created);
    world_run_ms(w, 60000);
    c = (struct command){.kind = COMMAND_STAMP_GET, .broadcast = show};
    memcpy(c.stamp, a.stamp, sizeof c.stamp);
    struct answered got = asks(w, 2, &c);
    assert_int_equal(got.outcome.kind, OUTCOME_STAMP);
    char named[40];
    snprintf(named, sizeof named, "\"seq\":%llu", (unsigned long long)seq);
    assert_non_null(strstr(got.document, named));
    a = asks_kind(w, 2, COMMAND_STAMPS_GET);
    assert_int_equal(a.outcome.count, 1);
    assert_string_equal(board_show_of(w, 2)->stamps[0].note, "labour plan");
    assert_string_equal(board_show_of(w, 2)->stamps[0].by, "paula");
    world_close(w);
}

/* ---- the end of it ---- */

static void settled_it_teaches_the_next_one(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    for (int i = 0; i < 4; i++)
        somebody_buys(w, "mug-red", 1, true);
    until_told(w, 1);
    assert_non_null(strstr(board_show_of(w, 1)->document.text.data, "no-history"));
    struct answered a = asks_kind(w, 1, COMMAND_SETTLE);
    assert_int_equal(a.outcome.kind, OUTCOME_ERROR); /* it is live */
    world_do(w, "viewer late comes 1; viewer late reserves mug-red as open-1");
    world_run_ms(w, 700);
    world_do(w, "host ends");
    world_run_ms(w, 5000);
    check_refused(asks_kind(w, 2, COMMAND_SETTLE), ERROR_CONFLICT, "", "1 hold is still open");
    world_do(w, "viewer late releases open-1");
    world_run_ms(w, 700);
    a = asks_kind(w, 1, COMMAND_SETTLE);
    assert_int_equal(a.outcome.kind, OUTCOME_OK);
    world_run_ms(w, 5000);
    for (unsigned n = 1; n <= 2; n++) {
        const struct board_show *s = board_show_of(w, n);
        assert_int_equal(world_settled(w, n), 1);
        assert_true(s->is_closed);
        assert_null(s->tally.estimator); /* let go */
        assert_non_null(strstr(s->document.text.data, "\"state\":\"settled\""));
        assert_false(unsettled_has(s));
        const struct last_show *last = shop_last_show(s->shop, &(struct broadcast_id){"another"}, 0);
        assert_non_null(last);
        assert_int_equal(last->shipped, 4);
        assert_true(last->points_count > 0);
    }
    world_run_ms(w, 700000); /* nobody writes a word about it any more */
    assert_int_equal(leader(w, 2), 0);
    uint64_t head = board_show_of(w, 1)->book.head;
    world_run_ms(w, 700000);
    assert_int_equal(board_show_of(w, 1)->book.head, head);
    world_do(w, "node 1 dies; node 1 starts; shop@1 comes 1; shop creates second Second");
    world_run_ms(w, 2000);
    world_close(w);
}

/* Ended, without an open hold, settled; the last `unpaid` viewers let their holds run out. */
static void settle_world(struct world *w, int paid, int unpaid)
{
    for (int i = 0; i < paid; i++)
        somebody_buys(w, "mug-red", 1, true);
    for (int i = 0; i < unpaid; i++)
        somebody_buys(w, "mug-red", 1, false);
    until_told(w, 1);
    world_do(w, "host ends");
    world_run_ms(w, 70000);
    assert_int_equal(asks_kind(w, 1, COMMAND_SETTLE).outcome.kind, OUTCOME_OK);
    world_run_ms(w, 5000);
    assert_int_equal(told_firm(w, 1), paid);
}

static void pays_late(struct world *w, unsigned node, int before)
{
    char words[100];
    snprintf(words, sizeof words, "shop@%u confirms h%d 1290 late-%d", node, next_viewer - before,
             next_viewer - before);
    world_do(w, words);
}

static void check_settled(struct world *w, unsigned node, unsigned times, int64_t firm)
{
    char total[60];
    const struct board_show *s = board_show_of(w, node);
    assert_int_equal(world_settled(w, node), times);
    assert_true(s->is_closed);
    assert_null(s->tally.estimator); /* let go again */
    assert_false(unsettled_has(s));
    assert_int_equal(told_firm(w, node), firm);
    assert_true(s->document.seq == s->estimate_seq && s->document.seq == s->settled_seq);
    assert_non_null(strstr(s->document.text.data, "\"state\":\"settled\""));
    assert_non_null(strstr(s->document.text.data, "\"phase\":\"closed\""));
    snprintf(total, sizeof total, "\"q05\":%lld,", (long long)firm);
    assert_non_null(strstr(s->document.text.data, total));
    assert_int_equal(shop_last_show(s->shop, &(struct broadcast_id){"another"}, 0)->shipped, firm);
}

static void what_comes_after_it_was_settled_is_told(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    settle_world(w, 3, 2);
    uint64_t seq = world_published(w, 2);
    for (unsigned n = 1; n <= 2; n++)
        check_settled(w, n, 1, 3);
    pays_late(w, 2, 0); /* taken again */
    world_run_ms(w, 15000);
    assert_true(world_published(w, 2) > seq);
    for (unsigned n = 1; n <= 2; n++) {
        check_settled(w, n, 2, 4);
        assert_int_equal(board_show_of(w, n)->volume.confirmed, 4);
    }
    char hold[20];
    snprintf(hold, sizeof hold, "h%d", next_viewer);
    struct actual a = actual_of("c1", ACTUAL_CANCELLED, hold, 2);
    check_refused(tells_all(w, 2, &a, 1), ERROR_BAD_REQUEST, "actuals[0].units", "more than the 1 there can be");
    world_run_ms(w, 15000);
    check_settled(w, 1, 2, 4); /* looked at, and nothing came of it */
    a = actual_of("c1", ACTUAL_CANCELLED, hold, 1);
    assert_int_equal(tells_all(w, 2, &a, 1).outcome.actuals.taken, 1);
    world_run_ms(w, 15000);
    for (unsigned n = 1; n <= 2; n++)
        check_settled(w, n, 3, 3);
    assert_int_equal(tells_all(w, 1, &a, 1).outcome.actuals.repeated, 1);
    uint64_t head = board_show_of(w, 1)->book.head;
    world_run_ms(w, 700000);
    assert_int_equal(board_show_of(w, 1)->book.head, head); /* and then it is quiet */
    assert_int_equal(leader(w, 2), 0);
    assert_false(board_show_of(w, 2)->book.is_followed); /* its log is put away by now, and taken out for what comes */
    pays_late(w, 1, 1);
    world_run_ms(w, 15000);
    for (unsigned n = 1; n <= 2; n++)
        check_settled(w, n, 4, 4);
    world_run_ms(w, 700000);
    assert_false(board_show_of(w, 2)->book.is_followed);
    snprintf(hold, sizeof hold, "h%d", next_viewer - 1);
    a = actual_of("c2", ACTUAL_CANCELLED, hold, 1);
    assert_int_equal(tells_all(w, 1, &a, 1).outcome.actuals.taken, 1);
    world_run_ms(w, 15000);
    for (unsigned n = 1; n <= 2; n++)
        check_settled(w, n, 5, 3);
    world_close(w);
}

static void whoever_lives_settles_it_again(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    settle_world(w, 2, 2);
    unsigned first = id_equal(board_show_of(w, 1)->last_by, world_board(w, 1)->config.node.text) ? 1 : 2;
    pays_late(w, 3 - first, 0);
    world_node_die(w, first); /* before it could tell of it */
    world_run_ms(w, 30000);
    check_settled(w, 3 - first, 2, 3);
    world_node_start(w, first);
    world_run_ms(w, 5000);
    world_do(w, "node 1 dies; node 2 dies; node 1 starts; node 2 starts"); /* and nobody comes */
    world_run_ms(w, 5000);
    pays_late(w, 2, 1);
    world_run_ms(w, 60000);
    for (unsigned n = 1; n <= 2; n++) {
        const struct board_show *s = board_show_of(w, n);
        assert_true(s->is_closed);
        assert_int_equal(s->volume.confirmed, 4);
        assert_int_equal(told_firm(w, n), 4);
        assert_false(unsettled_has(s));
    }
    world_close(w);
}

static void the_end_is_told_at_once(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    somebody_buys(w, "mug-red", 1, true);
    until_told(w, 1);
    world_do(w, "host ends");
    world_run_ms(w, 1000);
    for (unsigned n = 1; n <= 2; n++)
        assert_non_null(strstr(board_show_of(w, n)->document.text.data, "\"phase\":\"tail\""));
    uint64_t head = board_show_of(w, 1)->book.head;
    world_run_ms(w, 10000);
    assert_int_equal(board_show_of(w, 1)->book.head, head); /* and then it is quiet */
    world_close(w);
}

/* Where putting it away takes longer than from tick to tick. */
static void a_slow_node_tells_late_and_not_nothing(void **state)
{
    (void)state;
    struct world *w = open_world(1);
    until_told(w, 1);
    struct board_show *s = board_show_of(w, 1);
    unsigned behind = 0;
    for (int i = 0; i < 12; i++) {
        world_set_faults(w, &(struct world_faults){.slow = 1000, .slow_ms_max = 9000});
        world_run_ms(w, 7000);
        world_set_faults(w, &(struct world_faults){0});
        behind +=
            s->estimate_seq < s->last_tick && s->computing.step == COMPUTE_PUTS && s->computing.tick < s->last_tick;
        uint64_t seq = s->estimate_seq;
        for (int ms = 0; s->estimate_seq == seq && ms < 10000; ms += 50)
            world_run_ms(w, 50);
        assert_true(s->estimate_seq > seq);
    }
    assert_true(behind > 0);
    world_close(w);
}

static void it_goes_on_with_nobody_connected(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    somebody_buys(w, "mug-red", 1, false); /* lasts a minute */
    world_do(w, "host ends");
    world_run_ms(w, 3000);
    world_do(w, "node 1 dies; node 2 dies; node 1 starts"); /* and nobody comes */
    world_run_ms(w, 3000);
    assert_true(board_show_of(w, 1)->is_on); /* opened for what is to come */
    uint64_t seq = world_published(w, 1);
    world_run_ms(w, 90000);
    assert_true(world_published(w, 1) > seq);
    assert_true(board_show_of(w, 1)->leads);
    assert_int_equal(board_show_of(w, 1)->volume.held, 0); /* expired meanwhile, and told */
    check_told(w, 1);
    world_close(w);
}

/* ---- for days ---- */

static struct world *open_slow_world(unsigned nodes)
{
    struct orchestrator_limits limits = orchestrator_limits_default;
    limits.expire_ms = 10000; /* hours pass here */
    limits.share_ms = 60000;
    return world_open(
        &(struct world_config){.seed = SEED, .nodes = nodes, .estimates = true, .quiet = true, .limits = limits});
}

static struct command plan_of(uint32_t tail_hours)
{
    struct command c = {.kind = COMMAND_LOGISTICS_PUT};
    c.plan = calloc(1, sizeof *c.plan);
    assert_non_null(c.plan);
    *c.plan = (struct logistics_plan){.fill_per_mille = 700, .tail_hours = tail_hours};
    return c;
}

static void when_the_replay_is_over_it_settles_by_itself_and_the_next_show_learns(void **state)
{
    (void)state;
    struct world *w = open_slow_world(2);
    struct command c = plan_of(2);
    asks(w, 1, &c);
    world_do(w, "host stocks mug-red 40; host pins mug-red");
    for (int i = 0; i < 3; i++)
        somebody_buys(w, "mug-red", 1, true);
    world_run_ms(w, 2000000);              /* more than half of the plan */
    somebody_buys(w, "mug-red", 1, false); /* expires in the replay */
    world_do(w, "host ends");
    world_run_ms(w, 3600000);
    assert_int_equal(world_settled(w, 1), 0);
    uint64_t head = board_show_of(w, 1)->book.head;
    world_run_ms(w, 600000);
    assert_true(board_show_of(w, 1)->book.head - head <= 2 * 11); /* a tick a minute by now, and its estimate */
    world_run_ms(w, 3600000);
    assert_int_equal(world_settled(w, 1), 1);
    assert_int_equal(world_settled(w, 2), 1);

    world_do(w, "shop creates second Second");
    struct world_person *host = world_person(w, "host2", ROLE_HOST);
    world_person_of(host, "second");
    world_do(w, "host2 comes 1; host2 loads; host2 forces; host2 pins mug-red");
    world_run_ms(w, 6000);
    const struct board_show *s = board_show_find(world_board(w, 1), &shop, &(struct broadcast_id){"second"});
    assert_non_null(s);
    assert_true(s->document.text.len > 0);
    assert_null(strstr(s->document.text.data, "no-history"));
    assert_non_null(strstr(s->document.text.data, "\"shows\":1"));
    const struct last_show *last = shop_last_show(s->shop, &s->id, s->start_ms);
    assert_non_null(last);
    assert_string_equal(last->broadcast.text, "spring-drop");
    assert_int_equal(last->shipped, 3);
    assert_null(
        shop_last_show(s->shop, &s->id, board_show_of(w, 1)->start_ms)); /* what came before the first is not that */
    world_close(w);
}

static void with_redis_away_nothing_new_is_told_and_it_comes_back(void **state)
{
    (void)state;
    struct world *w = open_world(2);
    until_told(w, 1);
    world_node_cut(w, 1, true);
    world_node_cut(w, 2, true);
    world_run_ms(w, 2000);
    uint64_t seq[] = {world_published(w, 1), world_published(w, 2)};
    size_t ticks = board_metrics[BOARD_COMPUTE].count;
    world_run_ms(w, 60000);
    assert_int_equal(world_published(w, 1), seq[0]);
    assert_int_equal(world_published(w, 2), seq[1]);
    assert_true(board_metrics[BOARD_COMPUTE].count - ticks <= 60); /* and nobody computes in a circle */
    assert_non_null(board_show_of(w, 1)->document.text.data);      /* the last one stays */
    world_node_cut(w, 1, false);
    world_node_cut(w, 2, false);
    world_run_ms(w, 12000);
    assert_true(world_published(w, 1) > seq[0]);
    assert_true(world_published(w, 2) > seq[1]);
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
        cmocka_unit_test(after_the_end_what_comes_late_moves_the_estimate),
        cmocka_unit_test(more_than_there_was_did_not_become_of_it),
        cmocka_unit_test(what_was_bought_a_moment_ago_can_be_cancelled),
        cmocka_unit_test(an_estimate_that_a_fail_over_lost_is_told_again),
        cmocka_unit_test(a_plan_is_taken_into_a_show_that_runs),
        cmocka_unit_test(a_stamp_keeps_the_document_as_it_was),
        cmocka_unit_test(settled_it_teaches_the_next_one),
        cmocka_unit_test(what_comes_after_it_was_settled_is_told),
        cmocka_unit_test(whoever_lives_settles_it_again),
        cmocka_unit_test(the_end_is_told_at_once),
        cmocka_unit_test(a_slow_node_tells_late_and_not_nothing),
        cmocka_unit_test(it_goes_on_with_nobody_connected),
        cmocka_unit_test(when_the_replay_is_over_it_settles_by_itself_and_the_next_show_learns),
        cmocka_unit_test(with_redis_away_nothing_new_is_told_and_it_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
