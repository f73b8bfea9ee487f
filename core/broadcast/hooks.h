/* core/broadcast/hooks.h - where a shop wants to be told of its volumes: the endpoints of its webhooks, and the messages that
 * no endpoint took. Pure data. */
#ifndef LIVESHELF_CORE_BROADCAST_HOOKS_H
#define LIVESHELF_CORE_BROADCAST_HOOKS_H

#include "base/types.h"
#include "core/broadcast/limits.h"

#define HOOKS_MAX 16            /* endpoints of a shop */
#define HOOK_SECRET_LEN_MAX 128 /* "whsec_" and base64 of 24..64 bytes */
#define HOOK_DEAD_MAX 1000      /* of an endpoint; the oldest go */

enum hook_type { HOOK_VOLUMES_UPDATED, HOOK_PROMISE_CHANGED, HOOK_VOLUMES_SETTLED, HOOK_TYPES };
const char *hook_type_name(enum hook_type type); /* "volumes.updated", "promise.changed", "volumes.settled" */

struct hook_endpoint {
    char id[ID_LEN_MAX + 1];
    char url[URL_LEN_MAX + 1];                /* http(s)://... */
    char secret[HOOK_SECRET_LEN_MAX + 1];     /* never logged, never told */
    char old_secret[HOOK_SECRET_LEN_MAX + 1]; /* signs as well while a secret is being changed; "": none */
    unsigned types;                           /* BIT(enum hook_type): those it is told of */
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

#endif
