/* app/metric_board.h - the metrics of all nodes of this machine, so that whichever answers a scrape answers for all.
 *
 * A piece of shared memory, made by the parent and handed down: each node copies its values into its own slot once a second, and
 * whoever is asked reads all slots that are fresh. All run the same program, so a metric's place is the same in each. A slot that was
 * being written when its node died is passed over, as is one that nobody has written for METRIC_BOARD_FRESH_MS. */
#ifndef LIVESHELF_APP_METRIC_BOARD_H
#define LIVESHELF_APP_METRIC_BOARD_H

#include "base/bytes.h"
#include "base/result.h"
#include "core/ports/clock.h"

#define METRIC_BOARD_EVERY_MS 1000
#define METRIC_BOARD_FRESH_MS 5000
#define METRIC_BOARD_METRICS_MAX 512 /* of one node */

struct metric_slot;
struct metric_board {
    struct metric_slot *slots; /* NULL: this node alone */
    size_t nodes, own;
    struct clock *clock;
    struct clock_timer timer;
};

/* By the parent: the memory for `nodes`, as a descriptor above those that children use for themselves; -1: none. */
int metric_board_create(size_t nodes);
/* By a node, after its metrics are registered: `index` from 0. RESULT_IO: not such memory; the board is this node alone then. */
MUST_USE enum result metric_board_open(struct metric_board *b, int fd, size_t nodes, size_t index, struct clock *clock);
/* The Prometheus text; labelled node="n1" and so on when there are several. */
void metric_board_write(struct metric_board *b, struct bytes *out);
void metric_board_close(struct metric_board *b); /* zeroed memory is fine */

#endif
