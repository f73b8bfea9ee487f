#include "ws/lws/webhook_client.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/list.h"
#include "core/broadcast/hook_url.h"
#include "ws/lws/webhook_address.h"
#include "ws/lws/webhook_sign.h"

#define ADDRESSES_MAX 4   /* of one name, tried in turn while nothing was sent */
#define PIECE_BYTES 16384 /* of a body, written at once */
#define SERVICE_BYTES 8192
#define FILES_MAX 256 /* more posts are never under way; a list, since few sockets need no table */
/* libuv looks up few names at a time, and Redis' name is one of them: one that nobody answers for must not keep it waiting. */
#define LOOKUPS_MAX 1
#define CLOSE_TURNS 3 /* of the loop, until what lws closed is closed */
#define NOT_SIGNED "the secret is none: whsec_ and base64"

struct lookup { /* outlives its post: a look-up cannot always be called back */
    uv_getaddrinfo_t request;
    struct webhook_client *client;
    struct post *post;
};
struct post {
    struct list link;
    struct webhook_client *client;
    struct webhook_post *ask;
    struct hook_url url;
    char signature[WEBHOOK_SIGNATURE_MAX];
    char timestamp[24];
    struct clock_timer timer;
    bool waits; /* its name is not looked up yet */
    struct lookup *lookup;
    char addresses[ADDRESSES_MAX][INET6_ADDRSTRLEN];
    unsigned addresses_count, address; /* the one being tried */
    struct lws *wsi;
    const char *distrust; /* why the certificate is not trusted; static text */
    size_t written;
    bool sent;               /* something went out: it may arrive */
    bool connecting, failed; /* inside lws_client_connect_via_info; it failed in there */
};
struct webhook_client {
    struct webhook webhook;
    struct webhook_client_config config;
    struct lws_context *context; /* lws sets it to NULL when it is gone */
    struct list posts;
    unsigned lookups;
    uv_idle_t turn; /* at the end: keeps the loop turning until all is closed */
    unsigned turns;
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

static void posts_resolve(struct webhook_client *c);
static void post_resolve(struct post *p);
static void post_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found);
static void post_connect(struct post *p);
static int post_headers(struct post *p, struct lws *wsi, unsigned char **at, unsigned char *end);
static int post_write(struct post *p, struct lws *wsi);
static void post_lost(struct post *p, const char *why);
static void post_end(struct post *p, enum result result, const char *why);

/* ---- the beginning ---- */

static void post_timed_out(struct clock_timer *timer)
{
    struct post *p = container_of(timer, struct post, timer);
    post_end(p, p->sent ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE, "no answer in time");
}

static void post_refused(struct clock_timer *timer)
{
    struct post *p = container_of(timer, struct post, timer);
    post_end(p, RESULT_MALFORMED, p->ask->why);
}

static const char *post_prepare(struct post *p)
{
    const struct webhook_post *ask = p->ask;
    struct clock *clock = p->client->config.clock;
    int64_t now_s = clock->now_ms(clock) / 1000;
    if (ask->body->failed || ask->body->len > WEBHOOK_BODY_MAX)
        return "the body is too long";
    if (hook_url_parse(ask->url, &p->url) != RESULT_OK)
        return "the url is none";
    snprintf(p->timestamp, sizeof p->timestamp, "%lld", (long long)now_s);
    if (webhook_sign(ask->secret, ask->old_secret, ask->id, now_s, ask->body, p->signature) != RESULT_OK)
        return NOT_SIGNED;
    return NULL;
}

static void client_send(struct webhook *webhook, struct webhook_post *ask)
{
    struct webhook_client *c = container_of(webhook, struct webhook_client, webhook);
    struct post *p = calloc(1, sizeof *p);
    MUST(p != NULL && !c->closing);
    p->client = c;
    p->ask = ask;
    list_push_back(&c->posts, &p->link);
    const char *wrong = post_prepare(p);
    if (wrong != NULL)
        snprintf(ask->why, sizeof ask->why, "%s", wrong);
    p->timer.fire = wrong == NULL ? post_timed_out : post_refused;
    p->waits = wrong == NULL;
    if (wrong != NULL)
        c->config.clock->start(c->config.clock, &p->timer, 0);
    else
        posts_resolve(c);
}

/* ---- addresses ---- */

/* Whoever waits longest is next. */
static void posts_resolve(struct webhook_client *c)
{
    list_for_each (at, &c->posts) {
        struct post *p = container_of(at, struct post, link);
        if (c->lookups >= LOOKUPS_MAX)
            return;
        if (p->waits)
            post_resolve(p);
    }
}

static void post_resolve(struct post *p)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct lookup *lookup = calloc(1, sizeof *lookup);
    MUST(lookup != NULL);
    *lookup = (struct lookup){.client = p->client, .post = p};
    p->lookup = lookup;
    p->waits = false;
    p->client->lookups++;
    struct clock *clock = p->client->config.clock;
    int64_t timeout_ms = p->client->config.timeout_ms;
    clock->start(clock, &p->timer, timeout_ms == 0 ? WEBHOOK_TIMEOUT_MS : timeout_ms);
    MUST(uv_getaddrinfo(p->client->config.loop, &lookup->request, post_resolved, p->url.host, NULL, &hints) == 0);
}

/* Returns how many were left out. */
static unsigned addresses_take(struct post *p, const struct addrinfo *found)
{
    unsigned closed = 0;
    for (const struct addrinfo *at = found; at != NULL && p->addresses_count < ADDRESSES_MAX; at = at->ai_next) {
        if (!p->client->config.private_networks && !webhook_address_is_public(at->ai_addr)) {
            closed++;
            continue;
        }
        if (getnameinfo(at->ai_addr, at->ai_addrlen, p->addresses[p->addresses_count], INET6_ADDRSTRLEN, NULL, 0,
                        NI_NUMERICHOST) == 0)
            p->addresses_count++;
    }
    return closed;
}

static void post_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct lookup *lookup = container_of(request, struct lookup, request);
    struct post *p = lookup->post;
    lookup->client->lookups--;
    posts_resolve(lookup->client);
    free(lookup);
    if (p == NULL) { /* it ended meanwhile */
        uv_freeaddrinfo(found);
        return;
    }
    p->lookup = NULL;
    unsigned closed = status == 0 ? addresses_take(p, found) : 0;
    uv_freeaddrinfo(found);
    if (p->addresses_count > 0)
        post_connect(p);
    else
        post_end(p, RESULT_UNAVAILABLE,
                 closed > 0 ? "its address is of a network that is refused" : "its name has no address");
}

/* ---- the connection ---- */

static void post_connect(struct post *p)
{
    struct lws_client_connect_info info = {
        .context = p->client->context,
        .address = p->addresses[p->address],
        .port = p->url.port,
        .path = p->url.path,
        .host = p->url.authority,
        .method = "POST",
        .protocol = "webhook",
        .local_protocol_name = "webhook",
        .alpn = "http/1.1",
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT | (p->url.tls ? LCCSCF_USE_SSL : 0),
        .opaque_user_data = p,
        .pwsi = &p->wsi,
    };
    p->connecting = true;
    p->failed = false;
    struct lws *wsi = lws_client_connect_via_info(&info);
    p->connecting = false;
    if (wsi == NULL || p->failed) {
        p->wsi = NULL;
        post_lost(p, p->failed ? p->ask->why : "no connection");
    }
}

/* The end of a connection without an answer. */
static void post_lost(struct post *p, const char *why)
{
    char kept[sizeof p->ask->why];
    snprintf(kept, sizeof kept, "%s%s",
             p->distrust == NULL ? "" : "certificate: ", p->distrust == NULL ? why : p->distrust);
    p->wsi = NULL;
    p->distrust = NULL;
    if (!p->sent && p->address + 1 < p->addresses_count) {
        p->address++;
        post_connect(p);
        return;
    }
    post_end(p, p->sent ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE, kept);
}

static bool header(struct lws *wsi, unsigned char **at, unsigned char *end, const char *name, const char *value)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
                                       (int)strlen(value), at, end) == 0;
}

static int post_headers(struct post *p, struct lws *wsi, unsigned char **at, unsigned char *end)
{
    char len[24];
    snprintf(len, sizeof len, "%zu", p->ask->body->len);
    if (!header(wsi, at, end, "content-type:", p->ask->content_type) || !header(wsi, at, end, "content-length:", len) ||
        !header(wsi, at, end, "webhook-id:", p->ask->id) || !header(wsi, at, end, "webhook-timestamp:", p->timestamp) ||
        !header(wsi, at, end, "webhook-signature:", p->signature) || !header(wsi, at, end, "user-agent:", "liveshelf"))
        return -1;
    p->sent = true;
    lws_client_http_body_pending(wsi, 1);
    lws_callback_on_writable(wsi);
    return 0;
}

static int post_write(struct post *p, struct lws *wsi)
{
    static unsigned char piece[LWS_PRE + PIECE_BYTES];
    const struct bytes *body = p->ask->body;
    size_t left = body->len - p->written, len = left < PIECE_BYTES ? left : PIECE_BYTES;
    if (len == 0)
        return 0;
    memcpy(piece + LWS_PRE, body->data + p->written, len);
    p->written += len;
    bool last = len == left;
    if (last)
        lws_client_http_body_pending(wsi, 0);
    if (lws_write(wsi, piece + LWS_PRE, len, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)len)
        return -1;
    if (!last)
        lws_callback_on_writable(wsi);
    return 0;
}

/* ---- the answer ---- */

/* Seconds, or a moment (RFC 9110, 10.2.3). What is neither asks for nothing. */
static int64_t retry_after_ms(const char *text, int64_t now_ms)
{
    struct tm tm = {0};
    char *end = NULL;
    long long seconds = strtoll(text, &end, 10);
    if (end != text && *end == '\0' && seconds >= 0 && seconds < INT32_MAX)
        return seconds * 1000;
    end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    int64_t at_ms = end != NULL && *end == '\0' ? (int64_t)timegm(&tm) * 1000 : 0;
    return at_ms > now_ms ? at_ms - now_ms : 0;
}

static void post_answered(struct post *p, struct lws *wsi)
{
    struct clock *clock = p->client->config.clock;
    char after[64] = "";
    p->ask->status = (int)lws_http_client_http_response(wsi);
    if (lws_hdr_copy(wsi, after, sizeof after, WSI_TOKEN_HTTP_RETRY_AFTER) > 0)
        p->ask->retry_after_ms = retry_after_ms(after, clock->now_ms(clock));
    lws_set_opaque_user_data(wsi, NULL); /* lws closes it when we return */
    p->wsi = NULL;
    bool valid = p->ask->status >= 100 && p->ask->status <= 599;
    post_end(p, valid ? RESULT_OK : RESULT_NO_ANSWER, "");
}

/* `done` may do anything but close us: last line. */
static void post_end(struct post *p, enum result result, const char *why)
{
    struct webhook_post *ask = p->ask;
    struct lws *wsi = p->wsi;
    struct clock *clock = p->client->config.clock;
    ask->result = result;
    if (why != ask->why)
        snprintf(ask->why, sizeof ask->why, "%s", why);
    clock->stop(clock, &p->timer);
    if (p->lookup != NULL) {
        p->lookup->post = NULL;
        uv_cancel((uv_req_t *)&p->lookup->request);
    }
    if (wsi != NULL) {
        lws_set_opaque_user_data(wsi, NULL);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
    }
    list_remove(&p->link);
    free(p);
    ask->done(ask);
}

/* ---- lws ---- */

static int on_webhook(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct post *p = NULL;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        p = lws_get_opaque_user_data(wsi);
        break;
    default:
        return 0;
    }
    if (p == NULL) /* ended; only lws still has something of it */
        return reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR || reason == LWS_CALLBACK_CLOSED_CLIENT_HTTP ? 0 : -1;
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION: /* `len`: trusted so far */
        if (len == 0)
            p->distrust = X509_verify_cert_error_string(X509_STORE_CTX_get_error(user));
        return len == 0;
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return post_headers(p, wsi, in, *(unsigned char **)in + len);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        return post_write(p, wsi);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        post_answered(p, wsi);
        return -1;
    default:
        break;
    }
    lws_set_opaque_user_data(wsi, NULL);
    if (p->connecting) {
        snprintf(p->ask->why, sizeof p->ask->why, "%.*s", (int)len, in == NULL ? "" : (const char *)in);
        p->failed = true;
        return 0;
    }
    post_lost(p, in != NULL ? (const char *)in : p->sent ? "closed before an answer" : "no connection");
    return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "webhook", .callback = on_webhook, .rx_buffer_size = SERVICE_BYTES, .tx_packet_size = PIECE_BYTES},
    {.name = NULL},
};

enum result webhook_client_create(const struct webhook_client_config *config, struct webhook_client **ret)
{
    struct webhook_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return RESULT_NO_MEMORY;
    c->config = *config;
    c->webhook.send = client_send;
    list_init(&c->posts);
    void *loops[1] = {config->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .vhost_name = "webhooks",
        .foreign_loops = loops,
        .pcontext = &c->context,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
        .pt_serv_buf_size = SERVICE_BYTES,
        .max_http_header_data = SERVICE_BYTES,
        .fd_limit_per_thread = FILES_MAX,
        .timeout_secs = 60,         /* ours are shorter */
        .http_proxy_address = ":0", /* none: otherwise lws would ask the one that $http_proxy names */
    };
    c->context = lws_create_context(&info);
    if (c->context == NULL) {
        free(c);
        return RESULT_NO_MEMORY;
    }
    uv_idle_init(config->loop, &c->turn);
    c->turn.data = c;
    *ret = c;
    return RESULT_OK;
}

struct webhook *webhook_client_port(struct webhook_client *c) { return &c->webhook; }

/* ---- the end ---- */

static void on_turn_closed(uv_handle_t *handle)
{
    struct webhook_client *c = handle->data;
    void (*closed)(void *ctx) = c->closed;
    void *ctx = c->closed_ctx;
    free(c);
    closed(ctx);
}

/* lws closes its handles over several turns of the loop, and asks to be destroyed a second time after that. */
static void on_turn(uv_idle_t *turn)
{
    struct webhook_client *c = turn->data;
    c->turns++;
    if (c->context != NULL && c->turns % CLOSE_TURNS == 0)
        lws_context_destroy(c->context);
    if (c->context == NULL && c->lookups == 0)
        uv_close((uv_handle_t *)turn, on_turn_closed);
}

void webhook_client_close(struct webhook_client *c, void (*closed)(void *ctx), void *ctx)
{
    c->closing = true;
    c->closed = closed;
    c->closed_ctx = ctx;
    list_for_each (at, &c->posts) {
        struct post *p = container_of(at, struct post, link);
        post_end(p, p->sent ? RESULT_NO_ANSWER : RESULT_UNAVAILABLE, "the node stops");
    }
    lws_context_destroy(c->context);
    uv_idle_start(&c->turn, on_turn);
}
