/* base/metric.h - counters, gauges and histograms that carry their name, help and labels; written out in
 * the Prometheus text format 0.0.4. A metric is a static struct registered once; single-threaded. */
#ifndef LIVESHELF_BASE_METRIC_H
#define LIVESHELF_BASE_METRIC_H

#include <stdint.h>

#include "base/bytes.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };
#define METRIC_BUCKETS_MAX 16

struct metric {
    const char *name;   /* liveshelf_..., base unit last (_seconds, _bytes), counters end in _total */
    const char *labels; /* NULL, or `code="sold_out"`: constant, already escaped */
    const char *help;   /* one sentence; the same for all metrics of one name */
    enum metric_kind kind;
    double value;          /* counter, gauge */
    const double *bounds;  /* histogram: upper bounds, ascending */
    unsigned bounds_count; /* <= METRIC_BUCKETS_MAX */
    uint64_t buckets[METRIC_BUCKETS_MAX + 1];
    uint64_t count;
    double sum;
    struct metric *next; /* the registry's */
};

void metric_register(struct metric *m); /* once; keeps the pointer; metrics of one name must be registered in a row */
static inline void metric_add(struct metric *m, double by) { m->value += by; }
static inline void metric_set(struct metric *m, double value) { m->value = value; }
void metric_observe(struct metric *m, double value);
void metric_write_all(struct bytes *out); /* # HELP, # TYPE, samples */
/* The values of this process for another one of the same program, and the text of several such together: under one HELP and
 * TYPE the samples of all sources, each with its `label` before its own. */
struct metric_values {
    double value, sum;
    uint64_t count, buckets[METRIC_BUCKETS_MAX + 1];
};
struct metric_source {
    const char *label;                  /* `node="n1"` */
    const struct metric_values *values; /* metric_count() of them, in the order of registration */
};
unsigned metric_count(void);
void metric_copy(struct metric_values *ret); /* metric_count() of them */
void metric_write_sources(struct bytes *out, const struct metric_source *sources, size_t count);
void metric_reset_all(void); /* tests: forgets every registration */
/* For docs/operations.md and its check: one line "name kind help" per distinct name. */
void metric_list(struct bytes *out);

#endif
