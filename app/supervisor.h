/* app/supervisor.h - the parent process: starts Redis (unless one is named) and the nodes, starts again what dies, and stops
 * everything in order: nodes drain, then Redis syncs its file and ends. Nothing is left behind.
 *
 * It serves nobody itself and holds no state, so that it has little to die of. */
#ifndef LIVESHELF_APP_SUPERVISOR_H
#define LIVESHELF_APP_SUPERVISOR_H

#include "app/config.h"

struct supervisor_options {
    struct config *config; /* data-dir, listen and redis-url are replaced by what they turned out to be */
    const char *node_flag; /* one more word for every node, such as --demo; NULL: none */
    const char *companion; /* a subcommand of ours to run beside the nodes once they are ready; NULL: none */
    const char *const *companion_more; /* its further words, NULL-terminated; may be NULL */
};

/* Runs until SIGTERM or SIGINT. Prints `ready URL` (http://ADDRESS:PORT, or https://) on standard output when every node serves. Returns the exit
 * code: 0 after an orderly stop, 1 when it could not start or go on, 2 when a setting is wrong. */
int supervisor_run(const struct supervisor_options *options);

#define EXIT_SETTING 2 /* also a node's: starting it again would not help */

#endif
