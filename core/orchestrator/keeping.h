/* core/orchestrator/keeping.h - what a node does for a shop's stock by itself, asked by nobody; private to core/orchestrator.
 *
 *   own.c         requests of the node's own: taken, asked, answered, gone
 *   hold_clock.c  a paused broadcast's holds stand still
 *   recall.c      holds of a recalled SKU go back, and every show that has it says so
 *   vouched.c     what this node was told and answered lately (vouched_pack.c: one of it)
 *   restore.c     what of that a fail-over lost is asked again, before anything is sold
 *   checkpoint.c  the whole state into the ledger, now and then
 *   buffer.c      units withheld, because the warehouse's counts come late
 *
 * All are level-triggered: they compare what is with what should be, from this node's copies, on every tick. So whoever was to
 * do something and died is no matter. */
#ifndef LIVESHELF_CORE_ORCHESTRATOR_KEEPING_H
#define LIVESHELF_CORE_ORCHESTRATOR_KEEPING_H

#include "base/list.h"
#include "base/map.h"
#include "core/broadcast/outcome.h"
#include "core/ports/clock.h"
#include "core/ports/inventory.h"

struct orchestrator;
struct errand;
struct shop;
struct show;

#define PATIENCE_MS 1000           /* what the node that began it should do, others leave to it for so long */
#define TAKE_BACKS_MAX 256         /* holds of one shop being taken back at once */
#define VOUCHED_MAX 65536          /* movements remembered of one shop ... */
#define VOUCHED_MS INT64_C(120000) /* ... of the last so many ms of its ledger */
#define VOUCHED_AHEAD_MAX 8192     /* answered and not folded yet */
#define RESTORE_WINDOW 128         /* asked again at once: one call's worth */
#define RESTORE_AGAIN_MS 100       /* before those that met silence are asked once more */
#define RECONNECT_GRACE_MS 1000    /* the same, when this node missed nothing: another may have */
#define RESTORE_GRACE_MS 2000      /* for other nodes to put back what only they vouch for, before this one sells */
#define BUFFER_EVERY_MS 1000       /* a SKU's buffer is set at most so often */

/* ---- own.c ---- */
struct own_ask {
    struct inventory_request ask;
    struct shop *shop;
    struct list link;                      /* in shop->keeping.asks */
    void (*answered)(struct own_ask *own); /* the ask is gone after it */
    size_t at, of;                         /* restore: which record, of which restore */
};
struct own_ask *own_ask_take(struct shop *shop, enum inventory_op op,
                             void (*answered)(struct own_ask *own)); /* NULL: no memory */
void own_ask_go(struct own_ask *own);

/* ---- hold_clock.c ---- */
struct hold_clock {
    int64_t since_ms; /* since when it is otherwise than the broadcast says; 0: it is as it should be */
    bool asking;
};

/* ---- recall.c ---- */
struct recalled { /* a SKU that is recalled, in any mode */
    struct sku_id sku;
    int64_t since_ms;                              /* since when this node knows, or last tried */
    bool begun;                                    /* this node takes holds back, the next as soon as one is back */
    char ledger_id[LEDGER_ID_LEN_MAX + 1];         /* of the recall; "" when the fold began after it */
    int64_t holds, units_held, orders, units_sold; /* affected, when it was recalled */
};

/* ---- vouched.c ---- */
struct vouched {      /* one movement that this node can say happened */
    uint64_t ms, seq; /* of its ledger entry */
    int64_t at_ms;    /* time of the entry, or of the answer */
    uint64_t key;     /* of what moved: two movements of one entry with the same key are the same */
    size_t order;     /* among those of one entry */
    enum movement_kind kind;
    enum recall_mode recall;
    bool offer;
    bool done;                    /* while it is put back: it is there, or needs not be */
    enum inventory_answer answer; /* the last one, when it was not done */
    /* expires: server time, as if the show went on; units: of SYNCED the absolute count */
    int64_t units, gone, version, counted_ms, expires_ms, ttl_ms;
    uint8_t lines_count;
    char packed[]; /* texts and lines of the movement: vouched_hold, vouched_sku, vouched_ref read them */
};
struct vouched_ring {
    struct vouched **at; /* owned; oldest first, from `first` on, wrapping */
    size_t first, count, capacity;
};
struct vouching {
    struct vouched_ring told;  /* by the ledger */
    struct vouched_ring ahead; /* answered, and not told by the ledger yet */
    struct vouched **lost;     /* owned; what was vouched for when history was lost, in the ledger's order */
    size_t lost_count;
    bool doubted;                 /* the ledger was out of reach: what was answered may be gone without a trace */
    size_t lost_at, lost_present; /* while all is read again: looked at next; so many are there after all */
};
void vouched_finish(struct vouching *v);
void vouched_entry(struct shop *shop, const struct ledger_entry *entry);       /* after its fold */
void vouched_answered(struct shop *shop, const struct inventory_request *ask); /* after every answer */
/* History was lost: what is remembered becomes `lost`. Before the claims are forgotten. */
void vouched_rewound(struct shop *shop);
void vouched_doubt(struct vouching *v); /* the ledger is out of reach */
/* All is read again: `lost` is now what has to be put back, without what the ledger still has and what came to nothing. */
void vouched_caught_up(struct vouching *v);
void vouched_drop_lost(struct vouching *v);
/* vouched_pack.c */
bool movement_is_of_line(enum movement_kind kind); /* a waitlist's */
uint64_t vouched_key(const struct movement *m);
struct vouched *vouched_make(const struct movement *m, uint64_t ms,
                             uint64_t seq); /* NULL: no memory; not vouched for then */
void vouched_id_read(const char *ledger_id, uint64_t *ret_ms, uint64_t *ret_seq);
int vouched_compare(const struct vouched *record, uint64_t ms, uint64_t seq); /* with a ledger id */
const char *vouched_text(const struct vouched *record,
                         unsigned number); /* 0 hold, 1 viewer, 2 broadcast, 3 currency, 4 order, 5 SKU, 6 ref */
void vouched_hold(const struct vouched *record, struct hold *ret);
const char *vouched_sku(const struct vouched *record); /* of a stock movement, or the line waited in; "" of a hold */
const char *vouched_ref(const struct vouched *record);

/* ---- restore.c ---- */
struct restore {
    enum restore_step { RESTORE_NONE, RESTORE_ASKING, RESTORE_GRACE, RESTORE_ASKING_AGAIN, RESTORE_FOLDING } step;
    size_t number;   /* of this restore: answers to an earlier one are not for it */
    size_t at, next; /* the window asked now: records at .. next - 1 */
    size_t under_way;
    bool silent; /* one of the window met silence */
    bool missed; /* something of what this node knew was lost */
    size_t restored;
    int64_t began_ms;
    char ledger_id[LEDGER_ID_LEN_MAX + 1]; /* of the last entry written for it */
    struct clock_timer timer;
};

struct keeping {         /* of one shop */
    struct list asks;    /* struct own_ask under way */
    struct map recalled; /* sku -> struct recalled * */
    struct map taking;   /* holds being taken back, until the ledger says so -> anything */
    struct vouching vouching;
    struct restore restore;
    size_t failed;          /* promises that could not be put back, in all ... */
    char failed_words[128]; /* ... as hosts are told; "" */
    int64_t checkpoint_ms;  /* when the next is asked for; 0: not set */
    bool moved;             /* something moved since the last checkpoint */
    bool checkpoint_asking;
    size_t buffers_asking;
    int64_t buffers_ms; /* when they are looked at next */
};
void keeping_init(struct keeping *k);
void keeping_finish(struct shop *shop);
bool keeping_is_idle(const struct shop *shop);
void keeping_look(struct shop *shop);                                     /* every tick */
void keeping_folded(struct shop *shop, const struct ledger_entry *entry); /* after every fold */
void keeping_rewound(struct shop *shop);
/* After the ledger was out of reach, or lost some of its history. */
void keeping_caught_up(struct shop *shop, bool rewound);

bool hold_clock_differs(const struct show *show); /* from what its state asks for */
void hold_clock_write(const struct show *show, struct inventory_request *ask); /* FREEZE, as its state is */
void hold_clock_look(struct show *show, bool at_once);
void recall_look(struct shop *shop);
void recall_folded(struct shop *shop, const struct ledger_entry *entry);
void recall_forget(struct shop *shop);
/* The stock answered the recall that `e` asked, and this node has folded it. */
void recall_honour(struct shop *shop, const struct sku_id *sku); /* just before a recall that honours; NULL: nothing */
void recall_begun(const struct errand *e);
void recall_outcome(const struct errand *e, struct outcome *outcome);
/* True while promises are put back: nothing may be sold. */
bool restore_is_under_way(const struct shop *shop);
void restore_begin(struct shop *shop, bool rewound);
void restore_folded(struct shop *shop, const struct ledger_entry *entry);
void checkpoint_look(struct shop *shop);
void buffers_look(struct shop *shop);

#endif
