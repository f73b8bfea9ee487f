#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ftw.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/must.h"

static _Noreturn void run_server(const struct redis_server *s, int out, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* the test is gone already */
    dup2(out, STDOUT_FILENO);
    char master[32] = "no one";
    if (s->replica_of != 0)
        snprintf(master, sizeof master, "127.0.0.1 %u", s->replica_of);
    execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", s->socket, "--dir", s->folder, "--save", "",
           "--appendonly", s->durable ? "yes" : "no", "--appendfsync", "always", "--daemonize", "no", "--replicaof",
           master, (char *)NULL);
    _exit(127);
}

/* Reads the server's log up to the line that says it takes connections; false when it ends before. */
static bool wait_until_ready(int fd)
{
    static const char ready[] = "eady to accept connections";
    size_t matched = 0;
    char c = '\0';
    while (ready[matched] != '\0' && read(fd, &c, 1) == 1)
        matched = c == ready[matched] ? matched + 1 : (c == ready[0]);
    return ready[matched] == '\0';
}

static bool launch(struct redis_server *s)
{
    int pipe_ends[2];
    pid_t parent = getpid();
    MUST(pipe(pipe_ends) == 0);
    s->pid = fork();
    MUST(s->pid >= 0);
    if (s->pid == 0)
        run_server(s, pipe_ends[1], parent);
    close(pipe_ends[1]);
    s->log_fd = pipe_ends[0];
    if (wait_until_ready(s->log_fd))
        return true;
    redis_server_kill(s);
    return false;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static void remove_folder(const char *folder) { nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS); }

/* A child that waits for the test's end, however it comes, and removes the folder then. */
static void post_janitor(struct redis_server *s)
{
    int ends[2];
    MUST(pipe2(ends, O_CLOEXEC) == 0);
    pid_t janitor = fork();
    MUST(janitor >= 0);
    if (janitor == 0) {
        char nothing = '\0';
        close(ends[1]);
        while (read(ends[0], &nothing, 1) > 0)
            continue;
        remove_folder(s->folder);
        _exit(0);
    }
    close(ends[0]);
    s->janitor = janitor;
    s->janitor_fd = ends[1];
}

static void make_folder(struct redis_server *s)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(s->folder, sizeof s->folder, "%.30s/liveshelf-test-XXXXXX", tmp == NULL ? "/tmp" : tmp);
    MUST(mkdtemp(s->folder) != NULL);
    snprintf(s->socket, sizeof s->socket, "%s/redis.sock", s->folder);
    snprintf(s->url, sizeof s->url, "unix://%s", s->socket);
    post_janitor(s);
}

bool redis_server_start(struct redis_server *s, bool durable)
{
    *s = (struct redis_server){.durable = durable};
    make_folder(s);
    if (launch(s))
        return true;
    redis_server_finish(s);
    return false;
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    MUST(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
    MUST(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

void redis_server_start_replica(struct redis_server *replica, const struct redis_server *master)
{
    *replica = (struct redis_server){.replica_of = free_port()};
    redis_server_command(master, "CONFIG SET port %u", replica->replica_of);
    make_folder(replica);
    MUST(launch(replica));
}

void redis_server_start_again(struct redis_server *s)
{
    MUST(s->pid == 0);
    MUST(launch(s));
}

void redis_server_kill(struct redis_server *s)
{
    if (s->pid == 0)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->log_fd);
    s->pid = 0;
}

void redis_server_pause(struct redis_server *s, bool paused)
{
    MUST(kill(s->pid, paused ? SIGSTOP : SIGCONT) == 0);
    if (paused) /* until it really stands still */
        MUST(waitpid(s->pid, NULL, WUNTRACED) == s->pid);
}

void redis_server_finish(struct redis_server *s)
{
    redis_server_kill(s);
    if (s->janitor != 0) {
        remove_folder(s->folder);
        kill(s->janitor, SIGKILL); /* nothing left for it to do */
        waitpid(s->janitor, NULL, 0);
        close(s->janitor_fd);
    }
    *s = (struct redis_server){0};
}

static void write_reply(char *text, size_t size, const redisReply *reply)
{
    size_t len = strlen(text);
    if (reply->type == REDIS_REPLY_INTEGER)
        snprintf(text + len, size - len, "%lld", reply->integer);
    else if (reply->type != REDIS_REPLY_ARRAY)
        snprintf(text + len, size - len, "%s", reply->str == NULL ? "" : reply->str);
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        write_reply(text, size, reply->element[i]);
        len = strlen(text);
        snprintf(text + len, size - len, "\n");
    }
}

const char *redis_server_command(const struct redis_server *s, const char *format, ...)
{
    static char text[4096];
    redisContext *c = redisConnectUnix(s->socket);
    MUST(c != NULL && c->err == 0);
    va_list args;
    va_start(args, format);
    redisReply *reply = redisvCommand(c, format, args);
    va_end(args);
    MUST(reply != NULL);
    text[0] = '\0';
    write_reply(text, sizeof text, reply);
    freeReplyObject(reply);
    redisFree(c);
    return text;
}
