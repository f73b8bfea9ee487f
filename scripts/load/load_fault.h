/* scripts/load/load_fault.h - where in a document something is wrong; for the files of this module alone.
 *
 * A place is a chain of structs on the stack, one per level, so that naming it costs nothing until it is wrong. */
#ifndef LIVESHELF_SCRIPTS_LOAD_LOAD_FAULT_H
#define LIVESHELF_SCRIPTS_LOAD_LOAD_FAULT_H

#include "scripts/load/runofshow_load.h"

struct place {
    const struct place *in; /* NULL: a member of the document itself */
    const char *member;     /* NULL: the element `index` of `in` */
    size_t index;
};

/* Both return RESULT_MALFORMED, so that a reader ends with "return load_fault_at(...)". */
enum result load_fault_at(struct load_fault *ret, const struct place *at, const char *format, ...) PRINTF_LIKE(3, 4);
enum result fault_of_document(struct load_fault *ret, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
