/* ws/lws/limits.h - every limit of the network side, by name and unit. net_limits_default holds the defaults; the wiring
 * overrides them from the config table.
 *
 * At a limit: a clear error to the one concerned, a counted metric, nothing lost for the others. */
#ifndef LIVESHELF_WS_LWS_LIMITS_H
#define LIVESHELF_WS_LWS_LIMITS_H

#include <stddef.h>
#include <stdint.h>

enum send_path {
    SEND_PATH_AUTO,
    SEND_PATH_SEND,
    SEND_PATH_IO_URING,
    SEND_PATHS
}; /* auto: io_uring where it is allowed */

struct net_limits {
    /* ---- sockets ---- */
    uint32_t conns_max;             /* WebSockets of this node; further ones get 503 with Retry-After */
    uint32_t conns_per_address_max; /* WebSockets of one address (IPv6: one /64); 0: no limit. Loopback is never counted
                                       unless a proxy there names the client in X-Forwarded-For */
    uint32_t handshakes_max;        /* sockets that have not sent a whole request; the oldest makes room */
    uint32_t accepts_per_second_max; /* further sockets wait in the kernel's backlog */
    uint32_t admit_per_second_min,
        admit_per_second_max; /* WebSockets let in: as many as keep the loop's lag under its target,
                                                            between these; the others hear when to come back (admission.h) */
    int64_t lag_target_ms;
    uint32_t accepts_per_turn_max;
    int64_t handshake_timeout_ms; /* from accept to the end of the request's headers */
    int64_t keepalive_ms;         /* an idle HTTP socket is closed after this */
    size_t send_buffer_bytes;     /* SO_SNDBUF: stale data must not pile up in the kernel */
    int64_t user_timeout_ms;      /* TCP_USER_TIMEOUT: sent and never acknowledged */
    /* ---- what a conn may send ---- */
    int64_t hello_timeout_ms; /* no valid hello: 4401 */
    size_t message_bytes_max; /* of a viewer, and of anyone before hello; more: 1009 */
    size_t host_message_bytes_max;
    uint32_t messages_per_second_max; /* of a viewer; more: `rate_limited` */
    uint32_t messages_burst_max;
    uint32_t host_messages_per_second_max;
    uint32_t host_messages_burst_max;
    uint32_t refused_in_row_max;   /* messages over the rate without a pause; more: 4429 */
    uint32_t malformed_in_row_max; /* reached: 1008 */
    /* ---- what a conn is sent ---- */
    int64_t heartbeat_ms;        /* between PINGs; 2.5 silent intervals: 4408 */
    int64_t slow_timeout_ms;     /* took no byte for so long: 4413 */
    int64_t close_grace_ms;      /* from deciding to close to cutting the socket */
    size_t ring_bytes;           /* per broadcast: history for viewers; rounded up to a power of two of pages */
    size_t host_ring_bytes;      /* the same for hosts, and for logistics */
    size_t queue_bytes_max;      /* answers waiting for a slow conn; more: 4413 */
    uint32_t sends_per_turn_max; /* conns served by one slice of a sweep; about 4 us each */
    uint32_t send_path;          /* enum send_path */
    int64_t snapshot_ms;         /* an encoded snapshot is reused for so long at most */
    uint32_t rooms_max;          /* broadcasts with an audience */
    uint64_t resume_events_max;  /* missed by one who comes back; more: a snapshot */
    size_t resume_bytes_max;     /* of events read again from a log, per broadcast and role; older ones: a snapshot */
    uint32_t resume_histories_max; /* of those kept at a time; further ones: a snapshot */
    int64_t resume_wait_ms;      /* reading a log again takes no longer; then: a snapshot */
    int64_t resume_keep_ms;      /* what was read again is kept for the next who come */
    /* ---- HTTP ---- */
    size_t http_body_bytes_max;   /* more: 413 */
    int64_t http_body_timeout_ms; /* from the headers to the end of the body: 408 */
    uint32_t http_requests_max;   /* in progress; further ones hear `overloaded`. With as many sockets and
                                     handshakes_max kept idle, answers say `Connection: close` */
    uint32_t streams_max;         /* Server-Sent Events */
    /* ---- draining ---- */
    uint32_t drain_per_tick; /* conns told to go elsewhere per HUB_TICK_MS */
    int64_t drain_jitter_ms; /* clients spread their return over this */
};
extern const struct net_limits net_limits_default;

#endif
