#include "core/broadcast/movement.h"

#include <string.h>

const char *hold_state_name(enum hold_state state)
{
    static const char *const names[] = {
        [HOLD_NONE] = "none",         [HOLD_HELD] = "held",       [HOLD_CONFIRMED] = "confirmed",
        [HOLD_RELEASED] = "released", [HOLD_EXPIRED] = "expired", [HOLD_VOID] = "void",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

const char *movement_kind_name(enum movement_kind kind)
{
    static const char *const names[MOVE_KINDS] = {
        [MOVE_RESERVED] = "reserved",   [MOVE_OFFERED] = "offered",     [MOVE_EXTENDED] = "extended",
        [MOVE_CONFIRMED] = "confirmed", [MOVE_RETAKEN] = "retaken",     [MOVE_VOIDED] = "voided",
        [MOVE_RELEASED] = "released",   [MOVE_EXPIRED] = "expired",     [MOVE_ALLOCATED] = "allocated",
        [MOVE_SYNCED] = "synced",       [MOVE_WITHDRAWN] = "withdrawn", [MOVE_STOPPED] = "stopped",
        [MOVE_OPENED] = "opened",       [MOVE_LIMIT] = "limit",         [MOVE_WAITING] = "waiting",
        [MOVE_LEFT] = "left",           [MOVE_RECALLED] = "recalled",   [MOVE_KEPT] = "kept",
        [MOVE_RECALL] = "recall",       [MOVE_BUFFER] = "buffer",       [MOVE_FROZEN] = "frozen",
        [MOVE_THAWED] = "thawed",
    };
    return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "unknown";
}

bool movement_is_of_hold(enum movement_kind kind) { return kind <= MOVE_KEPT; }

const char *recall_mode_name(enum recall_mode mode)
{
    static const char *const names[RECALL_MODES] = {"none", "keep", "cancel", "honour"};
    return (size_t)mode < RECALL_MODES ? names[mode] : "unknown";
}

int64_t stock_left(const struct stock_count *count)
{
    return count->available > count->buffer ? count->available - count->buffer : 0;
}

void hold_copy(struct hold *to, const struct hold *from)
{
    MUST(from->lines_count <= CART_LINES_MAX);
    memcpy(to, from, HOLD_SIZE(from->lines_count));
}

/* The largest cart at the largest price is more than an int64_t holds, so the sum stops at its end: no order of that
 * amount can be confirmed by mistake, since MONEY_MINOR_MAX is far below. */
int64_t hold_total_minor(const struct hold *h)
{
    int64_t total = 0;
    for (uint8_t i = 0; i < h->lines_count; i++) {
        int64_t of_line;
        if (__builtin_mul_overflow(h->lines[i].unit_minor, (int64_t)h->lines[i].units, &of_line) ||
            __builtin_add_overflow(total, of_line, &total))
            return INT64_MAX;
    }
    return total;
}
