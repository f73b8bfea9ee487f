/* The state machine, who may act when, details, and what cannot follow in a log. */
#include <string.h>

#include "tests/unit/core/broadcast/show.h"
#include "tests/unit/unit.h"

static void a_log_begins_with_begun_and_only_once(void **state)
{
    (void)state;
    struct show s = {0};
    struct shop_id shop = {"shop"};
    struct broadcast_id id = {"drop"};
    broadcast_init(&s.b, &shop, &id);
    assert_int_equal(show_step(&s, (struct event){.kind = EVENT_EPOCH}), RESULT_MALFORMED);
    assert_int_equal(s.b.seq, 0);
    assert_int_equal(s.b.cue.index, -1);
    struct event begun = {.kind = EVENT_BEGUN, .ms = 77, .u.begun = {.epoch = {"e1"}, .details.title = "Drop"}};
    assert_int_equal(show_step(&s, begun), RESULT_OK);
    assert_string_equal(s.b.epoch.text, "e1");
    assert_string_equal(s.b.details.title, "Drop");
    assert_int_equal(s.b.created_ms, 77);
    assert_int_equal(show_step(&s, begun), RESULT_MALFORMED);
    assert_int_equal(show_step(&s, (struct event){.kind = EVENT_EPOCH, .u.epoch = {"e2"}}), RESULT_OK);
    assert_string_equal(s.b.epoch.text, "e2");
    assert_int_equal(s.b.seq, 2);
    show_close(&s);
}

static void a_show_goes_live_pauses_goes_on_and_ends(void **state)
{
    (void)state;
    struct show s;
    show_open(&s);
    assert_false(broadcast_is_selling(&s.b));
    s.now_ms = 2000;
    assert_string_equal(show_do(&s, act_of(ACT_START, NULL)), "state");
    assert_int_equal(s.b.state, BROADCAST_LIVE);
    assert_true(broadcast_is_selling(&s.b));
    s.now_ms = 3000;
    assert_string_equal(show_do(&s, act_of(ACT_PAUSE, NULL)), "state");
    assert_int_equal(s.b.state, BROADCAST_PAUSED);
    assert_false(broadcast_is_selling(&s.b));
    assert_string_equal(show_do(&s, act_of(ACT_RESUME, NULL)), "state");
    assert_int_equal(s.b.state, BROADCAST_LIVE);
    assert_int_equal(s.b.started_ms, 2000); /* of the first start */
    s.now_ms = 4000;
    assert_string_equal(show_do(&s, act_of(ACT_END, NULL)), "state");
    assert_int_equal(s.b.state, BROADCAST_ENDED);
    assert_int_equal(s.b.ended_ms, 4000);
    show_close(&s);
}

static void a_paused_show_may_end(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    show_do(&s, act_of(ACT_PAUSE, NULL));
    assert_string_equal(show_do(&s, act_of(ACT_END, NULL)), "state");
    assert_int_equal(s.b.state, BROADCAST_ENDED);
    show_close(&s);
}

/* Rows as in the table of plan.c: which answer each act gets in draft, live, paused and ended. "-": it is allowed. */
static void every_act_is_refused_in_the_states_it_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        enum act_kind kind;
        const char *draft, *live, *paused, *ended;
    } rows[] = {
        {ACT_START, "-", "state", "state", "state"},
        {ACT_PAUSE, "not_live", "-", "state", "state"},
        {ACT_RESUME, "not_live", "state", "-", "state"},
        {ACT_END, "not_live", "-", "-", "state"},
        {ACT_PIN_SET, "-", "-", "-", "state"},
        {ACT_PIN_CLEAR, "-", "-", "-", "state"},
        {ACT_CUE, "-", "-", "-", "state"},
        {ACT_CUE_DONE, "-", "-", "-", "-"},
        {ACT_PRICE, "-", "-", "-", "state"},
        {ACT_OFFER_START, "not_live", "-", "-", "state"},
        {ACT_OFFER_STOP, "-", "-", "-", "-"},
        {ACT_EXTRA_ADD, "not_live", "-", "-", "state"},
        {ACT_EXTRA_END, "-", "-", "-", "-"},
        {ACT_NOTICE, "-", "-", "-", "-"},
        {ACT_SKU_STOP, "-", "-", "-", "-"},
        {ACT_SKU_OPEN, "-", "-", "-", "-"},
        {ACT_RECALL, "-", "-", "-", "-"},
        {ACT_UNDO, "-", "-", "-", "state"},
        {ACT_SHELF, "-", "-", "-", "state"},
        {ACT_DETAILS, "-", "-", "-", "-"},
    };
    static const enum broadcast_state states[] = {BROADCAST_DRAFT, BROADCAST_LIVE, BROADCAST_PAUSED, BROADCAST_ENDED};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *expected[] = {rows[i].draft, rows[i].live, rows[i].paused, rows[i].ended};
        for (size_t j = 0; j < ARRAY_LEN(states); j++) {
            struct show s;
            show_open(&s);
            s.b.state = states[j];
            struct act act = act_of(rows[i].kind, "mug");
            act.price = eur(500);
            act.for_ms = 1000;
            act.cue = (struct cue_shown){.cue = cue("c1")};
            act.done.cue = cue("c1");
            struct event events[EVENT_BATCH_MAX] = {0};
            size_t count = 0;
            enum act_answer answer = broadcast_plan(&s.b, &act, events, &count);
            const char *told = answer == ACT_NOT_LIVE ? "not_live" : answer == ACT_STATE ? "state" : "-";
            if (strcmp(told, expected[j]) != 0)
                fail_msg("act %u in %s: %s", act.kind, broadcast_state_name(states[j]), told);
            for (size_t k = 0; k < EVENT_BATCH_MAX; k++)
                event_finish(&events[k]);
            show_close(&s);
        }
    }
}

static void a_rehearsed_or_scheduled_show_starts_and_a_settled_one_stays(void **state)
{
    (void)state;
    static const enum broadcast_state before[] = {BROADCAST_REHEARSAL, BROADCAST_SCHEDULED};
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        struct show s;
        show_open(&s);
        assert_int_equal(show_step(&s, (struct event){.kind = EVENT_STATE, .u.state.state = before[i]}), RESULT_OK);
        assert_string_equal(show_do(&s, act_of(ACT_START, NULL)), "state");
        assert_string_equal(show_do(&s, act_of(ACT_END, NULL)), "state");
        assert_int_equal(show_step(&s, (struct event){.kind = EVENT_STATE, .u.state.state = BROADCAST_SETTLED}),
                         RESULT_OK);
        assert_string_equal(show_do(&s, act_of(ACT_START, NULL)), "state");
        assert_int_equal(s.b.state, BROADCAST_SETTLED);
        show_close(&s);
    }
}

static void a_log_with_an_impossible_move_is_refused_unchanged(void **state)
{
    (void)state;
    static const struct {
        enum broadcast_state from, to;
    } wrong[] = {
        {BROADCAST_DRAFT, BROADCAST_PAUSED},  {BROADCAST_DRAFT, BROADCAST_ENDED},  {BROADCAST_LIVE, BROADCAST_DRAFT},
        {BROADCAST_LIVE, BROADCAST_LIVE},     {BROADCAST_ENDED, BROADCAST_LIVE},   {BROADCAST_LIVE, BROADCAST_SETTLED},
        {BROADCAST_SETTLED, BROADCAST_ENDED}, {BROADCAST_DRAFT, BROADCAST_STATES}, {BROADCAST_PAUSED, BROADCAST_PAUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct show s;
        show_open(&s);
        s.b.state = wrong[i].from;
        uint64_t seq = s.b.seq;
        assert_int_equal(show_step(&s, (struct event){.kind = EVENT_STATE, .u.state.state = wrong[i].to}),
                         RESULT_MALFORMED);
        assert_int_equal(s.b.state, wrong[i].from);
        assert_int_equal(s.b.seq, seq);
        show_close(&s);
    }
}

static void events_that_name_what_is_not_there_are_refused_unchanged(void **state)
{
    (void)state;
    struct show s;
    show_open_live(&s);
    uint64_t seq = s.b.seq;
    struct price next = {{100, "EUR"}, 9};
    struct event wrong[] = {
        {.kind = EVENT_PRICE, .u.price = {.sku = {"ghost"}, .price = next}},
        {.kind = EVENT_PRICE, .u.price = {.sku = {"mug"}, .price = {{1, "EUR"}, 1}}}, /* a version used before */
        {.kind = EVENT_PRICE, .u.price = {.sku = {"bag"}}},                           /* no price at all */
        {.kind = EVENT_OFFER, .u.offer = {.sku = {"ghost"}, .started = true, .price = next}},
        {.kind = EVENT_SKU, .u.sku = {.sku = {"ghost"}, .state = SKU_STOPPED}},
        {.kind = EVENT_SKU, .u.sku = {.sku = {"mug"}, .state = (enum sku_state)7}},
        {.kind = EVENT_PIN_SET, .u.pin_set = {.slot = 0, .pin.sku = {"ghost"}}},
        {.kind = EVENT_PIN_SET, .u.pin_set = {.slot = PIN_SLOTS, .pin.sku = {"mug"}}},
        {.kind = EVENT_PIN_CLEARED, .u.slot = PIN_SLOTS},
        {.kind = EVENT_CUE_DONE, .u.cue_done = {.cue = {"c1"}, .count = MUST_SAY_MAX + 1}},
        {.kind = EVENT_KINDS},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(show_step(&s, wrong[i]), RESULT_MALFORMED);
    assert_int_equal(s.b.seq, seq);
    assert_int_equal(version_of(&s, "mug"), 1);
    assert_string_equal(pinned(&s, 0), "");
    show_close(&s);
}

static void events_of_the_shops_log_only_count(void **state)
{
    (void)state;
    struct show s;
    show_open(&s);
    uint64_t seq = s.b.seq;
    assert_int_equal(show_step(&s, (struct event){.kind = EVENT_LISTED}), RESULT_OK);
    assert_int_equal(show_step(&s, (struct event){.kind = EVENT_CATALOGUE}), RESULT_OK);
    assert_int_equal(s.b.seq, seq + 2);
    show_close(&s);
}

static void a_forced_start_says_so_and_names_who(void **state)
{
    (void)state;
    struct show s;
    struct event events[EVENT_BATCH_MAX] = {0};
    show_open(&s);
    struct act act = {.kind = ACT_START, .force = true, .by = "maya", .text = "card of c2 comes by phone"};
    assert_int_equal(show_plan(&s, act, events), 1);
    assert_true(events[0].u.state.forced);
    assert_string_equal(events[0].by, "maya");
    assert_string_equal(events[0].u.state.reason, "card of c2 comes by phone");
    assert_int_equal(events[0].ms, s.now_ms);
    assert_int_equal(events[0].seq, 0);
    show_close(&s);
}

static void details_change_once(void **state)
{
    (void)state;
    struct show s;
    show_open(&s);
    struct act act = {.kind = ACT_DETAILS, .details = {.title = "Drop", .hold_ms = 60000, .video_url = "v"}};
    assert_string_equal(show_do(&s, act), "details");
    assert_string_equal(s.b.details.title, "Drop");
    assert_string_equal(show_do(&s, act), "");
    act.details.pdt_offset_ms = -4000;
    assert_string_equal(show_do(&s, act), "details");
    show_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_begins_with_begun_and_only_once),
        cmocka_unit_test(a_show_goes_live_pauses_goes_on_and_ends),
        cmocka_unit_test(a_paused_show_may_end),
        cmocka_unit_test(every_act_is_refused_in_the_states_it_does_not_fit),
        cmocka_unit_test(a_rehearsed_or_scheduled_show_starts_and_a_settled_one_stays),
        cmocka_unit_test(a_log_with_an_impossible_move_is_refused_unchanged),
        cmocka_unit_test(events_that_name_what_is_not_there_are_refused_unchanged),
        cmocka_unit_test(events_of_the_shops_log_only_count),
        cmocka_unit_test(a_forced_start_says_so_and_names_who),
        cmocka_unit_test(details_change_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
