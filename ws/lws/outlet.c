#include "ws/lws/outlet.h"

#include <errno.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "ws/lws/meters.h"

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

void outlet_finish(struct outlet *o)
{
    if (o == NULL)
        return;
    outlet_unfollow(o);
    list_remove(&o->waiting);
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

void outlet_jump(struct outlet *o) { seat_of(o)->cursor = o->channel->ring.head; }

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
    if (o->channel != NULL)
        seat_of(o)->flags |= SEAT_WANT;
    lws_callback_on_writable(o->wsi);
}

/* How many of the bytes were taken: 0 when the socket is full, -1 when it is dead. */
static ssize_t socket_send(struct outlet *o, const char *data, size_t len)
{
    meter_count(&meters.sends);
    if (!o->plain)
        return lws_write(o->wsi, (unsigned char *)(uintptr_t)data, len, LWS_WRITE_RAW) < 0 ? -1 : (ssize_t)len;
    ssize_t sent = send(o->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
        metric_add(&meters.bytes_out, (double)sent);
        return sent;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR && errno != ENOBUFS)
        return -1;
    meter_count(&meters.again);
    return 0;
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
        size_t limit = o->all->limits->queue_bytes_max;
        bytes_init(o->queue, len > limit ? len : limit); /* one message, a snapshot say, may be of any size */
    }
    bytes_append(o->queue, data, len);
    bool taken = !o->queue->failed;
    o->queue->failed = false;
    if (!o->corked)
        outlet_wait(o);
    return taken;
}

bool outlet_send(struct outlet *o, struct span bytes)
{
    if (o->dead)
        return true; /* nobody there to miss it */
    meter_count(&meters.messages_out);
    if (o->corked || o->want || o->queue != NULL || lws_partial_buffered(o->wsi))
        return queue_append(o, bytes.data, bytes.len);
    ssize_t sent = socket_send(o, bytes.data, bytes.len);
    if (sent < 0)
        outlet_kill(o);
    else if ((size_t)sent < bytes.len)
        (void)hand_over(o, bytes.data + sent, bytes.len - (size_t)sent);
    return true;
}

enum drained { DRAINED, DRAIN_WAITS, DRAIN_LAPPED, DRAIN_DEAD };

static enum drained drain_ring(struct outlet *o)
{
    struct ring_log *ring = &o->channel->ring;
    struct seat *seat = seat_of(o);
    while (seat->cursor != ring->head) {
        if (!ring_log_holds(ring, seat->cursor))
            return DRAIN_LAPPED;
        const char *from = ring_log_at(ring, seat->cursor);
        size_t pending = (size_t)(ring->head - seat->cursor);
        ssize_t sent = socket_send(o, from, pending);
        if (sent < 0)
            return DRAIN_DEAD;
        if (sent == 0)
            return DRAIN_WAITS;
        size_t whole = o->channel->framed ? (size_t)frame_whole(from, (uint64_t)sent) : (size_t)sent;
        seat->cursor += whole;
        if (whole > (size_t)sent && !hand_over(o, from + sent, whole - (size_t)sent))
            return DRAIN_DEAD;
        if (o->want || (!o->plain && lws_partial_buffered(o->wsi)))
            return DRAIN_WAITS;
    }
    return DRAINED;
}

void outlet_drain(struct outlet *o)
{
    if (o->channel == NULL || o->dead || o->want || o->corked)
        return;
    switch (drain_ring(o)) {
    case DRAINED:
        if (o->behind) {
            o->behind = false;
            if (o->channel->caught_up != NULL)
                o->channel->caught_up(o);
        }
        break;
    case DRAIN_WAITS:
        outlet_wait(o);
        break;
    case DRAIN_LAPPED:
        o->channel->lapped(o);
        break;
    case DRAIN_DEAD:
        outlet_kill(o);
        break;
    }
}

static void queue_flush(struct outlet *o)
{
    struct bytes *queue = o->queue;
    o->queue = NULL; /* what comes of this goes behind it, into lws' buffer or a new queue */
    ssize_t sent = socket_send(o, queue->data, queue->len);
    if (sent < 0)
        outlet_kill(o);
    else if ((size_t)sent < queue->len)
        (void)hand_over(o, queue->data + sent, queue->len - (size_t)sent);
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
    o->want = false;
    list_remove(&o->waiting);
    if (o->channel != NULL)
        seat_of(o)->flags &= ~SEAT_WANT;
    if (o->queue != NULL)
        queue_flush(o);
    outlet_drain(o);
}
