/* ws/wire/message_volumes.c - what logistics is told: as a message, as a body, as a table. */
#include "ws/wire/message_parts.h"

#include <inttypes.h>

#include "ws/wire/decimal.h"
#include "ws/wire/logistics_parts.h"

static const struct product *product_of(const struct volumes_view *v, const char *sku)
{
    return v->catalogue == NULL ? NULL : catalogue_find(v->catalogue, sku);
}

static const char *title_of(const struct volumes_view *v, const char *sku)
{
    const struct shelf_item *item = broadcast_item(v->broadcast, sku);
    const struct product *product = product_of(v, sku);
    if (item != NULL)
        return item->title;
    return product == NULL ? "" : product->title;
}

static uint32_t weight_of(const struct volumes_view *v, const char *sku)
{
    const struct product *product = product_of(v, sku);
    return product == NULL ? 0 : product->weight_g;
}

static void write_skus(struct json_out *out, const struct volumes_view *v)
{
    json_put_array(out, "skus");
    for (size_t i = 0; i < v->skus_count; i++) {
        const struct volume_sku *sku = &v->skus[i];
        json_put_object(out, NULL);
        json_put_text(out, "sku", sku->sku.text);
        json_put_text(out, "title", title_of(v, sku->sku.text));
        json_put_int(out, "allocated", sku->allocated);
        json_put_int(out, "confirmed", sku->confirmed);
        json_put_int(out, "held", sku->held);
        json_put_int(out, "waitlist", sku->waitlist);
        json_put_int(out, "available", sku->available);
        json_put_int(out, "refused", sku->refused);
        json_put_uint(out, "weight_g", weight_of(v, sku->sku.text));
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_total(struct json_out *out, const struct volumes_view *v)
{
    struct volume_sku sum = {0};
    for (size_t i = 0; i < v->skus_count; i++) {
        sum.allocated += v->skus[i].allocated;
        sum.available += v->skus[i].available;
        sum.confirmed += v->skus[i].confirmed;
        sum.held += v->skus[i].held;
        sum.waitlist += v->skus[i].waitlist;
        sum.refused += v->skus[i].refused;
    }
    json_put_object(out, "total");
    json_put_int(out, "allocated", sum.allocated);
    json_put_int(out, "confirmed", sum.confirmed);
    json_put_int(out, "held", sum.held);
    json_put_int(out, "waitlist", sum.waitlist);
    json_put_int(out, "available", sum.available);
    json_put_int(out, "refused", sum.refused);
    json_put_int(out, "orders", v->orders);
    json_end_object(out);
}

static void write_series(struct json_out *out, const struct volumes_view *v, size_t count)
{
    json_put_array(out, "series");
    for (size_t i = v->series_count - count; i < v->series_count; i++) {
        json_put_object(out, NULL);
        json_put_int(out, "ms", v->series[i].ms);
        json_put_int(out, "confirmed", v->series[i].confirmed);
        json_put_int(out, "held", v->series[i].held);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_pins(struct json_out *out, const struct volumes_view *v)
{
    json_put_array(out, "pins");
    for (size_t i = 0; i < v->pins_count; i++) {
        json_put_object(out, NULL);
        json_put_int(out, "ms", v->pins[i].ms);
        json_put_text(out, "sku", v->pins[i].sku.text);
        json_put_text(out, "title", title_of(v, v->pins[i].sku.text));
        json_end_object(out);
    }
    json_end_array(out);
}

/* ---- what is expected ---- */

static void write_fan(struct json_out *out, const struct volumes_view *v, size_t count)
{
    static const char *const names[ESTIMATE_QUANTILES] = {"q05", "q25", "q50", "q75", "q95"};
    json_put_array(out, "fan");
    for (size_t i = v->fan_count - count; i < v->fan_count; i++) {
        json_put_object(out, NULL);
        json_put_int(out, "ms", v->fan[i].ms);
        json_put_int(out, "firm", v->fan[i].firm);
        for (size_t q = 0; q < ESTIMATE_QUANTILES; q++)
            json_put_decimal(out, names[q], v->fan[i].q[q], 1);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_last(struct json_out *out, const struct last_show *last)
{
    if (last == NULL) {
        json_put_null(out, "last");
        return;
    }
    json_put_object(out, "last");
    json_put_text(out, "broadcast", last->broadcast.text);
    json_put_text(out, "title", last->title);
    json_put_int(out, "shipped", last->shipped);
    json_put_array(out, "points");
    for (size_t i = 0; i < last->points_count; i++) {
        json_put_object(out, NULL);
        json_put_int(out, "s", last->points[i].s);
        json_put_int(out, "firm", last->points[i].firm);
        json_end_object(out);
    }
    json_end_array(out);
    json_end_object(out);
}

static void write_changes(struct json_out *out, const struct volumes_view *v, size_t count)
{
    json_put_array(out, "changes");
    for (size_t i = v->changes_count - count; i < v->changes_count; i++)
        part_change(out, &v->changes[i], v->catalogue);
    json_end_array(out);
}

static void write_stamps(struct json_out *out, const struct volumes_view *v)
{
    json_put_array(out, "stamps");
    for (size_t i = 0; i < v->stamps_count; i++)
        part_stamp(out, NULL, &v->stamps[i]);
    json_end_array(out);
}

static void write_estimate(struct json_out *out, const struct volumes_view *v)
{
    if (v->estimate_len == 0)
        json_put_null(out, "estimate");
    else
        json_put_raw(out, "estimate", v->estimate, v->estimate_len);
}

static void write_expected(struct json_out *out, const struct volumes_view *v, bool whole)
{
    if (whole || v->estimate_new)
        write_estimate(out, v);
    write_fan(out, v, whole ? v->fan_count : v->fan_new);
    write_changes(out, v, whole ? v->changes_count : v->changes_new);
    if (whole || v->stamps_new)
        write_stamps(out, v);
    if (whole || v->plan_new)
        part_plan_places(out, "plan", v->plan);
    if (whole || v->last_new)
        write_last(out, v->last);
}

static void write_members(struct json_out *out, const struct volumes_view *v, bool whole)
{
    json_put_text(out, "broadcast", v->broadcast->id.text);
    json_put_text(out, "title", v->broadcast->details.title);
    json_put_text(out, "state", broadcast_state_name(v->broadcast->state));
    json_put_int(out, "started_ms", v->broadcast->started_ms);
    json_put_int(out, "ended_ms", v->broadcast->ended_ms);
    json_put_int(out, "as_of_ms", v->as_of_ms);
    json_put_text(out, "ledger", v->ledger_id);
    json_put_text(out, "kind", "observed"); /* all but `estimate`, `fan` and `stamps`, which say what they are */
    write_skus(out, v);
    write_total(out, v);
    write_series(out, v, whole ? v->series_count : v->series_new);
    write_pins(out, v);
    write_expected(out, v, whole);
    json_put_bool(out, "whole_series", whole);
}

void message_volumes(struct bytes *out, const struct volumes_view *v, bool whole)
{
    struct json_out json;
    json_out_begin(&json, out);
    json_put_object(&json, NULL);
    json_put_text(&json, "t", "volumes");
    json_put_object(&json, "d");
    write_members(&json, v, whole);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void message_volumes_body(struct bytes *out, const struct volumes_view *v, bool whole)
{
    struct json_out json;
    json_out_begin(&json, out);
    json_put_object(&json, NULL);
    write_members(&json, v, whole);
    json_end_object(&json);
    json_out_end(&json);
}

void volumes_csv(struct bytes *out, const struct volumes_view *v)
{
    bytes_text(out,
               "broadcast,as_of_ms,kind,sku,title,allocated,confirmed,held,waitlist,available,refused,weight_g\r\n");
    for (size_t i = 0; i < v->skus_count; i++) {
        const struct volume_sku *sku = &v->skus[i];
        bytes_format(out, "%s,%" PRId64 ",observed,%s,", v->broadcast->id.text, v->as_of_ms, sku->sku.text);
        csv_text(out, title_of(v, sku->sku.text));
        bytes_format(out, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRIu32 "\r\n",
                     sku->allocated, sku->confirmed, sku->held, sku->waitlist, sku->available, sku->refused,
                     weight_of(v, sku->sku.text));
    }
}
