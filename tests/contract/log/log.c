/* tests/contract/log/log.c - what event logs promise, told to both implementations. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/contract/inventory/stage.h"

static struct stage stage;
static char broadcast[32];

/* ---- appending ---- */

struct append {
    struct log_append append;
    struct bytes entries[EVENT_BATCH_MAX];
    bool is_done;
};

static void append_done(struct log_append *a) { container_of(a, struct append, append)->is_done = true; }

/* "a,b,c" are three entries. */
static void append_to(enum log_kind kind, struct append *a, size_t node, uint64_t expected_seq, const char *entries)
{
    struct log *log = stage.nodes[node].log;
    *a = (struct append){
        .append = {
            .kind = kind, .shop = {"demo"}, .expected_seq = expected_seq, .entries = a->entries, .done = append_done}};
    snprintf(a->append.broadcast.text, sizeof a->append.broadcast.text, "%s", broadcast);
    for (const char *at = entries; at != NULL; at = strchr(at, ','), at = at == NULL ? NULL : at + 1)
        bytes_append(&a->entries[a->append.count++], at, strcspn(at, ","));
    log->append(log, &a->append);
    assert_false(a->is_done);
}

static void append_start(struct append *a, size_t node, uint64_t expected_seq, const char *entries)
{
    append_to(LOG_EVENTS, a, node, expected_seq, entries);
}

static enum result append_end(struct append *a)
{
    stage_run(&stage, &a->is_done);
    for (size_t i = 0; i < EVENT_BATCH_MAX; i++)
        bytes_finish(&a->entries[i]);
    return a->append.result;
}

static uint64_t head;
static enum result append(size_t node, uint64_t expected_seq, const char *entries)
{
    struct append a;
    append_start(&a, node, expected_seq, entries);
    enum result result = append_end(&a);
    head = a.append.head;
    return result;
}

/* ---- following ---- */

struct reader {
    struct log_follow follow;
    size_t node;
    uint64_t next; /* the seq that must come now */
    struct bytes text;
    unsigned caught_up, rewound;
    uint64_t wanted;
    bool is_there; /* caught up, or entry `wanted` came */
    bool leaves;   /* unfollows in its first entry */
};

static struct reader *reader_of(struct log_follow *f) { return container_of(f, struct reader, follow); }

static void reader_entry(struct log_follow *f, uint64_t seq, const char *data, size_t len)
{
    struct reader *r = reader_of(f);
    assert_int_equal(r->next, seq);
    r->next++;
    bytes_append(&r->text, data, len);
    bytes_append(&r->text, " ", 1);
    if (r->wanted != 0 && seq >= r->wanted)
        r->is_there = true;
    if (!r->leaves)
        return;
    stage.nodes[r->node].log->unfollow(stage.nodes[r->node].log, f);
    r->is_there = true;
}

static void reader_caught_up(struct log_follow *f)
{
    struct reader *r = reader_of(f);
    r->caught_up++;
    if (r->wanted == 0)
        r->is_there = true;
}

static void reader_rewound(struct log_follow *f)
{
    struct reader *r = reader_of(f);
    r->rewound++;
    r->next = 1;
    bytes_clear(&r->text);
}

static void reader_start_of(enum log_kind kind, struct reader *r, size_t node, uint64_t from_seq)
{
    struct log *log = stage.nodes[node].log;
    *r = (struct reader){.node = node, .next = from_seq + 1};
    r->follow = (struct log_follow){.kind = kind,
                                    .shop = {"demo"},
                                    .from_seq = from_seq,
                                    .entry = reader_entry,
                                    .caught_up = reader_caught_up,
                                    .rewound = reader_rewound};
    snprintf(r->follow.broadcast.text, sizeof r->follow.broadcast.text, "%s", broadcast);
    log->follow(log, &r->follow);
    assert_int_equal(0, r->caught_up);
}

static void reader_start(struct reader *r, size_t node, uint64_t from_seq)
{
    reader_start_of(LOG_EVENTS, r, node, from_seq);
}

static void reader_reads(struct reader *r, const char *text)
{
    stage_run(&stage, &r->is_there);
    assert_string_equal(text, r->text.data == NULL ? "" : r->text.data);
    r->is_there = false;
}

static void reader_waits_for(struct reader *r, uint64_t seq)
{
    r->wanted = seq;
    r->is_there = r->next > seq;
    stage_run(&stage, &r->is_there);
    r->is_there = false;
}

static void reader_end(struct reader *r)
{
    struct log *log = stage.nodes[r->node].log;
    log->unfollow(log, &r->follow);
    bytes_finish(&r->text);
}

/* ---- tales ---- */

static void nobody_may_have_been_faster(void **state)
{
    (void)state;
    assert_int_equal(RESULT_CONFLICT, append(0, 1, "x"));
    assert_int_equal(0, head);
    assert_int_equal(RESULT_OK, append(0, 0, "a,b,c"));
    assert_int_equal(3, head);
    assert_int_equal(RESULT_CONFLICT, append(1, 2, "x,y"));
    assert_int_equal(3, head);
    assert_int_equal(RESULT_OK, append(1, 3, "d"));
    struct reader r;
    reader_start(&r, 0, 0);
    reader_reads(&r, "a b c d ");
    reader_end(&r);
}

static void two_at_once(void **state)
{
    (void)state;
    struct append first, second;
    append_start(&first, 0, 0, "a,b");
    append_start(&second, 1, 0, "x,y");
    enum result one = append_end(&first), two = append_end(&second);
    assert_true((one == RESULT_OK) + (two == RESULT_OK) == 1);
    assert_true((one == RESULT_CONFLICT) + (two == RESULT_CONFLICT) == 1);
    struct reader r;
    reader_start(&r, 1, 0);
    reader_reads(&r, one == RESULT_OK ? "a b " : "x y ");
    reader_end(&r);
}

static void followers_hear_all_in_order(void **state)
{
    (void)state;
    struct reader early, late, other;
    reader_start(&early, 0, 0);
    reader_reads(&early, ""); /* caught up with nothing */
    assert_int_equal(1, early.caught_up);
    append(0, 0, "a,b");
    append(1, 2, "c");
    reader_waits_for(&early, 3);
    reader_start(&late, 0, 2); /* the same log from another place, on the same node */
    reader_reads(&late, "c ");
    reader_start(&other, 1, 0);
    reader_reads(&other, "a b c ");
    append(0, 3, "d");
    reader_waits_for(&late, 4);
    reader_waits_for(&early, 4);
    reader_waits_for(&other, 4);
    assert_string_equal("a b c d ", early.text.data);
    assert_string_equal("c d ", late.text.data);
    assert_int_equal(1, early.caught_up);
    reader_end(&early);
    reader_end(&late);
    reader_end(&other);
}

static void kinds_are_logs_of_their_own(void **state)
{
    (void)state;
    struct append estimate, event;
    append_to(LOG_ESTIMATES, &estimate, 0, 0, "x,y");
    assert_int_equal(RESULT_OK, append_end(&estimate));
    assert_int_equal(2, estimate.append.head);
    append_start(&event, 1, 0, "a");
    assert_int_equal(RESULT_OK, append_end(&event));
    struct reader events, estimates;
    reader_start(&events, 0, 0);
    reader_reads(&events, "a ");
    reader_start_of(LOG_ESTIMATES, &estimates, 1, 0);
    reader_reads(&estimates, "x y ");
    append(0, 1, "b");
    reader_waits_for(&events, 2);
    assert_string_equal("a b ", events.text.data);
    assert_string_equal("x y ", estimates.text.data);
    reader_end(&events);
    reader_end(&estimates);
}

static void a_follower_may_leave_in_the_middle(void **state)
{
    (void)state;
    append(0, 0, "a,b,c");
    struct reader leaving, staying;
    reader_start(&leaving, 0, 0);
    leaving.leaves = true;
    reader_start(&staying, 0, 0);
    reader_reads(&leaving, "a ");
    reader_reads(&staying, "a b c ");
    reader_end(&staying);
    bytes_finish(&leaving.text);
}

static void entries_are_opaque(void **state)
{
    (void)state;
    struct bytes entry = {0};
    for (size_t i = 0; i < LOG_ENTRY_MAX; i++)
        bytes_append(&entry, &(char){(char)(i * 7)}, 1);
    struct append a = {.append = {.shop = {"demo"}, .entries = &entry, .count = 1, .done = append_done}};
    memcpy(a.append.broadcast.text, broadcast, sizeof broadcast);
    stage.nodes[0].log->append(stage.nodes[0].log, &a.append);
    stage_run(&stage, &a.is_done);
    assert_int_equal(RESULT_OK, a.append.result);
    struct reader r;
    reader_start(&r, 0, 0);
    stage_run(&stage, &r.is_there);
    assert_int_equal(entry.len + 1, r.text.len);
    assert_memory_equal(entry.data, r.text.data, entry.len);
    reader_end(&r);
    bytes_finish(&entry);
}

/* Two nodes append at once, time after time, now one first and now the other; followers on both see one history. */
static void a_race_leaves_no_gap(void **state)
{
    (void)state;
    static const char *const entries[] = {"a,a,a,a,a,a,a,a", "b,b,b,b,b,b,b,b"};
    struct reader readers[2];
    uint64_t at = 0;
    unsigned wins[2] = {0, 0};
    reader_start(&readers[0], 0, 0);
    reader_start(&readers[1], 1, 0);
    while (at < 10000) {
        struct append first, second;
        size_t node = at / 8 % 2;
        append_start(&first, node, at, entries[node]);
        append_start(&second, 1 - node, at, entries[1 - node]);
        bool first_won = append_end(&first) == RESULT_OK, second_won = append_end(&second) == RESULT_OK;
        assert_int_equal(1, first_won + second_won);
        wins[first_won ? node : 1 - node]++;
        at += 8;
        assert_int_equal(at, first.append.head);
        assert_int_equal(at, second.append.head);
    }
    assert_true(wins[0] > 0 && wins[1] > 0);
    reader_waits_for(&readers[0], at);
    reader_waits_for(&readers[1], at);
    assert_int_equal(at + 1, readers[0].next);
    assert_string_equal(readers[0].text.data, readers[1].text.data);
    reader_end(&readers[0]);
    reader_end(&readers[1]);
}

static void lose_the_last_entry(uint64_t seq)
{
    if (stage.config.kind == STAGE_MEMORY) {
        memory_cut(stage.nodes[0].memory, true);
        memory_forget(stage.world, 1);
        memory_cut(stage.nodes[0].memory, false);
        return;
    }
    /* Written anew without its end, as a replica that lagged would have it: XSETID goes back on Redis 7 only. */
    static const char script[] = "local all = redis.call('XRANGE', KEYS[1], '-', '+') redis.call('DEL', KEYS[1]) "
                                 "for i = 1, #all - 1 do redis.call('XADD', KEYS[1], all[i][1], unpack(all[i][2])) end "
                                 "return all[#all][1]";
    char last[32];
    snprintf(last, sizeof last, "%llu-0", (unsigned long long)seq);
    assert_non_null(strstr(redis_server_command(&stage.server, "EVAL %s 1 ls:{demo}:e:%s", script, broadcast), last));
    redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
    stage_wait_ready(&stage, 0, false);
    stage_wait_ready(&stage, 0, true);
}

static void lost_history_is_noticed(void **state)
{
    (void)state;
    struct reader r;
    append(0, 0, "a,b");
    append(0, 2, "c");
    reader_start(&r, 0, 0);
    reader_reads(&r, "a b c ");
    lose_the_last_entry(3);
    reader_reads(&r, "a b ");
    assert_int_equal(1, r.rewound);
    assert_int_equal(RESULT_OK, append(0, 2, "C"));
    reader_waits_for(&r, 3);
    lose_the_last_entry(3);
    assert_int_equal(RESULT_OK, append(0, 2, "another"));
    reader_waits_for(&r, 3); /* the number is the same, the history is not */
    r.wanted = 0;
    while (r.rewound < 2 || r.next < 4)
        reader_waits_for(&r, 3);
    assert_string_equal("a b another ", r.text.data);
    reader_end(&r);
}

static void a_cut_is_not_seen_by_followers(void **state)
{
    (void)state;
    struct reader r;
    append(0, 0, "a,b");
    reader_start(&r, 0, 0);
    reader_reads(&r, "a b ");
    if (stage.config.kind == STAGE_MEMORY) {
        memory_cut(stage.nodes[0].memory, true);
        append(1, 2, "c");
        memory_cut(stage.nodes[0].memory, false);
    } else {
        redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
        stage_wait_ready(&stage, 1, false);
        /* One of its connections may hear of the cut only now: silence is asked again, and cannot get in twice. */
        enum result result;
        do {
            stage_wait_ready(&stage, 1, true);
            result = append(1, 2, "c");
        } while (result == RESULT_NO_ANSWER || result == RESULT_UNAVAILABLE);
        assert_true(result == RESULT_OK || (result == RESULT_CONFLICT && head == 3));
    }
    reader_waits_for(&r, 3);
    assert_string_equal("a b c ", r.text.data);
    assert_int_equal(0, r.rewound);
    reader_end(&r);
}

/* ---- running ---- */

static int begin_test(void **state)
{
    static unsigned tests;
    (void)state;
    snprintf(broadcast, sizeof broadcast, "b%u", tests++);
    return 0;
}

#define TALE(name) cmocka_unit_test_setup(name, begin_test)

static int run_tales(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(nobody_may_have_been_faster),
        TALE(two_at_once),
        TALE(followers_hear_all_in_order),
        TALE(kinds_are_logs_of_their_own),
        TALE(a_follower_may_leave_in_the_middle),
        TALE(entries_are_opaque),
        TALE(a_race_leaves_no_gap),
        TALE(lost_history_is_noticed),
        TALE(a_cut_is_not_seen_by_followers),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void)
{
    log_level_set(LOG_ERROR);
    MUST(stage_open(&stage, &(struct stage_config){.kind = STAGE_MEMORY, .nodes = 2, .keeps_history = true}));
    int failed = run_tales("log in memory");
    stage_close(&stage);
    if (!stage_open(&stage, &(struct stage_config){.kind = STAGE_REDIS, .nodes = 2}))
        return failed == 0 ? 77 : failed;
    failed += run_tales("log in Redis");
    stage_close(&stage);
    return failed;
}
