#include "ws/lws/channel.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <uv.h>

#include "ws/lws/meters.h"
#include "ws/lws/outlet.h"

#define SEATS_MIN 16u
/* Sweeps start at another seat each time, so that the same viewers are not always last. Prime: reaches every seat. */
#define SWEEP_STRIDE 7919u
/* Fewer bytes of values than a packet holds are not worth a full set. */
#define VALUES_SLACK_MIN 1400
/* Gathered before the first of them is sent to; each may leave over one outlet to be served apart. */
#define BATCH_SEATS SEND_BATCH_MAX
#define COST_SENDS_MIN 16u
#define LEFTOVERS_PER_LOOK 8u
#define SLICE_NS 4000000 /* 4 ms: the longest that others wait for one slice, whatever it was made of */
#define COST_SMOOTHING 16

enum result channel_init(struct channel *c, struct outlets *outlets, bool framed, size_t ring_bytes,
                         size_t values_bytes)
{
    *c = (struct channel){.outlets = outlets, .framed = framed};
    enum result result = ring_log_init(&c->ring, ring_bytes);
    if (result == RESULT_OK && values_bytes > 0)
        result = ring_log_init(&c->values, values_bytes);
    channel_values_size(c, 0);
    return result;
}

void channel_finish(struct channel *c)
{
    if (c == NULL)
        return;
    MUST(c->count == 0);
    list_remove(&c->dirty);
    ring_log_finish(&c->ring);
    ring_log_finish(&c->values);
    free(c->seats);
    *c = (struct channel){0};
}

static void mark_dirty(struct channel *c)
{
    if (c->count == 0)
        return;
    if (!list_is_linked(&c->dirty)) {
        list_push_back(&c->outlets->dirty, &c->dirty);
        c->sweep_start = (c->sweep_start + SWEEP_STRIDE) % c->count;
        c->sweep_at = c->sweep_start;
    }
    c->sweep_left = c->count;
    if (c->timed_left > 0)
        return;
    c->timed_left = c->count;
    c->timed_since_ns = uv_hrtime();
}

/* Where values go, and with them whatever is no event. */
static struct ring_log *values_of(struct channel *c) { return c->values.bytes != NULL ? &c->values : &c->ring; }

void channel_publish(struct channel *c, struct span frame)
{
    ring_log_append(values_of(c), frame.data, frame.len);
    meter_count(&meters.messages_out);
    mark_dirty(c);
}

void channel_publish_ping(struct channel *c, struct span frame)
{
    channel_publish(c, frame);
    c->ping = frame;
    c->ping_end = values_of(c)->head;
}

void channel_publish_event(struct channel *c, uint64_t seq, struct span frame)
{
    ring_log_append_event(&c->ring, seq, frame.data, frame.len);
    meter_count(&meters.messages_out);
    mark_dirty(c);
}

void channel_break(struct channel *c)
{
    ring_log_break(&c->ring);
    mark_dirty(c);
}

void channel_values_size(struct channel *c, size_t bytes)
{
    c->values_slack = bytes > VALUES_SLACK_MIN ? bytes : VALUES_SLACK_MIN;
    if (c->values_slack > c->values.capacity)
        c->values_slack = c->values.capacity;
}

/* ---- sweeps ---- */

enum offer seat_offer(const struct channel *c, const struct seat *seat, struct span *ret_part)
{
    uint64_t pending = c->ring.head - seat->cursor;
    if (pending > c->ring.capacity)
        return OFFER_LAPPED;
    if (pending > 0) {
        *ret_part = (struct span){.data = ring_log_at(&c->ring, seat->cursor), .len = (size_t)pending};
        return OFFER_EVENTS;
    }
    pending = c->values.head - seat->values;
    if (pending == 0)
        return OFFER_NOTHING;
    if (pending > c->values_slack)
        return OFFER_OUTDATED;
    *ret_part = (struct span){.data = ring_log_at(&c->values, seat->values), .len = (size_t)pending};
    return OFFER_VALUES;
}

/* What one batch could not do at once: served one by one behind it. */
struct leftovers {
    struct outlet *outlets[SEND_BATCH_MAX];
    uint32_t count;
};

static void gather_seat(struct channel *c, uint32_t at, struct send_batch *batch, struct leftovers *rest)
{
    const struct seat *seat = &c->seats[at];
    struct delivery *d = &batch->deliveries[batch->count];
    if (seat->flags & (SEAT_WANT | SEAT_DEAD))
        return;
    enum offer offer = seat_offer(c, seat, &d->part);
    if (offer == OFFER_NOTHING)
        return;
    bool simple = (offer == OFFER_EVENTS || offer == OFFER_VALUES) && seat->flags == 0;
    if (!simple || lws_partial_buffered(seat->wsi)) {
        rest->outlets[rest->count++] = seat->outlet;
        return;
    }
    d->seat = at;
    d->fd = seat->fd;
    d->offer = (int)offer;
    batch->count++;
}

/* Reads of every seat's lws state stand close together here, so that the processor waits for many of them at once. */
static void gather(struct channel *c, uint32_t most, struct leftovers *rest)
{
    struct send_batch *batch = c->outlets->batch;
    batch->count = rest->count = 0;
    while (c->sweep_left > 0 && batch->count + rest->count < most) {
        gather_seat(c, c->sweep_at, batch, rest);
        c->sweep_at = c->sweep_at + 1 < c->count ? c->sweep_at + 1 : 0;
        c->sweep_left--;
        c->timed_left -= c->timed_left > 0 ? 1 : 0;
    }
}

/* How many messages a follower was sent who went from `from` to `to`. */
static uint64_t messages_between(const struct ring_log *ring, struct frame_count *known, uint64_t from, uint64_t to)
{
    if (known->from != from || known->to != to)
        *known = (struct frame_count){from, to, frame_count(ring_log_at(ring, from), to - from)};
    return known->count;
}

/* The usual end of a delivery: all of it went out. Nothing but the seat is touched. */
static uint64_t seat_forward(struct channel *c, struct seat *seat, const struct delivery *d)
{
    bool events = d->offer == OFFER_EVENTS;
    uint64_t *cursor = events ? &seat->cursor : &seat->values, from = *cursor;
    *cursor += d->part.len;
    if (!c->framed)
        return 1;
    return messages_between(events ? &c->ring : &c->values, events ? &c->ring_count : &c->values_count, from, *cursor);
}

/* No seat moves meanwhile: nobody is called back before all are settled. */
static void settle(struct channel *c, struct leftovers *rest)
{
    const struct send_batch *batch = c->outlets->batch;
    uint64_t messages = 0, bytes = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct delivery *d = &batch->deliveries[i];
        struct seat *seat = &c->seats[d->seat];
        bool more;
        bytes += d->sent > 0 ? (uint64_t)d->sent : 0;
        if (d->sent == (ssize_t)d->part.len) {
            messages += seat_forward(c, seat, d);
            more = seat->values != c->values.head;
        } else {
            more = outlet_settle(seat->outlet, (enum offer)d->offer, d->part, d->sent);
        }
        if (more)
            rest->outlets[rest->count++] = seat->outlet;
    }
    metric_add(&meters.sends, batch->count);
    metric_add(&meters.bytes_out, (double)bytes);
    metric_add(&meters.delivered, (double)messages);
}

/* Returns how many were served. */
static uint32_t sweep_batch(struct channel *c, uint32_t most, uint64_t began_ns)
{
    struct leftovers rest;
    gather(c, most < BATCH_SEATS ? most : BATCH_SEATS, &rest);
    uint32_t served = c->outlets->batch->count + rest.count;
    send_batch_run(c->outlets->batch);
    settle(c, &rest);
    bool in_time = true;
    for (uint32_t i = 0; i < rest.count && in_time; i++) {
        outlet_drain(rest.outlets[i]); /* may unseat; channel_unseat keeps sweep_at and sweep_left valid */
        in_time = i % LEFTOVERS_PER_LOOK != 0 || uv_hrtime() - began_ns < SLICE_NS;
    }
    if (!in_time) { /* snapshots of their own, for thousands who hold something, say: the others come when we are round */
        c->sweep_left = c->count;
        served = most;
    }
    if (c->timed_left == 0 && c->timed_since_ns != 0) {
        metric_observe(&meters.publish_seconds, (double)(uv_hrtime() - c->timed_since_ns) / 1e9);
        c->timed_since_ns = 0;
    }
    return served;
}

static void learn_cost(struct outlets *all, uint64_t ns, uint32_t sends)
{
    if (sends >= COST_SENDS_MIN)
        all->send_ns += ((double)ns / sends - all->send_ns) / COST_SMOOTHING;
}

void channel_sweep(struct channel *c, uint32_t *budget)
{
    uint64_t began_ns = uv_hrtime();
    uint32_t served = 0;
    while (c->sweep_left > 0 && served < *budget)
        served += sweep_batch(c, *budget - served, began_ns);
    *budget -= served;
    uint64_t now_ns = uv_hrtime();
    metric_observe(&meters.sweep_seconds, (double)(now_ns - began_ns) / 1e9);
    learn_cost(c->outlets, now_ns - began_ns, served);
    if (c->sweep_left == 0)
        list_remove(&c->dirty);
}

/* ---- seats ---- */

enum result channel_seat(struct channel *c, struct outlet *o, uint64_t cursor)
{
    if (c->count == c->capacity) {
        uint32_t capacity = c->capacity == 0 ? SEATS_MIN : c->capacity * 2;
        struct seat *seats = realloc(c->seats, capacity * sizeof *seats);
        if (seats == NULL)
            return RESULT_NO_MEMORY;
        c->seats = seats;
        c->capacity = capacity;
    }
    o->channel = c;
    o->seat = c->count++;
    c->seats[o->seat] = (struct seat){.cursor = cursor,
                                      .values = c->values.head,
                                      .outlet = o,
                                      .wsi = o->wsi,
                                      .fd = o->fd,
                                      .flags = (o->want ? SEAT_WANT : 0) | (o->plain ? 0 : SEAT_TLS)};
    return RESULT_OK;
}

void channel_unseat(struct outlet *o)
{
    struct channel *c = o->channel;
    struct seat *last = &c->seats[--c->count];
    c->seats[o->seat] = *last;
    last->outlet->seat = o->seat;
    o->channel = NULL;
    bool pending = last->cursor != c->ring.head || last->values != c->values.head;
    if (pending || c->sweep_left > c->count)
        c->sweep_left = c->count; /* the one who moved may sit now where the sweep has been */
    if (c->timed_left > c->count)
        c->timed_left = c->count;
    if (c->sweep_at >= c->count)
        c->sweep_at = 0;
}
