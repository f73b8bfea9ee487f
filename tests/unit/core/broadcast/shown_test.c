#include "core/broadcast/shown.h"

#include "tests/unit/unit.h"

static void few_are_shown_as_they_are(void **state)
{
    (void)state;
    for (uint64_t viewers = 0; viewers <= AUDIENCE_EXACT_MAX; viewers++)
        for (uint64_t last = 0; last < 300; last++)
            assert_int_equal(audience_shown(viewers, last), viewers);
}

static void many_are_shown_by_two_digits_and_never_as_more_than_they_are(void **state)
{
    (void)state;
    static const struct {
        uint64_t viewers, shown;
    } rows[] = {{101, 100},
                {109, 100},
                {110, 110},
                {999, 990},
                {1000, 1000},
                {1099, 1000},
                {1234, 1200},
                {9999, 9900},
                {10999, 10000},
                {123456, 120000},
                {UINT64_C(98765432), 98000000}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(audience_shown(rows[i].viewers, 0), rows[i].shown);
    for (uint64_t viewers = 101, last = 0; viewers < 300000; viewers += 1 + viewers / 977) {
        last = audience_shown(viewers, last);
        assert_true(last <= viewers && viewers - last <= viewers / 8);
    }
}

static void who_comes_and_goes_at_a_boundary_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(audience_shown(130, 120), 120); /* 130 is shown from 132 on, coming from below */
    assert_int_equal(audience_shown(131, 120), 120);
    assert_int_equal(audience_shown(132, 120), 130);
    assert_int_equal(audience_shown(131, 130), 130);
    assert_int_equal(audience_shown(130, 130), 130);
    assert_int_equal(audience_shown(129, 130), 120); /* and never more than there are */
    uint64_t shown = audience_shown(1300, 0), changes = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t next = audience_shown(1300 - i % 2, shown);
        changes += next != shown;
        shown = next;
    }
    assert_int_equal(changes, 1);
}

static void what_was_shown_stays_what_it_is_shown_as(void **state)
{
    (void)state;
    for (uint64_t last = 0; last < 2000; last += 7)
        for (uint64_t viewers = 0; viewers < 2000; viewers += 3) {
            uint64_t shown = audience_shown(viewers, last);
            assert_int_equal(audience_shown(viewers, shown), shown);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_are_shown_as_they_are),
        cmocka_unit_test(many_are_shown_by_two_digits_and_never_as_more_than_they_are),
        cmocka_unit_test(who_comes_and_goes_at_a_boundary_changes_nothing),
        cmocka_unit_test(what_was_shown_stays_what_it_is_shown_as),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
