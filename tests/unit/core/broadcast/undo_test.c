/* Undo: the last pin, cue or price act, whole, within five seconds, once. */
#include <string.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static const struct act undo = {.kind = ACT_UNDO};

static void a_first_pin_is_taken_off(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_do(&s, act_pin(1, "mug"));
    assert_int_equal(s.b.undo.until_ms, s.now_ms + UNDO_MS);
    assert_string_equal(show_do(&s, undo), "pin.clear");
    assert_string_equal(pinned(&s, 1), "");
    show_close(&s);
}

static void the_pin_before_comes_back_with_its_words(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 0));
    s.now_ms += 60000;
    show_do(&s, act_pin(0, "teapot"));
    s.now_ms += 1000;
    assert_string_equal(show_do(&s, undo), "pin.set");
    assert_string_equal(pinned(&s, 0), "mug");
    assert_string_equal(s.b.pins[0].cue.text, "c1");
    assert_string_equal(s.b.pins[0].text, "Text of c1");
    assert_true(s.b.pins[0].sponsored);
    assert_int_equal(s.b.pins[0].pinned_ms, s.now_ms); /* on screen again from now */
    show_close(&s);
}

static void a_cleared_slot_is_filled_again(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_pin(2, "mug"));
    show_do(&s, act_clear(2));
    assert_string_equal(show_do(&s, undo), "pin.set");
    assert_string_equal(pinned(&s, 2), "mug");
    show_close(&s);
}

static void a_price_comes_back_as_a_new_version(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_price("mug", 129)); /* a typo on air */
    assert_string_equal(show_do(&s, undo), "price");
    assert_int_equal(price_of(&s, "mug"), 1290);
    assert_int_equal(version_of(&s, "mug"), 3);
    assert_int_equal(broadcast_item(&s.b, "mug")->base_price.minor, 1290);
    show_close(&s);
}

static void a_cue_is_taken_back_whole(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    show_do(&s, act_pin(1, "teapot"));
    s.now_ms += 10000;
    assert_string_equal(show_do(&s, act_cue("c2", "teapot", 4400)), "cue price pin.set");
    s.now_ms += UNDO_MS - 1;
    assert_string_equal(show_do(&s, undo), "cue price pin.set");
    assert_string_equal(s.b.cue.cue.text, "c1");
    assert_string_equal(s.b.cue.title, "Title of c1");
    assert_string_equal(pinned(&s, 0), "mug");
    assert_string_equal(pinned(&s, 1), "teapot");
    assert_int_equal(price_of(&s, "teapot"), 4900);
    assert_int_equal(price_of(&s, "mug"), 990); /* of the cue before, which stays done */
    show_close(&s);
}

static void the_first_cue_is_taken_back_to_none(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    assert_string_equal(show_do(&s, undo), "cue price pin.clear");
    assert_string_equal(s.b.cue.cue.text, "");
    assert_int_equal(s.b.cue.index, -1);
    assert_string_equal(pinned(&s, 0), "");
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_close(&s);
}

static void a_talking_point_is_taken_back_alone(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    show_do(&s, act_cue("c2", NULL, 0));
    assert_string_equal(show_do(&s, undo), "cue");
    assert_string_equal(s.b.cue.cue.text, "c1");
    assert_string_equal(pinned(&s, 0), "mug");
    show_close(&s);
}

static void a_first_price_stays_when_its_cue_is_taken_back(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "bag", 500));
    assert_string_equal(show_do(&s, undo), "cue pin.clear");
    assert_int_equal(price_of(&s, "bag"), 500);
    show_close(&s);
}

static void after_five_seconds_it_is_too_late(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    s.now_ms += UNDO_MS;
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    s.now_ms -= 1;
    assert_string_equal(show_do(&s, undo), "pin.clear");
    show_close(&s);
}

static void an_undo_is_not_undone(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    show_do(&s, undo);
    assert_int_equal(s.b.undo.until_ms, 0);
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_close(&s);
}

/* Both within one millisecond, by the same host: the numbers in the events keep them apart. */
static void only_the_last_act_is_taken_back(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    show_do(&s, act_pin(1, "teapot"));
    assert_string_equal(show_do(&s, undo), "pin.clear");
    assert_string_equal(s.b.cue.cue.text, "c1");
    assert_string_equal(pinned(&s, 0), "mug");
    show_do(&s, act_cue("c2", NULL, 0));
    show_do(&s, act_price("mug", 900));
    assert_string_equal(show_do(&s, undo), "price");
    assert_int_equal(price_of(&s, "mug"), 990);
    assert_string_equal(s.b.cue.cue.text, "c2");
    show_close(&s);
}

static void an_offer_that_a_price_ended_goes_on(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 790, 60000));
    show_do(&s, act_price("mug", 899));
    assert_string_equal(show_do(&s, undo), "price offer");
    assert_int_equal(price_of(&s, "mug"), 790);
    assert_int_equal(broadcast_item(&s.b, "mug")->base_price.minor, 1290);
    assert_int_equal(broadcast_item(&s.b, "mug")->offer_ends_ms, 61000);
    show_do(&s, act_of(ACT_OFFER_STOP, "mug"));
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_close(&s);
}

static void an_offer_whose_time_is_over_stays_over(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("mug", 790, 2000));
    show_do(&s, act_price("mug", 899));
    s.now_ms += 2000;
    assert_string_equal(show_do(&s, undo), "price");
    assert_int_equal(price_of(&s, "mug"), 1290);
    show_close(&s);
}

static void other_events_between_do_not_stand_in_the_way(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_offer("teapot", 4000, 1000));
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_words(ACT_NOTICE, NULL, "Hello"));
    show_do(&s, act_of(ACT_SKU_STOP, "teapot"));
    show_do(&s, act_of(ACT_OFFER_STOP, "teapot")); /* by the clock */
    show_do(&s, act_of(ACT_PAUSE, NULL));
    assert_string_equal(show_do(&s, undo), "pin.clear");
    show_close(&s);
}

static void what_would_be_wrong_to_bring_back_is_forgotten(void **state)
{
    (void)state;
    struct show s;
    struct shelf_item items[8];
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_pin(0, "teapot"));
    show_do(&s, act_of(ACT_RECALL, "mug"));
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_do(&s, act_clear(0));
    show_do(&s, act_shelf("mug 1290", NULL, items));
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_close(&s);
}

static void an_offer_on_the_same_sku_ends_what_could_be_taken_back(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_price("mug", 890));
    show_do(&s, act_offer("mug", 790, 60000));
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    assert_int_equal(price_of(&s, "mug"), 790);
    show_close(&s);
}

static void nothing_is_taken_back_after_the_end(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_of(ACT_END, NULL));
    assert_string_equal(show_do(&s, undo), "state");
    assert_int_equal(s.b.undo.until_ms, 0);
    show_close(&s);
}

/* A log whose act lost its head (its first part is of another act) is no reason to guess. */
static void a_part_without_its_act_is_not_undoable(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    struct event e = {.kind = EVENT_PIN_SET, .ms = s.now_ms, .undo_part = 3, .u.pin_set.pin.sku = {"teapot"}};
    assert_int_equal(show_step(&s, e), RESULT_OK);
    assert_string_equal(show_do(&s, undo), "nothing_to_undo");
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_pin_is_taken_off),
        cmocka_unit_test(the_pin_before_comes_back_with_its_words),
        cmocka_unit_test(a_cleared_slot_is_filled_again),
        cmocka_unit_test(a_price_comes_back_as_a_new_version),
        cmocka_unit_test(a_cue_is_taken_back_whole),
        cmocka_unit_test(the_first_cue_is_taken_back_to_none),
        cmocka_unit_test(a_talking_point_is_taken_back_alone),
        cmocka_unit_test(a_first_price_stays_when_its_cue_is_taken_back),
        cmocka_unit_test(after_five_seconds_it_is_too_late),
        cmocka_unit_test(an_undo_is_not_undone),
        cmocka_unit_test(only_the_last_act_is_taken_back),
        cmocka_unit_test(an_offer_that_a_price_ended_goes_on),
        cmocka_unit_test(an_offer_whose_time_is_over_stays_over),
        cmocka_unit_test(other_events_between_do_not_stand_in_the_way),
        cmocka_unit_test(what_would_be_wrong_to_bring_back_is_forgotten),
        cmocka_unit_test(an_offer_on_the_same_sku_ends_what_could_be_taken_back),
        cmocka_unit_test(nothing_is_taken_back_after_the_end),
        cmocka_unit_test(a_part_without_its_act_is_not_undoable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
