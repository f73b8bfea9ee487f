/* core/orchestrator/catalogue.c - a shop's products are replaced, in parts, on the shop's own log.
 *
 *   catalogue_put_start
 *     catalogue_append    the next parts, right behind the last: nobody may come between
 *     catalogue_appended  somebody did: from the first part again
 *   catalogue_get_start   the products as this node knows them
 *
 * The last part makes it current; until then everybody sees the old one. */
#include "core/orchestrator/journeys.h"

#include "base/log.h"

static void catalogue_append(struct errand *e);
static void catalogue_appended(struct append *append);
static void catalogue_again(struct errand *e);

void catalogue_put_start(struct errand *e) { errand_open(e, false, catalogue_append); }

/* Parts from product_at on, as many as fit one append. The products stay the command's. */
static size_t catalogue_parts(struct errand *e, struct event *events, size_t max)
{
    const struct command *c = &e->command;
    size_t count = 0, at = e->product_at;
    do {
        size_t left = c->products_count - at, part = left < CATALOGUE_PART_MAX ? left : CATALOGUE_PART_MAX;
        struct event *event = &events[count++];
        *event = (struct event){.kind = EVENT_CATALOGUE, .ms = orchestrator_now(e->j.o)};
        text_keep(event->by, sizeof event->by, e->j.asker.sub);
        event->u.catalogue.first = at == 0;
        event->u.catalogue.last = part == left;
        event->u.catalogue.count = part;
        event->u.catalogue.products = part == 0 ? NULL : c->products + at;
        at += part;
    } while (at < c->products_count && count < max);
    e->product_next = at;
    return count;
}

static void catalogue_append(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    enum result result = RESULT_UNAVAILABLE;
    if (shop != NULL && shop_is_ready(shop)) {
        if (e->product_at > 0 && shop->log.seq != e->seq) { /* folded since our last part: somebody came between */
            catalogue_again(e);
            return;
        }
        struct event events[EVENT_BATCH_MAX] = {0};
        size_t count = shop_begun_event(shop, events);
        count += catalogue_parts(e, events + count, EVENT_BATCH_MAX - count);
        e->append.done = catalogue_appended;
        result = append_start(&e->append, e->j.o, &shop->log, events, count);
    }
    if (result == RESULT_FULL)
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_TOO_LARGE, .field = "products"});
    else if (result != RESULT_OK)
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
}

static void catalogue_again(struct errand *e)
{
    e->product_at = 0;
    if (++e->tries < PLAN_ATTEMPTS_MAX)
        catalogue_append(e);
    else
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_CONFLICT,
                                                     .detail = "The catalogue is being replaced by others too."});
}

static void catalogue_appended(struct append *append)
{
    struct errand *e = container_of(append, struct errand, append);
    if (append->end == APPEND_BEATEN) {
        catalogue_again(e);
        return;
    }
    if (append->end != APPEND_FOLDED) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    e->product_at = e->product_next;
    e->seq = append->ask.expected_seq + append->ask.count;
    if (e->product_at < e->command.products_count) {
        catalogue_append(e);
        return;
    }
    log_info("catalogue.put", "shop=%s products=%zu by=%s", e->j.asker.shop.text, e->command.products_count,
             log_quote(e->j.asker.sub));
    struct outcome outcome = {.kind = OUTCOME_CATALOGUE, .count = e->command.products_count};
    journey_end(&e->j, &outcome);
}

/* ---- read ---- */

static void catalogue_get_opened(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    if (shop == NULL) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    struct outcome outcome = {
        .kind = OUTCOME_CATALOGUE, .catalogue = &shop->catalogue, .count = shop->catalogue.by_sku.count};
    journey_end(&e->j, &outcome);
}

void catalogue_get_start(struct errand *e) { errand_open(e, false, catalogue_get_opened); }
