/* app/limits.h - the table's numbers, as the structs that the lower floors take. */
#ifndef LIVESHELF_APP_LIMITS_H
#define LIVESHELF_APP_LIMITS_H

#include <stdint.h>

#include "app/config.h"
#include "app/fault.h"
#include "core/orchestrator/orchestrator.h"
#include "logistics/board/board.h"
#include "ws/lws/limits.h"

void limits_of_net(const struct config *c, struct net_limits *ret);
void limits_of_orchestrator(const struct config *c, struct orchestrator_limits *ret);
void limits_of_board(const struct config *c, struct board_limits *ret);

/* What a process may open decides how many a node promises to take in: with fewer than `files` for all of them, conns_max is what
 * is left beside handshakes, HTTP and the node's own, so that those who find it full are told, and /metrics still answers.
 * RESULT_MALFORMED below LIMITS_FILES_MIN: that is no node. */
#define LIMITS_FILES_MIN 128
MUST_USE enum result limits_fit_files(struct net_limits *net, uint64_t files, struct fault *fault);
uint64_t limits_sockets(const struct net_limits *net); /* at most, with all limits reached */
/* What this process and its children may open at most: they raise their soft limit to the hard one. */
uint64_t limits_files(void);

#endif
