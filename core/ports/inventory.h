/* core/ports/inventory.h - stock and holds, decided atomically per shop. Real: inventory/redis (batched Redis Functions).
 * Stand-in: inventory/memory, on inventory/rules.
 *
 * A request is owned by the caller until its `done` ran: exactly once, on the loop thread, never from inside the call
 * that started it. `done` is the last touch of the request.
 *
 * The requests of one call (a batch) are done in their order; the call writes one ledger entry when anything moved. The fine
 * points of the law, the same in every implementation:
 *   - Time. A broadcast's clock shows now - stood - pause, where pause is now - since while it is frozen, 0 when negative (the
 *     server's clock stepped back), and is added to stood by the thaw. A new or extended hold ends at that clock + ttl; one
 *     without a broadcast lives on server time. Answers tell held holds as end + stood + pause, ended ones with the server
 *     time of their end; so do the movements that end one.
 *   - Due holds end at the head of every call, in the order of (end + stood, id as bytes), each followed by its lines being
 *     served; no more than HOLD_EXPIRE_BATCH_MAX by one call, fewer where very many timers are of holds that ended since.
 *     Spared: one with a confirm, or an extend that will be granted, in the call. Parked, so never due: one whose clock is
 *     frozen, or with a SKU recalled with KEEP. What a thaw or a lifted recall finds overdue ends at the head of the next call.
 *   - A hold that ended HOLD_RETAIN_MS ago is unknown and its id free, purged or not.
 *   - Sale (reserve, offers) leaves the buffer alone: SOLD_OUT, or HELD_OUT when any unit is held, if available - buffer
 *     is too little. Late confirms and withdrawals may use it. Lowering it serves the line at once. It may exceed what
 *     is available.
 *   - CONFIRM: replays when confirmed, whatever was recalled since. Held or released, with a SKU recalled with KEEP or
 *     CANCEL: RECALLED, nothing changes. Expired, and a SKU is stopped (so: recalled in any mode): void, HOLD_EXPIRED.
 *   - EXTEND and RELEASE ask about no recall. TAKE_BACK judges a hold as RELEASE does, but for no viewer (released: REPLAYED;
 *     confirmed, expired: said so); a held one without a SKU recalled with CANCEL is IGNORED. All these answer `hold`.
 *   - RECALL: any mode may follow any other; the SKU is stopped from then on, RECALL_NONE included; an unknown SKU becomes
 *     known. RECALL, BUFFER, LIMIT saying what is so: REPLAYED, nothing becomes known. STOP of a recalled SKU: REPLAYED.
 *   - FREEZE says what is so: REPLAYED, whatever its seq. Otherwise, of the epoch last applied with a seq not above:
 *     IGNORED. Neither changes anything, the seq remembered included. Everything else applies.
 *   - An offer has its place's number; when an offer of that number was put back meanwhile, the next number there is.
 *   - SYNC: the delay is now - counted_ms, 0 when negative, -1 when counted_ms is 0; a negative counted_ms is BAD.
 *   - CHECKPOINT: an entry of its own, after the call's other entry, with the state at the end of the call; it is judged then
 *     too, REPLAYED before BUSY; a second one in the call is REPLAYED. An empty shop has one without lines. */
#ifndef LIVESHELF_CORE_PORTS_INVENTORY_H
#define LIVESHELF_CORE_PORTS_INVENTORY_H

#include "base/list.h"
#include "core/broadcast/claims.h"

enum inventory_op {
    INVENTORY_RESERVE,        /* hold.{id,viewer,broadcast,currency,lines} ttl_ms */
    INVENTORY_EXTEND,         /* hold.{id,viewer} ttl_ms: valid until now+ttl at least; at most EXTENDS_MAX times */
    INVENTORY_CONFIRM,        /* hold.id, order, amount: the viewer is not checked */
    INVENTORY_RELEASE,        /* hold.{id,viewer}; viewer none: on behalf of the shop */
    INVENTORY_TAKE_BACK,      /* hold.id: ends it as MOVE_RECALLED; DONE only while a SKU of it is recalled with CANCEL */
    INVENTORY_WAITLIST_JOIN,  /* hold.{viewer,broadcast,currency}, one line; ttl_ms of the offer to come */
    INVENTORY_WAITLIST_LEAVE, /* hold.viewer, sku of line 0 */
    INVENTORY_ALLOCATE,       /* sku, units, ref */
    INVENTORY_WITHDRAW,       /* sku, units, ref */
    INVENTORY_SYNC,           /* sku, units (absolute count), gone, version, counted_ms */
    INVENTORY_STOP,           /* sku */
    INVENTORY_OPEN,           /* sku */
    INVENTORY_LIMIT,          /* sku, units (per viewer; 0 none) */
    INVENTORY_RECALL,         /* sku, recall: in one step stopped and recalled; opening is refused until RECALL_NONE */
    INVENTORY_BUFFER,         /* sku, units to withhold from sale */
    INVENTORY_FREEZE,         /* hold.broadcast, frozen, epoch, version = seq of the state event: its clock stands still or goes on.
                               * IGNORED: of that epoch a later seq was seen */
    INVENTORY_CHECKPOINT,     /* writes all counts, open holds, lines and clocks into the ledger; REPLAYED: one is younger than
                               * ttl_ms; BUSY: more than CHECKPOINT_HOLDS_MAX are open or in line */
    INVENTORY_HOLD_GET,       /* hold.id: reads */
    INVENTORY_EXPIRE,         /* shop: expire what is due now; any node may, at any time */
    INVENTORY_OPS,
};

enum inventory_answer {
    INVENTORY_DONE,
    INVENTORY_REPLAYED,       /* the same was done before; `hold` or `count` is the state now */
    INVENTORY_LATE,           /* confirmed after expiry, units taken again */
    INVENTORY_SOLD_OUT,       /* not enough; nothing taken; `fault_line` */
    INVENTORY_HELD_OUT,       /* not enough, but units are held that may come back */
    INVENTORY_LIMIT_REACHED,
    INVENTORY_STOPPED,
    INVENTORY_SKU_UNKNOWN,
    INVENTORY_MISMATCH,       /* this id was used with other parameters; or amount or currency differ from the hold's */
    INVENTORY_HOLD_UNKNOWN,   /* unknown, purged, or another viewer's */
    INVENTORY_HOLD_EXPIRED,   /* on confirm: void for good, refund */
    INVENTORY_HOLD_RELEASED,
    INVENTORY_HOLD_CONFIRMED,
    INVENTORY_EXTENDS_USED,   /* no extension left; the hold is unchanged */
    INVENTORY_IGNORED,        /* SYNC: late or repeated version. FREEZE, TAKE_BACK: as said at the op */
    INVENTORY_RECALLED,       /* CONFIRM: not sold because of a recall (paid: refund). OPEN: recalled */
    INVENTORY_BUSY,           /* CHECKPOINT */
    INVENTORY_BAD,            /* refused as malformed: a fault of ours */
    INVENTORY_ANSWERS,
};
const char *inventory_answer_name(enum inventory_answer answer); /* "done", "sold_out", ...; core/ports/inventory.c */
#define CHECKPOINT_HOLDS_MAX 20000

struct inventory_request {
    enum inventory_op op;
    struct shop_id shop;
    struct hold hold;          /* in: as said at the op; out: the hold after it, where there is one (state HOLD_NONE otherwise) */
    int64_t ttl_ms;
    struct money amount;       /* CONFIRM */
    struct sku_id sku;
    int64_t units, gone, version;
    int64_t counted_ms;        /* SYNC: server time at which the shelf was counted; 0: not said */
    enum recall_mode recall;   /* RECALL */
    bool frozen;               /* FREEZE */
    /* RESERVE, CONFIRM: it was done and answered before, and a fail-over lost it. Neither stop, recall nor limit refuses it, only
     * units that are not there. A RESERVE with hold.offer puts an offer back under its own id (MOVE_OFFERED): its viewer leaves
     * the line, and offers to come are numbered above it. */
    bool restores;
    struct epoch_id epoch;     /* FREEZE */
    char ref[REF_LEN_MAX + 1]; /* ALLOCATE, WITHDRAW: idempotency, per SKU; CONFIRM: the order */
    /* ---- the answer ---- */
    enum result result;        /* RESULT_OK, UNAVAILABLE (never asked), NO_ANSWER (may have happened), FULL (queue) */
    enum inventory_answer answer;
    uint8_t fault_line;        /* index of the line refused */
    int64_t ahead;             /* WAITLIST_JOIN: viewers before this one */
    struct stock_count count;  /* stock ops: after it */
    char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* of the last entry the call wrote, "" when none was */
    void (*done)(struct inventory_request *request);
    void *impl[8];
};

struct inventory {
    void (*ask)(struct inventory *inventory, struct inventory_request *request);
};

#endif
