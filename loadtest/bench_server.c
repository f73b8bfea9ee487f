#include "loadtest/bench_server.h"

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

enum result bench_start(const char *const *words, struct bench_server *ret)
{
    int ends[2];
    char line[512];
    if (pipe(ends) != 0)
        return RESULT_IO;
    pid_t pid = fork();
    if (pid == 0)
        server_become(words, ends[1]);
    close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
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

void bench_measure_node(struct bench_server *s)
{
    char name[96];
    long child;
    snprintf(name, sizeof name, "/proc/%ld/task/%ld/children", (long)s->pid, (long)s->pid);
    FILE *file = fopen(name, "re");
    while (file != NULL && fscanf(file, "%ld", &child) == 1)
        if (is_node(child))
            s->measured = (pid_t)child;
    if (file != NULL)
        fclose(file);
}

void bench_stop(struct bench_server *s)
{
    if (s->pid > 0) {
        kill(s->pid, SIGTERM);
        waitpid(s->pid, NULL, 0);
    }
    s->pid = 0;
}

double bench_cpu_us(const struct bench_server *s)
{
    char name[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(name, sizeof name, "/proc/%ld/stat", (long)s->measured);
    FILE *file = fopen(name, "re");
    if (file != NULL && fgets(text, sizeof text, file) != NULL && strrchr(text, ')') != NULL)
        sscanf(strrchr(text, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    if (file != NULL)
        fclose(file);
    return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

double bench_rss_bytes(const struct bench_server *s)
{
    char name[64];
    long pages = 0;
    snprintf(name, sizeof name, "/proc/%ld/statm", (long)s->measured);
    FILE *file = fopen(name, "re");
    if (file != NULL && fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}
