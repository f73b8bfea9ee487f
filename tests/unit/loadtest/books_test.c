/* The books that say whether a unit was promised twice. */
#include <string.h>

#include "loadtest/books.h"
#include "tests/unit/unit.h"

static struct books books;

static struct books_sku *begin(int64_t allocated, int64_t sold_before)
{
    memset(&books, 0, sizeof books);
    struct books_sku *s = books_sku(&books, "mug-red");
    s->known = true;
    s->allocated = allocated;
    s->sold_before = sold_before;
    return s;
}

static void up_to_what_there_is_nothing_is_said(void **state)
{
    struct books_sku *s = begin(5, 2);
    (void)state;
    assert_true(books_move(s, 2, 0));
    assert_true(books_move(s, -1, 1)); /* paid */
    assert_true(books_move(s, 1, 0));
    assert_int_equal(s->most, 3);
    assert_true(books_move(s, -1, 0)); /* given back: another may have it */
    assert_true(books_move(s, 1, 0));
    assert_int_equal(books_oversold_units(&books), 0);
    assert_int_equal(books_outstanding(&books), 3);
}

static void one_more_is_doubted_and_then_judged(void **state)
{
    struct books_sku *s = begin(5, 2);
    (void)state;
    assert_true(books_move(s, 3, 0));
    assert_false(books_move(s, 1, 0));
    assert_int_equal(books_over(s), 1);
    books_doubt(s);
    assert_true(books_move(s, -2, 0)); /* what comes behind does not take it back */
    assert_true(books_is_doubted(&books));
    books_judge(s, 4);
    assert_int_equal(books_oversold_units(&books), 1);
    assert_false(books_is_doubted(&books));
    assert_int_equal(s->most, 4);
}

static void what_others_gave_meanwhile_is_no_fault(void **state)
{
    struct books_sku *s = begin(3, 0);
    (void)state;
    assert_false(books_move(s, 4, 0));
    books_doubt(s);
    assert_false(books_move(s, 3, 0));
    books_doubt(s);
    s->allocated = 6;
    books_judge(s, 4); /* asked when it was 4: 7 is a question of its own */
    assert_int_equal(books_oversold_units(&books), 0);
    assert_true(books_is_doubted(&books));
    books_judge(s, 7);
    assert_int_equal(books_oversold_units(&books), 1);
}

static void what_others_hold_is_not_ours_to_be_promised(void **state)
{
    struct books_sku *s = begin(0, 0);
    (void)state;
    s->held = 2;
    books_begin(s, 105, 3, 101); /* 2 of these are ours */
    assert_int_equal(books_limit(s), 105 - 3 - 99);
    assert_true(books_move(s, 1, 0));
    assert_false(books_move(s, 1, 0));
    assert_false(s->believed);
    books_judge(s, 4); /* one of theirs may have ended: it is believed, and to be asked about */
    assert_true(s->believed);
    assert_int_equal(books_oversold_units(&books), 0);
    assert_int_equal(books_limit(s), 4);
    assert_true(books_move(s, 0, 0));
    assert_false(books_move(s, 100, 0));
    books_judge(s, 104); /* and that is more than all of theirs */
    assert_int_equal(books_oversold_units(&books), 2);
}

static void each_sku_has_its_own(void **state)
{
    struct books_sku *red = begin(1, 0), *blue = books_sku(&books, "mug-blue");
    (void)state;
    blue->known = true;
    blue->allocated = 10;
    assert_false(books_move(red, 2, 0)); /* nine blue ones do not help */
    assert_true(books_sku(&books, "mug-blue") == blue);
    struct books_sku *unknown = books_sku(&books, "teapot");
    assert_true(books_move(unknown, 100, 0)); /* no limit is known */
    for (size_t i = 3; i < BOOKS_SKUS_MAX; i++) {
        char name[3] = {'a', (char)('0' + i), '\0'};
        assert_non_null(books_sku(&books, name));
    }
    assert_null(books_sku(&books, "one-more"));
}

static void answers_are_counted_by_code(void **state)
{
    (void)state;
    (void)begin(1, 0);
    books_answer(&books, "held", 4);
    books_answer(&books, "held_out", 8);
    books_answer(&books, "held", 4);
    assert_int_equal(books_answered(&books, "held"), 2);
    assert_int_equal(books_answered(&books, "held_out"), 1);
    assert_int_equal(books_answered(&books, "sold_out"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_what_there_is_nothing_is_said),
        cmocka_unit_test(one_more_is_doubted_and_then_judged),
        cmocka_unit_test(what_others_gave_meanwhile_is_no_fault),
        cmocka_unit_test(what_others_hold_is_not_ours_to_be_promised),
        cmocka_unit_test(each_sku_has_its_own),
        cmocka_unit_test(answers_are_counted_by_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
