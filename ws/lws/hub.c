#include "ws/lws/hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ws/lws/meters.h"
#include "ws/lws/sse.h"

#define SEND_NS_AT_FIRST 5000 /* until sweeps have been measured */
#define VALUES_SHARE 5        /* of the loop's time, values may take one in so many parts */
#define VALUES_RECENT_MS 2000 /* a broadcast that published none for so long takes no part */

/* Room for requests in progress in the directory, beside the conns. */
static uint32_t residents_max(const struct net_limits *limits) { return limits->conns_max + limits->http_requests_max; }

enum result hub_create(struct clock *clock, struct auth *auth, const struct net_limits *limits, struct hub **ret)
{
    struct hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL)
        return RESULT_NO_MEMORY;
    hub->clock = clock;
    hub->auth = auth;
    hub->limits = limits;
    hub->outlets.limits = limits;
    hub->outlets.send_ns = SEND_NS_AT_FIRST;
    list_init(&hub->outlets.dirty);
    list_init(&hub->outlets.waiting);
    list_init(&hub->rooms_list);
    list_init(&hub->greets);
    for (size_t i = 0; i < CONN_STATES; i++)
        list_init(&hub->conns[i]);
    directory_init(&hub->directory, residents_max(limits));
    map_init(&hub->rooms, limits->rooms_max);
    audience_init(&hub->audience);
    meters_register();
    hub_turn(hub);
    if (send_batch_create(limits->send_path, &hub->outlets.batch) != RESULT_OK) {
        hub_destroy(hub);
        return RESULT_NO_MEMORY;
    }
    *ret = hub;
    return RESULT_OK;
}

void hub_destroy(struct hub *hub)
{
    if (hub == NULL)
        return;
    MUST(hub->conns_count == 0);
    list_for_each (at, &hub->rooms_list)
        room_destroy(container_of(at, struct room, link));
    map_finish(&hub->rooms);
    directory_finish(&hub->directory);
    bytes_finish(&hub->scratch);
    bytes_finish(&hub->volumes.bytes);
    send_batch_destroy(hub->outlets.batch);
    free(hub);
}

void hub_attach(struct hub *hub, struct orchestrator *o) { hub->orchestrator = o; }

void hub_turn(struct hub *hub) { hub->outlets.now_ms = hub->clock->now_ms(hub->clock); }

struct message_context hub_message_context(struct hub *hub, const struct shop_id *shop, const struct show_view *show)
{
    return (struct message_context){.shop = shop, .checkout = auth_checkout_link, .ctx = hub->auth, .show = show};
}

/* ---- rooms ---- */

#define ROOM_KEY_MAX (2 * (ID_LEN_MAX + 1))

static void room_key(const struct shop_id *shop, const struct broadcast_id *broadcast, char ret[ROOM_KEY_MAX])
{
    snprintf(ret, ROOM_KEY_MAX, "%s/%s", shop->text, broadcast->text);
}

struct room *hub_room(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    char key[ROOM_KEY_MAX];
    room_key(shop, broadcast, key);
    return map_get(&hub->rooms, key);
}

enum result hub_room_open(struct hub *hub, const struct shop_id *shop, const struct broadcast_id *broadcast,
                          struct room **ret)
{
    char key[ROOM_KEY_MAX];
    room_key(shop, broadcast, key);
    struct room *room = map_get(&hub->rooms, key);
    if (room != NULL) {
        *ret = room;
        return RESULT_OK;
    }
    enum result result = room_create(hub, shop, broadcast, &room);
    if (result == RESULT_OK)
        result = map_set(&hub->rooms, key, room);
    if (result != RESULT_OK) {
        log_error("room.refused", "shop=%s broadcast=%s result=%s rooms=%zu", shop->text, broadcast->text,
                  result_name(result), hub->rooms.count);
        room_destroy(room);
        return result;
    }
    list_push_back(&hub->rooms_list, &room->link);
    metric_set(&meters.rooms, (double)hub->rooms.count);
    *ret = room;
    return RESULT_OK;
}

/* ---- sweeps ---- */

/* A claim takes several turns of the loop on its way to the stock and back, each behind a slice: while one is under way slices
 * are short, some 0.3 ms, and answers come almost as soon as in silence. Otherwise they are long, and turns cost less. */
#define SENDS_WHILE_ASKED 48u

bool hub_flush(struct hub *hub)
{
    hub_turn(hub);
    uint32_t budget = hub->limits->sends_per_turn_max;
    bool asked = hub->orchestrator != NULL && orchestrator_in_flight(hub->orchestrator) > 0;
    if (asked && budget > SENDS_WHILE_ASKED)
        budget = SENDS_WHILE_ASKED;
    while (budget > 0 && !list_is_empty(&hub->outlets.dirty)) {
        struct list *first = hub->outlets.dirty.next;
        struct channel *c = container_of(first, struct channel, dirty);
        channel_sweep(c, &budget);
        if (list_is_linked(first))
            list_move(&hub->outlets.dirty, first); /* unfinished: other broadcasts get their turn */
    }
    bool waiting = history_greet_some(hub);
    return waiting || !list_is_empty(&hub->outlets.dirty);
}

/* ---- the tick ---- */

/* Not empty: libwebsockets hides empty PONGs from us. */
static const char ping[] = {(char)(0x80 | FRAME_PING), 1, 'h'};
static const struct span ping_frame = {.data = ping, .len = sizeof ping};
static const struct span stream_comment = {.data = ":\n\n", .len = 3};

static void room_ping(struct room *room)
{
    room->ping_at_ms += room->hub->limits->heartbeat_ms;
    for (enum audience_class i = 0; i < AUDIENCE_CLASSES; i++) {
        if (room->channels[i].count > 0)
            channel_publish_ping(&room->channels[i], i == AUDIENCE_STREAMS ? stream_comment : ping_frame);
    }
}

static struct conn *first_of(struct hub *hub, enum conn_state state)
{
    struct list *head = &hub->conns[state];
    return list_is_empty(head) ? NULL : container_of(head->next, struct conn, link);
}

static void close_silent(struct hub *hub)
{
    const struct net_limits *limits = hub->limits;
    int64_t now_ms = hub->outlets.now_ms;
    struct conn *c;
    while ((c = first_of(hub, CONN_GREETING)) != NULL && now_ms - c->since_ms >= limits->hello_timeout_ms)
        conn_close(c, CLOSE_UNAUTHENTICATED, "no hello");
    while ((c = first_of(hub, CONN_OPENING)) != NULL && now_ms - c->since_ms >= limits->hello_timeout_ms)
        conn_close(c, CLOSE_TRY_LATER, "not ready");
    while ((c = first_of(hub, CONN_LIVE)) != NULL && now_ms - c->seen_ms > limits->heartbeat_ms * 5 / 2) {
        meter_count(&meters.silent_closed);
        conn_close(c, CLOSE_HEARTBEAT, "no sign of life");
    }
    list_for_each (at, &hub->conns[CONN_CLOSING]) {
        c = container_of(at, struct conn, link);
        if (now_ms - c->since_ms < limits->close_grace_ms)
            break;
        outlet_kill(&c->outlet);
    }
}

/* Closing takes an outlet off no list: its socket is full. So those closed already are passed by. */
static void close_slow(struct hub *hub)
{
    list_for_each (at, &hub->outlets.waiting) {
        struct outlet *o = container_of(at, struct outlet, waiting);
        if (hub->outlets.now_ms - o->stalled_at_ms < hub->limits->slow_timeout_ms)
            break;
        if (o->is_stream)
            outlet_kill(o);
        else
            conn_close_slow(container_of(o, struct conn, outlet));
    }
}

static void drain_some(struct hub *hub)
{
    static const enum conn_state order[] = {CONN_GREETING, CONN_OPENING, CONN_RESUMING, CONN_LIVE};
    uint32_t left = hub->drain_per_tick;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct conn *c;
        while (left > 0 && (c = first_of(hub, order[i])) != NULL) {
            conn_send_away(c);
            left--;
        }
    }
}

static double sweep_ns(const struct room *room)
{
    uint64_t seats = room->channels[AUDIENCE_VIEWERS].count + (uint64_t)room->channels[AUDIENCE_HOSTS].count;
    return (double)seats * room->hub->outlets.send_ns;
}

int64_t hub_pace_ms(const struct hub *hub, const struct room *room)
{
    double own_ns = sweep_ns(room), all_ns = hub->values_ns > own_ns ? hub->values_ns : own_ns;
    return (int64_t)(all_ns * VALUES_SHARE / 1e6);
}

void hub_tick(struct hub *hub)
{
    hub_turn(hub);
    hub->values_ns = 0;
    list_for_each (at, &hub->rooms_list) {
        struct room *room = container_of(at, struct room, link);
        if (hub->outlets.now_ms >= room->ping_at_ms)
            room_ping(room);
        for (size_t i = 0; i < ARRAY_LEN(room->histories); i++)
            history_tick(&room->histories[i]);
        if (hub->outlets.now_ms - room->values_at_ms < VALUES_RECENT_MS)
            hub->values_ns += sweep_ns(room);
    }
    close_silent(hub);
    close_slow(hub);
    if (hub->draining)
        drain_some(hub);
}

/* A full house leaves in time also when more are here than the usual rate takes. */
static uint32_t drain_rate(const struct hub *hub, int64_t timeout_ms)
{
    int64_t ticks = timeout_ms * 3 / 4 / HUB_TICK_MS;
    uint32_t needed = ticks < 1 ? hub->conns_count : (uint32_t)((hub->conns_count + ticks - 1) / ticks);
    uint32_t usual = hub->limits->drain_per_tick;
    return needed > usual ? needed : usual;
}

void hub_drain(struct hub *hub, int64_t timeout_ms)
{
    hub->draining = true;
    hub->drain_per_tick = drain_rate(hub, timeout_ms);
    list_for_each (at, &hub->rooms_list) {
        struct channel *streams = &container_of(at, struct room, link)->channels[AUDIENCE_STREAMS];
        if (channel_is_open(streams))
            channel_break(streams); /* cuts them: a stream that falls off its ring comes back, elsewhere */
    }
}
