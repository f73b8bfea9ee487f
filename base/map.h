/* base/map.h - text key to pointer, open addressing, grows up to a limit. Keys are copied; values are
 * the caller's. Insertion order is not kept. */
#ifndef LIVESHELF_BASE_MAP_H
#define LIVESHELF_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

struct map_slot;
struct map {
    struct map_slot *slots;
    size_t count, used, capacity, limit; /* `used` counts graves too */
};

void map_init(struct map *m, size_t limit); /* at most `limit` keys */
void map_finish(struct map *m);             /* values are not touched; zeroed memory is fine */
void *map_get(const struct map *m, const char *key);
/* Replaces the value of an existing key. RESULT_FULL at the limit, RESULT_NO_MEMORY. `value` not NULL. */
MUST_USE enum result map_set(struct map *m, const char *key, void *value);
void *map_remove(struct map *m, const char *key); /* the value removed, or NULL */
/* Iteration: `*at` starts at 0; false at the end. The map may not grow meanwhile; removing the
 * returned key is allowed. */
bool map_next(const struct map *m, size_t *at, const char **ret_key, void **ret_value);
/* Where a key lies depends on this process-wide number, so that clients who choose keys cannot make them meet. Set
 * once, before the first map, from the system's randomness; left alone (tests), iteration order repeats. */
void map_hash_seed(uint64_t seed);
uint64_t map_hash(const char *text); /* by that number; for tables of another kind that clients choose keys of */

#endif
