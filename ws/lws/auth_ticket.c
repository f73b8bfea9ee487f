/* Tickets past a crowd: "expires_ms.signature", for one broadcast. They stand in a URL, so they open nothing else and not for long. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/auth_keys.h"

static void ticket_sign(const struct auth *a, const struct broadcast_id *broadcast, int64_t expires_ms,
                        char ret[AUTH_SIGNATURE_LEN + 1])
{
    char text[ID_LEN_MAX + 32];
    snprintf(text, sizeof text, "%s\n%" PRId64, broadcast->text, expires_ms);
    auth_sign(a->ticket_secret, text, ret);
}

void auth_ticket(const struct auth *a, const struct broadcast_id *broadcast, int64_t expires_ms,
                 char ret[AUTH_TICKET_MAX])
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    ticket_sign(a, broadcast, expires_ms, signature);
    snprintf(ret, AUTH_TICKET_MAX, "%" PRId64 ".%s", expires_ms, signature);
}

bool auth_ticket_is_valid(const struct auth *a, const struct broadcast_id *broadcast, const char *ticket,
                          int64_t now_ms)
{
    char signature[AUTH_SIGNATURE_LEN + 1];
    size_t digits = strspn(ticket, "0123456789");
    if (digits == 0 || digits > 18 || ticket[digits] != '.')
        return false;
    int64_t expires_ms = strtoll(ticket, NULL, 10);
    ticket_sign(a, broadcast, expires_ms, signature);
    return auth_signature_is(ticket + digits + 1, signature) && now_ms < expires_ms;
}
