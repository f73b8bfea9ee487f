/* core/broadcast/event.h - what can happen in a broadcast, as typed values with their time.
 *
 * A log is a sequence of events numbered from 1 without gaps. Its first event is EVENT_BEGUN. An event that is only
 * for hosts is numbered like any other; viewers are sent `none` in its place, so that counting seq proves
 * completeness for everyone. The shop's own log (broadcast id "none") holds EVENT_BEGUN, EVENT_CATALOGUE and
 * EVENT_LISTED. Pure data: owners as said at the pointers. */
#ifndef LIVESHELF_CORE_BROADCAST_EVENT_H
#define LIVESHELF_CORE_BROADCAST_EVENT_H

#include "base/types.h"
#include "core/broadcast/catalogue.h"
#include "core/broadcast/limits.h"
#include "core/broadcast/movement.h"

enum broadcast_state {
    BROADCAST_DRAFT,
    BROADCAST_REHEARSAL,
    BROADCAST_SCHEDULED,
    BROADCAST_LIVE,
    BROADCAST_PAUSED,
    BROADCAST_ENDED,
    BROADCAST_SETTLED,
    BROADCAST_STATES,
};
const char *broadcast_state_name(enum broadcast_state state); /* "draft", ... */

enum sku_state { SKU_OPEN, SKU_STOPPED, SKU_RECALLED };
const char *sku_state_name(enum sku_state state); /* "open", "stopped", "recalled" */

enum notice_level { NOTICE_INFO, NOTICE_CORRECTION, NOTICE_RECALL, NOTICE_OUTAGE };
const char *notice_level_name(enum notice_level level);

enum event_kind {
    EVENT_BEGUN,     /* details: a log begins; carries the epoch */
    EVENT_EPOCH,     /* epoch: history was lost before this event; old seqs may not be resumed */
    EVENT_DETAILS,   /* details: title, video, hold time */
    EVENT_SHELF,     /* shelf: run of show and products on sale */
    EVENT_STATE,     /* state */
    EVENT_PIN_SET,   /* pin */
    EVENT_PIN_CLEARED, /* slot */
    EVENT_CUE,       /* cue */
    EVENT_CUE_DONE,  /* cue_done; for hosts only */
    EVENT_PRICE,     /* price */
    EVENT_OFFER,     /* offer */
    EVENT_NOTICE,    /* notice */
    EVENT_SKU,       /* sku */
    EVENT_CATALOGUE, /* catalogue: one part of a replacement; shop log only */
    EVENT_LISTED,    /* listed: a broadcast was created; shop log only */
    EVENT_APPROVAL,  /* approval: of a price that needs a second person; for hosts only */
    EVENT_EXTRA,     /* extra: a bundle or a freebie begins or ends */
    EVENT_KINDS,
};
const char *event_kind_name(enum event_kind kind); /* "begun", "epoch", "details", "shelf", "state", "pin.set", ... */

struct broadcast_details {
    char title[TITLE_LEN_MAX + 1];
    char video_url[URL_LEN_MAX + 1];
    char video_still[URL_LEN_MAX + 1];
    int64_t hold_ms;       /* how long a hold lasts: 10 s .. 24 h */
    int64_t pdt_offset_ms; /* encoder clock minus server clock */
};

struct shelf_item { /* one SKU on sale in this broadcast */
    struct sku_id sku;
    char title[TITLE_LEN_MAX + 1];
    char image[URL_LEN_MAX + 1];
    char url[URL_LEN_MAX + 1];
    struct price price;         /* what a hold is promised now */
    struct money base_price;    /* what holds again when an offer stops */
    struct money listed_price;  /* what the last shelf asked for; a new shelf that asks the same changes no price.
                                 * Set by the plan; no currency: none was asked for */
    int64_t offer_ends_ms;      /* 0: no offer running */
    uint32_t limit_per_viewer;  /* 0: none */
    uint32_t weight_g;          /* 0: unknown */
    enum sku_state state;
    enum recall_mode recall;    /* RECALLED: what it means for open holds, as the host said it; RECALL_NONE: not said */
    /* A price that is meant does not stop its sale, however low: a second person agreed to it, or a host opened the SKU again
     * after its sale had stopped itself. */
    bool price_meant, base_meant; /* of `price`, of `base_price` */
    uint32_t tripped_version;   /* of the price at which the sale stopped itself last; 0: it never did */
};

/* What goes into the parcel as well, as the host promised it on air. The server counts no orders for it: who packs does. */
enum extra_kind {
    EXTRA_BUNDLE,  /* with each unit of the SKU */
    EXTRA_FREEBIE, /* with each order that has the SKU */
};
const char *extra_kind_name(enum extra_kind kind); /* "bundle", "freebie" */
struct extra {
    struct sku_id sku;           /* that it comes with; a SKU has one extra at a time */
    enum extra_kind kind;
    struct sku_id adds;          /* none: no SKU of its own, the text says what */
    uint32_t adds_units;         /* 1..EXTRA_UNITS_MAX, for each unit or each order */
    uint32_t first_orders;       /* only with the first so many orders; 0: with all until it ends */
    char text[EXTRA_TEXT_LEN_MAX + 1]; /* for viewers: "a sticker with every mug" */
};

struct cue_shown { /* the part of a cue that is for everyone */
    struct cue_id cue;          /* none: no cue yet; in an event: the first cue was taken back */
    int32_t index;              /* in the run of show; -1: none */
    char title[TITLE_LEN_MAX + 1];
    char text[TEXT_LEN_MAX + 1];
    bool sponsored;
};

enum approval_state { APPROVAL_ASKED, APPROVAL_APPROVED, APPROVAL_REJECTED, APPROVAL_LAPSED };
const char *approval_state_name(enum approval_state state); /* "asked", "approved", "rejected", "lapsed" */
const char *approval_kind_name(bool is_offer);              /* "offer", "price" */
struct price_approval {
    struct cue_id id;            /* "a" and the seq of the event that asked */
    enum approval_state state;
    bool is_offer;               /* a timed offer; otherwise a price */
    struct sku_id sku;
    struct money money;          /* asked for */
    int64_t for_ms;              /* of an offer */
    char asked_by[ID_LEN_MAX + 1]; /* empty: by a token without a name, so no host can be told to be another person */
    int64_t until_ms;            /* it lapses then */
    char reason[TEXT_LEN_MAX + 1]; /* why it needs a second person, in plain words */
};

struct pin {
    bool set;
    struct sku_id sku;
    struct cue_id cue;          /* none: pinned by hand */
    bool sponsored;
    char text[TEXT_LEN_MAX + 1];
    int64_t pinned_ms;
    int64_t media_at_ms;
};

#define MUST_SAY_MAX 16
struct event {
    enum event_kind kind;
    uint64_t seq;        /* set when it is in the log; 0 before */
    int64_t ms;          /* server time at which it was decided */
    int64_t media_at_ms; /* on the encoder's clock; pins and cues are shown then. 0: at once */
    uint8_t undo_part;   /* n: the nth event (from 1) of one act that undo takes back whole; 0: of no such act */
    char by[ID_LEN_MAX + 1]; /* who did it (sub of the token); for the log, never sent to viewers */
    union {
        struct {
            struct epoch_id epoch;
            struct broadcast_details details;
        } begun;
        struct epoch_id epoch;
        struct broadcast_details details;
        struct {
            char *document;            /* the run of show as normalised JSON (NUL-terminated); owned by the event */
            struct shelf_item *items;  /* owned by the event */
            size_t count;              /* <= SHELF_ITEMS_MAX */
        } shelf;
        struct {
            enum broadcast_state state;
            char reason[TEXT_LEN_MAX + 1];
            bool forced;               /* started against preflight */
        } state;
        struct {
            uint8_t slot;              /* 0..PIN_SLOTS-1 */
            struct pin pin;
        } pin_set;
        uint8_t slot;                  /* EVENT_PIN_CLEARED */
        struct cue_shown cue;
        struct {
            struct cue_id cue;
            uint8_t count;             /* <= MUST_SAY_MAX */
            bool said[MUST_SAY_MAX];
        } cue_done;
        struct {
            struct sku_id sku;
            struct price price;
            bool meant;                /* a second person agreed */
        } price;
        struct {
            struct sku_id sku;
            bool started;
            struct price price;        /* that holds from now */
            bool meant;                /* started: a second person agreed */
            int64_t ends_ms;           /* 0 when stopped */
        } offer;
        struct {
            struct cue_id id;          /* "n" and the seq */
            char text[TEXT_LEN_MAX + 1]; /* empty: the notice is taken down */
            enum notice_level level;
        } notice;
        struct {
            struct sku_id sku;
            enum sku_state state;
            bool tripped;              /* the sale stopped itself */
            enum recall_mode recall;   /* RECALLED: what it means for open holds; RECALL_NONE: not said */
            char reason[TEXT_LEN_MAX + 1];
        } sku;
        struct {
            struct product *products;  /* owned by the event */
            size_t count;              /* of this part, <= CATALOGUE_PART_MAX */
            bool first, last;          /* the first part empties the catalogue, the last makes it current */
        } catalogue;
        struct price_approval approval;
        struct {
            bool started;              /* false: ended; then all but the SKU is as it was */
            struct extra extra;
        } extra;
        struct {
            struct broadcast_id broadcast;
            char title[TITLE_LEN_MAX + 1];
        } listed;
    } u;
};

void event_finish(struct event *e);                 /* frees what the event owns; zeroes; zeroed memory is fine */
bool event_is_for_viewers(enum event_kind kind);    /* false: viewers are sent `none` */

#endif
