/* logistics/rules/prior.h - what is believed before a broadcast begins, pooled from the digests of earlier ones. */
#ifndef LIVESHELF_LOGISTICS_RULES_PRIOR_H
#define LIVESHELF_LOGISTICS_RULES_PRIOR_H

#include "logistics/rules/digest.h"

struct prior;
/* `digests`: oldest first; only the last ESTIMATOR_HISTORY_MAX count. None: the built-in guesses (cold start). */
MUST_USE enum result prior_create(const struct digest *const *digests, size_t count, struct prior **ret);
void prior_destroy(struct prior *p);
uint32_t prior_shows(const struct prior *p);

#endif
