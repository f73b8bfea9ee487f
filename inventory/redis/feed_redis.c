#include <stdio.h>

#include "inventory/redis/node.h"
#include "inventory/redis/resp.h"

#define ENTRY_BYTES 300 /* beside its data */

/* What a stream may take from the memory that stock lives in is bounded too, as if all entries were as long as this one. */
static int64_t entries_kept(const struct redis_node *n, size_t len)
{
    int64_t entries = n->config.feed_entries == 0 ? REDIS_FEED_ENTRIES : n->config.feed_entries;
    int64_t room = REDIS_FEED_BYTES / (int64_t)(len + ENTRY_BYTES);
    return entries < room ? entries : room;
}

/* Redis drops whole nodes of a stream at a time (MAXLEN ~): a few entries more than set stay, and trimming costs nothing. */
static void write_append(const struct redis_node *n, struct bytes *out, const struct feed_append *append)
{
    char key[KEY_MAX];
    key_store(key, append->shop.text, 'o', "volumes");
    resp_begin(out, 16);
    resp_word(out, "XADD");
    resp_word(out, key);
    resp_word(out, "MAXLEN");
    resp_word(out, "~");
    resp_number(out, entries_kept(n, append->data->len));
    resp_word(out, "*");
    resp_word(out, "type");
    resp_word(out, append->type);
    resp_word(out, "broadcast");
    resp_word(out, append->broadcast.text);
    resp_word(out, "seq");
    resp_number(out, (int64_t)append->seq);
    resp_word(out, "id");
    resp_word(out, append->id);
    resp_word(out, "d");
    resp_data(out, append->data->data, append->data->len);
}

static enum result append_parse(void *owner, const redisReply *reply)
{
    (void)owner;
    return reply->type == REDIS_REPLY_STRING ? RESULT_OK : RESULT_NO_ANSWER;
}

static void append_done(void *owner, enum result result)
{
    struct feed_append *append = owner;
    append->result = result;
    append->done(append);
}

static void append_refused(struct waiter *w)
{
    append_done(container_of((void *)w, struct feed_append, impl), RESULT_MALFORMED);
}
_Static_assert(sizeof(struct waiter) <= sizeof((struct feed_append *)0)->impl, "a waiter fits into `impl`");

static void feed_append(struct feed *feed, struct feed_append *append)
{
    struct redis_node *n = container_of(feed, struct redis_node, feed);
    if (append->data->failed || append->data->len > STORE_VALUE_MAX) {
        struct waiter *w = (struct waiter *)(void *)append->impl;
        *w = (struct waiter){.fire = append_refused};
        node_post(n, w);
        return;
    }
    struct bytes command = {0};
    write_append(n, &command, append);
    call_start(n, &command, append, true, append_parse, append_done);
    bytes_finish(&command);
}

void feed_redis_setup(struct redis_node *n) { n->feed.append = feed_append; }
