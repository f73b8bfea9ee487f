/* Logistics: volumes over WebSocket, Server-Sent Events, JSON and CSV. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"

#define ESTIMATES "/v1/broadcasts/" STAGE_SHOW "/estimates"

static void request(struct peer *p, struct stage *s, const char *path, enum role role, const char *more)
{
    char *token = stage_token(s, role, STAGE_SHOW, NULL, 3600000), text[1024];
    peer_connect(p, s);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n", path, token, more);
    peer_send_text(p, text);
    free(token);
}

static void hear(struct peer *p, const char *part)
{
    for (int64_t end = stage_now_ms() + STAGE_WAIT_MS; p->in.data == NULL || strstr(p->in.data, part) == NULL;) {
        if (stage_now_ms() > end)
            fail_msg("no %s in %s", part, p->in.data == NULL ? "nothing" : p->in.data);
        stage_turn(p->stage);
        peer_pump_raw(p);
    }
}

static void a_socket_gets_the_series_and_then_what_is_new(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p, viewer;
    for (int64_t i = 0; i < 3; i++)
        stage_volumes(s, i);
    peer_join(&p, s, ROLE_LOGISTICS, "planner");
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    const char *first = peer_expect(&p, "\"t\":\"volumes\"");
    assert_non_null(strstr(first, "\"series\":[{\"ms\":0,"));
    stage_volumes(s, 3);
    const char *next = peer_expect(&p, "\"ledger\":\"1-3\"");
    assert_non_null(strstr(next, "\"series\":[{\"ms\":3000,"));
    assert_int_equal(peer_count(&viewer, "volumes"), 0);
    peer_say(&p, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    peer_expect(&p, "forbidden");
    peer_finish(&p);
    peer_finish(&viewer);
    stage_close(s);
}

static void a_stream_gets_the_same_bodies(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.heartbeat_ms = 300;
    struct stage *s = stage_open(&options);
    struct peer p;
    stage_volumes(s, 0);
    stage_volumes(s, 1);
    request(&p, s, ESTIMATES "/stream", ROLE_LOGISTICS, "Last-Event-ID: 1-0\r\nAccept: text/event-stream\r\n");
    hear(&p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream");
    hear(&p, "event: volumes\nid: ");
    hear(&p, "\ndata: {\"broadcast\":\"" STAGE_SHOW "\"");
    hear(&p, "\"series\":[{\"ms\":0,"); /* whole, whatever was seen before */
    stage_volumes(s, 2);
    hear(&p, "event: volumes\nid: 1-2\ndata: {");
    hear(&p, "\n\n:\n\n"); /* a comment keeps proxies awake */
    assert_int_equal(stage_metric("liveshelf_event_streams"), 1);
    peer_finish(&p);
    STAGE_UNTIL(s, (stage_volumes(s, 3), stage_metric("liveshelf_event_streams") == 0));
    stage_close(s);
}

static void who_left_a_stream_does_not_keep_the_loop_busy(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    stage_volumes(s, 0);
    request(&p, s, ESTIMATES "/stream", ROLE_LOGISTICS, "");
    hear(&p, "event: volumes");
    peer_finish(&p);
    stage_run_ms(s, 100);
    size_t turns = 0;
    for (int64_t end = stage_now_ms() + 500; stage_now_ms() < end; turns++)
        stage_turn(s);
    if (turns > 2000)
        fail_msg("%zu turns in half a second", turns);
    stage_close(s);
}

static void streams_have_scopes_and_limits(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.streams_max = 1;
    struct stage *s = stage_open(&options);
    struct peer p, q;
    stage_volumes(s, 0);
    request(&p, s, ESTIMATES "/stream", ROLE_VIEWER, "");
    hear(&p, "403");
    peer_finish(&p);
    request(&p, s, "/v1/broadcasts/not-there/estimates/stream", ROLE_LOGISTICS, "");
    hear(&p, "403"); /* the token is for another one */
    peer_finish(&p);
    request(&p, s, ESTIMATES "/stream", ROLE_LOGISTICS, "");
    hear(&p, "event: volumes");
    request(&q, s, ESTIMATES "/stream", ROLE_LOGISTICS, "");
    hear(&q, "503");
    peer_finish(&p);
    peer_finish(&q);
    stage_close(s);
}

static void a_stream_that_reads_nothing_is_cut(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = 4096;
    options.limits.slow_timeout_ms = 1000;
    struct stage *s = stage_open(&options);
    struct peer p;
    stage_volumes(s, 0);
    request(&p, s, ESTIMATES "/stream", ROLE_LOGISTICS, "");
    hear(&p, "event: volumes");
    p.deaf = true;
    int64_t end = stage_now_ms() + STAGE_WAIT_MS;
    while (stage_metric("liveshelf_event_streams") == 1) {
        for (int i = 0; i < 100; i++)
            stage_volumes(s, 1 + i % 50);
        stage_run_ms(s, 20);
        assert_true(stage_now_ms() < end);
    }
    peer_finish(&p);
    stage_close(s);
}

static void the_latest_as_json_and_as_a_table(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    stage_volumes(s, 0);
    stage_volumes(s, 7);
    request(&p, s, ESTIMATES, ROLE_LOGISTICS, "");
    hear(&p, "\"confirmed\":7");
    hear(&p, "Content-Type: application/json");
    peer_finish(&p);
    request(&p, s, "/v1/broadcasts/" STAGE_SHOW "/volumes.csv", ROLE_LOGISTICS, "");
    hear(&p, "Content-Type: text/csv");
    hear(&p, "mug-red,");
    peer_finish(&p);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_gets_the_series_and_then_what_is_new),
        cmocka_unit_test(a_stream_gets_the_same_bodies),
        cmocka_unit_test(who_left_a_stream_does_not_keep_the_loop_busy),
        cmocka_unit_test(streams_have_scopes_and_limits),
        cmocka_unit_test(a_stream_that_reads_nothing_is_cut),
        cmocka_unit_test(the_latest_as_json_and_as_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
