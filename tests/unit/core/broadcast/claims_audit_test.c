/* The audit in every fold: each kind of wrong entry is a difference, each right one is none. Clocks, rates and delays. */
#include <stdio.h>
#include <string.h>

#include "core/broadcast/claims.h"
#include "tests/unit/unit.h"

#define MUG                                                                                                            \
    {                                                                                                                  \
        .sku = {"mug"}, .available = 8, .held = 2, .allocated = 10                                                     \
    }

static struct hold cart(const char *id, uint32_t units)
{
    struct hold h = {.viewer = {"ann"}, .broadcast = {"show"}, .expires_at_ms = 60000, .currency = "EUR"};
    snprintf(h.id.text, sizeof h.id.text, "%s", id);
    h.lines_count = 1;
    h.lines[0] = (struct line){.sku = {"mug"}, .units = units, .unit_minor = 990, .price_version = 1};
    return h;
}

static void fold(struct claims *c, int64_t ms, const struct movement *m, size_t moves, const struct stock_count *counts,
                 size_t counts_count)
{
    struct ledger_entry e = {
        .ms = ms, .movements = m, .movements_count = moves, .counts = counts, .counts_count = counts_count};
    snprintf(e.id, sizeof e.id, "%lld-0", (long long)ms);
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

static void fold_one(struct claims *c, int64_t ms, struct movement m, struct stock_count count)
{
    fold(c, ms, &m, 1, &count, 1);
}

/* Ten mugs, two of them in ann's cart. */
static void begin(struct claims *c)
{
    claims_init(c);
    fold_one(c, 1, (struct movement){.kind = MOVE_ALLOCATED, .sku = {"mug"}, .units = 10},
             (struct stock_count){.sku = {"mug"}, .available = 10, .allocated = 10});
    fold_one(c, 2, (struct movement){.kind = MOVE_RESERVED, .hold = cart("h_1", 2)}, (struct stock_count)MUG);
    assert_int_equal(c->differences, 0);
    assert_string_equal(c->difference, "");
}

static void a_wrong_entry_is_a_difference_and_a_right_one_is_none(void **state)
{
    (void)state;
    struct hold h_1 = cart("h_1", 2), h_2 = cart("h_2", 1), other_lines = cart("h_1", 2), sooner = cart("h_1", 2);
    other_lines.lines_count = 2;
    other_lines.lines[1] = (struct line){.sku = {"cap"}, .units = 1};
    sooner.expires_at_ms = 59999;
    const struct {
        struct movement m;
        struct stock_count count; /* no SKU: none is told */
        const char *difference;   /* what it says; NULL: all is well */
    } rows[] = {
        {{.kind = MOVE_CONFIRMED, .hold = h_1}, {.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10}, NULL},
        {{.kind = MOVE_RELEASED, .hold = h_1}, {.sku = {"mug"}, .available = 10, .allocated = 10}, NULL},
        {{.kind = MOVE_RECALLED, .hold = h_1}, {.sku = {"mug"}, .available = 10, .allocated = 10}, NULL},
        {{.kind = MOVE_RETAKEN, .hold = h_2},
         {.sku = {"mug"}, .available = 7, .held = 2, .sold = 1, .allocated = 10},
         NULL},
        {{.kind = MOVE_VOIDED, .hold = h_2}, MUG, NULL},
        {{.kind = MOVE_EXTENDED, .hold = h_1}, {.sku = {""}}, NULL},
        {{.kind = MOVE_BUFFER, .sku = {"mug"}, .units = 3},
         {.sku = {"mug"}, .available = 8, .held = 2, .allocated = 10, .buffer = 3},
         NULL},
        {{.kind = MOVE_SYNCED, .sku = {"mug"}, .units = -1, .version = 4, .delay_ms = -1},
         {.sku = {"mug"}, .available = 7, .held = 2, .allocated = 9, .version = 4},
         NULL},
        {{.kind = MOVE_RECALL, .sku = {"mug"}, .recall = RECALL_KEEP},
         {.sku = {"mug"}, .available = 8, .held = 2, .allocated = 10, .stopped = true, .recall = RECALL_KEEP},
         NULL},
        /* counts */
        {{.kind = MOVE_RELEASED, .hold = h_1}, MUG, "its movements make"},
        {{.kind = MOVE_CONFIRMED, .hold = h_1}, {.sku = {""}}, "its count is not told"},
        {{.kind = MOVE_LIMIT, .sku = {"mug"}, .units = 2}, MUG, "its movements make"},
        {{.kind = MOVE_RECALL, .sku = {"mug"}, .recall = RECALL_KEEP},
         {.sku = {"mug"}, .available = 8, .held = 2, .allocated = 10, .recall = RECALL_KEEP},
         "its movements make"},
        {{.kind = MOVE_STOPPED, .sku = {"mug"}},
         {.sku = {"mug"}, .available = 7, .held = 2, .allocated = 10, .stopped = true},
         "does not add up"},
        {{.kind = MOVE_SYNCED, .sku = {"mug"}, .units = -1, .version = 0, .delay_ms = -1},
         {.sku = {"mug"}, .available = 7, .held = 2, .allocated = 9},
         "at version 0"},
        /* holds */
        {{.kind = MOVE_RESERVED, .hold = h_1}, {.sku = {"mug"}, .available = 6, .held = 4, .allocated = 10}, "already"},
        {{.kind = MOVE_RETAKEN, .hold = h_1},
         {.sku = {"mug"}, .available = 6, .held = 2, .sold = 2, .allocated = 10},
         "already"},
        {{.kind = MOVE_RELEASED, .hold = h_2}, MUG, "was not open"},
        {{.kind = MOVE_EXPIRED, .hold = h_2}, MUG, "was not open"},
        {{.kind = MOVE_CONFIRMED, .hold = h_2}, MUG, "was not open"},
        {{.kind = MOVE_EXTENDED, .hold = h_2}, MUG, "was not open"},
        {{.kind = MOVE_EXTENDED, .hold = sooner}, MUG, "earlier end"},
        {{.kind = MOVE_RELEASED, .hold = other_lines},
         {.sku = {"mug"}, .available = 10, .allocated = 10},
         "other lines"},
        {{.kind = MOVE_KEPT, .hold = h_1}, MUG, "outside a checkpoint"},
        /* clocks */
        {{.kind = MOVE_THAWED, .hold = h_1, .units = 5}, {.sku = {""}}, "thawed again"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct claims c;
        begin(&c);
        fold(&c, 3, &rows[i].m, 1, &rows[i].count, !ID_IS_NONE(rows[i].count.sku));
        if ((c.differences > 0) != (rows[i].difference != NULL) ||
            (rows[i].difference != NULL && strstr(c.difference, rows[i].difference) == NULL))
            fail_msg("row %zu: '%s'", i, c.difference);
        claims_finish(&c);
    }
}

static void a_hold_ends_once_and_its_id_is_free_after_a_day(void **state)
{
    (void)state;
    struct claims c;
    begin(&c);
    struct movement sold = {.kind = MOVE_CONFIRMED, .hold = cart("h_1", 2)};
    fold_one(&c, 3, sold, (struct stock_count){.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10});
    struct movement again = {.kind = MOVE_RESERVED, .hold = cart("h_1", 1)};
    fold_one(&c, 86400003, again,
             (struct stock_count){.sku = {"mug"}, .available = 7, .held = 1, .sold = 2, .allocated = 10});
    assert_int_equal(c.differences, 0);
    struct movement released = {.kind = MOVE_RELEASED, .hold = cart("h_1", 1)};
    fold_one(&c, 86400004, released, (struct stock_count){.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10});
    assert_int_equal(c.differences, 0);
    fold_one(&c, 86400005, released, (struct stock_count){.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10});
    assert_int_equal(c.differences, 1);
    assert_string_equal(c.difference, "entry 86400005-0: hold h_1 is released, and was not open");
    fold_one(&c, 86400006, released, (struct stock_count){.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10});
    assert_int_equal(c.differences, 2); /* the first stays told */
    assert_string_equal(c.difference, "entry 86400005-0: hold h_1 is released, and was not open");
    claims_finish(&c);
}

/* ---- checkpoints ---- */

struct checkpoint {
    struct movement m[8];
    size_t moves;
    struct stock_count counts[3];
    size_t counts_count;
};

static struct movement waits(const char *viewer)
{
    struct movement m = {.kind = MOVE_WAITING, .sku = {"mug"}, .units = 1};
    snprintf(m.hold.viewer.text, sizeof m.hold.viewer.text, "%s", viewer);
    return m;
}

static struct movement clock_move(enum movement_kind kind, int64_t stood_ms, int64_t since_ms)
{
    return (struct movement){.kind = kind, .units = stood_ms, .gone = since_ms, .hold = {.broadcast = {"show"}}};
}

/* Ten mugs, two in ann's cart, bob and eve in line, the show's clock standing since 7 after 5 ms. */
static void begin_more(struct claims *c)
{
    struct movement line[] = {waits("bob"), waits("eve")};
    begin(c);
    fold(c, 3, line, 2, NULL, 0);
    struct movement frozen = clock_move(MOVE_FROZEN, 0, 0);
    fold(c, 2003, &frozen, 1, NULL, 0);
    struct movement thawed = clock_move(MOVE_THAWED, 5, 0);
    fold(c, 2008, &thawed, 1, NULL, 0);
    fold(c, 3000, &frozen, 1, NULL, 0);
    assert_int_equal(c->differences, 0);
}

static struct checkpoint checkpoint_of_that(void)
{
    struct checkpoint p = {.moves = 4, .counts = {MUG}, .counts_count = 1};
    p.m[0] = (struct movement){.kind = MOVE_KEPT, .hold = cart("h_1", 2)};
    p.m[1] = waits("bob");
    p.m[2] = waits("eve");
    p.m[3] = clock_move(MOVE_FROZEN, 5, 3000);
    return p;
}

static void fold_checkpoint(struct claims *c, const struct checkpoint *p)
{
    struct ledger_entry e = {.id = "4000-0",
                             .ms = 4000,
                             .is_checkpoint = true,
                             .movements = p->m,
                             .movements_count = p->moves,
                             .counts = p->counts,
                             .counts_count = p->counts_count};
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

static void keep_later(struct checkpoint *p) { p->m[0].hold.expires_at_ms++; }
static void keep_more(struct checkpoint *p) { p->m[0].hold.lines[0].units++; }
static void keep_cheaper(struct checkpoint *p) { p->m[0].hold.lines[0].unit_minor--; }
static void keep_another(struct checkpoint *p) { strcpy(p->m[0].hold.id.text, "h_9"); }
static void keep_none(struct checkpoint *p) { p->m[0] = p->m[--p->moves]; }
static void line_turned(struct checkpoint *p) { p->m[1] = waits("eve"), p->m[2] = waits("bob"); }
static void line_short(struct checkpoint *p) { p->m[2] = p->m[--p->moves]; }
static void line_long(struct checkpoint *p) { p->m[p->moves++] = waits("joe"); }
static void clock_goes(struct checkpoint *p) { p->m[3] = clock_move(MOVE_THAWED, 5, 0); }
static void clock_since(struct checkpoint *p) { p->m[3].gone--; }
static void clock_none(struct checkpoint *p) { p->moves--; }
static void count_less(struct checkpoint *p) { p->counts[0].available--, p->counts[0].allocated--; }
static void count_open(struct checkpoint *p) { p->counts[0].stopped = true; }
static void count_missing(struct checkpoint *p) { p->counts_count = 0; }
static void count_more(struct checkpoint *p) { strcpy(p->counts[p->counts_count++].sku.text, "cap"); }
static void moves_something(struct checkpoint *p) { p->m[p->moves++].kind = MOVE_EXPIRED; }

static void a_fold_that_was_there_must_agree_with_a_checkpoint(void **state)
{
    (void)state;
    static void (*const changes[])(struct checkpoint * p) = {
        NULL,        keep_later, keep_more,     keep_cheaper, keep_another,   keep_none,
        line_turned, line_short, line_long,     clock_goes,   clock_since,    clock_none,
        count_less,  count_open, count_missing, count_more,   moves_something};
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct claims c;
        struct checkpoint p = checkpoint_of_that();
        begin_more(&c);
        if (changes[i] != NULL)
            changes[i](&p);
        fold_checkpoint(&c, &p);
        if ((c.differences > 0) != (changes[i] != NULL))
            fail_msg("change %zu: '%s'", i, c.difference);
        claims_finish(&c);
    }
}

static void a_fold_may_begin_at_a_checkpoint(void **state)
{
    (void)state;
    struct claims c;
    struct checkpoint p = checkpoint_of_that();
    claims_init(&c);
    fold_checkpoint(&c, &p);
    assert_int_equal(c.differences, 0);
    assert_int_equal(claims_sku(&c, "mug")->count.available, 8);
    assert_int_equal(claims_sku(&c, "mug")->waitlist, 2);
    assert_int_equal(claims_ahead(&c, "mug", "eve"), 1);
    assert_int_equal(claims_hold(&c, "h_1")->lines[0].units, 2);
    assert_int_equal(claims_clock(&c, "show").frozen_since_ms, 3000);
    struct movement expired = {.kind = MOVE_EXPIRED, .hold = cart("h_1", 2)};
    fold_one(&c, 5000, expired, (struct stock_count){.sku = {"mug"}, .available = 10, .allocated = 10});
    assert_int_equal(c.differences, 0);
    claims_finish(&c);
    claims_init(&c);
    keep_none(&p); /* what is held belongs to somebody */
    fold_checkpoint(&c, &p);
    assert_int_equal(c.differences, 1);
    claims_finish(&c);
}

/* ---- clocks ---- */

static void a_hold_ends_later_by_what_its_broadcast_stood_still(void **state)
{
    (void)state;
    struct claims c;
    begin_more(&c); /* stood 5 ms, standing since 3000 */
    const struct hold *h = claims_hold(&c, "h_1");
    assert_int_equal(claims_expires_ms(&c, h, 3000), 60005);
    assert_int_equal(claims_expires_ms(&c, h, 10000), 67005);
    assert_int_equal(claims_expires_ms(&c, h, 2000), 60005); /* a clock behind the ledger's */
    struct movement thawed = clock_move(MOVE_THAWED, 7005, 0);
    fold(&c, 10000, &thawed, 1, NULL, 0);
    assert_int_equal(c.differences, 0);
    assert_int_equal(claims_expires_ms(&c, h, 99999), 67005);
    struct hold elsewhere = {.lines_count = 0};
    hold_copy(&elsewhere, h);
    strcpy(elsewhere.broadcast.text, "another");
    assert_int_equal(claims_expires_ms(&c, &elsewhere, 99999), 60000);
    hold_copy(&elsewhere, h);
    elsewhere.state = HOLD_CONFIRMED;
    assert_int_equal(claims_expires_ms(&c, &elsewhere, 99999), 60000); /* ended: a time of the server's */
    struct movement frozen = clock_move(MOVE_FROZEN, 0, 0);
    fold(&c, 20000, &frozen, 1, NULL, 0);
    thawed.units = 7005; /* ten more, in truth */
    fold(&c, 20010, &thawed, 1, NULL, 0);
    assert_int_equal(c.differences, 1);
    claims_finish(&c);
}

/* ---- rates ---- */

static void sales_are_those_of_the_last_minute(void **state)
{
    (void)state;
    struct claims c;
    begin(&c);
    assert_int_equal(claims_sold_lately(&c, "mug", 1000), 0);
    assert_int_equal(claims_sold_lately(&c, "cap", 1000), 0);
    struct movement sold = {.kind = MOVE_CONFIRMED, .hold = cart("h_1", 2)};
    fold_one(&c, 5000, sold, (struct stock_count){.sku = {"mug"}, .available = 8, .sold = 2, .allocated = 10});
    struct movement late = {.kind = MOVE_RETAKEN, .hold = cart("h_2", 3)};
    fold_one(&c, 35000, late, (struct stock_count){.sku = {"mug"}, .available = 5, .sold = 5, .allocated = 10});
    assert_int_equal(claims_sold_lately(&c, "mug", 35000), 5);
    assert_int_equal(claims_sold_lately(&c, "mug", 64999), 5);
    assert_int_equal(claims_sold_lately(&c, "mug", 65000), 3);
    assert_int_equal(claims_sold_lately(&c, "mug", 95000), 0);
    struct movement much_later = {.kind = MOVE_RETAKEN, .hold = cart("h_3", 1)};
    fold_one(&c, 9000000, much_later, (struct stock_count){.sku = {"mug"}, .available = 4, .sold = 6, .allocated = 10});
    assert_int_equal(claims_sold_lately(&c, "mug", 9000000), 1);
    assert_int_equal(c.differences, 0);
    claims_finish(&c);
}

static void delays_of_counts_are_remembered(void **state)
{
    (void)state;
    struct claims c;
    begin(&c);
    assert_int_equal(c.sync_delay.last_ms, -1);
    assert_int_equal(c.sync_delay.p95_ms, -1);
    struct stock_count count = MUG;
    for (int64_t i = 1; i <= 100; i++) {
        struct movement m = {.kind = MOVE_SYNCED, .sku = {"mug"}, .version = i, .delay_ms = 1000 * i};
        count.version = i;
        fold_one(&c, 10 + i, m, count);
        if (i == 1)
            assert_int_equal(c.sync_delay.p95_ms, 1000);
    }
    assert_int_equal(c.sync_delay.last_ms, 100000);
    assert_int_equal(c.sync_delay.p95_ms, 97000); /* of 37 .. 100 */
    struct movement silent = {.kind = MOVE_SYNCED, .sku = {"mug"}, .version = 101, .delay_ms = -1};
    count.version = 101;
    fold_one(&c, 200, silent, count);
    assert_int_equal(c.sync_delay.last_ms, 100000);
    assert_int_equal(c.differences, 0);
    claims_finish(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_entry_is_a_difference_and_a_right_one_is_none),
        cmocka_unit_test(a_hold_ends_once_and_its_id_is_free_after_a_day),
        cmocka_unit_test(a_fold_that_was_there_must_agree_with_a_checkpoint),
        cmocka_unit_test(a_fold_may_begin_at_a_checkpoint),
        cmocka_unit_test(a_hold_ends_later_by_what_its_broadcast_stood_still),
        cmocka_unit_test(sales_are_those_of_the_last_minute),
        cmocka_unit_test(delays_of_counts_are_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
