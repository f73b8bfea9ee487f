#include "core/broadcast/hook_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool take_scheme(const char **at, struct hook_url *ret)
{
    ret->tls = strncmp(*at, "https://", 8) == 0;
    if (!ret->tls && strncmp(*at, "http://", 7) != 0)
        return false;
    *at += ret->tls ? 8 : 7;
    return true;
}

static bool take_host(const char **at, struct hook_url *ret)
{
    bool bracketed = **at == '[';
    const char *from = *at + bracketed;
    size_t len = strcspn(from, bracketed ? "]" : ":/?");
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (len == 0 || len > HOOK_HOST_MAX || strspn(from, bracketed ? "0123456789abcdefABCDEF:." : allowed) < len ||
        (bracketed && from[len] != ']'))
        return false;
    memcpy(ret->host, from, len);
    ret->host[len] = '\0';
    *at = from + len + bracketed;
    return true;
}

static bool take_port(const char **at, struct hook_url *ret)
{
    ret->port = ret->tls ? 443 : 80;
    if (**at != ':')
        return true;
    char *end = NULL;
    size_t digits = strspn(*at + 1, "0123456789");
    unsigned long port = strtoul(*at + 1, &end, 10);
    if (digits == 0 || digits > 5 || port == 0 || port > UINT16_MAX)
        return false;
    ret->port = (uint16_t)port;
    *at = end;
    return true;
}

static bool is_plain(const char *url)
{
    for (; *url != '\0'; url++)
        if (*url <= ' ' || *url > '~' || *url == '#' || *url == '"' || *url == '\\')
            return false;
    return true;
}

enum result hook_url_parse(const char *url, struct hook_url *ret)
{
    const char *at = url;
    if (strlen(url) > URL_LEN_MAX || !is_plain(url) || !take_scheme(&at, ret) || !take_host(&at, ret) ||
        !take_port(&at, ret) || (*at != '\0' && *at != '/' && *at != '?'))
        return RESULT_MALFORMED;
    bool is_address6 = strchr(ret->host, ':') != NULL;
    int len = snprintf(ret->authority, sizeof ret->authority, "%s%s%s", is_address6 ? "[" : "", ret->host,
                       is_address6 ? "]" : "");
    if (ret->port != (ret->tls ? 443 : 80))
        snprintf(ret->authority + len, sizeof ret->authority - (size_t)len, ":%u", ret->port);
    snprintf(ret->path, sizeof ret->path, "%s%s", *at == '/' ? "" : "/", at);
    return RESULT_OK;
}
