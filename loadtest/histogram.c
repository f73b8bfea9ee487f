#include "loadtest/histogram.h"

/* Below HISTOGRAM_STEPS each microsecond has a slot; above, each doubling has HISTOGRAM_STEPS / 2 of them. */
static unsigned slot_of(int64_t us)
{
    uint64_t v = us < 0 ? 0 : (uint64_t)us;
    unsigned shift = 0;
    while (v >> shift >= HISTOGRAM_STEPS)
        shift++;
    unsigned slot = shift * (HISTOGRAM_STEPS / 2) + (unsigned)(v >> shift);
    return slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1;
}

static double middle_us(unsigned slot)
{
    if (slot < HISTOGRAM_STEPS)
        return slot;
    unsigned shift = slot / (HISTOGRAM_STEPS / 2) - 1;
    unsigned base = slot - shift * (HISTOGRAM_STEPS / 2);
    return ((double)base + 0.5) * (double)(UINT64_C(1) << shift);
}

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
    uint64_t wanted = (uint64_t)((double)h->count * share), seen = 0;
    if (h->count == 0)
        return 0;
    if (wanted >= h->count)
        return (double)h->max_us / 1000;
    for (unsigned i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slots[i];
        if (seen > wanted)
            return middle_us(i) / 1000;
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
