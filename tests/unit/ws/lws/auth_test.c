/* Tokens, viewer keys, checkout links: what is ours is taken, everything else is not. */
#include "ws/lws/auth.h"

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "ws/lws/text64.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define NOW_MS INT64_C(1795177200000)
#define HOUR_MS INT64_C(3600000)

static char dir[] = "/tmp/liveshelf-auth-XXXXXX";
static char key_path[64], pem_path[64];

static void write_file(const char *path, const char *data)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(data, f);
    fclose(f);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(key_path, sizeof key_path, "%s/key", dir);
    snprintf(pem_path, sizeof pem_path, "%s/pem", dir);
    write_file(key_path, KEY "\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(key_path);
    unlink(pem_path);
    return rmdir(dir);
}

static struct auth *auth_of(const char *pem, const char *url)
{
    struct auth *a = NULL;
    struct auth_fault fault;
    struct auth_config config = {.key_file = key_path, .public_key_file = pem, .checkout_url = url};
    if (auth_create(&config, &a, &fault) != RESULT_OK)
        fail_msg("%s", fault.text);
    return a;
}

static char *minted(const struct auth *a, enum role role, const char *broadcast, const char *sub, int64_t expires_ms)
{
    struct bytes b = {0};
    size_t len;
    struct auth_mint m = {.role = role,
                          .shop = "demo",
                          .broadcast = broadcast,
                          .sub = sub,
                          .issued_ms = NOW_MS,
                          .expires_ms = expires_ms};
    assert_int_equal(auth_mint(a, &m, &b), RESULT_OK);
    return bytes_take(&b, &len);
}

static enum auth_answer verify(const struct auth *a, const char *token, struct auth_claims *c)
{
    return auth_verify(a, token, NOW_MS, c);
}

static void what_is_minted_is_taken(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c = {0};
    char *token = minted(a, ROLE_HOST, "spring-drop", "anna", NOW_MS + HOUR_MS);
    assert_int_equal(verify(a, token, &c), AUTH_OK);
    assert_int_equal(c.role, ROLE_HOST);
    assert_string_equal(c.shop.text, "demo");
    assert_string_equal(c.broadcast.text, "spring-drop");
    assert_true(c.has_sub);
    assert_string_equal(c.viewer.text, "anna");
    assert_int_equal(c.expires_ms, NOW_MS + HOUR_MS);
    free(token);
    token = minted(a, ROLE_VIEWER, NULL, NULL, NOW_MS + HOUR_MS);
    assert_int_equal(verify(a, token, &c), AUTH_OK);
    assert_false(c.has_sub);
    assert_true(ID_IS_NONE(c.broadcast));
    free(token);
    auth_destroy(a);
}

static void a_sub_that_is_no_id_becomes_one(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims one, two;
    char *t1 = minted(a, ROLE_VIEWER, NULL, "anna@shop.example", NOW_MS + HOUR_MS);
    char *t2 = minted(a, ROLE_VIEWER, NULL, "ben@shop.example", NOW_MS + HOUR_MS);
    assert_int_equal(verify(a, t1, &one), AUTH_OK);
    assert_int_equal(verify(a, t2, &two), AUTH_OK);
    assert_true(id_is_valid(one.viewer.text, strlen(one.viewer.text)));
    assert_string_not_equal(one.viewer.text, two.viewer.text);
    free(t1);
    free(t2);
    auth_destroy(a);
}

static void every_changed_character_is_refused(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c;
    char *token = minted(a, ROLE_VIEWER, "b1", NULL, NOW_MS + HOUR_MS);
    size_t len = strlen(token);
    for (size_t i = 0; i + 1 < len; i++) { /* the very last one may carry unused bits */
        char kept = token[i];
        token[i] = kept == 'A' ? 'B' : 'A';
        if (kept != '.')
            assert_int_equal(verify(a, token, &c), AUTH_BAD);
        token[i] = kept;
    }
    for (size_t i = 0; i < len; i++) {
        char *cut = strndup(token, i);
        assert_int_equal(verify(a, cut, &c), AUTH_BAD);
        free(cut);
    }
    free(token);
    auth_destroy(a);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c;
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJhbGciOiJIUzI1NiJ9..",
        "eyJhbGciOiJub25lIn0.eyJyb2xlIjoiaG9zdCIsInNob3AiOiJkZW1vIiwiZXhwIjo5OTk5OTk5OTk5fQ.",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(verify(a, texts[i], &c), AUTH_BAD);
    char *big = malloc(AUTH_TOKEN_MAX + 2);
    memset(big, 'a', AUTH_TOKEN_MAX + 1);
    big[AUTH_TOKEN_MAX + 1] = '\0';
    assert_int_equal(verify(a, big, &c), AUTH_BAD);
    free(big);
    auth_destroy(a);
}

static void time_decides(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c;
    char *token = minted(a, ROLE_VIEWER, NULL, NULL, NOW_MS + HOUR_MS);
    assert_int_equal(auth_verify(a, token, NOW_MS + HOUR_MS - 1, &c), AUTH_OK);
    assert_int_equal(auth_verify(a, token, NOW_MS + HOUR_MS, &c), AUTH_EXPIRED);
    free(token);
    auth_destroy(a);
}

/* A token made by hand: any claims, any algorithm libjwt knows. */
static char *forged(jwt_alg_t alg, const char *key, const char *claims)
{
    jwt_t *jwt = NULL;
    assert_int_equal(jwt_new(&jwt), 0);
    assert_int_equal(jwt_add_grants_json(jwt, claims), 0);
    assert_int_equal(jwt_set_alg(jwt, alg, (const unsigned char *)key, (int)strlen(key)), 0);
    char *token = jwt_encode_str(jwt);
    jwt_free(jwt);
    return token;
}

static void expect_claims(const char *claims, enum auth_answer wanted)
{
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c;
    char *token = forged(JWT_ALG_HS256, KEY, claims);
    if (verify(a, token, &c) != wanted)
        fail_msg("%s", claims);
    free(token);
    auth_destroy(a);
}

static void claims_must_be_there_and_make_sense(void **state)
{
    (void)state;
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":1795180000}", AUTH_OK);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\"}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":\"1795180000\"}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":-5}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":9223372036854775807}", AUTH_BAD);
    expect_claims("{\"role\":\"king\",\"shop\":\"demo\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"none\",\"shop\":\"demo\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"shop\":\"demo\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"~\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"a/b\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"broadcast\":\"a b\",\"exp\":1795180000}", AUTH_BAD);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":1795180000,\"nbf\":1795177260}", AUTH_NOT_YET);
    expect_claims("{\"role\":\"host\",\"shop\":\"demo\",\"exp\":1795180000,\"nbf\":1795177204}", AUTH_OK);
}

static void another_algorithm_of_the_same_key_is_refused(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct auth_claims c;
    char *token = forged(JWT_ALG_HS512, KEY, "{\"role\":\"host\",\"shop\":\"demo\",\"exp\":1795180000}");
    assert_int_equal(verify(a, token, &c), AUTH_BAD);
    free(token);
    token = forged(JWT_ALG_HS256, "another key, just as long as it has to be",
                   "{\"role\":\"host\",\"shop\":\"demo\",\"exp\":1795180000}");
    assert_int_equal(verify(a, token, &c), AUTH_BAD);
    free(token);
    auth_destroy(a);
}

/* ---- public keys ---- */

static EVP_PKEY *key_pair(const char *kind, char **ret_private, char **ret_public)
{
    EVP_PKEY *key = strcmp(kind, "RSA") == 0  ? EVP_RSA_gen(2048)
                    : strcmp(kind, "EC") == 0 ? EVP_EC_gen("P-256")
                                              : EVP_PKEY_Q_keygen(NULL, NULL, kind);
    assert_non_null(key);
    for (int public = 0; public < 2; public ++) {
        BIO *bio = BIO_new(BIO_s_mem());
        char *data;
        assert_int_equal(
            public ? PEM_write_bio_PUBKEY(bio, key) : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
        long len = BIO_get_mem_data(bio, &data);
        char *copy = calloc(1, (size_t)len + 1); /* what a BIO holds ends without a NUL */
        assert_non_null(copy);
        memcpy(copy, data, (size_t)len);
        *(public ? ret_public : ret_private) = copy;
        BIO_free(bio);
    }
    return key;
}

static char *eddsa_token(EVP_PKEY *key, const char *head, const char *claims)
{
    char signed_text[1024], part[512];
    unsigned char signature[64];
    size_t len = sizeof signature;
    text64_encode((const unsigned char *)head, strlen(head), part);
    snprintf(signed_text, sizeof signed_text, "%s.", part);
    text64_encode((const unsigned char *)claims, strlen(claims), part);
    strcat(signed_text, part);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature, &len, (unsigned char *)signed_text, strlen(signed_text)), 1);
    EVP_MD_CTX_free(ctx);
    text64_encode(signature, len, part);
    strcat(strcat(signed_text, "."), part);
    return strdup(signed_text);
}

#define GOOD_CLAIMS "{\"role\":\"viewer\",\"shop\":\"demo\",\"exp\":1795180000,\"sub\":\"anna\"}"

static void expect_public(const char *kind, jwt_alg_t alg)
{
    char *private = NULL, *public = NULL;
    struct auth_claims c = {0};
    EVP_PKEY *key = key_pair(kind, &private, &public);
    write_file(pem_path, public);
    struct auth *a = auth_of(pem_path, NULL);
    char *good =
        alg == JWT_ALG_NONE ? eddsa_token(key, "{\"alg\":\"EdDSA\"}", GOOD_CLAIMS) : forged(alg, private, GOOD_CLAIMS);
    assert_int_equal(verify(a, good, &c), AUTH_OK);
    assert_string_equal(c.viewer.text, "anna");
    /* the public key is public: used as an HMAC secret it must not open anything */
    char *confused = forged(JWT_ALG_HS256, public, GOOD_CLAIMS);
    assert_int_equal(verify(a, confused, &c), AUTH_BAD);
    char *own = forged(JWT_ALG_HS256, KEY, GOOD_CLAIMS); /* nor the key file, now that another key decides */
    assert_int_equal(verify(a, own, &c), AUTH_BAD);
    good[strlen(good) / 2] ^= 1;
    assert_int_equal(verify(a, good, &c), AUTH_BAD);
    free(good);
    free(confused);
    free(own);
    free(private);
    free(public);
    EVP_PKEY_free(key);
    auth_destroy(a);
}

static void rs256_es256_and_eddsa(void **state)
{
    (void)state;
    expect_public("RSA", JWT_ALG_RS256);
    expect_public("EC", JWT_ALG_ES256);
    expect_public("ED25519", JWT_ALG_NONE);
}

static void eddsa_needs_its_name_in_the_head(void **state)
{
    (void)state;
    char *private = NULL, *public = NULL;
    struct auth_claims c;
    EVP_PKEY *key = key_pair("ED25519", &private, &public);
    write_file(pem_path, public);
    struct auth *a = auth_of(pem_path, NULL);
    char *token = eddsa_token(key, "{\"alg\":\"none\"}", GOOD_CLAIMS);
    assert_int_equal(verify(a, token, &c), AUTH_BAD);
    assert_int_equal(verify(a, "a.b", &c), AUTH_BAD);
    free(token);
    free(private);
    free(public);
    EVP_PKEY_free(key);
    auth_destroy(a);
}

static void expect_no_auth(const char *key_file, const char *pem, const char *part)
{
    struct auth *a = NULL;
    struct auth_fault fault;
    struct auth_config config = {.key_file = key_file, .public_key_file = pem};
    assert_int_not_equal(auth_create(&config, &a, &fault), RESULT_OK);
    assert_non_null(strstr(fault.text, part));
}

static void bad_key_files_are_named(void **state)
{
    (void)state;
    expect_no_auth("/nowhere/key", NULL, "/nowhere/key");
    write_file(pem_path, "short");
    expect_no_auth(pem_path, NULL, "at least 32 bytes");
    expect_no_auth(key_path, pem_path, "public key in PEM");
}

/* ---- viewer keys, checkout ---- */

static void viewer_keys_prove_the_viewer_of_one_shop(void **state)
{
    (void)state;
    struct auth *a = auth_of(NULL, NULL);
    struct shop_id shop = {.text = "demo"}, other = {.text = "other"};
    struct viewer_id viewer, again;
    char key[VIEWER_KEY_MAX];
    auth_viewer_new(&viewer);
    auth_viewer_new(&again);
    assert_string_not_equal(viewer.text, again.text);
    assert_true(id_is_valid(viewer.text, strlen(viewer.text)));
    auth_viewer_key(a, &shop, &viewer, key);
    assert_true(auth_viewer_known(a, &shop, key, &again));
    assert_string_equal(viewer.text, again.text);
    assert_false(auth_viewer_known(a, &other, key, &again));
    key[3] = key[3] == 'a' ? 'b' : 'a';
    assert_false(auth_viewer_known(a, &shop, key, &again));
    assert_false(auth_viewer_known(a, &shop, "", &again));
    assert_false(auth_viewer_known(a, &shop, ".", &again));
    assert_false(auth_viewer_known(a, &shop, "v_1.", &again));
    auth_destroy(a);
}

static struct hold a_hold(void)
{
    struct hold h = {.id = {.text = "h_7Qx"}, .currency = "EUR", .expires_at_ms = NOW_MS + 300000, .lines_count = 1};
    h.lines[0] = (struct line){.sku = {.text = "mug-red"}, .units = 2, .unit_minor = 990, .price_version = 1};
    return h;
}

static void checkout_links_carry_the_promised_price(void **state)
{
    (void)state;
    struct shop_id shop = {.text = "demo"};
    struct hold hold = a_hold();
    struct checkout_terms terms;
    char url[512];
    struct auth *a = auth_of(NULL, NULL);
    auth_checkout_link(a, &shop, &hold, url, sizeof url);
    assert_int_equal(strncmp(url, "/checkout/?hold=h_7Qx&shop=demo&amount=1980&currency=EUR&expires_ms=", 67), 0);
    assert_int_equal(auth_checkout_verify(a, strchr(url, '?') + 1, &terms), RESULT_OK);
    assert_string_equal(terms.hold.text, "h_7Qx");
    assert_int_equal(terms.amount.minor, 1980);
    assert_int_equal(terms.expires_ms, NOW_MS + 300000);
    char *amount = strstr(url, "amount=1980");
    memcpy(amount, "amount=1880", 11);
    assert_int_equal(auth_checkout_verify(a, strchr(url, '?') + 1, &terms), RESULT_MALFORMED);
    assert_int_equal(auth_checkout_verify(a, "", &terms), RESULT_MALFORMED);
    assert_int_equal(auth_checkout_verify(a, "&&hold=&sig", &terms), RESULT_MALFORMED);
    auth_checkout_link(a, &shop, &hold, url, 20);
    assert_string_equal(url, "");
    auth_destroy(a);
}

static void checkout_urls_are_templates(void **state)
{
    (void)state;
    struct shop_id shop = {.text = "demo"};
    struct hold hold = a_hold();
    char url[512];
    struct auth *a = auth_of(NULL, "https://shop.example/pay?lang=en");
    auth_checkout_link(a, &shop, &hold, url, sizeof url);
    assert_int_equal(strncmp(url, "https://shop.example/pay?lang=en&hold=h_7Qx&", 44), 0);
    auth_destroy(a);
    a = auth_of(NULL, "https://shop.example/pay?{query}#cart");
    auth_checkout_link(a, &shop, &hold, url, sizeof url);
    assert_int_equal(strncmp(url, "https://shop.example/pay?hold=h_7Qx&", 36), 0);
    assert_string_equal(url + strlen(url) - 5, "#cart");
    auth_destroy(a);
}

static void text64_round_trips(void **state)
{
    (void)state;
    unsigned char data[40], back[40];
    char text[64];
    size_t len = 0;
    for (size_t n = 0; n <= sizeof data; n++) {
        for (size_t i = 0; i < n; i++)
            data[i] = (unsigned char)(i * 37 + n);
        text64_encode(data, n, text);
        assert_int_equal(strlen(text), TEXT64_LEN(n));
        assert_int_equal(text64_decode(text, strlen(text), back, sizeof back, &len), RESULT_OK);
        assert_int_equal(len, n);
        assert_memory_equal(data, back, n);
    }
    assert_int_equal(text64_decode("ab+/", 4, back, sizeof back, &len), RESULT_MALFORMED);
    assert_int_equal(text64_decode("aaaaaaaa", 8, back, 5, &len), RESULT_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_minted_is_taken),
        cmocka_unit_test(a_sub_that_is_no_id_becomes_one),
        cmocka_unit_test(every_changed_character_is_refused),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(time_decides),
        cmocka_unit_test(claims_must_be_there_and_make_sense),
        cmocka_unit_test(another_algorithm_of_the_same_key_is_refused),
        cmocka_unit_test(rs256_es256_and_eddsa),
        cmocka_unit_test(eddsa_needs_its_name_in_the_head),
        cmocka_unit_test(bad_key_files_are_named),
        cmocka_unit_test(viewer_keys_prove_the_viewer_of_one_shop),
        cmocka_unit_test(checkout_links_carry_the_promised_price),
        cmocka_unit_test(checkout_urls_are_templates),
        cmocka_unit_test(text64_round_trips),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
