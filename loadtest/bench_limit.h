/* loadtest/bench_limit.h - the audience of peers/limit.c: conns that say nothing, and one that publishes. */
#ifndef LOADTEST_BENCH_LIMIT_H
#define LOADTEST_BENCH_LIMIT_H

#include "loadtest/client/load_client.h"
#include "loadtest/histogram.h"

struct limit_audience {
    struct load_set set;
    struct load_conn *conns; /* the last one publishes */
    size_t count, open, receipts;
    char *message; /* as long as a real one */
    size_t message_len;
    int64_t sent_us;
    struct histogram each, last;
};

/* `count` conns to 127.0.0.1:port, all open when it returns RESULT_OK. */
MUST_USE enum result limit_join(struct limit_audience *a, unsigned port, size_t count, size_t message_len);
void limit_publish(struct limit_audience *a); /* one message; returns when the last has it */
void limit_wait(struct limit_audience *a, int64_t ms);
void limit_finish(struct limit_audience *a);

#endif
