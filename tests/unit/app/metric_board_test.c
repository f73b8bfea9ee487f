/* Three nodes in one process: three boards on the same memory, each asked for all. */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/metric_board.h"
#include "base/metric.h"
#include "tests/support/fake_clock.h"

static const double bounds[] = {1};
static struct metric claims = {.name = "liveshelf_claims_total", .help = "Claims.", .kind = METRIC_COUNTER};
static struct metric conns = {
    .name = "liveshelf_conns", .labels = "role=\"host\"", .help = "Conns.", .kind = METRIC_GAUGE};
static struct metric turns = {
    .name = "liveshelf_turn", .help = "Turns.", .kind = METRIC_HISTOGRAM, .bounds = bounds, .bounds_count = 1};

static void assert_text(struct metric_board *b, const char *expected)
{
    struct bytes out = {0};
    metric_board_write(b, &out);
    assert_int_equal(bytes_result(&out), RESULT_OK);
    bytes_append(&out, "", 1);
    assert_string_equal(out.data, expected);
    bytes_finish(&out);
}

#define HEAD_CLAIMS "# HELP liveshelf_claims_total Claims.\n# TYPE liveshelf_claims_total counter\n"
#define HEAD_CONNS "# HELP liveshelf_conns Conns.\n# TYPE liveshelf_conns gauge\n"
#define HEAD_TURNS "# HELP liveshelf_turn Turns.\n# TYPE liveshelf_turn histogram\n"

static void all_that_are_alive_are_written(void **state)
{
    struct fake_clock clock;
    struct metric_board first, second;
    (void)state;
    fake_clock_init(&clock, 1000000);
    metric_reset_all();
    metric_register(&claims);
    metric_register(&conns);
    metric_register(&turns);
    int fd = metric_board_create(3);
    assert_true(fd > 3);
    metric_set(&claims, 5);
    metric_observe(&turns, 0.5);
    assert_int_equal(metric_board_open(&first, fd, 3, 0, &clock.clock), RESULT_OK); /* what it says now is 5 */
    metric_set(&claims, 7);
    metric_set(&conns, 2);
    metric_observe(&turns, 3);
    assert_int_equal(metric_board_open(&second, fd, 3, 2, &clock.clock), RESULT_OK); /* the one between never came */
    assert_text(&second,
                HEAD_CLAIMS "liveshelf_claims_total{node=\"n1\"} 5\nliveshelf_claims_total{node=\"n3\"} 7\n" HEAD_CONNS
                            "liveshelf_conns{node=\"n1\",role=\"host\"} 0\n"
                            "liveshelf_conns{node=\"n3\",role=\"host\"} 2\n" HEAD_TURNS
                            "liveshelf_turn_bucket{node=\"n1\",le=\"1\"} 1\n"
                            "liveshelf_turn_bucket{node=\"n1\",le=\"+Inf\"} 1\n"
                            "liveshelf_turn_sum{node=\"n1\"} 0.5\nliveshelf_turn_count{node=\"n1\"} 1\n"
                            "liveshelf_turn_bucket{node=\"n3\",le=\"1\"} 1\n"
                            "liveshelf_turn_bucket{node=\"n3\",le=\"+Inf\"} 2\n"
                            "liveshelf_turn_sum{node=\"n3\"} 3.5\nliveshelf_turn_count{node=\"n3\"} 2\n");
    metric_board_close(&first); /* dies: nobody writes its slot any more */
    metric_set(&claims, 8);
    fake_clock_run_until(&clock, clock.now_ms + METRIC_BOARD_FRESH_MS);
    assert_text(&second, HEAD_CLAIMS "liveshelf_claims_total{node=\"n3\"} 8\n" HEAD_CONNS
                                     "liveshelf_conns{node=\"n3\",role=\"host\"} 2\n" HEAD_TURNS
                                     "liveshelf_turn_bucket{node=\"n3\",le=\"1\"} 1\n"
                                     "liveshelf_turn_bucket{node=\"n3\",le=\"+Inf\"} 2\n"
                                     "liveshelf_turn_sum{node=\"n3\"} 3.5\nliveshelf_turn_count{node=\"n3\"} 2\n");
    metric_board_close(&second);
    close(fd);
    fake_clock_finish(&clock);
}

static void what_a_node_was_writing_when_it_died_is_passed_over(void **state)
{
    struct fake_clock clock;
    struct metric_board first, second;
    (void)state;
    fake_clock_init(&clock, 1000000);
    int fd = metric_board_create(2);
    assert_int_equal(metric_board_open(&first, fd, 2, 0, &clock.clock), RESULT_OK);
    assert_int_equal(metric_board_open(&second, fd, 2, 1, &clock.clock), RESULT_OK);
    uint64_t *turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(turn != MAP_FAILED);
    (*turn)++; /* the first thing of a slot: odd while it is being written */
    struct bytes out = {0};
    metric_board_write(&second, &out);
    bytes_append(&out, "", 1);
    assert_null(strstr(out.data, "node=\"n1\""));
    assert_non_null(strstr(out.data, "node=\"n2\""));
    metric_board_close(&first);
    assert_int_equal(metric_board_open(&first, fd, 2, 0, &clock.clock), RESULT_OK); /* started again */
    bytes_clear(&out);
    metric_board_write(&second, &out);
    bytes_append(&out, "", 1);
    assert_non_null(strstr(out.data, "node=\"n1\""));
    bytes_finish(&out);
    munmap(turn, sizeof *turn);
    metric_board_close(&first);
    metric_board_close(&second);
    close(fd);
    fake_clock_finish(&clock);
}

static void without_such_memory_a_node_is_alone(void **state)
{
    struct fake_clock clock;
    struct metric_board alone;
    (void)state;
    fake_clock_init(&clock, 1000000);
    int fd = metric_board_create(2);
    assert_int_equal(metric_board_open(&alone, fd, 3, 0, &clock.clock), RESULT_IO); /* for another number of nodes */
    assert_int_equal(metric_board_open(&alone, -1, 2, 0, &clock.clock), RESULT_IO);
    assert_int_equal(metric_board_open(&alone, fd, 2, 2, &clock.clock), RESULT_IO);
    struct bytes out = {0};
    metric_board_write(&alone, &out);
    bytes_append(&out, "", 1);
    assert_null(strstr(out.data, "node="));
    assert_non_null(strstr(out.data, "liveshelf_claims_total"));
    bytes_finish(&out);
    metric_board_close(&alone);
    close(fd);
    fake_clock_finish(&clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_are_alive_are_written),
        cmocka_unit_test(what_a_node_was_writing_when_it_died_is_passed_over),
        cmocka_unit_test(without_such_memory_a_node_is_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
