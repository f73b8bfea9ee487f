#include "logistics/rules/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET_LIVE_S 5.0
#define BUCKET_TAIL_S 60.0
#define GROUP_LIVE_S 20.0
#define GROUP_TAIL_S 600.0
#define BATCH_LIVE_S 300.0
#define BATCH_TAIL_S 1800.0
#define DAY_S 86400.0
#define BUCKETS_BACK 16              /* how many of the newest buckets are looked at for one to join */
#define TAIL_STEP (INT64_C(1) << 40) /* steps of the replay never equal those before */

/* ---- growing arrays ---- */

static enum result array_grow(void *array, size_t *capacity, size_t count, size_t bytes)
{
    if (count < *capacity)
        return RESULT_OK;
    size_t more = *capacity == 0 ? 4 : *capacity + *capacity / 2;
    void *old, *longer;
    memcpy(&old, array, sizeof old);
    longer = realloc(old, more * bytes);
    if (longer == NULL)
        return RESULT_NO_MEMORY;
    memcpy(array, &longer, sizeof longer);
    *capacity = more;
    return RESULT_OK;
}

/* ---- owners ---- */

void fold_finish(struct fold *f)
{
    for (size_t i = 0; i < f->skus_count; i++) {
        free(f->skus[i].buckets);
        free(f->skus[i].groups);
        free(f->skus[i].batches);
    }
    free(f->skus);
    free(f->firm);
    free(f->held);
    free(f->site_stock);
    free(f->pairs);
    free(f->run);
    free(f->shipped);
    *f = (struct fold){0};
}

/* Where the next array of a block goes. Without a block it only counts. */
struct block {
    char *memory;
    size_t bytes;
};

static void *block_put(struct block *b, const void *from, size_t bytes)
{
    void *to = b->memory == NULL ? NULL : b->memory + b->bytes;
    if (to != NULL && bytes > 0)
        memcpy(to, from, bytes);
    b->bytes += (bytes + 15) & ~(size_t)15;
    return to;
}

static void sku_put(struct block *b, const struct fold_sku *s, struct fold_sku *to)
{
    size_t open = s->buckets_count - s->buckets_first;
    void *buckets = block_put(b, open == 0 ? NULL : s->buckets + s->buckets_first, open * sizeof *s->buckets);
    void *groups = block_put(b, s->groups, s->groups_count * sizeof *s->groups);
    void *batches = block_put(b, s->batches, s->batches_count * sizeof *s->batches);
    if (to == NULL)
        return;
    to->buckets = buckets;
    to->buckets_first = 0;
    to->buckets_count = open;
    to->groups = groups;
    to->batches = batches;
}

static struct fold *fold_put(struct block *b, const struct fold *f)
{
    struct fold *to = block_put(b, f, sizeof *f);
    struct fold_sku *skus = block_put(b, f->skus, f->skus_count * sizeof *skus);
    void *firm = block_put(b, f->firm, f->skus_count * f->rows * f->columns * sizeof *f->firm);
    void *held = block_put(b, f->held, f->skus_count * f->columns * sizeof *f->held);
    void *site_stock = block_put(b, f->site_stock, f->skus_count * f->sites * sizeof *f->site_stock);
    void *pairs = block_put(b, f->pairs, f->rows * f->columns * sizeof *f->pairs);
    void *run = block_put(b, f->run, f->run_count * sizeof *f->run);
    void *shipped = block_put(b, f->shipped, f->shipped_count * sizeof *f->shipped);
    for (size_t i = 0; i < f->skus_count; i++)
        sku_put(b, &f->skus[i], skus == NULL ? NULL : &skus[i]);
    if (to != NULL) {
        to->skus = skus;
        to->firm = firm;
        to->held = held;
        to->site_stock = site_stock;
        to->pairs = pairs;
        to->run = run;
        to->shipped = shipped;
    }
    return to;
}

enum result fold_copy(const struct fold *f, struct fold **ret)
{
    struct block block = {0};
    (void)fold_put(&block, f);
    block = (struct block){.memory = malloc(block.bytes)};
    if (block.memory == NULL)
        return RESULT_NO_MEMORY;
    *ret = fold_put(&block, f);
    return RESULT_OK;
}

size_t fold_bytes(const struct fold *f)
{
    size_t bytes =
        f->skus_capacity * (sizeof *f->skus + (f->rows * f->columns + f->columns + f->sites) * sizeof *f->firm);
    bytes += f->rows * f->columns * sizeof *f->pairs + f->run_count * sizeof *f->run;
    bytes += f->shipped_capacity * sizeof *f->shipped;
    for (size_t i = 0; i < f->skus_count; i++) {
        const struct fold_sku *s = &f->skus[i];
        bytes += s->buckets_capacity * sizeof *s->buckets + s->groups_capacity * sizeof *s->groups;
        bytes += s->batches_capacity * sizeof *s->batches;
    }
    return bytes;
}

/* ---- SKUs, sites, waves ---- */

static enum result table_grow(int64_t **table, size_t from, size_t to)
{
    int64_t *longer = realloc(*table, (to == 0 ? 1 : to) * sizeof *longer);
    if (longer == NULL)
        return RESULT_NO_MEMORY;
    memset(longer + from, 0, (to - from) * sizeof *longer);
    *table = longer;
    return RESULT_OK;
}

static enum result skus_grow(struct fold *f)
{
    size_t count = f->skus_count, more = count == 0 ? 8 : count + count / 2, cells = f->rows * f->columns;
    if (count < f->skus_capacity)
        return RESULT_OK;
    struct fold_sku *skus = realloc(f->skus, more * sizeof *skus);
    if (skus == NULL)
        return RESULT_NO_MEMORY;
    f->skus = skus;
    enum result result = table_grow(&f->firm, count * cells, more * cells);
    if (result == RESULT_OK)
        result = table_grow(&f->held, count * f->columns, more * f->columns);
    if (result == RESULT_OK)
        result = table_grow(&f->site_stock, count * f->sites, more * f->sites);
    if (result == RESULT_OK)
        f->skus_capacity = more;
    return result;
}

enum result fold_sku_add(struct fold *f, const struct sku_id *sku, const struct prior_sku *prior)
{
    enum result result = skus_grow(f);
    if (result != RESULT_OK)
        return result;
    struct fold_sku *s = &f->skus[f->skus_count];
    *s = (struct fold_sku){.sku = *sku,
                           .stock = STOCK_UNKNOWN,
                           .pin_t = NEVER,
                           .accrued_t = f->now,
                           .added_t = f->now,
                           .group_step = INT64_MIN,
                           .known = prior != NULL};
    if (prior != NULL)
        s->prior = *prior;
    for (size_t site = 0; site < f->sites; site++)
        *fold_site_stock(f, f->skus_count, site) = STOCK_UNKNOWN;
    f->skus_count++;
    return RESULT_OK;
}

bool fold_sku_available(const struct fold_sku *s) { return s->stock == STOCK_UNKNOWN || s->stock > s->net + s->held; }

int64_t *fold_firm(const struct fold *f, size_t sku, size_t row, size_t column)
{
    return &f->firm[(sku * f->rows + row) * f->columns + column];
}

int64_t *fold_held(const struct fold *f, size_t sku, size_t column) { return &f->held[sku * f->columns + column]; }

int64_t *fold_site_stock(const struct fold *f, size_t sku, size_t site)
{
    return &f->site_stock[sku * f->sites + site];
}

size_t fold_column(const struct fold *f, uint16_t site) { return site < f->sites ? site : f->columns - 1; }

double fold_cut(const struct fold *f, size_t wave)
{
    if (!f->cut_after_end[wave])
        return f->cut_s[wave];
    return f->end_t < 0 ? HUGE_VAL : f->end_t + f->cut_s[wave];
}

size_t fold_row(const struct fold *f, double t)
{
    size_t wave = 0;
    while (wave < f->waves && t > fold_cut(f, wave))
        wave++;
    return wave;
}

/* ---- exposure ---- */

static void sku_accrue_live(const struct fold *f, struct fold_sku *s, double t)
{
    bool available = fold_sku_available(s);
    while (s->accrued_t < t) {
        size_t bin = PIN_BINS - 1;
        double until = t;
        if (s->pin_t >= 0) {
            bin = pin_bin_of(s->accrued_t - s->pin_t);
            if (bin + 1 < PIN_BINS - 1 && s->pin_t + pin_edges[bin + 1] < t)
                until = s->pin_t + pin_edges[bin + 1];
            if (until <= s->accrued_t) /* rounding: an edge that is not quite reached */
                until = t;
        }
        double exposure = f->viewers * (until - s->accrued_t);
        s->all[bin] += exposure;
        if (available)
            s->in_stock[bin] += exposure;
        s->accrued_t = until;
    }
}

static void sku_accrue_tail(const struct fold *f, struct fold_sku *s, double t)
{
    s->tail_over = s->tail_over || !fold_sku_available(s);
    double since_end = t - f->end_t < tail_edges[TAIL_BINS] ? t - f->end_t : tail_edges[TAIL_BINS];
    while (s->tail_at < since_end) {
        size_t bin = bin_of(tail_edges, TAIL_BINS, s->tail_at);
        double until = tail_edges[bin + 1] < since_end ? tail_edges[bin + 1] : since_end;
        if (!s->tail_over)
            s->tail_in_stock[bin] += until - s->tail_at;
        s->tail_at = until;
    }
}

double fold_tail_seen(const struct fold_sku *s, const double profile[TAIL_BINS])
{
    double seen = 0;
    for (size_t b = 0; b < TAIL_BINS; b++)
        seen += profile[b] * s->tail_in_stock[b] / (tail_edges[b + 1] - tail_edges[b]);
    return seen;
}

void fold_sku_accrue(const struct fold *f, struct fold_sku *s, double t)
{
    if (f->end_t < 0)
        sku_accrue_live(f, s, t);
    else
        sku_accrue_tail(f, s, t);
}

static void audience_accrue(struct fold *f, double t)
{
    while (f->audience_t < t) {
        double width = f->planned_s / COURSE_BINS;
        size_t bin = f->audience_t >= 2 * f->planned_s ? AUDIENCE_BINS - 1 : (size_t)(f->audience_t / width);
        bin = bin < AUDIENCE_BINS ? bin : AUDIENCE_BINS - 1;
        double until = bin + 1 < AUDIENCE_BINS && (double)(bin + 1) * width < t ? (double)(bin + 1) * width : t;
        if (until <= f->audience_t)
            until = t;
        f->audience[bin] += f->viewers * (until - f->audience_t);
        f->audience_s[bin] += until - f->audience_t;
        f->audience_t = until;
    }
}

void fold_accrue(struct fold *f, double t)
{
    if (f->end_t < 0)
        audience_accrue(f, t);
    for (size_t i = 0; i < f->skus_count; i++)
        fold_sku_accrue(f, &f->skus[i], t);
}

/* ---- lines that are open ---- */

static int64_t step_of(double t, bool tail, double live_s, double tail_s)
{
    return tail ? TAIL_STEP + (int64_t)(t / tail_s) : (int64_t)(t / live_s);
}

static enum result group_join(struct fold *f, struct fold_sku *s, double t, uint32_t *ret)
{
    int64_t step = step_of(t, f->end_t >= 0, GROUP_LIVE_S, GROUP_TAIL_S);
    if (s->groups_count == 0 || step != s->group_step) {
        enum result result = array_grow(&s->groups, &s->groups_capacity, s->groups_count, sizeof *s->groups);
        if (result != RESULT_OK)
            return result;
        s->groups[s->groups_count++] = (struct group){0};
        s->group_step = step;
    }
    *ret = (uint32_t)(s->groups_count - 1);
    s->groups[*ret].lines++;
    return RESULT_OK;
}

static struct bucket *bucket_find(struct fold_sku *s, int64_t step, uint8_t pin_bin, enum begun begun)
{
    for (size_t back = 1; back <= BUCKETS_BACK && s->buckets_count - s->buckets_first >= back; back++) {
        struct bucket *b = &s->buckets[s->buckets_count - back];
        if (b->step != step)
            return NULL;
        if (b->pin_bin == pin_bin && b->begun == begun)
            return b;
    }
    return NULL;
}

enum result fold_open(struct fold *f, struct fold_sku *s, double t, int64_t units, uint8_t pin_bin, enum begun begun,
                      struct place *ret)
{
    int64_t step = step_of(t, f->end_t >= 0, BUCKET_LIVE_S, BUCKET_TAIL_S);
    enum result result = array_grow(&s->buckets, &s->buckets_capacity, s->buckets_count, sizeof *s->buckets);
    if (result == RESULT_OK)
        result = group_join(f, s, t, &ret->group);
    if (result != RESULT_OK)
        return result;
    struct bucket *b = bucket_find(s, step, pin_bin, begun);
    if (b == NULL) {
        b = &s->buckets[s->buckets_count++];
        *b = (struct bucket){.step = step, .group = ret->group, .pin_bin = pin_bin, .begun = (uint8_t)begun};
    }
    ret->bucket = (uint32_t)(b - s->buckets);
    b->begun_sum += t;
    b->units += units;
    b->lines++;
    s->held += units;
    s->open_lines++;
    return RESULT_OK;
}

static void bucket_leave(struct fold_sku *s, uint32_t bucket, double begun, int64_t units)
{
    struct bucket *b = &s->buckets[bucket];
    b->begun_sum -= begun;
    b->units -= units;
    if (--b->lines == 0)
        b->begun_sum = 0; /* no rounding is left behind */
    while (s->buckets_first + 1 < s->buckets_count && s->buckets[s->buckets_first].lines == 0)
        s->buckets_first++; /* the newest stays: the next line may join it */
    s->held -= units;
    s->open_lines--;
}

void fold_close(struct fold *f, struct fold_sku *s, const struct place *place, double begun, double t, int64_t units,
                enum fold_end how)
{
    struct group *g = &s->groups[place->group];
    double age = t - begun, expected = hazard_up_to(&f->beliefs.hazard, f->beliefs.hazard_sums, age);
    bucket_leave(s, place->bucket, begun, units);
    g->expected += expected;
    s->expected += expected;
    g->confirmed += how == FOLD_CONFIRMED;
    double person = 1 - group_suspicion(f, g, g->expected, f->pace);
    size_t bin = bin_of(age_edges, AGE_BINS, age);
    for (size_t b = 0; b < bin; b++)
        f->lessons.at_risk[b] += person * (age_edges[b + 1] - age_edges[b]);
    f->lessons.at_risk[bin] += person * (age - age_edges[bin]);
    if (how == FOLD_CONFIRMED)
        f->lessons.confirms[bin] += person;
    if (how == FOLD_RELEASED)
        f->lessons.releases[bin] += person;
}

/* ---- orders ---- */

static struct batch *batch_find(struct batch *batches, size_t count, int64_t step, size_t row)
{
    size_t low = 0, high = count; /* by step; waves of one step lie together */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (batches[middle].step < step)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && batches[low].step == step; low++)
        if (batches[low].wave == row)
            return &batches[low];
    return NULL;
}

static enum result batch_add(struct batch **batches, size_t *capacity, size_t *count, const struct batch *batch)
{
    struct batch *b = batch_find(*batches, *count, batch->step, batch->wave);
    if (b != NULL) {
        b->units += batch->units;
        return RESULT_OK;
    }
    if (batch->units < 0)
        return RESULT_OK;                                            /* of what found no memory */
    MUST(*count == 0 || (*batches)[*count - 1].step <= batch->step); /* time does not go back */
    enum result result = array_grow(batches, capacity, *count, sizeof **batches);
    if (result == RESULT_OK)
        (*batches)[(*count)++] = *batch;
    return result;
}

enum result fold_batch(struct fold *f, struct fold_sku *s, double t, size_t row, int64_t units)
{
    bool tail = f->end_t >= 0 && t > f->end_t; /* the same before and after the end is known */
    struct batch batch = {.step = step_of(t, tail, BATCH_LIVE_S, BATCH_TAIL_S), .units = units, .wave = (uint16_t)row};
    double width = tail ? BATCH_TAIL_S : BATCH_LIVE_S;
    batch.t = ((double)(batch.step - (tail ? TAIL_STEP : 0)) + 0.5) * width;
    return batch_add(&s->batches, &s->batches_capacity, &s->batches_count, &batch);
}

enum result fold_ship(struct fold *f, double t, int64_t units)
{
    struct batch batch = {.step = (int64_t)(t / DAY_S), .units = units};
    batch.t = ((double)batch.step + 0.5) * DAY_S;
    return batch_add(&f->shipped, &f->shipped_capacity, &f->shipped_count, &batch);
}

/* ---- people and others ---- */

double group_suspicion(const struct fold *f, const struct group *g, double expected, double pace)
{
    if (g->lines < GROUP_LINES_MIN)
        return 0;
    /* With holds that last otherwise, or without history, a slow checkout must not look like a machine. */
    double prior = f->same_hold_s ? 0.03 : 0.002, caution = f->same_hold_s ? 0.8 : 0.4;
    double logit = log(prior / (1 - prior)) + g->confirmed * log(0.05) + 0.95 * expected * pace * caution;
    if (logit > 50)
        return 1;
    return logit < -50 ? 0 : 1 / (1 + exp(-logit));
}

static int weighed_compare(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    if (x->ratio != y->ratio)
        return x->ratio < y->ratio ? -1 : 1;
    return (x->weight > y->weight) - (x->weight < y->weight);
}

static double sku_expected(const struct fold *f, const struct fold_sku *s, double t)
{
    double expected = s->expected;
    for (size_t i = s->buckets_first; i < s->buckets_count; i++) {
        const struct bucket *b = &s->buckets[i];
        if (b->lines > 0)
            expected +=
                b->lines * hazard_up_to(&f->beliefs.hazard, f->beliefs.hazard_sums, t - b->begun_sum / b->lines);
    }
    return expected;
}

double fold_pace(const struct fold *f, double t, struct weighed *list)
{
    double all = 0, passed = 0;
    if (f->skus_count == 0)
        return 1;
    for (size_t i = 0; i < f->skus_count; i++) {
        double expected = sku_expected(f, &f->skus[i], t);
        list[i].ratio = (f->skus[i].orders + 1) / (expected + 1);
        list[i].weight = (expected < 15 ? expected : 15) + 0.01;
        all += list[i].weight;
    }
    qsort(list, f->skus_count, sizeof *list, weighed_compare);
    size_t middle = 0;
    while (middle + 1 < f->skus_count && passed + list[middle].weight < all / 2)
        passed += list[middle++].weight;
    return (list[middle].ratio * all + 10) / (all + 10);
}
