/* tests/contract/inventory/format.c - stock that an older version left behind is refused, loudly, and not touched. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "tests/contract/inventory/stage.h"

static struct stage stage;

static void open_stage(const struct stage_config *config)
{
    if (!stage_open(&stage, config))
        skip();
}

static struct inventory_request an_allocate(const char *shop)
{
    struct inventory_request r = {.op = INVENTORY_ALLOCATE, .sku = {"mug"}, .units = 5, .ref = "po-1"};
    snprintf(r.shop.text, sizeof r.shop.text, "%s", shop);
    return r;
}

static void first_library(struct redis_server *server)
{
    redis_server_command(
        server, "FUNCTION LOAD %s",
        "#!lua name=liveshelf\n-- version 1\nredis.register_function('ls_exec', function() return 1 end)");
}

static void an_older_library_keeps_the_node_away(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.kind = STAGE_REDIS, .unready = true, .prepare = first_library});
    stage_wait_reason(&stage, 0, "does not read");
    assert_false(stage.nodes[0].is_ready);
    redis_server_command(&stage.server, "FUNCTION DELETE liveshelf");
    stage_wait_ready(&stage, 0, true);
    stage_close(&stage);
}

/* The library was lost, the stock was not. */
static void older_stock_is_refused(void **state)
{
    (void)state;
    open_stage(&(struct stage_config){.kind = STAGE_REDIS});
    redis_server_command(&stage.server, "HSET ls:{old.0}:c mug 5:0:0:5:0:0:0:0:0");
    struct inventory_request old = an_allocate("old"), other = an_allocate("other");
    stage_ask(&stage, 0, &old, 1);
    assert_int_equal(RESULT_UNAVAILABLE, old.result);
    assert_string_equal("5:0:0:5:0:0:0:0:0", redis_server_command(&stage.server, "HGET ls:{old.0}:c mug"));
    assert_string_equal("0", redis_server_command(&stage.server, "EXISTS ls:{old.0}:g ls:{old.0}:f"));
    stage_ask(&stage, 0, &other, 1); /* one shop's past is not another's */
    assert_int_equal(RESULT_OK, other.result);
    assert_int_equal(INVENTORY_DONE, other.answer);
    redis_server_command(&stage.server, "HSET ls:{other.0}:f #format 3");
    other = an_allocate("other");
    stage_ask(&stage, 0, &other, 1);
    assert_int_equal(RESULT_UNAVAILABLE, other.result);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_library_keeps_the_node_away),
        cmocka_unit_test(older_stock_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
