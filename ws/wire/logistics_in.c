/* ws/wire/logistics_in.c - the plan, what became of units, webhooks: members by tables, then what no single member can tell. */
#include "ws/wire/logistics_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "core/broadcast/hook_url.h"
#include "ws/wire/parts_in.h"

/* ---- lists whose elements have ids of their own ---- */

struct list_in {
    size_t size, count, max; /* of an element; how many; how many may be */
    size_t min;
    const struct members *members;
    const char *key; /* the member that is unique, an id... */
    size_t key_at;   /* ...and where it is in an element */
};

static enum result id_repeated(struct json_in *in, const struct place *at, const struct list_in *list)
{
    struct place id = {.in = at, .member = list->key};
    return fault_at(in, &id, "stands in an earlier element of the list");
}

/* Elements of a zeroed array that has room for all. */
static enum result read_elements(struct json_in *in, const json_t *value, const struct place *at,
                                 const struct list_in *list, void *array)
{
    struct map known;
    char *to = array;
    enum result result = RESULT_OK;
    map_init(&known, list->max);
    for (size_t i = 0; result == RESULT_OK && i < list->count; i++) {
        struct place here = {.in = at, .index = i};
        char *element = to + i * list->size;
        result = read_object(in, json_array_get(value, i), &here, list->members, element);
        const char *id = element + list->key_at;
        if (result == RESULT_OK && map_get(&known, id) != NULL)
            result = id_repeated(in, &here, list);
        else if (result == RESULT_OK)
            result = map_set(&known, id, element);
    }
    map_finish(&known);
    return result;
}

/* The same into memory of its own; on failure there is none. */
static enum result read_allocated(struct json_in *in, const json_t *value, const struct place *at, struct list_in *list,
                                  void **ret)
{
    *ret = NULL;
    enum result result = read_list(in, value, at, list->min, list->max, &list->count);
    if (result != RESULT_OK || list->count == 0)
        return result;
    *ret = calloc(list->count, list->size);
    if (*ret == NULL)
        return RESULT_NO_MEMORY;
    result = read_elements(in, value, at, list, *ret);
    if (result != RESULT_OK) {
        free(*ret);
        *ret = NULL;
    }
    return result;
}

/* ---- the plan ---- */

struct wave_in { /* a struct logistics_wave, and which of its two moments was said */
    struct logistics_wave wave;
    int64_t cut_off_ms, after_end_ms; /* 0: not said */
};

static enum result read_size_mm(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    return read_sides(in, value, at, 1, to);
}

/* clang-format off */
static const struct member site_list[] = {
    NEEDS(struct logistics_site, "id", ID, id),
    MAY(struct logistics_site, "share", U32, share, .max = PLAN_SHARE_MAX),
    MAY(struct logistics_site, "parcels_per_wave", I64, parcels_per_wave, .max = PLAN_PARCELS_MAX),
};
static const struct member wave_list[] = {
    NEEDS(struct wave_in, "id", ID, wave.id),
    MAY(struct wave_in, "after_end_ms", I64, after_end_ms, .min = 1, .max = PLAN_WAVE_MS_MAX),
    MAY(struct wave_in, "cut_off_ms", I64, cut_off_ms, .min = 1, .max = WHOLE_MAX),
};
static const struct member carton_list[] = {
    NEEDS(struct logistics_carton, "id", ID, id),
    NEEDS(struct logistics_carton, "size_mm", READ, size_mm, .read = read_size_mm),
    NEEDS(struct logistics_carton, "max_weight_g", U32, weight_max_g, .min = 1, .max = WEIGHT_G_MAX),
    MAY(struct logistics_carton, "tare_g", U32, tare_g, .max = WEIGHT_G_MAX),
};
/* clang-format on */
static const struct members site_members = MEMBERS(site_list);
static const struct members wave_members = MEMBERS(wave_list);
static const struct members carton_members = MEMBERS(carton_list);

static enum result read_sites(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct logistics_plan *plan = to;
    struct list_in list = {.size = sizeof plan->sites[0],
                           .max = SITES_MAX,
                           .members = &site_members,
                           .key = "id",
                           .key_at = offsetof(struct logistics_site, id)};
    enum result result = read_list(in, value, at, 0, SITES_MAX, &list.count);
    if (result == RESULT_OK)
        result = read_elements(in, value, at, &list, plan->sites);
    plan->sites_count = list.count;
    return result;
}

static enum result wave_settle(struct json_in *in, const struct place *at, const struct wave_in *waves, size_t index,
                               struct logistics_wave *ret)
{
    const struct wave_in *w = &waves[index];
    struct place id = {.in = at, .member = "id"};
    *ret = w->wave;
    ret->after_end = w->after_end_ms > 0;
    ret->cut_off_ms = ret->after_end ? w->after_end_ms : w->cut_off_ms;
    if ((w->after_end_ms > 0) == (w->cut_off_ms > 0))
        return fault_at(in, at, "must have either after_end_ms or cut_off_ms");
    if (in->source != FROM_LOG && strcmp(ret->id.text, "later") == 0)
        return fault_at(in, &id, "must not be \"later\": that is what no wave takes with it");
    if (index == 0)
        return RESULT_OK;
    if (ret->after_end != ret[-1].after_end)
        return fault_at(in, at, "must be told like the wave before it: all after the end, or all at a moment");
    if (ret->cut_off_ms <= ret[-1].cut_off_ms)
        return fault_at(in, at, "must be later than the wave before it");
    return RESULT_OK;
}

static enum result read_waves(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct logistics_plan *plan = to;
    struct wave_in waves[WAVES_MAX] = {0};
    struct list_in list = {.size = sizeof waves[0],
                           .max = WAVES_MAX,
                           .members = &wave_members,
                           .key = "id",
                           .key_at = offsetof(struct wave_in, wave.id)};
    enum result result = read_list(in, value, at, 0, WAVES_MAX, &list.count);
    if (result == RESULT_OK)
        result = read_elements(in, value, at, &list, waves);
    for (size_t i = 0; result == RESULT_OK && i < list.count; i++) {
        struct place here = {.in = at, .index = i};
        result = wave_settle(in, &here, waves, i, &plan->waves[i]);
    }
    plan->waves_count = list.count;
    return result;
}

static enum result read_cartons(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct logistics_plan *plan = to;
    struct list_in list = {.size = sizeof plan->cartons[0],
                           .max = CARTONS_MAX,
                           .members = &carton_members,
                           .key = "id",
                           .key_at = offsetof(struct logistics_carton, id)};
    enum result result = read_list(in, value, at, 0, CARTONS_MAX, &list.count);
    if (result == RESULT_OK)
        result = read_elements(in, value, at, &list, plan->cartons);
    plan->cartons_count = list.count;
    return result;
}

static enum result read_fill(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    uint32_t *per_mille = to;
    double thousandths = json_number_value(value) * 1000;
    if (!json_is_number(value) || !(thousandths >= PLAN_FILL_MIN && thousandths <= 1000))
        return fault_at(in, at, "must be a share from 0.05 to 1");
    *per_mille = (uint32_t)(thousandths + 0.5);
    return RESULT_OK;
}

static size_t site_find(const struct logistics_plan *plan, const char *name)
{
    size_t site = 0;
    while (site < plan->sites_count && strcmp(plan->sites[site].id.text, name) != 0)
        site++;
    return site;
}

/* {"W1":30,"W2":10}: the sites stand before this in the table of the plan. */
static enum result read_units(struct json_in *in, const json_t *value, const struct place *at,
                              const struct logistics_plan *plan, struct logistics_sku_stock *stock)
{
    static const struct member units = {.kind = MEMBER_U32, .max = STOCK_UNITS_MAX};
    const char *name;
    json_t *number;
    enum result result = RESULT_OK;
    if (!json_is_object(value))
        return fault_at(in, at, "must be an object: units by site");
    json_object_foreach((json_t *)value, name, number)
    {
        struct place here = {.in = at, .member = name};
        size_t site = site_find(plan, name);
        if (site == plan->sites_count)
            return fault_at(in, &here, "is not one of the sites");
        result = read_member(in, number, &here, &units, &stock->units[site]);
        if (result != RESULT_OK)
            return result;
    }
    return result;
}

static enum result units_keep(struct json_in *in, const json_t *value, const struct place *at, void *to);

/* clang-format off */
struct stock_in { struct logistics_sku_stock stock; const json_t *units; }; /* units: borrowed from the document */
static const struct member stock_list[] = {
    NEEDS(struct stock_in, "sku", ID, stock.sku),
    {.name = "units", .kind = MEMBER_READ, .required = true, .read = units_keep, .offset = offsetof(struct stock_in, units)},
};
/* clang-format on */
static const struct members stock_members = MEMBERS(stock_list);

static enum result units_keep(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    (void)in;
    (void)at;
    *(const json_t **)to = value;
    return RESULT_OK;
}

static enum result read_stock(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    struct logistics_plan *plan = to;
    struct list_in list = {.size = sizeof(struct stock_in),
                           .max = PLAN_STOCKS_MAX,
                           .members = &stock_members,
                           .key = "sku",
                           .key_at = offsetof(struct stock_in, stock.sku)};
    void *array;
    enum result result = read_allocated(in, value, at, &list, &array);
    struct stock_in *stocks = array;
    if (result != RESULT_OK || list.count == 0)
        return result;
    plan->stocks = calloc(list.count, sizeof *plan->stocks);
    plan->stocks_count = plan->stocks == NULL ? 0 : list.count;
    if (plan->stocks == NULL)
        result = RESULT_NO_MEMORY;
    for (size_t i = 0; result == RESULT_OK && i < list.count; i++) {
        struct place element = {.in = at, .index = i}, here = {.in = &element, .member = "units"};
        plan->stocks[i] = stocks[i].stock;
        result = read_units(in, stocks[i].units, &here, plan, &plan->stocks[i]);
    }
    free(stocks);
    return result;
}

/* clang-format off */
static const struct member plan_list[] = {
    {.name = "sites", .kind = MEMBER_READ, .required = true, .read = read_sites},
    {.name = "waves", .kind = MEMBER_READ, .read = read_waves},
    {.name = "cartons", .kind = MEMBER_READ, .read = read_cartons},
    MAY(struct logistics_plan, "fill", READ, fill_per_mille, .read = read_fill),
    MAY(struct logistics_plan, "cm3_per_kg", U32, cm3_per_kg, .max = PLAN_CM3_PER_KG_MAX),
    MAY(struct logistics_plan, "tail_hours", U32, tail_hours, .min = 1, .max = PLAN_TAIL_HOURS_MAX),
    {.name = "stock", .kind = MEMBER_READ, .read = read_stock}, /* after the sites */
};
/* clang-format on */
static const struct members plan_members = MEMBERS(plan_list);

enum result read_plan(struct json_in *in, const json_t *value, const struct place *at, struct logistics_plan *ret)
{
    *ret = (struct logistics_plan){.fill_per_mille = PLAN_FILL_DEFAULT, .tail_hours = PLAN_TAIL_HOURS_DEFAULT};
    return read_object(in, value, at, &plan_members, ret);
}

enum result plan_parse(const char *data, size_t len, struct logistics_plan *ret, struct decode_fault *ret_fault)
{
    struct json_in in = {.source = FROM_LOG, .fault = ret_fault};
    struct logistics_plan plan = {0};
    json_t *value = NULL;
    *ret_fault = (struct decode_fault){0};
    enum result result = json_parse(&in, data, len, &value);
    if (result == RESULT_OK)
        result = read_plan(&in, value, NULL, &plan);
    json_decref(value);
    if (result == RESULT_OK)
        *ret = plan;
    else
        logistics_plan_finish(&plan);
    return result;
}

/* ---- what became of units ---- */

static const char *actual_kind_name_of(unsigned number) { return actual_kind_name((enum actual_kind)number); }

/* clang-format off */
static const struct member actual_list[] = {
    NEEDS(struct actual, "id", ID, id),
    NEEDS(struct actual, "kind", NAME, kind, .max = ACTUAL_RETURNED, .name_of = actual_kind_name_of),
    MAY(struct actual, "hold", ID, hold),
    MAY(struct actual, "order", TEXT, order, .min = 1, .max = REF_LEN_MAX, .rule = TEXT_REF),
    NEEDS(struct actual, "sku", ID, sku),
    NEEDS(struct actual, "units", I64, units, .min = 1, .max = HOLD_UNITS_MAX),
    MAY(struct actual, "site", ID, site),
    MAY(struct actual, "parcels", I64, parcels, .max = ACTUAL_PARCELS_MAX),
    MAY(struct actual, "grams", I64, grams, .max = ACTUAL_GRAMS_MAX),
    MAY(struct actual, "ms", I64, ms, .min = 1, .max = WHOLE_MAX),
};
/* clang-format on */
static const struct members actual_members = MEMBERS(actual_list);

const char *actual_fault(const struct actual *a, const char **ret_member)
{
    *ret_member = NULL;
    if (a->kind != ACTUAL_SHIPPED && ID_IS_NONE(a->hold) && a->order[0] == '\0')
        return "must have the hold or the order";
    *ret_member = a->parcels != 0 ? "parcels" : "grams";
    if (a->kind != ACTUAL_SHIPPED && (a->parcels != 0 || a->grams != 0))
        return "is told of what shipped alone";
    return NULL;
}

enum result read_actuals(struct json_in *in, const json_t *value, const struct place *at, struct actual **ret,
                         size_t *ret_count)
{
    struct list_in list = {.size = sizeof(struct actual),
                           .min = 1,
                           .max = ACTUALS_MAX,
                           .members = &actual_members,
                           .key = "id",
                           .key_at = offsetof(struct actual, id)};
    void *array;
    enum result result = read_allocated(in, value, at, &list, &array);
    struct actual *actuals = array;
    for (size_t i = 0; result == RESULT_OK && i < list.count; i++) {
        const char *member, *fault = actual_fault(&actuals[i], &member);
        struct place element = {.in = at, .index = i}, here = {.in = &element, .member = member};
        if (fault != NULL)
            result = fault_at(in, member == NULL ? &element : &here, "%s", fault);
    }
    if (result != RESULT_OK) {
        free(actuals);
        return result;
    }
    *ret = actuals;
    *ret_count = list.count;
    return RESULT_OK;
}

/* ---- webhooks ---- */

const char *hook_url_fault(const char *url)
{
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : strncmp(url, "http://", 7) == 0 ? 7 : 0;
    if (scheme == 0 || url[scheme + strcspn(url + scheme, "/?#")] == url[scheme])
        return "must be https://host/... or http://host/...";
    if (memchr(url + scheme, '@', strcspn(url + scheme, "/?#")) != NULL)
        return "must not hold a name or password: the signature tells who sends";
    if (strchr(url, '#') != NULL)
        return "must not hold a fragment";
    struct hook_url parts;
    return hook_url_parse(url, &parts) == RESULT_OK ? NULL
                                                    : "is no url: a host of at most 120 characters, a port of 1..65535";
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

const char *hook_secret_fault(const char *secret)
{
    static const char prefix[] = "whsec_", words[] = "must be whsec_ and base64 of 24 to 64 bytes";
    if (strncmp(secret, prefix, sizeof prefix - 1) != 0)
        return words;
    const char *at = secret + sizeof prefix - 1;
    size_t len = 0;
    while (is_base64(at[len]))
        len++;
    size_t padding = strspn(at + len, "="), bytes = len * 3 / 4;
    bool closed = at[len + padding] == '\0' && (len + padding) % 4 == 0 && padding <= 2;
    return closed && bytes >= HOOK_SECRET_BYTES_MIN && bytes <= HOOK_SECRET_BYTES_MAX ? NULL : words;
}

static enum result read_url(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member text = {.kind = MEMBER_TEXT, .min = 1, .max = URL_LEN_MAX, .rule = TEXT_ASCII};
    enum result result = read_member(in, value, at, &text, to);
    const char *fault = result == RESULT_OK && in->source != FROM_LOG ? hook_url_fault(to) : NULL;
    return fault == NULL ? result : fault_at(in, at, "%s", fault);
}

static enum result read_secret(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member text = {.kind = MEMBER_TEXT, .min = 1, .max = HOOK_SECRET_LEN_MAX, .rule = TEXT_ASCII};
    enum result result = read_member(in, value, at, &text, to);
    const char *fault = result == RESULT_OK && in->source != FROM_LOG ? hook_secret_fault(to) : NULL;
    return fault == NULL ? result : fault_at(in, at, "%s", fault);
}

static const char *hook_type_name_of(unsigned number) { return hook_type_name((enum hook_type)number); }

static enum result read_types(struct json_in *in, const json_t *value, const struct place *at, void *to)
{
    static const struct member name = {.kind = MEMBER_NAME, .max = HOOK_TYPES - 1, .name_of = hook_type_name_of};
    unsigned *types = to;
    size_t count = 0;
    enum result result = read_list(in, value, at, 1, HOOK_TYPES, &count);
    for (size_t i = 0; result == RESULT_OK && i < count; i++) {
        struct place here = {.in = at, .index = i};
        unsigned type = 0;
        result = read_member(in, json_array_get(value, i), &here, &name, &type);
        *types |= BIT(type);
    }
    return result;
}

/* clang-format off */
#define HOOK_MEMBERS \
    NEEDS(struct hook_endpoint, "id", ID, id), \
    NEEDS(struct hook_endpoint, "url", READ, url, .read = read_url), \
    NEEDS(struct hook_endpoint, "secret", READ, secret, .read = read_secret), \
    MAY(struct hook_endpoint, "old_secret", READ, old_secret, .read = read_secret), \
    MAY(struct hook_endpoint, "types", READ, types, .read = read_types)
static const struct member hook_list[] = {HOOK_MEMBERS};
static const struct member logged_hook_list[] = {HOOK_MEMBERS, MAY(struct hook_endpoint, "disabled", BOOL, disabled)};
/* clang-format on */
static const struct members hook_members = MEMBERS(hook_list);
static const struct members logged_hook_members = MEMBERS(logged_hook_list);

enum result read_hooks(struct json_in *in, const json_t *value, const struct place *at, struct hook_endpoint **ret,
                       size_t *ret_count)
{
    struct list_in list = {.size = sizeof(struct hook_endpoint),
                           .max = HOOKS_MAX,
                           .members = in->source == FROM_LOG ? &logged_hook_members : &hook_members,
                           .key = "id",
                           .key_at = offsetof(struct hook_endpoint, id)};
    void *array;
    enum result result = read_allocated(in, value, at, &list, &array);
    if (result != RESULT_OK)
        return result;
    struct hook_endpoint *hooks = array;
    for (size_t i = 0; i < list.count; i++)
        if (hooks[i].types == 0) /* not said: all there are */
            hooks[i].types = BIT(HOOK_TYPES) - 1;
    *ret = hooks;
    *ret_count = list.count;
    return RESULT_OK;
}
