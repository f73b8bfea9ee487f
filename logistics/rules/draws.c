#include "logistics/rules/draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/conformal.h"
#include "logistics/rules/draws_inner.h"
#include "logistics/rules/spread.h"

#define LEVELS_EACH 8     /* of the draws, one of so many gives its level to a mean */
#define ARRIVALS_MAX 1e6  /* of one SKU, live or in the replay */
#define WAIT_CONVERTS 0.3 /* of viewers in line, times a new hold's chance */
#define PACE_LINES 20.0
#define SKU_PACE_LINES 15.0
#define NEW_ORDER_DONE 0.95    /* of an order's cancellations, by the time nothing more comes */
#define RETURN_MEAN_S 864000.0 /* ten days from shipping to coming back */
#define PARCELS_NOISE 0.05
/* A few shows cannot exclude a replay of quite another size: featured, shared, or taken down. */
#define TAIL_WIDE_SHARE 0.25
#define TAIL_WIDE_SIGMA 1.5

static double at_least(double x, double low) { return x > low ? x : low; }
static double at_most(double x, double high) { return x < high ? x : high; }

/* ---- what all SKUs share ---- */

/* Uniform numbers of one purpose for all draws, one in each of DRAWS equal parts: a lattice, whose purposes take the parts in orders of their
 * own (Sobol & Cranley-Patterson's idea: less noise from the same number of draws). `stride` has no factor in common with DRAWS. */
static double stratum(struct rng *r, size_t draw, size_t stride)
{
    return ((double)(draw * stride % DRAWS) + rng_unit(r)) / DRAWS;
}

static double stratum_normal(struct rng *r, size_t draw, size_t stride)
{
    return normal_quantile(at_least(stratum(r, draw, stride), 1e-9));
}

static void shared_levels(struct draws *d)
{
    struct rng r;
    struct outlook *o = &d->o;
    sample_seed(&r, d->f->seed, FOR_ALL, 0);
    for (size_t i = 0; i < DRAWS; i++)
        d->per_level[i] = 1 / level_at(&o->live_level, stratum(&r, i, 1));
    for (size_t i = 0; i < DRAWS; i++)
        d->viewers[i] = o->live ? exp(o->viewers_sigma * stratum_normal(&r, i, 157)) : 1;
    for (size_t i = 0; i < DRAWS; i++)
        d->tail_shape[i] = exp(o->tail_sigma * stratum_normal(&r, i, 83) - o->tail_sigma * o->tail_sigma / 2);
    struct gamma_shape pace = gamma_shape(PACE_LINES + o->confirmed);
    for (size_t i = 0; i < DRAWS; i++)
        d->pace[i] = sample_gamma_of(&r, &pace) / (PACE_LINES + o->confirmed);
}

/* 3.5: the replay's level, from what it brought so far against what each SKU would have sold live: its mean rate over some of the
 * draws of the live level, which lie evenly. */
static double tail_expected(const struct draws *d, const struct outlook_sku *o)
{
    double sum = 0, weight = o->shape / o->rate;
    if (o->tail_seen <= 0)
        return 0;
    for (size_t i = LEVELS_EACH / 2; i < DRAWS; i += LEVELS_EACH)
        sum += 1 / (weight * d->per_level[i] + o->in_stock);
    double rate = (o->shape + o->lines_live) * sum * LEVELS_EACH / DRAWS;
    return d->f->beliefs.tail_ratio * rate * (o->all + o->left) * o->tail_seen;
}

static void shared_tail_level(struct draws *d)
{
    struct rng r;
    const struct beliefs *b = &d->f->beliefs;
    level_start(&d->o.tail_level, &(struct level_prior){b->tail_sigma, TAIL_WIDE_SHARE, TAIL_WIDE_SIGMA});
    for (size_t k = 0; k < d->f->skus_count; k++) {
        struct outlook_sku *o = &d->o.skus[k];
        o->tail_expected = tail_expected(d, o);
        level_add(&d->o.tail_level, o->lines_tail, o->tail_expected, b->tail_shape);
    }
    level_end(&d->o.tail_level);
    sample_seed(&r, d->f->seed, FOR_ALL, 1);
    for (size_t i = 0; i < DRAWS; i++)
        d->per_tail_level[i] = 1 / level_at(&d->o.tail_level, stratum(&r, i, 269));
}

/* 3.7: q ~ Gamma(a + c, a/q0 + sum over orders of the share F of an order's cancellations that has passed at its age). */
static double cancel_done(const struct draws *d, double age)
{
    return tail_interpolate(d->f->beliefs.cancel_done, age);
}

static void shared_cancels(struct draws *d)
{
    struct rng r;
    const struct fold *f = d->f;
    double seen = 0;
    for (size_t k = 0; k < f->skus_count; k++)
        for (size_t b = 0; b < f->skus[k].batches_count; b++)
            seen += (double)f->skus[k].batches[b].units * cancel_done(d, d->o.t - f->skus[k].batches[b].t) /
                    d->o.skus[k].units_per_line;
    double weight = f->beliefs.cancel_weight, share = f->beliefs.cancel_share;
    struct gamma_shape shape = gamma_shape(weight + f->lessons.cancelled);
    sample_seed(&r, f->seed, FOR_ALL, 2);
    for (size_t i = 0; i < DRAWS; i++)
        d->cancel[i] = at_most(sample_gamma_of(&r, &shape) / (weight / share + seen), CANCEL_SHARE_MAX);
    for (size_t at = 0; at <= CANCEL_SHARES; at++)
        for (size_t step = 0; step <= CANCEL_STEPS; step++) {
            double q = CANCEL_SHARE_MAX * (double)at / CANCEL_SHARES;
            d->cancel_left[at][step] = q / (1 - q * (double)step / CANCEL_STEPS);
        }
}

/* eta = (60 eta0 + parcels) / (60 + units): 3.8, what a further unit adds, of lines begun live and in the replay apart. It is less than
 * the parcels there are per unit, and more than what a cancelled unit takes away, which frees its parcel only when alone in it. */
static void shared_parcels(struct draws *d)
{
    const struct lessons *l = &d->f->lessons;
    double parcels = 0, net = 0, orders = at_least(l->orders - l->cancelled, 1);
    for (size_t cell = 0; cell < d->f->rows * d->f->columns; cell++)
        parcels += d->f->pairs[cell];
    for (size_t k = 0; k < d->f->skus_count; k++)
        net += (double)d->f->skus[k].net;
    d->parcels_firm = net > 0 ? at_most(parcels / net, 1) : 1;
    d->parcels_freed = at_most(d->f->alone / orders, 1) * (net > 0 ? at_most(orders / net, 1) : 1);
    for (size_t i = 0; i < 2; i++)
        d->parcels_per_unit[i] =
            (60 * d->f->beliefs.parcels_per_unit[i] + at_least(l->pairs[i], 0)) / (60 + at_least(l->pair_units[i], 0));
    struct rng r;
    sample_seed(&r, d->f->seed, FOR_ALL, 3);
    for (size_t i = 0; i < DRAWS; i++) {
        double noise = PARCELS_NOISE * stratum_normal(&r, i, 231);
        for (size_t tail = 0; tail < 2; tail++)
            d->parcels_each[tail][i] = at_most(at_least(d->parcels_per_unit[tail] + noise, 0.05), 1);
    }
}

/* ---- one SKU ---- */

struct sku_draws {
    size_t sku;
    const struct fold_sku *s;
    const struct outlook_sku *o;
    double room;                              /* stock not confirmed yet; HUGE_VAL */
    double net[ROWS_MAX];                     /* by wave */
    double lost[ROWS_MAX][CANCEL_SHARES + 1]; /* share of `net` expected to be lost, for each q */
    struct gamma_shape rate, tail_rate, pace;
    double new_done[ROWS_MAX]; /* of a new order's cancellations: until its wave leaves */
    double rates;              /* sum over draws */
};

/* What of an order's cancellations comes before its wave leaves: none once it has left. */
static double cancel_until_cut(const struct draws *d, size_t row, double confirmed_t)
{
    const struct fold *f = d->f;
    if (f->closed)
        return 0; /* what is to be cancelled has been */
    if (row >= f->waves)
        return 1;
    double cut = f->cut_after_end[row] ? d->o.end_s + f->cut_s[row] : f->cut_s[row];
    return cut > d->o.t ? cancel_done(d, cut - confirmed_t) : 0;
}

/* Units of each wave by how far their cancellations have come, times what of these comes before the wave leaves. */
static void sku_batches(const struct draws *d, const struct fold_sku *s, double ret[ROWS_MAX][CANCEL_STEPS + 1])
{
    for (size_t i = 0; i < s->batches_count; i++) {
        const struct batch *b = &s->batches[i];
        double done = cancel_done(d, d->o.t - b->t), still = cancel_until_cut(d, b->wave, b->t) - done;
        double step = done * CANCEL_STEPS, below = at_most(floor(step), CANCEL_STEPS - 1);
        if (still <= 0 || b->units <= 0)
            continue;
        double weight = (double)b->units * still;
        ret[b->wave][(size_t)below] += weight * (1 - (step - below));
        ret[b->wave][(size_t)below + 1] += weight * (step - below);
    }
}

static void sku_cancels(const struct draws *d, struct sku_draws *k)
{
    double units[ROWS_MAX][CANCEL_STEPS + 1] = {0};
    sku_batches(d, k->s, units);
    for (size_t row = 0; row < d->rows; row++) {
        for (size_t column = 0; column < d->f->columns; column++)
            k->net[row] += (double)*fold_firm(d->f, k->sku, row, column);
        k->new_done[row] = NEW_ORDER_DONE * cancel_until_cut(d, row, d->o.t);
        for (size_t at = 0; k->net[row] > 0 && at <= CANCEL_SHARES; at++) {
            for (size_t step = 0; step <= CANCEL_STEPS; step++)
                k->lost[row][at] += units[row][step] * d->cancel_left[at][step];
            k->lost[row][at] /= k->net[row];
        }
    }
}

static void sku_init(struct draws *d, size_t sku, struct sku_draws *k)
{
    const struct fold *f = d->f;
    const struct outlook_sku *o = &d->o.skus[sku];
    *k = (struct sku_draws){.sku = sku, .s = &f->skus[sku], .o = o};
    k->room = k->s->stock == STOCK_UNKNOWN ? HUGE_VAL : at_least((double)(k->s->stock - k->s->net), 0);
    k->rate = gamma_shape(o->shape + o->lines_live);
    k->tail_rate = gamma_shape(f->beliefs.tail_shape + o->lines_tail);
    k->pace = gamma_shape(SKU_PACE_LINES + o->confirmed);
    sku_cancels(d, k);
    for (size_t purpose = 0; purpose < PURPOSES; purpose++)
        sample_seed(&d->rng[purpose], f->seed, purpose, sku + 8);
}

struct arrivals {                     /* units, before stock */
    double held, live, tail, waiting; /* waiting: lines of it, part of `live` */
};

/* Units of lines: one each, and more, which come to both kinds alike. */
static void lines_units(struct draws *d, const struct sku_draws *k, double live, double tail, struct arrivals *a)
{
    double lines = live + tail, mean = lines * (k->o->units_per_line - 1);
    double more = mean > 0 ? sample_poisson(&d->rng[FOR_UNITS], mean) : 0;
    double more_live = more > 0 ? floor(more * live / lines + 0.5) : 0;
    a->live = live + more_live;
    a->tail = tail + more - more_live;
}

static double draw_held(struct draws *d, const struct sku_draws *k, size_t i)
{
    if (k->o->open <= 0 || d->f->closed)
        return 0;
    double pace = d->pace[i] * sample_gamma_of(&d->rng[FOR_HOLDS], &k->pace) / (SKU_PACE_LINES + k->o->confirmed);
    double chance = at_most(k->o->converting * pace / k->o->open, 1), held = (double)k->s->held;
    double lines = sample_binomial(&d->rng[FOR_HOLDS], k->o->open, chance);
    return at_most(floor(lines * held / k->o->open + 0.5), held);
}

static void draw_arrivals(struct draws *d, struct sku_draws *k, size_t i, struct arrivals *a)
{
    const struct outlook_sku *o = k->o;
    const struct beliefs *b = &d->f->beliefs;
    double rate = sample_gamma_of(&d->rng[FOR_RATE], &k->rate) / (o->shape / o->rate * d->per_level[i] + o->in_stock);
    double live = 0, tail = 0, wanted = rate * (o->all + o->left) * b->tail_ratio * d->o.tail_left * d->tail_shape[i];
    if (d->o.live)
        live = sample_poisson(&d->rng[FOR_LIVE], at_most(rate * o->left * d->viewers[i], ARRIVALS_MAX));
    if (wanted > 0) {
        double more = sample_gamma_of(&d->rng[FOR_TAIL_RATE], &k->tail_rate) /
                      (b->tail_shape * d->per_tail_level[i] + o->tail_expected);
        tail = sample_poisson(&d->rng[FOR_TAIL], at_most(more * wanted, ARRIVALS_MAX));
    }
    double waiting = d->f->closed ? 0 : (double)k->s->waiting * WAIT_CONVERTS * d->o.first_chance;
    a->waiting = waiting > 0 ? sample_poisson(&d->rng[FOR_LINE], waiting) : 0;
    if (k->s->stopped)
        live = tail = a->waiting = 0;
    a->held = draw_held(d, k, i);
    lines_units(d, k, live + a->waiting, tail, a);
    k->rates += rate;
}

/* `units` over the waves by the cumulative shares. */
static void draw_waves(struct draws *d, double units, const double by[ROWS_MAX], double ret[ROWS_MAX])
{
    double left = units, passed = 0;
    size_t row = 0;
    for (; row + 1 < d->rows && left > 0 && by[row] < 1; row++) {
        ret[row] = by[row] > passed ? sample_part(&d->rng[FOR_WAVES], left, (by[row] - passed) / (1 - passed)) : 0;
        left -= ret[row];
        passed = at_least(passed, by[row]);
    }
    ret[row] = left;
    while (++row < d->rows)
        ret[row] = 0;
}

static double take(double *room, double units)
{
    double taken = at_most(units, *room);
    *room -= taken;
    return taken;
}

/* 3.6: stock bounds. Earlier waves take first, open holds before those who come. */
static void lot_fill(struct draws *d, const struct sku_draws *k, const struct arrivals *a, struct lot *lot)
{
    double room = k->room;
    draw_waves(d, a->held, k->o->holds_by, lot->held);
    draw_waves(d, a->live, k->o->left_by, lot->live);
    draw_waves(d, a->tail, d->o.tail_by, lot->tail);
    for (size_t row = 0; row < d->rows; row++) {
        lot->held[row] = take(&room, lot->held[row]);
        lot->live[row] = take(&room, lot->live[row]);
        lot->tail[row] = take(&room, lot->tail[row]);
        lot->fresh[row] = lot->held[row] + lot->live[row] + lot->tail[row];
    }
}

/* Between the shares q that were reckoned. */
static double lost_share(const double lost[CANCEL_SHARES + 1], double q)
{
    double at = q * (CANCEL_SHARES / CANCEL_SHARE_MAX), below = at_most(floor(at), CANCEL_SHARES - 1);
    return lost[(size_t)below] + (lost[(size_t)below + 1] - lost[(size_t)below]) * (at - below);
}

/* 3.7: an order aged a is still lost with probability q (1 - F) / (1 - q F). What is cancelled is sold again where more was wanted than
 * there is: half of what the replay could not have, and those in line. */
static double lot_lose(struct draws *d, const struct sku_draws *k, const struct arrivals *a, size_t i, struct lot *lot)
{
    double lost = 0, wanted = (double)k->s->net + a->held + a->live + a->tail;
    for (size_t row = 0; row < d->rows; row++) {
        double gone = 0;
        if (k->net[row] > 0)
            gone = sample_binomial(&d->rng[FOR_LOST], k->net[row], lost_share(k->lost[row], d->cancel[i]));
        lot->kept[row] = k->net[row] - gone;
        lot->lost[row] = 0;
        if (lot->fresh[row] > 0)
            lot->lost[row] = sample_binomial(&d->rng[FOR_LOST], lot->fresh[row], d->cancel[i] * k->new_done[row]);
        lost += gone + lot->lost[row];
    }
    double excess = k->s->stock == STOCK_UNKNOWN ? 0 : at_least(wanted - (double)k->s->stock, 0);
    lot->refill = at_most(lost, at_most(excess, floor(0.5 * a->tail + a->waiting + 0.5)));
    return lot->refill - lost;
}

static void sku_draw(struct draws *d, struct sku_draws *k, const struct place_sku *place, size_t i)
{
    struct arrivals a;
    struct lot lot;
    double parts[ESTIMATE_PARTS] = {[PART_FIRM] = (double)k->s->net};
    draw_arrivals(d, k, i, &a);
    lot_fill(d, k, &a, &lot);
    parts[PART_CANCELLED] = lot_lose(d, k, &a, i, &lot);
    for (size_t row = 0; row < d->rows; row++) {
        parts[PART_HOLDS] += lot.held[row];
        parts[PART_LIVE] += lot.live[row];
        parts[PART_TAIL] += lot.tail[row];
    }
    d->sku_units[i] = 0;
    for (size_t part = 0; part < ESTIMATE_PARTS; part++) {
        d->sku_units[i] += parts[part];
        d->parts[part][i] += parts[part];
        d->e->skus[k->sku].parts[part] += parts[part];
    }
    d->total[i] += d->sku_units[i];
    d->sku_short[i] = at_least(a.held + a.live + a.tail - k->room, 0);
    place_lot(d, place, i, &lot);
}

static unsigned sku_flags(const struct draws *d, const struct fold_sku *s)
{
    unsigned flags = 0;
    if (d->f->beliefs.shows > 0 && !s->known)
        flags |= FLAG_SKU_UNKNOWN;
    if (s->grams == 0 || s->cm3 <= 0)
        flags |= FLAG_MASTER_DATA_MISSING;
    if (s->stock == STOCK_UNKNOWN)
        flags |= FLAG_STOCK_UNKNOWN;
    return flags;
}

static enum result sku_estimate(struct draws *d, size_t sku)
{
    struct sku_draws k;
    struct place_sku place;
    struct spread beyond;
    struct estimate_sku *to = &d->e->skus[sku];
    sku_init(d, sku, &k);
    place_sku_init(d, sku, &place);
    *to = (struct estimate_sku){.sku = k.s->sku,
                                .firm = k.s->net,
                                .held = k.s->held,
                                .waitlist = k.s->waiting,
                                .stock = k.s->stock,
                                .flags = sku_flags(d, k.s)};
    for (size_t i = 0; i < DRAWS; i++)
        sku_draw(d, &k, &place, i);
    spread_of(d->sku_units, DRAWS, &to->units);
    for (size_t part = 0; part < ESTIMATE_PARTS; part++)
        to->parts[part] /= DRAWS;
    to->lost = k.rates / DRAWS * at_least(k.o->all - k.o->in_stock, 0) * k.o->units_per_line;
    spread_of(d->sku_short, DRAWS, &beyond);
    to->short_by = beyond.q[ESTIMATE_QUANTILES / 2] + (k.s->stock == STOCK_UNKNOWN ? 0 : to->lost);
    if (k.s->stopped) /* more of it would not be sold either */
        to->short_by = 0;
    if (to->units.mean > 0) {
        d->grams_known = d->grams_known && k.s->grams > 0;
        d->cm3_known = d->cm3_known && k.s->cm3 > 0;
        d->e->flags |= to->flags;
    }
    return place_sku_end(d, &place);
}

/* ---- all SKUs ---- */

/* Shares of the total's variance: cov(part, total) / var(total), those below nothing as nothing. */
static void because(struct draws *d)
{
    double mean = 0, variance = 0, shares = 0;
    for (size_t i = 0; i < DRAWS; i++)
        mean += d->total[i] / DRAWS;
    for (size_t i = 0; i < DRAWS; i++)
        variance += (d->total[i] - mean) * (d->total[i] - mean);
    for (size_t part = PART_HOLDS; part < ESTIMATE_PARTS; part++) {
        double with = 0;
        for (size_t i = 0; i < DRAWS; i++)
            with += d->parts[part][i] * (d->total[i] - mean);
        d->e->because[part] = variance > 0 ? at_least(with / variance, 0) : 0;
        shares += d->e->because[part];
    }
    for (size_t part = PART_HOLDS; shares > 1 && part < ESTIMATE_PARTS; part++)
        d->e->because[part] /= shares;
    d->e->because[PART_FIRM] = at_least(1 - shares, 0);
}

/* Inbound, by the formula of cancellations: what shipped long ago and has not come back will hardly do so. */
static void returns(struct draws *d)
{
    struct rng r;
    const struct fold *f = d->f;
    double seen = 0, weight = f->beliefs.return_weight, draws[DRAWS];
    for (size_t i = 0; i < f->shipped_count; i++)
        seen += (double)f->shipped[i].units * (1 - exp(-at_least(d->o.t - f->shipped[i].t, 0) / RETURN_MEAN_S));
    sample_seed(&r, f->seed, FOR_RETURNS, 0);
    for (size_t i = 0; i < DRAWS; i++) {
        double share = sample_gamma(&r, weight + f->lessons.returned) / (weight / f->beliefs.return_share + seen);
        double still = at_least(d->total[i] - at_most(seen, d->total[i]), 0);
        draws[i] = f->lessons.returned + sample_binomial(&r, floor(still + 0.5), at_most(share, 1));
    }
    spread_of(draws, DRAWS, &d->e->returns);
}

static size_t moment_at(const struct draws *d)
{
    double since = d->o.t - d->f->end_t;
    if (d->o.live)
        return d->o.t < 0.75 * d->f->planned_s ? 0 : 1;
    return since < 450 ? 1 : since < 2250 ? 2 : since < 43200 ? 3 : 4;
}

static void estimate_about(struct draws *d)
{
    const struct fold *f = d->f;
    struct estimate *e = d->e;
    e->phase = f->closed ? ESTIMATE_CLOSED : d->o.live ? ESTIMATE_LIVE : ESTIMATE_TAIL;
    e->suspect_holds = (uint32_t)(d->o.suspect_lines + 0.5);
    e->accuracy = f->beliefs.accuracy[moment_at(d)];
    if (f->beliefs.shows == 0)
        e->flags |= FLAG_NO_HISTORY;
    if (f->beliefs.shows > 0 && !f->same_hold_s)
        e->flags |= FLAG_HOLD_TIME_CHANGED;
    if (d->o.live && d->o.t > f->planned_s)
        e->flags |= FLAG_OVERRUN;
    if (e->suspect_holds > 0)
        e->flags |= FLAG_SUSPECT_HOLDS;
    if (!f->audience_known)
        e->flags |= FLAG_AUDIENCE_MISSING;
    if (f->late + f->impossible > 0)
        e->flags |= FLAG_LATE_EVENTS;
}

static enum result draws_run(struct draws *d)
{
    enum result result = place_init(d);
    if (result != RESULT_OK)
        return result;
    shared_levels(d);
    shared_tail_level(d);
    shared_cancels(d);
    shared_parcels(d);
    for (size_t k = 0; result == RESULT_OK && k < d->f->skus_count; k++)
        result = sku_estimate(d, k);
    if (result != RESULT_OK)
        return result;
    because(d);
    returns(d);
    estimate_about(d);
    return place_end(d);
}

enum result draws_estimate(struct fold *f, const struct logistics_plan *plan, double t, struct weighed *scratch,
                           struct estimate *ret)
{
    struct estimate e = {.skus_count = f->skus_count};
    struct draws *d = calloc(1, sizeof *d);
    e.skus = calloc(f->skus_count + 1, sizeof *e.skus);
    enum result result = d == NULL || e.skus == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    fold_accrue(f, t);
    if (result == RESULT_OK)
        result = outlook_init(&d->o, f, t, scratch);
    if (result == RESULT_OK) {
        d->f = f;
        d->plan = plan;
        d->e = &e;
        result = draws_run(d);
        outlook_finish(&d->o);
        place_finish(d);
    }
    free(d);
    if (result != RESULT_OK) {
        estimate_finish(&e);
        return result;
    }
    *ret = e;
    return RESULT_OK;
}
