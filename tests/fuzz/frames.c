/* tests/fuzz/frames.c - two made-up clients of a whole node: upgrades, frames, hellos, commands and requests in any order, cut
 * anywhere, right or wrong. The input is a program: an operation, its operands, the next one. Real sockets, the real server and
 * core, stock and logs in memory; time is moved by the program.
 *
 * Whatever was done, what the server sends stays well-formed (frames_stranger.h), and nobody stays behind when the sockets are gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/frames_stranger.h"
#include "ws/lws/server_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STRANGERS 2
#define PROGRAM_STEPS_MAX 64
#define STAGE_INPUTS_MAX 500              /* then a new node: its log and ledger grow */
#define NS_TO_LEAVE UINT64_C(20000000000) /* the kernel has its own pace */
#define TOKEN_TTL_MS (INT64_C(1000) * 3600 * 24 * 3650)

enum token { TOKEN_VIEWER, TOKEN_PUBLIC, TOKEN_HOST, TOKEN_LOGISTICS, TOKEN_EXPIRED, TOKEN_ELSEWHERE, TOKENS };

struct fuzzed {
    struct stage *stage;
    char *tokens[TOKENS];
    unsigned inputs;
};

struct program {
    const uint8_t *at, *end;
    struct fuzzed *node;
    struct stranger strangers[STRANGERS];
    struct stranger *speaker; /* the one that speaks */
    struct frame_lie lie;
};

/* ---- the node ---- */

static struct stage_options options(void)
{
    struct stage_options o = stage_options_default();
    o.origins = "https://shop.example";
    o.limits.handshakes_max = 16;
    o.limits.accepts_per_second_max = 1000000;
    o.limits.admit_per_second_min = o.limits.admit_per_second_max = 1000000;
    o.limits.send_buffer_bytes = 4096;
    o.limits.message_bytes_max = 1024;
    o.limits.host_message_bytes_max = 8192;
    o.limits.queue_bytes_max = 4096;
    o.limits.ring_bytes = o.limits.host_ring_bytes = 65536;
    o.limits.http_body_bytes_max = 4096;
    o.limits.streams_max = 2;
    return o;
}

static void node_close(struct fuzzed *n)
{
    for (enum token i = 0; i < TOKENS; i++)
        free(n->tokens[i]);
    if (n->stage != NULL)
        stage_close(n->stage);
    *n = (struct fuzzed){0};
}

static struct fuzzed *node(void)
{
    static struct fuzzed n;
    if (n.stage != NULL && n.inputs++ < STAGE_INPUTS_MAX)
        return &n;
    node_close(&n);
    struct stage_options o = options();
    n.stage = stage_open(&o);
    stage_allocate(n.stage, 1000, "po-1");
    n.tokens[TOKEN_VIEWER] = stage_token(n.stage, ROLE_VIEWER, STAGE_SHOW, "ann", TOKEN_TTL_MS);
    n.tokens[TOKEN_PUBLIC] = stage_token(n.stage, ROLE_VIEWER, NULL, NULL, TOKEN_TTL_MS);
    n.tokens[TOKEN_HOST] = stage_token(n.stage, ROLE_HOST, STAGE_SHOW, "hanna", TOKEN_TTL_MS);
    n.tokens[TOKEN_LOGISTICS] = stage_token(n.stage, ROLE_LOGISTICS, STAGE_SHOW, "lee", TOKEN_TTL_MS);
    n.tokens[TOKEN_EXPIRED] = stage_token(n.stage, ROLE_VIEWER, STAGE_SHOW, "ann", -1000);
    n.tokens[TOKEN_ELSEWHERE] = stage_token(n.stage, ROLE_VIEWER, "another", "ann", TOKEN_TTL_MS);
    return &n;
}

static bool everyone_left(const struct stage *s)
{
    return s->server->hub->conns_count == 0 && s->server->requests_count == 0 && s->server->streams_count == 0;
}

/* ---- operands ---- */

static uint8_t take(struct program *p) { return p->at == p->end ? 0 : *p->at++; }

static size_t take_bytes(struct program *p, const uint8_t **ret)
{
    size_t len = take(p), left = (size_t)(p->end - p->at);
    len = len < left ? len : left;
    *ret = p->at;
    p->at += len;
    return len;
}

static void say(struct program *p, const struct bytes *text)
{
    stranger_frame(p->speaker, 0x81, text->data, text->len, &p->lie);
    p->lie = (struct frame_lie){0};
}

/* ---- operations ---- */

static void op_raw(struct program *p)
{
    const uint8_t *data;
    size_t len = take_bytes(p, &data);
    stranger_send(p->speaker, data, len);
}

/* Two bits choose each part of an upgrade; all zero is one that is let in. */
static void op_upgrade(struct program *p)
{
    static const char *const paths[] = {"/v1/broadcasts/" STAGE_SHOW "/live", "/v1/broadcasts/another/live",
                                        "/v1/broadcasts//live", "/v1/broadcasts/" STAGE_SHOW "/live?x=%00&y=../.."};
    static const char *const protocols[] = {"Sec-WebSocket-Protocol: liveshelf.v1\r\n", "",
                                            "Sec-WebSocket-Protocol: chat, liveshelf.v1\r\n",
                                            "Sec-WebSocket-Protocol: http\r\n"};
    static const char *const versions[] = {"13", "8", "13, 8", ""};
    static const char *const extras[] = {"", "Origin: https://evil.example\r\n",
                                         "X-Forwarded-For: 203.0.113.7, ::1\r\n",
                                         "Sec-WebSocket-Extensions: permessage-deflate\r\nContent-Length: 5\r\n"};
    static const char *const keys[] = {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Key: x\r\n",
                                       "", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: close\r\n"};
    static const char *const upgrades[] = {"websocket", "WebSocket", "h2c", "websocket, h2c"};
    uint8_t a = take(p), b = take(p);
    struct bytes text = {0};
    bytes_format(&text,
                 "GET %s HTTP/1.1\r\nHost: live.example\r\nConnection: Upgrade\r\nUpgrade: %s\r\n%s%s%s"
                 "Sec-WebSocket-Version: %s\r\n\r\n",
                 paths[a & 3], upgrades[b >> 2 & 3], keys[b & 3], protocols[a >> 2 & 3], extras[a >> 6 & 3],
                 versions[a >> 4 & 3]);
    stranger_send(p->speaker, text.data, text.len);
    bytes_finish(&text);
}

static void op_frame(struct program *p)
{
    const uint8_t *payload;
    uint8_t first = take(p);
    size_t len = take_bytes(p, &payload);
    stranger_frame(p->speaker, first, payload, len, &p->lie);
    p->lie = (struct frame_lie){0};
}

/* The next frame lies about its length or mask. */
static void op_lie(struct program *p)
{
    uint8_t how = take(p);
    p->lie = (struct frame_lie){.unmasked = (how & 4) != 0, .length_form = how & 3, .payload_cut = how >> 3 & 7};
    p->lie.declared = (uint64_t)take(p) << (take(p) & 63);
}

static void op_hello(struct program *p)
{
    uint8_t who = take(p), seq = take(p);
    struct bytes text = {0};
    bytes_format(&text, "{\"t\":\"hello\",\"id\":\"1\",\"token\":\"%s\"", p->node->tokens[(who & 15) % TOKENS]);
    if (who & 16)
        bytes_format(&text, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%u}",
                     who & 32 ? "e1" : stage_show(p->node->stage)->broadcast->epoch.text, seq);
    if (who & 64)
        bytes_text(&text, ",\"viewer_key\":\"v_1.x\"");
    bytes_text(&text, "}");
    say(p, &text);
    bytes_finish(&text);
    stranger_turn(p->node->stage, 4); /* the core answers a turn later */
    stranger_read(p->speaker);
}

static void op_words(struct program *p)
{
    static const char *const words[] = {
        "{\"t\":\"ping\",\"id\":\"p%u\"}",
        "{\"t\":\"clock\",\"id\":\"k%u\",\"playing_ms\":1795177190000}",
        "{\"t\":\"reserve\",\"id\":\"h_%u\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}",
        "{\"t\":\"release\",\"id\":\"r1\",\"hold\":\"h_%u\"}",
        "{\"t\":\"extend\",\"id\":\"x1\",\"hold\":\"h_%u\"}",
        "{\"t\":\"checkout\",\"id\":\"c1\",\"hold\":\"h_%u\"}",
        "{\"t\":\"waitlist.join\",\"id\":\"w%u\",\"sku\":\"mug-blue\",\"qty\":1}",
        "{\"t\":\"waitlist.leave\",\"id\":\"w%u\",\"sku\":\"mug-blue\"}",
        "{\"t\":\"pin.set\",\"id\":\"p%u\",\"slot\":1,\"sku\":\"mug-red\"}",
        "{\"t\":\"pin.clear\",\"id\":\"p%u\",\"slot\":1}",
        "{\"t\":\"notice\",\"id\":\"n%u\",\"text\":\"Back soon \\u00e9\",\"level\":\"info\"}",
        "{\"t\":\"stop\",\"id\":\"s%u\",\"sku\":\"mug-red\"}",
        "{\"t\":\"undo\",\"id\":\"u%u\"}",
        "{\"t\":\"dance\",\"id\":\"d%u\"}",
        "[%u]",
        "",
    };
    struct bytes text = {0};
    const char *format = words[take(p) % ARRAY_LEN(words)];
    char line[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = snprintf(line, sizeof line, format, take(p));
#pragma GCC diagnostic pop
    bytes_append(&text, line, (size_t)len);
    say(p, &text);
    bytes_finish(&text);
}

/* One message of up to 16 kB in as many frames as asked for, with a PING between them. */
static void op_fragments(struct program *p)
{
    unsigned frames = 1u + take(p) % 8u, each = 16u * take(p), pings = take(p);
    char part[16 * 255];
    memset(part, 'x', sizeof part);
    for (unsigned i = 0; i < frames; i++) {
        uint8_t first = (uint8_t)((i + 1 == frames ? 0x80 : 0) | (i == 0 ? 1 : 0));
        stranger_frame(p->speaker, first, part, each, &p->lie);
        p->lie = (struct frame_lie){0};
        if (pings & 1u << i)
            stranger_frame(p->speaker, 0x89, part, 125, &p->lie);
    }
}

static void op_turn(struct program *p)
{
    stranger_turn(p->node->stage, take(p) & 7);
    stranger_read(p->speaker);
}

static void op_split(struct program *p) { p->speaker->piece = take(p); }

static void op_time(struct program *p)
{
    static const int64_t steps_ms[] = {1, 100, 1000, 3000, 5000, 11000, 26000, 70000};
    struct stage *s = p->node->stage;
    s->clock.ahead_ms += steps_ms[take(p) & 7];
    stage_timers(s);
    hub_turn(s->server->hub);
    hub_tick(s->server->hub);
    listener_tick(&s->server->listener);
    requests_tick(s->server);
    stranger_turn(s, 2);
    stranger_read(p->speaker);
}

/* The host does something, seen by the whole audience. */
static void op_publish(struct program *p)
{
    struct asker asker = {
        .role = ROLE_HOST, .shop = {.text = STAGE_SHOP}, .broadcast = {.text = STAGE_SHOW}, .sub = "h"};
    for (unsigned i = 0, times = 1u + take(p) % 32u; i < times; i++) {
        struct command notice = {.kind = COMMAND_NOTICE, .broadcast = asker.broadcast};
        memset(notice.text, 'n', sizeof notice.text - 1);
        orchestrator_command(p->node->stage->o, &asker, &notice);
        stranger_turn(p->node->stage, 2);
    }
    stranger_read(p->speaker);
}

static void op_deaf(struct program *p)
{
    p->speaker->deaf = !p->speaker->deaf;
    stranger_read(p->speaker);
}

static void op_leave(struct program *p)
{
    uint8_t how = take(p);
    if (how & 1)
        stranger_frame(p->speaker, 0x88, "\x03\xe8", how & 2 ? 2 : 0, &(struct frame_lie){0});
    else if (how & 2)
        stranger_half_close(p->speaker);
    else {
        stranger_cut(p->speaker);
        stranger_turn(p->node->stage, 2);
        stranger_open(p->speaker, p->node->stage);
    }
}

static void op_other(struct program *p)
{
    p->speaker = p->speaker == &p->strangers[0] ? &p->strangers[1] : &p->strangers[0];
}

static void op_request(struct program *p)
{
    static const char *const firsts[] = {
        "GET /healthz HTTP/1.1",
        "GET /readyz HTTP/1.0",
        "GET /metrics HTTP/1.1",
        "HEAD / HTTP/1.1",
        "OPTIONS /v1/holds HTTP/1.1",
        "GET /v1/broadcasts/" STAGE_SHOW " HTTP/1.1",
        "PUT /v1/catalogue HTTP/1.1",
        "POST /v1/broadcasts HTTP/1.1",
        "GET /v1/broadcasts/" STAGE_SHOW "/estimates/stream HTTP/1.1",
        "GET /v1/broadcasts/" STAGE_SHOW "/estimates HTTP/1.1",
        "CONNECT live.example:80 HTTP/1.1",
        "TRACE / HTTP/1.1",
        "GET /%2e%2e/etc/passwd HTTP/1.1",
        "PRI * HTTP/2.0",
        "POST /v1/stock/mug-red/allocate HTTP/1.1",
        "DELETE /v1/catalogue HTTP/1.1",
    };
    static const char *const bodies[] = {
        "",
        "Content-Length: 2\r\n",
        "Content-Length: 999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
    };
    uint8_t a = take(p), b = take(p);
    const uint8_t *body;
    size_t body_len = take_bytes(p, &body);
    struct bytes text = {0};
    bytes_format(&text, "%s\r\nHost: live.example\r\nContent-Type: application/json\r\n%s", firsts[a & 15],
                 bodies[b & 7]);
    if (b & 8)
        bytes_format(&text, "Authorization: Bearer %s\r\n", p->node->tokens[(b >> 4) % TOKENS]);
    if (a & 16)
        bytes_text(&text, "Accept: text/event-stream\r\nOrigin: https://shop.example\r\nIdempotency-Key: k1\r\n");
    if (a & 32)
        bytes_text(&text, "Connection: close\r\n");
    bytes_text(&text, "\r\n");
    bytes_append(&text, (const char *)body, body_len);
    stranger_send(p->speaker, text.data, text.len);
    bytes_finish(&text);
}

typedef void operation(struct program *p);
static operation *const operations[] = {op_raw,     op_upgrade,   op_frame, op_lie,   op_hello,
                                        op_words,   op_fragments, op_turn,  op_split, op_time,
                                        op_publish, op_deaf,      op_leave, op_other, op_request};

/* ---- the input ---- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct program p = {.at = data, .end = data + size, .node = node()};
    for (size_t i = 0; i < STRANGERS; i++)
        stranger_open(&p.strangers[i], p.node->stage);
    p.speaker = &p.strangers[0];
    for (unsigned i = 0; i < PROGRAM_STEPS_MAX && p.at != p.end; i++)
        operations[take(&p) % ARRAY_LEN(operations)](&p);
    stranger_turn(p.node->stage, 4);
    for (size_t i = 0; i < STRANGERS; i++) {
        stranger_read(&p.strangers[i]);
        stranger_cut(&p.strangers[i]);
    }
    uint64_t until = uv_hrtime() + NS_TO_LEAVE;
    while (!everyone_left(p.node->stage) && uv_hrtime() < until)
        stranger_turn(p.node->stage, 1);
    MUST(everyone_left(p.node->stage));
    return 0;
}
