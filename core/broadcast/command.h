/* core/broadcast/command.h - one request of a person or a machine, decoded and within its limits. What the decoder lets
 * in, the core may trust: ids are valid, quantities and money in range, texts UTF-8 and within their length. */
#ifndef LIVESHELF_CORE_BROADCAST_COMMAND_H
#define LIVESHELF_CORE_BROADCAST_COMMAND_H

#include "core/broadcast/broadcast.h"
#include "core/broadcast/estimate.h"
#include "core/broadcast/hooks.h"

#define ACTUALS_MAX 1000 /* of one request */
#define NOTE_LEN_MAX 200 /* of a stamp: bytes of UTF-8 */

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_HOST, ROLE_LOGISTICS, ROLE_INTEGRATOR };
const char *role_name(enum role role);

enum command_kind {
    COMMAND_HELLO, COMMAND_PING, COMMAND_CLOCK, /* answered in ws/lws */
    /* viewer (and host) */
    COMMAND_RESERVE, COMMAND_EXTEND, COMMAND_RELEASE, COMMAND_CHECKOUT, COMMAND_WAITLIST_JOIN, COMMAND_WAITLIST_LEAVE,
    /* host */
    COMMAND_PIN_SET, COMMAND_PIN_CLEAR, COMMAND_CUE_NEXT, COMMAND_CUE_GO, COMMAND_CUE_DONE, COMMAND_PRICE_SET, COMMAND_NOTICE,
    COMMAND_OFFER_START, COMMAND_OFFER_STOP, COMMAND_STOCK_STOP, COMMAND_STOCK_OPEN, COMMAND_RECALL, COMMAND_START,
    COMMAND_PAUSE, COMMAND_RESUME, COMMAND_END, COMMAND_UNDO, COMMAND_RUN_LOAD, COMMAND_PREFLIGHT,
    COMMAND_APPROVE, COMMAND_REJECT, /* of a price that another host asked for */
    /* host and integrator */
    COMMAND_STOCK_ALLOCATE, COMMAND_STOCK_WITHDRAW,
    /* integrator, over HTTP */
    COMMAND_STOCK_SYNC, COMMAND_STOCK_GET, COMMAND_CATALOGUE_PUT, COMMAND_CATALOGUE_GET, COMMAND_BROADCAST_CREATE, COMMAND_BROADCAST_LIST,
    COMMAND_BROADCAST_GET, COMMAND_RUN_GET, COMMAND_HOLD_GET, COMMAND_HOLD_CONFIRM, COMMAND_HOLD_RELEASE,
    COMMAND_HOLD_RESERVE, COMMAND_HOLD_EXTEND, /* by the shop for a viewer of its own */
    COMMAND_AFFECTED_GET, /* holds and orders that a recall touches; also to hosts */
    COMMAND_VOLUMES_GET,
    COMMAND_EXTRA_ADD, COMMAND_EXTRA_END, /* host: a bundle or freebie on air */
    /* answered by the board and the courier (command_is_logistics) */
    COMMAND_LOGISTICS_PUT, COMMAND_LOGISTICS_GET,
    COMMAND_ACTUALS_POST, COMMAND_SETTLE, COMMAND_ESTIMATE_STAMP, COMMAND_STAMPS_GET, COMMAND_STAMP_GET, COMMAND_CHANGES_GET,
    COMMAND_HOOKS_PUT, COMMAND_HOOKS_GET, COMMAND_HOOK_DEAD_GET, COMMAND_HOOK_REPLAY,
    COMMAND_KINDS,
};
const char *command_kind_name(enum command_kind kind); /* the wire's t: "hello", "pin.set", ...; HTTP ones "catalogue.put", ... */
bool command_is_allowed(enum command_kind kind, enum role role); /* by role alone */
bool command_is_logistics(enum command_kind kind); /* the board or the courier answers it, not the orchestrator */
bool command_is_hooks(enum command_kind kind);     /* of those: the courier */

struct command {
    enum command_kind kind;
    char id[ID_LEN_MAX + 1];      /* chosen by the client; "" over HTTP */
    bool has_expect_seq;
    uint64_t expect_seq;
    struct broadcast_id broadcast; /* from the path or the conn; none for shop-wide requests */
    struct hold_id hold;          /* RESERVE: equals id. EXTEND RELEASE CHECKOUT HOLD_* */
    struct viewer_id viewer;      /* HOLD_RESERVE: for whom */
    struct reserve_wish wish;     /* RESERVE HOLD_RESERVE */
    struct sku_id sku;            /* WAITLIST_* PIN_SET PRICE_SET OFFER_* STOCK_* RECALL AFFECTED_GET EXTRA_* */
    enum recall_mode recall;      /* RECALL: CANCEL when not said */
    char approval[ID_LEN_MAX + 1]; /* APPROVE REJECT: "a" and the seq of the event that asked */
    uint32_t qty;                 /* WAITLIST_JOIN: 1.. */
    uint8_t slot;                 /* PIN_* */
    struct cue_id cue;            /* CUE_GO CUE_DONE */
    uint8_t said_count;           /* CUE_DONE */
    bool said[MUST_SAY_MAX];
    struct money money;           /* PRICE_SET OFFER_START HOLD_CONFIRM */
    int64_t for_ms;               /* OFFER_START */
    enum notice_level level;      /* NOTICE */
    char text[TEXT_LEN_MAX + 1];  /* NOTICE RECALL; reason of STOCK_STOP; note of ESTIMATE_STAMP */
    bool force;                   /* START */
    int64_t units;                /* STOCK_ALLOCATE STOCK_WITHDRAW; count of STOCK_SYNC */
    int64_t gone, version;        /* STOCK_SYNC */
    int64_t counted_ms;           /* STOCK_SYNC: when the shelf was counted; 0: not said */
    char ref[REF_LEN_MAX + 1];    /* STOCK_ALLOCATE STOCK_WITHDRAW; order of HOLD_CONFIRM */
    int64_t playing_ms;           /* CLOCK */
    struct broadcast_details details; /* BROADCAST_CREATE */
    char *document;               /* RUN_LOAD: {"cues":[...]}, NUL-terminated, owned by the command, not yet validated */
    size_t document_len;
    struct product *products;     /* CATALOGUE_PUT: owned by the command; SKUs are unique */
    size_t products_count;
    struct {                      /* HELLO */
        char *token;              /* owned by the command */
        char viewer_key[256];     /* "" when none was sent */
        bool has_resume;
        struct epoch_id resume_epoch;
        uint64_t resume_seq;
        char locale[36], src[64];
    } hello;
    enum command_form { FORM_JSON, FORM_TABLE, FORM_OBSERVED } form; /* VOLUMES_GET AFFECTED_GET: as CSV. OBSERVED: of VOLUMES_GET, what
                                                                        was counted, not what is expected */
    struct extra extra;           /* EXTRA_ADD: whole, in its ranges, with a text; its SKU is `sku` too */
    struct logistics_plan *plan;  /* LOGISTICS_PUT: owned by the command; `version` is 0, ids are unique */
    struct actual *actuals;       /* ACTUALS_POST: owned by the command; 1..ACTUALS_MAX, ids are unique */
    size_t actuals_count;
    struct hook_endpoint *hooks;  /* HOOKS_PUT: owned by the command; 0..HOOKS_MAX, ids are unique */
    size_t hooks_count;
    char stamp[ID_LEN_MAX + 1];   /* STAMP_GET */
    char hook[ID_LEN_MAX + 1];    /* HOOK_DEAD_GET HOOK_REPLAY: the endpoint */
    char message[ID_LEN_MAX + 1]; /* HOOK_REPLAY: this one; "": those of `broadcast` after `after_seq` */
    uint64_t after_seq;           /* CHANGES_GET HOOK_REPLAY: 0: all */
};
void command_finish(struct command *c);
struct command command_move(struct command *from); /* with what it owns, but for hello's token */

/* Who asks. Taken from a verified token; `conn` is the address of the answer. */
struct asker {
    uint64_t conn;                /* never reused while the process lives */
    enum role role;
    struct shop_id shop;
    struct broadcast_id broadcast; /* the conn's or the path's; none for shop-wide requests */
    struct viewer_id viewer;      /* ROLE_VIEWER and ROLE_HOST: the person */
    char sub[ID_LEN_MAX + 1];     /* for the log, and to tell people apart when the token has one: */
    bool has_sub;
};

#endif
