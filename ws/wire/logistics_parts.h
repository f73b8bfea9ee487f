/* ws/wire/logistics_parts.h - what a shop told of its warehouses, and what changed on air, as JSON. For the files of this module
 * alone, but for change_write and plan_write. */
#ifndef LIVESHELF_WS_WIRE_LOGISTICS_PARTS_H
#define LIVESHELF_WS_WIRE_LOGISTICS_PARTS_H

#include "core/broadcast/catalogue.h"
#include "core/broadcast/hooks.h"
#include "core/broadcast/view.h"
#include "ws/wire/json_out.h"

/* Members of an object that is open, as PUT /v1/logistics wants them. NULL: the defaults. */
void part_plan(struct json_out *out, const struct logistics_plan *plan);
/* Only sites and waves: what a page draws. */
void part_plan_places(struct json_out *out, const char *key, const struct logistics_plan *plan);
void part_actual(struct json_out *out, const struct actual *a); /* an object */
enum secrets { SECRETS_MASKED, SECRETS_PLAIN };                 /* PLAIN: for the shop's own log alone */
void part_hook(struct json_out *out, const struct hook_endpoint *hook, enum secrets secrets); /* an object */
void part_dead(struct json_out *out, const struct hook_dead *dead);                           /* an object */
void part_stamp_members(struct json_out *out, const struct estimate_stamp *stamp);
void part_stamp(struct json_out *out, const char *key, const struct estimate_stamp *stamp); /* an object */
void part_change(struct json_out *out, const struct promise_change *change, const struct catalogue *catalogue);
/* One change as a JSON object, as GET /v1/broadcasts/{id}/changes lists it. `catalogue` may be NULL: no titles then. */
void change_write(struct bytes *out, const struct promise_change *change, const struct catalogue *catalogue);

/* The whole plan as a JSON object: what PUT /v1/logistics takes. */
void plan_write(struct bytes *out, const struct logistics_plan *plan);

#endif
