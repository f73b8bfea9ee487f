/* What a planner is told of the sample: the plan, one estimate, what was told before, who hears of it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/ws/wire/sample_logistics.h"

#define TEXT_SET(to, from) snprintf((to), sizeof(to), "%s", (from))
#define SPREAD(mean_, ...)                                                                                             \
    {                                                                                                                  \
        .mean = (mean_), .q = { __VA_ARGS__ }                                                                          \
    }
#define UNKNOWN                                                                                                        \
    {                                                                                                                  \
        .mean = NAN                                                                                                    \
    }

static struct logistics_sku_stock stocks[1] = {{.sku = SAMPLE_ID("mug-red"), .units = {30, 10}}};

const struct logistics_plan *sample_plan(void)
{
    static const struct logistics_plan plan = {
        .version = 3,
        .sites = {{.id = SAMPLE_ID("W1"), .share = 60, .parcels_per_wave = 900}, {.id = SAMPLE_ID("W2"), .share = 40}},
        .sites_count = 2,
        .waves = {{.id = SAMPLE_ID("evening"), .after_end = true, .cut_off_ms = 7200000}},
        .waves_count = 1,
        .cartons = {{.id = SAMPLE_ID("S"), .size_mm = {200, 150, 100}, .weight_max_g = 2000, .tare_g = 80}},
        .cartons_count = 1,
        .fill_per_mille = 700,
        .cm3_per_kg = 5000,
        .tail_hours = 72,
        .stocks = stocks,
        .stocks_count = 1,
    };
    return &plan;
}

const struct estimate *sample_estimate(void)
{
    static struct estimate_sku skus[] = {
        {.sku = SAMPLE_ID("mug-red"),
         .firm = 30,
         .held = 3,
         .waitlist = 2,
         .stock = 40,
         .units = SPREAD(36.24, 33, 35, 36, 38, 40),
         .parts = {30, 2.1, 2.5, 2.64, -1},
         .lost = 1.2,
         .short_by = 4},
        {.sku = SAMPLE_ID("lamp"),
         .firm = 20,
         .stock = -1,
         .units = SPREAD(27.5, 22, 25, 27, 30, 35),
         .parts = {20, 0, 4, 4.04, -0.54},
         .flags = FLAG_SKU_UNKNOWN | FLAG_STOCK_UNKNOWN},
    };
    static struct estimate_cell cells[] = {
        {.sku = 0, .site = 0, .wave = 0, .firm = 18, .units = SPREAD(20.4, 19, 20, 20, 21, 23)},
        {.sku = 0, .site = 1, .wave = 0, .firm = 12, .units = SPREAD(12.6, 12, 12, 12, 13, 14)},
        {.sku = 0, .site = 0, .wave = 1, .units = SPREAD(3.24, 1, 2, 3, 4, 6)},
        {.sku = 1, .site = 0, .wave = 0, .firm = 20, .units = SPREAD(24, 21, 23, 24, 25, 28)},
        {.sku = 1, .site = 0, .wave = 1, .units = SPREAD(3.5, 1, 2, 3, 5, 7)},
        {.sku = 1, .site = 1, .wave = 1, .units = SPREAD(0.01, 0, 0, 0, 0, 0.04)}, /* nothing: left out */
    };
    static struct estimate_load loads[] = {
        {.site = ESTIMATE_ALL,
         .wave = ESTIMATE_ALL,
         .firm = 50,
         .units = SPREAD(63.74, 57, 61, 63, 66, 73),
         .parcels = SPREAD(41.02, 36, 39, 41, 43, 47),
         .grams = UNKNOWN,
         .cm3 = UNKNOWN},
        {.site = 0,
         .wave = ESTIMATE_ALL,
         .firm = 38,
         .units = SPREAD(51.1, 45, 49, 51, 53, 59),
         .parcels = SPREAD(33, 29, 31, 33, 35, 38),
         .grams = SPREAD(21462.04, 18900, 20580, 21420, 22260, 24780),
         .cm3 = SPREAD(48061, 42323, 46085, 47967, 49848, 55490)},
    };
    static struct estimate_carton cartons[] = {{.carton = 0, .count = SPREAD(38.5, 34, 37, 38, 40, 44)}};
    static const struct estimate estimate = {
        .phase = ESTIMATE_LIVE,
        .flags = FLAG_NO_HISTORY | FLAG_SUSPECT_HOLDS,
        .suspect_holds = 240,
        .skus = skus,
        .skus_count = ARRAY_LEN(skus),
        .cells = cells,
        .cells_count = ARRAY_LEN(cells),
        .loads = loads,
        .loads_count = ARRAY_LEN(loads),
        .cartons = cartons,
        .cartons_count = ARRAY_LEN(cartons),
        .because = {0, 0.1, 0.4996, 0.4004, 0},
        .returns = SPREAD(3.2, 1, 2, 3, 4, 6),
        .accuracy = {.shows = 10, .off = 0.0412, .covered = 0.9},
    };
    return &estimate;
}

void sample_document(struct bytes *out, const struct sample *s)
{
    const struct estimate_names names = {.broadcast = s->broadcast.id,
                                         .title = s->broadcast.details.title,
                                         .state = s->broadcast.state,
                                         .seq = 812,
                                         .as_of_ms = SAMPLE_NOW_MS + 100,
                                         .ledger_id = "1795177200100-0",
                                         .start_ms = s->broadcast.started_ms,
                                         .plan = sample_plan(),
                                         .catalogue = &s->catalogue};
    estimate_write(out, sample_estimate(), &names);
}

const struct estimate_stamp *sample_stamp(void)
{
    static const struct estimate_stamp stamp = {.id = "s811",
                                                .ms = SAMPLE_NOW_MS - 60000,
                                                .by = "paula",
                                                .note = "Labour plan",
                                                .seq = 806,
                                                .firm = 49,
                                                .units = SPREAD(62.5, 55, 59, 62, 65, 72),
                                                .parcels = SPREAD(40.4, 35, 38, 40, 43, 47)};
    return &stamp;
}

const struct promise_change *sample_changes(size_t *ret_count)
{
    static const struct promise_change changes[] = {
        {.seq = 41,
         .ms = SAMPLE_NOW_MS - 30000,
         .kind = CHANGE_PRICE,
         .sku = SAMPLE_ID("mug-red"),
         .was = {1290, "EUR"},
         .now = {990, "EUR"},
         .text = "Price of Red mug: 12.90 to 9.90 EUR"},
        {.seq = 42,
         .ms = SAMPLE_NOW_MS - 20000,
         .kind = CHANGE_FREEBIE,
         .sku = SAMPLE_ID("mug-red"),
         .adds = SAMPLE_ID("sticker"),
         .adds_units = 1,
         .first_orders = 50,
         .text = "First 50 orders with Red mug: add 1 x sticker"},
    };
    *ret_count = ARRAY_LEN(changes);
    return changes;
}

const struct hook_endpoint *sample_hook(void)
{
    static const struct hook_endpoint hook = {.id = "wms",
                                              .url = "https://wms.example/hooks/liveshelf",
                                              .secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
                                              .types = BIT(HOOK_VOLUMES_UPDATED) | BIT(HOOK_VOLUMES_SETTLED)};
    return &hook;
}

const struct hook_dead *sample_dead(size_t *ret_count)
{
    static const struct hook_dead dead[] = {
        {.message = "msg_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
         .type = HOOK_VOLUMES_UPDATED,
         .broadcast = SAMPLE_ID("spring-drop"),
         .seq = 790,
         .attempts = 10,
         .status = 503,
         .ms = SAMPLE_NOW_MS - 90000},
        {.message = "msg_00112233445566778899aabbccddeeff",
         .type = HOOK_PROMISE_CHANGED,
         .broadcast = SAMPLE_ID("spring-drop"),
         .seq = 41,
         .attempts = 10,
         .ms = SAMPLE_NOW_MS - 80000},
    };
    *ret_count = ARRAY_LEN(dead);
    return dead;
}

void sample_expect(struct sample *s)
{
    static const struct fan_point fan[] = {
        {.ms = SAMPLE_NOW_MS - 4900, .firm = 49, .q = {56, 60, 63, 66, 73}},
        {.ms = SAMPLE_NOW_MS + 100, .firm = 50, .q = {57, 61, 63, 66, 73}},
    };
    static const struct last_point points[] = {{0, 0}, {300, 210}, {3600, 790}};
    static const struct last_show last = {.broadcast = SAMPLE_ID("winter-drop"),
                                          .title = "Winter drop",
                                          .shipped = 812,
                                          .points = points,
                                          .points_count = ARRAY_LEN(points)};
    struct volumes_view *v = &s->volumes;
    sample_document(&s->document, s);
    MUST(!s->document.failed);
    v->estimate = s->document.data;
    v->estimate_len = s->document.len;
    v->estimate_seq = 812;
    v->estimate_ms = SAMPLE_NOW_MS + 100;
    v->fan = fan;
    v->fan_count = ARRAY_LEN(fan);
    v->changes = sample_changes(&v->changes_count);
    v->stamps = sample_stamp();
    v->stamps_count = 1;
    v->plan = sample_plan();
    v->last = &last;
    struct volumes_mark told = volumes_mark(v);
    told.series_ms = s->points[0].ms;
    told.fan_ms = fan[0].ms;
    told.estimate_seq = 806;
    volumes_since(v, &told);
}
