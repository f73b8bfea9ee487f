/* app/recording_export.h - `liveshelf ledger export --recording B`: a broadcast as the estimator heard it, in app/recording.h's lines. */
#ifndef LIVESHELF_APP_RECORDING_EXPORT_H
#define LIVESHELF_APP_RECORDING_EXPORT_H

#include "app/fault.h"
#include "inventory/redis/archive.h"

/* `out` NULL: standard output; otherwise that file is written whole, or stays as it was. RESULT_MALFORMED: not an id; RESULT_NOT_FOUND: no
 * estimates were made of such a broadcast; RESULT_CONFLICT: its logs cannot be read; RESULT_IO; RESULT_UNAVAILABLE. */
MUST_USE enum result recording_export(struct archive *a, const char *broadcast, const char *out,
                                      struct fault *ret_fault);

#endif
