/* The certificate: what is refused at the start, and what a changed file does. Keys and certificates are made here. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/metric.h"
#include "tests/unit/unit.h"
#include "ws/lws/tls.h"

#define DAY_S 86400
#define LONG_SERIAL 0x123456789abc /* so that the file has another size: its time may be the same */

struct stage {
    char dir[64], cert[96], key[96], other_key[96];
    EVP_PKEY *keys[2];
};

static void key_write(const char *path, EVP_PKEY *key, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void cert_write(const char *path, EVP_PKEY *key, long serial, long days)
{
    X509 *x = X509_new();
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(x), days * DAY_S);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x), 1);
    fclose(file);
    X509_free(x);
}

static int stage_open(void **state)
{
    static struct stage s;
    snprintf(s.dir, sizeof s.dir, "/tmp/liveshelf-tls-XXXXXX");
    assert_non_null(mkdtemp(s.dir));
    snprintf(s.cert, sizeof s.cert, "%s/cert.pem", s.dir);
    snprintf(s.key, sizeof s.key, "%s/key.pem", s.dir);
    snprintf(s.other_key, sizeof s.other_key, "%s/other.pem", s.dir);
    for (size_t i = 0; i < 2; i++)
        s.keys[i] = EVP_EC_gen("P-256");
    cert_write(s.cert, s.keys[0], 1, 30);
    key_write(s.key, s.keys[0], 0600);
    key_write(s.other_key, s.keys[1], 0600);
    *state = &s;
    return 0;
}

static int stage_close(void **state)
{
    struct stage *s = *state;
    unlink(s->cert);
    unlink(s->key);
    unlink(s->other_key);
    rmdir(s->dir);
    for (size_t i = 0; i < 2; i++)
        EVP_PKEY_free(s->keys[i]);
    return 0;
}

static void check_refused(const char *cert, const char *key, const char *setting, const char *why)
{
    struct tls t;
    struct tls_fault fault = {0};
    assert_int_equal(tls_init(&t, cert, key, &fault), RESULT_MALFORMED);
    assert_int_equal(strncmp(fault.text, setting, strlen(setting)), 0);
    if (strstr(fault.text, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", fault.text, why);
    assert_false(tls_is_on(&t));
}

static void what_does_not_fit_is_named(void **state)
{
    struct stage *s = *state;
    check_refused(s->cert, NULL, "tls-key-file:", "missing");
    check_refused("", s->key, "tls-cert-file:", "missing");
    check_refused("/nowhere/cert.pem", s->key, "tls-cert-file:", "No such file");
    check_refused(s->cert, "/nowhere/key.pem", "tls-key-file:", "No such file");
    check_refused(s->key, s->key, "tls-cert-file:", "key.pem: is not a certificate in PEM form");
    check_refused("/dev/null", s->key, "tls-cert-file:", "/dev/null: is not a certificate in PEM form");
    check_refused(s->cert, s->cert, "tls-key-file:", "read by everyone");
    check_refused(s->cert, s->other_key, "tls-key-file:", "not the key of that certificate");
    assert_int_equal(chmod(s->key, 0640), 0); /* a group of its own may read it */
    struct tls t;
    struct tls_fault fault;
    assert_int_equal(tls_init(&t, s->cert, s->key, &fault), RESULT_OK);
    tls_finish(&t);
    assert_int_equal(chmod(s->key, 0604), 0);
    check_refused(s->cert, s->key, "tls-key-file:", "read by everyone");
}

static void a_key_with_a_passphrase_asks_nobody(void **state)
{
    struct stage *s = *state;
    FILE *file = fopen(s->key, "w");
    assert_int_equal(
        PEM_write_PrivateKey(file, s->keys[0], EVP_aes_128_cbc(), (const unsigned char *)"secret", 6, NULL, NULL), 1);
    fclose(file);
    assert_int_equal(chmod(s->key, 0600), 0);
    check_refused(s->cert, s->key, "tls-key-file:", "key.pem: is not a key in PEM form without a passphrase");
}

static void none_is_none(void **state)
{
    (void)state;
    struct tls t;
    struct tls_fault fault;
    assert_int_equal(tls_init(&t, NULL, "", &fault), RESULT_OK);
    assert_false(tls_is_on(&t));
    tls_tick(&t, 1);
    tls_finish(&t);
    tls_finish(&(struct tls){0});
}

static long serial_shown(const struct tls *t)
{
    return ASN1_INTEGER_get(X509_get_serialNumber(SSL_CTX_get0_certificate(t->shown)));
}

static double metric(const char *sample)
{
    struct bytes all = {0};
    metric_write_all(&all);
    const char *at = strstr(all.data, sample);
    double value = at == NULL ? -1 : strtod(at + strlen(sample), NULL);
    bytes_finish(&all);
    return value;
}

static void a_changed_one_is_shown_when_it_fits(void **state)
{
    struct stage *s = *state;
    struct tls t;
    struct tls_fault fault;
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    assert_int_equal(tls_init(&t, s->cert, s->key, &fault), RESULT_OK);
    tls_tick(&t, now_ms);
    assert_int_equal(serial_shown(&t), 1);
    double left = metric("\nliveshelf_tls_cert_left_seconds ");
    assert_true(left > 29 * DAY_S && left < 31 * DAY_S);

    cert_write(s->cert, s->keys[1], 22, 60); /* the first of the two files of a renewal */
    tls_tick(&t, now_ms + TLS_LOOK_MS - 1);
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), 0); /* not looked at yet */
    tls_tick(&t, now_ms + TLS_LOOK_MS);
    assert_int_equal(serial_shown(&t), 1);
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), 1);
    tls_tick(&t, now_ms + 2 * TLS_LOOK_MS); /* said once */
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), 1);

    key_write(s->key, s->keys[1], 0600); /* the second */
    tls_tick(&t, now_ms + 3 * TLS_LOOK_MS);
    assert_int_equal(serial_shown(&t), 22);
    assert_int_equal(metric("renewals_total{result=\"loaded\"} "), 1);
    assert_true(metric("\nliveshelf_tls_cert_left_seconds ") > 59 * DAY_S);

    tls_finish(&t);
}

static void one_that_is_gone_is_said_once(void **state)
{
    struct stage *s = *state;
    struct tls t;
    struct tls_fault fault;
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    assert_int_equal(tls_init(&t, s->cert, s->key, &fault), RESULT_OK);
    double loaded = metric("renewals_total{result=\"loaded\"} "),
           refused = metric("renewals_total{result=\"refused\"} ");
    unlink(s->cert);
    key_write(s->key, s->keys[1], 0600); /* so that the next look finds two differences */
    for (int look = 0; look < 3; look++)
        tls_tick(&t, now_ms += TLS_LOOK_MS);
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), refused + 1);
    assert_int_equal(serial_shown(&t), 1);
    cert_write(s->cert, s->keys[1], 22, 60);
    tls_tick(&t, now_ms += TLS_LOOK_MS);
    assert_int_equal(serial_shown(&t), 22);
    assert_int_equal(metric("renewals_total{result=\"loaded\"} "), loaded + 1);

    assert_int_equal(chmod(s->key, 0604), 0);
    for (int look = 0; look < 2; look++)
        tls_tick(&t, now_ms += TLS_LOOK_MS);
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), refused + 2);
    assert_int_equal(chmod(s->key, 0600), 0); /* the same content, and yet another try */
    tls_tick(&t, now_ms + TLS_LOOK_MS);
    assert_int_equal(metric("renewals_total{result=\"loaded\"} "), loaded + 2);
    tls_finish(&t);
}

static void one_that_has_expired_replaces_none(void **state)
{
    struct stage *s = *state;
    struct tls t;
    struct tls_fault fault;
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    assert_int_equal(tls_init(&t, s->cert, s->key, &fault), RESULT_OK);
    double refused = metric("renewals_total{result=\"refused\"} ");
    cert_write(s->cert, s->keys[0], LONG_SERIAL, 0);
    tls_tick(&t, now_ms + TLS_LOOK_MS);
    assert_int_equal(serial_shown(&t), 1);
    assert_int_equal(metric("renewals_total{result=\"refused\"} "), refused + 1);
    tls_finish(&t);
    assert_int_equal(tls_init(&t, s->cert, s->key, &fault), RESULT_OK); /* at the start there is no better one */
    assert_int_equal(serial_shown(&t), LONG_SERIAL);
    tls_finish(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_named, stage_open, stage_close),
        cmocka_unit_test_setup_teardown(a_key_with_a_passphrase_asks_nobody, stage_open, stage_close),
        cmocka_unit_test(none_is_none),
        cmocka_unit_test_setup_teardown(a_changed_one_is_shown_when_it_fits, stage_open, stage_close),
        cmocka_unit_test_setup_teardown(one_that_is_gone_is_said_once, stage_open, stage_close),
        cmocka_unit_test_setup_teardown(one_that_has_expired_replaces_none, stage_open, stage_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
