/* tests/unit/logistics/hooks/ask_test.c - what the integrator asks of the courier, and what was given up. */
#include "tests/unit/logistics/hooks/hooks_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct outcome answer;
static struct hook_dead dead[HOOK_DEAD_MAX];
static struct hook_endpoint hooks[HOOKS_MAX];
static unsigned answers;

static int open_world(void **state)
{
    (void)state;
    answers = 0;
    world_open();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close();
    return 0;
}

static void answered(void *ctx, struct outcome *outcome)
{
    (void)ctx;
    answers++;
    answer = *outcome;
    if (outcome->kind == OUTCOME_HOOK_DEAD)
        memcpy(dead, outcome->dead, outcome->count * sizeof *dead);
    if (outcome->kind == OUTCOME_HOOKS)
        memcpy(hooks, outcome->hooks, outcome->count * sizeof *hooks);
}

static void ask_start(size_t node, struct command *c)
{
    answers = 0;
    hooks_command(w.nodes[node].hooks, &(struct hooks_ask){.shop = the_shop, .command = c, .answer = answered});
    command_finish(c);
}

static void ask(size_t node, struct command *c)
{
    enum command_kind kind = c->kind;
    ask_start(node, c);
    world_run(100);
    assert_int_equal(1, answers);
    assert_int_equal(kind, answer.command);
}

static void put(size_t node, const char *id)
{
    struct command c = {.kind = COMMAND_HOOKS_PUT, .hooks = calloc(1, sizeof *c.hooks), .hooks_count = 1};
    assert_non_null(c.hooks);
    snprintf(c.hooks->id, sizeof c.hooks->id, "%s", id);
    snprintf(c.hooks->url, sizeof c.hooks->url, "https://%s.example/", id);
    snprintf(c.hooks->secret, sizeof c.hooks->secret, "whsec_c2VjcmV0");
    c.hooks->types = ALL;
    ask(node, &c);
}

static void dead_get(const char *endpoint)
{
    struct command c = {.kind = COMMAND_HOOK_DEAD_GET};
    snprintf(c.hook, sizeof c.hook, "%s", endpoint);
    ask(1, &c); /* any node knows */
}

static void replay(const char *endpoint, const char *message, const char *broadcast, uint64_t after_seq)
{
    struct command c = {.kind = COMMAND_HOOK_REPLAY, .after_seq = after_seq};
    snprintf(c.hook, sizeof c.hook, "%s", endpoint);
    snprintf(c.message, sizeof c.message, "%s", message);
    snprintf(c.broadcast.text, sizeof c.broadcast.text, "%s", broadcast);
    ask(1, &c);
}

/* Answers nothing to the endpoint until what it is owed of spring is given up. */
static void give_up(const char *endpoint)
{
    for (int64_t end_ms = w.clock.now_ms + 100 * HOUR; w.clock.now_ms < end_ms;) {
        while (!world_quiet(0, endpoint))
            world_answer(0, endpoint, 503);
        fake_clock_step(&w.clock, end_ms);
    }
}

static void the_list_is_put_and_told(void **state)
{
    (void)state;
    put(0, "wms");
    assert_int_equal(OUTCOME_HOOKS, answer.kind);
    assert_int_equal(1, answer.count);
    struct command get = {.kind = COMMAND_HOOKS_GET};
    ask(1, &get);
    assert_int_equal(OUTCOME_HOOKS, answer.kind);
    assert_int_equal(1, answer.count);
    assert_string_equal("wms", hooks[0].id);
    world_lead(1, "spring", true);
    world_change("spring", 3);
    assert_string_equal("changed 3", world_told(1, "wms"));
}

static void what_the_log_did_not_take_is_said(void **state)
{
    (void)state;
    w.keeps = RESULT_UNAVAILABLE;
    put(0, "wms");
    assert_int_equal(OUTCOME_ERROR, answer.kind);
    assert_int_equal(ERROR_UNAVAILABLE, answer.error.code);
    w.keeps = RESULT_CONFLICT;
    put(0, "wms");
    assert_int_equal(ERROR_CONFLICT, answer.error.code);
    w.keeps = RESULT_OK;
    put(0, "wms");
    assert_int_equal(OUTCOME_HOOKS, answer.kind);
}

static void who_asks_too_early_waits_for_the_list(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    hooks_rewound(w.nodes[0].hooks, &the_shop);
    struct command get = {.kind = COMMAND_HOOKS_GET};
    ask_start(0, &get);
    world_run(HOUR);
    assert_int_equal(0, answers);
    assert_int_equal(1, w.fetched);
    world_put();
    hooks_listed(w.nodes[0].hooks, &the_shop, 0, NULL);
    world_run(1);
    assert_int_equal(1, answers);
    assert_int_equal(1, answer.count);
    hooks_rewound(w.nodes[0].hooks, &the_shop);
    get.kind = COMMAND_HOOKS_GET;
    ask_start(0, &get); /* and one that is never answered costs nothing but memory */
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    dead_get("erp");
    assert_int_equal(ERROR_NOT_FOUND, answer.error.code);
    replay("erp", "", "spring", 0);
    assert_int_equal(ERROR_NOT_FOUND, answer.error.code);
    replay("wms", "msg_00000000000000000000000000000000", "", 0);
    assert_int_equal(ERROR_NOT_FOUND, answer.error.code);
    w.asleep = true;
    replay("wms", "", "spring", 0);
    assert_int_equal(ERROR_NOT_FOUND, answer.error.code);
    dead_get("wms");
    assert_int_equal(OUTCOME_HOOK_DEAD, answer.kind);
    assert_int_equal(0, answer.count);
}

static void what_was_given_up_is_listed_and_sent_again(void **state)
{
    (void)state;
    world_list("wms", "erp", NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    world_answer(0, "erp", 200);
    world_answer(0, "erp", 200);
    give_up("wms");
    dead_get("wms");
    assert_int_equal(2, answer.count);
    assert_int_equal(3, dead[0].seq);
    assert_int_equal(4, dead[1].seq);
    assert_string_equal("spring", dead[0].broadcast.text);
    assert_int_equal(HOOK_PROMISE_CHANGED, dead[0].type);
    assert_int_equal(503, dead[0].status);
    assert_int_equal(HOOKS_TRIES_MAX, dead[0].attempts);
    char message[HOOK_MESSAGE_LEN + 1];
    memcpy(message, dead[1].message, sizeof message);
    dead_get("erp");
    assert_int_equal(0, answer.count);

    size_t before = w.nodes[0].web.count;
    replay("wms", message, "", 0);
    assert_int_equal(OUTCOME_HOOK_REPLAYED, answer.kind);
    assert_int_equal(1, answer.count);
    assert_string_equal(message, world_post(0, "wms")->id); /* the same message, this one alone */
    world_answer(0, "wms", 200);
    world_run(HOUR);
    assert_int_equal(before + 1, w.nodes[0].web.count);
    dead_get("wms");
    assert_int_equal(1, answer.count);
    assert_int_equal(3, dead[0].seq);
    assert_false(world_owes(0, "spring"));
}

static void two_asked_for_at_once_are_both_sent(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_change("spring", 4);
    give_up("wms");
    dead_get("wms");
    assert_int_equal(2, answer.count);
    size_t before = w.nodes[0].web.count;
    replay("wms", dead[0].message, "", 0);
    replay("wms", dead[1].message, "", 0);
    world_answer(0, "wms", 200);
    world_answer(0, "wms", 200);
    assert_int_equal(before + 2, w.nodes[0].web.count);
    assert_string_equal(dead[0].message, w.nodes[0].web.posts[before].id);
    assert_string_equal(dead[1].message, w.nodes[0].web.posts[before + 1].id);
    dead_get("wms");
    assert_int_equal(0, answer.count);
}

static void a_replay_is_done_by_a_later_leader_once(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    give_up("wms");
    dead_get("wms");
    world_node_kill(0);
    replay("wms", dead[0].message, "", 0);
    world_lead(1, "spring", true);
    assert_string_equal("changed 3", world_told(1, "wms"));
    world_answer(1, "wms", 200);
    world_node_open(0); /* reads the whole log: the replay too */
    world_lead(1, "spring", false);
    world_lead(0, "spring", true);
    world_run(HOUR);
    assert_int_equal(0, w.nodes[0].web.count);
}

static void everything_after_a_seq_is_sent_again(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    for (uint64_t seq = 3; seq <= 5; seq++)
        world_change("spring", seq);
    world_estimate("spring");
    world_take_all(0, "wms");
    assert_string_equal("changed 3, changed 4, changed 5, updated 1", world_told(0, "wms"));
    replay("wms", "", "spring", 3);
    assert_int_equal(3, answer.count); /* two changes and the newest estimate */
    world_take_all(0, "wms");
    assert_string_equal("changed 3, changed 4, changed 5, updated 1, changed 4, changed 5, updated 1",
                        world_told(0, "wms"));
    world_settle("spring");
    world_answer(0, "wms", 200);
    replay("wms", "", "spring", 9); /* no change is behind that; the end is */
    world_answer(0, "wms", 200);
    assert_non_null(strstr(world_told(0, "wms"), "updated 1, settled 1, settled 1"));
    assert_false(world_owes(0, "spring"));
}

static void a_given_up_estimate_is_replayed_as_the_newest(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    give_up("wms");
    world_estimate("spring");
    world_answer(0, "wms", 200);
    dead_get("wms");
    assert_int_equal(1, answer.count);
    assert_int_equal(HOOK_VOLUMES_UPDATED, dead[0].type);
    replay("wms", dead[0].message, "", 0);
    world_run(1);
    assert_non_null(strstr(world_post(0, "wms")->body, "{\"seq\":2}"));
    world_answer(0, "wms", 200);
    dead_get("wms");
    assert_int_equal(0, answer.count);
}

static void the_end_is_replayed(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_answer(0, "wms", 200);
    world_settle("spring");
    give_up("wms");
    dead_get("wms");
    assert_int_equal(1, answer.count);
    assert_int_equal(HOOK_VOLUMES_SETTLED, dead[0].type);
    replay("wms", dead[0].message, "", 0);
    world_answer(0, "wms", 200);
    world_run(HOUR);
    assert_true(world_quiet(0, "wms"));
    assert_false(world_owes(0, "spring"));
}

/* The board asks between two turns of the loop whether a settled show may be put away. */
static void a_replay_is_owed_from_the_moment_it_is_known(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_estimate("spring");
    world_answer(0, "wms", 200);
    world_settle("spring");
    world_answer(0, "wms", 200);
    assert_false(world_owes(0, "spring"));
    w.replays[w.seq] = (struct hook_replay){.endpoint = "wms", .broadcast = {"spring"}};
    const struct hook_list list = {.endpoints = w.endpoints, .count = w.endpoints_count, .replay = w.replays[w.seq]};
    hooks_listed(w.nodes[0].hooks, &the_shop, ++w.seq, &list);
    assert_true(world_owes(0, "spring"));
    world_run(1);
    world_answer(0, "wms", 200);
    assert_string_equal("updated 1, settled 1, settled 1", world_told(0, "wms"));
    assert_false(world_owes(0, "spring"));
}

/* A replay stands in the log beside the list: never beside one that is older than the log's own. */
static void a_replay_writes_over_no_newer_list(void **state)
{
    (void)state;
    world_list("wms", NULL, NULL);
    world_lead(0, "spring", true);
    world_change("spring", 3);
    world_answer(0, "wms", 200);
    const struct command c = {.kind = COMMAND_HOOK_REPLAY, .hook = "wms", .broadcast = {"spring"}};
    struct command first = c, second = c;
    w.conflicts = 1;
    ask_start(1, &first);
    world_run(10);
    assert_int_equal(0, answers);
    world_list("wms", "erp", NULL); /* the entry that was in between comes */
    world_run(1);
    world_answer(0, "erp", 200);
    world_run(S);
    assert_int_equal(1, answers);
    assert_int_equal(OUTCOME_HOOK_REPLAYED, answer.kind);
    assert_int_equal(2, w.endpoints_count);
    world_answer(0, "wms", 200);
    assert_string_equal("changed 3, changed 3", world_told(0, "wms"));
    assert_string_equal("changed 3", world_told(0, "erp"));
    w.conflicts = 100; /* it is not tried for ever */
    ask_start(1, &second);
    world_run(10 * S);
    assert_int_equal(1, answers);
    assert_int_equal(ERROR_CONFLICT, answer.error.code);
}

static void half_a_log_is_no_list(void **state)
{
    (void)state;
    const struct hook_endpoint old = {.id = "old", .types = ALL};
    world_list("wms", NULL, NULL);
    hooks_rewound(w.nodes[0].hooks, &the_shop);
    hooks_listed(w.nodes[0].hooks, &the_shop, 1, &(struct hook_list){.endpoints = &old, .count = 1});
    struct command get = {.kind = COMMAND_HOOKS_GET};
    ask_start(0, &get);
    world_run(10);
    assert_int_equal(0, answers);
    hooks_listed(w.nodes[0].hooks, &the_shop, 2, &(struct hook_list){.endpoints = w.endpoints, .count = 1});
    hooks_listed(w.nodes[0].hooks, &the_shop, 0, NULL);
    world_run(10);
    assert_int_equal(1, answers);
    assert_int_equal(1, answer.count);
    assert_string_equal("wms", hooks[0].id);
}

int main(void)
{
#define TALE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
    const struct CMUnitTest tales[] = {
        TALE(the_list_is_put_and_told),
        TALE(what_the_log_did_not_take_is_said),
        TALE(who_asks_too_early_waits_for_the_list),
        TALE(unknown_names_are_not_found),
        TALE(what_was_given_up_is_listed_and_sent_again),
        TALE(two_asked_for_at_once_are_both_sent),
        TALE(a_replay_is_done_by_a_later_leader_once),
        TALE(everything_after_a_seq_is_sent_again),
        TALE(a_given_up_estimate_is_replayed_as_the_newest),
        TALE(the_end_is_replayed),
        TALE(a_replay_is_owed_from_the_moment_it_is_known),
        TALE(a_replay_writes_over_no_newer_list),
        TALE(half_a_log_is_no_list),
    };
    return cmocka_run_group_tests_name("hooks asked", tales, NULL, NULL);
}
