/* ws/lws/server.h - the network side as the wiring sees it: sockets, WebSockets, HTTP, pages. libwebsockets stays behind it.
 *
 *   server_create     binds; the port is known, nobody is let in yet
 *   server_audience   goes into orchestrator_config
 *   server_attach     from here on people come in
 *   server_drain      nobody new; everyone is sent away in batches, HTTP in progress is finished
 *   server_close      cuts what is left; the orchestrator must live until it has called back
 *
 * A guest on the caller's uv loop: all calls and callbacks on its thread. */
#ifndef LIVESHELF_WS_LWS_SERVER_H
#define LIVESHELF_WS_LWS_SERVER_H

#include <uv.h>

#include "core/orchestrator/orchestrator.h"
#include "core/ports/store.h"
#include "ws/lws/auth.h"
#include "ws/lws/limits.h"

struct server;

/* Appends the reasons why this node should get no traffic, one plain line each; nothing: it is ready. */
typedef void server_ready(void *ctx, struct bytes *reasons);

/* Appends the text of /metrics. */
typedef void server_metrics(void *ctx, struct bytes *out);

struct server_config {
    uv_loop_t *loop;
    struct clock *clock;
    struct store *store;       /* answers kept for Idempotency-Key */
    struct auth *auth;         /* outlives the server */
    const char *const *listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080"; port 0: the system chooses */
    size_t listen_count;
    int listen_fd;                            /* a bound socket handed down, taken over; -1: none */
    const char *allowed_origins;              /* comma-separated, beside this host's own pages; "*": every page */
    const char *frame_ancestors;              /* who may show the pages in a frame, as in CSP; NULL or "": 'self' */
    const char *tls_cert_file, *tls_key_file; /* PEM; both NULL or "": no TLS */
    const char *web_dir;                      /* the built pages, read once; NULL or "": none */
    struct net_limits limits;                 /* start from net_limits_default */
    server_ready *ready;                      /* for /readyz; NULL: always ready */
    void *ready_ctx;
    server_metrics *metrics; /* NULL: this node's own */
    void *metrics_ctx;
    /* Called now and then inside a long turn of the loop (thousands of lines that end at once, say), so that whoever else does
     * their work at its end need not wait for it; NULL: nobody. */
    void (*breathe)(void *ctx);
    void *breathe_ctx;
};
struct server_fault {
    char text[300]; /* for a person: which setting, and what is wrong */
};

MUST_USE enum result server_create(const struct server_config *config, struct server **ret,
                                   struct server_fault *ret_fault);
struct audience *server_audience(struct server *s);
void server_attach(struct server *s, struct orchestrator *o);
uint16_t server_port(const struct server *s);

/* A route of the wiring's own, an exact path outside /v1 and the pages. The handler may answer at once or later, once, by the
 * id; an answer to one who has left is nothing. The view is borrowed for the call. */
struct server_request {
    const char *method, *path, *query, *content_type;
    const char *body;
    size_t body_len;
};
typedef void server_handler(void *ctx, uint64_t id, const struct server_request *request);
#define SERVER_ROUTES_MAX 16
void server_add_route(struct server *s, const char *method, const char *path, server_handler *handler, void *ctx);
/* `body` is copied; `content_type` is static text. */
void server_answer(struct server *s, uint64_t id, int status, const char *content_type, const char *body, size_t len);

/* `done` once everyone has left or after `timeout_ms`; never from inside the call. */
void server_drain(struct server *s, int64_t timeout_ms, void (*done)(void *ctx), void *ctx);
void server_close(struct server *s, void (*closed)(void *ctx), void *ctx); /* frees `s` before `closed` */

#endif
