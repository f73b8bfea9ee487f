/* ws/lws/guard.h - who may come in: origins, how many conns of one address, and what it has had lately. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_GUARD_H
#define LIVESHELF_WS_LWS_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/map.h"
#include "ws/lws/limits.h"
#include "ws/lws/portions.h"

#define ORIGIN_LEN_MAX 255
#define ADDRESS_LEN_MAX 64

struct guard {
    const struct net_limits *limits;
    char *origins;            /* comma-separated, owned; "*" lets in every page */
    struct map addresses;     /* address -> struct address * */
    struct portions portions; /* of those who come and go */
};
struct address { /* conns that are counted together */
    struct guard *guard;
    uint32_t conns;
    char text[ADDRESS_LEN_MAX];
};

/* `origins`: "https://shop.example,https://www.shop.example"; NULL or "": pages of this host alone. */
MUST_USE enum result guard_init(struct guard *g, const struct net_limits *limits, const char *origins);
void guard_finish(struct guard *g); /* everyone must have left; zeroed memory is fine */

/* No origin (not a browser), the page of this very host, or one of the list. */
bool guard_allows_origin(const struct guard *g, const char *origin, const char *host);
bool guard_lists_origin(const struct guard *g, const char *origin); /* one of the list */

/* Counts one more conn of the peer. `forwarded_for` (may be NULL) is believed only from loopback, where a proxy of ours
 * is; the last address in it is what that proxy saw. *ret_address NULL: not counted. RESULT_FULL at the limit. */
MUST_USE enum result guard_enter(struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                                 struct address **ret_address);
/* guard_enter would say RESULT_FULL. */
bool guard_is_full(const struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for);
void guard_leave(struct address *address);

/* Of the `per_second` who are let in now: may this address have one more (portions.h)? One that is not counted always may. */
bool guard_has_portion(const struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                       double per_second, int64_t now_ms);
void guard_take_portion(struct guard *g, const struct sockaddr_storage *peer, const char *forwarded_for,
                        double per_second, int64_t now_ms);

#endif
