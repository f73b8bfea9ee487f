#include "ws/lws/history.h"

#include <uv.h>

#include "base/log.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"
#include "ws/wire/message.h"

#define GREETS_PER_TURN 64   /* a welcome costs some 10 us: a storm must not hold the loop */
#define AHEAD_EVENTS_MAX 64  /* so far ahead of this node one may have been on another */
#define FOLLOWED_KEEPS_MAX 6 /* times resume_keep_ms that it is kept for those who are still being sent it */

static bool history_begin(struct history *h, const struct show_view *show);
static bool history_event(struct orchestrator_replay *replay, const struct show_view *show, const struct event *event);
static void history_done(struct orchestrator_replay *replay);
static void history_served(struct outlet *o);
static void history_lapped(struct outlet *o);

static const struct net_limits *limits_of(const struct history *h) { return h->room->hub->limits; }

/* Before a conn that waits would be closed as one that never got anywhere. */
static int64_t wait_ms(const struct history *h)
{
    const struct net_limits *limits = limits_of(h);
    return limits->resume_wait_ms < limits->hello_timeout_ms / 2 ? limits->resume_wait_ms
                                                                 : limits->hello_timeout_ms / 2;
}

static struct channel *live_channel(const struct history *h)
{
    return &h->room->channels[h->role == ROLE_HOST ? AUDIENCE_HOSTS : AUDIENCE_VIEWERS];
}

void history_init(struct history *h, struct room *room, enum role role)
{
    *h = (struct history){.room = room, .role = role};
    list_init(&h->waiting);
    list_init(&h->ahead);
}

static void history_close(struct history *h)
{
    if (!channel_is_open(&h->channel))
        return;
    h->room->hub->histories--;
    metric_add(&meters.history_bytes, -(double)h->channel.ring.capacity);
    channel_finish(&h->channel);
}

void history_finish(struct history *h)
{
    if (h->room == NULL)
        return;
    orchestrator_replay_cancel(&h->replay);
    history_close(h);
}

/* ---- who waits ---- */

static void history_move(struct history *h, enum history_state state)
{
    h->state = state;
    h->since_ms = h->room->hub->outlets.now_ms;
}

/* Nobody waits any longer: what is there serves them, or a snapshot does. */
static void history_release(struct history *h)
{
    list_for_each (at, &h->waiting)
        list_move(&h->room->hub->greets, at);
}

bool history_greet_some(struct hub *hub)
{
    for (unsigned left = GREETS_PER_TURN; left > 0 && !list_is_empty(&hub->greets); left--) {
        struct greeting *g = container_of(hub->greets.next, struct greeting, waits);
        list_remove(&g->waits);
        greet_go_on(g);
    }
    return !list_is_empty(&hub->greets);
}

static bool ring_goes_on(const struct history *h)
{
    uint64_t cursor;
    return ring_log_behind(&live_channel(h)->ring, h->until_seq, &cursor);
}

bool history_behind(const struct history *h, const struct epoch_id *epoch, uint64_t seq, uint64_t *ret_cursor)
{
    return h->state == HISTORY_READY && ID_EQUAL(h->epoch, *epoch) && ring_goes_on(h) &&
           ring_log_behind(&h->channel.ring, seq, ret_cursor);
}

bool history_wait(struct history *h, const struct show_view *show, struct greeting *g)
{
    uint64_t head = show->broadcast->seq;
    if (g->resume_seq > head && g->resume_seq - head <= AHEAD_EVENTS_MAX) {
        list_push_back(&h->ahead, &g->waits); /* this node will be there in a moment */
        return true;
    }
    if (g->resume_seq >= head || head - g->resume_seq > limits_of(h)->resume_events_max)
        return false;
    if (h->state == HISTORY_READY && ID_EQUAL(h->epoch, show->broadcast->epoch) && ring_goes_on(h))
        return false; /* it does not reach back so far, and would not if it were read again */
    if (live_channel(h)->ring.last_seq == 0)
        return false; /* broken and nothing published since: a reading would lead nowhere */
    if (h->state != HISTORY_READING && !history_begin(h, show))
        return false;
    list_push_back(&h->waiting, &g->waits);
    return true;
}

/* ---- the reading ---- */

/* An empty channel. What another reading left is gone, and who still follows that is sent a snapshot. */
static bool history_open(struct history *h)
{
    struct hub *hub = h->room->hub;
    if (channel_is_open(&h->channel)) {
        channel_break(&h->channel);
        return true;
    }
    if (hub->histories >= hub->limits->resume_histories_max ||
        channel_init(&h->channel, &hub->outlets, true, hub->limits->resume_bytes_max, 0) != RESULT_OK)
        return false;
    h->channel.caught_up = history_served;
    h->channel.lapped = history_lapped;
    hub->histories++;
    metric_add(&meters.history_bytes, (double)h->channel.ring.capacity);
    return true;
}

static bool history_begin(struct history *h, const struct show_view *show)
{
    uint64_t head = show->broadcast->seq, reach = limits_of(h)->resume_events_max;
    if (!history_open(h))
        return false;
    history_move(h, HISTORY_NONE);
    h->until_seq = head > reach ? head - reach : 0;
    h->epoch = show->broadcast->epoch;
    h->began_ns = uv_hrtime();
    h->replay = (struct orchestrator_replay){.shop = h->room->shop,
                                             .broadcast = h->room->broadcast,
                                             .after_seq = h->until_seq,
                                             .for_hosts = h->role == ROLE_HOST,
                                             .event = history_event,
                                             .done = history_done};
    ring_log_append_event(&h->channel.ring, h->until_seq, "", 0); /* who has seen this one begins at the beginning */
    if (orchestrator_replay(h->room->hub->orchestrator, &h->replay) != RESULT_OK)
        return false;
    history_move(h, HISTORY_READING);
    return true;
}

static bool history_event(struct orchestrator_replay *replay, const struct show_view *show, const struct event *event)
{
    struct history *h = container_of(replay, struct history, replay);
    struct bytes *scratch = &h->room->hub->scratch;
    struct ring_log *ring = &h->channel.ring;
    struct span frame = {.data = "", .len = 0};
    h->until_seq = event->seq;
    h->epoch = show->broadcast->epoch;
    if (event->kind == EVENT_EPOCH) {
        ring_log_break(ring); /* nobody was told of it: they were sent a snapshot */
    } else {
        frame_begin(scratch);
        message_event(scratch, show, event, h->role);
        frame = frame_seal(scratch, FRAME_TEXT);
        if (frame.len == 0)
            ring_log_break(ring); /* no memory for it: nobody who missed it can be told */
    }
    ring_log_append_event(ring, event->seq, frame.len == 0 ? "" : frame.data, frame.len);
    /* Far enough once the room's ring goes on from here and will for a while. */
    const struct ring_log *live = &live_channel(h)->ring;
    uint64_t cursor;
    return !ring_log_behind(live, event->seq, &cursor) || live->head - cursor > live->capacity / 2;
}

static void history_done(struct orchestrator_replay *replay)
{
    struct history *h = container_of(replay, struct history, replay);
    hub_turn(h->room->hub);
    meter_count(replay->result == RESULT_OK ? &meters.replays_done : &meters.replays_failed);
    metric_observe(&meters.replay_seconds, (double)(uv_hrtime() - h->began_ns) / 1e9);
    history_move(h, replay->result == RESULT_OK ? HISTORY_READY : HISTORY_NONE);
    history_release(h);
}

static void history_give_up(struct history *h)
{
    if (h->state == HISTORY_READING) {
        orchestrator_replay_cancel(&h->replay);
        meter_count(&meters.replays_failed);
    }
    history_move(h, HISTORY_NONE);
    history_release(h);
    if (channel_is_open(&h->channel))
        channel_break(&h->channel);
}

void history_reset(struct history *h)
{
    list_for_each (at, &h->ahead)
        list_move(&h->room->hub->greets, at);
    if (h->state != HISTORY_NONE)
        history_give_up(h);
}

/* Those who were ahead of this node go on when it got there, or never will. */
static void ahead_check(struct history *h)
{
    struct hub *hub = h->room->hub;
    if (list_is_empty(&h->ahead))
        return;
    const struct show_view *show = orchestrator_show(hub->orchestrator, &h->room->shop, &h->room->broadcast);
    list_for_each (at, &h->ahead) {
        const struct greeting *g = container_of(at, struct greeting, waits);
        bool there = show == NULL || show->broadcast->seq >= g->resume_seq;
        if (there || hub->outlets.now_ms - g->conn->since_ms >= wait_ms(h))
            list_move(&hub->greets, at);
    }
}

void history_tick(struct history *h)
{
    int64_t age_ms = h->room->hub->outlets.now_ms - h->since_ms;
    int64_t keep_ms = limits_of(h)->resume_keep_ms * (h->channel.count == 0 ? 1 : FOLLOWED_KEEPS_MAX);
    ahead_check(h);
    if (h->state == HISTORY_READING && age_ms >= wait_ms(h)) {
        log_warn("replay.given_up", "shop=%s broadcast=%s after_ms=%lld", h->room->shop.text, h->room->broadcast.text,
                 (long long)age_ms);
        history_give_up(h);
    } else if (h->state == HISTORY_READY && age_ms >= keep_ms) {
        history_give_up(h); /* who is still being sent it is better off with a snapshot */
    }
    if (h->state == HISTORY_NONE && h->channel.count == 0)
        history_close(h);
}

/* ---- those who follow it ---- */

/* From the history to where the room's ring goes on; at its head when that is gone meanwhile: `lapped` then. */
static void follow_live(struct outlet *o, bool lapped)
{
    struct history *h = container_of(o->channel, struct history, channel);
    struct conn *c = container_of(o, struct conn, outlet);
    struct channel *live = live_channel(h);
    uint64_t cursor = live->ring.head;
    lapped = !ring_log_behind(&live->ring, h->until_seq, &cursor) || lapped;
    c->seen_ms = h->room->hub->outlets.now_ms; /* it took what it was sent, and no PING was among that */
    outlet_unfollow(o);
    if (outlet_follow(o, live, lapped ? live->ring.head : cursor) != RESULT_OK) {
        conn_close(c, CLOSE_TRY_LATER, "out of memory");
    } else if (lapped) {
        conn_lapped(o);
    } else {
        o->behind = true;
        outlet_drain(o);
    }
}

static void history_served(struct outlet *o) { follow_live(o, false); }

static void history_lapped(struct outlet *o) { follow_live(o, true); }
