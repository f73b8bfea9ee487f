/* tests/unit/ws/wire/sample_logistics.h - what a planner is told of the sample. Static, but for what sample_expect puts into it. */
#ifndef LIVESHELF_TESTS_UNIT_WS_WIRE_SAMPLE_LOGISTICS_H
#define LIVESHELF_TESTS_UNIT_WS_WIRE_SAMPLE_LOGISTICS_H

#include "tests/unit/ws/wire/sample.h"
#include "ws/wire/estimate_document.h"

const struct logistics_plan *sample_plan(void);
const struct estimate *sample_estimate(void);
void sample_document(struct bytes *out, const struct sample *s);
const struct estimate_stamp *sample_stamp(void);
const struct promise_change *sample_changes(size_t *ret_count);
const struct hook_endpoint *sample_hook(void);
const struct hook_dead *sample_dead(size_t *ret_count);
/* Adds to s->volumes; the newest point of each course and the estimate are what is new. */
void sample_expect(struct sample *s);

#endif
