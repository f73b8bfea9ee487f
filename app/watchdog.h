/* app/watchdog.h - a node whose loop stands still is ended, so that the parent starts another.
 *
 * A node that is alive but answers nobody keeps its share of the port: worse than a dead one. The process's real-time
 * timer looks every `look_ms` whether the loop has turned since; twice without a turn, and the process
 * aborts (with a core, where the system keeps them). A process that was stopped and goes on is not mistaken for one that
 * hangs: while it stood still the timer fired once at most. One per process; uses SIGALRM and ITIMER_REAL. */
#ifndef LIVESHELF_APP_WATCHDOG_H
#define LIVESHELF_APP_WATCHDOG_H

#include <uv.h>

#include "base/must.h"
#include "base/result.h"

#define WATCHDOG_LOOK_MS 5000

MUST_USE enum result watchdog_start(uv_loop_t *loop, unsigned look_ms);
void watchdog_stop(void); /* harmless when it was not started */

#endif
