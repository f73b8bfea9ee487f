#include "core/broadcast/shown.h"

struct stock_shown stock_shown(const struct claims *claims, const struct shelf_item *item)
{
    const struct claim_sku *known = claims_sku(claims, item->sku.text);
    if (item->state != SKU_OPEN)
        return (struct stock_shown){.state = STOCK_STOPPED, .left = STOCK_LEFT_NONE};
    if (known == NULL) /* never allocated: there is nothing to sell */
        return (struct stock_shown){.state = STOCK_SOLD_OUT, .left = 0};
    struct stock_shown shown = {.state = stock_state_of(&known->count), .left = stock_left(&known->count)};
    if (shown.left > STOCK_SHOWN_MAX || shown.state == STOCK_STOPPED)
        shown.left = STOCK_LEFT_NONE;
    return shown;
}

/* From one number shown to the next: 10 in the hundreds, 100 in the thousands. */
static uint64_t step_of(uint64_t viewers)
{
    uint64_t step = 1;
    while (viewers / step >= AUDIENCE_EXACT_MAX)
        step *= 10;
    return step;
}

uint64_t audience_shown(uint64_t viewers, uint64_t last)
{
    if (viewers <= AUDIENCE_EXACT_MAX)
        return viewers;
    uint64_t step = step_of(last);
    if (last >= AUDIENCE_EXACT_MAX && viewers >= last && viewers - last < step + step / 4)
        return last;
    return viewers - viewers % step_of(viewers);
}
