#include "app/torn_tail.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define SET "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nab\r\nc\r\n"
#define MULTI "*1\r\n$5\r\nMULTI\r\n"
#define EXEC "*1\r\n$4\r\nEXEC\r\n"

static int64_t whole_of(const char *text, size_t len)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    int64_t whole = torn_tail_find(file);
    fclose(file);
    return whole;
}

static void whole_files_stay(void **state)
{
    static const char *const texts[] = {
        "", SET, SET SET, MULTI SET SET EXEC, SET MULTI SET EXEC SET, "#TS:1795177200\r\n" SET};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(whole_of(texts[i], strlen(texts[i])), strlen(texts[i]));
}

static void a_torn_end_goes_back_to_the_last_whole_transaction(void **state)
{
    static const char text[] = SET MULTI SET SET EXEC "#TS:1\r\n" SET MULTI SET EXEC;
    static const size_t wholes[] = {0,
                                    strlen(SET),
                                    strlen(SET MULTI SET SET EXEC),
                                    strlen(SET MULTI SET SET EXEC "#TS:1\r\n"),
                                    strlen(SET MULTI SET SET EXEC "#TS:1\r\n" SET),
                                    sizeof text - 1};
    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        size_t i = sizeof wholes / sizeof *wholes - 1;
        while (wholes[i] > len)
            i--;
        assert_int_equal(whole_of(text, len), wholes[i]);
    }
}

static void other_damage_is_left_to_redis(void **state)
{
    static const char *const texts[] = {SET "garbage\r\n" SET,           SET "*0\r\n",
                                        SET "*1\r\n$3\r\nSETxx",         MULTI SET MULTI SET EXEC "*1\r\n",
                                        SET "*1\r\n$99999999999999\r\n", SET "*x"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = strlen(texts[i]);
        bool torn_number = strcmp(texts[i], SET "*x") == 0; /* no line end: nobody can know what it would have been */
        assert_int_equal(whole_of(texts[i], len), torn_number ? strlen(SET) : len);
    }
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void the_newest_file_of_the_manifest_is_cut(void **state)
{
    char folder[] = "/tmp/liveshelf-aof-XXXXXX", path[96];
    static const char *const names[] = {"appendonlydir/appendonly.aof.manifest", "appendonlydir/one",
                                        "appendonlydir/two"};
    struct stat about;
    int64_t cut;
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(torn_tail_cut(folder, &cut), RESULT_OK); /* nothing there yet */
    assert_int_equal(cut, 0);
    snprintf(path, sizeof path, "%s/appendonlydir", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(folder, names[0], "file base seq 1 type b\nfile one seq 1 type i\nfile two seq 2 type i\n");
    write_file(folder, names[1], SET "*1");
    write_file(folder, names[2], SET MULTI SET "*3\r\n$3");
    assert_int_equal(torn_tail_cut(folder, &cut), RESULT_OK);
    assert_int_equal(cut, strlen(MULTI SET "*3\r\n$3"));
    snprintf(path, sizeof path, "%s/%s", folder, names[2]);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, strlen(SET));
    assert_int_equal(torn_tail_cut(folder, &cut), RESULT_OK);
    assert_int_equal(cut, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/appendonlydir", folder);
    rmdir(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files_stay),
        cmocka_unit_test(a_torn_end_goes_back_to_the_last_whole_transaction),
        cmocka_unit_test(other_damage_is_left_to_redis),
        cmocka_unit_test(the_newest_file_of_the_manifest_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
