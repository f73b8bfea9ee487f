/* tests/support/redis_server.h - a private redis-server on a unix socket in a folder of its own.
 *
 * It dies with the test's process, and is only ever signalled by its own process id. */
#ifndef LIVESHELF_TESTS_SUPPORT_REDIS_SERVER_H
#define LIVESHELF_TESTS_SUPPORT_REDIS_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct redis_server {
    pid_t pid;     /* 0: not running */
    int log_fd;    /* its standard output */
    pid_t janitor; /* removes the folder when this process ends, also by a signal */
    int janitor_fd;
    bool durable;        /* append-only file, synced always */
    unsigned replica_of; /* port of its master; 0: none */
    char folder[64];
    char socket[96];
    char url[112];
};

/* False: no redis-server on this machine; the test should exit with 77. Returns when it takes connections. */
bool redis_server_start(struct redis_server *s, bool durable);
/* Starts one more server that copies `master`, over a free port that the master opens for it. */
void redis_server_start_replica(struct redis_server *replica, const struct redis_server *master);
void redis_server_kill(struct redis_server *s);        /* -9 */
void redis_server_start_again(struct redis_server *s); /* in the same folder */
void redis_server_pause(struct redis_server *s, bool paused);
void redis_server_finish(struct redis_server *s); /* kills, removes the folder; zeroed memory is fine */
/* One command over a connection of its own; the answer as text ("" for nil, a line per element), in a static
 * buffer of 4 kB. */
const char *redis_server_command(const struct redis_server *s, const char *format, ...);

#endif
