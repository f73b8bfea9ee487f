#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/unit.h"

static void appends_grow_and_stay_terminated(void **state)
{
    (void)state;
    struct bytes b = {0};
    for (int i = 0; i < 1000; i++) {
        bytes_text(&b, "ab");
        bytes_format(&b, "%d,", i % 10);
        assert_int_equal(b.data[b.len], '\0');
    }
    assert_int_equal(bytes_result(&b), RESULT_OK);
    assert_int_equal(b.len, 4000);
    assert_memory_equal(b.data + 3996, "ab9,", 4);
    bytes_finish(&b);
    assert_null(b.data);
}

static void the_limit_is_exact(void **state)
{
    (void)state;
    struct bytes b;
    bytes_init(&b, 100);
    char block[101];
    memset(block, 'x', sizeof block);
    bytes_append(&b, block, 99);
    bytes_append(&b, block, 1);
    assert_int_equal(bytes_result(&b), RESULT_OK);
    bytes_append(&b, block, 0);
    assert_int_equal(bytes_result(&b), RESULT_OK);
    bytes_append(&b, block, 1);
    assert_int_equal(bytes_result(&b), RESULT_FULL);
    assert_int_equal(b.len, 100);
    bytes_finish(&b);
    bytes_init(&b, 100);
    bytes_append(&b, block, 101);
    assert_int_equal(bytes_result(&b), RESULT_FULL);
    assert_int_equal(b.len, 0);
    bytes_finish(&b);
}

static void a_failed_append_changes_nothing_and_sticks(void **state)
{
    (void)state;
    struct bytes b;
    bytes_init(&b, 8);
    bytes_text(&b, "12345");
    bytes_format(&b, "%s", "too long");
    assert_string_equal(b.data, "12345");
    bytes_text(&b, "6"); /* would fit, but something before it is missing */
    bytes_format(&b, "6");
    assert_string_equal(b.data, "12345");
    assert_int_equal(b.len, 5);
    assert_int_equal(bytes_result(&b), RESULT_FULL);
    bytes_clear(&b);
    bytes_text(&b, "12345678");
    assert_int_equal(bytes_result(&b), RESULT_OK);
    assert_string_equal(b.data, "12345678");
    bytes_finish(&b);
}

static void a_format_that_does_not_fit_yet_makes_room(void **state)
{
    (void)state;
    struct bytes b;
    bytes_init(&b, 0);
    char expected[400] = "head ";
    memset(expected + 5, 'y', 300);
    bytes_text(&b, "head ");
    bytes_format(&b, "%s", expected + 5);
    assert_string_equal(b.data, expected);
    bytes_format(&b, "%s", "");
    assert_string_equal(b.data, expected);
    bytes_finish(&b);
}

/* Lengths on both sides of every doubling, by format and by append. */
static void formats_of_every_length_equal_appends(void **state)
{
    (void)state;
    char text[300];
    for (size_t len = 0; len < sizeof text; len++) {
        memset(text, 'z', sizeof text);
        text[len] = '\0';
        struct bytes a = {0}, b = {0};
        bytes_text(&a, "0123456789");
        bytes_text(&b, "0123456789");
        bytes_text(&a, text);
        bytes_format(&b, "%s", text);
        assert_int_equal(a.len, b.len);
        assert_string_equal(a.data, b.data);
        bytes_finish(&a);
        bytes_finish(&b);
    }
}

static void take_hands_the_memory_over(void **state)
{
    (void)state;
    struct bytes b = {0};
    size_t len = 99;
    char *empty = bytes_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    free(empty);
    bytes_text(&b, "abc");
    char *text = bytes_take(&b, &len);
    assert_string_equal(text, "abc");
    assert_int_equal(len, 3);
    assert_null(b.data);
    free(text);
    bytes_init(&b, 2);
    bytes_text(&b, "abc");
    assert_null(bytes_take(&b, &len));
    assert_int_equal(len, 3);
    bytes_finish(&b);
    bytes_finish(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_grow_and_stay_terminated),
        cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(a_failed_append_changes_nothing_and_sticks),
        cmocka_unit_test(a_format_that_does_not_fit_yet_makes_room),
        cmocka_unit_test(formats_of_every_length_equal_appends),
        cmocka_unit_test(take_hands_the_memory_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
