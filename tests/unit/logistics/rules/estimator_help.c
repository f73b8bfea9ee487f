#include "tests/unit/logistics/rules/estimator_help.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

const struct estimator_sku mug = {.sku = {"mug"}, .stock = {10, -1}, .grams = 400, .size_mm = {100, 100, 100}};

void feed(struct estimator *e, const struct sale_event *event)
{
    assert_int_equal(estimator_feed(e, event), RESULT_OK);
}

struct estimator *create(const struct estimator_plan *plan, const struct prior *prior)
{
    struct estimator *e;
    assert_int_equal(estimator_create(plan, prior, &e), RESULT_OK);
    return e;
}

struct estimate estimate(struct estimator *e, double t)
{
    struct estimate ret;
    assert_int_equal(estimator_estimate(e, t, &ret), RESULT_OK);
    return ret;
}

struct stream *stream_of(const struct stream_options *options)
{
    struct stream *s = calloc(1, sizeof *s);
    assert_non_null(s);
    stream_open(s, options);
    return s;
}

struct estimator_plan plan_of(const struct estimator_sku *skus, size_t count)
{
    return (struct estimator_plan){
        .planned_s = 3600, .hold_s = 300, .tail_s = 259200, .skus = skus, .skus_count = count, .seed = 3};
}

void sale(struct estimator *e, enum sale_kind kind, double t, const char *hold, const char *sku, int64_t units)
{
    feed(e, &(struct sale_event){
                .kind = kind, .t = t, .hold = hold, .sku = sku, .units = units, .site = ESTIMATE_ALL, .n = units});
}
