/* What must hold for every message, whatever is in it: nothing private for viewers, whole JSON, no more than fits. */
#include "tests/unit/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ws/wire/written.h"

static char *write_one(const struct written *w, struct sample *s)
{
    struct bytes out = {0};
    int status = w->status;
    size_t len = 0;
    w->write(&out, s, &status);
    assert_int_equal(bytes_result(&out), RESULT_OK);
    return bytes_take(&out, &len);
}

static void expect_public(const char *what, const char *text)
{
    static const char *const private[] = {
        SAMPLE_PRIVATE, SAMPLE_OTHER_VIEWER,
        "h_theirs",     "h_elsewhere",
        "anna",         "card",
        "notes",        "planned",
        "must_say",     "\"by\"",
        "counts",       "demand",
        "run_of",       "attempts",
        "undo",         "forced",
        "elsewhere",    "base_price",
        "listed_",      "weight",
    };
    for (size_t i = 0; i < ARRAY_LEN(private); i++)
        if (strstr(text, private[i]) != NULL)
            fail_msg("%s tells viewers \"%s\":\n%s", what, private[i], text);
}

static void nothing_private_for_viewers(void **state)
{
    (void)state;
    for (size_t i = 0; i < written_count; i++) {
        /* answers to what only hosts may ask may say "planned" */
        bool is_host_answer = strstr(written[i].name, "preflight") != NULL || strstr(written[i].name, "ok~run") != NULL;
        if (!written[i].for_viewers || is_host_answer)
            continue;
        struct sample s;
        sample_init(&s);
        char *text = write_one(&written[i], &s);
        expect_public(written[i].name, text);
        free(text);
        sample_finish(&s);
    }
}

static void no_kind_of_event_tells_more(void **state)
{
    (void)state;
    static const enum role roles[] = {ROLE_VIEWER, ROLE_NONE, ROLE_LOGISTICS, ROLE_INTEGRATOR};
    struct sample s;
    sample_init(&s);
    for (unsigned kind = 0; kind < EVENT_KINDS; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
            struct event e = sample_event((enum event_kind)kind);
            struct bytes out = {0};
            message_event(&out, &s.show, &e, roles[i]);
            expect_public(event_kind_name(e.kind), out.data);
            json_t *json = json_loads(out.data, JSON_REJECT_DUPLICATES, NULL);
            assert_int_equal(json_integer_value(json_object_get(json, "seq")), 44);
            assert_true(json_is_object(json_object_get(json, "d")));
            json_decref(json);
            bytes_finish(&out);
            event_finish(&e);
        }
    }
    sample_finish(&s);
}

/* Nor anything of their holds and their place in line. */
static void a_viewer_without_a_name_has_nothing(void **state)
{
    (void)state;
    static const struct viewer_id none = {{0}}, stranger = SAMPLE_ID("v_new");
    static const struct viewer_id *const viewers[] = {NULL, &none, &stranger};
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < ARRAY_LEN(viewers); i++) {
        struct bytes out = {0};
        message_snapshot(&out, &s.context, &s.show, ROLE_VIEWER, viewers[i]);
        expect_public("snapshot", out.data);
        assert_non_null(strstr(out.data, "\"my\":{\"holds\":[],\"waitlist\":[]}"));
        assert_null(strstr(out.data, "h_7Qx"));
        bytes_finish(&out);
    }
    sample_finish(&s);
}

static void all_is_json_however_little_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < written_count; i++) {
        struct sample s;
        sample_init(&s);
        char *text = write_one(&written[i], &s);
        json_error_t error;
        json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        if (json == NULL)
            fail_msg("%s: %s in %s", written[i].name, error.text, text);
        json_decref(json);
        struct bytes small;
        bytes_init(&small, strlen(text) - 1);
        int status = written[i].status;
        written[i].write(&small, &s, &status);
        assert_int_equal(bytes_result(&small), RESULT_FULL);
        bytes_finish(&small);
        free(text);
        sample_finish(&s);
    }
}

static void messages_are_appended(void **state)
{
    (void)state;
    struct bytes out = {0};
    bytes_text(&out, "head ");
    message_ok(&out, "a\"b");
    message_pong(&out, "p", -1);
    assert_string_equal(out.data,
                        "head {\"t\":\"ok\",\"re\":\"a\\\"b\"}{\"t\":\"pong\",\"re\":\"p\",\"server_ms\":-1}");
    bytes_finish(&out);
}

static void a_table_for_spreadsheets(void **state)
{
    (void)state;
    struct sample s;
    struct bytes out = {0};
    sample_init(&s);
    snprintf(s.broadcast.items[0].title, sizeof s.broadcast.items[0].title, "=HYPERLINK(\"x\"), red");
    volumes_csv(&out, &s.volumes);
    assert_string_equal(
        out.data, "broadcast,as_of_ms,kind,sku,title,allocated,confirmed,held,waitlist,available,refused,weight_g\r\n"
                  "spring-drop,1795177200123,observed,mug-red,\"'=HYPERLINK(\"\"x\"\"), red\",40,30,3,2,7,8,420\r\n"
                  "spring-drop,1795177200123,observed,lamp,\"Evening lamp \"\"Lune\"\"\",100,20,0,0,80,0,0\r\n");
    bytes_finish(&out);
    sample_finish(&s);
}

static void a_table_of_those_a_recall_touches(void **state)
{
    (void)state;
    struct hold held = sample_hold(), bought = sample_hold();
    struct bytes out = {0};
    bought.lines_count = 1;
    bought.state = HOLD_CONFIRMED;
    snprintf(bought.id.text, sizeof bought.id.text, "-1"); /* an id that a spreadsheet would calculate */
    snprintf(bought.order, sizeof bought.order, "=A1\"+\"");
    const struct hold *const holds[] = {&held, &bought};
    const struct outcome o = {.kind = OUTCOME_AFFECTED,
                              .stock = {.sku = SAMPLE_ID("mug-red"), .recall = RECALL_KEEP},
                              .holds = holds,
                              .count = ARRAY_LEN(holds),
                              .ledger_id = "9-0",
                              .as_of_ms = 7};
    affected_csv(&out, &o);
    assert_string_equal(out.data, "as_of_ms,recalled_sku,recall,ledger,hold,state,viewer,broadcast,order,sku,qty,unit_"
                                  "amount,currency,expires_ms\r\n"
                                  "7,\"mug-red\",\"keep\",\"9-0\",\"h_7Qx\",\"held\",\"v_8f2k3\",\"spring-drop\",\"\","
                                  "\"mug-red\",1,990,EUR,1795177500123\r\n"
                                  "7,\"mug-red\",\"keep\",\"9-0\",\"h_7Qx\",\"held\",\"v_8f2k3\",\"spring-drop\",\"\","
                                  "\"lamp\",2,6900,EUR,1795177500123\r\n"
                                  "7,\"mug-red\",\"keep\",\"9-0\",\"'-1\",\"confirmed\",\"v_8f2k3\",\"spring-drop\",\"'"
                                  "=A1\"\"+\"\"\",\"mug-red\",1,990,EUR,"
                                  "1795177500123\r\n");
    bytes_finish(&out);
}

static void fold_one(struct claims *c, const char *id, const struct movement *m)
{
    struct ledger_entry e = {.ms = m->ms, .movements = m, .movements_count = 1};
    snprintf(e.id, sizeof e.id, "%s", id);
    assert_int_equal(claims_fold(c, &e), RESULT_OK);
}

static int64_t told(const char *json, const char *name)
{
    const char *at = strstr(json, name);
    assert_non_null(at);
    return strtoll(at + strlen(name), NULL, 10);
}

/* Whenever a viewer comes back: what they are told leads to one and the same end once the show goes on. */
static void a_paused_hold_loses_no_time(void **state)
{
    (void)state;
    static const struct viewer_id viewer = SAMPLE_ID(SAMPLE_VIEWER);
    struct movement m = {.kind = MOVE_FROZEN, .ms = SAMPLE_NOW_MS, .hold.broadcast = SAMPLE_ID("spring-drop")};
    struct sample s;
    sample_init(&s);
    fold_one(&s.claims, "1795177200200-0", &m);
    for (int64_t after = 0; after <= 60000; after += 30000) {
        struct bytes out = {0};
        s.show.now_ms = SAMPLE_NOW_MS + after;
        message_snapshot(&out, &s.context, &s.show, ROLE_VIEWER, &viewer);
        assert_int_equal(told(out.data, "\"expires_ms\":"), SAMPLE_NOW_MS + 300123 + after);
        assert_int_equal(told(strstr(out.data, "\"holds\":"), "\"stood_ms\":"), 4000 + after);
        assert_non_null(
            strstr(out.data, "\"hold_clock\":{\"running\":false,\"stood_ms\":4000,\"since_ms\":1795177200000}"));
        bytes_finish(&out);
    }
    sample_finish(&s);
}

static void every_error_has_words(void **state)
{
    (void)state;
    for (unsigned code = ERROR_NONE + 1; code < ERROR_CODES; code++) {
        struct bytes out = {0};
        assert_int_equal(http_problem(&out, (enum error_code)code, NULL, NULL, 0),
                         error_code_http((enum error_code)code));
        json_t *json = json_loads(out.data, 0, NULL);
        assert_string_equal(json_string_value(json_object_get(json, "code")), error_code_name((enum error_code)code));
        if (code != ERROR_BAD_REQUEST && json_object_get(json, "detail") == NULL) /* that one always names its fault */
            fail_msg("%s says no more than its title", out.data);
        json_decref(json);
        bytes_finish(&out);
    }
}

static void stock_as_viewers_see_it(void **state)
{
    (void)state;
    static const struct {
        int64_t available, held;
        const char *shown;
        int64_t buffer;
    } cases[] = {
        {51, 0, "{\"state\":\"ok\"}", 0},
        {50, 0, "{\"left\":50,\"state\":\"ok\"}", 0},
        {11, 0, "{\"left\":11,\"state\":\"ok\"}", 0},
        {10, 0, "{\"left\":10,\"state\":\"low\"}", 0},
        {1, 9, "{\"left\":1,\"state\":\"low\"}", 0},
        {0, 1, "{\"left\":0,\"state\":\"held_out\"}", 0},
        {0, 0, "{\"left\":0,\"state\":\"sold_out\"}", 0},
        {-3, 0, "{\"left\":0,\"state\":\"sold_out\"}", 0},
        {52, 0, "{\"left\":50,\"state\":\"ok\"}", 2}, /* withheld ones are not promised to anybody */
        {12, 0, "{\"left\":2,\"state\":\"low\"}", 10},
        {3, 1, "{\"left\":0,\"state\":\"held_out\"}", 3},
        {3, 0, "{\"left\":0,\"state\":\"sold_out\"}", 9},
    };
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stock_count count = {.sku = SAMPLE_ID("mug-red"),
                                    .available = cases[i].available,
                                    .held = cases[i].held,
                                    .buffer = cases[i].buffer};
        struct ledger_entry e = {.counts = &count, .counts_count = 1};
        snprintf(e.id, sizeof e.id, "1795177200200-%zu", i);
        assert_int_equal(claims_fold(&s.claims, &e), RESULT_OK);
        struct bytes out = {0};
        char want[128];
        message_stock(&out, &s.show, &count.sku, 1);
        snprintf(want, sizeof want, "{\"t\":\"stock\",\"ver\":%llu,\"d\":{\"mug-red\":%s}}",
                 (unsigned long long)s.claims.version, cases[i].shown);
        assert_string_equal(out.data, want);
        bytes_finish(&out);
    }
    sample_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_private_for_viewers),
        cmocka_unit_test(no_kind_of_event_tells_more),
        cmocka_unit_test(a_viewer_without_a_name_has_nothing),
        cmocka_unit_test(all_is_json_however_little_room),
        cmocka_unit_test(messages_are_appended),
        cmocka_unit_test(a_table_for_spreadsheets),
        cmocka_unit_test(a_table_of_those_a_recall_touches),
        cmocka_unit_test(a_paused_hold_loses_no_time),
        cmocka_unit_test(every_error_has_words),
        cmocka_unit_test(stock_as_viewers_see_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
