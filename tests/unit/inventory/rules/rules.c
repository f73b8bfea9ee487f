#include "tests/unit/unit.h"

#include "inventory/rules/clock.h"
#include "inventory/rules/counts.h"
#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"

/* ---- holds ---- */

static void a_hold_ends_exactly_once(void **state)
{
    (void)state;
    for (int life = LIFE_NONE; life < HOLD_LIVES; life++) {
        for (int act = ACT_RESERVE; act < HOLD_ACTS; act++) {
            enum hold_verdict verdict = hold_judge((enum hold_act)act, (enum hold_life)life);
            if (life == LIFE_NONE)
                assert_true(act == ACT_RESERVE ? verdict == VERDICT_MOVES : verdict != VERDICT_MOVES);
            else if (life != LIFE_HELD)
                assert_int_not_equal(VERDICT_MOVES, verdict); /* what has ended does not move */
        }
    }
    assert_int_equal(VERDICT_MOVES, hold_judge(ACT_CONFIRM, LIFE_HELD));
    assert_int_equal(VERDICT_RETAKES, hold_judge(ACT_CONFIRM, LIFE_EXPIRED));
    assert_int_equal(VERDICT_IS_EXPIRED, hold_judge(ACT_CONFIRM, LIFE_VOID));
    assert_int_equal(VERDICT_REPLAYS, hold_judge(ACT_RESERVE, LIFE_HELD));
    assert_int_equal(VERDICT_NOTHING, hold_judge(ACT_EXPIRE, LIFE_CONFIRMED));
    for (int life = LIFE_NONE; life < HOLD_LIVES; life++) /* the shop takes back as a viewer gives back */
        assert_int_equal(hold_judge(ACT_RELEASE, (enum hold_life)life),
                         hold_judge(ACT_TAKE_BACK, (enum hold_life)life));
}

static void an_extension_never_shortens(void **state)
{
    (void)state;
    int64_t end = 0;
    assert_int_equal(EXTEND_IS_SO, hold_extend(1000, 0, 2, 0, 1000, &end));
    assert_int_equal(EXTEND_IS_SO, hold_extend(1000, 0, 2, 0, 500, &end));
    assert_int_equal(EXTEND_IS_SO, hold_extend(1000, 2, 2, 99, 1000, &end)); /* before it counts extensions */
    assert_int_equal(0, end);
    assert_int_equal(EXTEND_MOVES, hold_extend(1000, 1, 2, 100, 1000, &end));
    assert_int_equal(1100, end);
    assert_int_equal(EXTEND_USED_UP, hold_extend(1000, 2, 2, 100, 1000, &end));
    assert_false(hold_is_due(1000, 999));
    assert_true(hold_is_due(1000, 1000));
}

/* ---- a broadcast's clock ---- */

static const struct epoch_id epoch = {"e1"}, other_epoch = {"e2"};

static void a_pause_takes_nothing_away(void **state)
{
    (void)state;
    struct show_clock c = {0};
    assert_int_equal(0, show_clock_shift_ms(&c, 5000));
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, true, &epoch, 1, 5000));
    assert_true(show_clock_is_frozen(&c));
    assert_int_equal(0, show_clock_shift_ms(&c, 5000));
    assert_int_equal(700, show_clock_shift_ms(&c, 5700)); /* the clock shows 5000 */
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, false, &epoch, 2, 6000));
    assert_false(show_clock_is_frozen(&c));
    assert_int_equal(1000, show_clock_shift_ms(&c, 9000));
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, true, &epoch, 3, 10000));
    assert_int_equal(1500, show_clock_shift_ms(&c, 10500)); /* the first pause counts on */
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, false, &epoch, 4, 10500));
    assert_int_equal(1500, c.stood_ms);
}

static void a_clock_that_steps_back_in_a_pause_takes_nothing_either(void **state)
{
    (void)state;
    struct show_clock c = {0};
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, true, &epoch, 1, 5000));
    assert_int_equal(0, show_clock_shift_ms(&c, 1000));
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, false, &epoch, 2, 1000));
    assert_int_equal(0, c.stood_ms);
}

static void the_later_event_of_an_epoch_is_right(void **state)
{
    (void)state;
    struct show_clock c = {0};
    assert_int_equal(CLOCK_IS_SO, show_clock_set(&c, false, &epoch, 9, 1000)); /* it never stood still */
    assert_true(ID_IS_NONE(c.epoch));
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, true, &epoch, 5, 1000));
    assert_int_equal(CLOCK_IS_OLD, show_clock_set(&c, false, &epoch, 5, 2000));
    assert_int_equal(CLOCK_IS_OLD, show_clock_set(&c, false, &epoch, 4, 2000));
    assert_int_equal(CLOCK_IS_SO, show_clock_set(&c, true, &epoch, 4, 2000));
    assert_int_equal(CLOCK_IS_SO, show_clock_set(&c, true, &epoch, 8, 2000));
    assert_int_equal(5, c.seq); /* what changed nothing is not remembered */
    assert_int_equal(1000, c.since_ms);
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, false, &other_epoch, 1, 2000)); /* another history */
    assert_int_equal(CLOCK_IS_OLD, show_clock_set(&c, true, &other_epoch, 1, 3000));
    assert_int_equal(CLOCK_MOVES, show_clock_set(&c, true, &epoch, 1, 3000));
}

/* ---- counts ---- */

static void units_go_where_the_law_lets_them(void **state)
{
    (void)state;
    struct counts c = {0};
    counts_move(&c, COUNTS_ALLOCATE, 10);
    counts_move(&c, COUNTS_HOLD, 4);
    counts_move(&c, COUNTS_SELL, 1);
    counts_move(&c, COUNTS_FREE, 1);
    counts_move(&c, COUNTS_RETAKE, 2);
    counts_move(&c, COUNTS_WITHDRAW, 3);
    assert_int_equal(2, c.available);
    assert_int_equal(2, c.held);
    assert_int_equal(3, c.sold);
    assert_int_equal(7, c.allocated);
    assert_true(counts_add_up(&c));
}

static void taking_is_refused_for_the_first_reason(void **state)
{
    (void)state;
    struct counts c = {.available = 2, .held = 1, .allocated = 3, .limit_per_viewer = 2};
    assert_int_equal(TAKE_MAY, counts_may_take(&c, 2, 0));
    assert_int_equal(TAKE_LIMIT, counts_may_take(&c, 2, 1));
    assert_int_equal(TAKE_LIMIT, counts_may_take(&c, 3, 0));
    c.limit_per_viewer = 0;
    assert_int_equal(TAKE_HELD_OUT, counts_may_take(&c, 3, 0));
    c.held = 0;
    assert_int_equal(TAKE_SOLD_OUT, counts_may_take(&c, 3, 0));
    c.stopped = true;
    assert_int_equal(TAKE_STOPPED, counts_may_take(&c, 1, 0));
}

static void a_buffer_is_not_for_sale(void **state)
{
    (void)state;
    struct counts c = {.available = 3, .allocated = 3, .buffer = 2};
    assert_int_equal(1, counts_sellable(&c));
    assert_int_equal(TAKE_MAY, counts_may_take(&c, 1, 0));
    assert_int_equal(TAKE_SOLD_OUT, counts_may_take(&c, 2, 0));
    assert_int_equal(TAKE_MAY, counts_may_retake(&c, 3, 0)); /* was promised before */
    assert_int_equal(TAKE_SOLD_OUT, counts_may_retake(&c, 4, 0));
    c = (struct counts){.available = 2, .held = 1, .allocated = 3, .buffer = 5};
    assert_int_equal(-3, counts_sellable(&c));
    assert_int_equal(TAKE_HELD_OUT, counts_may_take(&c, 1, 0));
    c.limit_per_viewer = 1;
    assert_int_equal(TAKE_LIMIT, counts_may_retake(&c, 1, 1));
    c.stopped = true;
    assert_int_equal(TAKE_STOPPED, counts_may_retake(&c, 1, 0));
    assert_int_equal(TAKE_MAY, counts_may_restore(&c, 2, 5)); /* was given before: neither stop nor limit matters */
    assert_int_equal(TAKE_HELD_OUT, counts_may_restore(&c, 3, 0));
    assert_true(counts_add_up(&c));
    c.buffer = -1;
    assert_false(counts_add_up(&c));
}

static void recalled_is_stopped(void **state)
{
    (void)state;
    struct counts c = {.available = 3, .allocated = 3};
    assert_false(counts_recall(&c, LAW_NONE));
    assert_false(c.stopped);
    for (int mode = LAW_KEEP; mode < RECALL_LAWS; mode++) {
        assert_true(counts_recall(&c, (enum recall_law)mode));
        assert_false(counts_recall(&c, (enum recall_law)mode));
        assert_true(c.stopped);
    }
    c.stopped = false;
    assert_false(counts_add_up(&c));
    c.stopped = true;
    assert_true(counts_recall(&c, LAW_NONE));
    assert_true(c.stopped); /* until it is opened */
    assert_true(recall_parks(LAW_KEEP) && !recall_parks(LAW_CANCEL) && !recall_parks(LAW_HONOUR));
    assert_true(recall_refuses_payment(LAW_KEEP) && recall_refuses_payment(LAW_CANCEL));
    assert_false(recall_refuses_payment(LAW_HONOUR) || recall_refuses_payment(LAW_NONE));
    assert_true(recall_takes_back(LAW_CANCEL) && !recall_takes_back(LAW_KEEP) && !recall_takes_back(LAW_HONOUR));
}

static void a_count_says_how_old_it_is(void **state)
{
    (void)state;
    assert_int_equal(-1, counts_sync_delay_ms(0, 5000));
    assert_int_equal(700, counts_sync_delay_ms(4300, 5000));
    assert_int_equal(0, counts_sync_delay_ms(5100, 5000)); /* a clock that is ahead of ours */
}

static void a_count_erases_no_promise(void **state)
{
    (void)state;
    struct counts c = {.available = 5, .held = 3, .sold = 2, .allocated = 10, .version = 4};
    int64_t change = 99;
    assert_int_equal(SYNC_IGNORED, counts_sync(&c, 0, 0, 4, &change));
    assert_int_equal(SYNC_BAD, counts_sync(&c, 0, 3, 5, &change));
    assert_int_equal(99, change);
    assert_int_equal(SYNC_MOVES, counts_sync(&c, 1, 2, 5, &change));
    assert_int_equal(-7, change);
    assert_int_equal(-2, c.available);
    assert_int_equal(3, c.held);
    assert_int_equal(2, c.sold);
    assert_int_equal(5, c.version);
}

/* ---- the line ---- */

static void the_first_who_fits_is_next(void **state)
{
    (void)state;
    struct waitlist line;
    struct waiting a = {.units = 3, .viewer = "a"}, b = {.units = 1, .viewer = "b"}, c = {.units = 1, .viewer = "c"};
    waitlist_init(&line);
    assert_null(waitlist_next(&line, 5));
    waitlist_join(&line, &a);
    waitlist_join(&line, &b);
    waitlist_join(&line, &c);
    assert_ptr_equal(&b, waitlist_next(&line, 2));
    assert_ptr_equal(&a, waitlist_next(&line, 3));
    assert_null(waitlist_next(&line, 0));
    assert_int_equal(2, waitlist_ahead(&line, &c));
    assert_ptr_equal(&b, waitlist_find(&line, "b"));
    waitlist_leave(&line, &b);
    assert_null(waitlist_find(&line, "b"));
    assert_int_equal(1, waitlist_ahead(&line, &c));
    assert_int_equal(2, line.len);
}

static void only_the_head_of_the_line_is_looked_at(void **state)
{
    (void)state;
    struct waitlist line;
    struct waiting many[WAITLIST_LOOK_MAX + 1];
    waitlist_init(&line);
    for (size_t i = 0; i <= WAITLIST_LOOK_MAX; i++) {
        many[i] = (struct waiting){.units = i == WAITLIST_LOOK_MAX ? 1 : 2, .viewer = "v"};
        waitlist_join(&line, &many[i]);
    }
    assert_null(waitlist_next(&line, 1));
    waitlist_leave(&line, &many[0]);
    assert_ptr_equal(&many[WAITLIST_LOOK_MAX], waitlist_next(&line, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_ends_exactly_once),
        cmocka_unit_test(an_extension_never_shortens),
        cmocka_unit_test(a_pause_takes_nothing_away),
        cmocka_unit_test(a_clock_that_steps_back_in_a_pause_takes_nothing_either),
        cmocka_unit_test(the_later_event_of_an_epoch_is_right),
        cmocka_unit_test(units_go_where_the_law_lets_them),
        cmocka_unit_test(taking_is_refused_for_the_first_reason),
        cmocka_unit_test(a_buffer_is_not_for_sale),
        cmocka_unit_test(recalled_is_stopped),
        cmocka_unit_test(a_count_says_how_old_it_is),
        cmocka_unit_test(a_count_erases_no_promise),
        cmocka_unit_test(the_first_who_fits_is_next),
        cmocka_unit_test(only_the_head_of_the_line_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
