#include "core/broadcast/lag.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

/* Buckets of 250 ms up to 8 s, then sixteen to each doubling. */
#define FINE_MS 250
#define PER_DOUBLING 16

static unsigned bucket_of(int64_t lag_ms)
{
    uint64_t units = lag_ms <= 0 ? 0 : (uint64_t)lag_ms / FINE_MS;
    unsigned doublings = 0;
    while (units >= 2 * PER_DOUBLING) {
        units /= 2;
        doublings++;
    }
    return doublings * PER_DOUBLING + (unsigned)units;
}

/* What all of a bucket stay below. */
static int64_t bucket_end_ms(unsigned bucket)
{
    unsigned doublings = bucket < 2 * PER_DOUBLING ? 0 : bucket / PER_DOUBLING - 1;
    int64_t end_ms = ((int64_t)(bucket - doublings * PER_DOUBLING) + 1) * FINE_MS << doublings;
    return end_ms < LAG_MAX_MS ? end_ms : LAG_MAX_MS;
}

/* The slots between the last one counted into and the present one are empty. */
static void lag_move(struct lag *lag, int64_t now_ms)
{
    int64_t slot = now_ms / LAG_SLOT_MS;
    if (slot - lag->slot >= LAG_SLOTS)
        memset(lag->slots, 0, sizeof lag->slots);
    for (int64_t next = lag->slot + 1; slot - lag->slot < LAG_SLOTS && next <= slot; next++)
        memset(&lag->slots[next % LAG_SLOTS], 0, sizeof lag->slots[0]);
    lag->slot = slot > lag->slot ? slot : lag->slot;
}

bool lag_add(struct lag *lag, int64_t now_ms, int64_t lag_ms)
{
    if (lag_ms < LAG_MIN_MS || lag_ms > LAG_MAX_MS)
        return false;
    unsigned bucket = bucket_of(lag_ms);
    MUST(bucket < LAG_BUCKETS);
    lag_move(lag, now_ms);
    lag->slots[lag->slot % LAG_SLOTS].said++;
    lag->slots[lag->slot % LAG_SLOTS].buckets[bucket]++;
    return true;
}

void lag_sum_add(struct lag_sum *sum, struct lag *lag, int64_t now_ms)
{
    uint64_t viewers = 0;
    lag_move(lag, now_ms);
    for (unsigned slot = 0; slot < LAG_SLOTS; slot++) {
        viewers = lag->slots[slot].said > viewers ? lag->slots[slot].said : viewers;
        sum->said += lag->slots[slot].said;
        for (unsigned i = 0; i < LAG_BUCKETS; i++)
            sum->buckets[i] += lag->slots[slot].buckets[i];
    }
    sum->viewers += viewers;
}

void lag_sum_write(const struct lag_sum *sum, struct bytes *out)
{
    bytes_format(out, "%llu", (unsigned long long)sum->viewers);
    for (unsigned i = 0; i < LAG_BUCKETS; i++)
        if (sum->buckets[i] > 0)
            bytes_format(out, ",%u:%llu", i, (unsigned long long)sum->buckets[i]);
}

void lag_sum_read(struct lag_sum *sum, const char *text)
{
    char *rest;
    uint64_t viewers = strtoull(text, &rest, 10);
    uint64_t said = 0;
    while (*rest == ',') {
        unsigned long bucket = strtoul(rest + 1, &rest, 10);
        if (bucket >= LAG_BUCKETS || *rest != ':')
            break;
        uint64_t count = strtoull(rest + 1, &rest, 10);
        sum->buckets[bucket] += count;
        said += count;
    }
    sum->said += said;
    sum->viewers += said == 0 ? 0 : viewers;
}

/* The least lag that `percent` of 100 stay below. */
static int64_t sum_percentile_ms(const struct lag_sum *sum, uint64_t percent)
{
    uint64_t passed = 0;
    unsigned bucket = 0;
    while (bucket < LAG_BUCKETS - 1 && (passed += sum->buckets[bucket]) * 100 < sum->said * percent)
        bucket++;
    return bucket_end_ms(bucket);
}

struct lag_view lag_sum_view(const struct lag_sum *sum)
{
    if (sum->said == 0)
        return (struct lag_view){0};
    return (struct lag_view){
        .viewers = sum->viewers, .p50_ms = sum_percentile_ms(sum, 50), .p95_ms = sum_percentile_ms(sum, 95)};
}
