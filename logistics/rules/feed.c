/* logistics/rules/feed.c - the way of an event into the fold; those of the broadcast and of SKUs are here, those of holds in lines.c. */
#include <stdlib.h>

#include "logistics/rules/estimator_inner.h"

#define LATE_S 5.0 /* behind by less is the usual jitter of two sources */
#define PACE_EVERY_S 60.0

/* ---- events of the broadcast ---- */

enum result estimator_impossible(struct estimator *e)
{
    e->fold.impossible++;
    return RESULT_OK;
}

static enum result scratch_grow(struct estimator *e)
{
    if (e->scratch_count >= e->fold.skus_count)
        return RESULT_OK;
    struct weighed *longer = realloc(e->scratch, e->fold.skus_capacity * sizeof *longer);
    if (longer == NULL)
        return RESULT_NO_MEMORY;
    e->scratch = longer;
    e->scratch_count = e->fold.skus_capacity;
    return RESULT_OK;
}

static enum result on_viewers(struct estimator *e, const struct sale_event *event)
{
    struct fold *f = &e->fold;
    if (event->n < 0)
        return estimator_impossible(e);
    fold_accrue(f, f->now);
    f->audience_known = f->audience_known || event->n > 0; /* nobody yet: not counted yet, or still to come */
    if (f->audience_known)
        f->viewers = (double)event->n;
    enum result result = scratch_grow(e);
    if (result == RESULT_OK && f->now >= f->pace_t + PACE_EVERY_S) {
        f->pace = fold_pace(f, f->now, e->scratch);
        f->pace_t = f->now;
    }
    return result;
}

static enum result on_end(struct estimator *e)
{
    struct fold *f = &e->fold;
    if (f->end_t >= 0)
        return RESULT_OK;
    fold_accrue(f, f->now);
    f->end_t = f->now;
    return RESULT_OK;
}

static enum result on_close(struct estimator *e)
{
    enum result result = on_end(e);
    e->fold.closed = true;
    return result;
}

/* ---- events of a SKU ---- */

static enum result on_pin(struct estimator *e, size_t sku)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[sku];
    if (f->end_t >= 0)
        return estimator_impossible(e);
    fold_sku_accrue(f, s, f->now);
    s->pin_t = f->last_pin_t = f->now;
    f->pins++;
    return RESULT_OK;
}

static enum result on_stock(struct estimator *e, size_t sku, const struct sale_event *event)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[sku];
    if (event->units < 0 || event->units > STOCK_UNITS_MAX)
        return estimator_impossible(e);
    fold_sku_accrue(f, s, f->now);
    int64_t before = s->stock;
    if (event->site >= f->sites) {
        s->stock = event->units;
        s->tail_over = s->tail_over && s->stock <= before;
        return RESULT_OK;
    }
    *fold_site_stock(f, sku, event->site) = event->units;
    s->stock = 0;
    for (size_t i = 0; i < f->sites; i++)
        if (*fold_site_stock(f, sku, i) != STOCK_UNKNOWN)
            s->stock += *fold_site_stock(f, sku, i);
    s->tail_over = s->tail_over && s->stock <= before;
    return RESULT_OK;
}

static enum result on_stop(struct estimator *e, size_t sku, bool stopped)
{
    fold_sku_accrue(&e->fold, &e->fold.skus[sku], e->fold.now);
    e->fold.skus[sku].stopped = stopped;
    return RESULT_OK;
}

static enum result on_sku(struct estimator *e, size_t sku, int64_t grams)
{
    if (grams < 0 || grams > UINT32_MAX)
        return estimator_impossible(e);
    if (e->fold.skus[sku].grams == 0)
        e->fold.skus[sku].grams = (uint32_t)grams;
    return RESULT_OK;
}

static enum result on_line_up(struct estimator *e, size_t sku, int64_t viewers)
{
    struct fold_sku *s = &e->fold.skus[sku];
    if (s->waiting + viewers < 0)
        return estimator_impossible(e);
    s->waiting += viewers;
    return RESULT_OK;
}

/* ---- feeding ---- */

static enum result feed_sku(struct estimator *e, const struct sale_event *event)
{
    size_t sku;
    enum result result = event->sku == NULL ? RESULT_MALFORMED : estimator_sku(e, event->sku, &sku);
    if (result == RESULT_MALFORMED)
        return estimator_impossible(e);
    if (result != RESULT_OK)
        return result;
    if (event->kind == SALE_SKU)
        return on_sku(e, sku, event->n);
    if (event->kind == SALE_PIN)
        return on_pin(e, sku);
    if (event->kind == SALE_STOCK)
        return on_stock(e, sku, event);
    if (event->kind == SALE_STOP || event->kind == SALE_OPEN)
        return on_stop(e, sku, event->kind == SALE_STOP);
    return on_line_up(e, sku, event->kind == SALE_WAIT ? 1 : -1);
}

enum result estimator_feed(struct estimator *e, const struct sale_event *event)
{
    struct fold *f = &e->fold;
    if (event->t > f->now && event->t <= SECONDS_MAX)
        f->now = event->t;
    else if (!(event->t > f->now - LATE_S))
        f->late++;
    enum result result;
    switch (event->kind) {
    case SALE_VIEWERS:
        result = on_viewers(e, event);
        break;
    case SALE_END:
        result = on_end(e);
        break;
    case SALE_CLOSE:
        result = on_close(e);
        break;
    case SALE_PIN:
    case SALE_WAIT:
    case SALE_LEAVE:
    case SALE_STOCK:
    case SALE_SKU:
    case SALE_STOP:
    case SALE_OPEN:
        result = feed_sku(e, event);
        break;
    default:
        result = estimator_feed_line(e, event);
    }
    if (result == RESULT_MALFORMED) /* a SKU that is no id */
        result = estimator_impossible(e);
    if (result == RESULT_FULL)
        f->impossible++;
    return result;
}
