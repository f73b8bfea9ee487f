/* ws/lws/webhook_url.h - where a webhook goes: its url taken apart, and which networks are nobody's business. Pure. */
#ifndef LIVESHELF_WS_LWS_WEBHOOK_URL_H
#define LIVESHELF_WS_LWS_WEBHOOK_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"
#include "core/broadcast/limits.h"

struct sockaddr;

#define WEBHOOK_HOST_MAX 120 /* lws copies names into 128 bytes */

struct webhook_url {
    bool tls;
    uint16_t port;
    char host[WEBHOOK_HOST_MAX + 1]; /* a name or an address, without brackets */
    char
        authority[WEBHOOK_HOST_MAX + 9]; /* for the Host header: with brackets, with a port that is not the usual one */
    char path[URL_LEN_MAX + 2];          /* and query, begins with '/' */
};
/* http(s)://host[:port][/path][?query], visible ASCII; no user, no fragment. RESULT_MALFORMED. */
MUST_USE enum result webhook_url_parse(const char *url, struct webhook_url *ret);

/* An address of the open internet: neither this machine, its network, a private or reserved one, nor where clouds keep their machines'
 * credentials (169.254.169.254 and its kind). An IPv6 address that carries an IPv4 one is judged by that. */
bool webhook_address_is_public(const struct sockaddr *address);

#endif
