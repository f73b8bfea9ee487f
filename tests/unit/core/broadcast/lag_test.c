#include "core/broadcast/lag.h"

#include "tests/unit/unit.h"

#define NOW_MS INT64_C(1795177200000)

static struct lag_view view_at(struct lag *lag, int64_t now_ms)
{
    struct lag_sum sum = {0};
    lag_sum_add(&sum, lag, now_ms);
    return lag_sum_view(&sum);
}

static void half_and_ninety_five_of_a_hundred(void **state)
{
    (void)state;
    struct lag lag = {0};
    for (int i = 0; i < 90; i++)
        assert_true(lag_add(&lag, NOW_MS, 6000));
    for (int i = 0; i < 10; i++)
        assert_true(lag_add(&lag, NOW_MS, 13900));
    struct lag_view view = view_at(&lag, NOW_MS);
    assert_int_equal(view.viewers, 100);
    assert_int_equal(view.p50_ms, 6250);
    assert_int_equal(view.p95_ms, 14000);
}

static void every_lag_is_read_back_rounded_up_by_a_sixteenth_at_most(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms <= LAG_MAX_MS; ms += ms < 5000 ? 1 : 97) {
        struct lag lag = {0};
        assert_true(lag_add(&lag, NOW_MS, ms));
        int64_t read = view_at(&lag, NOW_MS).p50_ms;
        assert_true(read > ms || read == LAG_MAX_MS);
        assert_true(read - ms <= 250 || (read - ms) * 16 <= ms + 16);
    }
}

static void what_cannot_be_is_left_out(void **state)
{
    (void)state;
    struct lag lag = {0};
    assert_false(lag_add(&lag, NOW_MS, LAG_MIN_MS - 1));
    assert_false(lag_add(&lag, NOW_MS, LAG_MAX_MS + 1));
    assert_false(lag_add(&lag, NOW_MS, INT64_MIN));
    assert_false(lag_add(&lag, NOW_MS, INT64_MAX));
    assert_int_equal(view_at(&lag, NOW_MS).viewers, 0);
    assert_true(lag_add(&lag, NOW_MS, LAG_MIN_MS)); /* clocks differ a little */
    assert_true(lag_add(&lag, NOW_MS, LAG_MAX_MS));
    assert_int_equal(view_at(&lag, NOW_MS).p95_ms, LAG_MAX_MS);
}

static void who_says_it_in_every_slot_is_one_viewer(void **state)
{
    (void)state;
    struct lag lag = {0};
    for (int slot = 0; slot < 7; slot++) {
        int64_t now_ms = NOW_MS + slot * LAG_SLOT_MS;
        for (int viewer = 0; viewer < 5; viewer++)
            assert_true(lag_add(&lag, now_ms, 3000));
        assert_int_equal(view_at(&lag, now_ms).viewers, 5);
    }
}

static void what_was_said_is_forgotten_slot_by_slot(void **state)
{
    (void)state;
    struct lag lag = {0};
    assert_true(lag_add(&lag, NOW_MS, 3000));
    assert_true(lag_add(&lag, NOW_MS + LAG_SLOT_MS, 9000));
    assert_int_equal(view_at(&lag, NOW_MS + 2 * LAG_SLOT_MS).p50_ms, 3250);
    assert_int_equal(view_at(&lag, NOW_MS + 3 * LAG_SLOT_MS).p50_ms, 9500);
    assert_int_equal(view_at(&lag, NOW_MS + 4 * LAG_SLOT_MS).viewers, 0);
    assert_true(lag_add(&lag, NOW_MS, 1000)); /* time never goes back in a node; if it did, nothing is lost */
    assert_int_equal(view_at(&lag, NOW_MS + 4 * LAG_SLOT_MS).viewers, 1);
    assert_int_equal(view_at(&lag, NOW_MS + 400 * LAG_SLOT_MS).viewers, 0);
}

static void what_one_node_writes_another_adds(void **state)
{
    (void)state;
    struct lag here = {0}, there = {0};
    struct lag_sum mine = {0}, all = {0};
    struct bytes text = {0};
    for (int i = 0; i < 30; i++) {
        assert_true(lag_add(&here, NOW_MS, 2000));
        assert_true(lag_add(&there, NOW_MS, i < 10 ? 2000 : 30000));
    }
    lag_sum_add(&mine, &there, NOW_MS);
    lag_sum_write(&mine, &text);
    assert_string_equal(text.data, "30,8:10,62:20");
    lag_sum_add(&all, &here, NOW_MS);
    lag_sum_read(&all, text.data);
    struct lag_view view = lag_sum_view(&all);
    assert_int_equal(view.viewers, 60);
    assert_int_equal(view.p50_ms, 2250);
    assert_int_equal(view.p95_ms, 31000);
    bytes_finish(&text);
}

static void other_texts_add_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "-", "x", "7", "7,", "7,131:5", "7,5", "7,5;3", "7,-1:5", "0"};
    struct lag_sum sum = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        lag_sum_read(&sum, texts[i]);
    assert_int_equal(lag_sum_view(&sum).viewers, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_and_ninety_five_of_a_hundred),
        cmocka_unit_test(every_lag_is_read_back_rounded_up_by_a_sixteenth_at_most),
        cmocka_unit_test(what_cannot_be_is_left_out),
        cmocka_unit_test(who_says_it_in_every_slot_is_one_viewer),
        cmocka_unit_test(what_was_said_is_forgotten_slot_by_slot),
        cmocka_unit_test(what_one_node_writes_another_adds),
        cmocka_unit_test(other_texts_add_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
