#include "ws/lws/webhook_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the url ---- */

static bool take_scheme(const char **at, struct webhook_url *ret)
{
    ret->tls = strncmp(*at, "https://", 8) == 0;
    if (!ret->tls && strncmp(*at, "http://", 7) != 0)
        return false;
    *at += ret->tls ? 8 : 7;
    return true;
}

static bool take_host(const char **at, struct webhook_url *ret)
{
    bool bracketed = **at == '[';
    const char *from = *at + bracketed;
    size_t len = strcspn(from, bracketed ? "]" : ":/?");
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (len == 0 || len > WEBHOOK_HOST_MAX || strspn(from, bracketed ? "0123456789abcdefABCDEF:." : allowed) < len ||
        (bracketed && from[len] != ']'))
        return false;
    memcpy(ret->host, from, len);
    ret->host[len] = '\0';
    *at = from + len + bracketed;
    return true;
}

static bool take_port(const char **at, struct webhook_url *ret)
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

enum result webhook_url_parse(const char *url, struct webhook_url *ret)
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

/* ---- addresses ---- */

struct network4 {
    uint32_t address;
    unsigned bits;
};
/* IANA's registry of special-purpose addresses (RFC 6890 and what came after it), multicast, and the reserved end. */
static const struct network4 closed4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
    {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
};

static bool is_public4(uint32_t address)
{
    for (size_t i = 0; i < ARRAY_LEN(closed4); i++)
        if ((address ^ closed4[i].address) >> (32 - closed4[i].bits) == 0)
            return false;
    return true;
}

static uint32_t number4(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Only 2000::/3 is given out. Of it not: 2001::/23 (protocols, Teredo), 2001:db8::/32 and 3fff::/20 (examples), 2002::/16 (6to4). */
static bool is_public6(const uint8_t *a)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, sizeof mapped) == 0 || memcmp(a, nat64, sizeof nat64) == 0)
        return is_public4(number4(a + 12));
    if ((a[0] & 0xe0) != 0x20 || number4(a) == 0x20010db8 || number4(a) >> 9 == 0x20010000 >> 9 ||
        number4(a) >> 16 == 0x2002)
        return false;
    return number4(a) >> 12 != 0x3fff0;
}

bool webhook_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return is_public4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return is_public6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}
