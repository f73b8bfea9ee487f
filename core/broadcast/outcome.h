/* core/broadcast/outcome.h - the one answer to a command, or a word to a viewer about their own holds. Typed; ws/wire
 * turns it into a message or an HTTP body. */
#ifndef LIVESHELF_CORE_BROADCAST_OUTCOME_H
#define LIVESHELF_CORE_BROADCAST_OUTCOME_H

#include "core/broadcast/command.h"

enum error_code {
    ERROR_NONE,
    ERROR_SOLD_OUT, ERROR_HELD_OUT, ERROR_LIMIT_REACHED, ERROR_PRICE_CHANGED, ERROR_NOT_LIVE, ERROR_PAUSED, ERROR_RECALLED,
    ERROR_STOPPED, ERROR_SKU_UNKNOWN, ERROR_HOLD_UNKNOWN, ERROR_HOLD_EXPIRED, ERROR_HOLD_CONFIRMED, ERROR_HOLD_RELEASED, ERROR_CONFLICT,
    ERROR_PREFLIGHT_FAILED, ERROR_RATE_LIMITED, ERROR_OVERLOADED, ERROR_UNAUTHENTICATED, ERROR_TOKEN_EXPIRED, ERROR_FORBIDDEN,
    ERROR_BAD_REQUEST, ERROR_TOO_LARGE, ERROR_UNAVAILABLE, ERROR_MISMATCH, ERROR_NOT_FOUND,
    ERROR_APPROVAL_NEEDED, /* asked for in the log: `approval` names it; a second host decides */
    ERROR_CODES,
};
const char *error_code_name(enum error_code code);  /* "sold_out", ... */
const char *error_code_title(enum error_code code); /* plain words for a person: "Sold out" */
int error_code_http(enum error_code code);          /* 409, ... as in studies/product.md 4.7 */

enum outcome_kind {
    OUTCOME_ERROR,      /* error */
    OUTCOME_OK,         /* seq */
    OUTCOME_HOLD,       /* hold; pushed (no `re`) when command id is "" */
    OUTCOME_WAITLIST,   /* waitlist */
    OUTCOME_STOCK,      /* one SKU's count, `replayed`, `ignored` */
    OUTCOME_CONFIRMED,  /* hold, replayed */
    OUTCOME_BROADCAST,  /* created (201) or not; the view is borrowed for the call */
    OUTCOME_PREFLIGHT,  /* preflight */
    OUTCOME_RUN,        /* cues count and preflight (PUT); GET: the view's run of show */
    OUTCOME_CATALOGUE,  /* products count (PUT); GET: the catalogue, borrowed */
    OUTCOME_STOCK_LIST, /* the claims, borrowed */
    OUTCOME_BROADCAST_LIST, /* ids and titles, borrowed */
    OUTCOME_VOLUMES,    /* volumes, borrowed */
    OUTCOME_RECALL,     /* seq, sku's stock, `affected` */
    OUTCOME_AFFECTED,   /* the holds, borrowed; `affected`, `stock` */
    OUTCOME_PLAN,       /* plan, borrowed; NULL: none was ever put */
    OUTCOME_ACTUALS,    /* actuals */
    OUTCOME_STAMP,      /* stamps[0], borrowed; `created` (201). GET also: the document that was frozen */
    OUTCOME_STAMPS,     /* `count` stamps, borrowed */
    OUTCOME_CHANGES,    /* `count` changes, borrowed, titles from `catalogue` (may be NULL) */
    OUTCOME_HOOKS,      /* `count` hooks, borrowed; their secrets are not told */
    OUTCOME_HOOK_DEAD,  /* `count` dead messages, borrowed, oldest first */
    OUTCOME_HOOK_REPLAYED, /* `count` messages are owed again */
    OUTCOME_KINDS,
};

struct show_view;  /* core/broadcast/view.h */
struct preflight;  /* scripts/rules/preflight.h */
struct run_of_show;
struct claims;
struct catalogue;
struct volumes_view;   /* core/broadcast/view.h */
struct estimate_stamp; /* core/broadcast/view.h */

struct outcome {
    enum outcome_kind kind;
    char re[ID_LEN_MAX + 1];       /* the command's id; "": pushed, or over HTTP */
    enum command_kind command;     /* what is answered */
    struct {
        enum error_code code;
        char field[96];            /* "" or "lines[0].qty" */
        char detail[256];          /* "" or plain words */
        int64_t retry_after_ms;    /* 0: waiting does not help */
        struct sku_id sku;         /* none, or whom it is about */
        struct price price;        /* PRICE_CHANGED: the current one */
        bool may_wait;             /* the waitlist is open for it */
        char approval[ID_LEN_MAX + 1]; /* APPROVAL_NEEDED */
    } error;
    uint64_t seq;                  /* OK: of the log after the command; 0: not a log command */
    struct hold hold;              /* HOLD, CONFIRMED */
    bool replayed, ignored, created;
    struct { struct sku_id sku; bool joined; int64_t ahead; } waitlist;
    struct stock_count stock;
    struct { int64_t holds, units_held, orders, units_sold; } affected; /* holds with this SKU: open (or taken back); confirmed */
    const struct hold *const *holds;       /* AFFECTED: `count` of them, by id; expiries in server time */
    size_t count;                  /* cues, products, broadcasts, stamps, changes, hooks, dead messages */
    const struct preflight *preflight;     /* borrowed; also with ERROR_PREFLIGHT_FAILED */
    const struct show_view *view;          /* borrowed */
    const struct catalogue *catalogue;     /* borrowed */
    const struct claims *claims;           /* borrowed */
    const struct volumes_view *volumes;    /* borrowed */
    const struct logistics_plan *plan;
    struct { size_t taken, repeated; } actuals; /* new ones; those that were told before */
    const struct estimate_stamp *stamps;
    const char *document;                  /* of the stamp; NULL: not asked for */
    size_t document_len;
    const struct promise_change *changes;
    const struct hook_endpoint *hooks;
    const struct hook_dead *dead;
    const struct broadcast_listed { struct broadcast_id id; char title[TITLE_LEN_MAX + 1]; int64_t created_ms; } *listed;
    char ledger_id[64];
    int64_t as_of_ms;
};

/* The answer to a command that may have changed the hold it tells: reserve, extend, release by a viewer. */
bool outcome_moves_hold(const struct outcome *o);

#endif
