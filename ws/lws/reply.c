/* Status, headers and body of an answer. */
#include <libwebsockets.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/meters.h"
#include "ws/lws/server_parts.h"
#include "ws/wire/message.h"

#define HEADER_MAX 1024
#define SMALL_BODY 16384 /* goes out together with the headers */

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "Answer";
}

void request_header(struct request *r, const char *format, ...)
{
    char line[HEADER_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len <= 0 || (size_t)len >= sizeof line || strpbrk(line, "\r\n") != NULL)
        return; /* never half a header, never two */
    bytes_append(&r->headers, line, (size_t)len);
    bytes_text(&r->headers, "\r\n");
}

bool request_origin_listed(const struct request *r)
{
    return r->origin[0] != '\0' && guard_lists_origin(&r->server->guard, r->origin);
}

static void cors_headers(struct request *r)
{
    if (!request_origin_listed(r))
        return;
    request_header(r, "Access-Control-Allow-Origin: %s", r->origin);
    request_header(r, "Access-Control-Expose-Headers: Idempotency-Replayed, Retry-After");
    request_header(r, "Vary: Origin");
}

static void page_headers(struct request *r)
{
    if (r->type == NULL || strncmp(r->type, "text/html", 9) != 0)
        return;
    request_header(r,
                   "Content-Security-Policy: default-src 'self'; img-src * data:; media-src * blob:; connect-src *; "
                   "style-src 'self' 'unsafe-inline'; worker-src blob: 'self'; object-src 'none'; base-uri 'self'; "
                   "frame-ancestors %s",
                   r->server->frame_ancestors);
}

static size_t body_size(const struct request *r) { return r->file.data != NULL ? r->file.len : r->out.len; }

static void head_write(struct request *r)
{
    struct bytes *h = &r->head;
    if (r->file.data == NULL) {
        request_header(r, "Cache-Control: no-store"); /* files bring their own */
        cors_headers(r);
    }
    page_headers(r);
    bytes_format(h, "HTTP/1.1 %d %s\r\n", r->status, phrase_of(r->status));
    if (r->type != NULL)
        bytes_format(h, "Content-Type: %s\r\n", r->type);
    if (r->status != 204 && r->status != 304)
        bytes_format(h, "Content-Length: %zu\r\n", body_size(r));
    bytes_text(h, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
    bytes_append(h, r->headers.data, r->headers.len);
    bytes_text(h, r->close_after ? "Connection: close\r\n\r\n" : "\r\n");
}

void request_reply(struct request *r)
{
    if (r->out.failed || r->headers.failed) { /* no memory for it: the bare status */
        bytes_clear(&r->out);
        bytes_clear(&r->headers);
        r->status = 503;
        r->type = NULL;
    }
    meter_count(&meters.http[r->status / 100 % 6]);
    r->state = REQUEST_ANSWERING;
    r->moved_ms = r->server->hub->outlets.now_ms;
    if (r->socket == NULL) { /* nobody listens any more; request_gone left the end to us */
        request_end(r);
        return;
    }
    head_write(r);
    if (!r->is_head && r->file.data == NULL && r->out.len <= SMALL_BODY) {
        bytes_append(&r->head, r->out.data, r->out.len);
        bytes_clear(&r->out);
    }
    if (r->head.failed) {
        lws_set_timeout(r->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
        r->server->hub->outlets.nudge = true;
        return;
    }
    lws_callback_on_writable(r->wsi);
}

void request_reply_problem(struct request *r, enum error_code code, const char *field, const char *detail,
                           int64_t retry_after_ms)
{
    bytes_clear(&r->out);
    r->status = http_problem(&r->out, code, field, detail, retry_after_ms);
    r->type = "application/problem+json";
    if (retry_after_ms > 0)
        request_header(r, "Retry-After: %lld", (long long)((retry_after_ms + 999) / 1000));
    if (code == ERROR_UNAUTHENTICATED || code == ERROR_TOKEN_EXPIRED)
        request_header(r, "WWW-Authenticate: Bearer");
    request_reply(r);
}

void request_reply_problem_as(struct request *r, int status, enum error_code code, const char *field,
                              const char *detail)
{
    static const char member[] = "\"status\":";
    bytes_clear(&r->out);
    r->status = status;
    r->type = "application/problem+json";
    (void)http_problem(&r->out, code, field, detail, 0);
    char *at = r->out.failed ? NULL : strstr(r->out.data, member);
    if (at != NULL) /* three digits for three digits */
        memcpy(at + strlen(member),
               (char[]){(char)('0' + status / 100), (char)('0' + status / 10 % 10), (char)('0' + status % 10)}, 3);
    request_reply(r);
}

void request_reply_status(struct request *r, int status, const char *title)
{
    bytes_clear(&r->out);
    r->status = status;
    r->type = "application/problem+json";
    bytes_format(&r->out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"bad_request\"}", title,
                 status);
    request_reply(r);
}
