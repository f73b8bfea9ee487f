#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

/* ---- append: compare the head, then write, in one step (ls_append) ---- */

/* { 1 appended or 0 not, head as text } */
static enum result append_parse(void *owner, const redisReply *reply)
{
    struct log_append *append = owner;
    int64_t head = 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_INTEGER ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return RESULT_NO_ANSWER;
    struct text text = {reply->element[1]->str, (size_t)reply->element[1]->len};
    if (!text_number(text, 0, INT64_MAX, &head))
        return RESULT_NO_ANSWER;
    append->head = (uint64_t)head;
    return reply->element[0]->integer == 1 ? RESULT_OK : RESULT_CONFLICT;
}

static void append_done(void *owner, enum result result)
{
    struct log_append *append = owner;
    append->result = result;
    append->done(append);
}

static void append_refused(struct waiter *w)
{
    struct log_append *append = container_of((void *)w, struct log_append, impl);
    append->result = RESULT_MALFORMED;
    append->done(append);
}

static bool append_is_valid(const struct log_append *append)
{
    if (append->count < 1 || append->count > EVENT_BATCH_MAX)
        return false;
    for (size_t i = 0; i < append->count; i++)
        if (append->entries[i].failed || append->entries[i].len > LOG_ENTRY_MAX)
            return false;
    return true;
}

static void log_append(struct log *log, struct log_append *append)
{
    struct redis_node *n = container_of(log, struct redis_node, log);
    char key[KEY_MAX];
    if (!append_is_valid(append)) {
        struct waiter *w = (struct waiter *)(void *)append->impl;
        *w = (struct waiter){.fire = append_refused};
        node_post(n, w);
        return;
    }
    key_log(key, append->kind, append->shop.text, append->broadcast.text);
    struct bytes command = {0};
    resp_begin(&command, 5 + append->count);
    resp_word(&command, "FCALL");
    resp_word(&command, "ls_append");
    resp_word(&command, "1");
    resp_word(&command, key);
    resp_number(&command, (int64_t)append->expected_seq);
    for (size_t i = 0; i < append->count; i++)
        resp_data(&command, append->entries[i].data, append->entries[i].len);
    call_start(n, &command, append, true, append_parse, append_done);
    bytes_finish(&command);
}
_Static_assert(sizeof(struct waiter) <= sizeof((struct log_append *)0)->impl, "a waiter fits into `impl`");

/* ---- follow ---- */

static bool log_entry(struct tail_stream *s, struct text id, const redisReply *fields)
{
    struct log_follow *follow = s->follow;
    struct text data = reply_field(fields, "e");
    (void)id;
    if (s->at_ms != s->last_seq + 1)
        return false; /* a number is missing: this is not the history that was followed */
    s->last_seq = s->at_ms;
    follow->entry(follow, s->at_ms, data.at == NULL ? "" : data.at, data.len);
    return true;
}

static void log_caught_up(struct tail_stream *s)
{
    struct log_follow *follow = s->follow;
    if (follow->caught_up != NULL)
        follow->caught_up(follow);
}

static void log_rewound(struct tail_stream *s)
{
    struct log_follow *follow = s->follow;
    s->last_seq = 0;
    if (follow->rewound != NULL)
        follow->rewound(follow);
}

static void log_follow(struct log *log, struct log_follow *follow)
{
    struct redis_node *n = container_of(log, struct redis_node, log);
    struct tail_stream *s = calloc(1, sizeof *s);
    MUST(s != NULL);
    key_log(s->key, follow->kind, follow->shop.text, follow->broadcast.text);
    s->at_ms = s->last_seq = follow->from_seq; /* ids of a log are "seq-0" */
    s->follow = follow;
    s->entry = log_entry;
    s->caught_up = log_caught_up;
    s->rewound = log_rewound;
    follow->impl[0] = s;
    tail_add(n, s);
}

static void log_unfollow(struct log *log, struct log_follow *follow)
{
    struct redis_node *n = container_of(log, struct redis_node, log);
    if (follow->impl[0] != NULL && !n->is_closing)
        tail_remove(follow->impl[0]);
    follow->impl[0] = NULL;
}

void log_redis_setup(struct redis_node *n)
{
    n->log.append = log_append;
    n->log.follow = log_follow;
    n->log.unfollow = log_unfollow;
}
