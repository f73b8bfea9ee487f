/* ws/wire/message_snapshot.c - all that somebody who comes late needs, at one seq. */
#include "ws/wire/message_parts.h"

#define MY_HOLDS_MAX 64 /* open and confirmed holds of one viewer that a snapshot lists */
#define MY_WAITS_MAX 64

/* The label is owed for all that is on screen now. */
static bool shows_sponsored(const struct broadcast *b)
{
    bool sponsored = !ID_IS_NONE(b->cue.cue) && b->cue.sponsored;
    for (size_t slot = 0; slot < PIN_SLOTS; slot++)
        sponsored = sponsored || (b->pins[slot].set && b->pins[slot].sponsored);
    return sponsored;
}

static void write_broadcast(struct json_out *out, const struct broadcast *b)
{
    json_put_object(out, "broadcast");
    json_put_text(out, "id", b->id.text);
    json_put_text(out, "title", b->details.title);
    json_put_text(out, "state", broadcast_state_name(b->state));
    part_video(out, &b->details);
    json_put_int(out, "hold_ms", b->details.hold_ms);
    json_put_int(out, "started_ms", b->started_ms);
    json_put_bool(out, "sponsored", shows_sponsored(b));
    json_end_object(out);
}

static void write_stock(struct json_out *out, const struct show_view *show)
{
    const struct broadcast *b = show->broadcast;
    json_put_object(out, "stock");
    for (size_t i = 0; i < b->items_count; i++)
        part_stock(out, show, &b->items[i]);
    json_end_object(out);
    json_put_uint(out, "stock_ver", show->claims->version);
}

static void write_cue(struct json_out *out, const struct broadcast *b)
{
    if (ID_IS_NONE(b->cue.cue)) {
        json_put_null(out, "cue");
        return;
    }
    json_put_object(out, "cue");
    part_cue_public(out, &b->cue);
    json_end_object(out);
}

static void write_notice(struct json_out *out, const struct broadcast *b)
{
    if (b->notice.text[0] == '\0') {
        json_put_null(out, "notice");
        return;
    }
    json_put_object(out, "notice");
    json_put_text(out, "id", b->notice.id.text);
    json_put_text(out, "text", b->notice.text);
    json_put_text(out, "level", notice_level_name(b->notice.level));
    json_put_int(out, "ms", b->notice.ms);
    json_end_object(out);
}

static void write_my_waits(struct json_out *out, const struct show_view *show, const char *viewer)
{
    struct sku_id waits[MY_WAITS_MAX];
    size_t count = claims_waits_of_viewer(show->claims, viewer, waits, MY_WAITS_MAX);
    for (size_t i = 0; i < count; i++) {
        json_put_object(out, NULL);
        json_put_text(out, "sku", waits[i].text);
        json_put_text(out, "state", "joined");
        json_put_int(out, "ahead", claims_ahead(show->claims, waits[i].text, viewer));
        json_end_object(out);
    }
}

static void write_my(struct json_out *out, const struct message_context *c, const struct show_view *show,
                     const struct viewer_id *viewer)
{
    const struct hold *holds[MY_HOLDS_MAX];
    struct message_context with_clock = c == NULL ? (struct message_context){0} : *c;
    with_clock.show = show;
    bool known = viewer != NULL && !ID_IS_NONE(*viewer);
    size_t count = known ? claims_of_viewer(show->claims, viewer->text, holds, MY_HOLDS_MAX) : 0;
    json_put_object(out, "my");
    json_put_array(out, "holds");
    for (size_t i = 0; i < count; i++) {
        if (!ID_EQUAL(holds[i]->broadcast, show->broadcast->id))
            continue;
        struct hold mine;
        hold_copy(&mine, holds[i]);
        mine.expires_at_ms = claims_expires_ms(show->claims, holds[i], show->now_ms);
        json_put_object(out, NULL);
        part_hold(out, &with_clock, &mine);
        json_end_object(out);
    }
    json_end_array(out);
    json_put_array(out, "waitlist");
    if (known)
        write_my_waits(out, show, viewer->text);
    json_end_array(out);
    json_end_object(out);
}

static void write_done(struct json_out *out, const struct broadcast *b)
{
    json_put_object(out, "done");
    for (size_t i = 0; i < b->done_count; i++) {
        json_put_array(out, b->done[i].cue.text);
        for (uint8_t k = 0; k < b->done[i].count; k++)
            json_put_bool(out, NULL, b->done[i].said[k]);
        json_end_array(out);
    }
    json_end_object(out);
}

static void write_approvals(struct json_out *out, const struct show_view *show)
{
    const struct broadcast *b = show->broadcast;
    json_put_array(out, "approvals");
    for (size_t i = 0; i < b->approvals_count; i++) {
        if (!approval_is_pending(&b->approvals[i], show->now_ms))
            continue;
        json_put_object(out, NULL);
        part_approval(out, &b->approvals[i]);
        json_end_object(out);
    }
    json_end_array(out);
}

static void write_for_host(struct json_out *out, const struct show_view *show)
{
    const struct broadcast *b = show->broadcast;
    part_run(out, "run_of_show", show->run);
    json_put_int(out, "cue_index", b->cue.index);
    json_put_object(out, "counts");
    for (size_t i = 0; i < b->items_count; i++)
        part_counts(out, show, b->items[i].sku.text);
    json_end_object(out);
    json_put_object(out, "demand");
    part_demand(out, show);
    json_end_object(out);
    json_put_int(out, "can_undo_until_ms", b->undo.until_ms);
    part_preflight(out, "preflight", show->preflight, show->run);
    write_done(out, b);
    write_approvals(out, show);
    json_put_text(out, "selling", selling_name(show));
    json_put_text(out, "why", show->selling_why == NULL ? "" : show->selling_why);
    part_sync_delay(out, show->claims);
    part_lag(out, "lag", show);
}

void message_snapshot(struct bytes *out, const struct message_context *c, const struct show_view *show, enum role role,
                      const struct viewer_id *viewer)
{
    struct json_out json;
    json_out_begin(&json, out);
    const struct broadcast *b = show->broadcast;
    json_put_object(&json, NULL);
    json_put_text(&json, "t", "snapshot");
    json_put_text(&json, "epoch", b->epoch.text);
    json_put_uint(&json, "seq", b->seq);
    json_put_object(&json, "d");
    write_broadcast(&json, b);
    part_pins(&json, b);
    part_shelf(&json, b);
    write_stock(&json, show);
    write_cue(&json, b);
    write_notice(&json, b);
    if (role == ROLE_HOST)
        write_for_host(&json, show);
    part_audience(&json, "audience", show, role);
    part_hold_clock(&json, "hold_clock", show);
    write_my(&json, c, show, viewer); /* last: what stands before it is the same for every viewer */
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}
