#include "core/broadcast/sale_trip.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool sale_trip_is_low(const struct sale_trip_rule *rule, const struct money *catalogue, const struct money *price)
{
    return rule->units != 0 && catalogue->currency[0] != '\0' && strcmp(catalogue->currency, price->currency) == 0 &&
           (catalogue->minor - price->minor) * 100 > catalogue->minor * rule->percent;
}

static bool is_in_window(const struct sale_trip *trip, size_t at)
{
    return trip->seconds[at].units > 0 && trip->seconds[at].second > trip->latest_s - SALE_TRIP_SECONDS;
}

static int64_t units_in_window(const struct sale_trip *trip)
{
    int64_t units = 0;
    for (size_t i = 0; i < SALE_TRIP_SECONDS; i++)
        units += is_in_window(trip, i) ? trip->seconds[i].units : 0;
    return units;
}

int64_t sale_trip_count(struct sale_trip *trip, uint32_t version, int64_t ms, uint32_t units)
{
    int64_t second = ms / 1000;
    if (version < trip->version)
        return units_in_window(trip);
    if (version > trip->version)
        *trip = (struct sale_trip){.version = version};
    if (second > trip->latest_s)
        trip->latest_s = second;
    size_t at = (size_t)(trip->latest_s % SALE_TRIP_SECONDS);
    if (trip->seconds[at].second != trip->latest_s) {
        trip->seconds[at].second = trip->latest_s;
        trip->seconds[at].units = 0;
    }
    trip->seconds[at].units += units;
    return units_in_window(trip);
}

static int64_t seconds_in_window(const struct sale_trip *trip)
{
    int64_t first = trip->latest_s;
    for (size_t i = 0; i < SALE_TRIP_SECONDS; i++)
        if (is_in_window(trip, i) && trip->seconds[i].second < first)
            first = trip->seconds[i].second;
    return trip->latest_s - first + 1;
}

void sale_trip_reason(const struct sale_trip *trip, const struct money *catalogue, const struct money *price,
                      char ret[SALE_TRIP_REASON_MAX])
{
    char low[MONEY_TEXT_MAX], listed[MONEY_TEXT_MAX];
    money_text(price, low);
    money_text(catalogue, listed);
    snprintf(ret, SALE_TRIP_REASON_MAX,
             "Stopped by itself: %" PRId64 " claimed within %" PRId64 " s at %s, %" PRId64
             " %% below the catalogue's %s. Open it again if this price is meant.",
             units_in_window(trip), seconds_in_window(trip), low,
             (catalogue->minor - price->minor) * 100 / catalogue->minor, listed);
}
