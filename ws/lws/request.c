#include "ws/lws/request.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "ws/lws/server_parts.h"

#define CHUNK_BYTES (64u << 10) /* given to lws at once: what the socket does not take it copies */
#define LINGER_S 2
#define UNPROVEN_BODY_MAX (16 << 10) /* more is collected only for a valid token */
#define BODY_ROOM_AFTER_MS 1000      /* when too many requests are in progress, a body this old makes room */

/* ---- headers ---- */

static bool header_read(struct lws *wsi, enum lws_token_indexes token, char *ret, size_t size)
{
    ret[0] = '\0';
    return lws_hdr_total_length(wsi, token) == 0 || lws_hdr_copy(wsi, ret, (int)size, token) >= 0;
}

static bool custom_read(struct lws *wsi, const char *name, char *ret, size_t size)
{
    ret[0] = '\0';
    return lws_hdr_custom_length(wsi, name, (int)strlen(name)) <= 0 ||
           lws_hdr_custom_copy(wsi, ret, (int)size, name, (int)strlen(name)) >= 0;
}

static bool target_read(struct request *r)
{
    static const struct {
        enum lws_token_indexes token;
        const char *name;
    } methods[] = {
        {WSI_TOKEN_GET_URI, "GET"},         {WSI_TOKEN_POST_URI, "POST"},     {WSI_TOKEN_PUT_URI, "PUT"},
        {WSI_TOKEN_HEAD_URI, "HEAD"},       {WSI_TOKEN_DELETE_URI, "DELETE"}, {WSI_TOKEN_PATCH_URI, "PATCH"},
        {WSI_TOKEN_OPTIONS_URI, "OPTIONS"},
    };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (lws_hdr_total_length(r->wsi, methods[i].token) == 0)
            continue;
        memcpy(r->method, methods[i].name, strlen(methods[i].name) + 1);
        r->is_head = methods[i].token == WSI_TOKEN_HEAD_URI;
        return header_read(r->wsi, methods[i].token, r->path, sizeof r->path);
    }
    return false;
}

/* lws hands out the arguments one by one. */
static bool query_read(struct request *r)
{
    size_t len = 0;
    char part[256];
    for (int i = 0; lws_hdr_fragment_length(r->wsi, WSI_TOKEN_HTTP_URI_ARGS, i) > 0; i++) {
        int got = lws_hdr_copy_fragment(r->wsi, part, sizeof part, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (got < 0 || len + (size_t)got + 2 > sizeof r->query)
            return false;
        len += (size_t)sprintf(r->query + len, "%s%s", len == 0 ? "" : "&", part);
    }
    return true;
}

static bool length_read(struct request *r)
{
    char text[32];
    r->content_length = -1;
    if (!header_read(r->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof text))
        return false;
    if (text[0] == '\0')
        return true;
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 18)
        return false;
    r->content_length = strtoll(text, NULL, 10);
    return true;
}

static bool token_read(struct request *r)
{
    char text[AUTH_TOKEN_MAX + 16];
    if (!header_read(r->wsi, WSI_TOKEN_HTTP_AUTHORIZATION, text, sizeof text))
        return false;
    if (strncasecmp(text, "Bearer ", 7) != 0)
        return true;
    const char *token = text + 7 + strspn(text + 7, " ");
    size_t len = strcspn(token, " ");
    if (len > AUTH_TOKEN_MAX)
        return false;
    memcpy(r->token, token, len);
    return true;
}

/* Sockets kept for a next request are no conns and no requests: without this there would be no end to them. */
static bool many_are_kept(const struct server *s)
{
    uint32_t busy = s->hub->conns_count + s->streams_count;
    return s->listener.adopted > busy + s->limits.handshakes_max + s->limits.http_requests_max;
}

static void connection_read(struct request *r)
{
    char text[128];
    (void)header_read(r->wsi, WSI_TOKEN_HTTP, text, sizeof text);
    r->close_after = strcmp(text, "HTTP/1.1") != 0 || many_are_kept(r->server);
    if (!header_read(r->wsi, WSI_TOKEN_CONNECTION, text, sizeof text) || strcasestr(text, "close") != NULL)
        r->close_after = true;
}

static bool headers_read(struct request *r)
{
    connection_read(r);
    if (!custom_read(r->wsi, "last-event-id:", r->last_event_id, sizeof r->last_event_id))
        r->last_event_id[0] = '\0';
    return target_read(r) && query_read(r) && length_read(r) && token_read(r) &&
           header_read(r->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, r->content_type, sizeof r->content_type) &&
           header_read(r->wsi, WSI_TOKEN_ORIGIN, r->origin, sizeof r->origin) &&
           header_read(r->wsi, WSI_TOKEN_HTTP_ACCEPT_ENCODING, r->accept_encoding, sizeof r->accept_encoding) &&
           header_read(r->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, r->if_none_match, sizeof r->if_none_match) &&
           custom_read(r->wsi, "idempotency-key:", r->idempotency_key, sizeof r->idempotency_key);
}

/* ---- life ---- */

static struct request *request_new(struct server *s, struct http_conn *socket, struct lws *wsi)
{
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->server = s;
    r->socket = socket;
    r->wsi = wsi;
    r->since_ms = s->hub->outlets.now_ms;
    bytes_init(&r->body, s->limits.http_body_bytes_max);
    list_push_back(&s->requests, &r->link);
    s->requests_count++;
    socket->request = r;
    return r;
}

void request_end(struct request *r)
{
    if (r->server != NULL) {
        directory_remove(&r->server->hub->directory, r->id);
        r->server->requests_count--;
    }
    list_remove(&r->link);
    if (r->socket != NULL)
        r->socket->request = NULL;
    command_finish(&r->command);
    bytes_finish(&r->store.value);
    bytes_finish(&r->body);
    bytes_finish(&r->headers);
    bytes_finish(&r->head);
    bytes_finish(&r->out);
    free(r);
}

void request_gone(struct http_conn *socket)
{
    struct request *r = socket->request;
    if (r == NULL)
        return;
    r->socket->request = NULL;
    r->socket = NULL;
    r->wsi = NULL;
    if (r->state != REQUEST_WORKING)
        request_end(r); /* else whoever owes the answer still holds it: request_reply ends it */
}

void requests_abandon(struct server *s)
{
    list_for_each (at, &s->requests) {
        struct request *r = container_of(at, struct request, link);
        if (r->socket != NULL)
            r->socket->request = NULL;
        r->socket = NULL;
        r->wsi = NULL;
        if (r->opening)
            orchestrator_open_cancel(s->hub->orchestrator, &r->open);
        if (!r->storing) {
            request_end(r);
            continue;
        }
        directory_remove(&s->hub->directory, r->id);
        list_remove(at);
        s->requests_count--;
        r->server = NULL; /* the store still holds it: freed in its `done` */
    }
}

/* ---- the body ---- */

static void last_of_socket(struct request *r)
{
    r->close_after = true;
    r->linger = true;
}

/* A client that asks first is told to go on; it is too late for that once it has sent some of the body, and harmless. Straight
 * to the socket: to libwebsockets it would be the answer. */
static void continue_if_asked(const struct request *r)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char expect[32];
    if (!header_read(r->wsi, WSI_TOKEN_HTTP_EXPECT, expect, sizeof expect) || strcasecmp(expect, "100-continue") != 0)
        return;
    if (!lws_partial_buffered(r->wsi))
        (void)!send(lws_get_socket_fd(r->wsi), go_on, sizeof go_on - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Without a length there is no body (RFC 9112, 6.3), but lws waits for one: so the socket ends with the answer. */
static bool needs_body(struct request *r)
{
    char coding[32];
    if (!header_read(r->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING, coding, sizeof coding) || coding[0] != '\0') {
        last_of_socket(r);
        request_reply_status(r, 411, "Length Required");
        return true;
    }
    if (r->content_length > (int64_t)r->server->limits.http_body_bytes_max) {
        last_of_socket(r);
        request_reply_problem(r, ERROR_TOO_LARGE, NULL, "The body is larger than this server takes.", 0);
        return true;
    }
    if (r->content_length > UNPROVEN_BODY_MAX && !api_token_is_valid(r)) {
        last_of_socket(r);
        request_reply_problem(r, ERROR_UNAUTHENTICATED, NULL, "A valid bearer token is needed.", 0);
        return true;
    }
    bool lws_waits = strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;
    if (r->content_length < 0 && lws_waits)
        r->close_after = true;
    if (r->content_length > 0)
        continue_if_asked(r);
    return r->content_length > 0;
}

static void body_too_slow(struct request *r)
{
    last_of_socket(r);
    request_reply_status(r, 408, "Request Timeout");
}

/* True when there is room for one more, if need be at the cost of the slowest body. */
static bool requests_have_room(struct server *s)
{
    if (s->requests_count <= s->limits.http_requests_max)
        return true;
    list_for_each (at, &s->requests) {
        struct request *r = container_of(at, struct request, link);
        if (s->hub->outlets.now_ms - r->since_ms < BODY_ROOM_AFTER_MS)
            break;
        if (r->state == REQUEST_BODY) {
            directory_remove(&s->hub->directory, r->id);
            body_too_slow(r);
            return true;
        }
    }
    return false;
}

int request_begin(struct server *s, struct http_conn *socket, struct lws *wsi)
{
    struct request *r = request_new(s, socket, wsi);
    if (r == NULL)
        return -1;
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* ours is http_body_timeout_ms, for the whole body */
    if (!headers_read(r)) {
        last_of_socket(r);
        request_reply_problem(r, ERROR_BAD_REQUEST, NULL, "A header or the target is malformed or too long.", 0);
        return 0;
    }
    if (!requests_have_room(s) || directory_add(&s->hub->directory, RESIDENT_REQUEST, r, &r->id) != RESULT_OK) {
        last_of_socket(r);
        request_reply_problem(r, ERROR_OVERLOADED, NULL, "Too many requests in progress.", 1000);
        return 0;
    }
    if (s->draining)
        r->close_after = true;
    if (!needs_body(r))
        request_route(r);
    return 0;
}

int request_received(struct request *r, const char *data, size_t len)
{
    if (r->state == REQUEST_BODY)
        bytes_append(&r->body, data, len); /* never over the limit: lws reads content_length bytes */
    return 0;
}

int request_complete(struct request *r)
{
    if (r->body_complete)
        return -1;
    r->body_complete = true;
    if (r->state != REQUEST_BODY)
        return 0; /* there was none, or it was answered before its end */
    lws_set_timeout(r->wsi, NO_PENDING_TIMEOUT, 0);
    if (bytes_result(&r->body) == RESULT_OK)
        request_route(r);
    else
        request_reply_problem(r, ERROR_OVERLOADED, NULL, "Out of memory.", 1000);
    return 0;
}

void requests_tick(struct server *s)
{
    int64_t now_ms = s->hub->outlets.now_ms;
    list_for_each (at, &s->requests) {
        struct request *r = container_of(at, struct request, link);
        if (r->state == REQUEST_BODY && now_ms - r->since_ms >= s->limits.http_body_timeout_ms) {
            body_too_slow(r);
        } else if (r->state == REQUEST_ANSWERING && now_ms - r->moved_ms >= s->limits.slow_timeout_ms) {
            lws_set_timeout(r->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC); /* takes nothing */
            s->hub->outlets.nudge = true;
        }
    }
}

/* ---- sending ---- */

static size_t body_len(const struct request *r)
{
    return r->is_head ? 0 : r->file.data != NULL ? r->file.len : r->out.len;
}

/* Gives lws the next piece; what the socket does not take waits in lws, which then says WRITEABLE again. */
static int send_piece(struct request *r)
{
    const char *body = r->file.data != NULL ? r->file.data : r->out.data;
    size_t head_left = r->head.len - r->head_sent, body_left = body_len(r) - r->body_sent;
    const char *from = head_left > 0 ? r->head.data + r->head_sent : body + r->body_sent;
    size_t len = head_left > 0 ? head_left : body_left < CHUNK_BYTES ? body_left : CHUNK_BYTES;
    if (len > 0 && lws_write(r->wsi, (unsigned char *)(uintptr_t)from, len, LWS_WRITE_HTTP) < 0)
        return -1;
    *(head_left > 0 ? &r->head_sent : &r->body_sent) += len;
    return 0;
}

/* Everything was given to lws. It is told at once that the transaction is over, also when it has to flush first: a client
 * may ask again as soon as it has the last byte, and lws must not be found in the old request then. */
static int finish_given(struct request *r)
{
    struct lws *wsi = r->wsi;
    bool close_after = r->close_after, linger = r->linger, flushed = !lws_partial_buffered(wsi);
    int slow_timeout_s = (int)(r->server->limits.slow_timeout_ms / 1000) + 1;
    if (close_after && !flushed) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    request_end(r);
    if (!close_after) {
        if (!flushed)
            lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, slow_timeout_s);
        return lws_http_transaction_completed(wsi); /* may free the socket's http_conn */
    }
    if (!linger)
        return -1;
    /* Closing now would reset the connection under the answer: what still comes in is read and dropped for a while. */
    lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LINGER_S);
    return 0;
}

int request_writable(struct request *r)
{
    if (r->state != REQUEST_ANSWERING)
        return 0;
    r->moved_ms = r->server->hub->outlets.now_ms;
    while (r->head_sent < r->head.len || r->body_sent < body_len(r)) {
        if (lws_partial_buffered(r->wsi)) {
            lws_callback_on_writable(r->wsi);
            return 0;
        }
        if (send_piece(r) != 0)
            return -1;
    }
    return finish_given(r);
}
