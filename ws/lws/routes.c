/* Which part answers which path. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "base/metric.h"
#include "ws/lws/server_parts.h"

#define MAX_AGE_PREFLIGHT_S 600

static bool starts_with(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

bool request_is_writing(const struct request *r) { return strcmp(r->method, "POST") == 0; }

static bool is_reading(const struct request *r) { return r->is_head || strcmp(r->method, "GET") == 0; }

static void reply_text(struct request *r, int status, const char *text)
{
    r->status = status;
    r->type = "text/plain; charset=utf-8";
    bytes_text(&r->out, text);
    request_reply(r);
}

static void reply_metrics(struct request *r)
{
    r->status = 200;
    r->type = "text/plain; version=0.0.4; charset=utf-8";
    if (r->server->metrics != NULL)
        r->server->metrics(r->server->metrics_ctx, &r->out);
    else
        metric_write_all(&r->out);
    request_reply(r);
}

static void reply_ready(struct request *r)
{
    struct server *s = r->server;
    struct bytes reasons = {0};
    if (s->ready != NULL)
        s->ready(s->ready_ctx, &reasons);
    if (s->draining)
        bytes_text(&reasons, "draining\n");
    bool ready = reasons.len == 0;
    if (!ready)
        bytes_append(&r->out, reasons.data, reasons.len);
    bytes_finish(&reasons);
    reply_text(r, ready ? 200 : 503, ready ? "ready\n" : "");
}

/* A browser asks before it sends a token from another host's page. */
static void reply_preflight(struct request *r)
{
    r->status = 204;
    if (request_origin_listed(r)) {
        request_header(r, "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, OPTIONS");
        request_header(r, "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, Last-Event-ID");
        request_header(r, "Access-Control-Max-Age: %d", MAX_AGE_PREFLIGHT_S);
    }
    request_reply(r);
}

static void reply_moved(struct request *r, const char *to)
{
    r->status = 302;
    request_header(r, "Location: %s%s%s", to, r->query[0] == '\0' ? "" : "?", r->query);
    request_reply(r);
}

/* ---- pages ---- */

static bool has_etag(const char *if_none_match, const char *etag)
{
    return strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag) != NULL;
}

static void reply_file(struct request *r, const struct static_file *file)
{
    enum static_encoding encoding = static_choose(file, r->accept_encoding);
    const char *coding = encoding == STATIC_BROTLI ? "br" : encoding == STATIC_GZIP ? "gzip" : NULL;
    r->status = has_etag(r->if_none_match, file->as[encoding].etag) ? 304 : 200;
    r->type = r->status == 304 ? NULL : file->type;
    r->file = (struct span){.data = file->as[encoding].data, .len = r->status == 304 ? 0 : file->as[encoding].len};
    if (coding != NULL && r->status != 304)
        request_header(r, "Content-Encoding: %s", coding);
    request_header(r, "ETag: %s", file->as[encoding].etag);
    request_header(r, "Vary: Accept-Encoding");
    request_header(r, "Cache-Control: %s", file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (file->shared) {
        request_header(r, "Access-Control-Allow-Origin: *");
        request_header(r, "Cross-Origin-Resource-Policy: cross-origin");
    }
    request_reply(r);
}

static void reply_page(struct request *r)
{
    const struct static_file *file = static_find(&r->server->files, r->path);
    char folder[REQUEST_PATH_MAX + 2];
    if (!is_reading(r)) {
        request_reply_status(r, 405, "Method Not Allowed");
    } else if (file != NULL) {
        reply_file(r, file);
    } else if (strcmp(r->path, "/") == 0 && static_find(&r->server->files, "/viewer/") != NULL) {
        reply_moved(r, "/viewer/");
    } else if (r->path[1] != '/' && static_is_folder(&r->server->files, r->path)) {
        strcat(strcpy(folder, r->path), "/");
        reply_moved(r, folder);
    } else {
        request_reply_problem(r, ERROR_NOT_FOUND, NULL, "Nothing is here.", 0);
    }
}

/* ---- the wiring's own ---- */

static bool route_custom(struct request *r)
{
    for (size_t i = 0; i < r->server->routes_count; i++) {
        const struct route *route = &r->server->routes[i];
        if (strcmp(route->path, r->path) != 0 || strcmp(route->method, r->method) != 0)
            continue;
        struct server_request view = {
            .method = r->method,
            .path = r->path,
            .query = r->query,
            .content_type = r->content_type,
            .body = r->body.data == NULL ? "" : r->body.data,
            .body_len = r->body.len,
        };
        route->handler(route->ctx, r->id, &view);
        return true;
    }
    return false;
}

void server_add_route(struct server *s, const char *method, const char *path, server_handler *handler, void *ctx)
{
    MUST(s->routes_count < SERVER_ROUTES_MAX);
    s->routes[s->routes_count++] = (struct route){.method = method, .path = path, .handler = handler, .ctx = ctx};
}

void server_answer(struct server *s, uint64_t id, int status, const char *content_type, const char *body, size_t len)
{
    enum resident kind = RESIDENT_NONE;
    struct request *r = directory_find(&s->hub->directory, id, &kind);
    if (r == NULL || kind != RESIDENT_REQUEST || r->state != REQUEST_WORKING)
        return;
    r->status = status;
    r->type = content_type;
    bytes_append(&r->out, body, len);
    request_reply(r);
}

void request_route(struct request *r)
{
    r->state = REQUEST_WORKING;
    if (strcmp(r->method, "OPTIONS") == 0)
        reply_preflight(r);
    else if (route_custom(r))
        return;
    else if (is_reading(r) && strcmp(r->path, "/metrics") == 0)
        reply_metrics(r);
    else if (is_reading(r) && strcmp(r->path, "/healthz") == 0)
        reply_text(r, 200, "ok\n");
    else if (is_reading(r) && strcmp(r->path, "/readyz") == 0)
        reply_ready(r);
    else if (starts_with(r->path, "/v1/"))
        api_begin(r);
    else
        reply_page(r);
}
