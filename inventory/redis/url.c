#include "inventory/redis/url.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Copies [from, end) without its %-escapes; false when too long or broken. */
static bool unescape(char *to, size_t size, const char *from, const char *end)
{
    size_t len = 0;
    for (; from < end; from++) {
        char c = *from;
        if (c == '%') {
            int high = end - from > 2 ? hex_value(from[1]) : -1, low = high >= 0 ? hex_value(from[2]) : -1;
            if (low < 0 || high + low == 0)
                return false;
            c = (char)(high * 16 + low);
            from += 2;
        }
        if (len + 1 >= size)
            return false;
        to[len++] = c;
    }
    to[len] = '\0';
    return true;
}

/* Takes "[user]:password@" or "password@" off the front. */
static bool take_login(const char **at, struct redis_url *u)
{
    const char *end = strrchr(*at, '@');
    if (end == NULL)
        return true;
    const char *colon = memchr(*at, ':', (size_t)(end - *at));
    bool ok = colon == NULL ? unescape(u->password, sizeof u->password, *at, end)
                            : unescape(u->user, sizeof u->user, *at, colon) &&
                                  unescape(u->password, sizeof u->password, colon + 1, end);
    *at = end + 1;
    return ok;
}

static bool take_db(const char *text, struct redis_url *u)
{
    char *end = NULL;
    unsigned long db = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || db > 1000000)
        return false;
    u->db = (unsigned)db;
    return true;
}

static bool port_is_valid(const char *port)
{
    char *end = NULL;
    unsigned long number = strtoul(port, &end, 10);
    return *port >= '0' && *port <= '9' && *end == '\0' && number >= 1 && number <= 65535;
}

static bool parse_unix(const char *at, struct redis_url *u)
{
    const char *query = strchr(at, '?');
    const char *end = query == NULL ? at + strlen(at) : query;
    if (query != NULL && (strncmp(query, "?db=", 4) != 0 || !take_db(query + 4, u)))
        return false;
    if (*at != '/' || !unescape(u->path, sizeof u->path, at, end))
        return false;
    snprintf(u->name, sizeof u->name, "%s", u->path);
    return true;
}

static bool parse_host(const char *at, struct redis_url *u)
{
    const char *slash = strchr(at, '/');
    const char *end = slash == NULL ? at + strlen(at) : slash;
    if (slash != NULL && slash[1] != '\0' && !take_db(slash + 1, u))
        return false;
    const char *host_end = *at == '[' ? memchr(at, ']', (size_t)(end - at)) : memchr(at, ':', (size_t)(end - at));
    const char *colon = host_end == NULL ? end : host_end + (*at == '[');
    if (*at == '[' && (host_end == NULL || (colon != end && *colon != ':')))
        return false;
    const char *host = at + (*at == '[');
    if (!unescape(u->host, sizeof u->host, host, host_end == NULL ? end : host_end))
        return false;
    snprintf(u->port, sizeof u->port, "6379");
    if (colon != end && (end - colon > 6 || !unescape(u->port, sizeof u->port, colon + 1, end)))
        return false;
    snprintf(u->name, sizeof u->name, "%s:%s", u->host, u->port);
    return u->host[0] != '\0' && port_is_valid(u->port);
}

enum result redis_url_parse(const char *text, struct redis_url *ret, const char **ret_why)
{
    struct redis_url u = {0};
    const char *why = "is not redis://host:port/db, unix:///path or a socket's path";
    bool ok = false;
    if (strncmp(text, "rediss://", 9) == 0) {
        why = "asks for TLS, which needs a proxy: this end speaks plain Redis only";
    } else if (strncmp(text, "redis://", 8) == 0) {
        const char *at = text + 8;
        ok = take_login(&at, &u) && parse_host(at, &u);
    } else if (strncmp(text, "unix://", 7) == 0) {
        const char *at = text + 7;
        ok = (*at == '/' || take_login(&at, &u)) && parse_unix(at, &u);
    } else if (*text == '/') {
        ok = parse_unix(text, &u);
    }
    if (ret_why != NULL)
        *ret_why = ok ? NULL : why;
    if (!ok)
        return RESULT_MALFORMED;
    *ret = u;
    return RESULT_OK;
}
