/* core/orchestrator/run.c - a run of show is loaded: from a document to the shelf on every screen.
 *
 *   run_load_start      broadcast open on this node?
 *     run_load_read     the document, every fault named by its field
 *     run_load_resolve  its SKUs become shelf items from the catalogue
 *     run_load_limit    limits per viewer, where they differ: the stock first
 *     (host.c)          the shelf, as any act
 *   run_get_start       the plan as it is */
#include "core/orchestrator/journeys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void run_load_opened(struct errand *e);
static void run_load_read(struct errand *e);
static bool run_load_resolve(struct errand *e, const struct show *show);
static void run_load_limit(struct errand *e);
static void run_load_limited(struct journey *j);

void run_load_start(struct errand *e) { errand_open(e, true, run_load_opened); }

static void run_load_opened(struct errand *e) { host_queue(e, run_load_read); }

static void run_load_refuse(struct errand *e)
{
    host_refuse(e, &(struct refusal){.code = ERROR_BAD_REQUEST, .field = e->fault.field, .detail = e->fault.detail});
}

/* Here and not in the loader, which must still read what older logs hold. */
static bool run_load_prices(struct errand *e)
{
    for (size_t i = 0; i < e->run.count; i++) {
        if (!e->run.cues[i].has_price || e->run.cues[i].price.minor > 0)
            continue;
        snprintf(e->fault.field, sizeof e->fault.field, "cues[%zu].price.amount", i);
        snprintf(e->fault.detail, sizeof e->fault.detail, "must be at least 1: nothing is sold for nothing");
        return false;
    }
    return true;
}

static void run_load_read(struct errand *e)
{
    const struct show *show = journey_show(&e->j);
    enum result result = show == NULL || e->command.document == NULL
                             ? RESULT_UNAVAILABLE
                             : run_of_show_load(e->command.document, e->command.document_len, &e->run, &e->fault);
    if (result == RESULT_OK)
        result = run_load_prices(e) ? run_of_show_write(&e->run, &e->document) : RESULT_MALFORMED;
    if (result == RESULT_MALFORMED)
        run_load_refuse(e);
    else if (result != RESULT_OK)
        host_refuse(e, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
    else if (run_load_resolve(e, show))
        run_load_limit(e);
}

/* ---- SKUs -> shelf ---- */

static bool items_have(const struct errand *e, const char *sku)
{
    for (size_t i = 0; i < e->items_count; i++)
        if (id_equal(e->items[i].sku.text, sku))
            return true;
    return false;
}

static struct shelf_item item_of(const struct product *product, const struct cue *cue)
{
    struct shelf_item item = {
        .sku = product->sku, .limit_per_viewer = product->limit_per_viewer, .weight_g = product->weight_g};
    text_keep(item.title, sizeof item.title, product->title);
    text_keep(item.image, sizeof item.image, product->image);
    text_keep(item.url, sizeof item.url, product->url);
    item.price.money = product->price;
    if (product->price.currency[0] == '\0' && cue->has_price)
        item.price.money = cue->price;
    return item;
}

/* False, and the errand is over, when a SKU is not in the catalogue. */
static bool run_load_resolve(struct errand *e, const struct show *show)
{
    e->items = calloc(e->run.count + 1, sizeof *e->items);
    MUST(e->items != NULL);
    for (size_t i = 0; i < e->run.count; i++) {
        const struct cue *cue = &e->run.cues[i];
        if (ID_IS_NONE(cue->sku) || items_have(e, cue->sku.text))
            continue;
        const struct product *product = catalogue_find(&show->shop->catalogue, cue->sku.text);
        if (product == NULL) {
            snprintf(e->fault.field, sizeof e->fault.field, "cues[%zu].sku", i);
            snprintf(e->fault.detail, sizeof e->fault.detail, "the catalogue has no %s", cue->sku.text);
            host_refuse(
                e, &(struct refusal){.code = ERROR_SKU_UNKNOWN, .field = e->fault.field, .detail = e->fault.detail});
            return false;
        }
        e->items[e->items_count++] = item_of(product, cue);
    }
    return true;
}

/* ---- limits ---- */

static void run_load_limit(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    if (shop == NULL || !shop_is_selling(shop)) {
        host_refuse(e, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    for (; e->limit_at < e->items_count; e->limit_at++) {
        const struct shelf_item *item = &e->items[e->limit_at];
        const struct claim_sku *known = claims_sku(&shop->claims, item->sku.text);
        uint32_t now = known == NULL ? 0 : known->count.limit_per_viewer;
        if (now == item->limit_per_viewer)
            continue;
        e->j.ask = (struct inventory_request){.sku = item->sku, .units = item->limit_per_viewer};
        journey_ask(&e->j, INVENTORY_LIMIT, run_load_limited);
        return;
    }
    host_plan(e);
}

static void run_load_limited(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    if (journey_no_answer(j))
        return;
    if (j->ask.answer != INVENTORY_DONE && j->ask.answer != INVENTORY_REPLAYED)
        log_warn("limit.refused", "shop=%s sku=%s limit=%lld answer=%s", j->asker.shop.text, j->ask.sku.text,
                 (long long)j->ask.units, inventory_answer_name(j->ask.answer));
    e->limit_at++;
    run_load_limit(e);
}

/* ---- read ---- */

static void run_get_opened(struct errand *e)
{
    struct show *show = journey_show(&e->j);
    if (show == NULL) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    struct outcome outcome = {.kind = OUTCOME_RUN, .seq = show->b.seq, .count = show->run.count};
    outcome.preflight = show_preflight(show);
    outcome.view = show_view(show);
    journey_end(&e->j, &outcome);
}

void run_get_start(struct errand *e) { errand_open(e, true, run_get_opened); }
