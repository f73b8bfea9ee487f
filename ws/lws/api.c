/* /v1: who asks, what for, may they, and the core's answer.
 *
 *   api_begin            token, command, scope
 *     idempotency_claim  a POST with a key is done once
 *   api_ask              the core is asked
 *   request_answer       its answer as status and body
 *     idempotency_keep   remembered under its key
 *   request_reply */
#include <stdlib.h>
#include <string.h>

#include "ws/lws/server_parts.h"
#include "ws/lws/sse.h"
#include "ws/wire/command_decode.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/message.h"

#define RETRY_MS 1000
#define STREAM_SUFFIX "/estimates/stream"
#define LIVE_SUFFIX "/live"

static bool ends_with(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* ---- who ---- */

static bool token_fits(struct request *r, struct auth_claims *claims)
{
    switch (auth_verify(r->server->hub->auth, r->token, r->server->hub->outlets.now_ms, claims)) {
    case AUTH_OK:
        break;
    case AUTH_EXPIRED:
        request_reply_problem(r, ERROR_TOKEN_EXPIRED, NULL, "The token has expired.", 0);
        return false;
    case AUTH_BAD:
    case AUTH_NOT_YET:
        request_reply_problem(r, ERROR_UNAUTHENTICATED, NULL, "A valid bearer token is needed.", 0);
        return false;
    }
    r->asker = (struct asker){.conn = r->id, .role = claims->role, .shop = claims->shop, .viewer = claims->viewer};
    const char *name = claims->has_sub ? claims->viewer.text : role_name(claims->role);
    memcpy(r->asker.sub, name, strlen(name) + 1);
    r->asker.has_sub = claims->has_sub;
    return true;
}

bool api_token_is_valid(const struct request *r)
{
    struct auth_claims claims;
    return auth_verify(r->server->hub->auth, r->token, r->server->hub->outlets.now_ms, &claims) == AUTH_OK;
}

/* A token for one broadcast reaches no other and not the whole shop either; viewers ask over their socket. */
static bool scope_fits(struct request *r, const struct auth_claims *claims)
{
    const struct command *c = &r->command;
    bool role_fits = claims->role != ROLE_VIEWER && command_is_allowed(c->kind, claims->role);
    bool broadcast_fits = ID_IS_NONE(claims->broadcast) || ID_EQUAL(claims->broadcast, c->broadcast);
    if (!role_fits || !broadcast_fits)
        request_reply_problem(r, ERROR_FORBIDDEN, NULL,
                              !role_fits                 ? "Not for this role."
                              : ID_IS_NONE(c->broadcast) ? "The token is for one broadcast, this is for the whole shop."
                                                         : "The token is for another broadcast.",
                              0);
    return role_fits && broadcast_fits;
}

/* ---- what ---- */

static void reply_fault(struct request *r, const struct decode_fault *fault)
{
    if (fault->code == DECODE_METHOD)
        request_reply_status(r, 405, "Method Not Allowed");
    else
        request_reply_problem(r,
                              fault->code == DECODE_NOT_FOUND   ? ERROR_NOT_FOUND
                              : fault->code == DECODE_TOO_LARGE ? ERROR_TOO_LARGE
                                                                : ERROR_BAD_REQUEST,
                              fault->field, fault->detail, 0);
}

/* The stream is another form of the estimates. */
static void path_plain(struct request *r)
{
    r->as_stream = ends_with(r->path, STREAM_SUFFIX);
    if (r->as_stream)
        r->path[strlen(r->path) - strlen("/stream")] = '\0';
}

void api_begin(struct request *r)
{
    struct auth_claims claims = {0};
    struct decode_fault fault = {0};
    if (ends_with(r->path, LIVE_SUFFIX)) {
        upgrade_question(r);
        return;
    }
    if (!token_fits(r, &claims))
        return;
    path_plain(r);
    struct http_request_view view = {
        .method = r->is_head ? "GET" : r->method,
        .path = r->path,
        .query = r->query,
        .content_type = r->content_type[0] == '\0' ? NULL : r->content_type,
        .body = r->body.data == NULL ? "" : r->body.data,
        .body_len = r->body.len,
    };
    if (request_decode(&view, &r->command, &fault) != RESULT_OK) {
        r->command = (struct command){0};
        reply_fault(r, &fault);
        return;
    }
    if (!scope_fits(r, &claims))
        return;
    r->asker.broadcast = r->command.broadcast;
    if (request_is_writing(r) && r->idempotency_key[0] != '\0')
        idempotency_claim(r);
    else
        api_ask(r);
}

/* ---- the core ---- */

/* A command opens what it needs by itself; a stream asks for no command. */
static void stream_opened(struct orchestrator_open *open)
{
    struct request *r = container_of(open, struct request, open);
    r->opening = false;
    hub_turn(r->server->hub);
    if (open->result == RESULT_OK)
        sse_start(r);
    else if (open->result == RESULT_NOT_FOUND)
        request_reply_problem(r, ERROR_NOT_FOUND, NULL, "There is no such broadcast.", 0);
    else
        request_reply_problem(r, open->result == RESULT_FULL ? ERROR_OVERLOADED : ERROR_UNAVAILABLE, NULL, NULL,
                              RETRY_MS);
}

void api_ask(struct request *r)
{
    struct orchestrator *o = r->server->hub->orchestrator;
    if (!r->as_stream) {
        orchestrator_command(o, &r->asker, &r->command); /* continues in request_answer */
        return;
    }
    r->open =
        (struct orchestrator_open){.shop = r->asker.shop, .broadcast = r->command.broadcast, .done = stream_opened};
    r->opening = true;
    orchestrator_open(o, &r->open);
}

static bool csv_write(struct request *r, const struct outcome *outcome)
{
    if (r->command.form == FORM_JSON || outcome->kind == OUTCOME_ERROR)
        return false;
    if (outcome->kind != OUTCOME_VOLUMES)
        affected_csv(&r->out, outcome);
    else if (r->command.form == FORM_OBSERVED)
        volumes_csv(&r->out, outcome->volumes);
    else if (estimate_csv(&r->out, outcome->volumes->estimate, outcome->volumes->estimate_len) != RESULT_OK)
        return false; /* no memory, or a newer node's document: the JSON is as it was told */
    r->status = 200;
    r->type = "text/csv; charset=utf-8";
    return true;
}

/* Whose hold it is has a broadcast that may not be open on this node: its clock is not told then. */
static const struct show_view *show_of(struct request *r, const struct outcome *outcome)
{
    if (outcome->kind != OUTCOME_HOLD)
        return NULL;
    return orchestrator_show(r->server->hub->orchestrator, &r->asker.shop, &outcome->hold.broadcast);
}

void request_answer(struct request *r, const struct outcome *outcome)
{
    if (r->state != REQUEST_WORKING || r->storing)
        return;
    if (!csv_write(r, outcome)) {
        struct message_context context = hub_message_context(r->server->hub, &r->asker.shop, show_of(r, outcome));
        r->status = http_outcome(&r->out, &context, outcome, &r->problem);
        r->type = r->problem ? "application/problem+json" : "application/json";
    }
    if (outcome->kind == OUTCOME_ERROR && outcome->error.retry_after_ms > 0)
        request_header(r, "Retry-After: %lld", (long long)((outcome->error.retry_after_ms + 999) / 1000));
    if (r->claimed)
        idempotency_keep(r);
    else
        request_reply(r);
}
