/* core/broadcast/view.h - what is shown of a broadcast, gathered for one loop turn: all a snapshot or a report needs.
 * Everything is borrowed and valid until the loop turn ends. */
#ifndef LIVESHELF_CORE_BROADCAST_VIEW_H
#define LIVESHELF_CORE_BROADCAST_VIEW_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/claims.h"

struct run_of_show; /* scripts/rules/runofshow.h */
struct preflight;   /* scripts/rules/preflight.h */

struct demand { /* of one SKU since the start, over all nodes */
    struct sku_id sku;
    uint64_t attempts, refused;
};

struct lag_view {           /* how much later than the host acts its viewers see it, over all nodes */
    uint64_t viewers;       /* who said lately where their video is; 0: nobody, and the rest means nothing */
    int64_t p50_ms, p95_ms; /* half of them see it at most so much later; 95 of 100 */
};

struct show_view { /* all a snapshot needs; borrowed, valid until the loop turn ends */
    const struct broadcast *broadcast;
    const struct run_of_show *run; /* NULL: none yet */
    const struct claims *claims;
    const struct catalogue *catalogue;
    const struct demand *demand;
    size_t demand_count;
    uint64_t audience;       /* viewers over all nodes */
    uint64_t audience_shown; /* the same as viewers are told it: rounded (shown.h) */
    struct lag_view lag;
    const struct preflight *preflight; /* NULL unless asked for */
    bool selling_available;            /* false: nothing is sold now, and why: */
    const char
        *selling_why; /* for hosts, in plain words; while it is available "", or what a fail-over lost for good */
    int64_t now_ms;   /* server time of this view */
};

struct volume_point {
    int64_t ms, confirmed, held;
};
struct volume_pin {
    int64_t ms;
    struct sku_id sku;
};
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
    int64_t orders;                    /* confirmed holds of this broadcast */
    const struct volume_point *series; /* oldest first */
    size_t series_count;
    size_t series_new; /* the last so many are new since the last publish */
    const struct volume_pin *pins;
    size_t pins_count;
};

#endif
