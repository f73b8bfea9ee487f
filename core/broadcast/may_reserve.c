/* core/broadcast/may_reserve.c - the show's own rules for a viewer's tap; stock is asked afterwards. */
#include <string.h>

#include "core/broadcast/broadcast.h"

static enum reserve_refusal state_refuses(const struct broadcast *b)
{
    if (broadcast_is_selling(b))
        return RESERVE_ALLOWED;
    return b->state == BROADCAST_PAUSED ? RESERVE_PAUSED : RESERVE_NOT_LIVE;
}

/* Safety before price: whoever wants a recalled product hears that first. */
static enum reserve_refusal item_refuses(const struct shelf_item *item, uint32_t seen_price)
{
    if (item == NULL)
        return RESERVE_SKU_UNKNOWN;
    if (item->state != SKU_OPEN)
        return item->state == SKU_RECALLED ? RESERVE_RECALLED : RESERVE_STOPPED;
    if (item->price.version == 0 || item->price.money.minor == 0)
        return RESERVE_NO_PRICE;
    /* A newer one than ours was seen on another node: we lag, and must not promise what holds no more. */
    return seen_price != 0 && seen_price != item->price.version ? RESERVE_PRICE_CHANGED : RESERVE_ALLOWED;
}

enum reserve_refusal broadcast_may_reserve(const struct broadcast *b, const struct reserve_wish *wish,
                                           struct line *ret_lines, char ret_currency[4], uint8_t *ret_line)
{
    MUST(wish->lines_count >= 1 && wish->lines_count <= CART_LINES_MAX);
    enum reserve_refusal why = state_refuses(b);
    const struct shelf_item *items[CART_LINES_MAX];
    uint8_t i = 0;
    for (; why == RESERVE_ALLOWED && i < wish->lines_count; i++) {
        items[i] = broadcast_item(b, wish->lines[i].sku.text);
        why = item_refuses(items[i], wish->lines[i].seen_price);
    }
    if (why != RESERVE_ALLOWED) {
        *ret_line = i == 0 ? 0 : (uint8_t)(i - 1);
        return why;
    }
    for (i = 0; i < wish->lines_count; i++)
        ret_lines[i] = (struct line){
            .sku = wish->lines[i].sku,
            .units = wish->lines[i].units,
            .unit_minor = items[i]->price.money.minor,
            .price_version = items[i]->price.version,
        };
    memcpy(ret_currency, items[0]->price.money.currency, sizeof items[0]->price.money.currency);
    return RESERVE_ALLOWED;
}
