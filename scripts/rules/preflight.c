#include "scripts/rules/preflight.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *name;
    bool blocking;
} codes[] = {
    [PREFLIGHT_NO_CUES]             = {"no_cues",             true},
    [PREFLIGHT_CARD_MISSING]        = {"card_missing",        true},
    [PREFLIGHT_PRICE_MISSING]       = {"price_missing",       true},
    [PREFLIGHT_SKU_UNKNOWN]         = {"sku_unknown",         true},
    [PREFLIGHT_ALLOCATION_MISSING]  = {"allocation_missing",  true},
    [PREFLIGHT_ALLOCATION_SHORT]    = {"allocation_short",    true},
    [PREFLIGHT_BELOW_FLOOR]         = {"below_floor",         true},
    [PREFLIGHT_VIEWER_TEXT_MISSING] = {"viewer_text_missing", false},
    [PREFLIGHT_MINUTES_MISSING]     = {"minutes_missing",     false},
};
/* clang-format on */

const char *preflight_code_name(enum preflight_code code)
{
    return (size_t)code < ARRAY_LEN(codes) ? codes[code].name : "unknown";
}

static void problem_add(struct preflight *p, struct preflight_problem problem)
{
    problem.blocking = codes[problem.code].blocking;
    if (problem.blocking)
        p->go = false;
    if (p->count == PREFLIGHT_PROBLEMS_MAX) {
        p->more++;
        return;
    }
    p->problems[p->count++] = problem;
}

/* Allocation is counted per SKU over the whole show, so it is judged where the show first needs it. */
static bool is_first_of_its_sku(const struct run_of_show *r, size_t cue)
{
    for (size_t i = 0; i < cue; i++)
        if (ID_EQUAL(r->cues[i].sku, r->cues[cue].sku))
            return false;
    return true;
}

static void allocation_check(const struct run_of_show *r, int32_t index, int64_t allocated, struct preflight *ret)
{
    const struct cue *cue = &r->cues[index];
    int64_t planned = run_of_show_planned_units(r, cue->sku.text);
    if (!is_first_of_its_sku(r, (size_t)index) || (allocated > 0 && planned <= allocated))
        return;
    problem_add(ret, (struct preflight_problem){
                         .code = allocated <= 0 ? PREFLIGHT_ALLOCATION_MISSING : PREFLIGHT_ALLOCATION_SHORT,
                         .cue = index,
                         .sku = cue->sku,
                         .planned = planned,
                         .allocated = allocated,
                     });
}

/* Nothing is sold for nothing: a price of 0 is none. */
static void price_check(const struct money *price, const struct money *floor, struct preflight_problem problem,
                        struct preflight *ret)
{
    bool has_floor = floor->currency[0] != '\0' && strcmp(floor->currency, price->currency) == 0;
    if (price->currency[0] == '\0' || price->minor == 0) {
        problem.code = PREFLIGHT_PRICE_MISSING;
        problem_add(ret, problem);
    } else if (has_floor && price->minor < floor->minor) {
        problem.code = PREFLIGHT_BELOW_FLOOR;
        problem.price = *price;
        problem.floor = *floor;
        problem_add(ret, problem);
    }
}

/* An unknown SKU has neither price nor stock: saying so once is enough. */
static void product_check(const struct run_of_show *r, int32_t index, struct preflight_sku sku, struct preflight *ret)
{
    const struct cue *cue = &r->cues[index];
    struct preflight_problem problem = {.cue = index, .sku = cue->sku};
    if (!sku.known) {
        problem.code = PREFLIGHT_SKU_UNKNOWN;
        problem_add(ret, problem);
        return;
    }
    price_check(cue->has_price ? &cue->price : &sku.price, &sku.floor, problem, ret);
    allocation_check(r, index, sku.allocated, ret);
}

static void words_check(const struct run_of_show *r, int32_t index, struct preflight *ret)
{
    const struct cue *cue = &r->cues[index];
    struct preflight_problem problem = {.cue = index, .sku = cue->sku};
    if (cue->card.say == NULL) {
        problem.code = PREFLIGHT_CARD_MISSING;
        problem_add(ret, problem);
    }
    if (cue->viewer_text == NULL) {
        problem.code = PREFLIGHT_VIEWER_TEXT_MISSING;
        problem_add(ret, problem);
    }
    if (cue->minutes == 0) {
        problem.code = PREFLIGHT_MINUTES_MISSING;
        problem_add(ret, problem);
    }
}

void preflight_check(const struct run_of_show *r, preflight_ask *ask, void *ctx, struct preflight *ret)
{
    *ret = (struct preflight){.go = true};
    if (r->count == 0)
        problem_add(ret, (struct preflight_problem){.code = PREFLIGHT_NO_CUES, .cue = -1});
    for (size_t i = 0; i < r->count; i++) {
        words_check(r, (int32_t)i, ret);
        if (!ID_IS_NONE(r->cues[i].sku))
            product_check(r, (int32_t)i, ask(ctx, r->cues[i].sku.text), ret);
    }
}
