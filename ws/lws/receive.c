/* From bytes to a command: fragments, size, rate, form, role. What passes here the core may trust. */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/lag.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"
#include "ws/wire/command_decode.h"

#define RETRY_OPENING_MS 500

static bool is_host(const struct conn *c) { return c->role == ROLE_HOST; }

static size_t message_bytes_max(const struct conn *c)
{
    return is_host(c) ? c->hub->limits->host_message_bytes_max : c->hub->limits->message_bytes_max;
}

/* ---- rate ---- */

/* How long until one more message is allowed; 0: take it. */
static int64_t rate_take(struct conn *c)
{
    const struct net_limits *limits = c->hub->limits;
    int64_t per_second = is_host(c) ? limits->host_messages_per_second_max : limits->messages_per_second_max;
    int64_t burst_milli = 1000 * (int64_t)(is_host(c) ? limits->host_messages_burst_max : limits->messages_burst_max);
    int64_t elapsed_ms = c->hub->outlets.now_ms - c->tokens_at_ms;
    if (elapsed_ms < 0)
        elapsed_ms = 0;                         /* the clock was set back */
    int64_t room_ms = burst_milli / per_second; /* after so long the bucket is full, whatever was in it */
    int64_t tokens = c->tokens_milli + (elapsed_ms < room_ms ? elapsed_ms : room_ms) * per_second;
    tokens = tokens < burst_milli ? tokens : burst_milli;
    c->tokens_at_ms = c->hub->outlets.now_ms;
    bool taken = tokens >= 1000;
    c->tokens_milli = (uint32_t)(taken ? tokens - 1000 : tokens);
    if (taken && tokens >= burst_milli / 2)
        c->refused_in_row = 0;
    return taken ? 0 : (1000 - tokens) / per_second + 1;
}

static void over_rate(struct conn *c, const char *re, int64_t wait_ms)
{
    meter_count(&meters.rate_limited);
    conn_send_error(c, re, ERROR_RATE_LIMITED, NULL, "Too many messages.", wait_ms);
    if (++c->refused_in_row >= c->hub->limits->refused_in_row_max)
        conn_close(c, CLOSE_TOO_MANY, "too many messages");
}

/* ---- one message ---- */

static void ask_core(struct conn *c, struct command *command)
{
    struct asker asker = {.conn = c->id, .role = c->role, .shop = c->room->shop, .broadcast = c->room->broadcast};
    asker.viewer = c->viewer;
    memcpy(asker.sub, c->viewer.text, sizeof asker.sub);
    asker.has_sub = c->has_sub;
    command->broadcast = c->room->broadcast;
    orchestrator_command(c->hub->orchestrator, &asker, command);
}

/* By this conn, or by another of the same person's. */
static bool clock_was_said(const struct conn *c, uint32_t slot)
{
    if (c->clock_slot == slot)
        return true;
    for (const struct list *at = c->of_viewer.next; at != &c->of_viewer; at = at->next) {
        if (container_of(at, struct conn, of_viewer)->clock_slot == slot)
            return true;
    }
    return false;
}

/* However often a viewer says it, and over however many conns, it counts once in a slot. */
static void clock_take(struct conn *c, const struct command *command)
{
    uint32_t slot = (uint32_t)(c->hub->outlets.now_ms / LAG_SLOT_MS);
    if (c->role == ROLE_VIEWER && !clock_was_said(c, slot))
        orchestrator_lag(c->hub->orchestrator, &c->room->shop, &c->room->broadcast, command->playing_ms);
    if (c->role == ROLE_VIEWER)
        c->clock_slot = slot;
    message_ok(conn_message(c), command->id);
    conn_send(c);
}

static void command_take(struct conn *c, struct command *command)
{
    if (command->kind == COMMAND_HELLO) {
        if (c->state == CONN_GREETING)
            greet_hello(c, command);
        else
            conn_send_error(c, command->id, ERROR_BAD_REQUEST, "t", "Hello was said before.", 0);
    } else if (c->state == CONN_GREETING) {
        conn_send_error(c, command->id, ERROR_UNAUTHENTICATED, "t", "Say hello first.", 0);
    } else if (c->state == CONN_OPENING) {
        conn_send_error(c, command->id, ERROR_UNAVAILABLE, NULL, "Wait for the welcome.", RETRY_OPENING_MS);
    } else if (command->kind == COMMAND_PING) {
        message_pong(conn_message(c), command->id, c->hub->outlets.now_ms);
        conn_send(c);
    } else if (command->kind == COMMAND_CLOCK) {
        clock_take(c, command);
    } else if (!command_is_allowed(command->kind, c->role)) {
        conn_send_error(c, command->id, ERROR_FORBIDDEN, "t", "Not for this role.", 0);
    } else {
        ask_core(c, command);
    }
}

static void malformed(struct conn *c, const struct decode_fault *fault)
{
    enum error_code code = fault->code == DECODE_TOO_LARGE ? ERROR_TOO_LARGE : ERROR_BAD_REQUEST;
    meter_count(&meters.malformed);
    conn_send_error(c, fault->id, code, fault->field, fault->detail, 0);
    if (++c->malformed_in_row >= c->hub->limits->malformed_in_row_max)
        conn_close(c, CLOSE_POLICY, "malformed messages");
}

static void message_take(struct conn *c, const char *data, size_t len)
{
    struct command command; /* kilobytes: filled by the decoder alone, when it lets the message in */
    struct decode_fault fault = {0};
    meter_count(&meters.messages_in);
    conn_seen(c);
    enum result result = command_decode(data, len, &command, &fault);
    int64_t wait_ms = rate_take(c);
    if (wait_ms > 0) {
        over_rate(c, result == RESULT_OK ? command.id : fault.id, wait_ms);
    } else if (result == RESULT_OK) {
        c->malformed_in_row = 0;
        command_take(c, &command);
    } else if (result == RESULT_NOT_FOUND) {
        conn_send_error(c, fault.id, ERROR_BAD_REQUEST, fault.field, fault.detail, 0); /* a newer client, say */
    } else {
        malformed(c, &fault);
    }
    if (result == RESULT_OK)
        command_finish(&command);
}

/* ---- fragments ---- */

static void too_big(struct conn *c)
{
    meter_count(&meters.oversized);
    conn_close(c, CLOSE_TOO_BIG, "message too big");
}

/* A message that came in pieces is collected, in memory that lasts until it is whole. */
static void part_collect(struct conn *c, const struct message_part *part)
{
    if (c->message == NULL)
        c->message = calloc(1, sizeof *c->message);
    if (c->message == NULL) {
        conn_close(c, CLOSE_TRY_LATER, "out of memory");
        return;
    }
    c->message->limit = message_bytes_max(c);
    bytes_append(c->message, part->data, part->len);
    if (c->message->failed) {
        too_big(c);
        return;
    }
    if (!part->last)
        return;
    struct bytes *message = c->message;
    c->message = NULL; /* taking it may close the conn */
    message_take(c, message->data == NULL ? "" : message->data, message->len);
    bytes_finish(message);
    free(message);
}

void conn_received(struct conn *c, const struct message_part *part)
{
    if (c->hub == NULL || c->state == CONN_CLOSING)
        return;
    if (part->binary)
        conn_close(c, CLOSE_NOT_TEXT, "text only");
    else if (c->message != NULL || !part->last || !part->first)
        part_collect(c, part);
    else if (part->len > message_bytes_max(c))
        too_big(c);
    else
        message_take(c, part->data, part->len);
}
