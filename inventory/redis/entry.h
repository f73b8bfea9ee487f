/* inventory/redis/entry.h - one entry of the ledger as inventory.lua writes it: t, m (a movement per line), c (a count per line).
 *
 * Tolerant of later versions: movements of unknown kinds and unknown fields are skipped. A known line that cannot be
 * read is skipped too, and counted, so that one bad line does not hide the rest of a shop. */
#ifndef LIVESHELF_INVENTORY_REDIS_ENTRY_H
#define LIVESHELF_INVENTORY_REDIS_ENTRY_H

#include "core/broadcast/claims.h"
#include "inventory/redis/text.h"

#define ENTRY_LINES_MAX 100000 /* of one entry */

struct entry_room { /* reused from entry to entry; zeroed memory is empty */
    struct movement *movements;
    struct stock_count *counts;
    size_t movements_capacity, counts_capacity;
};
void entry_room_finish(struct entry_room *room);

struct entry_text {
    struct text id, time, movements, counts;
};
/* RESULT_OK (*ret borrows the room until its next use), RESULT_MALFORMED (id or time), RESULT_NO_MEMORY. */
MUST_USE enum result entry_parse(const struct entry_text *text, struct entry_room *room, struct ledger_entry *ret,
                                 size_t *ret_skipped);

#endif
