/* ws/lws/server_parts.h - the server from inside; everyone outside ws/lws includes server.h. */
#ifndef LIVESHELF_WS_LWS_SERVER_PARTS_H
#define LIVESHELF_WS_LWS_SERVER_PARTS_H

#include "ws/lws/admission.h"
#include "ws/lws/door.h"
#include "ws/lws/guard.h"
#include "ws/lws/hub.h"
#include "ws/lws/listener.h"
#include "ws/lws/request.h"
#include "ws/lws/server.h"
#include "ws/lws/static.h"
#include "ws/lws/tls.h"

struct lws_context;

enum protocol { PROTOCOL_HTTP, PROTOCOL_LIVE }; /* indices into lws' list */

struct server {
    struct net_limits limits;
    struct hub *hub;
    struct guard guard;
    struct admission admission;
    struct door door;             /* of those two */
    uint64_t turn_at_ns, idle_ns; /* when the last turn ended, and how long the loop had slept until then */
    struct listener listener;
    struct static_files files;
    struct tls tls;
    struct store *store;
    server_ready *ready;
    void *ready_ctx;
    server_metrics *metrics;
    void *metrics_ctx;
    void (*breathe)(void *ctx);
    void *breathe_ctx;
    uint64_t breathed_ns; /* or the turn began */
    uint32_t events;      /* since we last looked at the clock for that */
    char *frame_ancestors;
    struct route {
        const char *method, *path;
        server_handler *handler;
        void *ctx;
    } routes[SERVER_ROUTES_MAX];
    size_t routes_count;
    struct list requests; /* in progress, the oldest first */
    uint32_t requests_count;
    uint32_t streams_count;
    /* the loop */
    uv_loop_t *loop;
    uv_prepare_t prepare; /* flushes before the loop sleeps */
    uv_idle_t again;      /* keeps it awake while a sweep is unfinished */
    uv_timer_t tick;
    struct lws_context *context; /* lws sets it to NULL when it is gone */
    unsigned handles_open;
    /* draining, closing */
    bool draining;
    int64_t drain_until_ms;
    void (*drained)(void *ctx);
    void *drained_ctx;
    bool closing;
    unsigned closing_turns;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

struct server *server_of(struct lws *wsi);
/* upgrade.c: may this upgrade become a conn? 0, or the refusal was written and lws hangs up. */
int upgrade_filter(struct server *s, struct conn *c, struct lws *wsi);
int upgrade_refuse_protocol(struct lws *wsi);
/* The same, asked without an Upgrade: by scripts, which cannot read a refused one. */
void upgrade_question(struct request *r);
int upgrade_check_header(struct lws *wsi);

#endif
