/* ws/wire/message_values.c - values (latest wins, no seq) and the small messages of a conn's life. */
#include "ws/wire/message_parts.h"

static void open_typed(struct json_out *out, const char *type)
{
    json_put_object(out, NULL);
    json_put_text(out, "t", type);
}

static void write_ver(struct json_out *out, const struct show_view *show)
{
    json_put_uint(out, "ver", show->claims->version);
}

void message_stock(struct bytes *out, const struct show_view *show, const struct sku_id *skus, size_t count)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "stock");
    write_ver(&json, show);
    json_put_object(&json, "d");
    for (size_t i = 0; i < count; i++) {
        const struct shelf_item *item = broadcast_item(show->broadcast, skus[i].text);
        if (item != NULL) /* what the shop sells elsewhere is not for this audience */
            part_stock(&json, show, item);
    }
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void message_counts(struct bytes *out, const struct show_view *show, const struct sku_id *skus, size_t count)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "counts");
    write_ver(&json, show);
    json_put_object(&json, "d");
    for (size_t i = 0; i < count; i++)
        part_counts(&json, show, skus[i].text);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void message_demand(struct bytes *out, const struct show_view *show)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "demand");
    json_put_object(&json, "d");
    part_demand(&json, show);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void part_audience(struct json_out *out, const char *name, const struct show_view *show, enum role role)
{
    json_put_uint(out, name, role == ROLE_HOST ? show->audience : show->audience_shown);
}

void message_audience(struct bytes *out, const struct show_view *show, enum role role)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "audience");
    json_put_object(&json, "d");
    part_audience(&json, "viewers", show, role);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void part_lag(struct json_out *out, const char *name, const struct show_view *show)
{
    if (show->lag.viewers == 0) {
        json_put_null(out, name);
        return;
    }
    json_put_object(out, name);
    json_put_uint(out, "viewers", show->lag.viewers);
    json_put_int(out, "p50_ms", show->lag.p50_ms);
    json_put_int(out, "p95_ms", show->lag.p95_ms);
    json_end_object(out);
}

void message_lag(struct bytes *out, const struct show_view *show)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "lag");
    part_lag(&json, "d", show);
    json_end_object(&json);
    json_out_end(&json);
}

const char *selling_name(const struct show_view *show)
{
    if (show->claims->differences > 0)
        return "stopped"; /* waiting does not help: the books do not add up */
    return show->selling_available ? "ok" : "unavailable";
}

void part_sync_delay(struct json_out *out, const struct claims *claims)
{
    if (claims->sync_delay.last_ms < 0) {
        json_put_null(out, "sync_delay_ms");
        return;
    }
    json_put_object(out, "sync_delay_ms");
    json_put_int(out, "last", claims->sync_delay.last_ms);
    json_put_int(out, "p95", claims->sync_delay.p95_ms);
    json_end_object(out);
}

void message_health(struct bytes *out, const struct show_view *show)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "health");
    json_put_object(&json, "d");
    json_put_text(&json, "selling", selling_name(show));
    json_put_text(&json, "why", show->selling_why == NULL ? "" : show->selling_why);
    part_sync_delay(&json, show->claims);
    json_end_object(&json);
    json_end_object(&json);
    json_out_end(&json);
}

void message_hold_clock(struct bytes *out, const struct show_view *show)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "hold_clock");
    part_hold_clock(&json, "d", show);
    json_end_object(&json);
    json_out_end(&json);
}

void message_welcome(struct bytes *out, const struct message_welcome *w)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "welcome");
    json_put_text(&json, "re", w->re);
    json_put_text(&json, "role", role_name(w->role));
    if (w->viewer != NULL)
        json_put_text(&json, "viewer", w->viewer);
    if (w->viewer_key != NULL)
        json_put_text(&json, "viewer_key", w->viewer_key);
    json_put_text(&json, "broadcast", w->broadcast);
    json_put_text(&json, "epoch", w->epoch);
    json_put_uint(&json, "seq", w->seq);
    json_put_int(&json, "server_ms", w->server_ms);
    json_put_bool(&json, "recovered", w->recovered);
    json_put_int(&json, "heartbeat_ms", w->heartbeat_ms);
    json_end_object(&json);
    json_out_end(&json);
}

void message_pong(struct bytes *out, const char *re, int64_t server_ms)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "pong");
    json_put_text(&json, "re", re);
    json_put_int(&json, "server_ms", server_ms);
    json_end_object(&json);
    json_out_end(&json);
}

void message_ok(struct bytes *out, const char *re)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "ok");
    json_put_text(&json, "re", re);
    json_end_object(&json);
    json_out_end(&json);
}

void message_reconnect(struct bytes *out, int64_t after_ms, int64_t jitter_ms)
{
    struct json_out json;
    json_out_begin(&json, out);
    open_typed(&json, "reconnect");
    json_put_int(&json, "after_ms", after_ms);
    json_put_int(&json, "jitter_ms", jitter_ms);
    json_end_object(&json);
    json_out_end(&json);
}
