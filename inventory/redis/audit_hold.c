#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inventory/redis/audit_fold.h"

#define TAKEN_UNKNOWN (INT64_MAX / 4)

static const struct {
    enum hold_state before, after; /* HOLD_NONE: new, or ended so long ago that it is forgotten */
} paths[MOVE_KINDS] = {
    [MOVE_RESERVED] = {HOLD_NONE, HOLD_HELD},        [MOVE_OFFERED] = {HOLD_NONE, HOLD_HELD},
    [MOVE_EXTENDED] = {HOLD_HELD, HOLD_HELD},        [MOVE_CONFIRMED] = {HOLD_HELD, HOLD_CONFIRMED},
    [MOVE_RETAKEN] = {HOLD_EXPIRED, HOLD_CONFIRMED}, [MOVE_VOIDED] = {HOLD_EXPIRED, HOLD_VOID},
    [MOVE_RELEASED] = {HOLD_HELD, HOLD_RELEASED},    [MOVE_EXPIRED] = {HOLD_HELD, HOLD_EXPIRED},
    [MOVE_RECALLED] = {HOLD_HELD, HOLD_RELEASED},
};

static bool is_new(enum movement_kind kind) { return paths[kind].before == HOLD_NONE; }
static bool is_sale(enum movement_kind kind) { return is_new(kind) || kind == MOVE_RETAKEN; }

/* ---- clocks ---- */

static const struct audit_clock *clock_of(const struct audit_fold *f, const struct broadcast_id *broadcast)
{
    static const struct audit_clock running;
    const struct audit_clock *clock = ID_IS_NONE(*broadcast) ? NULL : map_get(&f->clocks, broadcast->text);
    return clock == NULL ? &running : clock;
}

/* 0 when the server's clock stepped back behind the pause. */
static int64_t pause_of(const struct audit_clock *clock, int64_t now_ms)
{
    return clock->since_ms != 0 && now_ms > clock->since_ms ? now_ms - clock->since_ms : 0;
}

int64_t audit_clock_shows(const struct audit_fold *f, const struct broadcast_id *broadcast, int64_t now_ms)
{
    const struct audit_clock *clock = clock_of(f, broadcast);
    return now_ms - clock->stood_ms - pause_of(clock, now_ms);
}

int64_t audit_clock_stood(const struct audit_fold *f, const struct broadcast_id *broadcast)
{
    return clock_of(f, broadcast)->stood_ms;
}

bool audit_clock_stands(const struct audit_fold *f, const struct broadcast_id *broadcast)
{
    return clock_of(f, broadcast)->since_ms != 0;
}

enum result audit_fold_clock(struct audit_fold *f, const struct movement *m)
{
    const char *id = f->entry->id, *broadcast = m->hold.broadcast.text;
    struct audit_clock *clock = audit_at(&f->clocks, broadcast, sizeof *clock);
    if (clock == NULL)
        return RESULT_NO_MEMORY;
    if ((m->kind == MOVE_FROZEN) == (clock->since_ms != 0))
        audit_differ(f->result, "%s: broadcast %s %s a second time", id, broadcast, movement_kind_name(m->kind));
    if (m->kind == MOVE_FROZEN) {
        clock->since_ms = m->ms;
        return RESULT_OK;
    }
    int64_t stood_ms = clock->stood_ms + pause_of(clock, m->ms);
    if (m->units != stood_ms)
        audit_differ(f->result, "%s: broadcast %s stood still for %" PRId64 " ms, the movements say %" PRId64, id,
                     broadcast, m->units, stood_ms);
    *clock = (struct audit_clock){.stood_ms = m->units};
    return RESULT_OK;
}

/* ---- lines ---- */

static void pair_write(char ret[AUDIT_PAIR_MAX], const char *sku, const char *viewer)
{
    snprintf(ret, AUDIT_PAIR_MAX, "%s/%s", sku, viewer);
}

static void leave_line(struct audit_fold *f, struct audit_sku *k, const struct viewer_id *viewer, int64_t units,
                       bool is_offered)
{
    char pair[AUDIT_PAIR_MAX];
    pair_write(pair, k->certificate.count.sku.text, viewer->text);
    struct audit_wait *wait = map_remove(&f->waits, pair);
    if (wait == NULL && is_offered)
        audit_remark(f->result, "%s: %s is offered, but was not in line", f->entry->id, pair);
    else if (wait == NULL)
        audit_differ(f->result, "%s: %s is not in line", f->entry->id, pair);
    if (wait == NULL)
        return;
    if (wait->units != units && is_offered) /* put back after a fail-over, and waits for something else since */
        audit_remark(f->result, "%s: %s waited for %" PRId64 ", and is offered %" PRId64, f->entry->id, pair,
                     wait->units, units);
    else if (wait->units != units)
        audit_differ(f->result, "%s: %s waited for %" PRId64 ", not %" PRId64, f->entry->id, pair, wait->units, units);
    k->certificate.waiting--;
    free(wait);
}

static enum result join_line(struct audit_fold *f, struct audit_sku *k, const struct movement *m)
{
    char pair[AUDIT_PAIR_MAX];
    pair_write(pair, m->sku.text, m->hold.viewer.text);
    if (map_get(&f->waits, pair) != NULL) {
        audit_differ(f->result, "%s: %s is in line twice", f->entry->id, pair);
        return RESULT_OK;
    }
    struct audit_wait *wait = audit_at(&f->waits, pair, sizeof *wait);
    if (wait == NULL)
        return RESULT_NO_MEMORY;
    *wait = (struct audit_wait){.units = m->units, .ticket = ++k->tickets};
    k->certificate.waiting++;
    return RESULT_OK;
}

enum result audit_fold_wait(struct audit_fold *f, const struct movement *m)
{
    struct audit_sku *k = audit_fold_sku(f, m->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    if (m->kind == MOVE_WAITING)
        return join_line(f, k, m);
    leave_line(f, k, &m->hold.viewer, m->units, false);
    return RESULT_OK;
}

/* ---- what viewers took ---- */

static enum result take(struct audit_fold *f, struct audit_sku *k, const struct movement *m, int64_t units)
{
    char pair[AUDIT_PAIR_MAX];
    int64_t limit = k->certificate.count.limit_per_viewer;
    pair_write(pair, k->certificate.count.sku.text, m->hold.viewer.text);
    struct audit_taken *taken = audit_at(&f->taken, pair, sizeof *taken);
    if (taken == NULL)
        return RESULT_NO_MEMORY;
    if (taken->high == 0 && f->begin_ms != 0) /* bought before the fold began */
        taken->high = TAKEN_UNKNOWN;
    taken->low += units;
    taken->high += units;
    if (taken->low <= 0) { /* the row is gone, and a scan may miss the next one */
        taken->low = 0;
        taken->kept = MARK_NONE;
    }
    if (is_sale(m->kind) && limit > 0 && taken->low > limit)
        audit_remark(f->result, "%s: %s took %" PRId64 ", the limit is %" PRId64, f->entry->id, pair, taken->low,
                     limit);
    return RESULT_OK;
}

static enum result track_hold(struct audit_fold *f, const char *sku, const struct hold *h, int64_t units)
{
    char pair[AUDIT_PAIR_MAX];
    pair_write(pair, sku, h->viewer.text);
    struct audit_taken *taken = audit_at(&f->taken, pair, sizeof *taken);
    if (taken == NULL)
        return RESULT_NO_MEMORY;
    if (taken->high == 0 && f->begin_ms != 0)
        taken->high = TAKEN_UNKNOWN;
    taken->low += units;
    taken->high += units;
    return RESULT_OK;
}

/* Counted back are the holds still known. */
static bool is_counted(const struct audit_fold *f, const struct hold *h)
{
    return h->state == HOLD_HELD || (h->state == HOLD_CONFIRMED && f->entry->ms - h->expires_at_ms < AUDIT_RETAIN_MS);
}

enum result audit_track(struct audit_fold *f, struct audit_sku *sku)
{
    enum result result = RESULT_OK;
    const char *key = NULL, *name = sku->certificate.count.sku.text;
    void *value = NULL;
    for (size_t at = 0; result == RESULT_OK && map_next(&f->holds, &at, &key, &value);) {
        const struct hold *h = &((const struct audit_hold *)value)->hold;
        for (size_t i = 0; i < h->lines_count && result == RESULT_OK; i++)
            if (is_counted(f, h) && strcmp(h->lines[i].sku.text, name) == 0)
                result = track_hold(f, name, h, h->lines[i].units);
    }
    return result;
}

/* ---- a hold's path ---- */

bool audit_same_terms(const struct hold *a, const struct hold *b)
{
    if (a->lines_count != b->lines_count || !ID_EQUAL(a->viewer, b->viewer) || !ID_EQUAL(a->broadcast, b->broadcast) ||
        a->offer != b->offer || strcmp(a->currency, b->currency) != 0)
        return false;
    for (size_t i = 0; i < a->lines_count; i++)
        if (!ID_EQUAL(a->lines[i].sku, b->lines[i].sku) || a->lines[i].units != b->lines[i].units ||
            a->lines[i].unit_minor != b->lines[i].unit_minor || a->lines[i].price_version != b->lines[i].price_version)
            return false;
    return true;
}

/* The hold before must be where this kind of movement starts, and after it where it ends. */
static void check_path(struct audit_fold *f, const struct hold *before, const struct movement *m)
{
    enum hold_state was = before == NULL ? HOLD_NONE : before->state;
    bool starts_well = was == paths[m->kind].before;
    if (is_new(m->kind) && was != HOLD_NONE && was != HOLD_HELD)
        starts_well = m->ms - before->expires_at_ms >= AUDIT_RETAIN_MS;
    if (paths[m->kind].before == HOLD_EXPIRED) /* it may have expired before the fold began */
        starts_well = starts_well ? m->ms - before->expires_at_ms < AUDIT_RETAIN_MS
                                  : was == HOLD_NONE && f->begin_ms != 0 && m->ms - f->begin_ms < AUDIT_RETAIN_MS;
    if (!starts_well)
        audit_differ(f->result, "%s: hold %s %s, but it was %s", f->entry->id, m->hold.id.text,
                     movement_kind_name(m->kind), hold_state_name(was));
    if (m->hold.state != paths[m->kind].after)
        audit_differ(f->result, "%s: hold %s is %s after %s", f->entry->id, m->hold.id.text,
                     hold_state_name(m->hold.state), movement_kind_name(m->kind));
}

static void check_terms(struct audit_fold *f, const struct hold *before, const struct movement *m)
{
    const struct hold *h = &m->hold;
    bool is_sold = h->state == HOLD_CONFIRMED;
    int extends = before == NULL || is_new(m->kind) ? (before == NULL && !is_new(m->kind) ? h->extends : 0)
                                                    : before->extends + (m->kind == MOVE_EXTENDED);
    if (before != NULL && !is_new(m->kind) && !audit_same_terms(before, h))
        audit_differ(f->result, "%s: hold %s changed its terms", f->entry->id, h->id.text);
    if (h->extends != extends || h->extends > EXTENDS_MAX)
        audit_differ(f->result, "%s: hold %s was extended %d times, not %u", f->entry->id, h->id.text, extends,
                     (unsigned)h->extends);
    if (is_new(m->kind) && h->offer != (m->kind == MOVE_OFFERED))
        audit_differ(f->result, "%s: hold %s is %s offer", f->entry->id, h->id.text, h->offer ? "an" : "no");
    if (!is_sold && h->order[0] != '\0')
        audit_differ(f->result, "%s: hold %s has an order and is not sold", f->entry->id, h->id.text);
}

/* Of a hold: the strictest recall among its SKUs. */
static bool is_recalled(const struct audit_fold *f, const struct hold *h, enum recall_mode mode)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct audit_sku *k = map_get(&f->skus, h->lines[i].sku.text);
        if (k != NULL && k->certificate.count.recall == mode)
            return true;
    }
    return false;
}

static void check_time(struct audit_fold *f, const struct hold *before, const struct movement *m)
{
    const struct hold *h = &m->hold;
    int64_t shows = audit_clock_shows(f, &h->broadcast, m->ms);
    if (h->state != HOLD_HELD && h->expires_at_ms != m->ms)
        audit_differ(f->result, "%s: hold %s ended at %" PRId64 ", not with its entry", f->entry->id, h->id.text,
                     h->expires_at_ms);
    if (h->state == HOLD_HELD && h->expires_at_ms <= shows)
        audit_differ(f->result, "%s: hold %s %s when it was over", f->entry->id, h->id.text,
                     movement_kind_name(m->kind));
    if (m->kind == MOVE_EXTENDED && before != NULL && h->expires_at_ms <= before->expires_at_ms)
        audit_differ(f->result, "%s: hold %s was extended to end earlier", f->entry->id, h->id.text);
    if (m->kind == MOVE_EXPIRED && before != NULL && before->expires_at_ms > shows)
        audit_differ(f->result, "%s: hold %s expired %" PRId64 " ms early", f->entry->id, h->id.text,
                     before->expires_at_ms - shows);
    if (m->kind == MOVE_EXPIRED && audit_clock_stands(f, &h->broadcast))
        audit_differ(f->result, "%s: hold %s expired while %s stood still", f->entry->id, h->id.text,
                     h->broadcast.text);
}

static void check_recall(struct audit_fold *f, const struct movement *m)
{
    bool keeps = is_recalled(f, &m->hold, RECALL_KEEP), cancels = is_recalled(f, &m->hold, RECALL_CANCEL);
    bool is_wrong = (m->kind == MOVE_CONFIRMED && (keeps || cancels)) || (m->kind == MOVE_EXPIRED && keeps) ||
                    (m->kind == MOVE_RECALLED && !cancels);
    if (is_wrong && m->kind == MOVE_CONFIRMED)
        audit_remark(f->result, "%s: hold %s confirmed, against the recall", f->entry->id, m->hold.id.text);
    else if (is_wrong)
        audit_differ(f->result, "%s: hold %s %s, against the recall", f->entry->id, m->hold.id.text,
                     movement_kind_name(m->kind));
}

static enum result fold_line(struct audit_fold *f, const struct movement *m, const struct line *line)
{
    struct audit_sku *k = audit_fold_sku(f, line->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    if (is_sale(m->kind) && k->certificate.count.stopped)
        audit_remark(f->result, "%s: %s %s while stopped", f->entry->id, line->sku.text, movement_kind_name(m->kind));
    enum result result = audit_move_units(f, line->sku.text, m->kind, line->units);
    bool gives_back = m->kind == MOVE_RELEASED || m->kind == MOVE_EXPIRED || m->kind == MOVE_RECALLED;
    if (result == RESULT_OK && k->is_tracked && (is_sale(m->kind) || gives_back))
        result = take(f, k, m, gives_back ? -(int64_t)line->units : (int64_t)line->units);
    return result;
}

enum result audit_keep_hold(struct audit_fold *f, const struct hold *h)
{
    struct audit_hold *before = map_get(&f->holds, h->id.text);
    struct audit_hold *copy = calloc(1, offsetof(struct audit_hold, hold) + HOLD_SIZE(h->lines_count));
    if (copy == NULL)
        return RESULT_NO_MEMORY;
    if (before != NULL) {
        copy->kept = before->kept;
        copy->timed = before->timed;
        f->open -= before->hold.state == HOLD_HELD;
    }
    f->open += h->state == HOLD_HELD;
    hold_copy(&copy->hold, h);
    if (map_set(&f->holds, h->id.text, copy) != RESULT_OK) {
        free(copy);
        return RESULT_NO_MEMORY;
    }
    free(before);
    return RESULT_OK;
}

enum result audit_fold_hold(struct audit_fold *f, const struct movement *m)
{
    const struct audit_hold *known = map_get(&f->holds, m->hold.id.text);
    const struct hold *before = known == NULL ? NULL : &known->hold;
    check_path(f, before, m);
    check_terms(f, before, m);
    check_time(f, before, m);
    check_recall(f, m);
    f->result->holds += is_new(m->kind);
    struct audit_sku *first = m->hold.lines_count == 0 ? NULL : audit_fold_sku(f, m->hold.lines[0].sku.text);
    if (m->kind == MOVE_OFFERED && first != NULL)
        leave_line(f, first, &m->hold.viewer, m->hold.lines[0].units, true);
    enum result result = audit_keep_hold(f, &m->hold);
    for (size_t i = 0; i < m->hold.lines_count && result == RESULT_OK; i++)
        result = fold_line(f, m, &m->hold.lines[i]);
    return result;
}
