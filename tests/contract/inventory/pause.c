/* tests/contract/inventory/pause.c - a broadcast's clock stands still while it is paused, and with it the timers of its holds. */
#include "tests/contract/inventory/scene.h"

#include <stdio.h>
#include <string.h>

#include "inventory/rules/hold.h"

static enum inventory_answer pause_show(int64_t seq) { return freeze("b1", true, "e1", seq); }
static enum inventory_answer resume_show(int64_t seq) { return freeze("b1", false, "e1", seq); }

static void what_was_left_at_the_pause_is_left_after_it(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, 20000);
    EXPECT(DONE, pause_show(5));
    assert_int_equal(HOLD_NONE, got.hold.state);
    assert_string_not_equal("", got.ledger_id);
    check_held_for("h1", TTL - 20000);
    stage_pass(&stage, 10 * TTL);
    check_held_for("h1", TTL - 20000); /* as if it went on now */
    EXPECT(REPLAYED, reserve("h1", "a", "mug", 1));
    assert_int_equal(stage.now_ms + TTL - 20000, got.hold.expires_at_ms);
    EXPECT(DONE, resume_show(6));
    check_held_for("h1", TTL - 20000);
    stage_pass(&stage, TTL - 20000 - 1);
    check_held_for("h1", 1);
    stage_pass(&stage, 1);
    check_hold("h1", HOLD_EXPIRED);
    assert_int_equal(stage.now_ms, got.hold.expires_at_ms); /* ended: server time */
    check_count("mug", 3, 0, 0);
}

static void a_pause_in_the_last_millisecond(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL - 1);
    EXPECT(DONE, pause_show(5));
    stage_pass(&stage, DAY);
    check_held_for("h1", 1);
    EXPECT(DONE, resume_show(6));
    check_held_for("h1", 1);
    stage_pass(&stage, 1);
    check_hold("h1", HOLD_EXPIRED);
}

static void too_late_is_too_late(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    stage_pass(&stage, TTL);
    EXPECT(DONE, pause_show(5)); /* it ended at the head of this call */
    check_hold("h1", HOLD_EXPIRED);
    assert_int_equal(stage.now_ms, got.hold.expires_at_ms);
    stage_pass(&stage, DAY - 1);
    check_hold("h1", HOLD_EXPIRED);
    stage_pass(&stage, 1);
    EXPECT(HOLD_UNKNOWN, get("h1")); /* ended holds live on server time */
}

static void pauses_add_up(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    for (int i = 0; i < 5; i++) {
        stage_pass(&stage, 10000);
        EXPECT(DONE, pause_show(10 + 2 * i));
        stage_pass(&stage, 70000);
        EXPECT(DONE, resume_show(11 + 2 * i));
        check_held_for("h1", TTL - (i + 1) * 10000);
    }
    reserve("h2", "a", "mug", 1);
    check_held_for("h2", TTL);
    stage_pass(&stage, 10000);
    check_hold("h1", HOLD_EXPIRED);
    check_held_for("h2", TTL - 10000);
}

static void other_broadcasts_go_on(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    struct inventory_request other = a_reserve("h1", "a", "mug", 1), none = a_reserve("h2", "a", "mug", 1);
    set_text(other.hold.broadcast.text, "b2");
    set_text(none.hold.broadcast.text, "");
    inquire(other);
    inquire(none);
    reserve("h3", "a", "mug", 1);
    EXPECT(DONE, pause_show(5));
    EXPECT(DONE, freeze("b3", true, "e1", 5));
    stage_pass(&stage, TTL);
    check_hold("h1", HOLD_EXPIRED);
    check_hold("h2", HOLD_EXPIRED);
    check_held_for("h3", TTL);
}

static void what_is_done_in_a_pause(void **state)
{
    (void)state;
    allocate("mug", 9, "po1");
    reserve("h1", "a", "mug", 1);
    reserve("h2", "a", "mug", 1);
    reserve("h3", "a", "mug", 1);
    stage_pass(&stage, 20000);
    EXPECT(DONE, pause_show(5));
    stage_pass(&stage, 10 * TTL);
    EXPECT(DONE, reserve("h4", "b", "mug", 1)); /* whether to sell in a pause is the show's question */
    assert_int_equal(stage.now_ms + TTL, got.hold.expires_at_ms);
    EXPECT(DONE, extend("h1", "a"));
    assert_int_equal(stage.now_ms + TTL, got.hold.expires_at_ms);
    stage_pass(&stage, 10 * TTL);
    EXPECT(REPLAYED, extend("h1", "a")); /* there is nothing to gain while it stands still */
    assert_int_equal(1, got.hold.extends);
    EXPECT(DONE, confirm("h2", 990, "A1"));
    assert_int_equal(stage.now_ms, got.hold.expires_at_ms);
    EXPECT(DONE, release("h3", "a"));
    assert_int_equal(stage.now_ms, got.hold.expires_at_ms);
    stage_pass(&stage, DAY - 1);
    check_hold("h2", HOLD_CONFIRMED);
    check_hold("h3", HOLD_RELEASED);
    stage_pass(&stage, 1);
    EXPECT(HOLD_UNKNOWN, get("h2"));
    EXPECT(HOLD_UNKNOWN, get("h3"));
    EXPECT(DONE, resume_show(6));
    check_held_for("h1", TTL);
    check_held_for("h4", TTL);
    stage_pass(&stage, TTL);
    EXPECT(DONE, extend("h4", "b")); /* spared by the call that extends it */
    check_held_for("h4", TTL);
    check_hold("h1", HOLD_EXPIRED);
    check_count("mug", 7, 1, 1);
}

static void an_offer_made_in_a_pause(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    reserve("h1", "a", "mug", 1);
    EXPECT(DONE, join("b", "mug", 1));
    EXPECT(DONE, join("c", "mug", 1));
    EXPECT(DONE, pause_show(5));
    EXPECT(DONE, release("h1", "a"));
    stage_pass(&stage, 2 * TTL);
    check_held_for("~1", TTL);
    EXPECT(DONE, resume_show(6));
    stage_pass(&stage, TTL);
    expire();
    check_hold("~1", HOLD_EXPIRED);
    check_held_for("~2", TTL);
}

static void the_later_event_is_right(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    EXPECT(REPLAYED, resume_show(3)); /* it runs */
    assert_string_equal("", got.ledger_id);
    EXPECT(DONE, pause_show(5));
    EXPECT(REPLAYED, pause_show(5));
    EXPECT(REPLAYED, pause_show(4));
    EXPECT(REPLAYED, pause_show(9));
    assert_string_equal("", got.ledger_id);
    EXPECT(IGNORED, resume_show(5));
    EXPECT(IGNORED, resume_show(4));
    assert_string_equal("", got.ledger_id);
    EXPECT(DONE, resume_show(6)); /* 9 changed nothing, so it is not remembered */
    EXPECT(IGNORED, pause_show(6));
    EXPECT(IGNORED, pause_show(5));
    EXPECT(DONE, freeze("b1", true, "e2", 1)); /* another history of the show */
    EXPECT(REPLAYED, pause_show(7));
    EXPECT(IGNORED, freeze("b1", false, "e2", 1));
    EXPECT(DONE, resume_show(7));
}

static void nonsense_freezes_nothing(void **state)
{
    (void)state;
    allocate("mug", 1, "po1");
    EXPECT(BAD, freeze("", true, "e1", 1));
    EXPECT(BAD, freeze("b|1", true, "e1", 1));
    EXPECT(BAD, freeze("b1", true, "", 1));
    EXPECT(BAD, freeze("b1", true, "e 1", 1));
    EXPECT(BAD, freeze("b1", true, "e1", 0));
    EXPECT(DONE, freeze("b1", true, "e1", 1));
}

static void a_call_with_a_pause_in_it(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    struct inventory_request batch[] = {a_reserve("h1", "a", "mug", 1), a_freeze("b1", true, "e1", 1),
                                        a_reserve("h2", "a", "mug", 1), of_hold(INVENTORY_HOLD_GET, "h1", "")};
    ask_all(batch, ARRAY_LEN(batch));
    EXPECT(DONE, batch[1].answer);
    stage_pass(&stage, 2 * TTL);
    struct inventory_request later[] = {of_hold(INVENTORY_HOLD_GET, "h1", ""), a_freeze("b1", false, "e1", 2),
                                        a_reserve("h3", "a", "mug", 1), of_hold(INVENTORY_HOLD_GET, "h2", "")};
    ask_all(later, ARRAY_LEN(later));
    for (size_t i = 0; i < ARRAY_LEN(later); i++) {
        EXPECT(DONE, later[i].answer);
        assert_true(i == 1 || later[i].hold.expires_at_ms == stage.now_ms + TTL);
    }
    stage_pass(&stage, TTL);
    expire();
    check_count("mug", 3, 0, 0);
}

/* Overdue by the server's clock, not by the broadcast's: they end when it is their time, in the order of their ends. */
static void many_holds_one_write(void **state)
{
    (void)state;
    struct inventory_request batch[300];
    char id[16];
    allocate("mug", 300, "po1");
    for (size_t i = 0; i < ARRAY_LEN(batch); i++) {
        snprintf(id, sizeof id, "h%zu", i);
        batch[i] = a_reserve(id, "a", "mug", 1);
    }
    ask_all(batch, ARRAY_LEN(batch));
    stage_pass(&stage, TTL - 1);
    EXPECT(DONE, pause_show(1));
    stage_pass(&stage, TTL);
    for (int i = 0; i < 10; i++) /* looked at, and left alone */
        expire();
    check_count("mug", 0, 300, 0);
    EXPECT(DONE, resume_show(2));
    for (int i = 0; i < 3; i++)
        expire();
    check_count("mug", 0, 300, 0);
    stage_pass(&stage, 1);
    for (int due = 300; due > 0; due -= HOLD_EXPIRE_BATCH_MAX)
        expire();
    check_count("mug", 300, 0, 0);
}

/* The servers' clock may be set back, and forward again. Holds end early or late by that, never twice, and nothing is negative. */
static void a_clock_that_steps(void **state)
{
    (void)state;
    allocate("mug", 3, "po1");
    reserve("h1", "a", "mug", 1);
    EXPECT(DONE, pause_show(1));
    stage_pass(&stage, -3 * TTL);
    EXPECT(DONE, reserve("h2", "a", "mug", 1));
    check_held_for("h2", TTL);
    check_held_for("h1", 4 * TTL);
    EXPECT(DONE, resume_show(2));
    check_held_for("h1", 4 * TTL); /* it stood still for no time */
    check_held_for("h2", TTL);
    stage_pass(&stage, 2 * TTL);
    check_hold("h2", HOLD_EXPIRED);
    check_held_for("h1", 2 * TTL);
    stage_pass(&stage, -TTL);
    check_hold("h2", HOLD_EXPIRED); /* what ended has ended */
    stage_pass(&stage, 4 * TTL);
    check_hold("h1", HOLD_EXPIRED);
    check_count("mug", 3, 0, 0);
}

static void the_ledger_tells_of_pauses(void **state)
{
    (void)state;
    char expected[1000];
    allocate("mug", 2, "po1");
    reserve("h1", "a", "mug", 1);
    int64_t end_ms = stage.now_ms + TTL;
    pause_show(1);
    stage_pass(&stage, 5000);
    resume_show(2);
    stage_pass(&stage, 1000);
    pause_show(3);
    stage_pass(&stage, 500);
    reserve("h2", "a", "mug", 1);
    resume_show(4);
    release("h1", "a");
    snprintf(expected, sizeof expected,
             "  allocated mug 2 po1 \n  = mug 2/0/0 of 2 limit 0 version 0\n"
             "  reserved h1 held a %lld 0 b1 EUR [] mug:1:990:1\n  = mug 1/1/0 of 2 limit 0 version 0\n"
             "  frozen b1 0\n"
             "  thawed b1 5000\n"
             "  frozen b1 0\n"
             "  reserved h2 held a %lld 0 b1 EUR [] mug:1:990:1\n  = mug 0/2/0 of 2 limit 0 version 0\n"
             "  thawed b1 5500\n"
             "  released h1 released a %lld 0 b1 EUR [] mug:1:990:1\n  = mug 1/1/0 of 2 limit 0 version 0\n",
             (long long)end_ms, (long long)end_ms + 1000, (long long)stage.now_ms);
    check_told(expected);
}

static int tell(const char *name)
{
    const struct CMUnitTest tales[] = {
        TALE(what_was_left_at_the_pause_is_left_after_it),
        TALE(a_pause_in_the_last_millisecond),
        TALE(too_late_is_too_late),
        TALE(pauses_add_up),
        TALE(other_broadcasts_go_on),
        TALE(what_is_done_in_a_pause),
        TALE(an_offer_made_in_a_pause),
        TALE(the_later_event_is_right),
        TALE(nonsense_freezes_nothing),
        TALE(a_call_with_a_pause_in_it),
        TALE(many_holds_one_write),
        TALE(a_clock_that_steps),
        TALE(the_ledger_tells_of_pauses),
    };
    return cmocka_run_group_tests_name(name, tales, NULL, NULL);
}

int main(void) { return scene_run("pauses", tell); }
