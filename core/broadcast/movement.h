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
    /* Held: the first millisecond at which it is no longer valid. In the ledger and in claims on its broadcast's clock, which
     * stands still while the broadcast is paused (claims_expires_ms tells server time); everywhere else, answers of the stock and
     * messages, server time as if the broadcast went on now. Ended: server time at which it ended. */
    int64_t expires_at_ms;
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
    MOVE_RECALLED,  /* held -> available: the shop took it back with a recall; the hold is RELEASED */
    MOVE_KEPT,      /* in a checkpoint only: a hold that is open, as it is; nothing moves */
    MOVE_ALLOCATED, /* outside -> available, `units` */
    MOVE_WITHDRAWN, /* available -> outside, `units` */
    MOVE_SYNCED,    /* absolute count: allocated changed by `units`, may be negative; `gone`, `version`, `delay_ms` */
    MOVE_STOPPED, MOVE_OPENED, /* a SKU's stop-sale */
    MOVE_LIMIT,     /* units per viewer of a SKU set to `units` */
    MOVE_WAITING,   /* viewer joined the waitlist of a SKU for `units` */
    MOVE_LEFT,      /* viewer left the waitlist of a SKU */
    MOVE_RECALL,    /* a SKU's recall is now `recall`; it is stopped too (RECALL_NONE: lifted, still stopped) */
    MOVE_BUFFER,    /* units of a SKU withheld from sale: now `units` */
    MOVE_FROZEN,    /* a broadcast's clock stands still since `ms` of the entry; hold.broadcast */
    MOVE_THAWED,    /* it goes on; it stood still for `units` ms by now, in all; hold.broadcast */
    MOVE_KINDS,
};
const char *movement_kind_name(enum movement_kind kind); /* "reserved", ... */
bool movement_is_of_hold(enum movement_kind kind);       /* RESERVED .. KEPT: `hold` is whole */

/* What a recall means for holds that are open when it comes. All stop the SKU, and refuse late confirms. */
enum recall_mode {
    RECALL_NONE,
    RECALL_KEEP,   /* they stay, their clocks stand still, and nobody can pay until it is decided otherwise */
    RECALL_CANCEL, /* they end (MOVE_RECALLED); a payment that comes after is refused as recalled */
    RECALL_HONOUR, /* who has one may still pay */
    RECALL_MODES,
};
const char *recall_mode_name(enum recall_mode mode); /* "none", "keep", "cancel", "honour" */

struct movement {
    enum movement_kind kind;
    int64_t ms;               /* Redis's time of the entry */
    struct hold hold;         /* hold movements: the hold after it. WAITING, LEFT: viewer only */
    struct sku_id sku;        /* stock and waitlist movements */
    int64_t units;            /* the same */
    int64_t gone, version;    /* SYNCED */
    int64_t delay_ms;         /* SYNCED: from the count outside to the entry; -1: not said */
    enum recall_mode recall;  /* RECALL */
    char ref[REF_LEN_MAX + 1];
};

struct stock_count { /* of one SKU; always available + held + sold == allocated */
    struct sku_id sku;
    int64_t available;        /* < 0: a deficit after a short absolute count; sells nothing */
    int64_t held, sold, allocated;
    bool stopped;
    enum recall_mode recall;
    uint32_t limit_per_viewer;
    int64_t version;          /* of the last absolute count; 0: none yet */
    int64_t buffer;           /* units of `available` withheld from sale; what can be sold is available - buffer */
};

int64_t stock_left(const struct stock_count *count); /* what can be sold now: >= 0 */

#endif
