/* tests/contract/inventory/inventory.c - reserving, and the life of a hold. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <string.h>

#include "inventory/rules/hold.h"

/* ---- reserving ---- */

static void units_are_given_once(void **state)
{
    (void)state;
    EXPECT(SKU_UNKNOWN, reserve("h0", "a", "mug", 1));
    EXPECT(DONE, allocate("mug", 3, "po1"));
    EXPECT(DONE, reserve("h1", "a", "mug", 2));
    assert_int_equal(HOLD_HELD, got.hold.state);
    assert_int_equal(stage.now_ms + TTL, got.hold.expires_at_ms);
    assert_string_equal("a", got.hold.viewer.text);
    assert_string_not_equal("", got.ledger_id);
    EXPECT(HELD_OUT, reserve("h2", "b", "mug", 2));
    assert_int_equal(HOLD_NONE, got.hold.state);
    assert_string_equal("", got.ledger_id);
    EXPECT(HOLD_UNKNOWN, get("h2")); /* a refusal leaves no trace */
    EXPECT(DONE, reserve("h2", "b", "mug", 1));
    check_count("mug", 0, 3, 0);
    EXPECT(DONE, confirm("h1", 1980, "A1"));
    EXPECT(DONE, confirm("h2", 990, "A2"));
    EXPECT(SOLD_OUT, reserve("h3", "c", "mug", 1));
    check_count("mug", 0, 0, 3);
}

static void the_id_is_the_idempotency_key(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    EXPECT(DONE, reserve("h1", "a", "mug", 1));
    EXPECT(REPLAYED, reserve("h1", "a", "mug", 1));
    assert_int_equal(HOLD_HELD, got.hold.state);
    assert_string_equal("", got.ledger_id);
    EXPECT(MISMATCH, reserve("h1", "b", "mug", 1));
    assert_int_equal(HOLD_NONE, got.hold.state); /* nothing of the other's hold is told */
    EXPECT(MISMATCH, reserve("h1", "a", "mug", 2));
    struct inventory_request r = a_reserve("h1", "a", "mug", 1);
    r.hold.lines[0].unit_minor = 991;
    EXPECT(MISMATCH, inquire(r));
    r = a_reserve("h1", "a", "mug", 1);
    memcpy(r.hold.currency, "USD", 4);
    EXPECT(MISMATCH, inquire(r));
    EXPECT(MISMATCH, reserve("~1", "a", "mug", 1)); /* offers' ids are not for clients */
    EXPECT(DONE, release("h1", "a"));
    EXPECT(REPLAYED, reserve("h1", "a", "mug", 1)); /* never a second hold under one id */
    assert_int_equal(HOLD_RELEASED, got.hold.state);
    check_count("mug", 5, 0, 0);
}

static void a_cart_is_all_or_nothing(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    allocate("cap", 1, "po2");
    struct inventory_request r = a_reserve("h1", "a", "mug", 1);
    add_line(&r, "cap", 2);
    EXPECT(SOLD_OUT, inquire(r));
    assert_int_equal(1, got.fault_line);
    check_count("mug", 5, 0, 0);
    r.hold.lines[1].units = 1;
    EXPECT(DONE, inquire(r));
    assert_int_equal(2, got.hold.lines_count);
    check_count("mug", 4, 1, 0);
    check_count("cap", 0, 1, 0);
    EXPECT(DONE, confirm("h1", 1980, "A1"));
    check_count("cap", 0, 0, 1);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    struct inventory_request r = a_reserve("h1", "a", "mug", 1);
    add_line(&r, "mug", 1); /* a SKU twice */
    EXPECT(BAD, inquire(r));
    EXPECT(BAD, reserve("h1", "a", "mug", 0));
    EXPECT(BAD, reserve("h1", "a", "mug", HOLD_UNITS_MAX + 1));
    EXPECT(BAD, reserve("h1", "", "mug", 1));
    EXPECT(BAD, reserve("", "a", "mug", 1));
    EXPECT(BAD, reserve("h1", "a|b", "mug", 1));
    r = a_reserve("h1", "a", "mug", 1);
    r.hold.lines[0].unit_minor = MONEY_MINOR_MAX + 1;
    EXPECT(BAD, inquire(r));
    r = a_reserve("h1", "a", "mug", 2);
    r.hold.lines[0].unit_minor = MONEY_MINOR_MAX; /* the total */
    EXPECT(BAD, inquire(r));
    r = a_reserve("h1", "a", "mug", 1);
    r.ttl_ms = 0;
    EXPECT(BAD, inquire(r));
    r.ttl_ms = HOLD_TTL_MS_MAX + 1;
    EXPECT(BAD, inquire(r));
    r = a_reserve("h1", "a", "mug", 1);
    r.hold.lines_count = CART_LINES_MAX + 1;
    EXPECT(BAD, inquire(r));
    EXPECT(BAD, allocate("mug", 0, "po2"));
    EXPECT(BAD, allocate("mug", STOCK_UNITS_MAX, "po2"));
    EXPECT(BAD, allocate("mug", 1, ""));
    EXPECT(BAD, confirm("h1", 990, "two words"));
    check_count("mug", 5, 0, 0);
}

static void a_limit_counts_what_is_held_and_bought(void **state)
{
    (void)state;
    allocate("mug", 10, "po1");
    EXPECT(DONE, stock(INVENTORY_LIMIT, "mug", 2, ""));
    assert_int_equal(2, got.count.limit_per_viewer);
    EXPECT(DONE, reserve("h1", "a", "mug", 1));
    EXPECT(LIMIT_REACHED, reserve("h2", "a", "mug", 2));
    EXPECT(DONE, reserve("h2", "a", "mug", 1));
    EXPECT(DONE, confirm("h1", 990, "A1"));
    EXPECT(LIMIT_REACHED, reserve("h3", "a", "mug", 1));
    EXPECT(DONE, reserve("h4", "b", "mug", 2));
    EXPECT(DONE, release("h2", "a"));
    EXPECT(DONE, reserve("h3", "a", "mug", 1));
    EXPECT(LIMIT_REACHED, reserve("h5", "a", "mug", 1));
    EXPECT(DONE, stock(INVENTORY_LIMIT, "mug", 0, ""));
    EXPECT(DONE, reserve("h5", "a", "mug", 1));
    EXPECT(DONE, stock(INVENTORY_LIMIT, "mug", 3, ""));
    EXPECT(LIMIT_REACHED, reserve("h6", "a", "mug", 1)); /* what was taken meanwhile counts */
}

static void a_limit_set_late_counts_back(void **state)
{
    (void)state;
    allocate("mug", 10, "po1");
    reserve("h1", "a", "mug", 2);
    reserve("h2", "a", "mug", 1);
    confirm("h2", 990, "A1");
    reserve("h3", "a", "mug", 1);
    release("h3", "a");
    allocate("cap", 1, "po2");
    reserve("h9", "b", "cap", 1);
    confirm("h9", 990, "|mug:3:990:1"); /* refused */
    confirm("h9", 990, "mug:3:990:1");  /* looks like a line, is an order */
    /* In the same call as a reserve, too. */
    struct inventory_request batch[3] = {a_reserve("h4", "b", "mug", 1), question(INVENTORY_LIMIT),
                                         a_reserve("h5", "b", "mug", 3)};
    set_text(batch[1].sku.text, "mug");
    batch[1].units = 3;
    stage_ask(&stage, 0, batch, 3);
    EXPECT(DONE, batch[0].answer);
    EXPECT(DONE, batch[1].answer);
    EXPECT(LIMIT_REACHED, batch[2].answer);
    EXPECT(LIMIT_REACHED, reserve("h6", "a", "mug", 1));
    EXPECT(DONE, reserve("h6", "b", "mug", 2));
    EXPECT(DONE, stock(INVENTORY_LIMIT, "new", 1, "")); /* before the first allocation */
    EXPECT(SOLD_OUT, reserve("h7", "a", "new", 1));
}

static void a_stopped_sku_is_not_sold(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    EXPECT(DONE, stock(INVENTORY_STOP, "mug", 0, ""));
    assert_true(got.count.stopped);
    EXPECT(REPLAYED, stock(INVENTORY_STOP, "mug", 0, ""));
    EXPECT(STOPPED, reserve("h2", "b", "mug", 1));
    EXPECT(DONE, confirm("h1", 990, "A1")); /* what was promised is kept */
    EXPECT(DONE, stock(INVENTORY_OPEN, "mug", 0, ""));
    EXPECT(DONE, reserve("h2", "b", "mug", 1));
    EXPECT(DONE, stock(INVENTORY_STOP, "recalled", 0, "")); /* before there is any */
    EXPECT(DONE, allocate("recalled", 3, "po2"));
    EXPECT(STOPPED, reserve("h3", "b", "recalled", 1));
    EXPECT(SKU_UNKNOWN, stock(INVENTORY_OPEN, "nothing", 0, ""));
}

/* ---- the life of a hold ---- */

static void extensions_are_counted(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    EXPECT(REPLAYED, extend("h1", "a")); /* it lasts that long already */
    EXPECT(HOLD_UNKNOWN, extend("h1", "b"));
    EXPECT(HOLD_UNKNOWN, extend("h1", ""));
    EXPECT(HOLD_UNKNOWN, extend("h9", "a"));
    stage_pass(&stage, HOLD_EXTEND_GAIN(TTL) - 1);
    EXPECT(REPLAYED, extend("h1", "a"));
    stage_pass(&stage, 1);
    EXPECT(DONE, extend("h1", "a"));
    assert_int_equal(stage.now_ms + TTL, got.hold.expires_at_ms);
    assert_int_equal(1, got.hold.extends);
    EXPECT(REPLAYED, extend("h1", "a")); /* the answer was lost and it is asked again */
    stage_pass(&stage, TTL - 1);
    EXPECT(DONE, extend("h1", "a"));
    stage_pass(&stage, TTL - 1);
    EXPECT(EXTENDS_USED, extend("h1", "a"));
    assert_int_equal(HOLD_HELD, got.hold.state);
    stage_pass(&stage, 1);
    EXPECT(HOLD_EXPIRED, extend("h1", "a"));
    check_count("mug", 3, 0, 0);
}

static void a_hold_ends_once(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    EXPECT(HOLD_UNKNOWN, release("h1", "b"));
    EXPECT(DONE, release("h1", "a"));
    EXPECT(REPLAYED, release("h1", "a"));
    EXPECT(HOLD_RELEASED, confirm("h1", 990, "A1"));
    EXPECT(HOLD_RELEASED, extend("h1", "a"));
    EXPECT(DONE, confirm("h2", 990, "A2"));
    EXPECT(HOLD_CONFIRMED, release("h2", "a"));
    EXPECT(HOLD_CONFIRMED, release("h2", ""));
    EXPECT(HOLD_CONFIRMED, extend("h2", "a"));
    check_count("mug", 4, 0, 1);
    reserve("h3", "a", "mug", 1);
    EXPECT(DONE, release("h3", "")); /* on behalf of the shop */
    check_count("mug", 4, 0, 1);
}

static void a_confirm_names_the_price_and_the_order(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    reserve("h1", "a", "mug", 2);
    EXPECT(MISMATCH, confirm("h1", 1979, "A1"));
    struct inventory_request r = a_confirm("h1", 1980, "A1");
    memcpy(r.amount.currency, "USD", 4);
    EXPECT(MISMATCH, inquire(r));
    check_hold("h1", HOLD_HELD);
    EXPECT(DONE, confirm("h1", 1980, "A1"));
    assert_string_equal("A1", got.hold.order);
    EXPECT(REPLAYED, confirm("h1", 1980, "A1"));
    EXPECT(MISMATCH, confirm("h1", 1980, "A2"));
    EXPECT(MISMATCH, confirm("h1", 1981, "A1"));
    EXPECT(HOLD_UNKNOWN, confirm("h2", 990, "A1"));
    check_count("mug", 3, 0, 2);
}

static void expiry_is_to_the_millisecond(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL - 1);
    EXPECT(HELD_OUT, reserve("h2", "b", "mug", 1));
    stage_pass(&stage, 1);
    EXPECT(DONE, reserve("h2", "b", "mug", 1)); /* the call itself brought the unit back */
    check_hold("h1", HOLD_EXPIRED);
    EXPECT(HOLD_EXPIRED, release("h1", "a"));
    EXPECT(REPLAYED, reserve("h1", "a", "mug", 1));
    assert_int_equal(HOLD_EXPIRED, got.hold.state);
}

static void paid_after_expiry(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL);
    expire();
    EXPECT(LATE, confirm("h1", 990, "A1")); /* the unit is still there */
    assert_int_equal(HOLD_CONFIRMED, got.hold.state);
    EXPECT(REPLAYED, confirm("h1", 990, "A1"));
    check_count("mug", 0, 0, 1);
    allocate("cap", 1, "po2");
    reserve("h2", "a", "cap", 1);
    stage_pass(&stage, TTL);
    reserve("h3", "b", "cap", 1);
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2"));
    assert_int_equal(HOLD_VOID, got.hold.state);
    release("h3", "b");
    EXPECT(HOLD_EXPIRED, confirm("h2", 990, "A2")); /* for good: the shop refunds, whatever comes free later */
    check_count("cap", 1, 0, 0);
}

static void late_payment_of_a_stopped_sku_is_refunded(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL);
    expire();
    stock(INVENTORY_STOP, "mug", 0, "");
    EXPECT(HOLD_EXPIRED, confirm("h1", 990, "A1"));
    assert_int_equal(HOLD_VOID, got.hold.state);
}

static void the_call_that_pays_spares_the_hold(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    reserve("h3", "a", "mug", 1);
    stage_pass(&stage, TTL);
    struct inventory_request batch[] = {a_reserve("h4", "b", "mug", 2), a_reserve("h5", "b", "mug", 1),
                                        a_confirm("h1", 990, "A1"), of_hold(INVENTORY_EXTEND, "h2", "a"),
                                        of_hold(INVENTORY_EXTEND, "h3", "b")};
    stage_ask(&stage, 0, batch, ARRAY_LEN(batch));
    EXPECT(HELD_OUT, batch[0].answer);
    EXPECT(DONE, batch[1].answer); /* the unit of h3: a stranger's wish spares nothing */
    EXPECT(DONE, batch[2].answer);
    EXPECT(DONE, batch[3].answer);
    EXPECT(HOLD_UNKNOWN, batch[4].answer);
    check_hold("h3", HOLD_EXPIRED);
    check_count("mug", 0, 2, 1);
}

static void closed_holds_answer_for_a_day(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    confirm("h1", 990, "A1");
    stage_pass(&stage, DAY - 1);
    EXPECT(REPLAYED, confirm("h1", 990, "A1"));
    stage_pass(&stage, 1);
    EXPECT(HOLD_UNKNOWN, confirm("h1", 990, "A1"));
    check_count("mug", 2, 0, 1); /* sold is sold */
    EXPECT(DONE, reserve("h1", "b", "mug", 1));
}

static void many_due_at_once(void **state)
{
    (void)state;
    struct inventory_request batch[300];
    char id[16];
    allocate("mug", 300, "po1");
    for (size_t i = 0; i < 300; i++) {
        snprintf(id, sizeof id, "h%zu", i);
        batch[i] = a_reserve(id, "a", "mug", 1);
    }
    stage_ask(&stage, 0, batch, 300);
    for (size_t i = 0; i < 300; i++)
        EXPECT(DONE, batch[i].answer);
    check_count("mug", 0, 300, 0);
    stage_pass(&stage, TTL);
    for (int due = 300; due > 0; due -= HOLD_EXPIRE_BATCH_MAX) { /* at least so many end with each call */
        expire();
        stock(INVENTORY_OPEN, "mug", 0, "");
        assert_true(got.count.held <= due - HOLD_EXPIRE_BATCH_MAX || got.count.held == 0);
    }
    check_count("mug", 300, 0, 0);
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(units_are_given_once),
        TALE(the_id_is_the_idempotency_key),
        TALE(a_cart_is_all_or_nothing),
        TALE(nonsense_is_refused),
        TALE(a_limit_counts_what_is_held_and_bought),
        TALE(a_limit_set_late_counts_back),
        TALE(a_stopped_sku_is_not_sold),
        TALE(extensions_are_counted),
        TALE(a_hold_ends_once),
        TALE(a_confirm_names_the_price_and_the_order),
        TALE(expiry_is_to_the_millisecond),
        TALE(paid_after_expiry),
        TALE(late_payment_of_a_stopped_sku_is_refunded),
        TALE(the_call_that_pays_spares_the_hold),
        TALE(closed_holds_answer_for_a_day),
        TALE(many_due_at_once),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("holds", tell); }
