/* loadtest/stock/peers.c - what a shop would use instead, and what the data model itself costs, on the same Redis.
 *
 *   liveshelf-stock-peers SOCKET native|evalsha|watch|decr LAST_MS [N]
 *
 * `native`: the reads and writes of one batch of ours as plain pipelined commands, N (128) reservations each, one batch under way, no logic:
 * the limit of the data model. `evalsha`: a lean script for each reservation, N (64) under way on one connection. `watch`: WATCH, GET, MULTI,
 * DECRBY, HSET, EXEC on N (32) connections. `decr`: DECR, and a look at the sign, N (32) connections; it oversells when a buyer dies, and holds
 * nothing. Prints one JSON object. */
#include <hiredis.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "loadtest/histogram.h"

#define BATCH_MAX 512
#define CONNS_MAX 256

static const char *socket_path;
static uint64_t until_us;
static char run_id[16];

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static redisContext *dial(void)
{
    redisContext *c = redisConnectUnix(socket_path);
    if (c == NULL || c->err != 0) {
        fprintf(stderr, "peers: %s\n", c == NULL ? "no memory" : c->errstr);
        exit(2);
    }
    return c;
}

/* The next reply; an error reply ends the program, since a bench of refused commands measures nothing. */
static redisReply *reply_next(redisContext *c)
{
    void *reply = NULL;
    if (redisGetReply(c, &reply) != REDIS_OK || ((redisReply *)reply)->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "peers: %s\n", reply == NULL ? c->errstr : ((redisReply *)reply)->str);
        exit(2);
    }
    return reply;
}

static void reply_drop(redisContext *c) { freeReplyObject(reply_next(c)); }

static void command(redisContext *c, const char *text)
{
    redisAppendCommand(c, text);
    reply_drop(c);
}

static void report(uint64_t requests, uint64_t aborted, uint64_t began_us, const struct histogram *h)
{
    double seconds = (double)(now_us() - began_us) / 1e6;
    printf(
        "{\"requests\":%llu,\"seconds\":%.3f,\"per_second\":%.0f,\"p50_us\":%.0f,\"p99_us\":%.0f,\"aborted\":%llu}\n",
        (unsigned long long)requests, seconds, (double)requests / seconds, histogram_ms(h, 0.5) * 1000,
        histogram_ms(h, 0.99) * 1000, (unsigned long long)aborted);
}

/* ---- native ---- */

struct words { /* of one command */
    const char *at[2 * BATCH_MAX + 8];
    size_t len[2 * BATCH_MAX + 8];
    int count;
};

static void word(struct words *w, const char *text)
{
    w->at[w->count] = text;
    w->len[w->count++] = strlen(text);
}

static void words_send(struct words *w, redisContext *c)
{
    redisAppendCommandArgv(c, w->count, w->at, w->len);
    w->count = 0;
}

static char ids[BATCH_MAX][32], records[BATCH_MAX][96];

/* As many bytes in the same structures as inventory.lua writes for a batch of first reserves of one SKU without a limit. */
static int native_send(redisContext *c, uint64_t from, size_t batch)
{
    static struct words w;
    static char timer[BATCH_MAX * 24], entry[BATCH_MAX * 48];
    size_t timer_len = 0, entry_len = 0;
    for (size_t i = 0; i < batch; i++) {
        unsigned long long n = from + i, viewer = n * 2654435761u % 1000000;
        snprintf(ids[i], sizeof ids[i], "h_%s%06llx", run_id, n);
        snprintf(records[i], sizeof records[i], "H1795177500123|v_%06llx|spring-drop|EUR|mug-red:1:1290:3", viewer);
        timer_len += (size_t)snprintf(timer + timer_len, sizeof timer - timer_len, " %s", ids[i]);
        entry_len += (size_t)snprintf(entry + entry_len, sizeof entry - entry_len, "R %s 1 v_%06llx\n", ids[i], viewer);
    }
    word(&w, "HMGET"), word(&w, "n:h");
    for (size_t i = 0; i < batch; i++)
        word(&w, ids[i]);
    words_send(&w, c);
    redisAppendCommand(c, "HMGET n:c mug-red");
    redisAppendCommand(c, "HGETALL n:f");
    redisAppendCommand(c, "ZRANGEBYSCORE n:x -inf 1795177200000 LIMIT 0 128");
    word(&w, "HSET"), word(&w, "n:h");
    for (size_t i = 0; i < batch; i++)
        word(&w, ids[i]), word(&w, records[i]);
    words_send(&w, c);
    word(&w, "ZADD"), word(&w, "n:x"), word(&w, "1795177500123"), word(&w, timer);
    words_send(&w, c);
    redisAppendCommand(c, "HSET n:c mug-red 999999999:1:0:1000000000:0:0:0:0:0:0:0");
    redisAppendCommand(c, "XADD n:g * t 1795177200123 k %s m %s c %s", "spring-drop|EUR|mug-red:1:1290:3", entry,
                       "mug-red 999999999:1:0:1000000000:0:0:0:0:0:0:0");
    return 8;
}

static void native(size_t batch)
{
    redisContext *c = dial();
    struct histogram h = {0};
    uint64_t requests = 0, began = now_us();
    command(c, "HSET n:c mug-red 1000000000:0:0:1000000000:0:0:0:0:0:0:0");
    while (now_us() < until_us) {
        uint64_t sent = now_us();
        for (int replies = native_send(c, requests, batch); replies > 0; replies--)
            reply_drop(c);
        histogram_add(&h, (int64_t)(now_us() - sent));
        requests += batch;
    }
    report(requests, 0, began, &h);
    redisFree(c);
}

/* ---- a lean script ---- */

static const char lean[] = "local free=tonumber(redis.call('HGET',KEYS[1],ARGV[4]..':free') or '0') "
                           "local units=tonumber(ARGV[5]) "
                           "if redis.call('HEXISTS',KEYS[2],ARGV[1])==1 then return 1 end "
                           "if free<units then return -1 end "
                           "redis.call('HINCRBY',KEYS[1],ARGV[4]..':free',-units) "
                           "redis.call('HINCRBY',KEYS[1],ARGV[4]..':held',units) "
                           "redis.call('HSET',KEYS[2],ARGV[1],'H|'..ARGV[2]..'|'..ARGV[3]..'|'..ARGV[4]..':'..ARGV[5]) "
                           "redis.call('ZADD',KEYS[3],ARGV[3],ARGV[1]) "
                           "redis.call('XADD',KEYS[4],'*','m','R '..ARGV[1]..' '..ARGV[2]..' '..ARGV[4]..':'..ARGV[5]) "
                           "return 0";

static void evalsha(size_t under_way_max)
{
    static uint64_t sent[1024];
    redisContext *c = dial();
    struct histogram h = {0};
    uint64_t asked = 0, answered = 0, began = now_us();
    redisAppendCommand(c, "SCRIPT LOAD %s", lean);
    redisReply *loaded = reply_next(c);
    command(c, "HSET e:c mug-red:free 1000000000");
    while (now_us() < until_us || answered < asked) {
        while (asked - answered < under_way_max && now_us() < until_us) {
            redisAppendCommand(c, "EVALSHA %s 4 e:c e:h e:x e:g h_%s%06llx v_%06llx 1795177500123 mug-red 1",
                               loaded->str, run_id, (unsigned long long)asked,
                               (unsigned long long)(asked * 2654435761u % 1000000));
            sent[asked++ % ARRAY_LEN(sent)] = now_us();
        }
        if (answered == asked)
            break;
        redisReply *reply = reply_next(c);
        if (reply->integer != 0)
            exit(2);
        freeReplyObject(reply);
        histogram_add(&h, (int64_t)(now_us() - sent[answered++ % ARRAY_LEN(sent)]));
    }
    report(answered, 0, began, &h);
    freeReplyObject(loaded);
    redisFree(c);
}

/* ---- many connections ---- */

struct buyer {
    pthread_t thread;
    size_t number;
    bool watches;
    uint64_t done, aborted;
    struct histogram h;
};

static bool watch_once(redisContext *c, size_t buyer, uint64_t n)
{
    redisAppendCommand(c, "WATCH w:stock");
    redisAppendCommand(c, "GET w:stock");
    reply_drop(c);
    redisReply *left = reply_next(c);
    if (atoll(left->str) < 1)
        exit(2);
    freeReplyObject(left);
    redisAppendCommand(c, "MULTI");
    redisAppendCommand(c, "DECRBY w:stock 1");
    redisAppendCommand(c, "HSET w:hold %llu-%llu v", (unsigned long long)buyer, (unsigned long long)n);
    redisAppendCommand(c, "EXEC");
    for (int i = 0; i < 3; i++)
        reply_drop(c);
    redisReply *done = reply_next(c);
    bool won = done->type == REDIS_REPLY_ARRAY;
    freeReplyObject(done);
    return won;
}

static void *buyer_run(void *arg)
{
    struct buyer *b = arg;
    redisContext *c = dial();
    while (now_us() < until_us) {
        uint64_t began = now_us();
        if (b->watches) {
            while (!watch_once(c, b->number, b->done) && now_us() < until_us)
                b->aborted++;
        } else {
            command(c, "DECR d:stock");
        }
        b->done++;
        histogram_add(&b->h, (int64_t)(now_us() - began));
    }
    redisFree(c);
    return NULL;
}

static void many(size_t conns, bool watches)
{
    static struct buyer buyers[CONNS_MAX];
    static struct histogram all;
    redisContext *c = dial();
    command(c, watches ? "SET w:stock 1000000000" : "SET d:stock 1000000000");
    uint64_t began = now_us(), done = 0, aborted = 0;
    for (size_t i = 0; i < conns; i++) {
        buyers[i] = (struct buyer){.number = i, .watches = watches};
        if (pthread_create(&buyers[i].thread, NULL, buyer_run, &buyers[i]) != 0)
            exit(2);
    }
    for (size_t i = 0; i < conns; i++) {
        pthread_join(buyers[i].thread, NULL);
        done += buyers[i].done;
        aborted += buyers[i].aborted;
        histogram_merge(&all, &buyers[i].h);
    }
    report(done, aborted, began, &all);
    redisFree(c);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: liveshelf-stock-peers SOCKET native|evalsha|watch|decr LAST_MS [N]\n");
        return 2;
    }
    const char *mode = argv[2];
    size_t n = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 0;
    socket_path = argv[1];
    snprintf(run_id, sizeof run_id, "%08llx", (unsigned long long)time(NULL));
    until_us = now_us() + (uint64_t)(strtod(argv[3], NULL) * 1000);
    if (strcmp(mode, "native") == 0)
        native(n == 0 ? 128 : n < BATCH_MAX ? n : BATCH_MAX);
    else if (strcmp(mode, "evalsha") == 0)
        evalsha(n == 0 ? 64 : n < 1024 ? n : 1024);
    else if (strcmp(mode, "watch") == 0 || strcmp(mode, "decr") == 0)
        many(n == 0 ? 32 : n < CONNS_MAX ? n : CONNS_MAX, mode[0] == 'w');
    else
        return 2;
    return 0;
}
