/* ws/wire/event_encode.c - an event to an entry of its log: {"t":"price","ms":1795177200001,"by":"anna","d":{...}}.
 * What is empty, zero or false is left out, so that a person reads only what happened. */
#include "ws/wire/event_codec.h"
#include "ws/wire/json_out.h"

typedef void put_data(struct json_out *o, const struct event *e);

/* ---- left out when there is nothing to say ---- */

static void put_text(struct json_out *o, const char *key, const char *text)
{
    if (text[0] != '\0')
        json_put_text(o, key, text);
}

static void put_int(struct json_out *o, const char *key, int64_t number)
{
    if (number != 0)
        json_put_int(o, key, number);
}

static void put_true(struct json_out *o, const char *key, bool value)
{
    if (value)
        json_put_bool(o, key, true);
}

static void put_money(struct json_out *o, const char *key, const struct money *money)
{
    if (money->currency[0] == '\0')
        return;
    json_put_object(o, key);
    json_put_int(o, "amount", money->minor);
    json_put_text(o, "currency", money->currency);
    json_end_object(o);
}

static void put_price(struct json_out *o, const char *key, const struct price *price)
{
    if (price->money.currency[0] == '\0')
        return;
    json_put_object(o, key);
    json_put_int(o, "amount", price->money.minor);
    json_put_text(o, "currency", price->money.currency);
    json_put_uint(o, "version", price->version);
    json_end_object(o);
}

/* ---- the broadcast itself ---- */

static void put_details(struct json_out *o, const struct broadcast_details *d)
{
    put_text(o, "title", d->title);
    if (d->video_url[0] != '\0' || d->video_still[0] != '\0') {
        json_put_object(o, "video");
        put_text(o, "url", d->video_url);
        put_text(o, "still", d->video_still);
        json_end_object(o);
    }
    put_int(o, "hold_ms", d->hold_ms);
    put_int(o, "pdt_offset_ms", d->pdt_offset_ms);
}

static void put_begun(struct json_out *o, const struct event *e)
{
    put_text(o, "epoch", e->u.begun.epoch.text);
    put_details(o, &e->u.begun.details);
}

static void put_epoch(struct json_out *o, const struct event *e) { put_text(o, "epoch", e->u.epoch.text); }

static void put_details_event(struct json_out *o, const struct event *e) { put_details(o, &e->u.details); }

static void put_state(struct json_out *o, const struct event *e)
{
    json_put_text(o, "state", broadcast_state_name(e->u.state.state));
    put_text(o, "reason", e->u.state.reason);
    put_true(o, "forced", e->u.state.forced);
}

static void put_notice(struct json_out *o, const struct event *e)
{
    put_text(o, "id", e->u.notice.id.text);
    put_text(o, "text", e->u.notice.text);
    json_put_text(o, "level", notice_level_name(e->u.notice.level));
}

/* ---- the shelf ---- */

static void put_item(struct json_out *o, const struct shelf_item *item)
{
    json_put_object(o, NULL);
    put_text(o, "sku", item->sku.text);
    put_text(o, "title", item->title);
    put_text(o, "image", item->image);
    put_text(o, "url", item->url);
    put_price(o, "price", &item->price);
    put_money(o, "base_price", &item->base_price);
    put_money(o, "listed_price", &item->listed_price);
    put_int(o, "offer_ends_ms", item->offer_ends_ms);
    put_int(o, "limit_per_viewer", item->limit_per_viewer);
    put_int(o, "weight_g", item->weight_g);
    json_put_text(o, "state", sku_state_name(item->state));
    if (item->recall != RECALL_NONE)
        json_put_text(o, "recall", recall_mode_name(item->recall));
    put_true(o, "price_meant", item->price_meant);
    put_true(o, "base_meant", item->base_meant);
    put_int(o, "tripped_version", item->tripped_version);
    json_end_object(o);
}

static void put_shelf(struct json_out *o, const struct event *e)
{
    json_put_array(o, "items");
    for (size_t i = 0; i < e->u.shelf.count; i++)
        put_item(o, &e->u.shelf.items[i]);
    json_end_array(o);
    if (e->u.shelf.document != NULL)
        json_put_raw(o, "document", e->u.shelf.document, strlen(e->u.shelf.document));
}

static void put_sku(struct json_out *o, const struct event *e)
{
    put_text(o, "sku", e->u.sku.sku.text);
    json_put_text(o, "state", sku_state_name(e->u.sku.state));
    put_true(o, "tripped", e->u.sku.tripped);
    if (e->u.sku.recall != RECALL_NONE)
        json_put_text(o, "recall", recall_mode_name(e->u.sku.recall));
    put_text(o, "reason", e->u.sku.reason);
}

static void put_price_event(struct json_out *o, const struct event *e)
{
    put_text(o, "sku", e->u.price.sku.text);
    put_price(o, "price", &e->u.price.price);
    put_true(o, "meant", e->u.price.meant);
}

static void put_offer(struct json_out *o, const struct event *e)
{
    put_text(o, "sku", e->u.offer.sku.text);
    json_put_bool(o, "started", e->u.offer.started);
    put_price(o, "price", &e->u.offer.price);
    put_true(o, "meant", e->u.offer.meant);
    put_int(o, "ends_ms", e->u.offer.ends_ms);
}

static void put_extra(struct json_out *o, const struct event *e)
{
    const struct extra *extra = &e->u.extra.extra;
    put_text(o, "sku", extra->sku.text);
    json_put_bool(o, "started", e->u.extra.started);
    if (!e->u.extra.started)
        return;
    json_put_text(o, "kind", extra_kind_name(extra->kind));
    put_text(o, "adds", extra->adds.text);
    json_put_uint(o, "adds_units", extra->adds_units);
    put_int(o, "first_orders", extra->first_orders);
    put_text(o, "text", extra->text);
}

static void put_approval(struct json_out *o, const struct event *e)
{
    const struct price_approval *a = &e->u.approval;
    put_text(o, "approval", a->id.text);
    json_put_text(o, "state", approval_state_name(a->state));
    json_put_text(o, "kind", approval_kind_name(a->is_offer));
    put_text(o, "sku", a->sku.text);
    put_money(o, "price", &a->money);
    put_int(o, "for_ms", a->for_ms);
    put_text(o, "asked_by", a->asked_by);
    put_int(o, "until_ms", a->until_ms);
    put_text(o, "reason", a->reason);
}

/* ---- what is on screen ---- */

/* When it was pinned, and where in the video, are the event's own times. */
static void put_pin_set(struct json_out *o, const struct event *e)
{
    const struct pin *pin = &e->u.pin_set.pin;
    json_put_uint(o, "slot", e->u.pin_set.slot);
    put_text(o, "sku", pin->sku.text);
    put_text(o, "cue", pin->cue.text);
    put_true(o, "sponsored", pin->sponsored);
    put_text(o, "text", pin->text);
}

static void put_pin_cleared(struct json_out *o, const struct event *e) { json_put_uint(o, "slot", e->u.slot); }

static void put_cue(struct json_out *o, const struct event *e)
{
    const struct cue_shown *cue = &e->u.cue;
    put_text(o, "cue", cue->cue.text);
    json_put_int(o, "index", cue->index);
    put_text(o, "title", cue->title);
    put_text(o, "text", cue->text);
    put_true(o, "sponsored", cue->sponsored);
}

static void put_cue_done(struct json_out *o, const struct event *e)
{
    put_text(o, "cue", e->u.cue_done.cue.text);
    json_put_array(o, "must_say");
    for (size_t i = 0; i < e->u.cue_done.count; i++)
        json_put_bool(o, NULL, e->u.cue_done.said[i]);
    json_end_array(o);
}

/* ---- the shop's own log ---- */

static void put_product(struct json_out *o, const struct product *p)
{
    json_put_object(o, NULL);
    put_text(o, "sku", p->sku.text);
    put_text(o, "title", p->title);
    put_money(o, "price", &p->price);
    put_money(o, "floor", &p->floor);
    put_text(o, "image", p->image);
    put_text(o, "url", p->url);
    put_text(o, "gtin", p->gtin);
    put_int(o, "weight_g", p->weight_g);
    if (p->size_mm[0] != 0 || p->size_mm[1] != 0 || p->size_mm[2] != 0) {
        json_put_array(o, "size_mm");
        for (size_t i = 0; i < ARRAY_LEN(p->size_mm); i++)
            json_put_uint(o, NULL, p->size_mm[i]);
        json_end_array(o);
    }
    put_int(o, "limit_per_viewer", p->limit_per_viewer);
    json_end_object(o);
}

static void put_catalogue(struct json_out *o, const struct event *e)
{
    put_true(o, "first", e->u.catalogue.first);
    put_true(o, "last", e->u.catalogue.last);
    json_put_array(o, "products");
    for (size_t i = 0; i < e->u.catalogue.count; i++)
        put_product(o, &e->u.catalogue.products[i]);
    json_end_array(o);
}

static void put_listed(struct json_out *o, const struct event *e)
{
    put_text(o, "broadcast", e->u.listed.broadcast.text);
    put_text(o, "title", e->u.listed.title);
}

static put_data *const put_datas[EVENT_KINDS] = {
    [EVENT_BEGUN] = put_begun,   [EVENT_EPOCH] = put_epoch,
    [EVENT_SHELF] = put_shelf,   [EVENT_DETAILS] = put_details_event,
    [EVENT_STATE] = put_state,   [EVENT_PIN_CLEARED] = put_pin_cleared,
    [EVENT_CUE] = put_cue,       [EVENT_PIN_SET] = put_pin_set,
    [EVENT_OFFER] = put_offer,   [EVENT_CUE_DONE] = put_cue_done,
    [EVENT_NOTICE] = put_notice, [EVENT_PRICE] = put_price_event,
    [EVENT_LISTED] = put_listed, [EVENT_CATALOGUE] = put_catalogue,
    [EVENT_SKU] = put_sku,       [EVENT_APPROVAL] = put_approval,
    [EVENT_EXTRA] = put_extra,
};

enum result event_encode(const struct event *e, struct bytes *out)
{
    struct json_out o;
    MUST((size_t)e->kind < EVENT_KINDS);
    json_out_begin(&o, out);
    json_put_object(&o, NULL);
    json_put_text(&o, "t", event_kind_name(e->kind));
    json_put_int(&o, "ms", e->ms);
    put_int(&o, "media_at_ms", e->media_at_ms);
    put_int(&o, "undo_part", e->undo_part);
    put_text(&o, "by", e->by);
    json_put_object(&o, "d");
    put_datas[e->kind](&o, e);
    json_end_object(&o);
    json_end_object(&o);
    json_out_end(&o);
    return bytes_result(out);
}
