#include "inventory/memory/truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum inventory_answer verdict_answers[] = {
    [VERDICT_REPLAYS] = INVENTORY_REPLAYED,
    [VERDICT_UNKNOWN] = INVENTORY_HOLD_UNKNOWN,
    [VERDICT_IS_CONFIRMED] = INVENTORY_HOLD_CONFIRMED,
    [VERDICT_IS_RELEASED] = INVENTORY_HOLD_RELEASED,
    [VERDICT_IS_EXPIRED] = INVENTORY_HOLD_EXPIRED,
};

static const enum inventory_answer take_answers[] = {
    [TAKE_STOPPED] = INVENTORY_STOPPED,
    [TAKE_LIMIT] = INVENTORY_LIMIT_REACHED,
    [TAKE_HELD_OUT] = INVENTORY_HELD_OUT,
    [TAKE_SOLD_OUT] = INVENTORY_SOLD_OUT,
};

static void answer(struct inventory_request *r, enum inventory_answer what, const struct truth_hold *h)
{
    r->answer = what;
    hold_copy(&r->hold, &h->hold);
}

/* ---- what a request may contain ---- */

static bool ttl_is_valid(int64_t ttl_ms) { return ttl_ms >= 1 && ttl_ms <= HOLD_TTL_MS_MAX; }

static bool id_text_is_valid(const char *text) { return id_is_valid(text, strnlen(text, ID_LEN_MAX + 1)); }

static bool lines_are_valid(const struct hold *h)
{
    int64_t total = 0;
    if (h->lines_count < 1 || h->lines_count > CART_LINES_MAX)
        return false;
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        if (!id_text_is_valid(line->sku.text) || line->units < 1 || line->units > HOLD_UNITS_MAX ||
            line->unit_minor < 0 || line->unit_minor > MONEY_MINOR_MAX)
            return false;
        total += line->unit_minor * line->units;
        if (total > MONEY_MINOR_MAX)
            return false;
        for (size_t j = 0; j < i; j++)
            if (ID_EQUAL(h->lines[j].sku, line->sku))
                return false;
    }
    return true;
}

static bool claim_is_valid(const struct inventory_request *r)
{
    const struct hold *h = &r->hold;
    return ttl_is_valid(r->ttl_ms) && id_text_is_valid(h->viewer.text) &&
           (ID_IS_NONE(h->broadcast) || id_text_is_valid(h->broadcast.text)) &&
           currency_is_valid(h->currency, strnlen(h->currency, sizeof h->currency)) && lines_are_valid(h);
}

static bool order_is_valid(const char *order)
{
    for (const char *c = order; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '|' || *c == ',')
            return false;
    return true;
}

static bool same_claim(const struct hold *a, const struct hold *b)
{
    if (!ID_EQUAL(a->viewer, b->viewer) || !ID_EQUAL(a->broadcast, b->broadcast) ||
        strcmp(a->currency, b->currency) != 0 || a->lines_count != b->lines_count)
        return false;
    for (size_t i = 0; i < a->lines_count; i++) {
        const struct line *x = &a->lines[i], *y = &b->lines[i];
        if (!ID_EQUAL(x->sku, y->sku) || x->units != y->units || x->unit_minor != y->unit_minor ||
            x->price_version != y->price_version)
            return false;
    }
    return true;
}

/* ---- moving ---- */

/* All lines or none: INVENTORY_DONE when every one may be taken. */
static enum inventory_answer may_take(const struct truth_shop *s, const struct hold *h, uint8_t *ret_fault_line)
{
    for (uint8_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        const struct truth_sku *k = truth_sku(s, line->sku.text);
        *ret_fault_line = i;
        if (k == NULL)
            return INVENTORY_SKU_UNKNOWN;
        enum take_verdict verdict = counts_may_take(&k->counts, line->units, truth_taken(s, k, h->viewer.text));
        if (verdict != TAKE_MAY)
            return take_answers[verdict];
    }
    *ret_fault_line = 0;
    return INVENTORY_DONE;
}

static void move_lines(struct truth_call *c, const struct hold *h, enum counts_move move)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        struct truth_sku *k = truth_sku(c->shop, line->sku.text);
        MUST(k != NULL);
        counts_move(&k->counts, move, line->units);
        if (move == COUNTS_HOLD || move == COUNTS_RETAKE)
            truth_take(c->shop, k, h->viewer.text, line->units);
        if (move == COUNTS_FREE)
            truth_take(c->shop, k, h->viewer.text, -(int64_t)line->units);
        truth_changed(c, k);
    }
}

static void set_timer(struct truth_call *c, struct truth_hold *h, int64_t ms)
{
    timers_remove(&c->shop->timers, h->timer_ms, &h->hold.id);
    h->timer_ms = ms;
    timers_set(&c->shop->timers, ms, &h->hold.id);
}

static void offer_keep(struct truth_call *c, const struct hold *h)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, h->lines[0].sku.text, h->viewer.text);
    char *id = strdup(h->id.text);
    MUST(id != NULL && map_set(&c->shop->offers, key, id) == RESULT_OK);
}

static void offer_forget(struct truth_call *c, const struct hold *h)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, h->lines[0].sku.text, h->viewer.text);
    free(map_remove(&c->shop->offers, key));
}

static const struct truth_hold *offer_find(const struct truth_call *c, const char *sku, const char *viewer)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, sku, viewer);
    const char *id = map_get(&c->shop->offers, key);
    return id == NULL ? NULL : map_get(&c->shop->holds, id);
}

/* The only way for a hold to end. An offer that ended lets its viewer join the line again; one that was retaken or
 * voided had ended before. */
static void end_hold(struct truth_call *c, struct truth_hold *h, enum hold_state state, enum movement_kind kind)
{
    if (h->hold.offer && h->hold.state == HOLD_HELD)
        offer_forget(c, &h->hold);
    h->hold.state = state;
    set_timer(c, h, c->now_ms + HOLD_RETAIN_MS);
    truth_note(c, kind, &h->hold);
}

static void free_units(struct truth_call *c, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++)
        truth_serve(c, truth_sku(c->shop, h->lines[i].sku.text));
}

struct truth_hold *truth_hold_new(struct truth_call *c, const struct hold *from, const struct hold_id *id,
                                  int64_t ttl_ms, enum movement_kind kind)
{
    struct truth_hold *h = truth_alloc(offsetof(struct truth_hold, hold) + HOLD_SIZE(from->lines_count));
    hold_copy(&h->hold, from);
    h->hold.id = *id;
    h->hold.state = HOLD_HELD;
    h->hold.expires_at_ms = c->now_ms + ttl_ms;
    h->hold.extends = 0;
    h->hold.offer = kind == MOVE_OFFERED;
    h->hold.order[0] = '\0';
    h->timer_ms = h->hold.expires_at_ms;
    timers_set(&c->shop->timers, h->timer_ms, id);
    MUST(map_set(&c->shop->holds, id->text, h) == RESULT_OK);
    move_lines(c, &h->hold, COUNTS_HOLD);
    truth_note(c, kind, &h->hold);
    return h;
}

/* ---- expiry, at the head of every call ---- */

static bool is_spared(const struct truth_hold *h, const struct inventory_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct inventory_request *r = &requests[i];
        if (!ID_EQUAL(r->hold.id, h->hold.id))
            continue;
        if (r->op == INVENTORY_CONFIRM)
            return true;
        if (r->op == INVENTORY_EXTEND && ID_EQUAL(r->hold.viewer, h->hold.viewer) && ttl_is_valid(r->ttl_ms) &&
            h->hold.extends < EXTENDS_MAX)
            return true;
    }
    return false;
}

static void expire_or_purge(struct truth_call *c, struct truth_hold *h)
{
    if (hold_judge(ACT_EXPIRE, (enum hold_life)h->hold.state) == VERDICT_MOVES) {
        move_lines(c, &h->hold, COUNTS_FREE);
        end_hold(c, h, HOLD_EXPIRED, MOVE_EXPIRED);
        free_units(c, &h->hold);
        return;
    }
    timers_remove(&c->shop->timers, h->timer_ms, &h->hold.id);
    map_remove(&c->shop->holds, h->hold.id.text);
    free(h);
}

void truth_expire_due(struct truth_call *c, const struct inventory_request *requests, size_t count)
{
    struct hold_id due[HOLD_EXPIRE_BATCH_MAX];
    size_t due_count = 0;
    const struct timers *t = &c->shop->timers;
    while (due_count < HOLD_EXPIRE_BATCH_MAX && due_count < t->count &&
           hold_is_due(t->entries[due_count].ms, c->now_ms)) {
        due[due_count] = t->entries[due_count].id;
        due_count++;
    }
    for (size_t i = 0; i < due_count; i++) {
        struct truth_hold *h = map_get(&c->shop->holds, due[i].text);
        MUST(h != NULL);
        if (h->hold.state != HOLD_HELD || !is_spared(h, requests, count))
            expire_or_purge(c, h);
    }
}

/* ---- requests ---- */

void truth_reserve(struct truth_call *c, struct inventory_request *r)
{
    if (!claim_is_valid(r) || !id_text_is_valid(r->hold.id.text))
        return;
    struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    r->answer = INVENTORY_MISMATCH;
    if (h != NULL && same_claim(&h->hold, &r->hold))
        answer(r, INVENTORY_REPLAYED, h);
    if (h != NULL || r->hold.id.text[0] == HOLD_OFFER_MARK)
        return;
    r->answer = may_take(c->shop, &r->hold, &r->fault_line);
    if (r->answer != INVENTORY_DONE)
        return;
    struct hold_id id = r->hold.id;
    answer(r, INVENTORY_DONE, truth_hold_new(c, &r->hold, &id, r->ttl_ms, MOVE_RESERVED));
}

/* The hold if it is there and `r`'s viewer may touch it. */
static struct truth_hold *hold_of(const struct truth_call *c, const struct inventory_request *r, bool shop_may)
{
    struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    if (h == NULL || ID_EQUAL(h->hold.viewer, r->hold.viewer) || (shop_may && ID_IS_NONE(r->hold.viewer)))
        return h;
    return NULL;
}

void truth_extend(struct truth_call *c, struct inventory_request *r)
{
    struct truth_hold *h = hold_of(c, r, false);
    if (!ttl_is_valid(r->ttl_ms))
        return;
    enum hold_verdict verdict = hold_judge(ACT_EXTEND, h == NULL ? LIFE_NONE : (enum hold_life)h->hold.state);
    if (h == NULL) {
        r->answer = verdict_answers[verdict];
        return;
    }
    if (verdict != VERDICT_MOVES) {
        answer(r, verdict_answers[verdict], h);
        return;
    }
    int64_t expires_at_ms = 0;
    switch (hold_extend(h->hold.expires_at_ms, h->hold.extends, EXTENDS_MAX, c->now_ms, r->ttl_ms, &expires_at_ms)) {
    case EXTEND_IS_SO:
        answer(r, INVENTORY_REPLAYED, h);
        break;
    case EXTEND_USED_UP:
        answer(r, INVENTORY_EXTENDS_USED, h);
        break;
    case EXTEND_MOVES:
        h->hold.expires_at_ms = expires_at_ms;
        h->hold.extends++;
        set_timer(c, h, expires_at_ms);
        truth_note(c, MOVE_EXTENDED, &h->hold);
        answer(r, INVENTORY_DONE, h);
    }
}

static enum inventory_answer confirm_late(struct truth_call *c, struct truth_hold *h, const char *order)
{
    uint8_t fault_line = 0;
    if (may_take(c->shop, &h->hold, &fault_line) != INVENTORY_DONE) {
        end_hold(c, h, HOLD_VOID, MOVE_VOIDED);
        return INVENTORY_HOLD_EXPIRED;
    }
    move_lines(c, &h->hold, COUNTS_RETAKE);
    snprintf(h->hold.order, sizeof h->hold.order, "%s", order);
    end_hold(c, h, HOLD_CONFIRMED, MOVE_RETAKEN);
    return INVENTORY_LATE;
}

static enum inventory_answer confirm(struct truth_call *c, struct truth_hold *h, const char *order)
{
    enum hold_verdict verdict = hold_judge(ACT_CONFIRM, (enum hold_life)h->hold.state);
    if (verdict == VERDICT_RETAKES)
        return confirm_late(c, h, order);
    if (verdict != VERDICT_MOVES)
        return verdict_answers[verdict];
    move_lines(c, &h->hold, COUNTS_SELL);
    snprintf(h->hold.order, sizeof h->hold.order, "%s", order);
    end_hold(c, h, HOLD_CONFIRMED, MOVE_CONFIRMED);
    return INVENTORY_DONE;
}

void truth_confirm(struct truth_call *c, struct inventory_request *r)
{
    struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    if (!order_is_valid(r->ref))
        return;
    if (h == NULL) {
        r->answer = INVENTORY_HOLD_UNKNOWN;
        return;
    }
    bool other_money =
        r->amount.minor != hold_total_minor(&h->hold) || strcmp(r->amount.currency, h->hold.currency) != 0;
    bool other_order = h->hold.state == HOLD_CONFIRMED && strcmp(h->hold.order, r->ref) != 0;
    if (other_money || other_order)
        r->answer = INVENTORY_MISMATCH;
    else
        answer(r, confirm(c, h, r->ref), h);
}

void truth_release(struct truth_call *c, struct inventory_request *r)
{
    struct truth_hold *h = hold_of(c, r, true);
    enum hold_verdict verdict = hold_judge(ACT_RELEASE, h == NULL ? LIFE_NONE : (enum hold_life)h->hold.state);
    if (h == NULL) {
        r->answer = verdict_answers[verdict];
        return;
    }
    if (verdict != VERDICT_MOVES) {
        answer(r, verdict_answers[verdict], h);
        return;
    }
    move_lines(c, &h->hold, COUNTS_FREE);
    end_hold(c, h, HOLD_RELEASED, MOVE_RELEASED);
    free_units(c, &h->hold);
    answer(r, INVENTORY_DONE, h);
}

void truth_get(struct truth_call *c, struct inventory_request *r)
{
    const struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    r->answer = INVENTORY_HOLD_UNKNOWN;
    if (h != NULL)
        answer(r, INVENTORY_DONE, h);
}

/* ---- the line ---- */

static struct hold_id offer_id(const struct truth_wish *wish)
{
    struct hold_id id = {0};
    snprintf(id.text, sizeof id.text, "%c%" PRIu64, HOLD_OFFER_MARK, wish->ticket);
    return id;
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

void truth_serve(struct truth_call *c, struct truth_sku *k)
{
    struct waiting *next = NULL;
    while (!k->counts.stopped && (next = waitlist_next(&k->waitlist, k->counts.available)) != NULL) {
        struct truth_wish *wish = container_of(next, struct truth_wish, waiting);
        leave_line(c, k, wish);
        int64_t taken = truth_taken(c->shop, k, wish->hold.viewer.text);
        struct hold_id id = offer_id(wish);
        if (counts_may_take(&k->counts, next->units, taken) == TAKE_MAY)
            offer_keep(c, &truth_hold_new(c, &wish->hold, &id, wish->ttl_ms, MOVE_OFFERED)->hold);
        else
            note_waiting(c, MOVE_LEFT, k, wish);
        free(wish);
    }
}

static struct truth_wish *join_line(struct truth_call *c, struct truth_sku *k, const struct inventory_request *r)
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
    return wish;
}

void truth_join(struct truth_call *c, struct inventory_request *r)
{
    if (!claim_is_valid(r) || r->hold.lines_count != 1)
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
        answer(r, INVENTORY_REPLAYED, offered);
        return;
    }
    enum take_verdict verdict = counts_may_take(&k->counts, line->units, truth_taken(c->shop, k, r->hold.viewer.text));
    if (verdict == TAKE_STOPPED || verdict == TAKE_LIMIT || k->waitlist.len >= WAITLIST_LEN_MAX) {
        r->answer = verdict == TAKE_STOPPED ? INVENTORY_STOPPED : INVENTORY_LIMIT_REACHED;
        return;
    }
    struct hold_id id = offer_id(join_line(c, k, r));
    r->answer = INVENTORY_DONE;
    r->ahead = k->waitlist.len - 1;
    truth_serve(c, k);
    const struct truth_hold *offer = map_get(&c->shop->holds, id.text);
    if (offer != NULL) {
        answer(r, INVENTORY_DONE, offer);
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
