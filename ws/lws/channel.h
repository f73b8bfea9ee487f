/* ws/lws/channel.h - one log of events, one of values, and everyone who follows them, each with two cursors of their own.
 *
 *   publish        append once, mark the channel dirty                    O(1)
 *   channel_sweep  once per loop turn: one send() per follower, from its cursor to the head, in slices
 *   outlet         the sending half of one socket. Short writes, full sockets and TLS take libwebsockets' own path:
 *                    cut frame    its rest goes into lws' buffer, so that lws sends it before any PONG or CLOSE of its own
 *                    full socket  `want`: skipped by sweeps, goes on from its cursors when lws says WRITEABLE
 *                    dead socket  closed from the next loop turn on, never from inside a sweep
 *                    off the ring channel->lapped decides (a snapshot)
 *                    far behind on values   channel->outdated decides (all values of now, once)
 *
 * Events are a history: nobody misses one but by falling off the ring. Of values (counts, audience, clocks, PINGs) the latest
 * wins, so they lie in a small ring beside it, and whoever has more of them ahead than a full set is sent that instead:
 * catching up costs one message, and does not use up the history. A follower is sent its events first, then its values.
 *
 * A cursor always rests between two frames. What an outlet is sent alone (answers, snapshots) goes straight to the socket when
 * nothing waits, else into a bounded queue that goes out before anything further from the rings: who hears an answer
 * hears it before the public change that it caused. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_CHANNEL_H
#define LIVESHELF_WS_LWS_CHANNEL_H

#include "base/bytes.h"
#include "base/list.h"
#include "ws/lws/frame.h"
#include "ws/lws/limits.h"
#include "ws/lws/ring_log.h"
#include "ws/lws/send_batch.h"

struct lws;
struct outlet;

struct outlets { /* what all outlets of a node share */
    const struct net_limits *limits;
    struct send_batch *batch; /* owned by the hub */
    int64_t now_ms;           /* of this loop turn */
    struct list dirty;        /* channels to sweep */
    struct list waiting;      /* outlets that want WRITEABLE, the longest waiting first */
    bool nudge;               /* lws has a timeout to look at that it would not notice by itself */
    double send_ns;           /* what one send of a sweep costs, smoothed */
};

struct seat {                /* one follower, as a sweep reads it */
    uint64_t cursor, values; /* in channel->ring, channel->values */
    struct outlet *outlet;
    struct lws *wsi;
    int fd;
    uint32_t flags; /* 0: to be served */
};
#define SEAT_WANT 1u /* waits for WRITEABLE */
#define SEAT_DEAD 2u
#define SEAT_TLS 4u /* outlet_drain serves it */

struct frame_count { /* how many frames lie between two cursors: the same for most followers */
    uint64_t from, to, count;
};

struct channel {
    struct ring_log ring;   /* bytes NULL: not opened */
    struct ring_log values; /* bytes NULL: values lie in `ring` as well */
    struct outlets *outlets;
    struct seat *seats;
    uint32_t count, capacity;
    bool framed;                              /* WebSocket frames; false: Server-Sent Events */
    void (*lapped)(struct outlet *outlet);    /* fell off the ring and can be written to now */
    void (*outdated)(struct outlet *outlet);  /* far behind on values only; NULL without a ring of them */
    void (*caught_up)(struct outlet *outlet); /* reached the head of the ring for the first time */
    uint64_t values_slack;                    /* bytes of values one may be behind: a full set of them */
    struct span ping;                         /* the last one published... */
    uint64_t ping_end;                        /* ...ends here in its ring; 0: none */
    struct frame_count ring_count, values_count;
    /* The sweep under way goes round the seats. A publish meanwhile makes it go on for a whole circle from where it is: each
     * seat is visited once per circle, and is sent all that was published since. */
    struct list dirty;
    uint32_t sweep_at, sweep_left, sweep_start;
    uint32_t timed_left; /* seats until one publish has reached all; one at a time is measured */
    uint64_t timed_since_ns;
};

struct outlet {
    struct outlets *all;
    struct lws *wsi;
    struct channel *channel; /* NULL: follows nothing */
    struct bytes *queue;     /* NULL: nothing waits */
    struct list waiting;     /* in outlets->waiting while `want` */
    int64_t stalled_at_ms;   /* since when nothing was taken, while `want` */
    uint32_t seat;
    int fd;
    bool plain; /* no TLS: send() may be used */
    bool want, dead;
    bool corked; /* what it is sent alone is gathered */
    bool behind; /* channel->caught_up is to be told when it reaches the head; set after outlet_follow, drained then */
    bool is_stream; /* Server-Sent Events, not a conn */
};

/* `values_bytes` 0: no ring of values. RESULT_NO_MEMORY, RESULT_IO. */
MUST_USE enum result channel_init(struct channel *c, struct outlets *outlets, bool framed, size_t ring_bytes,
                                  size_t values_bytes);
void channel_finish(struct channel *c); /* everyone must have left; zeroed memory is fine */
static inline bool channel_is_open(const struct channel *c) { return c->ring.bytes != NULL; }
void channel_publish(struct channel *c, struct span frame); /* a value */
void channel_publish_event(struct channel *c, uint64_t seq, struct span frame);
/* A sign of life that nobody is spared: who is sent a snapshot or a full set instead of the values it lies among is sent this
 * one alone. `frame` is static. */
void channel_publish_ping(struct channel *c, struct span frame);
void channel_values_size(struct channel *c, size_t bytes); /* of a full set now */
void channel_break(struct channel *c);                     /* everyone has fallen off: history does not go on */
/* Sends to at most *budget followers and takes that many off it. The channel leaves outlets->dirty when all were served. */
void channel_sweep(struct channel *c, uint32_t *budget);

void outlet_init(struct outlet *o, struct outlets *all, struct lws *wsi);
void outlet_finish(struct outlet *o); /* the socket is gone; zeroed memory is fine */
/* From `cursor` on; RESULT_NO_MEMORY. Sends nothing yet: outlet_drain does. */
MUST_USE enum result outlet_follow(struct outlet *o, struct channel *c, uint64_t cursor);
void outlet_unfollow(struct outlet *o);
void outlet_jump(struct outlet *o);        /* to both heads: a snapshot tells what lies between */
void outlet_jump_values(struct outlet *o); /* to the head of the values: a full set tells them */
/* To this one alone. False: the queue is full, nothing was taken. */
MUST_USE bool outlet_send(struct outlet *o, struct span bytes);
void outlet_cork(struct outlet *o); /* until outlet_uncork, several messages go out in one send */
void outlet_uncork(struct outlet *o);
void outlet_drain(struct outlet *o);    /* what the rings have for it, now */
void outlet_writable(struct outlet *o); /* lws said WRITEABLE */
void outlet_kill(struct outlet *o);     /* cuts the socket at the next turn */

#endif
