#include "logistics/rules/prior.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/digest_inner.h"
#include "logistics/rules/estimator.h"
#include "logistics/rules/prior_inner.h"

/* The digests pooled. `weight` is the profile that turns exposures of all pin ages into one number. */
struct pool {
    const struct digest *const *digests;
    size_t count;
    double level[ESTIMATOR_HISTORY_MAX]; /* of each broadcast, relative to the pooled rate */
};

static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
static double at_least(double x, double low) { return x > low ? x : low; }

/* ---- what is believed without any ---- */

/* Half of those who watch take one thing in an hour (a guess: lines per viewer-second, weighted by the profile, of which an hour with a
 * new pin every three minutes has some 50,000). A first show may well have a seventh or seven times as much: level_sigma. */
#define RATE_GUESS 1e-5

static void shares_normalise(double *done, size_t bins)
{
    for (size_t i = 0; i <= bins; i++)
        done[i] /= done[bins];
}

/* Some come back the same evening, most over days. */
void tail_guess(double share[TAIL_BINS])
{
    double done[TAIL_BINS + 1];
    for (size_t i = 0; i <= TAIL_BINS; i++)
        done[i] = 1 - (0.4 * exp(-tail_edges[i] / 1200) + 0.6 * exp(-tail_edges[i] / 64800));
    for (size_t i = 0; i < TAIL_BINS; i++)
        share[i] = (done[i + 1] - done[i]) / done[TAIL_BINS];
}

static void believe_guesses(struct beliefs *b)
{
    static const double profile[PIN_BINS] = {9, 8, 6.5, 5, 4, 3, 1.6, 1, 0.6, 0.5, 0.4};
    *b = (struct beliefs){.hold_s = 600,
                          .hazard_holds = 12,
                          .profile_weight = 4,
                          .rate = RATE_GUESS,
                          .shape = 0.8,
                          .level_sigma = 2,
                          .tail_ratio = 0.35,
                          .tail_sigma = 0.7,
                          .tail_shape = 6,
                          .cancel_share = 0.05,
                          .cancel_weight = 3,
                          .return_share = 0.08,
                          .return_weight = 3,
                          .units_per_line = 1.15,
                          .units_variance = 0.2,
                          .parcels_per_unit = {0.8, 0.8}};
    hazard_guess(&b->hazard, b->at_risk);
    memcpy(b->profile, profile, sizeof profile);
    double tail[TAIL_BINS];
    tail_guess(tail);
    for (size_t i = 0; i < TAIL_BINS; i++)
        b->tail_done[i + 1] = b->tail_done[i] + tail[i];
    for (size_t i = 0; i <= TAIL_BINS; i++)
        b->cancel_done[i] = 1 - exp(-tail_edges[i] / 28800);
    shares_normalise(b->cancel_done, TAIL_BINS);
    for (size_t i = 0; i < COURSE_BINS; i++) {
        double x = 0.01 + 0.99 * (double)i / (COURSE_BINS - 1), y = (double)i / (COURSE_BINS - 1);
        b->course[i] = (1 - exp(-9 * x)) * (1 - 0.45 * y * y);
        b->recent_sigma[i] = b->so_far_sigma[i] = 0.3;
    }
}

/* ---- pooling: holds ---- */

static void pool_hazards(const struct pool *p, struct beliefs *b)
{
    double confirms[AGE_BINS] = {0}, releases[AGE_BINS] = {0}, at_risk[AGE_BINS] = {0}, holds = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct lessons *l = &p->digests[i]->lessons;
        for (size_t a = 0; a < AGE_BINS; a++) {
            confirms[a] += l->confirms[a];
            releases[a] += l->releases[a];
            at_risk[a] += l->at_risk[a];
        }
        holds += l->holds;
    }
    for (size_t a = 0; a < AGE_BINS; a++) { /* the guess weighs five holds */
        double guess = 5 * b->at_risk[a];
        b->hazard.confirm[a] = (confirms[a] + b->hazard.confirm[a] * guess) / (at_risk[a] + guess);
        b->hazard.release[a] = (releases[a] + b->hazard.release[a] * guess) / (at_risk[a] + guess);
        if (at_risk[a] > 0)
            b->at_risk[a] = at_risk[a] / at_least(holds, 1);
    }
    b->hazard_holds = 60;
}

/* ---- pooling: demand while live ---- */

static double sku_lines(const struct digest_sku *s)
{
    double lines = 0;
    for (size_t j = 0; j < PIN_BINS; j++)
        lines += s->live[j];
    return lines;
}

static double sku_exposure(const struct digest_sku *s, const double profile[PIN_BINS])
{
    double exposure = 0;
    for (size_t j = 0; j < PIN_BINS; j++)
        exposure += s->exposure[j] * profile[j];
    return exposure;
}

static void pool_profile(const struct pool *p, struct beliefs *b)
{
    double lines[PIN_BINS] = {0}, exposure[PIN_BINS] = {0}, all_lines = 0, all_exposure = 0, mean = 0;
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->digests[i]->skus_count; k++)
            for (size_t j = 0; j < PIN_BINS; j++) {
                lines[j] += p->digests[i]->skus[k].live[j];
                exposure[j] += p->digests[i]->skus[k].exposure[j];
            }
    for (size_t j = 0; j < PIN_BINS; j++) {
        all_lines += lines[j];
        all_exposure += exposure[j];
        mean += b->profile[j] / PIN_BINS;
    }
    double rate = all_lines / at_least(all_exposure, 1e-9);
    for (size_t j = 0; j < PIN_BINS; j++)
        b->profile[j] = (lines[j] + 4 * b->profile[j] / mean) / (exposure[j] * rate + 4);
    b->profile_weight = 60;
}

/* How far logs of such ratios lie apart from one broadcast to the next, with a guess of 0.1 that weighs two. */
static double spread_of_logs(const double *ratios, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double x = log(at_least(ratios[i], 0.05));
        sum += x;
        squares += x * x;
    }
    double n = (double)count, variance = at_least(squares / n - sum / n * (sum / n), 0);
    return clip(sqrt((variance * n + 0.1 * 2) / (n + 1)), 0.15, 0.8);
}

/* Shape of the Gamma between SKUs by moments: over-dispersion beyond Poisson. */
struct moments {
    double mean_squares, excess;
};
static void moments_add(struct moments *m, double n, double mean)
{
    m->mean_squares += mean * mean;
    m->excess += (n - mean) * (n - mean) - mean;
}
static double moments_shape(const struct moments *m, double low, double high)
{
    return clip(m->mean_squares / at_least(m->excess, 1e-9), low, high);
}

static void pool_demand(struct pool *p, struct beliefs *b)
{
    double lines[ESTIMATOR_HISTORY_MAX] = {0}, exposure[ESTIMATOR_HISTORY_MAX] = {0}, n = 0, e = 0;
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = 0; k < p->digests[i]->skus_count; k++) {
            lines[i] += sku_lines(&p->digests[i]->skus[k]);
            exposure[i] += sku_exposure(&p->digests[i]->skus[k], b->profile);
        }
        n += lines[i];
        e += exposure[i];
    }
    b->rate = (n + 0.5) / (e + 0.5 / RATE_GUESS);
    for (size_t i = 0; i < p->count; i++)
        p->level[i] = lines[i] / at_least(b->rate * exposure[i], 1e-9);
    b->level_sigma = spread_of_logs(p->level, p->count);
    struct moments moments = {0};
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; k < p->digests[i]->skus_count; k++) {
            const struct digest_sku *s = &p->digests[i]->skus[k];
            moments_add(&moments, sku_lines(s), b->rate * sku_exposure(s, b->profile) * p->level[i]);
        }
    b->shape = moments_shape(&moments, 0.5, 12);
}

/* ---- pooling: the replay ---- */

static double digest_tail(const struct digest *d)
{
    double tail = 0;
    for (size_t k = 0; k < d->skus_count; k++)
        tail += d->skus[k].tail;
    return tail;
}

/* Lines of each bin over what was there to sell in it: r_b = (N_b + 4 g_b)/(X_b + 4/r), g the built-in profile, r the ratio under it;
 * what is without exposure keeps the guess. Their sum is the ratio, their shares are the profile. */
static void pool_tail_profile(const struct pool *p, struct beliefs *b)
{
    double guess[TAIL_BINS], orders[TAIL_BINS] = {0}, scale[TAIL_BINS] = {0}, all = 1, expected = 1 / b->tail_ratio,
                             sum = 0;
    tail_guess(guess);
    for (size_t j = 0; j < TAIL_BINS; j++) {
        for (size_t i = 0; i < p->count; i++) {
            orders[j] += p->digests[i]->lessons.tail_orders[j];
            scale[j] += p->digests[i]->tail_scale[j];
        }
        all += orders[j];
        expected += scale[j] * guess[j];
    }
    b->tail_done[0] = 0;
    for (size_t j = 0; j < TAIL_BINS; j++)
        b->tail_done[j + 1] = sum += (orders[j] + 4 * guess[j]) / (scale[j] + 4 * expected / all);
    b->tail_ratio = sum;
    shares_normalise(b->tail_done, TAIL_BINS);
}

static void pool_tail(const struct pool *p, struct beliefs *b)
{
    double ratio[ESTIMATOR_HISTORY_MAX], logs = 0, squares = 0;
    struct moments moments = {0};
    pool_tail_profile(p, b);
    for (size_t i = 0; i < p->count; i++) {
        double expected = 0;
        for (size_t j = 0; j < TAIL_BINS; j++)
            expected += p->digests[i]->tail_scale[j] * (b->tail_done[j + 1] - b->tail_done[j]);
        ratio[i] = (digest_tail(p->digests[i]) + 0.5) / (b->tail_ratio * expected + 0.5);
        logs += log(ratio[i]) / (double)p->count;
    }
    b->tail_ratio *= exp(logs); /* of the typical show, not of the largest */
    for (size_t i = 0; i < p->count; i++) {
        ratio[i] /= exp(logs);
        squares += log(ratio[i]) * log(ratio[i]);
        for (size_t k = 0; k < p->digests[i]->skus_count; k++) {
            const struct digest_sku *s = &p->digests[i]->skus[k];
            moments_add(&moments, s->tail, b->tail_ratio * s->live_scale * s->tail_share * ratio[i]);
        }
    }
    b->tail_sigma = clip(sqrt((squares + 2 * 0.4 * 0.4) / ((double)p->count + 1)), 0.15, 0.9);
    b->tail_shape = moments_shape(&moments, 2, 12);
}

/* ---- pooling: orders ---- */

static void pool_orders(const struct pool *p, struct beliefs *b)
{
    struct lessons all = {0};
    double sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct lessons *l = &p->digests[i]->lessons;
        all.orders += l->orders;
        all.cancelled += l->cancelled;
        all.units += l->units;
        all.units_squared += l->units_squared;
        all.shipped += l->shipped;
        all.returned += l->returned;
        for (size_t j = 0; j < TAIL_BINS; j++)
            all.cancels[j] += l->cancels[j];
        for (size_t j = 0; j < 2; j++) {
            all.pairs[j] += l->pairs[j];
            all.pair_units[j] += l->pair_units[j];
        }
    }
    b->cancel_share = (all.cancelled + 1) / (all.orders + 20);
    b->cancel_weight = 6;
    for (size_t j = TAIL_BINS; j-- > 0;)
        all.cancels[j] += 5 * (b->cancel_done[j + 1] - b->cancel_done[j]);
    b->cancel_done[0] = 0;
    for (size_t j = 0; j < TAIL_BINS; j++)
        b->cancel_done[j + 1] = sum += all.cancels[j];
    shares_normalise(b->cancel_done, TAIL_BINS);
    b->return_share = (all.returned + 100 * b->return_share) / (all.shipped + 100);
    double orders = at_least(all.orders, 1);
    b->units_per_line = at_least(all.units / orders, 1);
    b->units_variance = at_least(all.units_squared / orders - b->units_per_line * b->units_per_line, 0.01);
    for (size_t j = 0; j < 2; j++) { /* few seen of one kind: near to the other, then to the guess */
        double both = (all.pairs[0] + all.pairs[1] + 5 * 0.8) / (all.pair_units[0] + all.pair_units[1] + 5);
        b->parcels_per_unit[j] = clip((all.pairs[j] + 20 * both) / (all.pair_units[j] + 20), 0.01, 1);
    }
}

/* ---- pooling: audience ---- */

static double mean_of(const double *x, size_t from, size_t to) /* to is not in it */
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += at_least(x[i], 1e-3);
    return sum / (double)(to - from);
}

/* How well do "viewers now" and "viewers so far" foretell the viewers still to come? */
static void pool_course(const struct pool *p, struct beliefs *b)
{
    double logs = 0, told = 0;
    for (size_t c = 0; c < COURSE_BINS; c++) {
        b->course[c] = 0;
        for (size_t i = 0; i < p->count; i++)
            b->course[c] += at_least(p->digests[i]->course[c], 1e-3) / (double)p->count;
    }
    for (size_t c = 0; c < COURSE_BINS; c++) {
        size_t from = c < 2 ? 0 : c - 2;
        double recent = 0, so_far = 0, rest = mean_of(b->course, c, COURSE_BINS);
        for (size_t i = 0; i < p->count; i++) {
            const double *v = p->digests[i]->course;
            double left = mean_of(v, c, COURSE_BINS);
            double r = log(left / mean_of(v, from, c + 1)) - log(rest / mean_of(b->course, from, c + 1));
            double s = log(left / mean_of(v, 0, c + 1)) - log(rest / mean_of(b->course, 0, c + 1));
            recent += r * r;
            so_far += s * s;
        }
        b->recent_sigma[c] = sqrt((recent + 0.2 * 0.2 * 2) / ((double)p->count + 1));
        b->so_far_sigma[c] = sqrt((so_far + 0.2 * 0.2 * 2) / ((double)p->count + 1));
    }
    b->course_known = true;
    for (size_t i = 0; i < p->count; i++) {
        const struct digest *d = p->digests[i];
        if (d->planned_s > 0 && d->end_s > 0)
            b->pace +=
                clip(log(d->end_s / d->planned_s), -0.6, 0.6) / ((double)p->count + 2); /* "as planned" weighs two */
    }
    for (size_t i = 0; i < p->count; i++)
        if (p->digests[i]->viewers > 0) {
            logs += log(p->digests[i]->viewers);
            told++;
        }
    b->viewers = told > 0 ? exp(logs / told) : 0;
}

/* ---- pooling: per SKU ---- */

static int sku_compare(const void *a, const void *b)
{
    return strcmp(((const struct prior_sku *)a)->sku.text, ((const struct prior_sku *)b)->sku.text);
}

static void skus_merge(struct prior *p)
{
    qsort(p->skus, p->skus_count, sizeof *p->skus, sku_compare);
    size_t kept = 0;
    for (size_t i = 0; i < p->skus_count; i++) {
        struct prior_sku *last = kept == 0 ? NULL : &p->skus[kept - 1];
        if (last == NULL || sku_compare(last, &p->skus[i]) != 0) {
            p->skus[kept++] = p->skus[i];
            continue;
        }
        last->lines += p->skus[i].lines;
        last->expected += p->skus[i].expected;
        last->orders += p->skus[i].orders;
        last->units += p->skus[i].units;
    }
    p->skus_count = kept;
}

static enum result pool_skus(const struct pool *pool, struct prior *p)
{
    size_t count = 0;
    for (size_t i = 0; i < pool->count; i++)
        count += pool->digests[i]->skus_count;
    if (count == 0)
        return RESULT_OK;
    p->skus = calloc(count, sizeof *p->skus);
    if (p->skus == NULL)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < pool->count; i++)
        for (size_t k = 0; k < pool->digests[i]->skus_count; k++) {
            const struct digest_sku *s = &pool->digests[i]->skus[k];
            p->skus[p->skus_count++] = (struct prior_sku){
                .sku = s->sku,
                .lines = sku_lines(s),
                .expected = p->beliefs.rate * sku_exposure(s, p->beliefs.profile) * pool->level[i],
                .orders = s->orders,
                .units = s->units,
            };
        }
    skus_merge(p);
    return RESULT_OK;
}

/* ---- pooling: how our estimates did ---- */

static int number_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void pool_accuracy(const struct pool *p, struct beliefs *b)
{
    for (size_t m = 0; m < ESTIMATE_MOMENTS; m++) {
        double off[ESTIMATOR_HISTORY_MAX], covered = 0;
        size_t count = 0;
        for (size_t i = 0; i < p->count; i++) {
            const struct digest_score *s = &p->digests[i]->scores[m];
            if (!s->told)
                continue;
            double apart = s->spread.q[ESTIMATE_QUANTILES / 2] - s->shipped;
            off[count++] = (apart < 0 ? -apart : apart) / at_least(s->shipped, 1);
            covered += s->spread.q[0] <= s->shipped && s->shipped <= s->spread.q[ESTIMATE_QUANTILES - 1];
        }
        if (count == 0)
            continue;
        qsort(off, count, sizeof *off, number_compare);
        b->accuracy[m] = (struct estimate_accuracy){
            .shows = (uint32_t)count,
            .off = (off[(count - 1) / 2] + off[count / 2]) / 2,
            .covered = covered / (double)count,
        };
    }
}

/* Widths of totals' intervals, show by show: each was told with what those before it had taught. */
static void pool_widths(const struct pool *p, struct beliefs *b)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t m = 0; m < ESTIMATE_MOMENTS; m++) {
            const struct digest_score *s = &p->digests[i]->scores[m];
            bool held = s->spread.q[0] <= s->shipped && s->shipped <= s->spread.q[ESTIMATE_QUANTILES - 1];
            if (s->told)
                conformal_learn(&b->conformal, m, held ? 0 : 1);
        }
}

/* ---- the prior ---- */

enum result prior_create(const struct digest *const *digests, size_t count, struct prior **ret)
{
    struct prior *p = calloc(1, sizeof *p);
    if (p == NULL)
        return RESULT_NO_MEMORY;
    size_t skipped = count > ESTIMATOR_HISTORY_MAX ? count - ESTIMATOR_HISTORY_MAX : 0;
    struct pool pool = {.digests = count == 0 ? NULL : digests + skipped, .count = count - skipped};
    struct beliefs *b = &p->beliefs;
    enum result result = RESULT_OK;
    believe_guesses(b);
    if (pool.count > 0) {
        b->shows = (uint32_t)pool.count;
        b->hold_s = pool.digests[pool.count - 1]->hold_s;
        pool_hazards(&pool, b);
        pool_profile(&pool, b);
        pool_demand(&pool, b);
        pool_tail(&pool, b);
        pool_orders(&pool, b);
        pool_course(&pool, b);
        pool_accuracy(&pool, b);
        pool_widths(&pool, b);
        result = pool_skus(&pool, p);
    }
    hazard_sums(&b->hazard, b->hazard_sums);
    if (result != RESULT_OK) {
        prior_destroy(p);
        return result;
    }
    *ret = p;
    return RESULT_OK;
}

void prior_destroy(struct prior *p)
{
    if (p == NULL)
        return;
    free(p->skus);
    free(p);
}

uint32_t prior_shows(const struct prior *p) { return p->beliefs.shows; }

const struct prior_sku *prior_sku(const struct prior *p, const char *sku)
{
    struct prior_sku key;
    if (p->skus_count == 0 || ID_PARSE(&key.sku, sku, strlen(sku)) != RESULT_OK)
        return NULL;
    return bsearch(&key, p->skus, p->skus_count, sizeof *p->skus, sku_compare);
}

enum result prior_copy(const struct prior *from, struct prior **ret)
{
    struct prior *p = malloc(sizeof *p);
    struct prior_sku *skus = from->skus_count == 0 ? NULL : malloc(from->skus_count * sizeof *skus);
    if (p == NULL || (skus == NULL && from->skus_count > 0)) {
        free(p);
        free(skus);
        return RESULT_NO_MEMORY;
    }
    *p = *from;
    p->skus = skus;
    if (skus != NULL)
        memcpy(skus, from->skus, from->skus_count * sizeof *skus);
    *ret = p;
    return RESULT_OK;
}
