#include "core/ports/run_plan.h"

#include "scripts/rules/runofshow.h"

int64_t run_plan(const struct run_of_show *run, struct journal_pin *ret, size_t *ret_count)
{
    size_t cues = run == NULL ? 0 : run->count, count = 0;
    int64_t minutes = 0, at_ms = 0;
    for (size_t i = 0; i < cues; i++)
        minutes += run->cues[i].minutes;
    int64_t planned_ms = minutes > 0 ? minutes * 60000 : RUN_PLAN_MS_DEFAULT;
    for (size_t i = 0; i < cues && count < CUES_MAX; i++) {
        if (!ID_IS_NONE(run->cues[i].sku))
            ret[count++] = (struct journal_pin){.after_ms = at_ms, .sku = run->cues[i].sku};
        at_ms += minutes > 0 ? (int64_t)run->cues[i].minutes * 60000 : planned_ms / (int64_t)cues;
    }
    *ret_count = count;
    return planned_ms;
}
