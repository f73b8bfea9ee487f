#include "ws/lws/conn.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ws/lws/guard.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"
#include "ws/wire/text_rule.h"

#define RECONNECT_AFTER_MS 200

static const unsigned conn_may_become[CONN_STATES] = {
    [CONN_GREETING] = BIT(CONN_OPENING) | BIT(CONN_CLOSING),
    [CONN_OPENING] = BIT(CONN_RESUMING) | BIT(CONN_LIVE) | BIT(CONN_CLOSING),
    [CONN_RESUMING] = BIT(CONN_LIVE) | BIT(CONN_CLOSING),
    [CONN_LIVE] = BIT(CONN_RESUMING) | BIT(CONN_CLOSING), /* fell off the ring: resumes in place */
};

void conn_move(struct conn *c, enum conn_state next)
{
    MUST(conn_may_become[c->state] & BIT(next));
    list_move(&c->hub->conns[next], &c->link); /* the list a conn is on is its state */
    c->state = next;
    c->since_ms = c->hub->outlets.now_ms;
}

void conn_set_role(struct conn *c, enum role role)
{
    metric_add(&meters.conns[c->role], -1);
    metric_add(&meters.conns[role], 1);
    c->role = role;
}

void conn_established(struct conn *c, struct hub *hub, struct lws *wsi)
{
    MUST(directory_add(&hub->directory, RESIDENT_CONN, c, &c->id) == RESULT_OK); /* the guard counted: there is room */
    outlet_init(&c->outlet, &hub->outlets, wsi);
    c->hub = hub;
    c->seen_ms = c->since_ms = c->tokens_at_ms = hub->outlets.now_ms;
    c->tokens_milli = hub->limits->messages_burst_max * 1000;
    list_push_back(&hub->conns[CONN_GREETING], &c->link);
    hub->conns_count++;
    meter_count(&meters.handshakes);
    metric_add(&meters.conns[ROLE_NONE], 1);
}

/* ---- leaving ---- */

static void viewer_unlink(struct conn *c)
{
    struct list *next = c->of_viewer.next;
    if (next == NULL)
        return;
    if (next == &c->of_viewer)
        map_remove(&c->room->viewers, c->viewer.text);
    else if (map_get(&c->room->viewers, c->viewer.text) == c)
        MUST(map_set(&c->room->viewers, c->viewer.text, container_of(next, struct conn, of_viewer)) == RESULT_OK);
    list_remove(&c->of_viewer);
    c->of_viewer = (struct list){0};
}

/* Is nobody's audience any more: nothing published reaches it. */
static void leave_room(struct conn *c)
{
    outlet_unfollow(&c->outlet);
    if (c->room == NULL)
        return;
    viewer_unlink(c);
    orchestrator_left(c->hub->orchestrator, &c->room->shop, &c->room->broadcast, c->role);
    c->room = NULL;
}

static void message_free(struct conn *c)
{
    bytes_finish(c->message);
    free(c->message);
    c->message = NULL;
}

/* Our own close frame, behind what waits already: lws cannot be made to send one from outside its callbacks, and as Debian
 * builds 4.1.6 not from inside WRITEABLE either. conn_peer_closes, or the grace running out, ends the socket. */
static void send_close_frame(struct conn *c, enum close_code code, const char *reason)
{
    struct bytes *scratch = conn_message(c);
    char text[2] = {(char)(code >> 8), (char)(code & 0xff)};
    bytes_append(scratch, text, sizeof text);
    bytes_text(scratch, reason);
    struct span frame = frame_seal(scratch, FRAME_CLOSE);
    if (frame.len == 0 || !outlet_send(&c->outlet, frame))
        outlet_kill(&c->outlet);
}

void conn_close(struct conn *c, enum close_code code, const char *reason)
{
    if (c->state == CONN_CLOSING)
        return;
    log_debug("conn.closing", "conn=%llu code=%d reason=%s", (unsigned long long)c->id, code, log_quote(reason));
    greet_finish(c);
    leave_room(c);
    message_free(c);
    conn_move(c, CONN_CLOSING);
    send_close_frame(c, code, reason);
}

/* libwebsockets says any close frame back as it came; these are the ones that may stand on a wire. */
static bool close_is_proper(const char *payload, size_t len)
{
    if (len < 2)
        return len == 0;
    unsigned code = (unsigned)(uint8_t)payload[0] << 8 | (uint8_t)payload[1];
    bool known = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
    return known && utf8_is_valid(payload + 2, len - 2);
}

int conn_peer_closes(struct conn *c, const char *payload, size_t len)
{
    bool answered = c->hub != NULL && c->state == CONN_CLOSING;
    return answered || !close_is_proper(payload, len) ? -1 : 0;
}

void conn_close_slow(struct conn *c)
{
    if (c->state == CONN_CLOSING)
        return;
    meter_count(&meters.slow_closed);
    conn_close(c, CLOSE_TOO_SLOW, "too slow");
}

void conn_send_away(struct conn *c)
{
    message_reconnect(conn_message(c), RECONNECT_AFTER_MS, c->hub->limits->drain_jitter_ms);
    conn_send(c);
    conn_close(c, CLOSE_GOING_AWAY, "draining");
}

void conn_writable(struct conn *c)
{
    if (c->hub != NULL)
        outlet_writable(&c->outlet);
}

void conn_gone(struct conn *c)
{
    greet_finish(c);
    if (c->address != NULL)
        guard_leave(c->address);
    c->address = NULL;
    if (c->hub == NULL)
        return;
    leave_room(c);
    message_free(c);
    outlet_finish(&c->outlet);
    list_remove(&c->link);
    directory_remove(&c->hub->directory, c->id);
    metric_add(&meters.conns[c->role], -1);
    c->hub->conns_count--;
    c->hub = NULL;
}

/* ---- what it is sent ---- */

struct bytes *conn_message(struct conn *c)
{
    frame_begin(&c->hub->scratch);
    return &c->hub->scratch;
}

void conn_send_frames(struct conn *c, struct span frames)
{
    if (frames.len == 0) { /* no memory for it, and the client counts on it */
        conn_close(c, CLOSE_TRY_LATER, "out of memory");
        return;
    }
    if (!outlet_send(&c->outlet, frames))
        conn_close_slow(c);
}

void conn_send(struct conn *c) { conn_send_frames(c, frame_seal(&c->hub->scratch, FRAME_TEXT)); }

void conn_send_error(struct conn *c, const char *re, enum error_code code, const char *field, const char *detail,
                     int64_t retry_after_ms)
{
    message_error(conn_message(c), re, code, field, detail, retry_after_ms);
    conn_send(c);
}

static const struct show_view *show_of(struct conn *c)
{
    return orchestrator_show(c->hub->orchestrator, &c->room->shop, &c->room->broadcast);
}

void conn_answer(struct conn *c, const struct outcome *outcome)
{
    if (c->state == CONN_CLOSING || c->room == NULL)
        return;
    const struct show_view *show = outcome->kind == OUTCOME_HOLD ? show_of(c) : NULL;
    struct message_context context = hub_message_context(c->hub, &c->room->shop, show);
    message_outcome(conn_message(c), &context, outcome);
    conn_send(c);
}

void conn_show(struct conn *c, const struct show_view *show)
{
    if (c->role != ROLE_LOGISTICS) {
        struct told told = room_snapshot(c->room, show, c->role, &c->viewer);
        conn_send_frames(c, told.snapshot);
        if (told.since.len > 0 && c->state != CONN_CLOSING)
            conn_send_frames(c, told.since);
        return;
    }
    struct span volumes = room_volumes(c->room, AUDIENCE_LOGISTICS);
    if (volumes.len > 0) /* nothing to tell yet otherwise; the next tick will */
        conn_send_frames(c, volumes);
}

void conn_lapped(struct outlet *o)
{
    struct conn *c = container_of(o, struct conn, outlet);
    const struct show_view *show = show_of(c);
    meter_count(&meters.lapped);
    if (show == NULL) {
        conn_close(c, CLOSE_TRY_LATER, "broadcast not open here");
        return;
    }
    if (c->state == CONN_LIVE)
        conn_move(c, CONN_RESUMING);
    outlet_cork(o);
    outlet_jump(o);
    o->behind = false; /* a snapshot tells the values too */
    conn_move(c, CONN_LIVE);
    conn_show(c, show);
    outlet_uncork(o);
}

static void send_values(struct conn *c, const struct show_view *show)
{
    outlet_jump_values(&c->outlet);
    conn_send_frames(c, room_values(c->room, show, c->role));
}

void conn_outdated(struct outlet *o)
{
    struct conn *c = container_of(o, struct conn, outlet);
    const struct show_view *show = show_of(c);
    if (show == NULL) { /* nothing is published any more either */
        outlet_jump_values(o);
        return;
    }
    outlet_cork(o);
    send_values(c, show);
    outlet_uncork(o);
}

/* Missed while away, and not events: the values of now, and what became of the viewer's own holds. */
void conn_caught_up(struct outlet *o)
{
    struct conn *c = container_of(o, struct conn, outlet);
    const struct show_view *show = show_of(c);
    conn_move(c, CONN_LIVE);
    if (show == NULL || c->role == ROLE_LOGISTICS)
        return;
    outlet_cork(o);
    send_values(c, show);
    const struct hold *holds[CONN_HOLDS_MAX];
    size_t count = claims_of_viewer(show->claims, c->viewer.text, holds, CONN_HOLDS_MAX);
    for (size_t i = 0; i < count && c->state == CONN_LIVE; i++) {
        struct outcome outcome = {.kind = OUTCOME_HOLD};
        if (!ID_EQUAL(holds[i]->broadcast, show->broadcast->id))
            continue;
        hold_copy(&outcome.hold, holds[i]);
        outcome.hold.expires_at_ms = claims_expires_ms(show->claims, holds[i], show->now_ms);
        conn_answer(c, &outcome);
    }
    outlet_uncork(o);
}

void conn_seen(struct conn *c)
{
    if (c->hub == NULL)
        return;
    c->seen_ms = c->hub->outlets.now_ms;
    if (c->state == CONN_LIVE)
        list_move(&c->hub->conns[CONN_LIVE], &c->link); /* the longest silent first */
}
