/* inventory/rules/clock.h - the written law of a broadcast's clock, on which its holds end. Pure.
 *
 * It stands still while the broadcast is paused, so that one write freezes or thaws the timers of all its holds: the end of
 * a hold is kept on this clock and never rewritten, and what was left at the pause is left after it, to the millisecond. */
#ifndef LIVESHELF_INVENTORY_RULES_CLOCK_H
#define LIVESHELF_INVENTORY_RULES_CLOCK_H

#include "base/types.h"

struct show_clock {   /* zeroed: never stood still */
    int64_t stood_ms; /* how long it stood still before now, in all */
    int64_t since_ms; /* since when it stands still, in server time; 0: it runs */
    /* Of the event that said so. */
    struct epoch_id epoch;
    int64_t seq;
};

bool show_clock_is_frozen(const struct show_clock *c);
/* Server time less this is the clock's. While frozen it grows; not when the server's clock stepped back before the pause. */
int64_t show_clock_shift_ms(const struct show_clock *c, int64_t now_ms);

enum clock_verdict {
    CLOCK_MOVES,
    CLOCK_IS_SO,  /* it says so already, whoever said it */
    CLOCK_IS_OLD, /* of that epoch a later or the same event was told */
};
/* The event `seq` of `epoch` says that the clock stands still, or runs. Only CLOCK_MOVES changes it. Events of
 * different epochs have no order: the last to come is right, and who knows better says so again. */
enum clock_verdict show_clock_set(struct show_clock *c, bool frozen, const struct epoch_id *epoch, int64_t seq,
                                  int64_t now_ms);

#endif
