/* logistics/rules/promise.h - what the host changes on air and the warehouse must know: events become lines in plain words.
 *
 * Pure: the same events in the same order give the same lines on any node. Only what happens on air (live or paused) counts, and a
 * recall also after the end, while parcels are still packed. Prices and shelves before the start are the plan, not a change of it. */
#ifndef LIVESHELF_LOGISTICS_RULES_PROMISE_H
#define LIVESHELF_LOGISTICS_RULES_PROMISE_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/estimate.h"

#define PROMISE_CHANGES_MAX 500 /* of one broadcast: the newest are kept */

struct promise_item { /* of the shelf as it was after the last event */
    struct sku_id sku;
    char title[TITLE_LEN_MAX + 1];
    struct money price; /* no currency: none yet */
};
struct promise {
    /* Oldest first, by seq. One event can make several (a new shelf with two new SKUs, say): they have its seq, and seq, kind and SKU
     * together tell them apart. Owned; NULL: none. */
    struct promise_change *changes;
    size_t count;
    /* what the next event is compared with */
    struct promise_item *items; /* owned */
    size_t items_count;
    struct extra extras[EXTRAS_MAX];
    size_t extras_count;
};
void promise_init(struct promise *p);
void promise_finish(struct promise *p); /* zeroed memory is fine */
/* `after` is the broadcast that has stepped `e`. Returns how many changes it made: they are the last ones of `changes`. EVENT_BEGUN
 * starts anew. Memory that is not there stops the process. */
size_t promise_fold(struct promise *p, const struct broadcast *after, const struct event *e);

#endif
