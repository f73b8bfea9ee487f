/* core/broadcast/plan.h - shared by the files of this module that plan acts; nobody else includes it. */
#ifndef LIVESHELF_CORE_BROADCAST_PLAN_H
#define LIVESHELF_CORE_BROADCAST_PLAN_H

#include "core/broadcast/broadcast.h"

/* The events of one act, as they are put together. */
struct plan {
    const struct broadcast *b;
    const struct act *a;
    struct event *events; /* the caller's, EVENT_BATCH_MAX of them */
    size_t count;
    uint8_t undoable; /* how many of them are of the act that undo takes back */
};

struct event *plan_add(struct plan *p, enum event_kind kind);
struct event *plan_add_undoable(struct plan *p, enum event_kind kind);               /* one act, taken back whole */
void plan_pin(struct plan *p, struct event *e, uint8_t slot, const struct pin *pin); /* fills an EVENT_PIN_SET */
void plan_show(struct plan *p, struct event *e); /* on screen when the viewer's video gets there */

bool plan_currency_fits(const struct broadcast *b, const struct money *money);
/* An offer that runs is ended first, as its own event: every screen that counts it down must hear so. */
void plan_new_price(struct plan *p, const struct shelf_item *item, const struct money *money, bool meant);
enum act_answer plan_price(struct plan *p);
enum act_answer plan_offer_start(struct plan *p);
enum act_answer plan_offer_stop(struct plan *p);
enum act_answer plan_approve(struct plan *p);
enum act_answer plan_reject(struct plan *p);
enum act_answer plan_shelf(struct plan *p);
enum act_answer plan_extra_add(struct plan *p);
enum act_answer plan_extra_end(struct plan *p);
void plan_extra(struct event *e, const struct extra *extra); /* fills an EVENT_EXTRA that starts it */
enum act_answer plan_undo(struct plan *p);

/* ---- extras that run, for the steps ---- */
MUST_USE enum result extras_set(struct broadcast *b, const struct extra *extra); /* MALFORMED: one too many */
void extras_end(struct broadcast *b, const struct sku_id *sku);
void extras_drop(struct broadcast *b); /* those that cannot go on, after the shelf or a SKU's state has changed */

/* ---- comparing and copying ---- */
bool money_equal(const struct money *a, const struct money *b);
bool pin_equal(const struct pin *a, const struct pin *b); /* but for the times */
bool cue_shown_equal(const struct cue_shown *a, const struct cue_shown *b);
/* The price after `old`: the next version, or the same when the money is the same. */
struct price price_after(const struct price *old, const struct money *money);
const struct shelf_item *shelf_find(const struct shelf_item *items, size_t count, const char *sku);
/* The one currency of the priced items; NULL: none is priced. */
const char *shelf_currency(const struct shelf_item *items, size_t count);
size_t done_find(const struct broadcast *b, const char *cue); /* index of its ticks; done_count: none */
void text_copy(char *to, size_t size, const char *from);      /* NULL is ""; it fits (MUST) */

#endif
