/* tests/support/fake_work.h - arithmetic that is done at once and answered some time later, by a fake clock. */
#ifndef LIVESHELF_TESTS_SUPPORT_FAKE_WORK_H
#define LIVESHELF_TESTS_SUPPORT_FAKE_WORK_H

#include "base/list.h"
#include "core/ports/clock.h"
#include "core/ports/work.h"

struct fake_work {
    struct work work;
    struct clock *clock;
    int64_t takes_ms;
    struct list jobs;
};
void fake_work_init(struct fake_work *f, struct clock *clock, int64_t takes_ms);
void fake_work_finish(struct fake_work *f); /* `done` of what is open never runs */

#endif
