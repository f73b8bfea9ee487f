#include "ws/lws/channel.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <uv.h>

#include "ws/lws/meters.h"
#include "ws/lws/outlet.h"

#define SEATS_MIN 16u
/* Sweeps start at another seat each time, so that the same viewers are not always last. Prime: reaches every seat. */
#define SWEEP_STRIDE 7919u

enum result channel_init(struct channel *c, struct outlets *outlets, bool framed, size_t ring_bytes)
{
    *c = (struct channel){.outlets = outlets, .framed = framed};
    return ring_log_init(&c->ring, ring_bytes);
}

void channel_finish(struct channel *c)
{
    if (c == NULL)
        return;
    MUST(c->count == 0);
    list_remove(&c->dirty);
    ring_log_finish(&c->ring);
    free(c->seats);
    *c = (struct channel){0};
}

static void sweep_begin(struct channel *c)
{
    c->sweep_again = false;
    c->sweep_left = c->count;
    c->sweep_start = c->count == 0 ? 0 : (c->sweep_start + SWEEP_STRIDE) % c->count;
    c->sweep_at = c->sweep_start;
}

static void mark_dirty(struct channel *c)
{
    if (c->count == 0)
        return;
    if (list_is_linked(&c->dirty)) {
        c->sweep_again = true;
        return;
    }
    list_push_back(&c->outlets->dirty, &c->dirty);
    c->dirty_since_ns = uv_hrtime();
    sweep_begin(c);
}

void channel_publish(struct channel *c, struct span frame)
{
    ring_log_append(&c->ring, frame.data, frame.len);
    meter_count(&meters.messages_out);
    mark_dirty(c);
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

/* True when bytes were sent, or tried. */
static bool seat_serve(struct channel *c, struct seat *seat)
{
    if (seat->flags != 0 || seat->cursor == c->ring.head)
        return false;
    if (lws_partial_buffered(seat->wsi)) {
        outlet_wait(seat->outlet); /* lws itself is in the middle of something, a PONG say */
        return false;
    }
    outlet_drain(seat->outlet);
    return true;
}

void channel_sweep(struct channel *c, uint32_t *budget)
{
    uint64_t began_ns = uv_hrtime();
    while (c->sweep_left > 0 && *budget > 0) {
        struct seat *seat = &c->seats[c->sweep_at];
        c->sweep_at = c->sweep_at + 1 < c->count ? c->sweep_at + 1 : 0;
        c->sweep_left--;
        if (seat_serve(c, seat)) /* may unseat; channel_unseat keeps sweep_at and sweep_left valid */
            (*budget)--;
    }
    uint64_t now_ns = uv_hrtime();
    metric_observe(&meters.sweep_seconds, (double)(now_ns - began_ns) / 1e9);
    if (c->sweep_left > 0)
        return;
    if (c->sweep_again) {
        sweep_begin(c);
        return;
    }
    metric_observe(&meters.publish_seconds, (double)(now_ns - c->dirty_since_ns) / 1e9);
    list_remove(&c->dirty);
}

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
    c->seats[o->seat] =
        (struct seat){.cursor = cursor, .outlet = o, .wsi = o->wsi, .fd = o->fd, .flags = o->want ? SEAT_WANT : 0};
    return RESULT_OK;
}

void channel_unseat(struct outlet *o)
{
    struct channel *c = o->channel;
    struct seat *last = &c->seats[--c->count];
    c->seats[o->seat] = *last;
    last->outlet->seat = o->seat;
    o->channel = NULL;
    c->sweep_again = true; /* the last one may have moved to a seat that was visited already */
    if (c->sweep_left > c->count)
        c->sweep_left = c->count;
    if (c->sweep_at >= c->count)
        c->sweep_at = 0;
}
