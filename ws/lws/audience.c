/* The audience port: what the core says, framed once and put where those it is for will find it. */
#include <string.h>

#include "base/log.h"
#include "ws/lws/hub.h"
#include "ws/lws/request.h"
#include "ws/lws/sse.h"

static struct hub *hub_of(struct audience *a) { return container_of(a, struct hub, audience); }

/* Values for nobody are not kept: whoever joins is told the present ones, and what was encoded for an earlier one no more. */
static bool anyone(struct room *room, enum audience_class class)
{
    if (room->channels[class].count > 0)
        return true;
    if (class == AUDIENCE_VIEWERS || class == AUDIENCE_HOSTS)
        room_forget(room, class == AUDIENCE_HOSTS ? ROLE_HOST : ROLE_VIEWER);
    return false;
}

/* All conns of a viewer here but `but`, which may be NULL. */
static void viewer_tell(struct room *room, const struct viewer_id *viewer, const struct conn *but,
                        const struct outcome *outcome)
{
    struct conn *c = room == NULL ? NULL : map_get(&room->viewers, viewer->text);
    size_t conns = 0; /* counted first: an answer may take its conn, and no other, out of the circle */
    for (struct list *at = c == NULL ? NULL : &c->of_viewer; at != NULL; conns++)
        at = at->next == &c->of_viewer ? NULL : at->next;
    for (; conns > 0; conns--) {
        struct conn *next = container_of(c->of_viewer.next, struct conn, of_viewer);
        if (c != but)
            conn_answer(c, outcome);
        c = next;
    }
}

static void viewer_answer(struct conn *c, const struct outcome *outcome)
{
    struct room *room = c->room; /* the answer may be what closes the conn */
    struct viewer_id viewer = c->viewer;
    conn_answer(c, outcome);
    if (room == NULL || !outcome_moves_hold(outcome))
        return;
    struct outcome push = *outcome;
    push.re[0] = '\0';
    viewer_tell(room, &viewer, c, &push);
}

static void audience_send(struct audience *a, uint64_t id, const struct outcome *outcome)
{
    struct hub *hub = hub_of(a);
    enum resident kind = RESIDENT_NONE;
    void *who = directory_find(&hub->directory, id, &kind);
    if (kind == RESIDENT_CONN)
        viewer_answer(who, outcome);
    else if (kind == RESIDENT_REQUEST)
        request_answer(who, outcome);
}

static void audience_send_viewer(struct audience *a, const struct shop_id *shop, const struct broadcast_id *broadcast,
                                 const struct viewer_id *viewer, const struct outcome *outcome)
{
    viewer_tell(hub_room(hub_of(a), shop, broadcast), viewer, NULL, outcome);
}

static struct room *room_for(struct audience *a, const struct show_view *show)
{
    struct room *room = NULL;
    if (show->broadcast == NULL || ID_IS_NONE(show->broadcast->id))
        return NULL; /* the shop's own log has no audience */
    enum result result = hub_room_open(hub_of(a), &show->broadcast->shop, &show->broadcast->id, &room);
    return result == RESULT_OK ? room : NULL; /* logged there; joining it will be refused */
}

static void publish_event(struct room *room, enum audience_class class, enum role role, const struct show_view *show,
                          const struct event *event)
{
    struct bytes *scratch = &room->hub->scratch;
    frame_begin(scratch);
    message_event(scratch, show, event, role);
    struct span frame = frame_seal(scratch, FRAME_TEXT);
    if (frame.len > 0) {
        channel_publish_event(&room->channels[class], event->seq, frame);
        return;
    }
    log_error("event.lost", "broadcast=%s seq=%llu", room->broadcast.text, (unsigned long long)event->seq);
    channel_break(&room->channels[class]); /* no memory for it: the snapshot will tell */
}

static void audience_publish(struct audience *a, const struct show_view *show, const struct event *event)
{
    struct room *room = room_for(a, show);
    if (room == NULL)
        return;
    publish_event(room, AUDIENCE_VIEWERS, ROLE_VIEWER, show, event);
    publish_event(room, AUDIENCE_HOSTS, ROLE_HOST, show, event);
}

/* Seals what was written into the scratch and publishes it to one kind of audience. */
static void publish_value(struct room *room, enum audience_class class)
{
    room_publish(room, class, frame_seal(&room->hub->scratch, FRAME_TEXT));
}

static void audience_publish_stock(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                   size_t count)
{
    struct room *room = room_for(a, show);
    for (enum audience_class class = AUDIENCE_VIEWERS; room != NULL && class <= AUDIENCE_HOSTS; class ++) {
        if (!anyone(room, class))
            continue;
        frame_begin(&room->hub->scratch);
        message_stock(&room->hub->scratch, show, skus, count);
        publish_value(room, class);
    }
}

static void audience_publish_counts(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                    size_t count)
{
    struct room *room = room_for(a, show);
    if (room == NULL || !anyone(room, AUDIENCE_HOSTS))
        return;
    frame_begin(&room->hub->scratch);
    message_counts(&room->hub->scratch, show, skus, count);
    publish_value(room, AUDIENCE_HOSTS);
}

typedef void value_message(struct bytes *out, const struct show_view *show);

static void publish_simple(struct audience *a, const struct show_view *show, enum audience_class first,
                           value_message *write)
{
    struct room *room = room_for(a, show);
    for (enum audience_class class = first; room != NULL && class <= AUDIENCE_HOSTS; class ++) {
        if (!anyone(room, class))
            continue;
        frame_begin(&room->hub->scratch);
        write(&room->hub->scratch, show);
        publish_value(room, class);
    }
}

static void audience_publish_demand(struct audience *a, const struct show_view *show)
{
    publish_simple(a, show, AUDIENCE_HOSTS, message_demand);
}

static void audience_publish_audience(struct audience *a, const struct show_view *show, enum role role)
{
    enum audience_class class = role == ROLE_HOST ? AUDIENCE_HOSTS : AUDIENCE_VIEWERS;
    struct room *room = room_for(a, show);
    if (room == NULL || !anyone(room, class))
        return;
    frame_begin(&room->hub->scratch);
    message_audience(&room->hub->scratch, show, role);
    publish_value(room, class);
}

static void audience_publish_lag(struct audience *a, const struct show_view *show)
{
    publish_simple(a, show, AUDIENCE_HOSTS, message_lag);
}

static void audience_publish_health(struct audience *a, const struct show_view *show)
{
    struct room *room = room_for(a, show);
    if (room != NULL)
        room_forget(room, ROLE_HOST); /* the reason may be another one while nothing else changed */
    publish_simple(a, show, AUDIENCE_HOSTS, message_health);
}

static void audience_publish_hold_clock(struct audience *a, const struct show_view *show)
{
    publish_simple(a, show, AUDIENCE_VIEWERS, message_hold_clock);
}

static void audience_publish_volumes(struct audience *a, const struct volumes_view *v)
{
    struct hub *hub = hub_of(a);
    struct room *room = hub_room(hub, &v->broadcast->shop, &v->broadcast->id);
    if (room == NULL)
        return;
    if (anyone(room, AUDIENCE_LOGISTICS)) {
        frame_begin(&hub->scratch);
        message_volumes(&hub->scratch, v, false);
        publish_value(room, AUDIENCE_LOGISTICS);
    }
    if (anyone(room, AUDIENCE_STREAMS)) {
        room_publish(room, AUDIENCE_STREAMS, sse_block(&hub->scratch, v, false));
    }
}

static void audience_reset(struct audience *a, const struct show_view *show)
{
    struct room *room = room_for(a, show);
    for (size_t i = 0; room != NULL && i < AUDIENCE_CLASSES; i++) {
        if (channel_is_open(&room->channels[i]))
            channel_break(&room->channels[i]);
    }
    for (size_t i = 0; room != NULL && i < ARRAY_LEN(room->histories); i++)
        history_reset(&room->histories[i]);
}

static int64_t audience_pace_ms(struct audience *a, const struct show_view *show)
{
    struct room *room = room_for(a, show);
    return room == NULL ? 0 : hub_pace_ms(hub_of(a), room);
}

void audience_init(struct audience *a)
{
    *a = (struct audience){
        .send = audience_send,
        .send_viewer = audience_send_viewer,
        .publish = audience_publish,
        .publish_stock = audience_publish_stock,
        .publish_counts = audience_publish_counts,
        .publish_demand = audience_publish_demand,
        .publish_audience = audience_publish_audience,
        .publish_lag = audience_publish_lag,
        .publish_health = audience_publish_health,
        .publish_hold_clock = audience_publish_hold_clock,
        .publish_volumes = audience_publish_volumes,
        .reset = audience_reset,
        .pace_ms = audience_pace_ms,
    };
}
