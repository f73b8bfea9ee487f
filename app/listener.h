/* app/listener.h - where the nodes listen, settled by the parent before the first of them starts. */
#ifndef LIVESHELF_APP_LISTENER_H
#define LIVESHELF_APP_LISTENER_H

#include "app/config.h"

struct listener {
    unsigned port;    /* never 0 */
    char listen[300]; /* "address:port", numeric, for the nodes */
    char url[300];    /* "SCHEME://address:port" for people: 127.0.0.1 when it listens everywhere */
    int probe_fd;     /* bound and never listening: keeps the port ours while nodes come and go */
};

/* Parses `listen`, picks a port when it is 0, and makes sure nobody else listens there. `scheme`: "http" or "https". */
MUST_USE enum result listener_settle(const char *listen, const char *scheme, struct listener *ret,
                                     struct fault *ret_fault);
void listener_close(struct listener *l);

#endif
