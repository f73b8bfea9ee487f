#include <string.h>

#include "base/must.h"
#include "base/rng.h"
#include "tests/unit/unit.h"

/* The published sequence of xoshiro256** from the state 1, 2, 3, 4. */
static void numbers_are_those_of_the_paper(void **state)
{
    (void)state;
    static const uint64_t published[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct rng r = {{1, 2, 3, 4}};
    for (size_t i = 0; i < ARRAY_LEN(published); i++)
        assert_true(rng_next(&r) == published[i]);
}

/* The published sequence of splitmix64 from 1234567 and from 0. */
static void seeds_spread_by_splitmix64(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1234567);
    assert_true(r.state[0] == UINT64_C(6457827717110365317));
    assert_true(r.state[1] == UINT64_C(3203168211198807973));
    assert_true(r.state[2] == UINT64_C(9817491932198370423));
    assert_true(r.state[3] == UINT64_C(4593380528125082431));
    rng_seed(&r, 0);
    assert_true(r.state[0] == UINT64_C(0xe220a8397b1dcdaf));
    assert_true(rng_next(&r) == UINT64_C(0x99ec5f36cb75f2b4));
}

static void below_stays_below_and_is_even(void **state)
{
    (void)state;
    struct rng r;
    unsigned counts[6] = {0};
    rng_seed(&r, 1);
    for (int i = 0; i < 60000; i++) {
        uint64_t n = rng_below(&r, ARRAY_LEN(counts));
        assert_true(n < ARRAY_LEN(counts));
        counts[n]++;
    }
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        assert_in_range(counts[i], 9500, 10500);
    for (int i = 0; i < 10; i++)
        assert_true(rng_below(&r, 1) == 0);
    /* Two thirds of 2^64 taken by the plain remainder would come up in the lower half twice as often. */
    unsigned low = 0;
    uint64_t bound = UINT64_C(3) << 62;
    for (int i = 0; i < 30000; i++)
        low += rng_below(&r, bound) < bound / 3;
    assert_in_range(low, 9500, 10500);
}

static void unit_is_half_open(void **state)
{
    (void)state;
    struct rng r;
    double sum = 0;
    rng_seed(&r, 2);
    for (int i = 0; i < 10000; i++) {
        double u = rng_unit(&r);
        assert_true(u >= 0.0 && u < 1.0);
        sum += u;
    }
    assert_true(sum > 4900 && sum < 5100);
    struct rng highest = {{0, UINT64_C(0x8e38e38e38e38e39), 0, 0}};
    assert_true(rng_unit(&highest) < 1.0);
}

static void texts_have_their_length_and_letters(void **state)
{
    (void)state;
    struct rng r;
    char text[41], again[41];
    rng_seed(&r, 3);
    rng_text(&r, text, 40);
    assert_int_equal(strlen(text), 40);
    assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789"), 40);
    rng_seed(&r, 3);
    rng_text(&r, again, 40);
    assert_string_equal(text, again);
    rng_text(&r, text, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_paper),      cmocka_unit_test(seeds_spread_by_splitmix64),
        cmocka_unit_test(below_stays_below_and_is_even),       cmocka_unit_test(unit_is_half_open),
        cmocka_unit_test(texts_have_their_length_and_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
