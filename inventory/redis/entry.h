/* inventory/redis/entry.h - one entry of the ledger as inventory.lua writes it:
 *
 *   t  the time
 *   k  claims that several movements share, one per line, counted from 1: "end|broadcast|currency|lines"; only where needed
 *   m  a movement per line:
 *        "1 id viewer"                                     reserved, under claim 1 of `k`
 *        "offered id record", and extended, confirmed, retaken, voided, released, expired, recalled, kept: text.h's hold
 *        "allocated sku units ref", "withdrawn sku units ref", "synced sku change gone version delay"
 *        "stopped sku", "opened sku", "limit sku units", "buffer sku units", "recall sku mode"
 *        "waiting sku units viewer", "left sku units viewer"
 *        "frozen broadcast", "thawed broadcast stood"; in a checkpoint "frozen broadcast stood since"
 *      and the first line "checkpoint" where the entry is one
 *   c  a count per line: "sku row"
 *
 * Tolerant of later versions: movements of unknown kinds and unknown fields are skipped. A known line that cannot be
 * read is skipped too, and counted, so that one bad line does not hide the rest of a shop. */
#ifndef LIVESHELF_INVENTORY_REDIS_ENTRY_H
#define LIVESHELF_INVENTORY_REDIS_ENTRY_H

#include "core/broadcast/claims.h"
#include "inventory/redis/text.h"

#define ENTRY_LINES_MAX 100000 /* of one entry */
#define ENTRY_CLAIMS_MAX 1000  /* that one entry shares */

struct entry_room { /* reused from entry to entry; zeroed memory is empty */
    struct movement *movements;
    struct stock_count *counts;
    struct hold *claims;
    size_t movements_capacity, counts_capacity, claims_capacity;
};
void entry_room_finish(struct entry_room *room);

struct entry_text {
    struct text id, time, claims, movements, counts;
};
/* RESULT_OK (*ret borrows the room until its next use), RESULT_MALFORMED (id or time), RESULT_NO_MEMORY. */
MUST_USE enum result entry_parse(const struct entry_text *text, struct entry_room *room, struct ledger_entry *ret,
                                 size_t *ret_skipped);

#endif
