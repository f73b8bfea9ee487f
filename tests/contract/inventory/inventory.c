/* tests/contract/inventory/inventory.c - what the inventory promises, told to both implementations.
 *
 * Each test has a shop of its own. Units are asked for as SKU and number; a unit of any SKU costs 990 EUR cents. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "inventory/rules/counts.h"
#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"
#include "tests/contract/inventory/stage.h"

#define TTL 60000
#define DAY 86400000
#define EXPECT(answer, question) assert_string_equal(name_of(INVENTORY_##answer), name_of(question))

static struct stage stage;
static char shop[32];
static struct inventory_request got; /* the last answer */

static const char *name_of(enum inventory_answer answer) { return inventory_answer_name(answer); }

/* ---- questions ---- */

static void set_text(char *to, const char *from) { snprintf(to, ID_LEN_MAX + 1, "%s", from); }

static struct inventory_request question(enum inventory_op op)
{
    struct inventory_request r = {.op = op, .ttl_ms = TTL};
    set_text(r.shop.text, shop);
    return r;
}

static enum inventory_answer ask(struct inventory_request r)
{
    got = r;
    stage_ask(&stage, 0, &got, 1);
    assert_int_equal(RESULT_OK, got.result);
    return got.answer;
}

static void add_line(struct inventory_request *r, const char *sku, uint32_t units)
{
    struct line *line = &r->hold.lines[r->hold.lines_count++];
    set_text(line->sku.text, sku);
    line->units = units;
    line->unit_minor = 990;
    line->price_version = 1;
}

static struct inventory_request a_reserve(const char *id, const char *viewer, const char *sku, uint32_t units)
{
    struct inventory_request r = question(INVENTORY_RESERVE);
    set_text(r.hold.id.text, id);
    set_text(r.hold.viewer.text, viewer);
    set_text(r.hold.broadcast.text, "b1");
    memcpy(r.hold.currency, "EUR", 4);
    add_line(&r, sku, units);
    return r;
}

static enum inventory_answer reserve(const char *id, const char *viewer, const char *sku, uint32_t units)
{
    return ask(a_reserve(id, viewer, sku, units));
}

static struct inventory_request a_confirm(const char *id, int64_t minor, const char *order)
{
    struct inventory_request r = question(INVENTORY_CONFIRM);
    set_text(r.hold.id.text, id);
    r.amount = (struct money){minor, "EUR"};
    snprintf(r.ref, sizeof r.ref, "%s", order);
    return r;
}

static enum inventory_answer confirm(const char *id, int64_t minor, const char *order)
{
    return ask(a_confirm(id, minor, order));
}

static struct inventory_request of_hold(enum inventory_op op, const char *id, const char *viewer)
{
    struct inventory_request r = question(op);
    set_text(r.hold.id.text, id);
    set_text(r.hold.viewer.text, viewer);
    return r;
}

static enum inventory_answer release(const char *id, const char *viewer)
{
    return ask(of_hold(INVENTORY_RELEASE, id, viewer));
}

static enum inventory_answer extend(const char *id, const char *viewer)
{
    return ask(of_hold(INVENTORY_EXTEND, id, viewer));
}

static enum inventory_answer get(const char *id) { return ask(of_hold(INVENTORY_HOLD_GET, id, "")); }

static enum inventory_answer join(const char *viewer, const char *sku, uint32_t units)
{
    struct inventory_request r = a_reserve("", viewer, sku, units);
    r.op = INVENTORY_WAITLIST_JOIN;
    return ask(r);
}

static enum inventory_answer leave(const char *viewer, const char *sku)
{
    struct inventory_request r = a_reserve("", viewer, sku, 1);
    r.op = INVENTORY_WAITLIST_LEAVE;
    return ask(r);
}

static enum inventory_answer stock(enum inventory_op op, const char *sku, int64_t units, const char *ref)
{
    struct inventory_request r = question(op);
    set_text(r.sku.text, sku);
    r.units = units;
    snprintf(r.ref, sizeof r.ref, "%s", ref);
    return ask(r);
}

static enum inventory_answer allocate(const char *sku, int64_t units, const char *ref)
{
    return stock(INVENTORY_ALLOCATE, sku, units, ref);
}

static enum inventory_answer sync_count(const char *sku, int64_t count, int64_t gone, int64_t version)
{
    struct inventory_request r = question(INVENTORY_SYNC);
    set_text(r.sku.text, sku);
    r.units = count;
    r.gone = gone;
    r.version = version;
    return ask(r);
}

static enum inventory_answer expire(void) { return ask(question(INVENTORY_EXPIRE)); }

/* Asking for what is so already changes nothing and answers the count. */
static void check_count(const char *sku, int64_t available, int64_t held, int64_t sold)
{
    EXPECT(REPLAYED, stock(INVENTORY_OPEN, sku, 0, ""));
    assert_int_equal(available, got.count.available);
    assert_int_equal(held, got.count.held);
    assert_int_equal(sold, got.count.sold);
    assert_int_equal(available + held + sold, got.count.allocated);
}

static void check_hold(const char *id, enum hold_state state)
{
    EXPECT(DONE, get(id));
    assert_string_equal(hold_state_name(state), hold_state_name(got.hold.state));
}

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
    EXPECT(MISMATCH, ask(r));
    r = a_reserve("h1", "a", "mug", 1);
    memcpy(r.hold.currency, "USD", 4);
    EXPECT(MISMATCH, ask(r));
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
    EXPECT(SOLD_OUT, ask(r));
    assert_int_equal(1, got.fault_line);
    check_count("mug", 5, 0, 0);
    r.hold.lines[1].units = 1;
    EXPECT(DONE, ask(r));
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
    EXPECT(BAD, ask(r));
    EXPECT(BAD, reserve("h1", "a", "mug", 0));
    EXPECT(BAD, reserve("h1", "a", "mug", HOLD_UNITS_MAX + 1));
    EXPECT(BAD, reserve("h1", "", "mug", 1));
    EXPECT(BAD, reserve("", "a", "mug", 1));
    EXPECT(BAD, reserve("h1", "a|b", "mug", 1));
    r = a_reserve("h1", "a", "mug", 1);
    r.hold.lines[0].unit_minor = MONEY_MINOR_MAX + 1;
    EXPECT(BAD, ask(r));
    r = a_reserve("h1", "a", "mug", 2);
    r.hold.lines[0].unit_minor = MONEY_MINOR_MAX; /* the total */
    EXPECT(BAD, ask(r));
    r = a_reserve("h1", "a", "mug", 1);
    r.ttl_ms = 0;
    EXPECT(BAD, ask(r));
    r.ttl_ms = HOLD_TTL_MS_MAX + 1;
    EXPECT(BAD, ask(r));
    r = a_reserve("h1", "a", "mug", 1);
    r.hold.lines_count = CART_LINES_MAX + 1;
    EXPECT(BAD, ask(r));
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
    EXPECT(MISMATCH, ask(r));
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
    check_count("mug", HOLD_EXPIRE_BATCH_MAX, 300 - HOLD_EXPIRE_BATCH_MAX, 0);
    check_count("mug", 2 * HOLD_EXPIRE_BATCH_MAX, 300 - 2 * HOLD_EXPIRE_BATCH_MAX, 0);
    check_count("mug", 300, 0, 0);
}

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
             "at %lld\n  synced mug 2  \n  = mug 2/1/0 of 3 limit 0 version 1\n",
             (long long)at - TTL, (long long)at - TTL, (long long)stage.now_ms, (long long)at - TTL, (long long)at,
             (long long)stage.now_ms, (long long)stage.now_ms + TTL, (long long)at, (long long)stage.now_ms,
             (long long)at);
    stage_ledger(&stage, 0, shop, &text);
    assert_string_equal(expected, text.data);
    bytes_finish(&text);
}

/* ---- running ---- */

static int end_test(void **state)
{
    (void)state;
    if (stage.config.kind == STAGE_REDIS)
        stage_audit(&stage, shop);
    return 0;
}

static int begin_test(void **state)
{
    static unsigned tests;
    (void)state;
    snprintf(shop, sizeof shop, "shop%u", tests++);
    return 0;
}

#define TALE(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

static int run_tales(const char *name)
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
        TALE(stock_moves_once_per_ref),
        TALE(an_absolute_count_erases_no_promise),
        TALE(freed_units_go_to_the_line),
        TALE(an_offer_is_a_hold_like_any_other),
        TALE(who_finds_units_need_not_wait),
        TALE(a_stopped_line_waits),
        TALE(the_limit_holds_in_line_too),
        TALE(a_long_line_is_looked_at_in_part),
        TALE(the_ledger_tells_it_all),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void)
{
    MUST(stage_open(&stage, &(struct stage_config){.kind = STAGE_MEMORY}));
    int failed = run_tales("inventory in memory");
    memory_check(stage.world);
    stage_close(&stage);
    if (!stage_open(&stage, &(struct stage_config){.kind = STAGE_REDIS}))
        return failed == 0 ? 77 : failed;
    failed += run_tales("inventory in Redis");
    stage_close(&stage);
    return failed;
}
