/* ws/lws/ring_log.h - the shared log of framed bytes of one broadcast and one kind of audience.
 *
 * Bytes are appended once and sent to everybody from here; nobody owns a copy. Offsets are absolute and only grow. The
 * memory is mapped twice, one map behind the other, so that up to `capacity` bytes from any offset are contiguous.
 * What lies more than `capacity` behind the head is gone. Events are found again by their seq; values have none.
 * Loop thread only. */
#ifndef LIVESHELF_WS_LWS_RING_LOG_H
#define LIVESHELF_WS_LWS_RING_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

struct ring_log {
    char *bytes;
    uint64_t capacity; /* power of two */
    uint64_t head;     /* offset behind the last byte */
    uint64_t *behind;  /* by seq: the offset right behind its frame */
    uint64_t behind_mask;
    uint64_t first_seq, last_seq; /* indexed now, without gaps; 0: none */
};

MUST_USE enum result ring_log_init(struct ring_log *r, size_t capacity); /* rounded up; RESULT_NO_MEMORY, RESULT_IO */
void ring_log_finish(struct ring_log *r);                                /* zeroed memory is fine */

/* Appends one whole frame. A frame larger than the ring breaks it (see ring_log_break): everyone gets a snapshot. */
void ring_log_append(struct ring_log *r, const char *frame, size_t len);
void ring_log_append_event(struct ring_log *r, uint64_t seq, const char *frame, size_t len);
/* All that was appended is gone: every cursor has fallen off, no seq can be resumed. */
void ring_log_break(struct ring_log *r);

static inline bool ring_log_holds(const struct ring_log *r, uint64_t offset)
{
    return offset <= r->head && r->head - offset <= r->capacity;
}
static inline char *ring_log_at(const struct ring_log *r, uint64_t offset)
{
    return r->bytes + (offset & (r->capacity - 1));
}
/* Where one who has seen everything up to `seq` goes on; false when that is gone, or was never here. */
bool ring_log_behind(const struct ring_log *r, uint64_t seq, uint64_t *ret_offset);

#endif
