#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_CAPACITY_MIN 64u

/* `capacity` counts usable bytes; the allocation is one longer, for the NUL. */

void bytes_init(struct bytes *b, size_t limit)
{
    MUST(limit < SIZE_MAX / 2); /* so that neither doubling nor the NUL can overflow */
    *b = (struct bytes){.limit = limit};
}

void bytes_finish(struct bytes *b)
{
    if (b == NULL)
        return;
    free(b->data);
    *b = (struct bytes){0};
}

void bytes_clear(struct bytes *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

static size_t bytes_limit(const struct bytes *b) { return b->limit == 0 ? BYTES_LIMIT_DEFAULT : b->limit; }

/* Makes room for `more` bytes behind the contents; false, with `failed` set, when there is none to be had. */
static bool bytes_reserve(struct bytes *b, size_t more)
{
    size_t limit = bytes_limit(b);
    if (b->failed || more > limit - b->len) {
        b->failed = true;
        return false;
    }
    if (b->data != NULL && more <= b->capacity - b->len)
        return true;
    size_t capacity = b->capacity < BYTES_CAPACITY_MIN ? BYTES_CAPACITY_MIN : b->capacity;
    while (capacity < b->len + more)
        capacity *= 2;
    if (capacity > limit)
        capacity = limit;
    char *data = realloc(b->data, capacity + 1);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    b->data[b->len] = '\0';
    return true;
}

void bytes_append(struct bytes *b, const void *data, size_t len)
{
    if (len == 0 || !bytes_reserve(b, len))
        return;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void bytes_text(struct bytes *b, const char *text) { bytes_append(b, text, strlen(text)); }

/* Formats into the room there is. What is returned and not smaller than the room did not fit. */
static int bytes_try_format(struct bytes *b, const char *format, va_list args) PRINTF_LIKE(2, 0);
static int bytes_try_format(struct bytes *b, const char *format, va_list args)
{
    size_t room = b->data == NULL ? 0 : b->capacity - b->len + 1;
    int len = vsnprintf(room == 0 ? NULL : b->data + b->len, room, format, args);
    if (len >= 0 && (size_t)len < room)
        b->len += (size_t)len;
    else if (room > 0)
        b->data[b->len] = '\0'; /* takes back the part that fitted */
    return len;
}

void bytes_format(struct bytes *b, const char *format, ...)
{
    if (b->failed)
        return;
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    size_t len_before = b->len;
    int len = bytes_try_format(b, format, args);
    if (len < 0)
        b->failed = true;
    else if (b->len - len_before != (size_t)len && bytes_reserve(b, (size_t)len))
        bytes_try_format(b, format, again);
    va_end(again);
    va_end(args);
}

enum result bytes_result(const struct bytes *b) { return b->failed ? RESULT_FULL : RESULT_OK; }

char *bytes_take(struct bytes *b, size_t *ret_len)
{
    /* An empty buffer may own no memory yet, and the caller is promised a text to free. */
    if (b->failed || !bytes_reserve(b, 0))
        return NULL;
    char *data = b->data;
    *ret_len = b->len;
    bytes_init(b, b->limit);
    return data;
}
