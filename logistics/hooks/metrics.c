#include "logistics/hooks/inner.h"

static const double delay_bounds[] = {0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86400, 300000};

#define COUNTER(metric_name, metric_labels, text)                                                                      \
    {                                                                                                                  \
        .name = "liveshelf_hooks_" metric_name "_total", .labels = (metric_labels), .help = (text),                    \
        .kind = METRIC_COUNTER                                                                                         \
    }
static const char posts_help[] = "Webhooks posted, by what became of them.";
static struct metric delivered = COUNTER("posts", "result=\"delivered\"", posts_help);
static struct metric failed = COUNTER("posts", "result=\"failed\"", posts_help);
static struct metric given_up =
    COUNTER("given_up", NULL, "Webhooks given up after all tries; they are listed for a replay.");
static struct metric streamed = COUNTER("streamed", NULL, "Entries appended to the shops' streams for machines.");
static struct metric in_flight = {
    .name = "liveshelf_hooks_in_flight", .help = "Webhooks under way.", .kind = METRIC_GAUGE};
static struct metric delay = {.name = "liveshelf_hooks_delay_seconds",
                              .help = "Age of an estimate, a change or an end when it was delivered.",
                              .kind = METRIC_HISTOGRAM,
                              .bounds = delay_bounds,
                              .bounds_count = ARRAY_LEN(delay_bounds)};

const struct hooks_metrics hooks_metrics = {&delivered, &failed, &given_up, &streamed, &in_flight, &delay};

void hooks_metrics_register(void)
{
    struct metric *const all[] = {&delivered, &failed, &given_up, &streamed, &in_flight, &delay};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        metric_register(all[i]);
}
