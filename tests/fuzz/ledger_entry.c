/* tests/fuzz/ledger_entry.c - any bytes as an entry of the ledger: id, time, claims, movements and counts, a NUL between them. What is
 * let in has a known kind and valid ids. */
#include <string.h>

#include "inventory/redis/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_id(const char *text) { return id_is_valid(text, strlen(text)); }

static void check_movement(const struct movement *m)
{
    MUST(m->kind < MOVE_KINDS);
    if (m->hold.lines_count > 0) {
        MUST(m->hold.state != HOLD_NONE && m->hold.lines_count <= CART_LINES_MAX);
        MUST(is_id(m->hold.id.text) && is_id(m->hold.viewer.text));
        MUST(hold_total_minor(&m->hold) >= 0);
        return;
    }
    MUST(!movement_is_of_hold(m->kind) && m->recall < RECALL_MODES && strlen(m->ref) <= REF_LEN_MAX);
    if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED) {
        MUST(is_id(m->hold.broadcast.text) && m->units >= 0 && m->gone >= 0);
        return;
    }
    MUST(is_id(m->sku.text));
    MUST((m->kind != MOVE_WAITING && m->kind != MOVE_LEFT) || is_id(m->hold.viewer.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct entry_text text = {{0}, {0}, {0}, {0}, {0}};
    struct entry_room room = {0};
    struct ledger_entry entry;
    size_t skipped = 0;
    if (text_take(&rest, '\0', &text.id) && text_take(&rest, '\0', &text.time) &&
        text_take(&rest, '\0', &text.claims) && text_take(&rest, '\0', &text.movements))
        text.counts = rest;
    if (entry_parse(&text, &room, &entry, &skipped) == RESULT_OK) {
        MUST(entry.id[0] != '\0' && entry.ms >= 0);
        for (size_t i = 0; i < entry.movements_count; i++)
            check_movement(&entry.movements[i]);
        for (size_t i = 0; i < entry.counts_count; i++)
            MUST(is_id(entry.counts[i].sku.text) && entry.counts[i].held >= 0);
    }
    entry_room_finish(&room);
    return 0;
}
