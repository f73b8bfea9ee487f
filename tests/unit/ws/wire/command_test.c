/* Messages of the socket: each field of each command at its limits and past them, and what is no command at all. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/ws/wire/fields.h"

static enum result decode(const char *message, struct command *c, struct decode_fault *fault)
{
    return command_decode(message, strlen(message), c, fault);
}

static void expect_good(const char *message)
{
    struct command c;
    struct decode_fault fault;
    enum result result = decode(message, &c, &fault);
    if (result != RESULT_OK)
        fail_msg("refused: %.200s: %s %s", message, fault.field, fault.detail);
    assert_true(command_is_valid(&c));
    command_finish(&c);
}

static void expect_bad(const char *message, const char *field)
{
    struct command c;
    struct decode_fault fault;
    enum result result = decode(message, &c, &fault);
    if (result != RESULT_MALFORMED)
        fail_msg("let in: %.200s", message);
    assert_int_equal(fault.code, DECODE_BAD_REQUEST);
    if (strcmp(fault.field, field) != 0)
        fail_msg("%.200s: names \"%s\", not \"%s\"", message, fault.field, field);
    assert_string_not_equal(fault.detail, "");
}

/* clang-format off */
#define M(t, rest) "{\"t\":\"" t "\",\"id\":\"x1\"," rest "}"
#define LINES(line) M("reserve", "\"lines\":[" line "]")
static const struct field_case fields[] = {
    {"{\"t\":\"ping\",\"id\":%s}", "id", {"\"1\"", "\"aZ09._~-\"", "@63"}, {BAD_ID}},
    {"{\"t\":%s,\"id\":\"1\"}", "t", {"\"ping\""}, {"1", "null", "[]", "{}", "true"}},
    {M("hello", "\"token\":%s"), "token", {"\"a.b.c\"", "@4096"}, {BAD_TEXT, "\"\"", "\"a b\"", "\"\\u00e9\"", "@4097"}},
    {M("hello", "\"token\":\"a\",\"viewer_key\":%s"), "viewer_key", {"\"v.k\"", "\"\"", "@255"}, {BAD_TEXT, "@256", "\"a b\""}},
    {M("hello", "\"token\":\"a\",\"locale\":%s"), "locale", {"\"en-GB\"", "@35"}, {BAD_TEXT, "@36", "\"en GB\""}},
    {M("hello", "\"token\":\"a\",\"src\":%s"), "src", {"\"insta a\"", "@63"}, {BAD_TEXT, "@64", "\"a\\nb\""}},
    {M("hello", "\"token\":\"a\",\"resume\":%s"), "resume", {"{\"epoch\":\"e1\",\"seq\":0}"}, {"1", "null", "[]", "\"e1\"", "true"}},
    {M("hello", "\"token\":\"a\",\"resume\":{\"epoch\":%s,\"seq\":1}"), "resume.epoch", {"\"e1\""}, {BAD_ID}},
    {M("hello", "\"token\":\"a\",\"resume\":{\"epoch\":\"e1\",\"seq\":%s}"), "resume.seq",
        {"0", "41", "9007199254740991"}, {BAD_WHOLE, "-1", "9007199254740993"}},
    {M("clock", "\"playing_ms\":%s"), "playing_ms", {"0", "1795177190000"}, {BAD_WHOLE, "-1"}},
    {M("reserve", "\"lines\":%s"), "lines", {"[{\"sku\":\"a\",\"qty\":1}]"}, {"[]", "{}", "null", "1", "\"a\"", "true"}},
    {LINES("%s"), "lines[0]", {"{\"sku\":\"a\",\"qty\":1}"}, {"1", "null", "[]", "\"a\""}},
    {LINES("{\"sku\":%s,\"qty\":1}"), "lines[0].sku", {"\"mug-red\"", "@63"}, {BAD_ID}},
    {LINES("{\"sku\":\"a\",\"qty\":%s}"), "lines[0].qty", {"1", "1000000", "1.0"}, {BAD_WHOLE, "0", "-1", "1e9", "1000001"}},
    {LINES("{\"sku\":\"b\",\"qty\":1},{\"sku\":\"a\",\"qty\":%s}"), "lines[1].qty", {"1"}, {BAD_WHOLE, "0"}},
    {LINES("{\"sku\":\"a\",\"qty\":1,\"seen_price\":%s}"), "lines[0].seen_price", {"0", "4294967295"}, {BAD_WHOLE, "-1", "4294967296"}},
    {M("reserve", "\"lines\":[{\"sku\":\"a\",\"qty\":1}],\"seen_price\":%s"), "seen_price", {"0", "2"}, {BAD_WHOLE, "-1"}},
    {M("extend", "\"hold\":%s"), "hold", {"\"h_7Qx\""}, {BAD_ID}},
    {M("release", "\"hold\":%s"), "hold", {"\"h_7Qx\""}, {BAD_ID}},
    {M("checkout", "\"hold\":%s"), "hold", {"\"h_7Qx\""}, {BAD_ID}},
    {M("waitlist.join", "\"sku\":%s,\"qty\":1"), "sku", {"\"a\""}, {BAD_ID}},
    {M("waitlist.join", "\"sku\":\"a\",\"qty\":%s"), "qty", {"1", "1000000"}, {BAD_WHOLE, "0", "-1", "1000001"}},
    {M("waitlist.leave", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("pin.set", "\"slot\":%s,\"sku\":\"a\""), "slot", {"0", "2"}, {BAD_WHOLE, "-1", "3", "256"}},
    {M("pin.set", "\"slot\":0,\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("pin.clear", "\"slot\":%s"), "slot", {"0", "2"}, {BAD_WHOLE, "-1", "3"}},
    {M("cue.go", "\"cue\":%s"), "cue", {"\"c1\""}, {BAD_ID}},
    {M("cue.done", "\"cue\":%s,\"must_say\":[]"), "cue", {"\"c1\""}, {BAD_ID}},
    {M("cue.done", "\"cue\":\"c1\",\"must_say\":%s"), "must_say",
        {"[]", "[true,false]", "[true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true]"},
        {"true", "{}", "null", "\"a\"", "1", "[true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true]"}},
    {M("cue.done", "\"cue\":\"c1\",\"must_say\":[true,%s]"), "must_say[1]", {"true", "false"}, {BAD_BOOL}},
    {M("cue.next", "\"expect_seq\":%s"), "expect_seq", {"0", "41", "9007199254740991"}, {BAD_WHOLE, "-1"}},
    {M("price.set", "\"sku\":%s,\"amount\":1,\"currency\":\"EUR\""), "sku", {"\"a\""}, {BAD_ID}},
    {M("price.set", "\"sku\":\"a\",\"amount\":%s,\"currency\":\"EUR\""), "amount", {"1", "1000000000000"}, {BAD_WHOLE, "-1", "0", "1000000000001"}},
    {M("price.set", "\"sku\":\"a\",\"amount\":1,\"currency\":%s"), "currency", {"\"EUR\"", "\"JPY\""}, {BAD_CURRENCY}},
    {M("approve", "\"approval\":%s"), "approval", {"\"a42\""}, {BAD_ID}},
    {M("reject", "\"approval\":%s"), "approval", {"\"a42\""}, {BAD_ID}},
    {M("offer.start", "\"sku\":\"a\",\"amount\":%s,\"currency\":\"EUR\",\"for_ms\":60000"), "amount", {"790"}, {BAD_WHOLE, "-1", "0"}},
    {M("offer.start", "\"sku\":\"a\",\"amount\":1,\"currency\":%s,\"for_ms\":60000"), "currency", {"\"EUR\""}, {BAD_CURRENCY}},
    {M("offer.start", "\"sku\":\"a\",\"amount\":1,\"currency\":\"EUR\",\"for_ms\":%s"), "for_ms", {"1000", "86400000"}, {BAD_WHOLE, "999", "86400001"}},
    {M("offer.stop", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("extra.add", "\"sku\":%s,\"kind\":\"bundle\",\"text\":\"b\""), "sku", {"\"a\""}, {BAD_ID}},
    {M("extra.add", "\"sku\":\"a\",\"kind\":%s,\"text\":\"b\""), "kind", {"\"bundle\"", "\"freebie\""}, {BAD_TEXT, "\"\"", "\"Bundle\"", "\"price\""}},
    {M("extra.add", "\"sku\":\"a\",\"kind\":\"bundle\",\"text\":\"b\",\"adds\":%s"), "adds", {"\"b\""}, {BAD_ID}},
    {M("extra.add", "\"sku\":\"a\",\"kind\":\"bundle\",\"text\":\"b\",\"adds_units\":%s"), "adds_units", {"1", "1000"}, {BAD_WHOLE, "0", "-1", "1001"}},
    {M("extra.add", "\"sku\":\"a\",\"kind\":\"bundle\",\"text\":\"b\",\"first_orders\":%s"), "first_orders", {"0", "50"}, {BAD_WHOLE, "-1", "1000000001"}},
    {M("extra.add", "\"sku\":\"a\",\"kind\":\"freebie\",\"text\":%s"), "text", {"\"a sticker\"", "@200"}, {BAD_TEXT, "\"\"", "@201", "\"a\\nb\""}},
    {M("extra.end", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("notice", "\"text\":%s"), "text", {"\"\"", "\"Back\\nsoon\"", "\"\\u00e9\"", "@2000"}, {BAD_TEXT, "@2001", "\"\\u0001\""}},
    {M("notice", "\"text\":\"a\",\"level\":%s"), "level",
        {"\"info\"", "\"correction\"", "\"recall\"", "\"outage\""}, {BAD_TEXT, "\"Info\"", "\"\"", "\"loud\""}},
    {M("stock.stop", "\"sku\":\"a\",\"reason\":%s"), "reason", {"\"lid cracks\"", "@2000"}, {BAD_TEXT, "@2001"}},
    {M("stock.stop", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("stock.open", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("recall", "\"sku\":%s"), "sku", {"\"a\""}, {BAD_ID}},
    {M("recall", "\"sku\":\"a\",\"text\":%s"), "text", {"\"\"", "\"Do not use it\""}, {BAD_TEXT, "@2001"}},
    {M("recall", "\"sku\":\"a\",\"holds\":%s"), "holds", {"\"keep\"", "\"cancel\"", "\"honour\""}, {BAD_TEXT, "\"\"", "\"none\"", "\"Keep\""}},
    {M("start", "\"force\":%s"), "force", {"true", "false"}, {BAD_BOOL}},
    {M("stock.allocate", "\"sku\":%s,\"units\":5,\"ref\":\"po-7\""), "sku", {"\"a\""}, {BAD_ID}},
    {M("stock.allocate", "\"sku\":\"a\",\"units\":%s,\"ref\":\"po-7\""), "units", {"1", "1000000000"}, {BAD_WHOLE, "0", "-1", "1000000001"}},
    {M("stock.allocate", "\"sku\":\"a\",\"units\":1,\"ref\":%s"), "ref",
        {"\"po-7\"", "@128"}, {BAD_TEXT, "\"\"", "\"a b\"", "\"a|b\"", "\"a,b\"", "\"\\u00e9\"", "@129"}},
    {M("stock.withdraw", "\"sku\":\"a\",\"units\":%s,\"ref\":\"po-7\""), "units", {"1"}, {BAD_WHOLE, "0"}},
    {M("run.load", "\"cues\":%s"), "cues", {"[]", "[{\"id\":\"c1\",\"title\":\"A\"}]"}, {"{}", "null", "1", "\"a\"", "true"}},
};

/* Each lacks one member that must be there. */
static const struct { const char *message, *field; } missing[] = {
    {"{}", "id"}, {"{\"id\":\"1\"}", "t"}, {"{\"t\":\"ping\"}", "id"},
    {"{\"t\":\"hello\",\"id\":\"1\"}", "token"},
    {M("hello", "\"token\":\"a\",\"resume\":{\"seq\":1}"), "resume.epoch"},
    {M("hello", "\"token\":\"a\",\"resume\":{\"epoch\":\"e\"}"), "resume.seq"},
    {"{\"t\":\"clock\",\"id\":\"1\"}", "playing_ms"}, {"{\"t\":\"reserve\",\"id\":\"1\"}", "lines"},
    {LINES("{\"qty\":1}"), "lines[0].sku"}, {LINES("{\"sku\":\"a\"}"), "lines[0].qty"},
    {"{\"t\":\"extend\",\"id\":\"1\"}", "hold"}, {"{\"t\":\"release\",\"id\":\"1\"}", "hold"},
    {"{\"t\":\"checkout\",\"id\":\"1\"}", "hold"},
    {M("waitlist.join", "\"qty\":1"), "sku"}, {M("waitlist.join", "\"sku\":\"a\""), "qty"},
    {"{\"t\":\"waitlist.leave\",\"id\":\"1\"}", "sku"},
    {M("pin.set", "\"sku\":\"a\""), "slot"}, {M("pin.set", "\"slot\":1"), "sku"}, {"{\"t\":\"pin.clear\",\"id\":\"1\"}", "slot"},
    {"{\"t\":\"cue.go\",\"id\":\"1\"}", "cue"}, {M("cue.done", "\"cue\":\"c\""), "must_say"}, {M("cue.done", "\"must_say\":[]"), "cue"},
    {M("price.set", "\"sku\":\"a\",\"currency\":\"EUR\""), "amount"}, {M("price.set", "\"sku\":\"a\",\"amount\":1"), "currency"},
    {M("price.set", "\"amount\":1,\"currency\":\"EUR\""), "sku"},
    {M("offer.start", "\"sku\":\"a\",\"amount\":1,\"currency\":\"EUR\""), "for_ms"}, {"{\"t\":\"offer.stop\",\"id\":\"1\"}", "sku"},
    {M("extra.add", "\"sku\":\"a\",\"kind\":\"bundle\""), "text"}, {M("extra.add", "\"sku\":\"a\",\"text\":\"b\""), "kind"},
    {"{\"t\":\"notice\",\"id\":\"1\"}", "text"}, {"{\"t\":\"stock.stop\",\"id\":\"1\"}", "sku"},
    {"{\"t\":\"stock.open\",\"id\":\"1\"}", "sku"}, {"{\"t\":\"recall\",\"id\":\"1\"}", "sku"},
    {M("stock.allocate", "\"sku\":\"a\",\"units\":1"), "ref"}, {M("stock.withdraw", "\"sku\":\"a\",\"ref\":\"r\""), "units"},
    {"{\"t\":\"run.load\",\"id\":\"1\"}", "cues"},
};

/* Not JSON, not one object, or not what JSON should be: no field is to blame. */
static const char *const broken[] = {
    "", " ", "{", "[]", "1", "null", "\"ping\"", "{}{}", "{\"t\":\"ping\",\"id\":\"1\"}x", "{'t':'ping'}", "{\"t\":\"ping\",}",
    "{\"t\":\"ping\",\"id\":\"1\",\"id\":\"1\"}", "{\"t\":\"ping\",\"id\":\"1\",\"a\":{\"b\":1,\"b\":2}}",
    "{\"t\":\"ping\",\"id\":\"\xff\"}", "{\"t\":\"ping\",\"id\":\"1\",\"x\":\"\xc0\xaf\"}", "{\"t\":\"ping\",\"id\":\"1\",\"x\":\"\xed\xa0\x80\"}",
    "{\"t\":\"ping\",\"id\":\"1\",\"x\":\"\\ud800\"}", "{\"t\":\"ping\",\"id\":\"1\",\"x\":1e999}", "{\"t\":\"ping\",\"id\":\"1\",\"\\u0000\":1}",
    "{\"t\":\"ping\",\"id\":\"1\",\"x\":NaN}", "{\"t\":\"ping\",\"id\":\"1\",\"x\":\"a\nb\"}", "{\"a\":[[[[[[[[1]]]]]]]]}",
};
/* clang-format on */

static void each_field_within_its_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        for (size_t k = 0; k < FIELD_VALUES_MAX && fields[i].good[k] != NULL; k++)
            expect_good(field_message(&fields[i], fields[i].good[k]));
        for (size_t k = 0; k < FIELD_VALUES_MAX && fields[i].bad[k] != NULL; k++) {
            /* NUL is refused by the parser, before there are fields */
            const char *field = strstr(fields[i].bad[k], "\\u0000") == NULL ? fields[i].field : "";
            expect_bad(field_message(&fields[i], fields[i].bad[k]), field);
        }
    }
}

static void what_must_be_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(missing); i++)
        expect_bad(missing[i].message, missing[i].field);
}

static void what_is_no_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        expect_bad(broken[i], "");
}

static void a_byte_that_ends_texts(void **state)
{
    (void)state;
    static const char message[] = "{\"t\":\"ping\",\"id\":\"1\"\0}";
    struct command c;
    struct decode_fault fault;
    assert_int_equal(command_decode(message, sizeof message - 1, &c, &fault), RESULT_MALFORMED);
}

static void nested_to_the_limit(void **state)
{
    (void)state;
    expect_good("{\"t\":\"ping\",\"id\":\"1\",\"x\":[[[[[[[1]]]]]]]}");
    expect_bad("{\"t\":\"ping\",\"id\":\"1\",\"x\":[[[[[[[[1]]]]]]]]}", "");
    expect_good("{\"t\":\"ping\",\"id\":\"1\",\"x\":\"[[[[[[[[[[[[[[\\\"[[[[\"}"); /* in a text they are letters */
    static char deep[200000];
    memset(deep, '[', sizeof deep - 1);
    expect_bad(deep, "");
}

static void a_refusal_names_what_it_answers(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(decode(M("pin.set", "\"slot\":9,\"sku\":\"a\""), &c, &fault), RESULT_MALFORMED);
    assert_string_equal(fault.id, "x1");
    assert_string_equal(fault.detail, "must be a whole number from 0 to 2");
    assert_int_equal(decode("{\"t\":\"dance\",\"id\":\"x9\"}", &c, &fault), RESULT_NOT_FOUND);
    assert_string_equal(fault.id, "x9");
    assert_string_equal(fault.field, "t");
    assert_int_equal(decode("{\"t\":\"catalogue.put\",\"id\":\"x9\"}", &c, &fault),
                     RESULT_NOT_FOUND); /* over HTTP only */
    assert_int_equal(decode("{\"t\":\"dance\",\"id\":\"no way\"}", &c, &fault), RESULT_MALFORMED);
    assert_string_equal(fault.id, "");
}

static void unknown_members_are_ignored(void **state)
{
    (void)state;
    expect_good("{\"t\":\"ping\",\"id\":\"1\",\"new\":{\"things\":[1,2]},\"lines\":7}");
    expect_good(LINES("{\"sku\":\"a\",\"qty\":1,\"colour\":\"red\"}"));
}

static void a_reserve_whole(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    const char *message =
        "{\"seen_price\":7,\"lines\":[{\"sku\":\"a\",\"qty\":2},{\"qty\":1,\"sku\":\"b\",\"seen_price\":3}],"
        "\"id\":\"h_7Qx\",\"t\":\"reserve\"}";
    assert_int_equal(decode(message, &c, &fault), RESULT_OK);
    assert_int_equal(c.kind, COMMAND_RESERVE);
    assert_string_equal(c.id, "h_7Qx");
    assert_string_equal(c.hold.text, "h_7Qx");
    assert_int_equal(c.wish.lines_count, 2);
    assert_string_equal(c.wish.lines[0].sku.text, "a");
    assert_int_equal(c.wish.lines[0].units, 2);
    assert_int_equal(c.wish.lines[0].seen_price, 7);
    assert_int_equal(c.wish.lines[1].seen_price, 3);
    command_finish(&c);
    assert_int_equal(
        decode(M("reserve", "\"seen_price\":7,\"lines\":[{\"sku\":\"a\",\"qty\":2,\"seen_price\":9}]"), &c, &fault),
        RESULT_OK);
    assert_int_equal(c.wish.lines[0].seen_price, 9); /* its own goes first */
    command_finish(&c);
}

static void a_cart_of_too_many_lines_or_twice_the_same(void **state)
{
    (void)state;
    char message[2048] = "{\"t\":\"reserve\",\"id\":\"h\",\"lines\":[";
    size_t len = strlen(message);
    for (int i = 0; i <= CART_LINES_MAX; i++) {
        len += (size_t)snprintf(message + len, sizeof message - len, "%s{\"sku\":\"s%d\",\"qty\":1}", i == 0 ? "" : ",",
                                i);
        char whole[2100];
        snprintf(whole, sizeof whole, "%s]}", message);
        if (i < CART_LINES_MAX)
            expect_good(whole);
        else
            expect_bad(whole, "lines");
    }
    expect_bad(LINES("{\"sku\":\"a\",\"qty\":1},{\"sku\":\"b\",\"qty\":1},{\"sku\":\"a\",\"qty\":1}"), "lines[2].sku");
}

static void a_hello_whole(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(
        decode("{\"t\":\"hello\",\"id\":\"1\",\"token\":\"a.b.c\",\"viewer_key\":\"v.k\",\"resume\":{\"epoch\":\"e1\","
               "\"seq\":41},\"locale\":\"en-GB\",\"src\":\"insta-a\"}",
               &c, &fault),
        RESULT_OK);
    assert_string_equal(c.hello.token, "a.b.c");
    assert_string_equal(c.hello.viewer_key, "v.k");
    assert_true(c.hello.has_resume);
    assert_string_equal(c.hello.resume_epoch.text, "e1");
    assert_int_equal(c.hello.resume_seq, 41);
    assert_string_equal(c.hello.locale, "en-GB");
    assert_string_equal(c.hello.src, "insta-a");
    command_finish(&c);
}

static void a_run_of_show_goes_on_as_written(void **state)
{
    (void)state;
    struct command c;
    struct decode_fault fault;
    assert_int_equal(
        decode("{ \"cues\" : [ {\"id\":\"c1\", \"n\":1.50, \"t\":\"\\u00e9\"} ] , \"t\":\"run.load\",\"id\":\"1\"}", &c,
               &fault),
        RESULT_OK);
    assert_string_equal(c.document, "{\"cues\":[ {\"id\":\"c1\", \"n\":1.50, \"t\":\"\\u00e9\"} ]}");
    assert_int_equal(c.document_len, strlen(c.document));
    command_finish(&c);
    expect_bad("{\"cu\\u0065s\":[],\"t\":\"run.load\",\"id\":\"1\"}", "cues");
}

static void every_kind_has_a_valid_command_and_no_other_is_one(void **state)
{
    (void)state;
    struct command c = {.kind = COMMAND_KINDS};
    assert_false(command_is_valid(&c));
    static const enum command_kind bare[] = {
        COMMAND_PING,      COMMAND_CUE_NEXT,      COMMAND_START,         COMMAND_PAUSE,
        COMMAND_RESUME,    COMMAND_END,           COMMAND_UNDO,          COMMAND_PREFLIGHT,
        COMMAND_STOCK_GET, COMMAND_CATALOGUE_GET, COMMAND_CATALOGUE_PUT, COMMAND_BROADCAST_LIST,
        COMMAND_PIN_CLEAR, COMMAND_NOTICE,        COMMAND_CLOCK, /* 0 and "" are values of theirs */
        COMMAND_HOOKS_PUT, COMMAND_HOOKS_GET,     COMMAND_LOGISTICS_GET,
    };
    for (unsigned kind = 0; kind < COMMAND_KINDS; kind++) {
        c = (struct command){.kind = (enum command_kind)kind};
        bool is_bare = false;
        for (size_t i = 0; i < ARRAY_LEN(bare); i++)
            is_bare = is_bare || bare[i] == c.kind;
        assert_int_equal(command_is_valid(&c), is_bare); /* an empty one of any other kind lacks something */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_within_its_limits),
        cmocka_unit_test(what_must_be_there),
        cmocka_unit_test(what_is_no_message),
        cmocka_unit_test(a_byte_that_ends_texts),
        cmocka_unit_test(nested_to_the_limit),
        cmocka_unit_test(a_refusal_names_what_it_answers),
        cmocka_unit_test(unknown_members_are_ignored),
        cmocka_unit_test(a_reserve_whole),
        cmocka_unit_test(a_cart_of_too_many_lines_or_twice_the_same),
        cmocka_unit_test(a_hello_whole),
        cmocka_unit_test(a_run_of_show_goes_on_as_written),
        cmocka_unit_test(every_kind_has_a_valid_command_and_no_other_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
