/* core/ports/audience.h - everyone connected to this node: to one, to a viewer's conns, to the whole audience of a broadcast.
 * Real: ws/lws (hub). Recording stand-in: tests/support. Calls never call back into the orchestrator. */
#ifndef LIVESHELF_CORE_PORTS_AUDIENCE_H
#define LIVESHELF_CORE_PORTS_AUDIENCE_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/claims.h"
#include "core/broadcast/outcome.h"
#include "scripts/rules/preflight.h"
#include "scripts/rules/runofshow.h"

struct demand {                    /* of one SKU since the start, over all nodes */
    struct sku_id sku;
    uint64_t attempts, refused;
};

struct show_view {                 /* all a snapshot needs; borrowed, valid until the loop turn ends */
    const struct broadcast *broadcast;
    const struct run_of_show *run; /* NULL: none yet */
    const struct claims *claims;
    const struct catalogue *catalogue;
    const struct demand *demand;
    size_t demand_count;
    uint64_t audience;             /* viewers over all nodes */
    const struct preflight *preflight; /* NULL unless asked for */
    bool selling_available;        /* false: stock cannot be reached */
};

struct volume_point { int64_t ms, confirmed, held; };
struct volume_pin { int64_t ms; struct sku_id sku; };
struct volume_sku {
    struct sku_id sku;
    int64_t allocated, available, confirmed, held, waitlist, refused;
};
struct volumes_view {
    const struct broadcast *broadcast;
    const struct catalogue *catalogue;
    int64_t as_of_ms;
    const char *ledger_id;
    const struct volume_sku *skus;
    size_t skus_count;
    int64_t orders;                      /* confirmed holds of this broadcast */
    const struct volume_point *series;   /* oldest first */
    size_t series_count;
    size_t series_new;                   /* the last so many are new since the last publish */
    const struct volume_pin *pins;
    size_t pins_count;
};

struct audience {
    void (*send)(struct audience *a, uint64_t conn, const struct outcome *outcome);  /* conn gone: nothing */
    void (*send_viewer)(struct audience *a, const struct shop_id *shop, const struct broadcast_id *broadcast,
                        const struct viewer_id *viewer, const struct outcome *outcome); /* all their conns on this node */
    void (*publish)(struct audience *a, const struct show_view *show, const struct event *event); /* after its step */
    /* Counts of these SKUs changed; latest wins. Called at most once per tick and broadcast. */
    void (*publish_counts)(struct audience *a, const struct show_view *show, const struct sku_id *skus, size_t count);
    void (*publish_demand)(struct audience *a, const struct show_view *show);    /* hosts */
    void (*publish_audience)(struct audience *a, const struct show_view *show);  /* everyone */
    void (*publish_health)(struct audience *a, const struct show_view *show);    /* hosts */
    void (*publish_volumes)(struct audience *a, const struct volumes_view *v);   /* logistics */
    void (*reset)(struct audience *a, const struct show_view *show);             /* epoch changed: snapshots for all */
};

#endif
