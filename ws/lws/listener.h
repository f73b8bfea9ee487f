/* ws/lws/listener.h - our own listening sockets, in front of libwebsockets.
 *
 * Every worker has its own, on the same port (SO_REUSEPORT: the kernel spreads). Sockets are accepted when their first bytes
 * are there (until then they are the kernel's, for handshake_timeout_ms or so), at a limited rate, a few per turn, and watched
 * until their first request's headers are complete: one that never gets there is cut, and when too many are on the way the
 * oldest makes room. When not all may come in (door.h), whoever asks for a broadcast's socket and must wait is told so
 * here, before libwebsockets has seen the socket: that takes a third of the system calls that it takes through libwebsockets.
 * Loop thread only. */
#ifndef LIVESHELF_WS_LWS_LISTENER_H
#define LIVESHELF_WS_LWS_LISTENER_H

#include <uv.h>

#include "base/list.h"
#include "base/pool.h"
#include "ws/lws/channel.h"

struct door;
struct lws_vhost;

#define LISTENERS_MAX 8

struct handshake { /* a socket whose first request is not complete */
    struct list link;
    struct listener *listener;
    struct lws *wsi;
    int64_t since_ms;
};

struct listener {
    struct lws_vhost *vhost;
    const struct door *door;
    struct outlets *outlets; /* time and nudges */
    uv_loop_t *loop;
    struct listener_socket {
        uv_poll_t poll;
        struct listener *listener;
        int fd;
    } * sockets[LISTENERS_MAX]; /* each freed by its uv_close */
    size_t sockets_count;
    uint16_t port; /* of the first */
    bool polling;
    int64_t tokens; /* sockets that may be accepted now */
    int64_t tokens_at_ms;
    int64_t warned_at_ms; /* that descriptors are used up */
    struct pool handshakes;
    uint32_t adopted; /* sockets that lws has: whatever became of them */
    struct list oldest_first;
};

struct listener_fault {
    char text[256];
};

MUST_USE enum result listener_init(struct listener *l, uv_loop_t *loop, struct outlets *outlets);
/* "127.0.0.1:8080", "[::]:8080", "localhost:0", ":8080" (all addresses). With port 0 the system chooses, and later addresses
 * with port 0 get the same. */
MUST_USE enum result listener_bind(struct listener *l, const char *address, struct listener_fault *ret_fault);
MUST_USE enum result listener_inherit(struct listener *l, int fd); /* takes a bound socket; listens on it */
void listener_start(struct listener *l, struct lws_vhost *vhost, const struct door *door); /* borrows both */
void listener_tick(struct listener *l);   /* cuts those that are too slow; goes on accepting when there is room again */
void listener_stop(struct listener *l);   /* accepts no more, closes the sockets */
void listener_finish(struct listener *l); /* after the loop ran once more; zeroed memory is fine */

/* The headers are there, or the socket is gone; again: nothing. */
void handshake_done(struct lws *wsi);

#endif
