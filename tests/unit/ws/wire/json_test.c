/* The small parts under the decoders and messages: writing JSON, looking at it unparsed, rules of text. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/json_out.h"
#include "ws/wire/json_scan.h"
#include "ws/wire/text_rule.h"

static void numbers(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 1, -1, 9, 10, -10, 99, 100, INT64_MAX, INT64_MIN};
    struct bytes out = {0}, want = {0};
    struct json_out o;
    bytes_text(&want, "[");
    json_out_begin(&o, &out);
    json_put_array(&o, NULL);
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        json_put_int(&o, NULL, values[i]);
        bytes_format(&want, "%lld,", (long long)values[i]);
    }
    json_put_uint(&o, NULL, UINT64_MAX);
    json_end_array(&o);
    json_out_end(&o);
    bytes_text(&want, "18446744073709551615]");
    assert_string_equal(out.data, want.data);
    bytes_finish(&out);
    bytes_finish(&want);
}

static void commas_and_brackets(void **state)
{
    (void)state;
    struct bytes out = {0};
    struct json_out o;
    json_out_begin(&o, &out);
    json_put_object(&o, NULL);
    json_put_array(&o, "a");
    json_end_array(&o);
    json_put_object(&o, "b");
    json_put_null(&o, "c");
    json_put_bool(&o, "d", true);
    json_put_bool(&o, "e", false);
    json_end_object(&o);
    json_put_raw(&o, "f", "[1, 2]", 6);
    json_end_object(&o);
    json_out_end(&o);
    assert_string_equal(out.data, "{\"a\":[],\"b\":{\"c\":null,\"d\":true,\"e\":false},\"f\":[1, 2]}");
    bytes_finish(&out);
}

/* Every byte value at every place of a word, so that the eight at once agree with one by one. */
static void escapes(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 0x80; c++) {
        for (size_t at = 0; at < 17; at++) {
            char text[18] = "aaaaaaaaaaaaaaaaa";
            text[at] = (char)c;
            struct bytes out = {0};
            struct json_out o;
            json_out_begin(&o, &out);
            json_put_array(&o, NULL);
            json_put_text(&o, NULL, text);
            json_end_array(&o);
            json_out_end(&o);
            json_t *json = json_loads(out.data, 0, NULL);
            assert_string_equal(json_string_value(json_array_get(json, 0)), text);
            json_decref(json);
            bytes_finish(&out);
        }
    }
    struct bytes out = {0};
    struct json_out o;
    json_out_begin(&o, &out);
    json_put_text(&o, NULL, "\"\\\b\f\n\r\t\x01\x1f\x7f/\xc3\xa9\xf0\x9f\x8f\xba");
    json_out_end(&o);
    assert_string_equal(out.data, "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\xc3\xa9\xf0\x9f\x8f\xba\"");
    bytes_finish(&out);
}

/* Texts of all lengths around the size of a chunk, of letters that grow and of letters that do not. */
static void chunks(void **state)
{
    (void)state;
    for (size_t len = JSON_OUT_CHUNK - 120; len < JSON_OUT_CHUNK + 120; len += 7) {
        for (int grows = 0; grows <= 1; grows++) {
            char *text = malloc(len + 1);
            assert_non_null(text);
            memset(text, grows ? '\x01' : 'x', len);
            text[len] = '\0';
            struct bytes out = {0};
            struct json_out o;
            json_out_begin(&o, &out);
            json_put_object(&o, NULL);
            json_put_text(&o, "first", text);
            for (int i = 0; i < 40; i++)
                json_put_int(&o, "a-key-that-is-as-long-as-an-identity-may-be-at-most-in-this-wire", INT64_MIN);
            json_put_text(&o, "last", text);
            json_end_object(&o);
            json_out_end(&o);
            json_t *json = json_loads(out.data, 0, NULL);
            assert_string_equal(json_string_value(json_object_get(json, "first")), text);
            assert_string_equal(json_string_value(json_object_get(json, "last")), text);
            json_decref(json);
            bytes_finish(&out);
            free(text);
        }
    }
}

static void depth_before_parsing(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool shallow;
    } cases[] = {
        {"", true},
        {"{}", true},
        {"[[]]", true},
        {"[[[]]]", false},
        {"[{}]", true},
        {"[{\"a\":[]}]", false},
        {"\"[[[[\"", true},
        {"[\"\\\"[[[\"]", true},
        {"]]][[", true},
        {"[][][][]", true},
        {"[[", true},
        {"[[[", false},
        {"\"", true},
        {"\"\\", true},
        {"[\"\\\\\"[[", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(json_is_shallow(cases[i].json, strlen(cases[i].json), 2), cases[i].shallow);
}

static void members_unparsed(void **state)
{
    (void)state;
    static const struct {
        const char *json, *found;
    } cases[] = {
        {"{\"a\":1}", "1"},
        {" { \"a\" : 1 } ", "1"},
        {"{\"b\":{\"a\":2},\"a\":[1, {\"x\":\"]}\"}] }", "[1, {\"x\":\"]}\"}]"},
        {"{\"b\":\"a\",\"a\":\"x\\\"y\"}", "\"x\\\"y\""},
        {"{\"a\":{}}", "{}"},
        {"{\"a\":null,\"b\":1}", "null"},
        {"{\"aa\":1,\"b\":2}", NULL},
        {"{}", NULL},
        {"[]", NULL},
        {"{\"\\u0061\":1}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *at = NULL;
        size_t len = 0;
        assert_int_equal(json_find_member(cases[i].json, strlen(cases[i].json), "a", &at, &len),
                         cases[i].found != NULL);
        if (cases[i].found != NULL) {
            assert_int_equal(len, strlen(cases[i].found));
            assert_memory_equal(at, cases[i].found, len);
        }
    }
}

static void utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "a\xc3\xa9z"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc3",
                                      "\xc3z",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xe2\x82",
                                      "\xf0\x9f\x8f",
                                      "a\xbf"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_true(utf8_is_valid(good[i], strlen(good[i])));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(utf8_is_valid(bad[i], strlen(bad[i])));
    assert_int_equal(utf8_cut("a\xc3\xa9", 3, 3), 3);
    assert_int_equal(utf8_cut("a\xc3\xa9", 3, 2), 1);
    assert_int_equal(utf8_cut("\xf0\x9f\x8f\xba", 4, 3), 0);
}

static void rules_of_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum text_rule rule;
        bool obeys;
    } cases[] = {
        {"\x01\n\x7f", TEXT_ANY, true}, {"\xff", TEXT_ANY, false},
        {"a\n\r\tb", TEXT_LINES, true}, {"a\x01", TEXT_LINES, false},
        {"\x7f", TEXT_LINES, false},    {"a b\xc3\xa9|,", TEXT_LINE, true},
        {"a\nb", TEXT_LINE, false},     {"a|,b~!", TEXT_ASCII, true},
        {"a b", TEXT_ASCII, false},     {"\xc3\xa9", TEXT_ASCII, false},
        {"po-7/\"x\"", TEXT_REF, true}, {"a|b", TEXT_REF, false},
        {"a,b", TEXT_REF, false},       {"", TEXT_URL, true},
        {"/a?b=c&d#e", TEXT_URL, true}, {"https://a/\xc3\xa9", TEXT_URL, true},
        {"ftp://a/", TEXT_URL, false},  {"//", TEXT_URL, true},
        {"/a\"", TEXT_URL, false},      {" https://a/", TEXT_URL, false},
        {"/\\evil", TEXT_URL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (text_obeys(cases[i].rule, cases[i].text, strlen(cases[i].text)) != cases[i].obeys)
            fail_msg("rule %d: %s", (int)cases[i].rule, cases[i].text);
    for (unsigned rule = TEXT_ANY; rule <= TEXT_URL; rule++)
        assert_false(text_obeys((enum text_rule)rule, "/a\0b", 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers), cmocka_unit_test(commas_and_brackets),  cmocka_unit_test(escapes),
        cmocka_unit_test(chunks),  cmocka_unit_test(depth_before_parsing), cmocka_unit_test(members_unparsed),
        cmocka_unit_test(utf8),    cmocka_unit_test(rules_of_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
