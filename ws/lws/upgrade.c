/* May this one come in? The last moment at which a WebSocket can be refused in HTTP's own words, and the question for those who
 * cannot read such a refusal. */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ws/lws/meters.h"
#include "ws/lws/refusal.h"
#include "ws/lws/server_parts.h"

#define PATH_BEFORE "/v1/broadcasts/"
#define PATH_AFTER "/live"
#define PATH_MAX_LEN (sizeof PATH_BEFORE + ID_LEN_MAX + sizeof PATH_AFTER)
#define PROTOCOL "liveshelf.v1"
#define VERSION "13"       /* of RFC 6455, the only one there is */
#define RETRY_FULL_MS 5000 /* who is over a limit waits for somebody to leave */
#define RETRY_ELSEWHERE_MS 1000
#define TICKET_MS 15000

/* lws is in the middle of upgrading: nothing but these bytes goes out, and it hangs up on what we return. `header`: a whole
 * line, or "". */
static int refuse_with(struct lws *wsi, enum refusal why, const char *status, const char *header)
{
    char text[256];
    int len =
        snprintf(text, sizeof text, "HTTP/1.1 %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n", status, header);
    meter_refused(why);
    (void)lws_write(wsi, (unsigned char *)text, (size_t)len, LWS_WRITE_HTTP_HEADERS);
    return 1;
}

static int refuse(struct lws *wsi, enum refusal why, const char *status) { return refuse_with(wsi, why, status, ""); }

/* Not now: with the time after which it may be otherwise. */
static int refuse_for_now(struct lws *wsi, enum refusal why, const struct refusal_said *said)
{
    char text[REFUSAL_BYTES_MAX];
    size_t len = refusal_write(said, text);
    meter_refused(why);
    meter_told(said->retry_after_ms);
    if (len > 0)
        (void)lws_write(wsi, (unsigned char *)text, len, LWS_WRITE_HTTP_HEADERS);
    return 1;
}

/* Is our subprotocol among those asked for? None at all is for upgrade_refuse_protocol as well, but later. */
static bool protocol_fits(struct lws *wsi)
{
    char list[128]; /* lws reads no longer one either */
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0)
        return true;
    if (lws_hdr_copy(wsi, list, sizeof list, WSI_TOKEN_PROTOCOL) <= 0)
        return false;
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, ", \t");
        size_t len = strcspn(at, ", \t");
        if (len == strlen(PROTOCOL) && memcmp(at, PROTOCOL, len) == 0)
            return true;
        at += len;
    }
    return false;
}

/* libwebsockets 4.1.6 answers an Upgrade that it does not know, lets go of the request's headers, and reads on in them
 * (fixed upstream in 2f082ec31). Before it does, it asks here. So what it passes us is not looked at: the
 * headers themselves are asked, and when they are gone, or name anything but WebSocket, it hangs up at once. This keeps
 * HTTP/2 (h2c) out as well. */
int upgrade_check_header(struct lws *wsi)
{
    char name[16];
    if (lws_hdr_copy(wsi, name, sizeof name, WSI_TOKEN_UPGRADE) <= 0 || strcasecmp(name, "websocket") != 0) {
        meter_refused(REFUSED_UPGRADE);
        return -1;
    }
    if (protocol_fits(wsi))
        return 0;
    (void)upgrade_refuse_protocol(wsi); /* lws itself would hang up without a word */
    return -1;
}

static bool version_fits(struct lws *wsi)
{
    char version[8];
    return lws_hdr_copy(wsi, version, sizeof version, WSI_TOKEN_VERSION) > 0 && strcmp(version, VERSION) == 0;
}

static bool broadcast_of(const char *path, struct broadcast_id *ret)
{
    size_t len = strlen(path), before = strlen(PATH_BEFORE), after = strlen(PATH_AFTER);
    if (len <= before + after || strncmp(path, PATH_BEFORE, before) != 0 || strcmp(path + len - after, PATH_AFTER) != 0)
        return false;
    return ID_PARSE(ret, path + before, len - before - after) == RESULT_OK;
}

static bool path_read(struct lws *wsi, struct broadcast_id *ret)
{
    char path[PATH_MAX_LEN];
    return lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 && broadcast_of(path, ret);
}

static bool origin_fits(struct server *s, struct lws *wsi)
{
    char origin[ORIGIN_LEN_MAX + 1] = "", host[ORIGIN_LEN_MAX + 1] = "";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
        return true;
    return lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) > 0 &&
           lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) >= 0 && guard_allows_origin(&s->guard, origin, host);
}

/* ---- for now ---- */

struct caller {
    struct sockaddr_storage peer;
    char forwarded[256];
    bool has_forwarded;
};

static bool caller_read(struct lws *wsi, struct caller *ret)
{
    socklen_t len = sizeof ret->peer;
    ret->has_forwarded = lws_hdr_copy(wsi, ret->forwarded, sizeof ret->forwarded, WSI_TOKEN_X_FORWARDED_FOR) > 0;
    return getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&ret->peer, &len) == 0;
}

static enum result count_in(struct server *s, struct conn *c, struct lws *wsi)
{
    struct caller from = {0};
    if (!caller_read(wsi, &from))
        return RESULT_IO;
    return guard_enter(&s->guard, &from.peer, from.has_forwarded ? from.forwarded : NULL, &c->address);
}

static const struct refusal_said stopping = {.code = ERROR_OVERLOADED,
                                             .detail = "This node is stopping; another one takes over.",
                                             .retry_after_ms = RETRY_ELSEWHERE_MS,
                                             .origin = ""};
static const struct refusal_said full = {.code = ERROR_OVERLOADED,
                                         .detail = "This node has as many viewers as it may have (conns-max).",
                                         .retry_after_ms = RETRY_FULL_MS,
                                         .origin = ""};
static const struct refusal_said many_from_here = {
    .code = ERROR_RATE_LIMITED,
    .detail = "Too many connections come from this address (conns-per-address-max).",
    .retry_after_ms = RETRY_FULL_MS,
    .origin = ""};
static const struct refusal_said no_memory = {
    .code = ERROR_OVERLOADED, .detail = NULL, .retry_after_ms = RETRY_FULL_MS, .origin = ""};

/* ---- the upgrade ---- */

int upgrade_refuse_protocol(struct lws *wsi) { return refuse(wsi, REFUSED_REQUEST, "400 Bad Request"); }

static bool has_ticket(struct server *s, struct lws *wsi, const struct broadcast_id *broadcast)
{
    char text[AUTH_TICKET_MAX + sizeof "ticket="];
    const char *ticket = lws_get_urlarg_by_name(wsi, "ticket=", text, sizeof text);
    return ticket != NULL && auth_ticket_is_valid(s->hub->auth, broadcast, ticket, s->hub->outlets.now_ms);
}

static bool is_admitted(struct server *s, struct lws *wsi, const struct broadcast_id *broadcast)
{
    int64_t now_ms = s->hub->outlets.now_ms;
    if (!has_ticket(s, wsi, broadcast))
        return admission_take(&s->admission, now_ms);
    admission_take_ticket(&s->admission, now_ms);
    return true;
}

static int refuse_crowd(struct server *s, struct lws *wsi)
{
    int64_t now_ms = s->hub->outlets.now_ms;
    bool read_by_none = lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0; /* a browser's script cannot */
    struct refusal_said said = {.code = ERROR_OVERLOADED,
                                .detail = REFUSAL_MANY,
                                .retry_after_ms = read_by_none ? admission_place_unread(&s->admission, now_ms)
                                                               : admission_place(&s->admission, now_ms),
                                .origin = ""};
    return refuse_for_now(wsi, REFUSED_ADMISSION, &said);
}

int upgrade_filter(struct server *s, struct conn *c, struct lws *wsi, bool admitted)
{
    struct broadcast_id broadcast;
    if (!path_read(wsi, &broadcast))
        return refuse(wsi, REFUSED_REQUEST, "404 Not Found");
    if (!version_fits(wsi))
        return refuse_with(wsi, REFUSED_REQUEST, "426 Upgrade Required", "Sec-WebSocket-Version: " VERSION "\r\n");
    if (!origin_fits(s, wsi))
        return refuse(wsi, REFUSED_ORIGIN, "403 Forbidden");
    if (s->draining)
        return refuse_for_now(wsi, REFUSED_DRAINING, &stopping);
    if (s->hub->conns_count >= s->limits.conns_max)
        return refuse_for_now(wsi, REFUSED_CONNS, &full);
    if (!admitted && !is_admitted(s, wsi, &broadcast))
        return refuse_crowd(s, wsi);
    if (count_in(s, c, wsi) != RESULT_OK)
        return refuse_for_now(wsi, REFUSED_ADDRESS, &many_from_here);
    c->greeting = calloc(1, sizeof *c->greeting);
    if (c->greeting == NULL)
        return refuse_for_now(wsi, REFUSED_ADOPT, &no_memory);
    c->greeting->conn = c;
    c->greeting->broadcast = broadcast;
    return 0;
}

/* ---- the question ---- */

static void answer_wait(struct request *r, enum error_code code, const char *detail, int64_t retry_after_ms)
{
    meter_told(retry_after_ms);
    request_reply_problem(r, code, NULL, detail, retry_after_ms);
}

static void answer_upgrade(struct request *r, const char *ticket)
{
    request_header(r, "Upgrade: websocket");
    if (ticket[0] == '\0') {
        request_reply_status(r, 426, "Upgrade Required");
        return;
    }
    r->status = 426;
    r->type = "application/problem+json";
    bytes_format(&r->out,
                 "{\"type\":\"about:blank\",\"title\":\"Upgrade Required\",\"status\":426,\"code\":\"bad_request\","
                 "\"ticket\":\"%s\"}",
                 ticket);
    request_reply(r);
}

/* Those who run the show do not stand in line behind their audience. */
static bool may_have_ticket(const struct request *r, const struct broadcast_id *broadcast)
{
    struct auth_claims claims;
    const struct hub *hub = r->server->hub;
    if (r->token[0] == '\0' || auth_verify(hub->auth, r->token, hub->outlets.now_ms, &claims) != AUTH_OK)
        return false;
    return (claims.role == ROLE_HOST || claims.role == ROLE_LOGISTICS) &&
           (ID_IS_NONE(claims.broadcast) || ID_EQUAL(claims.broadcast, *broadcast));
}

static bool address_is_full(const struct request *r)
{
    struct caller from = {0};
    return caller_read(r->wsi, &from) &&
           guard_is_full(&r->server->guard, &from.peer, from.has_forwarded ? from.forwarded : NULL);
}

void upgrade_question(struct request *r)
{
    struct server *s = r->server;
    struct broadcast_id broadcast = {0};
    int64_t now_ms = s->hub->outlets.now_ms;
    char ticket[AUTH_TICKET_MAX] = "";
    bool named = broadcast_of(r->path, &broadcast);
    if (named && may_have_ticket(r, &broadcast))
        auth_ticket(s->hub->auth, &broadcast, now_ms + TICKET_MS, ticket);
    if (s->draining)
        answer_wait(r, stopping.code, stopping.detail, stopping.retry_after_ms);
    else if (s->hub->conns_count >= s->limits.conns_max)
        answer_wait(r, full.code, full.detail, full.retry_after_ms);
    else if (address_is_full(r))
        answer_wait(r, many_from_here.code, many_from_here.detail, many_from_here.retry_after_ms);
    else if (ticket[0] == '\0' && !admission_is_open(&s->admission, now_ms))
        answer_wait(r, ERROR_OVERLOADED, REFUSAL_MANY, admission_place(&s->admission, now_ms));
    else
        answer_upgrade(r, ticket);
}
