#include "ws/lws/directory.h"

#include <stdlib.h>

/* An id is a place in the table and a serial number that no other id of that place had. */
#define PLACE_BITS 24
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)
#define NO_PLACE UINT32_MAX
#define ENTRIES_MIN 64u

void directory_init(struct directory *d, uint32_t limit)
{
    MUST(limit <= PLACE_MASK);
    *d = (struct directory){.first_free = NO_PLACE, .limit = limit};
}

void directory_finish(struct directory *d)
{
    if (d == NULL)
        return;
    free(d->entries);
    *d = (struct directory){.first_free = NO_PLACE};
}

static enum result grow(struct directory *d)
{
    if (d->capacity >= d->limit)
        return RESULT_FULL;
    uint32_t capacity = d->capacity == 0 ? ENTRIES_MIN : d->capacity * 2;
    capacity = capacity > d->limit ? d->limit : capacity;
    struct directory_entry *entries = realloc(d->entries, capacity * sizeof *entries);
    if (entries == NULL)
        return RESULT_NO_MEMORY;
    d->entries = entries;
    for (uint32_t i = capacity; i-- > d->capacity;) {
        entries[i] = (struct directory_entry){.u.next_free = d->first_free};
        d->first_free = i;
    }
    d->capacity = capacity;
    return RESULT_OK;
}

enum result directory_add(struct directory *d, enum resident kind, void *who, uint64_t *ret_id)
{
    if (d->first_free == NO_PLACE) {
        enum result result = grow(d);
        if (result != RESULT_OK)
            return result;
    }
    uint32_t place = d->first_free;
    struct directory_entry *entry = &d->entries[place];
    d->first_free = entry->u.next_free;
    d->count++;
    *entry = (struct directory_entry){.id = ++d->serial << PLACE_BITS | place, .kind = kind, .u.who = who};
    *ret_id = entry->id;
    return RESULT_OK;
}

static struct directory_entry *entry_of(const struct directory *d, uint64_t id)
{
    uint64_t place = id & PLACE_MASK;
    return id != 0 && place < d->capacity && d->entries[place].id == id ? &d->entries[place] : NULL;
}

void directory_remove(struct directory *d, uint64_t id)
{
    struct directory_entry *entry = entry_of(d, id);
    if (entry == NULL)
        return;
    *entry = (struct directory_entry){.u.next_free = d->first_free};
    d->first_free = (uint32_t)(id & PLACE_MASK);
    d->count--;
}

void *directory_find(const struct directory *d, uint64_t id, enum resident *ret_kind)
{
    const struct directory_entry *entry = entry_of(d, id);
    if (entry == NULL)
        return NULL;
    *ret_kind = entry->kind;
    return entry->u.who;
}
