/* logistics/board/stock.c - the most that can ship of a SKU of this broadcast: what it sold and holds, and what the shop has left to
 * sell, to whomever. Split over the sites as the plan says: by what lies there, or else by their shares. */
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"

struct tally_sku *tally_sku(struct tally *f, const char *sku, bool make)
{
    struct tally_sku *k = map_get(&f->skus, sku);
    if (k != NULL || !make)
        return k;
    k = calloc(1, sizeof *k);
    MUST(k != NULL);
    k->available = -1;
    for (size_t i = 0; i < SITES_MAX; i++)
        k->told[i] = -1;
    enum result result = map_set(&f->skus, sku, k);
    MUST(result == RESULT_OK); /* a shop has no more SKUs than its catalogue may hold */
    return k;
}

bool stock_is_stopped(const struct stock_count *count) { return count->stopped || count->recall != RECALL_NONE; }

int64_t stock_to_come(const struct stock_count *count)
{
    return stock_is_stopped(count) && count->available > 0 ? 0 : count->available;
}

size_t stock_sites(const struct board_show *s)
{
    const struct logistics_plan *plan = s->tally.plan;
    return plan == NULL || plan->sites_count == 0 ? 1 : plan->sites_count;
}

static const uint32_t *stock_of(const struct logistics_plan *plan, const char *sku)
{
    for (size_t i = 0; i < plan->stocks_count; i++)
        if (id_equal(plan->stocks[i].sku.text, sku))
            return plan->stocks[i].units;
    return NULL;
}

/* Weights of the sites for this SKU; their sum. */
static int64_t weights_of(const struct board_show *s, const char *sku, int64_t ret[SITES_MAX])
{
    const struct logistics_plan *plan = s->tally.plan;
    size_t sites = stock_sites(s);
    const uint32_t *stock = plan == NULL ? NULL : stock_of(plan, sku);
    int64_t sum = 0;
    for (size_t i = 0; i < sites; i++)
        sum += ret[i] = stock != NULL ? stock[i] : plan == NULL || plan->sites_count == 0 ? 1 : plan->sites[i].share;
    for (size_t i = 0; sum == 0 && i < sites; i++) /* nothing said: equally */
        ret[i] = 1;
    return sum == 0 ? (int64_t)sites : sum;
}

/* Whole units that add up: what is left of the division goes to the first sites that are owed most. */
void stock_split(const struct board_show *s, const char *sku, int64_t units, int64_t ret[SITES_MAX])
{
    int64_t weights[SITES_MAX], owed[SITES_MAX], left = units;
    size_t sites = stock_sites(s);
    int64_t sum = weights_of(s, sku, weights);
    for (size_t i = 0; i < sites; i++) {
        ret[i] = units / sum * weights[i] + units % sum * weights[i] / sum;
        owed[i] = units % sum * weights[i] % sum;
        left -= ret[i];
    }
    for (; left > 0; left--) {
        size_t most = 0;
        for (size_t i = 1; i < sites; i++)
            most = owed[i] > owed[most] ? i : most;
        ret[most]++;
        owed[most] -= sum;
    }
}

void stock_feed(struct board_show *s, const char *sku, double t)
{
    struct tally_sku *k = tally_sku(&s->tally, sku, true);
    int64_t split[SITES_MAX];
    if (k->available < 0 && k->held + k->firm == 0 && k->told[0] < 0)
        return; /* not known yet */
    int64_t most = k->firm + k->held + k->available;
    stock_split(s, sku, most < 0 ? 0 : most, split);
    for (size_t i = 0; i < stock_sites(s); i++) {
        if (split[i] == k->told[i])
            continue;
        k->told[i] = split[i];
        tally_feed(
            s, &(struct sale_event){.kind = SALE_STOCK, .t = t, .sku = sku, .site = (uint16_t)i, .units = split[i]});
    }
}
