#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/board.h"
#include "tests/unit/unit.h"

/* A shop with its claims and two broadcasts, told to a board as an orchestrator would. */
struct desk {
    struct board *board;
    struct claims claims;
    struct catalogue catalogue;
    struct broadcast spring, autumn;
    struct demand demand[1];
    uint64_t entries;
};
static const struct shop_id demo = {"demo"};

static int set_up(void **state)
{
    struct desk *d = calloc(1, sizeof *d);
    assert_int_equal(board_create(NULL, &d->board), RESULT_OK);
    claims_init(&d->claims);
    catalogue_init(&d->catalogue);
    broadcast_init(&d->spring, &demo, &(struct broadcast_id){"spring"});
    broadcast_init(&d->autumn, &demo, &(struct broadcast_id){"autumn"});
    d->demand[0] = (struct demand){.sku = {"mug"}, .attempts = 9, .refused = 4};
    *state = d;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *d = *state;
    broadcast_finish(&d->spring);
    broadcast_finish(&d->autumn);
    catalogue_finish(&d->catalogue);
    claims_finish(&d->claims);
    board_destroy(d->board);
    free(d);
    return 0;
}

static struct movement moved(enum movement_kind kind, const char *hold, const char *broadcast, const char *sku,
                             uint32_t units)
{
    struct movement m = {.kind = kind,
                         .hold = {.viewer = {"a"}, .state = HOLD_HELD, .currency = "EUR", .lines_count = 1}};
    snprintf(m.hold.id.text, sizeof m.hold.id.text, "%s", hold);
    snprintf(m.hold.broadcast.text, sizeof m.hold.broadcast.text, "%s", broadcast);
    snprintf(m.hold.lines[0].sku.text, sizeof m.hold.lines[0].sku.text, "%s", sku);
    m.hold.lines[0].units = units;
    return m;
}

static void tell(struct desk *d, int64_t ms, const struct movement *movements, size_t count)
{
    struct stock_count stock = {.sku = {"mug"}, .available = 5, .held = 2, .sold = 3, .allocated = 10};
    struct ledger_entry entry = {
        .ms = ms, .movements = movements, .movements_count = count, .counts = &stock, .counts_count = 1};
    snprintf(entry.id, sizeof entry.id, "%lld-%llu", (long long)ms, (unsigned long long)++d->entries);
    assert_int_equal(claims_fold(&d->claims, &entry), RESULT_OK);
    board_ledger_entry(d->board, &demo, &entry);
}

static struct volumes_view seen(struct desk *d, const struct broadcast *b)
{
    struct show_view view = {
        .broadcast = b, .claims = &d->claims, .catalogue = &d->catalogue, .demand = d->demand, .demand_count = 1};
    struct volumes_view volumes;
    assert_true(board_volumes(d->board, &view, &volumes));
    return volumes;
}

static void happens(struct desk *d, const struct broadcast *b, const struct event *e)
{
    struct show_view view = {.broadcast = b, .claims = &d->claims, .catalogue = &d->catalogue};
    board_event(d->board, &view, e);
}

static void a_movement_counts_for_the_broadcast_of_its_hold(void **state)
{
    struct desk *d = *state;
    struct movement first[] = {moved(MOVE_RESERVED, "h1", "spring", "mug", 2),
                               moved(MOVE_RESERVED, "h2", "autumn", "mug", 1)};
    struct movement then[] = {moved(MOVE_CONFIRMED, "h1", "spring", "mug", 2), moved(MOVE_ALLOCATED, "", "", "", 0)};
    tell(d, 1000, first, 2);
    tell(d, 2000, then, 2);
    struct volumes_view spring = seen(d, &d->spring), autumn = seen(d, &d->autumn);
    assert_int_equal(spring.skus_count, 1);
    assert_int_equal(spring.skus[0].confirmed, 2);
    assert_int_equal(spring.skus[0].held, 0);
    assert_int_equal(spring.orders, 1);
    assert_int_equal(spring.skus[0].allocated, 10); /* the shop's, as the claims say */
    assert_int_equal(spring.skus[0].refused, 4);
    assert_int_equal(autumn.skus[0].held, 1);
    assert_int_equal(autumn.orders, 0);
    assert_int_equal(spring.series_count, 2);
    assert_int_equal(spring.series[1].ms, 2000);
    assert_int_equal(spring.series[1].confirmed, 2);
}

static void an_entry_of_many_movements_is_one_point(void **state)
{
    struct desk *d = *state;
    struct movement both[] = {moved(MOVE_RESERVED, "h1", "spring", "mug", 2),
                              moved(MOVE_RESERVED, "h2", "spring", "cap", 1)};
    tell(d, 1000, both, 2);
    struct volumes_view spring = seen(d, &d->spring);
    assert_int_equal(spring.series_count, 1);
    assert_int_equal(spring.series[0].held, 3);
    assert_int_equal(spring.skus_count, 2);
}

static void a_late_payment_counts_and_a_refund_does_not(void **state)
{
    struct desk *d = *state;
    struct movement m[] = {
        moved(MOVE_RESERVED, "h1", "spring", "mug", 1), moved(MOVE_RESERVED, "h2", "spring", "mug", 1),
        moved(MOVE_EXPIRED, "h1", "spring", "mug", 1),  moved(MOVE_EXPIRED, "h2", "spring", "mug", 1),
        moved(MOVE_RETAKEN, "h1", "spring", "mug", 1),  moved(MOVE_VOIDED, "h2", "spring", "mug", 1)};
    tell(d, 1000, m, 6);
    struct volumes_view spring = seen(d, &d->spring);
    assert_int_equal(spring.skus[0].confirmed, 1);
    assert_int_equal(spring.skus[0].held, 0);
    assert_int_equal(spring.orders, 1);
}

static void pins_come_from_the_log_and_start_over_with_it(void **state)
{
    struct desk *d = *state;
    struct event begun = {.kind = EVENT_BEGUN, .seq = 1, .ms = 1};
    struct event pin = {.kind = EVENT_PIN_SET, .seq = 2, .ms = 7, .u.pin_set = {.pin = {.set = true, .sku = {"mug"}}}};
    struct event live = {.kind = EVENT_STATE, .seq = 3, .ms = 9, .u.state.state = BROADCAST_LIVE};
    happens(d, &d->spring, &begun);
    happens(d, &d->spring, &pin);
    happens(d, &d->spring, &live);
    struct volumes_view spring = seen(d, &d->spring);
    assert_int_equal(spring.pins_count, 1);
    assert_int_equal(spring.pins[0].ms, 7);
    assert_string_equal(spring.pins[0].sku.text, "mug");
    assert_int_equal(spring.series_count, 1); /* nothing sold yet, at the start */
    assert_int_equal(spring.series[0].ms, 9);
    for (int i = 0; i < BOARD_PINS_MAX + 10; i++) {
        pin.ms = 100 + i;
        happens(d, &d->spring, &pin);
    }
    spring = seen(d, &d->spring);
    assert_int_equal(spring.pins_count, BOARD_PINS_MAX);
    assert_int_equal(spring.pins[BOARD_PINS_MAX - 1].ms, 100 + BOARD_PINS_MAX + 9);
    happens(d, &d->spring, &begun);
    assert_int_equal(seen(d, &d->spring).pins_count, 0);
}

static void a_rewound_ledger_is_counted_anew(void **state)
{
    struct desk *d = *state;
    struct movement m = moved(MOVE_RESERVED, "h1", "spring", "mug", 2);
    tell(d, 1000, &m, 1);
    board_ledger_rewound(d->board, &demo);
    board_ledger_rewound(d->board, &(struct shop_id){"nobody"});
    assert_int_equal(seen(d, &d->spring).skus_count, 0);
    assert_int_equal(seen(d, &d->spring).series_count, 0);
    tell(d, 2000, &m, 1);
    assert_int_equal(seen(d, &d->spring).skus[0].held, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_movement_counts_for_the_broadcast_of_its_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_of_many_movements_is_one_point, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_late_payment_counts_and_a_refund_does_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pins_come_from_the_log_and_start_over_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rewound_ledger_is_counted_anew, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
