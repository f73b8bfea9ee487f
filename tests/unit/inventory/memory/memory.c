/* tests/unit/inventory/memory/memory.c - that the check of the laws sees each of them broken, and that what is forgotten never was. What
 * memory answers is told in tests/contract/inventory. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "inventory/memory/memory.h"
#include "inventory/memory/truth.h"
#include "tests/support/fake_clock.h"

#define NOW INT64_C(1795177200000)
#define TTL 60000

/* ---- the check ---- */

static struct truth_shop *s;

static enum inventory_answer ask(struct inventory_request r)
{
    r.shop = s->shop;
    truth_exec(s, NOW, &r, 1);
    return r.answer;
}

static struct inventory_request a_reserve(const char *id)
{
    struct inventory_request r = {.op = INVENTORY_RESERVE, .ttl_ms = TTL};
    snprintf(r.hold.id.text, sizeof r.hold.id.text, "%s", id);
    r.hold.viewer = (struct viewer_id){"v"};
    r.hold.broadcast = (struct broadcast_id){"b1"};
    memcpy(r.hold.currency, "EUR", 4);
    r.hold.lines_count = 1;
    r.hold.lines[0] = (struct line){.sku = {"mug"}, .units = 1, .unit_minor = 990, .price_version = 1};
    return r;
}

/* One hold, one offer, and a broadcast that stands still. */
static int begin(void **state)
{
    (void)state;
    struct shop_id shop = {"demo"};
    s = truth_create(&shop);
    ask((struct inventory_request){.op = INVENTORY_ALLOCATE, .sku = {"mug"}, .units = 5, .ref = "po1"});
    ask((struct inventory_request){.op = INVENTORY_LIMIT, .sku = {"mug"}, .units = 4});
    ask(a_reserve("h1"));
    struct inventory_request wish = a_reserve("");
    wish.op = INVENTORY_WAITLIST_JOIN;
    ask(wish);
    ask((struct inventory_request){
        .op = INVENTORY_FREEZE, .hold = {.broadcast = {"b2"}}, .frozen = true, .epoch = {"e1"}, .version = 1});
    truth_check(s);
    return 0;
}

static int end(void **state)
{
    (void)state;
    truth_destroy(s);
    return 0;
}

static struct truth_sku *mug(void) { return truth_sku(s, "mug"); }
static struct truth_hold *held(const char *id) { return map_get(&s->holds, id); }
static struct show_clock *clock_of(const char *broadcast)
{
    return &((struct truth_clock *)map_get(&s->clocks, broadcast))->clock;
}

static void count_is_off(void)
{
    mug()->counts.available++;
    truth_check(s);
}
static void held_is_off(void)
{
    mug()->counts.available++;
    mug()->counts.held--;
    truth_check(s);
}
static void buffer_is_negative(void)
{
    mug()->counts.buffer = -1;
    truth_check(s);
}
static void recalled_is_on_sale(void)
{
    mug()->counts.recall = LAW_HONOUR;
    truth_check(s);
}
static void kept_has_a_timer(void)
{
    mug()->counts.recall = LAW_KEEP;
    mug()->counts.stopped = true;
    truth_check(s);
}
static void frozen_has_a_timer(void)
{
    held("h1")->hold.broadcast = (struct broadcast_id){"b2"};
    truth_check(s);
}
static void timer_is_of_another_time(void)
{
    held("h1")->hold.expires_at_ms++;
    truth_check(s);
}
static void timer_is_gone(void)
{
    timers_remove(&s->timers, NOW + TTL, &held("h1")->hold.id);
    truth_check(s);
}
static void offer_is_not_open(void)
{
    ((char *)map_get(&s->offers, "mug/v"))[1] = '9';
    truth_check(s);
}
static void taken_is_too_little(void)
{
    *(int64_t *)map_get(&s->taken, "mug/v") = 1;
    truth_check(s);
}
static void line_is_miscounted(void)
{
    mug()->waitlist.len++;
    truth_check(s);
}
static void clock_stood_for_less_than_nothing(void)
{
    clock_of("b2")->stood_ms = -1;
    truth_check(s);
}
static void clock_was_told_by_nobody(void)
{
    clock_of("b2")->epoch = (struct epoch_id){0};
    truth_check(s);
}

static void every_law_that_is_broken_is_seen(void **state)
{
    (void)state;
    void (*const breaches[])(void) = {
        count_is_off,
        held_is_off,
        buffer_is_negative,
        recalled_is_on_sale,
        kept_has_a_timer,
        frozen_has_a_timer,
        timer_is_gone,
        offer_is_not_open,
        timer_is_of_another_time,
        taken_is_too_little,
        line_is_miscounted,
        clock_stood_for_less_than_nothing,
        clock_was_told_by_nobody,
    };
    for (size_t i = 0; i < ARRAY_LEN(breaches); i++)
        assert_true(unit_trips_must(breaches[i])); /* each in a process of its own */
    truth_check(s);
}

/* ---- forgetting ---- */

struct asked {
    struct inventory_request r;
    bool is_done;
};
static void answered(struct inventory_request *r) { container_of(r, struct asked, r)->is_done = true; }

static enum inventory_answer ask_node(struct fake_clock *clock, struct memory_node *n, struct inventory_request r)
{
    struct asked asked = {.r = r};
    asked.r.shop = (struct shop_id){"demo"};
    asked.r.done = answered;
    memory_inventory(n)->ask(memory_inventory(n), &asked.r);
    while (!asked.is_done)
        assert_true(fake_clock_step(clock, clock->now_ms));
    assert_int_equal(RESULT_OK, asked.r.result);
    return asked.r.answer;
}

/* A fail-over that loses a pause, a recall and a checkpoint: holds end as if they had not been, and each may be asked again. */
static void what_is_forgotten_never_was(void **state)
{
    (void)state;
    struct fake_clock clock;
    struct shop_id shop = {"demo"};
    struct node_id id = {"n1"};
    fake_clock_init(&clock, NOW);
    struct memory_world *world = memory_world_create(&(struct memory_config){.keeps_history = true});
    struct memory_node *n = memory_attach(world, &id, &clock.clock);
    const struct inventory_request pause = {.op = INVENTORY_FREEZE,
                                            .hold = {.broadcast = {"b1"}},
                                            .frozen = true,
                                            .epoch = {"e1"},
                                            .version = 1},
                                   recall = {.op = INVENTORY_RECALL, .sku = {"mug"}, .recall = RECALL_KEEP},
                                   checkpoint = {.op = INVENTORY_CHECKPOINT, .ttl_ms = TTL};
    ask_node(&clock, n, (struct inventory_request){.op = INVENTORY_ALLOCATE, .sku = {"mug"}, .units = 5, .ref = "po1"});
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, a_reserve("h1")));
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, pause));
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, recall));
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, checkpoint));
    assert_int_equal(INVENTORY_REPLAYED, ask_node(&clock, n, checkpoint));
    assert_int_equal(4, memory_forget(world, 4)); /* the question that was replayed is a write, too */
    memory_check(world);
    struct stock_count count;
    assert_true(memory_count(world, &shop, &(struct sku_id){"mug"}, &count));
    assert_int_equal(RECALL_NONE, count.recall);
    assert_false(count.stopped);
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, recall));
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, pause));
    assert_int_equal(INVENTORY_DONE, ask_node(&clock, n, checkpoint));
    memory_forget(world, 3);
    fake_clock_run_until(&clock, NOW + TTL);
    ask_node(&clock, n, (struct inventory_request){.op = INVENTORY_EXPIRE});
    assert_int_equal(HOLD_EXPIRED, memory_hold(world, &shop, &(struct hold_id){"h1"})->state);
    memory_check(world);
    memory_detach(n);
    memory_world_destroy(world);
    fake_clock_finish(&clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_law_that_is_broken_is_seen, begin, end),
        cmocka_unit_test(what_is_forgotten_never_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
