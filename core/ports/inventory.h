/* core/ports/inventory.h - stock and holds, decided atomically per shop. Real: inventory/redis (batched Redis Functions).
 * Stand-in: inventory/memory, on inventory/rules.
 *
 * A request is owned by the caller until its `done` ran: exactly once, on the loop thread, never from inside the call
 * that started it. `done` is the last touch of the request. */
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
    INVENTORY_IGNORED,        /* SYNC: late or repeated version */
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
    struct epoch_id epoch;     /* FREEZE */
    char ref[REF_LEN_MAX + 1]; /* ALLOCATE, WITHDRAW: idempotency, per SKU; CONFIRM: the order */
    /* ---- the answer ---- */
    enum result result;        /* RESULT_OK, UNAVAILABLE (never asked), NO_ANSWER (may have happened), FULL (queue) */
    enum inventory_answer answer;
    uint8_t fault_line;        /* index of the line refused */
    int64_t ahead;             /* WAITLIST_JOIN: viewers before this one */
    struct stock_count count;  /* stock ops: after it */
    char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* of the entry written, "" when none was */
    void (*done)(struct inventory_request *request);
    void *impl[8];
};

struct inventory {
    void (*ask)(struct inventory *inventory, struct inventory_request *request);
};

#endif
