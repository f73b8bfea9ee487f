/* logistics/board/inputs.c - what happened becomes inputs of a fold: small, in order, waiting for the tick that cuts them in.
 *
 *   inputs_entry     each line of each hold that moved, then what is available of each SKU that the entry counts
 *   inputs_event     pins, SKUs that come onto the shelf, the end; kept, since a fold may begin again
 *   inputs_actuals   what the shop told, from the estimate log itself */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

#define LONG_BEFORE_MS 60000

struct place place_of(const char *ledger_id)
{
    char *end;
    struct place place = {.ms = strtoull(ledger_id, &end, 10)};
    place.seq = *end == '-' ? strtoull(end + 1, NULL, 10) : 0;
    return place;
}

static size_t text_size(const char *text) { return text == NULL ? 1 : strlen(text) + 1; }

struct input *input_make(const struct input_spec *spec)
{
    size_t hold = text_size(spec->hold), sku = text_size(spec->sku), buyer = text_size(spec->buyer);
    struct input *in = malloc(sizeof *in + hold + sku + buyer);
    MUST(in != NULL && hold + sku <= UINT8_MAX);
    *in = (struct input){.at = spec->at,
                         .ms = spec->ms,
                         .units = spec->units,
                         .kind = spec->kind,
                         .is_stopped = spec->is_stopped,
                         .sku = (uint8_t)hold,
                         .buyer = (uint8_t)(hold + sku)};
    memcpy(in->text, spec->hold == NULL ? "" : spec->hold, hold);
    memcpy(in->text + hold, spec->sku == NULL ? "" : spec->sku, sku);
    memcpy(in->text + hold + sku, spec->buyer == NULL ? "" : spec->buyer, buyer);
    return in;
}

void inputs_free(struct list *inputs)
{
    list_for_each (link, inputs) {
        list_remove(link);
        free(container_of(link, struct input, link));
    }
}

static void inputs_push(struct list *inputs, const struct input_spec *spec)
{
    list_push_back(inputs, &input_make(spec)->link);
}

/* ---- the ledger ---- */

/* False: it is nothing that is estimated from. */
static bool input_kind_of(enum movement_kind kind, enum input_kind *ret)
{
    static const struct {
        bool counts;
        enum input_kind kind;
    } of[MOVE_KINDS] = {
        [MOVE_RESERVED] = {true, INPUT_HOLD},     [MOVE_OFFERED] = {true, INPUT_HOLD},
        [MOVE_KEPT] = {true, INPUT_HOLD},         [MOVE_EXTENDED] = {true, INPUT_EXTEND},
        [MOVE_CONFIRMED] = {true, INPUT_CONFIRM}, [MOVE_RETAKEN] = {true, INPUT_RETAKEN},
        [MOVE_RELEASED] = {true, INPUT_RELEASE},  [MOVE_RECALLED] = {true, INPUT_RELEASE},
        [MOVE_EXPIRED] = {true, INPUT_EXPIRE},    [MOVE_WAITING] = {true, INPUT_WAIT},
        [MOVE_LEFT] = {true, INPUT_LEAVE},
    };
    MUST(kind < MOVE_KINDS);
    *ret = of[kind].kind;
    return of[kind].counts;
}

/* For actuals that name the order. */
static void order_keep(struct board_show *s, const struct hold *hold)
{
    if (hold->order[0] == '\0' || map_get(&s->orders, hold->order) != NULL)
        return;
    char *id = strdup(hold->id.text);
    MUST(id != NULL);
    enum result result = map_set(&s->orders, hold->order, id);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK)
        free(id);
}

static void input_lines(struct board_show *s, const struct input_spec *like, const struct hold *hold)
{
    struct input_spec spec = *like;
    spec.hold = hold->id.text;
    spec.buyer = hold->viewer.text;
    for (uint8_t i = 0; i < hold->lines_count; i++) {
        spec.sku = hold->lines[i].sku.text;
        spec.units = hold->lines[i].units;
        inputs_push(&s->tally.ledger, &spec);
        s->tally.moves++;
    }
}

/* The line of a SKU is the shop's: it counts to every broadcast that is on and knows the SKU (tally.c). */
static void input_movement(struct board_show *s, const struct movement *m, struct place at, int64_t ms)
{
    struct input_spec spec = {.at = at, .ms = ms};
    if (!input_kind_of(m->kind, &spec.kind))
        return;
    if (spec.kind == INPUT_WAIT || spec.kind == INPUT_LEAVE) {
        spec.sku = m->sku.text;
        spec.buyer = m->hold.viewer.text;
        inputs_push(&s->tally.ledger, &spec);
        return;
    }
    if (m->kind == MOVE_OFFERED) {
        struct input_spec leaves = {.kind = INPUT_LEAVE, .at = at, .ms = ms, .sku = m->hold.lines[0].sku.text};
        inputs_push(&s->tally.ledger, &leaves);
    }
    if (!ID_EQUAL(m->hold.broadcast, s->id))
        return;
    if (spec.kind == INPUT_CONFIRM || spec.kind == INPUT_RETAKEN)
        order_keep(s, &m->hold);
    input_lines(s, &spec, &m->hold);
}

/* Of what was left long before the start the last alone is kept: the ledger may go back for weeks. No tick cuts in there, since no
 * node leads whose ledger is behind by so much. */
static void input_count(struct board_show *s, const struct stock_count *count, struct place at, int64_t ms)
{
    struct tally *f = &s->tally;
    const struct input_spec spec = {.kind = INPUT_COUNT,
                                    .at = at,
                                    .ms = ms,
                                    .sku = count->sku.text,
                                    .units = stock_to_come(count),
                                    .is_stopped = stock_is_stopped(count)};
    struct tally_sku *k = ms < s->start_ms - LONG_BEFORE_MS ? tally_sku(f, count->sku.text, true) : NULL;
    if (k != NULL && k->before != NULL) {
        list_remove(&k->before->link);
        free(k->before);
    }
    struct input *in = input_make(&spec);
    list_push_back(&f->ledger, &in->link);
    if (k != NULL)
        k->before = in;
}

/* A checkpoint that the ledger begins with has the open holds; any other tells nothing new. */
void inputs_entry(struct board_show *s, const struct ledger_entry *entry)
{
    struct tally *f = &s->tally;
    struct place at = place_of(entry->id);
    bool is_first = f->covered.ms == 0;
    if (f->estimator == NULL || place_order(at, f->covered) <= 0)
        return; /* not begun: it is read from the start then */
    f->covered = at;
    if (entry->is_checkpoint && !is_first)
        return;
    f->is_cut = f->is_cut || (entry->is_checkpoint && entry->ms > s->start_ms);
    for (size_t i = 0; i < entry->movements_count; i++) {
        const struct movement *m = &entry->movements[i];
        f->is_cut = f->is_cut || (m->kind == MOVE_KEPT && ID_EQUAL(m->hold.broadcast, s->id));
        input_movement(s, m, at, entry->ms);
    }
    for (size_t i = 0; i < entry->counts_count; i++)
        input_count(s, &entry->counts[i], at, entry->ms);
}

/* ---- events ---- */

/* `grams`: INPUT_SKU. */
static void event_push(struct board_show *s, const struct event *e, enum input_kind kind, const char *sku,
                       uint32_t grams)
{
    if (s->events_count == SHOW_EVENTS_MAX)
        log_warn("board.events_full", "shop=%s broadcast=%s further pins count for nothing", s->shop->id.text,
                 s->id.text);
    if (s->events_count++ >= SHOW_EVENTS_MAX && kind != INPUT_END)
        return;
    inputs_push(&s->events,
                &(struct input_spec){.kind = kind, .at = {.seq = e->seq}, .ms = e->ms, .sku = sku, .units = grams});
}

static void event_went_live(struct board_show *s, const struct show_view *view, const struct event *e)
{
    s->is_on = true;
    s->start_ms = e->ms;
    for (size_t i = 0; i < PIN_SLOTS; i++) /* what is on screen when it begins */
        if (view->broadcast->pins[i].set)
            event_push(s, e, INPUT_PIN, view->broadcast->pins[i].sku.text, 0);
}

void inputs_event(struct board_show *s, const struct show_view *view, const struct event *e)
{
    s->events_seq = e->seq;
    if (e->kind == EVENT_STATE && e->u.state.state == BROADCAST_LIVE && !s->is_on)
        event_went_live(s, view, e);
    if (!s->is_on || s->end_ms > 0)
        return;
    if (e->kind == EVENT_PIN_SET)
        event_push(s, e, INPUT_PIN, e->u.pin_set.pin.sku.text, 0);
    for (size_t i = 0; e->kind == EVENT_SHELF && i < view->broadcast->items_count; i++)
        event_push(s, e, INPUT_SKU, view->broadcast->items[i].sku.text, view->broadcast->items[i].weight_g);
    if (e->kind == EVENT_STATE && (e->u.state.state == BROADCAST_ENDED || e->u.state.state == BROADCAST_SETTLED)) {
        s->end_ms = e->ms;
        s->end_seq = e->seq;
        event_push(s, e, INPUT_END, NULL, 0);
    }
}

/* ---- actuals ---- */

/* Told behind the moment it happened, and by others' clocks: it counts from when it was told. Which of the plan's sites it is of is
 * found when it is fed: while the log is read the plan is not known yet. */
void inputs_actuals(struct board_show *s, const struct journal *j)
{
    static const enum input_kind kinds[] = {
        [ACTUAL_SHIPPED] = INPUT_SHIP, [ACTUAL_CANCELLED] = INPUT_CANCEL, [ACTUAL_RETURNED] = INPUT_RETURN};
    for (size_t i = 0; i < j->u.actuals.count; i++) {
        const struct actual *a = &j->u.actuals.list[i];
        if (map_get(&s->actual_ids, a->id) != NULL || map_set(&s->actual_ids, a->id, s) != RESULT_OK)
            continue;
        s->shipped += a->kind == ACTUAL_SHIPPED ? a->units : 0;
        bool counts = actuals_counted(&s->told_units, a);
        if (counts && a->kind == ACTUAL_CANCELLED)
            s->cancelled_seq = j->seq;
        if (counts && !ID_IS_NONE(a->hold) && !s->is_closed)
            inputs_push(&s->tally.actuals, &(struct input_spec){.kind = kinds[a->kind],
                                                                .at = {.seq = j->seq},
                                                                .ms = j->ms,
                                                                .hold = a->hold.text,
                                                                .sku = ID_IS_NONE(a->sku) ? NULL : a->sku.text,
                                                                .buyer = a->site.text,
                                                                .units = a->units});
    }
}
