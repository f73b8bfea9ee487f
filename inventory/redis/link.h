/* inventory/redis/link.h - one connection to Redis, kept up for ever.
 *
 *   link_open       at once
 *   link_connect    address looked up, connected, AUTH, SELECT; then begin() asks what it wants and ends in
 *                   link_is_up() or link_drop()
 *   up              in use; watched: silence longer than `silence_ms` counts as a lost connection
 *   link_drop       lost or unfit: open calls hear NULL, down() is told why, again after a while (back-off with jitter)
 *   link_close      for good
 *
 * Loop thread only. Calls are answered in order, each exactly once; NULL: the connection went before the answer
 * came. Bytes are written by link_flush, which must not run inside a reply's callback. */
#ifndef LIVESHELF_INVENTORY_REDIS_LINK_H
#define LIVESHELF_INVENTORY_REDIS_LINK_H

#include <hiredis/async.h>
#include <uv.h>

#include "base/bytes.h"
#include "base/rng.h"
#include "inventory/redis/url.h"

#define LINK_BACK_OFF_MIN_MS 20
#define LINK_BACK_OFF_MAX_MS 2000
#define LINK_REASON_MAX 240

enum link_state { LINK_OFF, LINK_WAITING, LINK_LOOKING_UP, LINK_CONNECTING, LINK_BEGINNING, LINK_UP };

struct link {
    /* ---- set before link_open ---- */
    uv_loop_t *loop;
    const struct redis_url *url;   /* outlives the link */
    const char *name;              /* "command", "tail": for the log */
    int64_t connect_ms;            /* from looking up to being up */
    int64_t silence_ms;            /* longest wait for an answer; half of it between probes when idle */
    uint64_t seed;                 /* of the jitter */
    bool (*begin)(struct link *l); /* false: nothing could be sent; tried again after connect_ms */
    void (*up)(struct link *l);
    void (*down)(struct link *l, const char *reason);
    void *owner;
    /* ---- the link's own ---- */
    enum link_state state;
    redisAsyncContext *redis; /* NULL: not connected */
    uv_timer_t timer;         /* back-off, connecting, or the watch: by state */
    uv_getaddrinfo_t lookup;
    bool is_looking_up, timer_is_open;
    unsigned attempts; /* since an answer was last good */
    unsigned ups;      /* how often it came up */
    unsigned calls_open;
    int64_t progress_ms; /* loop time of the last answer, or of the first open call */
    bool is_suspect;     /* silent at the last look; it may have been our own loop that stood still */
    struct rng rng;
    char reason[LINK_REASON_MAX]; /* why it is not up */
    void (*closed)(struct link *l);
};

typedef void link_reply(void *arg, redisReply *reply);

MUST_USE enum result link_open(struct link *l);
void link_close(struct link *l, void (*closed)(struct link *l)); /* zeroed memory is fine */
/* False: not connected, nothing was sent and `reply` will not be called. `reply` may be NULL. */
MUST_USE bool link_send(struct link *l, const struct bytes *command, link_reply *reply, void *arg);
/* What is asked behind this is answered when all that Redis knows is on its disk. A Redis that was killed may have written what no sync has
 * covered; started again it knows of it, and what only reads, as a repeated command does, is answered without a sync. A write is not.
 * False as link_send. */
MUST_USE bool link_settle(struct link *l);
void link_flush(struct link *l);
void link_read(struct link *l); /* takes the replies that are there, without waiting for the loop to say so */
void link_is_up(struct link *l);
void link_drop(struct link *l, const char *reason);

#endif
