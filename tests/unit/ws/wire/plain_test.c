/* Hello and clock as clients write them are read without a tree; what is not so plain is left to the tables, with its faults. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/command_decode.h"
#include "ws/wire/command_plain.h"

#define HELLO(rest) "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"a.b-c_d\"" rest "}"
#define CLOCK(number) "{\"t\":\"clock\",\"id\":\"c1\",\"playing_ms\":" number "}"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN

/* clang-format off */
static const char *const plain[] = {
    HELLO(""),
    HELLO(",\"viewer_key\":\"v_1.sig\",\"locale\":\"en-GB\",\"src\":\"insta a\""),
    HELLO(",\"viewer_key\":\"\",\"locale\":\"\",\"src\":\"\""),
    HELLO(",\"resume\":{\"epoch\":\"e1\",\"seq\":41}"),
    HELLO(",\"resume\":{\"seq\":0,\"epoch\":\"e1\",\"more\":\"x\"},\"unknown\":7,\"other\":{}"),
    "\n{ \"id\" : \"1\" ,\t\"t\" : \"hello\" , \"token\" : \"t\" } \r\n",
    CLOCK("0"), CLOCK("1795177190000"), CLOCK("999999999999999"),
};
/* Well-formed or not, each has something that is not plain. */
static const char *const other[] = {
    "", " ", "{", "{}", "}", "null", "[]", "{\"t\"", "{\"t\":", "{\"t\":\"hello", "{\"t\":\"hello\"", "{\"t\":\"hello\",",
    "{\"t\":\"ping\",\"id\":\"1\"}", "{\"t\":\"hello\",\"id\":\"1\"}", "{\"t\":\"clock\",\"id\":\"1\"}", "{\"id\":\"1\",\"token\":\"t\"}",
    "{\"t\":7,\"id\":\"1\",\"token\":\"t\"}", "{\"t\":\"hello\",\"id\":1,\"token\":\"t\"}", "{\"t\":\"hello\",\"id\":\"no way\",\"token\":\"t\"}",
    "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"\"}", "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"a b\"}", "{\"t\":\"hello\",\"id\":\"1\",\"token\":{}}",
    HELLO(",\"token\":\"again\""), HELLO(",}"), HELLO(",,\"a\":1"), HELLO("") "x", HELLO("") "{}", HELLO(" \"a\":1"),
    HELLO(",\"a\":[]"), HELLO(",\"a\":true"), HELLO(",\"a\":null"), HELLO(",\"a\":-1"), HELLO(",\"a\":1.0"), HELLO(",\"a\":1e3"), HELLO(",\"a\":01"),
    HELLO(",\"a\":{\"b\":{\"c\":1}}"), HELLO(",\"a\":{\"b\":1,\"b\":2}"), HELLO(",\"a\":\"\\n\""), HELLO(",\"a\":\"\xc3\xa9\""), HELLO(",\"a\":\"\x7f\""),
    HELLO(",\"a\":\"\x01\""), HELLO(",\"a\""), HELLO(",\"a\":"), HELLO(",\"a\":{\"b\":1"), HELLO(",\"tok\\u0065n\":\"x\""),
    HELLO(",\"viewer_key\":7"), HELLO(",\"viewer_key\":\"a b\""), HELLO(",\"locale\":\"en GB\""), HELLO(",\"locale\":\"" FIFTY "\""), HELLO(",\"src\":\"" FIFTY FIFTY "\""),
    HELLO(",\"viewer_key\":\"" FIFTY FIFTY FIFTY FIFTY FIFTY TEN "\""),
    HELLO(",\"resume\":\"e1\""), HELLO(",\"resume\":{}"), HELLO(",\"resume\":{\"epoch\":\"e1\"}"), HELLO(",\"resume\":{\"epoch\":\"e 1\",\"seq\":1}"),
    HELLO(",\"resume\":{\"epoch\":\"e1\",\"seq\":\"1\"}"), HELLO(",\"resume\":{\"epoch\":\"e1\",\"seq\":9007199254740991}"),
    HELLO(",\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1"),
    CLOCK("\"1\""), CLOCK("1000000000000000"), CLOCK("-1"), CLOCK(""),
};
/* clang-format on */

static void expect_same(const struct command *a, const struct command *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->playing_ms, b->playing_ms);
    assert_int_equal(a->hello.has_resume, b->hello.has_resume);
    assert_int_equal(a->hello.resume_seq, b->hello.resume_seq);
    assert_string_equal(a->hello.resume_epoch.text, b->hello.resume_epoch.text);
    assert_string_equal(a->hello.viewer_key, b->hello.viewer_key);
    assert_string_equal(a->hello.locale, b->hello.locale);
    assert_string_equal(a->hello.src, b->hello.src);
    assert_string_equal(a->hello.token == NULL ? "" : a->hello.token, b->hello.token == NULL ? "" : b->hello.token);
}

static void what_is_plain_is_taken_as_the_tables_take_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        struct command quick, whole;
        struct decode_fault fault;
        char longer[512];
        if (!command_plain(plain[i], strlen(plain[i]), &quick))
            fail_msg("left: %s", plain[i]);
        /* a list that nobody asked for sends the same message to the tables */
        int body = (int)(strrchr(plain[i], '}') - plain[i]);
        snprintf(longer, sizeof longer, "%.*s,\"zz\":[]}", body, plain[i]);
        assert_false(command_plain(longer, strlen(longer), &whole));
        assert_int_equal(command_decode(longer, strlen(longer), &whole, &fault), RESULT_OK);
        expect_same(&quick, &whole);
        assert_true(command_is_valid(&quick));
        command_finish(&quick);
        command_finish(&whole);
    }
}

static void what_is_not_plain_is_left(void **state)
{
    (void)state;
    struct command c = {.kind = COMMAND_UNDO};
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        if (command_plain(other[i], strlen(other[i]), &c))
            fail_msg("taken: %s", other[i]);
        assert_int_equal(c.kind, COMMAND_UNDO);
    }
}

/* Whatever is cut off a message, nothing behind its end is looked at: the copy ends there, and a sanitizer watches. */
static void every_beginning_is_left(void **state)
{
    (void)state;
    const char *message = HELLO(",\"resume\":{\"epoch\":\"e1\",\"seq\":41},\"src\":\"a\"");
    struct command c;
    for (size_t len = 0; len < strlen(message); len++) {
        char *cut = malloc(len == 0 ? 1 : len);
        assert_non_null(cut);
        memcpy(cut, message, len);
        assert_false(command_plain(cut, len, &c));
        free(cut);
    }
}

static void the_answer_can_be_named(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(command_decode(plain[0], strlen(plain[0]), &c, &fault), RESULT_OK);
    assert_string_equal(fault.id, "1");
    command_finish(&c);
}

static void the_longest_token(void **state)
{
    (void)state;
    static char message[5000];
    struct command c;
    for (size_t len = 4096; len <= 4097; len++) {
        int head = snprintf(message, sizeof message, "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"");
        memset(message + head, 'a', len);
        snprintf(message + head + len, sizeof message - (size_t)head - len, "\"}");
        assert_int_equal(command_plain(message, strlen(message), &c), len == 4096);
        if (len == 4096)
            command_finish(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_plain_is_taken_as_the_tables_take_it),
        cmocka_unit_test(what_is_not_plain_is_left),
        cmocka_unit_test(every_beginning_is_left),
        cmocka_unit_test(the_answer_can_be_named),
        cmocka_unit_test(the_longest_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
