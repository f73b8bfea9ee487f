#include "logistics/board/inner.h"

static const double compute_bounds[] = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5};

struct metric board_metrics[BOARD_METRICS] = {
    [BOARD_PUBLISHED] = {.name = "liveshelf_estimates_published_total",
                         .help = "Estimates this node put into the log of their broadcast.",
                         .kind = METRIC_COUNTER},
    [BOARD_COMPUTE] = {.name = "liveshelf_estimate_compute_seconds",
                       .help = "From a tick to its estimate, off the loop, with the wait for a thread.",
                       .kind = METRIC_HISTOGRAM,
                       .bounds = compute_bounds,
                       .bounds_count = sizeof compute_bounds / sizeof *compute_bounds},
    [BOARD_LEADS] = {.name = "liveshelf_estimates_lead_changes_total",
                     .help = "Broadcasts whose estimates another node went on to make, as seen by this one.",
                     .kind = METRIC_COUNTER},
    [BOARD_LEADING] = {.name = "liveshelf_estimates_leading",
                       .help = "Broadcasts whose estimates this node makes.",
                       .kind = METRIC_GAUGE},
    [BOARD_REFOLDS] = {.name = "liveshelf_estimates_folded_again_total",
                       .help = "Times a broadcast's ledger was read from its start: when it begins, after a restart, a "
                               "fail-over, a new plan.",
                       .kind = METRIC_COUNTER},
    [BOARD_NEWEST] = {.name = "liveshelf_estimates_newest_timestamp_seconds",
                      .help = "Moment of the newest estimate this node has, of any broadcast.",
                      .kind = METRIC_GAUGE},
    [BOARD_UNSETTLED] = {.name = "liveshelf_estimates_unsettled",
                         .help = "Broadcasts of all shops of which more is to come.",
                         .kind = METRIC_GAUGE},
};

void board_metrics_register(void)
{
    static bool is_registered;
    if (is_registered)
        return;
    is_registered = true;
    for (size_t i = 0; i < BOARD_METRICS; i++)
        metric_register(&board_metrics[i]);
}
