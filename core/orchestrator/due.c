/* core/orchestrator/due.c - when the open holds of a shop end, soonest first: a binary heap for each broadcast, since each has a
 * clock of its own. A clock that stands still makes nothing due.
 *
 * An entry is a promise to look, no more: a hold that was released or extended meanwhile leaves its old entry behind,
 * which is dropped when it comes to the top. A hold that waits for the end of a recall (KEEP) is parked beside the heaps. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>

#define DUE_BROADCASTS_MAX 100000

static void heap_free(struct due_heap *h)
{
    if (h == NULL)
        return;
    free(h->entries);
    free(h);
}

void due_finish(struct due *d)
{
    size_t at = 0;
    const char *key;
    void *heap;
    while (map_next(&d->heaps, &at, &key, &heap))
        heap_free(heap);
    map_finish(&d->heaps);
    free(d->parked.entries);
    *d = (struct due){0};
}

static void heap_swap(struct due_heap *h, size_t a, size_t b)
{
    struct due_entry kept = h->entries[a];
    h->entries[a] = h->entries[b];
    h->entries[b] = kept;
}

static bool heap_grow(struct due_heap *h)
{
    if (h->count < h->capacity)
        return true;
    size_t capacity = h->capacity == 0 ? 64 : h->capacity * 2;
    struct due_entry *entries = realloc(h->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return false;
    h->entries = entries;
    h->capacity = capacity;
    return true;
}

/* NULL: no memory. */
static struct due_heap *heap_of(struct due *d, const struct broadcast_id *broadcast)
{
    struct due_heap *h = map_get(&d->heaps, broadcast->text);
    if (h != NULL)
        return h;
    if (d->heaps.limit == 0)
        map_init(&d->heaps, DUE_BROADCASTS_MAX);
    h = calloc(1, sizeof *h);
    if (h == NULL || map_set(&d->heaps, broadcast->text, h) != RESULT_OK) {
        heap_free(h);
        return NULL;
    }
    return h;
}

void due_add(struct due *d, const struct hold *hold)
{
    struct due_heap *h = heap_of(d, &hold->broadcast);
    if (h == NULL || !heap_grow(h)) {
        d->failed = true;
        return;
    }
    size_t at = h->count++;
    h->entries[at] = (struct due_entry){.ms = hold->expires_at_ms, .hold = hold->id};
    for (; at > 0 && h->entries[at].ms < h->entries[(at - 1) / 2].ms; at = (at - 1) / 2)
        heap_swap(h, at, (at - 1) / 2);
}

static void heap_drop_first(struct due_heap *h)
{
    h->entries[0] = h->entries[--h->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < h->count && h->entries[left].ms < h->entries[least].ms)
            least = left;
        if (right < h->count && h->entries[right].ms < h->entries[least].ms)
            least = right;
        if (least == at)
            return;
        heap_swap(h, at, least);
        at = least;
    }
}

/* ---- parked ---- */

static bool is_kept(const struct claims *claims, const struct hold *hold)
{
    bool kept = false;
    for (uint8_t i = 0; !kept && i < hold->lines_count; i++) {
        const struct claim_sku *sku = claims_sku(claims, hold->lines[i].sku.text);
        kept = sku != NULL && sku->count.recall == RECALL_KEEP;
    }
    return kept;
}

static void due_park(struct due *d, const struct due_entry *entry)
{
    if (heap_grow(&d->parked))
        d->parked.entries[d->parked.count++] = *entry;
    else
        d->failed = true;
}

void due_unpark(struct due *d, const struct claims *claims)
{
    struct due_heap parked = d->parked;
    d->parked = (struct due_heap){0};
    for (size_t i = 0; i < parked.count; i++) {
        const struct hold *hold = claims_hold(claims, parked.entries[i].hold.text);
        if (hold != NULL && hold->state == HOLD_HELD)
            due_add(d, hold);
    }
    free(parked.entries);
}

/* ---- the first ---- */

static int64_t heap_first_ms(struct due *d, struct due_heap *h, const struct claims *claims, int64_t now_ms)
{
    while (h->count > 0) {
        const struct hold *hold = claims_hold(claims, h->entries[0].hold.text);
        bool open = hold != NULL && hold->state == HOLD_HELD && hold->expires_at_ms == h->entries[0].ms;
        int64_t ends_ms = open ? claims_expires_ms(claims, hold, now_ms) : 0;
        if (open && (ends_ms > now_ms || !is_kept(claims, hold)))
            return claims_clock(claims, hold->broadcast.text).frozen_since_ms > 0 ? INT64_MAX : ends_ms;
        if (open)
            due_park(d, &h->entries[0]);
        heap_drop_first(h);
    }
    return INT64_MAX;
}

int64_t due_first_ms(struct due *d, const struct claims *claims, int64_t now_ms)
{
    int64_t first_ms = INT64_MAX;
    size_t at = 0;
    const char *broadcast;
    void *heap;
    if (d->failed)
        return 0;
    while (map_next(&d->heaps, &at, &broadcast, &heap)) {
        int64_t ms = heap_first_ms(d, heap, claims, now_ms);
        first_ms = ms < first_ms ? ms : first_ms;
        if (((struct due_heap *)heap)->count == 0)
            heap_free(map_remove(&d->heaps, broadcast));
    }
    return d->failed ? 0 : first_ms;
}
