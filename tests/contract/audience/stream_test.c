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
    request(&p, s, ESTIMATES "/stream", ROLE_LOGISTICS, "Accept: text/event-stream\r\n");
    hear(&p, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream");
    hear(&p, "event: volumes\nid: ");
    hear(&p, "\ndata: {\"broadcast\":\"" STAGE_SHOW "\"");
    hear(&p, "\"series\":[{\"ms\":0,");
    stage_volumes(s, 2);
    hear(&p, "event: volumes\nid: 0.0.0.2000.1-2.");
    hear(&p, "\n\n:\n\n"); /* a comment keeps proxies awake */
    assert_int_equal(stage_metric("liveshelf_event_streams"), 1);
    peer_finish(&p);
    STAGE_UNTIL(s, (stage_volumes(s, 3), stage_metric("liveshelf_event_streams") == 0));
    stage_close(s);
}

/* ---- cut and resumed ---- */

#define STEPS 60

enum told { TOLD_SERIES, TOLD_FAN, TOLD_CHANGES, TOLDS };
struct listener { /* as a page keeps it: whole replaces, else what is new is added */
    bool has[TOLDS][STEPS + 1];
    unsigned wholes, events;
    char place[512]; /* id of the last whole event */
    unsigned estimate;
};

static void list_take(struct listener *l, enum told what, const char *data, const char *end)
{
    static const char *const lists[TOLDS] = {"\"series\":[", "\"fan\":[", "\"changes\":["};
    static const char *const members[TOLDS] = {"{\"ms\":", "{\"ms\":", "{\"seq\":"};
    const char *at = strstr(data, lists[what]);
    assert_true(at != NULL && at < end);
    for (at += strlen(lists[what]); *at == '{' || *at == ','; at = strchr(at, '}') + 1) {
        at += *at == ',';
        assert_memory_equal(at, members[what], strlen(members[what]));
        unsigned long number = strtoul(at + strlen(members[what]), NULL, 10);
        l->has[what][what == TOLD_CHANGES ? number : number / 1000] = true;
    }
}

/* One event from "event:" on; `end` is its empty line. */
static void event_take(struct listener *l, const char *event, const char *end)
{
    const char *id = strstr(event, "\nid: ") + 5, *data = strstr(event, "\ndata: ");
    assert_true(data != NULL && data < end);
    snprintf(l->place, sizeof l->place, "%.*s", (int)(strchr(id, '\n') - id), id);
    const char *whole = strstr(data, "\"whole_series\":true");
    if (whole != NULL && whole < end) {
        memset(l->has, 0, sizeof l->has);
        l->wholes++;
    }
    for (enum told what = 0; what < TOLDS; what++)
        list_take(l, what, data, end);
    const char *estimate = strstr(data, "\"estimate\":{\"seq\":");
    if (estimate != NULL && estimate < end)
        l->estimate = (unsigned)strtoul(estimate + strlen("\"estimate\":{\"seq\":"), NULL, 10);
    l->events++;
}

/* What was received of a stream, up to the last whole event of it. */
static void stream_take(struct listener *l, const struct peer *p)
{
    const char *at = p->in.data == NULL ? NULL : strstr(p->in.data, "event: volumes");
    for (const char *end; at != NULL && (end = strstr(at, "\n\n")) != NULL; at = strstr(end, "event: volumes"))
        event_take(l, at, end);
}

static void stream_open(struct peer *p, struct stage *s, const char *place)
{
    char header[600] = "";
    if (place[0] != '\0')
        snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", place);
    request(p, s, ESTIMATES "/stream", ROLE_LOGISTICS, header);
}

static void expect_all(const struct listener *l, unsigned steps)
{
    for (enum told what = 0; what < TOLDS; what++)
        for (unsigned i = what == TOLD_SERIES ? 0 : 1; i <= steps; i++)
            if (!l->has[what][i])
                fail_msg("list %d lacks %u of %u", (int)what, i, steps);
    assert_int_equal(l->estimate, steps);
}

/* The event of a step, to its end. */
static void hear_all(struct peer *p, unsigned step)
{
    char last[32];
    snprintf(last, sizeof last, "<%u>\"}", step);
    hear(p, last);
    STAGE_UNTIL(p->stage, (peer_pump_raw(p), strcmp(p->in.data + p->in.len - 2, "\n\n") == 0));
}

/* Each time it is cut behind some more bytes: between two events, in a head, in an id, in the data. */
static void a_stream_cut_anywhere_has_no_gap(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct listener l = {0};
    struct peer p;
    stage_volumes(s, 0);
    stage_expect(s, 1, 100);
    for (unsigned step = 2; step <= STEPS; step++) {
        stream_open(&p, s, l.place);
        hear(&p, "retry: ");
        stage_expect(s, step, 100);
        hear_all(&p, step);
        size_t cut = step == STEPS ? p.in.len : 300 + step * 7919 % (p.in.len - 300);
        p.in.data[cut] = '\0'; /* the rest was lost on the way */
        stream_take(&l, &p);
        peer_finish(&p);
    }
    expect_all(&l, STEPS);
    assert_true(l.wholes >= 1 && l.wholes < l.events / 2); /* it was resumed, not told all again each time */
    stage_close(s);
}

static void who_resumes_is_told_what_lies_behind(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct listener l = {0};
    struct peer p;
    stage_volumes(s, 0);
    stage_expect(s, 1, 100);
    stage_expect(s, 2, 100);
    stream_open(&p, s, "");
    hear_all(&p, 2);
    stream_take(&l, &p);
    peer_finish(&p);
    stream_open(&p, s, l.place);
    hear(&p, "\"whole_series\":false");
    assert_non_null(strstr(p.in.data, "\"series\":[],"));
    assert_non_null(strstr(p.in.data, "\"fan\":[],\"changes\":[],"));
    assert_null(strstr(p.in.data, "\"estimate\":"));
    peer_finish(&p);
    stage_expect(s, 3, 100);
    stream_open(&p, s, l.place);
    hear(&p, "\"whole_series\":false");
    assert_non_null(strstr(p.in.data, "\"series\":[{\"ms\":3000,"));
    assert_non_null(strstr(p.in.data, "\"estimate\":{\"seq\":3,"));
    assert_non_null(strstr(p.in.data, "\"changes\":[{\"seq\":3,"));
    peer_finish(&p);
    stage_close(s);
}

static void a_place_that_is_not_ours_means_the_whole(void **state)
{
    (void)state;
    static const char *const places[] = {
        "1-0",
        "junk",
        "....",
        "2.2.2000.2000.1-2.",
        "2.2.2000.2000.1-2.another-epoch",
        "9.2.2000.2000.1-2.%s",                 /* of more estimates than are here */
        "2.2.2000.2000.9-0.%s",                 /* of a ledger that went further */
        "2.2.2000.99999999999999999999.1-2.%s", /* no number */
        "2.2.500.2000.1-2.%s",                  /* before all fan points that are kept */
    };
    struct stage *s = stage_open(NULL);
    stage_volumes(s, 0);
    stage_expect(s, 1, 100);
    stage_expect(s, 2, 100);
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct peer p;
        char place[256];
        const char *epoch = strstr(places[i], "%s");
        snprintf(place, sizeof place, "%.*s%s", (int)(epoch == NULL ? strlen(places[i]) : (size_t)(epoch - places[i])),
                 places[i], epoch == NULL ? "" : stage_show(s)->broadcast->epoch.text);
        stream_open(&p, s, place);
        hear(&p, "\n\nevent: volumes");
        hear(&p, "\"whole_series\":");
        if (strstr(p.in.data, "\"whole_series\":true") == NULL)
            fail_msg("resumed at %s", place);
        peer_finish(&p);
    }
    stage_close(s);
}

/* No ring holds it, so each is told the whole, and nobody is cut for it. */
static void an_estimate_larger_than_the_ring_reaches_all(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.host_ring_bytes = 16 << 10;
    struct stage *s = stage_open(&options);
    struct listener l = {0};
    struct peer stream, planner;
    stage_volumes(s, 0);
    stream_open(&stream, s, "");
    hear(&stream, "event: volumes");
    peer_join(&planner, s, ROLE_LOGISTICS, "planner");
    for (unsigned step = 1; step <= 5; step++) {
        char last[16];
        snprintf(last, sizeof last, "<%u>\"}", step);
        stage_expect(s, step, step % 2 == 1 ? 900000 : 200);
        assert_non_null(peer_expect(&planner, last));
        hear_all(&stream, step);
    }
    stream_take(&l, &stream);
    expect_all(&l, 5);
    assert_int_equal(stage_metric("liveshelf_event_streams"), 1);
    peer_finish(&stream);
    peer_finish(&planner);
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
        cmocka_unit_test(a_stream_cut_anywhere_has_no_gap),
        cmocka_unit_test(who_resumes_is_told_what_lies_behind),
        cmocka_unit_test(a_place_that_is_not_ours_means_the_whole),
        cmocka_unit_test(an_estimate_larger_than_the_ring_reaches_all),
        cmocka_unit_test(who_left_a_stream_does_not_keep_the_loop_busy),
        cmocka_unit_test(streams_have_scopes_and_limits),
        cmocka_unit_test(a_stream_that_reads_nothing_is_cut),
        cmocka_unit_test(the_latest_as_json_and_as_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
