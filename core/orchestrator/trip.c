/* core/orchestrator/trip.c - a sale that runs away stops itself.
 *
 *   trip_claimed       each claim of the ledger at a price far below the catalogue's, and that nobody meant, is counted
 *     trip_stop        too many in a minute: this node acts as a host would. Every node counts, and stopping twice is harmless
 *   trip_stands        asked again when the act's turn comes: did a host mean it meanwhile?
 *
 * A stop that failed is tried again with the next claim, at most once per TRIP_AGAIN_MS. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/broadcast/sale_trip.h"

#define TRIP_AGAIN_MS 1000

struct trip {
    struct sale_trip claims;
    int64_t stopped_ms; /* when this node last asked to stop it; 0: never */
};

static bool is_claim(enum movement_kind kind)
{
    return kind == MOVE_RESERVED || kind == MOVE_OFFERED || kind == MOVE_RETAKEN;
}

static struct trip *trip_of(struct show *show, const char *sku)
{
    struct trip *trip = map_get(&show->trips, sku);
    if (trip != NULL)
        return trip;
    trip = calloc(1, sizeof *trip);
    if (trip == NULL || map_set(&show->trips, sku, trip) != RESULT_OK) {
        free(trip);
        return NULL; /* no memory: others count too */
    }
    return trip;
}

/* Open, and at a price that nobody meant. */
static bool may_trip(const struct shelf_item *item, uint32_t version)
{
    return item != NULL && item->state == SKU_OPEN && item->price.version == version && !item->price_meant;
}

static void trip_stop(struct show *show, const struct shelf_item *item, struct trip *trip,
                      const struct money *catalogue)
{
    struct command stop = {.kind = COMMAND_STOCK_STOP, .broadcast = show->b.id, .sku = item->sku};
    char reason[SALE_TRIP_REASON_MAX];
    sale_trip_reason(&trip->claims, catalogue, &item->price.money, reason);
    text_keep(stop.text, sizeof stop.text, reason);
    struct errand *e = errand_take_ours(show, &stop);
    if (e == NULL)
        return;
    e->step = host_start;
    e->tripped_version = item->price.version;
    trip->stopped_ms = orchestrator_now(show->shop->o);
    metrics_add(METRIC_SALES_TRIPPED, 1);
    log_warn("sale.tripped", "shop=%s broadcast=%s sku=%s version=%u reason=%s", show->shop->id.text, show->b.id.text,
             item->sku.text, item->price.version, log_quote(reason));
}

static void line_claimed(struct show *show, const struct movement *m, const struct line *line)
{
    const struct orchestrator *o = show->shop->o;
    const struct sale_trip_rule rule = {.units = o->config.limits.sale_trip_units,
                                        .percent = o->config.limits.sale_trip_percent};
    const struct shelf_item *item = broadcast_item(&show->b, line->sku.text);
    const struct product *product = catalogue_find(&show->shop->catalogue, line->sku.text);
    if (product == NULL || !may_trip(item, line->price_version) ||
        !sale_trip_is_low(&rule, &product->price, &item->price.money))
        return;
    struct trip *trip = trip_of(show, line->sku.text);
    if (trip == NULL || sale_trip_count(&trip->claims, line->price_version, m->ms, line->units) <= rule.units)
        return;
    if (trip->stopped_ms == 0 || orchestrator_now(o) - trip->stopped_ms >= TRIP_AGAIN_MS)
        trip_stop(show, item, trip, &product->price);
}

/* History is no reason to stop anything: what is read at the start, or again after a loss, is over. */
void trip_claimed(struct shop *shop, const struct movement *m)
{
    struct show *show = is_claim(m->kind) ? map_get(&shop->shows, m->hold.broadcast.text) : NULL;
    if (show == NULL || !show_is_ready(show))
        return;
    for (uint8_t i = 0; i < m->hold.lines_count; i++)
        line_claimed(show, m, &m->hold.lines[i]);
}

bool trip_stands(const struct errand *e, const struct show *show)
{
    return may_trip(broadcast_item(&show->b, e->command.sku.text), e->tripped_version);
}

/* Claims that a fail-over lost come again, and are counted then. */
void trips_forget(struct show *show)
{
    trips_free(show);
    map_init(&show->trips, SHELF_ITEMS_MAX);
}

void trips_free(struct show *show)
{
    size_t at = 0;
    const char *key;
    void *trip;
    while (map_next(&show->trips, &at, &key, &trip))
        free(trip);
    map_finish(&show->trips);
}
