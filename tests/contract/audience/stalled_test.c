/* Those who take little or nothing: what they get is whole, in order and bounded, and nobody else notices. Sockets with tiny
 * buffers; events and values through both rings. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"

#define TINY_BUFFER 4096
#define SKU "mug-red"

static struct stage *tiny_stage(size_t ring_bytes, int64_t heartbeat_ms)
{
    struct stage_options options = stage_options_default();
    options.limits.send_buffer_bytes = TINY_BUFFER;
    options.limits.ring_bytes = ring_bytes;
    options.limits.heartbeat_ms = heartbeat_ms;
    return stage_open(&options);
}

static void join_tiny(struct peer *p, struct stage *s, enum role role, const char *resume)
{
    char *token = stage_token(s, role, STAGE_SHOW, NULL, 3600000);
    peer_connect_small(p, s, TINY_BUFFER);
    assert_int_equal(peer_upgrade(p, ""), 101);
    peer_hello(p, token, resume);
    free(token);
    peer_expect(p, "\"t\":\"welcome\"");
    if (resume[0] == '\0')
        peer_expect(p, "\"t\":\"snapshot\"");
}

/* ---- what is published ---- */

static void event(struct stage *s, size_t len)
{
    static unsigned made; /* saying the same again would be no event */
    char text[2048];
    memset(text, 'a' + (int)(made % 26), sizeof text);
    int head = snprintf(text, sizeof text, "notice %u ", ++made);
    text[head] = '.';
    text[len] = '\0';
    stage_notice(s, text);
}

/* A new count, told at once; a tick of the core may tell it again. */
static void value(struct stage *s)
{
    static unsigned made;
    static const struct sku_id sku = {.text = SKU};
    char ref[32];
    snprintf(ref, sizeof ref, "po-%u", ++made);
    stage_allocate(s, 1, ref);
    struct audience *a = server_audience(s->server);
    a->publish_stock(a, stage_show(s), &sku, 1);
}

/* Says the same count again and again: bytes that are superseded as soon as they lie there. */
static void values_again(struct stage *s, int count)
{
    static const struct sku_id sku = {.text = SKU};
    struct audience *a = server_audience(s->server);
    for (int i = 0; i < count; i++) {
        a->publish_stock(a, stage_show(s), &sku, 1);
        if (i % 16 == 0)
            stage_turn(s);
    }
}

#define QUIET_ROUNDS 20 /* without a byte taken: full for good, and not until the kernel has moved some */

/* Until all who are here, and deaf, take nothing any more. */
static void stall(struct stage *s, size_t count)
{
    int64_t end = stage_now_ms() + STAGE_WAIT_MS;
    for (int quiet = 0; quiet < QUIET_ROUNDS;) {
        double bytes = stage_metric("liveshelf_sent_bytes_total");
        values_again(s, 32);
        stage_run_ms(s, 2);
        bool full = (size_t)stage_metric("liveshelf_conns_stalled") == count;
        quiet = full && stage_metric("liveshelf_sent_bytes_total") == bytes ? quiet + 1 : 0;
        assert_true(stage_now_ms() < end);
    }
}

/* Until no value is on its way any more: nobody came or went for a while, no count changed. */
static void settle(struct stage *s)
{
    for (double sends = -1; stage_metric("liveshelf_sends_total") != sends;) {
        sends = stage_metric("liveshelf_sends_total");
        stage_run_ms(s, 1500); /* longer than nodes share their counts in */
    }
}

/* ---- what arrived ---- */

static bool is(const char *message, const char *t)
{
    char start[40];
    int len = snprintf(start, sizeof start, "{\"t\":\"%s\"", t);
    return strncmp(message, start, (size_t)len) == 0;
}

static uint64_t number(const char *message, const char *name)
{
    const char *at = strstr(message, name);
    return at == NULL ? 0 : strtoull(at + strlen(name), NULL, 10);
}

static bool is_event(const char *m)
{
    return strstr(m, "\"seq\":") != NULL && !is(m, "welcome") && !is(m, "snapshot") && !is(m, "ok");
}

/* No seq is missing or twice but at a snapshot, and no count is older than one before it. Returns the last seq. */
static uint64_t check_stream(const struct peer *p)
{
    uint64_t seq = 0, version = 0;
    for (size_t i = 0; i < p->messages_count; i++) {
        const char *m = p->messages[i];
        bool resumed = is(m, "welcome") && strstr(m, "\"recovered\":true") != NULL;
        if (is(m, "welcome") || is(m, "snapshot"))
            seq = resumed ? 0 : number(m, "\"seq\":");
        else if (is_event(m) && seq > 0)
            assert_int_equal(number(m, "\"seq\":"), ++seq);
        else if (is_event(m))
            seq = number(m, "\"seq\":");
        if (is(m, "stock")) {
            assert_true(number(m, "\"ver\":") >= version);
            version = number(m, "\"ver\":");
        }
    }
    return seq;
}

/* Every event `p` has is, byte for byte, the one of its seq that `reference` has. */
static void check_same_events(const struct peer *p, const struct peer *reference)
{
    for (size_t i = 0, at = 0; i < p->messages_count; i++) {
        const char *m = p->messages[i];
        if (!is_event(m) || is(m, "snapshot"))
            continue;
        while (at < reference->messages_count && (!is_event(reference->messages[at]) ||
                                                  number(reference->messages[at], "\"seq\":") != number(m, "\"seq\":")))
            at++;
        assert_true(at < reference->messages_count);
        assert_string_equal(m, reference->messages[at]);
    }
}

static void expect_seq(struct peer *p, uint64_t seq)
{
    STAGE_UNTIL(p->stage, (peer_pump(p), check_stream(p) >= seq || p->closed));
    assert_false(p->closed);
}

static uint64_t seq_now(struct stage *s) { return stage_show(s)->broadcast->seq; }

static uint64_t version_now(struct stage *s) { return stage_show(s)->claims->version; }

static uint64_t version_heard(const struct peer *p)
{
    uint64_t version = 0;
    for (size_t i = 0; i < p->messages_count; i++)
        version = is(p->messages[i], "stock") ? number(p->messages[i], "\"ver\":") : version;
    return version;
}

/* ---- tests ---- */

#define TRICKLERS 6

/* Readers who take a few bytes now and then, each at another pace, pinging meanwhile: cut frames, full sockets, PONGs of
 * libwebsockets between them, events and values. peer.c fails on whatever is no whole frame. */
static void every_frame_is_whole_and_in_order(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 25000);
    static struct peer slow[TRICKLERS];
    struct peer quick;
    peer_join(&quick, s, ROLE_VIEWER, NULL);
    for (size_t i = 0; i < TRICKLERS; i++)
        join_tiny(&slow[i], s, i % 3 == 2 ? ROLE_HOST : ROLE_VIEWER, "");
    double cut = stage_metric("liveshelf_sends_cut_total"), full = stage_metric("liveshelf_sends_full_total");
    for (int step = 0; step < 400; step++) {
        event(s, (size_t)(60 + step * 37 % 900));
        if (step % 3 == 0)
            value(s);
        for (size_t i = 0; i < TRICKLERS; i++) {
            char ping[125]; /* the longest there is: PONGs that find no room */
            memset(ping, 'a' + step % 26, sizeof ping);
            if (step % (1 + (int)i) == 0)
                peer_frame(&slow[i], 0x89, ping, sizeof ping);
            slow[i].deaf = step % (20 + 11 * (int)i) != 0;
            peer_pump(&slow[i]);
        }
        peer_pump(&quick);
    }
    expect_seq(&quick, seq_now(s));
    for (size_t i = 0; i < TRICKLERS; i++) {
        slow[i].deaf = false;
        expect_seq(&slow[i], seq_now(s));
        assert_int_equal(peer_count(&slow[i], "\"t\":\"snapshot\""), 1);
        assert_true(peer_count(&slow[i], "PONG") > 0);
        if (i % 3 != 2)
            check_same_events(&slow[i], &quick);
        STAGE_UNTIL(s, (peer_pump(&slow[i]), version_heard(&slow[i]) == version_now(s)));
    }
    assert_true(stage_metric("liveshelf_sends_cut_total") > cut);
    assert_true(stage_metric("liveshelf_sends_full_total") > full);
    for (size_t i = 0; i < TRICKLERS; i++)
        peer_finish(&slow[i]);
    peer_finish(&quick);
    stage_close(s);
}

static void catch_up(struct stage *s, struct peer *slow, int superseded)
{
    slow->deaf = true;
    stall(s, 1);
    double skipped = stage_metric("liveshelf_values_skipped_total");
    values_again(s, superseded);
    value(s);
    double delivered = stage_metric("liveshelf_messages_delivered_total");
    slow->deaf = false;
    STAGE_UNTIL(s, (peer_pump(slow), version_heard(slow) == version_now(s)));
    stage_run_ms(s, 300);
    peer_pump(slow);
    assert_int_equal(stage_metric("liveshelf_values_skipped_total") - skipped, 1);
    assert_true(stage_metric("liveshelf_messages_delivered_total") - delivered <=
                4); /* the set, and what a tick said */
}

static void catching_up_on_values_costs_one_set(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 25000);
    struct peer slow;
    join_tiny(&slow, s, ROLE_VIEWER, "");
    double lapped = stage_metric("liveshelf_lapped_total");
    catch_up(s, &slow, 4000); /* more than the ring of values holds */
    catch_up(s, &slow, 100);  /* less, and more than a full set */
    assert_int_equal(stage_metric("liveshelf_lapped_total") - lapped, 0);
    assert_int_equal(peer_count(&slow, "\"t\":\"snapshot\""), 1);
    check_stream(&slow);
    event(s, 50);
    expect_seq(&slow, seq_now(s)); /* and goes on as before */
    peer_finish(&slow);
    stage_close(s);
}

static void values_do_not_use_up_the_history(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(16384, 25000);
    struct peer away, again;
    char resume[160];
    peer_join(&away, s, ROLE_VIEWER, NULL);
    peer_join(&again, s, ROLE_VIEWER, NULL); /* somebody for whom values are published */
    snprintf(resume, sizeof resume, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%llu}", stage_show(s)->broadcast->epoch.text,
             (unsigned long long)seq_now(s));
    peer_finish(&away);
    event(s, 100);
    values_again(s, 2000);
    event(s, 100);
    double resumed = stage_metric("liveshelf_resumed_total{source=\"ring\"}");
    join_tiny(&away, s, ROLE_VIEWER, resume);
    assert_non_null(strstr(away.messages[0], "\"recovered\":true"));
    assert_int_equal(stage_metric("liveshelf_resumed_total{source=\"ring\"}") - resumed, 1);
    expect_seq(&away, seq_now(s));
    assert_int_equal(peer_count(&away, "\"t\":\"notice\""), 2);
    peer_expect(&away, "\"t\":\"stock\"");
    peer_finish(&away);
    peer_finish(&again);
    stage_close(s);
}

static void events_and_their_order_survive_a_lag_on_values(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 25000);
    struct peer slow;
    join_tiny(&slow, s, ROLE_VIEWER, "");
    slow.deaf = true;
    stall(s, 1);
    double skipped = stage_metric("liveshelf_values_skipped_total");
    for (int i = 0; i < 20; i++) {
        event(s, 500);
        values_again(s, 200);
    }
    value(s);
    slow.deaf = false;
    expect_seq(&slow, seq_now(s));
    STAGE_UNTIL(s, (peer_pump(&slow), version_heard(&slow) == version_now(s)));
    assert_int_equal(peer_count(&slow, "\"t\":\"snapshot\""), 1);
    assert_true(stage_metric("liveshelf_values_skipped_total") - skipped >= 1);
    check_stream(&slow);
    peer_finish(&slow);
    stage_close(s);
}

static void a_ping_among_skipped_values_still_comes(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 3000);
    struct peer slow, quick;
    join_tiny(&slow, s, ROLE_VIEWER, "");
    STAGE_UNTIL(s, (peer_pump(&slow), slow.pings == 1));
    slow.deaf = true;
    stall(s, 1);
    peer_join(&quick, s, ROLE_VIEWER, NULL);
    STAGE_UNTIL(s, (peer_pump(&quick), quick.pings == 1)); /* the slow one's lies among its values */
    values_again(s, 4000);
    slow.deaf = false;
    STAGE_UNTIL(s, (peer_pump(&slow), peer_pump(&quick), slow.pings >= 2 || quick.pings > 1 || slow.closed));
    assert_true(slow.pings >= 2);
    assert_int_equal(quick.pings, 1);
    peer_finish(&slow);
    peer_finish(&quick);
    stage_close(s);
}

#define QUICK 38
#define STALLED 2

/* What an event costs does not depend on those who are stalled: nobody tries to send to them, and nothing is kept for them. */
static void the_stalled_cost_nothing(void **state)
{
    (void)state;
    enum { EVENTS = 50 };
    struct stage *s = tiny_stage(1 << 20, 25000);
    static struct peer quick[QUICK], stalled[STALLED];
    for (size_t i = 0; i < STALLED; i++)
        join_tiny(&stalled[i], s, ROLE_VIEWER, "");
    for (size_t i = 0; i < STALLED; i++)
        stalled[i].deaf = true;
    stall(s, STALLED);
    for (size_t i = 0; i < QUICK; i++)
        peer_join(&quick[i], s, ROLE_VIEWER, NULL);
    settle(s);
    double sends = stage_metric("liveshelf_sends_total"), full = stage_metric("liveshelf_sends_full_total");
    double delivered = stage_metric("liveshelf_messages_delivered_total");
    size_t heap = mallinfo2().uordblks;
    for (int i = 0; i < EVENTS; i++) {
        event(s, 1500);
        for (size_t q = 0; q < QUICK; q++)
            expect_seq(&quick[q], seq_now(s));
    }
    assert_int_equal(stage_metric("liveshelf_sends_total") - sends, EVENTS * QUICK);
    assert_int_equal(stage_metric("liveshelf_messages_delivered_total") - delivered, EVENTS * QUICK);
    assert_int_equal(stage_metric("liveshelf_sends_full_total") - full, 0);
    size_t kept_by_peers = (size_t)EVENTS * QUICK * 1700;
    assert_true(mallinfo2().uordblks < heap + kept_by_peers + (256 << 10));
    for (size_t i = 0; i < STALLED; i++) {
        stalled[i].deaf = false;
        expect_seq(&stalled[i], seq_now(s));
        check_same_events(&stalled[i], &quick[0]);
        assert_int_equal(peer_count(&stalled[i], "\"t\":\"snapshot\""), 1);
        peer_finish(&stalled[i]);
    }
    for (size_t i = 0; i < QUICK; i++)
        peer_finish(&quick[i]);
    stage_close(s);
}

/* Events first, then the values, and nothing waits for another publish. */
static void what_is_published_in_one_turn_arrives_whole(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    settle(s);
    peer_pump(&p);
    static const struct sku_id sku = {.text = SKU};
    struct audience *a = server_audience(s->server);
    struct event notice = {.kind = EVENT_NOTICE, .seq = seq_now(s) + 1};
    size_t before = p.messages_count;
    a->publish_stock(a, stage_show(s), &sku, 1);
    a->publish(a, stage_show(s), &notice);
    STAGE_UNTIL(s, (peer_pump(&p), p.messages_count == before + 2));
    assert_true(is(p.messages[before], "notice"));
    assert_true(is(p.messages[before + 1], "stock"));
    peer_finish(&p);
    stage_close(s);
}

/* Bursts go out together: many messages, one send. */
static void bursts_are_sent_together(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer p;
    peer_join(&p, s, ROLE_VIEWER, NULL);
    stage_run_ms(s, 300);
    double sends = stage_metric("liveshelf_sends_total"),
           delivered = stage_metric("liveshelf_messages_delivered_total");
    static const struct sku_id sku = {.text = SKU};
    struct audience *a = server_audience(s->server);
    for (int i = 0; i < 12; i++)
        a->publish_stock(a, stage_show(s), &sku, 1);
    STAGE_UNTIL(s, stage_metric("liveshelf_messages_delivered_total") - delivered >= 12);
    assert_true(stage_metric("liveshelf_sends_total") - sends <= 2);
    peer_finish(&p);
    stage_close(s);
}

/* A snapshot encoded a while ago and the values published since: together they are the present. */
static void who_joins_by_an_older_snapshot_hears_the_values_since(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.snapshot_ms = 60000;
    struct stage *s = stage_open(&options);
    struct peer first, second;
    peer_join(&first, s, ROLE_VIEWER, NULL);
    stage_run_ms(s, 300);
    double encoded = stage_metric("liveshelf_snapshots_encoded_total");
    values_again(s, 3);
    peer_join(&second, s, ROLE_VIEWER, NULL);
    assert_true(stage_metric("liveshelf_snapshots_encoded_total") - encoded <= 1);
    if (stage_metric("liveshelf_snapshots_encoded_total") == encoded)
        STAGE_UNTIL(s, (peer_pump(&second), peer_count(&second, "\"t\":\"stock\"") >= 3));
    peer_finish(&first);
    peer_finish(&second);
    stage_close(s);
}

/* Event streams have one ring: what a slow one reads is every block, whole and in order. */
static void a_slow_event_stream_gets_every_block(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 25000);
    struct peer p;
    char *token = stage_token(s, ROLE_LOGISTICS, STAGE_SHOW, NULL, 3600000), text[1024];
    stage_volumes(s, 0);
    peer_connect_small(&p, s, TINY_BUFFER);
    snprintf(text, sizeof text,
             "GET /v1/broadcasts/" STAGE_SHOW
             "/estimates/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
             token);
    peer_send_text(&p, text);
    STAGE_UNTIL(s,
                (peer_pump_raw(&p), p.in.data != NULL && strstr(p.in.data, "}\n\n") != NULL)); /* the first is whole */
    double full = stage_metric("liveshelf_sends_full_total");
    for (int i = 1; i < 100; i++) {
        p.deaf = i % 25 != 0;
        stage_volumes(s, i);
        stage_turn(s);
        peer_pump_raw(&p);
    }
    p.deaf = false;
    STAGE_UNTIL(s, (peer_pump_raw(&p), strstr(p.in.data, ".1-99.") != NULL));
    STAGE_UNTIL(s, (peer_pump_raw(&p), strcmp(p.in.data + p.in.len - 2, "\n\n") == 0));
    const char *at = strstr(p.in.data, "}\n\n");
    for (int i = 1; i < 100; i++) {
        char head[64], ledger[64];
        snprintf(head, sizeof head, "event: volumes\nid: 0.0.0.%d000.1-%d.", i, i);
        snprintf(ledger, sizeof ledger, "\"ledger\":\"1-%d\"", i);
        at = strstr(at, head); /* the core says its own between them */
        assert_non_null(at);
        const char *end = strstr(at, "}\n\n");
        assert_non_null(end);
        assert_true(strstr(at, ledger) != NULL && strstr(at, ledger) < end);
        at = end;
    }
    assert_true(stage_metric("liveshelf_sends_full_total") > full);
    free(token);
    peer_finish(&p);
    stage_close(s);
}

/* What was cut in the middle is ended before the whole is told: a reader sees nothing but whole events. */
static void an_event_stream_off_its_ring_is_told_the_whole(void **state)
{
    (void)state;
    struct stage *s = tiny_stage(1 << 20, 25000);
    struct peer p;
    char *token = stage_token(s, ROLE_LOGISTICS, STAGE_SHOW, NULL, 3600000), text[1024];
    double lapped = stage_metric("liveshelf_lapped_total");
    stage_expect(s, 1, 100);
    peer_connect_small(&p, s, TINY_BUFFER);
    snprintf(text, sizeof text,
             "GET /v1/broadcasts/" STAGE_SHOW
             "/estimates/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n",
             token);
    peer_send_text(&p, text);
    STAGE_UNTIL(s, (peer_pump_raw(&p), p.in.data != NULL && strstr(p.in.data, "}\n\n") != NULL));
    p.deaf = true;
    for (uint64_t step = 2; step < 90; step++) {
        stage_expect(s, step, 5000 + 37 * step);
        stage_turn(s);
    }
    p.deaf = false;
    STAGE_UNTIL(s, (peer_pump_raw(&p), strstr(p.in.data, "<89>\"}") != NULL));
    STAGE_UNTIL(s, (peer_pump_raw(&p), strcmp(p.in.data + p.in.len - 2, "\n\n") == 0));
    size_t wholes = 0, events = 0;
    const char *at = strstr(p.in.data, "event: ");
    for (const char *end; at != NULL; at = strstr(end, "event: "), events++) {
        const char *data = strstr(at, "\ndata: {\"broadcast\":");
        end = strstr(at, "\n\n");
        assert_true(data != NULL && end != NULL && data < end);
        const char *again = strstr(at + 1, "event: ");
        assert_true(again == NULL || again > end); /* none begins inside another one */
        assert_memory_equal(end - 2, "e}", 2);     /* "whole_series":true or false */
        const char *whole = strstr(at, "\"whole_series\":true");
        wholes += whole != NULL && whole < end;
    }
    assert_true(wholes >= 2 && events > wholes);
    assert_true(stage_metric("liveshelf_lapped_total") > lapped);
    free(token);
    peer_finish(&p);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_whole_and_in_order),
        cmocka_unit_test(catching_up_on_values_costs_one_set),
        cmocka_unit_test(values_do_not_use_up_the_history),
        cmocka_unit_test(events_and_their_order_survive_a_lag_on_values),
        cmocka_unit_test(a_ping_among_skipped_values_still_comes),
        cmocka_unit_test(the_stalled_cost_nothing),
        cmocka_unit_test(what_is_published_in_one_turn_arrives_whole),
        cmocka_unit_test(bursts_are_sent_together),
        cmocka_unit_test(who_joins_by_an_older_snapshot_hears_the_values_since),
        cmocka_unit_test(a_slow_event_stream_gets_every_block),
        cmocka_unit_test(an_event_stream_off_its_ring_is_told_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
