#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"
#include "loadtest/fan/fan.h"

#define EVENTS_MAX 128           /* of one turn */
#define READ_BYTES (256u << 10)  /* of one read, and the longest message */
#define FAILED_AGAIN_US 200000   /* a connect that failed is tried again after so long */
#define REFUSED_AGAIN_US 1000000 /* so is one refused without a word about when */
#define RETRY_MAX_US (30 * 1000000LL)

enum opcode { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

static char buffer[READ_BYTES + 1]; /* a NUL behind what was read */

int64_t fan_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

enum result fan_init(struct fan *f)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    f->conns = calloc(f->conns_max, sizeof *f->conns);
    f->rooms = calloc(f->rooms_count, sizeof *f->rooms);
    if (f->epoll < 0 || f->conns == NULL || f->rooms == NULL)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < f->conns_max; i++)
        f->conns[i] = (struct fan_conn){
            .fd = -1, .index = (uint32_t)i, .room = (uint32_t)(i % f->rooms_count), .buyer = i < f->buyers};
    for (size_t i = 0; i < f->rooms_count; i++)
        f->rooms[i].host = (struct fan_conn){.fd = -1, .index = (uint32_t)i, .room = (uint32_t)i, .host = true};
    f->text_len = FAN_EVENT_BYTES - 100; /* until the first event tells what is around it */
    return epoll_ctl(f->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0 ? RESULT_OK : RESULT_UNAVAILABLE;
}

void fan_finish(struct fan *f)
{
    for (size_t i = 0; f->conns != NULL && i < f->conns_max; i++) {
        fan_drop(f, &f->conns[i]);
        free(f->conns[i].key);
    }
    for (size_t i = 0; f->rooms != NULL && i < f->rooms_count; i++) {
        fan_drop(f, &f->rooms[i].host);
        free(f->rooms[i].host.key);
    }
    free(f->conns);
    free(f->rooms);
    fan_samples_finish(&f->each);
    fan_samples_finish(&f->last);
    fan_samples_finish(&f->claims);
    if (f->epoll >= 0)
        close(f->epoll);
}

/* ---- a line's life ---- */

/* The only writer of a state: the counts of each follow. */
static void state_set(struct fan *f, struct fan_conn *c, enum fan_state next)
{
    enum fan_state before = c->state;
    bool was_opening = before >= FAN_CONNECTING && before <= FAN_GREETING;
    bool is_opening = next >= FAN_CONNECTING && next <= FAN_GREETING;
    f->opening = f->opening - was_opening + is_opening;
    f->waiting = f->waiting - (before == FAN_WAITING) + (next == FAN_WAITING);
    f->live = f->live - (before == FAN_LIVE) + (next == FAN_LIVE);
    c->state = next;
}

void fan_drop(struct fan *f, struct fan_conn *c)
{
    if (c->fd >= 0) {
        /* Reset: nothing lingers, so that thousands may come again from the same addresses at once. */
        struct linger none = {.l_onoff = 1};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        close(c->fd);
        c->fd = -1;
    }
    if (c->state == FAN_LIVE && !c->host && !c->stalled)
        f->rooms[c->room].viewers--;
    free(c->rest);
    c->rest = NULL;
    c->rest_len = 0;
    c->asked_us = 0;
    c->stalled = false;
    state_set(f, c, FAN_CLOSED);
}

void fan_retry(struct fan *f, struct fan_conn *c, int64_t delay_us)
{
    fan_drop(f, c);
    c->retry_us = fan_now_us() + delay_us;
    state_set(f, c, FAN_WAITING);
}

static void line_broke(struct fan *f, struct fan_conn *c)
{
    if (c->state == FAN_LIVE) {
        f->books.lost++;
        fan_drop(f, c);
    } else {
        f->books.failed++;
        fan_retry(f, c, FAILED_AGAIN_US);
    }
}

void fan_connect(struct fan *f, struct fan_conn *c)
{
    struct sockaddr_in from = {.sin_family = AF_INET},
                       to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(c->host ? f->host_port : f->port))};
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    int one = 1, tiny = 1;
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + (c->host ? 0 : c->index / FAN_ADDRESS_CONNS));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state_set(f, c, FAN_CONNECTING);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        line_broke(f, c);
        return;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (!c->host && c->index >= f->tiny_from)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &tiny, sizeof tiny);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(f->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
        line_broke(f, c);
}

static void connected(struct fan *f, struct fan_conn *c)
{
    char request[FAN_WORD_BYTES];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    size_t len = fan_request(f, c, request);
    if (epoll_ctl(f->epoll, EPOLL_CTL_MOD, c->fd, &event) != 0 ||
        send(c->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len) {
        line_broke(f, c);
        return;
    }
    state_set(f, c, FAN_UPGRADING);
}

void fan_is_live(struct fan *f, struct fan_conn *c)
{
    if (!c->host)
        f->rooms[c->room].viewers++;
    state_set(f, c, FAN_LIVE);
}

void fan_stall(struct fan *f, struct fan_conn *c)
{
    epoll_ctl(f->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    f->rooms[c->room].viewers--;
    c->stalled = true;
}

/* ---- frames ---- */

/* Everything said here is short and fits the socket's buffer: what does not go at once is a broken line. */
static void frame_send(struct fan *f, struct fan_conn *c, unsigned opcode, const char *text, size_t len)
{
    static const unsigned char mask[4] = {0x5a, 0xc3, 0x91, 0x2e};
    unsigned char frame[FAN_WORD_BYTES + 8] = {(unsigned char)(0x80 | opcode)};
    size_t head = 2;
    MUST(len <= FAN_WORD_BYTES);
    frame[1] = (unsigned char)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) {
        frame[2] = (unsigned char)(len >> 8);
        frame[3] = (unsigned char)len;
        head = 4;
    }
    memcpy(frame + head, mask, sizeof mask);
    head += sizeof mask;
    for (size_t i = 0; i < len; i++)
        frame[head + i] = (unsigned char)text[i] ^ mask[i & 3];
    if (send(c->fd, frame, head + len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(head + len))
        line_broke(f, c);
}

void fan_send(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    frame_send(f, c, f->dialect->binary ? OP_BINARY : OP_TEXT, text, len);
}

static void frame_got(struct fan *f, struct fan_conn *c, unsigned opcode, const char *text, size_t len)
{
    if (opcode == OP_TEXT || opcode == OP_BINARY)
        f->dialect->message(f, c, text, len);
    else if (opcode == OP_PING)
        frame_send(f, c, OP_PONG, text, len);
    else if (opcode == OP_CLOSE)
        line_broke(f, c);
}

/* How many bytes were whole frames. Stops when the line ends inside one. */
static size_t frames_take(struct fan *f, struct fan_conn *c, const char *text, size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;
    while (len - at >= 2 && c->fd >= 0) {
        size_t size = bytes[at + 1] & 127, head = 2;
        if (size == 126 && len - at >= 4) {
            size = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
            head = 4;
        } else if (size == 127 && len - at >= 10) {
            size = 0;
            for (size_t i = 2; i < 10; i++)
                size = size << 8 | bytes[at + i];
            head = 10;
        } else if (size >= 126) {
            break;
        }
        if (len - at < head || len - at - head < size)
            break;
        frame_got(f, c, bytes[at] & 15, text + at + head, size);
        at += head + size;
    }
    return at;
}

/* ---- the upgrade ---- */

static int64_t number_behind(const char *text, const char *name)
{
    const char *found = strcasestr(text, name);
    return found == NULL ? -1 : strtoll(found + strlen(name), NULL, 10);
}

/* Told to come again later: when, as the server says, and up to half as much again so that not all come at one moment. */
static void refused(struct fan *f, struct fan_conn *c, const char *answer)
{
    int64_t after_us = number_behind(answer, "\"retry_after_ms\":") * 1000;
    if (after_us <= 0)
        after_us = number_behind(answer, "\r\nRetry-After:") * 1000000;
    if (after_us <= 0 || after_us > RETRY_MAX_US)
        after_us = REFUSED_AGAIN_US;
    f->books.refused++;
    fan_retry(f, c, after_us + (int64_t)(c->index * 2654435761u % 1000) * after_us / 2000);
}

/* Bytes of the answer, 0 while it is not whole. */
static size_t upgrade_take(struct fan *f, struct fan_conn *c, const char *text)
{
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return 0;
    if (strncmp(text, "HTTP/1.1 101", 12) != 0) {
        refused(f, c, text);
        return 0;
    }
    state_set(f, c, FAN_GREETING);
    if (!f->dialect->greets)
        fan_is_live(f, c);
    else if (f->dialect->open != NULL)
        f->dialect->open(f, c);
    return (size_t)(end + 4 - text);
}

/* ---- reading ---- */

static void rest_keep(struct fan_conn *c, const char *text, size_t len)
{
    char *rest = len == 0 ? NULL : malloc(len);
    MUST(len == 0 || rest != NULL);
    if (len > 0)
        memcpy(rest, text, len);
    free(c->rest);
    c->rest = rest;
    c->rest_len = len;
}

static void readable(struct fan *f, struct fan_conn *c)
{
    uint64_t before = f->books.deliveries;
    size_t len = c->rest_len, at = 0;
    if (len > 0)
        memcpy(buffer, c->rest, len);
    ssize_t more = recv(c->fd, buffer + len, READ_BYTES - len, MSG_DONTWAIT);
    if (more <= 0) {
        if (more == 0 || errno != EAGAIN)
            line_broke(f, c);
        return;
    }
    len += (size_t)more;
    buffer[len] = '\0';
    if (c->state == FAN_UPGRADING)
        at = upgrade_take(f, c, buffer);
    if (c->state >= FAN_GREETING)
        at += frames_take(f, c, buffer + at, len - at);
    f->books.recvs += f->books.deliveries != before;
    if (c->fd >= 0 && (at < len || c->rest != NULL))
        rest_keep(c, buffer + at, len - at);
}

void fan_turn(struct fan *f, int64_t wait_us)
{
    struct epoll_event events[EVENTS_MAX];
    struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    int count = epoll_pwait2(f->epoll, events, EVENTS_MAX, wait_us < 0 ? NULL : &wait, NULL);
    for (int i = 0; i < count; i++) {
        struct fan_conn *c = events[i].data.ptr;
        if (c == NULL)
            f->stdin_ready = true;
        else if (c->state == FAN_CONNECTING)
            connected(f, c);
        else if (c->fd >= 0)
            readable(f, c);
    }
}
