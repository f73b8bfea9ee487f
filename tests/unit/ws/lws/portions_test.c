/* A door that many want to come through, and one address that wants it for itself alone: simulated, without sockets. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "tests/unit/unit.h"
#include "ws/lws/door.h"

#define T0 1795177200000 /* ms */

struct house {
    struct net_limits limits;
    struct guard guard;
    struct admission admission;
    struct door door;
    int64_t now_ms;
};

static void house_open(struct house *h, uint32_t per_second, uint32_t per_address)
{
    struct admission_limits limits = {.per_second_min = per_second, .per_second_max = per_second, .lag_target_ms = 20};
    h->limits = net_limits_default;
    h->limits.conns_per_address_max = per_address;
    h->now_ms = T0;
    assert_int_equal(guard_init(&h->guard, &h->limits, NULL), RESULT_OK);
    admission_init(&h->admission, &limits, 1, T0);
    h->door = (struct door){.admission = &h->admission, .guard = &h->guard};
}

static struct caller caller_at(const char *address)
{
    struct caller c = {.forwarded_for = address};
    struct sockaddr_in *peer = (struct sockaddr_in *)&c.peer;
    peer->sin_family = AF_INET;
    peer->sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* the proxy names them */
    return c;
}

/* REFUSALS: came in. Who is refused takes the answer, and so the place in the line, as the listener does. */
static enum refusal come(struct house *h, const char *address, struct address **ret_address)
{
    struct caller c = caller_at(address);
    enum refusal why;
    if (!door_pass(&h->door, &c, false, h->now_ms, &why)) {
        (void)door_refusal(&h->door, &c, why, false, h->now_ms);
        return why;
    }
    assert_int_equal(guard_enter(&h->guard, &c.peer, c.forwarded_for, ret_address), RESULT_OK);
    return REFUSALS;
}

static enum refusal come_and_go(struct house *h, const char *address)
{
    struct address *a = NULL;
    enum refusal why = come(h, address, &a);
    if (why == REFUSALS && a != NULL)
        guard_leave(a);
    return why;
}

/* For 10 s one address tries nine times in a millisecond; 20 others a second come once each. How many of those are let in. */
static unsigned others_inside(struct house *h, unsigned *ret_refused)
{
    unsigned inside = 0;
    for (int ms = 0; ms < 10000; ms++, h->now_ms++) {
        admission_tick(&h->admission, h->now_ms);
        for (int i = 0; i < 9; i++)
            *ret_refused += come_and_go(h, "203.0.113.9") != REFUSALS ? 1 : 0;
        if (ms % 50 != 0)
            continue;
        char other[32];
        snprintf(other, sizeof other, "198.51.%d.%d", ms / 50 / 100, ms / 50 % 100);
        inside += come_and_go(h, other) == REFUSALS ? 1 : 0;
    }
    return inside;
}

static void who_is_over_the_limit_takes_nothing_from_the_others(void **state)
{
    (void)state;
    struct house h;
    struct address *held[5];
    unsigned refused = 0;
    house_open(&h, 50, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(come(&h, "203.0.113.9", &held[i]), REFUSALS);
    assert_int_equal(come_and_go(&h, "203.0.113.9"), REFUSED_ADDRESS);
    assert_int_equal(others_inside(&h, &refused), 200);
    assert_int_equal(refused, 90000);
    assert_true(admission_place(&h.admission, h.now_ms) < 1000); /* and nobody stands in a line behind it */
    for (int i = 0; i < 5; i++)
        guard_leave(held[i]);
    guard_finish(&h.guard);
}

static void who_comes_and_goes_again_leaves_the_others_their_part(void **state)
{
    (void)state;
    struct house h;
    unsigned refused = 0;
    house_open(&h, 50, 5);
    assert_int_equal(others_inside(&h, &refused), 200);
    assert_in_range(90000 - refused, 100, 400); /* it gets what is over, as there is room */
    assert_int_equal(come_and_go(&h, "203.0.113.9"), REFUSED_PORTION);
    guard_finish(&h.guard);
}

static void alone_an_address_may_have_it_all(void **state)
{
    (void)state;
    struct house h;
    unsigned inside = 0;
    house_open(&h, 50, 5);
    for (int ms = 0; ms < 10000; ms++, h.now_ms++)
        inside += come_and_go(&h, "203.0.113.9") == REFUSALS ? 1 : 0;
    assert_in_range(inside, 490, 525);
    guard_finish(&h.guard);
}

static void who_is_not_counted_has_no_part_either(void **state)
{
    (void)state;
    struct house h;
    house_open(&h, 50, 5);
    for (int i = 0; i < 25; i++)
        assert_int_equal(come_and_go(&h, NULL), REFUSALS);
    assert_int_equal(come_and_go(&h, NULL), REFUSED_ADMISSION);
    guard_finish(&h.guard);
    house_open(&h, 50, 0); /* addresses are not told apart */
    for (int i = 0; i < 25; i++)
        assert_int_equal(come_and_go(&h, "203.0.113.9"), REFUSALS);
    assert_int_equal(come_and_go(&h, "203.0.113.9"), REFUSED_ADMISSION);
    guard_finish(&h.guard);
}

static void places_in_the_line_count_as_well(void **state)
{
    (void)state;
    struct house h;
    struct caller hasty = caller_at("203.0.113.9");
    unsigned places = 0;
    house_open(&h, 50, 5);
    while (come_and_go(&h, NULL) == REFUSALS) {}
    for (int i = 0; i < 1000; i++)
        places += come_and_go(&h, "203.0.113.9") == REFUSED_ADMISSION ? 1 : 0;
    assert_int_equal(places, 10);
    enum refusal why;
    assert_false(door_is_open(&h.door, &hasty, h.now_ms, &why));
    assert_int_equal(why, REFUSED_PORTION);
    struct refusal_said said = door_refusal(&h.door, &hasty, why, false, h.now_ms);
    assert_int_equal(said.code, ERROR_RATE_LIMITED);
    assert_in_range(said.retry_after_ms, 2500, 7500);
    assert_true(door_pass(&h.door, &hasty, true, h.now_ms, &why)); /* with a ticket */
    guard_finish(&h.guard);
}

/* ---- the table ---- */

static void any_number_of_addresses_fits(void **state)
{
    (void)state;
    struct portions p;
    assert_int_equal(portions_init(&p), RESULT_OK);
    for (uint64_t who = 1; who <= 10; who++) {
        for (int i = 0; i < 20; i++)
            portions_take(&p, who, 100, T0);
        assert_false(portions_is_left(&p, who, 100, T0));
    }
    for (uint64_t who = 1000; who < 1000000; who++)
        portions_take(&p, who, 100, T0);
    for (uint64_t who = 1; who <= 10; who++)
        assert_false(portions_is_left(&p, who, 100, T0)); /* who had most is remembered longest */
    assert_false(portions_is_left(&p, 1, 100, T0 + 99));
    assert_true(portions_is_left(&p, 1, 100, T0 + 100));
    assert_false(portions_is_left(&p, 1, 100, T0 - 3600000)); /* the clock was set back */
    assert_true(portions_is_left(&p, 1, 5000, T0 + 2));
    portions_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_over_the_limit_takes_nothing_from_the_others),
        cmocka_unit_test(who_comes_and_goes_again_leaves_the_others_their_part),
        cmocka_unit_test(alone_an_address_may_have_it_all),
        cmocka_unit_test(who_is_not_counted_has_no_part_either),
        cmocka_unit_test(places_in_the_line_count_as_well),
        cmocka_unit_test(any_number_of_addresses_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
