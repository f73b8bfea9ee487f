#include "loadtest/bench_server.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void bench_pin_to(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    if (sysconf(_SC_NPROCESSORS_ONLN) > core)
        sched_setaffinity(0, sizeof set, &set);
}

_Noreturn static void server_become(const char *const *words, int out)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    bench_pin_to(BENCH_SERVER_CORE);
    dup2(out, STDOUT_FILENO);
    execv(words[0], (char *const *)words);
    _exit(127);
}

/* *ret_out is its standard output; NULL when it could not be started. */
static pid_t server_fork(const char *const *words, FILE **ret_out)
{
    int ends[2];
    *ret_out = NULL;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        server_become(words, ends[1]);
    close(ends[1]);
    *ret_out = fdopen(ends[0], "r");
    return pid;
}

enum result bench_run(const char *const *words, char *ret, size_t size)
{
    FILE *out;
    pid_t pid = server_fork(words, &out);
    bool read = out != NULL && fgets(ret, (int)size, out) != NULL;
    if (out != NULL)
        fclose(out);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (read)
        ret[strcspn(ret, "\n")] = '\0';
    return read ? RESULT_OK : RESULT_UNAVAILABLE;
}

enum result bench_start(const char *const *words, struct bench_server *ret)
{
    char line[512];
    FILE *out;
    pid_t pid = server_fork(words, &out);
    *ret = (struct bench_server){.pid = pid, .measured = pid};
    while (pid > 0 && out != NULL && ret->port == 0 && fgets(line, sizeof line, out) != NULL) {
        const char *number = strrchr(line, line[6] >= '0' && line[6] <= '9' ? ' ' : ':');
        if (strncmp(line, "ready ", 6) == 0 && number != NULL)
            ret->port = (unsigned)strtoul(number + 1, NULL, 10);
    }
    /* `out` stays open for as long as we live: a server whose standard output is gone might mind. */
    return ret->port == 0 ? RESULT_UNAVAILABLE : RESULT_OK;
}

static bool is_node(long pid)
{
    char name[64], words[256] = "";
    snprintf(name, sizeof name, "/proc/%ld/cmdline", pid);
    FILE *file = fopen(name, "re");
    size_t len = file == NULL ? 0 : fread(words, 1, sizeof words - 1, file);
    if (file != NULL)
        fclose(file);
    return len > 0 && strcmp(words + strlen(words) + 1, "node") == 0;
}

/* One line of /proc/PID/<name>; "" when there is none. */
static void proc_read(long pid, const char *name, char *ret, size_t size)
{
    char path[96];
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    FILE *file = fopen(path, "re");
    if (file == NULL || fgets(ret, (int)size, file) == NULL)
        ret[0] = '\0';
    if (file != NULL)
        fclose(file);
}

void bench_measure_node(struct bench_server *s)
{
    char name[64], text[1024];
    snprintf(name, sizeof name, "task/%ld/children", (long)s->pid);
    proc_read(s->pid, name, text, sizeof text);
    char *end = text;
    for (long child; (child = strtol(end, &end, 10)) > 0;)
        if (is_node(child))
            s->measured = (pid_t)child;
}

void bench_stop(struct bench_server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGTERM);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

/* The nth word, from 0, as a number. */
static double word_number(const char *text, unsigned n)
{
    for (; n > 0 && text != NULL; n--) {
        text = strchr(text, ' ');
        text += text != NULL;
    }
    return text == NULL ? 0 : strtod(text, NULL);
}

double bench_cpu_us(const struct bench_server *s)
{
    char text[1024];
    proc_read(s->measured, "stat", text, sizeof text);
    const char *behind_name = strrchr(text, ')');
    if (behind_name == NULL)
        return 0;
    double ticks = word_number(behind_name, 12) + word_number(behind_name, 13); /* utime, stime */
    return ticks * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

double bench_rss_bytes(const struct bench_server *s)
{
    char text[256];
    proc_read(s->measured, "statm", text, sizeof text);
    return word_number(text, 1) * (double)sysconf(_SC_PAGESIZE);
}
