#include "ws/lws/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum result guard_init(struct guard *g, const struct net_limits *limits, const char *origins)
{
    *g = (struct guard){.limits = limits, .origins = strdup(origins == NULL ? "" : origins)};
    map_init(&g->addresses, limits->conns_max);
    return g->origins == NULL ? RESULT_NO_MEMORY : portions_init(&g->portions);
}

void guard_finish(struct guard *g)
{
    if (g == NULL)
        return;
    MUST(g->addresses.count == 0);
    map_finish(&g->addresses);
    portions_finish(&g->portions);
    free(g->origins);
    *g = (struct guard){0};
}

/* ---- origins ---- */

bool guard_lists_origin(const struct guard *g, const char *origin)
{
    size_t len = strlen(origin);
    for (const char *at = g->origins; *at != '\0';) {
        at += strspn(at, ", ");
        size_t word = strcspn(at, ", ");
        if ((word == 1 && at[0] == '*') || (word == len && word > 0 && strncasecmp(at, origin, len) == 0))
            return true;
        at += word;
    }
    return false;
}

bool guard_allows_origin(const struct guard *g, const char *origin, const char *host)
{
    if (origin == NULL || origin[0] == '\0')
        return true;
    const char *authority = strstr(origin, "://");
    if (authority != NULL && host != NULL && host[0] != '\0' && strcasecmp(authority + 3, host) == 0)
        return true;
    return guard_lists_origin(g, origin);
}

/* ---- addresses ---- */

static bool is_loopback(const struct sockaddr_storage *peer)
{
    if (peer->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr) >> 24 == 127;
    if (peer->ss_family != AF_INET6)
        return true; /* a unix socket */
    const struct in6_addr *a = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

/* One household or office has a whole /64, so that is what is counted; IPv4 as IPv6 writes it. */
static void address_text(const struct in6_addr *a, char ret[ADDRESS_LEN_MAX])
{
    struct in6_addr network = *a;
    if (!IN6_IS_ADDR_V4MAPPED(a))
        memset(&network.s6_addr[8], 0, 8);
    if (inet_ntop(AF_INET6, &network, ret, ADDRESS_LEN_MAX) == NULL)
        ret[0] = '\0';
}

static void mapped(const struct in_addr *v4, struct in6_addr *ret)
{
    *ret = (struct in6_addr){.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&ret->s6_addr[12], v4, sizeof *v4);
}

/* The last element: earlier ones were written by whoever sent the request. */
static bool forwarded_address(const char *forwarded_for, char ret[ADDRESS_LEN_MAX])
{
    const char *comma = strrchr(forwarded_for, ',');
    const char *at = comma == NULL ? forwarded_for : comma + 1;
    at += strspn(at, " ");
    size_t len = strcspn(at, " ");
    char text[ADDRESS_LEN_MAX];
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, at, len);
    text[len] = '\0';
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        mapped(&v4, &v6);
    else if (inet_pton(AF_INET6, text, &v6) != 1)
        return false;
    address_text(&v6, ret);
    return true;
}

static bool peer_address(const struct sockaddr_storage *peer, char ret[ADDRESS_LEN_MAX])
{
    struct in6_addr v6;
    if (peer->ss_family == AF_INET6)
        v6 = ((const struct sockaddr_in6 *)peer)->sin6_addr;
    else if (peer->ss_family == AF_INET)
        mapped(&((const struct sockaddr_in *)peer)->sin_addr, &v6);
    else
        return false;
    address_text(&v6, ret);
    return true;
}

/* False: not counted. */
static bool counted_as(const struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                       char ret[ADDRESS_LEN_MAX])
{
    if (g->limits->conns_per_address_max == 0)
        return false;
    return is_loopback(peer) ? forwarded_for != NULL && forwarded_address(forwarded_for, ret) : peer_address(peer, ret);
}

bool guard_is_full(const struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for)
{
    char text[ADDRESS_LEN_MAX] = "";
    const struct address *address = counted_as(g, peer, forwarded_for, text) ? map_get(&g->addresses, text) : NULL;
    return address != NULL && address->conns >= g->limits->conns_per_address_max;
}

enum result guard_enter(struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                        struct address **ret_address)
{
    char text[ADDRESS_LEN_MAX] = "";
    if (!counted_as(g, peer, forwarded_for, text)) {
        *ret_address = NULL;
        return RESULT_OK;
    }
    struct address *address = map_get(&g->addresses, text);
    if (address != NULL && address->conns >= g->limits->conns_per_address_max)
        return RESULT_FULL;
    if (address == NULL) {
        address = calloc(1, sizeof *address);
        enum result result = address == NULL ? RESULT_NO_MEMORY : map_set(&g->addresses, text, address);
        if (result != RESULT_OK) {
            free(address);
            return result;
        }
        address->guard = g;
        memcpy(address->text, text, sizeof text);
    }
    address->conns++;
    *ret_address = address;
    return RESULT_OK;
}

void guard_leave(struct address *address)
{
    if (--address->conns > 0)
        return;
    map_remove(&address->guard->addresses, address->text);
    free(address);
}

bool guard_has_portion(const struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                       double per_second, int64_t now_ms)
{
    char text[ADDRESS_LEN_MAX] = "";
    return !counted_as(g, peer, forwarded_for, text) ||
           portions_is_left(&g->portions, map_hash(text), per_second, now_ms);
}

void guard_take_portion(struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                        double per_second, int64_t now_ms)
{
    char text[ADDRESS_LEN_MAX] = "";
    if (counted_as(g, peer, forwarded_for, text))
        portions_take(&g->portions, map_hash(text), per_second, now_ms);
}
