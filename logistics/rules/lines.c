/* logistics/rules/lines.c - what becomes of each line of a hold: open, ended, confirmed, shipped, gone. What an event says that has been
 * said before changes nothing; what cannot be is counted as impossible. */
#include "logistics/rules/estimator_inner.h"

#define ALONE UINT64_C(0xa5a5a5a55a5a5a5a) /* makes of a hold's hash that of a buyer who has only it */

/* ---- lines ---- */

/* The line of this hold and SKU; without a SKU the hold's first. */
static struct line *line_find(const struct estimator *e, const struct sale_event *event)
{
    uintptr_t place = event->sku == NULL ? 0 : (uintptr_t)map_get(&e->skus, event->sku);
    if (event->hold == NULL || (event->sku != NULL && place == 0))
        return NULL;
    struct line *line = table_find(&e->lines, map_hash(event->hold));
    while (line != NULL && place != 0 && line->sku != place - 1)
        line = table_next(&e->lines, &line->entry);
    return line;
}

/* A new line of a hold, not yet open. */
static enum result line_make(struct estimator *e, const struct sale_event *event, struct line **ret)
{
    struct fold *f = &e->fold;
    size_t sku;
    enum result result = estimator_sku(e, event->sku, &sku);
    if (result == RESULT_OK)
        result = table_add(&e->lines, map_hash(event->hold), ret);
    if (result != RESULT_OK)
        return result;
    struct line *line = *ret;
    struct fold_sku *s = &f->skus[sku];
    fold_sku_accrue(f, s, f->now);
    line->entry.units = (uint32_t)event->units;
    line->buyer = event->buyer == NULL ? line->entry.hash ^ ALONE : map_hash(event->buyer);
    line->t = f->now;
    line->sku = (uint16_t)sku;
    line->column = (uint16_t)fold_column(f, event->site);
    line->state = LINE_ENDED;
    line->pin_bin = (uint8_t)(s->pin_t < 0 ? PIN_BINS - 1 : pin_bin_of(f->now - s->pin_t));
    if (f->end_t >= 0)
        line->begun = s->tail_over ? BEGUN_AGAIN : BEGUN_TAIL;
    return RESULT_OK;
}

static bool line_may_be_made(const struct sale_event *event)
{
    return event->hold != NULL && event->sku != NULL && event->units >= 1 && event->units <= HOLD_UNITS_MAX;
}

static enum result line_open(struct estimator *e, struct line *line)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[line->sku];
    fold_sku_accrue(f, s, f->now);
    enum result result = fold_open(f, s, f->now, line->entry.units, line->pin_bin, line->begun, &line->place);
    if (result != RESULT_OK)
        return result;
    *fold_held(f, line->sku, line->column) += line->entry.units;
    line->t = f->now;
    line->state = LINE_OPEN;
    return RESULT_OK;
}

static void line_close(struct estimator *e, struct line *line, enum fold_end how)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[line->sku];
    fold_sku_accrue(f, s, f->now);
    fold_close(f, s, &line->place, line->t, f->now, line->entry.units, how);
    *fold_held(f, line->sku, line->column) -= line->entry.units;
    line->state = LINE_ENDED;
}

static enum result on_hold(struct estimator *e, const struct sale_event *event)
{
    struct line *line;
    if (!line_may_be_made(event) || e->fold.closed)
        return estimator_impossible(e);
    if (line_find(e, event) != NULL)
        return RESULT_OK;
    enum result result = line_make(e, event, &line);
    if (result != RESULT_OK)
        return result;
    e->fold.lessons.holds++;
    return line_open(e, line);
}

static enum result on_extend(struct estimator *e, struct line *line)
{
    if (line == NULL || line->state != LINE_OPEN)
        return estimator_impossible(e);
    line_close(e, line, FOLD_TIMED_OUT);
    return line_open(e, line);
}

static enum result on_given_back(struct estimator *e, struct line *line, enum fold_end how)
{
    if (line == NULL)
        return estimator_impossible(e);
    if (line->state == LINE_OPEN)
        line_close(e, line, how);
    return RESULT_OK;
}

/* ---- orders ---- */

static int64_t at_least_zero(int64_t x) { return x > 0 ? x : 0; }

/* Units of the parcel that this line belongs to change. */
static enum result pair_change(struct estimator *e, const struct line *line, int64_t units)
{
    struct fold *f = &e->fold;
    uint64_t which = ((uint64_t)line->row << 16 | line->column) * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = (line->buyer ^ which) * UINT64_C(0xd1342543de82ef95);
    struct pair *pair = table_find(&e->pairs, hash ^ hash >> 32);
    enum result result = pair != NULL ? RESULT_OK : table_add(&e->pairs, hash ^ hash >> 32, &pair);
    if (result != RESULT_OK)
        return result;
    int64_t before = pair->entry.units & ~PAIR_ALONE, after = before + units;
    bool was_alone = pair->entry.units & PAIR_ALONE, begins = before == 0 && after > 0, is_alone = begins;
    if (units < 0)
        is_alone = was_alone && after > 0;
    f->pairs[(size_t)line->row * f->columns + line->column] += begins - (before > 0 && after <= 0);
    f->alone += is_alone - was_alone;
    if (units > 0) { /* what the next unit adds: what is taken away later does not unlearn it */
        f->lessons.pairs[line->begun != BEGUN_LIVE] += begins;
        f->lessons.pair_units[line->begun != BEGUN_LIVE] += (double)units;
    }
    pair->entry.units = (uint32_t)at_least_zero(after) | (is_alone ? PAIR_ALONE : 0);
    return RESULT_OK;
}

/* Confirmed units of a line come, or go (negative). */
static enum result line_count(struct estimator *e, const struct line *line, int64_t units)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[line->sku];
    enum result result = pair_change(e, line, units);
    if (result == RESULT_OK)
        result = fold_batch(f, s, line->t, line->row, units);
    if (result != RESULT_OK)
        return result;
    s->net += units;
    *fold_firm(f, line->sku, line->row, line->column) += units;
    return RESULT_OK;
}

static enum result line_confirm(struct estimator *e, struct line *line)
{
    struct fold *f = &e->fold;
    struct fold_sku *s = &f->skus[line->sku];
    double units = line->entry.units, begun = line->t;
    if (line->state == LINE_OPEN)
        line_close(e, line, FOLD_CONFIRMED);
    else
        fold_sku_accrue(f, s, f->now);
    line->t = f->now;
    line->row = (uint8_t)fold_row(f, f->now);
    enum result result = line_count(e, line, line->entry.units);
    if (result != RESULT_OK)
        return result;
    line->state = LINE_CONFIRMED;
    s->orders++;
    s->units += units;
    f->lessons.orders++;
    f->lessons.units += units;
    f->lessons.units_squared += units * units;
    if (line->begun == BEGUN_TAIL) {
        s->tail++;
        f->lessons.tail_orders[bin_of(tail_edges, TAIL_BINS, begun - f->end_t)]++;
    } else if (line->begun == BEGUN_LIVE) {
        s->live[line->pin_bin]++;
    }
    return RESULT_OK;
}

static enum result on_confirm(struct estimator *e, struct line *line, const struct sale_event *event)
{
    if (line == NULL) {
        if (!line_may_be_made(event))
            return estimator_impossible(e);
        enum result result = line_make(e, event, &line);
        if (result != RESULT_OK)
            return result;
    }
    if (line->state > LINE_ENDED)
        return RESULT_OK;
    return line_confirm(e, line);
}

static enum result on_cancel(struct estimator *e, struct line *line, const struct sale_event *event)
{
    struct fold *f = &e->fold;
    if (line == NULL || event->units < 0 || line->state == LINE_OPEN || line->state == LINE_ENDED)
        return estimator_impossible(e);
    if (line->state != LINE_CONFIRMED)
        return RESULT_OK;
    int64_t had = line->entry.units, units = event->units == 0 || event->units > had ? had : event->units;
    double part = (double)units / (double)had;
    fold_sku_accrue(f, &f->skus[line->sku], f->now);
    line->entry.units = (uint32_t)(had - units);
    if (units == had)
        line->state = LINE_GONE;
    f->lessons.cancelled += part;
    f->lessons.cancels[bin_of(tail_edges, TAIL_BINS, f->now - line->t)] += part;
    return line_count(e, line, -units);
}

static enum result on_ship(struct estimator *e, struct line *line, const struct sale_event *event)
{
    struct fold *f = &e->fold;
    if (line == NULL || line->state == LINE_OPEN || line->state == LINE_ENDED)
        return estimator_impossible(e);
    if (line->state != LINE_CONFIRMED)
        return RESULT_OK;
    size_t column = event->site < f->sites ? event->site : line->column;
    enum result result = RESULT_OK;
    if (column != line->column) { /* it left from elsewhere than was thought */
        result = line_count(e, line, -(int64_t)line->entry.units);
        line->column = (uint16_t)column;
        if (result == RESULT_OK)
            result = line_count(e, line, line->entry.units);
    }
    line->state = LINE_SHIPPED;
    f->lessons.shipped += line->entry.units;
    return result == RESULT_OK ? fold_ship(f, f->now, line->entry.units) : result;
}

static enum result on_return(struct estimator *e, struct line *line, const struct sale_event *event)
{
    if (line == NULL || line->state == LINE_OPEN || line->state == LINE_ENDED || event->units < 0)
        return estimator_impossible(e);
    if (line->state == LINE_GONE)
        return RESULT_OK;
    int64_t had = line->entry.units, units = event->units == 0 || event->units > had ? had : event->units;
    e->fold.lessons.returned += (double)units;
    line->state = LINE_GONE;
    return RESULT_OK;
}

/* ---- asked ---- */

bool estimator_line(const struct estimator *e, const char *hold, const char *sku, struct estimator_line *ret)
{
    const struct line *line = line_find(e, &(struct sale_event){.hold = hold, .sku = sku});
    if (line != NULL)
        *ret = (struct estimator_line){.units = line->entry.units, .is_paid = line->state > LINE_ENDED};
    return line != NULL;
}

/* ---- all of them ---- */

enum result estimator_feed_line(struct estimator *e, const struct sale_event *event)
{
    struct line *line = line_find(e, event);
    switch (event->kind) {
    case SALE_CONFIRM:
        return on_confirm(e, line, event);
    case SALE_RELEASE:
        return on_given_back(e, line, FOLD_RELEASED);
    case SALE_EXPIRE:
        return on_given_back(e, line, FOLD_TIMED_OUT);
    case SALE_EXTEND:
        return on_extend(e, line);
    case SALE_CANCEL:
        return on_cancel(e, line, event);
    case SALE_RETURN:
        return on_return(e, line, event);
    case SALE_SHIP:
        return on_ship(e, line, event);
    default:
        return on_hold(e, event);
    }
}
