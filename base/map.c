#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define MAP_CAPACITY_MIN 16u

/* Free: no key, no value. Grave: no key, the value is `grave`; searches walk over it, since the key they
 * look for may lie behind. */
struct map_slot {
    char *key;
    void *value;
    uint64_t hash;
};

static char grave_mark;
static void *const grave = &grave_mark;
static uint64_t hash_key[2] = {UINT64_C(0x6c697665), UINT64_C(0x7368656c66)};

void map_hash_seed(uint64_t seed)
{
    hash_key[0] = seed;
    hash_key[1] = seed ^ UINT64_C(0x736f6d6570736575);
}

static uint64_t rotate_left(uint64_t x, unsigned by) { return (x << by) | (x >> (64 - by)); }

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

/* SipHash-1-3 (Aumasson & Bernstein, 2012). Clients choose keys, and must not be able to choose ones
 * that all meet in one slot. */
uint64_t map_hash(const char *text)
{
    size_t len = strlen(text), at = 0;
    uint64_t word, last = (uint64_t)len << 56;
    uint64_t v[4] = {
        hash_key[0] ^ UINT64_C(0x736f6d6570736575),
        hash_key[1] ^ UINT64_C(0x646f72616e646f6d),
        hash_key[0] ^ UINT64_C(0x6c7967656e657261),
        hash_key[1] ^ UINT64_C(0x7465646279746573),
    };
    for (; len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text + at, sizeof word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, text + at, len - at);
    last |= word;
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *m, size_t limit) { *m = (struct map){.limit = limit}; }

void map_finish(struct map *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->capacity; i++)
        free(m->slots[i].key);
    free(m->slots);
    *m = (struct map){0};
}

/* The slot of the key, or NULL. Ends because a quarter of the slots is always free. */
static struct map_slot *map_find(const struct map *m, const char *key, uint64_t hash)
{
    if (m->capacity == 0)
        return NULL;
    for (size_t at = hash & (m->capacity - 1);; at = (at + 1) & (m->capacity - 1)) {
        struct map_slot *slot = &m->slots[at];
        if (slot->key == NULL && slot->value == NULL)
            return NULL;
        if (slot->key != NULL && slot->hash == hash && strcmp(slot->key, key) == 0)
            return slot;
    }
}

/* The first slot without a key on the way of `hash`. */
static struct map_slot *map_vacant(struct map_slot *slots, size_t capacity, uint64_t hash)
{
    size_t at = hash & (capacity - 1);
    while (slots[at].key != NULL)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

/* Makes sure that one more key leaves a quarter of the slots free. Moves to new slots, which has no graves:
 * of the same size when graves alone filled the old ones. */
static enum result map_make_room(struct map *m)
{
    if (m->used + 1 <= m->capacity / 4 * 3)
        return RESULT_OK;
    size_t capacity = m->capacity < MAP_CAPACITY_MIN ? MAP_CAPACITY_MIN : m->capacity;
    while (m->count + 1 > capacity / 2)
        capacity *= 2;
    struct map_slot *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL)
        return RESULT_NO_MEMORY;
    for (size_t i = 0; i < m->capacity; i++)
        if (m->slots[i].key != NULL)
            *map_vacant(slots, capacity, m->slots[i].hash) = m->slots[i];
    free(m->slots);
    m->slots = slots;
    m->capacity = capacity;
    m->used = m->count;
    return RESULT_OK;
}

void *map_get(const struct map *m, const char *key)
{
    const struct map_slot *slot = map_find(m, key, map_hash(key));
    return slot == NULL ? NULL : slot->value;
}

static enum result map_add(struct map *m, const char *key, uint64_t hash, void *value)
{
    if (m->count >= m->limit)
        return RESULT_FULL;
    char *copy = strdup(key);
    if (copy == NULL || map_make_room(m) != RESULT_OK) {
        free(copy);
        return RESULT_NO_MEMORY;
    }
    struct map_slot *slot = map_vacant(m->slots, m->capacity, hash);
    if (slot->value != grave)
        m->used++;
    m->count++;
    *slot = (struct map_slot){copy, value, hash};
    return RESULT_OK;
}

enum result map_set(struct map *m, const char *key, void *value)
{
    MUST(value != NULL);
    uint64_t hash = map_hash(key);
    struct map_slot *slot = map_find(m, key, hash);
    if (slot == NULL)
        return map_add(m, key, hash, value);
    slot->value = value;
    return RESULT_OK;
}

/* Graves in front of a free slot keep no way open: they become free too. */
static void map_clear_graves(struct map *m, size_t at)
{
    const struct map_slot *next = &m->slots[(at + 1) & (m->capacity - 1)];
    if (next->key != NULL || next->value != NULL)
        return;
    while (m->slots[at].key == NULL && m->slots[at].value == grave) {
        m->slots[at].value = NULL;
        m->used--;
        at = (at - 1) & (m->capacity - 1);
    }
}

void *map_remove(struct map *m, const char *key)
{
    struct map_slot *slot = map_find(m, key, map_hash(key));
    if (slot == NULL)
        return NULL;
    void *value = slot->value;
    free(slot->key); /* `key` may be this very text: not used below */
    *slot = (struct map_slot){.value = grave};
    m->count--;
    map_clear_graves(m, (size_t)(slot - m->slots));
    return value;
}

bool map_next(const struct map *m, size_t *at, const char **ret_key, void **ret_value)
{
    while (*at < m->capacity) {
        const struct map_slot *slot = &m->slots[(*at)++];
        if (slot->key == NULL)
            continue;
        *ret_key = slot->key;
        *ret_value = slot->value;
        return true;
    }
    return false;
}
