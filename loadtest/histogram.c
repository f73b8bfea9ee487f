#include "loadtest/histogram.h"

#include <math.h>
#include <string.h>

/* Below HISTOGRAM_STEPS each microsecond has a slot; above, each doubling has HISTOGRAM_STEPS / 2 of them. */
static unsigned slot_of(int64_t us)
{
    uint64_t v = us < 0 ? 0 : (uint64_t)us;
    if (v < HISTOGRAM_STEPS)
        return (unsigned)v;
    unsigned shift =
        58u - (unsigned)__builtin_clzll(v); /* v >> shift is within HISTOGRAM_STEPS / 2 .. HISTOGRAM_STEPS - 1 */
    unsigned slot = shift * (HISTOGRAM_STEPS / 2) + (unsigned)(v >> shift);
    return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}

static double slot_us(unsigned slot, double within)
{
    if (slot < HISTOGRAM_STEPS)
        return slot;
    unsigned shift = slot / (HISTOGRAM_STEPS / 2) - 1;
    unsigned base = slot - shift * (HISTOGRAM_STEPS / 2);
    return ((double)base + within) * (double)(UINT64_C(1) << shift);
}

static double middle_us(unsigned slot) { return slot_us(slot, 0.5); }

void histogram_add(struct histogram *h, int64_t us)
{
    h->slots[slot_of(us)]++;
    h->count++;
    h->sum_us += (double)us;
    if (us > h->max_us)
        h->max_us = us;
}

double histogram_ms(const struct histogram *h, double share)
{
    double rank = ceil((double)h->count * share - 1e-9);
    uint64_t wanted = rank < 1 ? 1 : (uint64_t)rank, seen = 0;
    if (h->count == 0)
        return 0;
    if (share >= 1)
        return (double)h->max_us / 1000;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slots[i];
        if (seen >= wanted)
            return fmin(middle_us(i), (double)h->max_us) / 1000;
    }
    return (double)h->max_us / 1000;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++)
        into->slots[i] += from->slots[i];
    into->count += from->count;
    into->sum_us += from->sum_us;
    if (from->max_us > into->max_us)
        into->max_us = from->max_us;
}

void histogram_since(const struct histogram *now, const struct histogram *before, struct histogram *ret)
{
    unsigned last = 0;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        ret->slots[i] = now->slots[i] - before->slots[i];
        if (ret->slots[i] > 0)
            last = i;
    }
    ret->count = now->count - before->count;
    ret->sum_us = now->sum_us - before->sum_us;
    ret->max_us = now->max_us > before->max_us ? now->max_us : (int64_t)slot_us(last, 1);
}

double histogram_bound_ms(unsigned i) { return 0.01 * pow(10, (double)i / 10); }

void histogram_coarse(const struct histogram *h, uint64_t ret_buckets[HISTOGRAM_BOUNDS])
{
    unsigned at = 0;
    memset(ret_buckets, 0, HISTOGRAM_BOUNDS * sizeof *ret_buckets);
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        while (at + 1 < HISTOGRAM_BOUNDS && middle_us(i) > histogram_bound_ms(at) * 1000)
            at++;
        ret_buckets[at] += h->slots[i];
    }
}
