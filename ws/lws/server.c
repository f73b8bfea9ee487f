/* libwebsockets as a guest on our loop: its context, its callbacks, its end. */
#include "ws/lws/server.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "ws/lws/meters.h"
#include "ws/lws/server_parts.h"
#include "ws/lws/sse.h"

#define RX_BYTES 512          /* per conn; measured: 1024 would cost 0.5 kB more each and gains nothing for viewers */
#define TX_BYTES (64 << 10)   /* lws cuts raw writes here, and copies the rest */
#define HEADER_BYTES_MAX 8192 /* of one request, all headers; a token may have 4096 */
#define SERVICE_BYTES 8192
#define SPARE_DESCRIPTORS 256 /* Redis, files, lws' own pipe; a socket with a number beyond them all is refused */
#define LWS_TIMEOUT_S 60      /* ours are shorter */
#define LWS_SLACK_S 2         /* so that it is we who cut a handshake, and count it */
#define CLOSE_TURNS 3         /* of the loop, until what lws closed is closed */
#define CLOSE_TURNS_MAX 1000

#define EVENTS_PER_LOOK 32
#define BREATH_NS 4000000 /* 4 ms */

struct server *server_of(struct lws *wsi) { return lws_context_user(lws_get_context(wsi)); }

/* ---- callbacks ---- */

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct http_conn *socket = user;
    struct server *s = server_of(wsi);
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS: /* the context is being made */
        return tls_prepare(&s->tls, user);
    case LWS_CALLBACK_WSI_DESTROY:
        handshake_done(wsi);
        if (s->listener.adopted > 0) /* lws destroys one of its own at the end */
            s->listener.adopted--;
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return upgrade_check_header(wsi); /* `in` may be freed already: see there */
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        handshake_done(wsi);
        return upgrade_refuse_protocol(wsi); /* a WebSocket without our subprotocol lands here */
    case LWS_CALLBACK_HTTP:
        handshake_done(wsi);
        hub_turn(s->hub);
        return request_begin(s, socket, wsi);
    case LWS_CALLBACK_HTTP_BODY:
        return socket->request == NULL ? 0 : request_received(socket->request, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        hub_turn(s->hub);
        return socket->request == NULL ? -1
                                       : request_complete(socket->request); /* -1: read to its end after the answer */
    case LWS_CALLBACK_HTTP_WRITEABLE:
        hub_turn(s->hub);
        if (socket != NULL && socket->stream != NULL)
            sse_writable(socket->stream);
        return socket == NULL || socket->request == NULL ? 0 : request_writable(socket->request);
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED_HTTP:
        if (socket != NULL) {
            sse_gone(socket);
            request_gone(socket);
        }
        return 0;
    case LWS_CALLBACK_RAW_ADOPT: /* after CONNECT */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    default:
        return 0;
    }
}

static void on_again(uv_idle_t *again) { (void)again; /* its being active is all: the loop does not sleep */ }

static void flush(struct server *s)
{
    if (hub_flush(s->hub))
        uv_idle_start(&s->again, on_again);
    else
        uv_idle_stop(&s->again);
    if (s->hub->outlets.nudge && s->context != NULL) {
        s->hub->outlets.nudge = false;
        lws_cancel_service(s->context); /* lws looks at its timeouts only after I/O */
    }
}

/* libuv hands over up to 48 times 1,024 events before it lets anyone else do anything. Behind an event that may be one of very many
 * we look at the clock, and when others have waited for long do what the end of the turn would. */
static void breathe(struct server *s)
{
    if (++s->events < EVENTS_PER_LOOK)
        return;
    s->events = 0;
    if (s->closing || uv_hrtime() - s->breathed_ns < BREATH_NS)
        return;
    flush(s);
    if (s->breathe != NULL)
        s->breathe(s->breathe_ctx);
    s->breathed_ns = uv_hrtime();
}

static int on_live(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct conn *c = user;
    struct server *s = server_of(wsi);
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        hub_turn(s->hub);
        handshake_done(wsi);
        return upgrade_filter(s, c, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        conn_established(c, s->hub, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        hub_turn(s->hub);
        conn_received(c, &(struct message_part){
                             .data = in,
                             .len = len,
                             .first = lws_is_first_fragment(wsi) != 0,
                             .last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0,
                             .binary = lws_frame_is_binary(wsi) != 0,
                         });
        breathe(s);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        hub_turn(s->hub);
        conn_seen(c);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        hub_turn(s->hub);
        conn_writable(c);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return conn_peer_closes(c, in, len);
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL:
    case LWS_CALLBACK_CLOSED:
        if (c != NULL)
            conn_gone(c);
        breathe(s);
        return 0;
    default:
        return 0;
    }
}

/* ---- the loop ---- */

/* From the last rest to this one, less what the loop slept meanwhile. */
static void turn_measure(struct server *s)
{
    uint64_t now_ns = uv_hrtime(), idle_ns = uv_metrics_idle_time(s->loop);
    int64_t busy_ns = (int64_t)(now_ns - s->turn_at_ns) - (int64_t)(idle_ns - s->idle_ns);
    s->turn_at_ns = now_ns;
    s->idle_ns = idle_ns;
    if (busy_ns <= 0)
        return;
    admission_turn(&s->admission, busy_ns);
    metric_observe(&meters.turn_seconds, (double)busy_ns / 1e9);
}

static void close_step(struct server *s);

static void on_prepare(uv_prepare_t *prepare)
{
    struct server *s = prepare->data;
    if (s->closing) {
        close_step(s);
        return;
    }
    flush(s);
    turn_measure(s);
    s->breathed_ns = s->turn_at_ns;
}

static void on_tick(uv_timer_t *tick)
{
    struct server *s = tick->data;
    hub_tick(s->hub);
    admission_tick(&s->admission, s->hub->outlets.now_ms);
    metric_set(&meters.admission_rate, s->admission.per_second);
    listener_tick(&s->listener);
    requests_tick(s);
    tls_tick(&s->tls, s->hub->outlets.now_ms);
    if (s->drained == NULL)
        return;
    bool empty = s->hub->conns_count == 0 && s->requests_count == 0;
    if (!empty && s->hub->outlets.now_ms < s->drain_until_ms)
        return;
    void (*drained)(void *ctx) = s->drained;
    s->drained = NULL;
    drained(s->drained_ctx);
}

static void loop_join(struct server *s)
{
    uv_prepare_init(s->loop, &s->prepare);
    uv_idle_init(s->loop, &s->again);
    uv_timer_init(s->loop, &s->tick);
    s->prepare.data = s->tick.data = s->again.data = s;
    s->handles_open = 3;
    uv_prepare_start(&s->prepare, on_prepare);
    uv_timer_start(&s->tick, on_tick, HUB_TICK_MS, HUB_TICK_MS);
    MUST(uv_loop_configure(s->loop, UV_METRICS_IDLE_TIME) == 0);
}

/* ---- the context ---- */

static const struct lws_protocols protocols[] = {
    [PROTOCOL_HTTP] = {.name = "http",
                       .callback = on_http,
                       .per_session_data_size = sizeof(struct http_conn),
                       .rx_buffer_size = SERVICE_BYTES,
                       .tx_packet_size = TX_BYTES},
    [PROTOCOL_LIVE] = {.name = "liveshelf.v1",
                       .callback = on_live,
                       .per_session_data_size = sizeof(struct conn),
                       .rx_buffer_size = RX_BYTES,
                       .tx_packet_size = TX_BYTES},
    {.name = NULL},
};

static void lws_says(int level, const char *line)
{
    size_t len = strcspn(line, "\n");
    char text[256];
    snprintf(text, sizeof text, "%.*s", (int)len, line);
    if (level & LLL_ERR)
        log_warn("lws.error", "text=%s", log_quote(text));
    else
        log_debug("lws.says", "text=%s", log_quote(text));
}

/* lws finds a socket by its number, in a table as long as the process may have files open; Debian's builds walk that table
 * at each close as well, to check themselves. Told of a smaller number (fd_limit_per_thread) it searches a list instead,
 * at each event. So while lws takes its measure the process may have no more files than we have use for. */
static struct lws_context *context_measured(const struct lws_context_creation_info *info, rlim_t files)
{
    struct rlimit before, lowered;
    bool known = getrlimit(RLIMIT_NOFILE, &before) == 0 && before.rlim_cur > files;
    if (known) {
        lowered = (struct rlimit){.rlim_cur = files, .rlim_max = before.rlim_max};
        (void)setrlimit(RLIMIT_NOFILE, &lowered);
    }
    struct lws_context *context = lws_create_context(info);
    if (known)
        (void)setrlimit(RLIMIT_NOFILE, &before);
    return context;
}

static enum result context_create(struct server *s)
{
    static const lws_retry_bo_t
        no_validity; /* all zero: no timers of lws' own, which would walk a list per handshake */
    const struct net_limits *limits = &s->limits;
    void *loops[1] = {s->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .user = s,
        .vhost_name = "default",
        .foreign_loops = loops,
        .pcontext = &s->context,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8,
        .retry_and_idle_policy = &no_validity,
        .pt_serv_buf_size = SERVICE_BYTES,
        .max_http_header_data = HEADER_BYTES_MAX,
        .max_http_header_pool = (unsigned short)(limits->handshakes_max + limits->http_requests_max),
        .timeout_secs = LWS_TIMEOUT_S,
        .timeout_secs_ah_idle = LWS_SLACK_S + (unsigned)((limits->handshake_timeout_ms + 999) / 1000),
        .keepalive_timeout = (int)((limits->keepalive_ms + 999) / 1000),
    };
    if (tls_is_on(&s->tls)) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX;
        info.alpn = "http/1.1";
    }
    lws_set_log_level(LLL_ERR | LLL_WARN, lws_says);
    s->context = context_measured(&info, limits->conns_max + limits->handshakes_max + limits->http_requests_max +
                                             limits->streams_max + SPARE_DESCRIPTORS);
    return s->context == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

/* ---- create ---- */

static enum result listen_all(struct server *s, const struct server_config *config, struct server_fault *fault)
{
    struct listener_fault why = {0};
    enum result result = listener_init(&s->listener, s->loop, &s->hub->outlets);
    if (result == RESULT_OK && config->listen_fd >= 0)
        result = listener_inherit(&s->listener, config->listen_fd);
    for (size_t i = 0; result == RESULT_OK && i < config->listen_count; i++)
        result = listener_bind(&s->listener, config->listen[i], &why);
    if (result != RESULT_OK)
        snprintf(fault->text, sizeof fault->text, "listen: %s", why.text[0] == '\0' ? result_name(result) : why.text);
    return result;
}

static enum result pages_load(struct server *s, const char *web_dir, struct server_fault *fault)
{
    struct static_fault why = {0};
    if (web_dir == NULL || web_dir[0] == '\0')
        return RESULT_OK;
    enum result result = static_load(&s->files, web_dir, &why);
    if (result != RESULT_OK)
        snprintf(fault->text, sizeof fault->text, "web-dir: %.250s", why.text);
    return result;
}

static enum result tls_load(struct server *s, const struct server_config *config, struct server_fault *fault)
{
    struct tls_fault why = {0};
    enum result result = tls_init(&s->tls, config->tls_cert_file, config->tls_key_file, &why);
    if (result != RESULT_OK)
        snprintf(fault->text, sizeof fault->text, "%s", why.text);
    return result;
}

static enum result parts_create(struct server *s, const struct server_config *config, struct server_fault *fault)
{
    bool framed = config->frame_ancestors != NULL && config->frame_ancestors[0] != '\0';
    s->frame_ancestors = strdup(framed ? config->frame_ancestors : "'self'");
    enum result result =
        s->frame_ancestors == NULL ? RESULT_NO_MEMORY : hub_create(config->clock, config->auth, &s->limits, &s->hub);
    if (result == RESULT_OK)
        result = guard_init(&s->guard, &s->limits, config->allowed_origins);
    if (result == RESULT_OK)
        result = pages_load(s, config->web_dir, fault);
    if (result == RESULT_OK)
        result = tls_load(s, config, fault);
    return result;
}

static void parts_destroy(struct server *s)
{
    listener_finish(&s->listener);
    static_finish(&s->files);
    tls_finish(&s->tls);
    guard_finish(&s->guard);
    hub_destroy(s->hub);
    free(s->frame_ancestors);
    free(s);
}

static void closed_unborn(void *ctx) { (void)ctx; }

enum result server_create(const struct server_config *config, struct server **ret, struct server_fault *ret_fault)
{
    *ret_fault = (struct server_fault){0};
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return RESULT_NO_MEMORY;
    s->limits = config->limits;
    s->loop = config->loop;
    s->store = config->store;
    s->ready = config->ready;
    s->ready_ctx = config->ready_ctx;
    s->metrics = config->metrics;
    s->metrics_ctx = config->metrics_ctx;
    s->breathe = config->breathe;
    s->breathe_ctx = config->breathe_ctx;
    list_init(&s->requests);
    enum result result = parts_create(s, config, ret_fault);
    if (result != RESULT_OK) {
        parts_destroy(s);
        return result;
    }
    loop_join(s);
    result = listen_all(s, config, ret_fault);
    if (result == RESULT_OK)
        result = context_create(s);
    if (result != RESULT_OK) {
        if (ret_fault->text[0] == '\0')
            snprintf(ret_fault->text, sizeof ret_fault->text, "libwebsockets: no context (%s)", result_name(result));
        server_close(s, closed_unborn, NULL); /* the loop has handles of ours by now: run it once more */
        return result;
    }
    *ret = s;
    return RESULT_OK;
}

struct audience *server_audience(struct server *s) { return &s->hub->audience; }

uint16_t server_port(const struct server *s) { return s->listener.port; }

static void admission_begin(struct server *s)
{
    struct admission_limits limits = {.per_second_min = s->limits.admit_per_second_min,
                                      .per_second_max = s->limits.admit_per_second_max,
                                      .lag_target_ms = s->limits.lag_target_ms};
    if (limits.per_second_max < limits.per_second_min)
        log_warn("settings.clash", "admit_per_second_min=%u admit_per_second_max=%u counts=min", limits.per_second_min,
                 limits.per_second_max);
    admission_init(&s->admission, &limits, uv_hrtime(), s->hub->outlets.now_ms);
    s->door = (struct door){.admission = &s->admission, .guard = &s->guard};
    s->turn_at_ns = uv_hrtime();
    s->idle_ns = uv_metrics_idle_time(s->loop);
}

void server_attach(struct server *s, struct orchestrator *o)
{
    hub_attach(s->hub, o);
    hub_turn(s->hub);
    admission_begin(s);
    listener_start(&s->listener, lws_get_vhost_by_name(s->context, "default"), &s->door);
    log_info("server.listening", "port=%u", server_port(s));
}

/* ---- the end ---- */

void server_drain(struct server *s, int64_t timeout_ms, void (*done)(void *ctx), void *ctx)
{
    hub_turn(s->hub);
    s->draining = true;
    s->drain_until_ms = s->hub->outlets.now_ms + timeout_ms;
    s->drained = done;
    s->drained_ctx = ctx;
    listener_stop(&s->listener);
    hub_drain(s->hub, timeout_ms);
    log_info("server.draining", "conns=%u requests=%u", s->hub->conns_count, s->requests_count);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct server *s = handle->data;
    if (--s->handles_open > 0)
        return;
    void (*closed)(void *ctx) = s->closed;
    void *ctx = s->closed_ctx;
    parts_destroy(s);
    closed(ctx);
}

/* lws closes its handles over several turns of the loop, and asks to be destroyed a second time after that. */
static void close_step(struct server *s)
{
    s->closing_turns++;
    if (s->context != NULL && s->closing_turns < CLOSE_TURNS_MAX) {
        if (s->closing_turns % CLOSE_TURNS == 0)
            lws_context_destroy(s->context);
        return;
    }
    if (s->context != NULL)
        log_warn("server.leaked", "what=lws_context");
    uv_close((uv_handle_t *)&s->prepare, on_handle_closed);
    uv_close((uv_handle_t *)&s->again, on_handle_closed);
    uv_close((uv_handle_t *)&s->tick, on_handle_closed);
}

void server_close(struct server *s, void (*closed)(void *ctx), void *ctx)
{
    s->closing = true;
    s->closed = closed;
    s->closed_ctx = ctx;
    s->drained = NULL;
    uv_timer_stop(&s->tick);
    listener_stop(&s->listener);
    requests_abandon(s);
    if (s->context != NULL)
        lws_context_destroy(s->context);
    uv_idle_start(&s->again, on_again); /* turns follow each other without sleeping */
}
