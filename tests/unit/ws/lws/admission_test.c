/* The bucket, the line and the rate: by hand, and with thousands who come at once and a loop that takes its time for each. */
#include <stdlib.h>

#include "tests/unit/unit.h"
#include "ws/lws/admission.h"

static const struct admission_limits usual = {.per_second_min = 100, .per_second_max = 5000, .lag_target_ms = 20};
static const struct admission_limits fixed = {.per_second_min = 50, .per_second_max = 50, .lag_target_ms = 20};

#define T0 1795177200000 /* ms */

static uint32_t take_all(struct admission *a, int64_t now_ms)
{
    uint32_t taken = 0;
    while (admission_take(a, now_ms))
        taken++;
    return taken;
}

static void a_calm_node_lets_a_burst_in_and_then_a_rate(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a, &fixed, 1, T0);
    assert_true(admission_is_open(&a, T0));
    assert_false(admission_is_near_limit(&a, T0));
    assert_int_equal(take_all(&a, T0), 25); /* half a second's worth */
    assert_false(admission_is_open(&a, T0));
    assert_true(admission_is_near_limit(&a, T0));
    assert_int_equal(take_all(&a, T0 + 19), 0);
    assert_int_equal(take_all(&a, T0 + 20), 1);
    uint32_t taken = 0;
    for (int64_t t = T0 + 21; t <= T0 + 10020; t++)
        taken += take_all(&a, t);
    assert_int_equal(taken, 500);
    assert_int_equal(take_all(&a, T0 + 60000), 25); /* never more than the burst */
}

static void a_clock_set_back_stops_nothing(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a, &fixed, 1, T0);
    take_all(&a, T0);
    for (int i = 0; i < 100; i++)
        (void)admission_place(&a, T0);
    assert_int_equal(take_all(&a, T0 - 3600000), 0);
    admission_tick(&a, T0 - 3600000);
    assert_int_equal(take_all(&a, T0 - 3600000 + 20), 1);
    assert_in_range(admission_place(&a, T0 - 3600000), 1500, 1650); /* the line is as long as it was */
    assert_true(a.per_second == 50);
}

static void places_are_one_behind_the_other(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a, &fixed, 1, T0);
    take_all(&a, T0);
    int64_t unread = admission_place_unread(&a, T0), first = admission_place(&a, T0);
    assert_in_range(first, ADMISSION_RETRY_MIN_MS, ADMISSION_RETRY_MIN_MS * 11 / 10);
    assert_in_range(unread, ADMISSION_RETRY_MIN_MS, ADMISSION_RETRY_MIN_MS * 11 / 10); /* took no place */
    for (int64_t i = 1; i < 2000; i++) {
        int64_t place = admission_place(&a, T0), straight = ADMISSION_RETRY_MIN_MS + i * 10; /* two places per join */
        assert_in_range(place, straight, straight * 11 / 10 + 1);
    }
    assert_in_range(admission_place(&a, T0 + 60000), ADMISSION_RETRY_MIN_MS, ADMISSION_RETRY_MIN_MS * 11 / 10);
    for (int i = 0; i < 100000; i++)
        (void)admission_place(&a, T0 + 60000);
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 1000; i++) { /* a line without end is scattered, and nobody waits for hours */
        int64_t place = admission_place(&a, T0 + 60000);
        least = place < least ? place : least;
        most = place > most ? place : most;
    }
    assert_in_range(least, ADMISSION_RETRY_MAX_MS / 2, ADMISSION_RETRY_MAX_MS * 6 / 10);
    assert_in_range(most, ADMISSION_RETRY_MAX_MS * 9 / 10, ADMISSION_RETRY_MAX_MS);
}

/* One who tries again at once, whatever it hears, and then stops: the others wait no longer for it. */
static void a_line_of_those_who_do_not_come_is_soon_over(void **state)
{
    (void)state;
    struct admission a;
    int64_t now_ms = T0;
    admission_init(&a, &fixed, 1, now_ms);
    for (int i = 0; i < 72723; i++) {
        if (!admission_take(&a, now_ms))
            assert_in_range(admission_place(&a, now_ms), ADMISSION_RETRY_MIN_MS, ADMISSION_RETRY_MAX_MS);
        now_ms += i % 9 == 0 ? 1 : 0;
        admission_tick(&a, now_ms);
    }
    assert_in_range(admission_place(&a, now_ms), ADMISSION_RETRY_MAX_MS / 2, ADMISSION_RETRY_MAX_MS);
    for (int64_t end = now_ms + 4000; now_ms < end; now_ms += ADMISSION_WINDOW_MS)
        admission_tick(&a, now_ms);
    assert_int_equal(take_all(&a, now_ms), 25);
    assert_in_range(admission_place(&a, now_ms), ADMISSION_RETRY_MIN_MS, ADMISSION_RETRY_MIN_MS * 11 / 10);
}

static void a_line_is_no_longer_than_anyone_waits(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a, &fixed, 1, T0);
    take_all(&a, T0);
    for (int i = 0; i < 72723; i++)
        (void)admission_place(&a, T0);
    int64_t later_ms = T0 + ADMISSION_RETRY_MAX_MS - 5000; /* somebody always took what the bucket brought */
    for (int64_t t = T0; t <= later_ms; t += 20)
        (void)admission_take(&a, t);
    assert_in_range(admission_place(&a, later_ms), 5000, 5600);
}

static void waits_for_something_else_are_scattered(void **state)
{
    (void)state;
    struct admission a;
    int64_t least = INT64_MAX, most = 0;
    admission_init(&a, &fixed, 1, T0);
    for (int i = 0; i < 1000; i++) {
        int64_t ms = admission_scatter(&a, 5000);
        least = ms < least ? ms : least;
        most = ms > most ? ms : most;
    }
    assert_in_range(least, 2500, 2600);
    assert_in_range(most, 7400, 7500);
}

static void tickets_pass_when_the_bucket_is_empty(void **state)
{
    (void)state;
    struct admission a;
    admission_init(&a, &fixed, 1, T0);
    take_all(&a, T0);
    for (int i = 0; i < 5; i++)
        admission_take_ticket(&a, T0);
    assert_int_equal(take_all(&a, T0 + 100), 0); /* the others wait for what those took */
    assert_int_equal(take_all(&a, T0 + 120), 1);
    for (int i = 0; i < 1000; i++)
        admission_take_ticket(&a, T0 + 120);
    assert_int_equal(take_all(&a, T0 + 120 + 2 * ADMISSION_BURST_MS), 25); /* but not for ever */
}

/* One window in which `joins` were asked for, and turns of `turn_ms` filled `share` of the time. */
static void window(struct admission *a, int64_t *now_ms, int joins, double turn_ms, double share)
{
    for (int i = 0; i < joins; i++)
        (void)admission_take(a, *now_ms);
    for (double busy = 0; busy < share * ADMISSION_WINDOW_MS - 1e-6; busy += turn_ms)
        admission_turn(a, (int64_t)(turn_ms * 1e6));
    *now_ms += ADMISSION_WINDOW_MS;
    admission_tick(a, *now_ms);
}

static void the_rate_follows_what_the_loop_keeps(void **state)
{
    (void)state;
    struct admission a;
    int64_t now_ms = T0;
    admission_init(&a, &usual, 1, now_ms);
    assert_true(a.per_second == 1250);
    for (int i = 0; i < 10; i++)
        window(&a, &now_ms, 1, 50, 1); /* a busy loop, but hardly anybody comes: not the door's fault */
    assert_true(a.per_second == 1250);
    for (int i = 0; i < 10; i++)
        window(&a, &now_ms, 2000, 2, 0.9);
    assert_true(a.per_second == 2250);
    for (int i = 0; i < 100; i++)
        window(&a, &now_ms, 2000, 2, 1); /* all the time busy, but in short turns: goes on */
    assert_true(a.per_second == 5000);
    window(&a, &now_ms, 2000, 25, 1);
    assert_true(a.per_second == 4000);
    window(&a, &now_ms, 2000, 25, 0.5); /* half of the time idle */
    assert_true(a.per_second == 4100);
    for (int i = 0; i < 100; i++)
        window(&a, &now_ms, 2000, 100, 1);
    assert_true(a.per_second == 100); /* never less */
    for (int i = 0; i < 20; i++)
        window(&a, &now_ms, 0, 1, 0.1);
    assert_true(a.per_second == 1250); /* calm again */
    for (int i = 0; i < 30; i++)
        window(&a, &now_ms, 2000, 1, 0.1);
    assert_true(a.per_second > 4000);
    for (int i = 0; i < 50; i++)
        window(&a, &now_ms, 0, 1, 0.1);
    assert_true(a.per_second == 1250); /* what was kept an hour ago says nothing of now */
}

/* ---- crowds ---- */

#define CROWD_MAX 10000
#define ACCEPTS_PER_TURN 64

struct crowd {
    struct admission a;
    int64_t join_us, refusal_us; /* what one costs the loop: a join a third at once, the rest in the next turn */
    uint32_t people, inside, tries_most;
    uint32_t tries[CROWD_MAX];
    int64_t next_us[CROWD_MAX]; /* INT64_MAX: inside */
    uint32_t turns, long_turns; /* of twice the target and more */
};

static void crowd_try(struct crowd *c, size_t who, int64_t now_us, struct rng *rng, int64_t *busy_us, int64_t *owed_us)
{
    int64_t now_ms = T0 + now_us / 1000;
    c->tries[who]++;
    c->tries_most = c->tries[who] > c->tries_most ? c->tries[who] : c->tries_most;
    if (admission_take(&c->a, now_ms)) {
        c->inside++;
        c->next_us[who] = INT64_MAX;
        *busy_us += c->join_us / 3;
        *owed_us += c->join_us - c->join_us / 3;
        return;
    }
    *busy_us += c->refusal_us;
    c->next_us[who] = now_us + 1000 * admission_place(&c->a, now_ms) + (int64_t)rng_below(rng, 100000);
}

/* Everyone comes at 0. Turns of a loop: at most ACCEPTS_PER_TURN tries each. Returns when the last was in. */
static int64_t crowd_run_ms(struct crowd *c, const struct admission_limits *limits, int64_t patience_ms)
{
    struct rng rng;
    int64_t now_us = 0, owed_us = 0;
    size_t at = 0;
    rng_seed(&rng, 7);
    admission_init(&c->a, limits, 7, T0);
    while (c->inside < c->people && now_us < patience_ms * 1000) {
        int64_t busy_us = owed_us;
        owed_us = 0;
        size_t accepted = 0;
        for (size_t looked = 0; looked < c->people && accepted < ACCEPTS_PER_TURN; looked++) {
            at = (at + 1) % c->people;
            if (c->next_us[at] > now_us)
                continue;
            crowd_try(c, at, now_us, &rng, &busy_us, &owed_us);
            accepted++;
        }
        c->turns += busy_us > 0;
        c->long_turns += busy_us > 2000 * limits->lag_target_ms;
        if (busy_us > 0)
            admission_turn(&c->a, busy_us * 1000);
        now_us += busy_us > 0 ? busy_us : 500;
        admission_tick(&c->a, T0 + now_us / 1000);
    }
    return now_us / 1000;
}

static struct crowd *crowd_of(uint32_t people, int64_t join_us)
{
    struct crowd *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->people = people;
    c->join_us = join_us;
    c->refusal_us = 12;
    return c;
}

static void ten_thousand_at_once_are_soon_inside(void **state)
{
    (void)state;
    struct crowd *c = crowd_of(10000, 60);
    assert_in_range(crowd_run_ms(c, &usual, 60000), 2000, 5000);
    assert_int_equal(c->inside, 10000);
    assert_in_range(c->tries_most, 2, 5);
    assert_int_equal(c->long_turns, 0);
    assert_true(c->a.per_second > 4000); /* the node has time to spare: the rate went up to its bound */
    free(c);
}

/* At any cost of a join: the loop is kept busy with at least four fifths of what it could do, nobody tries without end, and
 * turns are long at the beginning only, until it is known what a join costs. */
static void a_slow_node_lets_in_what_it_keeps(void **state)
{
    (void)state;
    for (int64_t join_us = 500; join_us <= 8000; join_us *= 2) {
        struct crowd *c = crowd_of(10000, join_us);
        int64_t ideal_ms = 10000 * join_us / 1000;
        assert_in_range(crowd_run_ms(c, &usual, 600000), ideal_ms, ideal_ms * 5 / 4);
        assert_int_equal(c->inside, 10000);
        assert_in_range(c->tries_most, 2, 15);
        if (join_us <= 2000) /* dearer ones fill a turn by themselves: admit-per-second-min comes first */
            assert_true(c->long_turns * 20 < c->turns);
        free(c);
    }
}

static void a_tiny_rate_starves_nobody(void **state)
{
    (void)state;
    struct crowd *c = crowd_of(1000, 60);
    assert_in_range(crowd_run_ms(c, &fixed, 600000), 19500, 21000);
    assert_int_equal(c->inside, 1000);
    assert_in_range(c->tries_most, 2, 12);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_node_lets_a_burst_in_and_then_a_rate),
        cmocka_unit_test(a_clock_set_back_stops_nothing),
        cmocka_unit_test(places_are_one_behind_the_other),
        cmocka_unit_test(a_line_of_those_who_do_not_come_is_soon_over),
        cmocka_unit_test(a_line_is_no_longer_than_anyone_waits),
        cmocka_unit_test(waits_for_something_else_are_scattered),
        cmocka_unit_test(tickets_pass_when_the_bucket_is_empty),
        cmocka_unit_test(the_rate_follows_what_the_loop_keeps),
        cmocka_unit_test(ten_thousand_at_once_are_soon_inside),
        cmocka_unit_test(a_slow_node_lets_in_what_it_keeps),
        cmocka_unit_test(a_tiny_rate_starves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
