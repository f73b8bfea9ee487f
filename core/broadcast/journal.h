/* core/broadcast/journal.h - entries of the estimate logs (core/ports/log.h, LOG_ESTIMATES): from what and when a broadcast's
 * estimates were made, what was told, and what became of it.
 *
 * A broadcast's log decides on which node the arithmetic is done. Who wrote its last TICK leads; an entry is appended only at
 * the head that its writer has seen, so of two that try one wins, and one that was left behind writes nothing any more. A tick
 * says how far ledger and event log count in; every node folds them in the order in which the ticks cut them, and so has the same
 * numbers at the same tick. The shop's own log (no broadcast) holds its plan, its webhooks and what each broadcast taught. The
 * log of all shops together (shop JOURNAL_ALL_SHOPS) names the broadcasts of which more is to come. Pure data. */
#ifndef LIVESHELF_CORE_BROADCAST_JOURNAL_H
#define LIVESHELF_CORE_BROADCAST_JOURNAL_H

#include "base/bytes.h"
#include "core/broadcast/claims.h"
#include "core/broadcast/hooks.h"
#include "core/broadcast/view.h"

#define JOURNAL_ALL_SHOPS "~"         /* no shop's name: tokens are not made for it */
#define JOURNAL_POINTS_MAX 240        /* of a finished broadcast's course */
#define JOURNAL_DIGEST_MAX (1u << 20) /* bytes of a digest as text */

enum journal_kind {
    /* of a broadcast */
    JOURNAL_BEGUN,    /* begun: its first. Another one (a new plan) is believed from the start: all is folded again */
    JOURNAL_TICK,     /* tick */
    JOURNAL_ESTIMATE, /* estimate: what was published of a tick; the whole of it is in the store */
    JOURNAL_ACTUALS,  /* actuals: counted with the next tick; one that has an id known already counts for nothing */
    JOURNAL_STAMP,    /* stamp */
    JOURNAL_REWOUND, /* rewound: earlier ticks cut what a fail-over lost; they cut no further than this, and all is folded again */
    JOURNAL_SETTLED, /* settled: nothing more is expected */
    /* of a shop */
    JOURNAL_PLAN,   /* plan: replaces the one before */
    JOURNAL_DIGEST, /* digest: of a broadcast that is settled. The first of a broadcast counts */
    JOURNAL_HOOKS,  /* hooks: replaces those before */
    /* of all shops */
    JOURNAL_OPENED, /* show: went live */
    JOURNAL_CLOSED, /* show: settled, and its digest is kept */
    JOURNAL_KINDS,
};
const char *journal_kind_name(enum journal_kind kind); /* "begun", "tick", ... */

struct journal_pin {
    int64_t after_ms; /* since the start */
    struct sku_id sku;
};
struct journal_sku {
    struct sku_id sku;
    int64_t available; /* of the shop, at `ledger_id`; -1: not known */
    uint32_t grams, size_mm[3];
};
struct journal_point {
    int64_t s, firm; /* seconds since the start */
};
struct journal {
    enum journal_kind kind;
    uint64_t seq;            /* set when it is in the log; 0 before */
    int64_t ms;              /* server time at which it was decided */
    char by[ID_LEN_MAX + 1]; /* the node, or who asked for it (sub of the token); may be "" */
    union {
        struct {
            int64_t start_ms, planned_ms, hold_ms;
            uint64_t plan_seq, shop_seq; /* the plan, and the digests up to it, of the shop's log; 0: none */
            uint64_t seed;
            char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* `available` is of then */
            struct journal_pin *run;               /* planned pins, by time; owned; <= CUES_MAX */
            size_t run_count;
            struct journal_sku *skus; /* on the shelf; owned; <= SHELF_ITEMS_MAX */
            size_t skus_count;
        } begun;
        struct {
            char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* entries up to it count in; "": none */
            uint64_t event_seq;                    /* events up to it */
            int64_t audience;
        } tick, rewound; /* rewound: no audience */
        struct {
            uint64_t tick; /* seq of its tick: the estimate's own seq */
            int64_t as_of_ms, firm;
            struct spread units, parcels;
        } estimate;
        struct {
            struct actual *list; /* owned; 1..ACTUALS_MAX */
            size_t count;
        } actuals;
        struct estimate_stamp stamp; /* id, ms and by are the entry's: id is "s" and its seq */
        struct logistics_plan *plan; /* owned; version is the entry's seq */
        struct {
            struct broadcast_id broadcast;
            char title[TITLE_LEN_MAX + 1];
            int64_t start_ms; /* of the broadcast; 0: not known */
            int64_t shipped;  /* units */
            char *text;       /* logistics/rules/digest.h; owned */
            size_t text_len;
            struct journal_point points[JOURNAL_POINTS_MAX];
            size_t points_count;
        } digest;
        struct {
            struct hook_endpoint *list; /* owned; <= HOOKS_MAX */
            size_t count;
            struct hook_replay replay;
        } hooks;
        struct {
            struct shop_id shop;
            struct broadcast_id broadcast;
        } show;
    } u;
};
void journal_finish(struct journal *j); /* frees what the entry owns; zeroes; zeroed memory is fine */

/* How entries become bytes; given to the board so that it needs no JSON. */
struct journal_codec {
    enum result (*encode)(const struct journal *j, struct bytes *out);
    enum result (*decode)(const char *data, size_t len,
                          struct journal *ret); /* the caller finishes *ret; seq stays 0 */
};

#endif
