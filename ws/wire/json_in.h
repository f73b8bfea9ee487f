/* ws/wire/json_in.h - JSON into structs by tables: each member of an object is one line that says its name, its kind, its
 * limits and where it goes. For the files of this module alone.
 *
 * The first thing wrong ends the reading and is named by its path, "lines[0].qty". */
#ifndef LIVESHELF_WS_WIRE_JSON_IN_H
#define LIVESHELF_WS_WIRE_JSON_IN_H

#include <jansson.h>

#include "ws/wire/command_decode.h"
#include "ws/wire/text_rule.h"

/* The largest whole number that every JSON reader, a browser's too, keeps exact. */
#define WHOLE_MAX INT64_C(9007199254740991)

enum json_source {
    FROM_SOCKET, /* unknown members are ignored, so that old and new understand each other */
    FROM_HTTP,   /* refused: a typo must not silently sell at a wrong price */
    FROM_LOG,    /* ignored; and text we let in once is not judged again */
};
struct json_in {
    enum json_source source;
    struct decode_fault *fault;
};

/* Where a value stands, as a chain on the stack: naming it costs nothing until it is wrong. */
struct place {
    const struct place *in; /* NULL: a member of the document itself */
    const char *member;     /* NULL: the element `index` of `in` */
    size_t index;
};

enum member_kind {
    MEMBER_ID,       /* char[ID_LEN_MAX + 1] */
    MEMBER_TEXT,     /* char[max + 1]; min..max bytes that obey `rule` */
    MEMBER_CURRENCY, /* char[4] */
    MEMBER_BOOL,
    MEMBER_U8, /* whole numbers, min..max */
    MEMBER_U32,
    MEMBER_I32,
    MEMBER_U64,
    MEMBER_I64,
    MEMBER_NAME,   /* an enum: the number whose name it is, 0..max */
    MEMBER_OBJECT, /* by `members`, whose offsets count from this member's */
    MEMBER_READ,   /* by `read` */
};
struct members {
    const struct member *list;
    size_t count;
};
struct member {
    const char *name;
    enum member_kind kind;
    bool required;
    enum text_rule rule;
    size_t offset;
    int64_t min, max;
    const char *(*name_of)(unsigned number);
    const struct members *members;
    enum result (*read)(struct json_in *in, const json_t *value, const struct place *at, void *to);
};

/* clang-format off */
#define MEMBER_OF(of, name_, kind_, field, required_, ...) \
    {.name = (name_), .kind = (kind_), .offset = offsetof(of, field), .required = (required_), __VA_ARGS__}
#define NEEDS(of, name_, kind_, field, ...) MEMBER_OF(of, name_, MEMBER_##kind_, field, true, __VA_ARGS__)
#define MAY(of, name_, kind_, field, ...) MEMBER_OF(of, name_, MEMBER_##kind_, field, false, __VA_ARGS__)
#define MEMBERS(array) {.list = (array), .count = ARRAY_LEN(array)}
/* clang-format on */

/* Parses what is at most WIRE_DEPTH_MAX deep. The caller gives the value back with json_decref. */
MUST_USE enum result json_parse(struct json_in *in, const char *data, size_t len, json_t **ret);
/* `at` NULL: the document itself. What is absent leaves its place in `to` untouched. */
MUST_USE enum result read_object(struct json_in *in, const json_t *value, const struct place *at,
                                 const struct members *members, void *to);
MUST_USE enum result read_member(struct json_in *in, const json_t *value, const struct place *at,
                                 const struct member *m, void *to);
/* Sets *ret to the size of the list. */
MUST_USE enum result read_list(struct json_in *in, const json_t *value, const struct place *at, size_t min, size_t max,
                               size_t *ret);

/* Always RESULT_MALFORMED, so that a reader ends with "return fault_at(...)". `at` NULL: the document itself. */
enum result fault_at(struct json_in *in, const struct place *at, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
