/* app/child.h - one process that is kept running: started, watched, started again when it dies, stopped.
 *
 * A child gets a process group of its own, so that Ctrl-C reaches only us and the stop stays orderly, and dies with us whatever
 * ends us (PR_SET_PDEATHSIG). Fork and exec are our own because libuv's has no place between them. */
#ifndef LIVESHELF_APP_CHILD_H
#define LIVESHELF_APP_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "app/loop.h"

#define CHILD_RESTART_FIRST_MS 100
#define CHILD_RESTART_MAX_MS 5000
#define CHILD_HEALTHY_MS 30000 /* having lived so long, it starts again without delay */
#define CHILD_STATUS_FD 3      /* where a child writes its status lines, when it was given a `line` listener */
#define CHILD_NOT_RUN 127      /* exit code: the file could not be run */

struct child {
    const char *name; /* for the log */
    const char *file; /* to run */
    char *const *argv;
    char *const *envp; /* NULL: ours */
    int death_signal;  /* sent by the kernel when we die */
    int inherit_fd;    /* kept open in the child; -1: none */
    bool is_short;     /* works in short bursts that others wait for: see child_become */
    void (*line)(struct child *child, const char *line); /* a status line came, without newline; NULL: no status pipe */
    void (*gone)(struct child *child, int wait_status); /* it ended; it starts again unless stopped before or in here */
    void *ctx;
    /* ---- ours ---- */
    struct loop *loop;
    pid_t pid; /* 0: not running */
    bool wanted;
    int64_t started_ms, restart_ms;
    struct clock_timer restart;
    uv_poll_t status;
    int status_fd;
    bool status_open;
    char status_text[256];
    size_t status_len;
    unsigned restarts;
};

void child_init(struct child *c, struct loop *loop); /* after the fields above are set */
void child_start(struct child *c);            /* keeps it running from now on; failing to start counts as dying */
void child_stop(struct child *c, int signal); /* lets it end and stay ended; again with a stronger signal if need be */
bool child_is_running(const struct child *c);
/* On SIGCHLD, for each child: whether this one ended; calls `gone`. */
void child_check(struct child *c);
/* "exit code 3", "signal 9 (Killed)". */
const char *child_end_text(int wait_status, char *buffer, size_t size);

#endif
