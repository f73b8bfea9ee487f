/* What the shop does to its stock: units, counts, limits, stops, recalls, clocks, checkpoints. */
#include <stdlib.h>
#include <string.h>

#include "tests/torture/model.h"

static enum inventory_answer counted(const struct model_sku *s, struct model_answer *a, enum inventory_answer answer)
{
    a->has_count = true;
    a->count = s->count;
    return answer;
}

static enum inventory_answer moved(struct model *m, const struct model_sku *s, struct model_answer *a,
                                   enum movement_kind kind, int64_t units)
{
    struct movement *told = model_tell(m, kind);
    told->sku = s->count.sku;
    told->units = units;
    return counted(s, a, INVENTORY_DONE);
}

/* ---- deliveries ---- */

static void keep_ref(struct model_sku *s, const struct inventory_request *r)
{
    struct model_ref *ref = calloc(1, sizeof *ref);
    MUST(ref != NULL && map_set(&s->refs, r->ref, ref) == RESULT_OK);
    *ref = (struct model_ref){r->op, r->units};
}

static enum inventory_answer deliver(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    bool out = r->op == INVENTORY_WITHDRAW;
    struct model_sku *s = model_sku(m, r->sku.text);
    const struct model_ref *ref = s == NULL ? NULL : map_get(&s->refs, r->ref);
    if (ref != NULL)
        return ref->op == r->op && ref->units == r->units ? counted(s, a, INVENTORY_REPLAYED) : INVENTORY_MISMATCH;
    if (s == NULL && out)
        return INVENTORY_SKU_UNKNOWN;
    if (s != NULL && out && s->count.available < r->units)
        return s->count.held > 0 ? INVENTORY_HELD_OUT : INVENTORY_SOLD_OUT;
    if (s != NULL && !out && s->count.allocated > STOCK_UNITS_MAX - r->units)
        return INVENTORY_BAD;
    if (s == NULL)
        s = model_sku_make(m, r->sku.text);
    keep_ref(s, r);
    s->count.available += out ? -r->units : r->units;
    s->count.allocated += out ? -r->units : r->units;
    moved(m, s, a, out ? MOVE_WITHDRAWN : MOVE_ALLOCATED, r->units);
    memcpy(m->told[m->told_count - 1].ref, r->ref, sizeof r->ref);
    if (!out)
        model_serve(m, s);
    return counted(s, a, INVENTORY_DONE);
}

/* The warehouse counted `units` on the shelf when `gone` of our sales had left it. */
static enum inventory_answer sync_count(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku(m, r->sku.text);
    if (s != NULL && r->version <= s->count.version)
        return counted(s, a, INVENTORY_IGNORED);
    if (r->gone > (s == NULL ? 0 : s->count.sold))
        return INVENTORY_BAD;
    s = model_sku_make(m, r->sku.text);
    int64_t change = r->units + r->gone - s->count.allocated;
    s->count.allocated += change;
    s->count.available += change;
    s->count.version = r->version;
    moved(m, s, a, MOVE_SYNCED, change);
    struct movement *told = &m->told[m->told_count - 1];
    told->gone = r->gone;
    told->version = r->version;
    told->delay_ms = r->counted_ms == 0 ? -1 : r->counted_ms > m->now_ms ? 0 : m->now_ms - r->counted_ms;
    model_serve(m, s);
    return counted(s, a, INVENTORY_DONE);
}

/* ---- settings of a SKU ---- */

static enum inventory_answer stop(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku_make(m, r->sku.text);
    if (s->count.stopped)
        return counted(s, a, INVENTORY_REPLAYED);
    s->count.stopped = true;
    return moved(m, s, a, MOVE_STOPPED, 0);
}

static enum inventory_answer open_sale(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku(m, r->sku.text);
    if (s == NULL)
        return INVENTORY_SKU_UNKNOWN;
    if (s->count.recall != RECALL_NONE)
        return counted(s, a, INVENTORY_RECALLED);
    if (!s->count.stopped)
        return counted(s, a, INVENTORY_REPLAYED);
    s->count.stopped = false;
    moved(m, s, a, MOVE_OPENED, 0);
    model_serve(m, s);
    return counted(s, a, INVENTORY_DONE);
}

/* From the first limit on, what each viewer has is counted; what is known of before counts too. */
static void track(struct model *m, struct model_sku *s)
{
    s->is_tracked = true;
    list_for_each (at, &m->all_holds) {
        const struct hold *h = &container_of(at, struct model_hold, link)->hold;
        for (size_t i = 0; i < h->lines_count; i++)
            if ((h->state == HOLD_HELD || h->state == HOLD_CONFIRMED) && ID_EQUAL(h->lines[i].sku, s->count.sku))
                model_take(s, h->viewer.text, h->lines[i].units);
    }
}

static enum inventory_answer limit(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku(m, r->sku.text);
    if (r->units == (s == NULL ? 0 : s->count.limit_per_viewer))
        return s == NULL ? INVENTORY_REPLAYED : counted(s, a, INVENTORY_REPLAYED);
    s = model_sku_make(m, r->sku.text);
    if (!s->is_tracked)
        track(m, s);
    s->count.limit_per_viewer = (uint32_t)r->units;
    return moved(m, s, a, MOVE_LIMIT, r->units);
}

static enum inventory_answer buffer(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku(m, r->sku.text);
    if (r->units == (s == NULL ? 0 : s->count.buffer))
        return s == NULL ? INVENTORY_REPLAYED : counted(s, a, INVENTORY_REPLAYED);
    s = model_sku_make(m, r->sku.text);
    s->count.buffer = r->units;
    moved(m, s, a, MOVE_BUFFER, r->units);
    model_serve(m, s);
    return counted(s, a, INVENTORY_DONE);
}

/* What was parked may be due: whatever was ever of this SKU may have a timer there. */
static void look_again(struct model *m, const struct model_sku *s)
{
    size_t of_sku = 1;
    list_for_each (at, &m->all_holds) {
        const struct hold *h = &container_of(at, struct model_hold, link)->hold;
        for (size_t i = 0; i < h->lines_count; i++)
            of_sku += ID_EQUAL(h->lines[i].sku, s->count.sku);
    }
    model_timers_again(m, of_sku);
    m->quiet_until_ms = INT64_MIN;
}

static enum inventory_answer recall(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_sku *s = model_sku(m, r->sku.text);
    if (r->recall == (s == NULL ? RECALL_NONE : s->count.recall))
        return s == NULL ? INVENTORY_REPLAYED : counted(s, a, INVENTORY_REPLAYED);
    s = model_sku_make(m, r->sku.text);
    s->count.recall = r->recall;
    s->count.stopped = true;
    look_again(m, s);
    moved(m, s, a, MOVE_RECALL, 0);
    m->told[m->told_count - 1].recall = r->recall;
    return INVENTORY_DONE;
}

enum inventory_answer model_stock(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    switch (r->op) {
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        return deliver(m, r, a);
    case INVENTORY_SYNC:
        return sync_count(m, r, a);
    case INVENTORY_STOP:
        return stop(m, r, a);
    case INVENTORY_OPEN:
        return open_sale(m, r, a);
    case INVENTORY_LIMIT:
        return limit(m, r, a);
    case INVENTORY_BUFFER:
        return buffer(m, r, a);
    case INVENTORY_RECALL:
        return recall(m, r, a);
    default:
        return INVENTORY_BAD;
    }
}

/* ---- a broadcast's clock ---- */

enum inventory_answer model_freeze(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    struct model_clock *c = map_get(&m->clocks, r->hold.broadcast.text);
    (void)a;
    if (r->frozen == (c != NULL && c->is_frozen))
        return INVENTORY_REPLAYED;
    if (c != NULL && ID_EQUAL(c->epoch, r->epoch) && r->version <= c->seq)
        return INVENTORY_IGNORED;
    c = model_clock_of(m, r->hold.broadcast.text);
    c->epoch = r->epoch;
    c->seq = r->version;
    c->is_frozen = r->frozen;
    if (r->frozen)
        c->since_ms = m->now_ms;
    else if (m->now_ms > c->since_ms)
        c->stood_ms += m->now_ms - c->since_ms;
    if (!r->frozen) {
        model_timers_again(m, 1);
        model_timers_unpark(m, c);
    }
    m->quiet_until_ms = INT64_MIN;
    struct movement *told = model_tell(m, r->frozen ? MOVE_FROZEN : MOVE_THAWED);
    told->hold.broadcast = r->hold.broadcast;
    told->units = r->frozen ? 0 : c->stood_ms;
    return INVENTORY_DONE;
}

/* ---- the whole state ---- */

static void tell_places(struct model *m, const struct model_sku *s)
{
    list_for_each (at, &s->line) {
        const struct model_wait *w = container_of(at, struct model_wait, link);
        struct movement *told = model_tell(m, MOVE_WAITING);
        told->hold.viewer = w->wish.viewer;
        told->sku = s->count.sku;
        told->units = w->wish.lines[0].units;
    }
}

static void tell_state(struct model *m)
{
    list_for_each (at, &m->all_holds) {
        const struct hold *h = &container_of(at, struct model_hold, link)->hold;
        if (h->state == HOLD_HELD)
            model_tell_hold(m, MOVE_KEPT, h);
    }
    list_for_each (at, &m->all_skus)
        tell_places(m, container_of(at, struct model_sku, link));
    list_for_each (at, &m->all_clocks) {
        const struct model_clock *c = container_of(at, struct model_clock, link);
        if (ID_IS_NONE(c->epoch)) /* never stood still */
            continue;
        struct movement *told = model_tell(m, c->is_frozen ? MOVE_FROZEN : MOVE_THAWED);
        told->hold.broadcast = c->broadcast;
        told->units = c->stood_ms;
        told->gone = c->is_frozen ? c->since_ms : 0;
    }
}

void model_checkpoint(struct model *m)
{
    size_t many = model_holds_open(m);
    list_for_each (at, &m->all_skus)
        many += (size_t)container_of(at, struct model_sku, link)->line_len;
    if (m->checkpoint_ms >= 0 && m->now_ms - m->checkpoint_ms < m->checkpoint->ttl_ms)
        return; /* answered as replayed */
    m->checkpoint_answer->answer = many > CHECKPOINT_HOLDS_MAX ? INVENTORY_BUSY : INVENTORY_DONE;
    if (many > CHECKPOINT_HOLDS_MAX)
        return;
    m->checkpoint_ms = m->now_ms;
    m->writes_checkpoint = true;
    tell_state(m);
}
