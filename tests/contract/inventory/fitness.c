/* tests/contract/inventory/fitness.c - which Redis a node works with, and what the audit sees in one that was tampered with. Redis
 * only. */
#include "tests/contract/inventory/wave.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* ---- what it must be able to do ---- */

static void the_library_is_loaded_again(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
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
    stage_open_redis(&(struct stage_config){.unready = true, .prepare = newer_library});
    stage_wait_reason(&stage, 0, "newer");
    assert_false(stage.nodes[0].is_ready);
    redis_server_command(&stage.server, "FUNCTION DELETE liveshelf");
    stage_wait_ready(&stage, 0, true);
    stage_close(&stage);
}

static void durability_is_verified(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){.unready = true, .durability = REDIS_FSYNC});
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
    stage_open_redis(
        &(struct stage_config){.unready = true, .durable = true, .durability = REDIS_REPLICATED, .replicas = 1});
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
    stage_open_redis(&(struct stage_config){.durable = true,
                                            .durability = REDIS_REPLICATED,
                                            .replicas = 1,
                                            .request_ms = 2000,
                                            .silence_ms = 400,
                                            .prepare = with_replica});
    wave_allocate();
    struct wave w;
    wave_start(&w, "both", 300);
    wave_end(&w);
    wave_is_held(&w);
    free(w.requests);
    redis_server_pause(&replica, true);
    struct inventory_request r = wave_reserve("one", 0);
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_NO_ANSWER, r.result); /* here it was done, and might be lost yet */
    redis_server_pause(&replica, false);
    stage_wait_ready(&stage, 0, true);
    do { /* the replica may need a moment more */
        r = wave_reserve("one", 0);
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
    stage_open_redis(&(struct stage_config){
        .unready = true, .durable = true, .durability = REDIS_FSYNC, .prepare = no_config, .login = "app:p%40ss@"});
    stage_wait_reason(&stage, 0, "cannot verify");
    stage_close(&stage);
    stage_open_redis(
        &(struct stage_config){.prepare = no_config, .login = "app:p%40ss@"}); /* relaxed asks for nothing */
    wave_allocate();
    stage_close(&stage);
    stage_open_redis(&(struct stage_config){.unready = true, .prepare = no_config, .login = "app:wrong@"});
    stage_wait_reason(&stage, 0, "log-in refused");
    stage_close(&stage);
}

static void out_of_memory_is_not_now(void **state)
{
    (void)state;
    stage_open_redis(&(struct stage_config){.request_ms = 400});
    wave_allocate();
    redis_server_command(&stage.server, "CONFIG SET maxmemory 1");
    struct inventory_request r = wave_reserve("oom", 0);
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_UNAVAILABLE, r.result); /* refused before it began: certainly not done */
    redis_server_command(&stage.server, "CONFIG SET maxmemory 0");
    stage_wait_ready(&stage, 0, true);
    r = wave_reserve("oom", 0);
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
    stage_open_redis(&(struct stage_config){0});
    wave_allocate();
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
        cmocka_unit_test(the_library_is_loaded_again),    cmocka_unit_test(a_newer_library_is_left_alone),
        cmocka_unit_test(durability_is_verified),         cmocka_unit_test(without_replicas),
        cmocka_unit_test(a_write_waits_for_its_replicas), cmocka_unit_test(forbidden_config_cannot_be_verified),
        cmocka_unit_test(out_of_memory_is_not_now),       cmocka_unit_test(the_audit_sees_what_was_tampered_with),
    };
    return cmocka_run_group_tests_name("a Redis that is fit, or not", tales, NULL, NULL);
}
