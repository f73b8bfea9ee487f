/* core/broadcast/shown.h - numbers as viewers are shown them: coarser than they are, so that a screen changes only when that
 * tells somebody something. Pure. */
#ifndef LIVESHELF_CORE_BROADCAST_SHOWN_H
#define LIVESHELF_CORE_BROADCAST_SHOWN_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/claims.h"

#define AUDIENCE_EXACT_MAX 100 /* up to so many viewers the audience is shown as it is */

struct stock_shown {
    enum stock_state state;
    int64_t left; /* STOCK_LEFT_NONE: no number is shown */
};
#define STOCK_LEFT_NONE (-1)
struct stock_shown stock_shown(const struct claims *claims, const struct shelf_item *item);

/* `viewers` as it is up to AUDIENCE_EXACT_MAX; above, its first two digits (1,234 reads 1200), rounded down: never more than there
 * are. `last` is what was shown before, 0 at first: it stays until viewers are fewer, or a quarter of a step past the next
 * number, so that people who come and go at a boundary do not make it flap. */
uint64_t audience_shown(uint64_t viewers, uint64_t last);

#endif
