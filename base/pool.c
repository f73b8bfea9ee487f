#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define POOL_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_POISONS 1
#endif
#endif

/* Under the address sanitizer an object that was given back may not be touched, as if it were freed. */
#ifdef POOL_POISONS
#include <sanitizer/asan_interface.h>
#define pool_poison(object, size) __asan_poison_memory_region(object, size)
#define pool_unpoison(object, size) __asan_unpoison_memory_region(object, size)
#else
#define pool_poison(object, size) ((void)(object), (void)(size))
#define pool_unpoison(object, size) ((void)(object), (void)(size))
#endif

/* `memory` is `count` objects and then one byte each: is it taken? An object given back twice would be
 * handed to two owners, so that is always checked. */
static char *pool_taken(const struct pool *p, const void *object)
{
    size_t offset = (size_t)((const char *)object - p->memory);
    MUST(offset < p->object_size * p->count && offset % p->object_size == 0);
    return p->memory + p->object_size * p->count + offset / p->object_size;
}

enum result pool_init(struct pool *p, size_t object_size, size_t count)
{
    MUST(object_size > 0 && count > 0);
    *p = (struct pool){0};
    if (count > SIZE_MAX / (object_size + 1))
        return RESULT_NO_MEMORY;
    char *memory = calloc(count, object_size + 1);
    void **free_list = calloc(count, sizeof *free_list);
    if (memory == NULL || free_list == NULL) {
        free(memory);
        free(free_list);
        return RESULT_NO_MEMORY;
    }
    /* The last entry is taken first: objects are used from the front of the memory. */
    for (size_t i = 0; i < count; i++)
        free_list[i] = memory + (count - 1 - i) * object_size;
    pool_poison(memory, object_size * count);
    *p = (struct pool){memory, free_list, object_size, count, count};
    return RESULT_OK;
}

void pool_finish(struct pool *p)
{
    if (p == NULL)
        return;
    if (p->memory != NULL)
        pool_unpoison(p->memory, p->object_size * p->count);
    free(p->memory);
    free(p->free_list);
    *p = (struct pool){0};
}

bool pool_is_empty(const struct pool *p) { return p->free_count == 0; }

void *pool_take(struct pool *p)
{
    if (p->free_count == 0)
        return NULL;
    void *object = p->free_list[--p->free_count];
    pool_unpoison(object, p->object_size);
    *pool_taken(p, object) = 1;
    return memset(object, 0, p->object_size);
}

void pool_give(struct pool *p, void *object)
{
    char *taken = pool_taken(p, object);
    MUST(*taken);
    *taken = 0;
    p->free_list[p->free_count++] = object;
    pool_poison(object, p->object_size);
}

size_t pool_in_use(const struct pool *p) { return p->count - p->free_count; }
