/* Who may come in, who waits for an answer, and what the pages' folder gives. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"
#include "ws/lws/directory.h"
#include "ws/lws/guard.h"
#include "ws/lws/live_head.h"
#include "ws/lws/refusal.h"
#include "ws/lws/static.h"

/* ---- guard ---- */

static void origins(void **state)
{
    (void)state;
    struct guard g;
    assert_int_equal(guard_init(&g, &net_limits_default, "https://shop.example, https://www.shop.example:8443"),
                     RESULT_OK);
    assert_true(guard_allows_origin(&g, NULL, "live.example"));
    assert_true(guard_allows_origin(&g, "", "live.example"));
    assert_true(guard_allows_origin(&g, "https://live.example", "live.example"));
    assert_true(guard_allows_origin(&g, "http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_false(guard_allows_origin(&g, "http://127.0.0.1:8081", "127.0.0.1:8080"));
    assert_true(guard_allows_origin(&g, "https://shop.example", "live.example"));
    assert_true(guard_allows_origin(&g, "https://www.shop.example:8443", "live.example"));
    assert_false(guard_allows_origin(&g, "https://www.shop.example", "live.example"));
    assert_false(guard_allows_origin(&g, "https://shop.example.evil", "live.example"));
    assert_false(guard_allows_origin(&g, "https://shop.exampl", "live.example"));
    assert_false(guard_allows_origin(&g, "null", "live.example"));
    assert_false(guard_allows_origin(&g, "https://", ""));
    assert_false(guard_lists_origin(&g, "https://live.example"));
    guard_finish(&g);
    assert_int_equal(guard_init(&g, &net_limits_default, "*"), RESULT_OK);
    assert_true(guard_allows_origin(&g, "https://any.example", "live.example"));
    guard_finish(&g);
    assert_int_equal(guard_init(&g, &net_limits_default, NULL), RESULT_OK);
    assert_false(guard_allows_origin(&g, "https://any.example", "live.example"));
    guard_finish(&g);
}

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage a = {0};
    if (strchr(text, ':') != NULL) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)&a;
        six->sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &six->sin6_addr), 1);
    } else {
        struct sockaddr_in *four = (struct sockaddr_in *)&a;
        four->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &four->sin_addr), 1);
    }
    return a;
}

static enum result enter(struct guard *g, const char *peer, const char *forwarded, struct address **ret)
{
    struct sockaddr_storage a = address_of(peer);
    return guard_enter(g, &a, forwarded, ret);
}

static void addresses_are_counted(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    struct guard g;
    struct address *a[4];
    limits.conns_per_address_max = 2;
    assert_int_equal(guard_init(&g, &limits, NULL), RESULT_OK);
    assert_int_equal(enter(&g, "203.0.113.7", NULL, &a[0]), RESULT_OK);
    assert_int_equal(enter(&g, "::ffff:203.0.113.7", NULL, &a[1]), RESULT_OK); /* the same one */
    assert_int_equal(enter(&g, "203.0.113.7", NULL, &a[2]), RESULT_FULL);
    assert_int_equal(enter(&g, "203.0.113.8", NULL, &a[2]), RESULT_OK);
    guard_leave(a[0]);
    assert_int_equal(enter(&g, "203.0.113.7", "198.51.100.1", &a[0]), RESULT_OK); /* not believed from there */
    assert_int_equal(enter(&g, "203.0.113.7", "198.51.100.1", &a[3]), RESULT_FULL);
    guard_leave(a[0]);
    guard_leave(a[1]);
    guard_leave(a[2]);
    assert_int_equal(enter(&g, "2001:db8:1:2::1", NULL, &a[0]), RESULT_OK); /* one /64 */
    assert_int_equal(enter(&g, "2001:db8:1:2:ffff::9", NULL, &a[1]), RESULT_OK);
    assert_int_equal(enter(&g, "2001:db8:1:2::3", NULL, &a[2]), RESULT_FULL);
    assert_int_equal(enter(&g, "2001:db8:1:3::3", NULL, &a[2]), RESULT_OK);
    for (int i = 0; i < 3; i++)
        guard_leave(a[i]);
    guard_finish(&g);
}

static void a_proxy_on_loopback_names_the_client(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    struct guard g;
    struct address *a[3], *none;
    limits.conns_per_address_max = 1;
    assert_int_equal(guard_init(&g, &limits, NULL), RESULT_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(enter(&g, "127.0.0.1", NULL, &none), RESULT_OK);
        assert_null(none);
    }
    assert_int_equal(enter(&g, "127.0.0.1", "10.0.0.1, 203.0.113.7", &a[0]), RESULT_OK);
    assert_int_equal(enter(&g, "127.0.0.1", "10.0.0.2,203.0.113.7", &a[1]), RESULT_FULL);
    assert_int_equal(enter(&g, "::1", "2001:db8::5", &a[1]), RESULT_OK);
    assert_int_equal(enter(&g, "127.0.0.1", "nonsense", &none), RESULT_OK);
    assert_null(none);
    guard_leave(a[0]);
    guard_leave(a[1]);
    guard_finish(&g);
}

static void the_question_sees_the_same_limit(void **state)
{
    (void)state;
    struct net_limits limits = net_limits_default;
    struct guard g;
    struct address *a;
    struct sockaddr_storage peer = address_of("203.0.113.7"), other = address_of("203.0.113.8"),
                            proxy = address_of("127.0.0.1");
    limits.conns_per_address_max = 1;
    assert_int_equal(guard_init(&g, &limits, NULL), RESULT_OK);
    assert_false(guard_is_full(&g, &peer, NULL));
    assert_int_equal(enter(&g, "203.0.113.7", NULL, &a), RESULT_OK);
    assert_true(guard_is_full(&g, &peer, NULL));
    assert_true(guard_is_full(&g, &proxy, "203.0.113.7"));
    assert_false(guard_is_full(&g, &proxy, NULL));
    assert_false(guard_is_full(&g, &other, "203.0.113.7")); /* not believed from there */
    limits.conns_per_address_max = 0;
    assert_false(guard_is_full(&g, &peer, NULL));
    guard_leave(a);
    guard_finish(&g);
}

/* ---- heads ---- */

#define LIVE "GET /v1/broadcasts/spring-drop/live HTTP/1.1\r\nHost: x\r\n"
#define WS "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static enum live_head_kind kind_of(const char *text)
{
    struct live_head head;
    live_head_read(text, strlen(text), &head);
    return head.kind;
}

static void whole_heads_are_known(void **state)
{
    (void)state;
    struct live_head head;
    assert_int_equal(kind_of(LIVE WS "\r\n"), LIVE_HEAD_UPGRADE);
    assert_int_equal(kind_of(LIVE "uPGRADE:WebSocket\t \r\n\r\n"), LIVE_HEAD_UPGRADE);
    assert_int_equal(kind_of(LIVE "\r\n"), LIVE_HEAD_QUESTION);
    assert_int_equal(kind_of(LIVE "Accept: */*\r\n\r\n"), LIVE_HEAD_QUESTION);
    const char *browser = LIVE "Origin: https://shop.example:8443\r\n" WS "\r\n";
    live_head_read(browser, strlen(browser), &head);
    assert_int_equal(head.kind, LIVE_HEAD_UPGRADE);
    assert_string_equal(head.origin, "https://shop.example:8443");
    assert_string_equal(head.forwarded_for, "");
    const char *proxied = LIVE "x-forwarded-for:  10.0.0.1, 203.0.113.7\r\n" WS "\r\n";
    live_head_read(proxied, strlen(proxied), &head);
    assert_int_equal(head.kind, LIVE_HEAD_UPGRADE);
    assert_string_equal(head.forwarded_for, "10.0.0.1, 203.0.113.7");
    for (size_t len = 0; len < strlen(browser); len++) { /* cut off anywhere: not yet known */
        live_head_read(browser, len, &head);
        assert_int_equal(head.kind, LIVE_HEAD_OTHER);
        assert_string_equal(head.origin, "");
    }
}

static void unusual_heads_are_left_to_others(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "\r\n\r\n",
        "\x16\x03\x01\x02",
        LIVE WS "\r\nmore",
        LIVE WS "\r\n\r\n",
        LIVE "Upgrade: h2c\r\n\r\n",
        LIVE "Upgrade: websocket, h2c\r\n\r\n",
        LIVE WS "Upgrade: websocket\r\n\r\n",
        LIVE WS "Content-Length: 0\r\n\r\n",
        LIVE "Transfer-Encoding: chunked\r\n\r\n",
        LIVE "Expect: 100-continue\r\n\r\n",
        LIVE "Authorization: Bearer x\r\n\r\n",
        LIVE WS "Origin: a\r\nOrigin: b\r\n\r\n",
        LIVE WS "Origin: a\nSet-Cookie: b\r\n\r\n",
        LIVE WS "Origin: https://a b\r\n\r\n",
        LIVE WS "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.8\r\n\r\n",
        LIVE "no header\r\n\r\n",
        LIVE "Host: a\rb\r\n\r\n",
        "GET /v1/broadcasts/spring-drop/live HTTP/1.0\r\n" WS "\r\n",
        "GET /v1/broadcasts/spring-drop/live?ticket=1.x HTTP/1.1\r\n" WS "\r\n",
        "GET /v1/broadcasts/spring-drop/lives HTTP/1.1\r\n" WS "\r\n",
        "GET /v1/broadcasts//live HTTP/1.1\r\n" WS "\r\n",
        "GET /v1/broadcasts/a/b/live HTTP/1.1\r\n" WS "\r\n",
        "GET /v1/broadcasts/../live HTTP/1.1\r\n" WS "\r\n",
        "GET  /v1/broadcasts/a/live HTTP/1.1\r\n" WS "\r\n",
        "POST /v1/broadcasts/a/live HTTP/1.1\r\n" WS "\r\n",
        "GET /v1/broadcasts HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (kind_of(others[i]) != LIVE_HEAD_OTHER)
            fail_msg("taken for one of ours: %s", others[i]);
    }
    char endless[ORIGIN_LEN_MAX + 200] = LIVE WS "Origin: ";
    memset(endless + strlen(endless), 'a', ORIGIN_LEN_MAX + 1);
    strcat(endless, "\r\n\r\n");
    assert_int_equal(kind_of(endless), LIVE_HEAD_OTHER);
    char hidden[] = LIVE WS "X-Forwarded-For: 203.0.113.7?, 203.0.113.8\r\n\r\n";
    struct live_head head;
    *strchr(hidden, '?') = '\0';
    live_head_read(hidden, sizeof hidden - 1, &head);
    assert_int_equal(head.kind, LIVE_HEAD_OTHER);
}

static void a_refusal_is_whole(void **state)
{
    (void)state;
    char text[REFUSAL_BYTES_MAX];
    struct refusal_said said = {
        .code = ERROR_OVERLOADED, .detail = "Many.", .retry_after_ms = 2001, .origin = "https://shop.example"};
    size_t len = refusal_write(&said, text);
    static const char body[] =
        "{\"type\":\"https://liveshelf.example/errors/overloaded\",\"title\":\"Very busy, try again in a moment\","
        "\"status\":503,\"code\":\"overloaded\",\"detail\":\"Many.\",\"retry\":true,\"retry_after_ms\":2001}";
    char expected[REFUSAL_BYTES_MAX];
    snprintf(expected, sizeof expected,
             "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n"
             "Cache-Control: no-store\r\nRetry-After: 3\r\n"
             "Access-Control-Allow-Origin: https://shop.example\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
             "Vary: Origin\r\nConnection: close\r\n\r\n%s",
             sizeof body - 1, body);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text, expected);
    said = (struct refusal_said){.code = ERROR_RATE_LIMITED, .detail = "", .retry_after_ms = 1, .origin = ""};
    assert_true(refusal_write(&said, text) > 0);
    assert_ptr_equal(strstr(text, "HTTP/1.1 429 Too Many Requests\r\n"), text);
    assert_non_null(strstr(text, "\r\nRetry-After: 1\r\nConnection: close\r\n\r\n{"));
}

/* ---- directory ---- */

static void ids_are_never_used_again(void **state)
{
    (void)state;
    struct directory d;
    int who[3];
    uint64_t id[3], again;
    enum resident kind;
    directory_init(&d, 2);
    assert_null(directory_find(&d, 0, &kind));
    assert_null(directory_find(&d, 99, &kind));
    assert_int_equal(directory_add(&d, RESIDENT_CONN, &who[0], &id[0]), RESULT_OK);
    assert_int_equal(directory_add(&d, RESIDENT_REQUEST, &who[1], &id[1]), RESULT_OK);
    assert_int_equal(directory_add(&d, RESIDENT_CONN, &who[2], &id[2]), RESULT_FULL);
    assert_ptr_equal(directory_find(&d, id[1], &kind), &who[1]);
    assert_int_equal(kind, RESIDENT_REQUEST);
    directory_remove(&d, id[0]);
    directory_remove(&d, id[0]);
    assert_null(directory_find(&d, id[0], &kind));
    assert_int_equal(directory_add(&d, RESIDENT_CONN, &who[2], &again), RESULT_OK);
    assert_int_not_equal(again, id[0]);
    assert_null(directory_find(&d, id[0], &kind));
    assert_ptr_equal(directory_find(&d, again, &kind), &who[2]);
    directory_finish(&d);
}

static void many_come_and_go(void **state)
{
    (void)state;
    struct directory d;
    static uint64_t ids[1000];
    enum resident kind;
    directory_init(&d, 1000);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 1000; i++)
            assert_int_equal(directory_add(&d, RESIDENT_CONN, &ids[i], &ids[i]), RESULT_OK);
        for (size_t i = 0; i < 1000; i++)
            assert_ptr_equal(directory_find(&d, ids[i], &kind), &ids[i]);
        for (size_t i = 0; i < 1000; i++)
            directory_remove(&d, ids[i]);
        assert_int_equal(d.count, 0);
    }
    directory_finish(&d);
}

/* ---- pages ---- */

static char dir[] = "/tmp/liveshelf-web-XXXXXX";

static void put(const char *name, const char *data)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(data, f);
    fclose(f);
}

static int pages_setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    put("viewer/index.html", "<!doctype html>");
    put("assets/viewer-1A2B.js", "plain");
    put("assets/viewer-1A2B.js.gz", "zipped");
    put("assets/viewer-1A2B.js.br", "brotli");
    put("client/live-shelf.js", "export {}");
    put(".hidden", "secret");
    return 0;
}

static int pages_teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static void pages_are_found_and_nothing_else(void **state)
{
    (void)state;
    struct static_files f;
    struct static_fault fault;
    assert_int_equal(static_load(&f, dir, &fault), RESULT_OK);
    const struct static_file *page = static_find(&f, "/viewer/");
    assert_non_null(page);
    assert_string_equal(page->type, "text/html; charset=utf-8");
    assert_false(page->immutable);
    assert_ptr_equal(static_find(&f, "/viewer/index.html"), page);
    assert_true(static_is_folder(&f, "/viewer"));
    assert_false(static_is_folder(&f, "/viewers"));
    static const char *const nothing[] = {"",
                                          "/",
                                          "/viewer",
                                          "viewer/",
                                          "/.hidden",
                                          "/viewer/../.hidden",
                                          "/../etc/passwd",
                                          "/assets/",
                                          "/assets",
                                          "/assets/viewer-1A2B.js.gz",
                                          "//viewer/"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_null(static_find(&f, nothing[i]));
    char *endless = malloc(5000);
    memset(endless, '/', 4999);
    endless[4999] = '\0';
    assert_null(static_find(&f, endless));
    free(endless);
    static_finish(&f);
}

static void encodings_are_negotiated(void **state)
{
    (void)state;
    struct static_files f;
    struct static_fault fault;
    assert_int_equal(static_load(&f, dir, &fault), RESULT_OK);
    const struct static_file *js = static_find(&f, "/assets/viewer-1A2B.js");
    assert_non_null(js);
    assert_true(js->immutable && js->shared);
    assert_int_equal(static_choose(js, NULL), STATIC_PLAIN);
    assert_int_equal(static_choose(js, ""), STATIC_PLAIN);
    assert_int_equal(static_choose(js, "gzip, deflate, br"), STATIC_BROTLI);
    assert_int_equal(static_choose(js, "gzip"), STATIC_GZIP);
    assert_int_equal(static_choose(js, "br;q=0, gzip;q=0.5"), STATIC_GZIP);
    assert_int_equal(static_choose(js, "brotli"), STATIC_PLAIN);
    assert_string_not_equal(js->as[STATIC_PLAIN].etag, js->as[STATIC_BROTLI].etag);
    assert_int_equal(static_choose(static_find(&f, "/client/live-shelf.js"), "br"), STATIC_PLAIN);
    static_finish(&f);
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    struct static_files f;
    struct static_fault fault;
    assert_int_equal(static_load(&f, "/nowhere/web", &fault), RESULT_IO);
    assert_non_null(strstr(fault.text, "/nowhere/web"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins),
        cmocka_unit_test(addresses_are_counted),
        cmocka_unit_test(a_proxy_on_loopback_names_the_client),
        cmocka_unit_test(the_question_sees_the_same_limit),
        cmocka_unit_test(whole_heads_are_known),
        cmocka_unit_test(unusual_heads_are_left_to_others),
        cmocka_unit_test(a_refusal_is_whole),
        cmocka_unit_test(ids_are_never_used_again),
        cmocka_unit_test(many_come_and_go),
        cmocka_unit_test(pages_are_found_and_nothing_else),
        cmocka_unit_test(encodings_are_negotiated),
        cmocka_unit_test(a_missing_folder_is_named),
    };
    return cmocka_run_group_tests(tests, pages_setup, pages_teardown);
}
