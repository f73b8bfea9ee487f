#include "app/limits.h"

#include <string.h>
#include <sys/resource.h>

#include "base/must.h"

#define FILES_OWN_MAX 256 /* Redis, the loop, what is read; a node uses fewer than 32 */
#define FILES_OWN_MIN 32
#define SHARE_MIN 16

struct field {
    enum setting_id id;
    size_t at, size;
};

/* clang-format off */
#define NET(id, name) {SETTING_##id, offsetof(struct net_limits, name), sizeof(((struct net_limits *)0)->name)}
static const struct field net_fields[] = {
    NET(CONNS_MAX, conns_max),
    NET(CONNS_PER_ADDRESS_MAX, conns_per_address_max),
    NET(HANDSHAKES_MAX, handshakes_max),
    NET(ACCEPTS_PER_SECOND_MAX, accepts_per_second_max),
    NET(ACCEPTS_PER_TURN_MAX, accepts_per_turn_max),
    NET(ADMIT_PER_SECOND_MIN, admit_per_second_min),
    NET(ADMIT_PER_SECOND_MAX, admit_per_second_max),
    NET(LAG_TARGET_MS, lag_target_ms),
    NET(HANDSHAKE_TIMEOUT_MS, handshake_timeout_ms),
    NET(KEEPALIVE_MS, keepalive_ms),
    NET(SEND_BUFFER_BYTES, send_buffer_bytes),
    NET(USER_TIMEOUT_MS, user_timeout_ms),
    NET(HELLO_TIMEOUT_MS, hello_timeout_ms),
    NET(MESSAGE_BYTES_MAX, message_bytes_max),
    NET(HOST_MESSAGE_BYTES_MAX, host_message_bytes_max),
    NET(MESSAGES_PER_SECOND_MAX, messages_per_second_max),
    NET(MESSAGES_BURST_MAX, messages_burst_max),
    NET(HOST_MESSAGES_PER_SECOND_MAX, host_messages_per_second_max),
    NET(HOST_MESSAGES_BURST_MAX, host_messages_burst_max),
    NET(REFUSED_IN_ROW_MAX, refused_in_row_max),
    NET(MALFORMED_IN_ROW_MAX, malformed_in_row_max),
    NET(HEARTBEAT_MS, heartbeat_ms),
    NET(SLOW_TIMEOUT_MS, slow_timeout_ms),
    NET(CLOSE_GRACE_MS, close_grace_ms),
    NET(RING_BYTES, ring_bytes),
    NET(HOST_RING_BYTES, host_ring_bytes),
    NET(QUEUE_BYTES_MAX, queue_bytes_max),
    NET(SENDS_PER_TURN_MAX, sends_per_turn_max),
    NET(SEND_PATH, send_path),
    NET(SNAPSHOT_MS, snapshot_ms),
    NET(ROOMS_MAX, rooms_max),
    NET(RESUME_EVENTS_MAX, resume_events_max),
    NET(RESUME_BYTES_MAX, resume_bytes_max),
    NET(RESUME_HISTORIES_MAX, resume_histories_max),
    NET(RESUME_WAIT_MS, resume_wait_ms),
    NET(RESUME_KEEP_MS, resume_keep_ms),
    NET(HTTP_BODY_BYTES_MAX, http_body_bytes_max),
    NET(HTTP_BODY_TIMEOUT_MS, http_body_timeout_ms),
    NET(HTTP_REQUESTS_MAX, http_requests_max),
    NET(STREAMS_MAX, streams_max),
    NET(DRAIN_PER_TICK, drain_per_tick),
    NET(DRAIN_JITTER_MS, drain_jitter_ms),
};

#define SHOW(id, name) \
    {SETTING_##id, offsetof(struct orchestrator_limits, name), sizeof(((struct orchestrator_limits *)0)->name)}
static const struct field show_fields[] = {
    SHOW(REQUESTS_IN_FLIGHT_MAX, requests_in_flight_max),
    SHOW(HOLDS_PER_VIEWER_MAX, holds_per_viewer_max),
    SHOW(BROADCASTS_MAX, broadcasts_max),
    SHOW(SHOPS_MAX, shops_max),
    SHOW(REQUEST_TIMEOUT_MS, request_timeout_ms),
    SHOW(TICK_MS, tick_ms),
    SHOW(SHARE_MS, share_ms),
    SHOW(EXPIRE_MS, expire_ms),
    SHOW(OFFER_MS, offer_ms),
    SHOW(UNDO_MS, undo_ms),
    SHOW(PRICE_GUARD_PERCENT, price_guard_percent),
    SHOW(APPROVAL_MS, approval_ms),
    SHOW(SALE_TRIP_UNITS, sale_trip_units),
    SHOW(SALE_TRIP_PERCENT, sale_trip_percent),
    SHOW(STOCK_BUFFER, stock_buffer),
    SHOW(CHECKPOINT_MS, checkpoint_ms),
};
/* clang-format on */

/* The table's bounds fit the fields: a number over 32 bits never goes into a uint32_t. */
static void fields_fill(const struct config *c, const struct field *fields, size_t count, void *ret)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = config_number(c, fields[i].id);
        uint32_t narrow = (uint32_t)number;
        MUST(fields[i].size == sizeof number || (fields[i].size == sizeof narrow && narrow == number));
        memcpy((char *)ret + fields[i].at, fields[i].size == sizeof number ? (void *)&number : (void *)&narrow,
               fields[i].size);
    }
}

void limits_of_net(const struct config *c, struct net_limits *ret)
{
    *ret = net_limits_default;
    fields_fill(c, net_fields, ARRAY_LEN(net_fields), ret);
}

void limits_of_orchestrator(const struct config *c, struct orchestrator_limits *ret)
{
    *ret = orchestrator_limits_default;
    fields_fill(c, show_fields, ARRAY_LEN(show_fields), ret);
}

void limits_of_board(const struct config *c, struct board_limits *ret)
{
    *ret = board_limits_default;
    ret->estimate_ms = config_number(c, SETTING_ESTIMATE_MS);
    ret->takeover_ms = config_number(c, SETTING_ESTIMATE_TAKEOVER_MS);
    ret->unsettled_max = (size_t)config_number(c, SETTING_BROADCASTS_MAX) * 3 / 4; /* the rest is for visitors */
}

/* ---- files ---- */

static uint32_t least(uint64_t a, uint64_t b) { return (uint32_t)(a < b ? a : b); }
static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

uint64_t limits_sockets(const struct net_limits *net)
{
    return (uint64_t)net->conns_max + net->handshakes_max + net->http_requests_max + net->streams_max;
}

enum result limits_fit_files(struct net_limits *net, uint64_t files, struct fault *fault)
{
    if (files >= limits_sockets(net) + FILES_OWN_MAX)
        return RESULT_OK;
    if (files < LIMITS_FILES_MIN)
        return fault_set(
            fault, RESULT_MALFORMED,
            "ulimit -n is %llu: a node opens at least %d files, and one for each viewer (conns-max %u); raise it "
            "(LimitNOFILE= in systemd)",
            (unsigned long long)files, LIMITS_FILES_MIN, net->conns_max);
    /* A sixteenth where files are few, a hundredth where they are many: most are for viewers then. */
    uint64_t share = most(least(files / 16, 128), files / 100), own = most(least(files / 16, 128), FILES_OWN_MIN);
    net->handshakes_max = least(net->handshakes_max, 2 * most(share, SHARE_MIN));
    net->http_requests_max = least(net->http_requests_max, most(share, SHARE_MIN));
    net->streams_max = least(net->streams_max, share);
    uint64_t others = limits_sockets(net) - net->conns_max + own;
    net->conns_max = least(net->conns_max, files - others);
    return RESULT_OK;
}

uint64_t limits_files(void)
{
    struct rlimit files;
    return getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : UINT64_MAX;
}
