#include "logistics/rules/estimator.h"

#include <stdlib.h>
#include <string.h>

#include "logistics/rules/draws.h"
#include "logistics/rules/estimator_inner.h"

#define VIEWERS_GUESS 100.0 /* until somebody says how many watch */
#define PAIRS_MAX (UINT32_MAX / 2)

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
enum result estimator_sku(struct estimator *e, const char *sku, size_t *ret)
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
    enum result result = estimator_sku(e, from->sku.text, &at);
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
        result = estimator_sku(e, plan->run[i].sku.text, &sku);
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
    f->viewers = f->beliefs.viewers > 0 ? f->beliefs.viewers : VIEWERS_GUESS;
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

size_t estimator_memory(const struct estimator *e)
{
    return sizeof *e + fold_bytes(&e->fold) + table_bytes(&e->lines) + table_bytes(&e->pairs) +
           e->scratch_count * sizeof *e->scratch + e->prior->skus_count * sizeof *e->prior->skus + sizeof *e->prior;
}
