/* A token that was good once is taken without reckoning again, and nothing else is. */
#include "ws/lws/auth_cache.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "ws/lws/auth_keys.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define OTHER_KEY "abcdef0123456789abcdef0123456789"
#define NOW_MS INT64_C(1795177200000)
#define HOUR_MS INT64_C(3600000)
#define MANY (2 * AUTH_CACHE_SLOTS)

static char dir[] = "/tmp/liveshelf-auth-cache-XXXXXX";
static char path[64];

static struct auth *auth_of(const char *key)
{
    struct auth *a = NULL;
    struct auth_fault fault;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(key, f);
    fclose(f);
    assert_int_equal(auth_create(&(struct auth_config){.key_file = path}, &a, &fault), RESULT_OK);
    return a;
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/key", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static char *minted(const struct auth *a, const char *sub)
{
    struct bytes b = {0};
    size_t len;
    struct auth_mint m = {
        .role = ROLE_VIEWER, .shop = "demo", .sub = sub, .issued_ms = NOW_MS, .expires_ms = NOW_MS + HOUR_MS};
    assert_int_equal(auth_mint(a, &m, &b), RESULT_OK);
    return bytes_take(&b, &len);
}

static void what_was_good_is_found_again(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    struct auth_claims first, again = {0};
    char *token = minted(a, "anna");
    assert_null(auth_cache_find(a->cache, token));
    assert_int_equal(auth_verify(a, token, NOW_MS, &first), AUTH_OK);
    assert_non_null(auth_cache_find(a->cache, token));
    assert_int_equal(auth_verify(a, token, NOW_MS, &again), AUTH_OK);
    assert_string_equal(again.viewer.text, "anna");
    assert_string_equal(again.shop.text, first.shop.text);
    assert_int_equal(again.role, ROLE_VIEWER);
    assert_true(again.has_sub);
    assert_int_equal(again.expires_ms, first.expires_ms);
    free(token);
    auth_destroy(a);
}

static void a_token_that_is_known_expires_all_the_same(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    struct auth_claims c;
    char *token = minted(a, NULL);
    assert_int_equal(auth_verify(a, token, NOW_MS + HOUR_MS - 1, &c), AUTH_OK);
    assert_non_null(auth_cache_find(a->cache, token));
    assert_int_equal(auth_verify(a, token, NOW_MS + HOUR_MS, &c), AUTH_EXPIRED);
    assert_int_equal(auth_verify(a, token, NOW_MS + HOUR_MS - 1, &c), AUTH_OK); /* the clock was set back */
    free(token);
    auth_destroy(a);
}

static void a_token_that_is_known_is_not_good_before_its_time(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    struct auth_finding finding = {
        .claims = {.role = ROLE_VIEWER, .expires_ms = NOW_MS + HOUR_MS},
        .not_before_ms = NOW_MS,
    };
    struct auth_claims c;
    auth_cache_keep(a->cache, "token", &finding);
    assert_int_equal(auth_verify(a, "token", NOW_MS - AUTH_NBF_LEEWAY_MS - 1, &c), AUTH_NOT_YET);
    assert_int_equal(auth_verify(a, "token", NOW_MS - AUTH_NBF_LEEWAY_MS, &c), AUTH_OK);
    auth_destroy(a);
}

/* The same head and claims, the signature of a stranger, or of nobody, or with more behind it. */
static void nobody_hides_behind_a_known_token(void **state)
{
    (void)state;
    struct auth *ours = auth_of(KEY), *theirs = auth_of(OTHER_KEY);
    struct auth_claims c;
    char *good = minted(ours, "anna"), *bad = minted(theirs, "anna"), longer[AUTH_TOKEN_MAX];
    size_t signed_len = (size_t)(strrchr(good, '.') - good);
    assert_memory_equal(good, bad, signed_len);
    assert_int_equal(auth_verify(ours, good, NOW_MS, &c), AUTH_OK);
    for (int i = 0; i < 2; i++) { /* a refusal is not remembered as anything else either */
        assert_int_equal(auth_verify(ours, bad, NOW_MS, &c), AUTH_BAD);
        assert_null(auth_cache_find(ours->cache, bad));
    }
    snprintf(longer, sizeof longer, "%sA", good);
    assert_int_equal(auth_verify(ours, longer, NOW_MS, &c), AUTH_BAD);
    snprintf(longer, sizeof longer, "%.*s.", (int)signed_len, good);
    assert_int_equal(auth_verify(ours, longer, NOW_MS, &c), AUTH_BAD);
    assert_int_equal(auth_verify(theirs, good, NOW_MS, &c), AUTH_BAD); /* other keys, another memory */
    free(good);
    free(bad);
    auth_destroy(ours);
    auth_destroy(theirs);
}

static void more_tokens_than_slots_are_each_their_own(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    size_t kept = 0;
    for (size_t round = 0; round < 2; round++) {
        kept = 0;
        for (size_t i = 0; i < MANY; i++) {
            char token[32], name[16];
            struct auth_finding finding = {.claims = {.role = ROLE_VIEWER, .has_sub = true}};
            snprintf(token, sizeof token, "token-%zu", i);
            snprintf(name, sizeof name, "v%zu", i);
            assert_int_equal(ID_PARSE(&finding.claims.viewer, name, strlen(name)), RESULT_OK);
            const struct auth_finding *found = auth_cache_find(a->cache, token);
            kept += found != NULL;
            if (found != NULL)
                assert_string_equal(found->claims.viewer.text, name);
            if (round == 0)
                auth_cache_keep(a->cache, token, &finding);
        }
    }
    assert_in_range(kept, AUTH_CACHE_SLOTS / 2, AUTH_CACHE_SLOTS);
    auth_destroy(a);
}

static void long_tokens_are_reckoned_each_time(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    struct auth_finding finding = {.claims = {.role = ROLE_HOST}};
    char token[AUTH_CACHE_TOKEN_MAX + 2];
    memset(token, 'a', sizeof token);
    token[AUTH_CACHE_TOKEN_MAX + 1] = '\0';
    auth_cache_keep(a->cache, token, &finding);
    assert_null(auth_cache_find(a->cache, token));
    token[AUTH_CACHE_TOKEN_MAX] = '\0';
    auth_cache_keep(a->cache, token, &finding);
    assert_non_null(auth_cache_find(a->cache, token));
    auth_destroy(a);
}

/* The prepared key gives what HMAC-SHA256 gives: keys that browsers keep outlive an upgrade of the node. */
static void viewer_keys_are_what_they_always_were(void **state)
{
    (void)state;
    struct auth *a = auth_of(KEY);
    struct shop_id shop = {.text = "demo"};
    unsigned char secret[32], mac[32];
    char text[64], expected[VIEWER_KEY_MAX], signature[AUTH_SIGNATURE_LEN + 1], key[VIEWER_KEY_MAX];
    HMAC(EVP_sha256(), KEY, (int)strlen(KEY), (const unsigned char *)"liveshelf viewer key 1", 22, secret, NULL);
    for (int i = 0; i < 3; i++) {
        struct viewer_id viewer = {0};
        snprintf(viewer.text, sizeof viewer.text, "v_%d", i);
        int len = snprintf(text, sizeof text, "demo\n%s", viewer.text);
        HMAC(EVP_sha256(), secret, sizeof secret, (const unsigned char *)text, (size_t)len, mac, NULL);
        text64_encode(mac, AUTH_MAC_LEN, signature);
        snprintf(expected, sizeof expected, "%s.%s", viewer.text, signature);
        auth_viewer_key(a, &shop, &viewer, key);
        assert_string_equal(key, expected);
    }
    auth_destroy(a);
}

static void new_viewers_have_names_of_their_own(void **state)
{
    (void)state;
    static struct viewer_id all[200];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        auth_viewer_new(&all[i]);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i].text, all[k].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_good_is_found_again),
        cmocka_unit_test(a_token_that_is_known_expires_all_the_same),
        cmocka_unit_test(a_token_that_is_known_is_not_good_before_its_time),
        cmocka_unit_test(nobody_hides_behind_a_known_token),
        cmocka_unit_test(more_tokens_than_slots_are_each_their_own),
        cmocka_unit_test(long_tokens_are_reckoned_each_time),
        cmocka_unit_test(viewer_keys_are_what_they_always_were),
        cmocka_unit_test(new_viewers_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
