#include "app/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define ARGC(argv) ((int)(sizeof(argv) / sizeof((argv)[0])))

static char file_name[] = "/tmp/liveshelf-config-XXXXXX";

static void file_with(const char *text)
{
    FILE *file = fopen(file_name, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static enum result load(int argc, char **argv, struct config *ret, struct fault *fault)
{
    return config_load(argc, argv, NULL, "", ret, fault);
}

static void assert_refused(const char *flag, const char *value, const char *text)
{
    struct config c;
    struct fault fault;
    char *argv[] = {(char *)flag, (char *)value};
    assert_int_equal(load(2, argv, &c, &fault), RESULT_MALFORMED);
    if (strstr(fault.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fault.text, text);
}

static void every_setting_is_described_and_its_default_is_allowed(void **state)
{
    struct config c;
    struct fault fault;
    (void)state;
    for (int i = 0; i < SETTINGS; i++) {
        assert_non_null(config_table[i].name);
        assert_non_null(config_table[i].help);
        assert_non_null(config_table[i].unit);
        assert_true(strlen(config_table[i].help) > 20);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(config_table[i].name, config_table[j].name);
    }
    assert_int_equal(load(0, NULL, &c, &fault), RESULT_OK);
    assert_string_equal(config_text(&c, SETTING_LISTEN), "127.0.0.1:8080");
    assert_int_equal(config_number(&c, SETTING_WORKERS), 1);
    config_finish(&c);
}

static void a_flag_beats_a_variable_beats_the_file_beats_the_default(void **state)
{
    struct config c;
    struct fault fault;
    char *argv[] = {(char *)"--config", file_name, (char *)"--listen=[::1]:9"};
    (void)state;
    file_with("# ours\n[server]\nworkers = 3\nlisten = 127.0.0.1:1\ndrain_ms = 9s\n");
    setenv("LIVESHELF_DRAIN_MS", "7s", 1);
    setenv("LIVESHELF_LISTEN", "127.0.0.1:2", 1);
    assert_int_equal(load(ARGC(argv), argv, &c, &fault), RESULT_OK);
    unsetenv("LIVESHELF_DRAIN_MS");
    unsetenv("LIVESHELF_LISTEN");
    assert_string_equal(config_text(&c, SETTING_LISTEN), "[::1]:9");
    assert_int_equal(c.values[SETTING_LISTEN].origin, ORIGIN_FLAG);
    assert_int_equal(config_number(&c, SETTING_DRAIN_MS), 7000);
    assert_string_equal(config_text(&c, SETTING_DRAIN_MS), "7000");
    assert_int_equal(c.values[SETTING_DRAIN_MS].origin, ORIGIN_VARIABLE);
    assert_int_equal(config_number(&c, SETTING_WORKERS), 3);
    assert_int_equal(c.values[SETTING_WORKERS].origin, ORIGIN_FILE);
    assert_int_equal(c.values[SETTING_LOG_LEVEL].origin, ORIGIN_DEFAULT);
    config_finish(&c);
}

static void a_wrong_value_is_named_with_its_bounds_and_where_it_stood(void **state)
{
    (void)state;
    assert_refused("--workers", "0",
                   "flag --workers: \"0\" is not allowed for workers: it takes a whole number from 1 to 256");
    assert_refused("--workers", "-1", "\"-1\"");
    assert_refused("--workers", "4x", "\"4x\"");
    assert_refused("--workers", "99999999999999999999", "whole number");
    assert_refused("--workers", "", "whole number");
    assert_refused("--drain-ms", "20m", "0 to 600000 ms");
    assert_refused("--drain-ms", "9223372036854775807h", "0 to 600000 ms");
    assert_refused("--drain-ms", "5k", "0 to 600000 ms");
    assert_refused("--durability", "maybe", "one of fsync, replicated, relaxed");
    assert_refused("--listen", "a\nb", "control characters");
    assert_refused("--wokers", "2", "did you mean --workers?");
    assert_refused("--zzzzzzzz", "2", "liveshelf config --help");
    assert_refused("workers", "2", "unexpected word \"workers\"");
}

static void a_wrong_variable_is_named(void **state)
{
    struct config c;
    struct fault fault;
    (void)state;
    setenv("LIVESHELF_WORKERS", "many", 1);
    assert_int_equal(load(0, NULL, &c, &fault), RESULT_MALFORMED);
    unsetenv("LIVESHELF_WORKERS");
    assert_non_null(strstr(fault.text, "variable LIVESHELF_WORKERS: \"many\""));
}

static void assert_file_refused(const char *text, const char *said)
{
    struct config c;
    struct fault fault;
    char *argv[] = {(char *)"--config", file_name};
    file_with(text);
    assert_int_equal(load(2, argv, &c, &fault), RESULT_MALFORMED);
    if (strstr(fault.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fault.text, said);
}

static void a_wrong_line_of_the_file_is_named(void **state)
{
    char line[600];
    (void)state;
    assert_file_refused("[server]\nworkers = none\n", ":2: [server] workers: \"none\"");
    assert_file_refused("[server]\n\nworkesr = 2\n", ":3: [server] has no setting \"workesr\"");
    assert_file_refused("[storage]\nworkers = 2\n", ":2: \"workers\" belongs to [server], not to [storage]");
    assert_file_refused("[server]\nworkers = 2\nworkers = 3\n", ":3: \"workers\" is given twice");
    assert_file_refused("[server]\nworkers\n", ":2: neither");
    assert_file_refused("[server\n", ":1: neither");
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_file_refused(line, ":1: longer than");
}

static void a_list_may_span_several_lines_of_the_file(void **state)
{
    struct config c;
    struct fault fault;
    char *argv[] = {(char *)"--config", file_name};
    (void)state;
    file_with("[server]\nallowed-origins = https://a.example\nallowed-origins = https://b.example\n");
    assert_int_equal(load(2, argv, &c, &fault), RESULT_OK);
    assert_string_equal(config_text(&c, SETTING_ALLOWED_ORIGINS), "https://a.example,https://b.example");
    config_finish(&c);
}

static void a_missing_file_and_a_missing_value_are_named(void **state)
{
    struct config c;
    struct fault fault;
    char *missing[] = {(char *)"--config", (char *)"/nowhere/at/all"}, *bare[] = {(char *)"--workers"};
    (void)state;
    assert_int_equal(load(2, missing, &c, &fault), RESULT_MALFORMED);
    assert_non_null(strstr(fault.text, "/nowhere/at/all"));
    assert_int_equal(load(1, bare, &c, &fault), RESULT_MALFORMED);
    assert_non_null(strstr(fault.text, "--workers wants a value"));
}

static void own_flags_are_given_back(void **state)
{
    struct config c;
    struct fault fault;
    struct own_flag own[] = {{"shop", "S", "", NULL}, {"auto", NULL, "", NULL}, {0}};
    char *argv[] = {(char *)"--auto", (char *)"--shop=demo", (char *)"--workers", (char *)"2"};
    (void)state;
    assert_int_equal(config_load(4, argv, own, "", &c, &fault), RESULT_OK);
    assert_string_equal(own[0].value, "demo");
    assert_string_equal(own[1].value, "yes");
    assert_int_equal(config_number(&c, SETTING_WORKERS), 2);
    config_finish(&c);
}

static void a_child_sees_exactly_our_values(void **state)
{
    struct config c, theirs;
    struct fault fault;
    char *argv[] = {(char *)"--workers", (char *)"5"};
    const char *more[] = {"EXTRA=1", NULL};
    (void)state;
    setenv("LIVESHELF_SOMETHING_ELSE", "x", 1);
    assert_int_equal(load(2, argv, &c, &fault), RESULT_OK);
    char **environment = config_environment(&c, more);
    assert_non_null(environment);
    bool extra = false;
    for (char **at = environment; *at != NULL; at++) {
        assert_null(strstr(*at, "LIVESHELF_SOMETHING_ELSE"));
        extra = extra || strcmp(*at, "EXTRA=1") == 0;
        if (strncmp(*at, "LIVESHELF_", 10) == 0)
            putenv(*at);
    }
    assert_true(extra);
    assert_int_equal(load(0, NULL, &theirs, &fault), RESULT_OK);
    for (int i = 0; i < SETTINGS; i++)
        assert_string_equal(config_text(&c, (enum setting_id)i), config_text(&theirs, (enum setting_id)i));
    for (char **at = environment; *at != NULL; at++)
        if (strncmp(*at, "LIVESHELF_", 10) == 0) {
            char name[128];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(*at, "="), *at);
            unsetenv(name);
        }
    unsetenv("LIVESHELF_SOMETHING_ELSE");
    free(environment);
    config_finish(&c);
    config_finish(&theirs);
}

/* Also one of a section that is new. */
static void every_setting_is_printed(void **state)
{
    (void)state;
    struct bytes help = {0}, markdown = {0};
    config_print_help(&help);
    config_print_markdown(&markdown);
    for (size_t i = 0; i < SETTINGS; i++) {
        char word[80];
        snprintf(word, sizeof word, "\n  %s ", config_table[i].name);
        assert_non_null(strstr(help.data, word));
        snprintf(word, sizeof word, "| `%s` |", config_table[i].name);
        assert_non_null(strstr(markdown.data, word));
    }
    bytes_finish(&help);
    bytes_finish(&markdown);
}

static void a_password_is_not_printed(void **state)
{
    struct config c;
    struct fault fault;
    struct bytes out = {0};
    char *argv[] = {(char *)"--redis-url", (char *)"redis://me:hush@db.example:6379"};
    (void)state;
    assert_int_equal(load(2, argv, &c, &fault), RESULT_OK);
    config_print_effective(&c, &out);
    assert_null(strstr(out.data, "hush"));
    assert_non_null(strstr(out.data, "redis://***@db.example:6379"));
    bytes_finish(&out);
    config_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_setting_is_described_and_its_default_is_allowed),
        cmocka_unit_test(a_flag_beats_a_variable_beats_the_file_beats_the_default),
        cmocka_unit_test(a_wrong_value_is_named_with_its_bounds_and_where_it_stood),
        cmocka_unit_test(a_wrong_variable_is_named),
        cmocka_unit_test(a_wrong_line_of_the_file_is_named),
        cmocka_unit_test(a_list_may_span_several_lines_of_the_file),
        cmocka_unit_test(a_missing_file_and_a_missing_value_are_named),
        cmocka_unit_test(own_flags_are_given_back),
        cmocka_unit_test(a_child_sees_exactly_our_values),
        cmocka_unit_test(every_setting_is_printed),
        cmocka_unit_test(a_password_is_not_printed),
    };
    int fd = mkstemp(file_name);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file_name);
    return failed;
}
