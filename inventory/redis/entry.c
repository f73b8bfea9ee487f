#include "inventory/redis/entry.h"

#include <stdlib.h>
#include <string.h>

void entry_room_finish(struct entry_room *room)
{
    free(room->movements);
    free(room->counts);
    *room = (struct entry_room){0};
}

static bool take_id(struct text *from, char ret[ID_LEN_MAX + 1])
{
    struct text part;
    return text_take(from, ' ', &part) && text_id(part, ret);
}

static bool take_units(struct text *from, int64_t *ret)
{
    struct text part;
    return text_take(from, ' ', &part) &&
           text_number(part, -2 * (int64_t)STOCK_UNITS_MAX, 2 * (int64_t)STOCK_UNITS_MAX, ret);
}

static bool parse_stock(struct text rest, bool has_units, bool has_ref, struct movement *ret)
{
    return take_id(&rest, ret->sku.text) && (!has_units || take_units(&rest, &ret->units)) &&
           (!has_ref || text_ref(rest, ret->ref));
}

static bool parse_waiting(struct text rest, struct movement *ret)
{
    return take_id(&rest, ret->sku.text) && take_units(&rest, &ret->units) && take_id(&rest, ret->hold.viewer.text);
}

static bool parse_movement(struct text rest, struct movement *ret)
{
    switch (ret->kind) {
    case MOVE_RESERVED:
    case MOVE_OFFERED:
    case MOVE_EXTENDED:
    case MOVE_CONFIRMED:
    case MOVE_RETAKEN:
    case MOVE_VOIDED:
    case MOVE_RELEASED:
    case MOVE_EXPIRED:
        return text_hold(rest, &ret->hold) == RESULT_OK;
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        return parse_stock(rest, true, true, ret);
    case MOVE_SYNCED:
    case MOVE_LIMIT:
        return parse_stock(rest, true, false, ret);
    case MOVE_STOPPED:
    case MOVE_OPENED:
        return parse_stock(rest, false, false, ret);
    case MOVE_WAITING:
    case MOVE_LEFT:
        return parse_waiting(rest, ret);
    case MOVE_RECALLED:
    case MOVE_KEPT:
    case MOVE_RECALL:
    case MOVE_BUFFER:
    case MOVE_FROZEN:
    case MOVE_THAWED:
    case MOVE_KINDS:
        break;
    }
    return false;
}

static bool find_kind(struct text word, enum movement_kind *ret)
{
    for (int kind = 0; kind < MOVE_KINDS; kind++) {
        if (text_is(word, movement_kind_name((enum movement_kind)kind))) {
            *ret = (enum movement_kind)kind;
            return true;
        }
    }
    return false;
}

static size_t lines_in(struct text text)
{
    size_t lines = text.len > 0;
    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    return lines;
}

/* Not calloc: a movement is large, and what is used of it is cleared one by one. */
static void *make_room(void *array, size_t *capacity, size_t wanted, size_t size)
{
    if (wanted <= *capacity)
        return array;
    void *larger = realloc(array, wanted * size);
    if (larger != NULL)
        *capacity = wanted;
    return larger;
}

static bool room_fits(struct entry_room *room, size_t movements, size_t counts)
{
    void *larger = make_room(room->movements, &room->movements_capacity, movements, sizeof *room->movements);
    if (larger != NULL)
        room->movements = larger;
    larger = make_room(room->counts, &room->counts_capacity, counts, sizeof *room->counts);
    if (larger != NULL)
        room->counts = larger;
    return room->movements_capacity >= movements && room->counts_capacity >= counts;
}

/* What a movement means without the lines of its hold, which parse_lines fills as far as lines_count. */
static void movement_clear(struct movement *m, int64_t ms)
{
    memset(&m->hold, 0, offsetof(struct hold, lines));
    memset(&m->sku, 0, sizeof m->sku);
    memset(m->ref, 0, sizeof m->ref);
    m->units = 0;
    m->ms = ms;
}

static void parse_movements(struct text text, struct entry_room *room, struct ledger_entry *ret, size_t *skipped)
{
    struct text line, word;
    size_t count = 0;
    while (text_take(&text, '\n', &line)) {
        struct movement *m = &room->movements[count];
        movement_clear(m, ret->ms);
        if (!text_take(&line, ' ', &word) || !find_kind(word, &m->kind))
            continue;
        if (parse_movement(line, m))
            count++;
        else
            ++*skipped;
    }
    ret->movements = room->movements;
    ret->movements_count = count;
}

static void parse_counts(struct text text, struct entry_room *room, struct ledger_entry *ret, size_t *skipped)
{
    struct text line;
    size_t count = 0;
    while (text_take(&text, '\n', &line)) {
        struct stock_count *c = &room->counts[count];
        struct row_rest rest;
        memset(c, 0, sizeof *c);
        if (take_id(&line, c->sku.text) && text_row(line, c, &rest) == RESULT_OK)
            count++;
        else
            ++*skipped;
    }
    ret->counts = room->counts;
    ret->counts_count = count;
}

enum result entry_parse(const struct entry_text *text, struct entry_room *room, struct ledger_entry *ret,
                        size_t *ret_skipped)
{
    size_t movements = lines_in(text->movements), counts = lines_in(text->counts);
    *ret = (struct ledger_entry){0};
    *ret_skipped = 0;
    if (text->id.len == 0 || text->id.len > LEDGER_ID_LEN_MAX || memchr(text->id.at, '\0', text->id.len) != NULL ||
        !text_number(text->time, 0, INT64_MAX, &ret->ms) || movements > ENTRY_LINES_MAX || counts > ENTRY_LINES_MAX)
        return RESULT_MALFORMED;
    if (!room_fits(room, movements, counts))
        return RESULT_NO_MEMORY;
    memcpy(ret->id, text->id.at, text->id.len);
    parse_movements(text->movements, room, ret, ret_skipped);
    parse_counts(text->counts, room, ret, ret_skipped);
    return RESULT_OK;
}
