/* base/bytes.h - a growable byte buffer with a limit. After a failed append `failed` is set, the
 * contents are unchanged and further appends do nothing: build first, check once at the end.
 * Zeroed memory is an empty buffer with limit BYTES_LIMIT_DEFAULT. */
#ifndef LIVESHELF_BASE_BYTES_H
#define LIVESHELF_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define BYTES_LIMIT_DEFAULT (64u << 20)

struct bytes {
    char *data; /* always NUL-terminated once non-NULL; the NUL is not counted */
    size_t len;
    size_t capacity;
    size_t limit; /* 0 = BYTES_LIMIT_DEFAULT */
    bool failed;  /* no memory, or over the limit */
};

void bytes_init(struct bytes *b, size_t limit);
void bytes_finish(struct bytes *b); /* frees; zeroes */
void bytes_clear(struct bytes *b);  /* empties, keeps memory, clears `failed` */
void bytes_append(struct bytes *b, const void *data, size_t len);
void bytes_text(struct bytes *b, const char *text);
void bytes_format(struct bytes *b, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_USE enum result bytes_result(const struct bytes *b); /* RESULT_OK, or RESULT_FULL when `failed` */
/* Moves the memory out, leaving an empty buffer; the caller frees it with free(). NULL, and nothing moved, when
 * `failed` is set. An empty buffer yields "". */
char *bytes_take(struct bytes *b, size_t *ret_len);

#endif
