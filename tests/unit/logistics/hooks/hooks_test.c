/* tests/unit/logistics/hooks/hooks_test.c - what endpoints are told, in which order, how often, and by whom. */
#include "tests/unit/logistics/hooks/hooks_world.h"

#include <stdio.h>
#include <string.h>

static int open_world(void **state)
{
    (void)state;
    world_open();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close();
    return 0;
}

/* ---- what is told ---- */

static void a_message_is_a_cloud_event(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 41);
    const struct recorded_post *p = world_post(0, "wms");
    char wanted[512];
    snprintf(
        wanted, sizeof wanted,
        "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/shops/demo/broadcasts/spring\","
        "\"type\":\"com.liveshelf.promise.changed\",\"subject\":\"mug-red\",\"time\":\"2026-11-20T12:20:00.001Z\","
        "\"datacontenttype\":\"application/json\",\"data\":{\"broadcast\":\"spring\",\"seq\":41,\"sku\":\"mug-red\"}}",
        p->id);
    assert_string_equal(wanted, p->body);
    assert_int_equal(HOOK_MESSAGE_LEN, strlen(p->id));
    assert_memory_equal("msg_", p->id, 4);
    assert_string_equal("whsec_c2VjcmV0", p->secret);
    assert_string_equal("", p->old_secret);
}

static void changes_are_told_in_order_one_at_a_time(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_change("spring", 5);
    world_change("spring", 9);
    world_change("spring", 9); /* one event, two changes */
    world_change("spring", 12);
    world_lead(0, "spring", true);
    assert_string_equal("changed 5", world_told(0, "wms"));
    for (int i = 0; i < 4; i++)
        world_answer(0, "wms", 200 + i);
    assert_string_equal("changed 5, changed 9, changed 9, changed 12", world_told(0, "wms"));
    assert_true(world_quiet(0, "wms"));
    const struct recorded_post *p = w.nodes[0].web.posts;
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(p[i].id, p[j].id);
    assert_false(world_owes(0, "spring"));
}

static void no_two_messages_share_an_id(void **state)
{
    (void)state;
    world_list("wms", "erp", NULL);
    world_change("spring", 1);
    world_change("autumn", 1);
    world_estimate("spring");
    world_estimate("autumn");
    for (size_t i = 0; i < w.shows_count; i++) /* at the same millisecond */
        w.shows[i].changes[0].ms = w.shows[i].estimate_ms = WORLD_START_MS;
    world_lead(0, "spring", true);
    world_lead(0, "autumn", true);
    for (int i = 0; i < 4; i++) {
        world_answer(0, "wms", 200);
        world_answer(0, "erp", 200);
    }
    const struct webhook_recording *web = &w.nodes[0].web;
    assert_int_equal(8, web->count);
    for (size_t i = 0; i < web->count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(web->posts[i].id, web->posts[j].id);
}

static void the_newest_estimate_replaces_those_that_wait(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_estimate("spring");
    world_estimate("spring");
    world_answer(0, "wms", 204);
    assert_string_equal("updated 1", world_told(0, "wms")); /* at most one each 30 s */
    world_run(29 * S);
    world_estimate("spring");
    assert_string_equal("updated 1", world_told(0, "wms"));
    assert_true(world_owes(0, "spring"));
    world_run(1 * S);
    assert_string_equal("updated 1, updated 4", world_told(0, "wms"));
    world_answer(0, "wms", 200);
    world_run(2 * MIN);
    assert_string_equal("updated 1, updated 4", world_told(0, "wms"));
}

static void the_end_comes_last_and_once(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_estimate("spring");
    world_settle("spring");
    world_answer(0, "wms", 200);
    assert_string_equal("changed 3, settled 1", world_told(0, "wms"));
    assert_true(world_owes(0, "spring"));
    world_answer(0, "wms", 200);
    world_run(5 * MIN);
    assert_string_equal("changed 3, settled 1", world_told(0, "wms"));
    assert_false(world_owes(0, "spring"));
}

/* A late payment: it was not the end after all. */
static void another_end_is_told_as_well(void **state)
{
    (void)state;
    char first[64];
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_answer(0, "wms", 200);
    world_settle("spring");
    snprintf(first, sizeof first, "%s", world_post(0, "wms")->id);
    world_answer(0, "wms", 200);
    assert_false(world_owes(0, "spring"));
    world_estimate("spring");
    assert_true(world_owes(0, "spring"));
    assert_string_not_equal(first, world_post(0, "wms")->id);
    world_answer(0, "wms", 200);
    world_node_kill(0); /* which one was told is kept */
    world_node_open(0);
    world_lead(0, "spring", true);
    world_run(5 * MIN);
    assert_true(world_quiet(0, "wms"));
    assert_false(world_owes(0, "spring"));
}

static void only_what_was_asked_for_is_told(void **state)
{
    (void)state;
    world_list("wms", "erp", NULL);
    w.endpoints[0].types = BIT(HOOK_VOLUMES_UPDATED);
    w.endpoints[1].types = BIT(HOOK_PROMISE_CHANGED);
    world_put();
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_estimate("spring");
    world_settle("spring");
    world_answer(0, "wms", 200);
    world_answer(0, "erp", 200);
    world_run(MIN);
    assert_string_equal("updated 1", world_told(0, "wms"));
    assert_string_equal("changed 3", world_told(0, "erp"));
    assert_false(world_owes(0, "spring"));
}

static void who_does_not_lead_tells_nobody(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_change("spring", 3);
    world_estimate("spring");
    assert_int_equal(0, w.nodes[0].web.count + w.nodes[1].web.count);
    assert_false(world_owes(0, "spring"));
}

/* ---- not taken ---- */

static void what_is_not_taken_is_tried_again_ever_later_and_then_given_up(void **state)
{
    (void)state;
    static const int64_t waits[] = {5 * S,     5 * MIN,   30 * MIN,  2 * HOUR, 5 * HOUR,
                                    10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR};
    static const int answers[] = {500, 301, 0, 404, 429, 503, 0, 200 - 1, 400, 500};
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    bool jittered = false;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        world_answer(0, "wms", answers[i]);
        int64_t answered_ms = w.clock.now_ms - 1;
        assert_true(world_quiet(0, "wms"));
        while (world_quiet(0, "wms"))
            assert_true(fake_clock_step(&w.clock, answered_ms + 2 * waits[i]));
        assert_in_range(w.clock.now_ms - answered_ms, waits[i] * 9 / 10, waits[i] * 11 / 10);
        jittered |= w.clock.now_ms - answered_ms != waits[i];
    }
    assert_true(jittered);
    const struct webhook_recording *web = &w.nodes[0].web;
    for (size_t i = 0; i < web->count; i++)
        assert_string_equal(web->posts[0].id, web->posts[i].id); /* a repeat is recognised */
    assert_true(world_owes(0, "spring"));
    world_answer(0, "wms", 500);
    assert_int_equal(HOOKS_TRIES_MAX, web->count);
    world_run(48 * HOUR);
    assert_int_equal(HOOKS_TRIES_MAX, web->count);
    assert_false(world_owes(0, "spring"));
}

static void a_receiver_may_ask_for_more_time(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    webhook_recording_answer(&w.nodes[0].web, world_post(0, "wms"), 429, 20 * MIN);
    world_run(20 * MIN - 1);
    assert_true(world_quiet(0, "wms"));
    world_run(1);
    webhook_recording_answer(&w.nodes[0].web, world_post(0, "wms"), 503, 1000 * HOUR); /* within bounds */
    world_run(24 * HOUR - 1);
    assert_true(world_quiet(0, "wms"));
    world_run(1);
    world_answer(0, "wms", 200);
}

static void an_estimate_that_is_not_taken_makes_room_for_the_newest(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_answer(0, "wms", 500);
    world_estimate("spring");
    world_estimate("spring");
    world_run(6 * S);
    assert_string_equal("updated 1, updated 3", world_told(0, "wms"));
    world_answer(0, "wms", 500);
    world_run(4 * MIN);
    assert_true(world_quiet(0, "wms"));
}

/* A receiver that restarts in the middle of a show hears of it before it is over; one that stays away is not given up any sooner. */
static void news_are_a_reason_to_try_once_a_minute(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 503);
    world_run(6 * S);
    world_answer(0, "wms", 503); /* next in five minutes */
    for (uint64_t seq = 4; seq < 44; seq++) {
        size_t before = w.nodes[0].web.count;
        world_change("spring", seq);
        world_run(30 * S);
        assert_true(w.nodes[0].web.count - before <= 1);
        if (!world_quiet(0, "wms"))
            world_answer(0, "wms", 503);
    }
    assert_true(w.nodes[0].web.count >= 20 && w.nodes[0].web.count <= 26);
    world_change("spring", 44);
    world_run(61 * S);
    world_answer(0, "wms", 204);
    world_answer(0, "wms", 204);
    const char *told = world_told(0, "wms");
    assert_string_equal("changed 3, changed 4, changed 5",
                        told + strlen(told) - strlen("changed 3, changed 4, changed 5"));
}

/* But not before the receiver wants it. */
static void news_wait_as_long_as_the_receiver_asks(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    webhook_recording_answer(&w.nodes[0].web, world_post(0, "wms"), 429, 10 * MIN);
    world_run(S);
    world_change("spring", 4);
    world_run(9 * MIN);
    world_change("spring", 5);
    assert_true(world_quiet(0, "wms"));
    world_run(2 * MIN);
    world_answer(0, "wms", 204);
}

static void a_change_that_is_not_taken_keeps_its_place_but_not_the_estimates(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 400);
    world_change("spring", 4);
    world_estimate("spring");
    assert_string_equal("changed 3, updated 1", world_told(0, "wms"));
    world_answer(0, "wms", 200);
    world_run(6 * S);
    assert_string_equal("changed 3, updated 1, changed 3", world_told(0, "wms"));
    world_answer(0, "wms", 200);
    assert_string_equal("changed 3, updated 1, changed 3, changed 4", world_told(0, "wms"));
}

/* Each of many would otherwise be given three days of its own. */
static void what_waited_behind_has_waited_too(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    for (uint64_t seq = 1; seq <= 20; seq++)
        world_change("spring", seq);
    for (int64_t end_ms = w.clock.now_ms + 100 * HOUR; w.clock.now_ms < end_ms;) {
        while (!world_quiet(0, "wms"))
            world_answer(0, "wms", 0);
        fake_clock_step(&w.clock, end_ms);
    }
    assert_int_equal(HOOKS_TRIES_MAX + 19, w.nodes[0].web.count);
    assert_false(world_owes(0, "spring"));
    world_change("spring", 21); /* a new one has all its tries */
    world_answer(0, "wms", 500);
    world_run(6 * S);
    world_answer(0, "wms", 200);
}

/* The endpoint had failed once, long before; then it was we who were gone. */
static void what_waited_for_us_has_all_its_tries(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 500);
    world_run(6 * S);
    world_answer(0, "wms", 200);
    world_node_kill(0);
    world_change("spring", 4);
    world_run(200 * HOUR);
    world_lead(1, "spring", true);
    world_answer(1, "wms", 500);
    world_run(6 * S);
    assert_string_equal("changed 4, changed 4", world_told(1, "wms"));
}

/* ---- other nodes, other lives ---- */

static void a_restart_goes_on_in_the_middle_of_a_retry(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    world_answer(0, "wms", 200);
    world_answer(0, "wms", 500);
    world_run(6 * S);
    world_answer(0, "wms", 500);
    world_run(6 * MIN);
    world_answer(0, "wms", 500);
    char id[64];
    snprintf(id, sizeof id, "%s", w.nodes[0].web.posts[w.nodes[0].web.count - 1].id);
    world_node_kill(0);
    world_lead(1, "spring", true);
    world_run(20 * MIN); /* of the half hour */
    assert_true(world_quiet(1, "wms"));
    world_run(20 * MIN);
    assert_string_equal("changed 4", world_told(1, "wms"));
    assert_string_equal(id, world_post(1, "wms")->id);
    world_answer(1, "wms", 500); /* the fourth time: two hours */
    world_run(90 * MIN);
    assert_true(world_quiet(1, "wms"));
    world_run(60 * MIN);
    world_answer(1, "wms", 200);
    assert_false(world_owes(1, "spring"));
}

static void a_new_leader_repeats_what_hangs_under_the_same_id(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    struct recorded_post *hangs = world_post(0, "wms");
    world_lead(0, "spring", false);
    world_lead(1, "spring", true);
    assert_string_equal(hangs->id, world_post(1, "wms")->id);
    world_answer(1, "wms", 200);
    webhook_recording_answer(&w.nodes[0].web, hangs, 500, 0); /* nobody here cares any more */
    world_run(10 * S);
    assert_string_equal("changed 3", world_told(0, "wms"));
    assert_string_equal("changed 3, changed 4", world_told(1, "wms"));
    world_answer(1, "wms", 200);
    assert_false(world_owes(1, "spring"));
}

static void a_crash_before_the_place_was_kept_repeats_one_message(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    char id[64];
    snprintf(id, sizeof id, "%s", world_post(0, "wms")->id);
    webhook_recording_answer(&w.nodes[0].web, world_post(0, "wms"), 200, 0); /* no time passes: not kept yet */
    world_node_kill(0);
    world_lead(1, "spring", true);
    assert_string_equal("changed 3", world_told(1, "wms"));
    assert_string_equal(id, world_post(1, "wms")->id);
}

static void nothing_is_told_before_its_place_is_known(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 200);
    world_node_kill(0);
    w.store_silent = true;
    world_lead(1, "spring", true);
    world_change("spring", 4);
    world_run(10 * S);
    assert_int_equal(0, w.nodes[1].web.count);
    assert_true(world_owes(1, "spring"));
    w.store_silent = false;
    world_run(2 * S);
    assert_string_equal("changed 4", world_told(1, "wms"));
    w.store_silent = true;
    world_answer(1, "wms", 200); /* this is kept as soon as the store is back */
    world_run(10 * S);
    assert_true(world_owes(1, "spring"));
    w.store_silent = false;
    world_run(2 * S);
    assert_false(world_owes(1, "spring"));
    world_node_kill(1);
    world_node_open(1);
    world_lead(1, "spring", true);
    world_run(MIN);
    assert_int_equal(0, w.nodes[1].web.count);
}

static void what_a_fail_over_put_in_the_place_of_what_was_told_is_told(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    for (uint64_t seq = 1; seq <= 4; seq++)
        world_change("spring", seq);
    world_take_all(0, "wms");
    const struct recorded_post *told = w.nodes[0].web.posts;
    world_lose("spring", 2, 0);
    world_change("spring", 3); /* another one */
    for (int i = 0; i < 3; i++)
        world_answer(0, "wms", 200);
    assert_string_equal("changed 1, changed 2, changed 3, changed 4, changed 1, changed 2, changed 3",
                        world_told(0, "wms"));
    assert_string_equal(told[0].id, told[4].id);
    assert_string_equal(told[1].id, told[5].id);
    assert_string_not_equal(told[2].id, told[6].id);
    assert_true(world_quiet(0, "wms"));
    world_change("spring", 4); /* another one again, and now they go on as ever */
    world_answer(0, "wms", 200);
    assert_string_not_equal(told[3].id, told[7].id);
    assert_int_equal(8, w.nodes[0].web.count);
    world_node_kill(0);
    world_lead(1, "spring", true);
    world_run(MIN);
    assert_int_equal(0, w.nodes[1].web.count);
}

static void estimates_go_on_after_a_fail_over(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    for (int i = 0; i < 3; i++) {
        world_estimate("spring");
        world_answer(0, "wms", 200);
        world_run(MIN);
    }
    world_lose("spring", 0, 2);
    world_estimate("spring");
    assert_string_equal("updated 1, updated 2, updated 3, updated 2", world_told(0, "wms"));
    assert_string_not_equal(w.nodes[0].web.posts[1].id, w.nodes[0].web.posts[3].id);
    world_answer(0, "wms", 200);
    world_run(MIN);
    assert_true(world_quiet(0, "wms"));
}

static void a_stop_cuts_off_what_hangs_and_the_next_leader_repeats_it_at_once(void **state)
{
    (void)state;
    world_list("wms", "erp", NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    struct recorded_post *cut = world_post(0, "wms"), *taken = world_post(0, "erp");
    hooks_stop(w.nodes[0].hooks);
    webhook_recording_answer(&w.nodes[0].web, cut, 0, 0);
    webhook_recording_answer(&w.nodes[0].web, taken, 200, 0);
    world_change("spring", 5);
    assert_int_equal(2, w.nodes[0].web.count);
    world_node_kill(0);
    world_lead(1, "spring", true);
    assert_string_equal("changed 3", world_told(1, "wms"));
    assert_string_equal("changed 3", world_told(1, "erp")); /* its place was not kept any more */
}

static void stored(struct store_request *request) { assert_int_equal(RESULT_OK, request->result); }

static void what_cannot_be_read_counts_as_nothing_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "1",
                                      "2 0 1 1 0 0 0 1 1 0 0 0 1 1 0 0 0",
                                      "1 0 9999 9 0 0 0 9999 9 0 0 0 9999 9 0 0",
                                      "1 0 9 9 10 0 0 9 9 0 0 0 9 9 0 0 0",
                                      "1 0 -9 9 0 0 0 9 9 0 0 0 9 9 0 0 0",
                                      "hello",
                                      "99999999999999999999 0"};
    world_list("wms", NULL, NULL);
    world_change("spring", 3);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct store_request put = {
            .op = STORE_PUT, .shop = the_shop, .key = "hook:wms:spring", .ttl_ms = HOUR, .done = stored};
        struct store *store = memory_store(w.nodes[1].memory);
        bytes_text(&put.value, bad[i]);
        store->ask(store, &put);
        world_run(1);
        bytes_finish(&put.value);
        world_lead(0, "spring", true);
        assert_string_equal("changed 3", world_told(0, "wms"));
        world_node_kill(0);
        world_node_open(0);
    }
}

/* ---- endpoints come, go and hang ---- */

/* A fail-over makes the board read a settled show anew just when a retry falls due: it is neither forgotten nor put away. */
static void what_is_owed_of_a_show_that_is_read_anew_stays_owed(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_answer(0, "wms", 200);
    world_settle("spring");
    world_answer(0, "wms", 500);
    world_show("spring")->away = true;
    world_run(6 * S);
    assert_true(world_quiet(0, "wms"));
    assert_true(world_owes(0, "spring"));
    world_show("spring")->away = false;
    world_run(30 * S);
    world_answer(0, "wms", 200);
    assert_string_equal("updated 1, settled 1, settled 1", world_told(0, "wms"));
    assert_false(world_owes(0, "spring"));
}

static void an_endpoint_taken_away_is_told_nothing_more(void **state)
{
    (void)state;
    world_list("wms", "erp", NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    struct recorded_post *last = world_post(0, "wms");
    world_list("erp", NULL, NULL);
    webhook_recording_answer(&w.nodes[0].web, last, 500, 0);
    world_answer(0, "erp", 200);
    world_answer(0, "erp", 200);
    world_run(HOUR);
    assert_string_equal("changed 3", world_told(0, "wms"));
    assert_string_equal("changed 3, changed 4", world_told(0, "erp"));
    assert_false(world_owes(0, "spring"));
    world_list("erp", "wms", NULL); /* back again: it goes on where it stood */
    world_run(1);
    assert_string_equal("changed 3, changed 3", world_told(0, "wms"));
}

static void one_that_says_it_is_gone_is_left_alone_until_put_again(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 410);
    world_run(HOUR);
    assert_true(w.endpoints[0].disabled); /* in the shop's log, so on every node */
    assert_int_equal(1, w.nodes[0].web.count);
    assert_false(world_owes(0, "spring"));
    world_node_kill(0);
    world_lead(1, "spring", true);
    world_run(HOUR);
    assert_int_equal(0, w.nodes[1].web.count);
    world_list("wms", NULL, NULL);
    world_run(1);
    assert_string_equal("changed 3", world_told(1, "wms"));
}

static void a_new_address_is_tried_at_once(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 500);
    snprintf(w.endpoints[0].url, sizeof w.endpoints[0].url, "https://other.example/");
    world_put();
    world_run(1);
    assert_string_equal("changed 3", world_told(0, "other"));
}

static void a_hanging_receiver_holds_up_nobody_else(void **state)
{
    (void)state;
    world_list("wms", "erp", "bi");
    world_lead(0, "spring", true);
    world_lead(0, "autumn", true);
    world_change("spring", 3);
    world_change("autumn", 8);
    for (uint64_t seq = 4; seq < 24; seq++) {
        world_change("spring", seq);
        world_answer(0, "erp", 200);
    }
    assert_string_equal("changed 3", world_told(0, "wms")); /* hangs */
    world_take_all(0, "erp");
    assert_non_null(strstr(world_told(0, "erp"), "changed 8"));
    assert_non_null(strstr(world_told(0, "erp"), "changed 23"));
}

static void only_so_many_are_under_way_and_everybody_gets_a_turn(void **state)
{
    (void)state;
    world_node_kill(0);
    w.limits.in_flight_max = 2;
    world_node_open(0);
    world_list("wms", "erp", "bi");
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    assert_int_equal(2, w.nodes[0].web.open);
    assert_true(world_quiet(0, "bi"));
    world_answer(0, "wms", 200);
    assert_int_equal(2, w.nodes[0].web.open);
    world_answer(0, "erp", 200);
    assert_int_equal(2, w.nodes[0].web.open);
    assert_string_equal("changed 3", world_told(0, "bi")); /* did not wait for the others' second ones */
    while (w.nodes[0].web.open > 0)
        for (const char *const *name = (const char *const[]){"wms", "erp", "bi", NULL}; *name != NULL; name++)
            if (!world_quiet(0, *name))
                world_answer(0, *name, 200);
    assert_string_equal("changed 3, changed 4", world_told(0, "bi"));
    assert_string_equal("changed 3, changed 4", world_told(0, "wms"));
    assert_string_equal("changed 3, changed 4", world_told(0, "erp"));
}

static void broadcasts_take_turns_at_one_endpoint(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_lead(0, "autumn", true);
    for (uint64_t seq = 1; seq <= 3; seq++)
        world_change("spring", seq);
    for (uint64_t seq = 11; seq <= 13; seq++)
        world_change("autumn", seq);
    for (int i = 0; i < 6; i++)
        world_answer(0, "wms", 200);
    assert_string_equal("changed 1, changed 11, changed 2, changed 12, changed 3, changed 13", world_told(0, "wms"));
}

/* ---- the stream for machines ---- */

static void the_stream_gets_everything_also_after_an_outage(void **state)
{
    (void)state;
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_estimate("spring");
    world_change("spring", 3);
    assert_int_equal(3, memory_feed_count(w.memory, &the_shop));
    const char *first = memory_feed_entry(w.memory, &the_shop, 0);
    assert_memory_equal("com.liveshelf.volumes.updated spring 1 msg_", first, 43);
    assert_non_null(strstr(first, " {\"seq\":1}"));
    assert_non_null(
        strstr(memory_feed_entry(w.memory, &the_shop, 2), "{\"broadcast\":\"spring\",\"seq\":3,\"sku\":\"mug-red\"}"));
    memory_cut(w.nodes[0].memory, true);
    world_change("spring", 4);
    world_change("spring", 5);
    world_run(MIN);
    assert_int_equal(3, memory_feed_count(w.memory, &the_shop));
    memory_cut(w.nodes[0].memory, false);
    world_run(2 * S);
    assert_int_equal(5, memory_feed_count(w.memory, &the_shop));
    world_settle("spring");
    assert_memory_equal("com.liveshelf.volumes.settled spring 2", memory_feed_entry(w.memory, &the_shop, 5), 38);
    assert_false(world_owes(0, "spring"));
    world_lead(0, "spring", false);
    world_lead(1, "spring", true); /* nothing twice */
    world_run(MIN);
    assert_int_equal(6, memory_feed_count(w.memory, &the_shop));
}

int main(void)
{
#define TALE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tales[] = {
        TALE(a_message_is_a_cloud_event),
        TALE(changes_are_told_in_order_one_at_a_time),
        TALE(no_two_messages_share_an_id),
        TALE(the_newest_estimate_replaces_those_that_wait),
        TALE(the_end_comes_last_and_once),
        TALE(another_end_is_told_as_well),
        TALE(only_what_was_asked_for_is_told),
        TALE(who_does_not_lead_tells_nobody),
        TALE(what_is_not_taken_is_tried_again_ever_later_and_then_given_up),
        TALE(a_receiver_may_ask_for_more_time),
        TALE(an_estimate_that_is_not_taken_makes_room_for_the_newest),
        TALE(news_are_a_reason_to_try_once_a_minute),
        TALE(news_wait_as_long_as_the_receiver_asks),
        TALE(a_change_that_is_not_taken_keeps_its_place_but_not_the_estimates),
        TALE(what_waited_behind_has_waited_too),
        TALE(what_waited_for_us_has_all_its_tries),
        TALE(a_restart_goes_on_in_the_middle_of_a_retry),
        TALE(a_new_leader_repeats_what_hangs_under_the_same_id),
        TALE(a_crash_before_the_place_was_kept_repeats_one_message),
        TALE(nothing_is_told_before_its_place_is_known),
        TALE(what_a_fail_over_put_in_the_place_of_what_was_told_is_told),
        TALE(estimates_go_on_after_a_fail_over),
        TALE(a_stop_cuts_off_what_hangs_and_the_next_leader_repeats_it_at_once),
        TALE(what_cannot_be_read_counts_as_nothing_told),
        TALE(what_is_owed_of_a_show_that_is_read_anew_stays_owed),
        TALE(an_endpoint_taken_away_is_told_nothing_more),
        TALE(one_that_says_it_is_gone_is_left_alone_until_put_again),
        TALE(a_new_address_is_tried_at_once),
        TALE(a_hanging_receiver_holds_up_nobody_else),
        TALE(only_so_many_are_under_way_and_everybody_gets_a_turn),
        TALE(broadcasts_take_turns_at_one_endpoint),
        TALE(the_stream_gets_everything_also_after_an_outage),
    };
    return cmocka_run_group_tests_name("hooks", tales, NULL, NULL);
}
