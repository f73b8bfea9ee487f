/* app/wiring.c - one node from bottom to top, and down again.
 *
 *   wiring_create
 *   wiring_stop        the server sends everyone away
 *     drained          the orchestrator finishes what is in flight
 *     idle             nothing more is estimated, no webhook sent
 *     planned          what is left is cut
 *     sockets_closed   Redis answers what is open, and closes
 *     redis_closed     nothing of ours is in the loop any more */
#include "app/wiring.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/data_dir.h"
#include "app/demo_pay.h"
#include "app/limits.h"
#include "app/metric_board.h"
#include "app/planning.h"
#include "app/process_metrics.h"
#include "base/log.h"
#include "inventory/redis/redis.h"
#include "ws/lws/server.h"
#include "ws/wire/event_codec.h"

#define REDIS_UNKNOWN "Redis: not asked yet"

struct wiring {
    struct wiring_options options;
    struct auth *auth;
    struct redis_node *redis;
    struct server *server;
    struct planning planning;
    struct orchestrator *orchestrator;
    struct orchestrator_observer observer;
    struct demo_pay *pay;
    struct process_metrics metrics;
    struct metric_board all_metrics;
    bool redis_ready;
    char reason[SERVER_REASON_MAX + 64];
    int64_t stop_until_ms;
    void (*stopped)(void *ctx);
};

static int64_t now_ms(const struct wiring *w)
{
    struct clock *clock = &w->options.loop->clock;
    return clock->now_ms(clock);
}

/* ---- readiness ---- */

static void redis_ready(void *ctx, bool ready, const char *reason)
{
    struct wiring *w = ctx;
    bool changed = ready != w->redis_ready;
    w->redis_ready = ready;
    snprintf(w->reason, sizeof w->reason, "%s", reason == NULL ? "" : reason);
    if (ready)
        log_info("redis.ready", "durability=%s", config_text(w->options.config, SETTING_DURABILITY));
    else
        log_warn("redis.not_ready", "reason=%s", log_quote(w->reason));
    if (w->orchestrator != NULL && changed)
        orchestrator_stock_ready(w->orchestrator, ready);
    if (changed)
        w->options.ready(w->options.ctx, ready, w->reason);
}

static void readyz(void *ctx, struct bytes *reasons)
{
    const struct wiring *w = ctx;
    if (!w->redis_ready)
        bytes_format(reasons, "%s\n", w->reason);
    const char *fault = w->orchestrator == NULL ? NULL : orchestrator_fault(w->orchestrator);
    if (fault != NULL)
        bytes_format(reasons, "the stock: %s\n", fault);
}

/* ---- create ---- */

static enum result auth_make(struct wiring *w, struct fault *fault)
{
    struct auth_fault why;
    char key[PATH_MAX];
    const struct config *c = w->options.config;
    enum result result = data_dir_key(c, key, fault);
    if (result != RESULT_OK)
        return result;
    struct auth_config config = {.key_file = key,
                                 .public_key_file = config_text(c, SETTING_PUBLIC_KEY_FILE),
                                 .checkout_url = config_text(c, SETTING_CHECKOUT_URL)};
    result = auth_create(&config, &w->auth, &why);
    return result == RESULT_OK ? result : fault_set(fault, RESULT_MALFORMED, "%s", why.text);
}

static enum result redis_make(struct wiring *w, struct fault *fault)
{
    const struct config *c = w->options.config;
    const char *why = NULL;
    struct redis_config config = {
        .loop = &w->options.loop->uv,
        .url = config_text(c, SETTING_REDIS_URL),
        .replicas = (unsigned)config_number(c, SETTING_REPLICAS),
        .node = w->options.node,
        .seed = w->options.seed,
        .request_ms = config_number(c, SETTING_REDIS_REQUEST_MS),
        .connect_ms = config_number(c, SETTING_REDIS_CONNECT_MS),
        .silence_ms = config_number(c, SETTING_REDIS_SILENCE_MS),
        .queue_max = (uint32_t)config_number(c, SETTING_REDIS_QUEUE_MAX),
        .ready = redis_ready,
        .ctx = w,
        .feed_entries = (uint32_t)config_number(c, SETTING_FEED_ENTRIES),
    };
    if (redis_durability_parse(config_text(c, SETTING_DURABILITY), &config.durability) != RESULT_OK)
        return fault_set(fault, RESULT_MALFORMED, "durability %s: not known", config_text(c, SETTING_DURABILITY));
    enum result result = redis_node_create(&config, &w->redis, &why);
    return result == RESULT_OK ? result
                               : fault_set(fault, result, "redis-url: %s", why == NULL ? result_name(result) : why);
}

/* An installed program's pages lie in share/, a built one's beside its preset's folder. */
static const char *web_dir_find(const struct config *c, char *buffer, size_t size)
{
    static const char *const places[] = {"../share/liveshelf/web", "../web"};
    char self[PATH_MAX], index[PATH_MAX + 64];
    const char *given = config_text(c, SETTING_WEB_DIR);
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (*given != '\0' || len <= 0)
        return given;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        snprintf(buffer, size, "%s/%s", self, places[i]);
        snprintf(index, sizeof index, "%.4000s/viewer/index.html", buffer);
        if (access(index, R_OK) == 0)
            return buffer;
    }
    log_warn("web.missing", "beside=%s", log_quote(self));
    return NULL;
}

static void metrics_write(void *ctx, struct bytes *out)
{
    struct wiring *w = ctx;
    metric_board_write(&w->all_metrics, out);
}

/* Without the board each node answers for itself. */
static void metrics_share(struct wiring *w)
{
    size_t nodes = (size_t)config_number(w->options.config, SETTING_WORKERS);
    if (w->options.metrics_fd < 0)
        return;
    enum result result =
        metric_board_open(&w->all_metrics, w->options.metrics_fd, nodes, w->options.index, &w->options.loop->clock);
    if (result != RESULT_OK)
        log_warn("metrics.alone", "result=%s", result_name(result));
}

static void redis_breathe(void *ctx)
{
    struct wiring *w = ctx;
    redis_node_flush(w->redis);
}

static enum result net_limits_make(const struct config *c, struct net_limits *ret, struct fault *fault)
{
    uint64_t files = limits_files();
    limits_of_net(c, ret);
    struct net_limits wanted = *ret;
    enum result result = limits_fit_files(ret, files, fault);
    if (result == RESULT_OK && limits_sockets(ret) < limits_sockets(&wanted))
        log_warn(
            "limits.cut",
            "files=%llu conns_max=%u of=%u handshakes_max=%u of=%u http_requests_max=%u of=%u streams_max=%u of=%u",
            (unsigned long long)files, ret->conns_max, wanted.conns_max, ret->handshakes_max, wanted.handshakes_max,
            ret->http_requests_max, wanted.http_requests_max, ret->streams_max, wanted.streams_max);
    return result;
}

static enum result server_make(struct wiring *w, struct fault *fault)
{
    const struct config *c = w->options.config;
    const char *listen[] = {config_text(c, SETTING_LISTEN)};
    char web[PATH_MAX + 64];
    struct server_fault why;
    struct server_config config = {
        .loop = &w->options.loop->uv,
        .clock = &w->options.loop->clock,
        .store = redis_store(w->redis),
        .auth = w->auth,
        .listen = listen,
        .listen_count = 1,
        .listen_fd = -1,
        .allowed_origins = config_text(c, SETTING_ALLOWED_ORIGINS),
        .frame_ancestors = config_text(c, SETTING_FRAME_ANCESTORS),
        .tls_cert_file = config_text(c, SETTING_TLS_CERT_FILE),
        .tls_key_file = config_text(c, SETTING_TLS_KEY_FILE),
        .web_dir = web_dir_find(c, web, sizeof web),
        .ready = readyz,
        .ready_ctx = w,
        .metrics = metrics_write,
        .metrics_ctx = w,
        .breathe = redis_breathe,
        .breathe_ctx = w,
    };
    enum result result = net_limits_make(c, &config.limits, fault);
    if (result != RESULT_OK)
        return result;
    result = server_create(&config, &w->server, &why);
    return result == RESULT_OK ? result : fault_set(fault, RESULT_MALFORMED, "%s", why.text);
}

static enum result show_make(struct wiring *w, struct fault *fault)
{
    struct courier_options options = {.config = w->options.config,
                                      .loop = w->options.loop,
                                      .redis = w->redis,
                                      .node = w->options.node,
                                      .seed = w->options.seed};
    enum result result = planning_init(&w->planning, &options);
    if (result != RESULT_OK)
        return fault_set(fault, result, "the planner's board: %s", result_name(result));
    planning_observe(&w->planning, &w->observer);
    struct orchestrator_config config = {
        .node = w->options.node,
        .seed = w->options.seed,
        .clock = &w->options.loop->clock,
        .log = redis_log(w->redis),
        .inventory = redis_inventory(w->redis),
        .ledger = redis_ledger(w->redis),
        .store = redis_store(w->redis),
        .audience = server_audience(w->server),
        .codec = {.encode = event_encode, .decode = event_decode},
        .observer = &w->observer,
    };
    limits_of_orchestrator(w->options.config, &config.limits);
    result = orchestrator_create(&config, &w->orchestrator);
    if (result == RESULT_OK)
        planning_attach(&w->planning, w->orchestrator);
    return result == RESULT_OK ? result : fault_set(fault, result, "the orchestrator: %s", result_name(result));
}

static enum result parts_make(struct wiring *w, struct fault *fault)
{
    enum result result = auth_make(w, fault);
    if (result == RESULT_OK)
        result = redis_make(w, fault);
    if (result == RESULT_OK)
        result = server_make(w, fault);
    if (result == RESULT_OK)
        result = show_make(w, fault);
    return result;
}

static void half_closed(void *ctx) { loop_stop(ctx); }

/* What was made before something failed: closed here, on a loop that nobody runs yet. */
static void half_made_close(struct wiring *w)
{
    struct loop *loop = w->options.loop;
    if (w->planning.courier != NULL) {
        planning_stop(&w->planning, half_closed, loop);
        loop_run(loop);
    }
    if (w->server != NULL) {
        server_close(w->server, half_closed, loop);
        loop_run(loop);
    }
    if (w->redis != NULL) {
        redis_node_close(w->redis, half_closed, loop);
        loop_run(loop);
    }
    w->server = NULL;
    w->redis = NULL;
    wiring_destroy(w);
}

enum result wiring_create(const struct wiring_options *options, struct wiring **ret, struct fault *ret_fault)
{
    struct wiring *w = calloc(1, sizeof *w);
    if (w == NULL)
        return fault_set(ret_fault, RESULT_NO_MEMORY, "no memory");
    w->options = *options;
    snprintf(w->reason, sizeof w->reason, "%s", REDIS_UNKNOWN);
    enum result result = parts_make(w, ret_fault);
    if (result != RESULT_OK) {
        half_made_close(w);
        return result;
    }
    redis_metrics_register();
    process_metrics_start(&w->metrics, &options->loop->clock, &options->node);
    metrics_share(w);
    if (options->demo)
        w->pay = demo_pay_create(w->server, w->auth, w->orchestrator);
    server_attach(w->server, w->orchestrator);
    *ret = w;
    return RESULT_OK;
}

/* ---- stop ---- */

static void redis_closed(void *ctx)
{
    struct wiring *w = ctx;
    w->redis = NULL;
    w->stopped(w->options.ctx);
}

static void sockets_closed(void *ctx)
{
    struct wiring *w = ctx;
    w->server = NULL;
    redis_node_close(w->redis, redis_closed, w);
}

static void planned(void *ctx)
{
    struct wiring *w = ctx;
    server_close(w->server, sockets_closed, w);
}

static void idle(void *ctx)
{
    struct wiring *w = ctx;
    planning_stop(&w->planning, planned, w);
}

static void drained(void *ctx)
{
    struct wiring *w = ctx;
    int64_t left = w->stop_until_ms - now_ms(w);
    orchestrator_drain(w->orchestrator, left > 0 ? left : 0, idle, w);
}

void wiring_stop(struct wiring *w, int64_t timeout_ms, void (*stopped)(void *ctx))
{
    w->stopped = stopped;
    w->stop_until_ms = now_ms(w) + timeout_ms;
    process_metrics_stop(&w->metrics);
    metric_board_close(&w->all_metrics);
    server_drain(w->server, timeout_ms, drained, w);
}

void wiring_destroy(struct wiring *w)
{
    if (w == NULL)
        return;
    demo_pay_destroy(w->pay);
    orchestrator_destroy(w->orchestrator);
    planning_finish(&w->planning);
    auth_destroy(w->auth);
    free(w);
}
