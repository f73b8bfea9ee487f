/* From hello to live: who is it, is the broadcast here, what was missed.
 *
 *   greet_hello       token, role, broadcast; who the viewer is
 *     greet_opened    unless they are open here already, the orchestrator has folded shop and broadcast
 *   greet_shown       are the missed events in the ring, or read again already? Else they may have to be: history.c
 *   greet_welcome     welcome, then the missed events, or the whole state */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "ws/lws/hub.h"
#include "ws/lws/meters.h"

#define RETRY_FULL_MS 2000

static void greet_open(struct conn *c);
static void greet_opened(struct orchestrator_open *open);
static void greet_shown(struct conn *c, const struct show_view *show);
static void greet_welcome(struct conn *c, const struct show_view *show);

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
    struct auth *auth = c->hub->auth;
    char *key = c->greeting->viewer_key;
    c->has_sub = claims->has_sub;
    if (claims->has_sub) {
        c->viewer = claims->viewer;
    } else if (auth_viewer_known(auth, &claims->shop, hello->hello.viewer_key, &c->viewer)) {
        size_t len = strlen(hello->hello.viewer_key);
        MUST(len < VIEWER_KEY_MAX); /* it is one of ours */
        memcpy(key, hello->hello.viewer_key, len + 1);
    } else {
        auth_viewer_new(&c->viewer);
        auth_viewer_key(auth, &claims->shop, &c->viewer, key);
    }
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
    conn_move(c, CONN_OPENING);
    const struct show_view *show =
        c->hub->draining ? NULL : orchestrator_show(c->hub->orchestrator, &g->shop, &g->broadcast);
    if (show != NULL)
        greet_shown(c, show); /* open here, as it is for all but the first: there is nothing to wait for */
    else
        greet_open(c);
}

static void greet_open(struct conn *c)
{
    struct greeting *g = c->greeting;
    g->open = (struct orchestrator_open){.shop = g->shop, .broadcast = g->broadcast, .done = greet_opened};
    orchestrator_open(c->hub->orchestrator, &g->open);
}

void greet_finish(struct conn *c)
{
    if (c->greeting == NULL)
        return;
    if (c->hub != NULL && c->state == CONN_OPENING && c->greeting->open.done != NULL)
        orchestrator_open_cancel(c->hub->orchestrator, &c->greeting->open);
    list_remove(&c->greeting->waits);
    free(c->greeting);
    c->greeting = NULL;
}

static enum audience_class class_of(enum role role)
{
    return role == ROLE_HOST ? AUDIENCE_HOSTS : role == ROLE_LOGISTICS ? AUDIENCE_LOGISTICS : AUDIENCE_VIEWERS;
}

enum resumed { RESUMED_NOT, RESUMED_FROM_RING, RESUMED_FROM_LOG };
struct place { /* where everything starts that this conn has not seen */
    struct channel *channel;
    uint64_t cursor;
    enum resumed from; /* NOT: only a snapshot can tell what it has not seen */
};

static struct history *history_for(struct conn *c, struct room *room) { return &room->histories[class_of(c->role)]; }

static bool may_resume(const struct conn *c, const struct show_view *show)
{
    return c->greeting->has_resume && c->role != ROLE_LOGISTICS &&
           ID_EQUAL(c->greeting->resume_epoch, show->broadcast->epoch);
}

static struct place place_of(struct conn *c, struct room *room, const struct show_view *show)
{
    uint64_t seq = c->greeting->resume_seq;
    struct channel *live = &room->channels[class_of(c->role)];
    struct place place = {.channel = live, .cursor = live->ring.head};
    if (!may_resume(c, show))
        return place;
    if (ring_log_behind(&live->ring, seq, &place.cursor) || seq == show->broadcast->seq) {
        place.from = RESUMED_FROM_RING;
    } else if (history_behind(history_for(c, room), &show->broadcast->epoch, seq, &place.cursor)) {
        place.from = RESUMED_FROM_LOG;
        place.channel = &history_for(c, room)->channel;
    }
    return place;
}

static void welcome(struct conn *c, const struct show_view *show, bool recovered)
{
    const struct greeting *g = c->greeting;
    struct message_welcome w = {
        .re = g->re,
        .role = c->role,
        .viewer = c->viewer.text,
        .viewer_key = g->viewer_key[0] == '\0' ? NULL : g->viewer_key,
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

static enum result room_find(struct conn *c, struct room **ret)
{
    enum result result = hub_room_open(c->hub, &c->greeting->shop, &c->greeting->broadcast, ret);
    return result == RESULT_OK ? room_open_channel(*ret, class_of(c->role)) : result;
}

/* Takes a place in the room. */
static enum result room_enter(struct conn *c, struct room *room, const struct place *place)
{
    c->room = room;
    enum result result = outlet_follow(&c->outlet, place->channel, place->cursor);
    if (result == RESULT_OK)
        result = viewer_link(c);
    if (result != RESULT_OK) {
        outlet_unfollow(&c->outlet);
        c->room = NULL;
    }
    return result;
}

static void refuse_for_now(struct conn *c, enum error_code code)
{
    refuse(c, c->greeting->re, code, "Try again in a moment.", CLOSE_TRY_LATER);
}

static void greet_opened(struct orchestrator_open *open)
{
    struct greeting *g = container_of(open, struct greeting, open);
    struct conn *c = g->conn;
    open->done = NULL; /* nothing left to cancel */
    hub_turn(c->hub);
    const struct show_view *show =
        open->result == RESULT_OK ? orchestrator_show(c->hub->orchestrator, &g->shop, &g->broadcast) : NULL;
    if (open->result == RESULT_NOT_FOUND)
        refuse(c, g->re, ERROR_NOT_FOUND, "No such broadcast.", CLOSE_POLICY);
    else if (show == NULL)
        refuse_for_now(c, ERROR_UNAVAILABLE);
    else
        greet_shown(c, show);
}

static void greet_shown(struct conn *c, const struct show_view *show)
{
    struct room *room;
    if (room_find(c, &room) != RESULT_OK)
        refuse_for_now(c, ERROR_OVERLOADED);
    else if (!may_resume(c, show) || place_of(c, room, show).from != RESUMED_NOT ||
             !history_wait(history_for(c, room), show, c->greeting))
        greet_welcome(c, show);
}

void greet_go_on(struct greeting *g)
{
    struct conn *c = g->conn;
    const struct show_view *show = orchestrator_show(c->hub->orchestrator, &g->shop, &g->broadcast);
    if (show == NULL)
        greet_open(c); /* history was lost meanwhile, say: until a new one has begun */
    else
        greet_welcome(c, show);
}

static void count_resumed(enum resumed from, bool wanted)
{
    if (from != RESUMED_NOT)
        meter_count(&meters.resumed[from == RESUMED_FROM_RING ? RESUMED_RING : RESUMED_LOG]);
    else if (wanted)
        meter_count(&meters.resume_snapshots);
}

static void greet_welcome(struct conn *c, const struct show_view *show)
{
    struct hub *hub = c->hub;
    struct room *room;
    struct place place = {0};
    enum result result = room_find(c, &room);
    if (result == RESULT_OK) {
        place = place_of(c, room, show);
        result = room_enter(c, room, &place);
    }
    if (result != RESULT_OK) {
        refuse_for_now(c, ERROR_OVERLOADED);
        return;
    }
    orchestrator_joined(hub->orchestrator, &room->shop, &room->broadcast, c->role);
    c->tokens_milli =
        1000 * (c->role == ROLE_HOST ? hub->limits->host_messages_burst_max : hub->limits->messages_burst_max);
    c->seen_ms = hub->outlets.now_ms;
    conn_move(c, place.from != RESUMED_NOT ? CONN_RESUMING : CONN_LIVE);
    count_resumed(place.from, c->greeting->has_resume);
    outlet_cork(&c->outlet);
    welcome(c, show, place.from != RESUMED_NOT);
    greet_finish(c);
    if (c->state == CONN_LIVE)
        conn_show(c, show);
    outlet_uncork(&c->outlet);
    if (c->state != CONN_RESUMING)
        return;
    c->outlet.behind = true;
    outlet_drain(&c->outlet);
}
