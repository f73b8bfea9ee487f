/* inventory/rules/counts.h - the written law of one SKU's units: where they may go. Pure.
 *
 * Always available + held + sold == allocated; held and sold are never negative. `available` is negative only after
 * a short absolute count (a deficit): nothing is sold then until units come back or arrive. Every mover below
 * keeps the law, or stops the process. */
#ifndef LIVESHELF_INVENTORY_RULES_COUNTS_H
#define LIVESHELF_INVENTORY_RULES_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "inventory/rules/recall.h"

struct counts {
    int64_t available, held, sold, allocated;
    int64_t buffer;           /* units of `available` that are not for sale: other channels may have sold them by now */
    bool stopped;             /* stop-sale */
    enum recall_law recall;   /* not LAW_NONE: stopped too */
    int64_t limit_per_viewer; /* held and bought units of one viewer; 0: none */
    int64_t version;          /* of the last absolute count */
};

/* A limit that is first set on a SKU already selling is counted back from the holds still known (a closed one for a
 * day). That reads every hold of the shop, so a shop with more than this many is refused it. */
#define LIMIT_BACKFILL_HOLDS_MAX 20000

bool counts_add_up(const struct counts *c);      /* and nothing is recalled that is on sale */
int64_t counts_sellable(const struct counts *c); /* what the buffer leaves; may be negative */

enum take_verdict { TAKE_MAY, TAKE_STOPPED, TAKE_LIMIT, TAKE_HELD_OUT, TAKE_SOLD_OUT };
/* May a viewer who holds and bought `has` units take `units` more? Checked in the order of the answers; HELD_OUT
 * when any unit is held, since it may come back. */
enum take_verdict counts_may_take(const struct counts *c, int64_t units, int64_t has);
/* The same for units paid after their hold expired: they were promised once, so the buffer may serve them. */
enum take_verdict counts_may_retake(const struct counts *c, int64_t units, int64_t has);
/* The same for units that were given before, in history that was lost: only units that are not there refuse. */
enum take_verdict counts_may_restore(const struct counts *c, int64_t units, int64_t has);

enum counts_move {
    COUNTS_HOLD,     /* available -> held */
    COUNTS_FREE,     /* held -> available: released, expired, recalled */
    COUNTS_SELL,     /* held -> sold */
    COUNTS_RETAKE,   /* available -> sold: paid after expiry */
    COUNTS_ALLOCATE, /* outside -> available */
    COUNTS_WITHDRAW, /* available -> outside */
    COUNTS_MOVES,
};
void counts_move(struct counts *c, enum counts_move move, int64_t units);

enum sync_verdict {
    SYNC_MOVES,   /* *ret_change is what `allocated` changed by */
    SYNC_IGNORED, /* version not above the last one: late or repeated */
    SYNC_BAD,     /* says that more of our sales had left the shelf than we made */
};
/* The warehouse counted `count` units on its shelf when `gone` of our sales had left it, at its `version`. Holds and
 * sales are never erased: allocated becomes count + gone, and available bears the difference. */
enum sync_verdict counts_sync(struct counts *c, int64_t count, int64_t gone, int64_t version, int64_t *ret_change);
/* How old a count taken at `counted_ms` is at `now_ms`: never negative, since clocks differ; -1 when `counted_ms` is 0. */
int64_t counts_sync_delay_ms(int64_t counted_ms, int64_t now_ms);

/* False: it is so already. */
bool counts_recall(struct counts *c, enum recall_law mode);

#endif
