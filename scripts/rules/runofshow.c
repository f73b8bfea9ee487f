#include "scripts/rules/runofshow.h"

#include <stdlib.h>

void run_of_show_finish(struct run_of_show *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++) {
        free(r->cues[i].title);
        free(r->cues[i].viewer_text);
        card_finish(&r->cues[i].card);
    }
    free(r->cues);
    *r = (struct run_of_show){0};
}

int32_t run_of_show_find(const struct run_of_show *r, const char *cue)
{
    for (size_t i = 0; i < r->count; i++)
        if (id_equal(r->cues[i].id.text, cue))
            return (int32_t)i;
    return -1;
}

int32_t run_of_show_next(const struct run_of_show *r, int32_t index)
{
    MUST(index >= -1);
    return (size_t)(index + 1) < r->count ? index + 1 : -1;
}

/* Fits: RUNOFSHOW_CUES_MAX cues of CUE_PLANNED_UNITS_MAX units. */
uint32_t run_of_show_planned_units(const struct run_of_show *r, const char *sku)
{
    uint32_t units = 0;
    for (size_t i = 0; i < r->count; i++)
        if (id_equal(r->cues[i].sku.text, sku))
            units += r->cues[i].planned_units;
    return units;
}
