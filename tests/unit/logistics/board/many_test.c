/* A hundred thousand holds of one broadcast: what is kept of each, and that nothing waits behind a tick. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/memory/memory.h"
#include "logistics/board/inner.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_work.h"
#include "tests/unit/unit.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/journal_codec.h"

#define START_MS INT64_C(1795177200000)
#define TICK_ENTRIES 2000
#define HOLDS_FEW 10000
#define HOLDS_MANY 110000
#define HOLD_BYTES_MAX 220 /* of a confirmed one: in the estimator, and where its order is found */

static const struct shop_id shop = {"demo"};
static const struct broadcast_id show = {"drop"};

struct stage {
    struct fake_clock clock;
    struct fake_work work;
    struct memory_world *world;
    struct memory_node *node;
    struct board *board;
    struct broadcast broadcast;
    struct claims claims;
    struct show_view view;
    uint64_t entries;
};

static const struct show_view *stage_show(void *ctx, const struct shop_id *s, const struct broadcast_id *b)
{
    struct stage *stage = ctx;
    (void)s;
    (void)b;
    return &stage->view;
}

static void stage_event(struct stage *s, enum event_kind kind)
{
    static struct event e; /* large */
    e = (struct event){.kind = kind, .seq = ++s->broadcast.seq, .ms = s->clock.now_ms};
    if (kind == EVENT_STATE)
        e.u.state.state = s->broadcast.state = BROADCAST_LIVE;
    board_event(s->board, &s->view, &e);
}

static void stage_open(struct stage *s)
{
    *s = (struct stage){0};
    fake_clock_init(&s->clock, START_MS);
    fake_work_init(&s->work, &s->clock.clock, 10);
    s->world = memory_world_create(&(struct memory_config){0});
    s->node = memory_attach(s->world, &(struct node_id){"n1"}, &s->clock.clock);
    broadcast_init(&s->broadcast, &shop, &show);
    claims_init(&s->claims);
    s->view = (struct show_view){.broadcast = &s->broadcast, .claims = &s->claims, .audience = 5000};
    struct board_config config = {.node = {"n1"},
                                  .clock = &s->clock.clock,
                                  .log = memory_log(s->node),
                                  .ledger = memory_ledger(s->node),
                                  .store = memory_store(s->node),
                                  .work = &s->work.work,
                                  .codec = {.encode = journal_encode, .decode = journal_decode},
                                  .document = estimate_write,
                                  .show = stage_show,
                                  .ctx = s,
                                  .limits = board_limits_default};
    assert_int_equal(board_create(&config, &s->board), RESULT_OK);
    stage_event(s, EVENT_BEGUN);
    stage_event(s, EVENT_STATE);
    fake_clock_run_until(&s->clock, START_MS + 1000);
}

static void stage_close(struct stage *s)
{
    board_stop(s->board);
    fake_work_finish(&s->work);
    memory_detach(s->node);
    board_destroy(s->board);
    memory_world_destroy(s->world);
    broadcast_finish(&s->broadcast);
    claims_finish(&s->claims);
    assert_int_equal(s->clock.count, 0);
    fake_clock_finish(&s->clock);
}

static void stage_move(struct stage *s, enum movement_kind kind, unsigned number)
{
    struct movement m = {.kind = kind, .ms = s->clock.now_ms};
    struct stock_count count = {.sku = {"mug-red"}, .available = 1000000 - (int64_t)number};
    struct ledger_entry entry = {
        .ms = s->clock.now_ms, .movements = &m, .movements_count = 1, .counts = &count, .counts_count = 1};
    snprintf(entry.id, sizeof entry.id, "%lld-%llu", (long long)s->clock.now_ms, (unsigned long long)++s->entries);
    snprintf(m.hold.id.text, sizeof m.hold.id.text, "h_%08u", number);
    snprintf(m.hold.viewer.text, sizeof m.hold.viewer.text, "v_%08u", number);
    snprintf(m.hold.order, sizeof m.hold.order, "%s%u", kind == MOVE_CONFIRMED ? "A-" : "", number);
    m.hold.broadcast = show;
    m.hold.lines_count = 1;
    m.hold.lines[0] = (struct line){.sku = {"mug-red"}, .units = 1};
    if (kind != MOVE_CONFIRMED)
        m.hold.order[0] = '\0';
    board_ledger_entry(s->board, &shop, &entry);
}

static size_t bytes_used(void) { return mallinfo2().uordblks; }

static void a_hundred_thousand_holds_cost_a_few_hundred_bytes_each(void **state)
{
    (void)state;
    static struct stage s;
    size_t few = 0;
    stage_open(&s);
    const struct board_show *b = board_show_find(s.board, &shop, &show);
    for (unsigned i = 0; i < HOLDS_MANY; i++) {
        stage_move(&s, MOVE_RESERVED, i);
        stage_move(&s, MOVE_CONFIRMED, i);
        if ((i + 1) % TICK_ENTRIES != 0)
            continue;
        fake_clock_run_until(&s.clock, s.clock.now_ms + 5100);
        assert_true(list_is_empty(&b->tally.ledger)); /* what a tick covered is not kept */
        if (i + 1 == HOLDS_FEW)
            few = bytes_used();
    }
    assert_int_equal(b->told[b->told_count - 1].firm, HOLDS_MANY);
    size_t each = (bytes_used() - few) / (HOLDS_MANY - HOLDS_FEW);
    printf("bytes of each hold: %zu; the estimator: %zu\n", each, estimator_memory(b->tally.estimator) / HOLDS_MANY);
#if !defined(__SANITIZE_ADDRESS__)
    assert_true(each <= HOLD_BYTES_MAX);
#endif
    stage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_thousand_holds_cost_a_few_hundred_bytes_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
