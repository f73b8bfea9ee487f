/* app/redis_server.h - the private Redis (or Valkey) of an instance without --redis-url: found, configured, told where to
 * listen. Running it is the supervisor's work. */
#ifndef LIVESHELF_APP_REDIS_SERVER_H
#define LIVESHELF_APP_REDIS_SERVER_H

#include <limits.h>

#include "app/config.h"

struct redis_server {
    char program[PATH_MAX];
    char folder[PATH_MAX]; /* data-dir/redis */
    char config[PATH_MAX + 16];
    char socket[108];
    char url[7 + 3 * 108]; /* unix:///... for the nodes, what is special in a URL escaped */
};

/* Where things are; false: the socket's name is too long for the system. */
bool redis_server_name(const struct config *c, struct redis_server *ret);
/* The same, writes data-dir/redis/redis.conf and mends; data-dir must be absolute. What goes wrong is said in words that help. */
MUST_USE enum result redis_server_prepare(const struct config *c, struct redis_server *ret, struct fault *ret_fault);
/* Before every start: a torn end of the append-only file is cut off (app/torn_tail.h), and logged. */
void redis_server_mend(const struct redis_server *r);
bool redis_server_answers(const struct redis_server *r); /* somebody accepts on the socket */
void redis_server_clean(const struct redis_server *r);   /* removes socket and pid file, should they be left */

#endif
