/* ws/wire/message_logistics.c - answers to what logistics and the shop's systems ask: members of an object that is open. */
#include "ws/wire/logistics_parts.h"
#include "ws/wire/message_parts.h"

void part_outcome_plan(struct json_out *out, const struct outcome *o) { part_plan(out, o->plan); }

void part_outcome_actuals(struct json_out *out, const struct outcome *o)
{
    json_put_uint(out, "taken", o->actuals.taken);
    json_put_uint(out, "repeated", o->actuals.repeated);
}

void part_outcome_stamp(struct json_out *out, const struct outcome *o)
{
    if (o->command != COMMAND_STAMP_GET) {
        part_stamp_members(out, o->stamps);
        return;
    }
    part_stamp(out, "stamp", o->stamps);
    if (o->document_len == 0) /* kept for a year; the stamp itself for good */
        json_put_null(out, "estimate");
    else
        json_put_raw(out, "estimate", o->document, o->document_len);
}

void part_outcome_stamps(struct json_out *out, const struct outcome *o)
{
    json_put_array(out, "stamps");
    for (size_t i = 0; i < o->count; i++)
        part_stamp(out, NULL, &o->stamps[i]);
    json_end_array(out);
}

void part_outcome_changes(struct json_out *out, const struct outcome *o)
{
    json_put_array(out, "changes");
    for (size_t i = 0; i < o->count; i++)
        part_change(out, &o->changes[i], o->catalogue);
    json_end_array(out);
}

void part_outcome_hooks(struct json_out *out, const struct outcome *o)
{
    json_put_array(out, "endpoints");
    for (size_t i = 0; i < o->count; i++)
        part_hook(out, &o->hooks[i], SECRETS_MASKED);
    json_end_array(out);
}

void part_outcome_dead(struct json_out *out, const struct outcome *o)
{
    json_put_array(out, "dead");
    for (size_t i = 0; i < o->count; i++)
        part_dead(out, &o->dead[i]);
    json_end_array(out);
}

void part_outcome_replayed(struct json_out *out, const struct outcome *o) { json_put_uint(out, "queued", o->count); }
