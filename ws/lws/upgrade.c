/* The last moment at which a WebSocket can be refused in HTTP's own words. */
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
#define RETRY_AFTER_S "5"
#define VERSION "13" /* of RFC 6455, the only one there is */

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

static int refuse(struct lws *wsi, enum refusal why, const char *status, bool retry)
{
    return refuse_with(wsi, why, status, retry ? "Retry-After: " RETRY_AFTER_S "\r\n" : "");
}

/* libwebsockets 4.1.6 answers an Upgrade that it does not know, lets go of the request's headers, and reads on in them
 * (fixed upstream in 2f082ec31). Before it does, it asks here. So what it passes us is not looked at: the
 * headers themselves are asked, and when they are gone, or name anything but WebSocket, it hangs up at once. This keeps
 * HTTP/2 (h2c) out as well. */
int upgrade_check_header(struct lws *wsi)
{
    char name[16];
    if (lws_hdr_copy(wsi, name, sizeof name, WSI_TOKEN_UPGRADE) > 0 && strcasecmp(name, "websocket") == 0)
        return 0;
    meter_refused(REFUSED_UPGRADE);
    return -1;
}

static bool version_fits(struct lws *wsi)
{
    char version[8];
    return lws_hdr_copy(wsi, version, sizeof version, WSI_TOKEN_VERSION) > 0 && strcmp(version, VERSION) == 0;
}

static bool path_read(struct lws *wsi, struct broadcast_id *ret)
{
    char path[PATH_MAX_LEN];
    size_t before = strlen(PATH_BEFORE), after = strlen(PATH_AFTER);
    int len = lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
    if (len <= (int)(before + after) || strncmp(path, PATH_BEFORE, before) != 0 ||
        strcmp(path + (size_t)len - after, PATH_AFTER) != 0)
        return false;
    return ID_PARSE(ret, path + before, (size_t)len - before - after) == RESULT_OK;
}

static bool origin_fits(struct server *s, struct lws *wsi)
{
    char origin[ORIGIN_LEN_MAX + 1] = "", host[ORIGIN_LEN_MAX + 1] = "";
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
        return true;
    return lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) > 0 &&
           lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) >= 0 && guard_allows_origin(&s->guard, origin, host);
}

static enum result count_in(struct server *s, struct conn *c, struct lws *wsi)
{
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    char forwarded[256];
    if (getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&peer, &len) != 0)
        return RESULT_IO;
    bool has_forwarded = lws_hdr_copy(wsi, forwarded, sizeof forwarded, WSI_TOKEN_X_FORWARDED_FOR) > 0;
    return guard_enter(&s->guard, &peer, has_forwarded ? forwarded : NULL, &c->address);
}

int upgrade_refuse_protocol(struct lws *wsi) { return refuse(wsi, REFUSED_REQUEST, "400 Bad Request", false); }

int upgrade_filter(struct server *s, struct conn *c, struct lws *wsi)
{
    struct broadcast_id broadcast;
    if (!path_read(wsi, &broadcast))
        return refuse(wsi, REFUSED_REQUEST, "404 Not Found", false);
    if (!version_fits(wsi))
        return refuse_with(wsi, REFUSED_REQUEST, "426 Upgrade Required", "Sec-WebSocket-Version: " VERSION "\r\n");
    if (!origin_fits(s, wsi))
        return refuse(wsi, REFUSED_ORIGIN, "403 Forbidden", false);
    if (s->draining)
        return refuse(wsi, REFUSED_DRAINING, "503 Service Unavailable", true);
    if (s->hub->conns_count >= s->limits.conns_max)
        return refuse(wsi, REFUSED_CONNS, "503 Service Unavailable", true);
    if (count_in(s, c, wsi) != RESULT_OK)
        return refuse(wsi, REFUSED_ADDRESS, "429 Too Many Requests", true);
    c->greeting = calloc(1, sizeof *c->greeting);
    if (c->greeting == NULL)
        return refuse(wsi, REFUSED_ADOPT, "503 Service Unavailable", true);
    c->greeting->conn = c;
    c->greeting->broadcast = broadcast;
    return 0;
}
