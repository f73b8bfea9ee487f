/* inventory/redis/inventory_redis.c - stock requests, gathered into calls of ls_exec.
 *
 *   batcher_ask       joins the lane of its shop
 *   batcher_turn      at the end of the turn: each lane without a batch sends all that waits, at most BATCH_MAX
 *   batch_replied     the answers are put into the requests; a lost connection or "not now" keeps the batch,
 *                     and the very same bytes go out when the link is up again
 *   batch_settled     everyone still waiting is answered; the lane's next batch may go
 *   ask_overdue       `request_ms` are over: nobody knows (sent), or it never happened (not sent)
 *   lane_checked      the link is up again: is the ledger still what this lane was answered last? If not, acknowledged stock was
 *                     lost, and what waits would take units that are about to be put back: everyone waiting hears so
 *
 * There is no timer: a lone request goes out at once, and while a batch is on its way the next one grows by itself. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/exec.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"
#include "inventory/redis/reply.h"
#include "inventory/redis/resp.h"

struct batch;
struct lane {          /* of one shop */
    struct list due;   /* in n->lanes_due, when there is something to send */
    struct list queue; /* of struct ask */
    struct redis_node *node;
    struct batch *batch;                 /* sent, or to be sent again */
    struct bytes head;                   /* FCALL ls_exec and the keys */
    char key[KEY_MAX];                   /* of its ledger */
    char last_id[LEDGER_ID_LEN_MAX + 1]; /* of the newest entry an answer spoke of; "" none */
    bool is_checking;                    /* nothing is sent until lane_checked */
};

struct ask {          /* what a request keeps in `impl` */
    struct list link; /* in the lane's queue */
    struct waiter waiter;
    struct lane *lane;
    struct batch *batch; /* NULL: still in the queue */
};
_Static_assert(sizeof(struct ask) <= sizeof((struct inventory_request *)0)->impl, "an ask fits into `impl`");

struct batch {
    struct lane *lane;
    size_t count, live;                            /* live: somebody still waits */
    struct inventory_request *requests[BATCH_MAX]; /* NULL: answered already */
    struct bytes command;
    uint64_t sent_ns;
    unsigned replies_open;  /* of the link; the batch is kept until they came */
    bool is_answered;       /* the requests carry their results; only the replicas are waited for */
    bool may_have_happened; /* was out on a connection that is gone */
};

static void lane_checked(void *arg, redisReply *reply);
static void batch_send(struct redis_node *n, struct batch *b);
static void batch_replied(void *arg, redisReply *reply);
static void batch_waited(void *arg, redisReply *reply);
static void batch_settled(struct batch *b);
static void ask_overdue(struct waiter *w);

static struct ask *ask_of(struct inventory_request *r) { return (struct ask *)(void *)r->impl; }
static struct inventory_request *request_of(struct ask *a) { return container_of(a, struct inventory_request, impl); }

/* ---- asking ---- */

static struct lane *lane_create(struct redis_node *n, const char *shop)
{
    struct lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL)
        return NULL;
    lane->node = n;
    list_init(&lane->queue);
    key_stock(lane->key, shop, 'g');
    resp_word(&lane->head, "FCALL");
    resp_word(&lane->head, "ls_exec");
    resp_number(&lane->head, STOCK_KEYS);
    for (size_t i = 0; i < STOCK_KEYS; i++) {
        char key[KEY_MAX];
        key_stock(key, shop, stock_key_letters[i]);
        resp_word(&lane->head, key);
    }
    if (bytes_result(&lane->head) == RESULT_OK && map_set(&n->lanes, shop, lane) == RESULT_OK)
        return lane;
    bytes_finish(&lane->head);
    free(lane);
    return NULL;
}

static void lane_is_due(struct lane *lane)
{
    if (!list_is_linked(&lane->due))
        list_push_back(&lane->node->lanes_due, &lane->due);
    node_wake(lane->node);
}

static void ask_refused_full(struct waiter *w)
{
    struct inventory_request *r = request_of(container_of(w, struct ask, waiter));
    r->result = RESULT_FULL;
    r->done(r);
}

static void ask_refused_closing(struct waiter *w)
{
    struct inventory_request *r = request_of(container_of(w, struct ask, waiter));
    r->result = RESULT_UNAVAILABLE;
    r->done(r);
}

static void batcher_ask(struct inventory *inventory, struct inventory_request *r)
{
    struct redis_node *n = container_of(inventory, struct redis_node, inventory);
    struct ask *a = ask_of(r);
    *a = (struct ask){0};
    if (n->is_closing) {
        a->waiter.fire = ask_refused_closing;
        node_post(n, &a->waiter);
        return;
    }
    struct lane *lane = map_get(&n->lanes, r->shop.text);
    if (lane == NULL)
        lane = lane_create(n, r->shop.text);
    if (lane == NULL || n->queued >= n->config.queue_max) {
        metric_add(&redis_metrics.refused_full, 1);
        a->waiter.fire = ask_refused_full;
        node_post(n, &a->waiter);
        return;
    }
    n->queued++;
    a->lane = lane;
    a->waiter.fire = ask_overdue;
    node_expect(n, &a->waiter);
    list_push_back(&lane->queue, &a->link);
    lane_is_due(lane);
}

static enum result batch_write(struct redis_node *n, struct batch *b)
{
    exec_write(&b->command, &b->lane->head, &n->scratch, node_time(n), b->requests, b->count);
    return bytes_result(&b->command);
}

/* ---- sending ---- */

static void batch_destroy(struct batch *b)
{
    MUST(b->replies_open == 0);
    b->lane->batch = NULL;
    bytes_finish(&b->command);
    free(b);
}

static struct batch *batch_create(struct lane *lane)
{
    struct batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->lane = lane;
    list_for_each (at, &lane->queue) {
        if (b->count == BATCH_MAX)
            break;
        struct ask *a = container_of(at, struct ask, link);
        list_remove(at);
        a->batch = b;
        b->requests[b->count++] = request_of(a);
    }
    b->live = b->count;
    lane->batch = b;
    metric_observe(&redis_metrics.batch_size, (double)b->count);
    return b;
}

static void batch_send(struct redis_node *n, struct batch *b)
{
    if (!link_send(&n->command, &b->command, batch_replied, b))
        return; /* the link is about to be dropped; when it is up again all lanes are due */
    b->replies_open++;
    b->is_answered = false;
    b->sent_ns = uv_hrtime();
    if (b->may_have_happened)
        metric_add(&redis_metrics.resent, 1);
    if (!node_waits_for_replicas(n))
        return;
    MUST(node_send_wait(n, batch_waited, b)); /* a link that took a command takes the next */
    b->replies_open++;
}

static void lane_send(struct redis_node *n, struct lane *lane)
{
    if (lane->is_checking)
        return;
    if (lane->batch == NULL && !list_is_empty(&lane->queue)) {
        struct batch *b = batch_create(lane);
        MUST(b == NULL || batch_write(n, b) == RESULT_OK); /* a batch is far smaller than a buffer may be */
    }
    if (lane->batch != NULL && lane->batch->replies_open == 0)
        batch_send(n, lane->batch);
}

void batcher_turn(struct redis_node *n)
{
    metric_set(&redis_metrics.queued, n->queued);
    if (n->command.state != LINK_UP)
        return;
    list_for_each (at, &n->lanes_due) {
        list_remove(at);
        lane_send(n, container_of(at, struct lane, due));
    }
}

/* ---- answers ---- */

static void request_end(struct redis_node *n, struct inventory_request *r, enum result result)
{
    struct ask *a = ask_of(r);
    list_remove(&a->link);
    list_remove(&a->waiter.link);
    n->queued--;
    r->result = result;
    r->done(r);
}

/* The connection went, or said "not now". The batch waits for the next one, unless nobody waits for it. */
static void batch_keep(struct batch *b)
{
    if (b->replies_open == 0 && b->live == 0)
        batch_destroy(b);
}

static void batch_answered(struct batch *b)
{
    b->is_answered = true;
    if (b->replies_open == 0)
        batch_settled(b);
}

static void batch_failed(struct batch *b, enum result result, const char *why)
{
    log_error("redis.batch_failed", "requests=%zu error=%s", b->count, log_quote(why));
    for (size_t i = 0; i < b->count; i++)
        if (b->requests[i] != NULL)
            b->requests[i]->result = result;
    batch_answered(b);
}

static void batch_replied(void *arg, redisReply *reply)
{
    struct batch *b = arg;
    struct redis_node *n = b->lane->node;
    b->replies_open--;
    if (reply == NULL) {
        b->may_have_happened = true;
        batch_keep(b);
        return;
    }
    metric_observe(&redis_metrics.round_trip, (double)(uv_hrtime() - b->sent_ns) / 1e9);
    if (reply->type == REDIS_REPLY_ERROR && reply_error_passes(reply->str)) {
        batch_keep(b);
        link_drop(&n->command, reply->str); /* nothing was done; the next connection proves itself first */
    } else if (reply->type == REDIS_REPLY_ERROR) {
        batch_failed(b, reply_error_refuses(reply->str) ? RESULT_UNAVAILABLE : RESULT_NO_ANSWER, reply->str);
    } else if (reply_parse(reply, b->requests, b->count) != RESULT_OK) {
        batch_failed(b, RESULT_NO_ANSWER, "the reply cannot be read");
    } else {
        batch_answered(b);
    }
}

/* Behind batch_replied, where replicas must have each write. */
static void batch_waited(void *arg, redisReply *reply)
{
    struct batch *b = arg;
    struct redis_node *n = b->lane->node;
    b->replies_open--;
    if (b->is_answered && node_replicas_have_it(n, reply)) {
        batch_settled(b);
        return;
    }
    b->may_have_happened |= b->is_answered;
    bool too_few = b->is_answered && reply != NULL;
    batch_keep(b);
    if (too_few)
        link_drop(&n->command, "too few replicas have the last write");
}

/* All requests of a call are told of the same entry. */
static void lane_remember(struct lane *lane, struct inventory_request *const *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct inventory_request *r = requests[i];
        if (r == NULL || r->result != RESULT_OK || r->ledger_id[0] == '\0')
            continue;
        memcpy(lane->last_id, r->ledger_id, sizeof lane->last_id);
        return;
    }
}

/* The requests carry their results. The lane is free before anyone is told: they may ask again. */
static void batch_settled(struct batch *b)
{
    struct lane *lane = b->lane;
    struct redis_node *n = lane->node;
    struct inventory_request *requests[BATCH_MAX];
    size_t count = b->count;
    memcpy(requests, b->requests, count * sizeof *requests);
    lane_remember(lane, requests, count);
    for (size_t i = 0; i < count; i++)
        if (requests[i] != NULL)
            list_remove(&ask_of(requests[i])->waiter.link);
    batch_destroy(b);
    if (!list_is_empty(&lane->queue))
        lane_is_due(lane);
    for (size_t i = 0; i < count; i++)
        if (requests[i] != NULL)
            request_end(n, requests[i], requests[i]->result);
}

/* ---- giving up ---- */

/* Takes a request out of its batch; a batch nobody waits for is not sent again. */
static enum result batch_leave(struct batch *b, const struct inventory_request *r)
{
    bool may_have_happened = b->replies_open > 0 || b->may_have_happened;
    for (size_t i = 0; i < b->count; i++)
        if (b->requests[i] == r)
            b->requests[i] = NULL;
    b->live--;
    batch_keep(b);
    return may_have_happened ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE;
}

static void ask_give_up(struct ask *a)
{
    struct inventory_request *r = request_of(a);
    enum result result = a->batch == NULL ? RESULT_UNAVAILABLE : batch_leave(a->batch, r);
    metric_add(&redis_metrics.timeouts, 1);
    request_end(a->lane->node, r, result);
}

/* Those who ask again from inside their answer wait for a later turn. */
static void lane_give_up(struct lane *lane)
{
    struct list waiting;
    list_init(&waiting);
    list_for_each (at, &lane->queue)
        list_move(&waiting, at);
    for (size_t i = 0; lane->batch != NULL && i < BATCH_MAX; i++)
        if (lane->batch->requests[i] != NULL)
            ask_give_up(ask_of(lane->batch->requests[i]));
    while (!list_is_empty(&waiting))
        ask_give_up(container_of(waiting.next, struct ask, link));
}

static void ask_overdue(struct waiter *w) { ask_give_up(container_of(w, struct ask, waiter)); }

void batcher_setup(struct redis_node *n)
{
    map_init(&n->lanes, LANES_MAX);
    list_init(&n->lanes_due);
    n->inventory.ask = batcher_ask;
}

/* False: the link is about to be dropped, or there is nothing to compare with. */
static bool lane_check(struct redis_node *n, struct lane *lane)
{
    if (lane->last_id[0] == '\0')
        return false;
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "XRANGE", lane->key, lane->last_id, lane->last_id, NULL);
    return link_send(&n->command, &n->scratch, lane_checked, lane);
}

static void lane_checked(void *arg, redisReply *reply)
{
    struct lane *lane = arg;
    lane->is_checking = false;
    if (reply == NULL)
        return; /* compared again after the next connect */
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 0) {
        log_warn("redis.history_lost", "key=%s answered=%s", log_quote(lane->key), lane->last_id);
        lane->last_id[0] = '\0';
        lane_give_up(lane);
    }
    lane_is_due(lane);
}

void batcher_up(struct redis_node *n)
{
    const char *shop = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&n->lanes, &at, &shop, &value);) {
        struct lane *lane = value;
        lane->is_checking = lane_check(n, lane);
        lane_is_due(lane);
    }
}

void batcher_close(struct redis_node *n)
{
    const char *shop = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&n->lanes, &at, &shop, &value);) {
        struct lane *lane = value;
        lane_give_up(lane);
    }
}

void batcher_finish(struct redis_node *n)
{
    const char *shop = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&n->lanes, &at, &shop, &value);) {
        struct lane *lane = value;
        MUST(lane->batch == NULL); /* the link answered all it was given */
        bytes_finish(&lane->head);
        free(lane);
    }
    map_finish(&n->lanes);
}
