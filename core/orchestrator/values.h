/* core/orchestrator/values.h - what one broadcast's screens were told last, and what waits to be told; private to
 * core/orchestrator.
 *
 *   tick.c    values go out: a lone change at once, further ones when the audience can take them
 *   share.c   what all nodes show together: viewers, demand
 *   lag.c     how much later than the host acts the viewers see it
 *
 * A value is published when it differs from what was told last. One thing could break that: a snapshot tells the present, which
 * may not have been published yet. If the value then went back to what was told last, whoever got that snapshot would keep what is
 * no longer so. So values that a snapshot told early are published even then (`seen`). */
#ifndef LIVESHELF_CORE_ORCHESTRATOR_VALUES_H
#define LIVESHELF_CORE_ORCHESTRATOR_VALUES_H

#include "base/list.h"
#include "base/map.h"
#include "core/broadcast/lag.h"
#include "core/broadcast/shown.h"
#include "core/broadcast/view.h"
#include "core/ports/clock.h"
#include "core/ports/store.h"

struct show;
struct orchestrator;

#define PACE_MAX_MS 5000 /* however long sending takes: no value is older than this on a screen */

struct sku_told {
    struct sku_id sku;
    bool marked;              /* in values.marked */
    bool told;                /* ever; false: the rest means nothing */
    bool seen;                /* a snapshot told what was not published yet */
    struct stock_shown shown; /* to everyone */
    struct claim_sku counts;  /* to hosts */
};

struct values {
    struct clock_timer tick;
    bool armed;
    int64_t due_ms;           /* armed: when it fires */
    int64_t next_ms;          /* nothing is published before; 0: never was */
    struct map skus;          /* SKU -> struct sku_told *: those told or marked since the shelf changed */
    struct sku_told **marked; /* SHELF_ITEMS_MAX places once there is one */
    size_t marked_count;
    bool demand, audience, lag, volumes; /* marked */
    struct {
        uint64_t claims, seq;
    } seen_of; /* what the marked SKUs were last compared at, for a snapshot */
    struct {   /* the last so told */
        uint64_t exact, shown;
        bool exact_seen, shown_seen;
        int64_t shown_ms; /* when */
    } viewers;
    struct lag_view lag_told;
    struct {
        bool told, selling, differs;
        char why[256];
        int64_t last_ms, p95_ms;
    } health;
    struct {
        bool told;
        struct claim_clock clock;
    } hold_clock;
};
void values_init(struct show *show);
void values_finish(struct show *show);
/* A snapshot will tell what is so now. */
void values_seen(struct show *show, const struct show_view *view);
void values_tell_hold_clock(struct show *show);

/* What changed, or may have; the tick compares. */
void show_mark_sku(struct show *show, const struct sku_id *sku); /* must be on the shelf */
void show_mark_all(struct show *show);                           /* all SKUs are told anew, whatever was told before */
void show_mark_demand(struct show *show);
void show_mark_audience(struct show *show);
void show_mark_lag(struct show *show);
void show_mark_volumes(struct show *show);

/* ---- share.c: one topic of one broadcast, in the store ---- */
struct share {
    struct store_request ask;
    struct show *show;
    bool busy;
};
#define SHARES_TTL 3 /* shares that may be missed before what a node says of the present is forgotten */
void share_start(struct orchestrator *o);
void share_fire(struct clock_timer *timer);
/* Puts share->ask.value under the topic; the others' come back with `done`. */
void share_ask(struct share *share, const char *topic, int64_t ttl_ms, void (*done)(struct store_request *ask));
/* Calls `take` with the value of every other node's line "node value\n". */
void share_read(struct show *show, const struct bytes *lines, void (*take)(struct show *show, char *value));

/* ---- lag.c ---- */
struct show_lag {
    struct lag here;
    struct lag_sum all;   /* over all nodes, as last gathered */
    struct lag_view view; /* of that */
    struct share share;
    bool shared; /* the others were told something that is not over yet */
};
void lag_share(struct show *show);

#endif
