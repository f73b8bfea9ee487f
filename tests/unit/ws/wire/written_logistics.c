/* What message.h writes for logistics and for the shop's own systems beside it. */
#include "tests/unit/ws/wire/sample_logistics.h"
#include "tests/unit/ws/wire/written.h"

static void answer(struct bytes *out, struct sample *s, int *ret_status, struct outcome o)
{
    bool is_problem = true;
    *ret_status = http_outcome(out, &s->context, &o, &is_problem);
    MUST(!is_problem);
}

void write_logistics(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_PLAN, .plan = sample_plan()});
}

void write_logistics_none(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_PLAN, .command = COMMAND_LOGISTICS_GET});
}

void write_actuals(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_ACTUALS, .actuals = {.taken = 2, .repeated = 1}});
}

void write_settle(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_OK, .command = COMMAND_SETTLE, .seq = 940});
}

void write_stamped(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status,
           (struct outcome){.kind = OUTCOME_STAMP,
                            .command = COMMAND_ESTIMATE_STAMP,
                            .created = true,
                            .stamps = sample_stamp(),
                            .count = 1});
}

void write_stamps(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_STAMPS, .stamps = sample_stamp(), .count = 1});
}

void write_stamp(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status,
           (struct outcome){.kind = OUTCOME_STAMP,
                            .command = COMMAND_STAMP_GET,
                            .stamps = sample_stamp(),
                            .count = 1,
                            .document = s->document.data,
                            .document_len = s->document.len});
}

void write_changes(struct bytes *out, struct sample *s, int *ret_status)
{
    struct outcome o = {.kind = OUTCOME_CHANGES, .catalogue = &s->catalogue};
    o.changes = sample_changes(&o.count);
    answer(out, s, ret_status, o);
}

void write_hooks(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_HOOKS, .hooks = sample_hook(), .count = 1});
}

void write_hook_dead(struct bytes *out, struct sample *s, int *ret_status)
{
    struct outcome o = {.kind = OUTCOME_HOOK_DEAD};
    o.dead = sample_dead(&o.count);
    answer(out, s, ret_status, o);
}

void write_hook_replay(struct bytes *out, struct sample *s, int *ret_status)
{
    answer(out, s, ret_status, (struct outcome){.kind = OUTCOME_HOOK_REPLAYED, .count = 3});
}
