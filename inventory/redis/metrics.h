/* inventory/redis/metrics.h - what is counted, over all nodes of the process. */
#ifndef LIVESHELF_INVENTORY_REDIS_METRICS_H
#define LIVESHELF_INVENTORY_REDIS_METRICS_H

#include "base/metric.h"

struct redis_metrics {
    struct metric calls, reconnects, timeouts, refused_full, resent, rewinds, skipped_lines;
    struct metric batch_size, round_trip;
    struct metric ready, queued, ledger_lag;
};
extern struct redis_metrics redis_metrics;

#endif
