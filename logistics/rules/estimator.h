/* logistics/rules/estimator.h - from a broadcast's holds, pins and viewers to what will finally ship.
 *
 *     final = confirmed + open holds x P(convert | age) + arrivals still to come (live, then replay),
 *             bounded by stock, less cancellations
 *
 * Pure and deterministic: the same events in the same order and the same seed give the same numbers, on any node. Times are
 * seconds since the broadcast went live, as doubles; the clock of the events is the only one there is. An event costs
 * O(1), one of the audience O(SKUs), and once a minute as much as a freeze. Everything is the caller's thread's; a frozen copy
 * may be estimated on another one. */
#ifndef LIVESHELF_LOGISTICS_RULES_ESTIMATOR_H
#define LIVESHELF_LOGISTICS_RULES_ESTIMATOR_H

#include "base/bytes.h"
#include "core/broadcast/estimate.h"

#define ESTIMATOR_SKUS_MAX 2000      /* of one broadcast, on the shelf or once sold */
#define ESTIMATOR_HOLDS_MAX 10000000 /* lines of holds, open and confirmed */
#define ESTIMATOR_RUN_MAX 2000       /* planned pins */
#define ESTIMATOR_DRAWS 400
#define ESTIMATOR_HISTORY_MAX 20 /* earlier broadcasts that count */

struct estimator;
struct prior;  /* prior.h: what earlier broadcasts teach */
struct digest; /* digest.h: what this one teaches the next */

/* ---- the plan ---- */

struct planned_pin {
    double t;
    struct sku_id sku;
};
struct estimator_sku {
    struct sku_id sku;
    int64_t stock[SITES_MAX]; /* per site of the plan; all -1: unknown */
    uint32_t grams;           /* 0: not known */
    uint32_t size_mm[3];      /* all 0: not known */
};
struct estimator_plan { /* borrowed for the call */
    double planned_s;   /* planned length; > 0 */
    double hold_s;      /* how long a hold lasts; > 0 */
    double tail_s;      /* how long the replay sells */
    const struct estimator_sku *skus;
    size_t skus_count;
    const struct planned_pin *run; /* by time */
    size_t run_count;
    const struct logistics_plan *
        logistics; /* NULL: one site, no waves, no cartons. Wave times: seconds from the start are made by the estimator */
    int64_t start_ms; /* Unix ms of t = 0: for waves at a given moment */
    uint64_t seed;    /* of the draws: the same for all estimates of a broadcast, so that they move by events alone */
};
/* Takes its own copy of `prior` (NULL: cold start) and of the plan. RESULT_NO_MEMORY, RESULT_MALFORMED (a value out of range). */
MUST_USE enum result estimator_create(const struct estimator_plan *plan, const struct prior *prior,
                                      struct estimator **ret);
void estimator_destroy(struct estimator *e); /* NULL is fine */

/* ---- events ---- */

enum sale_kind {
    SALE_VIEWERS, /* n watch now */
    SALE_PIN,     /* sku is on screen */
    SALE_HOLD,    /* hold, sku, site (ESTIMATE_ALL: not placed yet), units, buyer */
    SALE_CONFIRM, /* hold. A hold that is not open (paid late, lost): sku, units, buyer count as hold and confirm at once */
    SALE_RELEASE, /* hold: given back */
    SALE_EXPIRE,  /* hold: its time was up */
    SALE_EXTEND,  /* hold: its time begins anew, and so does its age */
    SALE_CANCEL,  /* hold: cancelled before it shipped; units 0: all of them */
    SALE_RETURN,  /* hold: came back after it shipped */
    SALE_SHIP,    /* hold: left from `site` */
    SALE_WAIT,
    SALE_LEAVE, /* sku: a viewer in line */
    SALE_STOCK, /* sku, units: the most that can ship of it from now on, sold ones included; made known if new. site: of that site */
    SALE_SKU,   /* sku, n: came onto the shelf (stock -1 until told); a unit weighs n grams, 0: not known */
    SALE_STOP,  /* sku: nobody can buy it any more; its open holds may still be confirmed */
    SALE_OPEN,  /* sku: they can again */
    SALE_END,   /* the broadcast ended, the replay begins */
    SALE_CLOSE, /* nothing more will be sold or cancelled: what is confirmed is what ships */
};
struct sale_event {
    enum sale_kind kind;
    double t;
    const char *
        hold; /* unique together with sku: a cart is a hold with several SKUs. NULL sku: the hold's only line, or its first */
    const char *sku;
    const char *buyer; /* NULL: nobody else's */
    uint16_t site;
    int64_t units; /* HOLD: 1..HOLD_UNITS_MAX; STOCK: >= 0 */
    int64_t n;     /* VIEWERS, SKU */
};
/* A repeated event changes nothing; one that cannot be (confirm without hold and without sku, cancel before confirm) is counted and
 * flagged; `t` before the newest counts as it. RESULT_NO_MEMORY, RESULT_FULL at a limit: not counted, flagged. */
MUST_USE enum result estimator_feed(struct estimator *e, const struct sale_event *event);

/* ---- asked ---- */

struct estimator_line {
    int64_t units; /* less those that were cancelled in time */
    bool is_paid;  /* it was confirmed, whatever became of it */
};
/* `sku` NULL: the hold's first. False: there is none. */
bool estimator_line(const struct estimator *e, const char *hold, const char *sku, struct estimator_line *ret);

/* ---- estimates ---- */

/* What an estimate at `t` (>= the newest event) needs, copied: O(SKUs x time), whatever the number of holds; two milliseconds for
 * 200 SKUs after an hour. */
struct estimator_state;
MUST_USE enum result estimator_freeze(struct estimator *e, double t, struct estimator_state **ret);
void estimator_state_destroy(struct estimator_state *s);
/* May run on another thread. The caller finishes *ret. Names of sites, waves and cartons are those of the plan. */
MUST_USE enum result estimator_state_estimate(struct estimator_state *s, struct estimate *ret);
/* Both at once. */
MUST_USE enum result estimator_estimate(struct estimator *e, double t, struct estimate *ret);

/* What the broadcast teaches, once it is over (also before: what it taught so far). */
MUST_USE enum result estimator_digest(const struct estimator *e, struct digest **ret);
size_t estimator_memory(const struct estimator *e); /* bytes held */

#endif
