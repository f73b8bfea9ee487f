/* tests/contract/inventory/recall.c - a SKU is called back: nothing is sold from that write on, and what was held is kept, taken
 * back, or honoured. And: what a fail-over lost is put back, whatever was stopped or recalled since. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <string.h>

static void recalled_is_stopped_in_one_step(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    EXPECT(REPLAYED, recall("mug", RECALL_NONE));
    assert_false(got.count.stopped);
    EXPECT(DONE, recall("mug", RECALL_KEEP));
    assert_int_equal(RECALL_KEEP, got.count.recall);
    assert_true(got.count.stopped);
    assert_int_equal(5, got.count.available);
    EXPECT(REPLAYED, recall("mug", RECALL_KEEP));
    assert_string_equal("", got.ledger_id);
    EXPECT(STOPPED, reserve("h1", "a", "mug", 1));
    EXPECT(STOPPED, join("a", "mug", 1));
    EXPECT(RECALLED, stock(INVENTORY_OPEN, "mug", 0, ""));
    assert_int_equal(RECALL_KEEP, got.count.recall);
    EXPECT(REPLAYED, stock(INVENTORY_STOP, "mug", 0, ""));
    EXPECT(DONE, allocate("mug", 1, "po2")); /* the shelf goes on */
    EXPECT(DONE, stock(INVENTORY_WITHDRAW, "mug", 2, "w1"));
    EXPECT(DONE, recall("mug", RECALL_CANCEL)); /* any mode may follow any other */
    EXPECT(DONE, recall("mug", RECALL_HONOUR));
    EXPECT(RECALLED, stock(INVENTORY_OPEN, "mug", 0, ""));
    EXPECT(DONE, recall("mug", RECALL_NONE));
    assert_true(got.count.stopped);
    EXPECT(STOPPED, reserve("h1", "a", "mug", 1));
    EXPECT(DONE, stock(INVENTORY_OPEN, "mug", 0, ""));
    EXPECT(DONE, reserve("h1", "a", "mug", 1));
}

static void a_sku_may_be_recalled_before_there_is_any(void **state)
{
    (void)state;
    EXPECT(REPLAYED, recall("mug", RECALL_NONE));
    EXPECT(SKU_UNKNOWN, reserve("h1", "a", "mug", 1));
    EXPECT(DONE, recall("mug", RECALL_CANCEL));
    EXPECT(STOPPED, reserve("h1", "a", "mug", 1));
    allocate("mug", 5, "po1");
    EXPECT(STOPPED, reserve("h1", "a", "mug", 1));
    EXPECT(BAD, recall("", RECALL_KEEP));
    EXPECT(BAD, recall("mug", RECALL_MODES));
}

static void kept_holds_stay(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    reserve("h3", "a", "mug", 1);
    reserve("h4", "a", "mug", 1);
    reserve("h5", "a", "mug", 1);
    EXPECT(DONE, recall("mug", RECALL_KEEP));
    EXPECT(RECALLED, confirm("h1", 990, "A1"));
    assert_int_equal(HOLD_HELD, got.hold.state);
    assert_string_equal("", got.hold.order);
    EXPECT(MISMATCH, confirm("h1", 991, "A1")); /* before any other question */
    stage_pass(&stage, TTL + 5);
    expire();
    check_held_for("h1", -5); /* overdue, and there */
    EXPECT(RECALLED, confirm("h1", 990, "A1"));
    EXPECT(IGNORED, take_back("h1"));
    assert_int_equal(HOLD_HELD, got.hold.state);
    EXPECT(DONE, release("h2", "a"));
    EXPECT(RECALLED, confirm("h2", 990, "A2")); /* gave it back, paid: because of the recall it is not sold again */
    EXPECT(DONE, extend("h3", "a"));
    check_held_for("h3", TTL);
    check_count("mug", 1, 4, 0);
    EXPECT(DONE, recall("mug", RECALL_HONOUR));
    EXPECT(DONE, confirm("h4", 990, "A4")); /* spared by the call that pays, and so are not */
    check_hold("h1", HOLD_EXPIRED);
    check_hold("h5", HOLD_EXPIRED);
    check_held_for("h3", TTL);
    check_count("mug", 3, 1, 1);
}

static void a_recall_that_is_lifted_gives_them_back(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    recall("mug", RECALL_KEEP);
    stage_pass(&stage, TTL / 2);
    EXPECT(DONE, recall("mug", RECALL_NONE));
    EXPECT(DONE, confirm("h1", 990, "A1")); /* stopped still: what was promised is kept */
    stage_pass(&stage, TTL / 2);
    check_hold("h2", HOLD_EXPIRED);
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2")); /* late, and stopped */
    check_hold("h2", HOLD_VOID);
}

static void cancelled_holds_are_taken_back(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    stock(INVENTORY_LIMIT, "mug", 2, "");
    reserve("h1", "a", "mug", 2);
    reserve("h2", "b", "mug", 1);
    reserve("h3", "c", "mug", 1);
    confirm("h3", 990, "A3");
    EXPECT(IGNORED, take_back("h1"));
    EXPECT(DONE, recall("mug", RECALL_CANCEL));
    EXPECT(RECALLED, confirm("h1", 1980, "A1"));
    check_hold("h1", HOLD_HELD);
    stage_pass(&stage, 10);
    EXPECT(DONE, take_back("h1"));
    assert_int_equal(HOLD_RELEASED, got.hold.state);
    assert_int_equal(stage.now_ms, got.hold.expires_at_ms);
    check_count("mug", 3, 1, 1);
    EXPECT(REPLAYED, take_back("h1"));
    assert_int_equal(HOLD_RELEASED, got.hold.state);
    assert_string_equal("", got.ledger_id);
    EXPECT(RECALLED, confirm("h1", 1980, "A1")); /* paid too late: refund, and this is why */
    EXPECT(REPLAYED, release("h1", "a"));
    EXPECT(HOLD_UNKNOWN, take_back("h9"));
    EXPECT(HOLD_CONFIRMED, take_back("h3")); /* sold is sold: listed for the shop, not undone */
    EXPECT(REPLAYED, confirm("h3", 990, "A3"));
    EXPECT(MISMATCH, confirm("h3", 990, "A4"));
    stage_pass(&stage, TTL - 10);
    EXPECT(HOLD_EXPIRED, take_back("h2")); /* it ended by itself, at the head of this call */
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2"));
    EXPECT(HOLD_EXPIRED, take_back("h2")); /* void */
    EXPECT(DONE, recall("mug", RECALL_NONE));
    EXPECT(HOLD_RELEASED, confirm("h1", 1980, "A1"));
    EXPECT(DONE, stock(INVENTORY_OPEN, "mug", 0, ""));
    EXPECT(DONE, reserve("h4", "a", "mug", 2)); /* what was taken back counts for no limit */
    EXPECT(IGNORED, take_back("h4"));
    check_count("mug", 2, 2, 1);
}

static void honoured_holds_are_paid(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    EXPECT(DONE, recall("mug", RECALL_HONOUR));
    EXPECT(DONE, confirm("h1", 990, "A1"));
    EXPECT(IGNORED, take_back("h2"));
    stage_pass(&stage, TTL);
    check_hold("h2", HOLD_EXPIRED);
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2")); /* late ones are refused in every mode */
    check_hold("h2", HOLD_VOID);
    check_count("mug", 4, 0, 1);
}

static void a_cart_is_taken_back_whole(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    allocate("cap", 1, "po2");
    struct inventory_request r = a_reserve("h1", "a", "mug", 1);
    add_line(&r, "cap", 1);
    EXPECT(DONE, inquire(r));
    EXPECT(DONE, join("b", "cap", 1));
    EXPECT(DONE, join("c", "mug", 1));
    EXPECT(DONE, recall("mug", RECALL_CANCEL));
    EXPECT(RECALLED, confirm("h1", 1980, "A1"));
    EXPECT(DONE, take_back("h1"));
    check_count("mug", 1, 0, 0);
    check_held_for("~1", TTL); /* the cap was waited for; of the mug nothing is given out */
    EXPECT(HOLD_UNKNOWN, get("~2"));
    check_count("cap", 0, 1, 0);
    recall("mug", RECALL_NONE);
    EXPECT(DONE, stock(INVENTORY_OPEN, "mug", 0, ""));
    check_held_for("~2", TTL);
}

static void an_offer_may_be_taken_back(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    EXPECT(DONE, join("a", "mug", 1));
    check_held_for("~1", TTL);
    recall("mug", RECALL_CANCEL);
    EXPECT(DONE, take_back("~1"));
    recall("mug", RECALL_NONE);
    stock(INVENTORY_OPEN, "mug", 0, "");
    EXPECT(DONE, join("a", "mug", 1)); /* has no offer now */
    check_held_for("~2", TTL);
}

static void kept_and_paused(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, 10000);
    recall("mug", RECALL_KEEP);
    freeze("b1", true, "e1", 1);
    stage_pass(&stage, 2 * TTL);
    EXPECT(DONE, recall("mug", RECALL_HONOUR)); /* the broadcast stands still yet */
    check_held_for("h1", TTL - 10000);
    EXPECT(DONE, recall("mug", RECALL_KEEP));
    EXPECT(DONE, freeze("b1", false, "e1", 2)); /* the SKU is kept yet */
    stage_pass(&stage, 2 * TTL);
    check_held_for("h1", -TTL - 10000);
    EXPECT(DONE, recall("mug", RECALL_NONE));
    check_hold("h1", HOLD_EXPIRED);
    check_count("mug", 2, 0, 0);
}

static void in_one_call(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    struct inventory_request batch[] = {
        a_reserve("h1", "a", "mug", 1),         a_reserve("h2", "a", "mug", 1),
        a_recall("mug", RECALL_CANCEL),         a_reserve("h3", "a", "mug", 1),
        of_hold(INVENTORY_TAKE_BACK, "h1", ""), a_confirm("h2", 990, "A2"),
        a_recall("mug", RECALL_HONOUR),         a_confirm("h2", 990, "A2"),
        of_hold(INVENTORY_TAKE_BACK, "h2", ""),
    };
    ask_all(batch, ARRAY_LEN(batch));
    EXPECT(DONE, batch[1].answer);
    EXPECT(DONE, batch[2].answer);
    EXPECT(STOPPED, batch[3].answer);
    EXPECT(DONE, batch[4].answer);
    EXPECT(RECALLED, batch[5].answer);
    EXPECT(DONE, batch[7].answer);
    EXPECT(HOLD_CONFIRMED, batch[8].answer);
    check_count("mug", 2, 0, 1);
}

static void the_ledger_tells_of_recalls(void **state)
{
    (void)state;
    char expected[1000];
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    check_told(NULL);
    recall("mug", RECALL_CANCEL);
    take_back("h1");
    recall("mug", RECALL_NONE);
    snprintf(expected, sizeof expected,
             "  recall mug cancel\n  = mug 1/1/0 of 2 stopped limit 0 version 0 recalled cancel\n"
             "  recalled h1 released a %lld 0 b1 EUR [] mug:1:990:1\n"
             "  = mug 2/0/0 of 2 stopped limit 0 version 0 recalled cancel\n"
             "  recall mug none\n  = mug 2/0/0 of 2 stopped limit 0 version 0\n",
             (long long)stage.now_ms);
    check_told(expected);
}

/* ---- what a fail-over lost ---- */

static enum inventory_answer again(struct inventory_request r)
{
    r.restores = true;
    return inquire(r);
}

static void a_lost_hold_is_put_back(void **state)
{
    (void)state;
    EXPECT(SKU_UNKNOWN, again(a_reserve("h1", "a", "mug", 1)));
    allocate("mug", 3, "po1");
    stock(INVENTORY_LIMIT, "mug", 1, "");
    stock(INVENTORY_BUFFER, "mug", 3, "");
    recall("mug", RECALL_KEEP);
    EXPECT(DONE, again(a_reserve("h1", "a", "mug", 2))); /* it was given before all of these */
    check_held_for("h1", TTL);
    EXPECT(REPLAYED, again(a_reserve("h1", "a", "mug", 2)));
    EXPECT(MISMATCH, again(a_reserve("h1", "b", "mug", 2)));
    EXPECT(HELD_OUT, again(a_reserve("h2", "b", "mug", 2)));
    EXPECT(DONE, again(a_reserve("h2", "b", "mug", 1)));
    EXPECT(RECALLED, confirm("h1", 1980, "A1"));
    EXPECT(DONE, again(a_confirm("h1", 1980, "A1")));
    EXPECT(REPLAYED, again(a_confirm("h1", 1980, "A1")));
    EXPECT(DONE, again(a_confirm("h2", 990, "A2")));
    EXPECT(SOLD_OUT, again(a_reserve("h3", "b", "mug", 1)));
    check_count("mug", 0, 0, 3);
}

static void a_lost_late_payment_is_put_back(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    stage_pass(&stage, TTL);
    expire();
    stock(INVENTORY_STOP, "mug", 0, "");
    EXPECT(LATE, again(a_confirm("h1", 990, "A1")));
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2"));
    check_count("mug", 1, 0, 1);
}

static struct inventory_request an_offer(const char *id, const char *viewer)
{
    struct inventory_request r = a_reserve(id, viewer, "mug", 1);
    r.hold.offer = true;
    return r;
}

static void a_lost_offer_is_put_back_under_its_id(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "x", "mug", 3);
    EXPECT(DONE, join("a", "mug", 1));
    EXPECT(DONE, join("b", "mug", 1));
    release("h1", "x"); /* ~1 and ~2 */
    EXPECT(MISMATCH, inquire(an_offer("~7", "c")));
    EXPECT(DONE, again(an_offer("~7", "c")));
    assert_true(got.hold.offer);
    EXPECT(REPLAYED, again(an_offer("~7", "c")));
    EXPECT(MISMATCH, again(a_reserve("~8", "c", "mug", 1)));
    EXPECT(REPLAYED, join("c", "mug", 1));
    assert_string_equal("~7", got.hold.id.text);
    EXPECT(DONE, join("d", "mug", 1));
    release("~7", "c");
    check_held_for("~8", TTL); /* numbered above what was put back */
    assert_string_equal("d", got.hold.viewer.text);
}

static void who_is_put_back_leaves_the_line(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    stock(INVENTORY_STOP, "mug", 0, "");
    stock(INVENTORY_OPEN, "mug", 0, "");
    reserve("h1", "x", "mug", 1);
    EXPECT(DONE, join("a", "mug", 1));
    EXPECT(DONE, join("b", "mug", 1));
    stock(INVENTORY_STOP, "mug", 0, "");
    release("h1", "x");
    EXPECT(DONE, again(an_offer("~9", "a")));
    check_count("mug", 0, 1, 0);
    stock(INVENTORY_OPEN, "mug", 0, "");
    EXPECT(REPLAYED, join("b", "mug", 1));
    assert_int_equal(0, got.ahead);
    release("~9", "a");
    check_held_for("~2", TTL);
    EXPECT(DONE, join("a", "mug", 1));
    release("~2", "b");
    check_held_for("~10", TTL);
}

static void an_offer_whose_number_is_taken_gets_the_next(void **state)
{
    (void)state;
    allocate("mug", 2, "po1");
    reserve("h1", "x", "mug", 1);
    reserve("h2", "x", "mug", 1);
    EXPECT(DONE, join("a", "mug", 1)); /* the first place of the new history */
    stock(INVENTORY_STOP, "mug", 0, "");
    release("h1", "x");
    EXPECT(DONE, again(an_offer("~1", "b"))); /* the first of the old */
    stock(INVENTORY_OPEN, "mug", 0, "");
    release("h2", "x");
    check_held_for("~2", TTL);
    assert_string_equal("a", got.hold.viewer.text);
    check_hold("~1", HOLD_HELD);
    assert_string_equal("b", got.hold.viewer.text);
    check_count("mug", 0, 2, 0);
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(recalled_is_stopped_in_one_step),
        TALE(a_sku_may_be_recalled_before_there_is_any),
        TALE(kept_holds_stay),
        TALE(a_recall_that_is_lifted_gives_them_back),
        TALE(cancelled_holds_are_taken_back),
        TALE(honoured_holds_are_paid),
        TALE(a_cart_is_taken_back_whole),
        TALE(an_offer_may_be_taken_back),
        TALE(kept_and_paused),
        TALE(in_one_call),
        TALE(the_ledger_tells_of_recalls),
        TALE(a_lost_hold_is_put_back),
        TALE(a_lost_late_payment_is_put_back),
        TALE(a_lost_offer_is_put_back_under_its_id),
        TALE(who_is_put_back_leaves_the_line),
        TALE(an_offer_whose_number_is_taken_gets_the_next),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("recalls", tell); }
