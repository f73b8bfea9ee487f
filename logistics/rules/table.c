#include "logistics/rules/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

#define BUCKETS_MIN 16u

void table_init(struct table *t, size_t entry_bytes, uint32_t limit)
{
    MUST(entry_bytes >= sizeof(struct table_entry));
    *t = (struct table){.entry_bytes = entry_bytes, .limit = limit};
}

void table_finish(struct table *t)
{
    for (size_t i = 0; i < t->chunks; i++)
        free(t->chunk[i]);
    for (size_t i = 0; i < t->head_chunks; i++)
        free(t->heads[i]);
    free(t->chunk);
    free(t->heads);
    *t = (struct table){0};
}

static void *entry_at(const struct table *t, uint32_t index)
{
    return (char *)t->chunk[index / TABLE_CHUNK] + (size_t)(index % TABLE_CHUNK) * t->entry_bytes;
}

static uint32_t *head_at(const struct table *t, uint32_t bucket)
{
    return &t->heads[bucket / TABLE_CHUNK][bucket % TABLE_CHUNK];
}

/* The greatest power of two <= n. */
static uint32_t round_down(uint32_t n)
{
    uint32_t power = BUCKETS_MIN;
    while (power <= n / 2)
        power *= 2;
    return power;
}

/* Buckets below `buckets - round` have been split in this round and are told apart by one bit more. */
static uint32_t bucket_of(const struct table *t, uint64_t hash)
{
    uint32_t round = round_down(t->buckets), bucket = (uint32_t)hash & (2 * round - 1);
    return bucket < t->buckets ? bucket : bucket - round;
}

static void *first_of(const struct table *t, uint32_t at, uint64_t hash)
{
    for (; at != TABLE_NONE;) {
        struct table_entry *e = entry_at(t, at);
        if (e->hash == hash)
            return e;
        at = e->next;
    }
    return NULL;
}

void *table_find(const struct table *t, uint64_t hash)
{
    return t->buckets == 0 ? NULL : first_of(t, *head_at(t, bucket_of(t, hash)), hash);
}

void *table_next(const struct table *t, const struct table_entry *e) { return first_of(t, e->next, e->hash); }

/* One more block of `bytes` in the list at *list. Lists double, so that their moves are rare and short. */
static enum result block_add(void ***list, size_t *count, size_t bytes)
{
    if ((*count & (*count - 1)) == 0) {
        void **longer = realloc(*list, (*count == 0 ? 1 : *count * 2) * sizeof *longer);
        if (longer == NULL)
            return RESULT_NO_MEMORY;
        *list = longer;
    }
    void *block = calloc(1, bytes);
    if (block == NULL)
        return RESULT_NO_MEMORY;
    (*list)[(*count)++] = block;
    return RESULT_OK;
}

static enum result heads_add(struct table *t)
{
    void **list = (void **)t->heads;
    enum result result = block_add(&list, &t->head_chunks, TABLE_CHUNK * sizeof **t->heads);
    t->heads = (uint32_t **)list;
    if (result == RESULT_OK)
        memset(t->heads[t->head_chunks - 1], 0xff, TABLE_CHUNK * sizeof **t->heads);
    return result;
}

static void append(struct table *t, uint32_t *link, uint32_t index)
{
    while (*link != TABLE_NONE)
        link = &((struct table_entry *)entry_at(t, *link))->next;
    *link = index;
}

/* One bucket more: the entries of the bucket it is split from go to one or the other, in their order. */
static void bucket_split(struct table *t)
{
    uint32_t from = t->buckets - round_down(t->buckets), at = *head_at(t, from);
    *head_at(t, from) = TABLE_NONE;
    t->buckets++;
    while (at != TABLE_NONE) {
        struct table_entry *e = entry_at(t, at);
        uint32_t next = e->next;
        e->next = TABLE_NONE;
        append(t, head_at(t, bucket_of(t, e->hash)), at);
        at = next;
    }
}

static enum result room_make(struct table *t)
{
    enum result result = RESULT_OK;
    if (t->count == t->chunks * TABLE_CHUNK)
        result = block_add(&t->chunk, &t->chunks, TABLE_CHUNK * t->entry_bytes);
    if (result == RESULT_OK && t->buckets == t->head_chunks * TABLE_CHUNK)
        result = heads_add(t);
    if (result == RESULT_OK && t->buckets == 0)
        t->buckets = BUCKETS_MIN;
    return result;
}

enum result table_add(struct table *t, uint64_t hash, void *ret_entry)
{
    if (t->count >= t->limit)
        return RESULT_FULL;
    enum result result = room_make(t);
    if (result != RESULT_OK)
        return result;
    if (t->count >= t->buckets)
        bucket_split(t);
    struct table_entry *e = entry_at(t, t->count);
    *e = (struct table_entry){.hash = hash, .next = TABLE_NONE};
    append(t, head_at(t, bucket_of(t, hash)), t->count++);
    memcpy(ret_entry, &e, sizeof e);
    return RESULT_OK;
}

size_t table_bytes(const struct table *t)
{
    return t->chunks * TABLE_CHUNK * t->entry_bytes + t->head_chunks * TABLE_CHUNK * sizeof **t->heads;
}
