/* What is folded into an estimate: the same whether a node was there from the start, came late or reads it all again, and of a
 * broadcast what is its own. The world compares each tick of each node bit for bit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"
#include "tests/support/world.h"
#include "tests/unit/unit.h"

#define SEED 7
static const struct shop_id shop = {"demo"};
static const struct broadcast_id first = {"spring-drop"}, second = {"second"};

static struct board_show *show_of(struct world *w, unsigned node, const struct broadcast_id *id)
{
    struct board_show *s = board_show_find(world_board(w, node), &shop, id);
    assert_non_null(s);
    return s;
}

static struct world *open_world(void)
{
    return world_open(&(struct world_config){.seed = SEED, .nodes = 2, .estimates = true, .quiet = true});
}

static void second_goes_live(struct world *w)
{
    world_do(w, "shop creates second Second");
    world_person_of(world_person(w, "host2", ROLE_HOST), second.text);
    world_do(w, "host2 comes 1; host2 loads; host2 forces; host2 pins mug-red");
    world_run_ms(w, 8000);
}

static struct estimate_sku sku_of(struct world *w, unsigned node, const struct broadcast_id *id, const char *sku)
{
    const struct board_show *s = show_of(w, node, id);
    struct estimate e = {0};
    struct estimate_sku found = {0};
    bool is_there = false;
    assert_int_equal(estimator_estimate(s->tally.estimator, show_seconds(s, s->tally.done_ms), &e), RESULT_OK);
    for (size_t i = 0; i < e.skus_count; i++)
        if (id_equal(e.skus[i].sku.text, sku)) {
            found = e.skus[i];
            is_there = true;
        }
    estimate_finish(&e);
    assert_true(is_there);
    return found;
}

static void who_stood_in_line_before_the_start_is_known_to_all(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_do(w,
             "host stocks mug-red 1; viewer a reserves mug-red as a1; viewer b joins mug-red; viewer c joins mug-red");
    world_run_ms(w, 100000); /* long before the start */
    second_goes_live(w);
    for (unsigned n = 1; n <= 2; n++)
        assert_int_equal(sku_of(w, n, &second, "mug-red").waitlist, 1);
    size_t compared = world_ticks_compared(w);
    world_do(w, "node 1 dies; node 1 starts");
    world_run_ms(w, 30000);
    assert_true(world_ticks_compared(w) > compared + 4);
    assert_int_equal(sku_of(w, 1, &second, "mug-red").waitlist, sku_of(w, 2, &second, "mug-red").waitlist);
    world_close(w);
}

static void who_is_offered_units_in_another_show_has_left_the_line(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_do(w,
             "host stocks mug-red 1; viewer a reserves mug-red as a1; viewer b joins mug-red; viewer c joins mug-red");
    second_goes_live(w);
    assert_int_equal(sku_of(w, 2, &second, "mug-red").waitlist, 2);
    world_do(w, "viewer a releases a1"); /* offered to b, in the first show */
    world_run_ms(w, 8000);
    assert_int_equal(sku_of(w, 1, &second, "mug-red").waitlist, 1);
    assert_int_equal(sku_of(w, 2, &second, "mug-red").waitlist, 1);
    world_close(w);
}

static void what_another_show_sells_keeps_no_ended_one_ticking(void **state)
{
    (void)state;
    struct world *w = open_world();
    char words[120];
    world_do(w, "host stocks mug-red 400; host pins mug-red; viewer a reserves mug-red as a1; viewer a releases a1");
    second_goes_live(w);
    world_do(w, "host ends");
    world_run_ms(w, 10000);
    uint64_t head = show_of(w, 1, &first)->book.head;
    world_person_of(world_person(w, "b", ROLE_VIEWER), second.text);
    world_do(w, "viewer b comes 1");
    for (int i = 0; i < 120; i++) {
        snprintf(words, sizeof words, "viewer b reserves mug-red as b%d", i);
        world_do(w, words);
        world_run_ms(w, 500);
        snprintf(words, sizeof words, "viewer b releases b%d", i);
        world_do(w, words);
        world_run_ms(w, 500);
    }
    assert_true(show_of(w, 1, &second)->tally.done > 0);
    assert_true(show_of(w, 1, &first)->book.head - head <= 2 * (120 / 15 + 2)); /* each with its estimate */
    world_close(w);
}

static void of_what_is_recalled_or_stopped_nothing_more_is_expected(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_do(w, "host stocks mug-red 400; host stocks cap-blue 400; host pins mug-red; host pins cap-blue 1");
    for (int i = 0; i < 20; i++) {
        char words[200];
        snprintf(words, sizeof words, "viewer v%d reserves mug-red as m%d; viewer v%d reserves cap-blue as c%d", i, i,
                 i, i);
        world_do(w, words);
        snprintf(words, sizeof words, "viewer v%d pays m%d; shop confirms m%d 1290 M-%d", i, i, i, i);
        world_do(w, words);
        world_run_ms(w, 300);
    }
    world_run_ms(w, 6000);
    assert_true(sku_of(w, 2, &first, "mug-red").units.q[4] > 20);
    assert_true(sku_of(w, 2, &first, "cap-blue").units.q[4] > 20);
    world_do(w, "host recalls mug-red; host stops cap-blue");
    world_run_ms(w, 6000);
    struct estimate_sku mug = sku_of(w, 2, &first, "mug-red"), cap = sku_of(w, 2, &first, "cap-blue");
    assert_int_equal(mug.firm, 20);
    assert_true(mug.units.q[4] <= 20);
    assert_true(mug.parts[PART_LIVE] + mug.parts[PART_TAIL] == 0 && cap.parts[PART_LIVE] + cap.parts[PART_TAIL] == 0);
    assert_true(mug.short_by == 0 && cap.short_by == 0);
    assert_true(cap.units.q[0] < cap.held); /* what some give back nobody takes */
    assert_true(cap.units.q[4] <= 20);      /* those on hold may still be paid */
    world_do(w, "host opens cap-blue");
    world_run_ms(w, 6000);
    assert_true(sku_of(w, 2, &first, "cap-blue").units.q[4] > 20);
    world_close(w);
}

/* ---- actuals, as they may stand in the log ---- */

static void cancelled(struct world *w, const char *hold, int64_t ms)
{
    for (unsigned n = 1; n <= 2; n++) {
        struct board_show *s = show_of(w, n, &first);
        struct input *in = input_make(&(struct input_spec){
            .kind = INPUT_CANCEL, .at = {.seq = s->last_tick}, .ms = ms, .hold = hold, .sku = "mug-red", .units = 1});
        list_push_back(&s->tally.actuals, &in->link);
    }
}

static void two_are_bought(struct world *w)
{
    world_do(
        w,
        "host stocks mug-red 40; host pins mug-red; viewer a reserves mug-red as a1; viewer b reserves mug-red as b1");
    world_run_ms(w, 700);
    world_do(w, "viewer a pays a1; shop confirms a1 1290 A-1; viewer b pays b1; shop confirms b1 1290 A-2");
}

static void what_is_cancelled_by_a_clock_that_is_behind_was_confirmed_before(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 6000);
    two_are_bought(w);
    cancelled(w, "a1", show_of(w, 1, &first)->start_ms);
    world_run_ms(w, 8000);
    for (unsigned n = 1; n <= 2; n++)
        assert_int_equal(sku_of(w, n, &first, "mug-red").firm, 1);
    world_close(w);
}

static void what_is_cancelled_twice_takes_nothing_from_other_orders(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 6000);
    two_are_bought(w);
    world_run_ms(w, 8000);
    for (int i = 0; i < 2; i++) {
        cancelled(w, "a1", world_now_ms(w) + WORLD_START_MS);
        world_run_ms(w, 8000);
        struct board_show *s = show_of(w, 2, &first);
        assert_int_equal(tally_sku(&s->tally, "mug-red", false)->firm, 1);
        assert_int_equal(sku_of(w, 2, &first, "mug-red").stock, 39);
    }
    world_close(w);
}

static void the_site_it_left_from_is_the_same_after_a_restart(void **state)
{
    (void)state;
    struct world *w = open_world();
    struct logistics_plan *plan = calloc(1, sizeof *plan);
    assert_non_null(plan);
    *plan = (struct logistics_plan){.sites_count = 2, .fill_per_mille = 700, .tail_hours = 72};
    plan->sites[0] = (struct logistics_site){.id = {"W1"}, .share = 60};
    plan->sites[1] = (struct logistics_site){.id = {"W2"}, .share = 40};
    struct journal j = {.kind = JOURNAL_PLAN, .ms = WORLD_START_MS, .u.plan = plan};
    assert_true(book_write(&show_of(w, 1, &first)->shop->book, &j, false, NULL, NULL));
    world_run_ms(w, 12000);
    two_are_bought(w);
    world_run_ms(w, 8000);
    struct actual left = {
        .id = "s1", .kind = ACTUAL_SHIPPED, .hold = {"a1"}, .sku = {"mug-red"}, .site = {"W2"}, .units = 1};
    struct journal told = {.kind = JOURNAL_ACTUALS, .ms = WORLD_START_MS + world_now_ms(w), .u.actuals = {&left, 1}};
    assert_true(book_write(&show_of(w, 1, &first)->book, &told, false, NULL, NULL));
    world_run_ms(w, 8000);
    size_t compared = world_ticks_compared(w);
    world_do(w, "node 2 dies; node 2 starts");
    world_run_ms(w, 15000);
    assert_true(world_ticks_compared(w) > compared + 4);
    journal_finish(&j);
    world_close(w);
}

/* ---- kept ---- */

static void orders_of_broadcasts_that_are_not_on_are_not_kept(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 6000);
    two_are_bought(w);
    world_run_ms(w, 8000);
    assert_int_equal(show_of(w, 2, &first)->orders.count, 2);
    struct board *b;
    assert_int_equal(board_create(NULL, &b), RESULT_OK); /* it has the ledger, and no broadcast is on */
    struct movement m = {.kind = MOVE_CONFIRMED, .hold = {.broadcast = first, .lines_count = 1, .order = "A-4"}};
    m.hold.lines[0] = (struct line){.sku = {"mug-red"}, .units = 1};
    board_ledger_entry(b, &shop, &(struct ledger_entry){.id = "1-1", .ms = 1, .movements = &m, .movements_count = 1});
    assert_int_equal(board_show_find(b, &shop, &first)->volume.orders, 1);
    assert_int_equal(board_show_find(b, &shop, &first)->orders.count, 0);
    board_destroy(b);
    world_close(w);
}

static void the_log_of_what_is_settled_is_followed_while_somebody_asks(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 6000);
    two_are_bought(w);
    world_run_ms(w, 700);
    world_do(w, "host ends");
    world_run_ms(w, 20000);
    struct board_show *s = show_of(w, 2, &first);
    struct journal settled;
    lead_cut(s, JOURNAL_SETTLED, &settled);
    assert_true(book_write(&s->book, &settled, false, NULL, NULL));
    world_run_ms(w, 10000);
    assert_true(s->is_closed);
    assert_true(s->book.is_followed); /* for a while */
    world_run_ms(w, 700000);
    for (unsigned n = 1; n <= 2; n++) {
        assert_false(show_of(w, n, &first)->book.is_followed);
        assert_null(show_of(w, n, &first)->told);
        assert_non_null(show_of(w, n, &first)->document.text.data);
    }
    struct journal stamp = {
        .kind = JOURNAL_STAMP, .ms = WORLD_START_MS + world_now_ms(w), .u.stamp = {.seq = 2, .note = "x"}};
    assert_true(
        book_write(&show_of(w, 1, &first)->book, &stamp, false, NULL, NULL)); /* of which node 2 hears nothing ... */
    world_run_ms(w, 1000);
    assert_int_equal(s->stamps_count, 0);
    unsettled_write(s, true); /* ... until it is opened again */
    world_run_ms(w, 5000);
    assert_int_equal(s->stamps_count, 1);
    assert_true(s->told_count > 0);
    world_run_ms(w, 700000);
    assert_false(s->book.is_followed);
    world_close(w);
}

/* ---- who leads ---- */

static struct log counting, *real;
static unsigned appends;
static void count_append(struct log *log, struct log_append *append)
{
    (void)log;
    appends++;
    real->append(real, append);
}

static void who_reads_a_log_that_lost_its_end_does_not_append_in_a_circle(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 10000);
    struct board_show *s = show_of(w, show_of(w, 1, &first)->leads ? 1 : 2, &first);
    real = s->book.log;
    counting = (struct log){.append = count_append, .follow = real->follow, .unfollow = real->unfollow};
    s->book.log = &counting;
    s->book.head += 5; /* which nobody else has */
    appends = 0;
    world_run_ms(w, 8000);
    s->book.log = real;
    assert_true(appends > 0);
    assert_true(appends <= 8);
    world_run_ms(w, 20000);
    assert_true(show_of(w, 1, &first)->leads != show_of(w, 2, &first)->leads);
    world_close(w);
}

static void a_leader_with_a_fast_clock_is_succeeded_all_the_same(void **state)
{
    (void)state;
    struct world *w = open_world();
    world_run_ms(w, 10000);
    unsigned leader = show_of(w, 1, &first)->leads ? 1 : 2, other = 3 - leader;
    struct board_show *s = show_of(w, other, &first);
    assert_false(s->leads);
    s->last_tick_ms += 3600000; /* as its writer's clock had it */
    world_node_die(w, leader);
    world_run_ms(w, 12000);
    assert_true(s->leads);
    s->last_tick_ms = WORLD_START_MS + world_now_ms(w);
    world_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_stood_in_line_before_the_start_is_known_to_all),
        cmocka_unit_test(who_is_offered_units_in_another_show_has_left_the_line),
        cmocka_unit_test(what_another_show_sells_keeps_no_ended_one_ticking),
        cmocka_unit_test(of_what_is_recalled_or_stopped_nothing_more_is_expected),
        cmocka_unit_test(what_is_cancelled_by_a_clock_that_is_behind_was_confirmed_before),
        cmocka_unit_test(what_is_cancelled_twice_takes_nothing_from_other_orders),
        cmocka_unit_test(the_site_it_left_from_is_the_same_after_a_restart),
        cmocka_unit_test(orders_of_broadcasts_that_are_not_on_are_not_kept),
        cmocka_unit_test(the_log_of_what_is_settled_is_followed_while_somebody_asks),
        cmocka_unit_test(who_reads_a_log_that_lost_its_end_does_not_append_in_a_circle),
        cmocka_unit_test(a_leader_with_a_fast_clock_is_succeeded_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
