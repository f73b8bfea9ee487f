#include "core/broadcast/price_guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/broadcast/plan.h"

bool price_is_below(const struct money *price, const struct money *floor)
{
    return floor->currency[0] != '\0' && strcmp(price->currency, floor->currency) == 0 && price->minor < floor->minor;
}

/* Amounts are at most MONEY_MINOR_MAX and percentages of four digits: the products fit. */
static bool moves_far(uint32_t percent, const struct money *base, const struct money *asked)
{
    int64_t moved = asked->minor > base->minor ? asked->minor - base->minor : base->minor - asked->minor;
    return percent != 0 && base->currency[0] != '\0' && moved * 100 > base->minor * percent;
}

/* Rounded up: what is more than 50 % never reads as 50 %. */
static int64_t percent_moved(const struct money *base, const struct money *asked)
{
    int64_t moved = asked->minor > base->minor ? asked->minor - base->minor : base->minor - asked->minor;
    return (moved * 100 + base->minor - 1) / base->minor;
}

static void reason_write(bool far, bool low, const struct money *base, const struct money *asked,
                         const struct money *floor, char ret[PRICE_REASON_MAX])
{
    char move[64] = "", under[80] = "", money[MONEY_TEXT_MAX];
    const char *side = asked->minor > base->minor ? "above" : "below";
    if (far && base->minor == 0)
        snprintf(move, sizeof move, "Far above the price agreed on");
    else if (far)
        snprintf(move, sizeof move, "%" PRId64 " %% %s the price agreed on", percent_moved(base, asked), side);
    money_text(floor, money);
    if (low)
        snprintf(under, sizeof under, "%s the floor of %s", far ? ", and below" : "Below", money);
    snprintf(ret, PRICE_REASON_MAX, "%s%s: another host must agree.", move, under);
}

/* What was agreed on: a price that two wanted, or else the plan's. Several small steps are one large one, and the way back
 * to what was planned is open to anybody. */
static const struct money *price_meant_last(const struct shelf_item *item)
{
    return item->base_meant || item->listed_price.currency[0] == '\0' ? &item->base_price : &item->listed_price;
}

bool price_needs_approval(const struct price_guard *guard, const struct shelf_item *item, const struct money *asked,
                          char ret_reason[PRICE_REASON_MAX])
{
    if (money_equal(asked, &item->base_price))
        return false;
    const struct money *meant = price_meant_last(item);
    bool far = moves_far(guard->percent, meant, asked);
    bool low = price_is_below(asked, &guard->floor);
    if (far || low)
        reason_write(far, low, meant, asked, &guard->floor, ret_reason);
    return far || low;
}
