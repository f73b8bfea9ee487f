/* inventory/redis/inventory_redis.c - stock requests, gathered into calls of ls_exec.
 *
 *   batcher_ask       joins the lane of its shop
 *   batcher_turn      at the end of the turn: each lane without a batch sends all that waits, at most BATCH_MAX
 *   batch_replied     the answers are put into the requests; a lost connection or "not now" keeps the batch,
 *                     and the very same bytes go out when the link is up again
 *   batch_settled     everyone still waiting is answered; the lane's next batch may go
 *   ask_overdue       `request_ms` are over: nobody knows (sent), or it never happened (not sent)
 *
 * There is no timer: a lone request goes out at once, and while a batch is on its way the next one grows by itself. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"
#include "inventory/redis/reply.h"
#include "inventory/redis/resp.h"
#include "inventory/redis/text.h"

struct batch;
struct lane {          /* of one shop */
    struct list due;   /* in n->lanes_due, when there is something to send */
    struct list queue; /* of struct ask */
    struct redis_node *node;
    struct batch *batch; /* sent, or to be sent again */
    struct bytes head;   /* FCALL ls_exec and the keys */
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

/* ---- from requests to bytes: inventory.lua says what a call looks like ---- */

static const char op_letters[INVENTORY_OPS] = {
    [INVENTORY_RESERVE] = 'Y',        [INVENTORY_EXTEND] = 'E',     [INVENTORY_CONFIRM] = 'C',
    [INVENTORY_RELEASE] = 'L',        [INVENTORY_TAKE_BACK] = 'T',  [INVENTORY_WAITLIST_JOIN] = 'J',
    [INVENTORY_WAITLIST_LEAVE] = 'Q', [INVENTORY_ALLOCATE] = 'A',   [INVENTORY_WITHDRAW] = 'D',
    [INVENTORY_SYNC] = 'S',           [INVENTORY_STOP] = 'P',       [INVENTORY_OPEN] = 'O',
    [INVENTORY_LIMIT] = 'M',          [INVENTORY_RECALL] = 'K',     [INVENTORY_BUFFER] = 'B',
    [INVENTORY_FREEZE] = 'F',         [INVENTORY_CHECKPOINT] = 'W', [INVENTORY_HOLD_GET] = 'G',
    [INVENTORY_EXPIRE] = 'X',
};

static bool is_plain_reserve(const struct inventory_request *r) { return r->op == INVENTORY_RESERVE && !r->restores; }

static bool has_shared_claim(const struct inventory_request *r)
{
    return is_plain_reserve(r) || r->op == INVENTORY_WAITLIST_JOIN;
}

static bool same_claim(const struct inventory_request *a, const struct inventory_request *b)
{
    const struct hold *x = &a->hold, *y = &b->hold;
    if (a->ttl_ms != b->ttl_ms || x->lines_count != y->lines_count || !ID_EQUAL(x->broadcast, y->broadcast) ||
        memcmp(x->currency, y->currency, sizeof x->currency) != 0)
        return false;
    for (size_t i = 0; i < x->lines_count && i < CART_LINES_MAX; i++) {
        const struct line *l = &x->lines[i], *m = &y->lines[i];
        if (l->units != m->units || l->unit_minor != m->unit_minor || l->price_version != m->price_version ||
            !ID_EQUAL(l->sku, m->sku))
            return false;
    }
    return true;
}

/* What many requests of a call promise alike is sent once. */
struct shared_claims {
    const struct inventory_request *first[BATCH_MAX]; /* of each, the first request with it */
    size_t count;
    size_t of[BATCH_MAX]; /* request -> its claim, from 0 */
};

static size_t claim_find(struct shared_claims *c, const struct inventory_request *r)
{
    for (size_t i = c->count; i > 0; i--) /* the latest first: most often it is that one */
        if (same_claim(c->first[i - 1], r))
            return i - 1;
    c->first[c->count] = r;
    return c->count++;
}

static void claims_find(struct shared_claims *c, const struct batch *b)
{
    c->count = 0;
    for (size_t i = 0; i < b->count; i++)
        c->of[i] = has_shared_claim(b->requests[i]) ? claim_find(c, b->requests[i]) : 0;
}

static void claim_write(struct bytes *out, struct bytes *text, const struct inventory_request *r)
{
    bytes_clear(text);
    bytes_format(text, "%lld|", (long long)r->ttl_ms);
    if (r->hold.lines_count <= CART_LINES_MAX) /* an empty claim is refused there as bad */
        text_shared_claim_write(text, &r->hold);
    resp_data(out, text->data, text->len);
}

/* "1 id viewer": most of a call, so without formatting. */
static void reserve_write(struct bytes *out, const struct inventory_request *r, size_t claim)
{
    char word[24 + 2 * (ID_LEN_MAX + 1)], digits[24];
    size_t len = 0, count = 0;
    for (size_t n = claim + 1; n > 0; n /= 10)
        digits[count++] = (char)('0' + n % 10);
    while (count > 0)
        word[len++] = digits[--count];
    const char *ids[] = {r->hold.id.text, r->hold.viewer.text};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        size_t id_len = strnlen(ids[i], ID_LEN_MAX);
        word[len++] = ' ';
        memcpy(word + len, ids[i], id_len);
        len += id_len;
    }
    resp_data(out, word, len);
}

/* "OP id number text" */
static void word_begin(struct bytes *text, const struct inventory_request *r, const char *id, int64_t number)
{
    bool is_restored_confirm = r->op == INVENTORY_CONFIRM && r->restores;
    bytes_format(text, "%c %s %lld ", is_restored_confirm ? 'Z' : op_letters[r->op], id, (long long)number);
}

static void stock_write(struct bytes *text, const struct inventory_request *r)
{
    switch (r->op) {
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        word_begin(text, r, r->ref, r->units);
        bytes_text(text, r->sku.text);
        break;
    case INVENTORY_SYNC:
        word_begin(text, r, r->sku.text, r->units);
        bytes_format(text, "%lld|%lld|%lld", (long long)r->gone, (long long)r->version, (long long)r->counted_ms);
        break;
    case INVENTORY_RECALL:
        word_begin(text, r, r->sku.text, r->recall);
        break;
    default:
        word_begin(text, r, r->sku.text, r->units);
    }
}

static void other_write(struct bytes *text, const struct inventory_request *r, size_t claim)
{
    const struct hold *h = &r->hold;
    switch (r->op) {
    case INVENTORY_RESERVE:
        word_begin(text, r, h->id.text, r->ttl_ms);
        bytes_format(text, "%d|", h->offer);
        if (h->lines_count <= CART_LINES_MAX)
            text_claim_write(text, h);
        break;
    case INVENTORY_CONFIRM:
        word_begin(text, r, h->id.text, r->amount.minor);
        bytes_format(text, "%.3s|%s", r->amount.currency, r->ref);
        break;
    case INVENTORY_WAITLIST_JOIN:
        bytes_format(text, "%c %zu 0 %s", op_letters[r->op], claim + 1, h->viewer.text);
        break;
    case INVENTORY_WAITLIST_LEAVE:
        word_begin(text, r, h->lines_count == 0 ? "" : h->lines[0].sku.text, 0);
        bytes_text(text, h->viewer.text);
        break;
    case INVENTORY_FREEZE:
        word_begin(text, r, h->broadcast.text, r->frozen);
        bytes_format(text, "%s|%lld", r->epoch.text, (long long)r->version);
        break;
    case INVENTORY_EXTEND:
    case INVENTORY_RELEASE:
    case INVENTORY_TAKE_BACK:
    case INVENTORY_CHECKPOINT:
    case INVENTORY_HOLD_GET:
    case INVENTORY_EXPIRE:
        word_begin(text, r, h->id.text, r->ttl_ms);
        bytes_text(text, h->viewer.text);
        break;
    default:
        stock_write(text, r);
    }
}

static void request_write(struct bytes *out, struct bytes *text, const struct inventory_request *r, size_t claim)
{
    if (is_plain_reserve(r)) {
        reserve_write(out, r, claim);
        return;
    }
    bytes_clear(text);
    other_write(text, r, claim);
    resp_data(out, text->data, text->len);
}

static enum result batch_write(struct redis_node *n, struct batch *b)
{
    struct shared_claims claims;
    claims_find(&claims, b);
    resp_begin(&b->command, 3 + STOCK_KEYS + 2 + claims.count + b->count);
    bytes_append(&b->command, b->lane->head.data, b->lane->head.len);
    resp_number(&b->command, node_time(n));
    resp_number(&b->command, (int64_t)claims.count);
    for (size_t i = 0; i < claims.count; i++)
        claim_write(&b->command, &n->scratch, claims.first[i]);
    for (size_t i = 0; i < b->count; i++)
        request_write(&b->command, &n->scratch, b->requests[i], claims.of[i]);
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

/* The requests carry their results. The lane is free before anyone is told: they may ask again. */
static void batch_settled(struct batch *b)
{
    struct lane *lane = b->lane;
    struct redis_node *n = lane->node;
    struct inventory_request *requests[BATCH_MAX];
    size_t count = b->count;
    memcpy(requests, b->requests, count * sizeof *requests);
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

static void ask_overdue(struct waiter *w) { ask_give_up(container_of(w, struct ask, waiter)); }

void batcher_setup(struct redis_node *n)
{
    map_init(&n->lanes, LANES_MAX);
    list_init(&n->lanes_due);
    n->inventory.ask = batcher_ask;
}

void batcher_up(struct redis_node *n)
{
    const char *shop = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&n->lanes, &at, &shop, &value);) {
        struct lane *lane = value;
        if (lane->batch != NULL || !list_is_empty(&lane->queue))
            lane_is_due(lane);
    }
}

void batcher_close(struct redis_node *n)
{
    const char *shop = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&n->lanes, &at, &shop, &value);) {
        struct lane *lane = value;
        while (!list_is_empty(&lane->queue))
            ask_give_up(container_of(lane->queue.next, struct ask, link));
        for (size_t i = 0; lane->batch != NULL && i < BATCH_MAX; i++)
            if (lane->batch->requests[i] != NULL)
                ask_give_up(ask_of(lane->batch->requests[i]));
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
