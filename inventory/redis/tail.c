/* inventory/redis/tail.c - followed streams: ledgers and event logs, gapless by construction.
 *
 *   tail_up        new connection: each stream's last entry is compared with what was delivered
 *   tail_verified  gone or different: history was lost, the stream begins again from its start
 *   tail_read      one XREAD for all streams, from where each is; it blocks once all are caught up
 *   tail_given     entries delivered in order; then read again
 *
 * A stream that joins while a read blocks wakes it with CLIENT UNBLOCK over the command link.
 * docs/decisions/0001 says why this and not publish/subscribe. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inventory/redis/metrics.h"
#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

static void tail_verify(struct redis_node *n, struct tail_stream *s);
static void tail_verified(void *arg, redisReply *reply);
static void tail_read(struct redis_node *n);
static void tail_given(void *arg, redisReply *reply);

/* ---- entries ---- */

struct text reply_field(const redisReply *fields, const char *name)
{
    if (fields->type != REDIS_REPLY_ARRAY)
        return (struct text){0};
    for (size_t i = 0; i + 1 < fields->elements; i += 2) {
        const redisReply *key = fields->element[i], *value = fields->element[i + 1];
        if (key->type == REDIS_REPLY_STRING && value->type == REDIS_REPLY_STRING && strcmp(key->str, name) == 0)
            return (struct text){value->str, (size_t)value->len};
    }
    return (struct text){0};
}

bool reply_is_entry(const redisReply *entry)
{
    return entry->type == REDIS_REPLY_ARRAY && entry->elements == 2 && entry->element[0]->type == REDIS_REPLY_STRING;
}

struct entry_text reply_entry(struct text id, const redisReply *fields)
{
    return (struct entry_text){.id = id,
                               .time = reply_field(fields, "t"),
                               .claims = reply_field(fields, "k"),
                               .movements = reply_field(fields, "m"),
                               .counts = reply_field(fields, "c")};
}

static uint64_t fields_hash(const redisReply *fields)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; fields->type == REDIS_REPLY_ARRAY && i < fields->elements; i++) {
        const redisReply *field = fields->element[i];
        for (size_t j = 0; field->type == REDIS_REPLY_STRING && j < (size_t)field->len; j++)
            hash = (hash ^ (unsigned char)field->str[j]) * UINT64_C(1099511628211);
        hash = (hash ^ 0xff) * UINT64_C(1099511628211); /* between fields */
    }
    return hash | 1;
}

static bool id_parse_stream(const redisReply *id, uint64_t *ret_ms, uint64_t *ret_seq)
{
    char end = '\0';
    return id->type == REDIS_REPLY_STRING &&
           sscanf(id->str, "%20" SCNu64 "-%20" SCNu64 "%c", ret_ms, ret_seq, &end) == 2;
}

/* An entry is an array of its id and its fields. */
/* ---- streams ---- */

static void stream_let_go(struct tail_stream *s)
{
    if (s->is_gone && s->calls_open == 0)
        free(s);
}

static void stream_rewind(struct tail_stream *s)
{
    log_warn("redis.rewound", "stream=%s last=%" PRIu64 "-%" PRIu64, log_quote(s->key), s->at_ms, s->at_seq);
    metric_add(&redis_metrics.rewinds, 1);
    s->at_ms = s->at_seq = s->hash = 0;
    s->is_caught_up = false;
    s->rewound(s);
}

/* False: unfollowed meanwhile, or begun again. */
static bool stream_give(struct tail_stream *s, const redisReply *entry)
{
    uint64_t ms = 0, seq = 0;
    if (!reply_is_entry(entry) || !id_parse_stream(entry->element[0], &ms, &seq))
        return true;
    struct text id = {entry->element[0]->str, (size_t)entry->element[0]->len};
    s->at_ms = ms;
    s->at_seq = seq;
    s->hash = fields_hash(entry->element[1]);
    bool goes_on = s->entry(s, id, entry->element[1]);
    if (!goes_on && !s->is_gone)
        stream_rewind(s);
    return goes_on && !s->is_gone;
}

static void stream_caught_up(struct tail_stream *s)
{
    if (s->is_caught_up || s->is_gone)
        return;
    s->is_caught_up = true;
    s->caught_up(s);
}

/* ---- the set of streams ---- */

static void unblocked(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    n->tail.is_unblocking = false;
    /* 0: the read had not reached Redis yet, or was over. Ask again while it is out. */
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 0)
        node_wake(n);
    else
        n->tail.wants_unblock = false;
}

/* A read that blocks does not know the streams that joined since. */
static void tail_unblock(struct redis_node *n)
{
    struct tail *t = &n->tail;
    if (!t->wants_unblock || t->is_unblocking || n->command.state != LINK_UP)
        return; /* without a command link the read ends by itself after TAIL_BLOCK_MS */
    if (!t->is_reading || !t->is_blocking || t->client_id == 0) {
        t->wants_unblock = false;
        return;
    }
    char id[24];
    snprintf(id, sizeof id, "%" PRId64, t->client_id);
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "CLIENT", "UNBLOCK", id, NULL);
    t->is_unblocking = link_send(&n->command, &n->scratch, unblocked, n);
}

void tail_turn(struct redis_node *n)
{
    tail_read(n);
    link_flush(&n->news);
    tail_unblock(n);
}

void tail_add(struct redis_node *n, struct tail_stream *s)
{
    s->node = n;
    list_push_back(&n->tail.streams, &s->link);
    if (n->news.state == LINK_UP)
        tail_verify(n, s);
    n->tail.wants_unblock = true;
    node_wake(n);
}

void tail_remove(struct tail_stream *s)
{
    list_remove(&s->link);
    s->is_gone = true;
    stream_let_go(s);
}

/* ---- a new connection ---- */

static void tail_named(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    if (reply == NULL || n->news.state != LINK_BEGINNING)
        return;
    /* Without an id (CLIENT may be forbidden) reads end by themselves. */
    n->tail.client_id = reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    link_is_up(&n->news);
}

bool tail_begin(struct link *l)
{
    struct redis_node *n = l->owner;
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "CLIENT", "ID", NULL);
    return link_settle(l) && link_send(l, &n->scratch, tail_named, n);
}

void tail_up(struct link *l)
{
    struct redis_node *n = l->owner;
    n->tail.verifying = 0;
    list_for_each (at, &n->tail.streams)
        tail_verify(n, container_of(at, struct tail_stream, link));
    node_wake(n);
}

static void tail_verify(struct redis_node *n, struct tail_stream *s)
{
    s->is_caught_up = false;
    s->is_verified = s->at_ms == 0 && s->at_seq == 0;
    if (s->is_verified)
        return;
    char id[48];
    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, s->at_ms, s->at_seq);
    bytes_clear(&n->scratch);
    resp_command(&n->scratch, "XRANGE", s->key, id, id, NULL);
    if (!link_send(&n->news, &n->scratch, tail_verified, s))
        return; /* about to be dropped: verified after the next connect */
    s->calls_open++;
    n->tail.verifying++;
}

static void tail_verified(void *arg, redisReply *reply)
{
    struct tail_stream *s = arg;
    struct redis_node *n = s->node;
    s->calls_open--;
    if (n->tail.verifying > 0)
        n->tail.verifying--;
    if (s->is_gone) {
        stream_let_go(s);
    } else if (reply != NULL && reply->type == REDIS_REPLY_ARRAY) {
        s->is_verified = true;
        bool is_there = reply->elements == 1 && reply_is_entry(reply->element[0]);
        if (!is_there || (s->hash != 0 && s->hash != fields_hash(reply->element[0]->element[1])))
            stream_rewind(s);
    } else if (reply != NULL) {
        link_drop(&n->news, reply->type == REDIS_REPLY_ERROR ? reply->str : "a stream cannot be compared");
    }
    node_wake(n);
}

void tail_down(struct link *l, const char *reason)
{
    struct redis_node *n = l->owner;
    (void)reason;
    n->tail.verifying = 0;
    list_for_each (at, &n->tail.streams) {
        struct tail_stream *s = container_of(at, struct tail_stream, link);
        if (s->lost != NULL && !n->is_closing)
            s->lost(s);
    }
}

/* ---- reading ---- */

/* Fills the slots: the streams of the next read. True: it may block, all of them are at their ends. */
static bool slots_fill(struct tail *t)
{
    bool all_caught_up = true;
    t->slots_count = 0;
    list_for_each (at, &t->streams) {
        struct tail_stream *s = container_of(at, struct tail_stream, link);
        if (!s->is_verified)
            continue;
        if (t->slots_count == t->slots_capacity) {
            size_t capacity = t->slots_capacity == 0 ? 16 : 2 * t->slots_capacity;
            struct tail_stream **slots = realloc(t->slots, capacity * sizeof(struct tail_stream *));
            MUST(slots != NULL);
            t->slots = slots;
            t->slots_capacity = capacity;
        }
        t->slots[t->slots_count++] = s;
        all_caught_up = all_caught_up && s->is_caught_up;
    }
    return all_caught_up;
}

static void read_write(struct redis_node *n, bool blocks)
{
    const struct tail *t = &n->tail;
    struct bytes *out = &n->scratch;
    bytes_clear(out);
    resp_begin(out, (blocks ? 6 : 4) + 2 * t->slots_count);
    resp_word(out, "XREAD");
    resp_word(out, "COUNT");
    resp_number(out, TAIL_PAGE);
    if (blocks) {
        resp_word(out, "BLOCK");
        resp_number(out, TAIL_BLOCK_MS);
    }
    resp_word(out, "STREAMS");
    for (size_t i = 0; i < t->slots_count; i++)
        resp_word(out, t->slots[i]->key);
    for (size_t i = 0; i < t->slots_count; i++) {
        char id[48];
        snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, t->slots[i]->at_ms, t->slots[i]->at_seq);
        resp_word(out, id);
    }
}

static void tail_read(struct redis_node *n)
{
    struct tail *t = &n->tail;
    if (t->is_reading || t->verifying > 0 || n->news.state != LINK_UP)
        return;
    bool blocks = slots_fill(t);
    if (t->slots_count == 0)
        return;
    read_write(n, blocks);
    if (!link_send(&n->news, &n->scratch, tail_given, n))
        return;
    t->is_reading = true;
    t->is_blocking = blocks;
    t->wants_unblock = false; /* this one knows all streams */
    for (size_t i = 0; i < t->slots_count; i++)
        t->slots[i]->calls_open++;
}

/* Redis answers in the order asked and leaves out streams without news. One key may have been asked for twice,
 * from two places: what begins behind a slot's place is that slot's. */
static const redisReply *entries_for(const redisReply *reply, size_t *at, const struct tail_stream *s)
{
    if (reply->type != REDIS_REPLY_ARRAY || *at >= reply->elements)
        return NULL;
    const redisReply *stream = reply->element[*at];
    if (stream->type != REDIS_REPLY_ARRAY || stream->elements != 2 || stream->element[0]->type != REDIS_REPLY_STRING ||
        strcmp(stream->element[0]->str, s->key) != 0)
        return NULL;
    const redisReply *entries = stream->element[1];
    uint64_t ms = 0, seq = 0;
    if (entries->type != REDIS_REPLY_ARRAY || entries->elements == 0 || !reply_is_entry(entries->element[0]) ||
        !id_parse_stream(entries->element[0]->element[0], &ms, &seq))
        return NULL;
    if (ms < s->at_ms || (ms == s->at_ms && seq <= s->at_seq))
        return NULL;
    ++*at;
    return entries;
}

static void slot_give(struct tail_stream *s, const redisReply *entries)
{
    size_t count = entries == NULL ? 0 : entries->elements;
    for (size_t i = 0; i < count && !s->is_gone; i++)
        if (!stream_give(s, entries->element[i]))
            return;
    if (count < TAIL_PAGE)
        stream_caught_up(s);
}

static void tail_given(void *arg, redisReply *reply)
{
    struct redis_node *n = arg;
    struct tail *t = &n->tail;
    size_t at = 0;
    bool is_good = reply != NULL && (reply->type == REDIS_REPLY_ARRAY || reply->type == REDIS_REPLY_NIL);
    for (size_t i = 0; i < t->slots_count; i++) {
        struct tail_stream *s = t->slots[i];
        const redisReply *entries = is_good ? entries_for(reply, &at, s) : NULL;
        s->calls_open--;
        if (is_good && !s->is_gone) {
            s->calls_open++; /* kept over its own callbacks */
            slot_give(s, entries);
            s->calls_open--;
        }
        stream_let_go(s);
    }
    t->is_reading = false;
    if (is_good)
        tail_read(n);
    else if (reply != NULL && reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "UNBLOCKED", 9) != 0)
        link_drop(&n->news, reply->str);
    node_wake(n);
}

void tail_setup(struct redis_node *n) { list_init(&n->tail.streams); }

void tail_close(struct redis_node *n)
{
    list_for_each (at, &n->tail.streams)
        tail_remove(container_of(at, struct tail_stream, link));
}
