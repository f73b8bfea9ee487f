#include "tests/support/audience_recording.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/shown.h"

#define LINE_MAX_BYTES 512

static struct audience_recording *recording_of(struct audience *a)
{
    return container_of(a, struct audience_recording, audience);
}

/* ---- lines ---- */

static void outcome_line(const struct outcome *o, char *line, size_t size)
{
    char re[ID_LEN_MAX + 8] = "";
    if (o->re[0] != '\0')
        snprintf(re, sizeof re, "re=%s ", o->re);
    switch (o->kind) {
    case OUTCOME_ERROR:
        snprintf(line, size, "%serror %s", re, error_code_name(o->error.code));
        break;
    case OUTCOME_OK:
        snprintf(line, size, "%sok %" PRIu64, re, o->seq);
        break;
    case OUTCOME_HOLD:
    case OUTCOME_CONFIRMED:
        snprintf(line, size, "%shold %s", re, hold_state_name(o->hold.state));
        break;
    case OUTCOME_WAITLIST:
        snprintf(line, size, "%swaitlist %s", re, o->waitlist.joined ? "joined" : "left");
        break;
    default:
        snprintf(line, size, "%sanswer", re);
        break;
    }
}

static void stock_line(const struct told *t, char *line, size_t size)
{
    int len = snprintf(line, size, "stock");
    for (size_t i = 0; i < t->skus_count && (size_t)len < size; i++) {
        const struct shelf_item *item = broadcast_item(t->show->broadcast, t->skus[i].text);
        if (item == NULL)
            continue;
        struct stock_shown shown = stock_shown(t->show->claims, item);
        len += snprintf(line + len, size - (size_t)len, " %s %" PRId64 " %s", t->skus[i].text, shown.left,
                        stock_state_name(shown.state));
    }
}

static void counts_line(const struct told *t, char *line, size_t size)
{
    int len = snprintf(line, size, "counts");
    for (size_t i = 0; i < t->skus_count && (size_t)len < size; i++) {
        const struct claim_sku *sku = claims_sku(t->show->claims, t->skus[i].text);
        struct stock_count none = {0};
        const struct stock_count *c = sku == NULL ? &none : &sku->count;
        len += snprintf(line + len, size - (size_t)len, " %s %" PRId64 "/%" PRId64 "/%" PRId64, t->skus[i].text,
                        c->available, c->held, c->sold);
    }
}

static void told_line(const struct recorded_conn *conn, const struct told *t, char *line, size_t size)
{
    bool shown = conn->role == ROLE_HOST || t->event == NULL || event_is_for_viewers(t->event->kind);
    switch (t->kind) {
    case TOLD_ANSWER:
    case TOLD_PUSH:
        outcome_line(t->outcome, line, size);
        break;
    case TOLD_EVENT:
        snprintf(line, size, "event %" PRIu64 " %s", t->event->seq, shown ? event_kind_name(t->event->kind) : "none");
        break;
    case TOLD_STOCK:
        stock_line(t, line, size);
        break;
    case TOLD_COUNTS:
        counts_line(t, line, size);
        break;
    case TOLD_DEMAND:
        snprintf(line, size, "demand");
        break;
    case TOLD_AUDIENCE:
        snprintf(line, size, "audience %" PRIu64, t->role == ROLE_HOST ? t->show->audience : t->show->audience_shown);
        break;
    case TOLD_LAG:
        snprintf(line, size, "lag %" PRIu64 " %" PRId64 "/%" PRId64, t->show->lag.viewers, t->show->lag.p50_ms,
                 t->show->lag.p95_ms);
        break;
    case TOLD_HEALTH:
        snprintf(line, size, "health %s", t->show->selling_available ? "ok" : "unavailable");
        break;
    case TOLD_CLOCK:
        snprintf(line, size, "clock %s",
                 claims_clock(t->show->claims, t->show->broadcast->id.text).frozen_since_ms > 0 ? "standing"
                                                                                                : "running");
        break;
    case TOLD_VOLUMES:
        snprintf(line, size, "volumes");
        break;
    case TOLD_SNAPSHOT:
        snprintf(line, size, "snapshot %" PRIu64, t->show->broadcast->seq);
        break;
    }
}

static void *grown(void *memory, size_t *capacity, size_t size)
{
    *capacity = *capacity == 0 ? 16 : *capacity * 2;
    void *bigger = realloc(memory, *capacity * size);
    MUST(bigger != NULL);
    return bigger;
}

static void tell(struct audience_recording *r, struct recorded_conn *conn, const struct told *t)
{
    char line[LINE_MAX_BYTES];
    if (r->listener != NULL)
        r->listener(r->ctx, conn, t);
    told_line(conn, t, line, sizeof line);
    if (conn->count == conn->capacity)
        conn->lines = grown(conn->lines, &conn->capacity, sizeof *conn->lines);
    conn->lines[conn->count++] = strdup(line);
}

/* ---- whom it is for ---- */

static bool is_for(const struct recorded_conn *conn, const struct told *t)
{
    if (t->kind == TOLD_VOLUMES)
        return conn->role == ROLE_LOGISTICS;
    if (t->kind == TOLD_COUNTS || t->kind == TOLD_DEMAND || t->kind == TOLD_LAG || t->kind == TOLD_HEALTH)
        return conn->role == ROLE_HOST;
    if (t->kind == TOLD_AUDIENCE)
        return conn->role == t->role;
    return conn->role == ROLE_HOST || conn->role == ROLE_VIEWER;
}

static void tell_all(struct audience_recording *r, const struct broadcast *b, const struct told *t)
{
    for (size_t i = 0; i < r->count; i++) {
        struct recorded_conn *conn = r->conns[i];
        if (ID_EQUAL(conn->shop, b->shop) && ID_EQUAL(conn->broadcast, b->id) && is_for(conn, t))
            tell(r, conn, t);
    }
}

static struct recorded_conn *conn_of(const struct audience_recording *r, uint64_t id)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->conns[i]->id == id)
            return r->conns[i];
    }
    return NULL;
}

/* ---- the port ---- */

static void recording_send(struct audience *a, uint64_t id, const struct outcome *outcome)
{
    struct audience_recording *r = recording_of(a);
    struct recorded_conn *conn = conn_of(r, id);
    if (conn == NULL)
        return;
    tell(r, conn, &(struct told){.kind = TOLD_ANSWER, .outcome = outcome});
    if (!outcome_moves_hold(outcome))
        return;
    struct outcome push = *outcome;
    push.re[0] = '\0';
    for (size_t i = 0; i < r->count; i++) {
        struct recorded_conn *other = r->conns[i];
        if (other != conn && ID_EQUAL(other->viewer, conn->viewer) && ID_EQUAL(other->shop, conn->shop) &&
            ID_EQUAL(other->broadcast, conn->broadcast))
            tell(r, other, &(struct told){.kind = TOLD_PUSH, .outcome = &push});
    }
}

static void recording_send_viewer(struct audience *a, const struct shop_id *shop, const struct broadcast_id *broadcast,
                                  const struct viewer_id *viewer, const struct outcome *outcome)
{
    struct audience_recording *r = recording_of(a);
    for (size_t i = 0; i < r->count; i++) {
        struct recorded_conn *conn = r->conns[i];
        if (ID_EQUAL(conn->shop, *shop) && ID_EQUAL(conn->broadcast, *broadcast) && ID_EQUAL(conn->viewer, *viewer))
            tell(r, conn, &(struct told){.kind = TOLD_PUSH, .outcome = outcome});
    }
}

static void recording_publish(struct audience *a, const struct show_view *show, const struct event *event)
{
    struct audience_recording *r = recording_of(a);
    struct told t = {.kind = TOLD_EVENT, .show = show, .event = event};
    if (r->listener != NULL)
        r->listener(r->ctx, NULL, &t);
    tell_all(r, show->broadcast, &t);
}

static void recording_publish_stock(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                    size_t count)
{
    struct told t = {.kind = TOLD_STOCK, .show = show, .skus = skus, .skus_count = count};
    tell_all(recording_of(a), show->broadcast, &t);
}

static void recording_publish_counts(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                     size_t count)
{
    struct told t = {.kind = TOLD_COUNTS, .show = show, .skus = skus, .skus_count = count};
    tell_all(recording_of(a), show->broadcast, &t);
}

static void recording_publish_demand(struct audience *a, const struct show_view *show)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_DEMAND, .show = show});
}

static void recording_publish_audience(struct audience *a, const struct show_view *show, enum role role)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_AUDIENCE, .show = show, .role = role});
}

static void recording_publish_lag(struct audience *a, const struct show_view *show)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_LAG, .show = show});
}

static void recording_publish_health(struct audience *a, const struct show_view *show)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_HEALTH, .show = show});
}

static void recording_publish_hold_clock(struct audience *a, const struct show_view *show)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_CLOCK, .show = show});
}

static void recording_publish_volumes(struct audience *a, const struct volumes_view *v)
{
    tell_all(recording_of(a), v->broadcast, &(struct told){.kind = TOLD_VOLUMES, .volumes = v});
}

static void recording_reset(struct audience *a, const struct show_view *show)
{
    tell_all(recording_of(a), show->broadcast, &(struct told){.kind = TOLD_SNAPSHOT, .show = show});
}

static int64_t recording_pace_ms(struct audience *a, const struct show_view *show)
{
    (void)show;
    return recording_of(a)->pace_ms;
}

/* ---- joining, leaving ---- */

void audience_recording_init(struct audience_recording *r)
{
    *r = (struct audience_recording){
        .audience = {.send = recording_send,
                     .send_viewer = recording_send_viewer,
                     .publish = recording_publish,
                     .publish_stock = recording_publish_stock,
                     .publish_counts = recording_publish_counts,
                     .publish_demand = recording_publish_demand,
                     .publish_audience = recording_publish_audience,
                     .publish_lag = recording_publish_lag,
                     .publish_health = recording_publish_health,
                     .publish_hold_clock = recording_publish_hold_clock,
                     .publish_volumes = recording_publish_volumes,
                     .reset = recording_reset,
                     .pace_ms = recording_pace_ms},
    };
}

static void conn_free(struct recorded_conn *conn)
{
    for (size_t i = 0; i < conn->count; i++)
        free(conn->lines[i]);
    free(conn->lines);
    free(conn);
}

void audience_recording_finish(struct audience_recording *r)
{
    for (size_t i = 0; i < r->count; i++)
        conn_free(r->conns[i]);
    free(r->conns);
    *r = (struct audience_recording){0};
}

struct recorded_conn *audience_recording_join(struct audience_recording *r, uint64_t id, const struct shop_id *shop,
                                              const struct broadcast_id *broadcast, enum role role,
                                              const struct viewer_id *viewer)
{
    MUST(id != 0 && conn_of(r, id) == NULL);
    struct recorded_conn *conn = calloc(1, sizeof *conn);
    MUST(conn != NULL);
    *conn = (struct recorded_conn){.id = id, .shop = *shop, .broadcast = *broadcast, .viewer = *viewer, .role = role};
    if (r->count == r->capacity)
        r->conns = grown(r->conns, &r->capacity, sizeof *r->conns);
    r->conns[r->count++] = conn;
    return conn;
}

void audience_recording_leave(struct audience_recording *r, uint64_t id)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->conns[i]->id != id)
            continue;
        conn_free(r->conns[i]);
        r->conns[i] = r->conns[--r->count];
        return;
    }
}

size_t audience_recording_count(const struct recorded_conn *conn, const char *start)
{
    size_t count = 0;
    for (size_t i = 0; i < conn->count; i++)
        count += strncmp(conn->lines[i], start, strlen(start)) == 0 ? 1 : 0;
    return count;
}
