#include "logistics/rules/conformal.h"

#include <math.h>

#define LEARNING_RATE 0.25
#define MISSED_MEANT 0.10 /* of 90 % intervals */
#define MEDIAN 2          /* its place among the quantiles */

double estimate_moment_s(size_t moment, double planned_s, double end_s)
{
    static const double after_end_s[ESTIMATE_MOMENTS] = {0, 1, 900, 3600, 86400};
    MUST(moment < ESTIMATE_MOMENTS);
    return moment == 0 ? fmin(planned_s / 2, end_s) : end_s + after_end_s[moment];
}

static double between(double low, double x, double high) { return fmin(fmax(x, low), high); }

void conformal_learn(struct conformal *c, size_t moment, double missed)
{
    MUST(moment < ESTIMATE_MOMENTS && missed >= 0 && missed <= 1);
    c->log_width[moment] = between(0, c->log_width[moment] + LEARNING_RATE * (missed - MISSED_MEANT), CONFORMAL_MAX);
}

double conformal_log_width(const struct conformal *c, double t, double planned_s, double end_s)
{
    size_t next = 0;
    while (next < ESTIMATE_MOMENTS && estimate_moment_s(next, planned_s, end_s) <= t)
        next++;
    if (next == 0 || next == ESTIMATE_MOMENTS)
        return c->log_width[next == 0 ? 0 : ESTIMATE_MOMENTS - 1];
    double from = estimate_moment_s(next - 1, planned_s, end_s), to = estimate_moment_s(next, planned_s, end_s);
    double done = (t - from) / (to - from);
    return (1 - done) * c->log_width[next - 1] + done * c->log_width[next];
}

void conformal_widen(struct spread *s, double log_width, double floor, double ceiling)
{
    double median = s->q[MEDIAN], power = exp(log_width);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        if (i != MEDIAN && median > 0 && s->q[i] > 0 && log_width != 0)
            s->q[i] = median * pow(s->q[i] / median, power);
        s->q[i] = between(floor, s->q[i], ceiling);
    }
}
