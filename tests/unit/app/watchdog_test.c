/* A loop that turns is left alone; one that stands still takes its process with it. */
#include "tests/unit/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/watchdog.h"

#define LOOK_MS 40

static void enough(uv_timer_t *timer)
{
    watchdog_stop();
    uv_close((uv_handle_t *)timer, NULL);
}

/* Turns for many looks, then, if asked to, stands still for good. */
static void child_run(bool stand_still)
{
    uv_loop_t loop;
    uv_timer_t end;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &end);
    uv_timer_start(&end, enough, 10 * LOOK_MS, 0);
    if (watchdog_start(&loop, LOOK_MS) != RESULT_OK)
        _exit(2);
    if (stand_still)
        for (;;)
            pause();
    uv_run(&loop, UV_RUN_DEFAULT);
    _exit(0);
}

static int child_end(bool stand_still)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_run(stand_still);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void a_loop_that_turns_lives(void **state)
{
    (void)state;
    int status = child_end(false);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_loop_that_stands_still_ends_its_process(void **state)
{
    (void)state;
    int status = child_end(true);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loop_that_turns_lives),
        cmocka_unit_test(a_loop_that_stands_still_ends_its_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
