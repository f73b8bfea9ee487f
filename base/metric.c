#include "base/metric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct metric *first, *last;

static bool same_name(const struct metric *a, const struct metric *b) { return strcmp(a->name, b->name) == 0; }

static bool bounds_are_ascending(const struct metric *m)
{
    for (unsigned i = 1; i < m->bounds_count; i++)
        if (!(m->bounds[i - 1] < m->bounds[i]))
            return false;
    return true;
}

void metric_register(struct metric *m)
{
    MUST(m->bounds_count <= METRIC_BUCKETS_MAX && bounds_are_ascending(m));
    for (const struct metric *other = first; other != NULL; other = other->next) {
        MUST(other != m);
        /* The format wants the samples of one name together, under one HELP and TYPE. */
        MUST(!same_name(other, m) || (same_name(last, m) && other->kind == m->kind));
    }
    m->next = NULL;
    if (last == NULL)
        first = m;
    else
        last->next = m;
    last = m;
}

void metric_observe(struct metric *m, double value)
{
    unsigned i = 0;
    while (i < m->bounds_count && !(value <= m->bounds[i]))
        i++;
    m->buckets[i]++;
    m->count++;
    m->sum += value;
}

static const char *kind_name(enum metric_kind kind)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    return names[kind];
}

/* The shortest of two forms that reads back as the same number: 0.1 and not 0.10000000000000001. */
static void number_format(char ret[32], double value)
{
    if (isnan(value) || isinf(value)) {
        snprintf(ret, 32, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    snprintf(ret, 32, "%.15g", value);
    if (strtod(ret, NULL) < value || strtod(ret, NULL) > value)
        snprintf(ret, 32, "%.17g", value);
}

/* name suffix {labels,le="..."} value; either part in braces may be missing. */
static void write_sample(struct bytes *out, const struct metric *m, const char *suffix, const char *le, double value)
{
    char number[32];
    number_format(number, value);
    bytes_format(out, "%s%s", m->name, suffix);
    if (m->labels != NULL && le != NULL)
        bytes_format(out, "{%s,le=\"%s\"}", m->labels, le);
    else if (m->labels != NULL)
        bytes_format(out, "{%s}", m->labels);
    else if (le != NULL)
        bytes_format(out, "{le=\"%s\"}", le);
    bytes_format(out, " %s\n", number);
}

static void write_histogram(struct bytes *out, const struct metric *m)
{
    uint64_t so_far = 0; /* buckets are kept apart and written cumulated */
    for (unsigned i = 0; i < m->bounds_count; i++) {
        char le[32];
        number_format(le, m->bounds[i]);
        so_far += m->buckets[i];
        write_sample(out, m, "_bucket", le, (double)so_far);
    }
    write_sample(out, m, "_bucket", "+Inf", (double)m->count);
    write_sample(out, m, "_sum", NULL, m->sum);
    write_sample(out, m, "_count", NULL, (double)m->count);
}

void metric_write_all(struct bytes *out)
{
    const struct metric *before = NULL;
    for (const struct metric *m = first; m != NULL; before = m, m = m->next) {
        if (before == NULL || !same_name(before, m))
            bytes_format(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, kind_name(m->kind));
        if (m->kind == METRIC_HISTOGRAM)
            write_histogram(out, m);
        else
            write_sample(out, m, "", NULL, m->value);
    }
}

/* Touches no metric: those of a test may be gone already. */
void metric_reset_all(void) { first = last = NULL; }

void metric_list(struct bytes *out)
{
    const struct metric *before = NULL;
    for (const struct metric *m = first; m != NULL; before = m, m = m->next)
        if (before == NULL || !same_name(before, m))
            bytes_format(out, "%s %s %s\n", m->name, kind_name(m->kind), m->help);
}
