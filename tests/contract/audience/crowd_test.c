/* Many conns, slow conns, silent conns, and the end of the house. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/contract/audience/peer.h"

#define SLOW_BUFFER 4096

/* The seqs of the events it was told, in order: each exactly one more than the one before. Returns the last. */
static uint64_t check_order(const struct peer *p)
{
    uint64_t last = 0;
    for (size_t i = 0; i < p->messages_count; i++) {
        const char *m = p->messages[i];
        const char *seq = strstr(m, "\"seq\":");
        if (seq == NULL || strstr(m, "\"t\":\"ok\"") != NULL)
            continue;
        uint64_t n = strtoull(seq + 6, NULL, 10);
        bool starts = strncmp(m, "{\"t\":\"welcome\"", 14) == 0 || strncmp(m, "{\"t\":\"snapshot\"", 15) == 0;
        if (!starts)
            assert_int_equal(n, last + 1);
        last = n;
    }
    return last;
}

static void notices(struct stage *s, int count, size_t len)
{
    static unsigned made; /* saying the same again would be no event */
    char *text = malloc(len + 1);
    for (int i = 0; i < count; i++) {
        memset(text, 'a' + i % 26, len);
        text[len] = '\0';
        snprintf(text, len, "notice %u ", ++made);
        text[strlen(text)] = '.';
        stage_notice(s, text);
    }
    free(text);
}

static void everyone_hears_everything_in_order(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.sends_per_turn_max = 7; /* many slices */
    struct stage *s = stage_open(&options);
    static struct peer p[60];
    for (size_t i = 0; i < 60; i++)
        peer_join(&p[i], s, i % 10 == 0 ? ROLE_HOST : ROLE_VIEWER, NULL);
    for (int i = 0; i < 40; i++) {
        notices(s, 1, 200);
        if (i % 5 == 0) { /* people come and go while a sweep is under way */
            peer_finish(&p[i]);
            peer_join(&p[i], s, ROLE_VIEWER, NULL);
        }
    }
    uint64_t head = stage_show(s)->broadcast->seq;
    char last[64];
    snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)head);
    for (size_t i = 0; i < 60; i++) {
        peer_expect(&p[i], last);
        assert_int_equal(check_order(&p[i]), head);
        peer_finish(&p[i]);
    }
    stage_close(s);
}

/* A sweep over a large house is cut into slices: whoever wants something meanwhile is answered between two of them, and what is
 * published meanwhile reaches those as well who were served before. */
static void much_happens_in_the_midst_of_a_sweep(void **state)
{
    (void)state;
    enum { HOUSE = 60, SLICE = 2 };
    struct stage_options options = stage_options_default();
    options.limits.sends_per_turn_max = SLICE;
    struct stage *s = stage_open(&options);
    static struct peer p[HOUSE];
    for (size_t i = 0; i < HOUSE; i++)
        peer_join(&p[i], s, ROLE_VIEWER, NULL);
    stage_run_ms(s, 2000); /* longer than nodes share their counts in: no value is to come any more */
    struct audience *a = server_audience(s->server);
    struct event notice = {.kind = EVENT_NOTICE, .seq = stage_show(s)->broadcast->seq + 1};
    double before = stage_metric("liveshelf_messages_delivered_total");
    a->publish(a, stage_show(s), &notice);
    peer_say(&p[0], "{\"t\":\"ping\",\"id\":\"now\"}");
    peer_expect(&p[0], "\"re\":\"now\"");
    assert_true(stage_metric("liveshelf_messages_delivered_total") - before < HOUSE / 2);
    notice.seq++;
    a->publish(a, stage_show(s), &notice);
    for (size_t i = 0; i < HOUSE; i++)
        STAGE_UNTIL(s, (peer_pump(&p[i]), peer_count(&p[i], "\"t\":\"notice\"") == 2));
    for (size_t i = 0; i < HOUSE; i++)
        peer_finish(&p[i]);
    stage_close(s);
}

/* A reader who takes a little now and then, through a small socket, pinging meanwhile: cut frames, full sockets, PONGs in
 * between, and still every byte in its place. */
static void a_trickling_reader_gets_every_byte(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = SLOW_BUFFER;
    struct stage *s = stage_open(&options);
    struct peer slow;
    char *token = stage_token(s, ROLE_VIEWER, STAGE_SHOW, NULL, 3600000);
    peer_connect_small(&slow, s, SLOW_BUFFER);
    assert_int_equal(peer_upgrade(&slow, ""), 101);
    peer_hello(&slow, token, "");
    peer_expect(&slow, "snapshot");
    double cut = stage_metric("liveshelf_sends_cut_total"), full = stage_metric("liveshelf_sends_full_total");
    unsigned pings = 0;
    for (int i = 0; i < 300; i++) {
        notices(s, 1, (size_t)(100 + i * 7 % 1800));
        if (i % 3 == 0) {
            char ping[16];
            snprintf(ping, sizeof ping, "ping %u", pings++);
            peer_frame(&slow, 0x89, ping, strlen(ping));
        }
        slow.deaf = i % 50 < 40;
        peer_pump(&slow);
    }
    slow.deaf = false;
    char last[64];
    snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)stage_show(s)->broadcast->seq);
    peer_expect(&slow, last);
    assert_int_equal(check_order(&slow), stage_show(s)->broadcast->seq);
    assert_int_equal(peer_count(&slow, "snapshot"), 1);
    assert_true(peer_count(&slow, "PONG") > 0);
    assert_true(stage_metric("liveshelf_sends_cut_total") > cut);
    assert_true(stage_metric("liveshelf_sends_full_total") > full);
    free(token);
    peer_finish(&slow);
    stage_close(s);
}

static void falling_off_the_ring_is_one_snapshot(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = SLOW_BUFFER;
    options.limits.ring_bytes = 16384;
    struct stage *s = stage_open(&options);
    struct peer slow, quick;
    char *token = stage_token(s, ROLE_VIEWER, STAGE_SHOW, NULL, 3600000);
    peer_connect_small(&slow, s, SLOW_BUFFER);
    assert_int_equal(peer_upgrade(&slow, ""), 101);
    peer_hello(&slow, token, "");
    peer_expect(&slow, "snapshot");
    peer_join(&quick, s, ROLE_VIEWER, NULL);
    slow.deaf = true;
    for (int i = 0; i < 300; i++) {
        notices(s, 1, 1000);
        peer_pump(&quick);
    }
    slow.deaf = false;
    char last[64];
    uint64_t head = stage_show(s)->broadcast->seq;
    snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)head);
    peer_expect(&quick, last);
    assert_int_equal(peer_count(&quick, "snapshot"), 1); /* the quick one never noticed */
    peer_expect(&slow, "snapshot");
    assert_int_equal(peer_count(&slow, "snapshot"), 2);
    notices(s, 1, 50);
    snprintf(last, sizeof last, "\"seq\":%llu,", (unsigned long long)head + 1);
    peer_expect(&slow, last);
    assert_int_equal(check_order(&slow), head + 1);
    assert_true(stage_metric("liveshelf_lapped_total") >= 1);
    free(token);
    peer_finish(&slow);
    peer_finish(&quick);
    stage_close(s);
}

static void who_takes_nothing_is_closed_and_nobody_else_notices(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = SLOW_BUFFER;
    options.limits.slow_timeout_ms = 1500;
    options.limits.close_grace_ms = 500;
    struct stage *s = stage_open(&options);
    struct peer deaf, quick;
    double before = stage_metric("liveshelf_slow_closed_total");
    char *token = stage_token(s, ROLE_VIEWER, STAGE_SHOW, NULL, 3600000);
    peer_connect_small(&deaf, s, SLOW_BUFFER);
    assert_int_equal(peer_upgrade(&deaf, ""), 101);
    peer_hello(&deaf, token, "");
    peer_expect(&deaf, "snapshot");
    deaf.deaf = true;
    peer_join(&quick, s, ROLE_VIEWER, NULL);
    for (int64_t end = stage_now_ms() + STAGE_WAIT_MS; stage_metric("liveshelf_slow_closed_total") == before;) {
        notices(s, 1, 1500);
        peer_run_ms(&quick, 20);
        assert_true(stage_now_ms() < end);
    }
    STAGE_UNTIL(s, stage_metric("liveshelf_conns{role=\"viewer\"}") == 1);
    deaf.deaf = false;
    STAGE_UNTIL(s, (peer_pump(&deaf), deaf.closed));
    check_order(&deaf);
    notices(s, 1, 100);
    peer_run_ms(&quick, 100);
    assert_int_equal(check_order(&quick), stage_show(s)->broadcast->seq);
    free(token);
    peer_finish(&deaf);
    peer_finish(&quick);
    stage_close(s);
}

/* What a conn is told at its beginning belongs together, however long it is: the limit is for answers that nobody takes. */
static void a_snapshot_of_any_size_lets_people_in(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.queue_bytes_max = 300; /* more than the welcome, less than any snapshot */
    struct stage *s = stage_open(&options);
    struct peer host, viewer;
    peer_join(&host, s, ROLE_HOST, "hanna");
    peer_join(&viewer, s, ROLE_VIEWER, NULL);
    notices(s, 1, 100);
    peer_expect(&viewer, "\"t\":\"notice\"");
    peer_finish(&host);
    peer_finish(&viewer);
    stage_close(s);
}

/* Answers for one who reads nothing wait in a bounded queue, not in endless memory. */
static void answers_do_not_pile_up(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = SLOW_BUFFER;
    options.limits.queue_bytes_max = 8192;
    options.limits.close_grace_ms = 300;
    options.limits.messages_per_second_max = 100000;
    options.limits.messages_burst_max = 100000;
    struct stage *s = stage_open(&options);
    struct peer deaf;
    char *token = stage_token(s, ROLE_VIEWER, STAGE_SHOW, NULL, 3600000);
    peer_connect_small(&deaf, s, SLOW_BUFFER);
    assert_int_equal(peer_upgrade(&deaf, ""), 101);
    peer_hello(&deaf, token, "");
    peer_expect(&deaf, "snapshot");
    double before = stage_metric("liveshelf_slow_closed_total");
    deaf.deaf = true;
    for (int i = 0; i < 3000 && stage_metric("liveshelf_slow_closed_total") == before; i++) {
        peer_say(&deaf, "{\"t\":\"ping\",\"id\":\"again-and-again\"}");
        if (i % 20 == 0)
            stage_turn(s);
    }
    assert_true(stage_metric("liveshelf_slow_closed_total") > before);
    free(token);
    peer_finish(&deaf);
    stage_close(s);
}

static void silence_is_noticed_and_a_pong_is_enough(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.heartbeat_ms = 400;
    struct stage *s = stage_open(&options);
    struct peer dead, alive;
    peer_join(&alive, s, ROLE_VIEWER, NULL);
    peer_join(&dead, s, ROLE_VIEWER, NULL);
    dead.silent = true;
    for (int64_t end = stage_now_ms() + 3000; stage_now_ms() < end && !dead.closed;) {
        peer_run_ms(&alive, 20);
        peer_pump(&dead);
    }
    peer_expect_close(&dead, 4408);
    peer_run_ms(&alive, 1500);
    assert_false(alive.closed);
    assert_true(alive.pings >= 4);
    peer_finish(&alive);
    peer_finish(&dead);
    stage_close(s);
}

static void on_drained(void *ctx) { *(bool *)ctx = true; }

static void a_drain_sends_everyone_elsewhere(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.drain_per_tick = 8;
    struct stage *s = stage_open(&options);
    static struct peer p[30];
    struct peer greeting, late;
    bool drained = false;
    for (size_t i = 0; i < 30; i++)
        peer_join(&p[i], s, ROLE_VIEWER, NULL);
    peer_connect(&greeting, s);
    assert_int_equal(peer_upgrade(&greeting, ""), 101);
    peer_connect(&late, s);
    assert_int_equal(peer_status(&late, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    server_drain(s->server, 8000, on_drained, &drained);
    assert_int_equal(peer_upgrade(&late, ""), 503);
    for (size_t i = 0; i < 30; i++) {
        assert_non_null(strstr(peer_expect(&p[i], "\"t\":\"reconnect\""), "\"jitter_ms\":5000"));
        peer_expect_close(&p[i], 1001);
    }
    peer_expect_close(&greeting, 1001);
    STAGE_UNTIL(s, drained);
    for (size_t i = 0; i < 30; i++)
        peer_finish(&p[i]);
    peer_finish(&greeting);
    peer_finish(&late);
    stage_close(s);
}

static void closing_with_everyone_inside(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    static struct peer p[20];
    struct peer half;
    for (size_t i = 0; i < 20; i++)
        peer_join(&p[i], s, i % 2 == 0 ? ROLE_VIEWER : ROLE_HOST, NULL);
    peer_say(&p[0], "{\"t\":\"ping\",\"id\":\"x\"}");
    peer_connect(&half, s);
    peer_send_text(&half, "POST /v1/broadcasts HTTP/1.1\r\nContent-Length: 9\r\n\r\n{");
    stage_close(s);
    peer_finish(&half);
    for (size_t i = 0; i < 20; i++)
        peer_finish(&p[i]);
}

/* A storm of joins costs one encoding. */
static void joins_share_one_snapshot(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.snapshot_ms = 60000;
    struct stage *s = stage_open(&options);
    static struct peer p[50];
    double before = stage_metric("liveshelf_snapshots_encoded_total"), sent = stage_metric("liveshelf_snapshots_total");
    for (size_t i = 0; i < 50; i++)
        peer_join(&p[i], s, ROLE_VIEWER, NULL);
    assert_int_equal(stage_metric("liveshelf_snapshots_total") - sent, 50);
    assert_int_equal(stage_metric("liveshelf_snapshots_encoded_total") - before, 1);
    notices(s, 1, 40);
    peer_finish(&p[0]);
    peer_join(&p[0], s, ROLE_VIEWER, NULL);
    assert_non_null(strstr(p[0].messages[1], "\"notice\":{\"id\""));
    assert_int_equal(stage_metric("liveshelf_snapshots_encoded_total") - before, 2);
    for (size_t i = 0; i < 50; i++)
        peer_finish(&p[i]);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyone_hears_everything_in_order),
        cmocka_unit_test(much_happens_in_the_midst_of_a_sweep),
        cmocka_unit_test(a_trickling_reader_gets_every_byte),
        cmocka_unit_test(falling_off_the_ring_is_one_snapshot),
        cmocka_unit_test(who_takes_nothing_is_closed_and_nobody_else_notices),
        cmocka_unit_test(a_snapshot_of_any_size_lets_people_in),
        cmocka_unit_test(answers_do_not_pile_up),
        cmocka_unit_test(silence_is_noticed_and_a_pong_is_enough),
        cmocka_unit_test(a_drain_sends_everyone_elsewhere),
        cmocka_unit_test(closing_with_everyone_inside),
        cmocka_unit_test(joins_share_one_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
