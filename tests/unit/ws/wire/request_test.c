/* HTTP requests: each field of each body at its limits and past them, paths, methods, content types. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/unit/ws/wire/fields.h"

static enum result request(const char *method, const char *path, const char *type, const char *body, struct command *c,
                           struct decode_fault *fault)
{
    char plain[512];
    size_t len = strcspn(path, "?");
    MUST(len < sizeof plain);
    memcpy(plain, path, len);
    plain[len] = '\0';
    struct http_request_view r = {.method = method,
                                  .path = plain,
                                  .query = path[len] == '?' ? path + len + 1 : NULL,
                                  .content_type = type,
                                  .body = body,
                                  .body_len = body == NULL ? 0 : strlen(body)};
    return request_decode(&r, c, fault);
}

static void expect_fault(const char *method, const char *path, const char *type, const char *body, int code,
                         const char *field)
{
    struct command c;
    struct decode_fault fault;
    if (request(method, path, type, body, &c, &fault) != RESULT_MALFORMED)
        fail_msg("let in: %s %s %.200s", method, path, body == NULL ? "" : body);
    if ((int)fault.code != code || strcmp(fault.field, field) != 0)
        fail_msg("%s %s %.200s: %d %s: %s", method, path, body == NULL ? "" : body, (int)fault.code, fault.field,
                 fault.detail);
}

static void expect_command(const char *method, const char *path, const char *type, const char *body,
                           enum command_kind kind)
{
    struct command c;
    struct decode_fault fault;
    if (request(method, path, type, body, &c, &fault) != RESULT_OK)
        fail_msg("refused: %s %s %.200s: %s %s", method, path, body == NULL ? "" : body, fault.field, fault.detail);
    assert_int_equal(c.kind, kind);
    assert_true(command_is_valid(&c));
    command_finish(&c);
}

#define JSON "application/json"

/* clang-format off */
static const struct { const char *request; struct field_case field; } fields[] = {
    {"POST /v1/stock/a/allocate", {"{\"units\":%s,\"ref\":\"r\"}", "units", {"1", "1000000000"}, {BAD_WHOLE, "0", "-1", "1000000001"}}},
    {"POST /v1/stock/a/withdraw", {"{\"units\":1,\"ref\":%s}", "ref", {"\"po-7\"", "@128"}, {BAD_TEXT, "\"\"", "\"a b\"", "\"a|b\"", "\"a,b\"", "@129"}}},
    {"PUT /v1/stock/a", {"{\"count\":%s,\"gone\":0,\"version\":1}", "count", {"0", "1000000000"}, {BAD_WHOLE, "-1", "1000000001"}}},
    {"PUT /v1/stock/a", {"{\"count\":0,\"gone\":%s,\"version\":1}", "gone", {"0", "1000000000"}, {BAD_WHOLE, "-1", "1000000001"}}},
    {"PUT /v1/stock/a", {"{\"count\":0,\"gone\":0,\"version\":%s}", "version", {"1", "9007199254740991"}, {BAD_WHOLE, "0", "-1"}}},
    {"PUT /v1/stock/a", {"{\"count\":0,\"gone\":0,\"version\":1,\"counted_at_ms\":%s}", "counted_at_ms", {"1", "1795177200000"}, {BAD_WHOLE, "0", "-1"}}},
    {"POST /v1/broadcasts/b/recall", {"{\"sku\":%s}", "sku", {"\"a\""}, {BAD_ID}}},
    {"POST /v1/broadcasts/b/recall", {"{\"sku\":\"a\",\"text\":%s}", "text", {"\"\"", "@2000"}, {BAD_TEXT, "@2001"}}},
    {"POST /v1/broadcasts/b/recall", {"{\"sku\":\"a\",\"holds\":%s}", "holds", {"\"keep\"", "\"cancel\"", "\"honour\""}, {BAD_TEXT, "\"none\""}}},
    {"POST /v1/broadcasts/b/holds", {"{\"hold\":%s,\"viewer\":\"v\",\"lines\":[{\"sku\":\"a\",\"qty\":1}]}", "hold", {"\"h_7Qx\""}, {BAD_ID, "\"~1\""}}},
    {"POST /v1/broadcasts/b/holds", {"{\"hold\":\"h\",\"viewer\":%s,\"lines\":[{\"sku\":\"a\",\"qty\":1}]}", "viewer", {"\"v\""}, {BAD_ID}}},
    {"POST /v1/broadcasts/b/holds", {"{\"hold\":\"h\",\"viewer\":\"v\",\"lines\":%s}", "lines", {"[{\"sku\":\"a\",\"qty\":1,\"seen_price\":2}]"}, {"[]", "{}", "null", "1"}}},
    {"POST /v1/broadcasts/b/holds", {"{\"hold\":\"h\",\"viewer\":\"v\",\"lines\":[{\"sku\":\"a\",\"qty\":1}],\"seen_price\":%s}", "seen_price", {"0", "2"}, {BAD_WHOLE, "-1"}}},
    {"POST /v1/holds/h/confirm", {"{\"order\":%s,\"amount\":1,\"currency\":\"EUR\"}", "order", {"\"A-17\"", "@128"}, {BAD_TEXT, "\"\"", "@129", "\"a b\""}}},
    {"POST /v1/holds/h/confirm", {"{\"order\":\"A\",\"amount\":%s,\"currency\":\"EUR\"}", "amount", {"0", "1000000000000"}, {BAD_WHOLE, "-1", "1000000000001"}}},
    {"POST /v1/holds/h/confirm", {"{\"order\":\"A\",\"amount\":1,\"currency\":%s}", "currency", {"\"EUR\""}, {BAD_CURRENCY}}},
    {"POST /v1/broadcasts", {"{\"id\":%s,\"title\":\"A\"}", "id", {"\"spring-drop\"", "@63"}, {BAD_ID}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":%s}", "title", {"\"A \\u00e9\"", "@200"}, {BAD_TEXT, "\"\"", "@201", "\"a\\nb\""}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":\"A\",\"hold_ms\":%s}", "hold_ms", {"10000", "86400000"}, {BAD_WHOLE, "9999", "86400001", "0"}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":\"A\",\"pdt_offset_ms\":%s}", "pdt_offset_ms", {"0", "-86400000", "86400000"}, {BAD_WHOLE, "-86400001", "86400001"}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":\"A\",\"video\":%s}", "video", {"{}", "{\"url\":\"\"}"}, {"1", "null", "[]", "\"/a\"", "true"}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":\"A\",\"video\":{\"url\":%s}}", "video.url",
        {"\"https://shop.example/live.m3u8?a=b#c\"", "\"http://[::1]/\"", "\"/live.m3u8\"", "\"HTTPS://X/\"", "\"/\\u00e9\""},
        {BAD_TEXT, "\"live.m3u8\"", "\"javascript:alert(1)\"", "\"data:text/html,x\"", "\"/a b\"", "\"/\\\"\"", "\"/<x>\"", "@1001"}}},
    {"POST /v1/broadcasts", {"{\"id\":\"b\",\"title\":\"A\",\"video\":{\"still\":%s}}", "video.still", {"\"/img/slate.svg\""}, {BAD_TEXT, "\"slate.svg\""}}},
    {"POST /v1/broadcasts/b/start", {"{\"force\":%s}", "force", {"true", "false"}, {BAD_BOOL}}},
    {"PUT /v1/catalogue", {"{\"products\":%s}", "products", {"[]"}, {"{}", "null", "1", "\"a\"", "true"}}},
    {"PUT /v1/catalogue", {"{\"products\":[%s]}", "products[0]", {"{\"sku\":\"a\",\"title\":\"A\"}"}, {"1", "null", "[]", "\"a\""}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":%s,\"title\":\"A\"}]}", "products[0].sku", {"\"a\""}, {BAD_ID}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":%s}]}", "products[0].title", {"\"A\""}, {BAD_TEXT, "\"\"", "@201"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"price\":%s}]}", "products[0].price", {"{\"amount\":1,\"currency\":\"EUR\"}"}, {"1", "null", "[]", "\"1 EUR\""}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"price\":{\"amount\":%s,\"currency\":\"EUR\"}}]}", "products[0].price.amount", {"0"}, {BAD_WHOLE, "-1"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"image\":%s}]}", "products[0].image", {"\"\"", "\"/a.svg\""}, {BAD_TEXT, "\"a.svg\"", "@1001"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"url\":%s}]}", "products[0].url", {"\"https://a.example/\""}, {BAD_TEXT, "\"javascript:x\""}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"gtin\":%s}]}", "products[0].gtin", {"\"\"", "\"4001234560014\"", "\"96385074\""}, {BAD_TEXT, "\"4001234560015\"", "\"1\"", "@14", "@15"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"weight_g\":%s}]}", "products[0].weight_g", {"0", "100000000"}, {BAD_WHOLE, "-1", "100000001"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"size_mm\":%s}]}", "products[0].size_mm", {"[0,0,0]", "[1000000,1,1]"}, {"1", "null", "{}", "[]", "[1,2]", "[1,2,3,4]"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"size_mm\":[1,%s,3]}]}", "products[0].size_mm[1]", {"2"}, {BAD_WHOLE, "-1", "1000001"}}},
    {"PUT /v1/catalogue", {"{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"limit_per_viewer\":%s}]}", "products[0].limit_per_viewer", {"0", "1000000"}, {BAD_WHOLE, "-1", "1000001"}}},
};
static const struct { const char *request, *body, *field; } missing[] = {
    {"POST /v1/stock/a/allocate", "{\"ref\":\"r\"}", "units"}, {"POST /v1/stock/a/allocate", "{\"units\":1}", "ref"},
    {"PUT /v1/stock/a", "{\"gone\":0,\"version\":1}", "count"}, {"PUT /v1/stock/a", "{\"count\":0,\"version\":1}", "gone"},
    {"PUT /v1/stock/a", "{\"count\":0,\"gone\":0}", "version"}, {"PUT /v1/catalogue", "{}", "products"},
    {"POST /v1/holds/h/confirm", "{\"amount\":1,\"currency\":\"EUR\"}", "order"},
    {"POST /v1/holds/h/confirm", "{\"order\":\"A\",\"currency\":\"EUR\"}", "amount"},
    {"POST /v1/holds/h/confirm", "{\"order\":\"A\",\"amount\":1}", "currency"},
    {"POST /v1/broadcasts/b/recall", "{\"text\":\"A\"}", "sku"}, {"POST /v1/broadcasts/b/holds", "{\"hold\":\"h\",\"viewer\":\"v\"}", "lines"},
    {"POST /v1/broadcasts/b/holds", "{\"viewer\":\"v\",\"lines\":[{\"sku\":\"a\",\"qty\":1}]}", "hold"},
    {"POST /v1/broadcasts/b/holds", "{\"hold\":\"h\",\"lines\":[{\"sku\":\"a\",\"qty\":1}]}", "viewer"},
    {"POST /v1/broadcasts", "{\"title\":\"A\"}", "id"}, {"POST /v1/broadcasts", "{\"id\":\"b\"}", "title"},
    {"PUT /v1/catalogue", "{\"products\":[{\"title\":\"A\"}]}", "products[0].sku"},
    {"PUT /v1/catalogue", "{\"products\":[{\"sku\":\"a\"}]}", "products[0].title"},
};
/* With a member that is not known. */
static const struct { const char *request, *body, *field; } unknown[] = {
    {"POST /v1/stock/a/allocate", "{\"units\":1,\"ref\":\"r\",\"x\":1}", "x"}, {"PUT /v1/stock/a", "{\"count\":0,\"gone\":0,\"version\":1,\"x\":1}", "x"},
    {"POST /v1/holds/h/confirm", "{\"order\":\"A\",\"amount\":1,\"currency\":\"EUR\",\"x\":1}", "x"}, {"POST /v1/holds/h/release", "{\"x\":1}", "x"},
    {"POST /v1/broadcasts/b/recall", "{\"sku\":\"a\",\"x\":1}", "x"}, {"POST /v1/holds/h/extend", "{\"x\":1}", "x"},
    {"POST /v1/broadcasts/b/holds", "{\"hold\":\"h\",\"viewer\":\"v\",\"lines\":[{\"sku\":\"a\",\"qty\":1,\"x\":1}]}", "lines[0].x"},
    {"POST /v1/broadcasts/b/approvals/a4/approve", "{\"x\":1}", "x"},
    {"POST /v1/broadcasts", "{\"id\":\"b\",\"title\":\"A\",\"x\":1}", "x"}, {"POST /v1/broadcasts", "{\"id\":\"b\",\"title\":\"A\",\"video\":{\"x\":1}}", "video.x"},
    {"POST /v1/broadcasts/b/start", "{\"x\":1}", "x"}, {"POST /v1/broadcasts/b/pause", "{\"x\":1}", "x"},
    {"POST /v1/broadcasts/b/resume", "{\"x\":1}", "x"}, {"POST /v1/broadcasts/b/end", "{\"x\":1}", "x"},
    {"PUT /v1/catalogue", "{\"products\":[],\"x\":1}", "x"}, {"PUT /v1/catalogue", "{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"x\":1}]}", "products[0].x"},
    {"PUT /v1/catalogue", "{\"products\":[{\"sku\":\"a\",\"title\":\"A\",\"price\":{\"amount\":1,\"currency\":\"EUR\",\"version\":1}}]}", "products[0].price.version"},
};
/* clang-format on */

/* "PUT /v1/stock/a" to its two words. */
static const char *path_of(const char *request_line, char method[8])
{
    size_t len = strcspn(request_line, " ");
    snprintf(method, 8, "%.*s", (int)len, request_line);
    return request_line + len + 1;
}

static void each_field_within_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const struct field_case *f = &fields[i].field;
        char method[8];
        const char *path = path_of(fields[i].request, method);
        for (size_t k = 0; k < FIELD_VALUES_MAX && f->good[k] != NULL; k++) {
            struct command c;
            struct decode_fault fault;
            if (request(method, path, JSON, field_message(f, f->good[k]), &c, &fault) != RESULT_OK)
                fail_msg("%s %.200s: %s %s", fields[i].request, field_message(f, f->good[k]), fault.field,
                         fault.detail);
            assert_true(command_is_valid(&c));
            command_finish(&c);
        }
        for (size_t k = 0; k < FIELD_VALUES_MAX && f->bad[k] != NULL; k++)
            expect_fault(method, path, JSON, field_message(f, f->bad[k]), DECODE_BAD_REQUEST,
                         strstr(f->bad[k], "\\u0000") == NULL ? f->field : "");
    }
}

static void what_must_be_there_and_what_must_not(void **state)
{
    (void)state;
    char method[8];
    for (size_t i = 0; i < ARRAY_LEN(missing); i++) {
        const char *path = path_of(missing[i].request, method);
        expect_fault(method, path, JSON, missing[i].body, DECODE_BAD_REQUEST, missing[i].field);
    }
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        const char *path = path_of(unknown[i].request, method);
        expect_fault(method, path, JSON, unknown[i].body, DECODE_BAD_REQUEST, unknown[i].field);
    }
}

static void paths_and_methods(void **state)
{
    (void)state;
    static const char *const nowhere[] = {
        "",
        "/",
        "v1/stock",
        "/v1",
        "/v1/",
        "/v1/stock/",
        "/v1/stocks",
        "/v2/stock",
        "/v1/stock/a/",
        "/v1/stock//allocate/x",
        "/v1/holds",
        "/v1/holds/h/confirm/x",
        "/v1/broadcasts/b/live",
        "/v1/broadcasts/b/estimates/stream",
        "/metrics",
        "/v1/broadcasts/b/estimates.csv/",
        "//v1/stock",
        "/v1/catalogue/a",
        "/v1/broadcasts/b/recalls",
        "/v1/broadcasts/b/recalls/",
        "/v1/broadcasts/b/approvals//approve",
        "/v1/broadcasts/b/approvals/a4",
    };
    for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
        expect_fault("GET", nowhere[i], NULL, NULL, DECODE_NOT_FOUND, "");
    static const struct {
        const char *method, *path, *methods;
    } otherwise[] = {
        {"DELETE", "/v1/catalogue", "PUT, GET"},
        {"GET", "/v1/stock/a", "PUT"},
        {"GET", "/v1/stock/a/allocate", "POST"},
        {"PUT", "/v1/broadcasts", "POST, GET"},
        {"POST", "/v1/holds/h", "GET"},
        {"POST", "/v1/broadcasts/b/run-of-show", "PUT, GET"},
        {"get", "/v1/stock", "GET"},
        {"HEAD", "/v1/broadcasts/b/estimates", "GET"},
        {"POST", "/v1/broadcasts/b/recalls/a.csv", "GET"},
        {"GET", "/v1/broadcasts/b/approvals/a4/reject", "POST"},
    };
    for (size_t i = 0; i < ARRAY_LEN(otherwise); i++) {
        struct command c;
        struct decode_fault fault;
        assert_int_equal(request(otherwise[i].method, otherwise[i].path, NULL, NULL, &c, &fault), RESULT_MALFORMED);
        assert_int_equal(fault.code, DECODE_METHOD);
        assert_string_equal(fault.detail, otherwise[i].methods);
    }
}

static void ids_in_paths(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(request("GET", "/v1/holds/%68_7%51x%7e%2E", NULL, NULL, &c, &fault), RESULT_OK);
    assert_string_equal(c.hold.text, "h_7Qx~.");
    static const char *const bad[] = {"/v1/holds/h%20x", "/v1/holds/%",        "/v1/holds/%4",
                                      "/v1/holds/h%zz",  "/v1/holds/h%00",     "/v1/holds/%2F",
                                      "/v1/holds/%2525", "/v1/holds/\xc3\xa9", "/v1/holds/a+b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_fault("GET", bad[i], NULL, NULL, DECODE_BAD_REQUEST, "hold");
    expect_fault("GET", "/v1/holds/", NULL, NULL, DECODE_NOT_FOUND, ""); /* an empty one is none */
    char path[100], letters[65] = "";
    memset(letters, 'a', 63);
    snprintf(path, sizeof path, "/v1/stock/%s", letters);
    expect_command("PUT", path, JSON, "{\"count\":0,\"gone\":0,\"version\":1}", COMMAND_STOCK_SYNC);
    letters[63] = 'a';
    snprintf(path, sizeof path, "/v1/stock/%s", letters);
    expect_fault("PUT", path, JSON, "{\"count\":0,\"gone\":0,\"version\":1}", DECODE_BAD_REQUEST, "sku");
    expect_fault("POST", "/v1/broadcasts/b%20/start", NULL, NULL, DECODE_BAD_REQUEST, "broadcast");
}

static void two_ids_in_one_path(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(request("POST", "/v1/broadcasts/b/approvals/a4%32/approve", NULL, NULL, &c, &fault), RESULT_OK);
    assert_int_equal(c.kind, COMMAND_APPROVE);
    assert_string_equal(c.broadcast.text, "b");
    assert_string_equal(c.approval, "a42");
    expect_fault("POST", "/v1/broadcasts/b%20/approvals/a4/approve", NULL, NULL, DECODE_BAD_REQUEST, "broadcast");
    expect_fault("POST", "/v1/broadcasts/b/approvals/a%20/reject", NULL, NULL, DECODE_BAD_REQUEST, "approval");
    assert_int_equal(request("GET", "/v1/broadcasts/b/recalls/mug.red.csv", NULL, NULL, &c, &fault), RESULT_OK);
    assert_string_equal(c.sku.text, "mug.red");
    assert_int_equal(c.form, FORM_TABLE);
    assert_int_equal(request("GET", "/v1/broadcasts/b/recalls/mug%2Ecsv", NULL, NULL, &c, &fault), RESULT_OK);
    assert_string_equal(c.sku.text, "mug.csv"); /* where the way to here leaves the path as it is */
    assert_int_equal(c.form, FORM_JSON);
    assert_int_equal(request("GET", "/v1/broadcasts/b/recalls/.csv", NULL, NULL, &c, &fault), RESULT_OK);
    assert_string_equal(c.sku.text, ".csv");
    assert_int_equal(c.kind, COMMAND_AFFECTED_GET);
}

static void what_a_recall_does_when_not_said(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(request("POST", "/v1/broadcasts/b/recall", JSON, "{\"sku\":\"a\"}", &c, &fault), RESULT_OK);
    assert_int_equal(c.recall, RECALL_CANCEL);
    assert_int_equal(request("POST", "/v1/broadcasts/b/recall", JSON, "{\"sku\":\"a\",\"holds\":\"keep\"}", &c, &fault),
                     RESULT_OK);
    assert_int_equal(c.recall, RECALL_KEEP);
}

static void content_types(void **state)
{
    (void)state;
    static const char body[] = "{\"units\":1,\"ref\":\"r\"}";
    static const char *const good[] = {"application/json", "Application/JSON", "application/json; charset=utf-8",
                                       "application/json ;x"};
    static const char *const bad[] = {"", "text/json", "application/jsonp", "application/json+x", "text/csv", "json"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        expect_command("POST", "/v1/stock/a/allocate", good[i], body, COMMAND_STOCK_ALLOCATE);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect_fault("POST", "/v1/stock/a/allocate", bad[i], body, DECODE_BAD_REQUEST, "content-type");
    expect_fault("POST", "/v1/stock/a/allocate", NULL, body, DECODE_BAD_REQUEST, "content-type");
    expect_fault("PUT", "/v1/catalogue", "text/plain", "id,title,price\n", DECODE_BAD_REQUEST, "content-type");
    expect_fault("PUT", "/v1/broadcasts/b/run-of-show", "text/csv", "{\"cues\":[]}", DECODE_BAD_REQUEST,
                 "content-type");
    expect_command("PUT", "/v1/catalogue", "text/csv;header=present", "id,title,price\n", COMMAND_CATALOGUE_PUT);
}

static void bodies_that_need_not_be(void **state)
{
    (void)state;
    expect_command("POST", "/v1/broadcasts/b/start", NULL, NULL, COMMAND_START);
    expect_command("POST", "/v1/broadcasts/b/start", "text/plain", "", COMMAND_START);
    expect_command("POST", "/v1/broadcasts/b/end", JSON, "{}", COMMAND_END);
    expect_command("POST", "/v1/holds/h/release", NULL, NULL, COMMAND_HOLD_RELEASE);
    expect_command("GET", "/v1/stock", "text/plain", "whatever", COMMAND_STOCK_GET);
    expect_fault("POST", "/v1/stock/a/allocate", JSON, NULL, DECODE_BAD_REQUEST, "");
    expect_fault("POST", "/v1/broadcasts/b/start", JSON, "[]", DECODE_BAD_REQUEST, "");
    expect_fault("POST", "/v1/broadcasts/b/start", JSON, " ", DECODE_BAD_REQUEST, "");
}

static void a_broadcast_with_what_is_usual(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(request("POST", "/v1/broadcasts", JSON, "{\"id\":\"b\",\"title\":\"A\"}", &c, &fault), RESULT_OK);
    assert_int_equal(c.details.hold_ms, 300000);
    assert_int_equal(c.details.pdt_offset_ms, 0);
    assert_string_equal(c.details.video_url, "");
}

static void a_run_of_show_as_it_came(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    static const char *const path = "/v1/broadcasts/b/run-of-show";
    assert_int_equal(request("PUT", path, JSON, " {\"cues\": [1.50] } ", &c, &fault), RESULT_OK);
    assert_string_equal(c.document, " {\"cues\": [1.50] } ");
    assert_int_equal(c.document_len, strlen(c.document));
    assert_string_equal(c.broadcast.text, "b");
    command_finish(&c);
    expect_fault("PUT", path, JSON, NULL, DECODE_BAD_REQUEST, "");
    expect_fault("PUT", path, JSON, "\xff", DECODE_BAD_REQUEST, "");
    expect_fault("PUT", path, JSON, "{\"cues\":[[[[[[[[", DECODE_BAD_REQUEST, "");
    size_t len = (1u << 20) + 1;
    char *large = malloc(len + 1);
    assert_non_null(large);
    memset(large, ' ', len);
    large[len] = '\0';
    expect_fault("PUT", path, JSON, large, DECODE_TOO_LARGE, "");
    large[len - 1] = '\0';
    expect_command("PUT", path, JSON, large, COMMAND_RUN_LOAD); /* scripts/load will not find cues in it */
    free(large);
}

static void a_catalogue_of_too_many(void **state)
{
    (void)state;
    struct bytes body = {0};
    bytes_text(&body, "{\"products\":[");
    for (int i = 0; i <= CATALOGUE_PRODUCTS_MAX; i++)
        bytes_format(&body, "%s{\"sku\":\"s%d\",\"title\":\"T\"}", i == 0 ? "" : ",", i);
    bytes_text(&body, "]}");
    expect_fault("PUT", "/v1/catalogue", JSON, body.data, DECODE_BAD_REQUEST, "products");
    bytes_finish(&body);
    expect_fault("PUT", "/v1/catalogue", JSON,
                 "{\"products\":[{\"sku\":\"a\",\"title\":\"A\"},{\"sku\":\"b\",\"title\":\"A\"},{\"sku\":\"a\","
                 "\"title\":\"A\"}]}",
                 DECODE_BAD_REQUEST, "products[2].sku");
}

/* The name of a member is foreign text of any length. */
static void a_long_name_is_shown_in_part(void **state)
{
    (void)state;
    struct bytes body = {0};
    bytes_text(&body, "{\"");
    for (int i = 0; i < 200; i++)
        bytes_text(&body, "\xc3\xa9");
    bytes_text(&body, "\":1}");
    struct command c;
    struct decode_fault fault;
    assert_int_equal(request("POST", "/v1/broadcasts/b/end", JSON, body.data, &c, &fault), RESULT_MALFORMED);
    bytes_finish(&body);
    assert_int_equal(strlen(fault.field), 94); /* 47 of two bytes each; one more byte had room */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_within_its_limits),
        cmocka_unit_test(what_must_be_there_and_what_must_not),
        cmocka_unit_test(paths_and_methods),
        cmocka_unit_test(ids_in_paths),
        cmocka_unit_test(two_ids_in_one_path),
        cmocka_unit_test(what_a_recall_does_when_not_said),
        cmocka_unit_test(content_types),
        cmocka_unit_test(bodies_that_need_not_be),
        cmocka_unit_test(a_broadcast_with_what_is_usual),
        cmocka_unit_test(a_run_of_show_as_it_came),
        cmocka_unit_test(a_catalogue_of_too_many),
        cmocka_unit_test(a_long_name_is_shown_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
