/* inventory/memory/truth_line.c - the lines of the waitlists, and the offers made to them. */
#include "inventory/memory/truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- open offers ---- */

void truth_offer_keep(struct truth_call *c, const struct hold *h)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, h->lines[0].sku.text, h->viewer.text);
    free(map_remove(&c->shop->offers, key));
    char *id = strdup(h->id.text);
    MUST(id != NULL && map_set(&c->shop->offers, key, id) == RESULT_OK);
}

void truth_offer_forget(struct truth_call *c, const struct hold *h)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, h->lines[0].sku.text, h->viewer.text);
    const char *id = map_get(&c->shop->offers, key);
    if (id != NULL && strcmp(id, h->id.text) == 0) /* one that was put back may have taken its place */
        free(map_remove(&c->shop->offers, key));
}

static const struct truth_hold *offer_find(const struct truth_call *c, const char *sku, const char *viewer)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, sku, viewer);
    const char *id = map_get(&c->shop->offers, key);
    return id == NULL ? NULL : map_get(&c->shop->holds, id);
}

/* ---- the line ---- */

static struct hold_id offer_id(uint64_t ticket)
{
    struct hold_id id = {0};
    snprintf(id.text, sizeof id.text, "%c%" PRIu64, HOLD_OFFER_MARK, ticket);
    return id;
}

/* Its ticket's, unless an offer of that number was put back: then the next one's. */
static struct hold_id offer_id_free(struct truth_shop *s, const struct truth_wish *wish)
{
    struct hold_id id = offer_id(wish->ticket);
    return map_get(&s->holds, id.text) == NULL ? id : offer_id(++s->tickets);
}

static void leave_line(struct truth_call *c, struct truth_sku *k, struct truth_wish *wish)
{
    waitlist_leave(&k->waitlist, &wish->waiting);
    truth_changed(c, k);
}

static void note_waiting(struct truth_call *c, enum movement_kind kind, const struct truth_sku *k,
                         const struct truth_wish *wish)
{
    struct hold viewer = {.viewer = wish->hold.viewer};
    struct truth_move *move = truth_note(c, kind, &viewer);
    move->sku = k->sku;
    move->units = wish->waiting.units;
}

static void make_offer(struct truth_call *c, const struct truth_wish *wish)
{
    struct hold_id id = offer_id_free(c->shop, wish);
    truth_offer_keep(c, &truth_hold_new(c, &wish->hold, &id, wish->ttl_ms, MOVE_OFFERED)->hold);
}

void truth_serve(struct truth_call *c, struct truth_sku *k)
{
    struct waiting *next = NULL;
    while (!k->counts.stopped && (next = waitlist_next(&k->waitlist, counts_sellable(&k->counts))) != NULL) {
        struct truth_wish *wish = container_of(next, struct truth_wish, waiting);
        leave_line(c, k, wish);
        int64_t taken = truth_taken(c->shop, k, wish->hold.viewer.text);
        if (counts_may_take(&k->counts, next->units, taken) == TAKE_MAY)
            make_offer(c, wish);
        else
            note_waiting(c, MOVE_LEFT, k, wish);
        free(wish);
    }
}

static void join_line(struct truth_call *c, struct truth_sku *k, const struct inventory_request *r)
{
    struct truth_wish *wish = truth_alloc(sizeof *wish);
    hold_copy(&wish->hold, &r->hold);
    wish->waiting.viewer = wish->hold.viewer.text;
    wish->waiting.units = r->hold.lines[0].units;
    wish->ttl_ms = r->ttl_ms;
    wish->ticket = ++c->shop->tickets;
    waitlist_join(&k->waitlist, &wish->waiting);
    note_waiting(c, MOVE_WAITING, k, wish);
    truth_changed(c, k);
}

static uint64_t offer_number(const struct hold *h) { return strtoull(h->id.text + 1, NULL, 10); }

bool truth_offer_is_numbered(const struct hold *h)
{
    struct hold_id id = offer_id(offer_number(h));
    return offer_number(h) >= 1 && offer_number(h) <= OFFER_NUMBER_MAX && ID_EQUAL(id, h->id) && h->lines_count == 1;
}

struct truth_hold *truth_offer_again(struct truth_call *c, const struct inventory_request *r)
{
    struct truth_sku *k = truth_sku(c->shop, r->hold.lines[0].sku.text);
    struct waiting *waiting = waitlist_find(&k->waitlist, r->hold.viewer.text);
    if (waiting != NULL) {
        struct truth_wish *wish = container_of(waiting, struct truth_wish, waiting);
        leave_line(c, k, wish);
        free(wish);
    }
    if (c->shop->tickets < offer_number(&r->hold))
        c->shop->tickets = offer_number(&r->hold);
    struct truth_hold *h = truth_hold_new(c, &r->hold, &r->hold.id, r->ttl_ms, MOVE_OFFERED);
    truth_offer_keep(c, &h->hold);
    return h;
}

void truth_join(struct truth_call *c, struct inventory_request *r)
{
    if (!truth_claim_is_valid(r) || r->hold.lines_count != 1)
        return;
    const struct line *line = &r->hold.lines[0];
    struct truth_sku *k = truth_sku(c->shop, line->sku.text);
    if (k == NULL) {
        r->answer = INVENTORY_SKU_UNKNOWN;
        return;
    }
    const struct waiting *present = waitlist_find(&k->waitlist, r->hold.viewer.text);
    if (present != NULL) {
        r->answer = INVENTORY_REPLAYED;
        r->ahead = waitlist_ahead(&k->waitlist, present);
        return;
    }
    const struct truth_hold *offered = offer_find(c, line->sku.text, r->hold.viewer.text);
    if (offered != NULL) {
        truth_answer(c, r, INVENTORY_REPLAYED, offered);
        return;
    }
    enum take_verdict verdict = counts_may_take(&k->counts, line->units, truth_taken(c->shop, k, r->hold.viewer.text));
    if (verdict == TAKE_STOPPED || verdict == TAKE_LIMIT || k->waitlist.len >= WAITLIST_LEN_MAX) {
        r->answer = verdict == TAKE_STOPPED ? INVENTORY_STOPPED : INVENTORY_LIMIT_REACHED;
        return;
    }
    join_line(c, k, r);
    r->answer = INVENTORY_DONE;
    truth_serve(c, k); /* may offer to, or drop, somebody who stands before */
    r->ahead = k->waitlist.len - 1;
    const struct truth_hold *offer = offer_find(c, line->sku.text, r->hold.viewer.text);
    if (offer != NULL) {
        truth_answer(c, r, INVENTORY_DONE, offer);
        r->ahead = 0;
    }
}

void truth_leave(struct truth_call *c, struct inventory_request *r)
{
    const char *sku = r->hold.lines_count == 0 ? "" : r->hold.lines[0].sku.text;
    struct truth_sku *k = truth_sku(c->shop, sku);
    struct waiting *waiting = k == NULL ? NULL : waitlist_find(&k->waitlist, r->hold.viewer.text);
    r->answer = INVENTORY_REPLAYED;
    if (waiting == NULL)
        return;
    struct truth_wish *wish = container_of(waiting, struct truth_wish, waiting);
    leave_line(c, k, wish);
    note_waiting(c, MOVE_LEFT, k, wish);
    free(wish);
    r->answer = INVENTORY_DONE;
}
