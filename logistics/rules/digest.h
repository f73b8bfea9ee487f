/* logistics/rules/digest.h - what one finished broadcast teaches the next ones: some hundred numbers, and a few per SKU.
 *
 * Written as lines of text that any version can read: unknown lines are let pass, missing ones count as nothing. */
#ifndef LIVESHELF_LOGISTICS_RULES_DIGEST_H
#define LIVESHELF_LOGISTICS_RULES_DIGEST_H

#include "base/bytes.h"
#include "core/broadcast/estimate.h"

struct digest;
void digest_destroy(struct digest *d);
MUST_USE enum result digest_write(const struct digest *d, struct bytes *out);
/* RESULT_MALFORMED: not a digest, or a number out of range; RESULT_FULL: too many SKUs; RESULT_NO_MEMORY. */
MUST_USE enum result digest_read(const char *text, size_t len, struct digest **ret);

/* How the estimates of this broadcast did, once the truth is known (accuracy and the conformal widths come from here). The moments
 * are those of estimate_moment_s. `shipped`: all units; the spread is the total's as it was told. */
#define ESTIMATE_MOMENTS 5 /* half of the plan, 1 s, 15 min, 1 h and 24 h after the end */
void digest_score(struct digest *d, size_t moment, const struct spread *told, double shipped);

#endif
