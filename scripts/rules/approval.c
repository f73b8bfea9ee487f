#include "scripts/rules/approval.h"

#include <string.h>

const char *script_role_name(enum script_role role)
{
    static const char *const names[SCRIPT_ROLES] = {
        [SCRIPT_PRODUCER] = "producer",
        [SCRIPT_HOST] = "host",
        [SCRIPT_APPROVER] = "approver",
    };
    return (size_t)role < ARRAY_LEN(names) ? names[role] : "unknown";
}

bool approval_is_allowed(const struct cue *cue, enum script_role role)
{
    static const unsigned plain = BIT(SCRIPT_PRODUCER) | BIT(SCRIPT_HOST) | BIT(SCRIPT_APPROVER);
    static const unsigned sponsored = BIT(SCRIPT_APPROVER);
    return role < SCRIPT_ROLES && ((cue->sponsored ? sponsored : plain) & BIT(role)) != 0;
}

bool approval_stands(const struct approval *a, const struct cue *cue)
{
    return a->by[0] != '\0' && ID_EQUAL(a->cue, cue->id) && approval_is_allowed(cue, a->role) &&
           a->card_hash == card_hash(&cue->card);
}

enum approval_answer approval_give(struct approval *a, const struct cue *cue, const struct approval_wish *wish)
{
    if (cue->card.say == NULL)
        return APPROVAL_NO_CARD;
    if (wish->card_hash != card_hash(&cue->card))
        return APPROVAL_STALE;
    if (!approval_is_allowed(cue, wish->role))
        return APPROVAL_NOT_ALLOWED;
    if (cue->sponsored && strcmp(wish->by, wish->author) == 0)
        return APPROVAL_OWN_WORDS;
    if (approval_stands(a, cue) && strcmp(a->by, wish->by) == 0)
        return APPROVAL_REPLAYED;
    *a = (struct approval){.cue = cue->id, .card_hash = wish->card_hash, .role = wish->role, .at_ms = wish->now_ms};
    memcpy(a->by, wish->by, sizeof a->by);
    return APPROVAL_GIVEN;
}
