/* tests/unit/ws/wire/fields.h - every member of a message, with what it may be and what it may not. */
#ifndef LIVESHELF_TESTS_UNIT_WS_WIRE_FIELDS_H
#define LIVESHELF_TESTS_UNIT_WS_WIRE_FIELDS_H

#include "ws/wire/command_decode.h"

#define FIELD_VALUES_MAX 16
struct field_case {
    const char *message;                                        /* JSON in which %s stands for the value */
    const char *field;                                          /* how a refusal names it */
    const char *good[FIELD_VALUES_MAX], *bad[FIELD_VALUES_MAX]; /* JSON; "@12" is a text of 12 letters a */
};

/* Values that are wrong for every member of a kind. */
#define BAD_ID "\"\"", "\"a b\"", "\"a/b\"", "\"\\u00e9\"", "\"a\\u0000\"", "@64", "1", "true", "null", "[]", "{}"
#define BAD_TEXT "1", "true", "null", "[]", "{}", "\"a\\u0000\""
#define BAD_BOOL "0", "1", "\"true\"", "null", "[]", "{}"
#define BAD_WHOLE "1.5", "\"1\"", "true", "null", "[]", "{}", "-0.5", "1e300", "99999999999999999999"
#define BAD_CURRENCY "\"eur\"", "\"EU\"", "\"EURO\"", "\"E R\"", "\"\"", "978", "null"

/* The message with the value in place; static, good until the next call. */
const char *field_message(const struct field_case *f, const char *value);

#endif
