/* ws/lws/frame.h - WebSocket frames as a server sends them: final, unmasked (RFC 6455, 5.2). Pure. */
#ifndef LIVESHELF_WS_LWS_FRAME_H
#define LIVESHELF_WS_LWS_FRAME_H

#include "base/bytes.h"

#define FRAME_HEAD_MAX 10

enum frame_kind { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9, FRAME_PONG = 10 };

struct span {
    const char *data;
    size_t len;
};

/* Build a frame in place: frame_begin, append the payload to `b`, frame_seal. The span lies in `b`; it is empty when an
 * append failed. */
void frame_begin(struct bytes *b);
struct span frame_seal(struct bytes *b, enum frame_kind kind);

/* How many bytes the frame that starts at `frame` has in all; its head must be there whole. */
uint64_t frame_size(const char *frame);
/* `from` starts a frame; `sent` > 0 bytes from there are gone out. Returns how many bytes from `from` end the frame in
 * which the cut lies: `sent` itself when it lies between two frames. */
uint64_t frame_whole(const char *from, uint64_t sent);
/* How many frames lie in `len` bytes, which end with one. */
uint64_t frame_count(const char *from, uint64_t len);

/* The same for Server-Sent Events, which end with an empty line: how many bytes from `from` end the event in which the cut lies.
 * `len` bytes are there, the last of them ends one. */
uint64_t event_whole(const char *from, uint64_t len, uint64_t sent);

#endif
