#include "base/must.h"
#include "tests/unit/unit.h"

static void break_a_promise(void) { MUST(1 + 1 == 3); }
static void keep_a_promise(void) { MUST(1 + 1 == 2); }

static void a_broken_promise_stops_the_process(void **state)
{
    (void)state;
    assert_true(unit_trips_must(break_a_promise));
    assert_false(unit_trips_must(keep_a_promise));
}

struct outer {
    int before;
    int inner;
};

static void container_of_finds_the_owner(void **state)
{
    (void)state;
    struct outer o = {1, 2};
    assert_ptr_equal(container_of(&o.inner, struct outer, inner), &o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_promise_stops_the_process),
        cmocka_unit_test(container_of_finds_the_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
