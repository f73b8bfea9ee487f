#include "scripts/rules/card.h"

#include <stdlib.h>

void card_finish(struct card *c)
{
    if (c == NULL)
        return;
    free(c->say);
    free(c->notes);
    for (size_t i = 0; i < c->must_say_count; i++)
        free(c->must_say[i]);
    for (size_t i = 0; i < c->must_not_say_count; i++)
        free(c->must_not_say[i]);
    *c = (struct card){0};
}

static uint64_t hash_byte(uint64_t hash, unsigned char byte) { return (hash ^ byte) * UINT64_C(0x100000001b3); }

/* A text ends with its NUL and says before whether it is there at all: moving a word from one field to the next gives
 * another hash. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    hash = hash_byte(hash, text != NULL);
    for (; text != NULL && *text != '\0'; text++)
        hash = hash_byte(hash, (unsigned char)*text);
    return hash_byte(hash, 0);
}

static uint64_t hash_phrases(uint64_t hash, char *const *phrases, size_t count)
{
    hash = hash_byte(hash, (unsigned char)count);
    for (size_t i = 0; i < count; i++)
        hash = hash_text(hash, phrases[i]);
    return hash;
}

uint64_t card_hash(const struct card *c)
{
    uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), c->say);
    hash = hash_phrases(hash, c->must_say, c->must_say_count);
    hash = hash_phrases(hash, c->must_not_say, c->must_not_say_count);
    return hash_text(hash, c->notes);
}
