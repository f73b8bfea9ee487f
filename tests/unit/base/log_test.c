#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "tests/unit/unit.h"

static char last[LOG_LINE_MAX + 100];
static unsigned lines;
static enum log_level last_level;

static void remember(void *ctx, enum log_level level, const char *line, size_t len)
{
    assert_ptr_equal(ctx, last);
    assert_true(len <= LOG_LINE_MAX);
    memcpy(last, line, len);
    last[len] = '\0';
    last_level = level;
    lines++;
}

static int64_t fixed_now_ms(void) { return INT64_C(1795203727123); }

static int setup(void **state)
{
    (void)state;
    lines = 0;
    last[0] = '\0';
    log_setup(remember, last, fixed_now_ms);
    log_level_set(LOG_INFO);
    log_context_set("");
    return 0;
}

static void a_line_is_what_the_header_shows(void **state)
{
    (void)state;
    log_context_set("node=n1");
    log_info("hold.granted", "shop=%s hold=%s", "demo", "h_7Qx");
    assert_string_equal(last, "2026-11-20T19:42:07.123Z info event=hold.granted node=n1 shop=demo hold=h_7Qx");
    assert_int_equal(last_level, LOG_INFO);
    log_context_set("");
    log_warn("redis.lost", "%s", "");
    log_error("bare", "n=%d", 5);
    assert_string_equal(last, "2026-11-20T19:42:07.123Z error event=bare n=5");
    assert_int_equal(lines, 3);
}

static void levels_below_are_silent(void **state)
{
    (void)state;
    log_debug("x", "a=1");
    assert_int_equal(lines, 0);
    log_level_set(LOG_DEBUG);
    log_debug("x", "a=1");
    assert_int_equal(lines, 1);
    log_level_set(LOG_ERROR);
    log_warn("x", "a=1");
    assert_int_equal(lines, 1);
    assert_string_equal(log_level_name(LOG_WARN), "warn");
}

static void foreign_text_is_quoted_when_needed(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain-text_1.2", "plain-text_1.2"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak\ttab", "\"line\\nbreak\\x09tab\""},
        {"T\xc3\xb6pfe \xe2\x82\xac \xf0\x9f\x91\x8d", "\"T\xc3\xb6pfe \xe2\x82\xac \xf0\x9f\x91\x8d\""},
        {"\xc3", "\"\\xc3\""},                            /* cut short */
        {"\xc0\x80", "\"\\xc0\\x80\""},                   /* overlong */
        {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""}, /* beyond Unicode */
        {"\xc2\x9b"
         "2J",
         "\"\\xc2\\x9b2J\""}, /* a terminal command */
        {"\x1b[2J\x7f", "\"\\x1b[2J\\x7f\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(log_quote(cases[i].from), cases[i].to);
    assert_string_equal(log_quote(NULL), "\"\"");
}

static void long_text_ends_in_dots(void **state)
{
    (void)state;
    char text[1000];
    for (size_t len = 240; len < 270; len++) {
        memset(text, 'x', sizeof text);
        text[len] = '\0';
        text[0] = len % 2 ? 'x' : ' ';
        const char *quoted = log_quote(text);
        assert_true(strlen(quoted) < 256);
        if (strlen(quoted) < len)
            assert_string_equal(quoted + strlen(quoted) - 4, "...\"");
    }
    memset(text, '"', sizeof text);
    text[999] = '\0';
    const char *quoted = log_quote(text);
    assert_string_equal(quoted + strlen(quoted) - 6, "\\\"...\"");
}

static void eight_quotes_live_at_once(void **state)
{
    (void)state;
    const char *q[8];
    char name[] = "quote 0";
    for (int i = 0; i < 8; i++) {
        name[6] = (char)('0' + i);
        q[i] = log_quote(name);
    }
    assert_string_equal(q[0], "\"quote 0\"");
    assert_string_equal(q[7], "\"quote 7\"");
}

static void a_long_line_is_cut_behind_a_word(void **state)
{
    (void)state;
    char filler[LOG_LINE_MAX + 100];
    memset(filler, 'f', sizeof filler);
    for (int len = LOG_LINE_MAX - 80; len < LOG_LINE_MAX + 60; len++) {
        log_info("x", "a=%.*s note=\"two words\" end=1", len, filler);
        size_t got = strlen(last);
        assert_true(got <= LOG_LINE_MAX);
        const char *tail = strstr(last, "ff ") == NULL ? strstr(last, "event=x") + 7 : strstr(last, "ff ") + 2;
        assert_true(strcmp(tail, " note=\"two words\" end=1") == 0 || strcmp(tail, " note=\"two words\" cut=1") == 0 ||
                    strcmp(tail, " cut=1") == 0);
    }
    assert_string_equal(last, "2026-11-20T19:42:07.123Z info event=x cut=1");
}

static void control_characters_cannot_break_a_line(void **state)
{
    (void)state;
    log_info("x", "a=%s", "1\n2026 info event=forged\x1b");
    assert_null(strchr(last, '\n'));
    assert_null(strchr(last, '\x1b'));
    assert_int_equal(lines, 1);
}

static void a_long_context_is_cut(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'c', sizeof text);
    text[199] = '\0';
    log_context_set(text);
    log_info("x", "a=1");
    assert_int_equal(strspn(strstr(last, " cc") + 1, "c"), 63);
}

/* Without a sink lines go to standard error, whole. */
static void the_default_sink_is_standard_error(void **state)
{
    (void)state;
    int pipe_ends[2], saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(pipe_ends), 0);
    dup2(pipe_ends[1], STDERR_FILENO);
    log_setup(NULL, NULL, fixed_now_ms);
    log_info("x", "a=1");
    dup2(saved, STDERR_FILENO);
    char got[200] = {0};
    assert_true(read(pipe_ends[0], got, sizeof got - 1) > 0);
    assert_string_equal(got, "2026-11-20T19:42:07.123Z info event=x a=1\n");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_is_what_the_header_shows, setup),
        cmocka_unit_test_setup(levels_below_are_silent, setup),
        cmocka_unit_test_setup(foreign_text_is_quoted_when_needed, setup),
        cmocka_unit_test_setup(long_text_ends_in_dots, setup),
        cmocka_unit_test_setup(eight_quotes_live_at_once, setup),
        cmocka_unit_test_setup(a_long_line_is_cut_behind_a_word, setup),
        cmocka_unit_test_setup(control_characters_cannot_break_a_line, setup),
        cmocka_unit_test_setup(a_long_context_is_cut, setup),
        cmocka_unit_test_setup(the_default_sink_is_standard_error, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
