#include "tests/fuzz/frames_stranger.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/must.h"
#include "ws/wire/text_rule.h"

#define RECEIVE_BUFFER 4096 /* as small as the kernel allows: a deaf client is full soon */
#define TURNS_PER_SEND 2
#define PIECES_MAX 64

void stranger_turn(struct stage *s, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        uv_run(&s->loop, UV_RUN_NOWAIT);
        stage_timers(s);
    }
}

/* ---- out ---- */

void stranger_open(struct stranger *l, struct stage *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(server_port(s->server))};
    int one = 1, buffer = RECEIVE_BUFFER;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *l = (struct stranger){.stage = s, .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    MUST(l->fd >= 0);
    setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    setsockopt(l->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    MUST(connect(l->fd, (struct sockaddr *)&to, sizeof to) == 0);
    stranger_turn(s, TURNS_PER_SEND);
}

static void send_piece(struct stranger *l, const char *data, size_t len)
{
    if (send(l->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
        shutdown(l->fd, SHUT_WR); /* half a message is out: nothing sensible can follow */
    stranger_turn(l->stage, TURNS_PER_SEND);
    stranger_read(l);
}

void stranger_send(struct stranger *l, const void *data, size_t len)
{
    if (l->fd < 0)
        return;
    size_t piece = l->piece == 0 ? len : l->piece + len / PIECES_MAX; /* each costs turns of the loop */
    for (size_t at = 0; at < len; at += piece)
        send_piece(l, (const char *)data + at, len - at < piece ? len - at : piece);
}

static size_t length_write(uint8_t *at, uint64_t len, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (uint8_t)(len >> 8 * (bytes - 1 - i));
    return bytes;
}

void stranger_frame(struct stranger *l, uint8_t first_byte, const void *payload, size_t len,
                    const struct frame_lie *lie)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint64_t declared = lie->length_form == 3 ? lie->declared : len;
    unsigned bytes = lie->length_form >= 2 || declared > 0xffff ? 8 : lie->length_form == 1 || declared > 125 ? 2 : 0;
    uint8_t head[14] = {first_byte, (uint8_t)(bytes == 8 ? 127 : bytes == 2 ? 126 : declared)};
    size_t head_len = 2 + length_write(&head[2], declared, bytes);
    struct bytes frame = {0};
    if (!lie->unmasked) {
        head[1] |= 0x80;
        memcpy(&head[head_len], mask, sizeof mask);
        head_len += sizeof mask;
    }
    bytes_append(&frame, (const char *)head, head_len);
    for (size_t i = 0; i + lie->payload_cut < len; i++) {
        char byte = (char)(((const uint8_t *)payload)[i] ^ (lie->unmasked ? 0 : mask[i % 4]));
        bytes_append(&frame, &byte, 1);
    }
    stranger_send(l, frame.data, frame.len);
    bytes_finish(&frame);
}

void stranger_half_close(struct stranger *l)
{
    if (l->fd >= 0)
        shutdown(l->fd, SHUT_WR);
    stranger_turn(l->stage, TURNS_PER_SEND);
}

void stranger_cut(struct stranger *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    bytes_finish(&l->received);
}

/* ---- in ---- */

static void consume(struct bytes *b, size_t len)
{
    memmove(b->data, b->data + len, b->len - len);
    b->len -= len;
    b->data[b->len] = '\0';
}

static bool judge_head(struct stranger *l)
{
    static const char start[] = "HTTP/1.", upgraded[] = "HTTP/1.1 101 ";
    struct bytes *in = &l->received;
    size_t compared = in->len < strlen(start) ? in->len : strlen(start);
    MUST(strncmp(in->data, start, compared) == 0);
    const char *end = strstr(in->data, "\r\n\r\n");
    if (end == NULL)
        return false;
    l->in = strncmp(in->data, upgraded, strlen(upgraded)) == 0 ? STRANGER_FRAMES : STRANGER_OTHER;
    consume(in, (size_t)(end - in->data) + 4);
    return true;
}

static void judge_close(const uint8_t *payload, size_t len)
{
    if (len == 0)
        return;
    MUST(len >= 2);
    unsigned code = (unsigned)payload[0] << 8 | payload[1];
    MUST((code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999));
    MUST(utf8_is_valid((const char *)payload + 2, len - 2));
}

static void judge_frame(struct stranger *l, uint8_t first, const uint8_t *payload, size_t len)
{
    uint8_t opcode = first & 15;
    MUST((first & 0xf0) == 0x80); /* whole, and no extension was agreed on */
    MUST(opcode == 1 || opcode == 8 || opcode == 9 || opcode == 10);
    if (l->in == STRANGER_CLOSED)
        MUST(opcode == 8 || opcode == 10); /* of libwebsockets' own, when more came behind our close frame */
    if (opcode == 8) {
        judge_close(payload, len);
        l->in = STRANGER_CLOSED;
    } else if (opcode == 1) {
        MUST(len >= 2 && payload[0] == '{' && payload[len - 1] == '}');
        MUST(utf8_is_valid((const char *)payload, len));
    }
    MUST(opcode == 1 || len <= 125);
}

static bool judge_frames(struct stranger *l)
{
    const uint8_t *at = (const uint8_t *)l->received.data;
    size_t got = l->received.len, head = 2;
    if (got < 2)
        return false;
    uint64_t len = at[1];
    MUST(len < 128); /* servers do not mask */
    if (len >= 126) {
        unsigned bytes = len == 126 ? 2 : 8;
        head += bytes;
        if (got < head)
            return false;
        len = 0;
        for (unsigned i = 0; i < bytes; i++)
            len = len << 8 | at[2 + i];
        MUST(len > (bytes == 2 ? 125 : 0xffff)); /* the shortest form */
    }
    if (got - head < len)
        return false;
    judge_frame(l, at[0], at + head, (size_t)len);
    consume(&l->received, head + (size_t)len);
    return true;
}

static bool judge(struct stranger *l)
{
    if (l->received.len == 0)
        return false;
    switch (l->in) {
    case STRANGER_HEAD:
        return judge_head(l);
    case STRANGER_FRAMES:
    case STRANGER_CLOSED:
        return judge_frames(l);
    case STRANGER_OTHER:
        bytes_clear(&l->received);
        return false;
    }
    return false;
}

void stranger_read(struct stranger *l)
{
    char buffer[16384];
    ssize_t len;
    if (l->fd < 0 || l->deaf)
        return;
    while ((len = recv(l->fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        bytes_append(&l->received, buffer, (size_t)len);
        while (judge(l))
            ;
    }
}
