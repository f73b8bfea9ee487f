/* tests/unit/scripts/load/run_equal.h - whether two runs of show are the same in every field; also for the fuzz target. */
#ifndef LIVESHELF_TESTS_UNIT_RUN_EQUAL_H
#define LIVESHELF_TESTS_UNIT_RUN_EQUAL_H

#include <string.h>

#include "scripts/rules/runofshow.h"

static inline bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline bool same_phrases(char *const *a, size_t a_count, char *const *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = same_text(a[i], b[i]);
    return same;
}

static inline bool same_card(const struct card *a, const struct card *b)
{
    return same_text(a->say, b->say) && same_text(a->notes, b->notes) &&
           same_phrases(a->must_say, a->must_say_count, b->must_say, b->must_say_count) &&
           same_phrases(a->must_not_say, a->must_not_say_count, b->must_not_say, b->must_not_say_count);
}

static inline bool same_cue(const struct cue *a, const struct cue *b)
{
    return ID_EQUAL(a->id, b->id) && same_text(a->title, b->title) && ID_EQUAL(a->sku, b->sku) && a->slot == b->slot &&
           a->planned_units == b->planned_units && a->minutes == b->minutes && a->has_price == b->has_price &&
           a->price.minor == b->price.minor && same_text(a->price.currency, b->price.currency) &&
           a->sponsored == b->sponsored && same_text(a->viewer_text, b->viewer_text) && same_card(&a->card, &b->card);
}

static inline bool same_run(const struct run_of_show *a, const struct run_of_show *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = same_cue(&a->cues[i], &b->cues[i]);
    return same;
}

#endif
