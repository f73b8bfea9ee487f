#include "logistics/rules/spread.h"

#include <math.h>
#include <string.h>

#define TALLY_MAX 512 /* whole draws within such a range are counted instead of sorted */

static const double levels[ESTIMATE_QUANTILES] = {0.05, 0.25, 0.5, 0.75, 0.95};

/* Afterwards draws[rank] is what sorting would put there, nothing from `from` on to it is greater, nothing behind it less
 * (Hoare, "Find", 1961). */
static void select_rank(double *draws, size_t from, size_t count, size_t rank)
{
    ptrdiff_t left = (ptrdiff_t)from, right = (ptrdiff_t)count - 1, at = (ptrdiff_t)rank;
    while (left < right) {
        double pivot = draws[at];
        ptrdiff_t low = left, high = right;
        do {
            while (draws[low] < pivot)
                low++;
            while (pivot < draws[high])
                high--;
            if (low <= high) {
                double x = draws[low];
                draws[low++] = draws[high];
                draws[high--] = x;
            }
        } while (low <= high);
        if (high < at)
            left = low;
        if (at < low)
            right = high;
    }
}

static double rank_of(size_t level, size_t count) { return levels[level] * (double)(count - 1); }

static void quantiles_select(double *draws, size_t count, struct spread *ret)
{
    size_t from = 0;
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        double rank = rank_of(i, count), below = floor(rank);
        size_t at = (size_t)below;
        select_rank(draws, from, count, at);
        if (at + 1 < count)
            select_rank(draws, at + 1, count, at + 1);
        double upper = at + 1 < count ? draws[at + 1] : draws[at];
        ret->q[i] = draws[at] + (upper - draws[at]) * (rank - below);
        from = at;
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

void spread_of(double *draws, size_t count, struct spread *ret)
{
    double sum = 0, least = draws[0], most = draws[0];
    bool whole = count <= UINT16_MAX;
    for (size_t i = 0; i < count; i++) {
        sum += draws[i];
        least = draws[i] < least ? draws[i] : least;
        most = draws[i] > most ? draws[i] : most;
        whole = whole && draws[i] == (double)(int64_t)draws[i];
    }
    ret->mean = sum / (double)count;
    if (whole && most - least <= TALLY_MAX)
        quantiles_tally(draws, count, least, (size_t)(most - least), ret);
    else
        quantiles_select(draws, count, ret);
}
