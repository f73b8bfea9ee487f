/* loadtest/bench_server.h - a server under measurement: started on core 0, asked for its cost, stopped. */
#ifndef LOADTEST_BENCH_SERVER_H
#define LOADTEST_BENCH_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/must.h"
#include "base/result.h"

#define BENCH_WORDS_MAX 48
#define BENCH_SERVER_CORE 0
#define BENCH_LOAD_CORE 1

struct bench_server {
    pid_t pid;      /* what was started */
    pid_t measured; /* whose cost counts: the node below a supervisor, otherwise the same */
    unsigned port;
};

void bench_pin_to(int core); /* this process; nothing when the machine has not so many */
/* Runs words[0..], reads `ready ...:PORT` from its standard output. */
MUST_USE enum result bench_start(const char *const *words, struct bench_server *ret);
/* Runs words[0..] to its end; the first line it prints, without newline. */
MUST_USE enum result bench_run(const char *const *words, char *ret, size_t size);
void bench_measure_node(struct bench_server *s);   /* below a supervisor: its first node */
void bench_stop(struct bench_server *s);           /* takes zeroed memory */
double bench_cpu_us(const struct bench_server *s); /* user and system so far */
double bench_rss_bytes(const struct bench_server *s);

#endif
