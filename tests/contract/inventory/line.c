/* tests/contract/inventory/line.c - stock, the waitlists, and what the ledger tells. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <string.h>

#include "inventory/rules/waitlist.h"

/* ---- stock ---- */

static void stock_moves_once_per_ref(void **state)
{
    (void)state;
    EXPECT(DONE, allocate("mug", 10, "po1"));
    EXPECT(REPLAYED, allocate("mug", 10, "po1"));
    assert_int_equal(10, got.count.allocated);
    EXPECT(MISMATCH, allocate("mug", 11, "po1"));
    EXPECT(DONE, allocate("cap", 10, "po1")); /* one purchase order, many SKUs */
    EXPECT(REPLAYED, allocate("cap", 10, "po1"));
    EXPECT(MISMATCH, stock(INVENTORY_WITHDRAW, "mug", 10, "po1"));
    reserve("h1", "a", "mug", 8);
    EXPECT(HELD_OUT, stock(INVENTORY_WITHDRAW, "mug", 3, "w1"));
    EXPECT(DONE, stock(INVENTORY_WITHDRAW, "mug", 2, "w1"));
    EXPECT(REPLAYED, stock(INVENTORY_WITHDRAW, "mug", 2, "w1"));
    EXPECT(SKU_UNKNOWN, stock(INVENTORY_WITHDRAW, "nothing", 2, "w2"));
    check_count("mug", 0, 8, 0);
    stage_pass(&stage, 40LL * DAY);
    EXPECT(REPLAYED, allocate("mug", 10, "po1")); /* a delivery note is never booked twice */
}

static void an_absolute_count_erases_no_promise(void **state)
{
    (void)state;
    EXPECT(DONE, sync_count("mug", 10, 0, 5));
    reserve("h1", "a", "mug", 3);
    reserve("h2", "a", "mug", 2);
    confirm("h2", 1980, "A1");
    check_count("mug", 5, 3, 2);
    EXPECT(IGNORED, sync_count("mug", 99, 0, 5));
    EXPECT(IGNORED, sync_count("mug", 99, 0, 4));
    EXPECT(BAD, sync_count("mug", 99, 3, 6)); /* more of our sales gone than we made */
    EXPECT(DONE, sync_count("mug", 8, 2, 7)); /* our two had left: nothing changes */
    check_count("mug", 5, 3, 2);
    EXPECT(DONE, sync_count("mug", 2, 2, 8)); /* two on the shelf, three promised */
    check_count("mug", -1, 3, 2);
    EXPECT(HELD_OUT, reserve("h3", "b", "mug", 1));
    EXPECT(DONE, release("h1", "a"));
    check_count("mug", 2, 0, 2);
    EXPECT(DONE, reserve("h3", "b", "mug", 2));
}

/* ---- the waitlist ---- */

static void freed_units_go_to_the_line(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 2);
    EXPECT(DONE, join("b", "mug", 1));
    assert_int_equal(0, got.ahead);
    assert_int_equal(HOLD_NONE, got.hold.state);
    EXPECT(DONE, join("c", "mug", 2));
    assert_int_equal(1, got.ahead);
    EXPECT(DONE, join("d", "mug", 1));
    assert_int_equal(2, got.ahead);
    EXPECT(REPLAYED, join("d", "mug", 1));
    assert_int_equal(2, got.ahead);
    EXPECT(SKU_UNKNOWN, join("d", "nothing", 1));
    struct inventory_request batch[] = {of_hold(INVENTORY_RELEASE, "h1", "a"), a_reserve("h2", "e", "mug", 1)};
    stage_ask(&stage, 0, batch, 2);
    EXPECT(DONE, batch[0].answer);
    EXPECT(HELD_OUT, batch[1].answer); /* b was first; c's wish of two did not fit; d was next */
    EXPECT(DONE, get("~1"));
    assert_string_equal("b", got.hold.viewer.text);
    assert_true(got.hold.offer);
    assert_int_equal(stage.now_ms + TTL, got.hold.expires_at_ms);
    EXPECT(DONE, get("~3"));
    assert_string_equal("d", got.hold.viewer.text);
    check_count("mug", 0, 2, 0);
    EXPECT(REPLAYED, join("c", "mug", 2));
    assert_int_equal(0, got.ahead); /* kept the place, now the first */
}

static void an_offer_is_a_hold_like_any_other(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    join("b", "mug", 1);
    join("c", "mug", 1);
    release("h1", "a");
    EXPECT(REPLAYED, join("b", "mug", 1)); /* has an offer: that is the answer */
    assert_string_equal("~1", got.hold.id.text);
    EXPECT(HOLD_UNKNOWN, release("~1", "c"));
    stage_pass(&stage, TTL);
    expire(); /* not taken: the next in line has it now */
    check_hold("~1", HOLD_EXPIRED);
    check_hold("~2", HOLD_HELD);
    EXPECT(DONE, join("b", "mug", 1)); /* at the end of the line again */
    EXPECT(DONE, confirm("~2", 990, "A1"));
    check_count("mug", 0, 0, 1);
    allocate("mug", 1, "po2"); /* new units go to the line as well */
    check_hold("~3", HOLD_HELD);
}

static void who_finds_units_need_not_wait(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    EXPECT(DONE, join("b", "mug", 1));
    assert_string_equal("~1", got.hold.id.text);
    assert_int_equal(HOLD_HELD, got.hold.state);
    EXPECT(DONE, join("c", "mug", 1));
    EXPECT(DONE, join("d", "mug", 1));
    EXPECT(DONE, leave("c", "mug"));
    EXPECT(REPLAYED, leave("c", "mug"));
    EXPECT(REPLAYED, leave("x", "mug"));
    EXPECT(REPLAYED, join("d", "mug", 1));
    assert_int_equal(0, got.ahead);
    release("~1", "b");
    EXPECT(DONE, get("~3"));
    assert_string_equal("d", got.hold.viewer.text);
}

static void a_stopped_line_waits(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    join("b", "mug", 1);
    stock(INVENTORY_STOP, "mug", 0, "");
    EXPECT(STOPPED, join("c", "mug", 1));
    release("h1", "a");
    EXPECT(HOLD_UNKNOWN, get("~1"));
    EXPECT(DONE, stock(INVENTORY_OPEN, "mug", 0, ""));
    check_hold("~1", HOLD_HELD);
}

static void the_limit_holds_in_line_too(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    stock(INVENTORY_LIMIT, "mug", 1, "");
    reserve("h1", "a", "mug", 1);
    EXPECT(LIMIT_REACHED, join("a", "mug", 1));
    EXPECT(DONE, join("b", "mug", 1));
    EXPECT(DONE, join("c", "mug", 1));
    stock(INVENTORY_STOP, "mug", 0, "");
    allocate("mug", 1, "po2");
    stock(INVENTORY_LIMIT, "mug", 0, "");
    /* b buys elsewhere while the line stands still */
    struct inventory_request batch[] = {question(INVENTORY_OPEN), a_reserve("h2", "b", "mug", 1)};
    set_text(batch[0].sku.text, "mug");
    stage_ask(&stage, 0, batch, 2);
    EXPECT(DONE, batch[0].answer); /* b is offered the unit at once */
    EXPECT(HELD_OUT, batch[1].answer);
    EXPECT(DONE, stock(INVENTORY_LIMIT, "mug", 1, ""));
    EXPECT(DONE, join("d", "mug", 1));
    release("h1", "a");
    EXPECT(DONE, get("~2"));
    assert_string_equal("c", got.hold.viewer.text);
}

static void a_long_line_is_looked_at_in_part(void **state)
{
    (void)state;
    char viewer[16];
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    for (int i = 0; i < WAITLIST_LOOK_MAX; i++) {
        snprintf(viewer, sizeof viewer, "big%d", i);
        EXPECT(DONE, join(viewer, "mug", 2));
    }
    EXPECT(DONE, join("small", "mug", 1));
    assert_int_equal(WAITLIST_LOOK_MAX, got.ahead);
    release("h1", "a");
    check_count("mug", 1, 1, 0); /* small stands too far back */
    EXPECT(DONE, leave("big0", "mug"));
    EXPECT(DONE, leave("big1", "mug"));
    EXPECT(DONE, reserve("h3", "x", "mug", 1)); /* who comes by may take what the line does not */
    EXPECT(DONE, release("h3", "x"));
    EXPECT(REPLAYED, join("small", "mug", 1));
    assert_string_equal("~17", got.hold.id.text);
}

/* ---- the ledger ---- */

static void the_ledger_tells_it_all(void **state)
{
    (void)state;
    struct bytes text = {0};
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    join("b", "mug", 1);
    reserve("h2", "c", "mug", 1);
    stage_pass(&stage, TTL);
    struct inventory_request batch[] = {question(INVENTORY_EXPIRE), a_confirm("h1", 990, "A1")};
    stage_ask(&stage, 0, batch, 1);
    confirm("h1", 990, "A1");
    sync_count("mug", 3, 0, 1);
    int64_t at = stage.now_ms - STAGE_START_MS;
    char expected[2000];
    snprintf(expected, sizeof expected,
             "at %lld\n  allocated mug 1 po1 \n  = mug 1/0/0 of 1 limit 0 version 0\n"
             "at %lld\n  reserved h1 held a %lld 0 b1 EUR [] mug:1:990:1\n  = mug 0/1/0 of 1 limit 0 version 0\n"
             "at %lld\n  waiting mug 1  b\n  = mug 0/1/0 of 1 limit 0 version 0\n"
             "at %lld\n  expired h1 expired a %lld 0 b1 EUR [] mug:1:990:1\n"
             "  offered ~1 held b %lld 0 offer b1 EUR [] mug:1:990:1\n  = mug 0/1/0 of 1 limit 0 version 0\n"
             "at %lld\n  voided h1 void a %lld 0 b1 EUR [] mug:1:990:1\n"
             "at %lld\n  synced mug 2 gone 0 version 1 delay -1\n  = mug 2/1/0 of 3 limit 0 version 1\n",
             (long long)at - TTL, (long long)at - TTL, (long long)stage.now_ms, (long long)at - TTL, (long long)at,
             (long long)stage.now_ms, (long long)stage.now_ms + TTL, (long long)at, (long long)stage.now_ms,
             (long long)at);
    stage_ledger(&stage, 0, shop, &text);
    assert_string_equal(expected, text.data);
    bytes_finish(&text);
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(stock_moves_once_per_ref),      TALE(an_absolute_count_erases_no_promise),
        TALE(freed_units_go_to_the_line),    TALE(an_offer_is_a_hold_like_any_other),
        TALE(who_finds_units_need_not_wait), TALE(a_stopped_line_waits),
        TALE(the_limit_holds_in_line_too),   TALE(a_long_line_is_looked_at_in_part),
        TALE(the_ledger_tells_it_all),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("stock and waitlists", tell); }
