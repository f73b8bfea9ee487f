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

/* One sample: name suffix {label,labels,le="..."} value; any part in braces may be missing. */
struct sample {
    const struct metric *metric;
    const char *label; /* of the source; NULL: none */
    const struct metric_values *values;
};

static void write_sample(struct bytes *out, const struct sample *s, const char *suffix, const char *le, double value)
{
    char number[32];
    const char *mark = "{";
    number_format(number, value);
    bytes_format(out, "%s%s", s->metric->name, suffix);
    const char *const labels[] = {s->label, s->metric->labels};
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        if (labels[i] == NULL)
            continue;
        bytes_format(out, "%s%s", mark, labels[i]);
        mark = ",";
    }
    if (le != NULL)
        bytes_format(out, "%sle=\"%s\"", mark, le);
    bytes_format(out, "%s %s\n", le != NULL || mark[0] == ',' ? "}" : "", number);
}

static void write_histogram(struct bytes *out, const struct sample *s)
{
    uint64_t so_far = 0; /* buckets are kept apart and written cumulated */
    for (unsigned i = 0; i < s->metric->bounds_count; i++) {
        char le[32];
        number_format(le, s->metric->bounds[i]);
        so_far += s->values->buckets[i];
        write_sample(out, s, "_bucket", le, (double)so_far);
    }
    write_sample(out, s, "_bucket", "+Inf", (double)s->values->count);
    write_sample(out, s, "_sum", NULL, s->values->sum);
    write_sample(out, s, "_count", NULL, (double)s->values->count);
}

static void write_one(struct bytes *out, const struct sample *s)
{
    if (s->metric->kind == METRIC_HISTOGRAM)
        write_histogram(out, s);
    else
        write_sample(out, s, "", NULL, s->values->value);
}

static void write_head(struct bytes *out, const struct metric *m)
{
    bytes_format(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, kind_name(m->kind));
}

static void values_take(const struct metric *m, struct metric_values *ret)
{
    *ret = (struct metric_values){.value = m->value, .sum = m->sum, .count = m->count};
    memcpy(ret->buckets, m->buckets, sizeof ret->buckets);
}

void metric_write_all(struct bytes *out)
{
    const struct metric *before = NULL;
    struct metric_values values;
    for (const struct metric *m = first; m != NULL; before = m, m = m->next) {
        if (before == NULL || !same_name(before, m))
            write_head(out, m);
        values_take(m, &values);
        write_one(out, &(struct sample){.metric = m, .values = &values});
    }
}

unsigned metric_count(void)
{
    unsigned count = 0;
    for (const struct metric *m = first; m != NULL; m = m->next)
        count++;
    return count;
}

void metric_copy(struct metric_values *ret)
{
    for (const struct metric *m = first; m != NULL; m = m->next)
        values_take(m, ret++);
}

void metric_write_sources(struct bytes *out, const struct metric_source *sources, size_t count)
{
    unsigned at = 0;
    const struct metric *before = NULL;
    for (const struct metric *m = first; m != NULL; before = m, m = m->next, at++) {
        if (before == NULL || !same_name(before, m))
            write_head(out, m);
        for (size_t i = 0; i < count; i++)
            write_one(out, &(struct sample){.metric = m, .label = sources[i].label, .values = &sources[i].values[at]});
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
