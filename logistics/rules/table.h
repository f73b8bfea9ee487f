/* logistics/rules/table.h - entries of one size that are found by a 64-bit hash, added and never removed. No pause when it grows: entries lie
 * in chunks and stay where they are, and each new entry splits one bucket (Litwin, "Linear hashing", VLDB 1980).
 *
 * Two keys of one hash are one: the caller's hash is keyed and wide enough (ten million entries: one chance in 300,000 that any two
 * meet). Entries of one hash are found in the order in which they were added. */
#ifndef LIVESHELF_LOGISTICS_RULES_TABLE_H
#define LIVESHELF_LOGISTICS_RULES_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define TABLE_CHUNK 4096 /* entries */
#define TABLE_NONE UINT32_MAX

struct table_entry { /* the first member of the caller's entry */
    uint64_t hash;
    uint32_t next;  /* in the bucket; the table's */
    uint32_t units; /* the caller's: what would be padding */
};
struct table {
    size_t entry_bytes;
    uint32_t count, limit, buckets;
    size_t chunks, head_chunks; /* allocated */
    void **chunk;               /* of entries */
    uint32_t **heads;           /* chunks of first entries, TABLE_CHUNK each */
};
void table_init(struct table *t, size_t entry_bytes, uint32_t limit);
void table_finish(struct table *t);                                   /* zeroed memory is fine */
void *table_find(const struct table *t, uint64_t hash);               /* the first; NULL: none */
void *table_next(const struct table *t, const struct table_entry *e); /* the next of the same hash */
/* Adds a zeroed entry, whatever is there. RESULT_NO_MEMORY; RESULT_FULL at the limit. */
MUST_USE enum result table_add(struct table *t, uint64_t hash, void *ret_entry);
size_t table_bytes(const struct table *t);

#endif
