/* core/orchestrator/buffer.c - units withheld from sale, because other channels sell from the same shelf and the warehouse's
 * counts come late: what may have been sold there between a count and its arrival.
 *
 *   buffers_look   once a second: rate of the last minute x delay of the counts, per SKU; the same ledger gives the same
 *                  number on every node, so it is no matter who asks
 *
 * Switched off, a buffer that is still there is taken away. */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static void buffer_answered(struct own_ask *own);

static int64_t buffer_wanted(const struct shop *shop, const char *sku, int64_t now_ms)
{
    if (!shop->o->config.limits.stock_buffer)
        return 0;
    int64_t sold = claims_sold_lately(&shop->claims, sku, now_ms), delay_ms = shop->claims.sync_delay.p95_ms, units;
    if (__builtin_mul_overflow(sold, delay_ms, &units))
        return STOCK_UNITS_MAX;
    units = (units + 59999) / 60000;
    return units < STOCK_UNITS_MAX ? units : STOCK_UNITS_MAX;
}

/* A buffer that follows every sale would be a ledger of its own. */
static bool buffer_differs(int64_t wanted, int64_t now)
{
    int64_t by = wanted > now ? wanted - now : now - wanted;
    return by > 0 && (wanted == 0 || by * 10 > now);
}

static void buffer_ask(struct shop *shop, const struct sku_id *sku, int64_t units)
{
    struct own_ask *own = own_ask_take(shop, INVENTORY_BUFFER, buffer_answered);
    if (own == NULL)
        return;
    own->ask.sku = *sku;
    own->ask.units = units;
    shop->keeping.buffers_asking++;
    own_ask_go(own);
}

void buffers_look(struct shop *shop)
{
    struct keeping *k = &shop->keeping;
    int64_t now_ms = orchestrator_now(shop->o);
    size_t at = 0;
    const char *key;
    void *value;
    if (k->buffers_asking > 0 || now_ms < k->buffers_ms)
        return;
    k->buffers_ms = now_ms + BUFFER_EVERY_MS;
    if (shop->o->config.limits.stock_buffer && shop->claims.sync_delay.p95_ms < 0)
        return; /* nobody said how late the counts come */
    while (map_next(&shop->claims.skus, &at, &key, &value)) {
        const struct claim_sku *sku = value;
        int64_t wanted = sku->known ? buffer_wanted(shop, key, now_ms) : 0;
        if (buffer_differs(wanted, sku->count.buffer))
            buffer_ask(shop, &sku->count.sku, wanted);
    }
}

static void buffer_answered(struct own_ask *own)
{
    own->shop->keeping.buffers_asking--;
    log_debug("stock.buffer", "shop=%s sku=%s units=%lld result=%s", own->shop->id.text, own->ask.sku.text,
              (long long)own->ask.units, result_name(own->ask.result));
}
