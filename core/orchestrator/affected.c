/* core/orchestrator/affected.c - whom a recall touches: every hold with the SKU that is open, was confirmed, or was taken back by a
 * recall, as this node knows them.
 *
 *   affected_start     a host sees those of their own broadcast, the shop's systems all
 *     affected_opened  by id, with ends in server time */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

struct affected {
    const struct shop *shop;
    const struct broadcast_id *only; /* NULL: all */
    const struct sku_id *sku;
    const struct hold **holds;
    size_t count, capacity;
    bool failed;
};

static void affected_opened(struct errand *e);

void affected_start(struct errand *e) { errand_open(e, e->j.asker.role == ROLE_HOST, affected_opened); }

/* Its own copy, since its end is told in server time and the fold's is not; a sold one is the fold's. */
static const struct hold *affected_hold(const struct affected *a, const struct hold *hold)
{
    if (hold->state != HOLD_HELD)
        return hold;
    struct hold *copy = malloc(HOLD_SIZE(hold->lines_count));
    if (copy == NULL)
        return NULL;
    hold_copy(copy, hold);
    copy->expires_at_ms = claims_expires_ms(&a->shop->claims, hold, orchestrator_now(a->shop->o));
    return copy;
}

static void affected_add(void *ctx, const struct hold *hold)
{
    struct affected *a = ctx;
    if (a->failed || (a->only != NULL && !ID_EQUAL(*a->only, hold->broadcast)))
        return;
    if (a->count == a->capacity) {
        size_t capacity = a->capacity == 0 ? 256 : a->capacity * 2;
        const struct hold **holds = realloc(a->holds, capacity * sizeof(const struct hold *));
        a->failed = holds == NULL;
        if (a->failed)
            return;
        a->holds = holds;
        a->capacity = capacity;
    }
    a->holds[a->count] = affected_hold(a, hold);
    a->failed = a->holds[a->count] == NULL;
    a->count += !a->failed;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(const struct hold *const *)a)->id.text, (*(const struct hold *const *)b)->id.text);
}

static void affected_sum(const struct affected *a, struct outcome *outcome)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct hold *hold = a->holds[i];
        bool sold = hold->state == HOLD_CONFIRMED; /* the others were open when the recall came */
        outcome->affected.holds += !sold;
        outcome->affected.orders += sold;
        for (uint8_t line = 0; line < hold->lines_count; line++)
            if (ID_EQUAL(hold->lines[line].sku, *a->sku))
                *(sold ? &outcome->affected.units_sold : &outcome->affected.units_held) += hold->lines[line].units;
    }
}

static void affected_finish(struct affected *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->holds[i]->state == HOLD_HELD)
            free((void *)(uintptr_t)a->holds[i]);
    free(a->holds);
}

static void affected_opened(struct errand *e)
{
    struct shop *shop = journey_shop(&e->j);
    const struct claim_sku *known = shop == NULL ? NULL : claims_sku(&shop->claims, e->command.sku.text);
    struct outcome outcome = {.kind = OUTCOME_AFFECTED, .as_of_ms = orchestrator_now(e->j.o)};
    if (shop == NULL || !shop_is_ready(shop)) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    if (known == NULL) {
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_SKU_UNKNOWN, .field = "sku", .sku = e->command.sku});
        return;
    }
    struct affected a = {.shop = shop, .sku = &e->command.sku};
    a.only = e->j.asker.role == ROLE_HOST ? &e->j.broadcast : NULL;
    claims_each_of_sku(&shop->claims, e->command.sku.text, affected_add, &a);
    claims_taken_back_of_sku(&shop->claims, e->command.sku.text, affected_add, &a);
    if (a.failed) {
        affected_finish(&a);
        journey_end_refused(&e->j, &(struct refusal){.code = ERROR_UNAVAILABLE, .retry_after_ms = RETRY_AFTER_MS});
        return;
    }
    if (a.count > 0)
        qsort(a.holds, a.count, sizeof(const struct hold *), compare_ids);
    affected_sum(&a, &outcome);
    outcome.stock = known->count;
    outcome.holds = a.holds;
    outcome.count = a.count;
    memcpy(outcome.ledger_id, shop->claims.ledger_id, sizeof shop->claims.ledger_id);
    journey_end(&e->j, &outcome);
    affected_finish(&a);
}
