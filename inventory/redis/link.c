#include "inventory/redis/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/hiredis_uv.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/resp.h"

struct call {
    struct link *link;
    link_reply *reply;
    void *arg;
};

static void link_timer_fired(uv_timer_t *timer);
static void link_connect(struct link *l);
static void link_connect_to(struct link *l, redisAsyncContext *redis);
static void link_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found);
static void link_connected(const redisAsyncContext *redis, int status);
static void link_disconnected(const redisAsyncContext *redis, int status);

static int64_t link_now(const struct link *l) { return (int64_t)uv_now(l->loop); }

/* ---- opening ---- */

enum result link_open(struct link *l)
{
    if (uv_timer_init(l->loop, &l->timer) != 0)
        return RESULT_IO;
    l->timer.data = l;
    l->timer_is_open = true;
    l->state = LINK_WAITING;
    rng_seed(&l->rng, l->seed);
    snprintf(l->reason, sizeof l->reason, "not connected yet");
    uv_timer_start(&l->timer, link_timer_fired, 0, 0);
    return RESULT_OK;
}

/* Doubles up to the maximum; half of it by chance, so that many nodes do not come back at once. */
static void link_back_off(struct link *l)
{
    uint64_t ms = LINK_BACK_OFF_MAX_MS;
    if (l->attempts < 7)
        ms = (uint64_t)LINK_BACK_OFF_MIN_MS << l->attempts;
    l->attempts++;
    l->state = LINK_WAITING;
    uv_timer_start(&l->timer, link_timer_fired, ms / 2 + rng_below(&l->rng, ms / 2 + 1), 0);
}

static void link_connect(struct link *l)
{
    l->state = LINK_LOOKING_UP;
    uv_timer_start(&l->timer, link_timer_fired, (uint64_t)l->connect_ms, 0);
    if (l->url->path[0] != '\0') {
        link_connect_to(l, redisAsyncConnectUnix(l->url->path));
        return;
    }
    if (l->is_looking_up)
        return; /* the last look-up is still under way; it goes on from there */
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    int status = uv_getaddrinfo(l->loop, &l->lookup, link_looked_up, l->url->host, l->url->port, &hints);
    l->lookup.data = l;
    l->is_looking_up = status == 0;
    if (status != 0)
        link_drop(l, uv_strerror(status));
}

static void link_finish_close(struct link *l)
{
    if (l->closed != NULL && !l->is_looking_up && !l->timer_is_open)
        l->closed(l);
}

/* Tries one address, another one each time: a name may stand for several servers. */
static void link_connect_found(struct link *l, const struct addrinfo *found)
{
    size_t count = 0;
    for (const struct addrinfo *at = found; at != NULL; at = at->ai_next)
        count++;
    const struct addrinfo *chosen = found;
    for (size_t skip = l->attempts % count; skip > 0; skip--)
        chosen = chosen->ai_next;
    char address[64] = "";
    if (chosen->ai_family == AF_INET6)
        uv_ip6_name((const struct sockaddr_in6 *)(const void *)chosen->ai_addr, address, sizeof address);
    else
        uv_ip4_name((const struct sockaddr_in *)(const void *)chosen->ai_addr, address, sizeof address);
    link_connect_to(l, redisAsyncConnect(address, atoi(l->url->port)));
}

static void link_looked_up(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found)
{
    struct link *l = lookup->data;
    l->is_looking_up = false;
    if (l->closed != NULL)
        link_finish_close(l);
    else if (l->state == LINK_LOOKING_UP && status == 0 && found != NULL)
        link_connect_found(l, found);
    else if (l->state == LINK_LOOKING_UP)
        link_drop(l, status == 0 ? "the host has no address" : uv_strerror(status));
    uv_freeaddrinfo(found);
}

static void link_connect_to(struct link *l, redisAsyncContext *redis)
{
    char why[LINK_REASON_MAX];
    if (redis == NULL || redis->err != 0 || hiredis_uv_attach(redis, l->loop) != RESULT_OK) {
        snprintf(why, sizeof why, "%s", redis == NULL || redis->err == 0 ? "no memory" : redis->errstr);
        if (redis != NULL)
            redisAsyncFree(redis);
        link_drop(l, why);
        return;
    }
    l->state = LINK_CONNECTING;
    l->redis = redis;
    l->calls_open = 0;
    redis->data = l;
    redisAsyncSetDisconnectCallback(redis, link_disconnected);
    redisAsyncSetConnectCallback(redis, link_connected);
}

static void link_log_in(void *arg, redisReply *reply)
{
    struct link *l = arg;
    if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
        return; /* lost: told elsewhere; accepted: what was sent behind it is on its way */
    char why[LINK_REASON_MAX];
    snprintf(why, sizeof why, "log-in refused: %.150s", reply->str);
    link_drop(l, why);
}

static void link_connected(const redisAsyncContext *redis, int status)
{
    struct link *l = redis->data;
    if (l == NULL || l->redis != redis)
        return;
    if (status != REDIS_OK) {
        l->redis = NULL; /* hiredis frees it after this */
        link_drop(l, redis->errstr);
        return;
    }
    l->state = LINK_BEGINNING;
    struct bytes command = {0};
    char db[16];
    snprintf(db, sizeof db, "%u", l->url->db);
    bool sent = true;
    if (l->url->password[0] != '\0') {
        resp_command(&command, "AUTH", l->url->user[0] == '\0' ? "default" : l->url->user, l->url->password, NULL);
        sent = link_send(l, &command, link_log_in, l);
        bytes_clear(&command);
    }
    if (l->url->db != 0) {
        resp_command(&command, "SELECT", db, NULL);
        sent = sent && link_send(l, &command, link_log_in, l);
    }
    bytes_finish(&command);
    if (!sent || !l->begin(l))
        l->state = LINK_CONNECTING; /* hiredis 0.14 must not be dropped from inside this call; the timer does it */
}

void link_is_up(struct link *l)
{
    MUST(l->state == LINK_BEGINNING);
    l->state = LINK_UP;
    l->ups++;
    l->is_suspect = false;
    l->progress_ms = link_now(l);
    l->reason[0] = '\0';
    uint64_t every = (uint64_t)l->silence_ms / 4 + 1;
    uv_timer_start(&l->timer, link_timer_fired, every, every);
    log_info("redis.up", "link=%s redis=%s times=%u", l->name, log_quote(l->url->name), l->ups);
    l->up(l);
}

/* ---- losing ---- */

static void link_lost(struct link *l, const char *reason)
{
    bool is_news = l->state == LINK_UP || strcmp(l->reason, reason) != 0;
    snprintf(l->reason, sizeof l->reason, "%s", reason);
    if (is_news)
        log_warn("redis.down", "link=%s redis=%s reason=%s", l->name, log_quote(l->url->name), log_quote(reason));
    link_back_off(l);
    l->down(l, l->reason);
}

void link_drop(struct link *l, const char *reason)
{
    if (l->state == LINK_OFF || l->state == LINK_WAITING)
        return;
    redisAsyncContext *redis = l->redis;
    l->redis = NULL;
    link_lost(l, reason);
    if (redis != NULL) {
        redis->data = NULL;
        redisAsyncFree(redis);
    }
}

/* hiredis gave up and frees the context after this. */
static void link_disconnected(const redisAsyncContext *redis, int status)
{
    struct link *l = redis->data;
    if (l == NULL || l->redis != redis)
        return;
    l->redis = NULL;
    link_lost(l, status == REDIS_OK || redis->errstr == NULL ? "connection closed" : redis->errstr);
}

/* ---- the watch ---- */

static void link_watch(struct link *l)
{
    int64_t silent_ms = link_now(l) - l->progress_ms;
    if (l->calls_open == 0) {
        struct bytes ping = {0};
        resp_command(&ping, "PING", NULL);
        if (silent_ms * 2 > l->silence_ms && !link_send(l, &ping, NULL, NULL))
            link_drop(l, "nothing could be sent");
        bytes_finish(&ping);
        return;
    }
    if (silent_ms <= l->silence_ms) {
        l->is_suspect = false;
        return;
    }
    if (l->is_suspect)
        link_drop(l, "no answer in time");
    l->is_suspect = true; /* answers may lie in the socket, unread: look once more after the next turn */
}

static void link_timer_fired(uv_timer_t *timer)
{
    struct link *l = timer->data;
    if (l->state == LINK_UP)
        link_watch(l);
    else if (l->state == LINK_WAITING)
        link_connect(l);
    else
        link_drop(l,
                  l->state == LINK_LOOKING_UP ? "the host's address was not found in time" : "no connection in time");
}

/* ---- calls ---- */

static void call_replied(redisAsyncContext *redis, void *reply, void *arg)
{
    struct call *call = arg;
    struct link *l = call->link;
    redisReply *r = reply;
    if (l->redis == redis && r != NULL) {
        l->calls_open--;
        l->progress_ms = link_now(l);
        l->is_suspect = false;
        if (l->state == LINK_UP && r->type != REDIS_REPLY_ERROR)
            l->attempts = 0;
    }
    struct call copy = *call;
    free(call);
    if (copy.reply != NULL)
        copy.reply(copy.arg, r);
}

bool link_send(struct link *l, const struct bytes *command, link_reply *reply, void *arg)
{
    if (l->redis == NULL || bytes_result(command) != RESULT_OK)
        return false;
    struct call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return false;
    *call = (struct call){l, reply, arg};
    if (redisAsyncFormattedCommand(l->redis, call_replied, call, command->data, command->len) != REDIS_OK) {
        free(call);
        return false;
    }
    if (l->calls_open++ == 0)
        l->progress_ms = link_now(l);
    metric_add(&redis_metrics.calls, 1);
    return true;
}

bool link_settle(struct link *l)
{
    struct bytes command = {0};
    resp_command(&command, "SET", "ls:up", "1", NULL);
    bool sent = link_send(l, &command, NULL, NULL);
    bytes_finish(&command);
    return sent;
}

void link_flush(struct link *l)
{
    if (l->redis != NULL && l->calls_open > 0 && l->state == LINK_UP)
        redisAsyncHandleWrite(l->redis); /* saves waiting for "writable"; may end in link_disconnected */
}

void link_read(struct link *l)
{
    if (l->redis != NULL && l->calls_open > 0 && l->state == LINK_UP)
        redisAsyncHandleRead(l->redis); /* may end in link_disconnected */
}

/* ---- closing ---- */

static void link_timer_closed(uv_handle_t *timer)
{
    struct link *l = timer->data;
    l->timer_is_open = false;
    link_finish_close(l);
}

void link_close(struct link *l, void (*closed)(struct link *l))
{
    l->closed = closed;
    l->state = LINK_OFF;
    redisAsyncContext *redis = l->redis;
    l->redis = NULL;
    if (redis != NULL) {
        redis->data = NULL;
        redisAsyncFree(redis);
    }
    if (l->is_looking_up)
        uv_cancel((uv_req_t *)&l->lookup);
    if (l->timer_is_open)
        uv_close((uv_handle_t *)&l->timer, link_timer_closed);
    else
        link_finish_close(l);
}
