/* Loading: what is accepted, every fault with its field named, and writing that loads to the same again. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scripts/load/runofshow_load.h"
#include "tests/unit/scripts/load/run_equal.h"
#include "tests/unit/unit.h"

static enum result load(const char *text, struct run_of_show *run, struct load_fault *fault)
{
    return run_of_show_load(text, strlen(text), run, fault);
}

static struct run_of_show loaded(const char *text)
{
    struct run_of_show run = {0};
    struct load_fault fault = {{0}, {0}};
    if (load(text, &run, &fault) != RESULT_OK)
        fail_msg("%s: %s (%s)", fault.field, fault.detail, text);
    return run;
}

/* The fault must name `field`, and its detail must hold `words`. */
static void expect_fault(const char *text, size_t len, const char *field, const char *words)
{
    struct run_of_show run = {.count = 77};
    struct load_fault fault = {{0}, {0}};
    enum result result = run_of_show_load(text, len, &run, &fault);
    if (result != RESULT_MALFORMED || strcmp(fault.field, field) != 0 || strstr(fault.detail, words) == NULL)
        fail_msg("%.80s -> %s, field '%s', detail '%s'", text, result_name(result), fault.field, fault.detail);
    assert_int_equal(run.count, 77); /* written on success only */
}

static void expect_text_fault(const char *text, const char *field, const char *words)
{
    expect_fault(text, strlen(text), field, words);
}

/* Puts `members` behind the id and title of the second cue. */
static void expect_cue_fault(const char *members, const char *field, const char *words)
{
    char text[20000], path[128];
    snprintf(text, sizeof text, "{\"cues\":[{\"id\":\"c0\",\"title\":\"T\"},{\"id\":\"c1\",\"title\":\"T\",%s}]}",
             members);
    snprintf(path, sizeof path, "cues[1].%s", field);
    expect_text_fault(text, path, words);
}

static void a_cue_needs_an_id_and_a_title_only(void **state)
{
    (void)state;
    struct run_of_show run = loaded("{\"cues\":[{\"id\":\"c1\",\"title\":\"Hello\"}]}");
    assert_int_equal(run.count, 1);
    assert_string_equal(run.cues[0].title, "Hello");
    assert_true(ID_IS_NONE(run.cues[0].sku));
    assert_false(run.cues[0].has_price);
    assert_null(run.cues[0].viewer_text);
    assert_null(run.cues[0].card.say);
    run_of_show_finish(&run);
    run = loaded("{\"cues\":[]}");
    assert_int_equal(run.count, 0);
    run_of_show_finish(&run);
}

static void every_field_arrives(void **state)
{
    (void)state;
    struct run_of_show run =
        loaded("{\"cues\":[{\"id\":\"c1\",\"title\":\"Rote Tasse \\u00fc\",\"sku\":\"mug-red\",\"slot\":2,"
               "\"planned_units\":40,\"minutes\":4,\"price\":{\"amount\":990,\"currency\":\"EUR\"},\"sponsored\":true,"
               "\"card\":{\"say\":\"a\\nb\",\"must_say\":[\"x\",\"y\"],\"must_not_say\":[\"z\"],\"notes\":\"n\"},"
               "\"viewer_text\":\"v\"}]}");
    const struct cue *cue = &run.cues[0];
    assert_string_equal(cue->title, "Rote Tasse \xc3\xbc");
    assert_string_equal(cue->sku.text, "mug-red");
    assert_int_equal(cue->slot, 2);
    assert_int_equal(cue->planned_units, 40);
    assert_int_equal(cue->minutes, 4);
    assert_true(cue->has_price);
    assert_int_equal(cue->price.minor, 990);
    assert_string_equal(cue->price.currency, "EUR");
    assert_true(cue->sponsored);
    assert_string_equal(cue->card.say, "a\nb");
    assert_int_equal(cue->card.must_say_count, 2);
    assert_string_equal(cue->card.must_say[1], "y");
    assert_string_equal(cue->card.must_not_say[0], "z");
    assert_string_equal(cue->card.notes, "n");
    assert_string_equal(cue->viewer_text, "v");
    run_of_show_finish(&run);
}

static void limits_are_reached_but_not_passed(void **state)
{
    (void)state;
    struct run_of_show run =
        loaded("{\"cues\":[{\"id\":\"c1\",\"title\":\"T\",\"slot\":0,\"planned_units\":1000000,\"minutes\":1440,"
               "\"price\":{\"amount\":1000000000000,\"currency\":\"JPY\"}},"
               "{\"id\":\"c2\",\"title\":\"T\",\"planned_units\":4.0,\"price\":{\"amount\":0,\"currency\":\"EUR\"}}]}");
    assert_true(run.cues[0].price.minor == MONEY_MINOR_MAX);
    assert_int_equal(run.cues[0].planned_units, 1000000);
    assert_int_equal(run.cues[1].planned_units, 4);
    assert_true(run.cues[1].has_price);
    run_of_show_finish(&run);
}

static void documents_that_are_no_run_of_show_are_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"",
                                         " ",
                                         "{",
                                         "nonsense",
                                         "{\"cues\":[}",
                                         "{\"cues\":[]} x",
                                         "{\"cues\":[],\"cues\":[]}",
                                         "{\"cues\":[{\"id\":\"\\ud800\"}]}",
                                         "{\"cues\":[{\"id\":\"a\\u0000b\"}]}",
                                         "{\"cues\":[1e400]}"};
    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        expect_text_fault(broken[i], "", "line 1");
    expect_text_fault("{\n\n\"cues\":[\n}", "", "line 4");
    expect_text_fault("[]", "", "must be an object");
    expect_text_fault("{}", "cues", "is missing");
    expect_text_fault("{\"cues\":{}}", "cues", "must be a list");
    expect_text_fault("{\"cues\":null}", "cues", "must be a list");
    expect_text_fault("{\"cues\":[[]]}", "cues[0]", "must be an object");
    expect_text_fault("{\"cue\":[]}", "cue", "not a known field");
    expect_text_fault("{\"cues\":[],\"id\":1}", "id", "not a known field");
    expect_text_fault("{\"cues\":[{\"id\":\"\xff\",\"title\":\"T\"}]}", "", "line 1");
    expect_text_fault("{\"cues\":[{\"id\":\"c\",\"title\":\"\xc3\"}]}", "", "line 1");
    expect_fault(NULL, 0, "", "line 1");
}

static void faults_are_told_in_plain_ascii(void **state)
{
    (void)state;
    struct run_of_show run;
    struct load_fault fault;
    assert_int_equal(load("{\"cues\":[{\"pr\xc3\xaeze\\u001b\":1}]}", &run, &fault), RESULT_MALFORMED);
    assert_string_equal(fault.field, "cues[0].pr??ze?");
    char text[400];
    snprintf(text, sizeof text, "{\"%0300d\":1}", 7);
    assert_int_equal(load(text, &run, &fault), RESULT_MALFORMED);
    assert_int_equal(strlen(fault.field), sizeof fault.field - 1);
}

static void what_every_cue_needs_is_asked_for(void **state)
{
    (void)state;
    expect_text_fault("{\"cues\":[{\"title\":\"T\"}]}", "cues[0].id", "is missing");
    expect_text_fault("{\"cues\":[{\"id\":\"c\"}]}", "cues[0].title", "is missing");
    expect_cue_fault("\"price\":{}", "price.amount", "is missing");
    expect_cue_fault("\"price\":{\"amount\":1}", "price.currency", "is missing");
    expect_cue_fault("\"price\":{\"currency\":\"EUR\"}", "price.amount", "is missing");
}

static void unknown_fields_are_named(void **state)
{
    (void)state;
    expect_cue_fault("\"prise\":1", "prise", "not a known field");
    expect_cue_fault("\"price\":{\"amount\":1,\"currency\":\"EUR\",\"version\":1}", "price.version",
                     "not a known field");
    expect_cue_fault("\"card\":{\"say\":\"x\",\"must-say\":[]}", "card.must-say", "not a known field");
    expect_cue_fault("\"\":1", "", "not a known field");
}

static void ids_are_checked_and_unique(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\"\"",
                                        "\"a b\"",
                                        "\"\\u00e4\"",
                                        "7",
                                        "null",
                                        "[]",
                                        "\"0123456789012345678901234567890123456789012345678901234567890123\""};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char members[128];
        snprintf(members, sizeof members, "\"sku\":%s", wrong[i]);
        expect_cue_fault(members, "sku", "1 to 63 characters");
        char text[160];
        snprintf(text, sizeof text, "{\"cues\":[{\"id\":%s,\"title\":\"T\"}]}", wrong[i]);
        expect_text_fault(text, "cues[0].id", "1 to 63 characters");
    }
    const char *twice = "{\"cues\":[{\"id\":\"a\",\"title\":\"T\"},{\"id\":\"b\",\"title\":\"T\"},"
                        "{\"title\":\"T\",\"id\":\"a\"}]}";
    expect_text_fault(twice, "cues[2].id", "the id of cues[0]");
}

static void numbers_are_whole_and_in_range(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1",    "1.5",   "-0.5", "1000000000001", "99999999999999999999999999",
                                        "1e300", "\"1\"", "true", "null",          "[]",
                                        "{}",    "1e-9"};
    static const struct {
        const char *format, *field, *words;
    } fields[] = {
        {"\"slot\":%s", "slot", "from 0 to 2"},
        {"\"planned_units\":%s", "planned_units", "from 0 to 1000000"},
        {"\"minutes\":%s", "minutes", "from 0 to 1440"},
        {"\"price\":{\"amount\":%s,\"currency\":\"EUR\"}", "price.amount", "from 0 to 1000000000000"},
    };
    for (size_t f = 0; f < ARRAY_LEN(fields); f++)
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
            char members[128];
            strcpy(members, "");
            const char *at = strstr(fields[f].format, "%s");
            snprintf(members, sizeof members, "%.*s%s%s", (int)(at - fields[f].format), fields[f].format, wrong[i],
                     at + 2);
            expect_cue_fault(members, fields[f].field, fields[f].words);
        }
    expect_cue_fault("\"slot\":3", "slot", "from 0 to 2");
    expect_cue_fault("\"minutes\":1441", "minutes", "from 0 to 1440");
    expect_cue_fault("\"planned_units\":1000001", "planned_units", "from 0 to 1000000");
}

static void currencies_flags_and_shapes_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"\"eur\"", "\"EURO\"", "\"EU\"", "\"\"", "978", "null"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char members[128];
        snprintf(members, sizeof members, "\"price\":{\"amount\":1,\"currency\":%s}", wrong[i]);
        expect_cue_fault(members, "price.currency", "three capital letters");
    }
    expect_cue_fault("\"price\":990", "price", "must be an object");
    expect_cue_fault("\"price\":null", "price", "must be an object"); /* not: the catalogue's price */
    expect_cue_fault("\"card\":\"say\"", "card", "must be an object");
    expect_cue_fault("\"sponsored\":1", "sponsored", "true or false");
    expect_cue_fault("\"sponsored\":\"true\"", "sponsored", "true or false");
}

/* A cue whose member `name` is `len` letters, in quotes. */
static void long_member(char *ret, size_t size, const char *before, size_t len, const char *after)
{
    size_t at = (size_t)snprintf(ret, size, "%s", before);
    memset(ret + at, 'x', len);
    snprintf(ret + at + len, size - at - len, "%s", after);
}

static void texts_are_held_to_their_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *field;
        size_t max;
    } texts[] = {
        {"\"viewer_text\":\"", "\"", "viewer_text", RUNOFSHOW_TEXT_MAX},
        {"\"card\":{\"say\":\"", "\"}", "card.say", CARD_SAY_MAX},
        {"\"card\":{\"notes\":\"", "\"}", "card.notes", CARD_SAY_MAX},
        {"\"card\":{\"must_say\":[\"a\",\"", "\"]}", "card.must_say[1]", CARD_PHRASE_MAX},
        {"\"card\":{\"must_not_say\":[\"", "\"]}", "card.must_not_say[0]", CARD_PHRASE_MAX},
    };
    static char members[10000], text[12000];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        long_member(members, sizeof members, texts[i].before, texts[i].max + 1, texts[i].after);
        expect_cue_fault(members, texts[i].field, "must be at most");
        long_member(members, sizeof members, texts[i].before, texts[i].max, texts[i].after);
        snprintf(text, sizeof text, "{\"cues\":[{\"id\":\"c\",\"title\":\"T\",%s}]}", members);
        struct run_of_show run = loaded(text);
        run_of_show_finish(&run);
    }
    long_member(text, sizeof text, "{\"cues\":[{\"id\":\"c\",\"title\":\"", RUNOFSHOW_TITLE_MAX + 1, "\"}]}");
    expect_text_fault(text, "cues[0].title", "at most 200 bytes, is 201");
}

static void texts_are_texts_without_control_characters(void **state)
{
    (void)state;
    expect_cue_fault("\"viewer_text\":7", "viewer_text", "must be text");
    expect_cue_fault("\"viewer_text\":\"a\\u0007b\"", "viewer_text", "control characters");
    expect_cue_fault("\"card\":{\"say\":\"\\u007f\"}", "card.say", "control characters");
    expect_cue_fault("\"card\":{\"say\":[\"x\"]}", "card.say", "must be text");
    expect_cue_fault("\"card\":{\"must_say\":[\"two\\nlines\"]}", "card.must_say[0]", "control characters");
    expect_cue_fault("\"card\":{\"must_say\":[\" \"]}", "card.must_say[0]", "must not be empty");
    expect_cue_fault("\"card\":{\"must_say\":[7]}", "card.must_say[0]", "must be text");
    expect_cue_fault("\"card\":{\"must_say\":\"x\"}", "card.must_say", "a list of at most 16");
    expect_cue_fault("\"card\":{\"must_not_say\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}", "card.must_not_say",
                     "a list of at most 16");
    expect_text_fault("{\"cues\":[{\"id\":\"c\",\"title\":\" \"}]}", "cues[0].title", "must not be empty");
    expect_text_fault("{\"cues\":[{\"id\":\"c\",\"title\":\"a\\nb\"}]}", "cues[0].title", "control characters");
    expect_text_fault("{\"cues\":[{\"id\":\"c\",\"title\":7}]}", "cues[0].title", "must be text");
}

static void blank_texts_count_as_none(void **state)
{
    (void)state;
    struct run_of_show run = loaded("{\"cues\":[{\"id\":\"c\",\"title\":\"T\",\"viewer_text\":\" \\n\","
                                    "\"card\":{\"say\":\"\",\"notes\":\"\\t\",\"must_say\":[]}}]}");
    assert_null(run.cues[0].viewer_text);
    assert_null(run.cues[0].card.say);
    assert_null(run.cues[0].card.notes);
    run_of_show_finish(&run);
}

static void a_document_of_cues(char *ret, size_t size, int count)
{
    size_t at = (size_t)snprintf(ret, size, "{\"cues\":[");
    for (int i = 0; i < count; i++)
        at += (size_t)snprintf(ret + at, size - at, "%s{\"id\":\"c%d\",\"title\":\"T\"}", i == 0 ? "" : ",", i);
    snprintf(ret + at, size - at, "]}");
}

static void a_show_has_its_largest_size(void **state)
{
    (void)state;
    static char text[RUNOFSHOW_DOCUMENT_MAX + 2];
    a_document_of_cues(text, sizeof text, RUNOFSHOW_CUES_MAX);
    struct run_of_show run = loaded(text);
    assert_int_equal(run.count, RUNOFSHOW_CUES_MAX);
    run_of_show_finish(&run);
    a_document_of_cues(text, sizeof text, RUNOFSHOW_CUES_MAX + 1);
    expect_text_fault(text, "cues", "at most 500 cues");
    memset(text, ' ', sizeof text);
    memcpy(text, "{\"cues\":[]}", 11);
    text[RUNOFSHOW_DOCUMENT_MAX] = '\0';
    run = loaded(text);
    run_of_show_finish(&run);
    text[RUNOFSHOW_DOCUMENT_MAX] = ' ';
    expect_fault(text, RUNOFSHOW_DOCUMENT_MAX + 1, "", "at most 1048576 bytes, is 1048577");
}

static void deep_nesting_is_refused_without_going_deep(void **state)
{
    (void)state;
    static char text[400001];
    memset(text, '[', sizeof text - 1);
    expect_fault(text, sizeof text - 1, "", "depth");
    for (size_t i = 0; i + 5 < sizeof text; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    expect_fault(text, sizeof text - 1, "", "depth");
}

static void reading_stops_at_the_given_length(void **state)
{
    (void)state;
    struct load_fault fault;
    struct run_of_show run = {0};
    char *exact = malloc(11); /* no NUL behind it: the sanitizer sees a byte too far */
    assert_non_null(exact);
    memcpy(exact, "{\"cues\":[]}", 11);
    assert_int_equal(run_of_show_load(exact, 11, &run, &fault), RESULT_OK);
    free(exact);
}

/* ---- writing ---- */

static char *written(const struct run_of_show *run)
{
    struct bytes out = {0};
    size_t len;
    assert_int_equal(run_of_show_write(run, &out), RESULT_OK);
    return bytes_take(&out, &len);
}

static void expect_same_after_writing(const char *text)
{
    struct run_of_show first = loaded(text);
    char *once = written(&first);
    struct run_of_show second = loaded(once);
    char *twice = written(&second);
    assert_true(same_run(&first, &second));
    assert_string_equal(once, twice);
    free(once);
    free(twice);
    run_of_show_finish(&first);
    run_of_show_finish(&second);
}

static void what_is_written_loads_to_the_same(void **state)
{
    (void)state;
    expect_same_after_writing("{\"cues\":[]}");
    expect_same_after_writing(
        "{\"cues\":[{\"title\":\"\\\"\\\\\\u20ac\",\"id\":\"c\",\"slot\":1,\"sponsored\":false}]}");
    expect_same_after_writing("{\"cues\":[{\"id\":\"c\",\"title\":\"T\",\"card\":{\"must_say\":[\"x\"],\"notes\":\"\"},"
                              "\"price\":{\"currency\":\"EUR\",\"amount\":1e12}}]}");
}

static void what_is_absent_is_left_out_and_the_order_is_one(void **state)
{
    (void)state;
    struct run_of_show run =
        loaded("{ \"cues\": [ {\"viewer_text\":\"v\",\"planned_units\":0,\"sponsored\":false,\"card\":{\"say\":\" \"},"
               "\"price\":{\"currency\":\"EUR\",\"amount\":5.0},\"sku\":\"mug\",\"title\":\"T\",\"id\":\"c\"} ] }");
    char *text = written(&run);
    assert_string_equal(text, "{\"cues\":[{\"id\":\"c\",\"title\":\"T\",\"sku\":\"mug\","
                              "\"price\":{\"amount\":5,\"currency\":\"EUR\"},\"viewer_text\":\"v\"}]}");
    free(text);
    run_of_show_finish(&run);
}

static void writing_over_a_limit_says_so(void **state)
{
    (void)state;
    struct bytes out;
    struct run_of_show run = loaded("{\"cues\":[{\"id\":\"c\",\"title\":\"T\"}]}");
    bytes_init(&out, 20);
    bytes_text(&out, "before");
    assert_int_equal(run_of_show_write(&run, &out), RESULT_FULL);
    assert_string_equal(out.data, "before");
    bytes_finish(&out);
    run_of_show_finish(&run);
}

/* Cues as the loader never makes them, so large that their document is over the limit. */
static void a_run_too_large_for_a_document_is_not_written(void **state)
{
    (void)state;
    struct run_of_show run = {.cues = calloc(RUNOFSHOW_CUES_MAX, sizeof(struct cue)), .count = RUNOFSHOW_CUES_MAX};
    struct bytes out = {0};
    assert_non_null(run.cues);
    for (size_t i = 0; i < run.count; i++) {
        run.cues[i].title = strdup("T");
        run.cues[i].viewer_text = calloc(1, RUNOFSHOW_TEXT_MAX + 1000);
        assert_non_null(run.cues[i].viewer_text);
        memset(run.cues[i].viewer_text, 'x', RUNOFSHOW_TEXT_MAX + 200);
    }
    assert_int_equal(run_of_show_write(&run, &out), RESULT_FULL);
    assert_int_equal(out.len, 0);
    bytes_finish(&out);
    run_of_show_finish(&run);
}

static char *file_read(const char *path);

/* ---- without memory ---- */

static long allocations_left; /* of jansson; further ones fail */

static void *scarce_malloc(size_t size) { return allocations_left-- > 0 ? malloc(size) : NULL; }

/* Each allocation of the parser fails once. It may blame the text then, but not without a word. */
static void a_lack_of_memory_is_survived(void **state)
{
    (void)state;
    const char *text = "{\"cues\":[{\"id\":\"c\",\"title\":\"T\",\"sponsored\":true,\"slot\":1,\"price\":{\"amount\":5,"
                       "\"currency\":\"EUR\"},\"card\":{\"say\":\"s\",\"must_say\":[\"m\"]}}]}";
    enum result result = RESULT_NO_MEMORY;
    long failed = 0;
    json_set_alloc_funcs(scarce_malloc, free);
    for (; result != RESULT_OK; failed++) {
        struct run_of_show run = {0};
        struct load_fault fault = {{0}, {0}};
        allocations_left = failed;
        result = load(text, &run, &fault);
        assert_true(result != RESULT_MALFORMED || fault.detail[0] != '\0');
        assert_true(result == RESULT_OK || run.cues == NULL);
        run_of_show_finish(&run);
    }
    json_set_alloc_funcs(malloc, free);
    assert_true(failed > 20);
}

static void a_lack_of_memory_writes_nothing(void **state)
{
    (void)state;
    struct run_of_show run = loaded(file_read("scripts/examples/flash-sale.json"));
    enum result result = RESULT_NO_MEMORY;
    long failed = 0;
    json_set_alloc_funcs(scarce_malloc, free);
    for (; result == RESULT_NO_MEMORY; failed++) {
        struct bytes out = {0};
        allocations_left = failed;
        result = run_of_show_write(&run, &out);
        assert_true(result == RESULT_OK || out.len == 0);
        bytes_finish(&out);
    }
    json_set_alloc_funcs(malloc, free);
    assert_int_equal(result, RESULT_OK);
    assert_true(failed > 20);
    run_of_show_finish(&run);
}

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    static char text[RUNOFSHOW_DOCUMENT_MAX];
    if (file == NULL)
        fail_msg("%s is not there; tests run from the project root", path);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void the_sample_shows_load_complete(void **state)
{
    (void)state;
    static const char *const paths[] = {"scripts/examples/spring-drop.json", "scripts/examples/flash-sale.json"};
    static const size_t cues[] = {5, 1};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct run_of_show run = loaded(file_read(paths[i]));
        assert_int_equal(run.count, cues[i]);
        for (size_t c = 0; c < run.count; c++) {
            const struct cue *cue = &run.cues[c];
            assert_non_null(cue->card.say);
            assert_non_null(cue->card.notes);
            assert_non_null(cue->viewer_text);
            assert_true(cue->card.must_say_count > 0 && cue->card.must_not_say_count > 0);
            assert_true(cue->planned_units > 0 && cue->minutes > 0 && !ID_IS_NONE(cue->sku));
        }
        run_of_show_finish(&run);
        expect_same_after_writing(file_read(paths[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cue_needs_an_id_and_a_title_only),
        cmocka_unit_test(every_field_arrives),
        cmocka_unit_test(limits_are_reached_but_not_passed),
        cmocka_unit_test(documents_that_are_no_run_of_show_are_refused),
        cmocka_unit_test(faults_are_told_in_plain_ascii),
        cmocka_unit_test(what_every_cue_needs_is_asked_for),
        cmocka_unit_test(unknown_fields_are_named),
        cmocka_unit_test(ids_are_checked_and_unique),
        cmocka_unit_test(numbers_are_whole_and_in_range),
        cmocka_unit_test(currencies_flags_and_shapes_are_checked),
        cmocka_unit_test(texts_are_held_to_their_lengths),
        cmocka_unit_test(texts_are_texts_without_control_characters),
        cmocka_unit_test(blank_texts_count_as_none),
        cmocka_unit_test(a_show_has_its_largest_size),
        cmocka_unit_test(deep_nesting_is_refused_without_going_deep),
        cmocka_unit_test(reading_stops_at_the_given_length),
        cmocka_unit_test(what_is_written_loads_to_the_same),
        cmocka_unit_test(what_is_absent_is_left_out_and_the_order_is_one),
        cmocka_unit_test(writing_over_a_limit_says_so),
        cmocka_unit_test(a_run_too_large_for_a_document_is_not_written),
        cmocka_unit_test(a_lack_of_memory_is_survived),
        cmocka_unit_test(a_lack_of_memory_writes_nothing),
        cmocka_unit_test(the_sample_shows_load_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
