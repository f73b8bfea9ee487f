#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "loadtest/fan/fan.h"

#define MARK_BYTES 10 /* "~S" and eight hex digits */

static const char filling[] =
    "................................................................................................................"
    "................................................................................................................"
    "................................................................................................................"
    "................................................................................................................";

/* ---- marks: all dialects ---- */

static const char *mark_find(const char *text, size_t len)
{
    const char *found = len < MARK_BYTES ? NULL : memchr(text, '~', len - MARK_BYTES + 1);
    return found != NULL && found[1] == 'S' ? found : NULL;
}

static uint32_t mark_read(const char *mark)
{
    uint32_t value = 0;
    for (size_t i = 2; i < MARK_BYTES; i++)
        value = value << 4 | (uint32_t)(mark[i] <= '9' ? mark[i] - '0' : mark[i] - 'a' + 10);
    return value;
}

/* An event reached a viewer. */
static void event_seen(struct fan *f, struct fan_conn *c, uint32_t mark)
{
    struct fan_room *room = &f->rooms[c->room];
    if (c->mark != 0 && mark > c->mark + 1)
        f->books.gaps += mark - c->mark - 1;
    if (mark <= c->mark) {
        f->books.duplicates++;
        return;
    }
    c->mark = mark;
    f->books.deliveries++;
    if (mark > room->published)
        return; /* another client's host said it: that one takes the time */
    int64_t took_us = fan_now_us() - room->sent_us[mark % FAN_SLOTS];
    fan_samples_add(&f->each, took_us);
    if (++room->seen[mark % FAN_SLOTS] == room->viewers) {
        room->completed++;
        fan_samples_add(&f->last, took_us);
    }
}

static void message_seen(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    const char *mark = mark_find(text, len);
    if (mark == NULL || c->host)
        return;
    f->event_len = len;
    event_seen(f, c, mark_read(mark));
}

/* ---- plain: who connects hears what anybody on /pub says ---- */

static size_t plain_event(struct fan *f, uint32_t mark, char *ret)
{
    (void)f;
    return (size_t)snprintf(ret, FAN_WORD_BYTES, "~S%08x%.*s", mark, FAN_EVENT_BYTES - MARK_BYTES, filling);
}

/* ---- socket.io, over WebSocket alone ---- */

static void socketio_message(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    if (text[0] == '0')
        fan_send(f, c, "40", 2);
    else if (len > 1 && text[0] == '4' && text[1] == '0')
        fan_is_live(f, c);
    else if (len == 1 && text[0] == '2')
        fan_send(f, c, "3", 1);
    else
        message_seen(f, c, text, len);
}

static size_t socketio_event(struct fan *f, uint32_t mark, char *ret)
{
    return (size_t)snprintf(ret, FAN_WORD_BYTES, "42[\"pub\",\"~S%08x%.*s\"]", mark, (int)f->text_len - MARK_BYTES,
                            filling);
}

/* ---- NATS: its own lines inside frames of bytes ---- */

static void nats_message(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    static const char connect[] = "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\",\"version\":\"1\"}\r\n";
    static const char subscribe[] = "SUB t 1\r\n", ping[] = "PING\r\n", pong[] = "PONG\r\n";
    char words[256];
    if (c->state == FAN_GREETING) {
        if (len > 4 && memcmp(text, "INFO", 4) == 0)
            fan_send(f, c, words,
                     (size_t)snprintf(words, sizeof words, "%s%s%s", connect, c->host ? "" : subscribe, ping));
        else if (memmem(text, len, pong, sizeof pong - 1) != NULL)
            fan_is_live(f, c);
        return;
    }
    if (len >= 6 && (memcmp(text, ping, 6) == 0 || memcmp(text + len - 6, ping, 6) == 0))
        fan_send(f, c, pong, sizeof pong - 1);
    if (c->host)
        return;
    for (const char *end = text + len, *mark; (mark = mark_find(text, (size_t)(end - text))) != NULL;) {
        event_seen(f, c, mark_read(mark));
        text = mark + MARK_BYTES;
    }
}

static size_t nats_event(struct fan *f, uint32_t mark, char *ret)
{
    int head = snprintf(ret, FAN_WORD_BYTES, "PUB t %d\r\n", FAN_EVENT_BYTES);
    size_t len = (size_t)head + plain_event(f, mark, ret + head);
    return len + (size_t)snprintf(ret + len, FAN_WORD_BYTES - len, "\r\n");
}

/* ---- Liveshelf ---- */

/* Where the value of "name": begins, NULL without one. `text` is NUL-terminated somewhere behind `len`. */
static const char *value_find(const char *text, size_t len, const char *name)
{
    const char *found = memmem(text, len, name, strlen(name));
    return found == NULL ? NULL : found + strlen(name);
}

static void text_copy(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? 0 : strcspn(from, "\"");
    if (len > 0 && len < size)
        snprintf(to, size, "%.*s", (int)len, from);
}

static void liveshelf_open(struct fan *f, struct fan_conn *c)
{
    char words[FAN_WORD_BYTES];
    const struct fan_room *room = &f->rooms[c->room];
    int len = snprintf(words, sizeof words, "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"%s\"",
                       c->host ? f->host_token : f->token);
    if (c->key != NULL)
        len += snprintf(words + len, sizeof words - (size_t)len,
                        ",\"viewer_key\":\"%s\",\"resume\":{\"epoch\":\"%s\",\"seq\":%lld}", c->key, room->epoch,
                        (long long)c->seq);
    len += snprintf(words + len, sizeof words - (size_t)len, "}");
    fan_send(f, c, words, (size_t)len);
}

static void welcome_got(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    char key[FAN_KEY_BYTES] = "";
    text_copy(key, sizeof key, value_find(text, len, "\"viewer_key\":\""));
    text_copy(f->rooms[c->room].epoch, sizeof f->rooms->epoch, value_find(text, len, "\"epoch\":\""));
    if (!c->host && c->key == NULL && key[0] != '\0')
        c->key = strdup(key);
    if (value_find(text, len, "\"recovered\":true") != NULL) {
        f->books.resumed++;
        fan_is_live(f, c); /* what was missed follows */
    }
}

/* The head of an event or a snapshot; -1: something else. */
static int64_t seq_of(const char *text, size_t len)
{
    const char *type_end = memchr(text + 6, '"', len - 6);
    bool is_event = type_end != NULL && strncmp(type_end, "\",\"seq\":", 8) == 0;
    return is_event ? strtoll(type_end + 8, NULL, 10) : -1;
}

static void claim_answered(struct fan *f, struct fan_conn *c, const char *text)
{
    fan_samples_add(&f->claims, fan_now_us() - c->asked_us);
    c->asked_us = 0;
    if (strncmp(text, "{\"t\":\"hold\"", 11) == 0)
        f->books.held++;
    else
        f->books.held_not++;
}

static void snapshot_got(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    const char *seq = value_find(text, len, "\"seq\":");
    const char *mark = mark_find(text, len); /* the notice that is up */
    c->seq = seq == NULL ? 0 : strtoll(seq, NULL, 10);
    c->mark = mark == NULL ? c->mark : mark_read(mark);
    f->books.snapshots++;
    if (c->state == FAN_GREETING)
        fan_is_live(f, c);
}

static void liveshelf_message(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    if (len < 12)
        return;
    if (strncmp(text, "{\"t\":\"welcome\"", 14) == 0) {
        welcome_got(f, c, text, len);
    } else if (strncmp(text, "{\"t\":\"snapshot\"", 15) == 0) {
        snapshot_got(f, c, text, len);
    } else if (c->asked_us != 0 && memmem(text, len < 32 ? len : 32, "\"re\":\"h_", 8) != NULL) {
        claim_answered(f, c, text);
    } else if (!c->host) {
        int64_t seq = seq_of(text, len);
        if (seq >= 0 && c->seq != 0 && seq > c->seq + 1)
            f->books.gaps += (uint64_t)(seq - c->seq - 1);
        if (seq >= 0)
            c->seq = seq;
        message_seen(f, c, text, len);
    }
}

static size_t liveshelf_event(struct fan *f, uint32_t mark, char *ret)
{
    return (size_t)snprintf(ret, FAN_WORD_BYTES,
                            "{\"t\":\"notice\",\"id\":\"n%x\",\"text\":\"~S%08x%.*s\",\"level\":\"info\"}", mark, mark,
                            (int)f->text_len - MARK_BYTES, filling);
}

void fan_claim(struct fan *f, struct fan_conn *buyer, int64_t due_us)
{
    char words[256];
    int len = snprintf(words, sizeof words,
                       "{\"t\":\"reserve\",\"id\":\"h_%llx-%llx\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}",
                       (unsigned long long)fan_now_us(), (unsigned long long)++f->wishes);
    buyer->asked_us = due_us;
    fan_send(f, buyer, words, (size_t)len);
}

/* ---- all of them ---- */

static const struct fan_dialect dialects[] = {
    {.name = "plain",
     .viewer_path = "/",
     .host_path = "/pub",
     .headers = "",
     .message = message_seen,
     .event = plain_event},
    {.name = "socketio",
     .viewer_path = "/socket.io/?EIO=4&transport=websocket",
     .host_path = "/socket.io/?EIO=4&transport=websocket",
     .headers = "",
     .greets = true,
     .message = socketio_message,
     .event = socketio_event},
    {.name = "nats",
     .viewer_path = "/",
     .host_path = "/",
     .headers = "",
     .binary = true,
     .greets = true,
     .message = nats_message,
     .event = nats_event},
    {.name = "liveshelf",
     .viewer_path = "/v1/broadcasts/bench-%u/live",
     .host_path = "/v1/broadcasts/bench-%u/live",
     .headers = "Sec-WebSocket-Protocol: liveshelf.v1\r\n",
     .greets = true,
     .open = liveshelf_open,
     .message = liveshelf_message,
     .event = liveshelf_event},
};

const struct fan_dialect *fan_dialect_find(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i].name, name) == 0)
            return &dialects[i];
    return NULL;
}

size_t fan_request(const struct fan *f, const struct fan_conn *c, char *ret)
{
    const char *path = c->host ? f->dialect->host_path : f->dialect->viewer_path;
    const char *number = strstr(path, "%u");
    char room[16] = "";
    if (number != NULL)
        snprintf(room, sizeof room, "%u", c->room);
    return (size_t)snprintf(ret, FAN_WORD_BYTES,
                            "GET %.*s%s%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
                            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n%s\r\n",
                            (int)(number == NULL ? strlen(path) : (size_t)(number - path)), path, room,
                            number == NULL ? "" : number + 2, f->port, f->dialect->headers);
}
