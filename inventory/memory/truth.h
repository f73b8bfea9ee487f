/* inventory/memory/truth.h - the stock of one shop, and what one batch does to it. No clock, no faults: those are lane.c's. */
#ifndef LIVESHELF_INVENTORY_MEMORY_TRUTH_H
#define LIVESHELF_INVENTORY_MEMORY_TRUTH_H

#include "base/map.h"
#include "core/ports/inventory.h"
#include "inventory/memory/timers.h"
#include "inventory/rules/clock.h"
#include "inventory/rules/counts.h"
#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"

#define TRUTH_MAP_MAX 10000000

struct truth_sku {
    struct sku_id sku;
    struct counts counts;
    bool known;   /* something moved once: unknown ones are looked up in vain */
    bool tracked; /* a limit was set once: units per viewer are kept in truth_shop.taken from then on */
    struct waitlist waitlist;
};

struct truth_wish { /* a place in a line */
    struct waiting waiting;
    struct hold hold; /* viewer, broadcast, currency and the one line of the offer to come */
    int64_t ttl_ms;
    uint64_t ticket; /* numbers all wishes of the shop; the offer's id */
};

#define TRUTH_PARKED INT64_C(-1)
struct truth_hold {
    int64_t timer_ms; /* server time of its end while held, of its purge afterwards; TRUTH_PARKED: none now */
    struct hold hold; /* last: allocated with HOLD_SIZE; held: expires_at_ms is on its broadcast's clock */
};

struct truth_clock { /* of a broadcast that stood still once */
    struct broadcast_id broadcast;
    struct show_clock clock;
};

struct truth_move { /* a movement as kept: without the lines it does not have */
    enum movement_kind kind;
    struct sku_id sku;
    int64_t units, gone, version, delay_ms;
    enum recall_mode recall;
    char ref[REF_LEN_MAX + 1];
    struct hold *hold; /* own copy of HOLD_SIZE; NULL: none */
};

struct truth_entry { /* of the ledger */
    char id[LEDGER_ID_LEN_MAX + 1];
    int64_t ms;
    bool is_checkpoint;
    struct truth_move *moves;
    struct stock_count *counts;
    size_t moves_count, moves_capacity, counts_count, counts_capacity;
};

struct truth_shop {
    struct shop_id shop;
    struct map skus;   /* sku -> struct truth_sku * */
    struct map holds;  /* id -> struct truth_hold * */
    struct map taken;  /* "sku/viewer" -> int64_t *: units held or bought, of tracked SKUs */
    struct map offers; /* "sku/viewer" -> id of the open offer, strdup'd */
    struct map clocks; /* broadcast -> struct truth_clock * */
    struct map refs;   /* ref -> strdup'd "op sku units" of the stock move done under it */
    struct timers timers;
    uint64_t tickets; /* given so far */
    struct truth_entry *entries;
    size_t entries_count, entries_capacity;
    int64_t checkpoint_ms; /* of the last one */
    bool has_checkpoint;
    int64_t id_ms; /* of the last entry's id */
    uint64_t id_seq;
};

struct truth_shop *truth_create(const struct shop_id *shop);
void truth_destroy(struct truth_shop *s);
/* Expires what is due, then does the requests in order; fills their answers (not `result`). Writes at most one
 * ledger entry, and a checkpoint when asked for. */
void truth_exec(struct truth_shop *s, int64_t now_ms, struct inventory_request *requests, size_t count);
void truth_check(const struct truth_shop *s);
struct stock_count truth_count(const struct truth_sku *k);

/* ---- between the truth's files ---- */
struct truth_call {
    struct truth_shop *shop;
    int64_t now_ms;
    struct truth_entry *entry;
    struct truth_sku *changed[4096]; /* in the order of their first change */
    size_t changed_count;
    struct inventory_request *checkpoint; /* the first that asks for one, or NULL */
};
void *truth_alloc(size_t size);                                                   /* zeroed, or the process stops */
struct truth_sku *truth_sku(const struct truth_shop *s, const char *sku);         /* NULL: unknown */
struct truth_sku *truth_sku_make(struct truth_shop *s, const struct sku_id *sku); /* known once it changes */
void truth_changed(struct truth_call *c, struct truth_sku *k);
struct truth_move *truth_entry_note(struct truth_entry *e, enum movement_kind kind, const struct hold *hold);
void truth_entry_count(struct truth_entry *e, const struct truth_sku *k);
void truth_entry_keep(struct truth_shop *s, struct truth_entry *e); /* names it; takes what it points to */
struct truth_move *truth_note(struct truth_call *c, enum movement_kind kind, const struct hold *hold);
struct truth_move *truth_note_sku(struct truth_call *c, enum movement_kind kind, const struct truth_sku *k,
                                  int64_t units);
void truth_serve(struct truth_call *c, struct truth_sku *k); /* free units to the line */
void truth_pair_key(char key[2 * ID_LEN_MAX + 2], const char *sku, const char *viewer);
int64_t truth_taken(const struct truth_shop *s, const struct truth_sku *k, const char *viewer);
void truth_take(struct truth_shop *s, const struct truth_sku *k, const char *viewer, int64_t units);
struct truth_hold *truth_hold_new(struct truth_call *c, const struct hold *from, const struct hold_id *id,
                                  int64_t ttl_ms, enum movement_kind kind);
bool truth_claim_is_valid(const struct inventory_request *r); /* all of a reserve but its id */
extern const enum inventory_answer truth_take_answers[];
/* Answers with the hold, its end in server time. */
void truth_answer(const struct truth_call *c, struct inventory_request *r, enum inventory_answer what,
                  const struct truth_hold *h);

/* truth_clock.c */
const struct show_clock *truth_clock(const struct truth_shop *s, const struct broadcast_id *broadcast);
int64_t truth_clock_now(const struct truth_call *c, const struct broadcast_id *broadcast); /* what it shows */
int64_t truth_timer(const struct truth_shop *s, const struct hold *h); /* when it is to be looked at; TRUTH_PARKED */
void truth_set_timer(struct truth_shop *s, struct truth_hold *h);      /* after anything it depends on changed */
void truth_set_timers_of_sku(struct truth_shop *s, const struct sku_id *sku);

/* truth_line.c */
void truth_offer_keep(struct truth_call *c, const struct hold *h);
void truth_offer_forget(struct truth_call *c, const struct hold *h);
bool truth_offer_is_numbered(const struct hold *h); /* its id is one that an offer may have */
/* An offer that was lost is made again as it was: its viewer leaves the line, later ones have later numbers. */
struct truth_hold *truth_offer_again(struct truth_call *c, const struct inventory_request *r);

/* truth_checkpoint.c: after the call's own entry */
void truth_checkpoint_write(struct truth_call *c);

void truth_expire_due(struct truth_call *c, const struct inventory_request *requests, size_t count);
typedef void truth_op(struct truth_call *c, struct inventory_request *r);
truth_op truth_reserve, truth_extend, truth_confirm, truth_release, truth_take_back, truth_get, truth_join, truth_leave;
truth_op truth_allocate, truth_withdraw, truth_sync, truth_stop, truth_open, truth_limit, truth_recall, truth_buffer;
truth_op truth_freeze, truth_checkpoint;

#endif
