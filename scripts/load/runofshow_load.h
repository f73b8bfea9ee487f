/* scripts/load/runofshow_load.h - a document (JSON) to a valid run of show and back. */
#ifndef LIVESHELF_SCRIPTS_LOAD_RUNOFSHOW_LOAD_H
#define LIVESHELF_SCRIPTS_LOAD_RUNOFSHOW_LOAD_H

#include "base/bytes.h"
#include "scripts/rules/runofshow.h"

#define RUNOFSHOW_DOCUMENT_MAX (1u << 20) /* bytes */
struct load_fault {
    char field[96];   /* "cues[3].price.amount"; "" for the document as a whole */
    char detail[200]; /* plain words: "must be a whole number from 0 to 1000000000000" */
};
/* `data` is {"cues":[...]} as in docs/protocol/wire.md. Unknown fields are refused with the field named, as are cues
 * with one id; a blank text where one is optional counts as none. On RESULT_MALFORMED *ret_fault says what is wrong
 * first in the document, and where; RESULT_NO_MEMORY leaves it alone (the parser may
 * call a lack of memory a fault of the text; either way nothing was done). On RESULT_OK the caller finishes *ret. */
MUST_USE enum result run_of_show_load(const char *data, size_t len, struct run_of_show *ret,
                                      struct load_fault *ret_fault);
/* Appends the normalised document, what is absent left out: loading it again gives the same run of show. RESULT_FULL, and
 * *out unchanged, when it would be over RUNOFSHOW_DOCUMENT_MAX or the limit of `out`; RESULT_NO_MEMORY. */
MUST_USE enum result run_of_show_write(const struct run_of_show *r, struct bytes *out);

#endif
