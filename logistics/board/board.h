/* logistics/board/board.h - the planner's board: what every broadcast has sold and holds now, from the ledger.
 *
 * Its functions are those of an orchestrator's observer, with the board as `ctx`; app wires them, since this floor does
 * not see the orchestrator's. Told of everything in order; fails nobody and waits for nothing: memory that is not there
 * stops the process. Counts that are the shop's (allocated, available, the line) are read from the view, not kept. */
#ifndef LIVESHELF_LOGISTICS_BOARD_BOARD_H
#define LIVESHELF_LOGISTICS_BOARD_BOARD_H

#include "core/broadcast/claims.h"
#include "core/broadcast/event.h"
#include "core/broadcast/view.h"

#define BOARD_SHOPS_MAX 100000
#define BOARD_BROADCASTS_MAX 100000 /* of one shop; further ones are not counted, and the log says so */
#define BOARD_PINS_MAX 500          /* of one broadcast: the newest are kept */

struct board;
MUST_USE enum result board_create(struct board **ret);
void board_destroy(struct board *b); /* NULL is fine */

void board_ledger_entry(void *board, const struct shop_id *shop, const struct ledger_entry *entry);
void board_ledger_rewound(void *board,
                          const struct shop_id *shop); /* forgets the shop's movements: all are told again */
void board_event(void *board, const struct show_view *show, const struct event *event);
/* Rows: the shelf's SKUs in its order, then those once sold and no longer on it. `as_of_ms`, `ledger_id` and `series_new` are
 * left to the caller. False at BOARD_BROADCASTS_MAX. What *ret points to is valid until the next call with the same broadcast. */
bool board_volumes(void *board, const struct show_view *show, struct volumes_view *ret);

#endif
