/* tests/contract/inventory/faults.c - what Redis and the way to it may do, and what is promised meanwhile. Redis only. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rng.h"
#include "tests/contract/inventory/stage.h"

#define UNITS 1000000

static struct stage stage;

static void open_stage(const struct stage_config *config)
{
    struct stage_config c = *config;
    c.kind = STAGE_REDIS;
    if (!stage_open(&stage, &c))
        skip();
}

static struct inventory_request a_reserve(const char *name, unsigned number)
{
    struct inventory_request r = {.op = INVENTORY_RESERVE, .shop = {"demo"}, .ttl_ms = 3600000};
    snprintf(r.hold.id.text, sizeof r.hold.id.text, "%s-%u", name, number);
    memcpy(r.hold.viewer.text, "v", 2);
    memcpy(r.hold.currency, "EUR", 4);
    r.hold.lines_count = 1;
    r.hold.lines[0] = (struct line){.sku = {"mug"}, .units = 1, .unit_minor = 990, .price_version = 1};
    return r;
}

static void allocate(void)
{
    struct inventory_request r = {
        .op = INVENTORY_ALLOCATE, .shop = {"demo"}, .sku = {"mug"}, .units = UNITS, .ref = "po1"};
    do /* a replica that has just come may need a moment more */
        stage_ask(&stage, 0, &r, 1);
    while (r.result == RESULT_NO_ANSWER);
    assert_int_equal(RESULT_OK, r.result);
}

static struct stock_count count_now(void)
{
    struct inventory_request r = {.op = INVENTORY_OPEN, .shop = {"demo"}, .sku = {"mug"}};
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_OK, r.result);
    return r.count;
}

/* ---- many requests under way ---- */

struct wave {
    struct inventory_request *requests;
    size_t count, open;
    bool is_done;
};
static struct wave *flying;

static void wave_answered(struct inventory_request *r)
{
    (void)r;
    flying->is_done = --flying->open == 0;
}

static void wave_start(struct wave *w, const char *name, size_t count)
{
    *w = (struct wave){.requests = calloc(count, sizeof *w->requests), .count = count, .open = count};
    flying = w;
    for (size_t i = 0; i < count; i++) {
        w->requests[i] = a_reserve(name, (unsigned)i);
        w->requests[i].done = wave_answered;
        stage.nodes[0].inventory->ask(stage.nodes[0].inventory, &w->requests[i]);
    }
}

static void wave_end(struct wave *w) { stage_run(&stage, &w->is_done); }

static size_t wave_with(const struct wave *w, enum result result)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        n += w->requests[i].result == result;
    return n;
}

/* Each request was done, now or by a sending before. */
static void wave_is_held(const struct wave *w)
{
    for (size_t i = 0; i < w->count; i++) {
        assert_int_equal(RESULT_OK, w->requests[i].result);
        assert_true(w->requests[i].answer == INVENTORY_DONE || w->requests[i].answer == INVENTORY_REPLAYED);
        assert_int_equal(HOLD_HELD, w->requests[i].hold.state);
    }
}

/* ---- connections ---- */

static void a_cut_connection_loses_nothing(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){0});
    allocate();
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
    assert_int_equal(20 * 300, count_now().held);
    stage_audit(&stage, "demo");
    stage_close(&stage);
}

static void killed_and_started_again(void **state)
{
    (void)state;
    struct rng rng;
    size_t held = 0;
    rng_seed(&rng, 7);
    open_stage(&(struct stage_config){.durable = true, .durability = REDIS_FSYNC});
    allocate();
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
        assert_int_equal(held, count_now().held);
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
    open_stage(&(struct stage_config){.durable = true, .durability = REDIS_FSYNC, .request_ms = 300});
    allocate();
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
    open_stage(&(struct stage_config){.request_ms = 400, .silence_ms = 200, .connect_ms = 200});
    allocate();
    listen_to(&listener);
    redis_server_pause(&stage.server, true);
    struct inventory_request sent = a_reserve("sent", 0), late = a_reserve("late", 0);
    stage_ask(&stage, 0, &sent, 1);
    assert_int_equal(RESULT_NO_ANSWER, sent.result);
    stage_wait_ready(&stage, 0, false);
    assert_string_equal("no answer in time", stage.nodes[0].reason);
    stage_ask(&stage, 0, &late, 1);
    assert_int_equal(RESULT_UNAVAILABLE, late.result);
    listen_until(&listener, &listener.lost, 1);
    redis_server_pause(&stage.server, false);
    stage_wait_ready(&stage, 0, true);
    struct inventory_request again[2] = {a_reserve("sent", 0), a_reserve("late", 0)};
    stage_ask(&stage, 0, again, 2);
    assert_true(again[0].answer == INVENTORY_DONE || again[0].answer == INVENTORY_REPLAYED);
    assert_int_equal(INVENTORY_DONE, again[1].answer);
    assert_int_equal(2, count_now().held);
    listen_until(&listener, &listener.caught_up, 2);
    assert_int_equal(0, listener.rewound);
    stage.nodes[0].ledger->unfollow(stage.nodes[0].ledger, &listener.follow);
    stage_close(&stage);
}

static void a_lost_ledger_entry_is_noticed(void **state)
{
    (void)state;
    struct listener listener;
    open_stage(&(struct stage_config){0});
    allocate();
    struct inventory_request r = a_reserve("h", 0);
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

static void too_many_waiting(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.queue_max = 10});
    allocate();
    struct wave w;
    wave_start(&w, "full", 25);
    wave_end(&w);
    assert_int_equal(10, wave_with(&w, RESULT_OK));
    assert_int_equal(15, wave_with(&w, RESULT_FULL));
    free(w.requests);
    assert_int_equal(10, count_now().held);
    stage_close(&stage);
}

static void closing_answers_everyone(void **state)
{
    (void)state;
    struct wave w;
    open_stage(&(struct stage_config){0});
    allocate();
    wave_start(&w, "close", 400); /* more than one batch: some are sent, some are not */
    while (w.open == w.count)
        uv_run(&stage.loop, UV_RUN_ONCE);
    stage_close(&stage);
    assert_int_equal(0, w.open);
    assert_int_equal(w.count,
                     wave_with(&w, RESULT_OK) + wave_with(&w, RESULT_NO_ANSWER) + wave_with(&w, RESULT_UNAVAILABLE));
    free(w.requests);
}

/* ---- fitness ---- */

static void the_library_is_loaded_again(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){0});
    allocate();
    redis_server_command(&stage.server, "FUNCTION FLUSH");
    struct wave w;
    wave_start(&w, "flush", 10);
    wave_end(&w);
    wave_is_held(&w);
    free(w.requests);
    stage_close(&stage);
}

static void newer_library(struct redis_server *server)
{
    redis_server_command(
        server, "FUNCTION LOAD %s",
        "#!lua name=liveshelf\n-- version 99\nredis.register_function('ls_exec', function() return 1 end)");
}

static void a_newer_library_is_left_alone(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.unready = true, .prepare = newer_library});
    stage_wait_reason(&stage, 0, "newer");
    assert_false(stage.nodes[0].is_ready);
    redis_server_command(&stage.server, "FUNCTION DELETE liveshelf");
    stage_wait_ready(&stage, 0, true);
    stage_close(&stage);
}

static void durability_is_verified(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.unready = true, .durability = REDIS_FSYNC});
    stage_wait_reason(&stage, 0, "appendonly yes");
    redis_server_command(&stage.server, "CONFIG SET appendonly yes");
    redis_server_command(&stage.server, "CONFIG SET appendfsync everysec");
    stage_wait_reason(&stage, 0, "appendfsync always");
    redis_server_command(&stage.server, "CONFIG SET appendfsync always");
    stage_wait_ready(&stage, 0, true);
    stage_close(&stage);
}

static void without_replicas(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.unready = true, .durable = true, .durability = REDIS_REPLICATED, .replicas = 1});
    stage_wait_reason(&stage, 0, "needs 1 replicas, 0 are in step");
    stage_close(&stage);
}

static struct redis_server replica;
static void with_replica(struct redis_server *server)
{
    redis_server_command(server, "CONFIG SET repl-diskless-sync-delay 0");
    redis_server_start_replica(&replica, server);
}

static void a_write_waits_for_its_replicas(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.durable = true,
                                      .durability = REDIS_REPLICATED,
                                      .replicas = 1,
                                      .request_ms = 2000,
                                      .silence_ms = 400,
                                      .prepare = with_replica});
    allocate();
    struct wave w;
    wave_start(&w, "both", 300);
    wave_end(&w);
    wave_is_held(&w);
    free(w.requests);
    redis_server_pause(&replica, true);
    struct inventory_request r = a_reserve("one", 0);
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_NO_ANSWER, r.result); /* here it was done, and might be lost yet */
    redis_server_pause(&replica, false);
    stage_wait_ready(&stage, 0, true);
    do { /* the replica may need a moment more */
        r = a_reserve("one", 0);
        stage_ask(&stage, 0, &r, 1);
    } while (r.result != RESULT_OK);
    assert_int_equal(INVENTORY_REPLAYED, r.answer);
    stage_close(&stage);
    redis_server_finish(&replica);
}

static void no_config(struct redis_server *server)
{
    redis_server_command(server, "ACL SETUSER app on >p@ss ~ls:* +@all -config");
}

static void forbidden_config_cannot_be_verified(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){
        .unready = true, .durable = true, .durability = REDIS_FSYNC, .prepare = no_config, .login = "app:p%40ss@"});
    stage_wait_reason(&stage, 0, "cannot verify");
    stage_close(&stage);
    open_stage(&(struct stage_config){.prepare = no_config, .login = "app:p%40ss@"}); /* relaxed asks for nothing */
    allocate();
    stage_close(&stage);
    open_stage(&(struct stage_config){.unready = true, .prepare = no_config, .login = "app:wrong@"});
    stage_wait_reason(&stage, 0, "log-in refused");
    stage_close(&stage);
}

static void out_of_memory_is_not_now(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.request_ms = 400});
    allocate();
    redis_server_command(&stage.server, "CONFIG SET maxmemory 1");
    struct inventory_request r = a_reserve("oom", 0);
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_UNAVAILABLE, r.result); /* refused before it began: certainly not done */
    redis_server_command(&stage.server, "CONFIG SET maxmemory 0");
    stage_wait_ready(&stage, 0, true);
    r = a_reserve("oom", 0);
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_OK, r.result);
    assert_int_equal(INVENTORY_DONE, r.answer);
    stage_close(&stage);
}

/* ---- the audit ---- */

static uint64_t differences(const char *expected)
{
    struct audit_result result;
    struct shop_id shop = {"demo"};
    bool found = false;
    assert_int_equal(RESULT_OK, audit_run(stage.server.url, &shop, &result, NULL));
    for (size_t i = 0; i < result.differences_count; i++)
        found = found || strstr(result.differences[i], expected) != NULL;
    uint64_t total = result.differences_total;
    struct bytes text = {0};
    audit_write(&result, &text);
    if (total > 0 && !found)
        print_message("%s", text.data);
    assert_true(total == 0 || found);
    bytes_finish(&text);
    audit_finish(&result);
    return total;
}

static void seen_shop(void *ctx, const struct shop_id *shop) { *(struct shop_id *)ctx = *shop; }

static void the_audit_sees_what_was_tampered_with(void **state)
{
    (void)state;
    struct shop_id shop = {0};
    open_stage(&(struct stage_config){0});
    allocate();
    struct wave w;
    wave_start(&w, "h", 5);
    wave_end(&w);
    assert_int_equal(0, differences(""));
    assert_int_equal(RESULT_OK, audit_shops(stage.server.url, seen_shop, &shop, NULL));
    assert_string_equal("demo", shop.text);
    const char *key = "ls:{demo.0}:c";
    redis_server_command(&stage.server, "HSET %s mug 999996:5:0:1000001:0:0:0:0:0:0:0", key);
    assert_true(differences("Redis says 999996+5+0=1000001") > 0);
    redis_server_command(&stage.server, "HSET %s mug 999995:5:0:1000000:0:0:0:0:0:0:0", key);
    assert_int_equal(0, differences(""));
    redis_server_command(&stage.server, "HDEL ls:{demo.0}:h h-3");
    assert_true(differences("h-3 is open in the ledger and not kept") > 0);
    redis_server_command(&stage.server, "DEL ls:{demo.0}:x");
    assert_true(differences("timers: h-2 has none") > 0);
    redis_server_command(&stage.server, "ZADD ls:{demo.0}:w 0 mug|0000000000000001");
    assert_true(differences("waitlist: 1 places are kept, 0 viewers are in line") > 0);
    redis_server_command(&stage.server, "XDEL ls:{demo.0}:g %s", w.requests[0].ledger_id);
    assert_true(differences("h-1 is not in the ledger") > 0);
    assert_true(differences("ledger: entries were deleted out of it") > 0);
    free(w.requests);
    stage_close(&stage);
}

int main(void)
{
    log_level_set(LOG_ERROR);
    const struct CMUnitTest tales[] = {
        cmocka_unit_test(a_cut_connection_loses_nothing),
        cmocka_unit_test(killed_and_started_again),
        cmocka_unit_test(unanswered_is_whole_or_not_at_all),
        cmocka_unit_test(a_redis_that_stands_still),
        cmocka_unit_test(a_lost_ledger_entry_is_noticed),
        cmocka_unit_test(too_many_waiting),
        cmocka_unit_test(closing_answers_everyone),
        cmocka_unit_test(the_library_is_loaded_again),
        cmocka_unit_test(a_newer_library_is_left_alone),
        cmocka_unit_test(durability_is_verified),
        cmocka_unit_test(without_replicas),
        cmocka_unit_test(a_write_waits_for_its_replicas),
        cmocka_unit_test(forbidden_config_cannot_be_verified),
        cmocka_unit_test(out_of_memory_is_not_now),
        cmocka_unit_test(the_audit_sees_what_was_tampered_with),
    };
    return cmocka_run_group_tests_name("inventory in Redis, in trouble", tales, NULL, NULL);
}
