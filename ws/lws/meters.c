#include "ws/lws/meters.h"

static const double sweep_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};
static const double stall_bounds[] = {0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30};
static const double publish_bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5};

static const double turn_bounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1};
static const double retry_bounds[] = {0.5, 1, 2, 4, 8, 15, 30};

#define COUNTER(metric_name, text)                                                                                     \
    {                                                                                                                  \
        .name = "liveshelf_" metric_name, .help = text, .kind = METRIC_COUNTER                                         \
    }
#define GAUGE(metric_name, text)                                                                                       \
    {                                                                                                                  \
        .name = "liveshelf_" metric_name, .help = text, .kind = METRIC_GAUGE                                           \
    }
#define CONNS(role)                                                                                                    \
    {                                                                                                                  \
        .name = "liveshelf_conns", .labels = "role=\"" role "\"",                                                      \
        .help = "WebSocket connections open now; role none has not said hello yet.", .kind = METRIC_GAUGE              \
    }
#define REFUSED(why)                                                                                                   \
    {                                                                                                                  \
        .name = "liveshelf_refused_total", .labels = "reason=\"" why "\"",                                             \
        .help = "Sockets and upgrades turned away before a connection was made.", .kind = METRIC_COUNTER               \
    }
#define SEND_PATH(path)                                                                                                \
    {                                                                                                                  \
        .name = "liveshelf_send_path", .labels = "path=\"" path "\"",                                                  \
        .help = "1 for the way messages go to sockets: io_uring or send.", .kind = METRIC_GAUGE                        \
    }
#define RESUMED(from)                                                                                                  \
    {                                                                                                                  \
        .name = "liveshelf_resumed_total", .labels = "source=\"" from "\"",                                            \
        .help = "Connections that got exactly the events they had missed, by where those were.",                       \
        .kind = METRIC_COUNTER                                                                                         \
    }
#define REPLAYS(end)                                                                                                   \
    {                                                                                                                  \
        .name = "liveshelf_replays_total", .labels = "result=\"" end "\"",                                             \
        .help = "Times a broadcast's log was read again for viewers or for hosts who came back.",                      \
        .kind = METRIC_COUNTER                                                                                         \
    }
#define HTTP(status)                                                                                                   \
    {                                                                                                                  \
        .name = "liveshelf_http_requests_total", .labels = "class=\"" status "\"",                                     \
        .help = "HTTP requests answered, by status class.", .kind = METRIC_COUNTER                                     \
    }
#define HISTOGRAM(metric_name, text, upper)                                                                            \
    {                                                                                                                  \
        .name = "liveshelf_" metric_name, .help = text, .kind = METRIC_HISTOGRAM, .bounds = upper,                     \
        .bounds_count = sizeof(upper) / sizeof(upper)[0]                                                               \
    }

struct meters meters = {
    .conns = {[ROLE_NONE] = CONNS("none"),
              [ROLE_VIEWER] = CONNS("viewer"),
              [ROLE_HOST] = CONNS("host"),
              [ROLE_LOGISTICS] = CONNS("logistics"),
              [ROLE_INTEGRATOR] = CONNS("integrator")},
    .rooms = GAUGE("rooms", "Broadcasts with a ring on this node."),
    .streams = GAUGE("event_streams", "Server-Sent Event streams open now."),
    .handshakes = COUNTER("handshakes_total", "WebSocket handshakes completed."),
    .refused = {[REFUSED_ORIGIN] = REFUSED("origin"),
                [REFUSED_CONNS] = REFUSED("conns_max"),
                [REFUSED_ADDRESS] = REFUSED("conns_per_address_max"),
                [REFUSED_PORTION] = REFUSED("address_portion"),
                [REFUSED_REQUEST] = REFUSED("request"),
                [REFUSED_UPGRADE] = REFUSED("upgrade"),
                [REFUSED_HANDSHAKE] = REFUSED("handshake"),
                [REFUSED_DRAINING] = REFUSED("draining"),
                [REFUSED_ADMISSION] = REFUSED("admission"),
                [REFUSED_ADOPT] = REFUSED("resources"),
                [REFUSED_FILES] = REFUSED("descriptors")},
    .retry_after_seconds =
        HISTOGRAM("retry_after_seconds", "What those refused for a while were told to wait.", retry_bounds),
    .admission_rate =
        GAUGE("admission_per_second", "WebSockets let in per second at most, as adapted to what the loop keeps."),
    .turn_seconds = HISTOGRAM(
        "turn_seconds", "One turn of the loop, from waking to resting: what a request waits at most.", turn_bounds),
    .hello_refused = COUNTER("hello_refused_total", "Hellos refused: no valid token, or not for this broadcast."),
    .resumed = {[RESUMED_RING] = RESUMED("ring"), [RESUMED_LOG] = RESUMED("log")},
    .resume_snapshots = COUNTER("resume_snapshots_total", "Connections that came back and got a snapshot instead."),
    .replays_done = REPLAYS("done"),
    .replays_failed = REPLAYS("failed"),
    .replay_seconds =
        HISTOGRAM("replay_seconds", "Reading a broadcast's log again, from the first event.", publish_bounds),
    .history_bytes = GAUGE("history_bytes", "Reserved for events read again from logs; most of it is not touched."),
    .snapshots = COUNTER("snapshots_total", "Snapshots sent."),
    .snapshots_encoded =
        COUNTER("snapshots_encoded_total", "Snapshots encoded; the others were sent from one encoding."),
    .messages_in = COUNTER("messages_in_total", "WebSocket messages received."),
    .messages_out = COUNTER("messages_out_total", "Messages published or sent to one; a published one counts once."),
    .sends = COUNTER("sends_total", "Sends to WebSocket connections and event streams, by send() or io_uring."),
    .delivered = COUNTER("messages_delivered_total",
                         "Messages given to sockets, once per connection each; divided by sends_total: how many "
                         "went out together."),
    .bytes_out = COUNTER("sent_bytes_total", "Bytes taken by the kernel from those."),
    .again = COUNTER("sends_full_total", "Sends that found the socket full."),
    .partial = COUNTER("sends_cut_total", "Sends that ended inside a frame."),
    .lapped = COUNTER("lapped_total", "Connections that fell off the ring of events and got a snapshot."),
    .values_skipped =
        COUNTER("values_skipped_total",
                "Times a slow connection was sent all present values instead of the changes it had missed."),
    .stalled = GAUGE("conns_stalled", "Connections and event streams whose socket is full now."),
    .stall_seconds =
        HISTOGRAM("stall_seconds", "How long a full socket took nothing: until it took bytes again, or was closed.",
                  stall_bounds),
    .slow_closed = COUNTER("slow_closed_total", "Connections closed with 4413: they took nothing for too long."),
    .silent_closed = COUNTER("silent_closed_total", "Connections closed with 4408: no sign of life."),
    .malformed = COUNTER("malformed_total", "Messages that were not a valid command."),
    .rate_limited = COUNTER("rate_limited_total", "Messages over a connection's rate."),
    .oversized = COUNTER("oversized_total", "Messages over the size limit."),
    .sweep_seconds = HISTOGRAM("sweep_seconds", "One slice of a sweep over an audience.", sweep_bounds),
    .publish_seconds =
        HISTOGRAM("publish_to_last_send_seconds",
                  "From a publish to the send to the last of its audience that was not waiting.", publish_bounds),
    .send_path = {[SEND_PATH_SEND] = SEND_PATH("send"), [SEND_PATH_IO_URING] = SEND_PATH("io_uring")},
    .http = {[1] = HTTP("1xx"), [2] = HTTP("2xx"), [3] = HTTP("3xx"), [4] = HTTP("4xx"), [5] = HTTP("5xx")},
    .http_replayed = COUNTER("http_replayed_total", "Answers given again for a repeated Idempotency-Key."),
};

static void register_all(struct metric *metrics, size_t count)
{
    for (size_t i = 0; i < count; i++)
        metric_register(&metrics[i]);
}

void meters_register(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    register_all(meters.conns, ARRAY_LEN(meters.conns));
    register_all(&meters.rooms, 1);
    register_all(&meters.streams, 1);
    register_all(&meters.handshakes, 1);
    register_all(meters.refused, ARRAY_LEN(meters.refused));
    register_all(meters.resumed, ARRAY_LEN(meters.resumed));
    struct metric *singles[] = {
        &meters.retry_after_seconds,
        &meters.admission_rate,
        &meters.turn_seconds,
        &meters.hello_refused,
        &meters.resume_snapshots,
        &meters.replays_done,
        &meters.replays_failed,
        &meters.replay_seconds,
        &meters.history_bytes,
        &meters.snapshots,
        &meters.snapshots_encoded,
        &meters.messages_in,
        &meters.messages_out,
        &meters.sends,
        &meters.bytes_out,
        &meters.delivered,
        &meters.values_skipped,
        &meters.stalled,
        &meters.stall_seconds,
        &meters.again,
        &meters.partial,
        &meters.lapped,
        &meters.slow_closed,
        &meters.silent_closed,
        &meters.malformed,
        &meters.rate_limited,
        &meters.oversized,
        &meters.sweep_seconds,
        &meters.publish_seconds,
    };
    for (size_t i = 0; i < ARRAY_LEN(singles); i++)
        metric_register(singles[i]);
    register_all(&meters.send_path[1], ARRAY_LEN(meters.send_path) - 1);
    register_all(&meters.http[1], ARRAY_LEN(meters.http) - 1);
    register_all(&meters.http_replayed, 1);
}
