/* The parts of the load generator that judge the server must be right themselves. */
#include <load_client.h>

#include <string.h>

#include "loadtest/histogram.h"
#include "tests/unit/unit.h"

static void members_are_found_without_a_tree(void **state)
{
    static const char text[] = "{ \"t\":\"pin.set\", \"seq\":42,\"ms\":1795177200001,\"x\":[{\"seq\":7},\"}\"],"
                               "\"d\":{\"slot\":0,\"title\":\"a \\\"b\\\" {\",\"price\":{\"amount\":990}}}";
    struct load_peek p;
    const char *value, *amount;
    size_t len, amount_len;
    (void)state;
    assert_int_equal(load_peek(text, sizeof text - 1, &p), RESULT_OK);
    assert_true(load_is(p.t, p.t_len, "pin.set"));
    assert_true(p.has_seq && p.seq == 42 && p.ms == 1795177200001);
    assert_null(p.re);
    assert_true(load_find(p.d, p.d_len, "title", &value, &len));
    assert_true(load_is(value, len, "\"a \\\"b\\\" {\""));
    assert_true(load_find(p.d, p.d_len, "price", &value, &len));
    assert_true(load_find(value, len, "amount", &amount, &amount_len));
    assert_true(load_is(amount, amount_len, "990"));
    assert_false(load_find(p.d, p.d_len, "amount", &value, &len));
}

static void what_is_no_message_is_said_to_be_none(void **state)
{
    static const char *const bad[] = {"",
                                      "{",
                                      "{}",
                                      "[]",
                                      "null",
                                      "{\"t\":\"x\"",
                                      "{\"t\":\"x}",
                                      "{\"t\":}",
                                      "{\"seq\":1}",
                                      "{\"t\":\"x\" \"seq\":1}",
                                      "x{\"t\":\"x\"}",
                                      "{\"t\":\"x\",\"d\":{}"};
    struct load_peek p;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(load_peek(bad[i], strlen(bad[i]), &p), RESULT_MALFORMED);
}

static void targets(void **state)
{
    struct load_target t;
    (void)state;
    assert_int_equal(load_target_parse("ws://127.0.0.1:8080/v1/broadcasts/x/live", &t), RESULT_OK);
    assert_string_equal(t.host, "127.0.0.1");
    assert_int_equal(t.port, 8080);
    assert_int_equal(load_target_parse("http://[::1]:9/", &t), RESULT_OK);
    assert_string_equal(t.host, "::1");
    assert_int_equal(load_target_parse("ws://127.0.0.1", &t), RESULT_MALFORMED);
    assert_int_equal(load_target_parse("ws://127.0.0.1:0", &t), RESULT_MALFORMED);
    assert_int_equal(load_target_parse("ws://127.0.0.1:80x", &t), RESULT_MALFORMED);
}

static void percentiles_are_right_to_a_few_percent(void **state)
{
    static struct histogram h;
    (void)state;
    for (int64_t us = 1; us <= 100000; us++)
        histogram_add(&h, us);
    assert_true(histogram_ms(&h, 0.5) > 49 && histogram_ms(&h, 0.5) < 51);
    assert_true(histogram_ms(&h, 0.99) > 97 && histogram_ms(&h, 0.99) < 101);
    assert_true(histogram_ms(&h, 1) == 100);
    histogram_add(&h, INT64_C(1) << 62); /* beyond the range: its end, and the true maximum */
    histogram_add(&h, -5);
    assert_int_equal(h.count, 100002);
    assert_true(histogram_ms(&h, 0.5) < 51);
}

static int fired;
static struct load_set set;
static void fire(struct load_timer *timer)
{
    fired++;
    if (fired < 5)
        load_timer_start(&set, timer, 1);
}

static void timers_fire_in_time_and_stop(void **state)
{
    struct load_target target = {.host = "127.0.0.1", .port = 1};
    struct load_timer again = {.fire = fire}, never = {.fire = fire};
    (void)state;
    assert_int_equal(load_set_init(&set, &target, 1), RESULT_OK);
    load_timer_start(&set, &again, 5000);
    load_timer_start(&set, &again, 1);
    load_timer_start(&set, &never, 2);
    load_timer_stop(&never);
    for (int64_t until = load_now_ms() + 2000; fired < 5 && load_now_ms() < until;)
        load_turn(&set, 1);
    assert_int_equal(fired, 5);
    load_set_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_without_a_tree),
        cmocka_unit_test(what_is_no_message_is_said_to_be_none),
        cmocka_unit_test(targets),
        cmocka_unit_test(percentiles_are_right_to_a_few_percent),
        cmocka_unit_test(timers_fire_in_time_and_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
