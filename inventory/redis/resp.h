/* inventory/redis/resp.h - commands as bytes in Redis's own format, so that the very same bytes can be sent again. */
#ifndef LIVESHELF_INVENTORY_REDIS_RESP_H
#define LIVESHELF_INVENTORY_REDIS_RESP_H

#include "base/bytes.h"

void resp_begin(struct bytes *out, size_t words); /* a command of so many words, which must follow */
void resp_word(struct bytes *out, const char *text);
void resp_data(struct bytes *out, const void *data, size_t len);
void resp_number(struct bytes *out, int64_t number);
/* A whole command of short words: resp_command(out, "CONFIG", "GET", "appendonly", NULL). */
void resp_command(struct bytes *out, ...) __attribute__((sentinel));

#endif
