/* app/ledger_export.h - `liveshelf ledger export`: a shop's ledger as JSON Lines. */
#ifndef LIVESHELF_APP_LEDGER_EXPORT_H
#define LIVESHELF_APP_LEDGER_EXPORT_H

#include "app/fault.h"
#include "inventory/redis/archive.h"

struct ledger_export {
    const char *after; /* NULL: behind the last entry of `out`, or from the first; "acknowledged"; an id */
    const char *out;   /* NULL: standard output */
    bool acknowledges; /* only with `out` */
};
/* Says on standard output what it did (with `out`). RESULT_MALFORMED: asked wrongly. RESULT_CONFLICT: refused, as *ret_fault says, and nothing changed.
 * RESULT_IO; RESULT_UNAVAILABLE, RESULT_NOT_FOUND: Redis, or the ledger. */
MUST_USE enum result ledger_export(struct archive *a, const struct ledger_export *export, struct fault *ret_fault);

#endif
