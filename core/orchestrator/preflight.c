/* core/orchestrator/preflight.c - go or no-go, from the run of show, the shelf and the stock as this node knows them. */
#include "core/orchestrator/journeys.h"

/* The shelf's, which is what it would be sold at; else the catalogue's. */
static struct money preflight_price(const struct product *product, const struct shelf_item *item)
{
    if (item != NULL && item->price.version > 0)
        return item->base_price;
    return product == NULL ? (struct money){0} : product->price;
}

struct judged {
    const struct shop *shop;
    const struct broadcast *b;
};

static struct preflight_sku preflight_known(void *ctx, const char *sku)
{
    const struct judged *judged = ctx;
    const struct product *product = catalogue_find(&judged->shop->catalogue, sku);
    const struct shelf_item *item = broadcast_item(judged->b, sku);
    const struct claim_sku *stock = claims_sku(&judged->shop->claims, sku);
    return (struct preflight_sku){
        .known = product != NULL || item != NULL,
        .price = preflight_price(product, item),
        .floor = product == NULL ? (struct money){0} : product->floor,
        .allocated = stock != NULL ? stock->count.allocated : 0,
    };
}

void preflight_judge(const struct shop *shop, const struct broadcast *b, const struct run_of_show *run,
                     struct preflight *ret)
{
    struct judged judged = {.shop = shop, .b = b};
    preflight_check(run, preflight_known, &judged, ret);
}

const struct preflight *show_preflight(struct show *show)
{
    const struct shop *shop = show->shop;
    if (!show->preflight_of.valid || show->preflight_of.claims != shop->claims.version ||
        show->preflight_of.catalogue != shop->catalogue.version || show->preflight_of.seq != show->b.seq) {
        preflight_judge(shop, &show->b, &show->run, &show->preflight);
        show->preflight_of.claims = shop->claims.version;
        show->preflight_of.catalogue = shop->catalogue.version;
        show->preflight_of.seq = show->b.seq;
        show->preflight_of.valid = true;
    }
    return &show->preflight;
}

static void preflight_opened(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    if (show == NULL) {
        journey_refuse_unavailable(&e->j);
        return;
    }
    struct outcome outcome = {.kind = OUTCOME_PREFLIGHT, .seq = show->b.seq, .preflight = show_preflight(show)};
    outcome.view = show_view(show);
    journey_end(&e->j, &outcome);
}

void preflight_start(struct errand *e) { errand_open(e, true, preflight_opened); }
