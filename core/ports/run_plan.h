/* core/ports/run_plan.h - a run of show as its planned pins and length, for who may not see the run itself. Pure. */
#ifndef LIVESHELF_CORE_PORTS_RUN_PLAN_H
#define LIVESHELF_CORE_PORTS_RUN_PLAN_H

#include "core/broadcast/journal.h"

struct run_of_show; /* scripts/rules/runofshow.h */

#define RUN_PLAN_MS_DEFAULT INT64_C(3600000)

/* Returns the planned length; RUN_PLAN_MS_DEFAULT where the run plans no minutes, its cues are spread evenly then. `ret` has
 * CUES_MAX places; cues without a SKU are left out. `run` may be NULL. */
int64_t run_plan(const struct run_of_show *run, struct journal_pin *ret, size_t *ret_count);

#endif
