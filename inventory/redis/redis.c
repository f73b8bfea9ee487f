#include "inventory/redis/redis.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

#define WAIT_REPLICAS_SHARE 2 /* WAIT gives up after silence_ms divided by this, before the link itself does */

static void node_turn(uv_prepare_t *turn);
static void node_deadline(uv_timer_t *timer);

/* ---- waiters ---- */

void node_wake(struct redis_node *n)
{
    if (!n->is_closing)
        uv_prepare_start(&n->turn, node_turn);
}

void node_post(struct redis_node *n, struct waiter *w)
{
    list_push_back(&n->posted, &w->link);
    node_wake(n);
}

static void node_arm(struct redis_node *n)
{
    if (list_is_empty(&n->deadlines) || n->is_closing) {
        uv_timer_stop(&n->clock);
        return;
    }
    const struct waiter *first = container_of(n->deadlines.next, struct waiter, link);
    int64_t ms = first->at_ms - (int64_t)uv_now(n->config.loop);
    uv_timer_start(&n->clock, node_deadline, ms < 0 ? 0 : (uint64_t)ms, 0);
}

void node_expect(struct redis_node *n, struct waiter *w)
{
    w->at_ms = (int64_t)uv_now(n->config.loop) + n->config.request_ms;
    list_push_back(&n->deadlines, &w->link);
    if (!uv_is_active((uv_handle_t *)&n->clock))
        node_arm(n);
}

static void fire(struct waiter *w)
{
    list_remove(&w->link);
    w->fire(w);
}

/* Lazily kept: it may fire for a waiter that was answered long ago, and looks for the next one then. */
static void node_deadline(uv_timer_t *timer)
{
    struct redis_node *n = timer->data;
    int64_t now_ms = (int64_t)uv_now(n->config.loop);
    while (!list_is_empty(&n->deadlines)) {
        struct waiter *w = container_of(n->deadlines.next, struct waiter, link);
        if (w->at_ms > now_ms)
            break;
        fire(w);
    }
    node_arm(n);
}

static void node_fire_posted(struct redis_node *n)
{
    struct list posted;
    list_init(&posted);
    list_for_each (at, &n->posted)
        list_move(&posted, at); /* what is posted meanwhile waits for the next turn */
    while (!list_is_empty(&posted))
        fire(container_of(posted.next, struct waiter, link));
}

static void node_turn(uv_prepare_t *turn)
{
    struct redis_node *n = turn->data;
    uv_prepare_stop(turn);
    node_fire_posted(n);
    if (n->is_closing)
        return;
    batcher_turn(n);
    tail_turn(n);
    link_flush(&n->command); /* last: losing the link here unsettles nobody */
}

void redis_node_flush(struct redis_node *n)
{
    if (n->is_closing)
        return;
    link_read(&n->command);
    if (uv_is_active((const uv_handle_t *)&n->turn))
        node_turn(&n->turn);
}

/* ---- replicas ---- */

bool node_waits_for_replicas(const struct redis_node *n) { return n->config.durability == REDIS_REPLICATED; }

static void mark_replied(void *arg, redisReply *reply) { (void)arg, (void)reply; }

/* WAIT covers what this connection wrote, and since Redis 7.2 nothing else. A call that is asked again on a new connection
 * is a replay and writes nothing: the replicas would be called up to date without its first writes. So something is
 * written behind every call: a message that nobody hears goes to the replicas, and into no file. */
static bool send_mark(struct redis_node *n)
{
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "PUBLISH", "ls:wait", "", NULL);
    return link_send(&n->command, &n->scratch, mark_replied, NULL);
}

bool node_send_wait(struct redis_node *n, link_reply *reply, void *arg)
{
    char replicas[16], ms[24];
    if (!send_mark(n))
        return false;
    snprintf(replicas, sizeof replicas, "%u", n->config.replicas);
    snprintf(ms, sizeof ms, "%lld", (long long)(n->config.silence_ms / WAIT_REPLICAS_SHARE));
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "WAIT", replicas, ms, NULL);
    return link_send(&n->command, &n->scratch, reply, arg);
}

bool node_replicas_have_it(const struct redis_node *n, const redisReply *reply)
{
    return reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer >= (long long)n->config.replicas;
}

int64_t node_time(const struct redis_node *n) { return n->config.now_ms == NULL ? 0 : n->config.now_ms(n->config.ctx); }

/* ---- ready ---- */

void node_tell(struct redis_node *n, bool ready, const char *reason)
{
    if (n->is_closing || (ready == n->is_ready && strcmp(reason, n->reason) == 0))
        return;
    n->is_ready = ready;
    snprintf(n->reason, sizeof n->reason, "%s", reason);
    metric_set(&redis_metrics.ready, ready);
    if (n->config.ready != NULL)
        n->config.ready(n->config.ctx, ready, n->reason);
}

static void command_up(struct link *l)
{
    struct redis_node *n = l->owner;
    batcher_up(n);
    node_wake(n);
    node_tell(n, true, "");
}

static void command_down(struct link *l, const char *reason)
{
    struct redis_node *n = l->owner;
    if (n->is_ready)
        metric_add(&redis_metrics.reconnects, 1);
    n->tail.is_unblocking = false;
    node_tell(n, false, reason);
}

bool redis_is_ready(const struct redis_node *n, const char **ret_reason)
{
    if (ret_reason != NULL)
        *ret_reason = n->reason;
    return n->is_ready;
}

/* ---- creating ---- */

static struct link node_link(struct redis_node *n, const char *name)
{
    return (struct link){.loop = n->config.loop,
                         .url = &n->url,
                         .name = name,
                         .connect_ms = n->config.connect_ms,
                         .silence_ms = n->config.silence_ms,
                         .seed = n->config.seed,
                         .owner = n};
}

static void config_complete(struct redis_config *c)
{
    c->request_ms = c->request_ms == 0 ? REDIS_REQUEST_MS : c->request_ms;
    c->connect_ms = c->connect_ms == 0 ? REDIS_CONNECT_MS : c->connect_ms;
    c->silence_ms = c->silence_ms == 0 ? REDIS_SILENCE_MS : c->silence_ms;
    c->queue_max = c->queue_max == 0 ? REDIS_QUEUE_MAX : c->queue_max;
    c->replicas = c->replicas == 0 ? 1 : c->replicas;
    c->url = NULL; /* borrowed for create only */
}

static void node_setup(struct redis_node *n)
{
    list_init(&n->posted);
    list_init(&n->deadlines);
    list_init(&n->calls);
    batcher_setup(n);
    tail_setup(n);
    ledger_setup(n);
    log_redis_setup(n);
    store_redis_setup(n);
    feed_redis_setup(n);
    snprintf(n->reason, sizeof n->reason, "not connected yet");
    n->command = node_link(n, "command");
    n->command.begin = setup_begin;
    n->command.up = command_up;
    n->command.down = command_down;
    n->news = node_link(n, "news");
    n->news.seed ^= 1;
    n->news.silence_ms += TAIL_BLOCK_MS; /* silence is normal while a read blocks */
    n->news.begin = tail_begin;
    n->news.up = tail_up;
    n->news.down = tail_down;
}

/* hiredis 0.14 writes to sockets with write(): without this a connection closed by Redis would end the process. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

enum result redis_node_create(const struct redis_config *config, struct redis_node **ret, const char **ret_why)
{
    struct redis_node *n = calloc(1, sizeof *n);
    enum result result = n == NULL ? RESULT_NO_MEMORY : redis_url_parse(config->url, &n->url, ret_why);
    if (result != RESULT_OK) {
        free(n);
        return result;
    }
    ignore_broken_pipes();
    n->config = *config;
    config_complete(&n->config);
    node_setup(n);
    /* None of these can fail but for a loop that is no loop. */
    MUST(uv_prepare_init(config->loop, &n->turn) == 0 && uv_timer_init(config->loop, &n->clock) == 0);
    n->turn.data = n->clock.data = n;
    MUST(link_open(&n->command) == RESULT_OK && link_open(&n->news) == RESULT_OK);
    *ret = n;
    return RESULT_OK;
}

struct inventory *redis_inventory(struct redis_node *n) { return &n->inventory; }
struct log *redis_log(struct redis_node *n) { return &n->log; }
struct ledger *redis_ledger(struct redis_node *n) { return &n->ledger; }
struct store *redis_store(struct redis_node *n) { return &n->store; }
struct feed *redis_feed(struct redis_node *n) { return &n->feed; }

/* ---- closing ---- */

static void node_handle_closed(struct redis_node *n)
{
    if (--n->handles_open > 0)
        return;
    void (*closed)(void *ctx) = n->closed;
    void *ctx = n->closed_ctx;
    batcher_finish(n);
    entry_room_finish(&n->tail.room);
    free(n->tail.slots);
    bytes_finish(&n->scratch);
    free(n);
    if (closed != NULL)
        closed(ctx);
}

static void node_uv_closed(uv_handle_t *handle) { node_handle_closed(handle->data); }
static void node_link_closed(struct link *l) { node_handle_closed(l->owner); }

void redis_node_close(struct redis_node *n, void (*closed)(void *ctx), void *ctx)
{
    n->is_closing = true;
    n->closed = closed;
    n->closed_ctx = ctx;
    batcher_close(n);
    calls_close(n);
    tail_close(n);
    while (!list_is_empty(&n->posted)) /* those told above may ask once more; they hear `unavailable` */
        node_fire_posted(n);
    n->handles_open = 4;
    uv_close((uv_handle_t *)&n->turn, node_uv_closed);
    uv_close((uv_handle_t *)&n->clock, node_uv_closed);
    link_close(&n->command, node_link_closed);
    link_close(&n->news, node_link_closed);
}
