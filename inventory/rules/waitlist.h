/* inventory/rules/waitlist.h - the written law of the line for one SKU. Pure; entries belong to the caller.
 *
 * Units that come free (release, expiry, take-back, allocation, re-opening, a smaller buffer) go to the line before anybody else sees them: to
 * the first whose whole wish fits. Who wishes for more than there is keeps their place. Only the first
 * WAITLIST_LOOK_MAX are looked at, so one call stays short; whoever is offered units has left the line. Offers come
 * out of units that are there, never out of a computed difference.
 *
 * One place per viewer and SKU: joining again changes nothing, and joining with an open offer of that SKU is answered
 * with the offer. Who reached the limit per viewer by other means loses the place when the turn comes. */
#ifndef LIVESHELF_INVENTORY_RULES_WAITLIST_H
#define LIVESHELF_INVENTORY_RULES_WAITLIST_H

#include <stdint.h>

#include "base/list.h"

#define WAITLIST_LOOK_MAX 16
#define OFFER_NUMBER_MAX INT64_C(9999999999999) /* offers are numbered; more than that nobody put back */
#define WAITLIST_LEN_MAX 100000 /* of one SKU; who comes later hears `limit reached` */

struct waiting {
    struct list link; /* in the line, in the order of joining */
    int64_t units;
    const char *viewer; /* borrowed from what embeds this */
};
struct waitlist {
    struct list line;
    int64_t len;
};

void waitlist_init(struct waitlist *w);
struct waiting *waitlist_find(const struct waitlist *w, const char *viewer); /* NULL: not in line */
void waitlist_join(struct waitlist *w, struct waiting *waiting);             /* at the end */
void waitlist_leave(struct waitlist *w, struct waiting *waiting);
struct waiting *waitlist_next(const struct waitlist *w, int64_t sellable); /* NULL: nobody who fits */
int64_t waitlist_ahead(const struct waitlist *w, const struct waiting *waiting);

#endif
