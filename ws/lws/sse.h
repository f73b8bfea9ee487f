/* ws/lws/sse.h - Server-Sent Events: the estimates of a broadcast for those who want no WebSocket. A stream follows the room's
 * stream ring like a conn follows its own; one that falls off it is told the whole. A message that is larger than the ring
 * makes all fall off it: each is told the whole instead, so that a large estimate costs no larger rings. Who comes back with
 * Last-Event-ID is told what lies behind it. */
#ifndef LIVESHELF_WS_LWS_SSE_H
#define LIVESHELF_WS_LWS_SSE_H

#include "ws/lws/channel.h"
#include "ws/lws/request.h"

struct room;

struct sse {
    struct outlet outlet;
    struct server *server;
    struct room *room;
};

void sse_start(struct request *r); /* becomes a stream; the request ends */
void sse_writable(struct sse *stream);
void sse_gone(struct http_conn *socket); /* again: nothing */
void sse_lapped(struct outlet *o);
/* One event, made in `scratch`; empty: no memory. */
struct span sse_block(struct bytes *scratch, const struct volumes_view *v, bool whole);

#endif
