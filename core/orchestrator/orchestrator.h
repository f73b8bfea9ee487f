/* core/orchestrator/orchestrator.h - the journeys: from what a person does to what everybody sees.
 *
 * One orchestrator per node. It owns this node's copies of shops and broadcasts (folded from the logs and the ledger),
 * checks commands by the pure rules, asks the ports, and tells the audience. Everything runs on the loop thread. Each
 * command gets exactly one answer through audience.send (to asker.conn), never from inside orchestrator_command. */
#ifndef LIVESHELF_CORE_ORCHESTRATOR_H
#define LIVESHELF_CORE_ORCHESTRATOR_H

#include "core/broadcast/command.h"
#include "core/ports/audience.h"
#include "core/ports/clock.h"
#include "core/ports/inventory.h"
#include "core/ports/ledger.h"
#include "core/ports/log.h"
#include "core/ports/store.h"

struct orchestrator_limits {
    uint32_t requests_in_flight_max; /* journeys waiting for an answer; further ones hear `overloaded` */
    uint32_t holds_per_viewer_max;   /* open holds of one viewer */
    uint32_t broadcasts_max;         /* open on this node */
    uint32_t shops_max;
    int64_t request_timeout_ms; /* a viewer hears `unavailable` after this, whatever Redis does */
    int64_t tick_ms;            /* values of a broadcast are published at most this often, a lone change at once */
    int64_t share_ms;           /* audience and demand are shared between nodes this often */
    int64_t expire_ms;          /* due holds are looked for this often */
    int64_t offer_ms;           /* how long an offer from the waitlist lasts */
    int64_t undo_ms;
    int64_t checkpoint_ms;        /* the whole state goes into the ledger about this often, when anything moved */
    uint32_t stock_buffer;        /* 1: units are withheld as long as the warehouse's counts come late; 0: never */
    uint32_t price_guard_percent; /* a price that moves further needs a second person; 0: off */
    int64_t approval_ms;          /* how long a second person may take */
    uint32_t sale_trip_units;     /* more claimed in a minute ...; 0: off */
    uint32_t sale_trip_percent;   /* ... so far below the catalogue's price: the sale stops itself */
};

/* A command that somebody else decides (command_is_logistics): shop and broadcast are open, the asker may. It is the orchestrator's;
 * `command` may be read, and its owned members taken, until it is answered. */
struct orchestrator_ask {
    struct shop_id shop;
    const struct asker *asker;
    struct command *command;
    const struct show_view *show; /* valid until the call returns; NULL: of the shop alone */
};
struct outcome;
/* Exactly once per ask, at any time until the orchestrator is destroyed, from inside observer.command too. Who asked may have
 * heard `unavailable` meanwhile. */
void orchestrator_answer(struct orchestrator_ask *ask, const struct outcome *outcome);

/* Told of things as they happen, in order; may not fail, may not wait, may not send commands. logistics/board is one. */
struct orchestrator_observer {
    void (*ledger_entry)(void *ctx, const struct shop_id *shop, const struct ledger_entry *entry);
    void (*ledger_rewound)(void *ctx, const struct shop_id *shop);
    void (*event)(void *ctx, const struct show_view *show, const struct event *event); /* after its step */
    void (*demand)(void *ctx, const struct show_view *show);
    /* Fills *ret for a snapshot or GET; false when nothing is known yet. Borrowed until the turn ends. */
    bool (*volumes)(void *ctx, const struct show_view *show, struct volumes_view *ret);
    void (*command)(void *ctx, struct orchestrator_ask *ask); /* NULL: such commands are refused */
    void *ctx;
};

struct orchestrator_config {
    struct node_id node;
    uint64_t seed; /* epoch ids, jitter */
    struct clock *clock;
    struct log *log;
    struct inventory *inventory;
    struct ledger *ledger;
    struct store *store;
    struct audience *audience;
    struct event_codec codec;
    const struct orchestrator_observer *observer; /* NULL: none */
    struct orchestrator_limits limits;
};
extern const struct orchestrator_limits orchestrator_limits_default;

struct orchestrator;
MUST_USE enum result orchestrator_create(const struct orchestrator_config *config, struct orchestrator **ret);
/* Open requests are abandoned: log, inventory, ledger and store must be stopped first and are not called again. Its timers
 * are stopped here, so the clock must still be there. */
void orchestrator_destroy(struct orchestrator *o);

/* Makes sure shop and broadcast (none: the shop alone) are folded to their heads, then `done` runs once with RESULT_OK, RESULT_NOT_FOUND
 * (no such broadcast), RESULT_UNAVAILABLE or RESULT_FULL; never from inside the call. `o` remembers `wait` until then. */
struct orchestrator_open {
    struct shop_id shop;
    struct broadcast_id broadcast;
    enum result result;
    void (*done)(struct orchestrator_open *open);
    struct list link;
    int64_t deadline_ms; /* Unix ms; 0: request_timeout_ms from now */
};
void orchestrator_open(struct orchestrator *o, struct orchestrator_open *open);
void orchestrator_open_cancel(struct orchestrator *o, struct orchestrator_open *open);

/* Reads the log of a broadcast that is open here again, from its beginning and in slices, and tells `event` each event
 * behind `after_seq` as it was when it happened, with the state of then in *show (what is the shop's own, stock say, is of
 * now); until `event` says enough, or this node's own place in the log is reached. Then `done` runs once: RESULT_OK;
 * RESULT_UNAVAILABLE: not open here any more, or history was lost; else why an entry could not be read. Neither runs from
 * inside this call, and with Redis out of reach neither runs until it is back. `o` remembers `replay` until then. On any
 * other result than RESULT_OK nothing was started. */
struct orchestrator_replay {
    struct shop_id shop;
    struct broadcast_id broadcast;
    uint64_t after_seq;
    bool for_hosts; /* the run of show is wanted as well */
    bool (*event)(struct orchestrator_replay *replay, const struct show_view *show, const struct event *event);
    enum result result;
    void (*done)(struct orchestrator_replay *replay);
    void *impl;
};
MUST_USE enum result orchestrator_replay(struct orchestrator *o, struct orchestrator_replay *replay);
void orchestrator_replay_cancel(struct orchestrator_replay *replay); /* `done` does not run; not under way: nothing */

/* The command is borrowed for the call, except that what it owns may be taken (but hello.token) and are NULL then. */
void orchestrator_command(struct orchestrator *o, const struct asker *asker, struct command *command);

/* Commands taken and not ended: somebody waits for each. */
size_t orchestrator_in_flight(const struct orchestrator *o);

/* NULL when not open on this node. */
const struct show_view *orchestrator_show(struct orchestrator *o, const struct shop_id *shop,
                                          const struct broadcast_id *broadcast);
/* A snapshot or values were made of what orchestrator_show tells now, and will be seen: what was not published yet is, even if it
 * goes back to what was told before. */
void orchestrator_shown(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast);
/* What observer.volumes fills has changed: it goes to logistics with the next tick. */
void orchestrator_volumes_changed(struct orchestrator *o, const struct shop_id *shop,
                                  const struct broadcast_id *broadcast);
bool orchestrator_volumes(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                          struct volumes_view *ret);

/* The hub counts its conns here; counts of all nodes are summed and shown. */
void orchestrator_joined(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                         enum role role);
void orchestrator_left(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                       enum role role);

/* A viewer's video shows the moment `playing_ms` of the encoder's clock now. To be told once per viewer in each LAG_SLOT_MS of
 * server time (core/broadcast/lag.h). What cannot be is counted and left out. */
void orchestrator_lag(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                      int64_t playing_ms);

/* The link's state, told by the wiring. Not ready: selling answers `unavailable` at once and hosts are told. */
void orchestrator_stock_ready(struct orchestrator *o, bool ready);

/* Why this node must get no traffic: a ledger that does not add up, or one whose lost end is being put back, in words. NULL:
 * none. */
const char *orchestrator_fault(const struct orchestrator *o);

/* No new work; `idle` runs once nothing is in flight or after `timeout_ms`. */
void orchestrator_drain(struct orchestrator *o, int64_t timeout_ms, void (*idle)(void *ctx), void *ctx);

#endif
