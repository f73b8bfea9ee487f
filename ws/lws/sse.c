#include "ws/lws/sse.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "ws/lws/meters.h"
#include "ws/lws/server_parts.h"
#include "ws/wire/message.h"

#define RETRY_MS 2000

struct span sse_block(struct bytes *scratch, const struct volumes_view *v, bool whole)
{
    bytes_clear(scratch);
    bytes_text(scratch, "event: volumes\nid: ");
    volumes_place_write(scratch, v);
    bytes_text(scratch, "\ndata: ");
    message_volumes_body(scratch, v, whole);
    bytes_text(scratch, "\n\n");
    bool good = bytes_result(scratch) == RESULT_OK;
    return good ? (struct span){.data = scratch->data, .len = scratch->len} : (struct span){0};
}

static bool stream_follow(struct sse *stream, struct request *r)
{
    struct hub *hub = stream->server->hub;
    outlet_init(&stream->outlet, &hub->outlets, r->wsi);
    stream->outlet.is_stream = true;
    if (hub_room_open(hub, &r->asker.shop, &r->command.broadcast, &stream->room) != RESULT_OK ||
        room_open_channel(stream->room, AUDIENCE_STREAMS) != RESULT_OK)
        return false;
    struct channel *channel = &stream->room->channels[AUDIENCE_STREAMS];
    return outlet_follow(&stream->outlet, channel, channel->ring.head) == RESULT_OK;
}

/* What was missed behind Last-Event-ID; the whole when that is not ours, or too old. Empty: nothing is known yet. */
static struct span first_block(struct sse *stream, const struct request *r)
{
    struct hub *hub = stream->server->hub;
    struct volumes_view view;
    struct volumes_mark told;
    if (r->last_event_id[0] == '\0' ||
        !orchestrator_volumes(hub->orchestrator, &r->asker.shop, &r->command.broadcast, &view) ||
        volumes_place_read(r->last_event_id, &view, &told) != RESULT_OK)
        return room_volumes(stream->room, AUDIENCE_STREAMS);
    volumes_since(&view, &told);
    return sse_block(&hub->scratch, &view, false);
}

static void stream_begin(struct sse *stream, const struct request *r)
{
    struct bytes first = {0};
    bytes_text(&first,
               "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
               "X-Content-Type-Options: nosniff\r\nX-Accel-Buffering: no\r\nConnection: close\r\n");
    if (request_origin_listed(r))
        bytes_format(&first, "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n", r->origin);
    bytes_format(&first, "\r\nretry: %d\n\n", RETRY_MS);
    struct span block = first_block(stream, r);
    bytes_append(&first, block.data, block.len);
    if (bytes_result(&first) != RESULT_OK ||
        !outlet_send(&stream->outlet, (struct span){.data = first.data, .len = first.len}))
        outlet_kill(&stream->outlet);
    bytes_finish(&first);
}

void sse_start(struct request *r)
{
    struct server *s = r->server;
    struct http_conn *socket = r->socket;
    if (r->is_head) {
        request_reply_status(r, 405, "Method Not Allowed");
        return;
    }
    if (socket == NULL || s->streams_count >= s->limits.streams_max) {
        request_reply_problem(r, ERROR_OVERLOADED, NULL, "Too many event streams.", RETRY_MS);
        return;
    }
    struct sse *stream = calloc(1, sizeof *stream);
    if (stream != NULL)
        stream->server = s;
    if (stream == NULL || !stream_follow(stream, r)) {
        free(stream);
        request_reply_problem(r, ERROR_OVERLOADED, NULL, "Try again in a moment.", RETRY_MS);
        return;
    }
    s->streams_count++;
    meter_count(&meters.streams);
    meter_count(&meters.http[2]);
    lws_http_headers_detach(r->wsi);
    lws_set_timeout(r->wsi, NO_PENDING_TIMEOUT, 0);
    stream_begin(stream, r);
    socket->stream = stream;
    request_end(r);
}

void sse_writable(struct sse *stream) { outlet_writable(&stream->outlet); }

void sse_lapped(struct outlet *o)
{
    struct sse *stream = container_of(o, struct sse, outlet);
    meter_count(&meters.lapped);
    struct span whole = {0};
    if (!stream->server->draining)
        whole = room_volumes(stream->room, AUDIENCE_STREAMS);
    if (whole.len == 0) { /* it comes back, elsewhere or later */
        outlet_kill(o);
        return;
    }
    outlet_cork(o);
    outlet_jump(o);
    bool taken = outlet_send(o, whole);
    outlet_uncork(o);
    if (!taken)
        outlet_kill(o);
}

void sse_gone(struct http_conn *socket)
{
    struct sse *stream = socket->stream;
    if (stream == NULL)
        return;
    socket->stream = NULL;
    stream->server->streams_count--;
    metric_add(&meters.streams, -1);
    outlet_finish(&stream->outlet);
    free(stream);
}
