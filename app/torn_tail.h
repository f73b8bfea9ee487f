/* app/torn_tail.h - the end of an append-only file as a power cut leaves it, cut back to whole transactions before Redis reads it.
 *
 * Redis 7.0 (and Valkey 8) cut a torn file behind the last whole command. When that lies inside MULTI ... EXEC the transaction stays
 * open in the file: the next start but one carries out half of it, and may drop what was written and acknowledged behind it.
 * Other damage is left alone: Redis refuses it and says where. */
#ifndef LIVESHELF_APP_TORN_TAIL_H
#define LIVESHELF_APP_TORN_TAIL_H

#include <stdint.h>
#include <stdio.h>

#include "base/must.h"
#include "base/result.h"

/* Where the last whole command or transaction of an open file ends: at most its size, which it is when nothing is torn or when the
 * damage is of another kind. */
int64_t torn_tail_find(FILE *file);

/* Cuts the newest file of `folder`/appendonlydir, of which no Redis is running. *ret_bytes is what was cut off, 0 mostly. RESULT_OK also
 * where there is nothing yet; RESULT_IO with errno. */
MUST_USE enum result torn_tail_cut(const char *folder, int64_t *ret_bytes);

#endif
