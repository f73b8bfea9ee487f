/* core/broadcast/hooks.h - where a shop wants to be told of its volumes: the endpoints of its webhooks, and the messages that
 * no endpoint took. Pure data. */
#ifndef LIVESHELF_CORE_BROADCAST_HOOKS_H
#define LIVESHELF_CORE_BROADCAST_HOOKS_H

#include "base/types.h"
#include "core/broadcast/limits.h"

#define HOOKS_MAX 16            /* endpoints of a shop */
#define HOOK_SECRET_LEN_MAX 128 /* "whsec_" and base64 of 24..64 bytes */
#define HOOK_DEAD_MAX 1000      /* of an endpoint; the oldest go */
#define HOOK_MESSAGE_LEN 36     /* of a message's id: "msg_" and 32 hexadecimal digits */

enum hook_type { HOOK_VOLUMES_UPDATED, HOOK_PROMISE_CHANGED, HOOK_VOLUMES_SETTLED, HOOK_TYPES };
const char *hook_type_name(enum hook_type type); /* "volumes.updated", "promise.changed", "volumes.settled" */

struct hook_endpoint {
    unsigned types; /* BIT(enum hook_type): those it is told of */
    char id[ID_LEN_MAX + 1];
    char url[URL_LEN_MAX + 1];                /* http(s)://... */
    char secret[HOOK_SECRET_LEN_MAX + 1];     /* never logged, never told */
    char old_secret[HOOK_SECRET_LEN_MAX + 1]; /* signs as well while a secret is being changed; "": none */
    bool disabled;                            /* it said that it is gone (410), until it is put again */
};
struct hook_dead { /* a message that was given up */
    char message[ID_LEN_MAX + 1];
    enum hook_type type;
    struct broadcast_id broadcast;
    uint64_t seq; /* of the estimate, or of the change */
    uint32_t attempts;
    int32_t status; /* of the last answer; 0: there was none */
    int64_t ms;     /* when it was given up */
};

/* What was given up is to be sent again: part of an entry of the shop's list, so that whoever leads the broadcast does it, also after
 * a restart. */
struct hook_replay {
    char endpoint[ID_LEN_MAX + 1]; /* "": none */
    struct broadcast_id broadcast;
    char message[ID_LEN_MAX + 1]; /* this one; "": all changes after `after_seq`, and the newest estimate */
    uint64_t after_seq;
};
/* One entry of the shop's estimate log: all endpoints, as they are from then on, and perhaps a replay. */
struct hook_list {
    const struct hook_endpoint *endpoints; /* 0..HOOKS_MAX; ids are unique */
    size_t count;
    struct hook_replay replay;
};

struct promise_change; /* core/broadcast/estimate.h */
struct catalogue;
/* What there is to tell of a broadcast now, as the board knows it. Borrowed, valid until the loop turn ends. */
struct hook_view {
    const char *estimate; /* the newest estimate document; NULL: none yet */
    size_t estimate_len;
    uint64_t estimate_seq; /* ascends */
    int64_t estimate_ms;
    const struct promise_change *changes; /* oldest first; those of one event share its seq and stand together */
    size_t changes_count;
    const struct catalogue *catalogue;
    bool settled; /* nothing more is expected: `estimate` is the last one */
};

#endif
