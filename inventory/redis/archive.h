/* inventory/redis/archive.h - a shop's ledger read to its end, noted as archived, and cut at a checkpoint.
 *
 *     archive_open -> archive_each ... -> archive_acknowledge          what was read is safe somewhere else
 *                  -> archive_cut                                      what is acknowledged, old and before a checkpoint goes
 *
 * Blocking, for commands. The ledger is read ARCHIVE_PAGE entries at a time and cut in slices, so that no node waits. The id up
 * to which it was archived is kept in the key "ls:{shop.0}:a". */
#ifndef LIVESHELF_INVENTORY_REDIS_ARCHIVE_H
#define LIVESHELF_INVENTORY_REDIS_ARCHIVE_H

#include "core/broadcast/claims.h"
#include "core/ports/log.h"
#include "inventory/redis/ask.h"
#include "inventory/redis/entry.h"

#define ARCHIVE_PAGE 1000

struct archive {
    struct ask ask; /* ask.why tells what went wrong */
    struct shop_id shop;
    struct entry_room room;
};
struct archive_state {
    uint64_t entries;                                                     /* in the ledger now */
    char first_id[LEDGER_ID_LEN_MAX + 1], last_id[LEDGER_ID_LEN_MAX + 1]; /* "" when it is empty */
    char acknowledged[LEDGER_ID_LEN_MAX + 1];                             /* archived up to here; "" never */
    int64_t now_ms;                                                       /* by Redis */
};

/* As ask_open; archive_close takes an archive that could not be opened. */
MUST_USE enum result archive_open(struct archive *a, const char *url, const struct shop_id *shop);
void archive_close(struct archive *a);
/* RESULT_NOT_FOUND: the shop has no ledger. */
MUST_USE enum result archive_state_get(struct archive *a, struct archive_state *ret);

bool archive_id_is_valid(const char *id);                 /* "ms-seq" */
int archive_id_compare(const char *one, const char *two); /* of valid ids: < 0, 0, > 0 */

/* Told of each entry behind `after` ("" from the first) up to `last`, in order. Anything but RESULT_OK ends the reading, and
 * is what archive_each returns. */
typedef enum result archive_entry(void *ctx, const struct ledger_entry *entry);
/* RESULT_MALFORMED: an entry has lines this version cannot read, so that a copy would lack them; it was not told. */
MUST_USE enum result archive_each(struct archive *a, const char *after, const char *last, archive_entry *each,
                                  void *ctx);
/* One entry; RESULT_NOT_FOUND: there is none under this id. */
MUST_USE enum result archive_one(struct archive *a, const char *id, archive_entry *each, void *ctx);

/* The id of the first entry behind `after` ("" the first of all), or "" when there is none. */
MUST_USE enum result archive_next_id(struct archive *a, const char *after, char ret[LEDGER_ID_LEN_MAX + 1]);

/* The same of another log of the shop, of one broadcast or, with a name that is none, of the shop itself: each entry with its number,
 * from the first. A log that is not there has none. */
typedef enum result archive_log_entry(void *ctx, uint64_t seq, const char *data, size_t len);
MUST_USE enum result archive_log_each(struct archive *a, enum log_kind kind, const struct broadcast_id *broadcast,
                                      archive_log_entry *each, void *ctx);

/* Notes that everything up to `id` is safe elsewhere. Never goes back. */
MUST_USE enum result archive_acknowledge(struct archive *a, const char *id);

enum archive_cut_answer {
    CUT_DONE,
    CUT_NOTHING_OLD, /* the first entry is younger than `keep_ms`, or the newest checkpoint that may become the first is it already */
    CUT_NOT_ACKNOWLEDGED, /* nothing of what is there was acknowledged */
    CUT_NO_CHECKPOINT,    /* none is old enough and acknowledged */
};
struct archive_cut {
    enum archive_cut_answer answer;
    char first_id[LEDGER_ID_LEN_MAX + 1]; /* DONE: the checkpoint that is the first entry now */
    uint64_t entries;                     /* DONE: how many went */
};
MUST_USE enum result archive_cut(struct archive *a, int64_t keep_ms, struct archive_cut *ret);

enum archive_checkpoint_answer { CHECKPOINT_WRITTEN, CHECKPOINT_BUSY };
/* Asks for a checkpoint now. RESULT_UNAVAILABLE also when the shop's Redis runs another version of the library. */
MUST_USE enum result archive_checkpoint(struct archive *a, enum archive_checkpoint_answer *ret,
                                        char ret_id[LEDGER_ID_LEN_MAX + 1]);

#endif
