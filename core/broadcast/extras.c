/* core/broadcast/extras.c - bundles and freebies on air: which run, and what a host may begin and end.
 *
 *   plan_extra_add, plan_extra_end   a host's act -> EVENT_EXTRA, taken back by undo like a price
 *   extras_set, extras_end           the event's step (broadcast.c) -> what runs
 *   extras_drop                      what cannot go on: recalled, or off the shelf */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/plan.h"

const struct extra *broadcast_extra(const struct broadcast *b, const char *sku)
{
    for (size_t i = 0; i < b->extras_count; i++)
        if (id_equal(b->extras[i].sku.text, sku))
            return &b->extras[i];
    return NULL;
}

static bool extra_equal(const struct extra *a, const struct extra *b)
{
    return ID_EQUAL(a->sku, b->sku) && a->kind == b->kind && ID_EQUAL(a->adds, b->adds) &&
           a->adds_units == b->adds_units && a->first_orders == b->first_orders && strcmp(a->text, b->text) == 0;
}

/* ---- plan ---- */

static bool is_recalled(const struct broadcast *b, const struct sku_id *sku)
{
    const struct shelf_item *item = ID_IS_NONE(*sku) ? NULL : broadcast_item(b, sku->text);
    return item != NULL && item->state == SKU_RECALLED;
}

enum act_answer plan_extra_add(struct plan *p)
{
    const struct extra *wanted = &p->a->extra;
    const struct extra *running = broadcast_extra(p->b, wanted->sku.text);
    if (broadcast_item(p->b, wanted->sku.text) == NULL)
        return ACT_SKU_UNKNOWN;
    if (is_recalled(p->b, &wanted->sku) || is_recalled(p->b, &wanted->adds))
        return ACT_RECALLED;
    if (running != NULL && extra_equal(running, wanted))
        return ACT_DONE;
    if (running == NULL && p->b->extras_count >= EXTRAS_MAX)
        return ACT_EXTRAS_FULL;
    plan_extra(plan_add_undoable(p, EVENT_EXTRA), wanted);
    return ACT_DONE;
}

enum act_answer plan_extra_end(struct plan *p)
{
    if (broadcast_item(p->b, p->a->sku.text) == NULL)
        return ACT_SKU_UNKNOWN;
    if (broadcast_extra(p->b, p->a->sku.text) != NULL)
        plan_add_undoable(p, EVENT_EXTRA)->u.extra.extra.sku = p->a->sku;
    return ACT_DONE;
}

void plan_extra(struct event *e, const struct extra *extra)
{
    e->u.extra.started = true;
    e->u.extra.extra = *extra;
}

/* ---- step ---- */

static void extra_remove(struct broadcast *b, size_t at)
{
    b->extras_count--;
    memmove(&b->extras[at], &b->extras[at + 1], (b->extras_count - at) * sizeof *b->extras);
}

enum result extras_set(struct broadcast *b, const struct extra *extra)
{
    const struct extra *running = broadcast_extra(b, extra->sku.text);
    if (running != NULL) {
        b->extras[running - b->extras] = *extra;
        return RESULT_OK;
    }
    if (b->extras_count >= EXTRAS_MAX)
        return RESULT_MALFORMED;
    if (b->extras == NULL)
        b->extras = calloc(EXTRAS_MAX, sizeof *b->extras);
    if (b->extras == NULL)
        return RESULT_NO_MEMORY;
    b->extras[b->extras_count++] = *extra;
    return RESULT_OK;
}

void extras_end(struct broadcast *b, const struct sku_id *sku)
{
    const struct extra *running = broadcast_extra(b, sku->text);
    if (running != NULL)
        extra_remove(b, (size_t)(running - b->extras));
}

/* An extra of a SKU that is not on the shelf, or with anything recalled in it, is no promise any more. */
void extras_drop(struct broadcast *b)
{
    for (size_t i = b->extras_count; i-- > 0;) {
        const struct extra *extra = &b->extras[i];
        if (broadcast_item(b, extra->sku.text) == NULL || is_recalled(b, &extra->sku) || is_recalled(b, &extra->adds))
            extra_remove(b, i);
    }
}
