/* logistics/board/inner.h - what the files of the board share.
 *
 *   board.c     made, stopped; shops and shows made when first named
 *   observed.c  what was counted: movements, courses, pins, rows
 *   inputs.c    ledger entries and events become inputs, which wait for a tick
 *   reading.c   the ledger read from its start, for a fold that begins
 *   tally.c      what a tick cuts is fed to the estimator
 *   stock.c     the most that can ship of a SKU, site by site
 *   begin.c     what is believed before: written once, and made into an estimator
 *   show_log.c  a broadcast's estimate log: what each entry means
 *   lead.c      whose tick it is, and when
 *   publish.c   computed, stored, told; and what others told, fetched
 *   settle.c    nothing more is expected
 *   shop_log.c  a shop's estimate log: plan, webhooks, digests
 *   unsettled.c the log of all shops: what is to stay open
 *   asks.c      what logistics asks
 *   actuals.c   what became of units: never more than there was
 *   metrics.c */
#ifndef LIVESHELF_LOGISTICS_BOARD_INNER_H
#define LIVESHELF_LOGISTICS_BOARD_INNER_H

#include "base/list.h"
#include "base/map.h"
#include "base/metric.h"
#include "logistics/board/board.h"
#include "logistics/board/book.h"
#include "logistics/rules/estimator.h"
#include "logistics/rules/prior.h"
#include "logistics/rules/promise.h"
#include "logistics/rules/volume.h"

#define SHOW_EVENTS_MAX                                                                                                \
    50000                  /* pins and shelves of one broadcast that are remembered; further ones count for nothing */
#define FAN_POINTS_MAX 720 /* published estimates that are drawn: when all places are taken every second one goes */
#define ESTIMATES_KEPT_YEAR_MS INT64_C(31536000000) /* stamped documents, and the last one of a broadcast */

struct place { /* of an entry in the ledger; zeroed: before all */
    uint64_t ms, seq;
};
struct place place_of(const char *ledger_id);
static inline int place_order(struct place a, struct place b)
{
    return a.ms != b.ms ? (a.ms < b.ms ? -1 : 1) : a.seq != b.seq ? (a.seq < b.seq ? -1 : 1) : 0;
}

/* ---- inputs: what waits for a tick ---- */

enum input_kind {
    INPUT_HOLD,
    INPUT_CONFIRM,
    INPUT_RETAKEN,
    INPUT_RELEASE,
    INPUT_EXPIRE,
    INPUT_EXTEND,
    INPUT_WAIT,
    INPUT_LEAVE,
    INPUT_COUNT, /* units: what is available of the SKU in the shop */
    INPUT_PIN,
    INPUT_SKU,
    INPUT_END,
    INPUT_CANCEL,
    INPUT_RETURN,
    INPUT_SHIP,
};
struct input {
    struct list link;
    struct place at; /* in the ledger; events: {0, seq} */
    int64_t ms, units;
    enum input_kind kind;
    bool is_stopped;    /* INPUT_COUNT: nobody can buy it */
    uint8_t sku, buyer; /* where these begin in `text`, which begins with the hold's; `buyer`: the site, of actuals */
    char text[];
};
struct input_spec {
    enum input_kind kind;
    struct place at;
    int64_t ms, units;
    bool is_stopped;
    const char *hold, *sku, *buyer; /* NULL: none */
};
struct input *input_make(const struct input_spec *spec);
void inputs_free(struct list *inputs);

struct tick { /* waits until ledger and events are here */
    struct list link;
    uint64_t seq;
    int64_t ms, audience;
    struct place cut;
    uint64_t event_seq;
    bool is_last; /* of a JOURNAL_SETTLED */
};

/* ---- a broadcast's fold: thrown away and made again when history changes ---- */

struct tally_sku {
    int64_t available;       /* of the shop; -1: not known */
    int64_t held, firm;      /* of this broadcast */
    int64_t told[SITES_MAX]; /* to the estimator, last; of a SKU that it knows */
    bool is_known, is_stopped;
    struct input *before; /* the last count of long before the start, as long as it waits; NULL: none */
};
struct tally {
    struct estimator *estimator; /* NULL: not begun */
    struct map skus;             /* struct tally_sku * */
    struct logistics_plan *plan; /* the one it was begun with; NULL: none */
    struct list ledger;          /* struct input, in order: not covered by a tick yet */
    size_t moves;                /* of them: lines of this broadcast's holds */
    struct list actuals;         /* the same; `at` is {0, seq} of their entry */
    struct list *event;          /* of the show's events, the last that was fed; NULL: none */
    struct list ticks;           /* struct tick, oldest first */
    struct place covered;        /* the ledger is collected up to here */
    bool is_reading;             /* the collecting is done by reading.c */
    bool wants_reading;
    bool is_cut;        /* the ledger does not reach back to the start */
    int64_t blocked_ms; /* since when the first tick cannot be done; 0: it can */
    uint64_t done;      /* seq of the last tick done */
    int64_t done_ms;
    struct place done_cut;
};

/* ---- publishing ---- */

struct document {
    struct bytes text;
    uint64_t seq; /* of its tick; 0: none */
    int64_t ms;
};
#define TOLD_MAX 20000
struct told_estimate { /* an estimate as it was published */
    uint64_t seq;
    int64_t ms, firm;
    struct spread units, parcels;
};
struct computing { /* one at a time; what comes meanwhile is for the next */
    struct board_show *show;
    struct work_job job;
    enum { COMPUTE_IDLE, COMPUTE_RUNS, COMPUTE_PUTS, COMPUTE_APPENDS, COMPUTE_WAITS } step;
    unsigned generation; /* of the fold it was frozen from */
    struct estimator_state *state;
    struct estimate estimate;
    enum result result;
    uint64_t tick; /* seq */
    int64_t ms, started_ms;
    struct place cut;
    bool is_last, is_cut;
    struct journal entry;  /* JOURNAL_ESTIMATE */
    struct document made;  /* until it is in the log */
    int64_t wait_until_ms; /* Redis was away: not again before that */
    struct store_request put;
};
struct fetching {
    struct board_show *show;
    struct store_request get;
    bool is_busy;
    uint64_t seq; /* of the document wanted; 0: none */
    int64_t ms;
    unsigned attempts;
    struct clock_timer again;
};

struct told_units { /* of one line of a hold, or of one SKU */
    int64_t units[ACTUAL_RETURNED + 1];
    int64_t too_late; /* of those cancelled: when it had shipped */
};
struct board_show {
    struct board *b;
    struct board_shop *shop;
    struct broadcast_id id;
    struct list of_shop; /* linked while it is on and not done with */
    /* ---- observed ---- */
    struct volume volume;
    int64_t moved_ms; /* of the entry that moved it last; 0: none since the last mark */
    int64_t holds_open;
    struct place sold_at; /* the last entry that made units firm */
    int64_t sold_ms;      /* the same */
    struct volume_pin pins[BOARD_PINS_MAX];
    size_t pins_count;
    struct volume_sku *rows; /* handed out by board_volumes */
    size_t rows_capacity;
    struct volume_point series[COURSE_POINTS_MAX];
    struct promise promise;
    struct map orders; /* order -> hold, owned text: confirmed ones, for actuals that name the order */
    /* ---- its log ---- */
    bool is_on;               /* it went live */
    int64_t start_ms, end_ms; /* Unix ms; 0: not yet */
    uint64_t end_seq;         /* of the event; 0: not yet */
    uint64_t events_seq;      /* the last event observed */
    struct list events;       /* struct input, kept: a fold may begin again */
    size_t events_count;
    struct book book;
    struct journal begun; /* kind JOURNAL_BEGUN once it is known, and seq is its own */
    struct tally tally;
    unsigned generation;                     /* of the fold */
    uint64_t last_tick;                      /* seq of the newest tick in the log; 0: none */
    int64_t last_tick_ms, last_tick_seen_ms; /* by its writer's clock, and by this node's */
    char last_by[ID_LEN_MAX + 1];
    uint64_t last_tick_events; /* up to this event it cut in */
    bool leads;
    uint64_t settled_seq; /* of the last JOURNAL_SETTLED that cut anything in; 0: not settled */
    int64_t settled_ms;
    struct place settled_cut;
    uint64_t settled_told;  /* that it was */
    uint64_t cancelled_seq; /* of the newest entry that cancelled something in time */
    bool is_closed;
    int64_t over_ms;   /* since when nobody wants anything of it; 0: somebody does */
    bool is_late_lost; /* what came after it was settled cannot be told: the ledger was cut */
    struct clock_timer timer;
    bool is_asking;      /* an entry that this node wants is on its way */
    bool is_registering; /* the same, in the log of all shops */
    /* ---- told ---- */
    struct map actual_ids;         /* -> this show: those in the log */
    struct map told_units;         /* "hold/sku" and "/sku" -> struct told_units *: the sums of those in the log */
    int64_t shipped;               /* units that actuals say have left; */
    struct estimate_stamp *stamps; /* owned */
    size_t stamps_count, stamps_capacity;
    struct fan_point *fan; /* FAN_POINTS_MAX places; NULL: none yet */
    size_t fan_count;
    int64_t fan_gap_ms;
    struct told_estimate *told; /* owned; oldest first; the first TOLD_MAX, and always the newest */
    size_t told_count, told_capacity;
    uint64_t estimate_seq; /* tick of the newest estimate in the log; 0: none */
    int64_t estimate_ms;
    struct document document; /* the newest there is here */
    uint64_t document_told;
    struct computing computing;
    struct fetching fetching;
    struct list asks; /* struct ask, until the log is read */
};

struct shop_digest {
    struct list link;
    uint64_t seq;
    struct broadcast_id broadcast;
    char title[TITLE_LEN_MAX + 1];
    int64_t ms, start_ms, shipped;
    struct digest *digest;
    struct last_point *points;
    size_t points_count;
    struct last_show view; /* points at the members above */
};
#define DIGESTS_KEPT 100 /* of a shop, to learn from and to compare with; of older ones the name alone */
struct board_shop {
    struct board *b;
    struct shop_id id;
    struct map shows;      /* broadcast -> struct board_show * */
    bool told;             /* of an entry: a checkpoint after it tells nothing new */
    bool is_cut;           /* the ledger began with a checkpoint: what was sold before is not known */
    struct place position; /* of the last entry observed */
    struct list on;        /* struct board_show, of_shop: those that estimates are made of */
    struct book book;
    struct logistics_plan *plan; /* NULL: none was put */
    struct list digests;         /* struct shop_digest, oldest first: the last DIGESTS_KEPT */
    size_t digests_count;
    struct map digest_of; /* broadcast -> struct shop_digest * */
    bool has_hooks;       /* an entry of them was told */
    struct list asks;     /* struct ask, until the log is read */
    struct {              /* the ledger, read again */
        struct ledger_follow follow;
        bool is_on;
        struct place at;
    } reading;
};
struct board {
    struct board_config config;
    struct map shops; /* struct board_shop * */
    bool estimates;   /* it has ports */
    bool is_stopped;
    struct book all;             /* of all shops */
    struct map unsettled;        /* "shop/broadcast" -> struct unsettled * */
    struct list unsettled_order; /* the same, by their start */
    struct clock_timer sweep;
    struct list asks; /* struct ask, under way */
};

static inline int64_t board_now(const struct board *b) { return b->config.clock->now_ms(b->config.clock); }
static inline double show_seconds(const struct board_show *s, int64_t ms)
{
    return ms <= s->start_ms ? 0.0 : (double)(ms - s->start_ms) / 1000.0;
}

/* board.c */
struct board_shop *board_shop_make(struct board *b, const struct shop_id *id);
struct board_show *board_show_make(struct board *b, const struct shop_id *shop,
                                   const struct broadcast_id *id); /* NULL: one too many */
struct board_show *board_show_find(struct board *b, const struct shop_id *shop, const struct broadcast_id *id);
void show_changed(struct board_show *s);

/* observed.c */
void observed_entry(struct board_shop *shop, const struct ledger_entry *entry);
void observed_rewound(struct board_shop *shop);
void observed_event(struct board_show *s, const struct event *e);
void observed_volumes(struct board_show *s, const struct show_view *view, struct volumes_view *ret);

/* inputs.c */
void inputs_entry(struct board_show *s, const struct ledger_entry *entry); /* of the ledger, into the fold */
void inputs_event(struct board_show *s, const struct show_view *view, const struct event *e);
void inputs_actuals(struct board_show *s, const struct journal *j);

/* reading.c */
void reading_want(struct board_show *s);
void reading_stop(struct board_shop *shop);

/* tally.c */
void tally_init(struct tally *f);
void tally_finish(struct tally *f);
void tally_forget(struct board_show *s);           /* everything folded; the log is to be told again */
void tally_run(struct board_show *s);              /* as many ticks as can be done */
bool tally_is_current(const struct board_show *s); /* nothing that is known waits */

/* stock.c */
struct tally_sku *tally_sku(struct tally *f, const char *sku, bool make);
void stock_split(const struct board_show *s, const char *sku, int64_t units, int64_t ret[SITES_MAX]);
void stock_feed(struct board_show *s, const char *sku, double t); /* when it differs from what was fed last */
size_t stock_sites(const struct board_show *s);
bool stock_is_stopped(const struct stock_count *count); /* or recalled */
int64_t stock_to_come(const struct stock_count *count); /* what is available, unless it is stopped */

/* begin.c */
bool begin_write(struct board_show *s, const struct show_view *view); /* false: not now */
void begin_tally(struct board_show *s); /* makes the estimator, when all it needs is here */
void tally_feed(struct board_show *s, const struct sale_event *e);

/* show_log.c */
extern const struct book_reader show_reader;
void show_start_over(struct board_show *s); /* the log is read again from its start, and all is folded again */
void show_let_go(struct board_show *s);     /* settled, and its digest is kept: nothing is folded any more */
void show_put_away(struct board_show *s);   /* its log is not followed any more */
bool show_take_out(struct board_show *s);   /* it is read again, from the start; false: it is followed */

/* lead.c */
void lead_check(struct board_show *s);
void lead_fire(struct clock_timer *timer);
int64_t lead_period_ms(const struct board_show *s, int64_t now_ms); /* between ticks, as it is now */
void lead_written(struct book_wish *wish); /* of the entry that `is_asking` waits for; ctx: the show */
/* An entry that counts in all this node has: TICK, SETTLED, REWOUND. */
void lead_cut(const struct board_show *s, enum journal_kind kind, struct journal *ret);

/* publish.c */
void publish_check(struct board_show *s);                         /* the leader's: of the newest tick, once */
void publish_seen(struct board_show *s, const struct journal *j); /* an estimate is in the log */
void publish_fetch(struct board_show *s);                         /* the newest document, unless it is here */
void fetch_again(struct clock_timer *timer);
void compute_free(struct computing *c);
void document_key(char *key, size_t size, const char *kind, const struct board_show *s, uint64_t seq);

/* settle.c */
bool settle_is_done(const struct board_show *s); /* told, kept, and nothing came since */
bool settle_is_late(const struct board_show *s); /* something became firm, or no longer is, after it was settled */
void settle_late(struct board_show *s);          /* then it is folded again, and settled again by whoever leads */
void settle_open(struct board_show *s);          /* folded again, for what is asked */
void settle_seen(struct board_show *s);          /* settled, told and kept: nothing is folded any more */
bool settle_is_due(const struct board_show *s, int64_t now_ms);
void settle_check(struct board_show *s);         /* the leader's: what is still to be done after it */
bool settle_is_owed(const struct board_show *s); /* to webhooks, or replays of them */
void settle_told(struct board_show *s, const struct journal *estimate); /* for the score */

/* shop_log.c */
extern const struct book_reader shop_reader;
/* Of those that began before `before_ms` (0: whenever) who began last; NULL: none that is settled. */
const struct last_show *shop_last_show(const struct board_shop *shop, const struct broadcast_id *but,
                                       int64_t before_ms);
void shop_log_finish(struct board_shop *shop);

/* unsettled.c */
extern const struct book_reader unsettled_reader;
void unsettled_start(struct board *b);
void unsettled_finish(struct board *b);
bool unsettled_has(const struct board_show *s);           /* also while it is not known */
void unsettled_write(struct board_show *s, bool is_open); /* unless it is so already */

/* asks.c */
struct ask { /* link: of board.asks once it is started, else of the asks of a show or a shop */
    struct list link;
    struct board_ask ask;
    struct board_show *show; /* NULL: of the shop */
    struct board_shop *shop;
    struct logistics_plan *plan;
    struct store_request store;
    struct journal stamp;
    size_t taken, repeated;
};
void ask_end(struct ask *a, struct outcome *outcome);
void ask_refuse(struct ask *a, enum error_code code, const char *field, const char *detail);
bool ask_written(struct ask *a, const struct book_wish *wish); /* false: it is answered already */
void ask_wait(struct ask *a);                                  /* until all that is known of its show is folded */
/* `done` of the wish ends the ask; what cannot be written is refused here. */
void ask_write(struct ask *a, struct book *book, struct journal *j, void (*done)(struct book_wish *wish));
void asks_go_on(struct list *waiting);   /* what waited for a log to be read */
void asks_stop(struct list *waiting);    /* they are refused */
void asks_abandon(struct list *started); /* what they wait for will not come any more, nor is who asked there */
void orders_free(struct board_show *s);

/* metrics.c */
enum board_metric {
    BOARD_PUBLISHED,
    BOARD_COMPUTE,
    BOARD_LEADS,
    BOARD_LEADING,
    BOARD_REFOLDS,
    BOARD_NEWEST,
    BOARD_UNSETTLED,
    BOARD_METRICS
};
extern struct metric board_metrics[BOARD_METRICS];
void board_metrics_register(void);

/* actuals.c */
void actuals_post(struct ask *a);
/* Of each that is in the log, in its order. False: it was cancelled after its line had shipped, and takes nothing away. */
bool actuals_counted(struct map *told, const struct actual *a);
void actuals_forget(struct map *told); /* zeroed memory is fine; makes it one of none */

#endif
