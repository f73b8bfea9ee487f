/* logistics/rules/cartons.h - into which of the shop's cartons a parcel goes. Pure.
 *
 * The smallest that takes it by volume (goods fill a carton only in part), weight and longest side; several of one kind when none
 * takes it whole. No packing in three dimensions: it answers how many of which to have ready, not where each thing lies. */
#ifndef LIVESHELF_LOGISTICS_RULES_CARTONS_H
#define LIVESHELF_LOGISTICS_RULES_CARTONS_H

#include "core/broadcast/estimate.h"

#define CARTON_NONE UINT16_MAX /* ships as it is: longer or heavier than any, or the shop named none */

struct parcel_goods {
    double cm3, grams;   /* of all its units; >= 0 */
    uint32_t longest_mm; /* longest side of any unit; 0: not known */
    uint32_t units;      /* 1..: no carton can hold less than one */
};
struct packing {
    uint16_t carton;     /* place in the plan's cartons, or CARTON_NONE */
    uint32_t count;      /* of cartons, or of things that ship as they are: 1.. */
    double cm3;          /* what it takes in a lorry: of the cartons, or of the goods */
    double grams;        /* with tare */
    double billed_grams; /* what the carrier counts: the larger of grams and cm3 at the plan's cm3_per_kg */
};
struct packing cartons_pack(const struct logistics_plan *plan, const struct parcel_goods *goods);

#endif
