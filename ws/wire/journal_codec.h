/* ws/wire/journal_codec.h - entries of the estimate logs: one JSON object each, readable with redis-cli at 3 a.m. Whatever encodes
 * decodes to an equal entry; foreign bytes are RESULT_MALFORMED. Unknown fields are ignored, so that an older node can
 * read a newer one's entries of known kinds. Quantities of a spread are kept to a thousandth. Fuzzed. */
#ifndef LIVESHELF_WS_WIRE_JOURNAL_CODEC_H
#define LIVESHELF_WS_WIRE_JOURNAL_CODEC_H

#include "base/bytes.h"
#include "core/broadcast/journal.h"

MUST_USE enum result journal_encode(const struct journal *j, struct bytes *out);
MUST_USE enum result journal_decode(const char *data, size_t len, struct journal *ret); /* seq stays 0 */

#endif
