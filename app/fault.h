/* app/fault.h - why a command cannot go on, in words for the person who started it. */
#ifndef LIVESHELF_APP_FAULT_H
#define LIVESHELF_APP_FAULT_H

#include "base/must.h"
#include "base/result.h"

struct fault {
    char text[1024]; /* a sentence or two, without newline */
};

/* Writes the text and returns `result`, never RESULT_OK, so that a caller fails in one line. */
enum result fault_set(struct fault *f, enum result result, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
