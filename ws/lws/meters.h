/* ws/lws/meters.h - what the network side counts. Process-wide: one node, one set. */
#ifndef LIVESHELF_WS_LWS_METERS_H
#define LIVESHELF_WS_LWS_METERS_H

#include "base/metric.h"
#include "core/broadcast/command.h"
#include "ws/lws/limits.h"

enum refusal { /* of a socket or an upgrade, before there is a conn */
               REFUSED_ORIGIN,
               REFUSED_CONNS,
               REFUSED_ADDRESS,
               REFUSED_PORTION,   /* in a crowd: the address had as many in lately as one may have */
               REFUSED_REQUEST,   /* no subprotocol of ours, not a broadcast's path */
               REFUSED_UPGRADE,   /* to something that is not WebSocket */
               REFUSED_HANDSHAKE, /* headers not complete in time, or the oldest when there were too many */
               REFUSED_DRAINING,
               REFUSED_ADMISSION, /* more came in than the node keeps: told when to come back */
               REFUSED_ADOPT,     /* no memory */
               REFUSED_FILES,     /* no descriptor to accept with: it waits in the kernel; each try counts */
               REFUSALS,
};

enum resume_source { RESUMED_RING, RESUMED_LOG, RESUME_SOURCES };

struct meters {
    struct metric conns[ROLE_INTEGRATOR + 1]; /* by role; ROLE_NONE: no hello yet */
    struct metric rooms;
    struct metric streams;
    struct metric handshakes;
    struct metric refused[REFUSALS];
    struct metric retry_after_seconds;
    struct metric admission_rate;
    struct metric turn_seconds;
    struct metric hello_refused;
    struct metric resumed[RESUME_SOURCES], resume_snapshots, snapshots, snapshots_encoded;
    struct metric replays_done, replays_failed, replay_seconds, history_bytes;
    struct metric messages_in, messages_out;
    struct metric sends, delivered, bytes_out, again, partial;
    struct metric lapped, values_skipped, slow_closed, silent_closed;
    struct metric stalled, stall_seconds;
    struct metric malformed, rate_limited, oversized;
    struct metric sweep_seconds, publish_seconds;
    struct metric send_path[SEND_PATHS]; /* [SEND_PATH_AUTO] is not used */
    struct metric http[6];               /* by status class; [0] is not used */
    struct metric http_replayed;
};
extern struct meters meters;

/* Registers them all; again: nothing. */
void meters_register(void);

static inline void meter_count(struct metric *m) { metric_add(m, 1); }
static inline void meter_refused(enum refusal why) { metric_add(&meters.refused[why], 1); }
static inline void meter_told(int64_t retry_after_ms)
{
    metric_observe(&meters.retry_after_seconds, (double)retry_after_ms / 1000);
}

#endif
