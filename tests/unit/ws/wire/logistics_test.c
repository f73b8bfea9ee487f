/* What logistics and the shop's systems send: each field at its limits and past them, what must be there, what fits together. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/ws/wire/fields.h"
#include "ws/wire/logistics_in.h"
#include "ws/wire/logistics_parts.h"

static enum result request(const char *line, const char *query, const char *body, struct command *c,
                           struct decode_fault *fault)
{
    char method[8] = "", path[256] = "";
    assert_int_equal(sscanf(line, "%7s %255s", method, path), 2);
    const struct http_request_view r = {.method = method,
                                        .path = path,
                                        .query = query,
                                        .content_type = body == NULL ? NULL : "application/json",
                                        .body = body,
                                        .body_len = body == NULL ? 0 : strlen(body)};
    return request_decode(&r, c, fault);
}

static void expect_in(const char *line, const char *query, const char *body, enum command_kind kind,
                      struct command *ret)
{
    struct decode_fault fault;
    if (request(line, query, body, ret, &fault) != RESULT_OK)
        fail_msg("%s %.300s: %s %s", line, body == NULL ? "" : body, fault.field, fault.detail);
    assert_int_equal(ret->kind, kind);
    assert_true(command_is_valid(ret));
}

static void expect_out(const char *line, const char *query, const char *body, const char *field)
{
    struct command c;
    struct decode_fault fault;
    if (request(line, query, body, &c, &fault) != RESULT_MALFORMED)
        fail_msg("let in: %s %s %.300s", line, query == NULL ? "" : query, body == NULL ? "" : body);
    if (fault.code != DECODE_BAD_REQUEST || strcmp(fault.field, field) != 0)
        fail_msg("%s %.300s: %d \"%s\": %s", line, body == NULL ? "" : body, (int)fault.code, fault.field,
                 fault.detail);
}

/* clang-format off */
#define PLAN "PUT /v1/logistics"
#define ACTUALS "POST /v1/broadcasts/b/actuals"
#define STAMP "POST /v1/broadcasts/b/estimates/stamps"
#define HOOKS "PUT /v1/webhooks"
#define REPLAY "POST /v1/webhooks/wms/replay"
#define SECRET "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\""
#define SECRET_24 "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\""
#define SITE(member) "{\"sites\":[{\"id\":\"W1\"," member "}]}"
#define WAVE(members) "{\"sites\":[],\"waves\":[{" members "}]}"
#define CARTON(members) "{\"sites\":[],\"cartons\":[{" members "}]}"
#define ACTUAL(members) "{\"actuals\":[{" members "}]}"
#define SHIPPED "\"id\":\"a\",\"kind\":\"shipped\",\"sku\":\"s\",\"units\":1"
#define HOOK(members) "{\"endpoints\":[{" members "}]}"
static const struct { const char *line; struct field_case field; } fields[] = {
    {PLAN, {"{\"sites\":%s}", "sites", {"[]", "[{\"id\":\"W1\"}]"}, {"{}", "null", "1", "\"a\""}}},
    {PLAN, {"{\"sites\":[{\"id\":%s}]}", "sites[0].id", {"\"W1\""}, {BAD_ID}}},
    {PLAN, {SITE("\"share\":%s"), "sites[0].share", {"0", "1000000"}, {BAD_WHOLE, "-1", "1000001"}}},
    {PLAN, {SITE("\"parcels_per_wave\":%s"), "sites[0].parcels_per_wave", {"0", "1000000000"}, {BAD_WHOLE, "-1", "1000000001"}}},
    {PLAN, {WAVE("\"id\":%s,\"cut_off_ms\":1"), "waves[0].id", {"\"w\""}, {BAD_ID, "\"later\""}}},
    {PLAN, {WAVE("\"id\":\"w\",\"after_end_ms\":%s"), "waves[0].after_end_ms", {"1", "2592000000"}, {BAD_WHOLE, "0", "-1", "2592000001"}}},
    {PLAN, {WAVE("\"id\":\"w\",\"cut_off_ms\":%s"), "waves[0].cut_off_ms", {"1", "9007199254740991"}, {BAD_WHOLE, "0", "-1"}}},
    {PLAN, {CARTON("\"id\":\"S\",\"size_mm\":%s,\"max_weight_g\":1"), "cartons[0].size_mm", {"[1,1,1000000]"}, {"[]", "[1,2]", "[1,2,3,4]", "1", "null"}}},
    {PLAN, {CARTON("\"id\":\"S\",\"size_mm\":[1,%s,1],\"max_weight_g\":1"), "cartons[0].size_mm[1]", {"1"}, {BAD_WHOLE, "0", "-1", "1000001"}}},
    {PLAN, {CARTON("\"id\":\"S\",\"size_mm\":[1,1,1],\"max_weight_g\":%s"), "cartons[0].max_weight_g", {"1", "100000000"}, {BAD_WHOLE, "0", "-1", "100000001"}}},
    {PLAN, {CARTON("\"id\":\"S\",\"size_mm\":[1,1,1],\"max_weight_g\":1,\"tare_g\":%s"), "cartons[0].tare_g", {"0", "100000000"}, {BAD_WHOLE, "-1", "100000001"}}},
    {PLAN, {"{\"sites\":[],\"fill\":%s}", "fill", {"0.05", "0.7", "1"}, {"0", "0.049", "1.001", "-1", "1e300", "\"1\"", "null", "true", "[]", "{}"}}},
    {PLAN, {"{\"sites\":[],\"cm3_per_kg\":%s}", "cm3_per_kg", {"0", "5000", "100000"}, {BAD_WHOLE, "-1", "100001"}}},
    {PLAN, {"{\"sites\":[],\"tail_hours\":%s}", "tail_hours", {"1", "720"}, {BAD_WHOLE, "0", "721"}}},
    {PLAN, {"{\"sites\":[{\"id\":\"W\"}],\"stock\":[{\"sku\":%s,\"units\":{}}]}", "stock[0].sku", {"\"a\""}, {BAD_ID}}},
    {PLAN, {"{\"sites\":[{\"id\":\"W\"}],\"stock\":[{\"sku\":\"a\",\"units\":%s}]}", "stock[0].units", {"{}", "{\"W\":0}", "{\"W\":1000000000}"}, {"1", "null", "[]", "\"a\""}}},
    {PLAN, {"{\"sites\":[{\"id\":\"W\"}],\"stock\":[{\"sku\":\"a\",\"units\":{\"W\":%s}}]}", "stock[0].units.W", {"30"}, {BAD_WHOLE, "-1", "1000000001"}}},
    {ACTUALS, {"{\"actuals\":%s}", "actuals", {"[{" SHIPPED "}]"}, {"[]", "{}", "null", "1"}}},
    {ACTUALS, {ACTUAL("\"id\":%s,\"kind\":\"shipped\",\"sku\":\"s\",\"units\":1"), "actuals[0].id", {"\"a\"", "@63"}, {BAD_ID}}},
    {ACTUALS, {ACTUAL("\"id\":\"a\",\"kind\":%s,\"sku\":\"s\",\"units\":1,\"order\":\"A\""), "actuals[0].kind", {"\"shipped\"", "\"cancelled\"", "\"returned\""}, {BAD_TEXT, "\"\"", "\"lost\""}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"hold\":%s"), "actuals[0].hold", {"\"h\""}, {BAD_ID}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"order\":%s"), "actuals[0].order", {"\"A-17\"", "@128"}, {BAD_TEXT, "\"\"", "@129", "\"a b\"", "\"a|b\""}}},
    {ACTUALS, {ACTUAL("\"id\":\"a\",\"kind\":\"shipped\",\"sku\":%s,\"units\":1"), "actuals[0].sku", {"\"s\""}, {BAD_ID}}},
    {ACTUALS, {ACTUAL("\"id\":\"a\",\"kind\":\"shipped\",\"sku\":\"s\",\"units\":%s"), "actuals[0].units", {"1", "1000000"}, {BAD_WHOLE, "0", "-1", "1000001"}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"site\":%s"), "actuals[0].site", {"\"W1\""}, {BAD_ID}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"parcels\":%s"), "actuals[0].parcels", {"0", "1000000"}, {BAD_WHOLE, "-1", "1000001"}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"grams\":%s"), "actuals[0].grams", {"0", "1000000000000"}, {BAD_WHOLE, "-1", "1000000000001"}}},
    {ACTUALS, {ACTUAL(SHIPPED ",\"ms\":%s"), "actuals[0].ms", {"1"}, {BAD_WHOLE, "0", "-1"}}},
    {STAMP, {"{\"note\":%s}", "note", {"\"\"", "\"Labour plan\"", "@200"}, {BAD_TEXT, "@201", "\"a\\nb\""}}},
    {HOOKS, {"{\"endpoints\":%s}", "endpoints", {"[]"}, {"{}", "null", "1"}}},
    {HOOKS, {HOOK("\"id\":%s,\"url\":\"https://a/\",\"secret\":" SECRET), "endpoints[0].id", {"\"wms\""}, {BAD_ID}}},
    {HOOKS, {HOOK("\"id\":\"a\",\"url\":%s,\"secret\":" SECRET), "endpoints[0].url",
        {"\"https://wms.example\"", "\"http://10.0.0.7:8080/a?b=c\"", "\"https://[::1]/\""},
        {BAD_TEXT, "\"\"", "\"/a\"", "\"https://\"", "\"https:///a\"", "\"javascript:alert(1)\"", "\"https://a:b@c/\"", "\"https://a/#b\"", "\"https://a/ b\"", "@1001"}}},
    {HOOKS, {HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":%s"), "endpoints[0].secret", {SECRET, SECRET_24},
        {BAD_TEXT, "\"\"", "\"whsec_\"", "\"whsec_***\"", "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY\"", "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY=\"", "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3\"", "\"whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY=3\""}}},
    {HOOKS, {HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET ",\"old_secret\":%s"), "endpoints[0].old_secret", {SECRET_24}, {BAD_TEXT, "\"\"", "\"x\""}}},
    {HOOKS, {HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET ",\"types\":%s"), "endpoints[0].types", {"[\"volumes.updated\"]"}, {"[]", "null", "\"volumes.updated\""}}},
    {HOOKS, {HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET ",\"types\":[%s]"), "endpoints[0].types[0]", {"\"promise.changed\"", "\"volumes.settled\""}, {BAD_TEXT, "\"\"", "\"hold.expired\""}}},
    {REPLAY, {"{\"message\":%s}", "message", {"\"msg_1\""}, {BAD_ID}}},
    {REPLAY, {"{\"broadcast\":%s}", "broadcast", {"\"b\""}, {BAD_ID}}},
    {REPLAY, {"{\"broadcast\":\"b\",\"after_seq\":%s}", "after_seq", {"0", "9007199254740991"}, {BAD_WHOLE, "-1"}}},
};
static const struct { const char *line, *body, *field; } wrong[] = {
    {PLAN, "{}", "sites"}, {PLAN, "{\"sites\":[{}]}", "sites[0].id"}, {PLAN, "{\"sites\":[],\"x\":1}", "x"},
    {PLAN, SITE("\"x\":1"), "sites[0].x"}, {PLAN, WAVE("\"id\":\"w\""), "waves[0]"}, {PLAN, WAVE("\"cut_off_ms\":1"), "waves[0].id"},
    {PLAN, WAVE("\"id\":\"w\",\"cut_off_ms\":1,\"x\":1"), "waves[0].x"},
    {PLAN, WAVE("\"id\":\"w\",\"cut_off_ms\":1,\"after_end_ms\":1"), "waves[0]"},
    {PLAN, WAVE("\"id\":\"w\",\"cut_off_ms\":1},{\"id\":\"v\",\"after_end_ms\":2"), "waves[1]"},
    {PLAN, WAVE("\"id\":\"w\",\"cut_off_ms\":2},{\"id\":\"v\",\"cut_off_ms\":2"), "waves[1]"},
    {PLAN, WAVE("\"id\":\"w\",\"cut_off_ms\":1},{\"id\":\"w\",\"cut_off_ms\":2"), "waves[1].id"},
    {PLAN, CARTON("\"id\":\"S\",\"size_mm\":[1,1,1]"), "cartons[0].max_weight_g"}, {PLAN, CARTON("\"id\":\"S\",\"max_weight_g\":1"), "cartons[0].size_mm"},
    {PLAN, "{\"sites\":[{\"id\":\"W\"}],\"stock\":[{\"sku\":\"a\"}]}", "stock[0].units"},
    {PLAN, "{\"sites\":[{\"id\":\"W\"}],\"stock\":[{\"sku\":\"a\",\"units\":{}},{\"sku\":\"a\",\"units\":{}}]}", "stock[1].sku"},
    {PLAN, "{\"stock\":[{\"sku\":\"a\",\"units\":{\"V\":1}}],\"sites\":[{\"id\":\"W\"}]}", "stock[0].units.V"},
    {ACTUALS, "{}", "actuals"}, {ACTUALS, ACTUAL("\"kind\":\"shipped\",\"sku\":\"s\",\"units\":1"), "actuals[0].id"},
    {ACTUALS, ACTUAL("\"id\":\"a\",\"sku\":\"s\",\"units\":1"), "actuals[0].kind"}, {ACTUALS, ACTUAL("\"id\":\"a\",\"kind\":\"shipped\",\"units\":1"), "actuals[0].sku"},
    {ACTUALS, ACTUAL("\"id\":\"a\",\"kind\":\"shipped\",\"sku\":\"s\""), "actuals[0].units"}, {ACTUALS, ACTUAL(SHIPPED ",\"x\":1"), "actuals[0].x"},
    {ACTUALS, ACTUAL(SHIPPED "},{" SHIPPED), "actuals[1].id"},
    {ACTUALS, ACTUAL("\"id\":\"a\",\"kind\":\"cancelled\",\"sku\":\"s\",\"units\":1"), "actuals[0]"},
    {ACTUALS, ACTUAL("\"id\":\"a\",\"kind\":\"returned\",\"sku\":\"s\",\"units\":1,\"hold\":\"h\",\"parcels\":1"), "actuals[0].parcels"},
    {ACTUALS, ACTUAL("\"id\":\"a\",\"kind\":\"returned\",\"sku\":\"s\",\"units\":1,\"hold\":\"h\",\"grams\":1"), "actuals[0].grams"},
    {STAMP, "{\"x\":1}", "x"}, {"POST /v1/broadcasts/b/settle", "{\"x\":1}", "x"},
    {HOOKS, "{}", "endpoints"}, {HOOKS, HOOK("\"id\":\"a\",\"url\":\"https://a/\""), "endpoints[0].secret"}, {HOOKS, HOOK("\"id\":\"a\",\"secret\":" SECRET), "endpoints[0].url"},
    {HOOKS, HOOK("\"url\":\"https://a/\",\"secret\":" SECRET), "endpoints[0].id"},
    {HOOKS, HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET ",\"disabled\":true"), "endpoints[0].disabled"},
    {HOOKS, HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET "},{\"id\":\"a\",\"url\":\"https://b/\",\"secret\":" SECRET), "endpoints[1].id"},
    {REPLAY, "{}", ""}, {REPLAY, "{\"message\":\"m\",\"broadcast\":\"b\"}", ""}, {REPLAY, "{\"message\":\"m\",\"after_seq\":1}", "after_seq"},
    {REPLAY, "{\"after_seq\":1}", ""},
    {"POST /v1/webhooks/a%20b/replay", "{\"message\":\"m\"}", "webhook"},
};
/* clang-format on */

static void each_field_within_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct field_case *f = &fields[i].field;
        for (size_t k = 0; k < FIELD_VALUES_MAX && f->good[k] != NULL; k++) {
            struct command c;
            struct decode_fault fault;
            if (request(fields[i].line, NULL, field_message(f, f->good[k]), &c, &fault) != RESULT_OK)
                fail_msg("%s %.200s: %s %s", fields[i].line, field_message(f, f->good[k]), fault.field, fault.detail);
            assert_true(command_is_valid(&c));
            command_finish(&c);
        }
        for (size_t k = 0; k < FIELD_VALUES_MAX && f->bad[k] != NULL; k++)
            expect_out(fields[i].line, NULL, field_message(f, f->bad[k]),
                       strstr(f->bad[k], "\\u0000") == NULL ? f->field : "");
    }
}

static void what_does_not_fit_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        expect_out(wrong[i].line, NULL, wrong[i].body, wrong[i].field);
}

/* {"<before>":[<one><0>},<one><1>},...]} of so many. */
static const char *list_of(const char *before, const char *one, size_t count)
{
    static struct bytes b;
    bytes_clear(&b);
    bytes_text(&b, before);
    for (size_t i = 0; i < count; i++)
        bytes_format(&b, "%s{\"id\":\"x%zu\",%s}", i == 0 ? "" : ",", i, one);
    bytes_text(&b, "]}");
    assert_false(b.failed);
    return b.data;
}

static void lists_within_their_limits(void **state)
{
    (void)state;
    static const struct {
        const char *line, *before, *one, *field;
        size_t most;
        enum command_kind kind;
    } lists[] = {
        {PLAN, "{\"sites\":[", "\"share\":1", "sites", SITES_MAX, COMMAND_LOGISTICS_PUT},
        {PLAN, "{\"sites\":[],\"cartons\":[", "\"size_mm\":[1,1,1],\"max_weight_g\":1", "cartons", CARTONS_MAX,
         COMMAND_LOGISTICS_PUT},
        {ACTUALS, "{\"actuals\":[", "\"kind\":\"shipped\",\"sku\":\"s\",\"units\":1", "actuals", ACTUALS_MAX,
         COMMAND_ACTUALS_POST},
        {HOOKS, "{\"endpoints\":[", "\"url\":\"https://a/\",\"secret\":" SECRET, "endpoints", HOOKS_MAX,
         COMMAND_HOOKS_PUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct command c;
        expect_in(lists[i].line, NULL, list_of(lists[i].before, lists[i].one, lists[i].most), lists[i].kind, &c);
        command_finish(&c);
        expect_out(lists[i].line, NULL, list_of(lists[i].before, lists[i].one, lists[i].most + 1), lists[i].field);
    }
}

static void a_plan_whole_and_back(void **state)
{
    (void)state;
    static const char plan[] =
        "{\"sites\":[{\"id\":\"W1\",\"share\":60,\"parcels_per_wave\":900},{\"id\":\"W2\",\"share\":40,\"parcels_per_"
        "wave\":0}],"
        "\"waves\":[{\"id\":\"a\",\"after_end_ms\":1000},{\"id\":\"b\",\"after_end_ms\":2000}],"
        "\"cartons\":[{\"id\":\"S\",\"size_mm\":[200,150,100],\"max_weight_g\":2000,\"tare_g\":80}],"
        "\"fill\":0.735,\"cm3_per_kg\":5000,\"tail_hours\":48,"
        "\"stock\":[{\"sku\":\"mug\",\"units\":{\"W1\":30,\"W2\":10}}]}";
    struct command c;
    struct bytes out = {0};
    struct json_out json;
    expect_in(PLAN, NULL, plan, COMMAND_LOGISTICS_PUT, &c);
    assert_int_equal(c.plan->fill_per_mille, 735);
    assert_int_equal(c.plan->stocks[0].units[1], 10);
    assert_true(c.plan->waves[1].after_end);
    json_out_begin(&json, &out);
    json_put_object(&json, NULL);
    part_plan(&json, c.plan);
    json_end_object(&json);
    json_out_end(&json);
    assert_string_equal(out.data, plan);
    command_finish(&c);
    expect_in(PLAN, NULL, "{\"sites\":[]}", COMMAND_LOGISTICS_PUT, &c); /* what is not said */
    assert_int_equal(c.plan->fill_per_mille, 700);
    assert_int_equal(c.plan->tail_hours, 72);
    assert_int_equal(c.plan->cm3_per_kg, 0);
    command_finish(&c);
    bytes_finish(&out);
}

static void hooks_are_told_of_all_when_not_said(void **state)
{
    (void)state;
    struct command c;
    expect_in(HOOKS, NULL, HOOK("\"id\":\"a\",\"url\":\"https://a/\",\"secret\":" SECRET), COMMAND_HOOKS_PUT, &c);
    assert_int_equal(c.hooks[0].types, BIT(HOOK_TYPES) - 1);
    command_finish(&c);
}

static void behind_the_question_mark(void **state)
{
    (void)state;
    static const char line[] = "GET /v1/broadcasts/b/changes";
    static const struct {
        const char *query;
        uint64_t after;
    } good[] = {{NULL, 0},
                {"", 0},
                {"after=41", 41},
                {"x=1&after=0&y", 0},
                {"x&after=9007199254740991", UINT64_C(9007199254740991)},
                {"xafter=7", 0}};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct command c;
        expect_in(line, good[i].query, NULL, COMMAND_CHANGES_GET, &c);
        assert_true(c.after_seq == good[i].after);
        command_finish(&c);
    }
    static const char *const bad[] = {"after=", "after=-1", "after=1x", "after=9007199254740992",
                                      "after=18446744073709551617"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_out(line, bad[i], NULL, "after");
}

static void paths_with_ids(void **state)
{
    (void)state;
    struct command c;
    expect_in("GET /v1/broadcasts/b/estimates/stamps/s41", NULL, NULL, COMMAND_STAMP_GET, &c);
    assert_string_equal(c.stamp, "s41");
    assert_string_equal(c.broadcast.text, "b");
    expect_in("GET /v1/webhooks/wms/dead", NULL, NULL, COMMAND_HOOK_DEAD_GET, &c);
    assert_string_equal(c.hook, "wms");
    expect_in("POST /v1/broadcasts/b/estimates/stamps", NULL, NULL, COMMAND_ESTIMATE_STAMP, &c); /* no body, no note */
    expect_in("GET /v1/broadcasts/b/volumes.csv", NULL, NULL, COMMAND_VOLUMES_GET, &c);
    assert_int_equal(c.form, FORM_OBSERVED);
    expect_in("GET /v1/broadcasts/b/estimates.csv", NULL, NULL, COMMAND_VOLUMES_GET, &c);
    assert_int_equal(c.form, FORM_TABLE);
    expect_in("POST /v1/broadcasts/b/settle", NULL, NULL, COMMAND_SETTLE, &c);
    expect_in("GET /v1/logistics", NULL, NULL, COMMAND_LOGISTICS_GET, &c);
}

/* Who may: the warehouse tells what became of units, secrets are the integrator's, a viewer has no business here. */
static void roles(void **state)
{
    (void)state;
    for (enum command_kind kind = COMMAND_LOGISTICS_PUT; kind < COMMAND_KINDS; kind++) {
        bool secret = kind == COMMAND_LOGISTICS_PUT || command_is_hooks(kind);
        bool warehouse = kind == COMMAND_ACTUALS_POST || kind == COMMAND_SETTLE;
        assert_true(command_is_logistics(kind));
        assert_false(command_is_allowed(kind, ROLE_VIEWER));
        assert_true(command_is_allowed(kind, ROLE_INTEGRATOR));
        assert_int_equal(command_is_allowed(kind, ROLE_LOGISTICS), !secret);
        assert_int_equal(command_is_allowed(kind, ROLE_HOST), !secret && !warehouse);
    }
    assert_false(command_is_logistics(COMMAND_VOLUMES_GET));
    assert_false(command_is_logistics(COMMAND_EXTRA_END));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_within_its_limits),
        cmocka_unit_test(what_does_not_fit_together),
        cmocka_unit_test(lists_within_their_limits),
        cmocka_unit_test(a_plan_whole_and_back),
        cmocka_unit_test(hooks_are_told_of_all_when_not_said),
        cmocka_unit_test(behind_the_question_mark),
        cmocka_unit_test(paths_with_ids),
        cmocka_unit_test(roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
