/* core/broadcast/claims_rate.c - how fast a SKU sells, and how late the warehouse's counts come: what a buffer is made of.
 * Both by the ledger's times, so that the same ledger gives the same numbers on every node. */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/claims_inner.h"

#define SALES_SECONDS 60

struct sales {
    int64_t second; /* the newest counted */
    int64_t units[SALES_SECONDS];
};

void sales_add(struct claims_entry *entry, int64_t ms, int64_t units)
{
    int64_t second = ms / 1000;
    if (entry->sales == NULL)
        entry->sales = calloc(1, sizeof *entry->sales);
    struct sales *s = entry->sales;
    if (s == NULL)
        return;
    if (second > s->second + SALES_SECONDS)
        s->second = second - SALES_SECONDS;
    while (s->second < second)
        s->units[++s->second % SALES_SECONDS] = 0;
    s->units[s->second % SALES_SECONDS] += units;
}

int64_t claims_sold_lately(const struct claims *c, const char *sku, int64_t now_ms)
{
    const struct claims_entry *entry = map_get(&c->skus, sku);
    const struct sales *s = entry == NULL ? NULL : entry->sales;
    int64_t units = 0, first = now_ms / 1000 - SALES_SECONDS + 1;
    if (s == NULL)
        return 0;
    if (first <= s->second - SALES_SECONDS) /* asked of a moment before the newest entry's */
        first = s->second - SALES_SECONDS + 1;
    for (int64_t second = first > 0 ? first : 0; second <= s->second; second++)
        units += s->units[second % SALES_SECONDS];
    return units;
}

static int compare_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void sync_delay_add(struct claims *c, int64_t delay_ms)
{
    int64_t sorted[SYNC_DELAYS_KEPT];
    c->sync_delay.last_ms = delay_ms;
    c->sync_delay.kept_ms[c->sync_delay.count++ % SYNC_DELAYS_KEPT] = delay_ms;
    size_t kept = c->sync_delay.count < SYNC_DELAYS_KEPT ? (size_t)c->sync_delay.count : SYNC_DELAYS_KEPT;
    memcpy(sorted, c->sync_delay.kept_ms, kept * sizeof sorted[0]);
    qsort(sorted, kept, sizeof sorted[0], compare_ms);
    c->sync_delay.p95_ms = sorted[(kept * 95 + 99) / 100 - 1];
}
