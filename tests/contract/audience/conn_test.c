/* One conn and its life: hello, commands, resume, refusals, closes. Over real sockets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"

#define HOUR_MS 3600000

static void greeted(struct peer *p, struct stage *s, const char *headers)
{
    peer_connect(p, s);
    assert_int_equal(peer_upgrade(p, headers), 101);
}

/* Says hello with a token of this kind; `more` goes into the hello. */
static void hello_as(struct peer *p, struct stage *s, enum role role, const char *broadcast, const char *sub,
                     int64_t ttl_ms, const char *more)
{
    char *token = stage_token(s, role, broadcast, sub, ttl_ms);
    greeted(p, s, "");
    peer_hello(p, token, more);
    free(token);
}

/* The text value of a member, by the first place it is named. */
static void member(const char *message, const char *name, char *ret, size_t size)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(message, key);
    assert_non_null(at);
    at += strlen(key);
    at += *at == '"' ? 1 : 0;
    size_t len = strcspn(at, "\",}");
    assert_true(len < size);
    memcpy(ret, at, len);
    ret[len] = '\0';
}

/* ---- hello ---- */

static void hello_is_answered_with_welcome_and_snapshot(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    assert_non_null(strstr(p.messages[0], "\"viewer_key\":\"v_"));
    assert_non_null(strstr(p.messages[0], "\"recovered\":false"));
    assert_null(strstr(p.messages[1], "private words"));
    stage_notice(s, "Hello everyone");
    peer_expect(&p, "Hello everyone");
    peer_finish(&p);
    stage_close(s);
}

/* The broadcast is open here: nobody is told to wait for the welcome who need not. */
static void what_comes_right_behind_hello_is_answered(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer first, p;
    peer_join(&first, s, ROLE_VIEWER, NULL);
    hello_as(&p, s, ROLE_VIEWER, NULL, NULL, HOUR_MS, "");
    peer_say(&p, "{\"t\":\"ping\",\"id\":\"p1\"}");
    peer_expect(&p, "\"re\":\"p1\"");
    assert_int_equal(p.messages_count, 3);
    assert_non_null(strstr(p.messages[0], "\"t\":\"welcome\""));
    assert_non_null(strstr(p.messages[1], "\"t\":\"snapshot\""));
    assert_non_null(strstr(p.messages[2], "\"t\":\"pong\""));
    peer_finish(&first);
    peer_finish(&p);
    stage_close(s);
}

static void hosts_see_the_cards_and_viewers_do_not(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer host, viewer;
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_join(&viewer, s, ROLE_VIEWER, "ben");
    assert_non_null(strstr(host.messages[1], "private words"));
    assert_null(strstr(host.messages[0], "viewer_key"));
    assert_null(strstr(viewer.messages[0], "viewer_key"));
    peer_say(&host, "{\"t\":\"cue.next\",\"id\":\"n1\"}");
    peer_expect(&host, "\"t\":\"ok\",\"re\":\"n1\"");
    peer_expect(&viewer, "\"t\":\"pin.set\"");
    assert_int_equal(peer_count(&viewer, "private words"), 0);
    peer_finish(&host);
    peer_finish(&viewer);
    stage_close(s);
}

static void refused_hello(struct stage *s, enum role role, const char *broadcast, int64_t ttl_ms, const char *code,
                          uint16_t close_code)
{
    struct peer p;
    hello_as(&p, s, role, broadcast, NULL, ttl_ms, "");
    assert_non_null(strstr(peer_expect(&p, "\"t\":\"error\",\"re\":\"1\""), code));
    peer_expect_close(&p, close_code);
    assert_int_equal(p.messages_count, 1);
    peer_finish(&p);
}

static void wrong_tokens_are_refused(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    refused_hello(s, ROLE_VIEWER, STAGE_SHOW, -HOUR_MS, "token_expired", 4401);
    refused_hello(s, ROLE_VIEWER, "another-show", HOUR_MS, "forbidden", 4403);
    refused_hello(s, ROLE_INTEGRATOR, STAGE_SHOW, HOUR_MS, "forbidden", 4403);
    greeted(&p, s, "");
    peer_hello(&p, "nonsense", "");
    peer_expect(&p, "unauthenticated");
    peer_expect_close(&p, 4401);
    peer_finish(&p);
    stage_close(s);
}

static void an_unknown_broadcast_is_not_found(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    char *token = stage_token(s, ROLE_VIEWER, NULL, NULL, HOUR_MS);
    peer_connect(&p, s);
    peer_upgrade_sent(&p, "/v1/broadcasts/not-there/live", "Sec-WebSocket-Protocol: liveshelf.v1\r\n");
    free(peer_answer(&p, NULL));
    peer_hello(&p, token, "");
    peer_expect(&p, "not_found");
    peer_expect_close(&p, 1008);
    free(token);
    peer_finish(&p);
    stage_close(s);
}

static void a_viewer_key_brings_the_same_viewer_back(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer first, again, other;
    char viewer[64], key[128], same[128], more[160], name[64];
    peer_join(&first, s, ROLE_VIEWER, NULL);
    member(first.messages[0], "viewer", viewer, sizeof viewer);
    member(first.messages[0], "viewer_key", key, sizeof key);
    snprintf(more, sizeof more, ",\"viewer_key\":\"%s\"", key);
    hello_as(&again, s, ROLE_VIEWER, STAGE_SHOW, NULL, HOUR_MS, more);
    member(peer_expect(&again, "welcome"), "viewer", name, sizeof name);
    assert_string_equal(name, viewer);
    member(again.messages[0], "viewer_key", same, sizeof same);
    assert_string_equal(same, key);
    snprintf(more, sizeof more, ",\"viewer_key\":\"%s.AAAAAAAAAAAAAAAAAAAAAA\"", viewer);
    hello_as(&other, s, ROLE_VIEWER, STAGE_SHOW, NULL, HOUR_MS, more);
    member(peer_expect(&other, "welcome"), "viewer", name, sizeof name);
    assert_string_not_equal(name, viewer);
    peer_finish(&first);
    peer_finish(&again);
    peer_finish(&other);
    stage_close(s);
}

/* ---- commands ---- */

static void a_reserve_is_answered_and_seen_on_all_of_the_viewers_conns(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer one, two, other, late;
    stage_allocate(s, 5, "po-1");
    stage_pin(s, 0);
    peer_join(&one, s, ROLE_VIEWER, "anna");
    peer_join(&two, s, ROLE_VIEWER, "anna");
    peer_join(&other, s, ROLE_VIEWER, "ben");
    peer_say(&one, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":2}]}");
    const char *hold = peer_expect(&one, "\"re\":\"h_1\"");
    assert_non_null(strstr(hold, "\"state\":\"held\""));
    assert_non_null(strstr(hold, "/checkout/?hold=h_1&shop=demo&amount=1980&currency=EUR"));
    peer_expect(&other, "\"mug-red\":{\"left\":3");
    assert_int_equal(peer_count(&other, "h_1"), 0);
    peer_join(&late, s, ROLE_VIEWER, "anna");
    assert_non_null(strstr(late.messages[1], "\"hold\":\"h_1\""));
    stage_confirm(s, "h_1", 1980);
    peer_expect(&one, "\"state\":\"confirmed\"");
    peer_expect(&two, "\"state\":\"confirmed\"");
    peer_expect(&late, "\"state\":\"confirmed\"");
    assert_int_equal(peer_count(&other, "confirmed"), 0);
    peer_finish(&one);
    peer_finish(&two);
    peer_finish(&other);
    peer_finish(&late);
    stage_close(s);
}

static void small_questions_are_answered_here(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    greeted(&p, s, "");
    peer_say(&p, "{\"t\":\"ping\",\"id\":\"early\"}");
    peer_expect(&p, "unauthenticated");
    peer_finish(&p);
    peer_join(&p, s, ROLE_VIEWER, NULL);
    peer_say(&p, "{\"t\":\"ping\",\"id\":\"p1\"}");
    peer_expect(&p, "\"t\":\"pong\",\"re\":\"p1\",\"server_ms\":");
    peer_say(&p, "{\"t\":\"clock\",\"id\":\"k1\",\"playing_ms\":1795177190000}");
    peer_expect(&p, "\"t\":\"ok\",\"re\":\"k1\"");
    peer_say(&p, "{\"t\":\"pin.set\",\"id\":\"x1\",\"slot\":0,\"sku\":\"mug-red\"}");
    assert_non_null(strstr(peer_expect(&p, "\"re\":\"x1\""), "forbidden"));
    peer_say(&p, "{\"t\":\"hello\",\"id\":\"2\",\"token\":\"x\"}");
    assert_non_null(strstr(peer_expect(&p, "\"re\":\"2\""), "bad_request"));
    peer_frame(&p, 0x89, "are you there", 13);
    peer_expect(&p, "PONG");
    peer_finish(&p);
    stage_close(s);
}

/* ---- bad input ---- */

static void three_malformed_in_a_row_close(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    for (int round = 0; round < 2; round++) { /* a good one in between starts the count anew */
        peer_say(&p, "{\"t\":\"reserve\",\"id\":\"h\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":0}]}");
        assert_non_null(strstr(peer_expect(&p, "bad_request"), "lines[0].qty"));
        peer_say(&p, "{\"t\":");
        peer_expect(&p, "bad_request");
        peer_say(&p, "{\"t\":\"ping\",\"id\":\"p\"}");
        peer_expect(&p, "pong");
        peer_say(&p, "{\"t\":\"from.the.future\",\"id\":\"u\"}"); /* unknown is not malformed */
        peer_expect(&p, "bad_request");
    }
    for (int i = 0; i < 3; i++)
        peer_say(&p, "[]");
    peer_expect_close(&p, 1008);
    peer_finish(&p);
    stage_close(s);
}

static void send_big(struct peer *p, size_t len)
{
    char *text = malloc(len + 1);
    memset(text, ' ', len);
    memcpy(text, "{\"t\":\"ping\",\"id\":\"big\"", 22);
    text[len - 1] = '}';
    peer_frame(p, 0x81, text, len);
    free(text);
}

static void messages_over_the_limit_close(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer viewer, host;
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    send_big(&viewer, 8192);
    peer_expect(&viewer, "\"re\":\"big\"");
    send_big(&viewer, 8193);
    peer_expect_close(&viewer, 1009);
    peer_finish(&viewer);
    peer_join(&host, s, ROLE_HOST, "anna");
    send_big(&host, 200000);
    peer_expect(&host, "\"re\":\"big\"");
    send_big(&host, 262145);
    peer_expect_close(&host, 1009);
    peer_finish(&host);
    stage_close(s);
}

static void fragments_make_one_message(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    peer_frame(&p, 0x01, "{\"t\":\"pi", 8);
    peer_frame(&p, 0x89, "between", 7);
    peer_frame(&p, 0x00, "ng\",\"id\":", 9);
    peer_run_ms(&p, 30);
    peer_frame(&p, 0x80, "\"f1\"}", 5);
    peer_expect(&p, "PONG");
    peer_expect(&p, "\"re\":\"f1\"");
    peer_frame(&p, 0x01, "{\"t\":\"ping\",\"id\":\"f2\"}", 22);
    peer_frame(&p, 0x80, "", 0); /* the end may be empty */
    peer_expect(&p, "\"re\":\"f2\"");
    peer_frame(&p, 0x01, "", 0);
    for (int i = 0; i < 9000 && !p.closed; i++) /* endless: cut at the limit */
        peer_frame(&p, 0x00, "x", 1);
    peer_expect_close(&p, 1009);
    peer_finish(&p);
    stage_close(s);
}

static void one_byte_at_a_time(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    static const char frame[] = "\x81\x9a\0\0\0\0{\"t\":\"ping\",\"id\":\"bytes\"} "; /* masked with zeros */
    peer_join(&p, s, ROLE_VIEWER, NULL);
    for (size_t i = 0; i < 6 + 26; i++) {
        peer_send(&p, frame + i, 1);
        stage_turn(s);
    }
    peer_expect(&p, "\"re\":\"bytes\"");
    peer_finish(&p);
    stage_close(s);
}

static void closed_for(struct stage *s, unsigned first_byte, const char *data, size_t len, uint16_t code)
{
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    peer_frame(&p, first_byte, data, len);
    peer_expect_close(&p, code);
    peer_finish(&p);
}

static void what_is_not_text_closes(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    closed_for(s, 0x82, "binary", 6, 1003);
    closed_for(s, 0x81, "{\"t\":\"\xff\xfe\"}", 10, 1007);
    closed_for(s, 0x83, "?", 1, 1002);
    closed_for(s, 0xc1, "compressed?", 11, 1002);
    stage_close(s);
}

static void too_many_messages_are_refused_then_closed(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.refused_in_row_max = 50;
    struct stage *s = stage_open(&options);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    for (int i = 0; i < 45; i++)
        peer_say(&p, "{\"t\":\"ping\",\"id\":\"p\"}");
    peer_expect(&p, "rate_limited");
    peer_run_ms(&p, 300); /* a pause brings a few back */
    peer_say(&p, "{\"t\":\"ping\",\"id\":\"after\"}");
    peer_expect(&p, "\"t\":\"pong\",\"re\":\"after\"");
    assert_true(peer_count(&p, "\"t\":\"pong\"") >= 30);
    assert_true(peer_count(&p, "retry_after_ms") >= 5);
    for (int i = 0; i < 200 && !p.closed; i++)
        peer_say(&p, "{\"t\":\"ping\",\"id\":\"p\"}");
    peer_expect_close(&p, 4429);
    peer_finish(&p);
    stage_close(s);
}

/* ---- resume ---- */

static void epoch_and_seq(const struct peer *p, char *ret, size_t size)
{
    char epoch[64], seq[32];
    member(p->messages[0], "epoch", epoch, sizeof epoch);
    member(p->messages[0], "seq", seq, sizeof seq);
    snprintf(ret, size, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%s}", epoch, seq);
}

static void what_was_missed_comes_once_in_order_and_then_the_values(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer first, again;
    char resume[160], text[64];
    stage_allocate(s, 5, "po-1");
    peer_join(&first, s, ROLE_VIEWER, "anna");
    peer_say(&first, "{\"t\":\"reserve\",\"id\":\"h_1\",\"lines\":[{\"sku\":\"mug-red\",\"qty\":1}]}");
    peer_expect(&first, "\"re\":\"h_1\"");
    epoch_and_seq(&first, resume, sizeof resume);
    uint64_t seen = stage_show(s)->broadcast->seq;
    peer_finish(&first);
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "missed %d", i);
        stage_notice(s, text);
    }
    stage_allocate(s, 3, "po-2");
    hello_as(&again, s, ROLE_VIEWER, STAGE_SHOW, "anna", HOUR_MS, resume);
    assert_non_null(strstr(peer_expect(&again, "welcome"), "\"recovered\":true"));
    for (uint64_t i = 1; i <= 20; i++) {
        snprintf(text, sizeof text, "\"seq\":%llu,", (unsigned long long)(seen + i));
        assert_non_null(strstr(peer_expect(&again, "\"t\":\"notice\""), text));
    }
    peer_expect(&again, "\"t\":\"stock\"");
    peer_expect(&again, "\"hold\":\"h_1\"");
    assert_int_equal(peer_count(&again, "snapshot"), 0);
    assert_int_equal(peer_count(&again, "\"t\":\"notice\""), 20);
    peer_finish(&again);
    stage_close(s);
}

static void nothing_missed_is_resumed_too(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer first, again;
    char resume[160];
    peer_join(&first, s, ROLE_VIEWER, "anna");
    epoch_and_seq(&first, resume, sizeof resume);
    hello_as(&again, s, ROLE_VIEWER, STAGE_SHOW, "anna", HOUR_MS, resume);
    assert_non_null(strstr(peer_expect(&again, "welcome"), "\"recovered\":true"));
    peer_expect(&again, "\"t\":\"stock\"");
    stage_notice(s, "goes on");
    peer_expect(&again, "goes on");
    assert_int_equal(peer_count(&again, "snapshot"), 0);
    peer_finish(&first);
    peer_finish(&again);
    stage_close(s);
}

static void snapshot_instead(struct stage *s, const char *resume)
{
    struct peer p;
    hello_as(&p, s, ROLE_VIEWER, STAGE_SHOW, "anna", HOUR_MS, resume);
    assert_non_null(strstr(peer_expect(&p, "welcome"), "\"recovered\":false"));
    peer_expect(&p, "\"t\":\"snapshot\"");
    peer_finish(&p);
}

static void what_cannot_be_resumed_is_a_snapshot(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = 4096;      /* forgets soon, and wraps */
    options.limits.resume_events_max = 20; /* further back not even the log is asked */
    struct stage *s = stage_open(&options);
    struct peer first;
    char resume[160], text[400];
    peer_join(&first, s, ROLE_VIEWER, "anna");
    epoch_and_seq(&first, resume, sizeof resume);
    snapshot_instead(s, ",\"resume\":{\"epoch\":\"another\",\"seq\":1}");
    snprintf(text, sizeof text, "%.*s999}", (int)(strrchr(resume, ':') + 1 - resume), resume);
    snapshot_instead(s, text); /* ahead of us: not our history */
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 30; i++) {
        text[0] = (char)('a' + i % 26);
        stage_notice(s, text);
    }
    snapshot_instead(s, resume);
    peer_finish(&first);
    stage_close(s);
}

static void resume_across_the_wrap_of_the_ring(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = 4096;
    struct stage *s = stage_open(&options);
    char text[300];
    memset(text, 'y', sizeof text);
    for (int i = 0; i < 40; i++) { /* a few laps, resuming from three events back each time */
        struct peer p;
        char resume[160];
        snprintf(resume, sizeof resume, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%llu}",
                 stage_show(s)->broadcast->epoch.text, (unsigned long long)stage_show(s)->broadcast->seq);
        for (int n = 0; n < 3; n++) {
            snprintf(text + 200 + i, sizeof text - 200 - (size_t)i, " %d/%d", i, n);
            stage_notice(s, text);
        }
        hello_as(&p, s, ROLE_VIEWER, STAGE_SHOW, "anna", HOUR_MS, resume);
        assert_non_null(strstr(peer_expect(&p, "welcome"), "\"recovered\":true"));
        peer_expect(&p, "\"t\":\"stock\"");
        assert_int_equal(peer_count(&p, "\"t\":\"notice\""), 3);
        peer_finish(&p);
    }
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_answered_with_welcome_and_snapshot),
        cmocka_unit_test(what_comes_right_behind_hello_is_answered),
        cmocka_unit_test(hosts_see_the_cards_and_viewers_do_not),
        cmocka_unit_test(wrong_tokens_are_refused),
        cmocka_unit_test(an_unknown_broadcast_is_not_found),
        cmocka_unit_test(a_viewer_key_brings_the_same_viewer_back),
        cmocka_unit_test(a_reserve_is_answered_and_seen_on_all_of_the_viewers_conns),
        cmocka_unit_test(small_questions_are_answered_here),
        cmocka_unit_test(three_malformed_in_a_row_close),
        cmocka_unit_test(messages_over_the_limit_close),
        cmocka_unit_test(fragments_make_one_message),
        cmocka_unit_test(one_byte_at_a_time),
        cmocka_unit_test(what_is_not_text_closes),
        cmocka_unit_test(too_many_messages_are_refused_then_closed),
        cmocka_unit_test(what_was_missed_comes_once_in_order_and_then_the_values),
        cmocka_unit_test(nothing_missed_is_resumed_too),
        cmocka_unit_test(what_cannot_be_resumed_is_a_snapshot),
        cmocka_unit_test(resume_across_the_wrap_of_the_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
