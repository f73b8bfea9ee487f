/* base/pool.h - a fixed number of equal objects, allocated once. Taken objects are zeroed. */
#ifndef LIVESHELF_BASE_POOL_H
#define LIVESHELF_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"
#include "base/result.h"

struct pool {
    char *memory;
    void **free_list;
    size_t object_size, count, free_count;
};

MUST_USE enum result pool_init(struct pool *p, size_t object_size, size_t count);
void pool_finish(struct pool *p); /* all objects must be back or abandoned; zeroed memory is fine */
bool pool_is_empty(const struct pool *p);
void *pool_take(struct pool *p); /* NULL when empty */
void pool_give(struct pool *p, void *object);
size_t pool_in_use(const struct pool *p);

#endif
