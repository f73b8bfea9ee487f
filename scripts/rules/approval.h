/* scripts/rules/approval.h - who agreed that a script card may be said on air, and to which words.
 *
 * Pure. An approval is bound to the card's hash: after any edit of the card it no longer stands, and no call is needed to
 * void it. A sponsored card needs an approver who did not write it. */
#ifndef LIVESHELF_SCRIPTS_RULES_APPROVAL_H
#define LIVESHELF_SCRIPTS_RULES_APPROVAL_H

#include "scripts/rules/runofshow.h"

enum script_role { SCRIPT_PRODUCER, SCRIPT_HOST, SCRIPT_APPROVER, SCRIPT_ROLES };
const char *script_role_name(enum script_role role); /* "producer", "host", "approver" */

/* Plain cards: producer, host, approver. Sponsored cards: approver. */
bool approval_is_allowed(const struct cue *cue, enum script_role role);

struct approval {
    struct cue_id cue;
    uint64_t card_hash;
    enum script_role role;
    char by[ID_LEN_MAX + 1]; /* sub of the token; "" : none was given yet */
    int64_t at_ms;
};
struct approval_wish {
    char by[ID_LEN_MAX + 1];
    enum script_role role;
    char author[ID_LEN_MAX + 1]; /* who edited the card last; "": not known */
    uint64_t card_hash;          /* of the card as they read it */
    int64_t now_ms;
};
enum approval_answer { /* answers, not errors */
                       APPROVAL_GIVEN,
                       APPROVAL_REPLAYED,    /* the same person had approved these words; nothing changed */
                       APPROVAL_NO_CARD,     /* there are no words to approve */
                       APPROVAL_STALE,       /* the card was edited after they read it */
                       APPROVAL_NOT_ALLOWED, /* not this role */
                       APPROVAL_OWN_WORDS,   /* a sponsored card needs a second person */
};
/* Writes *a on APPROVAL_GIVEN only. */
enum approval_answer approval_give(struct approval *a, const struct cue *cue, const struct approval_wish *wish);
/* False for zeroed memory, another cue, an edited card, or a card that became sponsored and needs more than was given. */
bool approval_stands(const struct approval *a, const struct cue *cue);

#endif
