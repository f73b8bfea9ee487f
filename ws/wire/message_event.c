/* ws/wire/message_event.c - an event as viewers and as hosts see it.
 *
 * What is not written for viewers here never reaches them: cards, notes, plans and names of people are written
 * only under `host`. */
#include "ws/wire/message_parts.h"

struct event_out {
    struct json_out *out;
    const struct show_view *show;
    const struct event *e;
    bool host;
};

static void write_state(const struct event_out *o)
{
    json_put_text(o->out, "state", broadcast_state_name(o->e->u.state.state));
    json_put_text(o->out, "reason", o->e->u.state.reason);
}

static void write_details(struct json_out *out, const struct broadcast_details *details)
{
    json_put_text(out, "title", details->title);
    part_video(out, details);
    json_put_int(out, "hold_ms", details->hold_ms);
}

static void write_begun(const struct event_out *o) { write_details(o->out, &o->e->u.begun.details); }

static void write_changed_details(const struct event_out *o) { write_details(o->out, &o->e->u.details); }

static void write_pin_set(const struct event_out *o)
{
    part_pin(o->out, o->show->broadcast, o->e->u.pin_set.slot, &o->e->u.pin_set.pin);
}

static void write_pin_cleared(const struct event_out *o) { json_put_uint(o->out, "slot", o->e->u.slot); }

static void write_cue(const struct event_out *o)
{
    const struct cue_shown *shown = &o->e->u.cue;
    const struct run_of_show *run = o->show->run;
    part_cue_public(o->out, shown);
    if (!o->host)
        return;
    json_put_int(o->out, "index", shown->index);
    if (run == NULL || shown->index < 0 || (size_t)shown->index >= run->count)
        return;
    const struct cue *cue = &run->cues[shown->index];
    part_card(o->out, &cue->card);
    json_put_uint(o->out, "planned_units", cue->planned_units);
    json_put_uint(o->out, "minutes", cue->minutes);
    json_put_text(o->out, "sku", cue->sku.text);
    json_put_uint(o->out, "slot", cue->slot);
}

static void write_cue_done(const struct event_out *o)
{
    json_put_text(o->out, "cue", o->e->u.cue_done.cue.text);
    json_put_array(o->out, "must_say");
    for (uint8_t i = 0; i < o->e->u.cue_done.count; i++)
        json_put_bool(o->out, NULL, o->e->u.cue_done.said[i]);
    json_end_array(o->out);
}

static void write_price(const struct event_out *o)
{
    json_put_text(o->out, "sku", o->e->u.price.sku.text);
    part_price(o->out, "price", &o->e->u.price.price);
}

static void write_offer(const struct event_out *o)
{
    json_put_text(o->out, "sku", o->e->u.offer.sku.text);
    json_put_text(o->out, "state", o->e->u.offer.started ? "started" : "stopped");
    part_price(o->out, "price", &o->e->u.offer.price);
    if (o->e->u.offer.started)
        json_put_int(o->out, "ends_ms", o->e->u.offer.ends_ms);
}

static void write_notice(const struct event_out *o)
{
    json_put_text(o->out, "id", o->e->u.notice.id.text);
    json_put_text(o->out, "text", o->e->u.notice.text);
    json_put_text(o->out, "level", notice_level_name(o->e->u.notice.level));
}

static void write_sku(const struct event_out *o)
{
    json_put_text(o->out, "sku", o->e->u.sku.sku.text);
    json_put_text(o->out, "state", sku_state_name(o->e->u.sku.state));
    if (o->host || o->e->u.sku.state == SKU_RECALLED) /* why a sale stopped is between the hosts; a recall is for all */
        json_put_text(o->out, "reason", o->e->u.sku.reason);
}

static void write_extra(const struct event_out *o)
{
    json_put_text(o->out, "sku", o->e->u.extra.extra.sku.text);
    json_put_text(o->out, "state", o->e->u.extra.started ? "started" : "ended");
    if (o->e->u.extra.started)
        part_extra(o->out, &o->e->u.extra.extra);
}

static void write_approval(const struct event_out *o) { part_approval(o->out, &o->e->u.approval); }

/* The event's own items went into the broadcast with its step. */
static void write_shelf(const struct event_out *o)
{
    part_shelf(o->out, o->show->broadcast);
    part_pins(o->out, o->show->broadcast);
    if (!o->host)
        return;
    part_run(o->out, "run_of_show", o->show->run);
    json_put_int(o->out, "cue_index", o->show->broadcast->cue.index);
    part_preflight(o->out, "preflight", o->show->preflight, o->show->run);
}

typedef void event_writer(const struct event_out *o);
/* NULL: `none` for everybody. */
static event_writer *const writers[EVENT_KINDS] = {
    [EVENT_BEGUN] = write_begun,       [EVENT_DETAILS] = write_changed_details,
    [EVENT_SHELF] = write_shelf,       [EVENT_STATE] = write_state,
    [EVENT_PIN_SET] = write_pin_set,   [EVENT_PIN_CLEARED] = write_pin_cleared,
    [EVENT_CUE] = write_cue,           [EVENT_CUE_DONE] = write_cue_done,
    [EVENT_PRICE] = write_price,       [EVENT_OFFER] = write_offer,
    [EVENT_NOTICE] = write_notice,     [EVENT_SKU] = write_sku,
    [EVENT_APPROVAL] = write_approval, [EVENT_EXTRA] = write_extra,
};

static const char *event_type(const struct event *e, bool shown)
{
    if (!shown)
        return "none";
    return e->kind == EVENT_BEGUN ? "details" : event_kind_name(e->kind);
}

void message_event(struct bytes *out, const struct show_view *show, const struct event *e, enum role role)
{
    struct json_out json;
    json_out_begin(&json, out);
    struct event_out o = {.out = &json, .show = show, .e = e, .host = role == ROLE_HOST};
    bool shown = writers[e->kind] != NULL && (o.host || event_is_for_viewers(e->kind));
    json_put_object(&json, NULL);
    json_put_text(&json, "t", event_type(e, shown));
    json_put_uint(&json, "seq", e->seq);
    json_put_int(&json, "ms", e->ms);
    if (shown && e->media_at_ms != 0)
        json_put_int(&json, "media_at_ms", e->media_at_ms);
    json_put_object(&json, "d");
    if (shown)
        writers[e->kind](&o);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}
