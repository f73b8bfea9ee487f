/* core/broadcast/broadcast.c - an event from the log becomes the next state: one small step per kind of event.
 *
 *   broadcast_step      checks the order, finds the step of the event's kind
 *     step_...          refuses what cannot follow this state, changes nothing then
 *     undo_before       inside a step, before it changes anything: remembers what an act replaces */
#include "core/broadcast/broadcast.h"

#include <stdlib.h>
#include <string.h>

#include "core/broadcast/plan.h"

void broadcast_init(struct broadcast *b, const struct shop_id *shop, const struct broadcast_id *id)
{
    *b = (struct broadcast){.shop = *shop, .id = *id, .cue.index = -1};
}

void broadcast_finish(struct broadcast *b)
{
    if (b == NULL)
        return;
    free(b->items);
    free(b->document);
    free(b->done);
    free(b->approvals);
    free(b->extras);
    *b = (struct broadcast){0};
}

const struct shelf_item *broadcast_item(const struct broadcast *b, const char *sku)
{
    return shelf_find(b->items, b->items_count, sku);
}

bool broadcast_is_selling(const struct broadcast *b) { return b->state == BROADCAST_LIVE; }

/* The one place that may write to an item. */
static struct shelf_item *item_to_change(struct broadcast *b, const char *sku)
{
    const struct shelf_item *item = broadcast_item(b, sku);
    return item == NULL ? NULL : &b->items[item - b->items];
}

/* ---- undo ---- */

static void undo_forget(struct broadcast *b) { b->undo = (struct undo_record){0}; }

/* `e` is about to change pins, cue or, when `item` is given, its price. The first event of an act remembers all pins and
 * the cue: whatever the rest of the act does to them, they are known. A change that no undo can take back, and that
 * includes an undo itself, ends what could be taken back before. */
static void undo_before(struct broadcast *b, const struct event *e, const struct shelf_item *item)
{
    struct undo_record *undo = &b->undo;
    bool next_of_same_act = undo->until_ms != 0 && e->seq == undo->seq + e->undo_part - 1;
    if (e->undo_part == 1) {
        *undo = (struct undo_record){.until_ms = e->ms + UNDO_MS, .seq = e->seq, .cue = b->cue};
        memcpy(undo->pins, b->pins, sizeof undo->pins);
    } else if (!next_of_same_act) {
        undo_forget(b);
        return;
    }
    if (item != NULL && ID_IS_NONE(undo->price_sku)) {
        undo->price_sku = item->sku;
        undo->price = item->price.money;
        undo->base_price = item->base_price;
        undo->price_meant = item->price_meant;
        undo->base_meant = item->base_meant;
        undo->offer_ends_ms = item->offer_ends_ms;
    }
}

/* ---- the broadcast itself ---- */

static enum result step_begun(struct broadcast *b, struct event *e)
{
    b->epoch = e->u.begun.epoch;
    b->details = e->u.begun.details;
    b->created_ms = e->ms;
    return RESULT_OK;
}

static enum result step_epoch(struct broadcast *b, struct event *e)
{
    b->epoch = e->u.epoch;
    return RESULT_OK;
}

static enum result step_details(struct broadcast *b, struct event *e)
{
    b->details = e->u.details;
    return RESULT_OK;
}

static const unsigned broadcast_may_become[BROADCAST_STATES] = {
    [BROADCAST_DRAFT] = BIT(BROADCAST_REHEARSAL) | BIT(BROADCAST_SCHEDULED) | BIT(BROADCAST_LIVE),
    [BROADCAST_REHEARSAL] = BIT(BROADCAST_DRAFT) | BIT(BROADCAST_SCHEDULED) | BIT(BROADCAST_LIVE),
    [BROADCAST_SCHEDULED] = BIT(BROADCAST_DRAFT) | BIT(BROADCAST_REHEARSAL) | BIT(BROADCAST_LIVE),
    [BROADCAST_LIVE] = BIT(BROADCAST_PAUSED) | BIT(BROADCAST_ENDED),
    [BROADCAST_PAUSED] = BIT(BROADCAST_LIVE) | BIT(BROADCAST_ENDED),
    [BROADCAST_ENDED] = BIT(BROADCAST_SETTLED),
};

static enum result step_state(struct broadcast *b, struct event *e)
{
    enum broadcast_state next = e->u.state.state;
    if (next >= BROADCAST_STATES || (broadcast_may_become[b->state] & BIT(next)) == 0)
        return RESULT_MALFORMED;
    if (next == BROADCAST_LIVE && b->started_ms == 0)
        b->started_ms = e->ms;
    if (next == BROADCAST_ENDED) {
        b->ended_ms = e->ms;
        undo_forget(b);
    }
    b->state = next;
    b->state_seq = e->seq;
    return RESULT_OK;
}

static enum result step_notice(struct broadcast *b, struct event *e)
{
    b->notice.id = e->u.notice.id;
    memcpy(b->notice.text, e->u.notice.text, sizeof b->notice.text);
    b->notice.level = e->u.notice.level;
    b->notice.ms = e->ms;
    return RESULT_OK;
}

/* ---- the shelf ---- */

/* Versions of a SKU that leaves are not used again when it comes back: somebody may still have seen one. */
static void shelf_leave(struct broadcast *b, const struct event *e)
{
    for (size_t i = 0; i < b->items_count; i++) {
        const struct shelf_item *old = &b->items[i];
        bool stays = shelf_find(e->u.shelf.items, e->u.shelf.count, old->sku.text) != NULL;
        if (!stays && old->price.version > b->price_version_floor)
            b->price_version_floor = old->price.version;
    }
    for (size_t slot = 0; slot < PIN_SLOTS; slot++)
        if (shelf_find(e->u.shelf.items, e->u.shelf.count, b->pins[slot].sku.text) == NULL)
            b->pins[slot] = (struct pin){0};
}

static enum result step_shelf(struct broadcast *b, struct event *e)
{
    if (e->u.shelf.count > SHELF_ITEMS_MAX)
        return RESULT_MALFORMED;
    shelf_leave(b, e);
    undo_forget(b); /* what it would bring back may have left */
    free(b->items);
    free(b->document);
    b->items = e->u.shelf.items;
    b->items_count = e->u.shelf.count;
    b->document = e->u.shelf.document;
    b->document_seq = e->seq;
    extras_drop(b);
    e->u.shelf.items = NULL;
    e->u.shelf.count = 0;
    e->u.shelf.document = NULL;
    return RESULT_OK;
}

static enum result step_sku(struct broadcast *b, struct event *e)
{
    struct shelf_item *item = item_to_change(b, e->u.sku.sku.text);
    bool again = e->u.sku.state == SKU_RECALLED; /* it means something else for open holds now */
    if (item == NULL || (item->state == SKU_RECALLED && !again) || e->u.sku.state > SKU_RECALLED)
        return RESULT_MALFORMED;
    if (e->u.sku.state == SKU_RECALLED)
        undo_forget(b); /* an undo must not bring it back on screen */
    item->state = e->u.sku.state;
    item->recall = e->u.sku.recall;
    extras_drop(b);
    if (e->u.sku.tripped)
        item->tripped_version = item->price.version;
    if (e->u.sku.state == SKU_OPEN && item->tripped_version != 0 && item->tripped_version == item->price.version) {
        item->price_meant = true;
        item->base_meant = item->base_meant || item->offer_ends_ms == 0;
    }
    return RESULT_OK;
}

/* ---- prices ---- */

/* A version stands for one price for ever. */
static bool price_may_follow(const struct price *price, const struct price *old)
{
    return price->version > old->version ||
           (price->version == old->version && price->version != 0 && money_equal(&price->money, &old->money));
}

/* What was said of another price does not count for this one. */
static bool price_stays_meant(const struct shelf_item *item, const struct price *price, bool meant)
{
    return meant || (item->price_meant && item->price.version == price->version);
}

static enum result step_price(struct broadcast *b, struct event *e)
{
    struct shelf_item *item = item_to_change(b, e->u.price.sku.text);
    if (item == NULL || !price_may_follow(&e->u.price.price, &item->price))
        return RESULT_MALFORMED;
    undo_before(b, e, item);
    item->price_meant = item->base_meant = price_stays_meant(item, &e->u.price.price, e->u.price.meant);
    item->price = e->u.price.price;
    item->base_price = item->price.money;
    item->offer_ends_ms = 0;
    return RESULT_OK;
}

/* An offer on another SKU, or one that ends by the clock, is no reason to forget what a host may take back. */
static enum result step_offer(struct broadcast *b, struct event *e)
{
    struct shelf_item *item = item_to_change(b, e->u.offer.sku.text);
    if (item == NULL || !price_may_follow(&e->u.offer.price, &item->price))
        return RESULT_MALFORMED;
    if (e->undo_part != 0 || ID_EQUAL(b->undo.price_sku, item->sku))
        undo_before(b, e, item);
    item->price_meant =
        e->u.offer.started ? price_stays_meant(item, &e->u.offer.price, e->u.offer.meant) : item->base_meant;
    item->price = e->u.offer.price;
    if (e->u.offer.started) {
        item->offer_ends_ms = e->u.offer.ends_ms;
    } else {
        item->base_price = item->price.money;
        item->offer_ends_ms = 0;
    }
    return RESULT_OK;
}

/* ---- bundles and freebies ---- */

static enum result step_extra(struct broadcast *b, struct event *e)
{
    const struct extra *extra = &e->u.extra.extra, *running = broadcast_extra(b, extra->sku.text);
    struct extra before = running == NULL ? (struct extra){0} : *running;
    const struct shelf_item *item = broadcast_item(b, extra->sku.text);
    if (item == NULL || (e->u.extra.started && item->state == SKU_RECALLED))
        return RESULT_MALFORMED;
    enum result result = RESULT_OK;
    if (e->u.extra.started)
        result = extras_set(b, extra);
    else
        extras_end(b, &extra->sku);
    if (result != RESULT_OK)
        return result;
    undo_before(b, e, NULL);
    if (e->undo_part != 0) {
        b->undo.extra_sku = extra->sku;
        b->undo.extra = before;
    }
    return RESULT_OK;
}

/* ---- prices that wait for a second person ---- */

const struct price_approval *broadcast_approval(const struct broadcast *b, const char *id)
{
    for (size_t i = 0; i < b->approvals_count; i++)
        if (id_equal(b->approvals[i].id.text, id))
            return &b->approvals[i];
    return NULL;
}

const struct price_approval *broadcast_approval_of(const struct broadcast *b, const char *sku, int64_t now_ms)
{
    for (size_t i = 0; i < b->approvals_count; i++)
        if (id_equal(b->approvals[i].sku.text, sku) && approval_is_pending(&b->approvals[i], now_ms))
            return &b->approvals[i];
    return NULL;
}

bool approval_is_pending(const struct price_approval *a, int64_t now_ms)
{
    return a->state == APPROVAL_ASKED && now_ms < a->until_ms;
}

/* The oldest that waits no more makes room; the plan sees to it that there is one. */
static size_t approval_to_drop(const struct broadcast *b, int64_t now_ms)
{
    for (size_t i = 0; i < b->approvals_count; i++)
        if (!approval_is_pending(&b->approvals[i], now_ms))
            return i;
    return 0;
}

static enum result approval_add(struct broadcast *b, const struct event *e)
{
    if (b->approvals == NULL)
        b->approvals = calloc(APPROVALS_MAX, sizeof *b->approvals);
    if (b->approvals == NULL)
        return RESULT_NO_MEMORY;
    if (b->approvals_count == APPROVALS_MAX) {
        size_t at = approval_to_drop(b, e->ms);
        b->approvals_count--;
        memmove(&b->approvals[at], &b->approvals[at + 1], (b->approvals_count - at) * sizeof *b->approvals);
    }
    b->approvals[b->approvals_count++] = e->u.approval;
    return RESULT_OK;
}

/* Every event says all of it: a decision stands also where the history that held its question was lost. */
static enum result step_approval(struct broadcast *b, struct event *e)
{
    const struct price_approval *known = broadcast_approval(b, e->u.approval.id.text);
    if (known == NULL)
        return approval_add(b, e);
    b->approvals[known - b->approvals] = e->u.approval;
    return RESULT_OK;
}

/* ---- what is on screen ---- */

static enum result step_pin_set(struct broadcast *b, struct event *e)
{
    uint8_t slot = e->u.pin_set.slot;
    if (slot >= PIN_SLOTS || broadcast_item(b, e->u.pin_set.pin.sku.text) == NULL)
        return RESULT_MALFORMED;
    undo_before(b, e, NULL);
    b->pins[slot] = e->u.pin_set.pin;
    b->pins[slot].set = true;
    b->pins[slot].pinned_ms = e->ms;
    b->pins[slot].media_at_ms = e->media_at_ms;
    return RESULT_OK;
}

static enum result step_pin_cleared(struct broadcast *b, struct event *e)
{
    if (e->u.slot >= PIN_SLOTS)
        return RESULT_MALFORMED;
    undo_before(b, e, NULL);
    b->pins[e->u.slot] = (struct pin){0};
    return RESULT_OK;
}

static enum result step_cue(struct broadcast *b, struct event *e)
{
    undo_before(b, e, NULL);
    b->cue = e->u.cue;
    return RESULT_OK;
}

/* Ticks of a cue replace its earlier ones and become the newest; past CUES_MAX cues the oldest are dropped. */
static enum result step_cue_done(struct broadcast *b, struct event *e)
{
    if (e->u.cue_done.count > MUST_SAY_MAX)
        return RESULT_MALFORMED;
    size_t at = done_find(b, e->u.cue_done.cue.text);
    if (at == b->done_count && b->done_count < CUES_MAX) {
        void *grown = realloc(b->done, (b->done_count + 1) * sizeof *b->done);
        if (grown == NULL)
            return RESULT_NO_MEMORY;
        b->done = grown;
        b->done_count++;
    }
    if (at == b->done_count)
        at = 0;
    size_t last = b->done_count - 1;
    memmove(&b->done[at], &b->done[at + 1], (last - at) * sizeof *b->done);
    b->done[last].cue = e->u.cue_done.cue;
    b->done[last].count = e->u.cue_done.count;
    memcpy(b->done[last].said, e->u.cue_done.said, sizeof b->done[last].said);
    return RESULT_OK;
}

static enum result step_of_another_log(struct broadcast *b, struct event *e)
{
    (void)b;
    (void)e;
    return RESULT_OK;
}

enum result broadcast_step(struct broadcast *b, struct event *e)
{
    static enum result (*const steps[EVENT_KINDS])(struct broadcast *, struct event *) = {
        [EVENT_BEGUN] = step_begun,
        [EVENT_EPOCH] = step_epoch,
        [EVENT_DETAILS] = step_details,
        [EVENT_SHELF] = step_shelf,
        [EVENT_STATE] = step_state,
        [EVENT_PIN_SET] = step_pin_set,
        [EVENT_PIN_CLEARED] = step_pin_cleared,
        [EVENT_CUE] = step_cue,
        [EVENT_CUE_DONE] = step_cue_done,
        [EVENT_PRICE] = step_price,
        [EVENT_OFFER] = step_offer,
        [EVENT_NOTICE] = step_notice,
        [EVENT_SKU] = step_sku,
        [EVENT_APPROVAL] = step_approval,
        [EVENT_EXTRA] = step_extra,
        [EVENT_CATALOGUE] = step_of_another_log,
        [EVENT_LISTED] = step_of_another_log,
    };
    MUST(e->seq == b->seq + 1);
    if (e->kind >= EVENT_KINDS || (e->kind == EVENT_BEGUN) != (e->seq == 1))
        return RESULT_MALFORMED;
    enum result result = steps[e->kind](b, e);
    if (result == RESULT_OK)
        b->seq = e->seq;
    return result;
}
