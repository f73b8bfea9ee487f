#include "app/loop.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"

struct trial {
    struct loop *loop;
    struct clock_timer timer;
    int number, times;
    int *order, *count;
};

static void fired(struct clock_timer *timer)
{
    struct trial *t = (struct trial *)((char *)timer - offsetof(struct trial, timer));
    t->order[(*t->count)++] = t->number;
    if (--t->times > 0)
        t->loop->clock.start(&t->loop->clock, timer, 0);
}

static void timers_fire_once_in_order_of_their_time(void **state)
{
    enum { N = 200 };
    static struct trial trials[N];
    static int order[2 * N];
    static int64_t due_of[N];
    int count = 0;
    struct loop l;
    (void)state;
    assert_int_equal(loop_init(&l), RESULT_OK);
    for (int i = 0; i < N; i++) {
        int delay = (i * 37) % N; /* a permutation: N and 37 share no factor */
        trials[i] =
            (struct trial){.loop = &l, .timer = {.fire = fired}, .number = delay, .order = order, .count = &count};
        l.clock.start(&l.clock, &trials[i].timer, delay / 4);
        l.clock.start(&l.clock, &trials[i].timer, delay / 4); /* re-arming is not a second timer */
        memcpy(&due_of[delay], (char *)trials[i].timer.impl + sizeof(size_t), sizeof due_of[delay]);
    }
    for (int i = 0; i < N; i += 2)
        l.clock.stop(&l.clock, &trials[i].timer);
    l.clock.stop(&l.clock, &trials[0].timer); /* harmless */
    loop_run(&l);
    assert_int_equal(count, N / 2);
    for (int i = 1; i < count; i++)
        assert_true(due_of[order[i - 1]] <= due_of[order[i]]);
    assert_true(loop_finish(&l, 100));
}

static void a_timer_may_start_itself_again(void **state)
{
    int order[8], count = 0;
    struct loop l;
    (void)state;
    assert_int_equal(loop_init(&l), RESULT_OK);
    struct trial t = {.loop = &l, .timer = {.fire = fired}, .times = 5, .order = order, .count = &count};
    l.clock.start(&l.clock, &t.timer, 0);
    assert_int_equal(count, 0); /* never from inside the call */
    loop_run(&l);
    assert_int_equal(count, 5);
    assert_true(loop_finish(&l, 100));
}

static void the_clock_is_pulled_gently_and_never_back(void **state)
{
    (void)state;
    /* a little behind: 5 % of what passed, until it is there */
    assert_int_equal(loop_offset_slew(1000, 50000, 1000, 51200), 1050);
    assert_int_equal(loop_offset_slew(1190, 50000, 1000, 51200), 1200);
    /* ahead: slower, never more than passed */
    assert_int_equal(loop_offset_slew(1000, 50000, 1000, 50000), 950);
    assert_int_equal(loop_offset_slew(1000, 50000, 1000, 0), 950);
    /* far behind, as after a sleep: at once */
    assert_int_equal(loop_offset_slew(1000, 50000, 1000, 3600000), 3550000);
}

static void time_does_not_go_back(void **state)
{
    struct loop l;
    (void)state;
    assert_int_equal(loop_init(&l), RESULT_OK);
    int64_t before = l.clock.now_ms(&l.clock);
    l.offset_ms -= 500; /* as if the wall clock had been set back */
    assert_true(l.clock.now_ms(&l.clock) >= before);
    assert_true(loop_finish(&l, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_fire_once_in_order_of_their_time),
        cmocka_unit_test(a_timer_may_start_itself_again),
        cmocka_unit_test(the_clock_is_pulled_gently_and_never_back),
        cmocka_unit_test(time_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
