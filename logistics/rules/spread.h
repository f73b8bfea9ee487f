/* logistics/rules/spread.h - a mean and quantiles from draws. */
#ifndef LIVESHELF_LOGISTICS_RULES_SPREAD_H
#define LIVESHELF_LOGISTICS_RULES_SPREAD_H

#include "core/broadcast/estimate.h"

/* Linear between neighbours in rank (Hyndman & Fan's type 7, as numpy's). Reorders `draws`; count >= 1. */
void spread_of(double *draws, size_t count, struct spread *ret);

#endif
