#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/draws_inner.h"
#include "logistics/rules/spread.h"

#define STOCK_SHARE_UNITS 3.0 /* weight of where stock lies against where units were placed */
#define FILL 0.7              /* of a parcel, when the shop has not said */

static double at_least(double x, double low) { return x > low ? x : low; }
static double at_most(double x, double high) { return x < high ? x : high; }

/* ---- before and after all ---- */

enum result place_init(struct draws *d)
{
    d->rows = d->f->rows;
    d->sites = d->f->sites == 0 ? 1 : d->f->sites;
    d->grams_known = d->cm3_known = true;
    size_t cells = d->rows * d->sites;
    d->loads = calloc(cells, sizeof *d->loads);
    d->cells = calloc(cells, sizeof *d->cells);
    d->cartons = calloc(d->plan->cartons_count + 1, sizeof *d->cartons);
    return d->loads == NULL || d->cells == NULL || d->cartons == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

void place_finish(struct draws *d)
{
    free(d->loads);
    free(d->cells);
    free(d->cartons);
}

/* ---- a SKU: where its units go that are not placed ---- */

/* Of a site, before anything was placed: where the shop's stock of the SKU lies, else the sites' stated shares. */
static double stock_share(const struct draws *d, size_t sku, size_t site)
{
    double all = 0, here = 0, shares = 0;
    for (size_t i = 0; i < d->f->sites; i++) {
        double stock = at_least((double)*fold_site_stock(d->f, sku, i), 0);
        all += stock;
        here = i == site ? stock : here;
        shares += d->f->share[i];
    }
    if (all > 0)
        return here / all;
    return shares > 0 ? d->f->share[site] / shares : 1 / (double)d->sites;
}

static void sku_shares(const struct draws *d, size_t sku, struct place_sku *p)
{
    const struct outlook_sku *o = &d->o.skus[sku];
    double all = 0, chance = o->open > 0 ? o->converting / o->open : 0;
    for (size_t site = 0; site < d->sites; site++) {
        double placed = d->f->sites == 0 ? 0 : chance * (double)*fold_held(d->f, sku, site);
        for (size_t row = 0; row < d->rows; row++)
            placed += p->firm[row][site];
        p->share[site] = at_least(placed, 0) + STOCK_SHARE_UNITS * (d->f->sites == 0 ? 1 : stock_share(d, sku, site));
        all += p->share[site];
    }
    for (size_t site = 0; site < d->sites; site++)
        p->share[site] /= all;
    p->spread = all;
}

static void sku_firm(const struct draws *d, size_t sku, struct place_sku *p)
{
    for (size_t row = 0; row < d->rows; row++) {
        for (size_t site = 0; site < d->sites; site++)
            p->firm[row][site] = (double)*fold_firm(d->f, sku, row, site);
        for (size_t site = 0; site < d->sites; site++)
            p->placed[row] += p->firm[row][site];
        p->confirmed[row] = p->placed[row];
        if (d->f->sites > 0)
            p->confirmed[row] += (double)*fold_firm(d->f, sku, row, d->f->sites);
    }
    for (size_t site = 0; site < d->sites; site++) {
        int64_t stock = d->f->sites == 0 ? STOCK_UNKNOWN : *fold_site_stock(d->f, sku, site);
        p->room[site] = stock == STOCK_UNKNOWN ? HUGE_VAL : (double)stock;
        for (size_t row = 0; row < d->rows && stock != STOCK_UNKNOWN; row++)
            p->room[site] -= p->firm[row][site];
        p->room[site] = at_least(p->room[site], 0);
    }
}

/* The carton of an expected parcel: as many units of this SKU as a parcel has on average. */
static void sku_carton(const struct draws *d, const struct fold_sku *s, struct place_sku *p)
{
    double units = 1 / at_most(at_least(d->parcels_per_unit[0], 0.01), 1);
    struct parcel_goods goods = {.cm3 = units * p->cm3,
                                 .grams = units * p->grams,
                                 .longest_mm = s->longest_mm,
                                 .units = (uint32_t)(units + 0.5)};
    if (d->plan->cartons_count == 0) {
        double fill = d->plan->fill_per_mille > 0 ? d->plan->fill_per_mille / 1000.0 : FILL;
        p->cm3 /= fill;
        return;
    }
    struct packing packing = cartons_pack(d->plan, &goods);
    p->carton = packing.carton;
    p->cartons_parcel = packing.count;
    p->grams_parcel = at_least(packing.grams - goods.grams, 0);
    p->cm3_parcel = packing.cm3;
    p->cm3 = 0;
}

void place_sku_init(struct draws *d, size_t sku, struct place_sku *p)
{
    const struct fold_sku *s = &d->f->skus[sku];
    *p = (struct place_sku){.sku = sku, .grams = s->grams, .cm3 = s->cm3, .carton = CARTON_NONE};
    sku_firm(d, sku, p);
    sku_shares(d, sku, p);
    sku_carton(d, s, p);
}

/* ---- a draw ---- */

static double whole(double x) { return (double)(int64_t)x; } /* rounded down; x >= 0. Much cheaper than floor */

/* Shares of this draw: around p->share as far as it is known, and as whole units fall. */
static void draw_shares(struct draws *d, const struct place_sku *p, double units, double ret[SITES_MAX])
{
    double rest = 1, doubt = 1 / at_least(units, 1) + 1 / (p->spread + 1);
    for (size_t site = 0; site + 1 < d->sites; site++) {
        double share = p->share[site];
        share += sqrt(share * (1 - share) * doubt) * sample_normal(&d->rng[FOR_SITES]);
        ret[site] = at_most(at_least(share, 0), rest);
        rest -= ret[site];
    }
    ret[d->sites - 1] = rest;
}

/* What does not fit where it should go, where there is room; without any at the last site. */
static void units_overflow(size_t sites, double over, double room[SITES_MAX], double ret[SITES_MAX])
{
    for (size_t site = 0; site < sites && over > 0; site++) {
        double more = site + 1 == sites ? over : at_most(over, room[site]);
        ret[site] += more;
        room[site] -= more;
        over -= more;
    }
}

/* `units` whole ones over the sites, none above its room as long as another has some. */
static void units_split(size_t sites, double units, const double share[SITES_MAX], double u, double room[SITES_MAX],
                        double ret[SITES_MAX])
{
    double sum = u, given = 0, over = 0;
    for (size_t site = 0; site < sites; site++) {
        sum += units * share[site];
        double upto = site + 1 == sites ? units : at_most(whole(sum), units), here = upto - given;
        double fits = at_most(here, room[site]);
        given = upto;
        over += here - fits;
        ret[site] = fits;
        room[site] -= fits;
    }
    if (over > 0)
        units_overflow(sites, over, room, ret);
}

/* Less than is placed remains: taken from all alike. */
static void row_shrink(struct draws *d, const struct place_sku *p, size_t row, double units, double ret[SITES_MAX])
{
    double kept[SITES_MAX], room[SITES_MAX];
    for (size_t site = 0; site < d->sites; site++) {
        kept[site] = p->firm[row][site] / p->placed[row];
        room[site] = p->firm[row][site];
    }
    units_split(d->sites, units, kept, rng_unit(&d->rng[FOR_SITES]), room, ret);
}

static void cell_add(struct draws *d, const struct place_sku *p, size_t draw, size_t cell, double units, double parcels,
                     double firm)
{
    struct load *to = &d->loads[cell];
    d->cells[cell][draw] = units;
    if (units == 0 && parcels == 0)
        return;
    double of_sku = at_least(firm * d->parcels_firm + parcels, 0);
    to->units[draw] += units;
    to->parcels[draw] += parcels;
    to->grams[draw] += units * p->grams + of_sku * p->grams_parcel;
    to->cm3[draw] += units * p->cm3 + of_sku * p->cm3_parcel;
    if (p->carton < d->plan->cartons_count)
        d->cartons[p->carton][draw] += of_sku * p->cartons_parcel;
}

/* The cells of one wave: what is confirmed where, and the rest by the shares; parcels go where the rest goes. */
static void row_place(struct draws *d, const struct place_sku *p, size_t draw, size_t row, double units, double parcels,
                      const double share[SITES_MAX], double room[SITES_MAX])
{
    double more[SITES_MAX] = {0}, apart = units - p->placed[row];
    if (apart > 0)
        units_split(d->sites, apart, share, rng_unit(&d->rng[FOR_SITES]), room, more);
    else if (apart < 0)
        row_shrink(d, p, row, units, more);
    double per_unit = apart > 0 ? 1 / apart : 0, unplaced = p->confirmed[row] - p->placed[row];
    for (size_t site = 0; site < d->sites; site++) {
        double firm = p->firm[row][site], here = apart < 0 ? more[site] : firm + more[site];
        double part = apart > 0 ? more[site] * per_unit : share[site];
        cell_add(d, p, draw, row * d->sites + site, here, parcels * part, firm + unplaced * part);
    }
}

static void row_empty(struct draws *d, size_t draw, size_t row)
{
    for (size_t site = 0; site < d->sites; site++)
        d->cells[row * d->sites + site][draw] = 0;
}

void place_lot(struct draws *d, const struct place_sku *p, size_t draw, const struct lot *lot)
{
    double share[SITES_MAX] = {0}, room[SITES_MAX] = {0}, all = 0;
    for (size_t row = 0; d->sites > 1 && row < d->rows; row++)
        all += lot->fresh[row];
    for (size_t site = 0; site < d->sites; site++)
        room[site] = p->room[site];
    if (d->sites > 1)
        draw_shares(d, p, all, share);
    for (size_t row = 0; row < d->rows; row++) {
        double tail = lot->tail[row] + (row + 1 == d->rows ? lot->refill : 0), live = lot->fresh[row] - lot->tail[row];
        double fresh = live + tail, units = lot->kept[row] + fresh - lot->lost[row];
        double parcels = live * d->parcels_each[0][draw] + tail * d->parcels_each[1][draw];
        if (lot->lost[row] > 0)
            parcels *= 1 - lot->lost[row] / fresh;
        parcels -= (p->confirmed[row] - lot->kept[row]) * d->parcels_freed;
        if (units == 0 && p->placed[row] == 0 && parcels == 0)
            row_empty(d, draw, row);
        else if (d->sites > 1)
            row_place(d, p, draw, row, units, parcels, share, room);
        else
            cell_add(d, p, draw, row, units, parcels, p->firm[row][0]);
    }
}

/* ---- answers ---- */

static uint16_t site_name(const struct draws *d, size_t site)
{
    return d->f->sites == 0 ? ESTIMATE_ALL : (uint16_t)site;
}
static uint16_t wave_name(const struct draws *d, size_t row) { return d->f->waves == 0 ? ESTIMATE_ALL : (uint16_t)row; }

static enum result cell_append(struct draws *d, const struct estimate_cell *cell)
{
    struct estimate *e = d->e;
    if (e->cells_count == d->cells_capacity) {
        size_t more = d->cells_capacity == 0 ? 64 : d->cells_capacity * 2;
        struct estimate_cell *longer = realloc(e->cells, more * sizeof *longer);
        if (longer == NULL)
            return RESULT_NO_MEMORY;
        e->cells = longer;
        d->cells_capacity = more;
    }
    e->cells[e->cells_count++] = *cell;
    return RESULT_OK;
}

/* Orders that are placed nowhere yet have a cell of their own, of all sites: what will ship of them is expected in the sites' cells. */
static enum result unplaced_append(struct draws *d, const struct place_sku *p, size_t row)
{
    struct estimate_cell to = {.sku = (uint16_t)p->sku,
                               .site = ESTIMATE_ALL,
                               .wave = wave_name(d, row),
                               .firm = (int64_t)(p->confirmed[row] - p->placed[row])};
    return to.firm == 0 ? RESULT_OK : cell_append(d, &to);
}

enum result place_sku_end(struct draws *d, const struct place_sku *p)
{
    enum result result = RESULT_OK;
    for (size_t cell = 0; result == RESULT_OK && cell < d->rows * d->sites; cell++) {
        size_t row = cell / d->sites, site = cell % d->sites;
        struct estimate_cell to = {.sku = (uint16_t)p->sku, .site = site_name(d, site), .wave = wave_name(d, row)};
        to.firm = (int64_t)p->firm[row][site];
        spread_of(d->cells[cell], DRAWS, &to.units);
        if (to.firm != 0 || to.units.mean > 0)
            result = cell_append(d, &to);
    }
    for (size_t row = 0; result == RESULT_OK && row < d->rows; row++)
        result = unplaced_append(d, p, row);
    return result;
}

static bool cell_belongs(const struct draws *d, size_t cell, size_t row, size_t site)
{
    return (row == d->rows || cell / d->sites == row) && (site == d->sites || cell % d->sites == site);
}

/* Adds up one of the four sums of the cells that belong and reads its spread. */
static void load_spread(const struct draws *d, size_t row, size_t site, size_t offset, struct spread *ret)
{
    double sum[DRAWS] = {0};
    for (size_t cell = 0; cell < d->rows * d->sites; cell++) {
        const double *draws = (const double *)(const void *)((const char *)&d->loads[cell] + offset);
        for (size_t i = 0; cell_belongs(d, cell, row, site) && i < DRAWS; i++)
            sum[i] += draws[i];
    }
    spread_of(sum, DRAWS, ret);
}

static int64_t load_firm(const struct draws *d, size_t row, size_t site)
{
    int64_t firm = 0;
    for (size_t sku = 0; sku < d->f->skus_count; sku++)
        for (size_t r = 0; r < d->f->rows; r++)
            for (size_t column = 0; column < d->f->columns; column++)
                if ((row == d->rows || r == row) && (site == d->sites || column == site))
                    firm += *fold_firm(d->f, sku, r, column);
    return firm;
}

/* The most that can leave a site, or all of them; HUGE_VAL: not known. */
static double load_ceiling(const struct draws *d, size_t site)
{
    double ceiling = 0;
    for (size_t sku = 0; sku < d->f->skus_count; sku++) {
        bool is_all = site == d->sites || d->f->sites == 0;
        int64_t stock = is_all ? d->f->skus[sku].stock : *fold_site_stock(d->f, sku, site);
        if (stock == STOCK_UNKNOWN)
            return HUGE_VAL;
        ceiling += (double)stock;
    }
    return ceiling;
}

/* Sums are as wide as earlier shows' sums should have been: what all SKUs share is where a whole show is missed. The quantiles of a SKU
 * have hundreds of earlier ones behind them, and are left alone. */
static void load_widen(const struct draws *d, size_t site, struct estimate_load *load)
{
    const struct fold *f = d->f;
    double log_width = conformal_log_width(&f->beliefs.conformal, d->o.t, f->planned_s, d->o.end_s);
    double firm = load->units.q[0] >= (double)load->firm ? (double)load->firm : 0; /* else cancellations may undo it */
    conformal_widen(&load->units, log_width, firm,
                    at_least(load_ceiling(d, site), load->units.q[ESTIMATE_QUANTILES - 1]));
    conformal_widen(&load->parcels, log_width, 0, HUGE_VAL);
    conformal_widen(&load->grams, log_width, 0, HUGE_VAL);
    conformal_widen(&load->cm3, log_width, 0, HUGE_VAL);
}

static void load_add(struct draws *d, size_t row, size_t site) /* d->rows, d->sites: all */
{
    struct estimate_load *to = &d->e->loads[d->e->loads_count++];
    *to = (struct estimate_load){.site = site == d->sites ? ESTIMATE_ALL : site_name(d, site),
                                 .wave = row == d->rows ? ESTIMATE_ALL : wave_name(d, row),
                                 .firm = load_firm(d, row, site)};
    load_spread(d, row, site, offsetof(struct load, units), &to->units);
    load_spread(d, row, site, offsetof(struct load, parcels), &to->parcels);
    load_spread(d, row, site, offsetof(struct load, grams), &to->grams);
    load_spread(d, row, site, offsetof(struct load, cm3), &to->cm3);
    load_widen(d, site, to);
    if (!d->grams_known)
        to->grams.mean = NAN;
    if (!d->cm3_known)
        to->cm3.mean = NAN;
}

/* Parcels begun: those not placed yet are at the sites by their stated shares. */
static void parcels_begun(struct draws *d)
{
    double shares = 0;
    for (size_t site = 0; site < d->f->sites; site++)
        shares += d->f->share[site];
    for (size_t row = 0; row < d->rows; row++)
        for (size_t site = 0; site < d->sites; site++) {
            const double *pairs = &d->f->pairs[row * d->f->columns];
            double share = shares > 0 ? d->f->share[site] / shares : 1 / (double)d->sites;
            double begun = pairs[site] + (d->f->sites == 0 ? 0 : pairs[d->f->sites] * share);
            struct load *to = &d->loads[row * d->sites + site];
            for (size_t i = 0; i < DRAWS; i++)
                to->parcels[i] = at_least(to->parcels[i] + begun, 0);
        }
}

static void cartons(struct draws *d)
{
    for (size_t i = 0; i < d->plan->cartons_count; i++) {
        struct estimate_carton *to = &d->e->cartons[d->e->cartons_count];
        to->carton = (uint16_t)i;
        spread_of(d->cartons[i], DRAWS, &to->count);
        d->e->cartons_count += to->count.mean > 0;
    }
}

enum result place_end(struct draws *d)
{
    struct estimate *e = d->e;
    e->loads = calloc((d->rows + 1) * (d->sites + 1), sizeof *e->loads);
    e->cartons = calloc(d->plan->cartons_count + 1, sizeof *e->cartons);
    if (e->loads == NULL || e->cartons == NULL)
        return RESULT_NO_MEMORY;
    bool sites = d->f->sites > 0, waves = d->f->waves > 0;
    parcels_begun(d);
    load_add(d, d->rows, d->sites);
    for (size_t site = 0; sites && site < d->sites; site++)
        load_add(d, d->rows, site);
    for (size_t row = 0; waves && row < d->rows; row++)
        load_add(d, row, d->sites);
    for (size_t row = 0; waves && sites && row < d->rows; row++)
        for (size_t site = 0; site < d->sites; site++)
            load_add(d, row, site);
    cartons(d);
    return RESULT_OK;
}
