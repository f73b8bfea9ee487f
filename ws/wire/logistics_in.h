/* ws/wire/logistics_in.h - tables of what a shop tells of its warehouses: the plan, what became of units, its webhooks. What is
 * read FROM_LOG is what these let in before, as logistics_parts.h writes it. */
#ifndef LIVESHELF_WS_WIRE_LOGISTICS_IN_H
#define LIVESHELF_WS_WIRE_LOGISTICS_IN_H

#include "core/broadcast/hooks.h"
#include "ws/wire/json_in.h"

#define PLAN_SHARE_MAX 1000000
#define PLAN_PARCELS_MAX 1000000000
#define PLAN_WAVE_MS_MAX INT64_C(2592000000) /* 30 days after the end */
#define PLAN_STOCKS_MAX 2000
#define PLAN_FILL_MIN 50 /* per mille */
#define PLAN_FILL_DEFAULT 700
#define PLAN_CM3_PER_KG_MAX 100000
#define PLAN_TAIL_HOURS_MAX 720
#define PLAN_TAIL_HOURS_DEFAULT 72
#define ACTUAL_PARCELS_MAX 1000000
#define ACTUAL_GRAMS_MAX INT64_C(1000000000000)
#define HOOK_SECRET_BYTES_MIN 24
#define HOOK_SECRET_BYTES_MAX 64

/* Members of a struct logistics_plan; what is absent has its default. What was read is the caller's to finish, also on failure. */
MUST_USE enum result read_plan(struct json_in *in, const json_t *value, const struct place *at,
                               struct logistics_plan *ret);
/* The same from text, as plan_write writes it. *ret is the caller's to finish on RESULT_OK alone. */
MUST_USE enum result plan_parse(const char *data, size_t len, struct logistics_plan *ret,
                                struct decode_fault *ret_fault);
/* 1..ACTUALS_MAX, each with its own id. On RESULT_OK the caller frees *ret. */
MUST_USE enum result read_actuals(struct json_in *in, const json_t *value, const struct place *at, struct actual **ret,
                                  size_t *ret_count);
/* 0..HOOKS_MAX, each with its own id. On RESULT_OK the caller frees *ret; an empty list yields NULL. */
MUST_USE enum result read_hooks(struct json_in *in, const json_t *value, const struct place *at,
                                struct hook_endpoint **ret, size_t *ret_count);

/* What holds for all that was let in; for command_is_valid, and told in words for the decoders. NULL: nothing is wrong. */
const char *actual_fault(const struct actual *a, const char **ret_member);
const char *hook_url_fault(const char *url);
const char *hook_secret_fault(const char *secret);

#endif
