/* ws/lws/request.h - one HTTP request, from its headers to the last byte of its answer.
 *
 *   request_begin       headers read, body awaited when there is one                     request.c
 *   request_route       pages, /metrics, the wiring's routes...                          routes.c
 *     api_begin         ...and /v1: token, command, scope, Idempotency-Key, the core     api.c, idempotency.c
 *   request_reply       status, headers, body                                            reply.c
 *   request_writable    sends it; then the socket waits for the next request, or closes
 *
 * A request may outlive its socket: what the core was asked is answered, and remembered under its Idempotency-Key, whether or
 * not anybody still listens. */
#ifndef LIVESHELF_WS_LWS_REQUEST_H
#define LIVESHELF_WS_LWS_REQUEST_H

#include "core/orchestrator/orchestrator.h"
#include "core/ports/store.h"
#include "ws/lws/auth.h"
#include "ws/lws/frame.h"
#include "ws/lws/guard.h"
#include "ws/wire/volumes_place.h"

struct server;
struct sse;

#define REQUEST_PATH_MAX 511
#define REQUEST_QUERY_MAX 1023
#define IDEMPOTENCY_KEY_MAX 64
#define FINGERPRINT_LEN 43 /* SHA-256 as base64url */

enum request_state {
    REQUEST_BODY,      /* waits for the rest of the body */
    REQUEST_WORKING,   /* somebody owes the answer */
    REQUEST_ANSWERING, /* it is being sent */
};

struct http_conn {           /* libwebsockets' per-session memory of an HTTP socket */
    struct request *request; /* NULL: between two */
    struct sse *stream;      /* NULL: no event stream */
};

struct request {
    struct list link;         /* server->requests */
    struct server *server;    /* NULL: closed meanwhile */
    struct http_conn *socket; /* NULL: the client has left */
    struct lws *wsi;
    uint64_t id;
    enum request_state state;
    int64_t since_ms;
    /* ---- what was asked ---- */
    char method[8];
    char path[REQUEST_PATH_MAX + 1];
    char query[REQUEST_QUERY_MAX + 1];
    char content_type[96];
    char origin[ORIGIN_LEN_MAX + 1];
    char accept_encoding[128];
    char if_none_match[128];
    char idempotency_key[IDEMPOTENCY_KEY_MAX + 1];
    char last_event_id[VOLUMES_PLACE_MAX + 1]; /* "": none, or none that can be ours */
    char token[AUTH_TOKEN_MAX + 1];
    int64_t content_length; /* -1: not said */
    struct bytes body;
    bool body_complete; /* lws said so */
    bool is_head;       /* answered like GET, without the body */
    bool close_after;   /* the last one on this socket */
    bool linger;        /* the client is still sending what nobody reads */
    /* ---- /v1 ---- */
    bool as_stream;
    bool claimed; /* holds its Idempotency-Key */
    bool problem;
    struct asker asker;
    struct command command;
    struct orchestrator_open open;
    bool opening;
    struct store_request store;
    bool storing;
    char fingerprint[FINGERPRINT_LEN + 1];
    /* ---- the answer ---- */
    int status;
    const char *type;     /* of `out` */
    struct bytes headers; /* further ones, each with its line end */
    struct bytes head;    /* status line and all headers */
    struct bytes out;     /* the body, unless `file` is set */
    struct span file;
    size_t head_sent, body_sent;
    int64_t moved_ms; /* when the socket last took something */
};

/* ---- from libwebsockets, through server.c: 0, or lws closes the socket ---- */
int request_begin(struct server *s, struct http_conn *socket, struct lws *wsi);
int request_received(struct request *r, const char *data, size_t len);
/* The body is there. When more than the body came with it, lws says so again, and again, without end: the second time
 * the socket is closed. */
int request_complete(struct request *r);
int request_writable(struct request *r);
void request_gone(struct http_conn *socket); /* again: nothing */
void request_end(struct request *r);         /* frees it; its socket has no request then */
void requests_tick(struct server *s);        /* bodies that take too long, answers that are not taken */
void requests_abandon(struct server *s);     /* closing: nobody is answered any more */

/* ---- the steps ---- */
void request_route(struct request *r);                                 /* routes.c */
bool api_token_is_valid(const struct request *r);                      /* before a long body is read */
void api_begin(struct request *r);                                     /* api.c */
void api_ask(struct request *r);                                       /* after the Idempotency-Key was claimed */
void request_answer(struct request *r, const struct outcome *outcome); /* the core's answer, from the hub */
void idempotency_claim(struct request *r);                             /* idempotency.c; continues in api_ask */
void idempotency_keep(struct request *r);                              /* continues in request_reply */
bool request_is_writing(const struct request *r);                      /* POST: an Idempotency-Key counts */

/* ---- reply.c ---- */
void request_header(struct request *r, const char *format, ...) PRINTF_LIKE(2, 3); /* without line end */
void request_reply(struct request *r); /* status, type and out (or file) are set */
void request_reply_problem(struct request *r, enum error_code code, const char *field, const char *detail,
                           int64_t retry_after_ms);
/* With another status than the code has elsewhere. */
void request_reply_problem_as(struct request *r, int status, enum error_code code, const char *field,
                              const char *detail);
/* For what the codes have no word for: 405, 408, 411, 426. */
void request_reply_status(struct request *r, int status, const char *title);
bool request_origin_listed(const struct request *r);

#endif
