/* scripts/rules/runofshow.h - the host's plan: cues in order, each with what to show and a script card.
 *
 * Pure. A run of show is made by scripts/load from a document and is not changed afterwards, only replaced. */
#ifndef LIVESHELF_SCRIPTS_RULES_RUNOFSHOW_H
#define LIVESHELF_SCRIPTS_RULES_RUNOFSHOW_H

#include "base/types.h"
#include "scripts/rules/card.h"

#define RUNOFSHOW_CUES_MAX 500
#define RUNOFSHOW_TEXT_MAX 2000 /* viewer text: bytes of UTF-8 */
#define RUNOFSHOW_TITLE_MAX 200 /* bytes of UTF-8 */
#define CUE_SLOTS 3
#define CUE_PLANNED_UNITS_MAX 1000000
#define CUE_MINUTES_MAX 1440

struct cue {
    struct cue_id id;
    char *title;               /* never NULL */
    struct sku_id sku;         /* none: a talking point */
    uint8_t slot;              /* 0..2; where its SKU is pinned */
    uint32_t planned_units;    /* 0: not planned */
    uint32_t minutes;          /* 0: not planned */
    bool has_price;
    struct money price;        /* when has_price: the price from this cue on */
    bool sponsored;            /* viewers see the disclosure label */
    char *viewer_text;         /* for everyone; NULL or text */
    struct card card;          /* for hosts only */
};

struct run_of_show {
    struct cue *cues;
    size_t count;
};

void run_of_show_finish(struct run_of_show *r); /* frees all it owns; zeroed memory is fine */
/* Index of the cue, or -1. */
int32_t run_of_show_find(const struct run_of_show *r, const char *cue);
/* The cue after `index` (-1: the first); -1 at the end. */
int32_t run_of_show_next(const struct run_of_show *r, int32_t index);
uint32_t run_of_show_planned_units(const struct run_of_show *r, const char *sku); /* over all cues */

#endif
