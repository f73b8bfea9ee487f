/* Tickets past a crowd: "expires_ms.nonce.signature", for one broadcast. They stand in a URL, so they open nothing else, not for
 * long, and once. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/auth_keys.h"

#define NONCE_LEN 8 /* two hosts who ask in one millisecond get two tickets */
#define DIGITS_MAX 18

/* `what`: "expires_ms.nonce", `len` characters of it. */
static void ticket_sign(const struct auth *a, const struct broadcast_id *broadcast, const char *what, size_t len,
                        char ret[AUTH_SIGNATURE_LEN + 1])
{
    char text[ID_LEN_MAX + 1 + AUTH_TICKET_MAX];
    snprintf(text, sizeof text, "%s\n%.*s", broadcast->text, (int)len, what);
    auth_sign(a->ticket_secret, text, ret);
}

void auth_ticket(const struct auth *a, const struct broadcast_id *broadcast, int64_t expires_ms,
                 char ret[AUTH_TICKET_MAX])
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    struct viewer_id random; /* the same randomness as a viewer's name, behind its "v_" */
    auth_viewer_new(&random);
    int len = snprintf(ret, AUTH_TICKET_MAX, "%" PRId64 ".%.*s", expires_ms, NONCE_LEN, random.text + 2);
    ticket_sign(a, broadcast, ret, (size_t)len, signature);
    snprintf(ret + len, AUTH_TICKET_MAX - (size_t)len, ".%s", signature);
}

/* Where the signature begins; NULL: this is no ticket. */
static const char *signature_of(const char *ticket)
{
    size_t digits = strspn(ticket, "0123456789"), len = strlen(ticket);
    if (digits == 0 || digits > DIGITS_MAX || len != digits + 1 + NONCE_LEN + 1 + AUTH_SIGNATURE_LEN ||
        len >= AUTH_TICKET_MAX || ticket[digits] != '.' || ticket[digits + 1 + NONCE_LEN] != '.')
        return NULL;
    return ticket + len - AUTH_SIGNATURE_LEN;
}

static bool is_spent(const struct auth *a, const char *signature)
{
    for (size_t i = 0; i < AUTH_TICKETS_SPENT; i++) {
        if (strcmp(a->tickets_spent[i], signature) == 0)
            return true;
    }
    return false;
}

bool auth_ticket_is_valid(const struct auth *a, const struct broadcast_id *broadcast, const char *ticket,
                          int64_t now_ms)
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    const char *claimed = signature_of(ticket);
    if (claimed == NULL)
        return false;
    ticket_sign(a, broadcast, ticket, (size_t)(claimed - 1 - ticket), signature);
    return auth_signature_is(claimed, signature) && now_ms < strtoll(ticket, NULL, 10) && !is_spent(a, claimed);
}

void auth_ticket_spend(struct auth *a, const char *ticket)
{
    const char *signature = signature_of(ticket);
    MUST(signature != NULL);
    memcpy(a->tickets_spent[a->tickets_spent_at], signature, AUTH_SIGNATURE_LEN + 1);
    a->tickets_spent_at = (a->tickets_spent_at + 1) % AUTH_TICKETS_SPENT;
}
