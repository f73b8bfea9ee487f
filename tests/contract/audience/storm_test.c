/* More who come than may: what they hear, what it costs nobody else, and that all are inside in the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/contract/audience/ask.h"

#define PATH "/v1/broadcasts/" STAGE_SHOW "/live"
#define PROTOCOL "Sec-WebSocket-Protocol: liveshelf.v1\r\n"
#define REFUSED "liveshelf_refused_total{reason=\"admission\"}"

/* `per_second` are let in, half of them at once. */
static struct stage *storm_open(uint32_t per_second, const char *origins)
{
    struct stage_options options = stage_options_default();
    options.origins = origins;
    options.limits.admit_per_second_min = options.limits.admit_per_second_max = per_second;
    options.limits.hello_timeout_ms = 60 * 1000;
    return stage_open(&options);
}

/* Stops the clock and takes what the bucket still has: nothing more comes into it. */
static void shut_door(struct stage *s)
{
    s->clock.stands_ms = stage_now_ms();
    for (int status = 101; status == 101;) {
        struct peer p;
        peer_connect(&p, s);
        status = peer_upgrade(&p, "");
        assert_true(status == 101 || status == 503);
        peer_finish(&p);
    }
}

static void who_must_wait_hears_when(void **state)
{
    (void)state;
    struct stage *s = storm_open(4, NULL);
    struct peer p;
    int64_t retry_ms = 0;
    shut_door(s);
    double before = stage_metric(REFUSED);
    peer_connect(&p, s);
    peer_upgrade_sent(&p, PATH, PROTOCOL);
    char *early = refusal_of(&p, &retry_ms);
    static const char body[] = "{\"type\":\"https://liveshelf.example/errors/overloaded\",\"title\":\"Very busy, try "
                               "again in a moment\",\"status\":503,"
                               "\"code\":\"overloaded\",\"detail\":\"Very many are coming in. You are in line: come "
                               "back when retry_after_ms is "
                               "over.\",\"retry\":true,\"retry_after_ms\":...}";
    char expected[1024];
    snprintf(expected, sizeof expected,
             "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: %zu\r\n"
             "Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
             sizeof body - 1, body); /* three dots, three digits */
    assert_string_equal(early, expected);
    assert_in_range(retry_ms, 600, 800); /* the second in the line: shut_door had the first place */
    peer_finish(&p);
    /* The second half comes when libwebsockets has the socket already: the same bytes. */
    peer_connect(&p, s);
    peer_send_text(&p, "GET " PATH " HTTP/1.1\r\nHost: x\r\nConnection: Upg");
    for (int i = 0; i < 5; i++)
        stage_turn(s);
    peer_send_text(&p, "rade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL "\r\n");
    char *late = refusal_of(&p, &retry_ms);
    assert_string_equal(late, early);
    assert_in_range(retry_ms, 600, 999); /* a place further, 125 ms on, less the time it took */
    peer_finish(&p);
    assert_int_equal(stage_metric(REFUSED) - before, 2);
    free(early);
    free(late);
    stage_close(s);
}

/* An answer and the end of the stream, not a reset: some clients drop what they have when that comes. */
static void a_refusal_ends_in_order(void **state)
{
    (void)state;
    struct stage *s = storm_open(4, NULL);
    struct peer p;
    char text[2048];
    shut_door(s);
    peer_connect(&p, s);
    peer_upgrade_sent(&p, PATH, PROTOCOL);
    size_t len = 0;
    ssize_t got = -1;
    STAGE_UNTIL(s, (len += got > 0 ? (size_t)got : 0, got = recv(p.fd, text + len, sizeof text - len, 0)) == 0 ||
                       (got < 0 && errno != EAGAIN));
    assert_int_equal(got, 0);
    assert_true(len > 300 && text[len - 1] == '}');
    peer_finish(&p);
    stage_close(s);
}

/* What libwebsockets would say otherwise to a version it does not know tells who has answered. */
static void only_plain_requests_are_answered_early(void **state)
{
    (void)state;
#define OLD "Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {"GET " PATH " HTTP/1.1\r\n" OLD KEY "\r\n", 503},
        {"GET " PATH "?x=y HTTP/1.1\r\n" OLD KEY "\r\n", 426},
        {"GET " PATH " HTTP/1.1\r\n" OLD KEY "\r\n\x81\x80\1\2\3\4", 426}, /* something behind it */
        {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 200},
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200},
        {"GET /v1/stock HTTP/1.1\r\nHost: x\r\n\r\n", 401},
    };
    struct stage *s = storm_open(4, NULL);
    struct peer p;
    shut_door(s);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        peer_connect(&p, s);
        int status = peer_status(&p, cases[i].request);
        if (status != cases[i].status)
            fail_msg("%s is answered %d", cases[i].request, status);
        peer_finish(&p);
    }
    stage_close(s);
}

static void half_requests_take_nobodys_place(void **state)
{
    (void)state;
    struct stage *s = storm_open(4, NULL);
    static struct peer half[40];
    struct peer p;
    for (size_t i = 0; i < 40; i++) {
        peer_connect(&half[i], s);
        peer_send_text(&half[i], "GET " PATH " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n");
        stage_turn(s);
    }
    for (int i = 0; i < 2; i++) { /* both places are there */
        peer_connect(&p, s);
        assert_int_equal(peer_upgrade(&p, ""), 101);
        peer_finish(&p);
    }
    for (size_t i = 0; i < 40; i++)
        peer_finish(&half[i]);
    stage_close(s);
}

static void scripts_ask_over_http(void **state)
{
    (void)state;
    struct stage *s = storm_open(4, "https://shop.example");
    struct peer p;
    int64_t retry_ms = 0;
    peer_connect(&p, s);
    ask_expect(&p, "GET", PATH, "", NULL, 426, "\r\nUpgrade: websocket\r\n");
    shut_door(s);
    ask_expect(&p, "GET", PATH, "", NULL, 503, "\"retry_after_ms\":"); /* on a socket that libwebsockets has */
    ask_expect(&p, "GET", PATH, "Origin: https://shop.example\r\n", NULL, 503,
               "\r\nAccess-Control-Allow-Origin: https://shop.example\r\n");
    peer_finish(&p);
    static const char *const listed = "\r\nAccess-Control-Allow-Origin: https://shop.example\r\n";
    for (int i = 0; i < 3; i++) {
        static const char *const origins[] = {"", "Origin: https://shop.example\r\n",
                                              "Origin: https://evil.example\r\n"};
        char request[300];
        snprintf(request, sizeof request, "GET " PATH " HTTP/1.1\r\nHost: x\r\n%s\r\n", origins[i]);
        peer_connect(&p, s);
        peer_send_text(&p, request);
        char *text = refusal_of(&p, &retry_ms);
        assert_non_null(strstr(text, "HTTP/1.1 503 "));
        assert_true((strstr(text, listed) != NULL) == (i == 1));
        assert_null(strstr(text, "evil"));
        free(text);
        peer_finish(&p);
    }
    /* A browser cannot read the refusal of its WebSocket: that gives it no place in the line. */
    int64_t last_ms = retry_ms;
    for (int i = 0; i < 20; i++) {
        peer_connect(&p, s);
        peer_upgrade_sent(&p, PATH, PROTOCOL "Origin: https://shop.example\r\n");
        free(refusal_of(&p, &retry_ms));
        peer_finish(&p);
    }
    assert_true(retry_ms < last_ms * 2);
    stage_close(s);
}

static int status_with_ticket(struct stage *s, const char *show, const char *ticket)
{
    struct peer p;
    char path[200];
    snprintf(path, sizeof path, "/v1/broadcasts/%s/live?ticket=%s", show, ticket);
    peer_connect(&p, s);
    peer_upgrade_sent(&p, path, PROTOCOL);
    char *head = peer_answer(&p, NULL);
    int status = status_of(head);
    free(head);
    peer_finish(&p);
    return status;
}

static void hosts_pass_with_a_ticket(void **state)
{
    (void)state;
    struct stage *s = storm_open(1, NULL);
    shut_door(s);
    assert_null(ticket_of(s, ROLE_VIEWER, STAGE_SHOW, PATH));
    assert_null(ticket_of(s, ROLE_INTEGRATOR, NULL, PATH));
    assert_null(ticket_of(s, ROLE_HOST, "another", PATH));
    char *ticket = ticket_of(s, ROLE_HOST, STAGE_SHOW, PATH);
    char *logistics = ticket_of(s, ROLE_LOGISTICS, NULL, PATH);
    assert_non_null(ticket);
    assert_non_null(logistics);
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, ticket), 101);
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, ticket), 503); /* once */
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, logistics), 101);
    char *unspent = ticket_of(s, ROLE_HOST, STAGE_SHOW, PATH);
    assert_int_equal(status_with_ticket(s, "another", unspent), 503);
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, ""), 503);
    unspent[strlen(unspent) - 2] ^= 1;
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, unspent), 503);
    unspent[strlen(unspent) - 2] ^= 1;
    s->clock.ahead_ms += 15 * 1000;
    shut_door(s);
    assert_int_equal(status_with_ticket(s, STAGE_SHOW, unspent), 503); /* its time is over */
    free(unspent);
    free(ticket);
    free(logistics);
    stage_close(s);
}

static void selling_goes_on_meanwhile(void **state)
{
    (void)state;
    struct stage *s = storm_open(4, NULL);
    struct peer viewer, host, p;
    stage_allocate(s, 5, "po-1");
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    peer_join(&host, s, ROLE_HOST, "anna");
    unsigned refused = 0;
    for (int i = 0; i < 120; i++) {
        char text[200];
        peer_connect(&p, s);
        refused += peer_upgrade(&p, "") == 503 ? 1 : 0;
        peer_finish(&p);
        if (i % 40 != 0)
            continue;
        snprintf(text, sizeof text, "{\"t\":\"pin.set\",\"id\":\"p%d\",\"slot\":%d,\"sku\":\"mug-red\"}", i,
                 i / 40 % 3);
        peer_say(&host, text);
        peer_expect(&host, "\"t\":\"ok\"");
        peer_expect(&viewer, "\"t\":\"pin.set\"");
        snprintf(text, sizeof text, "{\"t\":\"reserve\",\"id\":\"h_%d\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}",
                 i);
        peer_say(&viewer, text);
        peer_expect(&viewer, "\"re\":\"h_");
    }
    assert_true(refused > 60); /* four in a second come in */
    peer_finish(&host);
    peer_finish(&viewer);
    stage_close(s);
}

#define CROWD 300

/* Everyone comes at once, and again when they were told to: the clock jumps to the next of them. */
static void all_are_inside_in_the_end(void **state)
{
    (void)state;
    static struct peer in[CROWD];
    int64_t next_ms[CROWD] = {0}, took_ms = 0;
    unsigned tries = 0, inside = 0;
    struct stage *s = storm_open(40, NULL);
    for (; inside < CROWD; s->clock.ahead_ms += 50, took_ms += 50) {
        for (size_t i = 0; i < CROWD; i++) {
            if (next_ms[i] > took_ms)
                continue;
            struct peer p;
            int64_t retry_ms = 0;
            peer_connect(&p, s);
            peer_upgrade_sent(&p, PATH, PROTOCOL);
            STAGE_UNTIL(s, (peer_pump_raw(&p), p.in.len > 12));
            bool admitted = atoi(p.in.data + 9) == 101;
            tries++;
            if (admitted)
                free(peer_answer(&p, NULL));
            else
                free(refusal_of(&p, &retry_ms));
            next_ms[i] = admitted ? INT64_MAX : took_ms + retry_ms;
            if (admitted)
                in[inside++] = p;
            else
                peer_finish(&p);
        }
        assert_in_range(took_ms, 0, 12000);
    }
    print_message("%d inside after %lld ms by their clock and %u tries\n", CROWD, (long long)took_ms, tries);
    assert_in_range(took_ms, 1000, 9000); /* 7 s and a burst at 40 per second; less by what the test itself takes */
    assert_in_range(tries, CROWD + 100, CROWD * 6);
    for (size_t i = 0; i < CROWD; i++)
        peer_finish(&in[i]);
    stage_close(s);
}

/* ---- the other way ---- */

static void on_drained(void *ctx) { *(bool *)ctx = true; }

/* At the usual rate of one per tick they would need six seconds; they have two. */
static void a_drain_takes_no_longer_than_it_may(void **state)
{
    (void)state;
    static struct peer p[60];
    struct stage_options options = stage_options_default();
    options.limits.drain_per_tick = 1;
    struct stage *s = stage_open(&options);
    bool drained = false;
    for (size_t i = 0; i < ARRAY_LEN(p); i++)
        peer_join(&p[i], s, ROLE_VIEWER, NULL);
    server_drain(s->server, 2000, on_drained, &drained);
    unsigned turns_with_news = 0;
    for (size_t told = 0; !drained;) {
        size_t now = 0;
        stage_turn(s);
        for (size_t i = 0; i < ARRAY_LEN(p); i++) {
            peer_pump(&p[i]);
            now += peer_count(&p[i], "\"t\":\"reconnect\"");
        }
        assert_in_range(now - told, 0, 2 * 5); /* in batches, not all in one turn; the machine may be late by a tick */
        turns_with_news += now > told;
        told = now;
    }
    assert_in_range(turns_with_news, 6, 60);
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        assert_int_equal(peer_count(&p[i], "\"t\":\"reconnect\""), 1); /* before the time was over */
        peer_finish(&p[i]);
    }
    struct peer late;
    peer_connect(&late, s);
    STAGE_UNTIL(s, (peer_drop(&late), late.closed)); /* nobody listens here */
    peer_finish(&late);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_must_wait_hears_when),
        cmocka_unit_test(a_refusal_ends_in_order),
        cmocka_unit_test(only_plain_requests_are_answered_early),
        cmocka_unit_test(half_requests_take_nobodys_place),
        cmocka_unit_test(scripts_ask_over_http),
        cmocka_unit_test(hosts_pass_with_a_ticket),
        cmocka_unit_test(selling_goes_on_meanwhile),
        cmocka_unit_test(all_are_inside_in_the_end),
        cmocka_unit_test(a_drain_takes_no_longer_than_it_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
