/* logistics/board/board.h - the planner's board: what every broadcast has sold and holds now, what is expected of it, and what
 * became of it.
 *
 *   observe   ledger entries and events (board_ledger_entry, board_event)        observed.c, inputs.c
 *   tick      one node leads; its ticks cut what counts in, for all nodes         lead.c, tally.c
 *   compute   a frozen copy, off the loop; the document goes into the store       publish.c
 *   follow    what others published, read from the store                          publish.c
 *   ask       the plan, actuals, stamps, changes                                  asks.c
 *   settle    nothing more is expected: what it taught goes into the shop's log   settle.c
 *
 * Observers' functions take the board as `ctx`; app wires them, since this floor does not see the orchestrator's. Told of
 * everything in order; fails nobody and waits for nothing: memory that is not there stops the process. All on the loop thread.
 * Counts that are the shop's (allocated, available, the line) are read from the view, not kept.
 *
 * With Redis out of reach nothing is published, the last document stays with its age, and all goes on by itself later. */
#ifndef LIVESHELF_LOGISTICS_BOARD_BOARD_H
#define LIVESHELF_LOGISTICS_BOARD_BOARD_H

#include "core/broadcast/claims.h"
#include "core/broadcast/estimate_names.h"
#include "core/broadcast/event.h"
#include "core/broadcast/journal.h"
#include "core/broadcast/outcome.h"
#include "core/broadcast/view.h"
#include "core/ports/clock.h"
#include "core/ports/ledger.h"
#include "core/ports/log.h"
#include "core/ports/store.h"
#include "core/ports/work.h"

#define BOARD_SHOPS_MAX 100000
#define BOARD_BROADCASTS_MAX 100000 /* of one shop; further ones are not counted, and the log says so */
#define BOARD_PINS_MAX 500          /* of one broadcast: the newest are kept */
#define BOARD_ACTUALS_MAX 1000000   /* of one broadcast; further ones are refused */
#define BOARD_STAMPS_MAX 1000       /* of one broadcast; further ones are refused */
#define BOARD_UNSETTLED_MAX                                                                                            \
    200 /* kept open on a node with nobody watching; further ones wait for a visitor or a place */

/* Told as it happens, on every node; may not fail, may not wait, may not call the board. NULL members are not called. */
struct board_listener {
    /* What board_volumes fills has changed. */
    void (*changed)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast);
    /* This broadcast is to stay open here (it is closed only when room is needed, and then asked for again). */
    void (*wanted)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast);
    /* This node leads it now, or no longer: the leader alone speaks to the world outside. */
    void (*lead)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, bool leads);
    /* An estimate is in the log and its document is here; each seq once, ascending, from the newest there was at the start. */
    void (*published)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, uint64_t seq,
                      const char *document, size_t len);
    /* A change of what was promised: of events as they come, also while a log is read again from its start (the same seqs then). */
    void (*promise_changed)(void *ctx, const struct show_view *show, const struct promise_change *change);
    /* Nothing more is expected; `document` is the last one. Also told of a broadcast that was settled before this node came. */
    void (*settled)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, uint64_t seq,
                    const char *document, size_t len);
    /* The shop's webhooks: each entry of its log, in order; once the log is known to its head with seq 0: NULL, or an empty list when
     * there was none. */
    void (*hooks)(void *ctx, const struct shop_id *shop, uint64_t seq, const struct hook_list *list);
    void (*hooks_rewound)(void *ctx, const struct shop_id *shop); /* they are told again from the start */
    /* Asked: is something still to be told of it to somebody outside? Then it stays led, settled or not. */
    bool (*owed)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast);
};

struct estimator_plan; /* logistics/rules/estimator.h */
struct sale_event;

/* Told what the fold of a broadcast tells its estimator, for whoever writes it down; as a listener. NULL members are not called. */
struct board_recorder {
    /* The fold begins; again when what it was begun with turned out otherwise: all is told anew then. */
    void (*begun)(void *ctx, const struct broadcast_id *broadcast, const struct estimator_plan *plan);
    void (*fed)(void *ctx, const struct broadcast_id *broadcast, const struct sale_event *e);
    void (*ticked)(void *ctx, const struct broadcast_id *broadcast, double t); /* all that a tick covers was fed */
};

struct board_limits {
    int64_t estimate_ms; /* between ticks while live: 5000 */
    int64_t takeover_ms; /* behind its time, a tick is somebody else's to make: 4000 */
    size_t
        unsettled_max; /* kept open on a node with nobody watching; further ones wait for a visitor or a place: 200 */
};
extern const struct board_limits board_limits_default;

struct board_config { /* all zero but the limits: counts what is observed, estimates nothing */
    struct node_id node;
    uint64_t seed; /* this node's own: of two that wait for a lost leader one is first */
    struct clock *clock;
    struct log *log;
    struct ledger *ledger;
    struct store *store;
    struct work *work;
    struct journal_codec codec;
    estimate_writer *document;
    /* orchestrator_show: NULL when it is not open here. */
    const struct show_view *(*show)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast);
    struct board_listener listener;
    struct board_recorder recorder;
    void *ctx; /* of `show`, of the listener and of the recorder */
    struct board_limits limits;
};

struct board;
/* NULL: as zeroed. The config is copied. */
MUST_USE enum result board_create(const struct board_config *config, struct board **ret);
/* Before the orchestrator is told to let go, while the ports still answer: follows end, timers stop. What is asked is answered
 * `unavailable`; jobs that run are waited for by board_destroy's caller (the ports' `done` must have run, or never will). */
void board_stop(struct board *b);
void board_destroy(struct board *b); /* NULL is fine */

/* ---- observers ---- */

void board_ledger_entry(void *board, const struct shop_id *shop, const struct ledger_entry *entry);
void board_ledger_rewound(void *board,
                          const struct shop_id *shop); /* forgets the shop's movements: all are told again */
void board_event(void *board, const struct show_view *show, const struct event *event);
/* Rows: the shelf's SKUs in its order, then those once sold and no longer on it. `as_of_ms`, `ledger_id`, `series_new`, `fan_new`,
 * `changes_new`, `stamps_new` and `estimate_new` are left to the caller. False at BOARD_BROADCASTS_MAX, and while what was estimated
 * of it is still being read here. What *ret points to is valid until the next call with the same broadcast. */
bool board_volumes(void *board, const struct show_view *show, struct volumes_view *ret);

/* ---- asked (command_is_logistics and not command_is_hooks) ---- */

struct board_ask {
    struct shop_id shop;
    const struct asker *asker; /* until it is answered, as is `command`, whose owned members may be taken */
    struct command *command;
    const struct show_view *show;                       /* for the call; NULL: of the shop alone */
    void (*answer)(void *ctx, struct outcome *outcome); /* exactly once, now or later */
    void *ctx;
};
void board_command(struct board *b, const struct board_ask *ask); /* copied */

/* ---- for the courier ---- */

struct board_put { /* the caller's until `done` */
    bool fenced; /* the list is what this node was told: RESULT_CONFLICT when the shop's log has more entries by now */
    enum result result;
    void (*done)(struct board_put *put);
};
/* Replaces the shop's webhooks; `done` runs once, later: RESULT_OK when they are in its log, RESULT_NO_ANSWER when they may be. The
 * list is borrowed for the call. */
void board_hooks_put(struct board *b, const struct shop_id *shop, const struct hook_list *list, struct board_put *put);
/* False: not open on this node. Borrowed until the loop turn ends. */
bool board_hook_view(struct board *b, const struct shop_id *shop, const struct broadcast_id *broadcast,
                     struct hook_view *ret);
void board_shop_follow(struct board *b, const struct shop_id *shop); /* its log is read, if it is not yet */
/* Sees that it is led again, by some node, although it was closed. False: it never went live, as far as is known here. */
bool board_wake(struct board *b, const struct shop_id *shop, const struct broadcast_id *broadcast);

#endif
