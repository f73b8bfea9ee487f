/* message_recall.c - what a recall touches: in numbers, hold by hold, and as a table. */
#include "ws/wire/message_parts.h"

#include <inttypes.h>

static void write_affected(struct json_out *out, const struct outcome *o)
{
    json_put_object(out, "affected");
    json_put_int(out, "holds", o->affected.holds);
    json_put_int(out, "units_held", o->affected.units_held);
    json_put_int(out, "orders", o->affected.orders);
    json_put_int(out, "units_sold", o->affected.units_sold);
    json_end_object(out);
}

void part_recall(struct json_out *out, const struct outcome *o)
{
    json_put_text(out, "sku", o->stock.sku.text);
    json_put_text(out, "recall", recall_mode_name(o->stock.recall));
    write_affected(out, o);
}

static void write_hold(struct json_out *out, const struct hold *hold)
{
    json_put_object(out, NULL);
    json_put_text(out, "hold", hold->id.text);
    json_put_text(out, "state", hold_state_name(hold->state));
    json_put_text(out, "viewer", hold->viewer.text);
    json_put_text(out, "broadcast", hold->broadcast.text);
    json_put_text(out, "order", hold->order);
    part_hold_lines(out, hold);
    json_put_int(out, "expires_ms", hold->expires_at_ms);
    json_end_object(out);
}

void part_affected(struct json_out *out, const struct outcome *o)
{
    json_put_text(out, "sku", o->stock.sku.text);
    json_put_text(out, "recall", recall_mode_name(o->stock.recall));
    json_put_int(out, "as_of_ms", o->as_of_ms);
    json_put_text(out, "ledger", o->ledger_id);
    write_affected(out, o);
    json_put_array(out, "holds");
    for (size_t i = 0; i < o->count; i++)
        write_hold(out, o->holds[i]);
    json_end_array(out);
}

/* ---- as a table ---- */

void csv_text(struct bytes *out, const char *text)
{
    bytes_text(out, "\"");
    if (*text == '=' || *text == '+' || *text == '-' || *text == '@')
        bytes_text(out, "'");
    for (const char *at = text; *at != '\0'; at++)
        bytes_append(out, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
    bytes_text(out, "\"");
}

static void row_write(struct bytes *out, const struct outcome *o, const struct hold *hold, const struct line *line)
{
    const char *texts[] = {o->stock.sku.text,
                           recall_mode_name(o->stock.recall),
                           o->ledger_id,
                           hold->id.text,
                           hold_state_name(hold->state),
                           hold->viewer.text,
                           hold->broadcast.text,
                           hold->order,
                           line->sku.text};
    bytes_format(out, "%" PRId64, o->as_of_ms);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        bytes_text(out, ",");
        csv_text(out, texts[i]);
    }
    bytes_format(out, ",%" PRIu32 ",%" PRId64 ",%s,%" PRId64 "\r\n", line->units, line->unit_minor, hold->currency,
                 hold->expires_at_ms);
}

void affected_csv(struct bytes *out, const struct outcome *o)
{
    bytes_text(out,
               "as_of_ms,recalled_sku,recall,ledger,hold,state,viewer,broadcast,order,sku,qty,unit_amount,currency,"
               "expires_ms\r\n");
    for (size_t i = 0; i < o->count; i++)
        for (uint8_t k = 0; k < o->holds[i]->lines_count; k++)
            row_write(out, o, o->holds[i], &o->holds[i]->lines[k]);
}
