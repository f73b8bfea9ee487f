#include "logistics/rules/outlook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRM_DELAY_S 60.0 /* from arrival to payment, where one number must do */
#define OVERRUN_SHARE 0.06   /* past the planned end: it goes on for this share of the plan */
#define PACE_WEIGHT 0.1      /* of the plan */
#define PACE_MIN 0.6
#define PACE_MAX 1.8
#define LAST_PIN_S 30.0 /* a show goes on for this long behind its last pin, at least */
#define LEFT_STEP_S 15.0
#define LEFT_STEPS_MAX 400
#define SKU_PACE_LINES 15.0 /* weight of "as the others" for a SKU's own pace of conversion */
#define OWN_RATE_LINES 6.0  /* how far a SKU's rate moves between broadcasts: what its history weighs at most */
#define SKU_UNITS_LINES 10.0
#define UNITS_LINES 30.0

static double at_least(double x, double low) { return x > low ? x : low; }
static double at_most(double x, double high) { return x < high ? x : high; }

/* ---- steps, in their order ---- */

struct work { /* what several steps need */
    struct outlook *o;
    const struct fold *f;
    double pace;
    double *suspicion; /* of each group of each SKU, one SKU after the other; owned */
    struct hazard hazard;
    struct chance chance;
    double at_risk[AGE_BINS];
    double sku_expected, sku_confirmed; /* sums over SKUs, of people */
    double begun[PIN_BINS];             /* converting lines begun live, by time since the pin */
    double profile[PIN_BINS];
};

static double bucket_age(const struct work *w, const struct bucket *b)
{
    double age = w->o->t - b->begun_sum / b->lines, hold_s = w->f->hold_s;
    double last = hold_s > 2 ? hold_s - 1 : hold_s / 2; /* one that should have timed out is about to */
    return at_least(at_most(age, last), 0);
}

/* 3.2: the share of each group's lines that are not people's, with what its open lines should have confirmed by now. */
static void suspect(struct work *w)
{
    double *suspicion = w->suspicion;
    for (size_t i = 0; i < w->f->skus_count; i++) {
        const struct fold_sku *s = &w->f->skus[i];
        for (size_t g = 0; g < s->groups_count; g++)
            suspicion[g] = s->groups[g].expected;
        for (size_t b = 0; b < s->buckets_count; b++)
            if (s->buckets[b].lines > 0)
                suspicion[s->buckets[b].group] +=
                    s->buckets[b].lines *
                    hazard_up_to(&w->f->beliefs.hazard, w->f->beliefs.hazard_sums, bucket_age(w, &s->buckets[b]));
        double expected = 0, confirmed = 0;
        for (size_t g = 0; g < s->groups_count; g++) {
            double e = suspicion[g];
            suspicion[g] = group_suspicion(w->f, &s->groups[g], e, w->pace);
            expected += (1 - suspicion[g]) * e;
            confirmed += (1 - suspicion[g]) * s->groups[g].confirmed;
            w->o->suspect_lines += suspicion[g] * s->groups[g].lines;
        }
        w->o->skus[i].confirmed = confirmed;
        w->o->skus[i].in_stock = expected; /* until exposure takes the place: holds() needs it */
        w->sku_expected += expected;
        w->sku_confirmed += confirmed;
        suspicion += s->groups_count;
    }
}

static void at_risk_add(double at_risk[AGE_BINS], double age, double weight)
{
    size_t bin = bin_of(age_edges, AGE_BINS, age);
    for (size_t b = 0; b < bin; b++)
        at_risk[b] += weight * (age_edges[b + 1] - age_edges[b]);
    at_risk[bin] += weight * (age - age_edges[bin]);
}

/* 3.1: hazards of this broadcast, the prior's blended in by what it weighs. Open lines are at risk too. */
static void hazards(struct work *w)
{
    const struct fold *f = w->f;
    const struct lessons *l = &f->lessons;
    const double *suspicion = w->suspicion;
    memcpy(w->at_risk, l->at_risk, sizeof w->at_risk);
    for (size_t i = 0; i < f->skus_count; i++) {
        const struct fold_sku *s = &f->skus[i];
        for (size_t b = 0; b < s->buckets_count; b++)
            if (s->buckets[b].lines > 0)
                at_risk_add(w->at_risk, bucket_age(w, &s->buckets[b]),
                            s->buckets[b].lines * (1 - suspicion[s->buckets[b].group]));
        suspicion += s->groups_count;
    }
    bool same = f->beliefs.hold_s - f->hold_s < 0.5 && f->hold_s - f->beliefs.hold_s < 0.5;
    double holds = same ? f->beliefs.hazard_holds : 6;
    for (size_t b = 0; b < AGE_BINS; b++) {
        double weight = holds * f->beliefs.at_risk[b], all = at_least(w->at_risk[b] + weight, 1e-9);
        w->hazard.confirm[b] = (l->confirms[b] + weight * f->beliefs.hazard.confirm[b]) / all;
        w->hazard.release[b] = (l->releases[b] + weight * f->beliefs.hazard.release[b]) / all;
    }
    chance_init(&w->chance, &w->hazard, f->hold_s);
    w->o->first_chance = chance_at(&w->chance, 0);
    w->o->confirmed = w->sku_confirmed;
}

static double cut_of(const struct work *w, size_t wave)
{
    return w->f->cut_after_end[wave] ? w->o->end_s + w->f->cut_s[wave] : w->f->cut_s[wave];
}

/* Of what converts of this bucket, how much makes which wave. */
static void bucket_waves(const struct work *w, struct outlook_sku *to, double age, double base, double converting)
{
    for (size_t wave = 0; wave < w->f->waves; wave++) {
        double until = cut_of(w, wave) - w->o->t;
        double share = base > 0 ? chance_within(&w->chance, age, until) / base : until > 0;
        to->holds_by[wave] += converting * at_most(share, 1);
    }
}

/* Open lines by their chance: P(convert) = [1 - (1 - p(age))^gamma_k] (1 - suspicion), gamma_k the SKU's own pace, shrunken. */
static void holds(struct work *w)
{
    const double *suspicion = w->suspicion;
    double scale = w->sku_expected > 5 ? w->sku_confirmed / w->sku_expected : 1;
    for (size_t i = 0; i < w->f->skus_count; i++) {
        const struct fold_sku *s = &w->f->skus[i];
        struct outlook_sku *to = &w->o->skus[i];
        double gamma = (to->confirmed + SKU_PACE_LINES) / (to->in_stock * scale + SKU_PACE_LINES);
        for (size_t j = 0; j < PIN_BINS; j++) {
            to->lines_live += s->live[j];
            w->begun[j] += s->live[j];
        }
        to->lines_tail = s->tail;
        for (size_t b = 0; b < s->buckets_count; b++) {
            const struct bucket *from = &s->buckets[b];
            if (from->lines == 0)
                continue;
            double age = bucket_age(w, from), base = chance_at(&w->chance, age);
            double converting = from->lines * (1 - pow(1 - base, gamma)) * (1 - suspicion[from->group]);
            to->open += from->lines;
            to->converting += converting;
            bucket_waves(w, to, age, base, converting);
            if (from->begun == BEGUN_TAIL) {
                to->lines_tail += converting;
            } else if (from->begun == BEGUN_LIVE) {
                to->lines_live += converting;
                w->begun[from->pin_bin] += converting;
            }
        }
        for (size_t wave = 0; wave < w->f->waves; wave++)
            to->holds_by[wave] = to->converting > 0 ? to->holds_by[wave] / to->converting : 1;
        to->holds_by[w->f->waves] = 1;
        suspicion += s->groups_count;
    }
}

static double weigh(const double exposure[PIN_BINS], const double profile[PIN_BINS])
{
    double sum = 0;
    for (size_t j = 0; j < PIN_BINS; j++)
        sum += exposure[j] * profile[j];
    return sum;
}

/* 3.3: the profile by time since the pin, updated by this broadcast; then what each SKU was exposed to, and its rate. */
static void demand(struct work *w)
{
    const struct beliefs *b = &w->f->beliefs;
    double rate = b->rate, expected[PIN_BINS] = {0};
    for (size_t i = 0; i < w->f->skus_count; i++) {
        const struct fold_sku *s = &w->f->skus[i];
        double own = (w->o->skus[i].lines_live + 1) / (weigh(s->in_stock, b->profile) + 1 / at_least(rate, 1e-12));
        for (size_t j = 0; j < PIN_BINS; j++)
            expected[j] += s->in_stock[j] * own;
    }
    for (size_t j = 0; j < PIN_BINS; j++)
        w->profile[j] = (b->profile_weight * b->profile[j] + w->begun[j]) / (b->profile_weight + expected[j]);
    for (size_t i = 0; i < w->f->skus_count; i++) {
        const struct fold_sku *s = &w->f->skus[i];
        struct outlook_sku *to = &w->o->skus[i];
        to->in_stock = weigh(s->in_stock, w->profile);
        to->all = weigh(s->all, w->profile);
        to->rate = rate;
        to->shape = b->shape;
        if (s->known) {
            to->rate = rate * (b->shape + s->prior.lines) / (b->shape + s->prior.expected);
            to->shape = 1 / (1 / (b->shape + s->prior.lines) + 1 / OWN_RATE_LINES);
        }
    }
}

/* ---- 3.3: exposure still to come, from the run of show and the viewers now ---- */

/* A show that is a tenth behind its plan halfway ends later in proportion: its pace is real over planned time of the last pin, with the
 * usual pace weighing a tenth of the plan. */
static void place_in_plan(struct outlook *o, const struct fold *f)
{
    size_t made = f->pins < f->run_count ? f->pins : f->run_count;
    o->pace = exp(f->beliefs.pace);
    o->plan_t = o->t;
    if (made > 0) {
        double weight = PACE_WEIGHT * f->planned_s, planned = f->run[made - 1].t;
        o->pace = at_least(at_most((f->last_pin_t + weight * o->pace) / (planned + weight), PACE_MAX), PACE_MIN);
        o->plan_t = planned + (o->t - f->last_pin_t) / o->pace;
    }
    if (made < f->run_count)
        o->plan_t = at_most(o->plan_t, f->run[made].t);
    double left = f->planned_s - o->plan_t;
    o->end_s = o->t + at_least(left * o->pace, left < 60 ? OVERRUN_SHARE * f->planned_s : 60);
    if (made < f->run_count)
        o->end_s = at_least(o->end_s, o->t + (f->run[f->run_count - 1].t - o->plan_t) * o->pace + LAST_PIN_S);
}

static size_t course_bin(const struct outlook *o, double at)
{
    return at >= o->end_s ? COURSE_BINS - 1 : (size_t)(COURSE_BINS * at / o->end_s);
}

/* Viewers so far, in parts `from` on, over what the usual course has there. */
static double audience_over_course(const struct work *w, size_t from)
{
    const struct fold *f = w->f;
    double viewers = 0, usual = 0, width = f->planned_s / COURSE_BINS;
    for (size_t i = from; i < AUDIENCE_BINS; i++) {
        double middle = (double)i * width + f->audience_s[i] / 2;
        viewers += f->audience[i];
        usual += f->audience_s[i] * at_least(f->beliefs.course[course_bin(w->o, middle)], 0.05);
    }
    return usual > 0 ? viewers / usual : f->viewers / at_least(f->beliefs.course[course_bin(w->o, w->o->t)], 0.05);
}

/* The scale of the usual course that "viewers lately" and "viewers so far" speak for: their mean in logs, by inverse variance. */
static double audience_scale(const struct work *w, double *ret_sigma)
{
    const struct beliefs *b = &w->f->beliefs;
    size_t now = course_bin(w->o, w->o->t),
           part = (size_t)at_most(COURSE_BINS * w->o->t / w->f->planned_s, AUDIENCE_BINS - 1);
    double recent = audience_over_course(w, part < 2 ? 0 : part - 2), so_far = audience_over_course(w, 0);
    double r = b->recent_sigma[now], s = b->so_far_sigma[now], weight = s * s / (r * r + s * s);
    *ret_sigma = at_most(r, s);
    return exp(weight * log(at_least(recent, 1e-3)) + (1 - weight) * log(at_least(so_far, 1e-3)));
}

/* When the planned pins of a SKU that are still to come will be made. */
static void pins_to_come(const struct outlook *o, const struct fold *f, size_t sku, double *pins, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = f->pins; i < f->run_count; i++)
        if (f->run[i].sku == sku)
            pins[(*ret_count)++] = o->t + at_least(5, (f->run[i].t - o->plan_t) * o->pace);
}

static void sku_left(const struct work *w, size_t sku, const double *pins, size_t pins_count, double step, size_t steps,
                     double scale)
{
    const struct fold *f = w->f;
    struct outlook_sku *to = &w->o->skus[sku];
    double last = f->skus[sku].pin_t;
    size_t next = 0;
    for (size_t i = 0; i < steps; i++) {
        double at = w->o->t + (0.5 + (double)i) * step;
        for (; next < pins_count && pins[next] <= at; next++)
            last = pins[next];
        size_t bin = last < 0 ? PIN_BINS - 1 : pin_bin_of(at - last);
        double exposure = scale * f->beliefs.course[course_bin(w->o, at)] * step * w->profile[bin];
        to->left += exposure;
        for (size_t wave = 0; wave < f->waves; wave++)
            if (at + CONFIRM_DELAY_S <= cut_of(w, wave))
                to->left_by[wave] += exposure;
    }
}

static enum result left(struct work *w)
{
    struct outlook *o = w->o;
    double *pins = calloc(w->f->run_count + 1, sizeof *pins);
    if (pins == NULL)
        return RESULT_NO_MEMORY;
    double seconds = o->live ? o->end_s - o->t : 0, scale = audience_scale(w, &o->viewers_sigma);
    double step = at_least(LEFT_STEP_S, seconds / LEFT_STEPS_MAX);
    size_t steps = seconds > 0 ? (size_t)ceil(seconds / step) : 0;
    for (size_t i = 0; i < w->f->skus_count; i++) {
        size_t count = 0;
        if (steps > 0)
            pins_to_come(o, w->f, i, pins, &count);
        sku_left(w, i, pins, count, step, steps, scale);
        for (size_t wave = 0; wave < w->f->waves; wave++)
            o->skus[i].left_by[wave] = o->skus[i].left > 0 ? o->skus[i].left_by[wave] / o->skus[i].left : 1;
        o->skus[i].left_by[w->f->waves] = 1;
    }
    free(pins);
    return RESULT_OK;
}

/* ---- 3.4, 3.5 ---- */

static void levels(struct work *w)
{
    const struct beliefs *b = &w->f->beliefs;
    struct outlook *o = w->o;
    level_start(&o->live_level, &(struct level_prior){b->level_sigma, 0.15, 1.3});
    for (size_t i = 0; i < w->f->skus_count; i++)
        level_add(&o->live_level, o->skus[i].lines_live, o->skus[i].rate * o->skus[i].in_stock, o->skus[i].shape);
    level_end(&o->live_level);
}

static double tail_done(const struct fold *f, double since_end)
{
    double last = at_most(f->tail_s, tail_edges[TAIL_BINS]);
    return tail_interpolate(f->beliefs.tail_done, at_most(since_end, last));
}

static void replay(struct work *w)
{
    const struct fold *f = w->f;
    struct outlook *o = w->o;
    double done = o->live ? 0 : tail_done(f, o->t - o->end_s), all = tail_done(f, f->tail_s),
           error = 0.3 / (f->beliefs.shows + 1);
    double profile[TAIL_BINS];
    for (size_t b = 0; b < TAIL_BINS; b++)
        profile[b] = f->beliefs.tail_done[b + 1] - f->beliefs.tail_done[b];
    for (size_t i = 0; i < f->skus_count; i++)
        o->skus[i].tail_seen = fold_tail_seen(&f->skus[i], profile);
    o->tail_left = f->closed ? 0 : at_least(all - done, 0);
    o->tail_sigma = sqrt(0.06 * 0.06 + error * error);
    for (size_t wave = 0; wave < f->waves; wave++) {
        double by = tail_done(f, cut_of(w, wave) - o->end_s - CONFIRM_DELAY_S) - done;
        o->tail_by[wave] = o->tail_left > 0 ? at_least(at_most(by / o->tail_left, 1), 0) : 1;
    }
    o->tail_by[f->waves] = 1;
}

/* ---- units of a line ---- */

static void units(struct work *w)
{
    const struct fold *f = w->f;
    const struct lessons *l = &f->lessons;
    double pooled = (l->units + UNITS_LINES * f->beliefs.units_per_line) / (l->orders + UNITS_LINES);
    for (size_t i = 0; i < f->skus_count; i++) {
        const struct fold_sku *s = &f->skus[i];
        double lines = s->orders + s->prior.orders, all = s->units + s->prior.units;
        w->o->skus[i].units_per_line = (all + SKU_UNITS_LINES * pooled) / (lines + SKU_UNITS_LINES);
    }
}

/* ---- all of it ---- */

void outlook_finish(struct outlook *o) { free(o->skus); }

enum result outlook_init(struct outlook *o, const struct fold *f, double t, struct weighed *scratch)
{
    size_t groups = 0;
    for (size_t i = 0; i < f->skus_count; i++)
        groups += f->skus[i].groups_count;
    *o = (struct outlook){.live = f->end_t < 0, .t = t, .end_s = f->end_t};
    if (o->live)
        place_in_plan(o, f);
    struct work w = {.o = o, .f = f, .suspicion = calloc(groups + 1, sizeof *w.suspicion)};
    o->skus = calloc(f->skus_count + 1, sizeof *o->skus);
    enum result result = o->skus == NULL || w.suspicion == NULL ? RESULT_NO_MEMORY : RESULT_OK;
    if (result == RESULT_OK) {
        w.pace = fold_pace(f, t, scratch);
        suspect(&w);
        hazards(&w);
        holds(&w);
        demand(&w);
        result = left(&w);
        levels(&w);
        replay(&w);
        units(&w);
    }
    free(w.suspicion);
    if (result != RESULT_OK)
        outlook_finish(o);
    return result;
}
