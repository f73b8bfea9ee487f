#include "tests/support/world_inner.h"

#include <stdlib.h>
#include <string.h>

#define OVERDUE_MS 3000 /* what is over is ended within this, when nothing is wrong */

static const char *const world_skus[] = {"mug-red", "cap-blue", "tee-green"};

/* ---- at any moment ---- */

static bool lines_same(const struct told *told, const struct hold *hold)
{
    bool same = told->lines_count == hold->lines_count;
    for (uint8_t i = 0; same && i < told->lines_count; i++)
        same = ID_EQUAL(told->lines[i].sku, hold->lines[i].sku) && told->lines[i].units == hold->lines[i].units &&
               told->lines[i].unit_minor == hold->lines[i].unit_minor;
    return same;
}

static bool is_recalled(const struct world *w, const struct hold *hold)
{
    bool recalled = false;
    for (uint8_t i = 0; i < hold->lines_count; i++)
        recalled = recalled || map_get(&w->recalled, hold->lines[i].sku.text) != NULL;
    return recalled;
}

/* What a viewer was told is theirs, is theirs: at that price, in that number, until the time they were told. */
static void check_promise(struct world *w, struct told *told)
{
    const struct hold *hold = memory_hold(w->memory, &world_shop_id, &told->hold);
    const char *id = told->hold.text;
    if (hold == NULL)
        world_fail(w, "%s was told that %s is theirs, and the stock has no such hold", told->viewer.text, id);
    if (!ID_EQUAL(hold->viewer, told->viewer) || !lines_same(told, hold))
        world_fail(w, "%s holds other things than %s was told", id, told->viewer.text);
    if (told->confirmed && hold->state != HOLD_CONFIRMED)
        world_fail(w, "%s was told to be sold, and is %s", id, hold_state_name(hold->state));
    /* A fail-over that loses a thaw loses how long the show stood still: no question brings that back. */
    bool may_be_early = w->forgot && w->paused;
    if ((hold->state == HOLD_EXPIRED || hold->state == HOLD_VOID) && w->clock.now_ms < told->expires_at_ms &&
        !may_be_early)
        world_fail(w, "%s expired before its time", id);
    if (hold->state == HOLD_RELEASED && map_get(&w->given_back, id) == NULL && !is_recalled(w, hold))
        world_fail(w, "%s was released, and nobody asked for it", id);
}

static void check_in_time(struct world *w)
{
    int64_t limit_ms = w->config.limits.request_timeout_ms > 0 ? w->config.limits.request_timeout_ms
                                                               : orchestrator_limits_default.request_timeout_ms;
    for (size_t i = 0; i < w->asked_count; i++)
        if (w->asked[i].used && w->clock.now_ms > w->asked[i].ms + limit_ms)
            world_fail(w, "%s '%s' was not answered in time", command_kind_name(w->asked[i].kind), w->asked[i].re);
}

void world_check(struct world *w)
{
    size_t at = 0;
    const char *key;
    void *told;
    memory_check(w->memory);
    check_in_time(w);
    check_screens(w);
    while (!w->mending && map_next(&w->told, &at, &key, &told)) {
        check_promise(w, told);
        const struct hold *hold = memory_hold(w->memory, &world_shop_id, &((struct told *)told)->hold);
        if (hold->state != HOLD_HELD && hold->state != HOLD_CONFIRMED)
            free(map_remove(&w->told, key)); /* ended, and rightly so */
    }
}

/* ---- when all is quiet ---- */

static void render_items(struct bytes *out, const struct broadcast *b)
{
    for (size_t i = 0; i < b->items_count; i++) {
        const struct shelf_item *item = &b->items[i];
        bytes_format(out, "item %s %s %lld/%lld/%lld v%u offer %lld limit %u state %d\n", item->sku.text, item->title,
                     (long long)item->price.money.minor, (long long)item->base_price.minor,
                     (long long)item->listed_price.minor, item->price.version, (long long)item->offer_ends_ms,
                     item->limit_per_viewer, (int)item->state);
    }
}

static void render_extras(struct bytes *out, const struct broadcast *b)
{
    for (size_t i = 0; i < b->extras_count; i++)
        bytes_format(out, "extra %s %d %s %u %u %s\n", b->extras[i].sku.text, (int)b->extras[i].kind,
                     b->extras[i].adds.text, b->extras[i].adds_units, b->extras[i].first_orders, b->extras[i].text);
}

static void render(struct bytes *out, const struct broadcast *b)
{
    bytes_format(out, "seq %llu epoch %s state %s title %s hold_ms %lld times %lld %lld %lld\n",
                 (unsigned long long)b->seq, b->epoch.text, broadcast_state_name(b->state), b->details.title,
                 (long long)b->details.hold_ms, (long long)b->created_ms, (long long)b->started_ms,
                 (long long)b->ended_ms);
    for (unsigned i = 0; i < PIN_SLOTS; i++)
        if (b->pins[i].set)
            bytes_format(out, "pin %u %s %s %lld\n", i, b->pins[i].sku.text, b->pins[i].text,
                         (long long)b->pins[i].pinned_ms);
    render_items(out, b);
    render_extras(out, b);
    bytes_format(out, "cue %s %d notice %s %s document %llu %s\n", b->cue.cue.text, b->cue.index, b->notice.id.text,
                 b->notice.text, (unsigned long long)b->document_seq, b->document == NULL ? "" : b->document);
    for (size_t i = 0; i < b->done_count; i++)
        for (unsigned j = 0; j < b->done[i].count; j++)
            bytes_format(out, "done %s %u %d\n", b->done[i].cue.text, j, b->done[i].said[j]);
    bytes_format(out, "undo until %lld seq %llu\n", (long long)b->undo.until_ms, (unsigned long long)b->undo.seq);
}

static void check_counts(struct world *w, unsigned node, const struct claims *claims)
{
    for (size_t i = 0; i < ARRAY_LEN(world_skus); i++) {
        struct sku_id sku = {0};
        struct stock_count truth;
        memcpy(sku.text, world_skus[i], strlen(world_skus[i]));
        const struct claim_sku *known = claims_sku(claims, sku.text);
        if (!memory_count(w->memory, &world_shop_id, &sku, &truth))
            continue;
        if (known == NULL || known->count.available != truth.available || known->count.held != truth.held ||
            known->count.sold != truth.sold || known->count.allocated != truth.allocated ||
            known->count.stopped != truth.stopped || known->count.recall != truth.recall ||
            known->count.buffer != truth.buffer || known->count.limit_per_viewer != truth.limit_per_viewer)
            world_fail(w, "node %u counts %s otherwise than the stock", node, sku.text);
        if (known->waitlist != memory_waiting(w->memory, &world_shop_id, &sku))
            world_fail(w, "node %u sees %lld in line for %s", node, (long long)known->waitlist, sku.text);
    }
}

/* Nobody's time goes on while the show is paused, or while a recall is to be decided. */
static bool is_parked(const struct claims *claims, const struct hold *hold)
{
    bool parked = claims_clock(claims, hold->broadcast.text).frozen_since_ms > 0;
    for (uint8_t i = 0; i < hold->lines_count; i++) {
        const struct claim_sku *sku = claims_sku(claims, hold->lines[i].sku.text);
        parked = parked || (sku != NULL && sku->count.recall == RECALL_KEEP);
    }
    return parked;
}

/* All sees the same clock, and it is the show's. */
static void check_clock(struct world *w, unsigned node, const struct show_view *show)
{
    bool stands = claims_clock(show->claims, show->broadcast->id.text).frozen_since_ms > 0;
    if (stands != (show->broadcast->state == BROADCAST_PAUSED))
        world_fail(w, "node %u: the show is %s, and its clock %s", node, broadcast_state_name(show->broadcast->state),
                   stands ? "stands still" : "goes on");
    if (show->claims->differences > 0 && !w->corrupt)
        world_fail(w, "node %u: %s", node, show->claims->difference);
    for (size_t i = 0; i < show->broadcast->items_count; i++) {
        const struct shelf_item *item = &show->broadcast->items[i];
        const struct claim_sku *sku = claims_sku(show->claims, item->sku.text);
        if (sku == NULL || sku->count.recall == RECALL_NONE)
            continue;
        if (item->state != SKU_RECALLED)
            world_fail(w, "node %u: %s is recalled, and the show does not say so", node, item->sku.text);
        if (sku->count.recall == RECALL_CANCEL && sku->count.held > 0)
            world_fail(w, "node %u: %s is recalled, and %lld are held", node, item->sku.text,
                       (long long)sku->count.held);
    }
}

static void check_holds(struct world *w, unsigned node, const struct claims *claims)
{
    static const struct hold *holds[20000];
    size_t count = memory_holds(w->memory, &world_shop_id, holds, ARRAY_LEN(holds)), kept = 0;
    MUST(count <= ARRAY_LEN(holds));
    for (size_t i = 0; i < count; i++) {
        const struct hold *known = claims_hold(claims, holds[i]->id.text);
        bool keeps = holds[i]->state == HOLD_HELD || holds[i]->state == HOLD_CONFIRMED;
        kept += keeps;
        if (holds[i]->state == HOLD_HELD && !w->corrupt && !is_parked(claims, holds[i]) &&
            claims_expires_ms(claims, holds[i], w->clock.now_ms) + OVERDUE_MS < w->clock.now_ms)
            world_fail(w, "hold %s is over, and nobody took it back", holds[i]->id.text);
        if (keeps != (known != NULL))
            world_fail(w, "node %u: hold %s is %s", node, holds[i]->id.text, hold_state_name(holds[i]->state));
        if (keeps && (known->state != holds[i]->state || known->expires_at_ms != holds[i]->expires_at_ms ||
                      known->extends != holds[i]->extends))
            world_fail(w, "node %u knows hold %s otherwise than the stock", node, holds[i]->id.text);
    }
    if (claims->holds.count != kept)
        world_fail(w, "node %u knows %zu holds, the stock %zu", node, claims->holds.count, kept);
}

static void check_board(struct world *w, struct world_node *n)
{
    struct volumes_view volumes;
    const struct claims *claims = orchestrator_show(n->o, &world_shop_id, &world_broadcast_id)->claims;
    if (!orchestrator_volumes(n->o, &world_shop_id, &world_broadcast_id, &volumes))
        world_fail(w, "node %u has no volumes", n->number);
    for (size_t i = 0; i < volumes.skus_count; i++) { /* one broadcast: what it holds and sold is all there is */
        const struct claim_sku *sku = claims_sku(claims, volumes.skus[i].sku.text);
        if (sku != NULL && (sku->count.held != volumes.skus[i].held || sku->count.sold != volumes.skus[i].confirmed))
            world_fail(w, "the board of node %u counts %lld held, %lld sold of %s", n->number,
                       (long long)volumes.skus[i].held, (long long)volumes.skus[i].confirmed, volumes.skus[i].sku.text);
    }
}

static void check_torn(struct world *w, const struct broadcast *b)
{
    const struct published *lost = map_get(&w->torn, b->epoch.text);
    if (lost == NULL)
        return;
    const struct world_node *witness = &w->nodes[lost->node - 1];
    if (witness->lives && witness->life == lost->life)
        world_fail(w, "epoch %s goes on, although node %u saw '%s' in it, which was lost", b->epoch.text, lost->node,
                   lost->said);
}

static void check_offers(struct world *w, const struct broadcast *b)
{
    for (size_t i = 0; i < b->items_count; i++)
        if (b->items[i].offer_ends_ms > 0 && b->items[i].offer_ends_ms + OVERDUE_MS < w->clock.now_ms)
            world_fail(w, "the offer of %s is over, and goes on", b->items[i].sku.text);
}

void world_check_all(struct world *w)
{
    struct bytes first = {0}, other = {0};
    world_check(w);
    check_acknowledged(w);
    for (unsigned i = 0; i < w->config.nodes; i++) {
        struct world_node *n = &w->nodes[i];
        const struct show_view *show = n->lives ? orchestrator_show(n->o, &world_shop_id, &world_broadcast_id) : NULL;
        if (show == NULL)
            continue;
        struct bytes *out = first.len == 0 ? &first : &other;
        bytes_clear(out);
        render(out, show->broadcast);
        if (out == &other && strcmp(first.data, other.data) != 0)
            world_fail(w, "node %u differs:\n%s--- from ---\n%s", i + 1, other.data, first.data);
        check_torn(w, show->broadcast);
        check_offers(w, show->broadcast);
        check_clock(w, i + 1, show);
        check_counts(w, i + 1, show->claims);
        check_holds(w, i + 1, show->claims);
        check_board(w, n);
    }
    bytes_finish(&first);
    bytes_finish(&other);
}
