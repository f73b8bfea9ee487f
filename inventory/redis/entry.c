#include "inventory/redis/entry.h"

#include <stdlib.h>
#include <string.h>

void entry_room_finish(struct entry_room *room)
{
    free(room->movements);
    free(room->counts);
    free(room->claims);
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

static bool parse_synced(struct text rest, struct movement *ret)
{
    struct text gone, version, delay;
    return take_id(&rest, ret->sku.text) && take_units(&rest, &ret->units) && text_take(&rest, ' ', &gone) &&
           text_number(gone, 0, STOCK_UNITS_MAX, &ret->gone) && text_take(&rest, ' ', &version) &&
           text_number(version, 0, INT64_MAX, &ret->version) && text_take(&rest, ' ', &delay) &&
           text_number(delay, -1, INT64_MAX, &ret->delay_ms);
}

static bool parse_recall(struct text rest, struct movement *ret)
{
    if (!take_id(&rest, ret->sku.text))
        return false;
    for (int mode = 0; mode < RECALL_MODES; mode++) {
        ret->recall = (enum recall_mode)mode;
        if (text_is(rest, recall_mode_name(ret->recall)))
            return true;
    }
    return false;
}

/* "broadcast", "broadcast stood", "broadcast stood since" */
static bool parse_clock(struct text rest, bool has_stood, struct movement *ret)
{
    struct text part;
    if (!take_id(&rest, ret->hold.broadcast.text) || (has_stood && rest.len == 0))
        return false;
    if (text_take(&rest, ' ', &part) && !text_number(part, 0, INT64_MAX, &ret->units))
        return false;
    return !text_take(&rest, ' ', &part) || text_number(part, 0, INT64_MAX, &ret->gone);
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
    case MOVE_RECALLED:
    case MOVE_KEPT:
        return text_hold(rest, &ret->hold) == RESULT_OK;
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        return parse_stock(rest, true, true, ret);
    case MOVE_SYNCED:
        return parse_synced(rest, ret);
    case MOVE_LIMIT:
    case MOVE_BUFFER:
        return parse_stock(rest, true, false, ret);
    case MOVE_STOPPED:
    case MOVE_OPENED:
        return parse_stock(rest, false, false, ret);
    case MOVE_WAITING:
    case MOVE_LEFT:
        return parse_waiting(rest, ret);
    case MOVE_RECALL:
        return parse_recall(rest, ret);
    case MOVE_FROZEN:
        return parse_clock(rest, false, ret);
    case MOVE_THAWED:
        return parse_clock(rest, true, ret);
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

static bool room_fits(struct entry_room *room, size_t movements, size_t counts, size_t claims)
{
    void *larger = make_room(room->movements, &room->movements_capacity, movements, sizeof *room->movements);
    if (larger != NULL)
        room->movements = larger;
    larger = make_room(room->counts, &room->counts_capacity, counts, sizeof *room->counts);
    if (larger != NULL)
        room->counts = larger;
    larger = make_room(room->claims, &room->claims_capacity, claims, sizeof *room->claims);
    if (larger != NULL)
        room->claims = larger;
    return room->movements_capacity >= movements && room->counts_capacity >= counts && room->claims_capacity >= claims;
}

/* What a movement means without the lines of its hold, which parse_lines fills as far as lines_count. */
static void movement_clear(struct movement *m, int64_t ms)
{
    memset(&m->hold, 0, offsetof(struct hold, lines));
    memset(&m->sku, 0, sizeof m->sku);
    memset(m->ref, 0, sizeof m->ref);
    m->units = m->gone = m->version = m->delay_ms = 0;
    m->recall = RECALL_NONE;
    m->ms = ms;
}

/* Claims that cannot be read have no lines. Returns how many there are. */
static size_t parse_claims(struct text text, struct entry_room *room)
{
    struct text line, end;
    size_t count = 0;
    while (text_take(&text, '\n', &line)) {
        struct hold *claim = &room->claims[count++];
        memset(claim, 0, offsetof(struct hold, lines));
        if (!text_take(&line, '|', &end) || !text_number(end, 0, INT64_MAX, &claim->expires_at_ms) ||
            text_shared_claim(line, claim) != RESULT_OK)
            claim->lines_count = 0;
    }
    return count;
}

/* "1 id viewer": reserved under the first of the claims. */
static bool parse_reserved(struct text number, struct text rest, const struct hold *claims, size_t claims_count,
                           struct movement *ret)
{
    int64_t n = 0;
    if (!text_number(number, 1, (int64_t)claims_count, &n) || claims[n - 1].lines_count == 0)
        return false;
    hold_copy(&ret->hold, &claims[n - 1]);
    return take_id(&rest, ret->hold.id.text) && text_id(rest, ret->hold.viewer.text);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* False: of a kind that this version does not know. */
static bool parse_line(struct text line, const struct hold *claims, size_t claims_count, struct movement *ret,
                       bool *ret_readable)
{
    struct text word;
    if (!text_take(&line, ' ', &word) || word.len == 0)
        return false;
    if (is_digit(word.at[0])) {
        ret->kind = MOVE_RESERVED;
        *ret_readable = parse_reserved(word, line, claims, claims_count, ret);
        return true;
    }
    if (!find_kind(word, &ret->kind))
        return false;
    *ret_readable = parse_movement(line, ret);
    return true;
}

static void parse_movements(struct text text, struct entry_room *room, size_t claims_count, struct ledger_entry *ret,
                            size_t *skipped)
{
    struct text line;
    size_t count = 0;
    for (bool is_first = true; text_take(&text, '\n', &line); is_first = false) {
        struct movement *m = &room->movements[count];
        bool is_readable = false;
        movement_clear(m, ret->ms);
        if (is_first && text_is(line, "checkpoint"))
            ret->is_checkpoint = true;
        else if (parse_line(line, room->claims, claims_count, m, &is_readable)) {
            count += is_readable;
            *skipped += !is_readable;
        }
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
    size_t movements = text_lines(text->movements), counts = text_lines(text->counts),
           claims = text_lines(text->claims);
    *ret = (struct ledger_entry){0};
    *ret_skipped = 0;
    if (text->id.len == 0 || text->id.len > LEDGER_ID_LEN_MAX || memchr(text->id.at, '\0', text->id.len) != NULL ||
        !text_number(text->time, 0, INT64_MAX, &ret->ms) || movements > ENTRY_LINES_MAX || counts > ENTRY_LINES_MAX ||
        claims > ENTRY_CLAIMS_MAX)
        return RESULT_MALFORMED;
    if (!room_fits(room, movements, counts, claims))
        return RESULT_NO_MEMORY;
    memcpy(ret->id, text->id.at, text->id.len);
    parse_movements(text->movements, room, parse_claims(text->claims, room), ret, ret_skipped);
    parse_counts(text->counts, room, ret, ret_skipped);
    return RESULT_OK;
}
