#include "logistics/rules/table.h"

#include "base/rng.h"
#include "tests/unit/unit.h"

struct word {
    struct table_entry entry;
    uint32_t number;
};

static struct word *add(struct table *t, uint64_t hash, uint32_t number)
{
    struct word *w;
    assert_int_equal(table_add(t, hash, &w), RESULT_OK);
    w->number = number;
    return w;
}

static void what_was_added_is_found_and_nothing_else(void **state)
{
    (void)state;
    struct table t;
    struct rng r;
    table_init(&t, sizeof(struct word), 1000000);
    assert_null(table_find(&t, 5));
    rng_seed(&r, 1);
    for (uint32_t i = 0; i < 50000; i++)
        add(&t, rng_next(&r), i);
    rng_seed(&r, 1);
    for (uint32_t i = 0; i < 50000; i++) {
        const struct word *w = table_find(&t, rng_next(&r));
        assert_non_null(w);
        assert_int_equal(w->number, i);
        assert_null(table_next(&t, &w->entry));
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_null(table_find(&t, rng_next(&r)));
    table_finish(&t);
}

static void entries_of_one_hash_stay_in_their_order(void **state)
{
    (void)state;
    struct table t;
    table_init(&t, sizeof(struct word), 1000000);
    for (uint32_t i = 0; i < 3000; i++)
        add(&t, i % 1000, i);
    for (uint32_t i = 0; i < 1000; i++) {
        const struct word *w = table_find(&t, i);
        for (uint32_t n = 0; n < 3; n++, w = table_next(&t, &w->entry))
            assert_int_equal(w->number, i + 1000 * n);
        assert_null(w);
    }
    table_finish(&t);
}

static void entries_stay_where_they_are(void **state)
{
    (void)state;
    struct table t;
    table_init(&t, sizeof(struct word), 1000000);
    const struct word *first = add(&t, 77, 1);
    for (uint32_t i = 0; i < 20000; i++)
        add(&t, i * UINT64_C(0x9e3779b97f4a7c15), i);
    assert_ptr_equal(table_find(&t, 77), first);
    table_finish(&t);
}

static void the_limit_is_a_limit(void **state)
{
    (void)state;
    struct table t;
    struct word *w;
    table_init(&t, sizeof(struct word), 2);
    add(&t, 1, 1);
    add(&t, 2, 2);
    assert_int_equal(table_add(&t, 3, &w), RESULT_FULL);
    assert_null(table_find(&t, 3));
    table_finish(&t);
    table_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_and_nothing_else),
        cmocka_unit_test(entries_of_one_hash_stay_in_their_order),
        cmocka_unit_test(entries_stay_where_they_are),
        cmocka_unit_test(the_limit_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
