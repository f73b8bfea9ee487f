/* Before there is a conn: sockets that never finish, upgrades that are refused, headers that once crashed servers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/contract/audience/peer.h"

#define PATH "/v1/broadcasts/" STAGE_SHOW "/live"
#define PROTOCOL "Sec-WebSocket-Protocol: liveshelf.v1\r\n"

static int upgrade_status(struct stage *s, const char *path, const char *headers, bool *ret_retry)
{
    struct peer p;
    peer_connect(&p, s);
    peer_upgrade_sent(&p, path, headers);
    char *head = peer_answer(&p, NULL);
    int status = atoi(head + 9);
    if (ret_retry != NULL)
        *ret_retry = strstr(head, "\r\nRetry-After: ") != NULL;
    free(head);
    peer_finish(&p);
    return status;
}

static void origins_are_checked(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.origins = "https://shop.example";
    struct stage *s = stage_open(&options);
    assert_int_equal(upgrade_status(s, PATH, PROTOCOL, NULL), 101);
    assert_int_equal(upgrade_status(s, PATH, PROTOCOL "Origin: https://shop.example\r\n", NULL), 101);
    assert_int_equal(upgrade_status(s, PATH, PROTOCOL "Origin: https://evil.example\r\n", NULL), 403);
    assert_int_equal(upgrade_status(s, PATH, PROTOCOL "Origin: null\r\n", NULL), 403);
    char same[128];
    snprintf(same, sizeof same, PROTOCOL "Origin: http://127.0.0.1:%u\r\n", server_port(s->server));
    assert_int_equal(upgrade_status(s, PATH, same, NULL), 101);
    char *long_origin = malloc(600);
    memset(long_origin, 'a', 599);
    long_origin[599] = '\0';
    char *headers = malloc(800);
    snprintf(headers, 800, PROTOCOL "Origin: https://%s\r\n", long_origin);
    assert_int_equal(upgrade_status(s, PATH, headers, NULL), 403);
    free(headers);
    free(long_origin);
    stage_close(s);
}

static void wrong_paths_and_protocols_are_refused(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    assert_int_equal(upgrade_status(s, "/", PROTOCOL, NULL), 404);
    assert_int_equal(upgrade_status(s, "/v1/broadcasts//live", PROTOCOL, NULL), 404);
    assert_int_equal(upgrade_status(s, "/v1/broadcasts/a%20b/live", PROTOCOL, NULL), 404);
    assert_int_equal(upgrade_status(s, "/v1/broadcasts/x/live/more", PROTOCOL, NULL), 404);
    assert_int_equal(upgrade_status(s, PATH, "", NULL), 400);
    stage_close(s);
}

static void other_versions_hear_which_is_spoken(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    static const char *const versions[] = {"Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 14\r\n",
                                           "Sec-WebSocket-Version: 13, 8\r\n", "Sec-WebSocket-Version: x\r\n", ""};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct peer p;
        char request[400];
        peer_connect(&p, s);
        snprintf(request, sizeof request,
                 "GET " PATH " HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL "%s\r\n",
                 versions[i]);
        peer_send_text(&p, request);
        char *head = peer_answer(&p, NULL);
        if (atoi(head + 9) != 426 || strstr(head, "\r\nSec-WebSocket-Version: 13\r\n") == NULL)
            fail_msg("%s is answered %s", versions[i], head);
        free(head);
        peer_finish(&p);
    }
    stage_close(s);
}

static void half_hearted_upgrades_are_refused(void **state)
{
    (void)state;
#define UP "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" PROTOCOL
#define GOOD "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET " PATH " HTTP/1.1\r\n" UP GOOD "\r\n", 101},
        {"GET " PATH " HTTP/1.0\r\n" UP GOOD "\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n" UP "\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n" UP "Sec-WebSocket-Key: x\r\n\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n" UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n" UP "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSBub25j\r\n\r\n", 400},
        {"GET " PATH " HTTP/1.1\r\n" UP "Sec-WebSocket-Key: dGhl?HNhbXBsZSBub25jZQ==\r\n\r\n", 400},
        {"POST " PATH " HTTP/1.1\r\n" UP GOOD "\r\n", 405},
        {"PUT " PATH " HTTP/1.1\r\n" UP GOOD "\r\n", 405},
        {"DELETE " PATH " HTTP/1.1\r\n" UP GOOD "\r\n", 405},
        {"POST /nowhere HTTP/1.1\r\n" UP GOOD "\r\n", 404},
    };
    struct stage *s = stage_open(NULL);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct peer p;
        peer_connect(&p, s);
        int status = peer_status(&p, cases[i].request);
        if (status != cases[i].status)
            fail_msg("%s is answered %d", cases[i].request, status);
        peer_finish(&p);
    }
    stage_close(s);
}

/* What the proxy saw stands last, however much a client wrote before it. */
static void a_long_forwarded_list_hides_nobody(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.conns_per_address_max = 1;
    struct stage *s = stage_open(&options);
    struct peer p;
    char headers[1600] = PROTOCOL "X-Forwarded-For: ";
    while (strlen(headers) < 1400)
        strcat(headers, "198.51.100.1, ");
    strcat(headers, "203.0.113.7\r\n");
    peer_connect(&p, s);
    peer_upgrade_sent(&p, PATH, PROTOCOL "X-Forwarded-For: 203.0.113.7\r\n");
    free(peer_answer(&p, NULL));
    assert_int_equal(upgrade_status(s, PATH, headers, NULL), 429);
    peer_finish(&p);
    stage_close(s);
}

static void full_houses_say_when_to_come_back(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.conns_max = 4;
    options.limits.conns_per_address_max = 2;
    struct stage *s = stage_open(&options);
    struct peer p[4];
    bool retry = false;
    const char *from = PROTOCOL "X-Forwarded-For: 203.0.113.7\r\n";
    for (int i = 0; i < 2; i++) {
        peer_connect(&p[i], s);
        peer_upgrade_sent(&p[i], PATH, from);
        free(peer_answer(&p[i], NULL));
    }
    assert_int_equal(upgrade_status(s, PATH, from, &retry), 429);
    assert_true(retry);
    for (int i = 2; i < 4; i++) {
        peer_connect(&p[i], s);
        assert_int_equal(peer_upgrade(&p[i], ""), 101);
    }
    assert_int_equal(upgrade_status(s, PATH, PROTOCOL, &retry), 503);
    assert_true(retry);
    peer_finish(&p[0]);
    STAGE_UNTIL(s, stage_metric("liveshelf_conns{role=\"none\"}") == 3);
    assert_int_equal(upgrade_status(s, PATH, from, NULL), 101); /* the place is free again */
    for (int i = 1; i < 4; i++)
        peer_finish(&p[i]);
    stage_close(s);
}

/* ---- Upgrade to something else ---- */

#define HEAD "Host: x\r\nConnection: Upgrade\r\n"

static void odd_upgrade(struct stage *s, const char *first, const char *second)
{
    struct peer p;
    peer_connect(&p, s);
    if (first != NULL)
        assert_int_equal(peer_status(&p, first), 200);
    peer_send_text(&p, second);
    STAGE_UNTIL(s, (peer_drop(&p), p.closed)); /* refused or cut, but the server lives */
    peer_finish(&p);
    peer_connect(&p, s);
    assert_int_equal(peer_status(&p, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    peer_finish(&p);
}

static void odd_upgrades_harm_nobody(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    const char *plain = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    static const char *const odd[] = {
        "GET / HTTP/1.1\r\n" HEAD "Upgrade: foo\r\n\r\n",
        "GET / HTTP/1.1\r\n" HEAD "Upgrade: websocket, foo\r\n\r\n",
        "GET / HTTP/1.1\r\n" HEAD "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        "POST / HTTP/1.1\r\n" HEAD "Upgrade: TLS/1.0\r\nContent-Length: 4\r\n\r\nbody",
        "POST " PATH " HTTP/1.1\r\n" HEAD "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL "\r\n",
        "CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n",
        "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
        "BREW /pot HTTP/1.1\r\n\r\n",
        "GET nothing HTTP/1.1\r\n\r\n",
        "\r\n\r\n\r\n\r\n\x01\x02\x03 HTTP/1.1\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        odd_upgrade(s, NULL, odd[i]);
        odd_upgrade(s, plain, odd[i]); /* on a socket that is kept alive: 4.1.6's use after free */
    }
    /* 4.1 leaves at least four of them to us, 4.3 turns away two more by itself. */
    assert_true(stage_metric("liveshelf_refused_total{reason=\"upgrade\"}") >= 2);
    stage_close(s);
}

/* Real requests with bytes changed, cut and repeated, in pieces of any size: the server answers, closes or waits, and lives. */
static void mangled_requests_harm_nobody(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.handshake_timeout_ms = 500;
    options.limits.http_body_timeout_ms = 500;
    struct stage *s = stage_open(&options);
    static const char *const good[] = {
        "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /v1/broadcasts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a.b.c\r\nContent-Length: "
        "12\r\n\r\n{\"id\":\"xyz\"}",
        "GET " PATH " HTTP/1.1\r\n" HEAD "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL "\r\n\x81\x85\x01\x02\x03\x04hello",
        "GET /?a=b&c=%41%%zz HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0, br\r\nOrigin: http://x\r\n\r\n",
    };
    struct rng rng;
    rng_seed(&rng, 20261120);
    for (int round = 0; round < 600; round++) {
        struct peer p;
        const char *from = good[rng_below(&rng, 4)];
        size_t len = strlen(from);
        char *text = malloc(2 * len);
        memcpy(text, from, len);
        if (rng_below(&rng, 3) == 0) { /* more than asked for, behind it */
            memcpy(text + len, from, len);
            len *= 2;
        }
        for (uint64_t n = rng_below(&rng, 4); n > 0; n--)
            text[rng_below(&rng, len)] = (char)rng_next(&rng);
        if (rng_below(&rng, 4) == 0)
            len = 1 + rng_below(&rng, len);
        peer_connect(&p, s);
        for (size_t at = 0, piece; at < len && !p.closed; at += piece) {
            piece = 1 + rng_below(&rng, round % 2 == 0 ? len - at : 9 < len - at ? 9 : len - at);
            peer_send(&p, text + at, piece);
            if (rng_below(&rng, 2) == 0)
                stage_turn(s);
        }
        for (uint64_t n = rng_below(&rng, 6); n > 0; n--) {
            stage_turn(s);
            peer_drop(&p);
        }
        peer_finish(&p);
        free(text);
    }
    struct peer viewer;
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    peer_finish(&viewer);
    stage_close(s);
}

/* ---- those who never finish ---- */

static void slow_handshakes_are_cut_and_others_are_served(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.handshake_timeout_ms = 1500;
    options.limits.handshakes_max = 32;
    struct stage *s = stage_open(&options);
    static struct peer slow[100]; /* every second one says nothing: it stays with the kernel, and takes no place */
    struct peer viewer;
    static const char partial[] = "GET " PATH " HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    for (size_t i = 0; i < 100; i++) {
        peer_connect(&slow[i], s);
        if (i % 2 == 0)
            peer_send(&slow[i], partial, i % 60);
        stage_turn(s);
    }
    peer_join(&viewer, s, ROLE_VIEWER, NULL); /* the oldest made room */
    for (int64_t end = stage_now_ms() + 4000; stage_now_ms() < end;) {
        for (size_t i = 0; i < 100; i += 2)
            peer_send(&slow[i], "a", 1); /* a byte now and then keeps nobody in */
        peer_run_ms(&viewer, 100);
    }
    for (size_t i = 0; i < 100; i++) {
        peer_pump(&slow[i]);
        assert_true(slow[i].closed || i % 2 == 1);
        peer_finish(&slow[i]);
    }
    peer_say(&viewer, "{\"t\":\"ping\",\"id\":\"p\"}");
    peer_expect(&viewer, "pong");
    peer_finish(&viewer);
    stage_close(s);
}

static void a_thousand_who_never_say_hello(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.hello_timeout_ms = 3000;
    struct stage *s = stage_open(&options);
    static struct peer silent[1000];
    struct peer viewer;
    for (size_t i = 0; i < 1000; i++) {
        peer_connect(&silent[i], s);
        peer_upgrade_sent(&silent[i], PATH, PROTOCOL);
        if (i % 16 == 0)
            stage_turn(s);
    }
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    stage_notice(s, "works meanwhile");
    peer_expect(&viewer, "works meanwhile");
    for (size_t i = 0; i < 1000; i++) {
        free(peer_answer(&silent[i], NULL));
        peer_expect_close(&silent[i], 4401);
        peer_finish(&silent[i]);
    }
    stage_notice(s, "and after");
    peer_expect(&viewer, "and after");
    peer_finish(&viewer);
    stage_close(s);
}

static void half_a_frame_and_gone(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, viewer;
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    for (size_t len = 1; len < 12; len++) {
        peer_join(&p, s, ROLE_VIEWER, NULL);
        peer_send(&p, "\x81\x94\0\0\0\0{\"t\":\"", len);
        peer_finish(&p);
    }
    stage_notice(s, "still here");
    peer_expect(&viewer, "still here");
    STAGE_UNTIL(s, stage_metric("liveshelf_conns{role=\"viewer\"}") == 1);
    peer_finish(&viewer);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_checked),
        cmocka_unit_test(wrong_paths_and_protocols_are_refused),
        cmocka_unit_test(other_versions_hear_which_is_spoken),
        cmocka_unit_test(half_hearted_upgrades_are_refused),
        cmocka_unit_test(a_long_forwarded_list_hides_nobody),
        cmocka_unit_test(full_houses_say_when_to_come_back),
        cmocka_unit_test(odd_upgrades_harm_nobody),
        cmocka_unit_test(mangled_requests_harm_nobody),
        cmocka_unit_test(slow_handshakes_are_cut_and_others_are_served),
        cmocka_unit_test(a_thousand_who_never_say_hello),
        cmocka_unit_test(half_a_frame_and_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
