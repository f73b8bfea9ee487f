/* base/result.h - did we get an answer at all. What the answer was is an answer enum of the module
 * that gave it: "sold out" is an answer, never a result. */
#ifndef LIVESHELF_BASE_RESULT_H
#define LIVESHELF_BASE_RESULT_H

enum result {
    RESULT_OK,
    RESULT_NO_MEMORY,   /* nothing was done */
    RESULT_MALFORMED,   /* input breaks its format or a limit; nothing was done */
    RESULT_NOT_FOUND,   /* the thing named does not exist */
    RESULT_CONFLICT,    /* somebody moved first: catch up, decide again */
    RESULT_UNAVAILABLE, /* never asked: certainly did not happen */
    RESULT_NO_ANSWER,   /* asked, silence: it may have happened; ask again under the same id */
    RESULT_FULL,        /* a named limit was reached */
    RESULT_IO,          /* the operating system refused; errno tells why */
};

/* "ok", "no_memory", ... for logs; never NULL. */
const char *result_name(enum result result);

#endif
