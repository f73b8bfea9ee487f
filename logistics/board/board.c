/* logistics/board/board.c
 *
 *   board_ledger_entry    each hold movement into its broadcast's volume (logistics/rules), one mark per entry
 *   board_event           pins; the moment of the start
 *   board_volumes         rows from the shelf, the volume, the shop's counts, the demand */
#include "logistics/board/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "logistics/rules/volume.h"

struct board_show {
    struct volume volume;
    int64_t moved_ms; /* of the entry that moved it last; 0: none since the last mark */
    struct volume_pin pins[BOARD_PINS_MAX];
    size_t pins_count;
    struct volume_sku *rows; /* handed out by board_volumes */
    size_t rows_capacity;
    struct volume_point series[COURSE_POINTS_MAX];
};
struct board_shop {
    struct map shows; /* broadcast -> struct board_show * */
    bool told;        /* of an entry: a checkpoint after it tells nothing new */
};
struct board {
    struct board_config config;
    struct map shops; /* struct board_shop * */
};

static void show_destroy(struct board_show *show)
{
    volume_finish(&show->volume);
    free(show->rows);
    free(show);
}

static void shop_destroy(struct board_shop *shop)
{
    size_t at = 0;
    const char *key;
    void *show;
    while (map_next(&shop->shows, &at, &key, &show))
        show_destroy(show);
    map_finish(&shop->shows);
    free(shop);
}

const struct board_limits board_limits_default = {
    .estimate_ms = 5000, .takeover_ms = 4000, .document_kept_ms = 3600000};

enum result board_create(const struct board_config *config, struct board **ret)
{
    struct board *b = calloc(1, sizeof *b);
    if (b == NULL)
        return RESULT_NO_MEMORY;
    if (config != NULL)
        b->config = *config;
    map_init(&b->shops, BOARD_SHOPS_MAX);
    *ret = b;
    return RESULT_OK;
}

void board_destroy(struct board *b)
{
    size_t at = 0;
    const char *key;
    void *shop;
    if (b == NULL)
        return;
    while (map_next(&b->shops, &at, &key, &shop))
        shop_destroy(shop);
    map_finish(&b->shops);
    free(b);
}

/* ---- made when first named ---- */

static struct board_shop *shop_make(struct board *b, const struct shop_id *id)
{
    struct board_shop *shop = map_get(&b->shops, id->text);
    if (shop != NULL)
        return shop;
    shop = calloc(1, sizeof *shop);
    MUST(shop != NULL);
    map_init(&shop->shows, BOARD_BROADCASTS_MAX);
    enum result result = map_set(&b->shops, id->text, shop);
    MUST(result == RESULT_OK);
    return shop;
}

/* NULL: one too many. */
static struct board_show *show_make(struct board *b, const struct shop_id *shop_id, const struct broadcast_id *id)
{
    struct board_shop *shop = shop_make(b, shop_id);
    struct board_show *show = map_get(&shop->shows, id->text);
    if (show != NULL)
        return show;
    show = calloc(1, sizeof *show);
    MUST(show != NULL);
    volume_init(&show->volume);
    enum result result = map_set(&shop->shows, id->text, show);
    MUST(result != RESULT_NO_MEMORY);
    if (result == RESULT_OK)
        return show;
    log_warn("board.full", "shop=%s broadcast=%s", shop_id->text, id->text);
    show_destroy(show);
    return NULL;
}

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

static void movement_count(struct board *b, const struct shop_id *shop, const struct movement *m, int64_t ms)
{
    enum volume_move move;
    if (!volume_move_of(m->kind, &move) || ID_IS_NONE(m->hold.broadcast))
        return;
    struct board_show *show = show_make(b, shop, &m->hold.broadcast);
    if (show == NULL)
        return;
    for (uint8_t i = 0; i < m->hold.lines_count; i++) {
        enum result result = volume_move(&show->volume, move, m->hold.lines[i].sku.text, m->hold.lines[i].units);
        MUST(result != RESULT_NO_MEMORY);
    }
    show->volume.orders += move == VOLUME_SOLD || move == VOLUME_RETAKEN;
    show->moved_ms = ms;
}

static void movement_mark(struct board *b, const struct shop_id *shop, const struct movement *m)
{
    struct board_show *show = map_get(&shop_make(b, shop)->shows, m->hold.broadcast.text);
    if (show == NULL || show->moved_ms == 0)
        return;
    volume_mark(&show->volume, show->moved_ms);
    show->moved_ms = 0;
}

/* A checkpoint that the ledger begins with tells of the holds that are open; what was sold before it is not known here. */
void board_ledger_entry(void *board, const struct shop_id *shop, const struct ledger_entry *entry)
{
    struct board_shop *known = shop_make(board, shop);
    if (entry->is_checkpoint && known->told)
        return;
    known->told = true;
    for (size_t i = 0; i < entry->movements_count; i++)
        movement_count(board, shop, &entry->movements[i], entry->ms);
    for (size_t i = 0; i < entry->movements_count; i++) /* an entry is one moment, however many it moves */
        movement_mark(board, shop, &entry->movements[i]);
}

void board_ledger_rewound(void *board, const struct shop_id *shop)
{
    struct board *b = board;
    struct board_shop *known = map_get(&b->shops, shop->text);
    size_t at = 0;
    const char *key;
    void *value;
    if (known != NULL)
        known->told = false;
    while (known != NULL && map_next(&known->shows, &at, &key, &value)) {
        struct board_show *show = value; /* pins are the event log's, which may be whole */
        volume_finish(&show->volume);
        volume_init(&show->volume);
    }
}

/* ---- events ---- */

static void pin_add(struct board_show *show, const struct sku_id *sku, int64_t ms)
{
    if (show->pins_count == BOARD_PINS_MAX)
        memmove(show->pins, show->pins + 1, --show->pins_count * sizeof show->pins[0]);
    show->pins[show->pins_count++] = (struct volume_pin){.ms = ms, .sku = *sku};
}

void board_event(void *board, const struct show_view *view, const struct event *e)
{
    struct board_show *show = show_make(board, &view->broadcast->shop, &view->broadcast->id);
    if (show == NULL)
        return;
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

bool board_volumes(void *board, const struct show_view *view, struct volumes_view *ret)
{
    struct board_show *show = show_make(board, &view->broadcast->shop, &view->broadcast->id);
    if (show == NULL)
        return false;
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
    return true;
}
