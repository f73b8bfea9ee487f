/* From hello to live: who is it, is the broadcast here, what was missed.
 *
 *   greet_hello       token, role, broadcast; who the viewer is
 *     orchestrator    folds shop and broadcast
 *   greet_opened      welcome, then the missed events out of the ring, or the whole state */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"

#define RETRY_FULL_MS 2000

static void greet_opened(struct orchestrator_open *open);

static void refuse(struct conn *c, const char *re, enum error_code code, const char *detail, enum close_code close_code)
{
    int64_t retry_after_ms = close_code == CLOSE_TRY_LATER ? RETRY_FULL_MS : 0;
    meter_count(&meters.hello_refused);
    log_info("hello.refused", "conn=%llu code=%s", (unsigned long long)c->id, error_code_name(code));
    conn_send_error(c, re, code, NULL, detail, retry_after_ms);
    conn_close(c, close_code, error_code_name(code));
}

static void viewer_name(struct conn *c, const struct command *hello, const struct auth_claims *claims)
{
    c->has_sub = claims->has_sub;
    c->greeting->is_public = !claims->has_sub;
    if (claims->has_sub)
        c->viewer = claims->viewer;
    else if (!auth_viewer_known(c->hub->auth, &claims->shop, hello->hello.viewer_key, &c->viewer))
        auth_viewer_new(&c->viewer);
}

static bool claims_fit(struct conn *c, const struct command *hello, const struct auth_claims *claims,
                       enum auth_answer answer)
{
    if (answer == AUTH_EXPIRED) {
        refuse(c, hello->id, ERROR_TOKEN_EXPIRED, "The token has expired.", CLOSE_UNAUTHENTICATED);
        return false;
    }
    if (answer != AUTH_OK) {
        refuse(c, hello->id, ERROR_UNAUTHENTICATED, "The token is not valid.", CLOSE_UNAUTHENTICATED);
        return false;
    }
    bool role_fits = claims->role == ROLE_VIEWER || claims->role == ROLE_HOST || claims->role == ROLE_LOGISTICS;
    bool broadcast_fits = ID_IS_NONE(claims->broadcast) || ID_EQUAL(claims->broadcast, c->greeting->broadcast);
    if (!role_fits || !broadcast_fits)
        refuse(c, hello->id, ERROR_FORBIDDEN, role_fits ? "The token is for another broadcast." : "Not for this role.",
               CLOSE_FORBIDDEN);
    return role_fits && broadcast_fits;
}

void greet_hello(struct conn *c, struct command *hello)
{
    struct greeting *g = c->greeting;
    struct auth_claims claims = {0};
    const char *token = hello->hello.token == NULL ? "" : hello->hello.token;
    enum auth_answer answer = auth_verify(c->hub->auth, token, c->hub->outlets.now_ms, &claims);
    if (!claims_fit(c, hello, &claims, answer))
        return;
    viewer_name(c, hello, &claims);
    conn_set_role(c, claims.role);
    g->shop = claims.shop;
    g->has_resume = hello->hello.has_resume;
    g->resume_epoch = hello->hello.resume_epoch;
    g->resume_seq = hello->hello.resume_seq;
    memcpy(g->re, hello->id, sizeof g->re);
    g->open = (struct orchestrator_open){.shop = g->shop, .broadcast = g->broadcast, .done = greet_opened};
    conn_move(c, CONN_OPENING);
    orchestrator_open(c->hub->orchestrator, &g->open);
}

void greet_finish(struct conn *c)
{
    if (c->greeting == NULL)
        return;
    if (c->hub != NULL && c->state == CONN_OPENING && c->greeting->open.done != NULL)
        orchestrator_open_cancel(c->hub->orchestrator, &c->greeting->open);
    free(c->greeting);
    c->greeting = NULL;
}

static enum audience_class class_of(enum role role)
{
    return role == ROLE_HOST ? AUDIENCE_HOSTS : role == ROLE_LOGISTICS ? AUDIENCE_LOGISTICS : AUDIENCE_VIEWERS;
}

/* Where in the ring everything starts that this conn has not seen; false: only a snapshot can tell. */
static bool resume_cursor(const struct conn *c, const struct show_view *show, uint64_t *ret)
{
    const struct greeting *g = c->greeting;
    const struct ring_log *ring = &c->room->channels[class_of(c->role)].ring;
    if (!g->has_resume || c->role == ROLE_LOGISTICS || !ID_EQUAL(g->resume_epoch, show->broadcast->epoch))
        return false;
    if (ring_log_behind(ring, g->resume_seq, ret))
        return true;
    *ret = ring->head;
    return g->resume_seq == show->broadcast->seq; /* nothing was missed */
}

static void welcome(struct conn *c, const struct show_view *show, bool recovered)
{
    const struct greeting *g = c->greeting;
    char key[VIEWER_KEY_MAX] = "";
    if (g->is_public)
        auth_viewer_key(c->hub->auth, &g->shop, &c->viewer, key);
    struct message_welcome w = {
        .re = g->re,
        .role = c->role,
        .viewer = c->viewer.text,
        .viewer_key = g->is_public ? key : NULL,
        .broadcast = show->broadcast->id.text,
        .epoch = show->broadcast->epoch.text,
        .seq = show->broadcast->seq,
        .server_ms = c->hub->outlets.now_ms,
        .heartbeat_ms = c->hub->limits->heartbeat_ms,
        .recovered = recovered,
    };
    message_welcome(conn_message(c), &w);
    conn_send(c);
}

static enum result viewer_link(struct conn *c)
{
    struct conn *first = map_get(&c->room->viewers, c->viewer.text);
    list_init(&c->of_viewer);
    if (first != NULL) {
        list_push_back(&first->of_viewer, &c->of_viewer);
        return RESULT_OK;
    }
    enum result result = map_set(&c->room->viewers, c->viewer.text, c);
    if (result != RESULT_OK)
        c->of_viewer = (struct list){0};
    return result;
}

/* Takes a place in the room and its ring. */
static enum result room_enter(struct conn *c, const struct show_view *show, bool *ret_recovered)
{
    const struct greeting *g = c->greeting;
    struct room *room = NULL;
    uint64_t cursor;
    enum result result = hub_room_open(c->hub, &g->shop, &g->broadcast, &room);
    if (result == RESULT_OK)
        result = room_open_channel(room, class_of(c->role));
    if (result != RESULT_OK)
        return result;
    c->room = room;
    bool recovered = resume_cursor(c, show, &cursor);
    struct channel *channel = &room->channels[class_of(c->role)];
    result = outlet_follow(&c->outlet, channel, recovered ? cursor : channel->ring.head);
    if (result == RESULT_OK)
        result = viewer_link(c);
    if (result != RESULT_OK) {
        outlet_unfollow(&c->outlet);
        c->room = NULL;
        return result;
    }
    *ret_recovered = recovered;
    return RESULT_OK;
}

static void greet_opened(struct orchestrator_open *open)
{
    struct greeting *g = container_of(open, struct greeting, open);
    struct conn *c = g->conn;
    struct hub *hub = c->hub;
    open->done = NULL; /* nothing left to cancel */
    bool recovered = false;
    hub_turn(hub);
    const struct show_view *show =
        open->result == RESULT_OK ? orchestrator_show(hub->orchestrator, &g->shop, &g->broadcast) : NULL;
    if (open->result == RESULT_NOT_FOUND) {
        refuse(c, g->re, ERROR_NOT_FOUND, "No such broadcast.", CLOSE_POLICY);
        return;
    }
    if (show == NULL || room_enter(c, show, &recovered) != RESULT_OK) {
        refuse(c, g->re, show == NULL ? ERROR_UNAVAILABLE : ERROR_OVERLOADED, "Try again in a moment.",
               CLOSE_TRY_LATER);
        return;
    }
    orchestrator_joined(hub->orchestrator, &c->room->shop, &c->room->broadcast, c->role);
    c->tokens_milli =
        1000 * (c->role == ROLE_HOST ? hub->limits->host_messages_burst_max : hub->limits->messages_burst_max);
    c->seen_ms = hub->outlets.now_ms;
    conn_move(c, recovered ? CONN_RESUMING : CONN_LIVE);
    outlet_cork(&c->outlet);
    welcome(c, show, recovered);
    greet_finish(c);
    if (c->state == CONN_LIVE)
        conn_show(c, show);
    outlet_uncork(&c->outlet);
    if (c->state != CONN_RESUMING)
        return;
    meter_count(&meters.resumed);
    c->outlet.behind = true;
    outlet_drain(&c->outlet);
}
