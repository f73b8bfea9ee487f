/* app/ledger_file.h - an archive of ledger entries that is whole or not there.
 *
 * What is new is written to FILE.part, behind a copy of FILE when that exists, synced, and renamed over FILE: whoever reads FILE sees
 * the archive before or after, never in between, and a crash or a full disk leaves FILE as it was. One writer at a time. */
#ifndef LIVESHELF_APP_LEDGER_FILE_H
#define LIVESHELF_APP_LEDGER_FILE_H

#include <limits.h>
#include <stdio.h>

#include "app/fault.h"
#include "base/bytes.h"

struct ledger_file { /* zeroed memory is closed */
    char name[PATH_MAX], part[PATH_MAX];
    FILE *out;
    struct bytes first_line, last_line; /* of the FILE that is continued, with their newlines; empty: it is new */
};

/* RESULT_CONFLICT: another export writes it. RESULT_MALFORMED: FILE does not end with a whole line. RESULT_IO. */
MUST_USE enum result ledger_file_open(struct ledger_file *f, const char *name, struct fault *ret_fault);
MUST_USE enum result ledger_file_append(struct ledger_file *f, const struct bytes *lines, struct fault *ret_fault);
/* After it, and only then, is FILE on disk with all that was appended. */
MUST_USE enum result ledger_file_commit(struct ledger_file *f, struct fault *ret_fault);
void ledger_file_close(struct ledger_file *f); /* without commit: FILE stays as it was, FILE.part goes */

#endif
