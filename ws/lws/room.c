#include "ws/lws/room.h"

#include <stdlib.h>
#include <string.h>

#include "ws/lws/conn.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"
#include "ws/lws/sse.h"
#include "ws/wire/message.h"

/* A full set of a long shelf with all that hosts see fits; a larger one breaks the ring, and everyone is sent it whole. */
#define VALUES_BYTES (64 << 10)

enum result room_open_channel(struct room *room, enum audience_class class)
{
    struct channel *c = &room->channels[class];
    const struct net_limits *limits = room->hub->limits;
    if (channel_is_open(c))
        return RESULT_OK;
    bool has_values = class == AUDIENCE_VIEWERS || class == AUDIENCE_HOSTS;
    size_t bytes = class == AUDIENCE_VIEWERS ? limits->ring_bytes : limits->host_ring_bytes;
    enum result result =
        channel_init(c, &room->hub->outlets, class != AUDIENCE_STREAMS, bytes, has_values ? VALUES_BYTES : 0);
    if (result != RESULT_OK) {
        channel_finish(c);
        return result;
    }
    c->outdated = has_values ? conn_outdated : NULL;
    c->lapped = class == AUDIENCE_STREAMS ? sse_lapped : conn_lapped;
    c->caught_up = class == AUDIENCE_STREAMS ? NULL : conn_caught_up;
    return RESULT_OK;
}

enum result room_create(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast,
                        struct room **ret)
{
    struct room *room = calloc(1, sizeof *room);
    if (room == NULL)
        return RESULT_NO_MEMORY;
    *room = (struct room){.hub = hub, .shop = *shop, .broadcast = *broadcast};
    map_init(&room->viewers, hub->limits->conns_max);
    room->ping_at_ms = hub->outlets.now_ms + hub->limits->heartbeat_ms;
    history_init(&room->histories[AUDIENCE_VIEWERS], room, ROLE_VIEWER);
    history_init(&room->histories[AUDIENCE_HOSTS], room, ROLE_HOST);
    enum result result = room_open_channel(room, AUDIENCE_VIEWERS);
    if (result == RESULT_OK)
        result = room_open_channel(room, AUDIENCE_HOSTS);
    if (result != RESULT_OK) {
        room_destroy(room);
        return result;
    }
    *ret = room;
    return RESULT_OK;
}

void room_destroy(struct room *room)
{
    if (room == NULL)
        return;
    if (room->hub->volumes.room == room)
        room->hub->volumes.room = NULL;
    list_remove(&room->link);
    for (size_t i = 0; i < AUDIENCE_CLASSES; i++)
        channel_finish(&room->channels[i]);
    for (size_t i = 0; i < ARRAY_LEN(room->snapshots); i++) {
        history_finish(&room->histories[i]);
        bytes_finish(&room->snapshots[i].bytes);
        bytes_finish(&room->values[i].bytes);
    }
    map_finish(&room->viewers);
    free(room);
}

/* ---- encoded once ---- */

static enum audience_class encoded_for(enum role role) { return role == ROLE_HOST ? AUDIENCE_HOSTS : AUDIENCE_VIEWERS; }

static const struct channel *channel_of(const struct room *room, enum role role)
{
    return &room->channels[encoded_for(role)];
}

static bool encoding_is_fresh(const struct room *room, const struct encoding *e, const struct show_view *show)
{
    return e->frames.len > 0 && e->seq == show->broadcast->seq && e->version == show->claims->version &&
           e->selling == show->selling_available && ID_EQUAL(e->epoch, show->broadcast->epoch) &&
           room->hub->outlets.now_ms - e->made_at_ms < room->hub->limits->snapshot_ms;
}

static struct span encoding_stamp(const struct room *room, struct encoding *e, const struct show_view *show,
                                  enum role role)
{
    e->values_at = channel_of(room, role)->values.head;
    e->epoch = show->broadcast->epoch;
    e->seq = show->broadcast->seq;
    e->version = show->claims->version;
    e->selling = show->selling_available;
    e->made_at_ms = room->hub->outlets.now_ms;
    return e->frames;
}

static bool has_something(const struct show_view *show, const struct viewer_id *viewer)
{
    const struct hold *hold;
    struct sku_id sku;
    return claims_of_viewer(show->claims, viewer->text, &hold, 1) > 0 ||
           claims_waits_of_viewer(show->claims, viewer->text, &sku, 1) > 0;
}

static struct span snapshot_encode(struct room *room, struct bytes *out, const struct show_view *show, enum role role,
                                   const struct viewer_id *viewer)
{
    struct message_context context = hub_message_context(room->hub, &room->shop, show);
    meter_count(&meters.snapshots_encoded);
    orchestrator_shown(room->hub->orchestrator, &room->shop, &room->broadcast);
    frame_begin(out);
    message_snapshot(out, &context, show, role, viewer);
    return frame_seal(out, FRAME_TEXT);
}

struct told room_snapshot(struct room *room, const struct show_view *show, enum role role,
                          const struct viewer_id *viewer)
{
    const struct channel *c = channel_of(room, role);
    meter_count(&meters.snapshots);
    if (has_something(show, viewer))
        return (struct told){.snapshot = snapshot_encode(room, &room->hub->scratch, show, role, viewer)};
    struct encoding *e = &room->snapshots[encoded_for(role)];
    uint64_t later = c->values.head - e->values_at;
    if (encoding_is_fresh(room, e, show) && later <= c->values_slack)
        return (struct told){e->frames, {.data = ring_log_at(&c->values, e->values_at), .len = (size_t)later}};
    e->frames = snapshot_encode(room, &e->bytes, show, role, viewer);
    return (struct told){.snapshot = encoding_stamp(room, e, show, role)};
}

/* Frames one message and puts it behind those already in `to`. */
static void frame_add(struct hub *hub, struct bytes *to)
{
    struct span frame = frame_seal(&hub->scratch, FRAME_TEXT);
    bytes_append(to, frame.data, frame.len);
    frame_begin(&hub->scratch);
}

static struct span values_encode(struct room *room, struct encoding *e, const struct show_view *show, enum role role)
{
    struct hub *hub = room->hub;
    const struct broadcast *b = show->broadcast;
    size_t count = b->items_count < SHELF_ITEMS_MAX ? b->items_count : SHELF_ITEMS_MAX;
    for (size_t i = 0; i < count; i++)
        hub->skus[i] = b->items[i].sku;
    bytes_clear(&e->bytes);
    orchestrator_shown(hub->orchestrator, &room->shop, &room->broadcast);
    frame_begin(&hub->scratch);
    message_stock(&hub->scratch, show, hub->skus, count);
    frame_add(hub, &e->bytes);
    message_audience(&hub->scratch, show, role);
    frame_add(hub, &e->bytes);
    message_hold_clock(&hub->scratch, show);
    frame_add(hub, &e->bytes);
    if (role == ROLE_HOST) {
        message_counts(&hub->scratch, show, hub->skus, count);
        frame_add(hub, &e->bytes);
        message_demand(&hub->scratch, show);
        frame_add(hub, &e->bytes);
        message_health(&hub->scratch, show);
        frame_add(hub, &e->bytes);
        message_lag(&hub->scratch, show);
        frame_add(hub, &e->bytes);
    }
    return e->bytes.failed ? (struct span){0} : (struct span){.data = e->bytes.data, .len = e->bytes.len};
}

void room_forget(struct room *room, enum role role)
{
    room->snapshots[encoded_for(role)].frames = (struct span){0};
    room->values[encoded_for(role)].frames = (struct span){0};
}

struct span room_values(struct room *room, const struct show_view *show, enum role role)
{
    struct encoding *e = &room->values[encoded_for(role)];
    if (encoding_is_fresh(room, e, show))
        return e->frames;
    e->frames = values_encode(room, e, show, role);
    channel_values_size(&room->channels[encoded_for(role)], e->frames.len);
    return encoding_stamp(room, e, show, role);
}

void room_publish(struct room *room, enum audience_class class, struct span frame)
{
    if (room->hub->volumes.room == room)
        room->hub->volumes.room = NULL;
    if (frame.len == 0)
        return;
    channel_publish(&room->channels[class], frame);
    if (class != AUDIENCE_VIEWERS && class != AUDIENCE_HOSTS)
        return;
    room->values[class].frames = (struct span){0}; /* a full set never tells less than what was published */
    room->values_at_ms = room->hub->outlets.now_ms;
}

/* There may be a megabyte of it, and a message that no ring holds is told to each of its followers so. */
struct span room_volumes(struct room *room, enum audience_class class)
{
    struct hub *hub = room->hub;
    struct volumes_view view;
    bool is_made =
        hub->volumes.room == room && hub->volumes.class == class && hub->volumes.made_at_ms == hub->outlets.now_ms;
    if (is_made)
        return hub->volumes.message;
    hub->volumes.room = NULL;
    if (!orchestrator_volumes(hub->orchestrator, &room->shop, &room->broadcast, &view))
        return (struct span){0};
    if (class == AUDIENCE_STREAMS) {
        hub->volumes.message = sse_block(&hub->volumes.bytes, &view, true);
    } else {
        frame_begin(&hub->volumes.bytes);
        message_volumes(&hub->volumes.bytes, &view, true);
        hub->volumes.message = frame_seal(&hub->volumes.bytes, FRAME_TEXT);
    }
    hub->volumes.room = room;
    hub->volumes.class = class;
    hub->volumes.made_at_ms = hub->outlets.now_ms;
    return hub->volumes.message;
}
