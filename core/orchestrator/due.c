/* core/orchestrator/due.c - when the open holds of a shop end, soonest first: a binary heap.
 *
 * An entry is a promise to look, no more: a hold that was released or extended meanwhile leaves its old entry behind,
 * which is dropped when it comes to the top. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>

void due_finish(struct due *d)
{
    free(d->entries);
    *d = (struct due){0};
}

static void due_swap(struct due *d, size_t a, size_t b)
{
    struct due_entry kept = d->entries[a];
    d->entries[a] = d->entries[b];
    d->entries[b] = kept;
}

static bool due_grow(struct due *d)
{
    if (d->count < d->capacity)
        return true;
    size_t capacity = d->capacity == 0 ? 64 : d->capacity * 2;
    struct due_entry *entries = realloc(d->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    d->entries = entries;
    d->capacity = capacity;
    return true;
}

void due_add(struct due *d, const struct hold *hold)
{
    if (!due_grow(d)) {
        d->failed = true;
        return;
    }
    size_t at = d->count++;
    d->entries[at] = (struct due_entry){.ms = hold->expires_at_ms, .hold = hold->id};
    for (; at > 0 && d->entries[at].ms < d->entries[(at - 1) / 2].ms; at = (at - 1) / 2)
        due_swap(d, at, (at - 1) / 2);
}

static void due_drop_first(struct due *d)
{
    d->entries[0] = d->entries[--d->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < d->count && d->entries[left].ms < d->entries[least].ms)
            least = left;
        if (right < d->count && d->entries[right].ms < d->entries[least].ms)
            least = right;
        if (least == at)
            return;
        due_swap(d, at, least);
        at = least;
    }
}

int64_t due_first_ms(struct due *d, const struct claims *claims)
{
    if (d->failed)
        return 0;
    while (d->count > 0) {
        const struct hold *hold = claims_hold(claims, d->entries[0].hold.text);
        if (hold != NULL && hold->state == HOLD_HELD && hold->expires_at_ms == d->entries[0].ms)
            return d->entries[0].ms;
        due_drop_first(d);
    }
    return INT64_MAX;
}
