/* core/broadcast/estimate.h - what is expected of a broadcast, as the warehouse plans it: units, parcels, kilograms and cubic
 * metres that will finally ship, per SKU, site and wave. Pure data; logistics/rules makes it, ws/wire writes it.
 *
 * Firm is what is confirmed and not cancelled: an order exists. All else is planning: nobody may ship on it. */
#ifndef LIVESHELF_CORE_BROADCAST_ESTIMATE_H
#define LIVESHELF_CORE_BROADCAST_ESTIMATE_H

#include "base/types.h"
#include "core/broadcast/limits.h"

#define SITES_MAX 16 /* places that ship, of a shop */
#define WAVES_MAX 8  /* releases to a carrier, of a shop */
#define CARTONS_MAX 24
#define ESTIMATE_QUANTILES 5 /* 5, 25, 50, 75, 95 % */
#define ESTIMATE_PHASES 5
#define ESTIMATE_ALL UINT16_MAX /* all sites, all waves */

struct site_id {
    char text[ID_LEN_MAX + 1];
};
struct wave_id {
    char text[ID_LEN_MAX + 1];
};
struct carton_id {
    char text[ID_LEN_MAX + 1];
};

/* What may come, as a mean and quantiles that ascend. The quantiles of a sum are not the sum of quantiles: each sum has its own. */
struct spread {
    double mean, q[ESTIMATE_QUANTILES];
};

/* Bits: what the estimate does not know, said with it. */
enum estimate_flag {
    FLAG_NO_HISTORY = 1 << 0,          /* no earlier broadcast to learn from: built-in guesses */
    FLAG_HOLD_TIME_CHANGED = 1 << 1,   /* holds last otherwise than in earlier broadcasts */
    FLAG_SKU_UNKNOWN = 1 << 2,         /* a SKU that was never on air before */
    FLAG_OVERRUN = 1 << 3,             /* live past the planned end */
    FLAG_SUSPECT_HOLDS = 1 << 4,       /* groups of holds that do not behave like people: suspect_holds */
    FLAG_AUDIENCE_MISSING = 1 << 5,    /* nobody said how many watch */
    FLAG_MASTER_DATA_MISSING = 1 << 6, /* weight or size of a SKU that sells is not known */
    FLAG_LATE_EVENTS = 1 << 7,         /* events came behind their time; they count from when they came */
    FLAG_STOCK_UNKNOWN = 1 << 8,       /* no bound */
    FLAG_HISTORY_CUT = 1 << 9,         /* the ledger no longer has this broadcast's beginning */
};
#define ESTIMATE_FLAGS 10
const char *estimate_flag_name(enum estimate_flag flag); /* "no-history", ... */

/* Tail: after the end, replay and late payments. */
enum estimate_phase { ESTIMATE_LIVE, ESTIMATE_TAIL, ESTIMATE_CLOSED };
const char *estimate_phase_name(enum estimate_phase phase); /* "live", "tail", "closed" */

enum estimate_part { PART_FIRM, PART_HOLDS, PART_LIVE, PART_TAIL, PART_CANCELLED, ESTIMATE_PARTS };
const char *estimate_part_name(enum estimate_part part);

struct estimate_sku {
    struct sku_id sku;
    int64_t firm, held, waitlist; /* units; units; viewers in line */
    int64_t stock;                /* the most that can ship; -1: not known */
    struct spread units;          /* that will finally ship: firm..stock when there are no cancellations */
    double parts[ESTIMATE_PARTS]; /* what the mean is made of; adds up to it, CANCELLED <= 0 */
    double lost;                  /* mean units wanted while there was no stock */
    double short_by;              /* wanted beyond the stock, so far and (the middle of) to come; 0 while stopped */
    unsigned flags;
};
/* A SKU in a site and a wave. Where there are sites, orders that are placed at none of them yet are in cells of ESTIMATE_ALL sites, with
 * units 0: what ships of them is expected in the sites' cells. So firm ones add up over all cells, and so do units. */
struct estimate_cell {
    uint16_t sku, site, wave; /* places in the arrays of the estimate, and of the plan */
    int64_t firm;             /* units placed there for certain */
    struct spread units;
};
struct estimate_load {   /* of a site (or all) in a wave (or all) */
    uint16_t site, wave; /* ESTIMATE_ALL */
    int64_t firm;
    struct spread units, parcels, grams, cm3; /* grams, cm3: mean NaN when not known */
};
struct estimate_carton {
    uint16_t carton; /* of the plan */
    struct spread count;
};
struct estimate_accuracy { /* of the last broadcasts, at this phase */
    uint32_t shows;        /* 0: none yet */
    double off;            /* median of |expected - shipped| / shipped, of all units */
    double covered;        /* share of them whose 90 % interval held */
};

/* Arrays are owned by the estimate. loads[0] is all sites and waves; then each site over all waves, each wave over all sites,
 * each site and wave. */
struct estimate {
    enum estimate_phase phase;
    unsigned flags;
    uint32_t suspect_holds;
    struct estimate_sku *skus;
    size_t skus_count;
    struct estimate_cell *cells; /* those that are not nothing */
    size_t cells_count;
    struct estimate_load *loads;
    size_t loads_count;
    struct estimate_carton *cartons;
    size_t cartons_count;
    double because[ESTIMATE_PARTS]; /* shares of the total's variance by where it comes from; FIRM: the rest */
    struct spread returns;          /* units that will come back after shipping: inbound, not part of the above */
    struct estimate_accuracy accuracy;
};
void estimate_finish(struct estimate *e); /* zeroed memory is fine */

/* What the shop told of its warehouses: PUT /v1/logistics. The whole is replaced. */
struct logistics_site {
    struct site_id id;
    uint32_t share;           /* of units not yet placed, relative to the others'; all 0: equal */
    int64_t parcels_per_wave; /* stated capacity; 0: not said */
};
struct logistics_wave {
    struct wave_id id;
    bool after_end;     /* cut_off_ms counts from the end of the broadcast; otherwise Unix ms */
    int64_t cut_off_ms; /* what is confirmed until then leaves with it. Ascending */
};
struct logistics_carton {
    struct carton_id id;
    uint32_t size_mm[3]; /* inside */
    uint32_t weight_max_g, tare_g;
};
struct logistics_sku_stock { /* of one SKU, where it lies; without any the sites' shares hold */
    struct sku_id sku;
    uint32_t units[SITES_MAX];
};
struct logistics_plan { /* owns `stocks`: logistics_plan_finish */
    uint64_t version;   /* seq in the shop's estimate log; 0: none, one site "*" and one wave "*" */
    struct logistics_site sites[SITES_MAX];
    struct logistics_wave waves[WAVES_MAX];
    struct logistics_carton cartons[CARTONS_MAX];
    size_t sites_count, waves_count, cartons_count;
    uint32_t fill_per_mille;            /* how full a carton gets; 700 */
    uint32_t cm3_per_kg;                /* for billed weight: 5000 or 6000; 0: real weight alone */
    uint32_t tail_hours;                /* how long the replay sells: 72 */
    struct logistics_sku_stock *stocks; /* owned */
    size_t stocks_count;
};
void logistics_plan_finish(struct logistics_plan *p);
/* "*" for ESTIMATE_ALL, which is also what cells and loads say when the plan has no sites (waves). Wave number `waves_count` is
 * "later": what is confirmed after the last cut-off. */
const char *logistics_site_name(const struct logistics_plan *p, uint16_t site);
const char *logistics_wave_name(const struct logistics_plan *p, uint16_t wave);
/* `to` is not finished first. RESULT_NO_MEMORY: untouched. */
MUST_USE enum result logistics_plan_copy(struct logistics_plan *to, const struct logistics_plan *from);

/* What became of it, told by the shop: POST /v1/broadcasts/{id}/actuals. Idempotent by id. */
enum actual_kind { ACTUAL_SHIPPED, ACTUAL_CANCELLED, ACTUAL_RETURNED };
const char *actual_kind_name(enum actual_kind kind); /* "shipped", "cancelled", "returned" */
struct actual {
    char id[ID_LEN_MAX + 1];
    enum actual_kind kind;
    struct hold_id hold;         /* none: not said. CANCELLED needs it, or the order */
    char order[REF_LEN_MAX + 1]; /* "": not said */
    struct sku_id sku;
    int64_t units;          /* 1.. */
    struct site_id site;    /* none: not said */
    int64_t parcels, grams; /* SHIPPED: first-time parcels of this line, 0: part of another's; grams 0: not said */
    int64_t ms;             /* when it happened */
};

/* What the host changed on air that the warehouse must know: the promise.changed feed. */
enum change_kind {
    CHANGE_PRICE,
    CHANGE_OFFER,
    CHANGE_OFFER_ENDED,
    CHANGE_STOPPED,
    CHANGE_OPENED,
    CHANGE_RECALLED,
    CHANGE_BUNDLE,
    CHANGE_FREEBIE,
    CHANGE_EXTRA_ENDED,
    CHANGE_ADDED,
    CHANGE_KINDS, /* ADDED: a SKU came onto the shelf on air */
};
const char *change_kind_name(enum change_kind kind); /* "price", "offer", "offer_ended", ... */
struct promise_change {
    uint64_t seq; /* of the event in the broadcast's log */
    int64_t ms;
    enum change_kind kind;
    struct sku_id sku;
    struct sku_id adds;    /* BUNDLE, FREEBIE: what goes into the parcel as well; none: not a SKU of ours, see text */
    uint32_t adds_units;   /* per unit of `sku` (BUNDLE) or per order with it (FREEBIE) */
    uint32_t first_orders; /* only for the first so many; 0: all until it ends */
    struct money was, now; /* PRICE, OFFER*: no currency: not said */
    char text[TEXT_LEN_MAX + 1];
};

#endif
