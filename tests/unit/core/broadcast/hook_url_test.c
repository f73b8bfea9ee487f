#include "tests/unit/unit.h"

#include <string.h>

#include "core/broadcast/hook_url.h"

static void a_url_is_taken_apart(void **state)
{
    (void)state;
    struct hook_url u;
    assert_int_equal(RESULT_OK, hook_url_parse("https://wms.example", &u));
    assert_true(u.tls);
    assert_int_equal(443, u.port);
    assert_string_equal("wms.example", u.host);
    assert_string_equal("wms.example", u.authority);
    assert_string_equal("/", u.path);
    assert_int_equal(RESULT_OK, hook_url_parse("http://[2001:db8::1]:8080/a/b?c=d&e", &u));
    assert_false(u.tls);
    assert_int_equal(8080, u.port);
    assert_string_equal("2001:db8::1", u.host);
    assert_string_equal("[2001:db8::1]:8080", u.authority);
    assert_string_equal("/a/b?c=d&e", u.path);
    assert_int_equal(RESULT_OK, hook_url_parse("http://h:80?q", &u));
    assert_string_equal("h", u.authority);
    assert_string_equal("/?q", u.path);
}

static void what_is_no_url_is_refused(void **state)
{
    (void)state;
    struct hook_url u;
    char longest[HOOK_HOST_MAX + 16] = "http://";
    static const char *const bad[] = {
        "",           "wms.example",       "ftp://a/",         "https://",       "https:///x",      "http://a:/",
        "http://a:0", "http://a:65536/",   "http://a:8x/",     "http://u@a/",    "http://u:p@a/",   "http://a/#f",
        "http://a b", "http://a/\r\nx: y", "http://\xc3\xa4/", "http://[::1",    "http://[::1]x/",  "http://[a.b]:/",
        "HTTP://a/",  "http://a\\b/",      "http://a%20b/",    "http://[v1.x]/", "http://a:000001/"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (hook_url_parse(bad[i], &u) != RESULT_MALFORMED)
            fail_msg("taken: %s", bad[i]);
    memset(longest + 7, 'a', HOOK_HOST_MAX);
    assert_int_equal(RESULT_OK, hook_url_parse(longest, &u));
    longest[7 + HOOK_HOST_MAX] = 'a';
    assert_int_equal(RESULT_MALFORMED, hook_url_parse(longest, &u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_taken_apart),
        cmocka_unit_test(what_is_no_url_is_refused),
    };
    return cmocka_run_group_tests_name("hook url", tests, NULL, NULL);
}
