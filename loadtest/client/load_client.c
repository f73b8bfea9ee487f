/* loadtest/client/load_client.c - connect, upgrade, frames.
 *
 *   load_open            socket, source address, connect
 *     conn_writable      connected: the request goes out
 *     conn_read          bytes in
 *       upgrade_answer   101, or the end
 *       frames_read      whole frames to the handler; the rest waits
 *   conn_end             the one way out; `closed` is told at the end of the turn */
#include "loadtest/client/load_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"

#define BUFFER_BYTES (256u << 10)
#define EVENTS_PER_TURN 1024
#define RETRY_AFTER_MS_MAX 600000 /* a server that says more is not believed */

/* The example of RFC 6455: with a known key the right answer is known, without SHA-1. */
#define UPGRADE_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define UPGRADE_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define HTTP_WHOLE 1 /* stands in close_code when an HTTP answer came to its end */

enum opcode { OP_CONTINUED = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

static void conn_end(struct load_conn *c, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* ---- time ---- */

int64_t load_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t load_now_ms(void) { return load_now_us() / 1000; }

void load_timer_start(struct load_set *s, struct load_timer *t, int64_t delay_ms)
{
    list_remove(&t->link);
    t->due_ms = load_now_ms() + (delay_ms > 1 ? delay_ms : 1);
    if (t->due_ms <= s->wheel_ms) /* the wheel is ahead of us only by what it just ran */
        t->due_ms = s->wheel_ms + 1;
    list_push_back(&s->wheel[(uint64_t)t->due_ms % LOAD_WHEEL], &t->link);
}

void load_timer_stop(struct load_timer *t) { list_remove(&t->link); }

static void slot_run(struct list *slot, int64_t now)
{
    struct list due;
    list_init(&due);
    list_for_each (at, slot) {
        if (container_of(at, struct load_timer, link)->due_ms <= now)
            list_move(&due, at);
    }
    while (!list_is_empty(&due)) {
        struct load_timer *t = container_of(due.next, struct load_timer, link);
        list_remove(&t->link);
        t->fire(t);
    }
}

static void timers_run(struct load_set *s)
{
    int64_t now = load_now_ms();
    if (now - s->wheel_ms > LOAD_WHEEL)
        s->wheel_ms = now - LOAD_WHEEL; /* every slot is looked at once */
    while (s->wheel_ms < now) {
        s->wheel_ms++;
        slot_run(&s->wheel[(uint64_t)s->wheel_ms % LOAD_WHEEL], now);
    }
}

/* ---- the set ---- */

enum result load_target_parse(const char *url, struct load_target *ret)
{
    struct load_target target;
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    bool bracketed = *host == '[';
    host += bracketed;
    size_t len = strcspn(host, bracketed ? "]" : ":/");
    const char *port = host + len + bracketed;
    char *end;
    if (len == 0 || len >= sizeof target.host || *port != ':')
        return RESULT_MALFORMED;
    snprintf(target.host, sizeof target.host, "%.*s", (int)len, host);
    if (strcmp(target.host, "localhost") == 0)
        snprintf(target.host, sizeof target.host, "127.0.0.1");
    unsigned long number = strtoul(port + 1, &end, 10);
    if (end == port + 1 || (*end != '\0' && *end != '/') || number == 0 || number > 65535)
        return RESULT_MALFORMED;
    target.port = (unsigned)number;
    *ret = target;
    return RESULT_OK;
}

enum result load_set_init(struct load_set *s, const struct load_target *target, uint64_t seed)
{
    *s = (struct load_set){.target = *target, .wheel_ms = load_now_ms()};
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->buffer = malloc(BUFFER_BYTES);
    s->seen = calloc(LOAD_SEEN, sizeof *s->seen);
    if (s->epoll < 0 || s->buffer == NULL || s->seen == NULL) {
        load_set_finish(s);
        return RESULT_NO_MEMORY;
    }
    rng_seed(&s->rng, seed);
    list_init(&s->ending);
    for (size_t i = 0; i < LOAD_WHEEL; i++)
        list_init(&s->wheel[i]);
    s->spread = strncmp(target->host, "127.", 4) == 0;
    return RESULT_OK;
}

void load_set_finish(struct load_set *s)
{
    if (s->epoll > 0)
        close(s->epoll);
    free(s->buffer);
    free(s->seen);
    s->epoll = 0;
    s->buffer = NULL;
    s->seen = NULL;
}

/* ---- sending ---- */

static void conn_watch(struct load_conn *c, uint32_t out, int how)
{
    struct epoll_event event = {.events = out | (c->paused ? 0 : EPOLLIN), .data.ptr = c};
    MUST(epoll_ctl(c->set->epoll, how, c->fd, &event) == 0);
}

static void conn_flush(struct load_conn *c)
{
    while (c->out.len > 0) {
        ssize_t sent = send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            conn_watch(c, EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        if (sent < 0) {
            conn_end(c, 0, "send: %s", strerror(errno));
            return;
        }
        c->out.len -= (size_t)sent;
        memmove(c->out.data, c->out.data + sent, c->out.len);
    }
    bytes_finish(&c->out);
}

static void conn_write(struct load_conn *c, const char *data, size_t len)
{
    if (c->out.len == 0) {
        ssize_t sent = send(c->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            conn_end(c, 0, "send: %s", strerror(errno));
            return;
        }
        if (sent > 0) {
            data += sent;
            len -= (size_t)sent;
        }
        if (len == 0)
            return;
        conn_watch(c, EPOLLOUT, EPOLL_CTL_MOD);
    }
    bytes_append(&c->out, data, len);
}

static size_t frame_head(unsigned char *at, enum opcode opcode, size_t len)
{
    at[0] = (unsigned char)(0x80 | opcode);
    if (len < 126) {
        at[1] = (unsigned char)(0x80 | len);
        return 2;
    }
    if (len < 65536) {
        at[1] = 0x80 | 126;
        at[2] = (unsigned char)(len >> 8);
        at[3] = (unsigned char)len;
        return 4;
    }
    at[1] = 0x80 | 127;
    for (size_t i = 0; i < 8; i++)
        at[2 + i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    return 10;
}

static void frame_send(struct load_conn *c, enum opcode opcode, const char *data, size_t len)
{
    unsigned char small[1024], *frame = len + 14 <= sizeof small ? small : malloc(len + 14);
    uint64_t mask = rng_next(&c->set->rng);
    if (frame == NULL)
        return;
    size_t head = frame_head(frame, opcode, len);
    memcpy(frame + head, &mask, 4);
    for (size_t i = 0; i < len; i++)
        frame[head + 4 + i] = (unsigned char)data[i] ^ frame[head + (i & 3)];
    conn_write(c, (const char *)frame, head + 4 + len);
    if (frame != small)
        free(frame);
}

void load_send(struct load_conn *c, const char *text, size_t len)
{
    if (c->state == LOAD_OPEN)
        frame_send(c, OP_TEXT, text, len);
}

void load_sendf(struct load_conn *c, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    MUST(len >= 0 && (size_t)len < sizeof text);
    load_send(c, text, (size_t)len);
}

/* ---- the end of a conn ---- */

static void conn_end(struct load_conn *c, int code, const char *format, ...)
{
    va_list args;
    if (c->state == LOAD_ENDED || c->state == LOAD_IDLE)
        return;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    c->close_code = code;
    c->state = LOAD_ENDED;
    if (c->fd >= 0) {
        close(c->fd);
        c->set->conns--;
    }
    c->fd = -1;
    list_push_back(&c->set->ending, &c->ending);
}

static void http_finish(struct load_conn *c);

static void conn_tell_end(struct load_conn *c)
{
    if (c->http != NULL) {
        http_finish(c);
        return;
    }
    bytes_finish(&c->in);
    bytes_finish(&c->out);
    bytes_finish(&c->message);
    c->state = LOAD_IDLE;
    c->handler->closed(c, c->close_code, c->why);
}

static void endings_run(struct load_set *s)
{
    while (!list_is_empty(&s->ending)) {
        struct load_conn *c = container_of(s->ending.next, struct load_conn, ending);
        list_remove(&c->ending);
        conn_tell_end(c);
    }
}

void load_close(struct load_conn *c, int code)
{
    unsigned char payload[2] = {(unsigned char)(code >> 8), (unsigned char)code};
    if (c->state == LOAD_OPEN && code != 0)
        frame_send(c, OP_CLOSE, (const char *)payload, 2);
    conn_end(c, 0, "closed here");
}

bool load_is_open(const struct load_conn *c) { return c->state == LOAD_OPEN; }

/* ---- receiving ---- */

/* A whole frame at `at`, or how it is not one: 0 wait for more, -1 broken. Returns its length. */
static ssize_t frame_parse(const unsigned char *at, size_t len, enum opcode *ret_opcode, bool *ret_final,
                           size_t *ret_head)
{
    size_t head = 2, payload;
    if (len < 2)
        return 0;
    payload = at[1] & 0x7f;
    if ((at[1] & 0x80) != 0 || (at[0] & 0x70) != 0) /* servers do not mask; no extension was agreed */
        return -1;
    if (payload == 126) {
        head = 4;
        if (len < head)
            return 0;
        payload = (size_t)at[2] << 8 | at[3];
    } else if (payload == 127) {
        head = 10;
        if (len < head)
            return 0;
        payload = 0;
        for (size_t i = 0; i < 8; i++)
            payload = payload << 8 | at[2 + i];
    }
    if (payload > LOAD_MESSAGE_MAX)
        return -1;
    if (len < head + payload)
        return 0;
    *ret_opcode = (enum opcode)(at[0] & 15);
    *ret_final = (at[0] & 0x80) != 0;
    *ret_head = head;
    return (ssize_t)(head + payload);
}

static void frame_close(struct load_conn *c, const char *data, size_t len)
{
    int code = len >= 2 ? (unsigned char)data[0] << 8 | (unsigned char)data[1] : 1005;
    frame_send(c, OP_CLOSE, data, len < 2 ? 0 : 2);
    conn_end(c, code, "%.*s", len > 2 ? (int)len - 2 : 0, data + 2);
}

static void frame_text(struct load_conn *c, bool final, const char *data, size_t len)
{
    if (final && c->message.len == 0) {
        c->handler->message(c, data, len);
        return;
    }
    c->message.limit = LOAD_MESSAGE_MAX;
    bytes_append(&c->message, data, len);
    if (bytes_result(&c->message) != RESULT_OK) {
        conn_end(c, 0, "message too long");
    } else if (final) {
        size_t whole_len;
        char *whole = bytes_take(&c->message, &whole_len);
        c->handler->message(c, whole, whole_len);
        free(whole);
    }
}

static void frame_got(struct load_conn *c, enum opcode opcode, bool final, const char *data, size_t len)
{
    switch (opcode) {
    case OP_TEXT:
    case OP_CONTINUED:
        frame_text(c, final, data, len);
        break;
    case OP_PING:
        frame_send(c, OP_PONG, data, len);
        break;
    case OP_CLOSE:
        frame_close(c, data, len);
        break;
    case OP_PONG:
        break;
    case OP_BINARY:
    default:
        conn_end(c, 0, "a frame of kind %d", (int)opcode);
        break;
    }
}

/* Returns how many bytes were used. */
static size_t frames_read(struct load_conn *c, const char *data, size_t len)
{
    size_t used = 0;
    while (c->state == LOAD_OPEN) {
        enum opcode opcode;
        bool final;
        size_t head;
        ssize_t whole = frame_parse((const unsigned char *)data + used, len - used, &opcode, &final, &head);
        if (whole < 0)
            conn_end(c, 0, "broken frame");
        if (whole <= 0)
            break;
        frame_got(c, opcode, final, data + used + head, (size_t)whole - head);
        used += (size_t)whole;
    }
    return used;
}

/* What a refusal says of coming back: Retry-After in seconds, or, more exactly, "retry_after_ms" of the problem behind it. */
static void refusal_read(struct load_conn *c, const char *data, size_t len)
{
    struct bytes text = {0}; /* with a NUL behind it; refusals are rare */
    bytes_append(&text, data, len);
    if (bytes_result(&text) != RESULT_OK)
        return;
    const char *header = strcasestr(text.data, "\r\nretry-after:");
    const char *exact = strstr(text.data, "\"retry_after_ms\":");
    c->status = (int)strtol(text.data + strcspn(text.data, " \r\n"), NULL, 10);
    if (exact != NULL)
        c->retry_after_ms = strtoll(exact + strlen("\"retry_after_ms\":"), NULL, 10);
    else if (header != NULL)
        c->retry_after_ms = strtoll(header + strlen("\r\nretry-after:"), NULL, 10) * 1000;
    if (c->retry_after_ms < 0 || c->retry_after_ms > RETRY_AFTER_MS_MAX)
        c->retry_after_ms = RETRY_AFTER_MS_MAX;
    bytes_finish(&text);
}

/* Returns the bytes of the head of the answer when it is a good one; 0 wait. */
static size_t upgrade_answer(struct load_conn *c, const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    if (end == NULL) {
        if (len > 16384)
            conn_end(c, 0, "endless answer to the upgrade");
        return 0;
    }
    size_t head = (size_t)(end + 4 - data);
    if (len < 12 || memcmp(data, "HTTP/1.1 101", 12) != 0) {
        refusal_read(c, data, len);
        conn_end(c, 0, "upgrade refused: %.*s", (int)strcspn(data, "\r\n"), data);
    } else if (memmem(data, head, UPGRADE_ACCEPT, strlen(UPGRADE_ACCEPT)) == NULL)
        conn_end(c, 0, "upgrade answered with a wrong key");
    else
        c->state = LOAD_OPEN;
    return head;
}

static void conn_bytes(struct load_conn *c, const char *data, size_t len)
{
    size_t used = 0;
    if (c->state == LOAD_WAITING && c->http == NULL) {
        used = upgrade_answer(c, data, len);
        if (c->state == LOAD_OPEN)
            c->handler->open(c);
    }
    if (c->state == LOAD_OPEN)
        used += frames_read(c, data + used, len - used);
    if (c->state == LOAD_ENDED)
        return;
    size_t rest = len - used;
    if (data == c->in.data) {
        memmove(c->in.data, c->in.data + used, rest);
        c->in.len = rest;
    } else {
        bytes_append(&c->in, data + used, rest);
    }
    if (c->in.len == 0)
        bytes_finish(&c->in);
}

/* A server may keep the line open although we asked it not to. */
static bool http_is_whole(const struct bytes *in)
{
    const char *end = memmem(in->data, in->len, "\r\n\r\n", 4);
    const char *length = end == NULL ? NULL : strcasestr(in->data, "\r\ncontent-length:");
    if (length == NULL || length > end)
        return false;
    return in->len - (size_t)(end + 4 - in->data) >= strtoul(length + 17, NULL, 10);
}

static void conn_read(struct load_conn *c, size_t bytes_max)
{
    ssize_t len = recv(c->fd, c->set->buffer, bytes_max, MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len <= 0) {
        conn_end(c, 0, "%s", len == 0 ? "connection ended without a close" : strerror(errno));
        if (c->http != NULL && len == 0)
            c->close_code = HTTP_WHOLE;
        return;
    }
    c->received_bytes += (uint64_t)len;
    if (c->in.len == 0 && c->http == NULL) {
        conn_bytes(c, c->set->buffer, (size_t)len);
        return;
    }
    c->in.limit = LOAD_MESSAGE_MAX + 64;
    bytes_append(&c->in, c->set->buffer, (size_t)len);
    if (bytes_result(&c->in) != RESULT_OK)
        conn_end(c, 0, "more than we keep");
    else if (c->http == NULL)
        conn_bytes(c, c->in.data, c->in.len);
    else if (http_is_whole(&c->in))
        conn_end(c, HTTP_WHOLE, "answered");
}

void load_pause(struct load_conn *c, bool paused, int receive_buffer_bytes)
{
    if (c->state != LOAD_OPEN)
        return;
    c->paused = paused;
    if (receive_buffer_bytes > 0)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    conn_watch(c, c->out.len > 0 ? EPOLLOUT : 0, EPOLL_CTL_MOD);
}

void load_read_some(struct load_conn *c, size_t bytes)
{
    if (c->state == LOAD_OPEN)
        conn_read(c, bytes < BUFFER_BYTES ? bytes : BUFFER_BYTES);
}

static void conn_writable(struct load_conn *c)
{
    if (c->state == LOAD_CONNECTING) {
        int error = 0;
        socklen_t len = sizeof error;
        getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
        if (error != 0) {
            conn_end(c, 0, "connect: %s", strerror(error));
            return;
        }
        c->state = LOAD_WAITING;
    }
    conn_watch(c, 0, EPOLL_CTL_MOD);
    conn_flush(c);
}

/* ---- opening ---- */

static bool source_bind(struct load_set *s, int fd)
{
    int one = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    uint64_t address = 1 + s->opened_total / LOAD_CONNS_PER_ADDRESS % 200;
    from.sin_addr.s_addr = htonl(0x7f000000u | (uint32_t)(1 + address));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    return bind(fd, (struct sockaddr *)&from, sizeof from) == 0;
}

static int conn_connect(struct load_set *s)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)s->target.port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->target.port)};
    bool is_four = inet_pton(AF_INET, s->target.host, &four.sin_addr) == 1;
    int one = 1;
    if (!is_four && inet_pton(AF_INET6, s->target.host, &six.sin6_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(is_four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const struct sockaddr *to = is_four ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    if ((!s->spread || source_bind(s, fd)) &&
        (connect(fd, to, is_four ? sizeof four : sizeof six) == 0 || errno == EINPROGRESS))
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Expects the request in c->out already. */
static void conn_start(struct load_set *s, struct load_conn *c)
{
    MUST(c->state == LOAD_IDLE);
    c->set = s;
    c->state = LOAD_CONNECTING;
    c->close_code = 0;
    c->paused = false;
    c->status = 0;
    c->retry_after_ms = 0;
    c->fd = conn_connect(s);
    s->opened_total++;
    if (c->fd < 0) {
        conn_end(c, 0, "connect: %s", strerror(errno));
        return;
    }
    s->conns++;
    conn_watch(c, EPOLLOUT, EPOLL_CTL_ADD);
}

void load_open(struct load_set *s, struct load_conn *c, const char *path, const char *headers)
{
    c->http = NULL;
    bytes_clear(&c->out);
    bytes_format(&c->out,
                 "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " UPGRADE_KEY "\r\n"
                 "Sec-WebSocket-Protocol: liveshelf.v1\r\n%s\r\n",
                 path, s->target.host, s->target.port, headers == NULL ? "" : headers);
    conn_start(s, c);
}

/* ---- HTTP ---- */

static size_t chunks_join(char *body, size_t len) /* in place; returns the length of the content */
{
    size_t at = 0, to = 0;
    while (at < len) {
        char *end;
        size_t size = strtoul(body + at, &end, 16);
        char *data = memmem(body + at, len - at, "\r\n", 2);
        if (end == body + at || data == NULL || size == 0)
            break;
        data += 2;
        if (size > len - (size_t)(data - body))
            break;
        memmove(body + to, data, size);
        to += size;
        at = (size_t)(data - body) + size + 2;
    }
    return to;
}

static void http_finish(struct load_conn *c)
{
    struct load_http *h = c->http;
    struct bytes in = c->in;
    c->in = (struct bytes){0};
    bytes_finish(&c->out);
    c->state = LOAD_IDLE;
    char *end = in.len == 0 ? NULL : memmem(in.data, in.len, "\r\n\r\n", 4);
    if (c->close_code != HTTP_WHOLE || end == NULL || in.len < 12 || memcmp(in.data, "HTTP/1.", 7) != 0) {
        h->done(h, 0, c->why, strlen(c->why));
    } else {
        int status = (int)strtol(in.data + 9, NULL, 10);
        size_t len = in.len - (size_t)(end + 4 - in.data);
        *end = '\0';
        if (strcasestr(in.data, "transfer-encoding: chunked") != NULL)
            len = chunks_join(end + 4, len);
        h->done(h, status, end + 4, len);
    }
    bytes_finish(&in);
}

void load_http_start(struct load_set *s, struct load_http *h)
{
    struct load_conn *c = &h->conn;
    *c = (struct load_conn){.http = h};
    bytes_format(&c->out, "%s %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: close\r\n", h->method, h->path, s->target.host,
                 s->target.port);
    if (h->token != NULL)
        bytes_format(&c->out, "Authorization: Bearer %s\r\n", h->token);
    if (h->idempotency_key != NULL)
        bytes_format(&c->out, "Idempotency-Key: %s\r\n", h->idempotency_key);
    if (h->body != NULL)
        bytes_format(&c->out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
                     h->content_type == NULL ? "application/json" : h->content_type, h->body_len);
    bytes_text(&c->out, "\r\n");
    if (h->body != NULL)
        bytes_append(&c->out, h->body, h->body_len);
    conn_start(s, c);
}

/* ---- the turn ---- */

static void conn_event(struct load_conn *c, uint32_t events)
{
    if (c->state == LOAD_ENDED || c->state == LOAD_IDLE)
        return;
    if ((events & EPOLLOUT) != 0)
        conn_writable(c);
    if (c->state != LOAD_ENDED && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        conn_read(c, BUFFER_BYTES);
}

void load_turn(struct load_set *s, int wait_ms)
{
    struct epoll_event events[EVENTS_PER_TURN];
    if (!list_is_empty(&s->ending))
        wait_ms = 0;
    int count = epoll_wait(s->epoll, events, EVENTS_PER_TURN, wait_ms);
    for (int i = 0; i < count; i++)
        conn_event(events[i].data.ptr, events[i].events);
    endings_run(s);
    timers_run(s);
}
