#include "inventory/redis/metrics.h"

#include "inventory/redis/redis.h"

static const double batch_bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
static const double second_bounds[] = {0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2};

#define COUNTER(metric_name, text)                                                                                     \
    {                                                                                                                  \
        .name = "liveshelf_redis_" metric_name "_total", .help = text, .kind = METRIC_COUNTER                          \
    }
#define GAUGE(metric_name, text)                                                                                       \
    {                                                                                                                  \
        .name = "liveshelf_redis_" metric_name, .help = text, .kind = METRIC_GAUGE                                     \
    }
#define HISTOGRAM(metric_name, text, of)                                                                               \
    {                                                                                                                  \
        .name = "liveshelf_redis_" metric_name, .help = text, .kind = METRIC_HISTOGRAM, .bounds = of,                  \
        .bounds_count = ARRAY_LEN(of)                                                                                  \
    }

struct redis_metrics redis_metrics = {
    .calls = COUNTER("calls", "Commands sent to Redis."),
    .reconnects = COUNTER("reconnects", "Connections to Redis that were lost after having been up."),
    .timeouts = COUNTER("timeouts", "Requests given up because no answer came in time."),
    .refused_full = COUNTER("refused_full", "Stock requests refused because too many were waiting."),
    .resent = COUNTER("resent", "Batches of stock requests sent again after a lost connection."),
    .rewinds = COUNTER("rewinds", "Logs or ledgers found to have lost history that was delivered."),
    .skipped_lines = COUNTER("skipped_lines", "Lines of the ledger that could not be read."),
    .batch_size = HISTOGRAM("batch_requests", "Stock requests per call.", batch_bounds),
    .round_trip =
        HISTOGRAM("round_trip_seconds", "From sending a batch of stock requests to its answer.", second_bounds),
    .ready = GAUGE("ready", "1 when stock can be asked and its durability is as promised."),
    .queued = GAUGE("queued_requests", "Stock requests waiting to be sent or answered."),
    .ledger_lag = GAUGE("ledger_lag_seconds", "Age of the last ledger entry when it was delivered."),
};

void redis_metrics_register(void)
{
    struct metric *const all[] = {
        &redis_metrics.calls,      &redis_metrics.reconnects, &redis_metrics.timeouts,      &redis_metrics.refused_full,
        &redis_metrics.resent,     &redis_metrics.rewinds,    &redis_metrics.skipped_lines, &redis_metrics.batch_size,
        &redis_metrics.round_trip, &redis_metrics.ready,      &redis_metrics.queued,        &redis_metrics.ledger_lag,
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        metric_register(all[i]);
}
