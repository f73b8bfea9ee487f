/* ws/lws/auth_keys.h - what the files of auth.h share; everyone else includes auth.h. */
#ifndef LIVESHELF_WS_LWS_AUTH_KEYS_H
#define LIVESHELF_WS_LWS_AUTH_KEYS_H

#include <openssl/types.h>

#include "ws/lws/auth.h"
#include "ws/lws/text64.h"

#define AUTH_DERIVED_LEN 32
#define AUTH_MAC_LEN 16 /* bytes of an HMAC-SHA256 that are kept */
#define AUTH_SIGNATURE_LEN TEXT64_LEN(AUTH_MAC_LEN)

enum auth_algorithm { AUTH_NO_ALGORITHM, AUTH_HS256, AUTH_RS256, AUTH_ES256, AUTH_EDDSA };

struct auth_cache;

struct auth {
    enum auth_algorithm algorithm;
    unsigned char secret[AUTH_KEY_MAX];
    size_t secret_len;
    unsigned char *pem; /* NULL: HS256 */
    int pem_len;
    EVP_PKEY *public_key;
    EVP_MAC_CTX *viewer_mac; /* keyed; used by one call at a time */
    unsigned char checkout_secret[AUTH_DERIVED_LEN];
    unsigned char ticket_secret[AUTH_DERIVED_LEN];
    char tickets_spent[AUTH_TICKETS_SPENT][AUTH_SIGNATURE_LEN + 1]; /* their signatures, in a circle */
    size_t tickets_spent_at;
    char *checkout_url;
    struct auth_cache *cache;
};

void auth_sign(const unsigned char secret[AUTH_DERIVED_LEN], const char *text, char ret[AUTH_SIGNATURE_LEN + 1]);
bool auth_signature_is(const char *claimed, const char *real); /* in constant time */

#endif
