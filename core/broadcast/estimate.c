#include "core/broadcast/estimate.h"

#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

const char *estimate_flag_name(enum estimate_flag flag)
{
    switch (flag) {
    case FLAG_NO_HISTORY:
        return "no-history";
    case FLAG_HOLD_TIME_CHANGED:
        return "hold-time-changed";
    case FLAG_SKU_UNKNOWN:
        return "sku-unknown";
    case FLAG_OVERRUN:
        return "overrun";
    case FLAG_SUSPECT_HOLDS:
        return "suspect-holds";
    case FLAG_AUDIENCE_MISSING:
        return "audience-missing";
    case FLAG_MASTER_DATA_MISSING:
        return "master-data-missing";
    case FLAG_LATE_EVENTS:
        return "late-events";
    case FLAG_STOCK_UNKNOWN:
        return "stock-unknown";
    case FLAG_HISTORY_CUT:
        return "history-cut";
    }
    return "unknown";
}

const char *estimate_phase_name(enum estimate_phase phase)
{
    static const char *const names[] = {"live", "tail", "closed"};
    MUST((size_t)phase < sizeof names / sizeof *names);
    return names[phase];
}

const char *estimate_part_name(enum estimate_part part)
{
    static const char *const names[ESTIMATE_PARTS] = {"firm", "holds", "live", "tail", "cancelled"};
    MUST((size_t)part < ESTIMATE_PARTS);
    return names[part];
}

const char *actual_kind_name(enum actual_kind kind)
{
    static const char *const names[] = {"shipped", "cancelled", "returned"};
    MUST((size_t)kind < sizeof names / sizeof *names);
    return names[kind];
}

const char *change_kind_name(enum change_kind kind)
{
    static const char *const names[CHANGE_KINDS] = {"price",    "offer",  "offer_ended", "stopped",     "opened",
                                                    "recalled", "bundle", "freebie",     "extra_ended", "added"};
    MUST((size_t)kind < CHANGE_KINDS);
    return names[kind];
}

/* ---- owners ---- */

void estimate_finish(struct estimate *e)
{
    if (e == NULL)
        return;
    free(e->skus);
    free(e->cells);
    free(e->loads);
    free(e->cartons);
    *e = (struct estimate){0};
}

void logistics_plan_finish(struct logistics_plan *p)
{
    if (p == NULL)
        return;
    free(p->stocks);
    *p = (struct logistics_plan){0};
}

enum result logistics_plan_copy(struct logistics_plan *to, const struct logistics_plan *from)
{
    struct logistics_sku_stock *stocks = NULL;
    if (from->stocks_count > 0) {
        stocks = malloc(from->stocks_count * sizeof *stocks);
        if (stocks == NULL)
            return RESULT_NO_MEMORY;
        memcpy(stocks, from->stocks, from->stocks_count * sizeof *stocks);
    }
    *to = *from;
    to->stocks = stocks;
    return RESULT_OK;
}

const char *logistics_site_name(const struct logistics_plan *p, uint16_t site)
{
    return site < p->sites_count ? p->sites[site].id.text : "*";
}

const char *logistics_wave_name(const struct logistics_plan *p, uint16_t wave)
{
    if (wave < p->waves_count)
        return p->waves[wave].id.text;
    return wave == ESTIMATE_ALL ? "*" : "later";
}
