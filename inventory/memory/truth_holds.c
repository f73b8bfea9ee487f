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

const enum inventory_answer truth_take_answers[] = {
    [TAKE_STOPPED] = INVENTORY_STOPPED,
    [TAKE_LIMIT] = INVENTORY_LIMIT_REACHED,
    [TAKE_HELD_OUT] = INVENTORY_HELD_OUT,
    [TAKE_SOLD_OUT] = INVENTORY_SOLD_OUT,
};

void truth_answer(const struct truth_call *c, struct inventory_request *r, enum inventory_answer what,
                  const struct truth_hold *h)
{
    r->answer = what;
    hold_copy(&r->hold, &h->hold);
    if (h->hold.state == HOLD_HELD)
        r->hold.expires_at_ms += show_clock_shift_ms(truth_clock(c->shop, &h->hold.broadcast), c->now_ms);
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

bool truth_claim_is_valid(const struct inventory_request *r)
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

/* All lines or none: INVENTORY_DONE when every one may be taken, as `law` has it. */
typedef enum take_verdict take_law(const struct counts *c, int64_t units, int64_t has);
static enum inventory_answer may_take(const struct truth_shop *s, const struct hold *h, take_law *law,
                                      uint8_t *ret_fault_line)
{
    for (uint8_t i = 0; i < h->lines_count; i++) {
        const struct line *line = &h->lines[i];
        const struct truth_sku *k = truth_sku(s, line->sku.text);
        *ret_fault_line = i;
        if (k == NULL)
            return INVENTORY_SKU_UNKNOWN;
        enum take_verdict verdict = law(&k->counts, line->units, truth_taken(s, k, h->viewer.text));
        if (verdict != TAKE_MAY)
            return truth_take_answers[verdict];
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

/* The only way for a hold to end. An offer that ended lets its viewer join the line again; one that was retaken or
 * voided had ended before. */
static void end_hold(struct truth_call *c, struct truth_hold *h, enum hold_state state, enum movement_kind kind)
{
    if (h->hold.offer && h->hold.state == HOLD_HELD)
        truth_offer_forget(c, &h->hold);
    h->hold.state = state;
    h->hold.expires_at_ms = c->now_ms;
    truth_set_timer(c->shop, h);
    truth_note(c, kind, &h->hold);
}

/* It ends and its units are free: for those in line first. */
static void hold_free(struct truth_call *c, struct truth_hold *h, enum hold_state state, enum movement_kind kind)
{
    move_lines(c, &h->hold, COUNTS_FREE);
    end_hold(c, h, state, kind);
    for (size_t i = 0; i < h->hold.lines_count; i++)
        truth_serve(c, truth_sku(c->shop, h->hold.lines[i].sku.text));
}

struct truth_hold *truth_hold_new(struct truth_call *c, const struct hold *from, const struct hold_id *id,
                                  int64_t ttl_ms, enum movement_kind kind)
{
    struct truth_hold *h = truth_alloc(offsetof(struct truth_hold, hold) + HOLD_SIZE(from->lines_count));
    hold_copy(&h->hold, from);
    h->hold.id = *id;
    h->hold.state = HOLD_HELD;
    h->hold.expires_at_ms = truth_clock_now(c, &from->broadcast) + ttl_ms;
    h->hold.extends = 0;
    h->hold.offer = kind == MOVE_OFFERED;
    h->hold.order[0] = '\0';
    h->timer_ms = TRUTH_PARKED;
    truth_set_timer(c->shop, h);
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

static void hold_purge(struct truth_shop *s, struct truth_hold *h)
{
    timers_remove(&s->timers, h->timer_ms, &h->hold.id);
    map_remove(&s->holds, h->hold.id.text);
    free(h);
}

static void hold_expire(struct truth_call *c, struct truth_hold *h)
{
    MUST(hold_judge(ACT_EXPIRE, (enum hold_life)h->hold.state) == VERDICT_MOVES);
    hold_free(c, h, HOLD_EXPIRED, MOVE_EXPIRED);
}

/* A copy of the ids that are due: what is done to one moves the timers of others. */
static struct hold_id *due_ids(const struct timers *t, int64_t now_ms, size_t *ret_count)
{
    size_t count = 0;
    while (count < t->count && hold_is_due(t->entries[count].ms, now_ms))
        count++;
    *ret_count = count;
    if (count == 0)
        return NULL;
    struct hold_id *ids = truth_alloc(count * sizeof *ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = t->entries[i].id;
    return ids;
}

void truth_expire_due(struct truth_call *c, const struct inventory_request *requests, size_t count)
{
    size_t due_count = 0, expired = 0;
    struct hold_id *due = due_ids(&c->shop->timers, c->now_ms, &due_count);
    for (size_t i = 0; i < due_count; i++) { /* first of all: an offer made below may take an id that is free again */
        struct truth_hold *h = map_get(&c->shop->holds, due[i].text);
        MUST(h != NULL);
        if (h->hold.state == HOLD_HELD)
            continue;
        hold_purge(c->shop, h);
        due[i] = (struct hold_id){0};
    }
    for (size_t i = 0; i < due_count && expired < HOLD_EXPIRE_BATCH_MAX; i++) {
        struct truth_hold *h = ID_IS_NONE(due[i]) ? NULL : map_get(&c->shop->holds, due[i].text);
        if (h == NULL || is_spared(h, requests, count))
            continue;
        hold_expire(c, h);
        expired++;
    }
    free(due);
}

/* ---- requests ---- */

void truth_reserve(struct truth_call *c, struct inventory_request *r)
{
    if (!truth_claim_is_valid(r) || !id_text_is_valid(r->hold.id.text))
        return;
    struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    r->answer = INVENTORY_MISMATCH;
    if (h != NULL && same_claim(&h->hold, &r->hold))
        truth_answer(c, r, INVENTORY_REPLAYED, h);
    bool is_offer = r->restores && r->hold.offer && truth_offer_is_numbered(&r->hold);
    if (h != NULL || (r->hold.id.text[0] == HOLD_OFFER_MARK && !is_offer))
        return;
    r->answer = may_take(c->shop, &r->hold, r->restores ? counts_may_restore : counts_may_take, &r->fault_line);
    if (r->answer != INVENTORY_DONE)
        return;
    struct hold_id id = r->hold.id;
    h = is_offer ? truth_offer_again(c, r) : truth_hold_new(c, &r->hold, &id, r->ttl_ms, MOVE_RESERVED);
    truth_answer(c, r, INVENTORY_DONE, h);
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
        truth_answer(c, r, verdict_answers[verdict], h);
        return;
    }
    int64_t expires_at_ms = 0;
    int64_t clock_ms = truth_clock_now(c, &h->hold.broadcast);
    switch (hold_extend(h->hold.expires_at_ms, h->hold.extends, EXTENDS_MAX, clock_ms, r->ttl_ms, &expires_at_ms)) {
    case EXTEND_IS_SO:
        truth_answer(c, r, INVENTORY_REPLAYED, h);
        break;
    case EXTEND_USED_UP:
        truth_answer(c, r, INVENTORY_EXTENDS_USED, h);
        break;
    case EXTEND_MOVES:
        h->hold.expires_at_ms = expires_at_ms;
        h->hold.extends++;
        truth_set_timer(c->shop, h);
        truth_note(c, MOVE_EXTENDED, &h->hold);
        truth_answer(c, r, INVENTORY_DONE, h);
    }
}

static enum inventory_answer confirm_late(struct truth_call *c, struct truth_hold *h, const struct inventory_request *r)
{
    uint8_t fault_line = 0;
    take_law *law = r->restores ? counts_may_restore : counts_may_retake;
    if (may_take(c->shop, &h->hold, law, &fault_line) != INVENTORY_DONE) {
        end_hold(c, h, HOLD_VOID, MOVE_VOIDED);
        return INVENTORY_HOLD_EXPIRED;
    }
    move_lines(c, &h->hold, COUNTS_RETAKE);
    snprintf(h->hold.order, sizeof h->hold.order, "%s", r->ref);
    end_hold(c, h, HOLD_CONFIRMED, MOVE_RETAKEN);
    return INVENTORY_LATE;
}

static bool any_line(const struct truth_shop *s, const struct hold *h, bool (*question)(enum recall_law mode))
{
    for (size_t i = 0; i < h->lines_count; i++)
        if (question(truth_sku(s, h->lines[i].sku.text)->counts.recall))
            return true;
    return false;
}

static enum inventory_answer confirm(struct truth_call *c, struct truth_hold *h, const struct inventory_request *r)
{
    enum hold_verdict verdict = hold_judge(ACT_CONFIRM, (enum hold_life)h->hold.state);
    if (!r->restores && (verdict == VERDICT_MOVES || verdict == VERDICT_IS_RELEASED) &&
        any_line(c->shop, &h->hold, recall_refuses_payment))
        return INVENTORY_RECALLED;
    if (verdict == VERDICT_RETAKES)
        return confirm_late(c, h, r);
    if (verdict != VERDICT_MOVES)
        return verdict_answers[verdict];
    move_lines(c, &h->hold, COUNTS_SELL);
    snprintf(h->hold.order, sizeof h->hold.order, "%s", r->ref);
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
        truth_answer(c, r, confirm(c, h, r), h);
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
        truth_answer(c, r, verdict_answers[verdict], h);
        return;
    }
    hold_free(c, h, HOLD_RELEASED, MOVE_RELEASED);
    truth_answer(c, r, INVENTORY_DONE, h);
}

void truth_take_back(struct truth_call *c, struct inventory_request *r)
{
    struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    enum hold_verdict verdict = hold_judge(ACT_TAKE_BACK, h == NULL ? LIFE_NONE : (enum hold_life)h->hold.state);
    if (h == NULL) {
        r->answer = verdict_answers[verdict];
    } else if (verdict != VERDICT_MOVES) {
        truth_answer(c, r, verdict_answers[verdict], h);
    } else if (!any_line(c->shop, &h->hold, recall_takes_back)) {
        truth_answer(c, r, INVENTORY_IGNORED, h);
    } else {
        hold_free(c, h, HOLD_RELEASED, MOVE_RECALLED);
        truth_answer(c, r, INVENTORY_DONE, h);
    }
}

void truth_get(struct truth_call *c, struct inventory_request *r)
{
    const struct truth_hold *h = map_get(&c->shop->holds, r->hold.id.text);
    r->answer = INVENTORY_HOLD_UNKNOWN;
    if (h != NULL)
        truth_answer(c, r, INVENTORY_DONE, h);
}
