/* core/orchestrator/stock.c - units given to sell, taken back, counted.
 *
 *   stock_start          allocate, withdraw, sync
 *     stock_limit        first the catalogue's limit per viewer, so that no unit is sold without it
 *     stock_ask
 *     stock_answered     answered once this node has read it in the ledger: a preflight asked next sees it
 *   stock_get_start      all counts, as this node knows them */
#include "core/orchestrator/journeys.h"

#include <string.h>

#include "base/log.h"

#define COUNTED_AGO_MS_MAX INT64_C(604800000) /* a count older than a week is no count */
#define COUNTED_AHEAD_MS_MAX 86400000         /* clocks differ */

static bool stock_is_dated(const struct errand *e);
static void stock_limit(struct errand *e);
static void stock_limited(struct journey *j);
static void stock_ask(struct errand *e);
static void stock_answered(struct journey *j);
static void stock_folded(struct journey *j);

/* A host moves stock of their own show; shop-wide is for the shop's systems, which name no broadcast. */
static bool stock_is_theirs(struct errand *e)
{
    struct show *show = e->j.asker.role == ROLE_HOST ? journey_show(&e->j) : NULL;
    return show == NULL || broadcast_item(&show->b, e->command.sku.text) != NULL;
}

void stock_start(struct errand *e)
{
    if (!stock_is_theirs(e))
        journey_refuse(&e->j, &(struct refusal){.code = ERROR_SKU_UNKNOWN, .field = "sku", .sku = e->command.sku});
    else if (!stock_is_dated(e))
        journey_refuse(
            &e->j, &(struct refusal){
                       .code = ERROR_BAD_REQUEST,
                       .field = "counted_at_ms",
                       .detail = "It is more than seven days old, or more than a day ahead: milliseconds are meant."});
    else
        errand_open(e, false, stock_limit);
}

/* Seconds taken for milliseconds would read as a delay of decades, and a buffer would withhold everything. */
static bool stock_is_dated(const struct errand *e)
{
    int64_t counted_ms = e->command.counted_ms, now_ms = orchestrator_now(e->j.o);
    return e->j.kind != COMMAND_STOCK_SYNC || counted_ms == 0 ||
           (counted_ms >= now_ms - COUNTED_AGO_MS_MAX && counted_ms <= now_ms + COUNTED_AHEAD_MS_MAX);
}

static void stock_limit(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    if (shop == NULL || !shop_is_selling(shop)) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    const struct product *product = catalogue_find(&shop->catalogue, e->command.sku.text);
    const struct claim_sku *known = claims_sku(&shop->claims, e->command.sku.text);
    uint32_t now = known == NULL ? 0 : known->count.limit_per_viewer;
    if (product == NULL || product->limit_per_viewer == now) {
        stock_ask(e);
        return;
    }
    e->j.ask = (struct inventory_request){.sku = product->sku, .units = product->limit_per_viewer};
    journey_ask(&e->j, INVENTORY_LIMIT, stock_limited);
}

static void stock_limited(struct journey *j)
{
    if (!journey_no_answer(j))
        stock_ask(container_of(j, struct errand, j));
}

static void stock_ask(struct errand *e)
{
    static const enum inventory_op ops[COMMAND_KINDS] = {[COMMAND_STOCK_ALLOCATE] = INVENTORY_ALLOCATE,
                                                         [COMMAND_STOCK_WITHDRAW] = INVENTORY_WITHDRAW,
                                                         [COMMAND_STOCK_SYNC] = INVENTORY_SYNC};
    const struct command *c = &e->command;
    e->j.ask = (struct inventory_request){
        .sku = c->sku, .units = c->units, .gone = c->gone, .version = c->version, .counted_ms = c->counted_ms};
    memcpy(e->j.ask.ref, c->ref, sizeof e->j.ask.ref);
    journey_ask(&e->j, ops[c->kind], stock_answered);
}

static void stock_answered(struct journey *j)
{
    struct errand *e = container_of(j, struct errand, j);
    if (journey_no_answer(j))
        return;
    log_info("stock.change", "shop=%s sku=%s command=%s units=%lld ref=%s answer=%s", j->asker.shop.text,
             e->command.sku.text, command_kind_name(j->kind), (long long)e->command.units, log_quote(e->command.ref),
             inventory_answer_name(j->ask.answer));
    if (j->ask.answer == INVENTORY_DONE || j->ask.answer == INVENTORY_REPLAYED || j->ask.answer == INVENTORY_IGNORED) {
        journey_when_folded(j, stock_folded);
        return;
    }
    struct refusal refusal = refusal_of_answer(&j->ask);
    refusal.sku = e->command.sku;
    refusal.may_wait = false;
    if (j->ask.answer == INVENTORY_SOLD_OUT || j->ask.answer == INVENTORY_HELD_OUT)
        refusal.detail = "Fewer units than that are free.";
    if (j->ask.answer == INVENTORY_BAD && j->kind == COMMAND_STOCK_SYNC)
        refusal.field = "gone", refusal.detail = "More of our sales have left the shelf than were made.";
    journey_end_refused(j, &refusal);
}

static void stock_folded(struct journey *j)
{
    struct show *show = journey_show(j);
    struct outcome outcome = {.kind = OUTCOME_STOCK, .stock = j->ask.count, .as_of_ms = orchestrator_now(j->o)};
    outcome.replayed = j->ask.answer == INVENTORY_REPLAYED;
    outcome.ignored = j->ask.answer == INVENTORY_IGNORED;
    outcome.seq = show == NULL ? 0 : show->b.seq;
    memcpy(outcome.ledger_id, j->ask.ledger_id, sizeof j->ask.ledger_id);
    journey_end(j, &outcome);
}

/* ---- read ---- */

static void stock_get_opened(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    if (shop == NULL) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    struct outcome outcome = {
        .kind = OUTCOME_STOCK_LIST, .claims = &shop->claims, .as_of_ms = orchestrator_now(e->j.o)};
    outcome.count = shop->claims.skus.count;
    memcpy(outcome.ledger_id, shop->claims.ledger_id, sizeof shop->claims.ledger_id);
    journey_end(&e->j, &outcome);
}

void stock_get_start(struct errand *e) { errand_open(e, false, stock_get_opened); }
