#include "scripts/load/load_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names and parser messages may quote the document: what is not plain ASCII, or was cut in the middle of a character,
 * must not reach an answer or a terminal. */
static void make_plain(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

/* Appends the place to `path`, outermost level first. */
static void place_write(const struct place *at, char *path, size_t size)
{
    if (at->in != NULL)
        place_write(at->in, path, size);
    size_t len = strlen(path);
    if (at->member == NULL)
        snprintf(path + len, size - len, "[%zu]", at->index);
    else
        snprintf(path + len, size - len, "%s%s", len == 0 ? "" : ".", at->member);
}

enum result load_fault_at(struct load_fault *ret, const struct place *at, const char *format, ...)
{
    va_list args;
    *ret = (struct load_fault){0};
    place_write(at, ret->field, sizeof ret->field);
    make_plain(ret->field);
    va_start(args, format);
    vsnprintf(ret->detail, sizeof ret->detail, format, args);
    va_end(args);
    make_plain(ret->detail);
    return RESULT_MALFORMED;
}

enum result fault_of_document(struct load_fault *ret, const char *format, ...)
{
    va_list args;
    *ret = (struct load_fault){0};
    va_start(args, format);
    vsnprintf(ret->detail, sizeof ret->detail, format, args);
    va_end(args);
    make_plain(ret->detail);
    return RESULT_MALFORMED;
}
