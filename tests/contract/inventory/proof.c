/* tests/contract/inventory/proof.c - units withheld from sale, how late a count came, and checkpoints of the ledger. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum inventory_answer buffer(const char *sku, int64_t units)
{
    return inquire(of_sku(INVENTORY_BUFFER, sku, units));
}

/* ---- the buffer ---- */

static void a_buffer_is_not_sold(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    EXPECT(DONE, buffer("mug", 2));
    assert_int_equal(2, got.count.buffer);
    assert_int_equal(3, got.count.available);
    EXPECT(REPLAYED, buffer("mug", 2));
    assert_string_equal("", got.ledger_id);
    EXPECT(SOLD_OUT, reserve("h1", "a", "mug", 2));
    EXPECT(DONE, reserve("h1", "a", "mug", 1));
    EXPECT(HELD_OUT, reserve("h2", "a", "mug", 1));
    check_count("mug", 2, 1, 0);
    EXPECT(DONE, confirm("h1", 990, "A1"));
    EXPECT(SOLD_OUT, reserve("h2", "a", "mug", 1));
    EXPECT(DONE, buffer("mug", 0));
    EXPECT(DONE, reserve("h2", "a", "mug", 2));
    EXPECT(DONE, buffer("mug", STOCK_UNITS_MAX)); /* more than there is: nothing is sold, what is held stays */
    EXPECT(DONE, confirm("h2", 1980, "A2"));
    EXPECT(BAD, buffer("mug", -1));
    EXPECT(BAD, buffer("mug", STOCK_UNITS_MAX + 1));
    EXPECT(BAD, buffer("", 1));
    check_count("mug", 0, 0, 3);
}

static void a_buffer_before_there_is_any(void **state)
{
    (void)state;
    EXPECT(REPLAYED, buffer("mug", 0));
    EXPECT(SKU_UNKNOWN, reserve("h1", "a", "mug", 1));
    EXPECT(DONE, buffer("mug", 2));
    EXPECT(SOLD_OUT, reserve("h1", "a", "mug", 1));
    allocate("mug", 2, "po1");
    EXPECT(SOLD_OUT, reserve("h1", "a", "mug", 1));
    allocate("mug", 1, "po2");
    EXPECT(DONE, reserve("h1", "a", "mug", 1));
}

static void a_line_waits_for_what_the_buffer_leaves(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    buffer("mug", 2);
    EXPECT(DONE, join("a", "mug", 1));
    assert_int_equal(HOLD_NONE, got.hold.state);
    EXPECT(DONE, join("b", "mug", 1));
    EXPECT(DONE, join("c", "mug", 1));
    EXPECT(DONE, buffer("mug", 1)); /* lowered: served at once */
    check_held_for("~1", TTL);
    EXPECT(HOLD_UNKNOWN, get("~2"));
    EXPECT(DONE, buffer("mug", 5));
    EXPECT(DONE, allocate("mug", 4, "po2"));
    EXPECT(HOLD_UNKNOWN, get("~2"));
    EXPECT(DONE, release("~1", "a"));
    check_held_for("~2", TTL); /* six are there, five are withheld */
    EXPECT(HOLD_UNKNOWN, get("~3"));
    check_count("mug", 5, 1, 0);
    stock(INVENTORY_STOP, "mug", 0, "");
    EXPECT(DONE, buffer("mug", 0));
    EXPECT(HOLD_UNKNOWN, get("~3"));
    stock(INVENTORY_OPEN, "mug", 0, "");
    check_held_for("~3", TTL);
}

static void what_may_use_the_buffer(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL);
    expire();
    EXPECT(DONE, buffer("mug", 2));
    EXPECT(LATE, confirm("h1", 990, "A1")); /* it was promised once */
    check_count("mug", 1, 0, 1);
    EXPECT(DONE, stock(INVENTORY_WITHDRAW, "mug", 1, "w1"));
    check_count("mug", 0, 0, 1);
}

static void a_deficit_comes_before_the_buffer(void **state)
{
    (void)state;
    sync_count("mug", 5, 0, 1);
    buffer("mug", 1);
    reserve("h1", "a", "mug", 4);
    EXPECT(DONE, sync_count("mug", 2, 0, 2));
    check_count("mug", -2, 4, 0);
    EXPECT(HELD_OUT, reserve("h2", "b", "mug", 1));
    EXPECT(DONE, release("h1", "a"));
    EXPECT(SOLD_OUT, reserve("h2", "b", "mug", 2));
    EXPECT(DONE, reserve("h2", "b", "mug", 1));
}

/* ---- how late a count came ---- */

static enum inventory_answer late_count(int64_t count, int64_t version, int64_t counted_ms)
{
    struct inventory_request r = of_sku(INVENTORY_SYNC, "mug", count);
    r.version = version;
    r.counted_ms = counted_ms;
    return inquire(r);
}

static void the_ledger_keeps_how_late_a_count_came(void **state)
{
    (void)state;
    EXPECT(DONE, late_count(5, 3, stage.now_ms - 700));
    EXPECT(IGNORED, late_count(6, 3, stage.now_ms));
    EXPECT(IGNORED, late_count(6, 2, stage.now_ms));
    EXPECT(BAD, late_count(6, 4, -1));
    EXPECT(DONE, late_count(5, 4, stage.now_ms));       /* nothing changed, and that is news */
    EXPECT(DONE, late_count(4, 5, stage.now_ms + 100)); /* its clock is ahead of ours */
    EXPECT(DONE, late_count(4, 6, 0));
    check_told("  synced mug 5 gone 0 version 3 delay 700\n  = mug 5/0/0 of 5 limit 0 version 3\n"
               "  synced mug 0 gone 0 version 4 delay 0\n  = mug 5/0/0 of 5 limit 0 version 4\n"
               "  synced mug -1 gone 0 version 5 delay 0\n  = mug 4/0/0 of 4 limit 0 version 5\n"
               "  synced mug 0 gone 0 version 6 delay -1\n  = mug 4/0/0 of 4 limit 0 version 6\n");
}

/* ---- checkpoints ---- */

static void a_checkpoint_tells_the_whole_state(void **state)
{
    (void)state;
    char expected[2000];
    allocate("mug", 3, "po1");
    allocate("cap", 1, "po2");
    buffer("cap", 1);
    stock(INVENTORY_LIMIT, "cap", 7, "");
    struct inventory_request r = a_reserve("h1", "a", "mug", 1);
    set_text(r.hold.broadcast.text, "b2");
    inquire(r);
    reserve("h2", "b", "mug", 1);
    confirm("h2", 990, "A2");
    reserve("h3", "c", "mug", 1);
    release("h3", "c");
    join("d", "mug", 1);
    join("e", "cap", 1);
    join("a", "cap", 1);
    freeze("b2", true, "e1", 1);
    int64_t since_ms = stage.now_ms;
    freeze("b1", true, "e1", 1);
    stage_pass(&stage, 300);
    extend("h1", "a");
    freeze("b1", false, "e1", 2);
    recall("tea", RECALL_KEEP);
    check_told(NULL);
    EXPECT(DONE, checkpoint(0));
    assert_string_not_equal("", got.ledger_id);
    assert_int_equal(HOLD_NONE, got.hold.state);
    snprintf(expected, sizeof expected,
             "  kept h1 held a %lld 0 b2 EUR [] mug:1:990:1\n"
             "  kept ~1 held d %lld 0 offer b1 EUR [] mug:1:990:1\n"
             "  waiting cap 1  e\n  waiting cap 1  a\n"
             "  frozen b2 0 since %lld\n"
             "  thawed b1 300\n"
             "  = cap 1/0/0 of 1 limit 7 version 0 buffer 1\n"
             "  = mug 0/2/1 of 3 limit 0 version 0\n"
             "  = tea 0/0/0 of 0 stopped limit 0 version 0 recalled keep\n",
             (long long)since_ms + TTL, (long long)since_ms + TTL, (long long)since_ms);
    check_told(expected);
    EXPECT(DONE, release("h1", "a")); /* and nothing moved */
    check_count("mug", 1, 1, 1);
}

static void a_checkpoint_in_time_is_enough(void **state)
{
    (void)state;
    EXPECT(DONE, checkpoint(1000)); /* of a shop that has nothing */
    check_told("");
    allocate("mug", 3, "po1");
    stage_pass(&stage, 999);
    EXPECT(REPLAYED, checkpoint(1000));
    assert_string_equal("", got.ledger_id);
    EXPECT(DONE, checkpoint(999));
    stage_pass(&stage, 999);
    EXPECT(REPLAYED, checkpoint(1000));
    stage_pass(&stage, 1);
    EXPECT(DONE, checkpoint(1000));
    EXPECT(DONE, checkpoint(0));
    stage_pass(&stage, -500); /* a clock that steps back */
    EXPECT(REPLAYED, checkpoint(1));
    EXPECT(BAD, checkpoint(-1));
}

static void a_checkpoint_comes_after_its_call(void **state)
{
    (void)state;
    char expected[1000];
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    check_told(NULL);
    stage_pass(&stage, TTL);
    struct inventory_request batch[] = {question(INVENTORY_CHECKPOINT), a_reserve("h2", "a", "mug", 2),
                                        question(INVENTORY_CHECKPOINT), of_hold(INVENTORY_RELEASE, "h2", "b")};
    batch[0].ttl_ms = batch[2].ttl_ms = 0;
    ask_all(batch, ARRAY_LEN(batch));
    EXPECT(DONE, batch[0].answer);
    EXPECT(DONE, batch[1].answer);
    EXPECT(REPLAYED, batch[2].answer);
    EXPECT(HOLD_UNKNOWN, batch[3].answer);
    for (size_t i = 0; i < ARRAY_LEN(batch); i++)
        assert_string_equal(batch[0].ledger_id, batch[i].ledger_id);
    long long end_ms = stage.now_ms + TTL, now_ms = stage.now_ms;
    snprintf(expected, sizeof expected,
             "  expired h1 expired a %lld 0 b1 EUR [] mug:1:990:1\n"
             "  reserved h2 held a %lld 0 b1 EUR [] mug:2:990:1\n"
             "  = mug 1/2/0 of 3 limit 0 version 0\n"
             "  kept h2 held a %lld 0 b1 EUR [] mug:2:990:1\n"
             "  = mug 1/2/0 of 3 limit 0 version 0\n",
             now_ms, end_ms, end_ms);
    check_told(expected);
}

static void fill(size_t count)
{
    struct inventory_request *batch = calloc(count, sizeof *batch);
    assert_non_null(batch);
    char id[32];
    for (size_t i = 0; i < count; i++) {
        snprintf(id, sizeof id, "h%zu", i);
        batch[i] = a_reserve(id, "a", "mug", 1);
    }
    ask_all(batch, count);
    free(batch);
}

static void too_much_for_a_checkpoint_now(void **state)
{
    (void)state;
    allocate("mug", CHECKPOINT_HOLDS_MAX - 1, "po1");
    fill(CHECKPOINT_HOLDS_MAX - 1);
    check_count("mug", 0, CHECKPOINT_HOLDS_MAX - 1, 0);
    EXPECT(DONE, join("b", "mug", 1));
    EXPECT(DONE, checkpoint(0)); /* exactly as much as it may be */
    EXPECT(DONE, join("c", "mug", 1));
    EXPECT(BUSY, checkpoint(0));
    assert_string_equal("", got.ledger_id);
    EXPECT(REPLAYED, checkpoint(1));
    EXPECT(DONE, leave("c", "mug"));
    EXPECT(DONE, checkpoint(0));
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(a_buffer_is_not_sold),
        TALE(a_buffer_before_there_is_any),
        TALE(a_line_waits_for_what_the_buffer_leaves),
        TALE(what_may_use_the_buffer),
        TALE(a_deficit_comes_before_the_buffer),
        TALE(the_ledger_keeps_how_late_a_count_came),
        TALE(a_checkpoint_tells_the_whole_state),
        TALE(a_checkpoint_in_time_is_enough),
        TALE(a_checkpoint_comes_after_its_call),
        TALE(too_much_for_a_checkpoint_now),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("buffers, counts and checkpoints", tell); }
