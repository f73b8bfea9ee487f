/* logistics/rules/draws_inner.h - what draws.c (how many) and place.c (where, when, in what) share. */
#ifndef LIVESHELF_LOGISTICS_RULES_DRAWS_INNER_H
#define LIVESHELF_LOGISTICS_RULES_DRAWS_INNER_H

#include "logistics/rules/cartons.h"
#include "logistics/rules/draws.h"
#include "logistics/rules/outlook.h"
#include "logistics/rules/sample.h"

#define DRAWS ESTIMATOR_DRAWS
#define CANCEL_STEPS 16  /* of the share of an order's cancellations that has passed: 0, 1/16, ... 1 */
#define CANCEL_SHARES 32 /* steps of the share q that is cancelled, 0..CANCEL_SHARE_MAX */
#define CANCEL_SHARE_MAX 0.6

/* A generator for each purpose: sample_seed. */
enum purpose {
    FOR_ALL,
    FOR_RATE,
    FOR_LIVE,
    FOR_TAIL_RATE,
    FOR_TAIL,
    FOR_HOLDS,
    FOR_LINE,
    FOR_UNITS,
    FOR_WAVES,
    FOR_LOST,
    FOR_SITES,
    FOR_RETURNS,
    PURPOSES
};

/* One draw of one SKU, in units by wave. */
struct lot {
    double kept[ROWS_MAX];                                 /* confirmed by now and not cancelled later */
    double held[ROWS_MAX], live[ROWS_MAX], tail[ROWS_MAX]; /* new ones that fit into the stock */
    double fresh[ROWS_MAX];                                /* their sum */
    double lost[ROWS_MAX];                                 /* of these three, cancelled */
    double refill;                                         /* of what is cancelled, sold again: the last wave */
};

/* Sums of one cell (wave x site) over SKUs, per draw. */
struct load {
    double units[DRAWS], parcels[DRAWS], grams[DRAWS], cm3[DRAWS];
};

struct draws {
    const struct fold *f;
    const struct logistics_plan *plan;
    struct outlook o;
    struct estimate *e;
    size_t rows, sites; /* of the answer: sites at least 1 */
    /* per draw, for all SKUs */
    double per_level[DRAWS], per_tail_level[DRAWS]; /* 1 / M */
    double viewers[DRAWS], tail_shape[DRAWS], pace[DRAWS], cancel[DRAWS];
    double parcels_each[2][DRAWS];                           /* of a further unit that was begun live, in the replay */
    double cancel_left[CANCEL_SHARES + 1][CANCEL_STEPS + 1]; /* q / (1 - q F) at each q and F */
    double parcels_per_unit[2];         /* that a further unit adds: of lines begun live, in the replay */
    double parcels_firm, parcels_freed; /* of a confirmed unit; that its cancellation takes away */
    double total[DRAWS], parts[ESTIMATE_PARTS][DRAWS];
    bool grams_known, cm3_known;
    /* of the SKU at hand */
    struct rng rng[PURPOSES];
    double sku_units[DRAWS], sku_short[DRAWS];
    /* owned */
    struct load *loads;     /* [row][site] */
    double (*cells)[DRAWS]; /* [row][site]: of the SKU at hand */
    double (*cartons)[DRAWS];
    size_t cells_capacity;
};

/* place.c: before the first SKU; each SKU and each of its draws; after its last; after the last SKU. */
MUST_USE enum result place_init(struct draws *d);
void place_finish(struct draws *d);
struct place_sku {
    size_t sku;
    double share[SITES_MAX], spread; /* of what is not placed; how sure that is, in units */
    double grams, cm3;               /* of one unit */
    double grams_parcel, cm3_parcel; /* of the carton of one parcel beyond its goods */
    uint16_t carton;
    double cartons_parcel;                                                   /* cartons of a parcel */
    double firm[ROWS_MAX][SITES_MAX], placed[ROWS_MAX], confirmed[ROWS_MAX]; /* placed: at any site; confirmed: all */
    double room[SITES_MAX]; /* stock beyond what is confirmed there; HUGE_VAL */
};
void place_sku_init(struct draws *d, size_t sku, struct place_sku *p);
void place_lot(struct draws *d, const struct place_sku *p, size_t draw, const struct lot *lot);
MUST_USE enum result place_sku_end(struct draws *d, const struct place_sku *p);
MUST_USE enum result place_end(struct draws *d);

#endif
