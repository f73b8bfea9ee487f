#include <string.h>

#include "base/pool.h"
#include "tests/unit/unit.h"

struct thing {
    uint64_t a;
    char b[5];
};

static void gives_as_many_as_promised(void **state)
{
    (void)state;
    struct pool p;
    struct thing *taken[3];
    assert_int_equal(pool_init(&p, sizeof(struct thing), 3), RESULT_OK);
    for (int i = 0; i < 3; i++) {
        assert_false(pool_is_empty(&p));
        taken[i] = pool_take(&p);
        assert_non_null(taken[i]);
        taken[i]->a = UINT64_MAX;
        memset(taken[i]->b, 'b', sizeof taken[i]->b);
    }
    assert_true(pool_is_empty(&p));
    assert_null(pool_take(&p));
    assert_int_equal(pool_in_use(&p), 3);
    for (int i = 0; i < 3; i++) {
        assert_true(taken[i]->a == UINT64_MAX); /* no overlap: nobody wrote over it */
        pool_give(&p, taken[i]);
    }
    assert_int_equal(pool_in_use(&p), 0);
    pool_finish(&p);
}

static void taken_again_means_zeroed_again(void **state)
{
    (void)state;
    struct pool p;
    assert_int_equal(pool_init(&p, sizeof(struct thing), 1), RESULT_OK);
    struct thing *t = pool_take(&p);
    memset(t, 0x5a, sizeof *t);
    pool_give(&p, t);
    t = pool_take(&p);
    static const struct thing zeroed;
    assert_memory_equal(t, &zeroed, sizeof zeroed);
    pool_finish(&p); /* with the object abandoned */
    pool_finish(&p);
}

static void give_twice(void)
{
    struct pool p;
    if (pool_init(&p, sizeof(struct thing), 2) != RESULT_OK)
        return;
    void *first = pool_take(&p);
    (void)pool_take(&p);
    pool_give(&p, first);
    pool_give(&p, first);
}

static void give_the_middle_of_an_object(void)
{
    struct pool p;
    if (pool_init(&p, sizeof(struct thing), 2) != RESULT_OK)
        return;
    char *first = pool_take(&p);
    pool_give(&p, first + 1);
}

static void give_a_stranger(void)
{
    struct pool p;
    static struct thing stranger;
    if (pool_init(&p, sizeof(struct thing), 2) != RESULT_OK)
        return;
    (void)pool_take(&p);
    pool_give(&p, &stranger);
}

static void giving_what_was_not_taken_trips_a_must(void **state)
{
    (void)state;
    assert_true(unit_trips_must(give_twice));
    assert_true(unit_trips_must(give_the_middle_of_an_object));
    assert_true(unit_trips_must(give_a_stranger));
}

static void sizes_that_overflow_are_no_memory(void **state)
{
    (void)state;
    struct pool p;
    assert_int_equal(pool_init(&p, 64, SIZE_MAX / 8), RESULT_NO_MEMORY);
    pool_finish(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_as_many_as_promised),
        cmocka_unit_test(taken_again_means_zeroed_again),
        cmocka_unit_test(giving_what_was_not_taken_trips_a_must),
        cmocka_unit_test(sizes_that_overflow_are_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
