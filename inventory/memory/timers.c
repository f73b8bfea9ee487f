#include "inventory/memory/timers.h"

#include <stdlib.h>
#include <string.h>

void timers_finish(struct timers *t)
{
    free(t->entries);
    *t = (struct timers){0};
}

static int entry_compare(const struct timer_entry *a, int64_t ms, const char *id)
{
    if (a->ms != ms)
        return a->ms < ms ? -1 : 1;
    return strcmp(a->id.text, id);
}

/* The first entry that is not before (ms, id). */
static size_t timers_find(const struct timers *t, int64_t ms, const char *id)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_compare(&t->entries[middle], ms, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool timers_has(const struct timers *t, int64_t ms, const struct hold_id *id)
{
    size_t at = timers_find(t, ms, id->text);
    return at < t->count && entry_compare(&t->entries[at], ms, id->text) == 0;
}

void timers_set(struct timers *t, int64_t ms, const struct hold_id *id)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity == 0 ? 64 : 2 * t->capacity;
        struct timer_entry *entries = realloc(t->entries, capacity * sizeof *entries);
        MUST(entries != NULL); /* a simulation out of memory has nothing left to say */
        t->entries = entries;
        t->capacity = capacity;
    }
    size_t at = timers_find(t, ms, id->text);
    memmove(&t->entries[at + 1], &t->entries[at], (t->count - at) * sizeof *t->entries);
    t->entries[at] = (struct timer_entry){ms, *id};
    t->count++;
}

void timers_remove(struct timers *t, int64_t ms, const struct hold_id *id)
{
    MUST(timers_has(t, ms, id));
    size_t at = timers_find(t, ms, id->text);
    t->count--;
    memmove(&t->entries[at], &t->entries[at + 1], (t->count - at) * sizeof *t->entries);
}
