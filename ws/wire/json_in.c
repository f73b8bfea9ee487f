#include "ws/wire/json_in.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ws/wire/json_scan.h"

/* ---- faults ---- */

static size_t place_write(const struct place *at, char *ret, size_t size)
{
    size_t len = at->in == NULL ? 0 : place_write(at->in, ret, size);
    if (len >= size)
        return len;
    int more = at->member == NULL ? snprintf(ret + len, size - len, "[%zu]", at->index)
                                  : snprintf(ret + len, size - len, "%s%s", len == 0 ? "" : ".", at->member);
    return len + (more < 0 ? 0 : (size_t)more);
}

/* A member's name is foreign text of any length: what fits is shown, up to the last whole character. */
static void field_write(struct decode_fault *fault, const struct place *at)
{
    fault->field[0] = '\0';
    if (at != NULL)
        place_write(at, fault->field, sizeof fault->field);
    size_t len = strlen(fault->field);
    while (!utf8_is_valid(fault->field, len))
        fault->field[--len] = '\0';
}

enum result fault_at(struct json_in *in, const struct place *at, const char *format, ...)
{
    struct decode_fault *fault = in->fault;
    fault->code = DECODE_BAD_REQUEST;
    field_write(fault, at);
    va_list args;
    va_start(args, format);
    vsnprintf(fault->detail, sizeof fault->detail, format, args);
    va_end(args);
    return RESULT_MALFORMED;
}

/* ---- the document ---- */

/* The parser's own words may quote the input; ours do not. */
static const char *parse_error_words(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return "the same field stands twice in one object";
    case json_error_invalid_utf8:
        return "is not UTF-8";
    case json_error_numeric_overflow:
        return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "text may not hold a NUL character";
    case json_error_end_of_input_expected:
        return "something follows the JSON";
    default:
        return "is not valid JSON";
    }
}

enum result json_parse(struct json_in *in, const char *data, size_t len, json_t **ret)
{
    if (!json_is_shallow(data, len, WIRE_DEPTH_MAX))
        return fault_at(in, NULL, "is nested more than %d deep", WIRE_DEPTH_MAX);
    if (len > 0 && memchr(data, '\0', len) != NULL) /* behind a number the parser would not notice */
        return fault_at(in, NULL, "text may not hold a NUL character");
    json_error_t error;
    /* All numbers as doubles: exact up to WHOLE_MAX, and one too large for an integer is then out of range like any
     * other, with its field named. */
    json_t *value = json_loadb(len == 0 ? "" : data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
    if (value == NULL && json_error_code(&error) == json_error_out_of_memory)
        return RESULT_NO_MEMORY;
    if (value == NULL)
        return fault_at(in, NULL, "line %d, column %d: %s", error.line, error.column, parse_error_words(&error));
    if (!json_is_object(value)) {
        json_decref(value);
        return fault_at(in, NULL, "must be a JSON object");
    }
    *ret = value;
    return RESULT_OK;
}

/* ---- kinds of values ---- */

static enum result read_id(struct json_in *in, const json_t *value, const struct place *at, char *to)
{
    if (!json_is_string(value) || id_parse(to, json_string_value(value), json_string_length(value)) != RESULT_OK)
        return fault_at(in, at, "must be 1 to %d characters out of A-Z a-z 0-9 . _ ~ -", ID_LEN_MAX);
    return RESULT_OK;
}

static enum result read_text(struct json_in *in, const json_t *value, const struct place *at, const struct member *m,
                             char *to)
{
    if (!json_is_string(value))
        return fault_at(in, at, "must be text");
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);
    if ((int64_t)len < m->min)
        return fault_at(in, at, m->min == 1 ? "must not be empty" : "is too short");
    if ((int64_t)len > m->max)
        return fault_at(in, at, "must be at most %lld bytes, is %zu", (long long)m->max, len);
    if (in->source != FROM_LOG && !text_obeys(m->rule, text, len))
        return fault_at(in, at, "must be %s", text_rule_words(m->rule));
    memcpy(to, text, len + 1);
    return RESULT_OK;
}

static enum result read_currency(struct json_in *in, const json_t *value, const struct place *at, char *to)
{
    if (!json_is_string(value) || !currency_is_valid(json_string_value(value), json_string_length(value)))
        return fault_at(in, at, "must be a currency of three capital letters, such as EUR");
    memcpy(to, json_string_value(value), 4);
    return RESULT_OK;
}

static enum result read_bool(struct json_in *in, const json_t *value, const struct place *at, bool *to)
{
    if (!json_is_boolean(value))
        return fault_at(in, at, "must be true or false");
    *to = json_is_true(value);
    return RESULT_OK;
}

static void whole_store(enum member_kind kind, int64_t number, void *to)
{
    if (kind == MEMBER_U8)
        *(uint8_t *)to = (uint8_t)number;
    else if (kind == MEMBER_U32)
        *(uint32_t *)to = (uint32_t)number;
    else if (kind == MEMBER_I32)
        *(int32_t *)to = (int32_t)number;
    else if (kind == MEMBER_U64)
        *(uint64_t *)to = (uint64_t)number;
    else
        *(int64_t *)to = number;
}

static enum result read_whole(struct json_in *in, const json_t *value, const struct place *at, const struct member *m,
                              void *to)
{
    double number = json_real_value(value); /* 0 when it is no number */
    bool fits = json_is_real(value) && number >= (double)m->min && number <= (double)m->max;
    if (!fits || (double)(int64_t)number != number)
        return fault_at(in, at, "must be a whole number from %lld to %lld", (long long)m->min, (long long)m->max);
    whole_store(m->kind, (int64_t)number, to);
    return RESULT_OK;
}

static enum result read_name(struct json_in *in, const json_t *value, const struct place *at, const struct member *m,
                             unsigned *to)
{
    char names[128] = "";
    const char *given = json_is_string(value) ? json_string_value(value) : "";
    for (unsigned i = 0; i <= (unsigned)m->max; i++) {
        if (strcmp(given, m->name_of(i)) == 0) {
            *to = i;
            return RESULT_OK;
        }
        size_t len = strlen(names);
        snprintf(names + len, sizeof names - len, "%s%s", i == 0 ? "" : ", ", m->name_of(i));
    }
    return fault_at(in, at, "must be one of: %s", names);
}

enum result read_member(struct json_in *in, const json_t *value, const struct place *at, const struct member *m,
                        void *to)
{
    switch (m->kind) {
    case MEMBER_ID:
        return read_id(in, value, at, to);
    case MEMBER_TEXT:
        return read_text(in, value, at, m, to);
    case MEMBER_CURRENCY:
        return read_currency(in, value, at, to);
    case MEMBER_BOOL:
        return read_bool(in, value, at, to);
    case MEMBER_U8:
    case MEMBER_U32:
    case MEMBER_I32:
    case MEMBER_U64:
    case MEMBER_I64:
        return read_whole(in, value, at, m, to);
    case MEMBER_NAME:
        return read_name(in, value, at, m, to);
    case MEMBER_OBJECT:
        return read_object(in, value, at, m->members, to);
    case MEMBER_READ:
        break;
    }
    return m->read(in, value, at, to);
}

/* ---- objects and lists ---- */

static bool is_known(const struct members *members, const char *name)
{
    for (size_t i = 0; i < members->count; i++)
        if (strcmp(members->list[i].name, name) == 0)
            return true;
    return false;
}

/* Before anything else: a misspelt name is better told as unknown than the right one as missing. */
static enum result unknown_refuse(struct json_in *in, const json_t *value, const struct place *at,
                                  const struct members *members)
{
    for (void *i = json_object_iter((json_t *)value); i != NULL; i = json_object_iter_next((json_t *)value, i)) {
        struct place here = {.in = at, .member = json_object_iter_key(i)};
        if (!is_known(members, here.member))
            return fault_at(in, &here, "is not a known field");
    }
    return RESULT_OK;
}

enum result read_object(struct json_in *in, const json_t *value, const struct place *at, const struct members *members,
                        void *to)
{
    if (!json_is_object(value))
        return fault_at(in, at, "must be an object");
    enum result result = in->source == FROM_HTTP ? unknown_refuse(in, value, at, members) : RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < members->count; i++) {
        const struct member *m = &members->list[i];
        struct place here = {.in = at, .member = m->name};
        const json_t *found = json_object_get(value, m->name);
        if (found != NULL)
            result = read_member(in, found, &here, m, (char *)to + m->offset);
        else if (m->required)
            result = fault_at(in, &here, "is missing");
    }
    return result;
}

enum result read_list(struct json_in *in, const json_t *value, const struct place *at, size_t min, size_t max,
                      size_t *ret)
{
    size_t count = json_array_size(value);
    if (!json_is_array(value) || count < min || count > max)
        return fault_at(in, at, "must be a list of %zu to %zu", min, max);
    *ret = count;
    return RESULT_OK;
}
