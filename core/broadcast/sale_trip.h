/* core/broadcast/sale_trip.h - when a sale stops itself: too many claims in a minute at too low a price.
 *
 * Pure. Claims are counted by the second of their ledger entry, per version of a price: what was claimed before a price was
 * put right does not count against the new one. */
#ifndef LIVESHELF_CORE_BROADCAST_SALE_TRIP_H
#define LIVESHELF_CORE_BROADCAST_SALE_TRIP_H

#include "base/types.h"

#define SALE_TRIP_SECONDS 60

struct sale_trip_rule {
    uint32_t units;   /* more than so many claimed in a minute; 0: off */
    uint32_t percent; /* at a price more than so many percent below the catalogue's */
};
struct sale_trip {    /* of one SKU in one broadcast; zeroed before the first claim */
    uint32_t version; /* of the price these were claimed at */
    int64_t latest_s; /* the last second with a claim */
    struct {
        int64_t second;
        int64_t units;
    } seconds[SALE_TRIP_SECONDS]; /* by second modulo SALE_TRIP_SECONDS */
};

bool sale_trip_is_low(const struct sale_trip_rule *rule, const struct money *catalogue, const struct money *price);
/* Counts `units` claimed at `ms` for a price of this version; returns the units of the last SALE_TRIP_SECONDS. A version older
 * than the last is not counted. Time that goes back counts as now. */
int64_t sale_trip_count(struct sale_trip *trip, uint32_t version, int64_t ms, uint32_t units);
#define SALE_TRIP_REASON_MAX 256
/* What a host reads when the sale stopped. */
void sale_trip_reason(const struct sale_trip *trip, const struct money *catalogue, const struct money *price,
                      char ret[SALE_TRIP_REASON_MAX]);

#endif
