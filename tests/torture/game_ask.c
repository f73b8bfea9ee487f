/* What is asked: each operation about something that exists, mostly; sometimes about nothing, sometimes nonsense. */
#include <stdio.h>
#include <string.h>

#include "inventory/rules/hold.h"
#include "inventory/rules/waitlist.h"
#include "tests/torture/game.h"

#define SECOND INT64_C(1000)
#define NEARLY_MS 10

static uint64_t below(struct game *g, uint64_t bound) { return rng_below(&g->rng, bound); }
static bool one_in(struct game *g, uint64_t bound) { return below(g, bound) == 0; }
static int64_t between(struct game *g, int64_t low, int64_t high)
{
    return low + (int64_t)below(g, (uint64_t)(high - low + 1));
}

/* ---- names ---- */

void game_use_id(struct game *g, const struct hold_id *id) { g->recent[g->recent_count++ % RECENT_MAX] = *id; }

static void new_id(struct game *g, struct hold_id *ret)
{
    snprintf(ret->text, sizeof ret->text, "h%u", g->next_id++);
    if (one_in(g, 20)) /* mostly when it is held; but also at once, and when it was refused */
        game_use_id(g, ret);
}

void game_some_id(struct game *g, struct hold_id *ret)
{
    size_t known = g->recent_count < RECENT_MAX ? g->recent_count : RECENT_MAX;
    if (known == 0 || one_in(g, 100)) {
        snprintf(ret->text, sizeof ret->text, one_in(g, 3) ? "~%u" : "h%u", (unsigned)below(g, g->next_id + 20));
        return;
    }
    size_t back = below(g, one_in(g, 3) ? known : known / 8 + 1);
    if (one_in(g, 40))
        g->favourite = g->recent[(g->recent_count - 1 - back) % RECENT_MAX];
    *ret =
        one_in(g, 4) && !ID_IS_NONE(g->favourite) ? g->favourite : g->recent[(g->recent_count - 1 - back) % RECENT_MAX];
}

static void some_viewer(struct game *g, struct viewer_id *ret)
{
    snprintf(ret->text, sizeof ret->text, "v%u", (unsigned)below(g, g->viewers));
}

static void name_sku(const struct game *g, unsigned number, struct sku_id *ret)
{
    snprintf(ret->text, sizeof ret->text, "sku-%u", g->first_sku + number % g->skus);
}

/* Its number; the hot one is asked for most. */
static unsigned some_sku(struct game *g, struct sku_id *ret)
{
    unsigned number = one_in(g, 3) ? 0 : (unsigned)below(g, g->skus);
    if (one_in(g, 200))
        snprintf(ret->text, sizeof ret->text, "sku-none-%u", number); /* mostly unknown */
    else if (g->rush_ttl_ms > 0 && one_in(g, 2))
        *ret = g->rush.lines[0].sku;
    else
        name_sku(g, number, ret);
    return number;
}

static unsigned some_broadcast(struct game *g, struct broadcast_id *ret)
{
    unsigned b = (unsigned)below(g, g->broadcasts);
    snprintf(ret->text, sizeof ret->text, "b%u", b);
    return b;
}

static int64_t some_ttl(struct game *g)
{
    static const int64_t edges[] = {1, 9, 10, 11, HOLD_TTL_MS_MAX, 0, -1, HOLD_TTL_MS_MAX + 1};
    if (one_in(g, 60))
        return edges[below(g, ARRAY_LEN(edges))];
    return g->ttl_ms * between(g, 1, 4);
}

/* An id that was in use, and is free again. */
static void forgotten_id(struct game *g, struct hold_id *ret)
{
    for (unsigned tries = 0; tries < 4; tries++) {
        game_some_id(g, ret);
        if (ret->text[0] == 'h' && model_hold_find(g->model, ret->text) == NULL)
            return;
    }
    new_id(g, ret);
}

/* ---- claims on units ---- */

static void some_lines(struct game *g, struct hold *h, unsigned units_most)
{
    h->lines_count = one_in(g, 4) ? (uint8_t)between(g, 2, one_in(g, 10) ? CART_LINES_MAX : 4) : 1;
    if (h->lines_count > g->skus) /* mostly: a SKU twice is nonsense */
        h->lines_count = one_in(g, 40) ? h->lines_count : (uint8_t)g->skus;
    unsigned first = some_sku(g, &h->lines[0].sku);
    for (uint8_t i = 0; i < h->lines_count; i++) {
        struct line *line = &h->lines[i];
        if (i > 0)
            name_sku(g, first + i, &line->sku);
        line->units = (uint32_t)between(g, 1, units_most);
        line->unit_minor = one_in(g, 30) ? 500 : 990;
        line->price_version = one_in(g, 30) ? 2 : 1;
    }
}

static void some_claim(struct game *g, struct hold *h, unsigned units_most)
{
    if (g->rush_ttl_ms > 0 && !one_in(g, 4)) { /* everybody wants the same */
        hold_copy(h, &g->rush);
        some_viewer(g, &h->viewer);
        return;
    }
    some_viewer(g, &h->viewer);
    if (!one_in(g, 25))
        some_broadcast(g, &h->broadcast);
    memcpy(h->currency, one_in(g, 40) ? "USD" : "EUR", 4);
    some_lines(g, h, units_most);
}

/* The same claim as one that is known, for replays. */
static void same_claim(struct game *g, struct inventory_request *r)
{
    game_some_id(g, &r->hold.id);
    const struct model_hold *known = model_hold_find(g->model, r->hold.id.text);
    if (known == NULL) {
        some_claim(g, &r->hold, 3);
        return;
    }
    hold_copy(&r->hold, &known->hold);
    r->hold.state = HOLD_NONE;
    r->hold.expires_at_ms = 0;
    r->hold.extends = 0;
    r->hold.offer = false;
    r->hold.order[0] = '\0';
}

/* One thing about a claim is made different, or nonsense. */
static void spoil_claim(struct game *g, struct hold *h)
{
    struct line *line = &h->lines[below(g, h->lines_count)];
    switch (below(g, 20)) {
    case 16:
    case 17:
        some_viewer(g, &h->viewer);
        break;
    case 18:
        some_broadcast(g, &h->broadcast);
        break;
    case 19:
        memcpy(h->currency, "USD", 4);
        break;
    case 0:
        line->units = 0;
        break;
    case 1:
        line->units = HOLD_UNITS_MAX + 1;
        break;
    case 2:
        line->unit_minor = MONEY_MINOR_MAX + 1;
        break;
    case 3:
        line->unit_minor = -1;
        break;
    case 4:
        line->unit_minor = MONEY_MINOR_MAX; /* with more than one, the total is too much */
        break;
    case 5:
        h->viewer = (struct viewer_id){0};
        break;
    case 6:
        memcpy(h->viewer.text, "v|1", 4);
        break;
    case 7:
        memcpy(h->currency, "eur", 4);
        break;
    case 8:
        h->lines_count = 0;
        break;
    case 9:
        h->lines_count = CART_LINES_MAX + 1;
        break;
    case 10:
        line->sku = (struct sku_id){0};
        break;
    case 11:
        memcpy(line->sku.text, "a:b", 4);
        break;
    case 12:
        line->units++;
        break;
    case 13:
        line->price_version++;
        break;
    case 14:
        line->unit_minor++;
        break;
    default:
        memcpy(h->broadcast.text, "b 1", 4);
    }
}

/* ---- the operations ---- */

static bool has_offer(const struct game *g, const struct hold *claim)
{
    list_for_each (at, &g->model->all_holds) {
        const struct hold *h = &container_of(at, struct model_hold, link)->hold;
        if (h->state == HOLD_HELD && h->offer && ID_EQUAL(h->viewer, claim->viewer) &&
            ID_EQUAL(h->lines[0].sku, claim->lines[0].sku))
            return true;
    }
    return false;
}

static bool is_in_line(const struct model_sku *s, const struct viewer_id *viewer)
{
    list_for_each (at, &s->line)
        if (ID_EQUAL(container_of(at, struct model_wait, link)->wish.viewer, *viewer))
            return true;
    return false;
}

/* Done before, and lost by a fail-over: put back, an offer under its own name. Of the line, as a fail-over may leave it: the
 * viewer's place is there again, or the number was never given, or was given to another meanwhile. */
static void ask_again(struct game *g, struct inventory_request *r)
{
    static const char *const no_offers[] = {"~0", "~01", "~x", "~", "~1a", "~12345678901234", "o1"};
    r->restores = true;
    r->hold.lines_count = one_in(g, 2) ? 1 : r->hold.lines_count;
    if (r->hold.lines_count != 1 || has_offer(g, &r->hold) || !g->is_first)
        return;
    const struct model_sku *s = model_sku(g->model, r->hold.lines[0].sku.text);
    uint64_t number = g->model->tickets + 1 + below(g, 3);
    bool is_of_line = s != NULL && !list_is_empty(&s->line) && one_in(g, 2);
    if (is_of_line)
        number = container_of(s->line.next, struct model_wait, link)->ticket;
    if (is_of_line && one_in(g, 2))
        hold_copy(&r->hold, &container_of(s->line.next, struct model_wait, link)->wish);
    else if (s != NULL && is_in_line(s, &r->hold.viewer))
        return; /* for another wish than was lost */
    snprintf(r->hold.id.text, sizeof r->hold.id.text, "~%llu", (unsigned long long)number);
    r->hold.offer = !one_in(g, 8);
    if (one_in(g, 12))
        snprintf(r->hold.id.text, sizeof r->hold.id.text, "%s", no_offers[below(g, ARRAY_LEN(no_offers))]);
}

static void ask_reserve(struct game *g, struct inventory_request *r)
{
    r->ttl_ms = g->rush_ttl_ms > 0 ? g->rush_ttl_ms : some_ttl(g);
    if (one_in(g, 5)) {
        same_claim(g, r);
    } else {
        some_claim(g, &r->hold, one_in(g, 3) ? 4 : 1);
        if (one_in(g, 40))
            r->hold.id.text[0] = '\0';
        else if (one_in(g, 60))
            snprintf(r->hold.id.text, sizeof r->hold.id.text, "~%u", (unsigned)below(g, 50));
        else if (one_in(g, 8))
            forgotten_id(g, &r->hold.id);
        else
            new_id(g, &r->hold.id);
    }
    if (one_in(g, 25))
        spoil_claim(g, &r->hold);
    else if (one_in(g, g->is_first ? 4 : 30))
        ask_again(g, r);
}

/* One of those that are due, or nearly, or that were extended before. */
static bool some_urgent_hold(struct game *g, struct hold_id *ret)
{
    uint64_t kind = below(g, 3), seen = 0;
    list_for_each (at, &g->model->all_holds) {
        const struct hold *h = &container_of(at, struct model_hold, link)->hold;
        if (h->state != HOLD_HELD)
            continue;
        int64_t left = h->expires_at_ms - model_clock_at(g->model, h->broadcast.text, g->now_ms);
        bool fits = kind == 0 ? left <= 0 : kind == 1 ? left > 0 && left < NEARLY_MS : h->extends > 0;
        if (fits && one_in(g, ++seen))
            *ret = h->id;
    }
    return seen > 0;
}

/* Mostly one that is held; to be taken back: one with a SKU that is recalled. */
static void some_hold(struct game *g, const struct inventory_request *r, struct hold_id *ret)
{
    bool is_urgent = r->op == INVENTORY_EXTEND || r->op == INVENTORY_CONFIRM;
    if (is_urgent && one_in(g, 6) && some_urgent_hold(g, ret))
        return;
    for (unsigned tries = 0; tries < 6; tries++) {
        game_some_id(g, ret);
        const struct model_hold *known = model_hold_find(g->model, ret->text);
        bool fits = known != NULL && known->hold.state == HOLD_HELD;
        if (r->op == INVENTORY_TAKE_BACK && fits)
            fits = model_has_recall(g->model, &known->hold, RECALL_CANCEL, RECALL_KEEP);
        if (fits || one_in(g, 4))
            return;
    }
}

static void ask_about_hold(struct game *g, struct inventory_request *r)
{
    some_hold(g, r, &r->hold.id);
    const struct model_hold *known = model_hold_find(g->model, r->hold.id.text);
    if (known != NULL && !one_in(g, 12))
        r->hold.viewer = known->hold.viewer;
    else
        some_viewer(g, &r->hold.viewer);
    if (one_in(g, 20))
        r->hold.viewer = (struct viewer_id){0};
    if (one_in(g, 150))
        snprintf(r->hold.id.text, sizeof r->hold.id.text, "%s", one_in(g, 2) ? "" : "a,b");
}

/* So that the gain is none, or about the tenth that is the least. */
static void extend_by_little(struct game *g, struct inventory_request *r)
{
    const struct model_hold *known = model_hold_find(g->model, r->hold.id.text);
    if (known == NULL || known->hold.state != HOLD_HELD)
        return;
    int64_t left = known->hold.expires_at_ms - model_clock_at(g->model, known->hold.broadcast.text, g->now_ms);
    r->ttl_ms = one_in(g, 3) ? left : left * 10 / 9 + between(g, -1, 2);
}

static void ask_confirm(struct game *g, struct inventory_request *r)
{
    static const char *const bad_orders[] = {"", "two words", "a|b", "a,b", "\x7f"};
    ask_about_hold(g, r);
    const struct model_hold *known = model_hold_find(g->model, r->hold.id.text);
    r->amount = (struct money){990, "EUR"};
    if (known != NULL) {
        r->amount.minor = hold_total_minor(&known->hold);
        memcpy(r->amount.currency, known->hold.currency, 4);
    }
    if (one_in(g, 25))
        r->amount.minor += between(g, -1, 1);
    if (one_in(g, 40))
        memcpy(r->amount.currency, one_in(g, 3) ? "eu\0" : "GBP", 4);
    if (one_in(g, 200))
        r->amount.minor = one_in(g, 2) ? -1 : MONEY_MINOR_MAX + 1;
    r->restores = one_in(g, 30);
    snprintf(r->ref, sizeof r->ref, "A-%s%s", r->hold.id.text, one_in(g, 15) ? "x" : "");
    bool is_due =
        known != NULL && known->hold.expires_at_ms <= model_clock_at(g->model, known->hold.broadcast.text, g->now_ms);
    if (one_in(g, 60) && !is_due) /* whether nonsense spares a due hold is not said */
        snprintf(r->ref, sizeof r->ref, "%s", bad_orders[below(g, ARRAY_LEN(bad_orders))]);
    if (one_in(g, 60)) { /* as long as may be */
        memset(r->ref, 'z', REF_LEN_MAX);
        r->ref[REF_LEN_MAX] = '\0';
    }
}

/* Somebody of the first in line, so that others come to be looked at. */
static void one_in_line(struct game *g, struct inventory_request *r)
{
    const struct model_sku *s = model_sku(g->model, r->hold.lines[0].sku.text);
    uint64_t seen = 0;
    if (s == NULL)
        return;
    list_for_each (at, &s->line)
        if (seen < WAITLIST_LOOK_MAX && one_in(g, ++seen))
            r->hold.viewer = container_of(at, struct model_wait, link)->wish.viewer;
}

static void ask_line(struct game *g, struct inventory_request *r)
{
    some_claim(g, &r->hold, g->join_units_most);
    if (g->join_units_most > 2) /* long lines of whom few can be served */
        r->hold.lines[0].units = one_in(g, 12) ? 1 : g->join_units_most;
    r->ttl_ms = some_ttl(g);
    if (r->op == INVENTORY_WAITLIST_LEAVE && one_in(g, 6))
        one_in_line(g, r);
    if (!one_in(g, 60))
        r->hold.lines_count = 1;
    if (one_in(g, 60))
        spoil_claim(g, &r->hold);
}

static void ask_delivery(struct game *g, struct inventory_request *r)
{
    some_sku(g, &r->sku);
    r->units = between(g, 1, g->units_most);
    if (one_in(g, 50))
        r->units = one_in(g, 2) ? 0 : one_in(g, 2) ? STOCK_UNITS_MAX : STOCK_UNITS_MAX + 1;
    unsigned ref = one_in(g, 4) ? (unsigned)below(g, g->next_ref + 1) : ++g->next_ref;
    snprintf(r->ref, sizeof r->ref, "po-%u", ref);
    if (one_in(g, 80))
        snprintf(r->ref, sizeof r->ref, "%s", one_in(g, 2) ? "" : "p|o");
}

static void ask_sync(struct game *g, struct inventory_request *r)
{
    some_sku(g, &r->sku);
    const struct model_sku *s = model_sku(g->model, r->sku.text);
    int64_t sold = s == NULL ? 0 : s->count.sold, on_shelf = s == NULL ? 0 : s->count.available + s->count.held;
    r->gone = one_in(g, 8) ? sold + between(g, 0, 1) : (int64_t)below(g, (uint64_t)sold + 1);
    r->units = one_in(g, 2) ? on_shelf + between(g, 0, 3) : between(g, 0, g->units_most * 2);
    if (one_in(g, 6))
        r->units = on_shelf / 2; /* short */
    r->version = one_in(g, 3) ? (s == NULL ? 0 : s->count.version) - between(g, 0, 1) : ++g->version;
    if (one_in(g, 2))
        r->counted_ms = g->now_ms - between(g, -SECOND, 60 * SECOND);
    if (one_in(g, 50))
        r->units = one_in(g, 2) ? -1 : STOCK_UNITS_MAX + 1;
    if (one_in(g, 100))
        r->gone = -1;
    if (one_in(g, 100))
        r->counted_ms = -1;
}

static void ask_freeze(struct game *g, struct inventory_request *r)
{
    unsigned b = some_broadcast(g, &r->hold.broadcast);
    r->frozen = one_in(g, 2);
    if (one_in(g, 12)) {
        g->epochs[b]++;
        g->seqs[b] = between(g, 0, 3);
    }
    snprintf(r->epoch.text, sizeof r->epoch.text, "e%u",
             one_in(g, 20) && g->epochs[b] > 0 ? g->epochs[b] - 1 : g->epochs[b]);
    r->version = one_in(g, 4) ? g->seqs[b] - between(g, 0, 2) : ++g->seqs[b];
    if (one_in(g, 80))
        r->epoch = (struct epoch_id){0};
}

/* One that can be opened, or whose recall can be lifted, when there is one. */
static void some_closed_sku(struct game *g, enum inventory_op op, struct sku_id *ret)
{
    for (unsigned tries = 0; tries < 5; tries++) {
        some_sku(g, ret);
        const struct model_sku *s = model_sku(g->model, ret->text);
        bool is_recalled = s != NULL && s->count.recall != RECALL_NONE;
        if (op == INVENTORY_OPEN ? s != NULL && s->count.stopped && !is_recalled : is_recalled)
            return;
    }
}

/* One that sold, and never had a limit. */
static void some_uncounted_sku(struct game *g, struct sku_id *ret)
{
    uint64_t seen = 0;
    list_for_each (at, &g->model->all_skus) {
        const struct model_sku *s = container_of(at, struct model_sku, link);
        if (!s->is_tracked && s->count.sold > 0 && one_in(g, ++seen))
            *ret = s->count.sku;
    }
}

static void ask_recall(struct game *g, struct inventory_request *r)
{
    bool lifts = one_in(g, 2);
    if (lifts)
        some_closed_sku(g, r->op, &r->sku);
    r->recall = lifts ? RECALL_NONE : (enum recall_mode)below(g, RECALL_MODES);
}

static void ask_setting(struct game *g, struct inventory_request *r)
{
    some_sku(g, &r->sku);
    switch (r->op) {
    case INVENTORY_OPEN:
        if (!one_in(g, 4))
            some_closed_sku(g, r->op, &r->sku);
        break;
    case INVENTORY_LIMIT:
        if (one_in(g, 2))
            some_uncounted_sku(g, &r->sku);
        r->units = one_in(g, 2) ? 0 : between(g, one_in(g, 20) ? -1 : 1, 6);
        break;
    case INVENTORY_BUFFER:
        r->units = one_in(g, 2) ? 0 : between(g, one_in(g, 20) ? -1 : 1, one_in(g, 5) ? 100 : 4);
        break;
    case INVENTORY_RECALL:
        ask_recall(g, r);
        break;
    default:
        break;
    }
    if (one_in(g, 100))
        snprintf(r->sku.text, sizeof r->sku.text, "%s", one_in(g, 2) ? "" : "a b");
}

void game_ask(struct game *g, struct inventory_request *r)
{
    switch (r->op) {
    case INVENTORY_RESERVE:
        ask_reserve(g, r);
        break;
    case INVENTORY_EXTEND:
        r->ttl_ms = some_ttl(g);
        ask_about_hold(g, r);
        if (one_in(g, 6))
            extend_by_little(g, r);
        break;
    case INVENTORY_CONFIRM:
        ask_confirm(g, r);
        break;
    case INVENTORY_RELEASE:
    case INVENTORY_TAKE_BACK:
    case INVENTORY_HOLD_GET:
        ask_about_hold(g, r);
        break;
    case INVENTORY_WAITLIST_JOIN:
    case INVENTORY_WAITLIST_LEAVE:
        ask_line(g, r);
        break;
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        ask_delivery(g, r);
        break;
    case INVENTORY_SYNC:
        ask_sync(g, r);
        break;
    case INVENTORY_FREEZE:
        ask_freeze(g, r);
        break;
    case INVENTORY_CHECKPOINT:
        r->ttl_ms = one_in(g, 2) ? 1 : between(g, 1, 60 * SECOND);
        break;
    default:
        ask_setting(g, r);
    }
}

void game_rush(struct game *g)
{
    g->rush_ttl_ms = 0;
    memset(&g->rush, 0, offsetof(struct hold, lines));
    some_claim(g, &g->rush, 1);
    g->rush_ttl_ms = g->ttl_ms;
}
