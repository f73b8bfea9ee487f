/* scripts/rules/preflight.h - go or no-go: what would go wrong on air if the show started now. Pure. */
#ifndef LIVESHELF_SCRIPTS_RULES_PREFLIGHT_H
#define LIVESHELF_SCRIPTS_RULES_PREFLIGHT_H

#include "scripts/rules/runofshow.h"

enum preflight_code {
    PREFLIGHT_NO_CUES,
    PREFLIGHT_CARD_MISSING,
    PREFLIGHT_PRICE_MISSING,
    PREFLIGHT_SKU_UNKNOWN,
    PREFLIGHT_ALLOCATION_MISSING, /* nothing allocated of a cue's SKU */
    PREFLIGHT_ALLOCATION_SHORT,   /* planned over all cues > allocated; named once per SKU, at its first cue */
    PREFLIGHT_BELOW_FLOOR,        /* the cue's price, or the shop's when it has none, below the product's floor */
    PREFLIGHT_VIEWER_TEXT_MISSING, /* advice */
    PREFLIGHT_MINUTES_MISSING,     /* advice */
};
const char *preflight_code_name(enum preflight_code code); /* "no_cues", ... */

struct preflight_problem {
    enum preflight_code code;
    int32_t cue;          /* index; -1: the whole show */
    struct sku_id sku;
    int64_t planned, allocated; /* where they matter */
    struct money price, floor;  /* the same */
    bool blocking;
};
#define PREFLIGHT_PROBLEMS_MAX 64
struct preflight {
    bool go;              /* no blocking problem */
    size_t count;         /* problems kept; further ones are counted in `more` */
    size_t more;
    struct preflight_problem problems[PREFLIGHT_PROBLEMS_MAX];
};

/* What the shop knows of a SKU, asked once per cue. */
struct preflight_sku {
    bool known;           /* in the catalogue */
    struct money price;   /* without one of the cue's own; no currency: none */
    struct money floor;   /* no currency: none */
    int64_t allocated;    /* 0: none */
};
typedef struct preflight_sku preflight_ask(void *ctx, const char *sku);

void preflight_check(const struct run_of_show *r, preflight_ask *ask, void *ctx, struct preflight *ret);

#endif
