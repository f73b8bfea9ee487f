/* core/broadcast/view.h - what is shown of a broadcast, gathered for one loop turn: all a snapshot or a report needs.
 * Everything is borrowed and valid until the loop turn ends. */
#ifndef LIVESHELF_CORE_BROADCAST_VIEW_H
#define LIVESHELF_CORE_BROADCAST_VIEW_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/claims.h"
#include "core/broadcast/command.h"

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
struct fan_point { /* one published estimate of all units */
    int64_t ms, firm;
    double q[ESTIMATE_QUANTILES];
};
struct estimate_stamp { /* an estimate that somebody froze to plan by */
    char id[ID_LEN_MAX + 1];
    int64_t ms;
    char by[ID_LEN_MAX + 1]; /* who, as the token says */
    char note[NOTE_LEN_MAX + 1];
    uint64_t seq; /* of the estimate */
    int64_t firm;
    struct spread units, parcels;
};
struct last_point {
    int64_t s, firm; /* seconds since the start; units that were firm then */
};
struct last_show { /* the newest finished broadcast to compare with */
    struct broadcast_id broadcast;
    char title[TITLE_LEN_MAX + 1];
    int64_t shipped;                 /* units, in the end */
    const struct last_point *points; /* oldest first */
    size_t points_count;
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
    const struct volume_pin *pins;
    size_t pins_count;
    /* ---- what is expected ---- */
    const char *estimate; /* the estimate document, as it was published */
    size_t estimate_len;  /* 0: none yet */
    uint64_t estimate_seq;
    int64_t estimate_ms;
    const struct fan_point *fan; /* oldest first */
    size_t fan_count;
    const struct promise_change *changes; /* oldest first */
    size_t changes_count;
    const struct estimate_stamp *stamps; /* oldest first */
    size_t stamps_count;
    const struct logistics_plan *plan; /* NULL: none */
    const struct last_show *last;      /* NULL: none */
    /* ---- of these, what somebody was not told yet: volumes_since ---- */
    size_t series_new, fan_new, changes_new; /* the last so many */
    bool estimate_new, stamps_new, plan_new, last_new;
};

/* How far somebody was told. Zeroed: nothing. */
struct volumes_mark {
    int64_t series_ms, fan_ms; /* of the newest point */
    uint64_t estimate_seq, change_seq, plan_version;
    char stamp[ID_LEN_MAX + 1]; /* the newest */
    struct broadcast_id last;
};
struct volumes_mark volumes_mark(const struct volumes_view *v); /* of one who is told all of it */
void volumes_since(struct volumes_view *v, const struct volumes_mark *told);

#endif
