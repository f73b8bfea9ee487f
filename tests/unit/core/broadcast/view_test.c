/* What of a planner's view somebody was not told yet. */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/broadcast/view.h"

static const struct volume_point series[] = {{1000, 1, 0}, {2000, 2, 0}, {3000, 3, 0}};
static const struct fan_point fan[] = {{.ms = 1500}, {.ms = 2500}};
static const struct promise_change changes[] = {{.seq = 4}, {.seq = 7}, {.seq = 7}}; /* two of one event */
static const struct estimate_stamp stamps[] = {{.id = "s5"}, {.id = "s9"}};
static const struct logistics_plan plan = {.version = 3};
static const struct last_show last = {.broadcast = {"before"}};

static struct volumes_view view_whole(void)
{
    return (struct volumes_view){.series = series,
                                 .series_count = 3,
                                 .estimate = "{}",
                                 .estimate_len = 2,
                                 .estimate_seq = 12,
                                 .fan = fan,
                                 .fan_count = 2,
                                 .changes = changes,
                                 .changes_count = 3,
                                 .stamps = stamps,
                                 .stamps_count = 2,
                                 .plan = &plan,
                                 .last = &last};
}

static void who_was_told_nothing_is_told_all(void **state)
{
    (void)state;
    struct volumes_view v = view_whole();
    const struct volumes_mark nothing = {0};
    volumes_since(&v, &nothing);
    assert_int_equal(v.series_new, 3);
    assert_int_equal(v.fan_new, 2);
    assert_int_equal(v.changes_new, 3);
    assert_true(v.estimate_new && v.stamps_new && v.plan_new && v.last_new);
    struct volumes_view empty = {0};
    volumes_since(&empty, &nothing);
    assert_false(empty.estimate_new || empty.stamps_new || empty.plan_new || empty.last_new);
}

static void who_was_told_all_is_told_nothing(void **state)
{
    (void)state;
    struct volumes_view v = view_whole();
    const struct volumes_mark told = volumes_mark(&v);
    volumes_since(&v, &told);
    assert_int_equal(v.series_new + v.fan_new + v.changes_new, 0);
    assert_false(v.estimate_new || v.stamps_new || v.plan_new || v.last_new);
}

/* Each alone. */
static void what_came_since_is_new(void **state)
{
    (void)state;
    static const struct logistics_plan other_plan = {.version = 8};
    static const struct last_show other_show = {.broadcast = {"another"}};
    struct volumes_view v = view_whole(), now = v;
    v.series_count = 2;
    v.fan_count = 1;
    v.changes_count = 1;
    v.stamps_count = 1;
    const struct volumes_mark told = volumes_mark(&v);
    volumes_since(&now, &told);
    assert_int_equal(now.series_new, 1);
    assert_int_equal(now.fan_new, 1);
    assert_int_equal(now.changes_new, 2);
    assert_true(now.stamps_new);
    assert_false(now.estimate_new || now.plan_new || now.last_new);
    now.estimate_seq = 13;
    now.plan = &other_plan;
    now.last = &other_show;
    volumes_since(&now, &told);
    assert_true(now.estimate_new && now.plan_new && now.last_new);
    now.estimate_seq = 11; /* of another history: the log was lost and began anew */
    volumes_since(&now, &told);
    assert_true(now.estimate_new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_told_nothing_is_told_all),
        cmocka_unit_test(who_was_told_all_is_told_nothing),
        cmocka_unit_test(what_came_since_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
