/* inventory/memory/timers.h - texts in the order of (time, text): which are due, and again in that order. */
#ifndef LIVESHELF_INVENTORY_MEMORY_TIMERS_H
#define LIVESHELF_INVENTORY_MEMORY_TIMERS_H

#include "base/types.h"

struct timer_entry {
    int64_t ms;
    struct hold_id id;
};
struct timers { /* zeroed memory is empty */
    struct timer_entry *entries;
    size_t count, capacity;
};

void timers_finish(struct timers *t);
void timers_set(struct timers *t, int64_t ms, const struct hold_id *id);
void timers_remove(struct timers *t, int64_t ms, const struct hold_id *id); /* the pair must be there */
bool timers_has(const struct timers *t, int64_t ms, const struct hold_id *id);

#endif
