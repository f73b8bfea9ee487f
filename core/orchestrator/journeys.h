/* core/orchestrator/journeys.h - what the journeys share; private to core/orchestrator.
 *
 *   journey.c    one command under way: taken, asked of the stock, answered once, ended
 *   append.c     one compare-and-append to a log: until it is folded here, or somebody was faster
 *   shop.c       a shop as this node knows it: its log, its ledger (ledger.c), its open broadcasts (show.c)
 *   tick.c       values (stock, audience, demand ...) to the screens; share.c between nodes (values.h)
 *
 * Everything outlives its callbacks by name: journeys keep ids and look shops and shows up again. */
#ifndef LIVESHELF_CORE_ORCHESTRATOR_JOURNEYS_H
#define LIVESHELF_CORE_ORCHESTRATOR_JOURNEYS_H

#include "base/pool.h"
#include "base/rng.h"
#include "core/orchestrator/keeping.h"
#include "core/orchestrator/orchestrator.h"
#include "core/orchestrator/values.h"
#include "scripts/load/runofshow_load.h"

#define ERRANDS_MAX 1024                 /* commands of hosts and machines in flight on one node */
#define ASK_ATTEMPTS_MAX 5               /* of one inventory request that meets silence */
#define ASK_AGAIN_MS 100                 /* before the second attempt; doubled for each further one */
#define PLAN_ATTEMPTS_MAX 3              /* of one act that others beat to the log */
#define RETRY_AFTER_MS 1000              /* told to those who hear `unavailable` */
#define EPOCHS_MAX 100000                /* of one broadcast: each is a lost history */
#define HEAL_AGAIN_MS 250                /* between attempts to write a new epoch */
#define OFFER_AGAIN_MS 1000              /* between attempts to end an offer that is over */
#define DEMAND_TTL_MS INT64_C(604800000) /* how long a node's share of demand outlives it: a week */

/* ---- turns: what must not happen inside the call that led to it happens on the next loop turn, in order ---- */
struct turn {
    struct list link;
    void (*run)(struct turn *turn);
};
void turn_take(struct orchestrator *o, struct turn *turn); /* harmless when already taken */

/* ---- append.c ---- */
struct logbook { /* a log as this node follows it */
    struct log_follow follow;
    uint64_t seq; /* of the last entry folded */
    bool caught_up;
    bool doubted; /* out of reach since it was read last: its end may be lost, and others have gone on from there */
    bool broken;  /* an entry could not be read or folded: nothing after it is */
    struct list appends; /* struct append: under way */
};
enum append_end {
    APPEND_FOLDED,      /* in the log, and folded on this node */
    APPEND_BEATEN,      /* somebody moved first, and this node has folded that: plan again */
    APPEND_UNAVAILABLE, /* certainly not in the log */
    APPEND_UNKNOWN,     /* silence to the end */
};
struct append { /* zeroed before first use; owned by a journey or a show */
    struct log_append ask;
    struct orchestrator *o;
    struct logbook *book;
    struct bytes entries[EVENT_BATCH_MAX];
    enum append_step { APPEND_IDLE, APPEND_ASKED, APPEND_RESTING, APPEND_FOLDING, APPEND_CATCHING_UP } step;
    unsigned attempts;
    bool doubted;      /* an attempt met silence: it may be in the log */
    bool ours;         /* the entry that was delivered at our seq is ours */
    uint64_t wait_seq; /* FOLDING, CATCHING_UP: settled once the book is there */
    struct list link;
    struct turn turn;
    struct clock_timer again;
    enum append_end end;
    void (*done)(struct append *append);
};
void logbook_init(struct logbook *book);
void logbook_delivered(struct logbook *book, uint64_t seq, const char *data, size_t len); /* before the fold */
void logbook_folded(struct logbook *book, uint64_t seq);
void logbook_caught_up(struct logbook *book);
void logbook_rewound(struct logbook *book);
void logbook_broke(struct logbook *book); /* an entry could not be folded: whoever waits hears so */
/* Encodes the events and appends them behind what the book has folded. RESULT_NO_MEMORY, RESULT_FULL (an entry over
 * LOG_ENTRY_MAX): nothing was started. `done` runs once otherwise, on a later turn. */
MUST_USE enum result append_start(struct append *a, struct orchestrator *o, struct logbook *book,
                                  const struct event *events, size_t count);
void append_finish(struct append *a);

/* ---- shop.c, show.c, ledger.c ---- */
struct due_entry {
    int64_t ms;
    struct hold_id hold;
};
struct due_heap { /* of one broadcast, on its clock */
    struct due_entry *entries;
    size_t count, capacity;
};
struct due {                /* when open holds end, soonest first; zeroed before first use */
    struct map heaps;       /* broadcast -> struct due_heap * */
    struct due_heap parked; /* overdue, and kept for a recall to be decided */
    bool failed;            /* no memory once: anything may be due at any time */
};
void due_finish(struct due *d);
void due_add(struct due *d, const struct hold *hold); /* as the ledger has it: on its broadcast's clock */
/* Server time at which the first hold ends. INT64_MAX: no hold is open whose time goes on. */
int64_t due_first_ms(struct due *d, const struct claims *claims, int64_t now_ms);
void due_unpark(struct due *d, const struct claims *claims); /* a recall was decided otherwise */

struct shop {
    struct orchestrator *o;
    struct shop_id id;
    struct logbook log;
    struct catalogue catalogue;
    struct broadcast_listed *listed;
    size_t listed_count, listed_capacity;
    struct ledger_follow ledger;
    struct claims claims;
    bool ledger_lost;    /* the ledger cannot be reached: the projection may be old */
    bool ledger_rewound; /* acknowledged stock was lost: nothing is sold until all is folded again */
    bool ledger_broken;  /* an entry could not be folded: the projection decides nothing any more */
    struct due due;
    struct map shows;     /* broadcast -> struct show * */
    struct map asking;    /* hold -> struct journey *: asked of the stock now, by `asked_next` */
    struct map reserving; /* viewer -> struct reserving *: how many reserves are under way */
    struct map answered;  /* hold -> struct answered *: told the viewer, not folded yet */
    struct list folds;    /* struct journey, by `wait`: until the ledger is folded up to their entry */
    struct list waiters;  /* struct orchestrator_open of the shop alone */
    struct inventory_request expire;
    bool expiring;
    uint64_t differences_folded; /* of what the fold found, so many were told */
    uint64_t differences;        /* of the audit, since this node started: nothing is sold any more */
    char difference[256];        /* the first */
    struct keeping keeping;
};
struct shop *shop_find(struct orchestrator *o, const struct shop_id *id);
MUST_USE enum result shop_open(struct orchestrator *o, const struct shop_id *id, struct shop **ret);
bool shop_is_ready(const struct shop *shop); /* folded to its heads once */
bool shop_is_selling(const struct shop *shop);
const char *shop_selling_why(const struct shop *shop);   /* why not, for hosts; "" while it is selling */
const char *shop_selling_words(const struct shop *shop); /* the same; or what hosts must know although it is selling */
bool shop_may_ask(const struct shop *shop);              /* no loss of history is being looked for, or mended */
/* What was lost is put back; `missed`: holds may differ from what was said, so everyone is sent the state as it is. */
void shop_opens_again(struct shop *shop, bool missed);
void shop_free(struct shop *shop);            /* asks no port */
void shop_check_waiters(struct shop *shop);   /* who waits for the shop or a broadcast of it */
void shop_close_idle(struct orchestrator *o); /* makes room; never from inside a listener */
/* The shop log's first event, when it has none yet: fills *ret and returns 1, or returns 0. */
size_t shop_begun_event(struct shop *shop, struct event *ret);
const struct broadcast_listed *shop_listed(const struct shop *shop, const char *broadcast);
void epoch_new(struct orchestrator *o, struct epoch_id *ret);
void ledger_follow_start(struct shop *shop);
void ledger_forget(struct shop *shop);
/* The viewer heard of this hold in an answer; its ledger entry need not be pushed to them as well. */
void ledger_answered(struct shop *shop, const struct hold_id *hold, const char *ledger_id);
bool ledger_is_folded(const struct shop *shop, const char *ledger_id);

struct demand_row { /* one SKU's demand, by where it was counted */
    size_t at;      /* index in show->demand */
    uint64_t own_attempts, own_refused, others_attempts, others_refused;
};
struct show {
    struct shop *shop;
    struct logbook log;
    struct broadcast b;
    struct run_of_show run;
    struct list waiters; /* struct orchestrator_open */
    struct list acts;    /* struct errand, by `act`: those of hosts here, one at a time in the order they came */
    struct show_view view;
    struct preflight preflight;
    struct {
        uint64_t claims, catalogue, seq;
        bool valid;
    } preflight_of;       /* what it was checked against */
    struct {              /* after history was lost */
        bool pending;     /* nothing is published until a new epoch begins */
        struct map known; /* epochs seen before the last loss -> anything */
        struct map since; /* first seen after it */
        struct epoch_id epoch;
        uint64_t seq;
        struct broadcast_details details;
        struct append append;
        bool appending;
        struct clock_timer again;
    } heal;
    struct values values;
    struct show_lag lag;
    size_t conns;
    uint64_t viewers, viewers_elsewhere, viewers_shared;
    struct map demand_at; /* sku -> struct demand_row * */
    struct demand_row **demand_rows;
    struct demand *demand; /* the sums, same indices */
    size_t demand_count, demand_capacity;
    bool demand_unshared;
    struct node_id share_node; /* this node since it opened the show: what an earlier run counted stays apart */
    struct share share_viewers, share_demand;
    struct clock_timer offer_timer;
    struct hold_clock hold_clock;
    struct map trips; /* sku -> struct trip *: claims at low prices, to stop a sale that runs away */
    struct volumes_mark volumes_published;
};
struct show *show_find(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *id);
MUST_USE enum result show_open(struct shop *shop, const struct broadcast_id *id, struct show **ret);
bool show_is_ready(const struct show *show); /* folded, and its shop too; it may still not exist (seq 0) */
bool show_is_on(const struct show *show);    /* it exists and is folded; stock may be being read again */
const struct show_view *show_view(struct show *show);
void show_check_waiters(struct show *show);
void show_tell_health(struct show *show);
void show_free(struct show *show);                /* asks no port */
bool show_make_room(struct orchestrator *o);      /* closes an idle one; never from inside a listener */
void shows_close_missing(struct orchestrator *o); /* the same */
void heal_check(struct show *show);               /* epoch.c: does lost history need a new epoch, or is it there */
void heal_rewound(struct show *show);
MUST_USE enum result heal_step(struct show *show);         /* after every step */
void offer_arm(struct show *show);                         /* offer.c: ends offers in time */
const struct preflight *show_preflight(struct show *show); /* preflight.c; kept until what it depends on changes */
/* A plan and its shelf, by the catalogue and the stock as they are now. */
void preflight_judge(const struct shop *shop, const struct broadcast *b, const struct run_of_show *run,
                     struct preflight *ret);
/* The run of show of `b` instead of what is in *run. */
MUST_USE enum result show_read_run(const struct broadcast *b, struct run_of_show *run);

/* ---- history.c ---- */
bool replay_reads(const struct show *show); /* its log is being read again */
void replays_free(struct orchestrator *o);  /* asks no port */

/* ---- share.c, expiry.c ---- */
void demand_count(struct show *show, const struct sku_id *sku, bool refused); /* an attempt, or that it was refused */
void expiry_start(struct orchestrator *o);
void expiry_fire(struct clock_timer *timer);
/* Fills what only the orchestrator knows. */
bool show_volumes(struct show *show, struct volumes_view *ret);

/* ---- journey.c ---- */
struct refusal {
    enum error_code code;
    bool may_wait;
    const char *field, *detail; /* static text or NULL */
    int64_t retry_after_ms;
    struct sku_id sku;
    struct price price;
};
struct journey {
    struct orchestrator *o;
    struct asker asker;
    enum command_kind kind;
    char re[ID_LEN_MAX + 1];
    struct broadcast_id broadcast;
    struct list link; /* in o->unanswered, soonest deadline first, or in o->late */
    struct list wait; /* where it waits for this node's own projection; none: a port has it */
    int64_t deadline_ms;
    bool answered;
    bool is_errand, is_ours; /* ours: nobody asked, nobody is answered */
    /* the stock's part */
    struct inventory_request ask;
    void (*asked)(struct journey *j);
    unsigned attempts;
    bool doubted;          /* an attempt met silence: it may have happened */
    bool folded;           /* the ledger told of just this meanwhile */
    bool counted;          /* as an attempt; a repeat of one is none, and cannot be refused for the demand either */
    struct hold_id asking; /* key in shop->asking */
    struct journey *asked_next; /* of the same hold */
    struct clock_timer again;
    char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* journey_when_folded */
    void (*overdue)(struct journey *j);    /* NULL: `unavailable`; must answer, may end */
    void (*next)(struct journey *j);       /* after a refusal's turn, an opening or a fold */
    struct refusal refusal;
    struct turn turn;
};
struct errand;
typedef void errand_step(struct errand *e);
struct errand {       /* a command of a host or a machine: keeps the whole command, may write to a log */
    struct journey j; /* first */
    struct command command;
    struct list act; /* in show->acts */
    struct orchestrator_open open;
    struct append append;
    unsigned tries;
    /* run.load */
    struct run_of_show run;
    struct shelf_item *items;
    size_t items_count, limit_at;
    struct bytes document;
    struct load_fault fault;
    char detail[256];
    /* catalogue.put */
    size_t product_at, product_next;
    uint64_t seq; /* of the shop log behind the last part */
    bool created, forced, may_be_missing;
    errand_step *step;        /* after the opening */
    struct stock_count stock; /* stock.allocate and the like: answered so far */
    bool replayed, ignored;
    struct preflight *preflight;      /* START: why not */
    struct orchestrator_ask asked_of; /* of logistics: with the observer */
    struct {                          /* PRICE_SET, OFFER_START: waits for a second person. No id: it does not */
        struct cue_id id;
        char reason[PRICE_REASON_MAX];
    } asked;
    uint32_t tripped_version; /* STOCK_STOP of our own: of the price at which the sale runs away; 0: of no such */
};

/* NULL: too many are under way, and the asker hears so. */
struct journey *journey_take(struct orchestrator *o, const struct asker *asker, const struct command *command);
struct errand *errand_take(struct orchestrator *o, const struct asker *asker, struct command *command);
struct errand *errand_take_ours(struct show *show, struct command *command); /* nobody asked; NULL: no place */
/* Refuses on the next turn and ends. */
void journey_refuse(struct journey *j, const struct refusal *refusal);
void journey_refuse_code(struct journey *j, enum error_code code, const char *detail);
void journey_refuse_unavailable(struct journey *j);
/* The one way out: answers, or sends a late hold to its viewer, then the journey is gone. Not from inside
 * orchestrator_command. */
void journey_end(struct journey *j, struct outcome *outcome);
void journey_end_refused(struct journey *j, const struct refusal *refusal);
void journey_answer(struct journey *j, struct outcome *outcome); /* answers and stays */
/* Asks the stock; silence is asked again under the same ids. Continues in j->asked. */
void journey_ask(struct journey *j, enum inventory_op op, void (*asked)(struct journey *j));
/* Continues in `next` once the ledger is folded up to the answer's entry: what was written is read here from then on. */
void journey_when_folded(struct journey *j, void (*next)(struct journey *j));
void journeys_check_folds(struct shop *shop);
/* True, and the journey ended, when the stock gave no answer. */
bool journey_no_answer(struct journey *j);
/* The refusal that tells a person what the stock answered; ERROR_NONE when it is no refusal. */
struct refusal refusal_of_answer(const struct inventory_request *ask);
struct outcome journey_hold(const struct hold *hold); /* its end in server time: as the stock answers, or told_hold */
/* A hold as the ledger tells it, as people are told. */
void told_hold(const struct shop *shop, const struct hold *hold, struct hold *ret);
struct shop *journey_shop(const struct journey *j);
struct show *journey_show(const struct journey *j);
int64_t orchestrator_now(const struct orchestrator *o);
void journey_push_hold(struct orchestrator *o, const struct shop_id *shop, const struct hold *hold);
/* True, and *ret says why, when the show's rules refuse; otherwise the hold's lines carry the prices promised now. */
bool wish_refused(const struct show *show, const struct reserve_wish *wish, struct hold *hold, struct refusal *ret);
void text_keep(char *ret, size_t size, const char *text); /* cut to fit; NULL reads as empty */
/* Opens shop (and broadcast) when they are not, then continues in `step`. */
void errand_open(struct errand *e, bool with_broadcast, errand_step *step);
void deadline_fire(struct clock_timer *timer);
void turns_run(struct clock_timer *timer);
void journeys_free(struct orchestrator *o);
void open_sweep(struct clock_timer *timer);
void opened_run(struct turn *turn);
void drain_check(struct orchestrator *o);

/* ---- the journeys ---- */
typedef void journey_start(struct journey *j, const struct command *command);
journey_start reserve_start, extend_start, release_start, checkout_start, waitlist_join_start, waitlist_leave_start;
errand_step host_start, run_load_start, preflight_start, run_get_start, stock_start, stock_get_start,
    catalogue_put_start, catalogue_get_start, broadcast_create_start, broadcast_list_start, broadcast_get_start,
    hold_get_start, hold_confirm_start, hold_release_start, hold_reserve_start, hold_extend_start, affected_start,
    volumes_get_start, logistics_start;
/* host.c: the log's part of an act, after the stock's; and the one way out of it when refused. */
void host_plan(struct errand *e);
/* Continues in `step` when the acts before it on this node are over: they would only beat each other to the log, and the last
 * tap must win. */
void host_queue(struct errand *e, errand_step *step);
void host_leave(struct errand *e);
void host_refuse(struct errand *e, const struct refusal *refusal);

/* ---- approval.c: prices that need a second person ---- */
void approval_act(const struct errand *e, const struct show *show,
                  struct act *act); /* fills what these rules judge by */
void approval_asked(struct errand *e, const struct show *show, const struct event *events, size_t count);
struct outcome approval_outcome(const struct errand *e);
void approval_log(const struct errand *e);

/* ---- trip.c: the sale that runs away ---- */
void trip_claimed(struct shop *shop, const struct movement *m); /* after every movement folded */
bool trip_stands(const struct errand *e, const struct show *show);
void trips_forget(struct show *show); /* the ledger was rewound */
void trips_free(struct show *show);

/* ---- metrics.c ---- */
enum metric_name {
    METRIC_RESERVE_HELD,
    METRIC_RESERVE_REPLAYED,
    METRIC_RESERVE_SOLD_OUT,
    METRIC_RESERVE_HELD_OUT,
    METRIC_RESERVE_LIMIT,
    METRIC_RESERVE_PRICE,
    METRIC_RESERVE_CLOSED,
    METRIC_RESERVE_STOPPED,
    METRIC_RESERVE_UNAVAILABLE,
    METRIC_RESERVE_OTHER,
    METRIC_HOST_DONE,
    METRIC_HOST_REFUSED,
    METRIC_HOST_CONFLICT,
    METRIC_HOST_UNAVAILABLE,
    METRIC_IN_FLIGHT,
    METRIC_OVERLOADED,
    METRIC_OVERDUE,
    METRIC_LATE,
    METRIC_ASKED_AGAIN,
    METRIC_REFUSED_HERE,
    METRIC_LEDGER_ENTRIES,
    METRIC_EXPIRED,
    METRIC_OFFERS,
    METRIC_EVENTS,
    METRIC_TICK_PUBLISHES,
    METRIC_TICK_PACE,
    METRIC_VALUES_STOCK,
    METRIC_VALUES_COUNTS,
    METRIC_VALUES_AUDIENCE,
    METRIC_VALUES_LAG,
    METRIC_VALUES_DEMAND,
    METRIC_VALUES_VOLUMES,
    METRIC_VALUES_HEALTH,
    METRIC_VALUES_HOLD_CLOCK,
    METRIC_VALUES_UNCHANGED,
    METRIC_VALUES_MERGED,
    METRIC_LAG,
    METRIC_LAG_NONSENSE,
    METRIC_BROADCASTS_OPEN,
    METRIC_REWINDS_EVENTS,
    METRIC_REWINDS_LEDGER,
    METRIC_AUDIT_DIFFERENCES,
    METRIC_RESTORED,
    METRIC_RESTORE_FAILED,
    METRIC_APPROVALS_ASKED,
    METRIC_SALES_TRIPPED,
    METRIC_NAMES,
};
void metrics_register(void); /* once, however many orchestrators there are */
void metrics_add(enum metric_name name, double by);
void metrics_set(enum metric_name name, double value);
void metrics_observe(enum metric_name name, double value);
enum metric_name metric_of_reserve(enum error_code code); /* a reserve that was refused */
enum metric_name metric_of_host(enum error_code code);

struct orchestrator {
    struct orchestrator_config config;
    struct rng rng;
    bool stock_ready, draining;
    struct map shops; /* struct shop * */
    size_t shows_open;
    struct pool journeys;
    const struct hold **holds; /* holds_per_viewer_max places, to count one viewer's */
    size_t errands;
    struct list unanswered, late;
    struct clock_timer deadline, turn_timer, share, expire, open_timer, drain_timer;
    bool turn_armed, open_armed;
    struct list turns;
    struct sku_id *stock_due, *counts_due; /* SHELF_ITEMS_MAX places each, for one tick */
    struct list replays;                   /* struct replay (history.c): under way */
    struct list opened;                    /* struct orchestrator_open that are to be told */
    struct turn opened_turn;
    size_t opens_waiting;
    void (*drained)(void *ctx);
    void *drained_ctx;
};

#endif
