#include "app/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/must.h"

static void child_spawn(struct child *c);

static void restart_due(struct clock_timer *timer)
{
    struct child *c = container_of(timer, struct child, restart);
    if (c->wanted && c->pid == 0)
        child_spawn(c);
}

void child_init(struct child *c, struct loop *loop)
{
    c->loop = loop;
    c->pid = 0;
    c->wanted = false;
    c->restart_ms = CHILD_RESTART_FIRST_MS;
    c->restart = (struct clock_timer){.fire = restart_due};
    c->status_fd = -1;
    c->status_open = false;
}

/* ---- the status pipe ---- */

static void status_closed(uv_handle_t *handle)
{
    struct child *c = container_of((uv_poll_t *)handle, struct child, status);
    c->status_open = false;
}

static void status_end(struct child *c)
{
    if (c->status_fd < 0)
        return;
    uv_poll_stop(&c->status);
    uv_close((uv_handle_t *)&c->status, status_closed);
    close(c->status_fd);
    c->status_fd = -1;
}

/* Lines longer than the buffer are no status lines of ours and are dropped. */
static void status_lines(struct child *c)
{
    char *end;
    while ((end = memchr(c->status_text, '\n', c->status_len)) != NULL) {
        *end = '\0';
        c->line(c, c->status_text);
        size_t used = (size_t)(end + 1 - c->status_text);
        c->status_len -= used;
        memmove(c->status_text, end + 1, c->status_len);
    }
    if (c->status_len == sizeof c->status_text)
        c->status_len = 0;
}

static void status_readable(uv_poll_t *handle, int status, int events)
{
    struct child *c = container_of(handle, struct child, status);
    (void)status;
    (void)events;
    ssize_t len = read(c->status_fd, c->status_text + c->status_len, sizeof c->status_text - c->status_len);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        status_end(c);
        return;
    }
    c->status_len += (size_t)len;
    status_lines(c);
}

static void status_begin(struct child *c, int fd)
{
    c->status_fd = fd;
    c->status_len = 0;
    MUST(uv_poll_init(&c->loop->uv, &c->status, fd) == 0);
    uv_poll_start(&c->status, UV_READABLE, status_readable);
    c->status_open = true;
}

/* ---- start ---- */

#define SHORT_SLICE_NS 100000 /* the least the kernel takes */

/* A slice as short as may be, so that the scheduler lets it run soon whenever it has something to do: on a machine with few
 * cores it otherwise waits behind a node that is sending to thousands. Linux 6.12; earlier ones take no notice. */
static void slice_shorten(void)
{
    struct { /* sched_setattr(2), first version */
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } attr = {.size = sizeof attr, .nice = getpriority(PRIO_PROCESS, 0), .runtime_ns = SHORT_SLICE_NS};
    syscall(SYS_sched_setattr, 0, &attr, 0U);
}

/* Between fork and exec: only calls that are safe there. */
_Noreturn static void child_become(const struct child *c, pid_t parent, int status_write)
{
    sigset_t none;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, c->death_signal);
    if (getppid() != parent) /* it died before the line above took hold */
        _exit(CHILD_NOT_RUN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (c->is_short)
        slice_shorten();
    if (c->inherit_fd >= 0)
        fcntl(c->inherit_fd, F_SETFD, 0);
    if (status_write >= 0 && dup2(status_write, CHILD_STATUS_FD) != CHILD_STATUS_FD)
        _exit(CHILD_NOT_RUN);
    if (status_write == CHILD_STATUS_FD) /* dup2 onto itself left the close-on-exec mark */
        fcntl(status_write, F_SETFD, 0);
    execve(c->file, c->argv, c->envp != NULL ? c->envp : environ);
    _exit(CHILD_NOT_RUN);
}

static void child_retry(struct child *c)
{
    struct clock *clock = &c->loop->clock;
    if (clock->now_ms(clock) - c->started_ms >= CHILD_HEALTHY_MS)
        c->restart_ms = CHILD_RESTART_FIRST_MS;
    log_warn("child.restart", "child=%s in_ms=%lld", c->name, (long long)c->restart_ms);
    clock->start(clock, &c->restart, c->restart_ms);
    c->restart_ms = 2 * c->restart_ms < CHILD_RESTART_MAX_MS ? 2 * c->restart_ms : CHILD_RESTART_MAX_MS;
    c->restarts++;
}

static void child_spawn(struct child *c)
{
    int ends[2] = {-1, -1};
    pid_t parent = getpid();
    if (c->status_open) { /* libuv still holds the last pipe's handle: next turn */
        c->loop->clock.start(&c->loop->clock, &c->restart, 1);
        return;
    }
    c->started_ms = c->loop->clock.now_ms(&c->loop->clock);
    bool ready = c->line == NULL || pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0;
    pid_t pid = ready ? fork() : -1;
    if (pid == 0)
        child_become(c, parent, ends[1]);
    if (ends[1] >= 0)
        close(ends[1]);
    if (pid < 0) {
        log_error("child.fork", "child=%s error=%s", c->name, log_quote(strerror(errno)));
        if (ends[0] >= 0)
            close(ends[0]);
        child_retry(c);
        return;
    }
    c->pid = pid;
    if (ends[0] >= 0)
        status_begin(c, ends[0]);
    log_info("child.started", "child=%s pid=%ld", c->name, (long)pid);
}

void child_start(struct child *c)
{
    c->wanted = true;
    child_spawn(c);
}

/* ---- end ---- */

void child_stop(struct child *c, int signal)
{
    c->wanted = false;
    c->loop->clock.stop(&c->loop->clock, &c->restart);
    if (c->pid != 0)
        kill(c->pid, signal);
}

bool child_is_running(const struct child *c) { return c->pid != 0; }

const char *child_end_text(int wait_status, char *buffer, size_t size)
{
    if (WIFSIGNALED(wait_status))
        snprintf(buffer, size, "signal %d (%s)", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        snprintf(buffer, size, "exit code %d", WEXITSTATUS(wait_status));
    return buffer;
}

void child_check(struct child *c)
{
    int wait_status;
    char how[64];
    if (c->pid == 0 || waitpid(c->pid, &wait_status, WNOHANG) != c->pid)
        return;
    log_write(c->wanted ? LOG_ERROR : LOG_INFO, "child.ended", "child=%s pid=%ld how=%s", c->name, (long)c->pid,
              log_quote(child_end_text(wait_status, how, sizeof how)));
    c->pid = 0;
    if (c->status_fd >= 0) { /* what it said last is still in the pipe */
        status_readable(&c->status, 0, UV_READABLE);
        status_end(c);
    }
    c->gone(c, wait_status);
    if (c->wanted)
        child_retry(c);
}
