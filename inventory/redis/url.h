/* inventory/redis/url.h - where a Redis is. Pure.
 *
 *   redis://[[user]:password@]host[:port][/db]     host may be [::1]; port 6379 unless said
 *   unix://[[user]:password@]/path/to/socket[?db=n]
 *   /path/to/socket                                 the same, short
 *
 * User and password may be %-escaped. rediss:// (TLS) is refused: hiredis 0.14 cannot speak it; put a TLS proxy such as
 * stunnel or the provider's sidecar between. */
#ifndef LIVESHELF_INVENTORY_REDIS_URL_H
#define LIVESHELF_INVENTORY_REDIS_URL_H

#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define REDIS_URL_PART_MAX 255

struct redis_url {
    char path[108]; /* unix socket; empty: host and port */
    char host[REDIS_URL_PART_MAX + 1];
    char port[6];
    char user[REDIS_URL_PART_MAX + 1]; /* empty: the default user */
    char password[REDIS_URL_PART_MAX + 1];
    unsigned db;
    char name[REDIS_URL_PART_MAX + 120]; /* for logs: without user and password */
};

/* RESULT_MALFORMED, with *ret_why (a sentence, constant) when not NULL. */
MUST_USE enum result redis_url_parse(const char *text, struct redis_url *ret, const char **ret_why);

#endif
