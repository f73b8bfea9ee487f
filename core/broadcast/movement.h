/* core/broadcast/movement.h - one stock movement of a shop's ledger, and the counts it led to.
 *
 * The ledger is the shop's truth told in order: whoever folds all movements from the start has the same
 * holds, counts, waitlists and volumes as Redis. */
#ifndef LIVESHELF_CORE_BROADCAST_MOVEMENT_H
#define LIVESHELF_CORE_BROADCAST_MOVEMENT_H

#include "base/types.h"
#include "core/broadcast/limits.h"

enum hold_state { HOLD_NONE, HOLD_HELD, HOLD_CONFIRMED, HOLD_RELEASED, HOLD_EXPIRED, HOLD_VOID };
const char *hold_state_name(enum hold_state state); /* "none", "held", ... "void" */

struct line {
    struct sku_id sku;
    uint32_t units;        /* 1..HOLD_UNITS_MAX */
    int64_t unit_minor;    /* price promised per unit */
    uint32_t price_version;
};

struct hold {
    struct hold_id id;
    struct viewer_id viewer;
    struct broadcast_id broadcast;
    enum hold_state state;
    int64_t expires_at_ms; /* first millisecond at which it is no longer valid */
    uint8_t extends;       /* extensions used */
    bool offer;            /* made from the waitlist */
    char currency[4];
    char order[REF_LEN_MAX + 1]; /* of a confirmed hold */
    uint8_t lines_count;   /* 1..CART_LINES_MAX; a SKU at most once */
    struct line lines[CART_LINES_MAX]; /* last: what is kept by the hundred thousand is cut after lines_count */
};
/* Bytes a hold with so many lines needs when kept; and a copy that touches no more than that. */
#define HOLD_SIZE(lines_count) (offsetof(struct hold, lines) + (lines_count) * sizeof(struct line))
void hold_copy(struct hold *to, const struct hold *from);
int64_t hold_total_minor(const struct hold *h);

enum movement_kind {
    MOVE_RESERVED,  /* available -> held */
    MOVE_OFFERED,   /* available -> held, to the head of the waitlist, who leaves it */
    MOVE_EXTENDED,  /* expires_at_ms moved */
    MOVE_CONFIRMED, /* held -> sold */
    MOVE_RETAKEN,   /* confirmed after expiry: available -> sold */
    MOVE_VOIDED,    /* confirmed after expiry, units gone: refund; nothing moves */
    MOVE_RELEASED,  /* held -> available */
    MOVE_EXPIRED,   /* held -> available */
    MOVE_ALLOCATED, /* outside -> available, `units` */
    MOVE_WITHDRAWN, /* available -> outside, `units` */
    MOVE_SYNCED,    /* absolute count: allocated changed by `units`, may be negative */
    MOVE_STOPPED, MOVE_OPENED, /* a SKU's stop-sale */
    MOVE_LIMIT,     /* units per viewer of a SKU set to `units` */
    MOVE_WAITING,   /* viewer joined the waitlist of a SKU for `units` */
    MOVE_LEFT,      /* viewer left the waitlist of a SKU */
    MOVE_KINDS,
};
const char *movement_kind_name(enum movement_kind kind); /* "reserved", ... */

struct movement {
    enum movement_kind kind;
    int64_t ms;               /* Redis's time of the entry */
    struct hold hold;         /* hold movements: the hold after it. WAITING, LEFT: viewer only */
    struct sku_id sku;        /* stock and waitlist movements */
    int64_t units;            /* the same */
    char ref[REF_LEN_MAX + 1];
};

struct stock_count { /* of one SKU; always available + held + sold == allocated */
    struct sku_id sku;
    int64_t available;        /* < 0: a deficit after a short absolute count; sells nothing */
    int64_t held, sold, allocated;
    bool stopped;
    uint32_t limit_per_viewer;
    int64_t version;          /* of the last absolute count; 0: none yet */
};

#endif
