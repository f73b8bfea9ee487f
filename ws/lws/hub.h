/* ws/lws/hub.h - everyone connected to this node; implements `struct audience`.
 *
 *   core publishes           audience.c  framed once into the room's ring, the ring marked dirty
 *   hub_flush                once per loop turn, before it waits: one slice of sweeps
 *   hub_tick                 every HUB_TICK_MS: PINGs due, conns that said nothing or took nothing for too long, draining
 *
 * Loop thread only. */
#ifndef LIVESHELF_WS_LWS_HUB_H
#define LIVESHELF_WS_LWS_HUB_H

#include "core/orchestrator/orchestrator.h"
#include "ws/lws/auth.h"
#include "ws/lws/conn.h"
#include "ws/lws/directory.h"
#include "ws/lws/room.h"
#include "ws/wire/message.h"

#define HUB_TICK_MS 100

struct hub {
    struct audience audience;          /* first: the port's calls find the hub by it */
    struct orchestrator *orchestrator; /* NULL until hub_attach */
    struct clock *clock;
    struct auth *auth;
    const struct net_limits *limits; /* outlives the hub */
    struct outlets outlets;
    struct directory directory;
    struct map rooms; /* "shop/broadcast" -> struct room * */
    struct list rooms_list;
    struct list
        conns[CONN_STATES]; /* by state; LIVE: the longest silent first, others: the oldest in that state first */
    uint32_t conns_count;   /* on those lists */
    struct list greets;     /* struct greeting, by `waits`: their waiting is over (history.c) */
    uint32_t histories;     /* open now */
    bool draining;
    uint32_t drain_per_tick;
    double values_ns;     /* what telling one value to every audience that was told some lately takes */
    struct bytes scratch; /* one message being made */
    struct {              /* the last that was made by room_volumes */
        struct bytes bytes;
        struct span message;
        const struct room *room; /* NULL: none, or no longer true */
        enum audience_class class;
        int64_t made_at_ms;
    } volumes;
    struct sku_id skus[SHELF_ITEMS_MAX];
};

/* `limits` is borrowed. */
MUST_USE enum result hub_create(struct clock *clock, struct auth *auth, const struct net_limits *limits,
                                struct hub **ret);
void hub_destroy(struct hub *hub); /* every socket must be gone; takes NULL */
/* Before the first socket, after orchestrator_create. */
void hub_attach(struct hub *hub, struct orchestrator *o);

void hub_turn(struct hub *hub);  /* takes the time; at every entry from the loop */
bool hub_flush(struct hub *hub); /* one slice; true: more is waiting, come back without sleeping */
void hub_tick(struct hub *hub);
/* The least time between two publishes of values to this room, so that those of all rooms cost at most a fifth of the loop. */
int64_t hub_pace_ms(const struct hub *hub, const struct room *room);
/* From now on ticks send everyone away, the last when three quarters of the time are over; conns_count tells how many are left. */
void hub_drain(struct hub *hub, int64_t timeout_ms);

/* NULL: not here. */
struct room *hub_room(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast);
/* Makes it when needed; RESULT_FULL at rooms_max. */
MUST_USE enum result hub_room_open(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast,
                                   struct room **ret);
/* `show` as in message_context; may be NULL. */
struct message_context hub_message_context(struct hub *hub, const struct shop_id *shop, const struct show_view *show);

void audience_init(struct audience *a); /* audience.c */

#endif
