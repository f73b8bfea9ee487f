/* scripts/rules/card.h - a script card: what the host says, must say and must not say at a cue. For hosts only. */
#ifndef LIVESHELF_SCRIPTS_RULES_CARD_H
#define LIVESHELF_SCRIPTS_RULES_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

#define CARD_SAY_MAX 8000      /* bytes */
#define CARD_PHRASES_MAX 16    /* of each list */
#define CARD_PHRASE_MAX 300    /* bytes */

struct card {
    char *say;                 /* NULL: no card */
    char *must_say[CARD_PHRASES_MAX];
    size_t must_say_count;
    char *must_not_say[CARD_PHRASES_MAX];
    size_t must_not_say_count;
    char *notes;               /* private; NULL or text */
};

void card_finish(struct card *c);
/* FNV-1a 64 over all fields in order: an approval is bound to it and void after any edit. */
uint64_t card_hash(const struct card *c);

#endif
