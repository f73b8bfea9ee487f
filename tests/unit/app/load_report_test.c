/* The report is opened by people who did not run the test: what a server or a scenario calls itself must not become part of the page. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loadtest/report.h"

static char folder[] = "/tmp/liveshelf-report-XXXXXX";

static void page_put(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/.report.html", folder);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void file_is(const char *path, const char *expected)
{
    char text[1024] = "";
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, expected);
}

static void the_data_is_put_in_its_place_and_cannot_leave_it(void **state)
{
    static const char json[] = "{\"scenario\":\"</script><b>\",\"sound\":true}";
    struct report_fault fault = {""};
    char path[128], *page = NULL;
    (void)state;
    page_put("<p>before</p>{{run}}<p>behind</p>");
    assert_int_equal(report_page(folder, &page, &fault), RESULT_OK);
    snprintf(path, sizeof path, "%s/out.html", folder);
    assert_int_equal(report_write(path, page, json, sizeof json - 1, &fault), RESULT_OK);
    file_is(path, "<p>before</p>{\"scenario\":\"\\u003c/script>\\u003cb>\",\"sound\":true}<p>behind</p>");
    snprintf(path, sizeof path, "%s/not/there/out.html", folder);
    assert_int_equal(report_write(path, page, json, sizeof json - 1, &fault), RESULT_IO);
    assert_non_null(strstr(fault.text, "not/there/out.html: No such file"));
    free(page);
}

static void a_page_that_is_none_is_refused_before_anything_is_run(void **state)
{
    static const char *const none[] = {"", "<p>no place</p>", "{{run}} and {{run}}"};
    struct report_fault fault = {""};
    char *page = NULL;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        page_put(none[i]);
        assert_int_equal(report_page(folder, &page, &fault), RESULT_MALFORMED);
    }
    assert_int_equal(report_page("/nowhere", &page, &fault), RESULT_NOT_FOUND);
    assert_string_equal(fault.text, "/nowhere/.report.html: No such file or directory");
}

static int begin(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int end(void **state)
{
    static const char *const names[] = {".report.html", "out.html"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            return 1;
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_data_is_put_in_its_place_and_cannot_leave_it),
        cmocka_unit_test(a_page_that_is_none_is_refused_before_anything_is_run),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
