#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "ws/lws/webhook_address.h"
#include "ws/lws/webhook_sign.h"

static bool is_public(const char *text)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return webhook_address_is_public((const struct sockaddr *)&four);
    assert_int_equal(1, inet_pton(AF_INET6, text, &six.sin6_addr));
    return webhook_address_is_public((const struct sockaddr *)&six);
}

static void only_the_open_internet_is_public(void **state)
{
    (void)state;
    static const char *const open[] = {"1.1.1.1",          "9.255.255.255",   "11.0.0.0",        "100.63.255.255",
                                       "100.128.0.0",      "126.255.255.255", "128.0.0.1",       "169.253.255.255",
                                       "172.15.255.255",   "172.32.0.0",      "192.167.255.255", "198.17.255.255",
                                       "198.20.0.0",       "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
                                       "64:ff9b::1.1.1.1", "::ffff:8.8.8.8",  "2001:200::1"};
    static const char *const closed[] = {"0.0.0.0",
                                         "10.0.0.1",
                                         "100.64.0.1",
                                         "100.127.255.255",
                                         "127.0.0.1",
                                         "127.255.255.255",
                                         "169.254.169.254",
                                         "172.16.0.1",
                                         "172.31.255.255",
                                         "192.0.0.192",
                                         "192.0.2.1",
                                         "192.168.255.255",
                                         "198.18.0.1",
                                         "198.19.255.255",
                                         "198.51.100.1",
                                         "203.0.113.9",
                                         "224.0.0.1",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::1",
                                         "::ffff:10.0.0.1",
                                         "64:ff9b::a9fe:a9fe",
                                         "fe80::1",
                                         "fc00::1",
                                         "fd00:ec2::254",
                                         "fec0::1",
                                         "ff02::1",
                                         "2001:db8::1",
                                         "2001::1",
                                         "2002:7f00:1::",
                                         "3fff::1",
                                         "64:ff9b:1::1",
                                         "100::1"};
    for (size_t i = 0; i < ARRAY_LEN(open); i++)
        if (!is_public(open[i]))
            fail_msg("refused: %s", open[i]);
    for (size_t i = 0; i < ARRAY_LEN(closed); i++)
        if (is_public(closed[i]))
            fail_msg("taken: %s", closed[i]);
    assert_false(webhook_address_is_public(&(struct sockaddr){.sa_family = AF_UNIX}));
}

/* The vector of the specification of Standard Webhooks. */
static void a_signature_is_that_of_the_specification(void **state)
{
    (void)state;
    static const char secret[] = "whsec_plJ3nmyCDGBKInavdOK15jsl", id[] = "msg_loFOjxBNrRLzqYUf";
    struct bytes body = {0};
    char signature[WEBHOOK_SIGNATURE_MAX];
    bytes_text(&body, "{\"event_type\":\"ping\",\"data\":{\"success\":true}}");
    assert_int_equal(RESULT_OK, webhook_sign(secret, NULL, id, 1731705121, &body, signature));
    assert_string_equal("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", signature);
    assert_int_equal(RESULT_OK, webhook_sign(secret, secret, id, 1731705121, &body, signature));
    assert_string_equal(
        "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0= v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", signature);
    static const char *const bad[] = {"",          "whsec_",     "plJ3nmyCDGBKInavdOK15jsl",
                                      "whsec_plJ", "whsec_pl*3", "whsec_===="};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(RESULT_MALFORMED, webhook_sign(bad[i], NULL, id, 1, &body, signature));
        if (bad[i][0] != '\0')
            assert_int_equal(RESULT_MALFORMED, webhook_sign(secret, bad[i], id, 1, &body, signature));
    }
    bytes_finish(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_open_internet_is_public),
        cmocka_unit_test(a_signature_is_that_of_the_specification),
    };
    return cmocka_run_group_tests_name("webhook", tests, NULL, NULL);
}
