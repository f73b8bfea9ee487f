/* core/ports/audience.h - everyone connected to this node: to one, to a viewer's conns, to the whole audience of a broadcast.
 * Real: ws/lws (hub). Recording stand-in: tests/support. Calls never call back into the orchestrator. */
#ifndef LIVESHELF_CORE_PORTS_AUDIENCE_H
#define LIVESHELF_CORE_PORTS_AUDIENCE_H

#include "core/broadcast/outcome.h"
#include "core/broadcast/view.h"
#include "scripts/rules/preflight.h"
#include "scripts/rules/runofshow.h"

struct audience {
    /* conn gone: nothing. An answer that says what became of a hold (outcome_moves_hold) is told to the viewer's other conns on
     * this node too, as a push. */
    void (*send)(struct audience *a, uint64_t conn, const struct outcome *outcome);
    void (*send_viewer)(struct audience *a, const struct shop_id *shop, const struct broadcast_id *broadcast,
                        const struct viewer_id *viewer,
                        const struct outcome *outcome); /* all their conns on this node */
    void (*publish)(struct audience *a, const struct show_view *show, const struct event *event); /* after its step */
    /* Values: latest wins. The core coalesces them: a lone change is published at once, further ones of the broadcast at most
     * every max(tick_ms, pace_ms) and only when what is told differs from what was told last. */
    /* What is displayed of these SKUs' stock changed (stock_shown): to everyone. */
    void (*publish_stock)(struct audience *a, const struct show_view *show, const struct sku_id *skus, size_t count);
    /* The exact counts of these SKUs changed: to hosts. */
    void (*publish_counts)(struct audience *a, const struct show_view *show, const struct sku_id *skus, size_t count);
    void (*publish_demand)(struct audience *a, const struct show_view *show); /* hosts */
    /* To everyone of this role: viewers are told `audience_shown`, hosts `audience`. */
    void (*publish_audience)(struct audience *a, const struct show_view *show, enum role role);
    void (*publish_lag)(struct audience *a, const struct show_view *show);    /* hosts */
    void (*publish_health)(struct audience *a, const struct show_view *show); /* hosts */
    /* The broadcast's clock of holds stands still or goes on (claims_clock): to everyone. */
    void (*publish_hold_clock)(struct audience *a, const struct show_view *show);
    void (*publish_volumes)(struct audience *a, const struct volumes_view *v); /* logistics */
    void (*reset)(struct audience *a, const struct show_view *show);           /* epoch changed: snapshots for all */
    /* The least time between two publishes of values that this broadcast's audience can take now, from how long sending to all
     * of them took. 0: as often as the core likes. */
    int64_t (*pace_ms)(struct audience *a, const struct show_view *show);
};

#endif
