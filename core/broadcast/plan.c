/* core/broadcast/plan.c - a host's act becomes the events it would append, or the reason why not.
 *
 *   broadcast_plan      is the act allowed in this state at all?
 *     plan_...          the act's own rules; adds nothing when nothing would change, so that repeating is safe
 *
 * Prices are planned in plan_price.c, bundles and freebies in extras.c, the shelf in plan_shelf.c, undo in plan_undo.c. */
#include "core/broadcast/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct event *plan_add(struct plan *p, enum event_kind kind)
{
    MUST(p->count < EVENT_BATCH_MAX);
    struct event *e = &p->events[p->count++];
    *e = (struct event){.kind = kind, .ms = p->a->now_ms};
    text_copy(e->by, sizeof e->by, p->a->by);
    return e;
}

struct event *plan_add_undoable(struct plan *p, enum event_kind kind)
{
    struct event *e = plan_add(p, kind);
    e->undo_part = ++p->undoable;
    return e;
}

void plan_show(struct plan *p, struct event *e) { e->media_at_ms = e->ms + p->b->details.pdt_offset_ms; }

void plan_pin(struct plan *p, struct event *e, uint8_t slot, const struct pin *pin)
{
    plan_show(p, e);
    e->u.pin_set.slot = slot;
    e->u.pin_set.pin = *pin;
    e->u.pin_set.pin.set = true;
    e->u.pin_set.pin.pinned_ms = e->ms;
    e->u.pin_set.pin.media_at_ms = e->media_at_ms;
}

/* ---- states ---- */

static void plan_state(struct plan *p, enum broadcast_state state)
{
    struct event *e = plan_add(p, EVENT_STATE);
    e->u.state.state = state;
    e->u.state.forced = p->a->force && p->a->kind == ACT_START;
    text_copy(e->u.state.reason, sizeof e->u.state.reason, p->a->text);
}

static enum act_answer plan_start(struct plan *p)
{
    plan_state(p, BROADCAST_LIVE);
    return ACT_DONE;
}

static enum act_answer plan_pause(struct plan *p)
{
    plan_state(p, BROADCAST_PAUSED);
    return ACT_DONE;
}

static enum act_answer plan_resume(struct plan *p)
{
    plan_state(p, BROADCAST_LIVE);
    return ACT_DONE;
}

static enum act_answer plan_end(struct plan *p)
{
    plan_state(p, BROADCAST_ENDED);
    return ACT_DONE;
}

static bool details_equal(const struct broadcast_details *a, const struct broadcast_details *b)
{
    return a->hold_ms == b->hold_ms && a->pdt_offset_ms == b->pdt_offset_ms && strcmp(a->title, b->title) == 0 &&
           strcmp(a->video_url, b->video_url) == 0 && strcmp(a->video_still, b->video_still) == 0;
}

static enum act_answer plan_details(struct plan *p)
{
    if (!details_equal(&p->b->details, &p->a->details))
        plan_add(p, EVENT_DETAILS)->u.details = p->a->details;
    return ACT_DONE;
}

/* ---- what is on screen ---- */

/* Moved by hand, a product keeps the words and the disclosure label it is already shown with. */
static struct pin pin_by_hand(const struct broadcast *b, const struct act *a)
{
    if (!ID_IS_NONE(a->cue.cue)) {
        struct pin pin = {.set = true, .sku = a->sku, .cue = a->cue.cue, .sponsored = a->cue.sponsored};
        text_copy(pin.text, sizeof pin.text, a->cue.text);
        return pin;
    }
    for (size_t slot = 0; slot < PIN_SLOTS; slot++)
        if (b->pins[slot].set && ID_EQUAL(b->pins[slot].sku, a->sku))
            return b->pins[slot];
    return (struct pin){.set = true, .sku = a->sku};
}

static enum act_answer plan_pin_set(struct plan *p)
{
    const struct act *a = p->a;
    const struct shelf_item *item = broadcast_item(p->b, a->sku.text);
    MUST(a->slot < PIN_SLOTS);
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state == SKU_RECALLED)
        return ACT_RECALLED;
    if (item->price.version == 0)
        return ACT_PRICE_MISSING;
    if (item->price.money.minor == 0)
        return ACT_AMOUNT;
    struct pin pin = pin_by_hand(p->b, a);
    if (!pin_equal(&pin, &p->b->pins[a->slot]))
        plan_pin(p, plan_add_undoable(p, EVENT_PIN_SET), a->slot, &pin);
    return ACT_DONE;
}

static enum act_answer plan_pin_clear(struct plan *p)
{
    MUST(p->a->slot < PIN_SLOTS);
    if (!p->b->pins[p->a->slot].set)
        return ACT_DONE;
    struct event *e = plan_add_undoable(p, EVENT_PIN_CLEARED);
    plan_show(p, e);
    e->u.slot = p->a->slot;
    return ACT_DONE;
}

static enum act_answer cue_may_show(const struct plan *p, const struct shelf_item *item)
{
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state == SKU_RECALLED)
        return ACT_RECALLED;
    const struct money *price = p->a->cue_has_price ? &p->a->price : &item->price.money;
    if (!p->a->cue_has_price && item->price.version == 0)
        return ACT_PRICE_MISSING;
    if (price->minor == 0)
        return ACT_AMOUNT;
    return plan_currency_fits(p->b, price) ? ACT_DONE : ACT_CURRENCY;
}

/* An offer may run below the cue's price: going to the cue again does not end it. */
static bool cue_changes_price(const struct act *a, const struct shelf_item *item)
{
    return item != NULL && a->cue_has_price && !money_equal(&item->base_price, &a->price);
}

static enum act_answer plan_cue(struct plan *p)
{
    const struct act *a = p->a;
    bool shows = !ID_IS_NONE(a->cue_sku);
    const struct shelf_item *item = shows ? broadcast_item(p->b, a->cue_sku.text) : NULL;
    enum act_answer answer = shows ? cue_may_show(p, item) : ACT_DONE;
    if (answer != ACT_DONE)
        return answer;
    MUST(!shows || a->slot < PIN_SLOTS);
    struct pin pin = {.set = true, .sku = a->cue_sku, .cue = a->cue.cue, .sponsored = a->cue.sponsored};
    text_copy(pin.text, sizeof pin.text, a->cue.text);
    if (cue_shown_equal(&a->cue, &p->b->cue) && !cue_changes_price(a, item) &&
        (!shows || pin_equal(&pin, &p->b->pins[a->slot])))
        return ACT_DONE;
    struct event *e = plan_add_undoable(p, EVENT_CUE);
    plan_show(p, e);
    e->u.cue = a->cue;
    if (cue_changes_price(a, item))
        plan_new_price(p, item, &a->price, false);
    if (shows)
        plan_pin(p, plan_add_undoable(p, EVENT_PIN_SET), a->slot, &pin);
    return ACT_DONE;
}

static enum act_answer plan_cue_done(struct plan *p)
{
    const struct act *a = p->a;
    MUST(a->done.count <= MUST_SAY_MAX);
    size_t at = done_find(p->b, a->done.cue.text);
    if (at < p->b->done_count && p->b->done[at].count == a->done.count &&
        memcmp(p->b->done[at].said, a->done.said, a->done.count * sizeof a->done.said[0]) == 0)
        return ACT_DONE;
    struct event *e = plan_add(p, EVENT_CUE_DONE);
    e->u.cue_done.cue = a->done.cue;
    e->u.cue_done.count = a->done.count;
    memcpy(e->u.cue_done.said, a->done.said, a->done.count * sizeof a->done.said[0]);
    return ACT_DONE;
}

/* ---- words to everyone, stops ---- */

static enum act_answer plan_notice(struct plan *p)
{
    const char *text = p->a->text == NULL ? "" : p->a->text;
    bool shown = strcmp(p->b->notice.text, text) == 0 && (text[0] == '\0' || p->b->notice.level == p->a->level);
    if (shown)
        return ACT_DONE;
    struct event *e = plan_add(p, EVENT_NOTICE);
    snprintf(e->u.notice.id.text, sizeof e->u.notice.id.text, "n%" PRIu64, p->b->seq + p->count);
    text_copy(e->u.notice.text, sizeof e->u.notice.text, text);
    e->u.notice.level = p->a->level;
    return ACT_DONE;
}

static void plan_sku_state(struct plan *p, const struct shelf_item *item, enum sku_state state)
{
    struct event *e = plan_add(p, EVENT_SKU);
    e->u.sku.sku = item->sku;
    e->u.sku.state = state;
    e->u.sku.tripped = state == SKU_STOPPED && p->a->tripped;
    e->u.sku.recall = state == SKU_RECALLED ? p->a->recall : RECALL_NONE;
    text_copy(e->u.sku.reason, sizeof e->u.sku.reason, p->a->text);
}

static enum act_answer plan_sku_stop(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state == SKU_OPEN) /* recalled is stopped for good already */
        plan_sku_state(p, item, SKU_STOPPED);
    return ACT_DONE;
}

static enum act_answer plan_sku_open(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state == SKU_RECALLED)
        return ACT_RECALLED;
    if (item->state == SKU_STOPPED)
        plan_sku_state(p, item, SKU_OPEN);
    return ACT_DONE;
}

/* Nothing of a recall waits for the video: it is shown at once, and no undo brings the product back. A recall
 * without words of its own leaves the notice that is shown. */
static enum act_answer plan_recall(struct plan *p)
{
    const struct shelf_item *item = broadcast_item(p->b, p->a->sku.text);
    if (item == NULL)
        return ACT_SKU_UNKNOWN;
    if (item->state != SKU_RECALLED || (p->a->recall != RECALL_NONE && p->a->recall != item->recall))
        plan_sku_state(p, item, SKU_RECALLED);
    for (uint8_t slot = 0; slot < PIN_SLOTS; slot++)
        if (p->b->pins[slot].set && ID_EQUAL(p->b->pins[slot].sku, item->sku))
            plan_add(p, EVENT_PIN_CLEARED)->u.slot = slot;
    if (p->a->text == NULL || p->a->text[0] == '\0')
        return ACT_DONE;
    struct act words = *p->a;
    words.level = NOTICE_RECALL;
    struct plan notice = {.b = p->b, .a = &words, .events = p->events, .count = p->count};
    enum act_answer answer = plan_notice(&notice);
    p->count = notice.count;
    return answer;
}

/* ---- which act, and when ---- */

/* clang-format off */
enum {
    BEFORE = BIT(BROADCAST_DRAFT) | BIT(BROADCAST_REHEARSAL) | BIT(BROADCAST_SCHEDULED),
    LIVE = BIT(BROADCAST_LIVE), PAUSED = BIT(BROADCAST_PAUSED), ENDED = BIT(BROADCAST_ENDED),
    EVER = BEFORE | LIVE | PAUSED | ENDED | BIT(BROADCAST_SETTLED),
};
static const struct {
    enum act_answer (*plan)(struct plan *p);
    unsigned states; /* in which it is allowed */
} acts[] = {
    [ACT_START]       = {plan_start,       BEFORE},
    [ACT_PAUSE]       = {plan_pause,       LIVE},
    [ACT_RESUME]      = {plan_resume,      PAUSED},
    [ACT_END]         = {plan_end,         LIVE | PAUSED},
    [ACT_PIN_SET]     = {plan_pin_set,     BEFORE | LIVE | PAUSED},
    [ACT_PIN_CLEAR]   = {plan_pin_clear,   BEFORE | LIVE | PAUSED},
    [ACT_CUE]         = {plan_cue,         BEFORE | LIVE | PAUSED},
    [ACT_CUE_DONE]    = {plan_cue_done,    BEFORE | LIVE | PAUSED | ENDED}, /* the last ticks are made after the show */
    [ACT_PRICE]       = {plan_price,       BEFORE | LIVE | PAUSED},
    [ACT_OFFER_START] = {plan_offer_start, LIVE | PAUSED},
    [ACT_OFFER_STOP]  = {plan_offer_stop,  EVER},                           /* by the clock, which knows no states */
    [ACT_NOTICE]      = {plan_notice,      EVER},
    [ACT_SKU_STOP]    = {plan_sku_stop,    EVER},
    [ACT_SKU_OPEN]    = {plan_sku_open,    EVER},
    [ACT_RECALL]      = {plan_recall,      EVER},                           /* a fault may be found long after the show */
    [ACT_UNDO]        = {plan_undo,        BEFORE | LIVE | PAUSED},
    [ACT_SHELF]       = {plan_shelf,       BEFORE | LIVE | PAUSED},
    [ACT_APPROVE]     = {plan_approve,     BEFORE | LIVE | PAUSED},
    [ACT_REJECT]      = {plan_reject,      EVER},                           /* a list of what waits can always be cleared */
    [ACT_EXTRA_ADD]   = {plan_extra_add,   LIVE | PAUSED},                  /* it is promised on air */
    [ACT_EXTRA_END]   = {plan_extra_end,   EVER},
    [ACT_DETAILS]     = {plan_details,     BEFORE | LIVE | PAUSED | ENDED}, /* the recording comes after the show */
};
/* clang-format on */

enum act_answer broadcast_plan(const struct broadcast *b, const struct act *a, struct event *ret, size_t *ret_count)
{
    MUST((size_t)a->kind < ARRAY_LEN(acts));
    if ((acts[a->kind].states & BIT(b->state)) == 0)
        return (BEFORE & BIT(b->state)) != 0 ? ACT_NOT_LIVE : ACT_STATE;
    struct plan p = {.b = b, .a = a, .events = ret};
    enum act_answer answer = acts[a->kind].plan(&p);
    if (answer == ACT_DONE || answer == ACT_APPROVAL_ASKED)
        *ret_count = p.count;
    return answer;
}
