/* core/broadcast/price_guard.h - which prices one host may not set alone.
 *
 * Pure. A price is judged against the one that was agreed on: approved, or else planned. So neither an offer nor a small step can
 * be the first of several. */
#ifndef LIVESHELF_CORE_BROADCAST_PRICE_GUARD_H
#define LIVESHELF_CORE_BROADCAST_PRICE_GUARD_H

#include "core/broadcast/event.h"

struct price_guard {    /* zeroed: nothing needs a second person */
    uint32_t percent;   /* a price may move by so much, up or down; 0: by any */
    struct money floor; /* of the product; no currency: none. Holds whatever `percent` is */
};
#define PRICE_REASON_MAX 192

/* True, and why in plain words, when `asked` for `item` needs a second person. The first price of an item is only held
 * against the floor, and the present base price never needs anybody. */
bool price_needs_approval(const struct price_guard *guard, const struct shelf_item *item, const struct money *asked,
                          char ret_reason[PRICE_REASON_MAX]);
/* In one currency, and less. Prices that cannot be compared are not below. */
bool price_is_below(const struct money *price, const struct money *floor);

#endif
