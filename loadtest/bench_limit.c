#include "loadtest/bench_limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 20000

static void opened(struct load_conn *c) { ((struct limit_audience *)c->ctx)->open++; }

static void received(struct load_conn *c, const char *text, size_t len)
{
    struct limit_audience *a = c->ctx;
    (void)text;
    (void)len;
    a->receipts++;
    histogram_add(&a->each, load_now_us() - a->sent_us);
}

static void ended(struct load_conn *c, int code, const char *why)
{
    struct limit_audience *a = c->ctx;
    (void)code;
    (void)why;
    if (a->open > 0)
        a->open--;
}

enum result limit_join(struct limit_audience *a, unsigned port, size_t count, size_t message_len)
{
    static const struct load_handler handler = {.open = opened, .message = received, .closed = ended};
    struct load_target target = {.host = "127.0.0.1", .port = port};
    *a = (struct limit_audience){.count = count, .message_len = message_len};
    a->conns = calloc(count, sizeof *a->conns);
    a->message = malloc(message_len + 1);
    if (a->conns == NULL || a->message == NULL || load_set_init(&a->set, &target, 1) != RESULT_OK)
        return RESULT_NO_MEMORY;
    memset(a->message, 'x', message_len);
    for (size_t i = 0; i < count; i++) {
        a->conns[i].handler = &handler;
        a->conns[i].ctx = a;
        load_open(&a->set, &a->conns[i], "/", NULL);
        while (a->set.conns - a->open > 200) /* within what a listening socket queues */
            load_turn(&a->set, 1);
    }
    for (int64_t until = load_now_ms() + WAIT_MS; a->open < count && load_now_ms() < until;)
        load_turn(&a->set, 1);
    return a->open == count ? RESULT_OK : RESULT_UNAVAILABLE;
}

void limit_publish(struct limit_audience *a)
{
    a->receipts = 0;
    a->sent_us = load_now_us();
    load_send(&a->conns[a->count - 1], a->message, a->message_len);
    for (int64_t until = load_now_ms() + WAIT_MS; a->receipts < a->count && load_now_ms() < until;)
        load_turn(&a->set, 1);
    histogram_add(&a->last, load_now_us() - a->sent_us);
}

void limit_wait(struct limit_audience *a, int64_t ms)
{
    for (int64_t until = load_now_ms() + ms; load_now_ms() < until;)
        load_turn(&a->set, 1);
}

void limit_finish(struct limit_audience *a)
{
    if (a->set.buffer == NULL)
        a->count = 0; /* never begun */
    for (size_t i = 0; i < a->count; i++)
        load_close(&a->conns[i], 0);
    if (a->count > 0)
        load_turn(&a->set, 0);
    load_set_finish(&a->set);
    free(a->conns);
    free(a->message);
    *a = (struct limit_audience){0};
}
