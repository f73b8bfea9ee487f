/* core/broadcast/broadcast.h - the rules of one broadcast: what may happen, and what is after it happened.
 *
 * Pure: no I/O, no clock, no JSON. Two doors:
 *   broadcast_plan   a host's act -> the events it would append, or why not   (changes nothing)
 *   broadcast_step   an event from the log -> the next state                  (the only writer)
 * Every node steps the same events in the same order and so has the same state. */
#ifndef LIVESHELF_CORE_BROADCAST_BROADCAST_H
#define LIVESHELF_CORE_BROADCAST_BROADCAST_H

#include "core/broadcast/event.h"
#include "core/broadcast/movement.h"
#include "core/broadcast/price_guard.h"

struct undo_record {         /* what the last undoable act replaced */
    int64_t until_ms;        /* first millisecond at which it is too late; 0: nothing to undo */
    uint64_t seq;            /* of the act's first event; anything undoable after it replaces the record */
    struct pin pins[PIN_SLOTS];
    struct cue_shown cue;
    struct sku_id price_sku; /* none: no price was changed */
    struct money price, base_price; /* these differ when the act ended an offer */
    bool price_meant, base_meant;
    int64_t offer_ends_ms;
    struct sku_id extra_sku; /* none: no extra began or ended */
    struct extra extra;      /* that ran on it before; no SKU: none did */
};

struct broadcast {
    struct shop_id shop;
    struct broadcast_id id;
    struct epoch_id epoch;
    uint64_t seq;            /* of the last event stepped; 0 before the first */
    enum broadcast_state state;
    uint64_t state_seq;      /* of the event that made it so; 0: as it began */
    struct broadcast_details details;
    int64_t created_ms, started_ms, ended_ms; /* 0: not yet */
    struct pin pins[PIN_SLOTS];
    struct shelf_item *items; /* owned */
    size_t items_count;
    uint32_t price_version_floor; /* highest of the SKUs that left the shelf: one that comes back starts above it */
    char *document;           /* run of show, owned; NULL: none */
    uint64_t document_seq;    /* seq of the EVENT_SHELF it came with */
    struct cue_shown cue;
    struct {
        struct cue_id id;
        char text[TEXT_LEN_MAX + 1]; /* empty: none */
        enum notice_level level;
        int64_t ms;
    } notice;
    struct {                  /* must-say ticks, newest last */
        struct cue_id cue;
        uint8_t count;
        bool said[MUST_SAY_MAX];
    } *done;                  /* owned */
    size_t done_count;
    /* Prices that were asked of a second person, oldest first; decided and lapsed ones stay while there is room. Owned, of
     * APPROVALS_MAX places; NULL: none was ever asked. */
    struct price_approval *approvals;
    size_t approvals_count;
    struct extra *extras;     /* that run, oldest first. Owned, of EXTRAS_MAX places; NULL: there was none yet */
    size_t extras_count;
    struct undo_record undo;
};

void broadcast_init(struct broadcast *b, const struct shop_id *shop, const struct broadcast_id *id);
void broadcast_finish(struct broadcast *b);
/* `e->seq` must be b->seq + 1 (MUST). Takes what the event owns (document, items) and leaves it empty there.
 * RESULT_MALFORMED: the event cannot follow this state, RESULT_NO_MEMORY: nothing was changed and nothing taken. */
MUST_USE enum result broadcast_step(struct broadcast *b, struct event *e);

const struct shelf_item *broadcast_item(const struct broadcast *b, const char *sku); /* NULL: not on the shelf */
const struct extra *broadcast_extra(const struct broadcast *b, const char *sku);     /* NULL: none runs with it */
bool broadcast_is_selling(const struct broadcast *b);                                /* live, not paused */
const struct price_approval *broadcast_approval(const struct broadcast *b, const char *id); /* NULL: not known any more */
/* The one that waits for this SKU; NULL: none does. */
const struct price_approval *broadcast_approval_of(const struct broadcast *b, const char *sku, int64_t now_ms);
bool approval_is_pending(const struct price_approval *a, int64_t now_ms); /* neither decided nor lapsed */

/* ---- what a host does ---- */
enum act_kind {
    ACT_START, ACT_PAUSE, ACT_RESUME, ACT_END,
    ACT_PIN_SET, ACT_PIN_CLEAR, ACT_CUE, ACT_CUE_DONE, ACT_PRICE, ACT_OFFER_START, ACT_OFFER_STOP,
    ACT_NOTICE, ACT_SKU_STOP, ACT_SKU_OPEN, ACT_RECALL, ACT_UNDO, ACT_SHELF, ACT_DETAILS, ACT_APPROVE, ACT_REJECT,
    ACT_EXTRA_ADD, ACT_EXTRA_END,
};
struct act {
    enum act_kind kind;
    int64_t now_ms;
    const char *by;               /* sub of the token; may be NULL */
    bool by_name;                 /* the token has a sub: another name is another person */
    bool by_shop;                 /* by the shop's own systems, which are nobody's second self */
    bool force;                   /* START: preflight was overridden */
    uint8_t slot;                 /* PIN_*, CUE */
    struct sku_id sku;            /* PIN_SET, PRICE, OFFER_*, SKU_*, RECALL, EXTRA_END */
    struct money price;           /* PRICE, OFFER_START, CUE */
    int64_t for_ms;               /* OFFER_START: 1 s .. 24 h */
    struct price_guard guard;     /* PRICE, OFFER_START: zeroed lets every price through */
    int64_t approval_ms;          /* PRICE, OFFER_START: how long a second person may take */
    const char *approval;         /* APPROVE, REJECT */
    bool tripped;                 /* SKU_STOP: the sale stops itself */
    const char *text;             /* NOTICE, reasons, RECALL; may be NULL */
    enum notice_level level;
    enum recall_mode recall;      /* RECALL: what it means for open holds, as far as who asks knows */
    struct extra extra;           /* EXTRA_ADD: in its ranges */
    /* CUE: the cue's public part, and its SKU, slot and price as the run of show has them. PIN_SET: the cue whose words and
     * label the pin carries; none: those of a pin that shows the SKU already, or no words */
    struct cue_shown cue;
    struct sku_id cue_sku;        /* none: nothing is pinned */
    bool cue_has_price;
    struct { struct cue_id cue; uint8_t count; bool said[MUST_SAY_MAX]; } done; /* CUE_DONE */
    const char *document;         /* SHELF: normalised run of show; NULL: the present one stays */
    /* SHELF: `price.money` is what the plan and catalogue ask (no currency: nothing). Version, state, base and offer are
     * ignored: a SKU that stays keeps them unless another price is asked than by the last shelf. */
    const struct shelf_item *items;
    size_t items_count;
    struct broadcast_details details; /* DETAILS */
};
enum act_answer {
    ACT_DONE,          /* the events say what to append; count may be 0 when nothing would change */
    ACT_NOT_LIVE,      /* not before the start: pause, resume, end, offer */
    ACT_STATE,         /* not in this state: started twice, ended, resumed while live */
    ACT_SKU_UNKNOWN,   /* not on the shelf */
    ACT_PRICE_MISSING, /* a SKU without price cannot be pinned for sale */
    ACT_NOTHING_TO_UNDO,
    ACT_RECALLED,      /* a recalled SKU is neither pinned nor opened */
    ACT_CURRENCY,      /* a broadcast sells in one currency */
    ACT_AMOUNT,        /* nothing is sold for nothing */
    /* The price needs a second person: the events ask for it, as EVENT_APPROVAL (asked), the last of them. count 0: this was
     * asked already, and waits. */
    ACT_APPROVAL_ASKED,
    ACT_APPROVALS_FULL,    /* APPROVALS_MAX prices wait already */
    ACT_APPROVAL_UNKNOWN,
    ACT_APPROVAL_DECIDED,
    ACT_APPROVAL_LAPSED,
    ACT_EXTRAS_FULL,       /* EXTRAS_MAX run already */
    ACT_APPROVAL_OWN,      /* by who asked, or who cannot be told from them */
};
/* Fills `ret` (at least EVENT_BATCH_MAX zeroed events; the caller finishes them all) and *ret_count on ACT_DONE and
 * ACT_APPROVAL_ASKED.
 * A cue gives EVENT_CUE, then EVENT_PRICE when its price differs from the shelf's, then EVENT_PIN_SET.
 * A new price while an offer runs (of a cue: only when it differs from the price under the offer) gives EVENT_OFFER
 * (stopped) before EVENT_PRICE.
 * A price of a SKU that waits for a second person ends the waiting: EVENT_APPROVAL (rejected) comes first.
 * An approval gives EVENT_APPROVAL (approved), then what the price or offer gives now; refused as those are, it stays open.
 * An extra of a SKU that has another one replaces it. Extras end without an event of their own when their SKU, or what they add,
 * is recalled, and when their SKU leaves the shelf.
 * A recall gives EVENT_SKU (recalled; again when it means something else for open holds than before), EVENT_PIN_CLEARED for each slot that shows it, EVENT_NOTICE if it has a text.
 * A recalled SKU stays on the shelf, also when a new run of show leaves it out.
 * ACT_SKU_STOP of a stopped SKU, and the like, give no event: safe to repeat. Pins are allowed before the start too;
 * notices, stops and recalls also after the end. No memory for a shelf's copy stops the process. */
enum act_answer broadcast_plan(const struct broadcast *b, const struct act *a, struct event *ret, size_t *ret_count);

/* ---- what a viewer may ask ---- */
enum reserve_refusal {
    RESERVE_ALLOWED,
    RESERVE_NOT_LIVE,
    RESERVE_PAUSED,
    RESERVE_SKU_UNKNOWN,
    RESERVE_STOPPED,
    RESERVE_RECALLED,
    RESERVE_PRICE_CHANGED, /* seen version is not the shelf's */
    RESERVE_NO_PRICE, /* or one of 0: nothing is sold for nothing */
};
struct reserve_wish {
    uint8_t lines_count;
    struct { struct sku_id sku; uint32_t units; uint32_t seen_price; /* 0: not said */ } lines[CART_LINES_MAX];
};
/* On RESERVE_ALLOWED fills `ret_lines` with the prices promised now and *ret_currency; otherwise *ret_line is the
 * index of the offending line. */
enum reserve_refusal broadcast_may_reserve(const struct broadcast *b, const struct reserve_wish *wish, struct line *ret_lines,
                                           char ret_currency[4], uint8_t *ret_line);

#endif
