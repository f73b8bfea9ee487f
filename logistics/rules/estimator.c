#include "logistics/rules/estimator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "logistics/rules/draws.h"
#include "logistics/rules/fold.h"
#include "logistics/rules/table.h"

#define SECONDS_MAX 1e8 /* three years: no broadcast lasts that long */
#define LATE_S 5.0      /* behind by less is the usual jitter of two sources */
#define PACE_EVERY_S 60.0
#define PAIRS_MAX (UINT32_MAX / 2)
#define ALONE UINT64_C(0xa5a5a5a55a5a5a5a) /* makes of a hold's hash that of a buyer who has only it */

enum line_state { LINE_OPEN, LINE_ENDED, LINE_CONFIRMED, LINE_SHIPPED, LINE_GONE }; /* gone: cancelled or returned */

/* One SKU of one hold. */
struct line {
    struct table_entry entry; /* hash of the hold; units */
    uint64_t buyer;           /* hash */
    double t;                 /* when it began; once confirmed: when that was */
    struct place place;
    uint16_t sku, column;
    uint8_t state, pin_bin, row, begun; /* begun: enum begun */
};
_Static_assert(sizeof(struct line) == 48, "a million holds cost what this says, and a fifth more");

#define PAIR_ALONE (UINT32_C(1) << 31) /* beside its units: it has one line, whose cancellation frees it */
struct pair {                          /* a parcel: what one buyer gets from one site with one wave */
    struct table_entry entry;
};

struct estimator {
    struct fold fold;
    struct logistics_plan plan;
    struct prior *prior;
    struct map skus; /* id -> place in fold.skus, plus one, as a pointer */
    struct table lines, pairs;
    struct weighed *scratch;
    size_t scratch_count;
};

struct estimator_state {
    struct fold *fold;
    struct logistics_plan plan;
    double t;
    struct weighed *scratch; /* for each SKU */
};

/* ---- the plan ---- */

static bool seconds_are_sane(double s) { return s > 0 && s <= SECONDS_MAX; }

static bool plan_is_sane(const struct estimator_plan *p)
{
    bool sane =
        seconds_are_sane(p->planned_s) && seconds_are_sane(p->hold_s) && p->tail_s >= 0 && p->tail_s <= SECONDS_MAX;
    sane = sane && p->skus_count <= ESTIMATOR_SKUS_MAX && p->run_count <= ESTIMATOR_RUN_MAX;
    if (sane && p->logistics != NULL)
        sane = p->logistics->sites_count <= SITES_MAX && p->logistics->waves_count <= WAVES_MAX &&
               p->logistics->cartons_count <= CARTONS_MAX;
    return sane;
}

static void fold_set_waves(struct fold *f, const struct logistics_plan *plan, int64_t start_ms)
{
    f->sites = plan->sites_count;
    f->waves = plan->waves_count;
    f->columns = f->sites == 0 ? 1 : f->sites + 1;
    f->rows = f->waves + 1;
    for (size_t i = 0; i < f->sites; i++)
        f->share[i] = plan->sites[i].share;
    for (size_t i = 0; i < f->waves; i++) {
        f->cut_after_end[i] = plan->waves[i].after_end;
        f->cut_s[i] = (double)(plan->waves[i].cut_off_ms - (plan->waves[i].after_end ? 0 : start_ms)) / 1000;
    }
}

static enum result sku_add(struct estimator *e, const char *sku, size_t *ret)
{
    struct sku_id id;
    enum result result = ID_PARSE(&id, sku, strlen(sku));
    if (result == RESULT_OK && e->fold.skus_count >= ESTIMATOR_SKUS_MAX)
        result = RESULT_FULL;
    if (result == RESULT_OK)
        result = fold_sku_add(&e->fold, &id, e->prior == NULL ? NULL : prior_sku(e->prior, sku));
    if (result != RESULT_OK)
        return result;
    result = map_set(&e->skus, sku, (void *)(uintptr_t)e->fold.skus_count);
    if (result != RESULT_OK)
        return result;
    *ret = e->fold.skus_count - 1;
    return RESULT_OK;
}

/* The place of a SKU; one that was never heard of comes onto the shelf now. */
static enum result sku_place(struct estimator *e, const char *sku, size_t *ret)
{
    uintptr_t place = (uintptr_t)map_get(&e->skus, sku);
    if (place == 0)
        return sku_add(e, sku, ret);
    *ret = place - 1;
    return RESULT_OK;
}

static enum result plan_sku(struct estimator *e, const struct estimator_sku *from)
{
    size_t at, sites = e->fold.sites == 0 ? 1 : e->fold.sites;
    enum result result = sku_place(e, from->sku.text, &at);
    if (result != RESULT_OK)
        return result;
    struct fold_sku *s = &e->fold.skus[at];
    s->grams = from->grams;
    s->cm3 = (double)from->size_mm[0] * from->size_mm[1] * from->size_mm[2] / 1000;
    for (size_t i = 0; i < sites; i++) {
        if (from->stock[i] < 0)
            continue;
        s->stock = (s->stock == STOCK_UNKNOWN ? 0 : s->stock) + from->stock[i];
        if (e->fold.sites > 0)
            *fold_site_stock(&e->fold, at, i) = from->stock[i];
    }
    for (size_t i = 0; i < 3; i++)
        s->longest_mm = from->size_mm[i] > s->longest_mm ? from->size_mm[i] : s->longest_mm;
    return RESULT_OK;
}

static enum result plan_run(struct estimator *e, const struct estimator_plan *plan)
{
    struct fold *f = &e->fold;
    f->run = calloc(plan->run_count + 1, sizeof *f->run);
    enum result result = f->run == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < plan->run_count; i++) {
        size_t sku = 0;
        result = sku_place(e, plan->run[i].sku.text, &sku);
        f->run[i] = (struct run_pin){.t = plan->run[i].t, .sku = (uint32_t)sku};
        f->run_count++;
    }
    return result;
}

static enum result fold_set(struct estimator *e, const struct estimator_plan *plan)
{
    struct fold *f = &e->fold;
    *f = (struct fold){.beliefs = e->prior->beliefs,
                       .planned_s = plan->planned_s,
                       .hold_s = plan->hold_s,
                       .tail_s = plan->tail_s,
                       .seed = plan->seed,
                       .end_t = NEVER,
                       .pace = 1};
    double apart = plan->hold_s - f->beliefs.hold_s;
    f->same_hold_s = f->beliefs.shows > 0 && apart < 0.5 && apart > -0.5;
    f->viewers = f->beliefs.viewers > 0 ? f->beliefs.viewers : 1;
    fold_set_waves(f, &e->plan, plan->start_ms);
    f->pairs = calloc(f->rows * f->columns, sizeof *f->pairs);
    enum result result = f->pairs == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < plan->skus_count; i++)
        result = plan_sku(e, &plan->skus[i]);
    return result == RESULT_OK ? plan_run(e, plan) : result;
}

enum result estimator_create(const struct estimator_plan *plan, const struct prior *prior, struct estimator **ret)
{
    if (!plan_is_sane(plan))
        return RESULT_MALFORMED;
    struct estimator *e = calloc(1, sizeof *e);
    if (e == NULL)
        return RESULT_NO_MEMORY;
    map_init(&e->skus, ESTIMATOR_SKUS_MAX);
    table_init(&e->lines, sizeof(struct line), ESTIMATOR_HOLDS_MAX);
    table_init(&e->pairs, sizeof(struct pair), PAIRS_MAX);
    enum result result = prior == NULL ? prior_create(NULL, 0, &e->prior) : prior_copy(prior, &e->prior);
    if (result == RESULT_OK && plan->logistics != NULL)
        result = logistics_plan_copy(&e->plan, plan->logistics);
    if (result == RESULT_OK)
        result = fold_set(e, plan);
    if (result != RESULT_OK) {
        estimator_destroy(e);
        return result;
    }
    *ret = e;
    return RESULT_OK;
}

void estimator_destroy(struct estimator *e)
{
    if (e == NULL)
        return;
    fold_finish(&e->fold);
    logistics_plan_finish(&e->plan);
    prior_destroy(e->prior);
    map_finish(&e->skus);
    table_finish(&e->lines);
    table_finish(&e->pairs);
    free(e->scratch);
    free(e);
}

/* ---- events of the broadcast ---- */

static enum result impossible(struct estimator *e)
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
        return impossible(e);
    fold_accrue(f, f->now);
    f->viewers = (double)event->n;
    f->audience_known = true;
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
        return impossible(e);
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
        return impossible(e);
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

static enum result on_line_up(struct estimator *e, size_t sku, int64_t viewers)
{
    struct fold_sku *s = &e->fold.skus[sku];
    if (s->waiting + viewers < 0)
        return impossible(e);
    s->waiting += viewers;
    return RESULT_OK;
}

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
    enum result result = sku_place(e, event->sku, &sku);
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
        return impossible(e);
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
        return impossible(e);
    line_close(e, line, FOLD_TIMED_OUT);
    return line_open(e, line);
}

static enum result on_given_back(struct estimator *e, struct line *line, enum fold_end how)
{
    if (line == NULL)
        return impossible(e);
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
            return impossible(e);
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
        return impossible(e);
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
        return impossible(e);
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
        return impossible(e);
    if (line->state == LINE_GONE)
        return RESULT_OK;
    int64_t had = line->entry.units, units = event->units == 0 || event->units > had ? had : event->units;
    e->fold.lessons.returned += (double)units;
    line->state = LINE_GONE;
    return RESULT_OK;
}

/* ---- feeding ---- */

static enum result feed_hold(struct estimator *e, const struct sale_event *event)
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

static enum result feed_sku(struct estimator *e, const struct sale_event *event)
{
    size_t sku;
    enum result result = event->sku == NULL ? RESULT_MALFORMED : sku_place(e, event->sku, &sku);
    if (result == RESULT_MALFORMED)
        return impossible(e);
    if (result != RESULT_OK || event->kind == SALE_SKU)
        return result;
    if (event->kind == SALE_PIN)
        return on_pin(e, sku);
    if (event->kind == SALE_STOCK)
        return on_stock(e, sku, event);
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
        result = feed_sku(e, event);
        break;
    default:
        result = feed_hold(e, event);
    }
    if (result == RESULT_MALFORMED) /* a SKU that is no id */
        result = impossible(e);
    if (result == RESULT_FULL)
        f->impossible++;
    return result;
}

/* ---- estimates ---- */

enum result estimator_freeze(struct estimator *e, double t, struct estimator_state **ret)
{
    struct estimator_state *s = calloc(1, sizeof *s);
    enum result result = s == NULL ? RESULT_NO_MEMORY : fold_copy(&e->fold, &s->fold);
    if (result == RESULT_OK)
        result = logistics_plan_copy(&s->plan, &e->plan);
    if (result == RESULT_OK) {
        s->scratch = calloc(e->fold.skus_count + 1, sizeof *s->scratch);
        result = s->scratch == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    }
    if (result != RESULT_OK) {
        estimator_state_destroy(s);
        return result;
    }
    s->t = t > e->fold.now && t <= SECONDS_MAX ? t : e->fold.now;
    *ret = s;
    return RESULT_OK;
}

void estimator_state_destroy(struct estimator_state *s)
{
    if (s == NULL)
        return;
    free(s->fold);
    logistics_plan_finish(&s->plan);
    free(s->scratch);
    free(s);
}

enum result estimator_state_estimate(struct estimator_state *s, struct estimate *ret)
{
    return draws_estimate(s->fold, &s->plan, s->t, s->scratch, ret);
}

enum result estimator_estimate(struct estimator *e, double t, struct estimate *ret)
{
    struct estimator_state *state;
    enum result result = estimator_freeze(e, t, &state);
    if (result != RESULT_OK)
        return result;
    result = estimator_state_estimate(state, ret);
    estimator_state_destroy(state);
    return result;
}

/* ---- what it teaches ---- */

/* Viewer-seconds and seconds of what lies between two times. */
static void audience_between(const struct fold *f, double from, double to, double *viewers, double *seconds)
{
    double width = f->planned_s / COURSE_BINS;
    *viewers = *seconds = 0;
    for (size_t i = 0; i < AUDIENCE_BINS; i++) {
        double low = (double)i * width, high = low + f->audience_s[i];
        double inside = (high < to ? high : to) - (low > from ? low : from);
        if (inside <= 0 || f->audience_s[i] <= 0)
            continue;
        *viewers += f->audience[i] * inside / f->audience_s[i];
        *seconds += inside;
    }
}

/* Audience by part of the real length, mean 1; a part that nobody told of is as the one before. */
static void digest_course(const struct fold *f, struct digest *d)
{
    double last = 1, sum = 0, viewers, seconds, width = d->end_s / COURSE_BINS;
    for (size_t i = 0; i < COURSE_BINS; i++) {
        audience_between(f, (double)i * width, (double)(i + 1) * width, &viewers, &seconds);
        last = seconds > 0 ? viewers / seconds : last;
        d->course[i] = last;
        sum += last / COURSE_BINS;
    }
    for (size_t i = 0; i < COURSE_BINS; i++)
        d->course[i] /= sum > 1e-9 ? sum : 1e-9;
    audience_between(f, 0, d->end_s, &viewers, &seconds);
    d->viewers = f->audience_known && seconds > 0 ? viewers / seconds : 0;
}

/* What each SKU would have sold live had it never been sold out: its shrunken rate times all of its exposure, by this broadcast's own
 * profile; and how much of the replay it was there to sell in. A SKU that was not there sold nothing, which is not that
 * nobody wanted it: the same censoring as while live (outlook.h). */
static void digest_scales(const struct fold *f, struct digest *d)
{
    double profile[PIN_BINS] = {0}, in_stock[PIN_BINS] = {0}, guess[TAIL_BINS];
    tail_guess(guess);
    for (size_t i = 0; i < f->skus_count; i++)
        for (size_t j = 0; j < PIN_BINS; j++) {
            profile[j] += f->skus[i].live[j];
            in_stock[j] += f->skus[i].in_stock[j];
        }
    for (size_t i = 0; i < f->skus_count; i++) {
        struct fold_sku now = f->skus[i], *s = &now; /* what happened since its last event is that nothing did */
        double lines = 0, stocked = 0, all = 0;
        fold_sku_accrue(f, s, f->now);
        for (size_t j = 0; j < PIN_BINS; j++) {
            double w = profile[j] / (in_stock[j] > 1e-9 ? in_stock[j] : 1e-9);
            lines += s->live[j];
            stocked += w * s->in_stock[j];
            all += w * s->all[j];
        }
        d->skus[i].live_scale = (lines + 1) / (stocked + 1) * all;
        d->skus[i].tail_share = fold_tail_seen(s, guess);
        for (size_t b = 0; b < TAIL_BINS; b++)
            d->tail_scale[b] += d->skus[i].live_scale * s->tail_in_stock[b] / (tail_edges[b + 1] - tail_edges[b]);
    }
}

enum result estimator_digest(const struct estimator *e, struct digest **ret)
{
    const struct fold *f = &e->fold;
    struct digest *d = calloc(1, sizeof *d);
    if (d == NULL)
        return RESULT_NO_MEMORY;
    d->skus = calloc(f->skus_count + 1, sizeof *d->skus);
    if (d->skus == NULL) {
        digest_destroy(d);
        return RESULT_NO_MEMORY;
    }
    d->lessons = f->lessons;
    d->hold_s = f->hold_s;
    d->planned_s = f->planned_s;
    d->end_s = f->end_t < 0 ? f->now : f->end_t;
    digest_course(f, d);
    for (size_t i = 0; i < f->skus_count; i++) {
        const struct fold_sku *s = &f->skus[i];
        struct digest_sku *to = &d->skus[d->skus_count++];
        *to = (struct digest_sku){.sku = s->sku, .tail = s->tail, .orders = s->orders, .units = s->units};
        memcpy(to->live, s->live, sizeof to->live);
        memcpy(to->exposure, s->in_stock, sizeof to->exposure);
    }
    digest_scales(f, d);
    *ret = d;
    return RESULT_OK;
}

size_t estimator_memory(const struct estimator *e)
{
    return sizeof *e + fold_bytes(&e->fold) + table_bytes(&e->lines) + table_bytes(&e->pairs) +
           e->scratch_count * sizeof *e->scratch + e->prior->skus_count * sizeof *e->prior->skus + sizeof *e->prior;
}
