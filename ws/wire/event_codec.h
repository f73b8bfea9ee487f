/* ws/wire/event_codec.h - events as entries of the log: one JSON object each, readable with redis-cli at 3 a.m.
 * Whatever encodes decodes to an equal event; foreign bytes are RESULT_MALFORMED. Unknown fields are ignored, so that an
 * older node can read a newer one's events of known kinds. Fuzzed. */
#ifndef LIVESHELF_WS_WIRE_EVENT_CODEC_H
#define LIVESHELF_WS_WIRE_EVENT_CODEC_H

#include "core/broadcast/event.h"
#include "base/bytes.h"

MUST_USE enum result event_encode(const struct event *e, struct bytes *out);
MUST_USE enum result event_decode(const char *data, size_t len, struct event *ret); /* seq stays 0 */

#endif
