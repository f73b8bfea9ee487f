/* tests/contract/feed/feed.c - what the stream for machines promises, told to both implementations. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/contract/inventory/stage.h"

#define KEPT 100

static struct stage stage;
static bool is_done;
static const struct shop_id shop = {"demo"};

static void done(struct feed_append *a)
{
    (void)a;
    is_done = true;
}

static enum result append_data(size_t node, uint64_t seq, const struct bytes *data)
{
    struct feed *feed = stage.nodes[node].feed;
    struct feed_append a = {.shop = shop,
                            .broadcast = {"spring"},
                            .seq = seq,
                            .type = "com.liveshelf.volumes.updated",
                            .id = "msg_1",
                            .data = data,
                            .done = done};
    is_done = false;
    feed->append(feed, &a);
    assert_false(is_done);
    stage_run(&stage, &is_done);
    return a.result;
}

static enum result append(size_t node, uint64_t seq, const char *text)
{
    struct bytes data = {0};
    bytes_text(&data, text);
    enum result result = append_data(node, seq, &data);
    bytes_finish(&data);
    return result;
}

/* The newest entry, as memory tells it. */
static const char *newest(void)
{
    static char text[4096];
    if (stage.config.kind == STAGE_MEMORY)
        return memory_feed_entry(stage.world, &shop, memory_feed_count(stage.world, &shop) - 1);
    char answer[4096], *words[11] = {0}, *rest = answer;
    snprintf(answer, sizeof answer, "%s",
             redis_server_command(&stage.server, "XREVRANGE ls:{demo}:o:volumes + - COUNT 1"));
    for (size_t i = 0; i < ARRAY_LEN(words); i++) { /* the entry's id, then names and values */
        words[i] = strsep(&rest, "\n");
        assert_non_null(words[i]);
    }
    assert_string_equal("type", words[1]);
    assert_string_equal("broadcast", words[3]);
    assert_string_equal("seq", words[5]);
    assert_string_equal("id", words[7]);
    assert_string_equal("d", words[9]);
    snprintf(text, sizeof text, "%s %s %s %s %s", words[2], words[4], words[6], words[8], words[10]);
    return text;
}

static void entries_carry_all_fields(void **state)
{
    (void)state;
    assert_int_equal(RESULT_OK, append(0, 7, "{\"a\":\"one\\ntwo\"}"));
    assert_string_equal("com.liveshelf.volumes.updated spring 7 msg_1 {\"a\":\"one\\ntwo\"}", newest());
    assert_int_equal(RESULT_OK, append(1, 8, "{}"));
    assert_string_equal("com.liveshelf.volumes.updated spring 8 msg_1 {}", newest());
}

static void only_the_newest_are_kept(void **state)
{
    (void)state;
    if (stage.config.kind == STAGE_MEMORY)
        return; /* a test sees all */
    for (uint64_t i = 0; i < 5 * KEPT; i++)
        assert_int_equal(RESULT_OK, append(0, i, "{}"));
    int count = atoi(redis_server_command(&stage.server, "XLEN ls:{demo}:o:volumes"));
    assert_in_range(count, KEPT, 3 * KEPT);
}

static void long_entries_are_fewer(void **state)
{
    (void)state;
    struct bytes data = {0};
    if (stage.config.kind == STAGE_MEMORY)
        return;
    char *piece = calloc(1, 1 << 20);
    assert_non_null(piece);
    bytes_append(&data, piece, 1 << 20);
    free(piece);
    for (uint64_t i = 0; i < 2 * REDIS_FEED_BYTES >> 20; i++)
        assert_int_equal(RESULT_OK, append_data(0, i, &data));
    int count = atoi(redis_server_command(&stage.server, "XLEN ls:{demo}:o:volumes"));
    assert_in_range(count, (REDIS_FEED_BYTES >> 20) / 2, (REDIS_FEED_BYTES >> 20) + 1);
    bytes_finish(&data);
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    struct bytes data = {0};
    char *piece = calloc(1, STORE_VALUE_MAX + 1);
    assert_non_null(piece);
    bytes_append(&data, piece, STORE_VALUE_MAX + 1);
    free(piece);
    if (stage.config.kind == STAGE_REDIS) {
        assert_int_equal(RESULT_MALFORMED, append_data(0, 1, &data));
        assert_int_equal(RESULT_OK, append(0, 1, "{}")); /* and nobody is hurt */
    }
    bytes_finish(&data);
}

static int run_tales(const char *name)
{
    const struct CMUnitTest tales[] = {
        cmocka_unit_test(entries_carry_all_fields),
        cmocka_unit_test(only_the_newest_are_kept),
        cmocka_unit_test(long_entries_are_fewer),
        cmocka_unit_test(what_is_too_long_is_refused),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void)
{
    MUST(stage_open(&stage, &(struct stage_config){.kind = STAGE_MEMORY, .nodes = 2}));
    int failed = run_tales("stream for machines in memory");
    stage_close(&stage);
    if (!stage_open(&stage, &(struct stage_config){.kind = STAGE_REDIS, .nodes = 2, .feed_entries = KEPT}))
        return failed == 0 ? 77 : failed;
    failed += run_tales("stream for machines in Redis");
    stage_close(&stage);
    return failed;
}
