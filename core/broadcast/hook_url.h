/* core/broadcast/hook_url.h - where a webhook goes: its url taken apart, by the one who lets it in and by the one who posts. Pure. */
#ifndef LIVESHELF_CORE_BROADCAST_HOOK_URL_H
#define LIVESHELF_CORE_BROADCAST_HOOK_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"
#include "core/broadcast/limits.h"

#define HOOK_HOST_MAX 120 /* bytes of a name: libwebsockets copies it into 128 */

struct hook_url {
    bool tls;
    uint16_t port;
    char host[HOOK_HOST_MAX + 1];      /* a name or an address, without brackets */
    char authority[HOOK_HOST_MAX + 9]; /* for the Host header: with brackets, with a port that is not the usual one */
    char path[URL_LEN_MAX + 2];        /* and query, begins with '/' */
};
/* http(s)://host[:port][/path][?query], visible ASCII; no user, no fragment. RESULT_MALFORMED. */
MUST_USE enum result hook_url_parse(const char *url, struct hook_url *ret);

#endif
