#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "core/orchestrator/journeys.h"
#include "tests/unit/unit.h"

/* Open holds in a heap and in claims, as the ledger tells them. */
struct holds {
    struct due due;
    struct claims claims;
    uint64_t entries;
};

static void tell(struct holds *h, enum movement_kind kind, const char *id, int64_t expires_at_ms)
{
    struct movement m = {.kind = kind,
                         .hold = {.viewer = {"a"},
                                  .state = kind == MOVE_EXPIRED ? HOLD_EXPIRED : HOLD_HELD,
                                  .expires_at_ms = expires_at_ms,
                                  .lines_count = 1,
                                  .lines = {{.sku = {"mug"}, .units = 1}}}};
    struct ledger_entry entry = {.movements = &m, .movements_count = 1};
    snprintf(m.hold.id.text, sizeof m.hold.id.text, "%s", id);
    snprintf(entry.id, sizeof entry.id, "1-%llu", (unsigned long long)++h->entries);
    assert_int_equal(claims_fold(&h->claims, &entry), RESULT_OK);
    if (m.hold.state == HOLD_HELD)
        due_add(&h->due, &m.hold);
}

static void the_soonest_open_hold_is_next(void **state)
{
    (void)state;
    struct holds h = {0};
    claims_init(&h.claims);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), INT64_MAX);
    tell(&h, MOVE_RESERVED, "h1", 500);
    tell(&h, MOVE_RESERVED, "h2", 300);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), 300);
    tell(&h, MOVE_EXTENDED, "h2", 900);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), 500); /* the old end of h2 is no end any more */
    tell(&h, MOVE_EXPIRED, "h1", 500);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), 900);
    tell(&h, MOVE_EXPIRED, "h2", 900);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), INT64_MAX);
    assert_int_equal(h.due.heaps.count, 0);
    due_finish(&h.due);
    claims_finish(&h.claims);
}

static void many_holds_come_out_in_order(void **state)
{
    (void)state;
    struct holds h = {0};
    struct rng rng;
    rng_seed(&rng, 7);
    claims_init(&h.claims);
    for (int i = 0; i < 2000; i++) {
        char id[16];
        snprintf(id, sizeof id, "h%d", i);
        tell(&h, MOVE_RESERVED, id, 1 + (int64_t)rng_below(&rng, 100000));
    }
    int64_t before = 0;
    for (int64_t next; (next = due_first_ms(&h.due, &h.claims, 0)) != INT64_MAX; before = next) {
        assert_true(next >= before);
        const struct due_heap *heap = map_get(&h.due.heaps, "");
        struct hold_id first = heap->entries[0].hold;
        tell(&h, MOVE_EXPIRED, first.text, next);
    }
    due_finish(&h.due);
    claims_finish(&h.claims);
}

static void tell_of_broadcast(struct holds *h, struct movement m, const char *broadcast)
{
    struct ledger_entry entry = {.ms = m.ms, .movements = &m, .movements_count = 1};
    snprintf(m.hold.broadcast.text, sizeof m.hold.broadcast.text, "%s", broadcast);
    snprintf(entry.id, sizeof entry.id, "1-%llu", (unsigned long long)++h->entries);
    assert_int_equal(claims_fold(&h->claims, &entry), RESULT_OK);
    if (m.hold.state == HOLD_HELD)
        due_add(&h->due, &m.hold);
}

static struct movement reserved(const char *id, int64_t expires_at_ms)
{
    struct movement m = {.kind = MOVE_RESERVED,
                         .hold = {.viewer = {"a"},
                                  .state = HOLD_HELD,
                                  .expires_at_ms = expires_at_ms,
                                  .lines_count = 1,
                                  .lines = {{.sku = {"mug"}, .units = 1}}}};
    snprintf(m.hold.id.text, sizeof m.hold.id.text, "%s", id);
    return m;
}

static void a_clock_that_stands_makes_nothing_due(void **state)
{
    (void)state;
    struct holds h = {0};
    claims_init(&h.claims);
    tell_of_broadcast(&h, reserved("h1", 500), "one");
    tell_of_broadcast(&h, reserved("h2", 700), "two");
    assert_int_equal(due_first_ms(&h.due, &h.claims, 0), 500);
    tell_of_broadcast(&h, (struct movement){.kind = MOVE_FROZEN, .ms = 400}, "one");
    assert_int_equal(due_first_ms(&h.due, &h.claims, 5000), 700); /* another show's time goes on */
    tell_of_broadcast(&h, (struct movement){.kind = MOVE_THAWED, .ms = 1400, .units = 1000}, "one");
    assert_int_equal(h.claims.clocks.count, 1);
    tell_of_broadcast(&h, (struct movement){.kind = MOVE_EXPIRED, .hold = reserved("h2", 0).hold, .ms = 1450}, "two");
    assert_int_equal(due_first_ms(&h.due, &h.claims, 1450), 1500);
    due_finish(&h.due);
    claims_finish(&h.claims);
}

static void tell_recall(struct holds *h, enum recall_mode mode)
{
    struct stock_count count = {.sku = {"mug"}, .recall = mode, .stopped = true};
    struct ledger_entry entry = {.counts = &count, .counts_count = 1};
    snprintf(entry.id, sizeof entry.id, "1-%llu", (unsigned long long)++h->entries);
    assert_int_equal(claims_fold(&h->claims, &entry), RESULT_OK);
}

static void a_hold_kept_for_a_recall_is_due_when_it_is_decided(void **state)
{
    (void)state;
    struct holds h = {0};
    claims_init(&h.claims);
    tell_of_broadcast(&h, reserved("h1", 500), "one");
    tell_recall(&h, RECALL_KEEP);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 499), 500); /* not over yet, so not parked */
    assert_int_equal(due_first_ms(&h.due, &h.claims, 501), INT64_MAX);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 999), INT64_MAX);
    tell_recall(&h, RECALL_HONOUR);
    due_unpark(&h.due, &h.claims);
    assert_int_equal(due_first_ms(&h.due, &h.claims, 999), 500);
    due_finish(&h.due);
    claims_finish(&h.claims);
}

static void ledger_ids_are_compared_as_numbers(void **state)
{
    (void)state;
    assert_true(ledger_id_order("9-0", "10-0") < 0);
    assert_true(ledger_id_order("10-9", "10-10") < 0);
    assert_true(ledger_id_order("10-2", "9-10") > 0);
    assert_int_equal(ledger_id_order("10-2", "10-2"), 0);
    assert_true(ledger_id_order("", "0-1") < 0);
    assert_true(ledger_id_order("1795177200123-0", "1795177200123-1") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_soonest_open_hold_is_next),
        cmocka_unit_test(many_holds_come_out_in_order),
        cmocka_unit_test(a_clock_that_stands_makes_nothing_due),
        cmocka_unit_test(a_hold_kept_for_a_recall_is_due_when_it_is_decided),
        cmocka_unit_test(ledger_ids_are_compared_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
