#include "tests/unit/ws/wire/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 65536

const char *field_message(const struct field_case *f, const char *value)
{
    static char text[MESSAGE_MAX], message[MESSAGE_MAX];
    if (value[0] == '@') {
        size_t len = (size_t)strtoul(value + 1, NULL, 10);
        MUST(len + 3 < sizeof text);
        memset(text, 'a', len + 2);
        text[0] = text[len + 1] = '"';
        text[len + 2] = '\0';
        value = text;
    }
    const char *hole = strstr(f->message, "%s");
    MUST(hole != NULL);
    int len = snprintf(message, sizeof message, "%.*s%s%s", (int)(hole - f->message), f->message, value, hole + 2);
    MUST(len > 0 && (size_t)len < sizeof message);
    return message;
}
