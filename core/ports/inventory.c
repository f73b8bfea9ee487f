#include "core/ports/inventory.h"

const char *inventory_answer_name(enum inventory_answer answer)
{
    static const char *const names[INVENTORY_ANSWERS] = {
        [INVENTORY_DONE] = "done",
        [INVENTORY_REPLAYED] = "replayed",
        [INVENTORY_LATE] = "late",
        [INVENTORY_SOLD_OUT] = "sold_out",
        [INVENTORY_HELD_OUT] = "held_out",
        [INVENTORY_LIMIT_REACHED] = "limit_reached",
        [INVENTORY_STOPPED] = "stopped",
        [INVENTORY_SKU_UNKNOWN] = "sku_unknown",
        [INVENTORY_MISMATCH] = "mismatch",
        [INVENTORY_HOLD_UNKNOWN] = "hold_unknown",
        [INVENTORY_HOLD_EXPIRED] = "hold_expired",
        [INVENTORY_HOLD_RELEASED] = "hold_released",
        [INVENTORY_HOLD_CONFIRMED] = "hold_confirmed",
        [INVENTORY_EXTENDS_USED] = "extends_used",
        [INVENTORY_IGNORED] = "ignored",
        [INVENTORY_RECALLED] = "recalled",
        [INVENTORY_BUSY] = "busy",
        [INVENTORY_BAD] = "bad",
    };
    return (size_t)answer < INVENTORY_ANSWERS ? names[answer] : "unknown";
}
