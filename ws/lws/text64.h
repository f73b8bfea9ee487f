/* ws/lws/text64.h - base64url without padding (RFC 4648, section 5). Pure. */
#ifndef LIVESHELF_WS_LWS_TEXT64_H
#define LIVESHELF_WS_LWS_TEXT64_H

#include <stddef.h>

#include "base/must.h"
#include "base/result.h"

#define TEXT64_LEN(bytes) (((bytes)*8 + 5) / 6)

/* Writes TEXT64_LEN(len) characters and a NUL. */
void text64_encode(const unsigned char *data, size_t len, char *ret);
/* RESULT_MALFORMED: another alphabet, or more than `max` bytes. */
MUST_USE enum result text64_decode(const char *text, size_t len, unsigned char *ret, size_t max, size_t *ret_len);

#endif
