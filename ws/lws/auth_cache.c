#include "ws/lws/auth_cache.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"

struct auth_cached {
    uint64_t hash;
    struct auth_finding finding;
    size_t len;
    char token[];
};

static void cached_free(struct auth_cached *cached)
{
    if (cached == NULL)
        return;
    OPENSSL_cleanse(cached->token, cached->len);
    free(cached);
}

void auth_cache_finish(struct auth_cache *c)
{
    for (size_t i = 0; i < AUTH_CACHE_SLOTS; i++) {
        cached_free(c->slots[i]);
        c->slots[i] = NULL;
    }
}

const struct auth_finding *auth_cache_find(const struct auth_cache *c, const char *token)
{
    uint64_t hash = map_hash(token);
    size_t len = strlen(token);
    const struct auth_cached *cached = c->slots[hash % AUTH_CACHE_SLOTS];
    if (cached == NULL || cached->hash != hash || cached->len != len || CRYPTO_memcmp(cached->token, token, len) != 0)
        return NULL;
    return &cached->finding;
}

void auth_cache_keep(struct auth_cache *c, const char *token, const struct auth_finding *finding)
{
    uint64_t hash = map_hash(token);
    size_t len = strlen(token);
    struct auth_cached *cached = len > AUTH_CACHE_TOKEN_MAX ? NULL : malloc(sizeof *cached + len);
    if (cached == NULL)
        return;
    *cached = (struct auth_cached){.hash = hash, .finding = *finding, .len = len};
    memcpy(cached->token, token, len);
    struct auth_cached **slot = &c->slots[hash % AUTH_CACHE_SLOTS];
    cached_free(*slot);
    *slot = cached;
}
