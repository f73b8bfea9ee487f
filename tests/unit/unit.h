/* tests/unit/unit.h - what every cmocka test includes: cmocka.h wants these before it. */
#ifndef LIVESHELF_TESTS_UNIT_UNIT_H
#define LIVESHELF_TESTS_UNIT_UNIT_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Does `act` trip a MUST? Run in a child process with its complaint silenced. */
static inline bool unit_trips_must(void (*act)(void))
{
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(null, STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        act();
        _exit(0);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

#endif
