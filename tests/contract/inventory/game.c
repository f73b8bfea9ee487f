#include "tests/contract/inventory/game.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

uint64_t game_below(struct game *g, uint64_t bound) { return rng_below(&g->rng, bound); }
bool game_one_in(struct game *g, uint64_t bound) { return game_below(g, bound) == 0; }
static uint64_t below(struct game *g, uint64_t bound) { return game_below(g, bound); }
static bool one_in(struct game *g, uint64_t bound) { return game_one_in(g, bound); }

/* ---- random requests ---- */

static void some_hold_id(struct game *g, struct hold_id *ret)
{
    if (one_in(g, 30))
        g->favourite = g->first_id + (unsigned)below(g, GAME_IDS);
    if (one_in(g, 4))
        snprintf(ret->text, sizeof ret->text, "h%u", g->favourite);
    else if (one_in(g, 6))
        snprintf(ret->text, sizeof ret->text, "~%" PRIu64, 1 + below(g, 1 + g->operations / 60));
    else
        snprintf(ret->text, sizeof ret->text, "h%" PRIu64, g->first_id + below(g, GAME_IDS));
}

static void some_viewer(struct game *g, struct viewer_id *ret)
{
    snprintf(ret->text, sizeof ret->text, "v%" PRIu64, below(g, GAME_VIEWERS));
}

static unsigned some_sku(struct game *g, struct sku_id *ret)
{
    unsigned sku = (unsigned)below(g, one_in(g, 50) ? GAME_SKUS + 1 : GAME_SKUS); /* the last is never stocked */
    snprintf(ret->text, sizeof ret->text, "sku-%u", sku);
    return sku < GAME_SKUS ? sku : 0;
}

static unsigned some_broadcast(struct game *g, struct broadcast_id *ret)
{
    unsigned broadcast = one_in(g, 3) ? (unsigned)below(g, GAME_BROADCASTS) : 0;
    snprintf(ret->text, sizeof ret->text, "b%u", broadcast);
    return broadcast;
}

/* Most prices and carts are the same, so that replays and mismatches both happen. */
static void some_claim(struct game *g, struct hold *h)
{
    some_viewer(g, &h->viewer);
    if (!one_in(g, 20))
        some_broadcast(g, &h->broadcast);
    memcpy(h->currency, one_in(g, 40) ? "USD" : "EUR", 4);
    h->lines_count = one_in(g, 4) ? (uint8_t)(2 + below(g, 2)) : 1;
    for (size_t i = 0; i < h->lines_count; i++) {
        some_sku(g, &h->lines[i].sku);
        h->lines[i].units = (uint32_t)(one_in(g, 80) ? 0 : 1 + below(g, 3));
        h->lines[i].unit_minor = one_in(g, 30) ? 500 : 990;
        h->lines[i].price_version = one_in(g, 30) ? 2 : 1;
    }
}

static int64_t some_ttl(struct game *g) { return one_in(g, 60) ? 0 : (int64_t)(1000 + below(g, 5) * 4000); }

/* What was promised for this hold in memory, so that confirms mostly pay the right amount. */
static void know_hold(struct game *g, struct inventory_request *r, bool its_viewer)
{
    const struct hold *h = memory_hold(g->memory.world, &r->shop, &r->hold.id);
    some_viewer(g, &r->hold.viewer);
    r->amount = (struct money){990, "EUR"};
    if (h == NULL)
        return;
    if (its_viewer)
        r->hold.viewer = h->viewer;
    r->amount.minor = hold_total_minor(h);
    memcpy(r->amount.currency, h->currency, 4);
}

static void some_confirm(struct game *g, struct inventory_request *r)
{
    know_hold(g, r, true);
    r->amount.minor += one_in(g, 30);
    if (one_in(g, 40))
        memcpy(r->amount.currency, "GBP", 4);
    snprintf(r->ref, sizeof r->ref, "A-%s%s", r->hold.id.text, one_in(g, 15) ? "x" : "");
}

static void some_stock(struct game *g, struct inventory_request *r)
{
    unsigned sku = some_sku(g, &r->sku);
    r->units = (int64_t)below(g, 25) - one_in(g, 30);
    switch (r->op) {
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        snprintf(r->ref, sizeof r->ref, "ref%" PRIu64, one_in(g, 4) ? below(g, g->refs + 1) : ++g->refs);
        break;
    case INVENTORY_SYNC:
        r->units = (int64_t)below(g, 40);
        r->gone = one_in(g, 20) ? 100000 : (int64_t)below(g, 20);
        r->version = one_in(g, 3) ? g->versions[sku] : ++g->versions[sku];
        if (one_in(g, 2))
            r->counted_ms = g->memory.now_ms + 500 - (int64_t)below(g, 5000) - one_in(g, 30) * g->memory.now_ms;
        break;
    case INVENTORY_RECALL:
        r->recall =
            one_in(g, 60) ? RECALL_MODES : (enum recall_mode)(one_in(g, 3) ? below(g, RECALL_MODES) : RECALL_NONE);
        break;
    case INVENTORY_BUFFER:
        r->units = one_in(g, 30) ? -1 : (int64_t)below(g, 4);
        break;
    case INVENTORY_LIMIT:
        r->units = one_in(g, 2) ? 0 : (int64_t)(1 + below(g, 6));
        break;
    default:
        break;
    }
}

/* What happens to a broadcast, told in order, late, or twice. */
static void some_event(struct game *g, struct inventory_request *r)
{
    unsigned broadcast = some_broadcast(g, &r->hold.broadcast);
    r->frozen = one_in(g, 2);
    r->version = one_in(g, 3) ? g->seqs[broadcast] - (int64_t)below(g, 3) : ++g->seqs[broadcast];
    snprintf(r->epoch.text, sizeof r->epoch.text, "e%d", one_in(g, 10) ? 2 : 1);
    if (one_in(g, 60))
        r->hold.broadcast = (struct broadcast_id){0};
}

/* As it was before a fail-over. */
static void some_restoring(struct game *g, struct inventory_request *r)
{
    r->restores = true;
    if (r->op != INVENTORY_RESERVE || r->hold.id.text[0] != '~' || one_in(g, 4))
        return;
    r->hold.offer = true;
    r->hold.lines_count = 1;
}

static enum inventory_op some_op(struct game *g)
{
    static const enum inventory_op often[] = {
        INVENTORY_RESERVE,        INVENTORY_RESERVE,  INVENTORY_RESERVE,   INVENTORY_EXTEND,
        INVENTORY_EXTEND,         INVENTORY_CONFIRM,  INVENTORY_RELEASE,   INVENTORY_WAITLIST_JOIN,
        INVENTORY_WAITLIST_LEAVE, INVENTORY_HOLD_GET, INVENTORY_TAKE_BACK,
    };
    static const enum inventory_op seldom[] = {
        INVENTORY_ALLOCATE, INVENTORY_ALLOCATE, INVENTORY_WITHDRAW, INVENTORY_SYNC,
        INVENTORY_STOP,     INVENTORY_OPEN,     INVENTORY_OPEN,     INVENTORY_OPEN,
        INVENTORY_LIMIT,    INVENTORY_EXPIRE,   INVENTORY_RECALL,   INVENTORY_RECALL,
        INVENTORY_BUFFER,   INVENTORY_FREEZE,   INVENTORY_FREEZE,   INVENTORY_FREEZE,
    };
    if (one_in(g, 150))
        return INVENTORY_CHECKPOINT;
    return one_in(g, 5) ? seldom[below(g, ARRAY_LEN(seldom))] : often[below(g, ARRAY_LEN(often))];
}

struct inventory_request game_request(struct game *g)
{
    struct inventory_request r = {.op = some_op(g), .shop = {"game"}, .ttl_ms = some_ttl(g)};
    some_hold_id(g, &r.hold.id);
    switch (r.op) {
    case INVENTORY_RESERVE:
        some_claim(g, &r.hold);
        break;
    case INVENTORY_EXTEND:
        if (one_in(g, 2))
            r.hold.id = g->stretched;
        know_hold(g, &r, !one_in(g, 5));
        r.ttl_ms = one_in(g, 60) ? 0 : 10000;
        break;
    case INVENTORY_RELEASE:
        know_hold(g, &r, !one_in(g, 5));
        if (one_in(g, 8))
            r.hold.viewer = (struct viewer_id){0};
        break;
    case INVENTORY_CONFIRM:
        some_confirm(g, &r);
        break;
    case INVENTORY_WAITLIST_JOIN:
    case INVENTORY_WAITLIST_LEAVE:
        r.hold.id = (struct hold_id){0};
        some_claim(g, &r.hold);
        r.hold.lines_count = one_in(g, 50) ? r.hold.lines_count : 1;
        break;
    case INVENTORY_FREEZE:
        r.hold.id = (struct hold_id){0};
        some_event(g, &r);
        break;
    case INVENTORY_CHECKPOINT:
        r.ttl_ms = one_in(g, 20) ? -1 : (int64_t)below(g, 3) * 5000;
        break;
    case INVENTORY_TAKE_BACK:
    case INVENTORY_HOLD_GET:
    case INVENTORY_EXPIRE:
        break;
    default:
        some_stock(g, &r);
    }
    if ((r.op == INVENTORY_RESERVE || r.op == INVENTORY_CONFIRM) && one_in(g, 25))
        some_restoring(g, &r);
    return r;
}
