/* logistics/board/observed.c - what was counted, on this node alone and at once.
 *
 *   observed_entry    each hold movement into its broadcast's volume (logistics/rules), one mark per entry
 *   observed_event    pins; the moment of the start
 *   observed_volumes  rows from the shelf, the volume, the shop's counts, the demand */
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"

/* ---- the ledger ---- */

/* False: it moves nothing of a broadcast. */
static bool volume_move_of(enum movement_kind kind, enum volume_move *ret)
{
    static const struct {
        bool moves;
        enum volume_move move;
    } of[MOVE_KINDS] = {
        [MOVE_RESERVED] = {true, VOLUME_TAKEN},    [MOVE_OFFERED] = {true, VOLUME_TAKEN},
        [MOVE_CONFIRMED] = {true, VOLUME_SOLD},    [MOVE_RETAKEN] = {true, VOLUME_RETAKEN},
        [MOVE_RELEASED] = {true, VOLUME_RETURNED}, [MOVE_EXPIRED] = {true, VOLUME_RETURNED},
        [MOVE_RECALLED] = {true, VOLUME_RETURNED}, [MOVE_KEPT] = {true, VOLUME_TAKEN},
    };
    MUST(kind < MOVE_KINDS);
    *ret = of[kind].move;
    return of[kind].moves;
}

static void movement_count(struct board_shop *shop, const struct movement *m, const struct ledger_entry *entry)
{
    enum volume_move move;
    if (!volume_move_of(m->kind, &move) || ID_IS_NONE(m->hold.broadcast))
        return;
    struct board_show *show = board_show_make(shop->b, &shop->id, &m->hold.broadcast);
    if (show == NULL)
        return;
    for (uint8_t i = 0; i < m->hold.lines_count; i++) {
        enum result result = volume_move(&show->volume, move, m->hold.lines[i].sku.text, m->hold.lines[i].units);
        MUST(result != RESULT_NO_MEMORY);
    }
    show->holds_open += move == VOLUME_TAKEN ? 1 : move == VOLUME_RETAKEN ? 0 : -1;
    show->volume.orders += move == VOLUME_SOLD || move == VOLUME_RETAKEN;
    show->moved_ms = entry->ms;
    if (move == VOLUME_SOLD || move == VOLUME_RETAKEN) {
        show->sold_at = place_of(entry->id);
        show->sold_ms = entry->ms;
    }
}

static void movement_mark(struct board_shop *shop, const struct movement *m)
{
    struct board_show *show = map_get(&shop->shows, m->hold.broadcast.text);
    if (show == NULL || show->moved_ms == 0)
        return;
    volume_mark(&show->volume, show->moved_ms);
    show->moved_ms = 0;
}

/* A checkpoint that the ledger begins with tells of the holds that are open; what was sold before it is not known here. */
void observed_entry(struct board_shop *shop, const struct ledger_entry *entry)
{
    if (entry->is_checkpoint && shop->told)
        return;
    shop->is_cut = shop->told ? shop->is_cut : entry->is_checkpoint;
    shop->told = true;
    for (size_t i = 0; i < entry->movements_count; i++)
        movement_count(shop, &entry->movements[i], entry);
    for (size_t i = 0; i < entry->movements_count; i++) /* an entry is one moment, however many it moves */
        movement_mark(shop, &entry->movements[i]);
}

void observed_rewound(struct board_shop *shop)
{
    size_t at = 0;
    const char *key;
    void *value;
    shop->told = false;
    while (map_next(&shop->shows, &at, &key, &value)) {
        struct board_show *show = value; /* pins are the event log's, which may be whole */
        volume_finish(&show->volume);
        volume_init(&show->volume);
        show->holds_open = show->sold_ms = 0;
        show->sold_at = (struct place){0};
    }
}

/* ---- events ---- */

static void pin_add(struct board_show *show, const struct sku_id *sku, int64_t ms)
{
    if (show->pins_count == BOARD_PINS_MAX)
        memmove(show->pins, show->pins + 1, --show->pins_count * sizeof show->pins[0]);
    show->pins[show->pins_count++] = (struct volume_pin){.ms = ms, .sku = *sku};
}

void observed_event(struct board_show *show, const struct event *e)
{
    if (e->kind == EVENT_BEGUN)
        show->pins_count = 0; /* the log is told from its start */
    if (e->kind == EVENT_PIN_SET)
        pin_add(show, &e->u.pin_set.pin.sku, e->ms);
    if (e->kind == EVENT_STATE && e->u.state.state == BROADCAST_LIVE && show->volume.course.count == 0)
        volume_mark(&show->volume, e->ms);
}

/* ---- read ---- */

static uint64_t refused_of(const struct show_view *view, const char *sku)
{
    for (size_t i = 0; i < view->demand_count; i++)
        if (id_equal(view->demand[i].sku.text, sku))
            return view->demand[i].refused;
    return 0;
}

static void row_fill(struct volume_sku *row, const struct show_view *view, const struct volume *volume,
                     const struct sku_id *sku)
{
    const struct claim_sku *stock = claims_sku(view->claims, sku->text);
    const struct volume_row *moved = volume_row(volume, sku->text);
    *row = (struct volume_sku){.sku = *sku, .refused = (int64_t)refused_of(view, sku->text)};
    if (stock != NULL) {
        row->allocated = stock->count.allocated;
        row->available = stock->count.available;
        row->waitlist = stock->waitlist;
    }
    if (moved != NULL) {
        row->confirmed = moved->confirmed;
        row->held = moved->held;
    }
}

static size_t rows_fill(struct board_show *show, const struct show_view *view)
{
    const struct broadcast *b = view->broadcast;
    size_t count = 0, most = b->items_count + show->volume.at.count;
    if (most > show->rows_capacity) {
        show->rows = realloc(show->rows, most * sizeof *show->rows);
        MUST(show->rows != NULL);
        show->rows_capacity = most;
    }
    for (size_t i = 0; i < b->items_count; i++)
        row_fill(&show->rows[count++], view, &show->volume, &b->items[i].sku);
    list_for_each (link, &show->volume.rows) {
        const struct volume_row *row = container_of(link, struct volume_row, link);
        if (broadcast_item(b, row->sku.text) == NULL)
            row_fill(&show->rows[count++], view, &show->volume, &row->sku);
    }
    return count;
}

void observed_volumes(struct board_show *show, const struct show_view *view, struct volumes_view *ret)
{
    const struct course *course = &show->volume.course;
    for (size_t i = 0; i < course->count; i++)
        show->series[i] = (struct volume_point){
            .ms = course->points[i].ms, .confirmed = course->points[i].confirmed, .held = course->points[i].held};
    *ret = (struct volumes_view){
        .broadcast = view->broadcast,
        .catalogue = view->catalogue,
        .skus_count = rows_fill(show, view),
        .orders = show->volume.orders,
        .series = show->series,
        .series_count = course->count,
        .pins = show->pins,
        .pins_count = show->pins_count,
    };
    ret->skus = show->rows; /* after rows_fill, which may have moved them */
}
