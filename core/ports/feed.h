/* core/ports/feed.h - a shop's stream for machines: what logistics is told, for consumer groups of the shop's own programs. Real:
 * inventory/redis. Stand-in: inventory/memory.
 *
 * The newest FEED entries are kept, about as many as set; who reads too late starts from the newest estimate of each broadcast,
 * which replaces the former ones. */
#ifndef LIVESHELF_CORE_PORTS_FEED_H
#define LIVESHELF_CORE_PORTS_FEED_H

#include "base/bytes.h"
#include "base/types.h"

struct feed_append { /* owned by the caller until `done` */
    struct shop_id shop;
    struct broadcast_id broadcast;
    uint64_t seq;             /* of the estimate, or of the change */
    const char *type, *id;    /* borrowed until `done`; the id is the same when the entry is appended again */
    const struct bytes *data; /* one JSON object; borrowed until `done` */
    enum result result;       /* RESULT_OK, RESULT_MALFORMED (too long), RESULT_UNAVAILABLE, RESULT_NO_ANSWER */
    void (*done)(struct feed_append *append); /* once, on the loop thread, never from inside the call */
    void *impl[6];
};
struct feed {
    void (*append)(struct feed *feed, struct feed_append *append);
};

#endif
