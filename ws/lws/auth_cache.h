/* ws/lws/auth_cache.h - tokens that were verified before: the public one that every viewer of a shop sends, and the personal
 * ones of people who come back.
 *
 * Only well-formed tokens with a good signature are kept, and the times they are good for are judged anew at every use. Found is
 * what equals the whole text, compared in constant time. At most AUTH_CACHE_SLOTS tokens: each has one slot, where a new one
 * takes the place of another. Belongs to one set of keys, and goes with it. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_AUTH_CACHE_H
#define LIVESHELF_WS_LWS_AUTH_CACHE_H

#include "ws/lws/auth.h"

#define AUTH_CACHE_SLOTS 4096u     /* a power of two */
#define AUTH_CACHE_TOKEN_MAX 1024u /* characters; longer ones are verified each time */

struct auth_finding {
    struct auth_claims claims;
    int64_t not_before_ms; /* 0: not said */
};
struct auth_cache {
    struct auth_cached *slots[AUTH_CACHE_SLOTS]; /* NULL: free */
};

void auth_cache_finish(struct auth_cache *c); /* zeroed memory is an empty cache */
/* NULL: not known. Borrowed until the next auth_cache_keep. */
const struct auth_finding *auth_cache_find(const struct auth_cache *c, const char *token);
void auth_cache_keep(struct auth_cache *c, const char *token,
                     const struct auth_finding *finding); /* or not: no memory */

#endif
