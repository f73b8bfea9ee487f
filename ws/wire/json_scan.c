#include "ws/wire/json_scan.h"

#include <string.h>

/* Index behind the text that begins with the quote at `at`; `len` when it does not end. */
static size_t text_skip(const char *data, size_t len, size_t at)
{
    for (at++; at < len; at++) {
        if (data[at] == '\\')
            at++;
        else if (data[at] == '"')
            return at + 1;
    }
    return len;
}

bool json_is_shallow(const char *data, size_t len, unsigned depth_max)
{
    unsigned depth = 0;
    for (size_t at = 0; at < len;) {
        char c = data[at];
        if (c == '"') {
            at = text_skip(data, len, at);
            continue;
        }
        if ((c == '{' || c == '[') && ++depth > depth_max)
            return false;
        if ((c == '}' || c == ']') && depth > 0)
            depth--;
        at++;
    }
    return true;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static size_t space_skip(const char *data, size_t len, size_t at)
{
    while (at < len && is_space(data[at]))
        at++;
    return at;
}

/* Index behind the value at `at`. */
static size_t value_skip(const char *data, size_t len, size_t at)
{
    unsigned depth = 0;
    while (at < len) {
        char c = data[at];
        if (c == '"') {
            at = text_skip(data, len, at);
            if (depth == 0)
                return at;
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']' || is_space(c)))
            return at;
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return at;
}

bool json_find_member(const char *data, size_t len, const char *name, const char **ret, size_t *ret_len)
{
    size_t name_len = strlen(name);
    size_t at = space_skip(data, len, 0);
    if (at == len || data[at] != '{')
        return false;
    at = space_skip(data, len, at + 1);
    while (at < len && data[at] == '"') {
        size_t key = at + 1;
        at = text_skip(data, len, at);
        bool found = at - key - 1 == name_len && memcmp(data + key, name, name_len) == 0;
        at = space_skip(data, len, space_skip(data, len, at) + 1); /* the colon */
        if (at >= len)
            return false;
        size_t end = value_skip(data, len, at);
        if (found) {
            *ret = data + at;
            *ret_len = end - at;
            return true;
        }
        at = space_skip(data, len, space_skip(data, len, end) + 1); /* the comma, or the end */
    }
    return false;
}
