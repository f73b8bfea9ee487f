/* tests/contract/inventory/faults.c - what Redis and the way to it may do, and what is promised meanwhile. Redis only. */
#include "tests/contract/inventory/wave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"

/* ---- connections ---- */

static void a_cut_connection_loses_nothing(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
    for (unsigned round = 0; round < 20; round++) {
        struct wave w;
        char name[16];
        snprintf(name, sizeof name, "cut%u", round);
        wave_start(&w, name, 300);
        for (unsigned turn = 0; turn < round % 4; turn++)
            uv_run(&stage.loop, UV_RUN_NOWAIT);
        redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
        wave_end(&w);
        wave_is_held(&w);
        free(w.requests);
    }
    assert_int_equal(20 * 300, wave_count().held);
    stage_audit(&stage, "demo");
    stage_close(&stage);
}

/* ---- what is sent twice is done once ---- */

#define ACTS 10
static void all_acts(struct inventory_request acts[ACTS], unsigned round)
{
    const struct inventory_request some[ACTS] = {
        {.op = INVENTORY_ALLOCATE, .units = 5, .ref = "po1"},
        {.op = INVENTORY_LIMIT, .units = 3},
        {.op = INVENTORY_RESERVE, .ttl_ms = 3600000},
        {.op = INVENTORY_FREEZE, .frozen = true, .epoch = {"e1"}, .version = 1},
        {.op = INVENTORY_RECALL, .recall = RECALL_CANCEL},
        {.op = INVENTORY_TAKE_BACK},
        {.op = INVENTORY_BUFFER, .units = 2},
        {.op = INVENTORY_SYNC, .units = 4, .version = 1, .counted_ms = STAGE_START_MS - 300},
        {.op = INVENTORY_WITHDRAW, .units = 1, .ref = "w1"},
        {.op = INVENTORY_CHECKPOINT, .ttl_ms = 10},
    };
    for (size_t i = 0; i < ACTS; i++) {
        struct inventory_request *r = &acts[i];
        *r = some[i];
        r->shop = (struct shop_id){"demo"};
        r->hold = wave_reserve("acts", round).hold;
        snprintf(r->sku.text, sizeof r->sku.text, "sku%u", round);
        snprintf(r->hold.broadcast.text, sizeof r->hold.broadcast.text, "b%u", round);
        r->hold.lines[0].sku = r->sku;
    }
}

static size_t times_in(const char *text, const char *part)
{
    size_t times = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        times++;
    return times;
}

static void told_once(const char *ledger, unsigned round)
{
    static const char *const parts[] = {
        "allocated sku%u 5", "limit sku%u 3",  "reserved acts-%u ", "frozen b%u 0\n",     "recall sku%u cancel",
        "recalled acts-%u ", "buffer sku%u 2", "synced sku%u -1 ",  "withdrawn sku%u 1 ",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char part[64] = "", number[16];
        snprintf(number, sizeof number, "%u", round);
        const char *gap = strstr(parts[i], "%u");
        snprintf(part, sizeof part, "  %.*s%s%s", (int)(gap - parts[i]), parts[i], number, gap + 2);
        assert_int_equal(1, times_in(ledger, part));
    }
}

static void every_act_survives_a_cut(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){0});
    for (unsigned round = 0; round < 24; round++) {
        struct inventory_request acts[ACTS];
        struct wave w = {.requests = acts, .count = ACTS};
        all_acts(acts, round);
        wave_ask(&w);
        for (unsigned turn = 0; turn < round % 4; turn++)
            uv_run(&stage.loop, UV_RUN_NOWAIT);
        redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
        wave_end(&w);
        for (size_t i = 0; i < ACTS; i++) {
            bool is_repeat = acts[i].answer == (acts[i].op == INVENTORY_SYNC ? INVENTORY_IGNORED : INVENTORY_REPLAYED);
            assert_int_equal(RESULT_OK, acts[i].result);
            assert_true(acts[i].answer == INVENTORY_DONE || is_repeat);
        }
        stage_pass(&stage, 10);
    }
    struct bytes ledger = {0};
    stage_ledger(&stage, 0, "demo", &ledger);
    for (unsigned round = 0; round < 24; round++)
        told_once(ledger.data, round);
    assert_int_equal(24, times_in(ledger.data, " checkpoint\n"));
    bytes_finish(&ledger);
    stage_fold(&stage, "demo", NULL);
    stage_audit(&stage, "demo");
    stage_close(&stage);
}

/* ---- a server that dies ---- */

static void killed_and_started_again(void **state)
{
    (void)state;
    struct rng rng;
    size_t held = 0;
    rng_seed(&rng, 7);
    stage_open_redis(&(struct stage_config){.durable = true, .durability = REDIS_FSYNC});
    wave_allocate();
    for (unsigned round = 0; round < 12; round++) {
        struct wave w;
        char name[16];
        snprintf(name, sizeof name, "kill%u", round);
        wave_start(&w, name, 700);
        while (w.open > 700 - rng_below(&rng, 600))
            uv_run(&stage.loop, UV_RUN_ONCE);
        redis_server_kill(&stage.server);
        redis_server_start_again(&stage.server);
        wave_end(&w);
        wave_is_held(&w);
        held += w.count;
        free(w.requests);
        assert_int_equal(held, wave_count().held);
    }
    stage_audit(&stage, "demo");
    stage_close(&stage);
}

static bool is_there(const struct inventory_request *asked)
{
    struct inventory_request r = {.op = INVENTORY_HOLD_GET, .shop = asked->shop, .hold = {.id = asked->hold.id}};
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_OK, r.result);
    return r.answer == INVENTORY_DONE;
}

/* Nobody comes back in time: acknowledged is there, what was never sent is not, what is unknown is there or not as a
 * whole batch. */
static void unanswered_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 11);
    stage_open_redis(&(struct stage_config){.durable = true, .durability = REDIS_FSYNC, .request_ms = 300});
    wave_allocate();
    for (unsigned round = 0; round < 8; round++) {
        struct wave w;
        char name[16];
        snprintf(name, sizeof name, "half%u", round);
        wave_start(&w, name, 128 * 4);
        size_t answers = 128 * rng_below(&rng, 4);
        while (w.count - w.open < answers || rng_below(&rng, 3) > 0)
            uv_run(&stage.loop, UV_RUN_NOWAIT);
        redis_server_kill(&stage.server);
        wave_end(&w);
        redis_server_start_again(&stage.server);
        stage_wait_ready(&stage, 0, true);
        for (size_t batch = 0; batch < 4; batch++) {
            size_t there = 0;
            for (size_t i = 0; i < 128; i++) {
                const struct inventory_request *r = &w.requests[batch * 128 + i];
                there += is_there(r);
                assert_int_equal(w.requests[batch * 128].result, r->result);
            }
            assert_true(there == 0 || there == 128);
            assert_true(w.requests[batch * 128].result != RESULT_OK || there == 128);
            assert_true(w.requests[batch * 128].result != RESULT_UNAVAILABLE || there == 0);
        }
        free(w.requests);
    }
    stage_audit(&stage, "demo");
    stage_close(&stage);
}

struct listener {
    struct ledger_follow follow;
    unsigned entries, caught_up, lost, rewound;
    bool is_told;
};

static void heard_entry(struct ledger_follow *f, const struct ledger_entry *e)
{
    (void)e;
    container_of(f, struct listener, follow)->entries++;
}
static void heard_caught_up(struct ledger_follow *f)
{
    struct listener *l = container_of(f, struct listener, follow);
    l->caught_up++;
    l->is_told = true;
}
static void heard_lost(struct ledger_follow *f)
{
    struct listener *l = container_of(f, struct listener, follow);
    l->lost++;
    l->is_told = true;
}
static void heard_rewound(struct ledger_follow *f)
{
    struct listener *l = container_of(f, struct listener, follow);
    l->rewound++;
    l->entries = 0;
}

static void listen_to(struct listener *l)
{
    struct ledger *ledger = stage.nodes[0].ledger;
    *l = (struct listener){.follow = {.shop = {"demo"},
                                      .entry = heard_entry,
                                      .caught_up = heard_caught_up,
                                      .lost = heard_lost,
                                      .rewound = heard_rewound}};
    ledger->follow(ledger, &l->follow);
    stage_run(&stage, &l->is_told);
    l->is_told = false;
}

static void listen_until(struct listener *l, const unsigned *what, unsigned value)
{
    while (*what < value) {
        stage_run(&stage, &l->is_told);
        l->is_told = false;
    }
}

static void a_redis_that_stands_still(void **state)
{
    (void)state;
    struct listener listener;
    stage_open_redis(&(struct stage_config){.request_ms = 400, .silence_ms = 200, .connect_ms = 200});
    wave_allocate();
    listen_to(&listener);
    redis_server_pause(&stage.server, true);
    struct inventory_request sent = wave_reserve("sent", 0), late = wave_reserve("late", 0);
    stage_ask(&stage, 0, &sent, 1);
    assert_int_equal(RESULT_NO_ANSWER, sent.result);
    stage_wait_ready(&stage, 0, false);
    assert_string_equal("no answer in time", stage.nodes[0].reason);
    stage_ask(&stage, 0, &late, 1);
    assert_int_equal(RESULT_UNAVAILABLE, late.result);
    listen_until(&listener, &listener.lost, 1);
    redis_server_pause(&stage.server, false);
    stage_wait_ready(&stage, 0, true);
    struct inventory_request again[2] = {wave_reserve("sent", 0), wave_reserve("late", 0)};
    stage_ask(&stage, 0, again, 2);
    assert_true(again[0].answer == INVENTORY_DONE || again[0].answer == INVENTORY_REPLAYED);
    assert_int_equal(INVENTORY_DONE, again[1].answer);
    assert_int_equal(2, wave_count().held);
    listen_until(&listener, &listener.caught_up, 2);
    assert_int_equal(0, listener.rewound);
    stage.nodes[0].ledger->unfollow(stage.nodes[0].ledger, &listener.follow);
    stage_close(&stage);
}

static void a_lost_ledger_entry_is_noticed(void **state)
{
    (void)state;
    struct listener listener;
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
    struct inventory_request r = wave_reserve("h", 0);
    stage_ask(&stage, 0, &r, 1);
    listen_to(&listener);
    assert_int_equal(2, listener.entries);
    redis_server_command(&stage.server, "XDEL ls:{demo.0}:g %s", r.ledger_id);
    redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
    listen_until(&listener, &listener.caught_up, 2);
    assert_int_equal(1, listener.rewound);
    assert_int_equal(1, listener.entries);
    stage.nodes[0].ledger->unfollow(stage.nodes[0].ledger, &listener.follow);
    stage_close(&stage);
}

/* What waits must not take units that were promised and lost, and are about to be put back. */
static void nothing_is_sent_behind_a_lost_history(void **state)
{
    (void)state;
    struct wave w;
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
    struct inventory_request r = wave_reserve("h", 0);
    stage_ask(&stage, 0, &r, 1);
    redis_server_command(&stage.server, "XDEL ls:{demo.0}:g %s", r.ledger_id);
    wave_start(&w, "behind", 600);
    redis_server_command(&stage.server, "CLIENT KILL TYPE normal");
    wave_end(&w);
    assert_int_equal(0, wave_with(&w, RESULT_OK));
    assert_int_equal(w.count, wave_with(&w, RESULT_NO_ANSWER) + wave_with(&w, RESULT_UNAVAILABLE));
    assert_int_equal(1, wave_count().held);
    struct inventory_request after = wave_reserve("after", 0);
    stage_ask(&stage, 0, &after, 1);
    assert_int_equal(INVENTORY_DONE, after.answer);
    free(w.requests);
    stage_close(&stage);
}

static void too_many_waiting(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){.queue_max = 10});
    wave_allocate();
    struct wave w;
    wave_start(&w, "full", 25);
    wave_end(&w);
    assert_int_equal(10, wave_with(&w, RESULT_OK));
    assert_int_equal(15, wave_with(&w, RESULT_FULL));
    free(w.requests);
    assert_int_equal(10, wave_count().held);
    stage_close(&stage);
}

static void closing_answers_everyone(void **state)
{
    (void)state;
    struct wave w;
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
    wave_start(&w, "close", 400); /* more than one batch: some are sent, some are not */
    while (w.open == w.count)
        uv_run(&stage.loop, UV_RUN_ONCE);
    stage_close(&stage);
    assert_int_equal(0, w.open);
    assert_int_equal(w.count,
                     wave_with(&w, RESULT_OK) + wave_with(&w, RESULT_NO_ANSWER) + wave_with(&w, RESULT_UNAVAILABLE));
    free(w.requests);
}

int main(void)
{
    log_level_set(LOG_ERROR);
    const struct CMUnitTest tales[] = {
        cmocka_unit_test(a_cut_connection_loses_nothing),
        cmocka_unit_test(every_act_survives_a_cut),
        cmocka_unit_test(killed_and_started_again),
        cmocka_unit_test(unanswered_is_whole_or_not_at_all),
        cmocka_unit_test(a_redis_that_stands_still),
        cmocka_unit_test(a_lost_ledger_entry_is_noticed),
        cmocka_unit_test(nothing_is_sent_behind_a_lost_history),
        cmocka_unit_test(too_many_waiting),
        cmocka_unit_test(closing_answers_everyone),
    };
    return cmocka_run_group_tests_name("inventory in Redis, in trouble", tales, NULL, NULL);
}
