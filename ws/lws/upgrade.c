/* May this one come in? The last moment at which a WebSocket can be refused in HTTP's own words, and the question for those who
 * cannot read such a refusal. */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ws/lws/meters.h"
#include "ws/lws/server_parts.h"

#define PATH_BEFORE "/v1/broadcasts/"
#define PATH_AFTER "/live"
#define PATH_MAX_LEN (sizeof PATH_BEFORE + ID_LEN_MAX + sizeof PATH_AFTER)
#define PROTOCOL "liveshelf.v1"
#define VERSION "13"       /* of RFC 6455, the only one there is */
#define KEY_LEN 24         /* 16 bytes in base64 */
#define FORWARDED_MAX 8192 /* all headers: nothing written before a proxy's word may hide it */
#define TICKET_MS 15000
#define TICKET_CONNS 16       /* of conns-max, for those who run the show: a full house must not keep them out */
#define TICKET_CONNS_SHARE 16 /* but no more than one in so many */

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
static int refuse_for_now(struct server *s, struct lws *wsi, const struct caller *from, enum refusal why)
{
    char text[REFUSAL_BYTES_MAX];
    bool unread = lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0; /* a browser's script cannot */
    struct refusal_said said = door_refusal(&s->door, from, why, unread, s->hub->outlets.now_ms);
    size_t len = refusal_write(&said, text);
    meter_refused(why);
    meter_told(said.retry_after_ms);
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

static bool key_fits(struct lws *wsi)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char key[KEY_LEN + 1];
    return lws_hdr_copy(wsi, key, sizeof key, WSI_TOKEN_KEY) == KEY_LEN && strspn(key, digits) == KEY_LEN - 2 &&
           strcmp(key + KEY_LEN - 2, "==") == 0;
}

static bool speaks_http_1_1(struct lws *wsi)
{
    char version[16];
    return lws_hdr_copy(wsi, version, sizeof version, WSI_TOKEN_HTTP) > 0 && strcmp(version, "HTTP/1.1") == 0;
}

static bool broadcast_of(const char *path, struct broadcast_id *ret)
{
    size_t len = strlen(path), before = strlen(PATH_BEFORE), after = strlen(PATH_AFTER);
    if (len <= before + after || strncmp(path, PATH_BEFORE, before) != 0 || strcmp(path + len - after, PATH_AFTER) != 0)
        return false;
    return ID_PARSE(ret, path + before, len - before - after) == RESULT_OK;
}

/* Whatever the method: *ret_is_get tells. */
static bool path_read(struct lws *wsi, struct broadcast_id *ret, bool *ret_is_get)
{
    static const enum lws_token_indexes methods[] = {WSI_TOKEN_GET_URI,    WSI_TOKEN_POST_URI,   WSI_TOKEN_PUT_URI,
                                                     WSI_TOKEN_HEAD_URI,   WSI_TOKEN_DELETE_URI, WSI_TOKEN_PATCH_URI,
                                                     WSI_TOKEN_OPTIONS_URI};
    char path[PATH_MAX_LEN];
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (lws_hdr_total_length(wsi, methods[i]) == 0)
            continue;
        *ret_is_get = methods[i] == WSI_TOKEN_GET_URI;
        return lws_hdr_copy(wsi, path, sizeof path, methods[i]) > 0 && broadcast_of(path, ret);
    }
    return false;
}

static bool origin_fits(struct server *s, struct lws *wsi)
{
    char origin[ORIGIN_LEN_MAX + 1] = "", host[ORIGIN_LEN_MAX + 1] = "";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
        return true;
    return lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) > 0 &&
           lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) >= 0 && guard_allows_origin(&s->guard, origin, host);
}

/* ---- who asks ---- */

struct asking {
    struct caller caller;
    char forwarded[FORWARDED_MAX];
};

static bool asking_read(struct lws *wsi, struct asking *ret)
{
    socklen_t len = sizeof ret->caller.peer;
    int forwarded = lws_hdr_copy(wsi, ret->forwarded, sizeof ret->forwarded, WSI_TOKEN_X_FORWARDED_FOR);
    ret->caller = (struct caller){.forwarded_for = forwarded > 0 ? ret->forwarded : NULL};
    return getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&ret->caller.peer, &len) == 0;
}

static bool is_full(const struct server *s, bool has_ticket)
{
    uint32_t most = s->limits.conns_max, kept = most / TICKET_CONNS_SHARE;
    kept = kept < TICKET_CONNS ? kept : TICKET_CONNS;
    return s->hub->conns_count >= (has_ticket ? most : most - kept);
}

/* ---- the upgrade ---- */

int upgrade_refuse_protocol(struct lws *wsi) { return refuse(wsi, REFUSED_REQUEST, "400 Bad Request"); }

#define TICKET_TEXT_MAX (AUTH_TICKET_MAX + sizeof "ticket=")

/* NULL: none that opens this door. Borrowed from `text`. */
static const char *ticket_of(struct server *s, struct lws *wsi, const struct broadcast_id *broadcast,
                             char text[TICKET_TEXT_MAX])
{
    const char *ticket = lws_get_urlarg_by_name(wsi, "ticket=", text, TICKET_TEXT_MAX);
    bool good = ticket != NULL && auth_ticket_is_valid(s->hub->auth, broadcast, ticket, s->hub->outlets.now_ms);
    return good ? ticket : NULL;
}

/* It is asked for in due form; 0: the conn is counted in. */
static int admit(struct server *s, struct conn *c, struct lws *wsi, const struct broadcast_id *broadcast)
{
    char text[TICKET_TEXT_MAX];
    const char *ticket = ticket_of(s, wsi, broadcast, text);
    struct asking from;
    enum refusal why;
    if (!asking_read(wsi, &from))
        return 1; /* gone meanwhile */
    if (s->draining)
        return refuse_for_now(s, wsi, &from.caller, REFUSED_DRAINING);
    if (is_full(s, ticket != NULL))
        return refuse_for_now(s, wsi, &from.caller, REFUSED_CONNS);
    if (!door_pass(&s->door, &from.caller, ticket != NULL, s->hub->outlets.now_ms, &why))
        return refuse_for_now(s, wsi, &from.caller, why);
    if (guard_enter(&s->guard, &from.caller.peer, from.caller.forwarded_for, &c->address) == RESULT_OK)
        c->greeting = calloc(1, sizeof *c->greeting);
    if (c->greeting == NULL)
        return refuse_for_now(s, wsi, &from.caller, REFUSED_ADOPT);
    c->greeting->conn = c;
    c->greeting->broadcast = *broadcast;
    if (ticket != NULL)
        auth_ticket_spend(s->hub->auth, ticket);
    return 0;
}

int upgrade_filter(struct server *s, struct conn *c, struct lws *wsi)
{
    struct broadcast_id broadcast;
    bool is_get = false;
    if (!path_read(wsi, &broadcast, &is_get))
        return refuse(wsi, REFUSED_REQUEST, "404 Not Found");
    if (!is_get)
        return refuse_with(wsi, REFUSED_REQUEST, "405 Method Not Allowed", "Allow: GET\r\n");
    if (!version_fits(wsi))
        return refuse_with(wsi, REFUSED_REQUEST, "426 Upgrade Required", "Sec-WebSocket-Version: " VERSION "\r\n");
    if (!speaks_http_1_1(wsi) || !key_fits(wsi))
        return refuse(wsi, REFUSED_REQUEST, "400 Bad Request");
    if (!origin_fits(s, wsi))
        return refuse(wsi, REFUSED_ORIGIN, "403 Forbidden");
    return admit(s, c, wsi, &broadcast);
}

/* ---- the question ---- */

static void answer_wait(struct request *r, const struct caller *from, enum refusal why)
{
    const struct server *s = r->server;
    struct refusal_said said = door_refusal(&s->door, from, why, false, s->hub->outlets.now_ms);
    meter_told(said.retry_after_ms);
    request_reply_problem(r, said.code, NULL, said.detail, said.retry_after_ms);
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

/* The bucket and the portion of an address are nothing to those who have a ticket. */
static bool is_let_in(const struct server *s, const struct caller *from, bool has_ticket, enum refusal *ret_why)
{
    *ret_why = REFUSED_DRAINING;
    if (s->draining)
        return false;
    *ret_why = REFUSED_CONNS;
    if (is_full(s, has_ticket))
        return false;
    return door_is_open(&s->door, from, s->hub->outlets.now_ms, ret_why) || (has_ticket && *ret_why != REFUSED_ADDRESS);
}

void upgrade_question(struct request *r)
{
    struct server *s = r->server;
    struct broadcast_id broadcast = {0};
    struct asking from;
    enum refusal why;
    char ticket[AUTH_TICKET_MAX] = "";
    if (broadcast_of(r->path, &broadcast) && may_have_ticket(r, &broadcast))
        auth_ticket(s->hub->auth, &broadcast, s->hub->outlets.now_ms + TICKET_MS, ticket);
    (void)asking_read(r->wsi, &from); /* of one who is gone nothing is known, and nothing is heard */
    if (is_let_in(s, &from.caller, ticket[0] != '\0', &why))
        answer_upgrade(r, ticket);
    else
        answer_wait(r, &from.caller, why);
}
