/* ws/wire/message.h - state to JSON text: messages of the socket, bodies of HTTP. Stable field order. Each appends one
 * JSON object to `out`; check bytes_result once at the end. docs/protocol/wire.md has every shape, and
 * message_parts.c what several of them have in common. */
#ifndef LIVESHELF_WS_WIRE_MESSAGE_H
#define LIVESHELF_WS_WIRE_MESSAGE_H

#include "base/bytes.h"
#include "core/broadcast/outcome.h"
#include "core/broadcast/view.h"
#include "scripts/rules/preflight.h"
#include "scripts/rules/runofshow.h"

/* Turns a hold into the URL where it is paid; fills "" when there is none. Signed by the node. */
typedef void checkout_link(void *ctx, const struct shop_id *shop, const struct hold *hold, char *ret, size_t size);
struct message_context {
    const struct shop_id *shop;
    checkout_link *checkout; /* NULL: no links */
    void *ctx;
    const struct show_view *show; /* of the shop, whose clocks are told with holds; NULL: they are left out */
};

struct message_welcome {
    const char *re;
    enum role role;
    const char *viewer, *viewer_key; /* NULL: left out */
    const char *broadcast, *epoch;
    uint64_t seq;
    int64_t server_ms, heartbeat_ms;
    bool recovered;
};
void message_welcome(struct bytes *out, const struct message_welcome *w);
/* `role` decides what is in it; `viewer` (may be NULL) whose holds. Only ROLE_HOST sees cards, counts and demand. */
void message_snapshot(struct bytes *out, const struct message_context *c, const struct show_view *show, enum role role,
                      const struct viewer_id *viewer);
void message_event(struct bytes *out, const struct show_view *show, const struct event *e, enum role role);
void message_stock(struct bytes *out, const struct show_view *show, const struct sku_id *skus, size_t count);
void message_counts(struct bytes *out, const struct show_view *show, const struct sku_id *skus, size_t count);
void message_demand(struct bytes *out, const struct show_view *show);
void message_audience(struct bytes *out, const struct show_view *show, enum role role); /* exact to ROLE_HOST alone */
void message_lag(struct bytes *out, const struct show_view *show);
void message_health(struct bytes *out, const struct show_view *show);
void message_hold_clock(struct bytes *out, const struct show_view *show);
/* {"t":"volumes","d":{...}}. `whole`: all there is; else what volumes_since found new, and what was counted. */
void message_volumes(struct bytes *out, const struct volumes_view *v, bool whole);
void message_volumes_body(struct bytes *out, const struct volumes_view *v, bool whole); /* the d alone */
void volumes_csv(struct bytes *out, const struct volumes_view *v); /* what was counted: header and one row per SKU */
void affected_csv(struct bytes *out, const struct outcome *o); /* OUTCOME_AFFECTED: one row per hold and line of it */
void message_outcome(struct bytes *out, const struct message_context *c, const struct outcome *o);
void message_pong(struct bytes *out, const char *re, int64_t server_ms);
void message_ok(struct bytes *out, const char *re);
void message_error(struct bytes *out, const char *re, enum error_code code, const char *field, const char *detail,
                   int64_t retry_after_ms);
void message_reconnect(struct bytes *out, int64_t after_ms, int64_t jitter_ms);

/* HTTP: status and body of an outcome. Errors become RFC 9457 problem details: *ret_problem is true then. */
int http_outcome(struct bytes *out, const struct message_context *c, const struct outcome *o, bool *ret_problem);
int http_problem(struct bytes *out, enum error_code code, const char *field, const char *detail,
                 int64_t retry_after_ms);
/* The same where the status is not the code's own: 405, or 422 for a used Idempotency-Key. Returns `status`. */
int http_problem_as(struct bytes *out, int status, enum error_code code, const char *field, const char *detail,
                    int64_t retry_after_ms);

#endif
