#include "ws/lws/webhook_sign.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define SECRET_PREFIX "whsec_"
#define KEY_TEXT_MAX 128
#define DIGEST_BYTES 32

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct key {
    unsigned char bytes[KEY_TEXT_MAX];
    size_t len;
};

static enum result key_read(const char *secret, struct key *ret)
{
    size_t prefix = strlen(SECRET_PREFIX), len = strlen(secret);
    if (strncmp(secret, SECRET_PREFIX, prefix) != 0)
        return RESULT_MALFORMED;
    const char *text = secret + prefix;
    len -= prefix;
    size_t padding = len - strspn(text, alphabet);
    if (len == 0 || len > KEY_TEXT_MAX || len % 4 != 0 || padding > 2 || strspn(text + len - padding, "=") != padding)
        return RESULT_MALFORMED;
    int bytes = EVP_DecodeBlock(ret->bytes, (const unsigned char *)text, (int)len) - (int)padding; /* which it counts */
    if (bytes < 1 || bytes > WEBHOOK_KEY_MAX)
        return RESULT_MALFORMED;
    ret->len = (size_t)bytes;
    return RESULT_OK;
}

static bool hmac(const struct key *key, const char *head, const struct bytes *body, unsigned char digest[DIGEST_BYTES])
{
    char name[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    size_t len = 0;
    bool good = ctx != NULL && EVP_MAC_init(ctx, key->bytes, key->len, params) == 1 &&
                EVP_MAC_update(ctx, (const unsigned char *)head, strlen(head)) == 1 &&
                (body->len == 0 || EVP_MAC_update(ctx, (const unsigned char *)body->data, body->len) == 1) &&
                EVP_MAC_final(ctx, digest, &len, DIGEST_BYTES) == 1 && len == DIGEST_BYTES;
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
    return good;
}

static enum result sign_once(const char *secret, const char *head, const struct bytes *body, char *ret, size_t size)
{
    struct key key;
    unsigned char digest[DIGEST_BYTES], text[4 * ((DIGEST_BYTES + 2) / 3) + 1];
    enum result result = key_read(secret, &key);
    if (result == RESULT_OK) {
        MUST(hmac(&key, head, body, digest));
        EVP_EncodeBlock(text, digest, DIGEST_BYTES);
        snprintf(ret, size, "v1,%s", (const char *)text);
    }
    OPENSSL_cleanse(&key, sizeof key);
    return result;
}

enum result webhook_sign(const char *secret, const char *old_secret, const char *id, int64_t timestamp_s,
                         const struct bytes *body, char ret[WEBHOOK_SIGNATURE_MAX])
{
    char head[160];
    snprintf(head, sizeof head, "%s.%lld.", id, (long long)timestamp_s);
    enum result result = sign_once(secret, head, body, ret, WEBHOOK_SIGNATURE_MAX);
    if (result != RESULT_OK || old_secret == NULL || old_secret[0] == '\0')
        return result;
    size_t len = strlen(ret);
    ret[len++] = ' ';
    return sign_once(old_secret, head, body, ret + len, WEBHOOK_SIGNATURE_MAX - len);
}
