/* Keys, tokens, viewer keys. Checkout links are in auth_checkout.c. */
#include "ws/lws/auth.h"

#include <ctype.h>
#include <errno.h>
#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/broadcast/journal.h"
#include "ws/lws/auth_cache.h"
#include "ws/lws/auth_keys.h"
#include "ws/lws/text64.h"

#define ED25519_SIGNATURE_LEN 64
#define VIEWER_RANDOM_LEN 16
#define VIEWERS_PER_DRAW 32
#define EXPIRES_MAX_S INT64_C(253402300799) /* the end of year 9999: keeps milliseconds within 64 bits */

/* ---- keys ---- */

static enum result file_read(const char *path, size_t max, unsigned char **ret, size_t *ret_len,
                             struct auth_fault *fault)
{
    FILE *file = fopen(path, "rbe");
    unsigned char *data = file == NULL ? NULL : malloc(max + 1);
    size_t len = data == NULL ? 0 : fread(data, 1, max + 1, file);
    enum result result = file == NULL || ferror(file) ? RESULT_IO : data == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    if (result == RESULT_IO)
        snprintf(fault->text, sizeof fault->text, "%s: %s", path, strerror(errno));
    if (file != NULL)
        fclose(file);
    if (result == RESULT_OK && len > max) {
        snprintf(fault->text, sizeof fault->text, "%s: longer than %zu bytes", path, max);
        result = RESULT_MALFORMED;
    }
    if (result != RESULT_OK) {
        free(data);
        return result;
    }
    *ret = data;
    *ret_len = len;
    return RESULT_OK;
}

static enum result secret_load(struct auth *a, const char *path, struct auth_fault *fault)
{
    unsigned char *data = NULL;
    size_t len = 0;
    enum result result = file_read(path, AUTH_KEY_MAX, &data, &len, fault);
    if (result != RESULT_OK)
        return result;
    size_t first = 0;
    while (first < len && isspace(data[first]))
        first++;
    while (len > first && isspace(data[len - 1]))
        len--;
    a->secret_len = len - first;
    memcpy(a->secret, data + first, a->secret_len);
    OPENSSL_cleanse(data, len);
    free(data);
    if (a->secret_len >= AUTH_KEY_MIN)
        return RESULT_OK;
    snprintf(fault->text, sizeof fault->text, "%s: a key of at least %d bytes is needed", path, AUTH_KEY_MIN);
    return RESULT_MALFORMED;
}

/* The key's own algorithm is the only one that tokens may use. */
static enum auth_algorithm algorithm_of(EVP_PKEY *key)
{
    char group[64] = "";
    switch (EVP_PKEY_base_id(key)) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_bits(key) >= 2048 ? AUTH_RS256 : AUTH_NO_ALGORITHM;
    case EVP_PKEY_EC:
        (void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
        return strcmp(group, "prime256v1") == 0 ? AUTH_ES256 : AUTH_NO_ALGORITHM;
    case EVP_PKEY_ED25519:
        return AUTH_EDDSA;
    default:
        return AUTH_NO_ALGORITHM;
    }
}

static enum result public_key_load(struct auth *a, const char *path, struct auth_fault *fault)
{
    size_t len = 0;
    enum result result = file_read(path, AUTH_KEY_MAX, &a->pem, &len, fault);
    if (result != RESULT_OK)
        return result;
    a->pem[len] = '\0';
    a->pem_len = (int)len;
    BIO *bio = BIO_new_mem_buf(a->pem, a->pem_len);
    a->public_key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    a->algorithm = a->public_key == NULL ? AUTH_NO_ALGORITHM : algorithm_of(a->public_key);
    if (a->algorithm != AUTH_NO_ALGORITHM)
        return RESULT_OK;
    snprintf(fault->text, sizeof fault->text,
             "%s: needs a public key in PEM: RSA of at least 2048 bits, EC P-256 or Ed25519", path);
    return RESULT_MALFORMED;
}

static void derive(const struct auth *a, const char *purpose, unsigned char ret[AUTH_DERIVED_LEN])
{
    HMAC(EVP_sha256(), a->secret, (int)a->secret_len, (const unsigned char *)purpose, strlen(purpose), ret, NULL);
}

/* An HMAC-SHA256 that is begun again and again with the same key. */
static EVP_MAC_CTX *mac_keyed(const unsigned char secret[AUTH_DERIVED_LEN])
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac); /* the context keeps its own */
    if (context != NULL && EVP_MAC_init(context, secret, AUTH_DERIVED_LEN, params) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

enum result auth_create(const struct auth_config *config, struct auth **ret, struct auth_fault *ret_fault)
{
    struct auth *a = calloc(1, sizeof *a);
    if (a == NULL)
        return RESULT_NO_MEMORY;
    *ret_fault = (struct auth_fault){0};
    bool has_public = config->public_key_file != NULL && config->public_key_file[0] != '\0';
    bool has_url = config->checkout_url != NULL && config->checkout_url[0] != '\0';
    a->algorithm = AUTH_HS256;
    a->checkout_url = strdup(has_url ? config->checkout_url : "/checkout/");
    a->cache = calloc(1, sizeof *a->cache);
    enum result result =
        a->checkout_url == NULL || a->cache == NULL ? RESULT_NO_MEMORY : secret_load(a, config->key_file, ret_fault);
    if (result == RESULT_OK && has_public)
        result = public_key_load(a, config->public_key_file, ret_fault);
    if (result != RESULT_OK) {
        auth_destroy(a);
        return result;
    }
    unsigned char viewer_secret[AUTH_DERIVED_LEN];
    derive(a, "liveshelf viewer key 1", viewer_secret);
    a->viewer_mac = mac_keyed(viewer_secret);
    OPENSSL_cleanse(viewer_secret, sizeof viewer_secret);
    derive(a, "liveshelf checkout link 1", a->checkout_secret);
    derive(a, "liveshelf ticket 1", a->ticket_secret);
    if (a->viewer_mac == NULL) {
        auth_destroy(a);
        return RESULT_NO_MEMORY;
    }
    *ret = a;
    return RESULT_OK;
}

void auth_destroy(struct auth *a)
{
    if (a == NULL)
        return;
    if (a->cache != NULL)
        auth_cache_finish(a->cache);
    free(a->cache);
    EVP_MAC_CTX_free(a->viewer_mac);
    EVP_PKEY_free(a->public_key);
    free(a->pem);
    free(a->checkout_url);
    OPENSSL_cleanse(a, sizeof *a);
    free(a);
}

void auth_sign(const unsigned char secret[AUTH_DERIVED_LEN], const char *text, char ret[AUTH_SIGNATURE_LEN + 1])
{
    unsigned char mac[SHA256_DIGEST_LENGTH];
    HMAC(EVP_sha256(), secret, AUTH_DERIVED_LEN, (const unsigned char *)text, strlen(text), mac, NULL);
    text64_encode(mac, AUTH_MAC_LEN, ret);
}

bool auth_signature_is(const char *claimed, const char *real)
{
    return strlen(claimed) == AUTH_SIGNATURE_LEN && CRYPTO_memcmp(claimed, real, AUTH_SIGNATURE_LEN) == 0;
}

/* ---- tokens ---- */

#define UNSIGNED_HEAD "eyJhbGciOiJub25lIn0." /* {"alg":"none"} */

/* Reads one part of a token as if it were the claims of an unsigned one: libjwt as the JSON reader. Whoever calls this
 * has checked the signature over the part, or decides nothing by it. */
static jwt_t *part_read(const char *part, size_t len)
{
    char text[AUTH_TOKEN_MAX + sizeof UNSIGNED_HEAD + 2];
    jwt_t *jwt = NULL;
    snprintf(text, sizeof text, UNSIGNED_HEAD "%.*s.", (int)len, part);
    return jwt_decode(&jwt, text, NULL, 0) == 0 ? jwt : NULL;
}

/* libjwt 1.x knows no EdDSA. */
static jwt_t *eddsa_decode(const struct auth *a, const char *token)
{
    const char *claims = strchr(token, '.');
    const char *signature = claims == NULL ? NULL : strchr(claims + 1, '.');
    unsigned char raw[ED25519_SIGNATURE_LEN];
    size_t raw_len = 0;
    if (signature == NULL ||
        text64_decode(signature + 1, strlen(signature + 1), raw, sizeof raw, &raw_len) != RESULT_OK ||
        raw_len != sizeof raw)
        return NULL;
    jwt_t *head = part_read(token, (size_t)(claims - token));
    const char *algorithm = head == NULL ? NULL : jwt_get_grant(head, "alg");
    bool good = algorithm != NULL && strcmp(algorithm, "EdDSA") == 0;
    jwt_free(head);
    EVP_MD_CTX *context = good ? EVP_MD_CTX_new() : NULL;
    good = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, a->public_key) == 1 &&
           EVP_DigestVerify(context, raw, sizeof raw, (const unsigned char *)token, (size_t)(signature - token)) == 1;
    EVP_MD_CTX_free(context);
    return good ? part_read(claims + 1, (size_t)(signature - claims - 1)) : NULL;
}

static jwt_t *token_decode(const struct auth *a, const char *token)
{
    static const jwt_alg_t wanted[] = {
        [AUTH_HS256] = JWT_ALG_HS256, [AUTH_RS256] = JWT_ALG_RS256, [AUTH_ES256] = JWT_ALG_ES256};
    if (strlen(token) > AUTH_TOKEN_MAX)
        return NULL;
    if (a->algorithm == AUTH_EDDSA)
        return eddsa_decode(a, token);
    const unsigned char *key = a->algorithm == AUTH_HS256 ? a->secret : a->pem;
    int key_len = a->algorithm == AUTH_HS256 ? (int)a->secret_len : a->pem_len;
    jwt_t *jwt = NULL;
    if (jwt_decode(&jwt, token, key, key_len) != 0)
        return NULL;
    if (jwt_get_alg(jwt) == wanted[a->algorithm])
        return jwt;
    jwt_free(jwt); /* a public key used as an HMAC secret, say */
    return NULL;
}

static bool time_claim(jwt_t *jwt, const char *name, int64_t *ret_ms)
{
    errno = 0;
    int64_t seconds = jwt_get_grant_int(jwt, name);
    if (errno != 0 || seconds <= 0 || seconds > EXPIRES_MAX_S)
        return false;
    *ret_ms = seconds * 1000;
    return true;
}

static bool role_claim(jwt_t *jwt, enum role *ret)
{
    const char *text = jwt_get_grant(jwt, "role");
    for (enum role role = ROLE_VIEWER; text != NULL && role <= ROLE_INTEGRATOR; role++) {
        if (strcmp(text, role_name(role)) == 0) {
            *ret = role;
            return true;
        }
    }
    return false;
}

/* Subjects are the shop's: an address or a number with a colon becomes an id by its hash. */
static void viewer_of_sub(const char *sub, struct viewer_id *ret)
{
    if (ID_PARSE(ret, sub, strlen(sub)) == RESULT_OK)
        return;
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)sub, strlen(sub), digest);
    memcpy(ret->text, "s_", 2);
    text64_encode(digest, VIEWER_RANDOM_LEN, ret->text + 2);
}

/* What all shops share is nobody's shop. */
static bool shop_claim(const char *shop, struct shop_id *ret)
{
    return shop != NULL && strcmp(shop, JOURNAL_ALL_SHOPS) != 0 && ID_PARSE(ret, shop, strlen(shop)) == RESULT_OK;
}

/* What the token says, whenever that may be. */
static bool claims_read(jwt_t *jwt, struct auth_finding *ret)
{
    struct auth_claims claims = {0};
    int64_t not_before_ms = 0;
    const char *shop = jwt_get_grant(jwt, "shop");
    const char *broadcast = jwt_get_grant(jwt, "broadcast");
    const char *sub = jwt_get_grant(jwt, "sub");
    if (!role_claim(jwt, &claims.role) || !shop_claim(shop, &claims.shop) ||
        !time_claim(jwt, "exp", &claims.expires_ms))
        return false;
    if (broadcast != NULL && ID_PARSE(&claims.broadcast, broadcast, strlen(broadcast)) != RESULT_OK)
        return false;
    if (sub != NULL && sub[0] != '\0') {
        claims.has_sub = true;
        viewer_of_sub(sub, &claims.viewer);
    }
    (void)time_claim(jwt, "nbf", &not_before_ms);
    *ret = (struct auth_finding){.claims = claims, .not_before_ms = not_before_ms};
    return true;
}

static bool token_read(const struct auth *a, const char *token, struct auth_finding *ret)
{
    const struct auth_finding *known = auth_cache_find(a->cache, token);
    if (known != NULL) {
        *ret = *known;
        return true;
    }
    jwt_t *jwt = token_decode(a, token);
    bool good = jwt != NULL && claims_read(jwt, ret);
    jwt_free(jwt);
    if (good)
        auth_cache_keep(a->cache, token, ret);
    return good;
}

enum auth_answer auth_verify(const struct auth *a, const char *token, int64_t now_ms, struct auth_claims *ret)
{
    struct auth_finding finding;
    if (!token_read(a, token, &finding))
        return AUTH_BAD;
    if (now_ms >= finding.claims.expires_ms)
        return AUTH_EXPIRED;
    if (now_ms + AUTH_NBF_LEEWAY_MS < finding.not_before_ms)
        return AUTH_NOT_YET;
    *ret = finding.claims;
    return AUTH_OK;
}

static bool id_claim(jwt_t *jwt, const char *name, const char *id)
{
    return id == NULL || id[0] == '\0' || (id_is_valid(id, strlen(id)) && jwt_add_grant(jwt, name, id) == 0);
}

enum result auth_mint(const struct auth *a, const struct auth_mint *m, struct bytes *out)
{
    jwt_t *jwt = NULL;
    struct shop_id shop;
    if (!shop_claim(m->shop, &shop) || m->role < ROLE_VIEWER || m->role > ROLE_INTEGRATOR)
        return RESULT_MALFORMED;
    if (jwt_new(&jwt) != 0)
        return RESULT_NO_MEMORY;
    bool good = jwt_add_grant(jwt, "role", role_name(m->role)) == 0 && id_claim(jwt, "shop", m->shop) &&
                id_claim(jwt, "broadcast", m->broadcast) &&
                (m->sub == NULL || m->sub[0] == '\0' || jwt_add_grant(jwt, "sub", m->sub) == 0) &&
                jwt_add_grant_int(jwt, "iat", (long)(m->issued_ms / 1000)) == 0 &&
                jwt_add_grant_int(jwt, "exp", (long)(m->expires_ms / 1000)) == 0 &&
                jwt_set_alg(jwt, JWT_ALG_HS256, a->secret, (int)a->secret_len) == 0;
    char *token = good ? jwt_encode_str(jwt) : NULL;
    if (token != NULL)
        bytes_text(out, token);
    free(token);
    jwt_free(jwt);
    return token == NULL ? RESULT_MALFORMED : bytes_result(out);
}

/* ---- viewer keys ---- */

static void random_fill(unsigned char *data, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = getrandom(data + have, len - have, 0);
        MUST(got > 0 || errno == EINTR);
        have += got > 0 ? (size_t)got : 0;
    }
}

void auth_viewer_new(struct viewer_id *ret)
{
    static unsigned char store[VIEWERS_PER_DRAW * VIEWER_RANDOM_LEN]; /* one call for the names of many */
    static size_t left;
    if (left == 0) {
        random_fill(store, sizeof store);
        left = sizeof store;
    }
    left -= VIEWER_RANDOM_LEN;
    *ret = (struct viewer_id){.text = "v_"};
    text64_encode(store + left, VIEWER_RANDOM_LEN, ret->text + 2);
}

/* With the prepared key: HMAC() makes and keys a context for each call, which costs ten times the sum itself. */
static void viewer_signature(const struct auth *a, const struct shop_id *shop, const char *viewer,
                             char ret[AUTH_SIGNATURE_LEN + 1])
{
    unsigned char mac[SHA256_DIGEST_LENGTH];
    size_t len = 0;
    bool made = EVP_MAC_init(a->viewer_mac, NULL, 0, NULL) == 1 &&
                EVP_MAC_update(a->viewer_mac, (const unsigned char *)shop->text, strlen(shop->text)) == 1 &&
                EVP_MAC_update(a->viewer_mac, (const unsigned char *)"\n", 1) == 1 &&
                EVP_MAC_update(a->viewer_mac, (const unsigned char *)viewer, strlen(viewer)) == 1 &&
                EVP_MAC_final(a->viewer_mac, mac, &len, sizeof mac) == 1;
    if (!made)
        random_fill(mac, sizeof mac); /* no memory: a signature that nobody can have, or guess */
    text64_encode(mac, AUTH_MAC_LEN, ret);
}

void auth_viewer_key(const struct auth *a, const struct shop_id *shop, const struct viewer_id *viewer,
                     char ret[VIEWER_KEY_MAX])
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    viewer_signature(a, shop, viewer->text, signature);
    snprintf(ret, VIEWER_KEY_MAX, "%s.%s", viewer->text, signature);
}

bool auth_viewer_known(const struct auth *a, const struct shop_id *shop, const char *viewer_key, struct viewer_id *ret)
{
    const char *dot = strrchr(viewer_key, '.');
    struct viewer_id viewer;
    char signature[AUTH_SIGNATURE_LEN + 1];
    if (dot == NULL || ID_PARSE(&viewer, viewer_key, (size_t)(dot - viewer_key)) != RESULT_OK)
        return false;
    viewer_signature(a, shop, viewer.text, signature);
    if (!auth_signature_is(dot + 1, signature))
        return false;
    *ret = viewer;
    return true;
}
