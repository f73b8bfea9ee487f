/* The examples of docs/protocol are inputs: what they call a command is one, what they call bad is refused with that field, and
 * what they show is written byte for byte, but for the white space between. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ws/wire/written.h"
#include "ws/wire/command_decode.h"

#define EXAMPLES "docs/protocol/examples/"
#define PATH_LEN_MAX 511

static char *file_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is not there", path);
    struct bytes b = {0};
    char chunk[4096];
    for (size_t len = fread(chunk, 1, sizeof chunk, file); len > 0; len = fread(chunk, 1, sizeof chunk, file))
        bytes_append(&b, chunk, len);
    fclose(file);
    return bytes_take(&b, ret_len);
}

/* Runs `check` on every file of a folder; there must be some. */
static void each_example(const char *folder, void (*check)(const char *path, const char *name, json_t *example))
{
    char path[PATH_LEN_MAX + 1];
    snprintf(path, sizeof path, EXAMPLES "%s", folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    size_t checked = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (entry->d_name[0] == '.')
            continue;
        json_error_t error;
        snprintf(path, sizeof path, EXAMPLES "%s/%s", folder, entry->d_name);
        json_t *example = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
        if (example == NULL)
            fail_msg("%s: line %d: %s", path, error.line, error.text);
        check(path, entry->d_name, example);
        json_decref(example);
        checked++;
    }
    closedir(dir);
    assert_true(checked > 0);
}

static const char *text_of(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* Up to the first '~' or ".json": a name may tell variants of one message. */
static void expect_named(const char *path, const char *file, const char *type)
{
    size_t len = strcspn(file, "~");
    if (file[len] == '\0')
        len -= strlen(".json");
    if (type == NULL || strlen(type) != len || strncmp(file, type, len) != 0)
        fail_msg("%s is an example of %s", path, type == NULL ? "nothing" : type);
}

/* ---- commands ---- */

static void check_command(const char *path, const char *file, json_t *example)
{
    size_t len = 0;
    char *text = file_read(path, &len);
    struct command c;
    struct decode_fault fault;
    if (command_decode(text, len, &c, &fault) != RESULT_OK)
        fail_msg("%s is refused: %s %s", path, fault.field, fault.detail);
    assert_true(command_is_valid(&c));
    expect_named(path, file, text_of(example, "t"));
    assert_string_equal(command_kind_name(c.kind), text_of(example, "t"));
    command_finish(&c);
    free(text);
}

static void commands_are_commands(void **state)
{
    (void)state;
    each_example("commands", check_command);
}

/* ---- requests ---- */

/* A body that is text is sent as it is, anything else as JSON. */
static enum result request_try(json_t *request, struct command *c, struct decode_fault *fault)
{
    json_t *body = json_object_get(request, "body");
    char *text = body == NULL           ? strdup("")
                 : json_is_string(body) ? strdup(json_string_value(body))
                                        : json_dumps(body, 0);
    struct http_request_view view = {.method = text_of(request, "method"),
                                     .path = text_of(request, "path"),
                                     .query = text_of(request, "query"),
                                     .content_type = text_of(request, "content_type"),
                                     .body = text,
                                     .body_len = strlen(text)};
    enum result result = request_decode(&view, c, fault);
    free(text);
    return result;
}

static void expect_id(const char *path, json_t *expect, const char *name, const char *is)
{
    const char *want = text_of(expect, name);
    if (strcmp(want == NULL ? "" : want, is) != 0)
        fail_msg("%s: %s is \"%s\"", path, name, is);
}

static void check_request(const char *path, const char *file, json_t *example)
{
    struct command c;
    struct decode_fault fault;
    json_t *expect = json_object_get(example, "expect");
    if (request_try(example, &c, &fault) != RESULT_OK)
        fail_msg("%s is refused: %s %s", path, fault.field, fault.detail);
    assert_true(command_is_valid(&c));
    assert_string_equal(c.id, "");
    expect_named(path, file, text_of(expect, "command"));
    assert_string_equal(command_kind_name(c.kind), text_of(expect, "command"));
    expect_id(path, expect, "broadcast", c.broadcast.text);
    expect_id(path, expect, "sku", c.sku.text);
    expect_id(path, expect, "hold", c.hold.text);
    assert_int_equal(c.products_count, json_integer_value(json_object_get(expect, "products")));
    assert_int_equal(c.form != FORM_JSON, strstr(text_of(example, "path"), ".csv") != NULL);
    command_finish(&c);
}

static void requests_are_requests(void **state)
{
    (void)state;
    each_example("requests", check_request);
}

/* ---- what is refused ---- */

static enum result bad_try(json_t *example, struct command *c, struct decode_fault *fault)
{
    json_t *input = json_object_get(example, "input");
    if (input == NULL)
        return request_try(json_object_get(example, "request"), c, fault);
    char *text = json_is_string(input) ? strdup(json_string_value(input)) : json_dumps(input, 0);
    enum result result = command_decode(text, strlen(text), c, fault);
    free(text);
    return result;
}

static void check_bad(const char *path, const char *file, json_t *example)
{
    (void)file;
    static const char *const codes[] = {
        [DECODE_BAD_REQUEST] = "bad_request",
        [DECODE_TOO_LARGE] = "too_large",
        [DECODE_NOT_FOUND] = "not_found",
        [DECODE_METHOD] = "method",
    };
    struct command c;
    struct decode_fault fault;
    const char *code = text_of(example, "code");
    if (bad_try(example, &c, &fault) != RESULT_MALFORMED)
        fail_msg("%s is let in", path);
    if (strcmp(fault.field, text_of(example, "field")) != 0)
        fail_msg("%s: names \"%s\": %s", path, fault.field, fault.detail);
    assert_string_equal(codes[fault.code], code == NULL ? "bad_request" : code);
    assert_string_not_equal(fault.detail, "");
}

static void bad_ones_are_refused_by_field(void **state)
{
    (void)state;
    each_example("bad", check_bad);
}

/* ---- what is written ---- */

/* Drops the white space outside of texts, in place. */
static void squeeze(char *json)
{
    char *to = json;
    bool quoted = false;
    for (const char *at = json; *at != '\0'; at++) {
        if (*at == '"' && (at == json || at[-1] != '\\'))
            quoted = !quoted;
        if (quoted || strchr(" \n", *at) == NULL)
            *to++ = *at;
    }
    *to = '\0';
}

static void examples_are_what_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < written_count; i++) {
        char path[PATH_LEN_MAX + 1];
        snprintf(path, sizeof path, EXAMPLES "%s.json", written[i].name);
        size_t len = 0;
        char *example = file_read(path, &len);
        struct bytes out = {0};
        struct sample s;
        int status = written[i].status;
        sample_init(&s);
        written[i].write(&out, &s, &status);
        assert_int_equal(bytes_result(&out), RESULT_OK);
        squeeze(example);
        if (strcmp(example, out.data) != 0)
            fail_msg("%s is not what is written:\n%s", path, out.data);
        assert_int_equal(status, written[i].status);
        sample_finish(&s);
        bytes_finish(&out);
        free(example);
    }
}

static void check_known(const char *path, const char *file, json_t *example)
{
    for (size_t i = 0; i < written_count; i++) {
        const char *name = strchr(written[i].name, '/') + 1;
        if (strncmp(name, file, strlen(name)) == 0 && strcmp(file + strlen(name), ".json") == 0) {
            if (strncmp(written[i].name, "messages/", strlen("messages/")) == 0)
                expect_named(path, file, text_of(example, "t"));
            return;
        }
    }
    fail_msg("%s is written by nothing", path);
}

static void nothing_else_is_shown(void **state)
{
    (void)state;
    each_example("messages", check_known);
    each_example("responses", check_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_commands),         cmocka_unit_test(requests_are_requests),
        cmocka_unit_test(bad_ones_are_refused_by_field), cmocka_unit_test(examples_are_what_is_written),
        cmocka_unit_test(nothing_else_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
