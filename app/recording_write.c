#include "app/recording_write.h"

#include <inttypes.h>

#include "ws/wire/logistics_parts.h"

/* Ids need no escaping, and nothing else is text here. */

static const char *site_name(const struct logistics_plan *logistics, size_t site)
{
    bool named = logistics != NULL && site < logistics->sites_count;
    return named ? logistics->sites[site].id.text : RECORDING_SITE;
}

static size_t sites_count(const struct logistics_plan *logistics)
{
    return logistics == NULL || logistics->sites_count == 0 ? 1 : logistics->sites_count;
}

/* ---- the start ---- */

static void write_stock(struct bytes *out, const struct estimator_sku *sku, const struct logistics_plan *logistics)
{
    if (sku->stock[0] < 0)
        return; /* not known */
    bytes_text(out, ",\"stock\":{");
    for (size_t i = 0; i < sites_count(logistics); i++)
        bytes_format(out, "%s\"%s\":%" PRId64, i == 0 ? "" : ",", site_name(logistics, i), sku->stock[i]);
    bytes_text(out, "}");
}

static void write_sku(struct bytes *out, const struct estimator_sku *sku, const struct logistics_plan *logistics)
{
    const uint32_t *mm = sku->size_mm;
    bytes_format(out, "{\"id\":\"%s\"", sku->sku.text);
    if (sku->grams > 0)
        bytes_format(out, ",\"g\":%" PRIu32, sku->grams);
    if (mm[0] + mm[1] + mm[2] > 0)
        bytes_format(out, ",\"mm\":[%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", mm[0], mm[1], mm[2]);
    write_stock(out, sku, logistics);
    bytes_text(out, "}");
}

void recording_write_start(struct bytes *out, const struct shop_id *shop, const struct broadcast_id *broadcast,
                           const struct estimator_plan *plan)
{
    bytes_format(out,
                 "{\"type\":\"start\",\"t\":0,\"shop\":\"%s\",\"broadcast\":\"%s\",\"start_ms\":%" PRId64
                 ",\"planned_end\":%.3f,\"ttl\":%.3f,\"horizon\":%.3f,\"seed\":%" PRIu64 ",\"skus\":[",
                 shop->text, broadcast->text, plan->start_ms, plan->planned_s, plan->hold_s, plan->tail_s, plan->seed);
    for (size_t i = 0; i < plan->skus_count; i++) {
        bytes_append(out, ",", i > 0);
        write_sku(out, &plan->skus[i], plan->logistics);
    }
    bytes_text(out, "],\"rundown\":[");
    for (size_t i = 0; i < plan->run_count; i++)
        bytes_format(out, "%s{\"t\":%.3f,\"sku\":\"%s\"}", i == 0 ? "" : ",", plan->run[i].t, plan->run[i].sku.text);
    bytes_text(out, "]");
    if (plan->logistics != NULL) {
        bytes_text(out, ",\"logistics\":");
        plan_write(out, plan->logistics);
    }
    bytes_text(out, "}\n");
}

/* ---- events ---- */

static void write_text(struct bytes *out, const char *name, const char *text)
{
    if (text != NULL)
        bytes_format(out, ",\"%s\":\"%s\"", name, text);
}

static bool is_of_hold(enum sale_kind kind)
{
    switch (kind) {
    case SALE_HOLD:
    case SALE_CONFIRM:
    case SALE_RELEASE:
    case SALE_EXPIRE:
    case SALE_EXTEND:
    case SALE_CANCEL:
    case SALE_RETURN:
    case SALE_SHIP:
        return true;
    default:
        return false;
    }
}

static bool has_units(enum sale_kind kind)
{
    return kind == SALE_HOLD || kind == SALE_CONFIRM || kind == SALE_CANCEL || kind == SALE_RETURN;
}

static bool has_site(enum sale_kind kind)
{
    return kind == SALE_HOLD || kind == SALE_CONFIRM || kind == SALE_SHIP || kind == SALE_STOCK;
}

static void write_numbers(struct bytes *out, const struct sale_event *e)
{
    if (e->kind == SALE_VIEWERS)
        bytes_format(out, ",\"n\":%" PRId64, e->n);
    else if (e->kind == SALE_SKU && e->n > 0)
        bytes_format(out, ",\"g\":%" PRId64, e->n);
    else if (e->kind == SALE_STOCK)
        bytes_format(out, ",\"units\":%" PRId64, e->units);
    else if (has_units(e->kind) && e->units > 0)
        bytes_format(out, ",\"qty\":%" PRId64, e->units);
}

void recording_write_event(struct bytes *out, const struct sale_event *e, double t,
                           const struct logistics_plan *logistics)
{
    static const char *const types[] = {
        [SALE_VIEWERS] = "viewers", [SALE_PIN] = "pin",       [SALE_HOLD] = "hold",     [SALE_CONFIRM] = "confirm",
        [SALE_RELEASE] = "release", [SALE_EXPIRE] = "expire", [SALE_EXTEND] = "extend", [SALE_CANCEL] = "cancel",
        [SALE_RETURN] = "return",   [SALE_SHIP] = "ship",     [SALE_WAIT] = "waitlist", [SALE_LEAVE] = "leave",
        [SALE_STOCK] = "stock",     [SALE_SKU] = "sku",       [SALE_STOP] = "stop",     [SALE_OPEN] = "open",
        [SALE_END] = "end",         [SALE_CLOSE] = "close",
    };
    MUST((size_t)e->kind < ARRAY_LEN(types));
    bytes_format(out, "{\"type\":\"%s\",\"t\":%.3f", types[e->kind], t);
    if (is_of_hold(e->kind))
        write_text(out, "id", e->hold);
    write_text(out, "sku", e->sku);
    write_numbers(out, e);
    if (e->site != ESTIMATE_ALL && has_site(e->kind))
        write_text(out, "wh", site_name(logistics, e->site));
    if (e->kind == SALE_HOLD || e->kind == SALE_CONFIRM)
        write_text(out, "buyer", e->buyer);
    bytes_text(out, "}\n");
}
