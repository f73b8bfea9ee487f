/* Pins, cues, must-say ticks, notices, stops and recalls. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static void a_pin_shows_the_sku_at_the_moment_of_the_hosts_video(void **state)
{
    (void)state;
    struct show s;
    struct event events[EVENT_BATCH_MAX] = {0};
    show_open_live(&s);
    s.b.details.pdt_offset_ms = -6600;
    s.now_ms = 20000;
    assert_int_equal(show_plan(&s, act_pin(1, "teapot"), events), 1);
    assert_int_equal(events[0].media_at_ms, 13400);
    assert_string_equal(show_do(&s, act_pin(1, "teapot")), "pin.set");
    assert_string_equal(pinned(&s, 1), "teapot");
    assert_int_equal(s.b.pins[1].pinned_ms, 20000);
    assert_int_equal(s.b.pins[1].media_at_ms, 13400);
    assert_int_equal(show_plan(&s, act_clear(1), events), 1);
    assert_int_equal(events[0].media_at_ms, 13400);
    show_close(&s);
}

static void pins_may_be_set_before_the_show_and_repeated(void **state)
{
    (void)state;
    struct show s;
    show_open(&s);
    assert_string_equal(show_do(&s, act_pin(0, "mug")), "pin.set");
    assert_string_equal(show_do(&s, act_pin(0, "mug")), "");
    assert_string_equal(show_do(&s, act_pin(0, "teapot")), "pin.set");
    assert_string_equal(show_do(&s, act_pin(2, "teapot")), "pin.set");
    assert_string_equal(pinned(&s, 0), "teapot");
    assert_string_equal(show_do(&s, act_clear(0)), "pin.clear");
    assert_string_equal(show_do(&s, act_clear(0)), "");
    assert_string_equal(pinned(&s, 2), "teapot");
    show_close(&s);
}

static void what_cannot_be_sold_is_not_pinned(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_pin(0, "ghost")), "sku_unknown");
    assert_string_equal(show_do(&s, act_pin(0, "bag")), "price_missing");
    show_do(&s, act_of(ACT_RECALL, "mug"));
    assert_string_equal(show_do(&s, act_pin(0, "mug")), "recalled");
    show_close(&s);
}

static void a_cue_shows_its_words_price_and_product_as_one_act(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "cue price pin.set");
    assert_string_equal(s.b.cue.cue.text, "c1");
    assert_string_equal(s.b.cue.text, "Text of c1");
    assert_int_equal(price_of(&s, "mug"), 990);
    assert_string_equal(pinned(&s, 0), "mug");
    assert_string_equal(s.b.pins[0].cue.text, "c1");
    assert_string_equal(s.b.pins[0].text, "Text of c1");
    assert_true(s.b.pins[0].sponsored);
    assert_string_equal(show_do(&s, act_cue("c2", "teapot", 0)), "cue pin.set");
    assert_string_equal(show_do(&s, act_cue("c3", NULL, 0)), "cue");
    assert_string_equal(pinned(&s, 0), "teapot"); /* a talking point leaves the screen as it is */
    show_close(&s);
}

static void the_events_of_a_cue_are_numbered_as_one_act(void **state)
{
    (void)state;
    struct show s;
    struct event events[EVENT_BATCH_MAX] = {0};
    show_open_live(&s);
    assert_int_equal(show_plan(&s, act_cue("c1", "mug", 990), events), 3);
    for (uint8_t i = 0; i < 3; i++) {
        assert_int_equal(events[i].undo_part, i + 1);
        assert_int_equal(events[i].ms, s.now_ms);
    }
    assert_int_equal(events[0].media_at_ms, s.now_ms);
    assert_int_equal(events[1].media_at_ms, 0); /* a price is true at once */
    assert_int_equal(events[2].media_at_ms, s.now_ms);
    show_close(&s);
}

static void going_to_the_same_cue_again_repeats_nothing(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 990));
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "");
    show_do(&s, act_pin(0, "teapot"));
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "cue pin.set"); /* back on screen, same price */
    show_do(&s, act_price("mug", 900));
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "cue price pin.set");
    show_close(&s);
}

static void a_cue_that_cannot_be_sold_is_refused_whole(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_cue("c1", "ghost", 990)), "sku_unknown");
    assert_string_equal(show_do(&s, act_cue("c1", "bag", 0)), "price_missing");
    struct act dollars = act_cue("c1", "mug", 990);
    memcpy(dollars.price.currency, "USD", 4);
    assert_string_equal(show_do(&s, dollars), "currency");
    show_do(&s, act_of(ACT_RECALL, "mug"));
    assert_string_equal(show_do(&s, act_cue("c1", "mug", 990)), "recalled");
    assert_string_equal(s.b.cue.cue.text, "");
    show_close(&s);
}

static void a_cue_may_give_a_product_its_first_price(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_cue("c1", "bag", 500)), "cue price pin.set");
    assert_int_equal(version_of(&s, "bag"), 1);
    assert_int_equal(price_of(&s, "bag"), 500);
    show_close(&s);
}

static void a_product_moved_by_hand_keeps_its_disclosure(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_cue("c1", "mug", 0));
    assert_string_equal(show_do(&s, act_pin(0, "mug")), ""); /* it is there, with its label */
    assert_string_equal(show_do(&s, act_pin(2, "mug")), "pin.set");
    assert_true(s.b.pins[2].sponsored);
    assert_string_equal(s.b.pins[2].text, "Text of c1");
    assert_string_equal(show_do(&s, act_pin(1, "teapot")), "pin.set");
    assert_false(s.b.pins[1].sponsored);
    struct act with_cue = act_pin(1, "teapot");
    with_cue.cue = (struct cue_shown){.cue = cue("c9"), .sponsored = true};
    assert_string_equal(show_do(&s, with_cue), "pin.set");
    assert_true(s.b.pins[1].sponsored);
    assert_string_equal(s.b.pins[1].cue.text, "c9");
    show_close(&s);
}

static struct act ticks(const char *id, uint8_t count, bool first)
{
    struct act act = {.kind = ACT_CUE_DONE, .done = {.cue = cue(id), .count = count}};
    act.done.said[0] = first;
    return act;
}

static void ticks_are_kept_per_cue_with_the_newest_last(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, ticks("c1", 2, true)), "cue.done");
    assert_string_equal(show_do(&s, ticks("c1", 2, true)), "");
    assert_string_equal(show_do(&s, ticks("c2", 1, false)), "cue.done");
    assert_string_equal(show_do(&s, ticks("c1", 2, false)), "cue.done");
    assert_int_equal(s.b.done_count, 2);
    assert_string_equal(s.b.done[0].cue.text, "c2");
    assert_string_equal(s.b.done[1].cue.text, "c1");
    assert_false(s.b.done[1].said[0]);
    assert_int_equal(s.b.done[1].count, 2);
    show_close(&s);
}

static void ticks_of_too_many_cues_drop_the_oldest(void **state)
{
    (void)state;
    struct show s;
    char id[16];
    show_open_live(&s);
    for (int i = 0; i <= CUES_MAX; i++) {
        snprintf(id, sizeof id, "c%d", i);
        show_do(&s, ticks(id, 1, true));
    }
    assert_int_equal(s.b.done_count, CUES_MAX);
    assert_string_equal(s.b.done[0].cue.text, "c1");
    assert_string_equal(s.b.done[CUES_MAX - 1].cue.text, id);
    show_close(&s);
}

static void notices_are_named_by_their_seq_and_taken_down_by_an_empty_text(void **state)
{
    (void)state;
    struct show s;
    char id[24];
    show_open_live(&s);
    struct act act = act_words(ACT_NOTICE, NULL, "Back in a minute");
    assert_string_equal(show_do(&s, act), "notice");
    snprintf(id, sizeof id, "n%llu", (unsigned long long)s.b.seq);
    assert_string_equal(s.b.notice.id.text, id);
    assert_string_equal(s.b.notice.text, "Back in a minute");
    assert_int_equal(s.b.notice.ms, s.now_ms);
    assert_string_equal(show_do(&s, act), "");
    act.level = NOTICE_OUTAGE;
    assert_string_equal(show_do(&s, act), "notice"); /* the same words, more urgent */
    assert_string_equal(show_do(&s, act_words(ACT_NOTICE, NULL, "")), "notice");
    assert_string_equal(s.b.notice.text, "");
    assert_string_equal(show_do(&s, act_words(ACT_NOTICE, NULL, NULL)), "");
    show_close(&s);
}

static void a_sku_is_stopped_and_opened_once_each(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    assert_string_equal(show_do(&s, act_words(ACT_SKU_STOP, "mug", "lid cracks")), "sku");
    assert_int_equal(broadcast_item(&s.b, "mug")->state, SKU_STOPPED);
    assert_string_equal(show_do(&s, act_of(ACT_SKU_STOP, "mug")), "");
    assert_string_equal(show_do(&s, act_of(ACT_SKU_OPEN, "mug")), "sku");
    assert_int_equal(broadcast_item(&s.b, "mug")->state, SKU_OPEN);
    assert_string_equal(show_do(&s, act_of(ACT_SKU_OPEN, "mug")), "");
    assert_string_equal(show_do(&s, act_of(ACT_SKU_STOP, "ghost")), "sku_unknown");
    assert_string_equal(show_do(&s, act_of(ACT_SKU_OPEN, "ghost")), "sku_unknown");
    show_close(&s);
}

static void a_recall_takes_the_product_off_every_screen_at_once(void **state)
{
    (void)state;
    struct show s;
    struct event events[EVENT_BATCH_MAX] = {0};
    show_open_live(&s);
    show_do(&s, act_pin(0, "mug"));
    show_do(&s, act_pin(1, "teapot"));
    show_do(&s, act_pin(2, "mug"));
    struct act recall = act_words(ACT_RECALL, "mug", "Do not use the mug");
    assert_int_equal(show_plan(&s, recall, events), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(events[i].media_at_ms, 0); /* never delayed to the video */
        assert_int_equal(events[i].undo_part, 0);
    }
    assert_string_equal(show_do(&s, recall), "sku pin.clear pin.clear notice");
    assert_string_equal(pinned(&s, 0), "");
    assert_string_equal(pinned(&s, 1), "teapot");
    assert_string_equal(pinned(&s, 2), "");
    assert_int_equal(s.b.notice.level, NOTICE_RECALL);
    char id[24];
    snprintf(id, sizeof id, "n%llu", (unsigned long long)s.b.seq);
    assert_string_equal(s.b.notice.id.text, id);
    assert_string_equal(show_do(&s, recall), "");
    show_close(&s);
}

static void a_recall_is_final(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_words(ACT_NOTICE, NULL, "Welcome"));
    assert_string_equal(show_do(&s, act_of(ACT_RECALL, "mug")), "sku");
    assert_string_equal(s.b.notice.text, "Welcome"); /* a recall without words takes no words down */
    assert_string_equal(show_do(&s, act_of(ACT_SKU_OPEN, "mug")), "recalled");
    assert_string_equal(show_do(&s, act_of(ACT_SKU_STOP, "mug")), "");
    assert_string_equal(show_do(&s, act_offer("mug", 100, 1000)), "recalled");
    assert_string_equal(show_do(&s, act_of(ACT_RECALL, "ghost")), "sku_unknown");
    assert_int_equal(show_step(&s, (struct event){.kind = EVENT_SKU, .u.sku = {.sku = {"mug"}, .state = SKU_OPEN}}),
                     RESULT_MALFORMED);
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_shows_the_sku_at_the_moment_of_the_hosts_video),
        cmocka_unit_test(pins_may_be_set_before_the_show_and_repeated),
        cmocka_unit_test(what_cannot_be_sold_is_not_pinned),
        cmocka_unit_test(a_cue_shows_its_words_price_and_product_as_one_act),
        cmocka_unit_test(the_events_of_a_cue_are_numbered_as_one_act),
        cmocka_unit_test(going_to_the_same_cue_again_repeats_nothing),
        cmocka_unit_test(a_cue_that_cannot_be_sold_is_refused_whole),
        cmocka_unit_test(a_cue_may_give_a_product_its_first_price),
        cmocka_unit_test(a_product_moved_by_hand_keeps_its_disclosure),
        cmocka_unit_test(ticks_are_kept_per_cue_with_the_newest_last),
        cmocka_unit_test(ticks_of_too_many_cues_drop_the_oldest),
        cmocka_unit_test(notices_are_named_by_their_seq_and_taken_down_by_an_empty_text),
        cmocka_unit_test(a_sku_is_stopped_and_opened_once_each),
        cmocka_unit_test(a_recall_takes_the_product_off_every_screen_at_once),
        cmocka_unit_test(a_recall_is_final),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
