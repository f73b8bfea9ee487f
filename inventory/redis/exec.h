/* inventory/redis/exec.h - stock requests as a call of ls_exec; inventory.lua says what it looks like. Its answer: reply.h. */
#ifndef LIVESHELF_INVENTORY_REDIS_EXEC_H
#define LIVESHELF_INVENTORY_REDIS_EXEC_H

#include "base/bytes.h"
#include "core/ports/inventory.h"

/* Appends the command. `head` is its beginning: FCALL, the function, the keys; `now_ms` the time to go by, 0: Redis's own;
 * at most BATCH_MAX requests. `text` is room to write in. */
void exec_write(struct bytes *out, const struct bytes *head, struct bytes *text, int64_t now_ms,
                struct inventory_request *const *requests, size_t count);

#endif
