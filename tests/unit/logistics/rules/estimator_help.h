/* tests/unit/logistics/rules/estimator_help.h - short words for tests of the estimator; each fails the test when what it asks is refused. */
#ifndef LIVESHELF_TESTS_UNIT_LOGISTICS_RULES_ESTIMATOR_HELP_H
#define LIVESHELF_TESTS_UNIT_LOGISTICS_RULES_ESTIMATOR_HELP_H

#include "logistics/rules/prior.h"
#include "tests/unit/logistics/rules/sale_stream.h"

struct estimator *create(const struct estimator_plan *plan, const struct prior *prior);
void feed(struct estimator *e, const struct sale_event *event);
/* Units count as viewers where viewers are meant. */
void sale(struct estimator *e, enum sale_kind kind, double t, const char *hold, const char *sku, int64_t units);
struct estimate estimate(struct estimator *e, double t);
struct stream *stream_of(const struct stream_options *options); /* freed with free() */

extern const struct estimator_sku mug; /* ten of them, 400 g, a litre */
/* An hour, holds of 300 s, no history. Borrows. */
struct estimator_plan plan_of(const struct estimator_sku *skus, size_t count);

#endif
