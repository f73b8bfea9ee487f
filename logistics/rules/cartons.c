#include "logistics/rules/cartons.h"

#include <math.h>

#define FILL_PER_MILLE_USUAL 700

static double carton_cm3(const struct logistics_carton *c)
{
    return (double)c->size_mm[0] * c->size_mm[1] * c->size_mm[2] / 1000.0;
}

static uint32_t carton_longest_mm(const struct logistics_carton *c)
{
    uint32_t longest = c->size_mm[0];
    for (size_t i = 1; i < 3; i++)
        longest = c->size_mm[i] > longest ? c->size_mm[i] : longest;
    return longest;
}

/* How many of this carton the goods need; 0: they do not go into it. */
static uint32_t carton_count(const struct logistics_plan *plan, const struct logistics_carton *c,
                             const struct parcel_goods *goods)
{
    double fill = (plan->fill_per_mille > 0 ? plan->fill_per_mille : FILL_PER_MILLE_USUAL) / 1000.0;
    double by_volume = goods->cm3 / (carton_cm3(c) * fill);
    double by_weight = c->weight_max_g > 0 ? goods->grams / c->weight_max_g : 0; /* 0: any weight */
    double count = ceil(fmax(1, fmax(by_volume, by_weight)) - 1e-9);
    bool too_long = goods->longest_mm > carton_longest_mm(c);
    return too_long || !(count <= goods->units) ? 0 : (uint32_t)count;
}

/* Fewest first, then the smallest, then the one named first. */
static bool is_better(const struct logistics_plan *plan, uint32_t count, size_t carton, const struct packing *than)
{
    if (than->carton == CARTON_NONE || count != than->count)
        return than->carton == CARTON_NONE || count < than->count;
    return carton_cm3(&plan->cartons[carton]) < carton_cm3(&plan->cartons[than->carton]);
}

struct packing cartons_pack(const struct logistics_plan *plan, const struct parcel_goods *goods)
{
    struct packing best = {.carton = CARTON_NONE, .count = goods->units, .cm3 = goods->cm3, .grams = goods->grams};
    for (size_t i = 0; i < plan->cartons_count; i++) {
        uint32_t count = carton_count(plan, &plan->cartons[i], goods);
        if (count > 0 && is_better(plan, count, i, &best))
            best = (struct packing){.carton = (uint16_t)i, .count = count};
    }
    if (plan->cartons_count == 0)
        best.count = 1;
    if (best.carton != CARTON_NONE) {
        const struct logistics_carton *c = &plan->cartons[best.carton];
        best.cm3 = best.count * carton_cm3(c);
        best.grams = goods->grams + (double)best.count * c->tare_g;
    }
    best.billed_grams = plan->cm3_per_kg > 0 ? fmax(best.grams, best.cm3 * 1000.0 / plan->cm3_per_kg) : best.grams;
    return best;
}
