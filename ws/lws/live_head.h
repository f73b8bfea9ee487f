/* ws/lws/live_head.h - is this a whole request for a broadcast's socket, and nothing else? Asked before libwebsockets is given
 * the socket, so that those who must wait cost little. Whatever is unusual is LIVE_HEAD_OTHER, and libwebsockets' business. Pure. */
#ifndef LIVESHELF_WS_LWS_LIVE_HEAD_H
#define LIVESHELF_WS_LWS_LIVE_HEAD_H

#include <stddef.h>

#include "ws/lws/guard.h"

#define LIVE_HEAD_BYTES_MAX 2048 /* a longer one is OTHER */
#define LIVE_HEAD_FORWARDED_MAX 255

enum live_head_kind {
    LIVE_HEAD_OTHER,
    LIVE_HEAD_UPGRADE,  /* GET /v1/broadcasts/{id}/live with `Upgrade: websocket` */
    LIVE_HEAD_QUESTION, /* the same without Upgrade and Authorization: may I come in? */
};
struct live_head {
    enum live_head_kind kind;
    char origin[ORIGIN_LEN_MAX + 1];                 /* "": none */
    char forwarded_for[LIVE_HEAD_FORWARDED_MAX + 1]; /* "": none */
};
/* `data` is what has arrived so far. The head must end with it: not cut off, nothing behind it, no query. */
void live_head_read(const char *data, size_t len, struct live_head *ret);

#endif
