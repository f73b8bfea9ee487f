/* Back after so long that no ring remembers: what was missed comes out of the log, byte for byte as it was when it was live. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/audience/peer.h"
#include "ws/wire/event_codec.h"

#define HOUR_MS 3600000
#define RING_BYTES 4096
#define SLOW_BUFFER 4096

static const struct shop_id shop = {.text = STAGE_SHOP};
static const struct broadcast_id broadcast = {.text = STAGE_SHOW};

static uint64_t head_of(struct stage *s) { return stage_show(s)->broadcast->seq; }

/* ---- people ---- */

static void resume_at(char *ret, size_t size, const char *epoch, uint64_t seq)
{
    snprintf(ret, size, ",\"resume\":{\"epoch\":\"%s\",\"seq\":%llu}", epoch, (unsigned long long)seq);
}

static void hello_sent(struct peer *p, struct stage *s, enum role role, const char *epoch, uint64_t seq)
{
    char resume[160];
    char *token = stage_token(s, role, STAGE_SHOW, "anna", HOUR_MS);
    resume_at(resume, sizeof resume, epoch, seq);
    peer_hello(p, token, resume);
    free(token);
}

/* Upgraded, and has asked for everything behind `seq` of the present epoch. */
static void come_back(struct peer *p, struct stage *s, enum role role, uint64_t seq)
{
    peer_connect(p, s);
    assert_int_equal(peer_upgrade(p, ""), 101);
    hello_sent(p, s, role, stage_show(s)->broadcast->epoch.text, seq);
}

static void expect_welcome(struct peer *p, bool recovered)
{
    const char *welcome = peer_expect(p, "\"t\":\"welcome\"");
    assert_non_null(strstr(welcome, recovered ? "\"recovered\":true" : "\"recovered\":false"));
}

static void expect_seq(struct peer *p, uint64_t seq)
{
    char text[64];
    snprintf(text, sizeof text, "\"seq\":%llu,\"ms\"", (unsigned long long)seq);
    peer_expect(p, text);
}

/* ---- what they heard ---- */

static uint64_t seq_of(const char *message)
{
    const char *at = strstr(message, "\",\"seq\":");
    return at == NULL ? 0 : strtoull(at + 8, NULL, 10);
}

static bool is_event(const char *message) { return seq_of(message) > 0 && strstr(message, ",\"ms\":") != NULL; }

static const char *event_at(const struct peer *p, uint64_t seq)
{
    for (size_t i = 0; i < p->messages_count; i++)
        if (is_event(p->messages[i]) && seq_of(p->messages[i]) == seq)
            return p->messages[i];
    fail_msg("no event %llu", (unsigned long long)seq);
    return NULL;
}

/* Each event exactly one more than the one before, or than the snapshot before. Returns the last. */
static uint64_t check_counting(const struct peer *p, uint64_t last)
{
    for (size_t i = 0; i < p->messages_count; i++) {
        const char *m = p->messages[i];
        if (strncmp(m, "{\"t\":\"snapshot\"", 15) == 0) {
            last = strtoull(strstr(m, "\"seq\":") + 6, NULL, 10);
        } else if (is_event(m)) {
            assert_int_equal(seq_of(m), last + 1);
            last++;
        }
    }
    return last;
}

/* ---- a show ---- */

static struct stage *stage_small_ring(void)
{
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = options.limits.host_ring_bytes = RING_BYTES;
    return stage_open(&options);
}

/* Events straight into the log, as another node would append them: many, quickly. */
struct appended {
    struct log_append ask;
    bool done;
};

static void on_appended(struct log_append *ask) { container_of(ask, struct appended, ask)->done = true; }

static void append_notices(struct stage *s, struct log *log, int count, size_t len)
{
    for (int done = 0; done < count;) {
        struct bytes entries[EVENT_BATCH_MAX] = {0};
        struct appended a = {.ask = {.shop = shop, .broadcast = broadcast, .entries = entries, .done = on_appended}};
        a.ask.expected_seq = head_of(s);
        for (; a.ask.count < EVENT_BATCH_MAX && done < count; done++) {
            struct event e = {.kind = EVENT_NOTICE, .seq = head_of(s) + a.ask.count + 1, .ms = 1795177200000};
            snprintf(e.u.notice.id.text, sizeof e.u.notice.id.text, "n%llu", (unsigned long long)e.seq);
            memset(e.u.notice.text, 'a' + done % 26, len);
            assert_int_equal(event_encode(&e, &entries[a.ask.count++]), RESULT_OK);
        }
        log->append(log, &a.ask);
        STAGE_UNTIL(s, a.done);
        assert_int_equal(a.ask.result, RESULT_OK);
        STAGE_UNTIL(s, head_of(s) == a.ask.expected_seq + a.ask.count);
        for (size_t i = 0; i < EVENT_BATCH_MAX; i++)
            bytes_finish(&entries[i]);
    }
}

static void notices(struct stage *s, int count) { append_notices(s, memory_log(s->node), count, 200); }

static void catalogue_change(struct stage *s)
{
    struct asker asker = {.role = ROLE_INTEGRATOR, .shop = shop, .sub = "stage"};
    struct command put = {.kind = COMMAND_CATALOGUE_PUT, .products_count = 3};
    uint64_t version = stage_show(s)->catalogue->version;
    put.products = calloc(3, sizeof *put.products);
    assert_non_null(put.products);
    put.products[0] = (struct product){.sku = {.text = "mug-red"}, .title = "Red mug, large", .price = {990, "EUR"}};
    put.products[1] = (struct product){.sku = {.text = "mug-blue"}, .title = "Blue mug", .price = {1290, "EUR"}};
    put.products[2] = (struct product){.sku = {.text = "scarf"}, .title = "Scarf", .price = {2500, "EUR"}};
    orchestrator_command(s->o, &asker, &put);
    command_finish(&put);
    STAGE_UNTIL(s, stage_show(s)->catalogue->version > version);
}

static const char plan[] =
    "\"cues\":[{\"id\":\"c1\",\"title\":\"Red mug\",\"sku\":\"mug-red\",\"slot\":0,"
    "\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"card\":{\"say\":\"Look again\",\"must_say\":[\"dishwasher "
    "safe\"]}},"
    "{\"id\":\"c9\",\"title\":\"Scarf\",\"sku\":\"scarf\",\"slot\":2,\"price\":{\"amount\":2400,\"currency\":\"EUR\"},"
    "\"sponsored\":true,\"card\":{\"say\":\"Soft\",\"notes\":\"private words\"},\"viewer_text\":\"Wool\"}]";

/* All that a host can do in a show, each answered. */
static void rich_show(struct stage *s, struct peer *host)
{
    static const char *const acts[] = {
        "\"t\":\"cue.next\"",
        "\"t\":\"cue.done\",\"cue\":\"c1\",\"must_say\":[true]",
        "\"t\":\"price.set\",\"sku\":\"mug-red\",\"amount\":890,\"currency\":\"EUR\"",
        "\"t\":\"undo\"",
        "\"t\":\"offer.start\",\"sku\":\"mug-blue\",\"amount\":1100,\"currency\":\"EUR\",\"for_ms\":60000",
        "\"t\":\"pin.set\",\"slot\":1,\"sku\":\"mug-blue\"",
        "\"t\":\"offer.stop\",\"sku\":\"mug-blue\"",
        "\"t\":\"cue.next\"",
        "\"t\":\"undo\"",
        "\"t\":\"notice\",\"text\":\"Back in a minute, \\u00e9 \\\"quoted\\\"\",\"level\":\"info\"",
        "\"t\":\"pause\"",
        "\"t\":\"resume\"",
        "\"t\":\"stock.stop\",\"sku\":\"mug-blue\",\"reason\":\"lid cracks\"",
        "\"t\":\"stock.open\",\"sku\":\"mug-blue\"",
        "\"t\":\"run.load\",%PLAN%",
        "\"t\":\"cue.go\",\"cue\":\"c9\"",
        "\"t\":\"recall\",\"sku\":\"mug-red\",\"text\":\"Do not use the red mug\",\"holds\":\"cancel\"",
        "\"t\":\"pin.clear\",\"slot\":2",
        "\"t\":\"notice\",\"text\":\"\",\"level\":\"info\"",
        "\"t\":\"price.set\",\"sku\":\"scarf\",\"amount\":100,\"currency\":\"EUR\"", /* needs a second person */
    };
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        struct bytes say = {0};
        char re[32];
        const char *rest = strstr(acts[i], "%PLAN%");
        if (rest != NULL)
            catalogue_change(s);
        bytes_format(&say, "{\"id\":\"p%zu\",%.*s%s}", i, rest == NULL ? 1000 : (int)(rest - acts[i]), acts[i],
                     rest == NULL ? "" : plan);
        peer_say(host, say.data);
        snprintf(re, sizeof re, "\"re\":\"p%zu\"", i);
        const char *answer = peer_expect(host, re);
        if (strstr(answer, "\"t\":\"ok\"") == NULL && strstr(answer, "approval_needed") == NULL)
            fail_msg("%s: %s", say.data, answer);
        bytes_finish(&say);
    }
}

/* ---- the same bytes ---- */

static void what_comes_out_of_the_log_is_what_was_live(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    struct peer host, viewer;
    double log_before = stage_metric("liveshelf_resumed_total{source=\"log\"}");
    stage_allocate(s, 40, "po-1");
    peer_join(&host, s, ROLE_HOST, "anna");
    peer_join(&viewer, s, ROLE_VIEWER, "ben");
    uint64_t from = head_of(s);
    rich_show(s, &host);
    uint64_t rich = head_of(s);
    assert_true(rich - from >= 25);
    notices(s, 60);
    expect_seq(&viewer, head_of(s));
    expect_seq(&host, head_of(s));
    for (enum role role = ROLE_VIEWER; role <= ROLE_HOST; role++) {
        const struct peer *live = role == ROLE_HOST ? &host : &viewer;
        struct peer again;
        come_back(&again, s, role, from);
        expect_welcome(&again, true);
        expect_seq(&again, head_of(s));
        for (uint64_t seq = from + 1; seq <= head_of(s); seq++)
            assert_string_equal(event_at(&again, seq), event_at(live, seq));
        peer_expect(&again, "\"t\":\"stock\"");
        assert_int_equal(check_counting(&again, from), head_of(s));
        assert_int_equal(peer_count(&again, "\"t\":\"snapshot\""), 0);
        assert_true(role == ROLE_HOST || peer_count(&again, "private words") == 0);
        stage_notice(s, role == ROLE_HOST ? "goes on for hosts" : "goes on for viewers");
        expect_seq(&again, head_of(s));
        expect_seq(&viewer, head_of(s));
        expect_seq(&host, head_of(s));
        assert_int_equal(check_counting(&again, from), head_of(s));
        peer_finish(&again);
    }
    assert_true(stage_metric("liveshelf_resumed_total{source=\"log\"}") == log_before + 2);
    peer_finish(&host);
    peer_finish(&viewer);
    stage_close(s);
}

/* ---- many, and one reading ---- */

#define CROWD 200

static void a_crowd_costs_one_reading(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    static struct peer p[CROWD];
    uint64_t from = head_of(s);
    notices(s, 100);
    double readings = stage_metric("liveshelf_replays_total{result=\"done\"}");
    for (size_t i = 0; i < CROWD; i++) {
        peer_connect(&p[i], s);
        assert_int_equal(peer_upgrade(&p[i], ""), 101);
    }
    for (size_t i = 0; i < CROWD; i++)
        hello_sent(&p[i], s, ROLE_VIEWER, stage_show(s)->broadcast->epoch.text, from + i % 50);
    for (size_t i = 0; i < CROWD; i++) {
        expect_welcome(&p[i], true);
        expect_seq(&p[i], head_of(s));
        assert_int_equal(check_counting(&p[i], from + i % 50), head_of(s));
        peer_finish(&p[i]);
    }
    assert_true(stage_metric("liveshelf_replays_total{result=\"done\"}") == readings + 1);
    assert_true(stage_metric("liveshelf_history_bytes") == (double)net_limits_default.resume_bytes_max);
    s->clock.ahead_ms += net_limits_default.resume_keep_ms; /* nobody came for a while */
    STAGE_UNTIL(s, stage_metric("liveshelf_history_bytes") == 0);
    stage_close(s);
}

static unsigned follows;
static void (*follow_really)(struct log *log, struct log_follow *follow);

static void follow_counted(struct log *log, struct log_follow *follow)
{
    follows += ID_EQUAL(follow->broadcast, broadcast) ? 1 : 0;
    follow_really(log, follow);
}

static void a_long_log_is_read_in_slices(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    struct log *log = memory_log(s->node);
    struct peer again;
    uint64_t from = head_of(s);
    append_notices(s, log, 2000, 20);
    follow_really = log->follow;
    log->follow = follow_counted;
    follows = 0;
    come_back(&again, s, ROLE_VIEWER, from);
    expect_welcome(&again, true);
    expect_seq(&again, head_of(s));
    assert_int_equal(check_counting(&again, from), head_of(s));
    assert_true(follows >= 4); /* 512 entries at most, then others get their turn */
    peer_finish(&again);
    stage_close(s);
}

/* ---- too much ---- */

static void snapshot_instead(struct stage *s, uint64_t seq)
{
    struct peer p;
    double before = stage_metric("liveshelf_resume_snapshots_total");
    come_back(&p, s, ROLE_VIEWER, seq);
    expect_welcome(&p, false);
    peer_expect(&p, "\"t\":\"snapshot\"");
    assert_int_equal(check_counting(&p, 0), head_of(s));
    assert_true(stage_metric("liveshelf_resume_snapshots_total") == before + 1);
    peer_finish(&p);
}

static void resumed_from_log(struct stage *s, uint64_t seq)
{
    struct peer p;
    come_back(&p, s, ROLE_VIEWER, seq);
    expect_welcome(&p, true);
    expect_seq(&p, head_of(s));
    assert_int_equal(check_counting(&p, seq), head_of(s));
    assert_int_equal(peer_count(&p, "\"t\":\"snapshot\""), 0);
    peer_finish(&p);
}

static void who_missed_too_much_gets_a_snapshot(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = RING_BYTES;
    options.limits.resume_events_max = 100;
    options.limits.resume_bytes_max = 16384; /* about 60 notices */
    struct stage *s = stage_open(&options);
    uint64_t from = head_of(s);
    notices(s, 120);
    double readings = stage_metric("liveshelf_replays_total{result=\"done\"}");
    snapshot_instead(s, from);
    assert_true(stage_metric("liveshelf_replays_total{result=\"done\"}") == readings); /* not even looked for */
    snapshot_instead(s, head_of(s) - 95);
    resumed_from_log(s, head_of(s) - 40);
    snapshot_instead(s, head_of(s) - 95); /* known by now: not read again */
    assert_true(stage_metric("liveshelf_replays_total{result=\"done\"}") == readings + 1);
    stage_close(s);
}

static void no_more_histories_than_there_is_room_for(void **state)
{
    (void)state;
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = RING_BYTES;
    options.limits.resume_histories_max = 0;
    struct stage *s = stage_open(&options);
    uint64_t from = head_of(s);
    notices(s, 60);
    snapshot_instead(s, from);
    stage_close(s);
}

/* What was read again ends before the ring begins by now: it is no use any more, and the log is read once more. */
static void a_history_that_the_ring_left_behind_is_read_again(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    uint64_t from = head_of(s);
    notices(s, 60);
    double readings = stage_metric("liveshelf_replays_total{result=\"done\"}");
    resumed_from_log(s, from);
    notices(s, 60);
    resumed_from_log(s, from);
    assert_true(stage_metric("liveshelf_replays_total{result=\"done\"}") == readings + 2);
    stage_close(s);
}

/* ---- the log is out of reach, or another one ---- */

static void without_redis_a_snapshot_after_a_while(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    struct peer waits, leaves;
    uint64_t from = head_of(s);
    notices(s, 60);
    double failed = stage_metric("liveshelf_replays_total{result=\"failed\"}");
    memory_cut(s->node, true);
    come_back(&waits, s, ROLE_VIEWER, from);
    come_back(&leaves, s, ROLE_VIEWER, from);
    peer_run_ms(&waits, 50);
    assert_int_equal(waits.messages_count, 0); /* neither welcome nor snapshot yet */
    peer_finish(&leaves);
    STAGE_UNTIL(s, stage_metric("liveshelf_conns{role=\"viewer\"}") == 1); /* gone while it waited */
    s->clock.ahead_ms += net_limits_default.resume_wait_ms;
    expect_welcome(&waits, false);
    peer_expect(&waits, "\"t\":\"snapshot\"");
    assert_true(stage_metric("liveshelf_replays_total{result=\"failed\"}") == failed + 1);
    memory_cut(s->node, false);
    resumed_from_log(s, from); /* and it works again once Redis is back */
    peer_finish(&waits);
    stage_close(s);
}

static void history_lost_meanwhile_is_a_snapshot_of_another_epoch(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    struct peer waits;
    uint64_t from = head_of(s);
    struct epoch_id old = stage_show(s)->broadcast->epoch;
    notices(s, 60);
    memory_cut(s->node, true);
    come_back(&waits, s, ROLE_VIEWER, from);
    peer_run_ms(&waits, 50);
    assert_true(memory_forget(s->world, 1) > 0);
    memory_cut(s->node, false);
    const char *welcome = peer_expect(&waits, "\"t\":\"welcome\"");
    assert_null(strstr(welcome, old.text));
    assert_non_null(strstr(welcome, "\"recovered\":false"));
    peer_expect(&waits, "\"t\":\"snapshot\"");
    peer_finish(&waits);
    /* Behind the loss a new history begins: what is older is not resumed, what is newer is. */
    uint64_t epoch_seq = head_of(s);
    notices(s, 60);
    snapshot_instead(s, epoch_seq - 1);
    resumed_from_log(s, epoch_seq);
    stage_close(s);
}

static void the_house_closes_while_a_log_is_read(void **state)
{
    (void)state;
    struct stage *s = stage_small_ring();
    struct peer waits;
    uint64_t from = head_of(s);
    notices(s, 60);
    memory_cut(s->node, true);
    come_back(&waits, s, ROLE_VIEWER, from);
    peer_run_ms(&waits, 50);
    assert_true(stage_metric("liveshelf_history_bytes") > 0);
    stage_close(s);
    assert_true(stage_metric("liveshelf_history_bytes") == 0);
    peer_finish(&waits);
}

/* ---- the slow ---- */

static void slow_reader(struct peer *p, struct stage *s, uint64_t seq)
{
    peer_connect_small(p, s, SLOW_BUFFER);
    assert_int_equal(peer_upgrade(p, ""), 101);
    hello_sent(p, s, ROLE_VIEWER, stage_show(s)->broadcast->epoch.text, seq);
    expect_welcome(p, true);
    p->deaf = true;
}

/* It reads again: one snapshot, of no epoch `without` (NULL: any), and from there every event once. */
static void goes_on_from_a_snapshot(struct stage *s, struct peer *slow, uint64_t from, const char *without)
{
    slow->deaf = false;
    const char *snapshot = peer_expect(slow, "\"t\":\"snapshot\"");
    assert_true(without == NULL || strstr(snapshot, without) == NULL);
    stage_notice(s, "goes on");
    expect_seq(slow, head_of(s));
    assert_int_equal(check_counting(slow, from), head_of(s));
}

static struct stage *stage_slow(void)
{
    struct stage_options options = stage_options_default();
    options.limits.ring_bytes = RING_BYTES;
    options.limits.send_buffer_bytes = SLOW_BUFFER;
    return stage_open(&options);
}

static void a_slow_reader_of_the_log_counts_without_a_gap(void **state)
{
    (void)state;
    struct stage *s = stage_slow();
    struct peer slow;
    uint64_t from = head_of(s);
    append_notices(s, memory_log(s->node), 100, 1500);
    slow_reader(&slow, s, from);
    for (int i = 0; i < 1000 && check_counting(&slow, from) < head_of(s); i++) {
        slow.deaf = i % 3 != 0;
        if (i % 100 == 0)
            stage_notice(s, i % 200 == 0 ? "meanwhile" : "in the meantime");
        peer_run_ms(&slow, 2);
    }
    slow.deaf = false;
    expect_seq(&slow, head_of(s));
    assert_int_equal(check_counting(&slow, from), head_of(s));
    assert_int_equal(peer_count(&slow, "\"t\":\"snapshot\""), 0);
    peer_finish(&slow);
    stage_close(s);
}

static void who_reads_so_slowly_that_the_ring_is_gone_gets_a_snapshot(void **state)
{
    (void)state;
    struct stage *s = stage_slow();
    struct peer slow;
    uint64_t from = head_of(s);
    append_notices(s, memory_log(s->node), 100, 1500);
    slow_reader(&slow, s, from);
    notices(s, 60); /* the ring does not go on where the history ends */
    goes_on_from_a_snapshot(s, &slow, from, NULL);
    peer_finish(&slow);
    stage_close(s);
}

/* The numbers of the new history go on where the old one ended: they must not be taken for each other. */
static void who_reads_a_history_that_is_lost_gets_a_snapshot(void **state)
{
    (void)state;
    struct stage *s = stage_slow();
    struct peer slow;
    uint64_t from = head_of(s);
    struct epoch_id old = stage_show(s)->broadcast->epoch;
    append_notices(s, memory_log(s->node), 1000, 1500);
    slow_reader(&slow, s, from);
    memory_cut(s->node, true);
    assert_true(memory_forget(s->world, 1) > 0);
    memory_cut(s->node, false);
    STAGE_UNTIL(s, stage_show(s) != NULL && !ID_EQUAL(stage_show(s)->broadcast->epoch, old));
    notices(s, 10);
    goes_on_from_a_snapshot(s, &slow, from, old.text);
    peer_finish(&slow);
    stage_close(s);
}

static void a_history_is_not_kept_for_ever(void **state)
{
    (void)state;
    struct stage *s = stage_slow();
    struct peer slow;
    uint64_t from = head_of(s);
    append_notices(s, memory_log(s->node), 1000, 1500);
    slow_reader(&slow, s, from);
    for (int i = 0; i < 8; i++) { /* takes a little now and then, so that it is not closed as too slow */
        slow.deaf = false;
        peer_pump(&slow);
        slow.deaf = true;
        s->clock.ahead_ms += net_limits_default.resume_keep_ms;
        stage_run_ms(s, 250);
    }
    goes_on_from_a_snapshot(s, &slow, from, NULL);
    STAGE_UNTIL(s, stage_metric("liveshelf_history_bytes") == 0);
    peer_finish(&slow);
    stage_close(s);
}

/* ---- ahead ---- */

static void who_was_on_a_node_that_is_ahead_waits_for_this_one(void **state)
{
    (void)state;
    struct stage *s = stage_open(NULL);
    struct peer early, wrong;
    uint64_t seen = head_of(s) + 2;
    come_back(&early, s, ROLE_VIEWER, seen);
    peer_run_ms(&early, 50);
    assert_int_equal(early.messages_count, 0);
    notices(s, 2);
    expect_welcome(&early, true);
    notices(s, 1);
    expect_seq(&early, seen + 1);
    assert_int_equal(check_counting(&early, seen), head_of(s));
    assert_int_equal(peer_count(&early, "\"t\":\"snapshot\""), 0);
    come_back(&wrong, s, ROLE_VIEWER, head_of(s) + 2); /* nothing will ever come */
    peer_run_ms(&wrong, 50);
    s->clock.ahead_ms += net_limits_default.resume_wait_ms;
    expect_welcome(&wrong, false);
    peer_expect(&wrong, "\"t\":\"snapshot\"");
    peer_finish(&early);
    peer_finish(&wrong);
    stage_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_out_of_the_log_is_what_was_live),
        cmocka_unit_test(a_crowd_costs_one_reading),
        cmocka_unit_test(a_long_log_is_read_in_slices),
        cmocka_unit_test(who_missed_too_much_gets_a_snapshot),
        cmocka_unit_test(no_more_histories_than_there_is_room_for),
        cmocka_unit_test(a_history_that_the_ring_left_behind_is_read_again),
        cmocka_unit_test(without_redis_a_snapshot_after_a_while),
        cmocka_unit_test(history_lost_meanwhile_is_a_snapshot_of_another_epoch),
        cmocka_unit_test(the_house_closes_while_a_log_is_read),
        cmocka_unit_test(a_slow_reader_of_the_log_counts_without_a_gap),
        cmocka_unit_test(who_reads_so_slowly_that_the_ring_is_gone_gets_a_snapshot),
        cmocka_unit_test(who_reads_a_history_that_is_lost_gets_a_snapshot),
        cmocka_unit_test(a_history_is_not_kept_for_ever),
        cmocka_unit_test(who_was_on_a_node_that_is_ahead_waits_for_this_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
