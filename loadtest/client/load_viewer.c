#include "loadtest/client/load_viewer.h"

#include <stdio.h>
#include <string.h>

#include "base/must.h"

static void text_copy(char *to, size_t size, const char *from, size_t len)
{
    if (from != NULL && len < size)
        snprintf(to, size, "%.*s", (int)len, from);
}

static void member_copy(char *to, size_t size, const char *text, size_t len, const char *name)
{
    const char *value;
    size_t value_len;
    if (load_find(text, len, name, &value, &value_len) && *value == '"')
        text_copy(to, size, value + 1, value_len - 2);
}

/* ---- the books ---- */

static void event_count(struct load_viewer *v, int64_t seq)
{
    if (seq == v->seq + 1)
        v->events++;
    else if (seq <= v->seq)
        v->duplicates++;
    else
        v->gaps++;
    if (seq > v->seq)
        v->seq = seq;
}

static void welcome_got(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    member_copy(v->viewer, sizeof v->viewer, text, len, "viewer");
    member_copy(v->key, sizeof v->key, text, len, "viewer_key");
    v->welcomed = true;
    v->welcomed_ms = load_now_ms();
    v->head = p->seq;
    if (p->recovered) {
        v->resumes++;
        return; /* the missed events follow and are counted from where we were */
    }
    text_copy(v->epoch, sizeof v->epoch, p->epoch, p->epoch_len);
}

static void snapshot_got(struct load_viewer *v, const struct load_peek *p)
{
    v->snapshots++;
    v->seq = p->seq;
    text_copy(v->epoch, sizeof v->epoch, p->epoch, p->epoch_len);
}

static void books_keep(struct load_viewer *v, const struct load_peek *p, const char *text, size_t len)
{
    if (load_is(p->t, p->t_len, "welcome"))
        welcome_got(v, p, text, len);
    else if (load_is(p->t, p->t_len, "snapshot"))
        snapshot_got(v, p);
    else if (p->has_seq && p->re == NULL)
        event_count(v, p->seq);
}

/* ---- the line ---- */

static void line_open(struct load_conn *c)
{
    struct load_viewer *v = container_of(c, struct load_viewer, conn);
    struct bytes hello = {0};
    bytes_format(&hello, "{\"t\":\"hello\",\"id\":\"hello\",\"token\":\"%s\"", v->token);
    if (v->key[0] != '\0')
        bytes_format(&hello, ",\"viewer_key\":\"%s\"", v->key);
    if (v->epoch[0] != '\0')
        bytes_format(&hello, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%lld}", v->epoch, (long long)v->seq);
    bytes_text(&hello, "}");
    MUST(bytes_result(&hello) == RESULT_OK);
    load_send(c, hello.data, hello.len);
    bytes_finish(&hello);
}

static void line_message(struct load_conn *c, const char *text, size_t len)
{
    struct load_viewer *v = container_of(c, struct load_viewer, conn);
    struct load_peek p;
    if (load_peek_seen(c->set, text, len, &p) != RESULT_OK) {
        v->malformed++;
        return;
    }
    bool was_welcomed = v->welcomed;
    books_keep(v, &p, text, len);
    if (v->handler->message != NULL)
        v->handler->message(v, &p, text, len);
    if (!was_welcomed && v->welcomed && v->handler->ready != NULL && load_is_open(c))
        v->handler->ready(v);
}

static void line_closed(struct load_conn *c, int code, const char *why)
{
    struct load_viewer *v = container_of(c, struct load_viewer, conn);
    v->welcomed = false;
    v->handler->left(v, code, why);
}

void load_viewer_join(struct load_set *s, struct load_viewer *v)
{
    static const struct load_handler handler = {.open = line_open, .message = line_message, .closed = line_closed};
    v->conn.handler = &handler;
    v->welcomed = false;
    v->joined_ms = load_now_ms();
    load_open(s, &v->conn, v->path, v->headers);
}

void load_viewer_leave(struct load_viewer *v) { load_close(&v->conn, 1000); }
bool load_viewer_is_live(const struct load_viewer *v) { return v->welcomed && load_is_open(&v->conn); }
