/* Folding the ledger, movement by movement. claims_history_test.c compares long histories with a naive model. */
#include <stdio.h>
#include <string.h>

#include "core/broadcast/claims.h"
#include "tests/unit/unit.h"

static struct hold hold_of(const char *id, const char *viewer, const char *sku, uint32_t units)
{
    struct hold h = {.expires_at_ms = 60000, .currency = "EUR", .lines_count = 1};
    snprintf(h.id.text, sizeof h.id.text, "%s", id);
    snprintf(h.viewer.text, sizeof h.viewer.text, "%s", viewer);
    snprintf(h.lines[0].sku.text, sizeof h.lines[0].sku.text, "%s", sku);
    h.lines[0].units = units;
    return h;
}

static struct movement waiting(enum movement_kind kind, const char *viewer, const char *sku)
{
    struct movement m = {.kind = kind, .units = 1};
    snprintf(m.hold.viewer.text, sizeof m.hold.viewer.text, "%s", viewer);
    snprintf(m.sku.text, sizeof m.sku.text, "%s", sku);
    return m;
}

static void fold(struct claims *c, const char *id, struct movement m)
{
    struct ledger_entry e = {.movements = &m, .movements_count = 1};
    snprintf(e.id, sizeof e.id, "%s", id);
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

static void fold_count(struct claims *c, const char *id, struct stock_count count)
{
    struct ledger_entry e = {.counts = &count, .counts_count = 1};
    snprintf(e.id, sizeof e.id, "%s", id);
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

static void counts_are_the_last_ones_told(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c);
    assert_null(claims_sku(&c, "mug"));
    fold_count(&c, "1-0", (struct stock_count){.sku = {"mug"}, .available = 40, .allocated = 40});
    fold_count(&c, "1-1", (struct stock_count){.sku = {"mug"}, .available = 38, .held = 2, .allocated = 40});
    assert_int_equal(claims_sku(&c, "mug")->count.available, 38);
    assert_true(claims_sku(&c, "mug")->known);
    assert_int_equal(c.version, 2);
    assert_string_equal(c.ledger_id, "1-1");
    claims_finish(&c);
    claims_finish(&c);
    claims_finish(NULL);
}

static void an_entry_is_folded_once_and_ids_are_numbers(void **state)
{
    (void)state;
    static const char *const ids[] = {"9-9", "9-10", "10-0", "10-1", "100-0", "1795177200100-0", "1795177200100-12"};
    struct claims c;
    claims_init(&c);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        fold_count(&c, ids[i], (struct stock_count){.sku = {"mug"}, .available = (int64_t)i});
        assert_int_equal(c.version, i + 1);
        for (size_t old = 0; old <= i; old++)
            fold_count(&c, ids[old], (struct stock_count){.sku = {"mug"}, .available = 99});
        assert_int_equal(c.version, i + 1);
        assert_int_equal(claims_sku(&c, "mug")->count.available, i);
    }
    claims_finish(&c);
}

static void a_hold_lives_until_it_is_over(void **state)
{
    (void)state;
    static const enum movement_kind ends[] = {MOVE_RELEASED, MOVE_EXPIRED, MOVE_VOIDED};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        struct claims c;
        const struct hold *held[4];
        claims_init(&c);
        struct hold h = hold_of("h_1", "ann", "mug", 2);
        fold(&c, "1-0", (struct movement){.kind = MOVE_RESERVED, .hold = h});
        assert_int_equal(claims_hold(&c, "h_1")->state, HOLD_HELD);
        h.expires_at_ms = 90000;
        h.extends = 1;
        fold(&c, "2-0", (struct movement){.kind = MOVE_EXTENDED, .hold = h});
        assert_int_equal(claims_hold(&c, "h_1")->expires_at_ms, 90000);
        assert_int_equal(claims_of_viewer(&c, "ann", held, 4), 1);
        fold(&c, "3-0", (struct movement){.kind = ends[i], .hold = h});
        assert_null(claims_hold(&c, "h_1"));
        assert_int_equal(claims_of_viewer(&c, "ann", held, 4), 0);
        assert_int_equal(c.viewers.count, 0); /* nothing is kept of one who holds nothing */
        fold(&c, "4-0", (struct movement){.kind = ends[i], .hold = h});
        claims_finish(&c);
    }
}

static void confirmed_holds_are_kept_also_when_taken_again_after_expiry(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c);
    struct hold h = hold_of("h_1", "ann", "mug", 2);
    fold(&c, "1-0", (struct movement){.kind = MOVE_RESERVED, .hold = h});
    strcpy(h.order, "A-17");
    fold(&c, "2-0", (struct movement){.kind = MOVE_CONFIRMED, .hold = h});
    assert_int_equal(claims_hold(&c, "h_1")->state, HOLD_CONFIRMED);
    assert_string_equal(claims_hold(&c, "h_1")->order, "A-17");
    struct hold late = hold_of("h_2", "ann", "mug", 1);
    fold(&c, "3-0", (struct movement){.kind = MOVE_RESERVED, .hold = late});
    fold(&c, "4-0", (struct movement){.kind = MOVE_EXPIRED, .hold = late});
    fold(&c, "5-0", (struct movement){.kind = MOVE_RETAKEN, .hold = late});
    assert_int_equal(claims_hold(&c, "h_2")->state, HOLD_CONFIRMED);
    claims_finish(&c);
}

static void open_holds_come_before_confirmed_ones(void **state)
{
    (void)state;
    struct claims c;
    const struct hold *held[4];
    claims_init(&c);
    for (int i = 0; i < 4; i++) {
        char id[16], entry[16];
        snprintf(id, sizeof id, "h_%d", i);
        snprintf(entry, sizeof entry, "%d-0", i + 1);
        fold(&c, entry, (struct movement){.kind = MOVE_RESERVED, .hold = hold_of(id, "ann", "mug", 1)});
    }
    fold(&c, "9-0", (struct movement){.kind = MOVE_CONFIRMED, .hold = hold_of("h_0", "ann", "mug", 1)});
    assert_int_equal(claims_of_viewer(&c, "ann", held, 4), 4);
    assert_string_equal(held[0]->id.text, "h_1");
    assert_string_equal(held[2]->id.text, "h_3");
    assert_string_equal(held[3]->id.text, "h_0");
    assert_int_equal(claims_of_viewer(&c, "ann", held, 2), 2);
    assert_int_equal(claims_of_viewer(&c, "ann", held, 0), 0);
    assert_int_equal(claims_of_viewer(&c, "bob", held, 4), 0);
    claims_finish(&c);
}

static void carts_keep_all_their_lines(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c);
    struct hold h = hold_of("h_1", "ann", "mug", 1);
    fold(&c, "1-0", (struct movement){.kind = MOVE_RESERVED, .hold = h});
    h.lines_count = CART_LINES_MAX; /* not what the ledger does, and no reason to write over other memory */
    h.lines[CART_LINES_MAX - 1].units = 7;
    fold(&c, "2-0", (struct movement){.kind = MOVE_EXTENDED, .hold = h});
    assert_int_equal(claims_hold(&c, "h_1")->lines_count, CART_LINES_MAX);
    assert_int_equal(claims_hold(&c, "h_1")->lines[CART_LINES_MAX - 1].units, 7);
    claims_finish(&c);
}

static void the_line_keeps_its_order(void **state)
{
    (void)state;
    struct claims c;
    struct sku_id waits[4];
    claims_init(&c);
    fold(&c, "1-0", waiting(MOVE_WAITING, "ann", "mug"));
    fold(&c, "2-0", waiting(MOVE_WAITING, "bob", "mug"));
    fold(&c, "3-0", waiting(MOVE_WAITING, "cid", "mug"));
    fold(&c, "4-0", waiting(MOVE_WAITING, "ann", "mug")); /* again: her place is kept */
    fold(&c, "5-0", waiting(MOVE_WAITING, "ann", "lamp"));
    assert_int_equal(claims_sku(&c, "mug")->waitlist, 3);
    assert_false(claims_sku(&c, "mug")->known);
    assert_int_equal(claims_ahead(&c, "mug", "ann"), 0);
    assert_int_equal(claims_ahead(&c, "mug", "cid"), 2);
    assert_int_equal(claims_ahead(&c, "mug", "dan"), -1);
    assert_int_equal(claims_ahead(&c, "lamp", "bob"), -1);
    assert_int_equal(claims_waits_of_viewer(&c, "ann", waits, 4), 2);
    assert_string_equal(waits[1].text, "lamp");
    assert_int_equal(claims_waits_of_viewer(&c, "ann", waits, 1), 1);
    fold(&c, "6-0", waiting(MOVE_LEFT, "bob", "mug"));
    fold(&c, "7-0", waiting(MOVE_LEFT, "bob", "mug"));
    assert_int_equal(claims_ahead(&c, "mug", "cid"), 1);
    assert_int_equal(claims_sku(&c, "mug")->waitlist, 2);
    assert_int_equal(claims_waits_of_viewer(&c, "bob", waits, 4), 0);
    assert_int_equal(c.viewers.count, 2); /* ann and cid: nothing is kept of one who waits for nothing */
    claims_finish(&c);
}

static void an_offer_takes_its_viewer_out_of_the_line(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c);
    fold(&c, "1-0", waiting(MOVE_WAITING, "ann", "mug"));
    fold(&c, "2-0", waiting(MOVE_WAITING, "ann", "lamp"));
    fold(&c, "3-0", waiting(MOVE_WAITING, "bob", "mug"));
    struct hold offered = hold_of("o_1", "ann", "mug", 1);
    offered.offer = true;
    fold(&c, "4-0", (struct movement){.kind = MOVE_OFFERED, .hold = offered});
    assert_true(claims_hold(&c, "o_1")->offer);
    assert_int_equal(claims_ahead(&c, "mug", "ann"), -1);
    assert_int_equal(claims_ahead(&c, "mug", "bob"), 0);
    assert_int_equal(claims_ahead(&c, "lamp", "ann"), 0);
    claims_finish(&c);
}

static void at_its_limit_an_entry_is_refused_and_may_come_again(void **state)
{
    (void)state;
    struct claims c;
    claims_init(&c);
    c.holds.limit = 1; /* stands in for CLAIMS_HOLDS_MAX */
    fold(&c, "1-0", (struct movement){.kind = MOVE_RESERVED, .hold = hold_of("h_1", "ann", "mug", 1)});
    struct movement more = {.kind = MOVE_RESERVED, .hold = hold_of("h_2", "bob", "mug", 1)};
    struct ledger_entry e = {.id = "2-0", .movements = &more, .movements_count = 1};
    assert_int_equal(claims_fold(&c, &e), RESULT_FULL);
    assert_string_equal(c.ledger_id, "1-0");
    assert_int_equal(c.viewers.count, 1);
    c.holds.limit = 2;
    assert_int_equal(claims_fold(&c, &e), RESULT_OK);
    assert_non_null(claims_hold(&c, "h_2"));
    claims_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_the_last_ones_told),
        cmocka_unit_test(an_entry_is_folded_once_and_ids_are_numbers),
        cmocka_unit_test(a_hold_lives_until_it_is_over),
        cmocka_unit_test(confirmed_holds_are_kept_also_when_taken_again_after_expiry),
        cmocka_unit_test(open_holds_come_before_confirmed_ones),
        cmocka_unit_test(carts_keep_all_their_lines),
        cmocka_unit_test(the_line_keeps_its_order),
        cmocka_unit_test(an_offer_takes_its_viewer_out_of_the_line),
        cmocka_unit_test(at_its_limit_an_entry_is_refused_and_may_come_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
