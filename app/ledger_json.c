#include "app/ledger_json.h"

#include <inttypes.h>

/* By hand, not by jansson: a line holds up to 20,000 movements, a ledger millions. Ids need no escaping; refs may hold anything
 * visible in ASCII. */
static void write_ref(struct bytes *out, const char *name, const char *ref)
{
    bytes_format(out, ",\"%s\":\"", name);
    for (; *ref != '\0'; ref++) {
        if (*ref == '"' || *ref == '\\')
            bytes_append(out, "\\", 1);
        bytes_append(out, ref, 1);
    }
    bytes_append(out, "\"", 1);
}

static const char *truth(bool value) { return value ? "true" : "false"; }

static void write_line(struct bytes *out, const struct line *line)
{
    bytes_format(out, "{\"sku\":\"%s\",\"units\":%" PRIu32 ",\"unit_minor\":%" PRId64 ",\"price_version\":%" PRIu32 "}",
                 line->sku.text, line->units, line->unit_minor, line->price_version);
}

static void write_hold(struct bytes *out, const struct hold *h)
{
    bytes_format(out, ",\"hold\":{\"id\":\"%s\",\"viewer\":\"%s\"", h->id.text, h->viewer.text);
    if (!ID_IS_NONE(h->broadcast))
        bytes_format(out, ",\"broadcast\":\"%s\"", h->broadcast.text);
    bytes_format(out, ",\"state\":\"%s\",\"%s\":%" PRId64 ",\"extends\":%u,\"offer\":%s,\"currency\":\"%s\"",
                 hold_state_name(h->state), h->state == HOLD_HELD ? "expires_ms" : "ended_ms", h->expires_at_ms,
                 (unsigned)h->extends, truth(h->offer), h->currency);
    if (h->order[0] != '\0')
        write_ref(out, "order", h->order);
    bytes_text(out, ",\"lines\":[");
    for (size_t i = 0; i < h->lines_count; i++) {
        bytes_append(out, ",", i > 0);
        write_line(out, &h->lines[i]);
    }
    bytes_text(out, "]}");
}

static void write_clock(struct bytes *out, const struct movement *m, bool is_checkpoint)
{
    bytes_format(out, ",\"broadcast\":\"%s\"", m->hold.broadcast.text);
    if (m->kind == MOVE_THAWED || is_checkpoint)
        bytes_format(out, ",\"stood_ms\":%" PRId64, m->units);
    if (m->kind == MOVE_FROZEN)
        bytes_format(out, ",\"since_ms\":%" PRId64, is_checkpoint ? m->gone : m->ms);
}

static void write_sku(struct bytes *out, const struct movement *m)
{
    bool has_units = m->kind != MOVE_STOPPED && m->kind != MOVE_OPENED && m->kind != MOVE_RECALL;
    bytes_format(out, ",\"sku\":\"%s\"", m->sku.text);
    if (has_units)
        bytes_format(out, ",\"units\":%" PRId64, m->units);
    if (m->kind == MOVE_ALLOCATED || m->kind == MOVE_WITHDRAWN)
        write_ref(out, "ref", m->ref);
    if (m->kind == MOVE_WAITING || m->kind == MOVE_LEFT)
        bytes_format(out, ",\"viewer\":\"%s\"", m->hold.viewer.text);
    if (m->kind == MOVE_RECALL)
        bytes_format(out, ",\"recall\":\"%s\"", recall_mode_name(m->recall));
    if (m->kind == MOVE_SYNCED)
        bytes_format(out, ",\"gone\":%" PRId64 ",\"version\":%" PRId64, m->gone, m->version);
    if (m->kind == MOVE_SYNCED && m->delay_ms >= 0)
        bytes_format(out, ",\"delay_ms\":%" PRId64, m->delay_ms);
}

static void write_movement(struct bytes *out, const struct movement *m, bool is_checkpoint)
{
    bytes_format(out, "{\"kind\":\"%s\"", movement_kind_name(m->kind));
    if (movement_is_of_hold(m->kind))
        write_hold(out, &m->hold);
    else if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED)
        write_clock(out, m, is_checkpoint);
    else
        write_sku(out, m);
    bytes_text(out, "}");
}

static void write_count(struct bytes *out, const struct stock_count *c)
{
    bytes_format(out,
                 "{\"sku\":\"%s\",\"allocated\":%" PRId64 ",\"available\":%" PRId64 ",\"held\":%" PRId64
                 ",\"sold\":%" PRId64 ",\"stopped\":%s,\"recall\":\"%s\",\"limit\":%" PRIu32 ",\"version\":%" PRId64
                 ",\"buffer\":%" PRId64 "}",
                 c->sku.text, c->allocated, c->available, c->held, c->sold, truth(c->stopped),
                 recall_mode_name(c->recall), c->limit_per_viewer, c->version, c->buffer);
}

void ledger_json_write(struct bytes *out, const struct shop_id *shop, const struct ledger_entry *e)
{
    bytes_format(out, "{\"shop\":\"%s\",\"id\":\"%s\",\"ms\":%" PRId64 ",\"checkpoint\":%s,\"movements\":[", shop->text,
                 e->id, e->ms, truth(e->is_checkpoint));
    for (size_t i = 0; i < e->movements_count; i++) {
        bytes_append(out, ",", i > 0);
        write_movement(out, &e->movements[i], e->is_checkpoint);
    }
    bytes_text(out, "],\"counts\":[");
    for (size_t i = 0; i < e->counts_count; i++) {
        bytes_append(out, ",", i > 0);
        write_count(out, &e->counts[i]);
    }
    bytes_text(out, "]}\n");
}
