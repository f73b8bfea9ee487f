/* tests/contract/store/store.c - what the store promises, told to both implementations. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/contract/inventory/stage.h"

#define TTL 60000

static struct stage stage;
static struct store_request request;
static bool is_done;

static void done(struct store_request *r)
{
    (void)r;
    is_done = true;
}

static enum result ask(size_t node, enum store_op op, const char *key, const char *value, int64_t ttl_ms)
{
    struct store *store = stage.nodes[node].store;
    request =
        (struct store_request){.op = op, .shop = {"demo"}, .ttl_ms = ttl_ms, .value = request.value, .done = done};
    snprintf(request.key, sizeof request.key, "%s", key);
    snprintf(request.node.text, sizeof request.node.text, "n%zu", node);
    bytes_clear(&request.value);
    bytes_text(&request.value, value);
    is_done = false;
    store->ask(store, &request);
    assert_false(is_done);
    stage_run(&stage, &is_done);
    return request.result;
}

static void check_value(const char *value)
{
    assert_int_equal(strlen(value), request.value.len);
    assert_memory_equal(value, request.value.data == NULL ? "" : request.value.data, request.value.len);
}

static void what_was_put_is_there(void **state)
{
    (void)state;
    assert_int_equal(RESULT_NOT_FOUND, ask(0, STORE_GET, "a", "", 0));
    assert_int_equal(RESULT_OK, ask(0, STORE_PUT, "a", "one", TTL));
    assert_int_equal(RESULT_OK, ask(1, STORE_GET, "a", "", 0));
    check_value("one");
    assert_int_equal(RESULT_OK, ask(1, STORE_PUT, "a", "two\nlines", TTL));
    assert_int_equal(RESULT_OK, ask(0, STORE_GET, "a", "", 0));
    check_value("two\nlines");
    assert_int_equal(RESULT_OK, ask(0, STORE_DROP, "a", "", 0));
    assert_int_equal(RESULT_NOT_FOUND, ask(0, STORE_GET, "a", "", 0));
    assert_int_equal(RESULT_OK, ask(0, STORE_DROP, "a", "", 0));
}

static void one_claims_first(void **state)
{
    (void)state;
    assert_int_equal(RESULT_OK, ask(0, STORE_CLAIM, "order:1", "mine", TTL));
    assert_int_equal(RESULT_CONFLICT, ask(1, STORE_CLAIM, "order:1", "yours", TTL));
    check_value("mine");
    assert_int_equal(RESULT_OK, ask(1, STORE_GET, "order:1", "", 0));
    check_value("mine");
    assert_int_equal(RESULT_OK, ask(0, STORE_DROP, "order:1", "", 0));
    assert_int_equal(RESULT_OK, ask(1, STORE_CLAIM, "order:1", "yours", TTL));
}

static void values_pass_away(void **state)
{
    (void)state;
    assert_int_equal(RESULT_OK, ask(0, STORE_PUT, "short", "x", 20));
    stage_pass(&stage, 20);
    while (ask(0, STORE_GET, "short", "", 0) == RESULT_OK)
        check_value("x"); /* Redis keeps its own time for these */
    assert_int_equal(RESULT_NOT_FOUND, request.result);
    assert_int_equal(RESULT_OK, ask(0, STORE_CLAIM, "short", "y", TTL));
}

static void nodes_share(void **state)
{
    (void)state;
    assert_int_equal(RESULT_OK, ask(1, STORE_SHARE, "audience", "7 3", TTL));
    check_value("n1 7 3\n");
    assert_int_equal(RESULT_OK, ask(0, STORE_SHARE, "audience", "5", TTL));
    check_value("n0 5\nn1 7 3\n");
    stage_pass(&stage, TTL - 1);
    assert_int_equal(RESULT_OK, ask(0, STORE_SHARE, "audience", "6", TTL));
    check_value("n0 6\nn1 7 3\n");
    stage_pass(&stage, 1);
    assert_int_equal(RESULT_OK, ask(0, STORE_SHARE, "audience", "8", TTL));
    check_value("n0 8\n"); /* the other is gone */
}

static int run_tales(const char *name)
{
    const struct CMUnitTest tales[] = {
        cmocka_unit_test(what_was_put_is_there),
        cmocka_unit_test(one_claims_first),
        cmocka_unit_test(values_pass_away),
        cmocka_unit_test(nodes_share),
    };
    int failed = cmocka_run_group_tests_name(name, tales, NULL, NULL);
    bytes_finish(&request.value);
    return failed;
}

int main(void)
{
    MUST(stage_open(&stage, &(struct stage_config){.kind = STAGE_MEMORY, .nodes = 2}));
    int failed = run_tales("store in memory");
    stage_close(&stage);
    if (!stage_open(&stage, &(struct stage_config){.kind = STAGE_REDIS, .nodes = 2}))
        return failed == 0 ? 77 : failed;
    failed += run_tales("store in Redis");
    stage_close(&stage);
    return failed;
}
