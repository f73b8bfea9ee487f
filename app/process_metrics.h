/* app/process_metrics.h - what the process itself costs, and whether its loop keeps up. */
#ifndef LIVESHELF_APP_PROCESS_METRICS_H
#define LIVESHELF_APP_PROCESS_METRICS_H

#include "base/types.h"
#include "core/ports/clock.h"

#define PROCESS_METRICS_MS 1000

struct process_metrics {
    struct clock *clock;
    struct clock_timer timer;
    int64_t due_ms;
};

void process_metrics_start(struct process_metrics *p, struct clock *clock, const struct node_id *node);
void process_metrics_stop(struct process_metrics *p); /* zeroed memory is fine */

#endif
