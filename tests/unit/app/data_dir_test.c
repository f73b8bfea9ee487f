#include "app/data_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[64];

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/liveshelf-dir-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int teardown(void **state)
{
    char name[160];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        static const char *const files[] = {"lock", "key"};
        snprintf(name, sizeof name, "%s/%s", folder, files[i]);
        unlink(name);
    }
    rmdir(folder);
    return 0;
}

static void config_of_folder(struct config *c, const char *key_file)
{
    struct fault fault;
    char *argv[] = {(char *)"--data-dir", folder, (char *)"--key-file", (char *)key_file};
    assert_int_equal(config_load(4, argv, NULL, "", c, &fault), RESULT_OK);
}

static void a_folder_is_made_with_those_above_it(void **state)
{
    char name[128];
    struct stat about;
    struct fault fault;
    (void)state;
    snprintf(name, sizeof name, "%s/a/b", folder);
    assert_int_equal(data_dir_make(name, &fault), RESULT_OK);
    assert_int_equal(data_dir_make(name, &fault), RESULT_OK);
    assert_int_equal(stat(name, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    rmdir(name);
    snprintf(name, sizeof name, "%s/a", folder);
    rmdir(name);
}

static void key_read(const char *name, char ret[128])
{
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    assert_non_null(fgets(ret, 128, file));
    fclose(file);
}

static void the_key_is_made_once_and_for_us_alone(void **state)
{
    char name[PATH_MAX], again[PATH_MAX], first[128], second[128];
    struct stat about;
    struct fault fault;
    struct config c;
    (void)state;
    config_of_folder(&c, "");
    assert_int_equal(data_dir_key(&c, name, &fault), RESULT_OK);
    key_read(name, first);
    assert_int_equal(data_dir_key(&c, again, &fault), RESULT_OK);
    key_read(again, second);
    assert_string_equal(name, again);
    assert_string_equal(first, second);
    assert_int_equal(strlen(first), 2 * KEY_BYTES + 1);
    assert_int_equal(stat(name, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    config_finish(&c);
}

static void an_open_or_missing_key_is_refused(void **state)
{
    char name[128], used[PATH_MAX];
    struct fault fault;
    struct config c;
    (void)state;
    snprintf(name, sizeof name, "%s/key", folder);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs("0123456789012345678901234567890123456789\n", file);
    fclose(file);
    config_of_folder(&c, name);
    chmod(name, 0644);
    assert_int_equal(data_dir_key(&c, used, &fault), RESULT_IO);
    assert_non_null(strstr(fault.text, "chmod 600"));
    chmod(name, 0600);
    assert_int_equal(data_dir_key(&c, used, &fault), RESULT_OK);
    assert_string_equal(used, name);
    unlink(name);
    assert_int_equal(data_dir_key(&c, used, &fault), RESULT_IO); /* one brought along is never made */
    config_finish(&c);
}

static void a_second_instance_is_refused_by_name(void **state)
{
    int fd, second, status;
    struct fault fault;
    (void)state;
    assert_int_equal(data_dir_lock(folder, 0, &fd, &fault), RESULT_OK);
    pid_t child = fork();
    if (child == 0) {
        char expected[32];
        snprintf(expected, sizeof expected, "process %ld", (long)getppid());
        enum result result = data_dir_lock(folder, 5000, &second, &fault); /* refused at once: the holder lives */
        _exit(result == RESULT_CONFLICT && strstr(fault.text, expected) != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(fd);
    assert_int_equal(data_dir_lock(folder, 0, &fd, &fault), RESULT_OK);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_is_made_with_those_above_it, setup, teardown),
        cmocka_unit_test_setup_teardown(the_key_is_made_once_and_for_us_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(an_open_or_missing_key_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_second_instance_is_refused_by_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
