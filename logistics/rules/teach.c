/* logistics/rules/teach.c - from a fold to the digest that it leaves to the next broadcasts. */
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/estimator_inner.h"

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
