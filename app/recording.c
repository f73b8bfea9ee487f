/* app/recording.c - from lines of JSON to events of a sale.
 *
 *   recording_open      the start line: what is sold, where it lies, what is planned
 *     read_sites        the shop's, or those that the stock is named by
 *     read_skus, read_rundown
 *   recording_next      one event; types of later versions are let pass */
#include "app/recording.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ws/wire/logistics_in.h"

#define TAIL_USUAL_S (72 * 3600.0)
#define GRAMS_MAX 10000000
#define SIDE_MAX_MM 100000

PRINTF_LIKE(2, 3) static enum result refuse(struct recording *r, const char *format, ...)
{
    char what[sizeof r->why - 32];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    snprintf(r->why, sizeof r->why, "line %zu: %s", r->line, what);
    return RESULT_MALFORMED;
}

/* ---- members ---- */

static const char *type_of(const struct recording *r) { return json_string_value(json_object_get(r->event, "type")); }

static enum result read_number(struct recording *r, const json_t *in, const char *name, double low, double high,
                               double *ret)
{
    const json_t *value = json_object_get(in, name);
    double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= low && number <= high))
        return refuse(r, "%s: %s: %.10g to %.10g is expected", type_of(r), name, low, high);
    *ret = number;
    return RESULT_OK;
}

static enum result read_whole(struct recording *r, const json_t *in, const char *name, int64_t low, int64_t high,
                              int64_t *ret)
{
    const json_t *value = json_object_get(in, name);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < low || number > high)
        return refuse(r, "%s: %s: a whole number of %lld to %lld is expected", type_of(r), name, (long long)low,
                      (long long)high);
    *ret = number;
    return RESULT_OK;
}

static bool is_there(const json_t *in, const char *name)
{
    const json_t *value = json_object_get(in, name);
    return value != NULL && !json_is_null(value);
}

static enum result read_whole_if_there(struct recording *r, const json_t *in, const char *name, int64_t low,
                                       int64_t high, int64_t *ret)
{
    return is_there(in, name) ? read_whole(r, in, name, low, high, ret) : RESULT_OK;
}

static enum result read_text(struct recording *r, const char *name, const char **ret)
{
    const json_t *value = json_object_get(r->event, name);
    size_t len = json_string_length(value);
    if (len < 1 || len > RECORDING_TEXT_MAX || strlen(json_string_value(value)) != len)
        return refuse(r, "%s: %s: a text of 1 to %d bytes is expected", type_of(r), name, RECORDING_TEXT_MAX);
    *ret = json_string_value(value);
    return RESULT_OK;
}

static enum result read_sku(struct recording *r, const json_t *in, const char *name, struct sku_id *ret)
{
    const json_t *value = json_object_get(in, name);
    if (json_is_string(value) && ID_PARSE(ret, json_string_value(value), json_string_length(value)) == RESULT_OK)
        return RESULT_OK;
    return refuse(r, "%s: %s: the id of a SKU is expected", type_of(r), name);
}

/* ---- lines ---- */

/* RESULT_NOT_FOUND: no further line. */
static enum result read_line(struct recording *r)
{
    ssize_t len;
    json_decref(r->event);
    r->event = NULL;
    do {
        len = getline(&r->text, &r->text_size, r->from);
        if (len < 0 && feof(r->from))
            return RESULT_NOT_FOUND;
        r->line++;
        if (len < 0)
            return refuse(r, "it cannot be read");
    } while (r->text[0] == '\n');
    r->event = json_loadb(r->text, (size_t)len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(r->event))
        return refuse(r, "not a JSON object");
    return type_of(r) == NULL ? refuse(r, "type: an event has a type and a number t") : RESULT_OK;
}

/* ---- the start ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct logistics_site *)a)->id.text, ((const struct logistics_site *)b)->id.text);
}

static enum result site_add(struct recording *r, const char *name)
{
    struct logistics_plan *plan = &r->logistics;
    for (size_t i = 0; i < plan->sites_count; i++)
        if (strcmp(plan->sites[i].id.text, name) == 0)
            return RESULT_OK;
    if (plan->sites_count == SITES_MAX)
        return refuse(r, "start: skus: at most %d sites are expected in all", SITES_MAX);
    if (ID_PARSE(&plan->sites[plan->sites_count].id, name, strlen(name)) != RESULT_OK)
        return refuse(r, "start: skus: stock: the id of a site is expected");
    plan->sites_count++;
    return RESULT_OK;
}

static enum result read_sites(struct recording *r, const json_t *skus)
{
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < json_array_size(skus); i++) {
        json_t *stock = json_object_get(json_array_get(skus, i), "stock");
        for (void *at = json_object_iter(stock); result == RESULT_OK && at != NULL;
             at = json_object_iter_next(stock, at))
            result = site_add(r, json_object_iter_key(at));
    }
    qsort(r->logistics.sites, r->logistics.sites_count, sizeof r->logistics.sites[0], by_name);
    return result;
}

/* ESTIMATE_ALL: not one of them. */
static uint16_t site_find(const struct recording *r, const char *name)
{
    for (size_t i = 0; i < r->logistics.sites_count; i++)
        if (strcmp(r->logistics.sites[i].id.text, name) == 0)
            return (uint16_t)i;
    return ESTIMATE_ALL;
}

static enum result read_stock(struct recording *r, json_t *stock, int64_t units[SITES_MAX])
{
    enum result result = RESULT_OK;
    for (size_t i = 0; i < SITES_MAX; i++)
        units[i] = json_is_object(stock) && i < r->logistics.sites_count ? 0 : -1;
    for (void *at = json_object_iter(stock); result == RESULT_OK && at != NULL; at = json_object_iter_next(stock, at)) {
        uint16_t site = site_find(r, json_object_iter_key(at));
        if (site == ESTIMATE_ALL)
            return refuse(r, "start: skus: stock: %.64s is no site of the plan", json_object_iter_key(at));
        result = read_whole(r, stock, json_object_iter_key(at), 0, STOCK_UNITS_MAX, &units[site]);
    }
    return result;
}

static enum result read_size(struct recording *r, const json_t *mm, uint32_t size[3])
{
    for (size_t i = 0; i < 3 && mm != NULL; i++) {
        json_int_t side = json_integer_value(json_array_get(mm, i));
        if (json_array_size(mm) != 3 || side < 0 || side > SIDE_MAX_MM)
            return refuse(r, "start: skus: mm: three whole numbers of 0 to %d are expected", SIDE_MAX_MM);
        size[i] = (uint32_t)side;
    }
    return RESULT_OK;
}

static enum result read_one_sku(struct recording *r, const json_t *from, struct estimator_sku *ret)
{
    int64_t grams = 0;
    enum result result = read_sku(r, from, "id", &ret->sku);
    if (result == RESULT_OK)
        result = read_whole_if_there(r, from, "g", 0, GRAMS_MAX, &grams);
    if (result == RESULT_OK)
        result = read_size(r, json_object_get(from, "mm"), ret->size_mm);
    if (result == RESULT_OK)
        result = read_stock(r, json_object_get(from, "stock"), ret->stock);
    ret->grams = (uint32_t)grams;
    return result;
}

static enum result read_skus(struct recording *r, const json_t *from)
{
    size_t count = json_array_size(from);
    if (count == 0 || count > ESTIMATOR_SKUS_MAX)
        return refuse(r, "start: skus: an array of 1 to %d is expected", ESTIMATOR_SKUS_MAX);
    struct estimator_sku *skus = calloc(count, sizeof *skus);
    if (skus == NULL)
        return RESULT_NO_MEMORY;
    r->plan.skus = r->skus = skus;
    r->plan.skus_count = count;
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < count; i++)
        result = read_one_sku(r, json_array_get(from, i), &skus[i]);
    return result;
}

static enum result read_rundown(struct recording *r, const json_t *from)
{
    size_t count = json_array_size(from);
    if (count > ESTIMATOR_RUN_MAX)
        return refuse(r, "start: rundown: at most %d planned pins are expected", ESTIMATOR_RUN_MAX);
    struct planned_pin *run = calloc(count + 1, sizeof *run);
    if (run == NULL)
        return RESULT_NO_MEMORY;
    r->plan.run = r->run = run;
    r->plan.run_count = count;
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        const json_t *pin = json_array_get(from, i);
        result = read_sku(r, pin, "sku", &run[i].sku);
        if (result == RESULT_OK)
            result = read_number(r, pin, "t", i > 0 ? run[i - 1].t : 0, RECORDING_TIME_MAX_S, &run[i].t);
    }
    return result;
}

/* The plan the broadcast was estimated with, when no other is wanted. */
static enum result read_logistics(struct recording *r)
{
    struct decode_fault fault;
    const json_t *plan = json_object_get(r->event, "logistics");
    if (plan == NULL)
        return RESULT_OK;
    char *text = json_dumps(plan, JSON_COMPACT);
    if (text == NULL)
        return RESULT_NO_MEMORY;
    enum result result = plan_parse(text, strlen(text), &r->logistics, &fault);
    free(text);
    return result == RESULT_MALFORMED ? refuse(r, "start: logistics: %s %s", fault.field, fault.detail) : result;
}

static enum result read_start(struct recording *r)
{
    int64_t seed = 0;
    const json_t *skus = json_object_get(r->event, "skus");
    r->plan.tail_s = TAIL_USUAL_S;
    enum result result = read_number(r, r->event, "planned_end", 1, RECORDING_TIME_MAX_S, &r->plan.planned_s);
    if (result == RESULT_OK)
        result = read_number(r, r->event, "ttl", 1, RECORDING_TIME_MAX_S, &r->plan.hold_s);
    if (result == RESULT_OK && is_there(r->event, "horizon"))
        result = read_number(r, r->event, "horizon", 1, RECORDING_TIME_MAX_S, &r->plan.tail_s);
    if (result == RESULT_OK)
        result = read_whole_if_there(r, r->event, "start_ms", 0, INT64_MAX / 2, &r->plan.start_ms);
    if (result == RESULT_OK)
        result = read_whole_if_there(r, r->event, "seed", 0, WHOLE_MAX, &seed);
    r->plan.seed = (uint64_t)seed;
    if (result == RESULT_OK && r->logistics.sites_count == 0)
        result = read_sites(r, skus);
    if (result == RESULT_OK)
        result = read_skus(r, skus);
    return result == RESULT_OK ? read_rundown(r, json_object_get(r->event, "rundown")) : result;
}

enum result recording_open(struct recording *r, FILE *from, const struct logistics_plan *logistics)
{
    *r = (struct recording){.from = from};
    enum result result = logistics == NULL ? RESULT_OK : logistics_plan_copy(&r->logistics, logistics);
    if (result != RESULT_OK)
        return result;
    result = read_line(r);
    if (result == RESULT_NOT_FOUND || (result == RESULT_OK && strcmp(type_of(r), "start") != 0))
        result = refuse(r, "type: a recording begins with start");
    if (result == RESULT_OK && logistics == NULL)
        result = read_logistics(r);
    if (result == RESULT_OK)
        result = read_start(r);
    r->plan.logistics = &r->logistics;
    return result;
}

void recording_close(struct recording *r)
{
    free(r->skus);
    free(r->run);
    logistics_plan_finish(&r->logistics);
    json_decref(r->event);
    free(r->text);
    *r = (struct recording){0};
}

/* ---- events ---- */

enum line_member { /* bits: what an event of a kind has */
                   HAS_N = 1 << 0,
                   HAS_SKU = 1 << 1,
                   HAS_ID = 1 << 2,
                   HAS_QTY = 1 << 3,
                   MAY_HAVE_QTY = 1 << 4,
                   HAS_UNITS = 1 << 5,
                   MAY_HAVE_SITE = 1 << 6,
                   MAY_HAVE_BUYER = 1 << 7,
                   MAY_HAVE_SKU = 1 << 8,
                   MAY_HAVE_GRAMS = 1 << 9,
                   OF_HOLD = HAS_ID | MAY_HAVE_SKU,
};
static const struct line_kind {
    const char *type;
    enum sale_kind kind;
    unsigned members;
} line_kinds[] = {
    {"viewers", SALE_VIEWERS, HAS_N},
    {"pin", SALE_PIN, HAS_SKU},
    {"hold", SALE_HOLD, HAS_ID | HAS_SKU | HAS_QTY | MAY_HAVE_SITE | MAY_HAVE_BUYER},
    {"confirm", SALE_CONFIRM, OF_HOLD | MAY_HAVE_QTY | MAY_HAVE_SITE | MAY_HAVE_BUYER},
    {"release", SALE_RELEASE, OF_HOLD},
    {"expire", SALE_EXPIRE, OF_HOLD},
    {"extend", SALE_EXTEND, OF_HOLD},
    {"cancel", SALE_CANCEL, OF_HOLD | MAY_HAVE_QTY},
    {"return", SALE_RETURN, OF_HOLD | MAY_HAVE_QTY},
    {"ship", SALE_SHIP, OF_HOLD | MAY_HAVE_SITE},
    {"waitlist", SALE_WAIT, HAS_SKU},
    {"leave", SALE_LEAVE, HAS_SKU},
    {"stock", SALE_STOCK, HAS_SKU | HAS_UNITS | MAY_HAVE_SITE},
    {"sku", SALE_SKU, HAS_SKU | MAY_HAVE_GRAMS},
    {"stop", SALE_STOP, HAS_SKU},
    {"open", SALE_OPEN, HAS_SKU},
    {"end", SALE_END, 0},
    {"close", SALE_CLOSE, 0},
};

static const struct line_kind *line_kind_find(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(line_kinds); i++)
        if (strcmp(type, line_kinds[i].type) == 0)
            return &line_kinds[i];
    return NULL;
}

static enum result read_whose(struct recording *r, unsigned has, struct sale_event *e)
{
    struct sku_id sku;
    enum result result = RESULT_OK;
    if (has & HAS_ID)
        result = read_text(r, "id", &e->hold);
    if (result == RESULT_OK && (has & HAS_SKU || (has & MAY_HAVE_SKU && is_there(r->event, "sku")))) {
        result = read_sku(r, r->event, "sku", &sku);
        e->sku = json_string_value(json_object_get(r->event, "sku"));
    }
    if (result == RESULT_OK && (has & MAY_HAVE_BUYER) && is_there(r->event, "buyer"))
        result = read_text(r, "buyer", &e->buyer);
    return result;
}

static enum result read_counts(struct recording *r, unsigned has, struct sale_event *e)
{
    enum result result = RESULT_OK;
    if (has & HAS_N)
        result = read_whole(r, r->event, "n", 0, STOCK_UNITS_MAX, &e->n);
    if (result == RESULT_OK && (has & MAY_HAVE_GRAMS))
        result = read_whole_if_there(r, r->event, "g", 0, UINT32_MAX, &e->n);
    if (result == RESULT_OK && (has & HAS_QTY))
        result = read_whole(r, r->event, "qty", 1, HOLD_UNITS_MAX, &e->units);
    if (result == RESULT_OK && (has & MAY_HAVE_QTY))
        result = read_whole_if_there(r, r->event, "qty", 1, HOLD_UNITS_MAX, &e->units);
    if (result == RESULT_OK && (has & HAS_UNITS))
        result = read_whole(r, r->event, "units", 0, STOCK_UNITS_MAX, &e->units);
    return result;
}

static enum result read_event(struct recording *r, const struct line_kind *kind, struct sale_event *ret)
{
    struct sale_event e = {.kind = kind->kind, .site = ESTIMATE_ALL};
    enum result result = read_number(r, r->event, "t", 0, RECORDING_TIME_MAX_S, &e.t);
    if (result == RESULT_OK)
        result = read_whose(r, kind->members, &e);
    if (result == RESULT_OK)
        result = read_counts(r, kind->members, &e);
    if (result == RESULT_OK && (kind->members & MAY_HAVE_SITE) && is_there(r->event, "wh")) {
        const char *site = NULL;
        result = read_text(r, "wh", &site);
        e.site = result == RESULT_OK ? site_find(r, site) : ESTIMATE_ALL;
        if (result == RESULT_OK && e.site == ESTIMATE_ALL)
            result = refuse(r, "%s: wh: a site that the start or the plan names is expected", kind->type);
    }
    if (result == RESULT_OK)
        *ret = e;
    return result;
}

enum result recording_next(struct recording *r, struct sale_event *ret)
{
    const struct line_kind *kind = NULL;
    while (kind == NULL) {
        enum result result = read_line(r);
        if (result != RESULT_OK)
            return result;
        if (strcmp(type_of(r), "start") == 0)
            return refuse(r, "type: one start is expected");
        kind = line_kind_find(type_of(r));
    }
    return read_event(r, kind, ret);
}
