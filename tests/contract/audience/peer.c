#include "tests/contract/audience/peer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void peer_connect_small(struct peer *p, struct stage *s, int receive_buffer_bytes)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server_port(s->server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *p = (struct peer){.stage = s, .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    assert_true(p->fd >= 0);
    if (receive_buffer_bytes > 0)
        setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    int one = 1;
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0)
        assert_int_equal(errno, EINPROGRESS);
}

void peer_connect(struct peer *p, struct stage *s) { peer_connect_small(p, s, 0); }

void peer_finish(struct peer *p)
{
    for (size_t i = 0; i < p->messages_count; i++)
        free(p->messages[i]);
    free(p->messages);
    bytes_finish(&p->in);
    close(p->fd);
    *p = (struct peer){.fd = -1};
}

void peer_send(struct peer *p, const char *data, size_t len)
{
    for (size_t sent = 0; sent < len && !p->closed;) {
        ssize_t n = send(p->fd, data + sent, len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN || errno == ENOTCONN)
            stage_turn(p->stage);
        else
            p->closed = true;
    }
}

void peer_send_text(struct peer *p, const char *text) { peer_send(p, text, strlen(text)); }

static void receive(struct peer *p)
{
    char buffer[16384];
    while (!p->closed && !p->deaf) {
        ssize_t n = recv(p->fd, buffer, sizeof buffer, 0);
        if (n > 0)
            bytes_append(&p->in, buffer, (size_t)n);
        else if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        else
            p->closed = true;
    }
}

void peer_pump_raw(struct peer *p) { receive(p); }

void peer_drop(struct peer *p)
{
    receive(p);
    bytes_clear(&p->in);
}

static void consume(struct peer *p, size_t len)
{
    memmove(p->in.data, p->in.data + len, p->in.len - len);
    p->in.len -= len;
    p->in.data[p->in.len] = '\0';
}

/* ---- HTTP ---- */

static long content_length(const char *head)
{
    const char *at = strcasestr(head, "\r\ncontent-length:");
    return at == NULL ? -1 : strtol(at + 17, NULL, 10);
}

char *peer_answer(struct peer *p, char **ret_body)
{
    const char *end = NULL;
    STAGE_UNTIL(p->stage, (receive(p), p->in.len > 0 && (end = strstr(p->in.data, "\r\n\r\n")) != NULL) || p->closed);
    assert_non_null(end);
    size_t head_len = (size_t)(end - p->in.data) + 4;
    char *head = strndup(p->in.data, head_len);
    consume(p, head_len);
    int status = atoi(head + 9);
    bool no_body = p->no_body || status / 100 == 1 || status == 204 || status == 304;
    long wanted = no_body ? 0 : content_length(head);
    STAGE_UNTIL(p->stage, (receive(p), p->closed) || (wanted >= 0 && p->in.len >= (size_t)wanted));
    size_t body_len = wanted >= 0 && (size_t)wanted < p->in.len ? (size_t)wanted : p->in.len;
    if (wanted > 0)
        assert_int_equal(body_len, wanted);
    if (ret_body != NULL)
        *ret_body = strndup(p->in.data == NULL ? "" : p->in.data, body_len);
    if (body_len > 0)
        consume(p, body_len);
    return head;
}

int peer_status(struct peer *p, const char *request_text)
{
    peer_send_text(p, request_text);
    char *head = peer_answer(p, NULL);
    int status = atoi(head + 9);
    free(head);
    return status;
}

/* ---- WebSocket ---- */

void peer_upgrade_sent(struct peer *p, const char *path, const char *more_headers)
{
    char text[2048];
    snprintf(text, sizeof text,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
             "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
             path, server_port(p->stage->server), more_headers);
    peer_send_text(p, text);
}

int peer_upgrade(struct peer *p, const char *more_headers)
{
    char headers[1024];
    snprintf(headers, sizeof headers, "Sec-WebSocket-Protocol: liveshelf.v1\r\n%s", more_headers);
    peer_upgrade_sent(p, "/v1/broadcasts/" STAGE_SHOW "/live", headers);
    char *head = peer_answer(p, NULL);
    int status = atoi(head + 9);
    if (status == 101) {
        assert_non_null(strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")); /* RFC 6455, 1.3 */
        assert_non_null(strcasestr(head, "\r\nSec-WebSocket-Protocol: liveshelf.v1\r\n"));
        assert_null(strcasestr(head, "Sec-WebSocket-Extensions"));
    }
    free(head);
    return status;
}

void peer_frame(struct peer *p, unsigned first_byte, const char *data, size_t len)
{
    static const unsigned char mask[4] = {0x11, 0xa2, 0x33, 0xc4};
    unsigned char head[14] = {(unsigned char)first_byte};
    size_t head_len = len < 126 ? 2 : len <= 0xffff ? 4 : 10;
    head[1] = (unsigned char)(0x80 | (head_len == 2 ? len : head_len == 4 ? 126 : 127));
    for (size_t i = 2; i < head_len; i++)
        head[i] = (unsigned char)(len >> (8 * (head_len - 1 - i)));
    memcpy(head + head_len, mask, 4);
    struct bytes frame = {0};
    bytes_append(&frame, head, head_len + 4);
    bytes_append(&frame, data, len);
    for (size_t i = 0; i < len; i++)
        frame.data[head_len + 4 + i] ^= (char)mask[i & 3];
    peer_send(p, frame.data, frame.len);
    bytes_finish(&frame);
}

void peer_say(struct peer *p, const char *text) { peer_frame(p, 0x81, text, strlen(text)); }

static void keep_message(struct peer *p, const char *data, size_t len)
{
    if (p->messages_count == p->messages_capacity) {
        p->messages_capacity = p->messages_capacity == 0 ? 64 : 2 * p->messages_capacity;
        p->messages = realloc(p->messages, p->messages_capacity * sizeof *p->messages);
        assert_non_null(p->messages);
    }
    p->messages[p->messages_count++] = strndup(data, len);
}

static void take_frame(struct peer *p, unsigned first_byte, const char *data, size_t len)
{
    assert_true(first_byte & 0x80); /* servers of ours send whole messages */
    switch (first_byte & 0xf) {
    case 1:
        keep_message(p, data, len);
        break;
    case 8:
        p->close_code = 1005;
        if (len >= 2)
            p->close_code = (uint16_t)((unsigned char)data[0] * 256u + (unsigned char)data[1]);
        peer_frame(p, 0x88, data, len >= 2 ? 2 : 0);
        break;
    case 9:
        p->pings++;
        if (!p->silent)
            peer_frame(p, 0x8a, data, len);
        break;
    case 10:
        keep_message(p, "PONG", 4);
        break;
    default:
        fail_msg("a frame of kind %u", first_byte & 0xf);
    }
}

void peer_pump(struct peer *p)
{
    receive(p);
    size_t at = 0;
    while (p->in.len - at >= 2) {
        const unsigned char *f = (const unsigned char *)p->in.data + at;
        size_t len = f[1] & 0x7f, head = len < 126 ? 2 : len == 126 ? 4 : 10;
        assert_false(f[1] & 0x80); /* servers do not mask */
        if (p->in.len - at < head)
            break;
        if (head > 2) {
            len = 0;
            for (size_t i = 2; i < head; i++)
                len = len << 8 | f[i];
        }
        if (p->in.len - at < head + len)
            break;
        take_frame(p, f[0], p->in.data + at + head, len);
        at += head + len;
    }
    if (at > 0)
        consume(p, at);
}

void peer_run_ms(struct peer *p, int64_t ms)
{
    for (int64_t end = stage_now_ms() + ms; stage_now_ms() < end; peer_pump(p))
        stage_turn(p->stage);
}

void peer_hello(struct peer *p, const char *token, const char *more)
{
    struct bytes text = {0};
    bytes_format(&text, "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"%s\"%s}", token, more);
    peer_say(p, text.data);
    bytes_finish(&text);
}

void peer_join(struct peer *p, struct stage *s, enum role role, const char *sub)
{
    char *token = stage_token(s, role, STAGE_SHOW, sub, 3600 * 1000);
    peer_connect(p, s);
    assert_int_equal(peer_upgrade(p, ""), 101);
    peer_hello(p, token, "");
    free(token);
    peer_expect(p, "\"t\":\"welcome\"");
    if (role != ROLE_LOGISTICS)
        peer_expect(p, "\"t\":\"snapshot\"");
}

const char *peer_expect(struct peer *p, const char *part)
{
    for (int64_t end = stage_now_ms() + STAGE_WAIT_MS;;) {
        peer_pump(p);
        for (; p->looked_at < p->messages_count; p->looked_at++) {
            if (strstr(p->messages[p->looked_at], part) != NULL)
                return p->messages[p->looked_at++];
        }
        if (p->closed || stage_now_ms() > end)
            break;
        stage_turn(p->stage);
    }
    for (size_t i = 0; i < p->messages_count; i++)
        print_message("    %.300s\n", p->messages[i]);
    fail_msg("%s: never heard %s (close code %u)", p->closed ? "closed" : "open", part, p->close_code);
    return NULL;
}

void peer_expect_close(struct peer *p, uint16_t code)
{
    STAGE_UNTIL(p->stage, (peer_pump(p), p->closed));
    assert_int_equal(p->close_code, code);
}

size_t peer_count(const struct peer *p, const char *part)
{
    size_t count = 0;
    for (size_t i = 0; i < p->messages_count; i++)
        count += strstr(p->messages[i], part) != NULL ? 1 : 0;
    return count;
}
