/* tests/unit/logistics/rules/sale_stream.h - made-up broadcasts for tests of the estimator: events at random, the usual and the hostile, and
 * beside them the plainest bookkeeping there is, to compare with. */
#ifndef LIVESHELF_TESTS_UNIT_LOGISTICS_RULES_SALE_STREAM_H
#define LIVESHELF_TESTS_UNIT_LOGISTICS_RULES_SALE_STREAM_H

#include "base/rng.h"
#include "logistics/rules/estimator.h"

#define STREAM_SKUS_MAX ESTIMATOR_SKUS_MAX
#define STREAM_LINES_MAX 4000

struct stream_line {
    char hold[16];
    size_t sku;
    int64_t units;
    uint16_t site;
    double t; /* begun */
    enum { STREAM_OPEN, STREAM_ENDED, STREAM_CONFIRMED, STREAM_SHIPPED, STREAM_GONE } state;
};
struct stream_options {
    uint64_t seed;
    size_t skus, sites, waves, cartons;
    int64_t stock;                    /* mean per SKU; -1: unknown, 0: none */
    double planned_s, hold_s, step_s; /* step: mean time between events */
    bool hostile;
    bool never_cancels;
};
struct stream {
    struct stream_options options;
    struct rng rng;
    struct logistics_plan plan;
    struct estimator_plan estimator_plan;
    struct estimator_sku skus[STREAM_SKUS_MAX];
    struct planned_pin run[200];
    double t;
    bool ended;
    struct stream_line lines[STREAM_LINES_MAX];
    size_t lines_count;
    int64_t firm[STREAM_SKUS_MAX], held[STREAM_SKUS_MAX]; /* units */
    char sku_text[ID_LEN_MAX + 1], other_text[16], buyer_text[16];
};
/* 2 MB: allocate it. */
void stream_open(struct stream *s, const struct stream_options *options);
/* The next event into *ret (borrows until the next call), counted in the book. */
void stream_next(struct stream *s, struct sale_event *ret);
void stream_end(struct stream *s, struct sale_event *ret); /* the broadcast ends now */

#endif
