#include "ws/lws/outlet.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ws/lws/meters.h"

#define TLS_PART_BYTES (16 << 10) /* more at once would wait in lws' memory instead of the ring */

void outlet_init(struct outlet *o, struct outlets *all, struct lws *wsi)
{
    *o = (struct outlet){.all = all, .wsi = wsi, .fd = lws_get_socket_fd(wsi), .plain = !lws_is_ssl(wsi)};
}

static void queue_free(struct outlet *o)
{
    if (o->queue == NULL)
        return;
    bytes_finish(o->queue);
    free(o->queue);
    o->queue = NULL;
}

static void wait_over(struct outlet *o)
{
    if (!o->want)
        return;
    o->want = false;
    list_remove(&o->waiting);
    metric_add(&meters.stalled, -1);
    metric_observe(&meters.stall_seconds, (double)(o->all->now_ms - o->stalled_at_ms) / 1000);
}

void outlet_finish(struct outlet *o)
{
    if (o == NULL)
        return;
    outlet_unfollow(o);
    wait_over(o);
    queue_free(o);
    o->wsi = NULL;
    o->dead = true;
}

static struct seat *seat_of(const struct outlet *o) { return &o->channel->seats[o->seat]; }

enum result outlet_follow(struct outlet *o, struct channel *c, uint64_t cursor)
{
    o->behind = false;
    return channel_seat(c, o, cursor);
}

void outlet_unfollow(struct outlet *o)
{
    if (o->channel != NULL)
        channel_unseat(o);
}

/* The PING that lies in what is jumped over. */
static void ping_alone(struct outlet *o, uint64_t passed)
{
    struct channel *c = o->channel;
    if (passed < c->ping_end && !outlet_send(o, c->ping))
        outlet_kill(o); /* no room for three bytes: it is closed as too slow anyhow */
}

void outlet_jump_values(struct outlet *o)
{
    struct channel *c = o->channel;
    uint64_t passed = seat_of(o)->values;
    seat_of(o)->values = c->values.head;
    if (c->values.bytes != NULL)
        ping_alone(o, passed);
}

void outlet_jump(struct outlet *o)
{
    struct channel *c = o->channel;
    uint64_t passed = seat_of(o)->cursor;
    seat_of(o)->cursor = c->ring.head;
    if (c->values.bytes == NULL)
        ping_alone(o, passed);
    outlet_jump_values(o);
}

void outlet_kill(struct outlet *o)
{
    if (o->dead)
        return;
    o->dead = true;
    if (o->channel != NULL)
        seat_of(o)->flags |= SEAT_DEAD;
    lws_set_timeout(o->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
    o->all->nudge = true;
}

void outlet_wait(struct outlet *o)
{
    if (o->want || o->dead)
        return;
    o->want = true;
    o->stalled_at_ms = o->all->now_ms;
    list_push_back(&o->all->waiting, &o->waiting);
    metric_add(&meters.stalled, 1);
    if (o->channel != NULL)
        seat_of(o)->flags |= SEAT_WANT;
    lws_callback_on_writable(o->wsi);
}

static bool socket_is_full(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS;
}

/* How many of the bytes were taken, or -errno. Through TLS lws takes all of them, and buffers what does not fit. */
static ssize_t socket_send(struct outlet *o, const char *data, size_t len)
{
    meter_count(&meters.sends);
    ssize_t sent;
    if (o->plain)
        sent = send(o->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        sent = lws_write(o->wsi, (unsigned char *)(uintptr_t)data, len, LWS_WRITE_RAW) < 0 ? -1 : (ssize_t)len;
    if (sent < 0)
        return o->plain ? -errno : -EPIPE;
    metric_add(&meters.bytes_out, (double)sent);
    return sent;
}

/* The rest of something that is half out: into lws' own buffer, so that nothing of lws comes in between. */
static bool hand_over(struct outlet *o, const char *data, size_t len)
{
    meter_count(&meters.partial);
    if (lws_write(o->wsi, (unsigned char *)(uintptr_t)data, len, LWS_WRITE_RAW) < 0) {
        outlet_kill(o);
        return false;
    }
    if (lws_partial_buffered(o->wsi))
        outlet_wait(o);
    return true;
}

static bool queue_append(struct outlet *o, const char *data, size_t len)
{
    if (o->queue == NULL) {
        o->queue = calloc(1, sizeof *o->queue);
        if (o->queue == NULL)
            return false;
        bytes_init(o->queue, o->all->limits->queue_bytes_max);
    }
    if (o->corked || o->queue->len == 0) /* what belongs together, a welcome and its snapshot say, may be of any size */
        o->queue->limit += len;
    bytes_append(o->queue, data, len);
    bool taken = !o->queue->failed;
    o->queue->failed = false;
    if (!o->corked)
        outlet_wait(o);
    return taken;
}

/* All of it goes out, now or through lws' buffer. */
static void send_whole(struct outlet *o, const char *data, size_t len)
{
    ssize_t sent = socket_send(o, data, len);
    if (sent < 0 && !socket_is_full((int)-sent)) {
        outlet_kill(o);
        return;
    }
    if (sent < 0)
        meter_count(&meters.again);
    size_t taken = sent < 0 ? 0 : (size_t)sent;
    if (taken < len)
        (void)hand_over(o, data + taken, len - taken);
}

bool outlet_send(struct outlet *o, struct span bytes)
{
    if (o->dead)
        return true; /* nobody there to miss it */
    meter_count(&meters.messages_out);
    meter_count(&meters.delivered);
    if (o->corked || o->want || o->queue != NULL || lws_partial_buffered(o->wsi))
        return queue_append(o, bytes.data, bytes.len);
    send_whole(o, bytes.data, bytes.len);
    return true;
}

/* ---- out of the rings ---- */

/* Where the frame, or the event, ends in which a cut behind `sent` bytes lies. */
static size_t whole_len(const struct channel *c, struct span part, size_t sent)
{
    return (size_t)(c->framed ? frame_whole(part.data, sent) : event_whole(part.data, part.len, sent));
}

bool outlet_settle(struct outlet *o, enum offer offer, struct span part, ssize_t sent)
{
    if (sent < 0) {
        if (!socket_is_full((int)-sent)) {
            outlet_kill(o);
            return false;
        }
        meter_count(&meters.again);
        outlet_wait(o);
        return false;
    }
    struct seat *seat = seat_of(o);
    uint64_t *cursor = offer == OFFER_EVENTS ? &seat->cursor : &seat->values;
    size_t whole = whole_len(o->channel, part, (size_t)sent);
    *cursor += whole;
    metric_add(&meters.delivered, o->channel->framed ? (double)frame_count(part.data, whole) : 1);
    if (whole > (size_t)sent && !hand_over(o, part.data + sent, whole - (size_t)sent))
        return false;
    return !o->want;
}

/* At the head of the events, or fallen off the rings: what is told then. */
static void tell(struct outlet *o, enum offer offer)
{
    const struct channel *c = o->channel;
    if (offer == OFFER_LAPPED) {
        c->lapped(o);
    } else if (o->behind) {
        o->behind = false;
        if (c->caught_up != NULL)
            c->caught_up(o);
    } else if (offer == OFFER_OUTDATED) {
        meter_count(&meters.values_skipped);
        c->outdated(o);
    }
}

void outlet_drain(struct outlet *o)
{
    if (o->channel == NULL || o->dead || o->want || o->corked)
        return;
    for (;;) {
        struct span part;
        if (lws_partial_buffered(o->wsi)) { /* of ours, through TLS; or lws itself is in the middle of a PONG, say */
            outlet_wait(o);
            return;
        }
        enum offer offer = seat_offer(o->channel, seat_of(o), &part);
        if (offer != OFFER_EVENTS && (offer != OFFER_VALUES || o->behind)) {
            tell(o, offer);
            return;
        }
        if (!o->plain && part.len > TLS_PART_BYTES)
            part.len = whole_len(o->channel, part, TLS_PART_BYTES);
        if (!outlet_settle(o, offer, part, socket_send(o, part.data, part.len)))
            return;
    }
}

static void queue_flush(struct outlet *o)
{
    struct bytes *queue = o->queue;
    o->queue = NULL; /* what comes of this goes behind it, into lws' buffer or a new queue */
    send_whole(o, queue->data, queue->len);
    bytes_finish(queue);
    free(queue);
}

void outlet_cork(struct outlet *o) { o->corked = true; }

void outlet_uncork(struct outlet *o)
{
    o->corked = false;
    if (o->queue == NULL || o->dead || o->want)
        return;
    if (lws_partial_buffered(o->wsi))
        outlet_wait(o);
    else
        queue_flush(o);
}

void outlet_writable(struct outlet *o)
{
    if (o->dead)
        return;
    if (lws_partial_buffered(o->wsi)) {
        outlet_wait(o);
        return;
    }
    wait_over(o);
    if (o->channel != NULL)
        seat_of(o)->flags &= ~SEAT_WANT;
    if (o->queue != NULL)
        queue_flush(o);
    outlet_drain(o);
}
