#include "logistics/rules/spread.h"

#include <math.h>
#include <string.h>

#define TALLY_MAX 512 /* whole draws within such a range are counted instead of sorted */
#define BINS 512

static const double levels[ESTIMATE_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};

static double rank_of(size_t level, size_t count) { return levels[level] * (double)(count - 1); }

/* Sorted as far as the ranks asked for need it: all draws into bins of equal width, then by insertion within a bin. */
struct ordered {
    double draws[SPREAD_DRAWS_MAX];
    uint16_t ends[BINS]; /* where each bin ends */
};

static void order_by_bins(const double *draws, size_t count, double least, double most, struct ordered *ret)
{
    uint16_t bins[SPREAD_DRAWS_MAX], at[BINS];
    double scale = (BINS - 1) / (most - least);
    memset(ret->ends, 0, sizeof ret->ends);
    for (size_t i = 0; i < count; i++) {
        bins[i] = (uint16_t)((draws[i] - least) * scale);
        ret->ends[bins[i]]++;
    }
    uint16_t passed = 0;
    for (size_t i = 0; i < BINS; i++) {
        at[i] = passed;
        passed = (uint16_t)(passed + ret->ends[i]);
        ret->ends[i] = passed;
    }
    for (size_t i = 0; i < count; i++)
        ret->draws[at[bins[i]]++] = draws[i];
}

static void bin_sort(struct ordered *o, size_t bin)
{
    for (size_t i = bin == 0 ? 1 : o->ends[bin - 1] + 1u; i < o->ends[bin]; i++) {
        double draw = o->draws[i];
        size_t to = i, first = bin == 0 ? 0 : o->ends[bin - 1];
        for (; to > first && o->draws[to - 1] > draw; to--)
            o->draws[to] = o->draws[to - 1];
        o->draws[to] = draw;
    }
}

static void quantiles_order(const double *draws, size_t count, double least, double most, struct spread *ret)
{
    struct ordered o;
    size_t bin = 0, sorted = 0; /* bins before it are sorted where they were asked for */
    order_by_bins(draws, count, least, most, &o);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        double rank = rank_of(i, count), below = floor(rank);
        size_t at = (size_t)below, next = at + 1 < count ? at + 1 : at;
        for (size_t wanted = at; wanted <= next; wanted++) {
            while (o.ends[bin] <= wanted)
                bin++;
            if (sorted <= bin)
                bin_sort(&o, bin);
            sorted = bin + 1;
        }
        ret->q[i] = o.draws[at] + (o.draws[next] - o.draws[at]) * (rank - below);
    }
}

/* The value at a rank, from counts of whole values. */
static double tally_at(const uint16_t *tally, double least, size_t rank)
{
    size_t value = 0, passed = tally[0];
    while (passed <= rank)
        passed += tally[++value];
    return least + (double)value;
}

static void quantiles_tally(const double *draws, size_t count, double least, size_t range, struct spread *ret)
{
    uint16_t tally[TALLY_MAX + 1];
    memset(tally, 0, (range + 1) * sizeof *tally);
    for (size_t i = 0; i < count; i++)
        tally[(size_t)(draws[i] - least)]++;
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        double rank = rank_of(i, count), below = floor(rank);
        size_t at = (size_t)below, next = at + 1 < count ? at + 1 : at;
        double low = tally_at(tally, least, at);
        ret->q[i] = low + (tally_at(tally, least, next) - low) * (rank - below);
    }
}

static void quantiles_same(double draw, struct spread *ret)
{
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        ret->q[i] = draw;
}

void spread_of(const double *draws, size_t count, struct spread *ret)
{
    double sum = 0, least = draws[0], most = draws[0];
    bool whole = true;
    MUST(count >= 1 && count <= SPREAD_DRAWS_MAX);
    for (size_t i = 0; i < count; i++) {
        sum += draws[i];
        least = draws[i] < least ? draws[i] : least;
        most = draws[i] > most ? draws[i] : most;
        whole = whole && draws[i] == (double)(int64_t)draws[i];
    }
    ret->mean = sum / (double)count;
    if (whole && most - least <= TALLY_MAX)
        quantiles_tally(draws, count, least, (size_t)(most - least), ret);
    else if (most <= least)
        quantiles_same(least, ret);
    else
        quantiles_order(draws, count, least, most, ret);
}
