#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/rng.h"
#include "tests/unit/unit.h"

static int values[4096]; /* a value is an address in here */

static const char *key_of(unsigned n)
{
    static char key[16];
    snprintf(key, sizeof key, "key-%u", n);
    return key;
}

static void an_empty_map_answers(void **state)
{
    (void)state;
    struct map m;
    const char *key;
    void *value;
    size_t at = 0;
    map_init(&m, 10);
    assert_null(map_get(&m, "a"));
    assert_null(map_remove(&m, "a"));
    assert_false(map_next(&m, &at, &key, &value));
    map_finish(&m);
    map_finish(&m);
    map_finish(NULL);
}

static void keys_are_copied_and_values_replaced(void **state)
{
    (void)state;
    struct map m;
    char key[] = "mug";
    map_init(&m, 10);
    assert_int_equal(map_set(&m, key, &values[1]), RESULT_OK);
    key[0] = 'h';
    assert_ptr_equal(map_get(&m, "mug"), &values[1]);
    assert_null(map_get(&m, "hug"));
    assert_int_equal(map_set(&m, "mug", &values[2]), RESULT_OK);
    assert_ptr_equal(map_get(&m, "mug"), &values[2]);
    assert_int_equal(m.count, 1);
    assert_ptr_equal(map_remove(&m, "mug"), &values[2]);
    assert_null(map_remove(&m, "mug"));
    map_finish(&m);
}

static void keys_of_every_length_are_told_apart(void **state)
{
    (void)state;
    struct map m;
    char key[65];
    map_init(&m, 100);
    memset(key, 'k', sizeof key);
    for (size_t len = 0; len < sizeof key; len++) {
        key[len] = '\0';
        assert_int_equal(map_set(&m, key, &values[len]), RESULT_OK);
        key[len] = 'k';
    }
    for (size_t len = 0; len < sizeof key; len++) {
        key[len] = '\0';
        assert_ptr_equal(map_get(&m, key), &values[len]);
        key[len] = 'k';
    }
    map_finish(&m);
}

static void the_limit_refuses_new_keys_only(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 2);
    assert_int_equal(map_set(&m, "a", &values[0]), RESULT_OK);
    assert_int_equal(map_set(&m, "b", &values[1]), RESULT_OK);
    assert_int_equal(map_set(&m, "c", &values[2]), RESULT_FULL);
    assert_int_equal(map_set(&m, "a", &values[3]), RESULT_OK);
    assert_ptr_equal(map_remove(&m, "b"), &values[1]);
    assert_int_equal(map_set(&m, "c", &values[2]), RESULT_OK);
    assert_int_equal(m.count, 2);
    map_finish(&m);
}

static void it_grows_and_forgets_nothing(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, SIZE_MAX);
    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
    assert_int_equal(m.count, ARRAY_LEN(values));
    for (unsigned i = 0; i < ARRAY_LEN(values); i++)
        assert_ptr_equal(map_get(&m, key_of(i)), &values[i]);
    assert_null(map_get(&m, key_of(ARRAY_LEN(values))));
    map_finish(&m);
}

/* Keys that come and go forever must neither fill the map with graves nor make it grow. */
static void graves_are_cleared(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 100);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
    size_t capacity = m.capacity;
    for (unsigned i = 8; i < 20000; i++) {
        assert_ptr_equal(map_remove(&m, key_of(i - 8)), &values[(i - 8) % ARRAY_LEN(values)]);
        assert_int_equal(map_set(&m, key_of(i), &values[i % ARRAY_LEN(values)]), RESULT_OK);
        assert_true(m.used <= m.capacity / 4 * 3);
        assert_true(m.count <= m.used);
    }
    assert_int_equal(m.count, 8);
    assert_int_equal(m.capacity, capacity);
    map_finish(&m);
}

static void a_key_behind_a_grave_is_found(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 100);
    for (unsigned i = 0; i < 12; i++) /* three quarters of the smallest map: keys must share ways */
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
    assert_int_equal(m.capacity, 16);
    for (unsigned gone = 0; gone < 12; gone++) {
        assert_ptr_equal(map_remove(&m, key_of(gone)), &values[gone]);
        for (unsigned i = gone + 1; i < 12; i++)
            assert_ptr_equal(map_get(&m, key_of(i)), &values[i]);
    }
    assert_int_equal(m.count, 0);
    assert_int_equal(m.used, 0);
    map_finish(&m);
}

/* A key put back into its grave takes no slot more than it had. */
static void graves_are_used_again(void **state)
{
    (void)state;
    struct map m;
    map_init(&m, 100);
    for (unsigned i = 0; i < 11; i++)
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
    for (unsigned i = 0; i < 11; i++) {
        map_remove(&m, key_of(i));
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
        assert_int_equal(m.used, 11);
    }
    map_finish(&m);
}

static void iteration_meets_each_key_once_and_may_remove_it(void **state)
{
    (void)state;
    struct map m;
    bool met[200] = {0};
    map_init(&m, 1000);
    for (unsigned i = 0; i < ARRAY_LEN(met); i++)
        assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
    const char *key;
    void *value;
    for (size_t at = 0; map_next(&m, &at, &key, &value);) {
        size_t n = (size_t)((int *)value - values);
        assert_false(met[n]);
        met[n] = true;
        assert_ptr_equal(map_remove(&m, key), value); /* the very text of the slot */
    }
    for (unsigned i = 0; i < ARRAY_LEN(met); i++)
        assert_true(met[i]);
    assert_int_equal(m.count, 0);
    map_finish(&m);
}

/* Random sets and removals against an array that cannot be wrong. */
static void it_agrees_with_an_array(void **state)
{
    (void)state;
    void *model[64] = {0};
    struct rng r;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct map m;
        size_t count = 0;
        map_init(&m, 48);
        rng_seed(&r, seed);
        memset(model, 0, sizeof model);
        for (int step = 0; step < 2000; step++) {
            unsigned n = (unsigned)rng_below(&r, ARRAY_LEN(model));
            if (rng_below(&r, 2) == 0) {
                bool full = model[n] == NULL && count == 48;
                assert_int_equal(map_set(&m, key_of(n), &values[step]), full ? RESULT_FULL : RESULT_OK);
                count += model[n] == NULL && !full;
                model[n] = full ? NULL : &values[step];
            } else {
                assert_ptr_equal(map_remove(&m, key_of(n)), model[n]);
                count -= model[n] != NULL;
                model[n] = NULL;
            }
            n = (unsigned)rng_below(&r, ARRAY_LEN(model));
            assert_ptr_equal(map_get(&m, key_of(n)), model[n]);
            assert_int_equal(m.count, count);
        }
        map_finish(&m);
    }
}

static void another_seed_is_another_order(void **state)
{
    (void)state;
    unsigned order[2][64];
    for (unsigned round = 0; round < 2; round++) {
        struct map m;
        map_hash_seed(round);
        map_init(&m, 100);
        for (unsigned i = 0; i < 64; i++)
            assert_int_equal(map_set(&m, key_of(i), &values[i]), RESULT_OK);
        const char *key;
        void *value;
        unsigned n = 0;
        for (size_t at = 0; map_next(&m, &at, &key, &value);)
            order[round][n++] = (unsigned)((int *)value - values);
        assert_int_equal(n, 64);
        map_finish(&m);
    }
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_answers),
        cmocka_unit_test(keys_are_copied_and_values_replaced),
        cmocka_unit_test(keys_of_every_length_are_told_apart),
        cmocka_unit_test(the_limit_refuses_new_keys_only),
        cmocka_unit_test(it_grows_and_forgets_nothing),
        cmocka_unit_test(graves_are_cleared),
        cmocka_unit_test(a_key_behind_a_grave_is_found),
        cmocka_unit_test(graves_are_used_again),
        cmocka_unit_test(iteration_meets_each_key_once_and_may_remove_it),
        cmocka_unit_test(it_agrees_with_an_array),
        cmocka_unit_test(another_seed_is_another_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
