/* The life of a hold: reserved, extended, then confirmed, released, taken back or expired, once. */
#include <string.h>

#include "inventory/rules/hold.h"
#include "tests/torture/model.h"

#define OFFER_DIGITS_MAX 13

static struct model_hold *find(struct model *m, const struct inventory_request *r)
{
    return map_get(&m->holds, r->hold.id.text);
}

static enum inventory_answer shown(const struct model *m, const struct model_hold *h, struct model_answer *a,
                                   enum inventory_answer answer)
{
    a->has_hold = true;
    a->hold = model_shown(m, &h->hold);
    return answer;
}

/* What is heard of a hold that has ended, by whoever wanted something else of it. */
static enum inventory_answer ended(const struct model_hold *h)
{
    switch (h->hold.state) {
    case HOLD_CONFIRMED:
        return INVENTORY_HOLD_CONFIRMED;
    case HOLD_RELEASED:
        return INVENTORY_HOLD_RELEASED;
    default:
        return INVENTORY_HOLD_EXPIRED;
    }
}

static bool same_claim(const struct hold *a, const struct hold *b)
{
    if (!ID_EQUAL(a->viewer, b->viewer) || !ID_EQUAL(a->broadcast, b->broadcast) ||
        strcmp(a->currency, b->currency) != 0 || a->lines_count != b->lines_count)
        return false;
    for (size_t i = 0; i < a->lines_count; i++)
        if (!ID_EQUAL(a->lines[i].sku, b->lines[i].sku) || a->lines[i].units != b->lines[i].units ||
            a->lines[i].unit_minor != b->lines[i].unit_minor || a->lines[i].price_version != b->lines[i].price_version)
            return false;
    return true;
}

/* ---- reserve ---- */

static enum inventory_answer may_take(const struct model_sku *s, const char *viewer, int64_t units, bool restores)
{
    if (s == NULL)
        return INVENTORY_SKU_UNKNOWN;
    if (restores && s->count.available >= units)
        return INVENTORY_DONE;
    if (restores)
        return s->count.held > 0 ? INVENTORY_HELD_OUT : INVENTORY_SOLD_OUT;
    if (s->count.stopped)
        return INVENTORY_STOPPED;
    if (s->count.limit_per_viewer > 0 && model_taken(s, viewer) + units > s->count.limit_per_viewer)
        return INVENTORY_LIMIT_REACHED;
    if (s->count.available - s->count.buffer < units)
        return s->count.held > 0 ? INVENTORY_HELD_OUT : INVENTORY_SOLD_OUT;
    return INVENTORY_DONE;
}

/* Offers are named "~" and a number from 1 on. */
static bool is_numbered_offer(const struct hold *h)
{
    const char *digits = h->id.text + 1;
    size_t count = strspn(digits, "0123456789");
    return h->offer && h->lines_count == 1 && h->id.text[0] == HOLD_OFFER_MARK && digits[0] != '0' && count >= 1 &&
           count <= OFFER_DIGITS_MAX && digits[count] == '\0';
}

enum inventory_answer model_reserve(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    const struct model_hold *known = find(m, r);
    if (known != NULL)
        return same_claim(&known->hold, &r->hold) ? shown(m, known, a, INVENTORY_REPLAYED) : INVENTORY_MISMATCH;
    bool is_offer = r->restores && is_numbered_offer(&r->hold);
    if (r->hold.id.text[0] == HOLD_OFFER_MARK && !is_offer) /* the names of offers to come */
        return INVENTORY_MISMATCH;
    for (uint8_t i = 0; i < r->hold.lines_count; i++) {
        const struct line *line = &r->hold.lines[i];
        enum inventory_answer why =
            may_take(model_sku(m, line->sku.text), r->hold.viewer.text, line->units, r->restores);
        if (why == INVENTORY_DONE)
            continue;
        a->has_line = true;
        a->fault_line = i;
        return why;
    }
    struct hold claim;
    hold_copy(&claim, &r->hold);
    claim.offer = is_offer;
    const struct model_hold *h = model_hold_open(m, &claim, r->ttl_ms);
    model_tell_hold(m, is_offer ? MOVE_OFFERED : MOVE_RESERVED, &h->hold);
    if (is_offer)
        model_offer_is_back(m, &h->hold);
    return shown(m, h, a, INVENTORY_DONE);
}

/* ---- extend ---- */

/* A gain of less than a tenth is a repeat whose answer was lost: it uses no second extension. Never shortens. */
enum model_grant model_grant(const struct model *m, const struct hold *h, int64_t ttl_ms)
{
    int64_t ends = model_clock_now(m, h->broadcast.text) + ttl_ms;
    if (ends <= h->expires_at_ms || ends - h->expires_at_ms < HOLD_EXTEND_GAIN(ttl_ms))
        return GRANT_IS_SO;
    return h->extends >= EXTENDS_MAX ? GRANT_USED_UP : GRANT_MOVES;
}

enum inventory_answer model_extend(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_hold *h = find(m, r);
    if (h == NULL || !ID_EQUAL(h->hold.viewer, r->hold.viewer))
        return INVENTORY_HOLD_UNKNOWN;
    if (h->hold.state != HOLD_HELD)
        return shown(m, h, a, ended(h));
    switch (model_grant(m, &h->hold, r->ttl_ms)) {
    case GRANT_IS_SO:
        return shown(m, h, a, INVENTORY_REPLAYED);
    case GRANT_USED_UP:
        return shown(m, h, a, INVENTORY_EXTENDS_USED);
    case GRANT_MOVES:
        break;
    }
    h->hold.expires_at_ms = model_clock_now(m, h->hold.broadcast.text) + r->ttl_ms;
    h->hold.extends++;
    model_timer_arm(m, &h->hold);
    model_tell_hold(m, MOVE_EXTENDED, &h->hold);
    return shown(m, h, a, INVENTORY_DONE);
}

/* ---- confirm ---- */

static void sell(struct model *m, struct model_hold *h, const char *order, bool again)
{
    for (size_t i = 0; i < h->hold.lines_count; i++) {
        const struct line *line = &h->hold.lines[i];
        struct model_sku *s = model_sku(m, line->sku.text);
        *(again ? &s->count.available : &s->count.held) -= line->units;
        s->count.sold += line->units;
        if (again)
            model_take(s, h->hold.viewer.text, line->units);
    }
    memcpy(h->hold.order, order, strlen(order) + 1);
    model_hold_end(m, h, HOLD_CONFIRMED);
    model_tell_hold(m, again ? MOVE_RETAKEN : MOVE_CONFIRMED, &h->hold);
}

static bool is_over_limit(const struct model_sku *s, const struct hold *h, int64_t units)
{
    return s->count.limit_per_viewer > 0 && model_taken(s, h->viewer.text) + units > s->count.limit_per_viewer;
}

/* Paid after the end: the units are taken again if all are still there, none is stopped and the limit allows it; if not,
 * never. The buffer may be used: what is withheld is for just such cases. */
static enum inventory_answer confirm_late(struct model *m, struct model_hold *h, const struct inventory_request *r,
                                          struct model_answer *a)
{
    for (size_t i = 0; i < h->hold.lines_count; i++) {
        const struct model_sku *s = model_sku(m, h->hold.lines[i].sku.text);
        bool is_barred = s->count.stopped || is_over_limit(s, &h->hold, h->hold.lines[i].units);
        if (s->count.available >= h->hold.lines[i].units && (!is_barred || r->restores))
            continue;
        model_hold_end(m, h, HOLD_VOID);
        model_tell_hold(m, MOVE_VOIDED, &h->hold);
        return shown(m, h, a, INVENTORY_HOLD_EXPIRED);
    }
    sell(m, h, r->ref, true);
    return shown(m, h, a, INVENTORY_LATE);
}

static bool is_recalled(const struct model *m, const struct model_hold *h)
{
    return model_has_recall(m, &h->hold, RECALL_KEEP, RECALL_CANCEL);
}

enum inventory_answer model_confirm(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_hold *h = find(m, r);
    if (h == NULL)
        return INVENTORY_HOLD_UNKNOWN;
    if (r->amount.minor != hold_total_minor(&h->hold) || strcmp(r->amount.currency, h->hold.currency) != 0)
        return INVENTORY_MISMATCH;
    switch (h->hold.state) {
    case HOLD_CONFIRMED:
        return strcmp(h->hold.order, r->ref) == 0 ? shown(m, h, a, INVENTORY_REPLAYED) : INVENTORY_MISMATCH;
    case HOLD_RELEASED:
        return shown(m, h, a, is_recalled(m, h) && !r->restores ? INVENTORY_RECALLED : INVENTORY_HOLD_RELEASED);
    case HOLD_EXPIRED:
        return confirm_late(m, h, r, a);
    case HOLD_HELD:
        break;
    default:
        return shown(m, h, a, INVENTORY_HOLD_EXPIRED);
    }
    if (is_recalled(m, h) && !r->restores)
        return shown(m, h, a, INVENTORY_RECALLED);
    sell(m, h, r->ref, false);
    return shown(m, h, a, INVENTORY_DONE);
}

/* ---- release, take back, read ---- */

static void give_back(struct model *m, struct model_hold *h, enum movement_kind kind)
{
    for (size_t i = 0; i < h->hold.lines_count; i++) {
        struct model_sku *s = model_sku(m, h->hold.lines[i].sku.text);
        s->count.held -= h->hold.lines[i].units;
        s->count.available += h->hold.lines[i].units;
        model_take(s, h->hold.viewer.text, -(int64_t)h->hold.lines[i].units);
    }
    model_hold_end(m, h, HOLD_RELEASED);
    model_tell_hold(m, kind, &h->hold);
    model_serve_lines(m, &h->hold);
}

enum inventory_answer model_release(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_hold *h = find(m, r);
    if (h == NULL || (!ID_IS_NONE(r->hold.viewer) && !ID_EQUAL(h->hold.viewer, r->hold.viewer)))
        return INVENTORY_HOLD_UNKNOWN;
    if (h->hold.state == HOLD_RELEASED)
        return shown(m, h, a, INVENTORY_REPLAYED);
    if (h->hold.state != HOLD_HELD)
        return shown(m, h, a, ended(h));
    give_back(m, h, MOVE_RELEASED);
    return shown(m, h, a, INVENTORY_DONE);
}

enum inventory_answer model_take_back(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_hold *h = find(m, r);
    if (h == NULL)
        return INVENTORY_HOLD_UNKNOWN;
    if (h->hold.state == HOLD_RELEASED)
        return shown(m, h, a, INVENTORY_REPLAYED);
    if (h->hold.state != HOLD_HELD)
        return shown(m, h, a, ended(h));
    if (!model_has_recall(m, &h->hold, RECALL_CANCEL, RECALL_CANCEL))
        return shown(m, h, a, INVENTORY_IGNORED);
    give_back(m, h, MOVE_RECALLED);
    return shown(m, h, a, INVENTORY_DONE);
}

enum inventory_answer model_hold_get(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    const struct model_hold *h = find(m, r);
    return h == NULL ? INVENTORY_HOLD_UNKNOWN : shown(m, h, a, INVENTORY_DONE);
}
