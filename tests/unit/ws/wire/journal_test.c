/* Entries of the estimate logs to bytes and back: the same, and nothing half-read. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/journal_codec.h"

static const struct spread some = {12.3456, {-1.0, 0.0, 12.5, 20.0004, 1e9}};

/* Writes it, reads it, writes it again: the second text equals the first, and is returned. */
static char *there_and_back(const struct journal *j, struct journal *ret)
{
    struct bytes first = {0}, second = {0};
    assert_int_equal(journal_encode(j, &first), RESULT_OK);
    assert_int_equal(journal_decode(first.data, first.len, ret), RESULT_OK);
    assert_int_equal(journal_encode(ret, &second), RESULT_OK);
    assert_string_equal(first.data, second.data);
    assert_int_equal(ret->kind, j->kind);
    assert_int_equal(ret->ms, j->ms);
    assert_string_equal(ret->by, j->by);
    bytes_finish(&second);
    size_t len;
    return bytes_take(&first, &len);
}

static void a_tick_is_one_short_line(void **state)
{
    (void)state;
    struct journal j = {.kind = JOURNAL_TICK, .ms = 1795177200123, .by = "n1"}, got = {0};
    j.u.tick.event_seq = 41;
    j.u.tick.audience = 3000;
    snprintf(j.u.tick.ledger_id, sizeof j.u.tick.ledger_id, "1795177200000-4");
    char *text = there_and_back(&j, &got);
    assert_string_equal(text,
                        "{\"t\":\"tick\",\"ms\":1795177200123,\"by\":\"n1\",\"d\":{\"ledger\":\"1795177200000-4\","
                        "\"events\":41,\"audience\":3000}}");
    assert_string_equal(got.u.tick.ledger_id, "1795177200000-4");
    assert_int_equal(got.u.tick.event_seq, 41);
    free(text);
    journal_finish(&got);
}

static void what_is_believed_before_is_whole(void **state)
{
    (void)state;
    struct journal j = {.kind = JOURNAL_BEGUN, .ms = 5, .by = "n1"}, got = {0};
    struct journal_pin run[] = {{0, {"mug-red"}}, {600000, {"cap-blue"}}};
    struct journal_sku skus[] = {{{"mug-red"}, 40, 420, {110, 90, 95}}, {{"cap-blue"}, -1, 0, {0, 0, 0}}};
    j.u.begun.start_ms = 1795177200000;
    j.u.begun.planned_ms = 3600000;
    j.u.begun.hold_ms = 300000;
    j.u.begun.plan_seq = 3;
    j.u.begun.shop_seq = 9;
    j.u.begun.seed = (UINT64_C(1) << 52) - 1;
    j.u.begun.run = run;
    j.u.begun.run_count = 2;
    j.u.begun.skus = skus;
    j.u.begun.skus_count = 2;
    free(there_and_back(&j, &got));
    assert_int_equal(got.u.begun.run_count, 2);
    assert_memory_equal(got.u.begun.run, run, sizeof run);
    assert_memory_equal(got.u.begun.skus, skus, sizeof skus);
    assert_int_equal(got.u.begun.seed, j.u.begun.seed);
    journal_finish(&got);
}

static void a_spread_is_kept_to_a_thousandth_and_what_is_unknown_stays_so(void **state)
{
    (void)state;
    struct journal j = {.kind = JOURNAL_ESTIMATE, .ms = 5}, got = {0};
    j.u.estimate.tick = 7;
    j.u.estimate.firm = 12;
    j.u.estimate.units = some;
    j.u.estimate.parcels.mean = NAN;
    free(there_and_back(&j, &got));
    assert_true(fabs(got.u.estimate.units.mean - 12.346) < 1e-9);
    assert_true(fabs(got.u.estimate.units.q[0] + 1.0) < 1e-9);
    assert_true(fabs(got.u.estimate.units.q[3] - 20.0) < 1e-9);
    assert_true(isnan(got.u.estimate.parcels.mean));
    journal_finish(&got);
}

static void what_the_shop_tells_comes_back(void **state)
{
    (void)state;
    struct actual list[] = {
        {.id = "a1", .kind = ACTUAL_SHIPPED, .hold = {"h1"}, .sku = {"mug-red"}, .units = 2, .ms = 9},
        {.id = "a2", .kind = ACTUAL_CANCELLED, .order = "A-17", .sku = {"mug-red"}, .units = 1, .ms = 9}};
    struct journal j = {.kind = JOURNAL_ACTUALS, .ms = 9}, got = {0};
    j.u.actuals.list = list;
    j.u.actuals.count = 2;
    free(there_and_back(&j, &got));
    assert_int_equal(got.u.actuals.count, 2);
    assert_string_equal(got.u.actuals.list[1].order, "A-17");
    assert_int_equal(got.u.actuals.list[1].kind, ACTUAL_CANCELLED);
    journal_finish(&got);

    struct logistics_plan plan = {.sites_count = 1, .fill_per_mille = 650, .tail_hours = 24, .waves_count = 1};
    plan.sites[0] = (struct logistics_site){.id = {"W1"}, .share = 60, .parcels_per_wave = 900};
    plan.waves[0] = (struct logistics_wave){.id = {"w1"}, .after_end = true, .cut_off_ms = 7200000};
    j = (struct journal){.kind = JOURNAL_PLAN, .ms = 9};
    j.u.plan = &plan;
    free(there_and_back(&j, &got));
    assert_int_equal(got.u.plan->sites[0].parcels_per_wave, 900);
    assert_true(got.u.plan->waves[0].after_end);
    assert_int_equal(got.u.plan->tail_hours, 24);
    journal_finish(&got);
}

static void what_was_learned_comes_back(void **state)
{
    (void)state;
    static struct journal j, got; /* large */
    static char text[] = "digest 1\nlines \"and\" \xc3\xa9\n";
    j = (struct journal){.kind = JOURNAL_DIGEST, .ms = 9};
    j.u.digest.broadcast = (struct broadcast_id){"spring-drop"};
    snprintf(j.u.digest.title, sizeof j.u.digest.title, "Spring drop");
    j.u.digest.start_ms = INT64_C(1795177200000);
    j.u.digest.shipped = 812;
    j.u.digest.text = text;
    j.u.digest.text_len = strlen(text);
    j.u.digest.points_count = JOURNAL_POINTS_MAX;
    for (size_t i = 0; i < JOURNAL_POINTS_MAX; i++)
        j.u.digest.points[i] = (struct journal_point){(int64_t)i * 15, (int64_t)i};
    free(there_and_back(&j, &got));
    assert_int_equal(got.u.digest.start_ms, INT64_C(1795177200000));
    assert_string_equal(got.u.digest.text, text);
    assert_int_equal(got.u.digest.text_len, strlen(text));
    assert_memory_equal(got.u.digest.points, j.u.digest.points, sizeof j.u.digest.points);
    journal_finish(&got);
}

static void webhooks_keep_their_secrets_and_a_replay(void **state)
{
    (void)state;
    struct hook_endpoint hook = {.id = "wms",
                                 .url = "https://wms.example/hook",
                                 .secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
                                 .types = BIT(HOOK_VOLUMES_UPDATED)};
    struct journal j = {.kind = JOURNAL_HOOKS, .ms = 9}, got = {0};
    j.u.hooks.list = &hook;
    j.u.hooks.count = 1;
    snprintf(j.u.hooks.replay.endpoint, sizeof j.u.hooks.replay.endpoint, "wms");
    j.u.hooks.replay.after_seq = 12;
    free(there_and_back(&j, &got));
    assert_string_equal(got.u.hooks.list[0].secret, hook.secret);
    assert_int_equal(got.u.hooks.replay.after_seq, 12);
    journal_finish(&got);
}

static void the_rest_is_short(void **state)
{
    (void)state;
    static const enum journal_kind kinds[] = {JOURNAL_REWOUND, JOURNAL_SETTLED, JOURNAL_STAMP};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct journal j = {.kind = kinds[i], .ms = 9, .by = "paula"}, got = {0};
        if (kinds[i] == JOURNAL_STAMP) {
            j.u.stamp = (struct estimate_stamp){.seq = 4, .note = "labour", .firm = 3, .units = some, .parcels = some};
        } else {
            j.u.tick.audience = -1;
        }
        free(there_and_back(&j, &got));
        journal_finish(&got);
    }
    struct journal j = {.kind = JOURNAL_CLOSED, .ms = 9}, got = {0};
    j.u.show.shop = (struct shop_id){"demo"};
    j.u.show.broadcast = (struct broadcast_id){"spring-drop"};
    free(there_and_back(&j, &got));
    assert_string_equal(got.u.show.broadcast.text, "spring-drop");
    journal_finish(&got);
}

static void foreign_bytes_are_refused_whole(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "{\"t\":\"tick\"}",
        "{\"t\":\"tock\",\"ms\":1,\"d\":{}}",
        "{\"t\":\"tick\",\"ms\":1,\"d\":{\"ledger\":\"1-1\",\"events\":-1,\"audience\":0}}",
        "{\"t\":\"estimate\",\"ms\":1,\"d\":{\"tick\":1,\"as_of_ms\":1,\"firm\":1,\"units\":[1,2],\"parcels\":[1,2]}}",
        "{\"t\":\"estimate\",\"ms\":1,\"d\":{\"tick\":1,\"as_of_ms\":1,\"firm\":1,\"units\":[1,2,3,4,5,1e300],"
        "\"parcels\":[]}}",
        "{\"t\":\"digest\",\"ms\":1,\"d\":{\"broadcast\":\"a\",\"title\":\"\",\"shipped\":1,\"text\":\"a\\u0000b\","
        "\"points\":[]}}",
        "{\"t\":\"begun\",\"ms\":1,\"d\":{\"run\":[{\"after_ms\":0}]}}",
        "{\"t\":\"plan\",\"ms\":1,\"d\":7}",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct journal got = {0};
        if (journal_decode(wrong[i], strlen(wrong[i]), &got) == RESULT_OK)
            fail_msg("taken: %s", wrong[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_is_one_short_line),
        cmocka_unit_test(what_is_believed_before_is_whole),
        cmocka_unit_test(a_spread_is_kept_to_a_thousandth_and_what_is_unknown_stays_so),
        cmocka_unit_test(what_the_shop_tells_comes_back),
        cmocka_unit_test(what_was_learned_comes_back),
        cmocka_unit_test(webhooks_keep_their_secrets_and_a_replay),
        cmocka_unit_test(the_rest_is_short),
        cmocka_unit_test(foreign_bytes_are_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
