/* tests/contract/inventory/crowd.c - one call that carries a crowd: the same claim again and again, and between them what changes
 * the answer for those behind. What is done for the many at once must be what is done for each. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>

#define CROWD_MAX 300

static struct inventory_request crowd[CROWD_MAX];
static size_t crowd_count;

static void then(struct inventory_request r) { crowd[crowd_count++] = r; }
static void then_reserve(const char *id, const char *viewer) { then(a_reserve(id, viewer, "mug", 1)); }
static void then_stock(enum inventory_op op, int64_t units) { then(of_sku(op, "mug", units)); }

/* Asks all at once and compares the answers, in words with a blank between them. */
static void all_hear(const char *expected)
{
    struct bytes heard = {0};
    ask_all(crowd, crowd_count);
    for (size_t i = 0; i < crowd_count; i++) {
        assert_int_equal(RESULT_OK, crowd[i].result);
        bytes_format(&heard, "%s%s", i == 0 ? "" : " ", inventory_answer_name(crowd[i].answer));
    }
    crowd_count = 0;
    assert_string_equal(expected, heard.data);
    bytes_finish(&heard);
}

static void what_comes_between_counts(void **state)
{
    (void)state;
    allocate("mug", 6, "po1");
    then_reserve("h1", "a");
    then_reserve("h2", "b");
    then_stock(INVENTORY_STOP, 0);
    then_reserve("h3", "c");
    then_stock(INVENTORY_OPEN, 0);
    then_reserve("h3", "c");
    then_stock(INVENTORY_BUFFER, 3);
    then_reserve("h4", "d");
    then_stock(INVENTORY_BUFFER, 0);
    then_reserve("h4", "d");
    then_stock(INVENTORY_LIMIT, 1);
    then_reserve("h5", "a");
    then_reserve("h5", "e");
    then_reserve("h6", "e");
    then_reserve("h6", "f");
    then_reserve("h7", "g");
    all_hear(
        "done done done stopped done done done held_out done done done limit_reached done limit_reached done held_out");
    check_count("mug", 0, 6, 0);
}

static void a_recall_between_counts(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    then_reserve("h1", "a");
    then_reserve("h2", "b");
    then(a_recall("mug", RECALL_CANCEL));
    then_reserve("h3", "c");
    then(a_confirm("h1", 990, "A1"));
    then(of_hold(INVENTORY_TAKE_BACK, "h1", ""));
    then(a_recall("mug", RECALL_HONOUR));
    then(a_confirm("h2", 990, "A2"));
    all_hear("done done done stopped recalled done done done");
    check_count("mug", 4, 0, 1);
}

static void one_id_twice(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    then_reserve("h1", "a");
    then_reserve("h1", "a");
    then_reserve("h1", "b");
    then(a_reserve("h1", "a", "mug", 2));
    then(of_hold(INVENTORY_HOLD_GET, "h1", ""));
    then(of_hold(INVENTORY_RELEASE, "h1", "a"));
    then_reserve("h1", "a");
    then_reserve("h2", "a");
    then(a_confirm("h2", 990, "A2"));
    then(of_hold(INVENTORY_EXTEND, "h2", "a"));
    all_hear("done replayed mismatch mismatch done done replayed done done hold_confirmed");
    check_count("mug", 4, 0, 1);
    check_hold("h1", HOLD_RELEASED);
    check_hold("h2", HOLD_CONFIRMED);
}

static void a_pause_between_changes_no_end(void **state)
{
    (void)state;
    allocate("mug", 5, "po1");
    then_reserve("h1", "a");
    then(a_freeze("b1", true, "e1", 1));
    then_reserve("h2", "b");
    then(a_freeze("b1", false, "e1", 2));
    then_reserve("h3", "c");
    then(a_freeze("b1", true, "e1", 3));
    then_reserve("h4", "d");
    all_hear("done done done done done done done");
    stage_pass(&stage, 10 * TTL);
    expire();
    for (unsigned i = 1; i <= 4; i++) {
        char id[8];
        snprintf(id, sizeof id, "h%u", i);
        check_held_for(id, TTL);
    }
    freeze("b1", false, "e1", 4);
    stage_pass(&stage, TTL - 1);
    expire();
    check_count("mug", 1, 4, 0);
    stage_pass(&stage, 1);
    expire();
    check_count("mug", 5, 0, 0);
}

/* More than one call may carry, of several claims, and the shelf runs out in the middle. */
static void a_crowd(void **state)
{
    (void)state;
    allocate("mug", 200, "po1");
    allocate("cap", 100, "po1");
    for (unsigned i = 0; i < CROWD_MAX; i++) {
        char id[16], viewer[16];
        snprintf(id, sizeof id, "h%u", i);
        snprintf(viewer, sizeof viewer, "v%u", i);
        then(a_reserve(id, viewer, i % 3 == 2 ? "cap" : "mug", 1 + i % 3 / 2));
    }
    ask_all(crowd, crowd_count);
    crowd_count = 0;
    for (unsigned i = 0; i < CROWD_MAX; i++) { /* 200 ask for a mug, 100 for two caps */
        enum inventory_answer expected = i % 3 == 2 && i / 3 >= 50 ? INVENTORY_HELD_OUT : INVENTORY_DONE;
        assert_int_equal(expected, crowd[i].answer);
        assert_true(expected != INVENTORY_DONE || crowd[i].hold.state == HOLD_HELD);
    }
    check_count("mug", 0, 200, 0);
    check_count("cap", 0, 100, 0);
    stage_pass(&stage, TTL);
    expire();
    expire();
    expire();
    check_count("mug", 200, 0, 0);
    check_count("cap", 100, 0, 0);
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(what_comes_between_counts),
        TALE(a_recall_between_counts),
        TALE(one_id_twice),
        TALE(a_pause_between_changes_no_end),
        TALE(a_crowd),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("crowds", tell); }
