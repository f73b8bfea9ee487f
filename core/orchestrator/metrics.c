#include "core/orchestrator/journeys.h"

#include "base/metric.h"

#define COUNTER(metric_name, metric_labels, metric_help)                                                               \
    {                                                                                                                  \
        .name = (metric_name), .labels = (metric_labels), .help = (metric_help), .kind = METRIC_COUNTER                \
    }
#define GAUGE(metric_name, metric_help)                                                                                \
    {                                                                                                                  \
        .name = (metric_name), .help = (metric_help), .kind = METRIC_GAUGE                                             \
    }

#define VALUES(value)                                                                                                  \
    COUNTER("liveshelf_values_published_total", "value=\"" value "\"",                                                 \
            "Values told to an audience, by which; of stock and counts each SKU.")

#define RESERVE(answer)                                                                                                \
    COUNTER("liveshelf_reservations_total", "answer=\"" answer "\"", "Reserves by what was answered.")
#define HOST(answer)                                                                                                   \
    COUNTER("liveshelf_host_commands_total", "answer=\"" answer "\"", "Acts of hosts by what was answered.")
#define REWIND(log)                                                                                                    \
    COUNTER("liveshelf_rewinds_total", "log=\"" log "\"", "Times a log had lost what this node had seen of it.")

static const double lag_bounds[] = {0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 60, 120, 300, 600};

static struct metric metrics[METRIC_NAMES] = {
    [METRIC_RESERVE_HELD] = RESERVE("held"),
    [METRIC_RESERVE_REPLAYED] = RESERVE("replayed"),
    [METRIC_RESERVE_SOLD_OUT] = RESERVE("sold_out"),
    [METRIC_RESERVE_HELD_OUT] = RESERVE("held_out"),
    [METRIC_RESERVE_LIMIT] = RESERVE("limit_reached"),
    [METRIC_RESERVE_PRICE] = RESERVE("price_changed"),
    [METRIC_RESERVE_CLOSED] = RESERVE("not_selling"),
    [METRIC_RESERVE_STOPPED] = RESERVE("stopped"),
    [METRIC_RESERVE_UNAVAILABLE] = RESERVE("unavailable"),
    [METRIC_RESERVE_OTHER] = RESERVE("other"),
    [METRIC_HOST_DONE] = HOST("done"),
    [METRIC_HOST_REFUSED] = HOST("refused"),
    [METRIC_HOST_CONFLICT] = HOST("conflict"),
    [METRIC_HOST_UNAVAILABLE] = HOST("unavailable"),
    [METRIC_IN_FLIGHT] =
        GAUGE("liveshelf_commands_in_flight", "Commands taken and not ended, those answered late included."),
    [METRIC_OVERLOADED] =
        COUNTER("liveshelf_commands_overloaded_total", NULL, "Commands refused because too many were under way."),
    [METRIC_OVERDUE] =
        COUNTER("liveshelf_commands_overdue_total", NULL, "Commands answered unavailable because their time was up."),
    [METRIC_LATE] = COUNTER("liveshelf_answers_late_total", NULL, "Answers that came after the command's time was up."),
    [METRIC_ASKED_AGAIN] =
        COUNTER("liveshelf_stock_asked_again_total", NULL, "Stock requests asked again after silence."),
    [METRIC_REFUSED_HERE] = COUNTER("liveshelf_reservations_refused_here_total", NULL,
                                    "Reserves of a SKU known to be gone, refused without asking the stock."),
    [METRIC_LEDGER_ENTRIES] = COUNTER("liveshelf_ledger_entries_total", NULL, "Ledger entries folded by this node."),
    [METRIC_EXPIRED] =
        COUNTER("liveshelf_holds_expired_total", NULL, "Holds that expired, as this node read in the ledger."),
    [METRIC_OFFERS] =
        COUNTER("liveshelf_offers_total", NULL, "Offers from waitlists, as this node read in the ledger."),
    [METRIC_EVENTS] = COUNTER("liveshelf_events_total", NULL, "Broadcast events folded by this node."),
    [METRIC_TICK_PUBLISHES] =
        COUNTER("liveshelf_tick_publishes_total", NULL, "Times changed values of a broadcast were published."),
    [METRIC_TICK_PACE] = GAUGE("liveshelf_tick_pace_seconds",
                               "Least time between two publishes of values, of the broadcast that published last."),
    [METRIC_VALUES_STOCK] = VALUES("stock"),
    [METRIC_VALUES_COUNTS] = VALUES("counts"),
    [METRIC_VALUES_AUDIENCE] = VALUES("audience"),
    [METRIC_VALUES_LAG] = VALUES("lag"),
    [METRIC_VALUES_DEMAND] = VALUES("demand"),
    [METRIC_VALUES_VOLUMES] = VALUES("volumes"),
    [METRIC_VALUES_HEALTH] = VALUES("health"),
    [METRIC_VALUES_HOLD_CLOCK] = VALUES("hold_clock"),
    [METRIC_VALUES_UNCHANGED] = COUNTER("liveshelf_values_unchanged_total", NULL,
                                        "Values left out because the audience was told the same before."),
    [METRIC_VALUES_MERGED] =
        COUNTER("liveshelf_values_merged_total", NULL, "Changes of values that went out together with a later one."),
    [METRIC_LAG] = {.name = "liveshelf_viewer_lag_seconds",
                    .help = "How much later than the host acts viewers here see it, as they say.",
                    .kind = METRIC_HISTOGRAM,
                    .bounds = lag_bounds,
                    .bounds_count = ARRAY_LEN(lag_bounds)},
    [METRIC_LAG_NONSENSE] = COUNTER("liveshelf_viewer_lag_nonsense_total", NULL,
                                    "Clocks of viewers left out because they cannot be right."),
    [METRIC_BROADCASTS_OPEN] = GAUGE("liveshelf_broadcasts_open", "Broadcasts followed by this node."),
    [METRIC_REWINDS_EVENTS] = REWIND("events"),
    [METRIC_REWINDS_LEDGER] = REWIND("ledger"),
    [METRIC_AUDIT_DIFFERENCES] =
        GAUGE("liveshelf_audit_differences",
              "Ledger entries that do not lead to the counts they tell, as this node folded them. Must be 0."),
    [METRIC_RESTORED] =
        COUNTER("liveshelf_restored_total", NULL, "Stock movements that a fail-over had lost and this node put back."),
    [METRIC_RESTORE_FAILED] = COUNTER("liveshelf_restore_failed_total", NULL,
                                      "Stock movements that a fail-over had lost and that could not be put back."),
    [METRIC_APPROVALS_ASKED] =
        COUNTER("liveshelf_price_approvals_asked_total", NULL, "Prices that had to wait for a second person."),
    [METRIC_SALES_TRIPPED] =
        COUNTER("liveshelf_sales_tripped_total", NULL, "Sales that stopped themselves, as this node counted claims."),
};

void metrics_register(void)
{
    static bool registered;
    if (registered)
        return;
    registered = true;
    for (unsigned i = 0; i < METRIC_NAMES; i++)
        metric_register(&metrics[i]);
}

void metrics_add(enum metric_name name, double by) { metric_add(&metrics[name], by); }

void metrics_set(enum metric_name name, double value) { metric_set(&metrics[name], value); }
void metrics_observe(enum metric_name name, double value) { metric_observe(&metrics[name], value); }

enum metric_name metric_of_reserve(enum error_code code)
{
    switch (code) {
    case ERROR_SOLD_OUT:
        return METRIC_RESERVE_SOLD_OUT;
    case ERROR_HELD_OUT:
        return METRIC_RESERVE_HELD_OUT;
    case ERROR_LIMIT_REACHED:
        return METRIC_RESERVE_LIMIT;
    case ERROR_PRICE_CHANGED:
        return METRIC_RESERVE_PRICE;
    case ERROR_NOT_LIVE:
    case ERROR_PAUSED:
        return METRIC_RESERVE_CLOSED;
    case ERROR_STOPPED:
    case ERROR_RECALLED:
        return METRIC_RESERVE_STOPPED;
    case ERROR_UNAVAILABLE:
        return METRIC_RESERVE_UNAVAILABLE;
    default:
        return METRIC_RESERVE_OTHER;
    }
}

enum metric_name metric_of_host(enum error_code code)
{
    switch (code) {
    case ERROR_NONE:
        return METRIC_HOST_DONE;
    case ERROR_CONFLICT:
        return METRIC_HOST_CONFLICT;
    case ERROR_UNAVAILABLE:
        return METRIC_HOST_UNAVAILABLE;
    default:
        return METRIC_HOST_REFUSED;
    }
}
