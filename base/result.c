#include "base/result.h"

#include "base/must.h"

const char *result_name(enum result result)
{
    static const char *const names[] = {
        [RESULT_OK] = "ok",
        [RESULT_NO_MEMORY] = "no_memory",
        [RESULT_MALFORMED] = "malformed",
        [RESULT_NOT_FOUND] = "not_found",
        [RESULT_CONFLICT] = "conflict",
        [RESULT_UNAVAILABLE] = "unavailable",
        [RESULT_NO_ANSWER] = "no_answer",
        [RESULT_FULL] = "full",
        [RESULT_IO] = "io",
    };
    return (size_t)result < ARRAY_LEN(names) ? names[result] : "unknown";
}
