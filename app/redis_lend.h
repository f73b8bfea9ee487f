/* app/redis_lend.h - the Redis a command works on: that of --redis-url, the one a running instance has in data-dir, or, when no
 * instance runs there, that one started for the time of the command, under the instance's own lock. */
#ifndef LIVESHELF_APP_REDIS_LEND_H
#define LIVESHELF_APP_REDIS_LEND_H

#include <sys/types.h>

#include "app/redis_server.h"
#include "base/types.h"

#define EXIT_NOT_REACHED 3 /* of commands: Redis, or what was asked about, is not there */

struct redis_lent { /* zeroed memory is none */
    struct redis_server server;
    const char *url;
    pid_t pid; /* 0: it is not ours to end */
    int lock_fd;
    bool is_locked;
};
/* May replace data-dir in *c by its absolute name. Give back also after a failure. */
MUST_USE enum result redis_lend(struct redis_lent *r, struct config *c, struct fault *ret_fault);
void redis_give_back(struct redis_lent *r);

/* The shop named, or all that have stock there, in *ret (freed by the caller). RESULT_MALFORMED: not an id. */
MUST_USE enum result redis_lent_shops(const struct redis_lent *r, const char *shop, struct shop_id **ret,
                                      size_t *ret_count, struct fault *ret_fault);

/* The exit code of a command that came to this result: EXIT_SETTING when it was asked wrongly, EXIT_NOT_REACHED otherwise. */
int redis_exit_code(enum result result);

#endif
