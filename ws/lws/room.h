/* ws/lws/room.h - the audience of one broadcast on this node: a ring per kind of audience, the people by name, and what
 * joining costs once for all of them. */
#ifndef LIVESHELF_WS_LWS_ROOM_H
#define LIVESHELF_WS_LWS_ROOM_H

#include "base/map.h"
#include "core/orchestrator/orchestrator.h"
#include "ws/lws/channel.h"
#include "ws/lws/history.h"

struct hub;

enum audience_class { AUDIENCE_VIEWERS, AUDIENCE_HOSTS, AUDIENCE_LOGISTICS, AUDIENCE_STREAMS, AUDIENCE_CLASSES };

/* Frames that everyone who joins now would be sent alike. */
struct encoding {
    struct bytes bytes;
    struct span frames;
    struct epoch_id epoch;
    uint64_t seq, version;
    uint64_t values_at; /* head of the channel's values then */
    int64_t made_at_ms;
    bool selling;
};

struct room {
    struct hub *hub;
    struct list link; /* in hub->rooms_list */
    struct shop_id shop;
    struct broadcast_id broadcast;
    struct channel
        channels[AUDIENCE_CLASSES]; /* viewers and hosts from the start: they are the history; others when needed */
    struct map viewers;             /* viewer id -> one of the conns of that person, chained in conn.of_viewer */
    struct encoding snapshots[2];   /* [AUDIENCE_VIEWERS], [AUDIENCE_HOSTS] */
    struct encoding values[2];
    struct history histories[2]; /* for those who were away longer than the rings reach back */
    int64_t ping_at_ms;
    int64_t values_at_ms; /* when a value was last published to viewers or hosts */
};

MUST_USE enum result room_create(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast,
                                 struct room **ret);
void room_destroy(struct room *room); /* everyone must have left; takes NULL */
/* RESULT_OK when the channel is open, which the later two are on first use. */
MUST_USE enum result room_open_channel(struct room *room, enum audience_class class);

/* The snapshot for a role, as frames to send; the same bytes for all viewers who hold nothing. An encoding may be older than
 * the values published last: those are `since`, to be sent behind it. Borrowed until the next call on the hub; an empty
 * snapshot: no memory. */
struct told {
    struct span snapshot, since;
};
struct told room_snapshot(struct room *room, const struct show_view *show, enum role role,
                          const struct viewer_id *viewer);
/* The values of now (stock, audience, the clock of holds; for hosts counts, demand, health): what the events missed do not
 * tell. */
struct span room_values(struct room *room, const struct show_view *show, enum role role);
void room_forget(struct room *room, enum role role); /* what was encoded for this role is made anew */
void room_publish(struct room *room, enum audience_class class, struct span frame); /* a value; empty: nothing */
/* To logistics: all there is, as a frame (AUDIENCE_LOGISTICS) or an event (AUDIENCE_STREAMS); made once for all who are told in
 * the same turn. Borrowed until the next call. Empty: nothing known, or no memory. */
struct span room_volumes(struct room *room, enum audience_class class);

#endif
