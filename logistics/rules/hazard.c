#include "logistics/rules/hazard.h"

#include <math.h>
#include <string.h>

#define GUESS_MEDIAN_S 90.0
#define GUESS_SIGMA 0.8
#define GUESS_CONVERTS 0.62
#define GUESS_RELEASES 0.12
#define GUESS_RELEASE_S 150.0
#define ROOT_TWO_PI 2.5066282746310002

void hazard_guess(struct hazard *ret, double at_risk[AGE_BINS])
{
    double confirms[AGE_BINS] = {0}, releases[AGE_BINS] = {0}, open = 1;
    memset(at_risk, 0, AGE_BINS * sizeof *at_risk);
    for (size_t second = 0; second < (size_t)age_edges[AGE_BINS]; second++) {
        double t = (double)second + 0.5, x = log(t / GUESS_MEDIAN_S) / GUESS_SIGMA;
        double c = GUESS_CONVERTS * exp(-0.5 * x * x) / (t * GUESS_SIGMA * ROOT_TWO_PI);
        double r = GUESS_RELEASES * exp(-t / GUESS_RELEASE_S) / GUESS_RELEASE_S;
        size_t bin = bin_of(age_edges, AGE_BINS, t);
        open -= c + r;
        confirms[bin] += c;
        releases[bin] += r;
        at_risk[bin] += open;
    }
    for (size_t b = 0; b < AGE_BINS; b++) {
        ret->confirm[b] = confirms[b] / at_risk[b];
        ret->release[b] = releases[b] / at_risk[b];
    }
}

void hazard_sums(const struct hazard *h, double ret[AGE_BINS + 1])
{
    ret[0] = 0;
    for (size_t b = 0; b < AGE_BINS; b++)
        ret[b + 1] = ret[b] + h->confirm[b] * (age_edges[b + 1] - age_edges[b]);
}

double hazard_up_to(const struct hazard *h, const double sums[AGE_BINS + 1], double age)
{
    size_t b = bin_of(age_edges, AGE_BINS, age);
    return sums[b] + h->confirm[b] * (age - age_edges[b]);
}

/* From `age` in bin b to `until`, which lies in it or is its end; `then`: the chance at `until`. */
static double chance_through(const struct hazard *h, size_t b, double age, double until, double then)
{
    double rate = h->confirm[b] + h->release[b];
    if (until <= age || rate <= 0)
        return then;
    double stay = exp(-rate * (until - age));
    return h->confirm[b] / rate * (1 - stay) + stay * then;
}

/* The last bin has no end: what is older than its upper edge still confirms and goes at its rates. */
static double bin_end(size_t b, double hold_s)
{
    return b + 1 < AGE_BINS && age_edges[b + 1] < hold_s ? age_edges[b + 1] : hold_s;
}

void chance_init(struct chance *c, const struct hazard *hazard, double hold_s)
{
    *c = (struct chance){.hazard = hazard, .hold_s = hold_s};
    for (size_t b = 0; b < AGE_BINS; b++)
        c->ended[b + 1] = c->ended[b] + (hazard->confirm[b] + hazard->release[b]) * (age_edges[b + 1] - age_edges[b]);
    for (size_t b = AGE_BINS; b-- > 0;)
        if (age_edges[b] < hold_s)
            c->at_edge[b] =
                chance_through(hazard, b, age_edges[b], bin_end(b, hold_s), b + 1 < AGE_BINS ? c->at_edge[b + 1] : 0);
}

double chance_at(const struct chance *c, double age)
{
    if (age >= c->hold_s)
        return 0;
    size_t b = bin_of(age_edges, AGE_BINS, age);
    return chance_through(c->hazard, b, age, bin_end(b, c->hold_s), b + 1 < AGE_BINS ? c->at_edge[b + 1] : 0);
}

static double ended_by(const struct chance *c, double age)
{
    size_t b = bin_of(age_edges, AGE_BINS, age);
    return c->ended[b] + (c->hazard->confirm[b] + c->hazard->release[b]) * (age - age_edges[b]);
}

double chance_within(const struct chance *c, double age, double s)
{
    if (s <= 0)
        return 0;
    if (age + s >= c->hold_s)
        return chance_at(c, age);
    return chance_at(c, age) - exp(ended_by(c, age) - ended_by(c, age + s)) * chance_at(c, age + s);
}
