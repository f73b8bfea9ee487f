#include "ws/wire/logistics_parts.h"

#include "ws/wire/decimal.h"
#include "ws/wire/logistics_in.h"
#include "ws/wire/message_parts.h"

/* ---- the plan ---- */

static void put_sites(struct json_out *out, const struct logistics_plan *plan)
{
    json_put_array(out, "sites");
    for (size_t i = 0; i < plan->sites_count; i++) {
        const struct logistics_site *site = &plan->sites[i];
        json_put_object(out, NULL);
        json_put_text(out, "id", site->id.text);
        json_put_uint(out, "share", site->share);
        json_put_int(out, "parcels_per_wave", site->parcels_per_wave);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_waves(struct json_out *out, const struct logistics_plan *plan)
{
    json_put_array(out, "waves");
    for (size_t i = 0; i < plan->waves_count; i++) {
        json_put_object(out, NULL);
        json_put_text(out, "id", plan->waves[i].id.text);
        json_put_int(out, plan->waves[i].after_end ? "after_end_ms" : "cut_off_ms", plan->waves[i].cut_off_ms);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_cartons(struct json_out *out, const struct logistics_plan *plan)
{
    json_put_array(out, "cartons");
    for (size_t i = 0; i < plan->cartons_count; i++) {
        const struct logistics_carton *carton = &plan->cartons[i];
        json_put_object(out, NULL);
        json_put_text(out, "id", carton->id.text);
        json_put_array(out, "size_mm");
        for (size_t side = 0; side < 3; side++)
            json_put_uint(out, NULL, carton->size_mm[side]);
        json_end_array(out);
        json_put_uint(out, "max_weight_g", carton->weight_max_g);
        json_put_uint(out, "tare_g", carton->tare_g);
        json_end_object(out);
    }
    json_end_array(out);
}

static void put_stocks(struct json_out *out, const struct logistics_plan *plan)
{
    json_put_array(out, "stock");
    for (size_t i = 0; i < plan->stocks_count; i++) {
        json_put_object(out, NULL);
        json_put_text(out, "sku", plan->stocks[i].sku.text);
        json_put_object(out, "units");
        for (size_t site = 0; site < plan->sites_count; site++)
            json_put_uint(out, plan->sites[site].id.text, plan->stocks[i].units[site]);
        json_end_object(out);
        json_end_object(out);
    }
    json_end_array(out);
}

void part_plan(struct json_out *out, const struct logistics_plan *plan)
{
    static const struct logistics_plan none = {.fill_per_mille = PLAN_FILL_DEFAULT,
                                               .tail_hours = PLAN_TAIL_HOURS_DEFAULT};
    if (plan == NULL)
        plan = &none;
    put_sites(out, plan);
    put_waves(out, plan);
    put_cartons(out, plan);
    json_put_decimal(out, "fill", (double)plan->fill_per_mille / 1000, 3);
    json_put_uint(out, "cm3_per_kg", plan->cm3_per_kg);
    json_put_uint(out, "tail_hours", plan->tail_hours);
    put_stocks(out, plan);
}

void part_plan_places(struct json_out *out, const char *key, const struct logistics_plan *plan)
{
    static const struct logistics_plan none;
    json_put_object(out, key);
    put_sites(out, plan == NULL ? &none : plan);
    put_waves(out, plan == NULL ? &none : plan);
    json_end_object(out);
}

/* ---- what became of units ---- */

void part_actual(struct json_out *out, const struct actual *a)
{
    json_put_object(out, NULL);
    json_put_text(out, "id", a->id);
    json_put_text(out, "kind", actual_kind_name(a->kind));
    if (!ID_IS_NONE(a->hold))
        json_put_text(out, "hold", a->hold.text);
    if (a->order[0] != '\0')
        json_put_text(out, "order", a->order);
    if (!ID_IS_NONE(a->sku))
        json_put_text(out, "sku", a->sku.text);
    if (a->units != 0)
        json_put_int(out, "units", a->units);
    if (!ID_IS_NONE(a->site))
        json_put_text(out, "site", a->site.text);
    if (a->parcels != 0)
        json_put_int(out, "parcels", a->parcels);
    if (a->grams != 0)
        json_put_int(out, "grams", a->grams);
    if (a->ms != 0)
        json_put_int(out, "ms", a->ms);
    json_end_object(out);
}

/* ---- webhooks ---- */

static void put_secret(struct json_out *out, const char *key, const char *secret, enum secrets secrets)
{
    if (secret[0] != '\0')
        json_put_text(out, key, secrets == SECRETS_PLAIN ? secret : "whsec_***");
}

void part_hook(struct json_out *out, const struct hook_endpoint *hook, enum secrets secrets)
{
    json_put_object(out, NULL);
    json_put_text(out, "id", hook->id);
    json_put_text(out, "url", hook->url);
    put_secret(out, "secret", hook->secret, secrets);
    put_secret(out, "old_secret", hook->old_secret, secrets);
    json_put_array(out, "types");
    for (enum hook_type type = 0; type < HOOK_TYPES; type++)
        if ((hook->types & BIT(type)) != 0)
            json_put_text(out, NULL, hook_type_name(type));
    json_end_array(out);
    json_put_bool(out, "disabled", hook->disabled);
    json_end_object(out);
}

void part_dead(struct json_out *out, const struct hook_dead *dead)
{
    json_put_object(out, NULL);
    json_put_text(out, "message", dead->message);
    json_put_text(out, "type", hook_type_name(dead->type));
    json_put_text(out, "broadcast", dead->broadcast.text);
    json_put_uint(out, "seq", dead->seq);
    json_put_uint(out, "attempts", dead->attempts);
    if (dead->status == 0)
        json_put_null(out, "status");
    else
        json_put_int(out, "status", dead->status);
    json_put_int(out, "ms", dead->ms);
    json_end_object(out);
}

/* ---- what was told ---- */

void part_stamp_members(struct json_out *out, const struct estimate_stamp *stamp)
{
    json_put_text(out, "id", stamp->id);
    json_put_int(out, "ms", stamp->ms);
    json_put_text(out, "by", stamp->by);
    json_put_text(out, "note", stamp->note);
    json_put_uint(out, "seq", stamp->seq);
    json_put_int(out, "firm", stamp->firm);
    part_spread(out, "units", &stamp->units);
    part_spread(out, "parcels", &stamp->parcels);
}

void part_stamp(struct json_out *out, const char *key, const struct estimate_stamp *stamp)
{
    json_put_object(out, key);
    part_stamp_members(out, stamp);
    json_end_object(out);
}

static void put_money(struct json_out *out, const char *key, const struct money *money)
{
    if (money->currency[0] != '\0')
        part_money(out, key, money);
}

void part_change(struct json_out *out, const struct promise_change *change, const struct catalogue *catalogue)
{
    const struct product *product = catalogue == NULL ? NULL : catalogue_find(catalogue, change->sku.text);
    json_put_object(out, NULL);
    json_put_uint(out, "seq", change->seq);
    json_put_int(out, "ms", change->ms);
    json_put_text(out, "kind", change_kind_name(change->kind));
    json_put_text(out, "sku", change->sku.text);
    json_put_text(out, "title", product == NULL ? "" : product->title);
    if (change->kind == CHANGE_BUNDLE || change->kind == CHANGE_FREEBIE) {
        if (!ID_IS_NONE(change->adds))
            json_put_text(out, "adds", change->adds.text);
        json_put_uint(out, "adds_units", change->adds_units);
        if (change->first_orders != 0)
            json_put_uint(out, "first_orders", change->first_orders);
    }
    put_money(out, "was", &change->was);
    put_money(out, "now", &change->now);
    json_put_text(out, "text", change->text);
    json_end_object(out);
}

void plan_write(struct bytes *out, const struct logistics_plan *plan)
{
    struct json_out json;
    json_out_begin(&json, out);
    json_put_object(&json, NULL);
    part_plan(&json, plan);
    json_end_object(&json);
    json_out_end(&json);
}

void change_write(struct bytes *out, const struct promise_change *change, const struct catalogue *catalogue)
{
    struct json_out json;
    json_out_begin(&json, out);
    part_change(&json, change, catalogue);
    json_out_end(&json);
}
