/* logistics/rules/spread.h - a mean and quantiles from draws. */
#ifndef LIVESHELF_LOGISTICS_RULES_SPREAD_H
#define LIVESHELF_LOGISTICS_RULES_SPREAD_H

#include "core/broadcast/estimate.h"

#define SPREAD_DRAWS_MAX 1024

/* Linear between neighbours in rank (Hyndman & Fan's type 7, as numpy's). Finite draws; 1 <= count <= SPREAD_DRAWS_MAX. */
void spread_of(const double *draws, size_t count, struct spread *ret);

#endif
