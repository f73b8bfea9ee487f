#include "inventory/redis/audit_fold.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result audit_fold_init(struct audit_fold *f, struct audit_result *result)
{
    *f = (struct audit_fold){.result = result};
    map_init(&f->skus, AUDIT_MAP_MAX);
    map_init(&f->holds, AUDIT_MAP_MAX);
    result->differences = calloc(AUDIT_DIFFERENCES_MAX, sizeof *result->differences);
    return result->differences == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

static void map_free_all(struct map *m)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(m, &at, &key, &value);)
        free(value);
    map_finish(m);
}

void audit_fold_finish(struct audit_fold *f)
{
    map_free_all(&f->skus);
    map_free_all(&f->holds);
}

void audit_differ(struct audit_result *r, const char *format, ...)
{
    r->differences_total++;
    if (r->differences_count == AUDIT_DIFFERENCES_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(r->differences[r->differences_count++], AUDIT_TEXT_MAX, format, args);
    va_end(args);
}

static struct audit_sku *fold_sku(struct audit_fold *f, const char *sku)
{
    struct audit_sku *k = map_get(&f->skus, sku);
    if (k != NULL)
        return k;
    k = calloc(1, sizeof *k);
    if (k == NULL || map_set(&f->skus, sku, k) != RESULT_OK) {
        free(k);
        return NULL;
    }
    snprintf(k->certificate.count.sku.text, sizeof k->certificate.count.sku.text, "%s", sku);
    return k;
}

/* ---- movements ---- */

enum side { SIDE_NONE, SIDE_OUTSIDE, SIDE_AVAILABLE, SIDE_HELD, SIDE_SOLD };
static const struct {
    enum side from, to;
    enum hold_state before, after; /* of a hold; HOLD_NONE: new, or closed long ago */
} moves[MOVE_KINDS] = {
    [MOVE_RESERVED] = {SIDE_AVAILABLE, SIDE_HELD, HOLD_NONE, HOLD_HELD},
    [MOVE_OFFERED] = {SIDE_AVAILABLE, SIDE_HELD, HOLD_NONE, HOLD_HELD},
    [MOVE_EXTENDED] = {SIDE_NONE, SIDE_NONE, HOLD_HELD, HOLD_HELD},
    [MOVE_CONFIRMED] = {SIDE_HELD, SIDE_SOLD, HOLD_HELD, HOLD_CONFIRMED},
    [MOVE_RETAKEN] = {SIDE_AVAILABLE, SIDE_SOLD, HOLD_EXPIRED, HOLD_CONFIRMED},
    [MOVE_VOIDED] = {SIDE_NONE, SIDE_NONE, HOLD_EXPIRED, HOLD_VOID},
    [MOVE_RELEASED] = {SIDE_HELD, SIDE_AVAILABLE, HOLD_HELD, HOLD_RELEASED},
    [MOVE_EXPIRED] = {SIDE_HELD, SIDE_AVAILABLE, HOLD_HELD, HOLD_EXPIRED},
    [MOVE_ALLOCATED] = {.from = SIDE_OUTSIDE, .to = SIDE_AVAILABLE},
    [MOVE_WITHDRAWN] = {.from = SIDE_AVAILABLE, .to = SIDE_OUTSIDE},
    [MOVE_SYNCED] = {.from = SIDE_OUTSIDE, .to = SIDE_AVAILABLE},
};

static void side_add(struct stock_count *c, enum side side, int64_t units)
{
    switch (side) {
    case SIDE_AVAILABLE:
        c->available += units;
        break;
    case SIDE_HELD:
        c->held += units;
        break;
    case SIDE_SOLD:
        c->sold += units;
        break;
    case SIDE_OUTSIDE:
        c->allocated -= units;
        break;
    case SIDE_NONE:
        break;
    }
}

static enum result move_units(struct audit_fold *f, const char *sku, enum movement_kind kind, int64_t units)
{
    struct audit_sku *k = fold_sku(f, sku);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    side_add(&k->certificate.count, moves[kind].from, -units);
    side_add(&k->certificate.count, moves[kind].to, units);
    k->is_moved = k->is_moved || moves[kind].from != SIDE_NONE;
    bool sells = moves[kind].from == SIDE_AVAILABLE && moves[kind].to != SIDE_OUTSIDE;
    if (sells && k->certificate.count.available < 0)
        audit_differ(f->result, "%s: %s sold below zero", f->entry->id, sku);
    return RESULT_OK;
}

/* The hold before must be where this kind of movement starts, and after it where it ends. */
static void check_path(struct audit_fold *f, const struct hold *before, const struct movement *m)
{
    enum hold_state was = before == NULL ? HOLD_NONE : before->state;
    bool starts_well = was == moves[m->kind].before;
    if (moves[m->kind].before == HOLD_NONE)
        starts_well = was != HOLD_HELD; /* an id may be used again once its last hold was closed and purged */
    if (!starts_well)
        audit_differ(f->result, "%s: hold %s %s, but it was %s", f->entry->id, m->hold.id.text,
                     movement_kind_name(m->kind), hold_state_name(was));
    if (m->hold.state != moves[m->kind].after)
        audit_differ(f->result, "%s: hold %s is %s after %s", f->entry->id, m->hold.id.text,
                     hold_state_name(m->hold.state), movement_kind_name(m->kind));
}

static bool same_lines(const struct hold *a, const struct hold *b)
{
    if (a->lines_count != b->lines_count || !ID_EQUAL(a->viewer, b->viewer) || strcmp(a->currency, b->currency) != 0)
        return false;
    for (size_t i = 0; i < a->lines_count; i++)
        if (!ID_EQUAL(a->lines[i].sku, b->lines[i].sku) || a->lines[i].units != b->lines[i].units ||
            a->lines[i].unit_minor != b->lines[i].unit_minor)
            return false;
    return true;
}

static enum result keep_hold(struct audit_fold *f, const struct hold *h)
{
    struct hold *copy = malloc(HOLD_SIZE(h->lines_count));
    if (copy == NULL)
        return RESULT_NO_MEMORY;
    hold_copy(copy, h);
    struct hold *before = map_get(&f->holds, h->id.text);
    if (map_set(&f->holds, h->id.text, copy) != RESULT_OK) {
        free(copy);
        return RESULT_NO_MEMORY;
    }
    free(before);
    return RESULT_OK;
}

static enum result fold_hold(struct audit_fold *f, const struct movement *m)
{
    const struct hold *before = map_get(&f->holds, m->hold.id.text);
    check_path(f, before, m);
    if (moves[m->kind].before == HOLD_NONE)
        f->result->holds++;
    else if (before != NULL && !same_lines(before, &m->hold))
        audit_differ(f->result, "%s: hold %s changed its lines", f->entry->id, m->hold.id.text);
    enum result result = keep_hold(f, &m->hold);
    for (size_t i = 0; i < m->hold.lines_count && result == RESULT_OK; i++)
        result = move_units(f, m->hold.lines[i].sku.text, m->kind, m->hold.lines[i].units);
    if (m->kind == MOVE_OFFERED && result == RESULT_OK)
        fold_sku(f, m->hold.lines[0].sku.text)->certificate.waiting--;
    return result;
}

static enum result fold_sku_movement(struct audit_fold *f, const struct movement *m)
{
    struct audit_sku *k = fold_sku(f, m->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    switch (m->kind) {
    case MOVE_STOPPED:
    case MOVE_OPENED:
        k->certificate.count.stopped = m->kind == MOVE_STOPPED;
        break;
    case MOVE_LIMIT:
        k->certificate.count.limit_per_viewer = (uint32_t)m->units;
        break;
    case MOVE_WAITING:
    case MOVE_LEFT:
        k->certificate.waiting += m->kind == MOVE_WAITING ? 1 : -1;
        break;
    default:
        return move_units(f, m->sku.text, m->kind, m->units);
    }
    k->is_moved = true;
    return RESULT_OK;
}

/* ---- entries ---- */

static bool same_units(const struct stock_count *a, const struct stock_count *b)
{
    return a->available == b->available && a->held == b->held && a->sold == b->sold && a->allocated == b->allocated &&
           a->stopped == b->stopped && a->limit_per_viewer == b->limit_per_viewer;
}

static void differ_counts(struct audit_result *r, const char *where, const char *whose,
                          const struct stock_count *by_moves, const struct stock_count *told)
{
    audit_differ(r, "%s: %s %s says %lld+%lld+%lld=%lld, the movements say %lld+%lld+%lld=%lld", where, told->sku.text,
                 whose, (long long)told->available, (long long)told->held, (long long)told->sold,
                 (long long)told->allocated, (long long)by_moves->available, (long long)by_moves->held,
                 (long long)by_moves->sold, (long long)by_moves->allocated);
}

static enum result fold_count(struct audit_fold *f, const struct stock_count *told)
{
    struct audit_sku *k = fold_sku(f, told->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    if (told->available + told->held + told->sold != told->allocated)
        audit_differ(f->result, "%s: %s does not add up", f->entry->id, told->sku.text);
    if (!same_units(&k->certificate.count, told))
        differ_counts(f->result, f->entry->id, "the entry", &k->certificate.count, told);
    k->certificate.count.version = told->version;
    k->told = *told;
    k->is_told = true;
    k->is_moved = false;
    if (k->certificate.first_id[0] == '\0')
        memcpy(k->certificate.first_id, f->entry->id, sizeof k->certificate.first_id);
    memcpy(k->certificate.last_id, f->entry->id, sizeof k->certificate.last_id);
    return RESULT_OK;
}

/* Every SKU that moved must have been told. */
static void check_told(struct audit_fold *f, const struct movement *m)
{
    size_t skus = m->hold.lines_count == 0 ? 1 : m->hold.lines_count;
    for (size_t i = 0; i < skus; i++) {
        const char *sku = m->hold.lines_count == 0 ? m->sku.text : m->hold.lines[i].sku.text;
        struct audit_sku *k = map_get(&f->skus, sku);
        if (k != NULL && k->is_moved)
            audit_differ(f->result, "%s: %s moved, but its count is missing", f->entry->id, sku);
        if (k != NULL)
            k->is_moved = false;
    }
}

static bool id_is_behind(const char *id, const char *last)
{
    unsigned long long ms = 0, seq = 0, last_ms = 0, last_seq = 0;
    sscanf(id, "%llu-%llu", &ms, &seq);
    sscanf(last, "%llu-%llu", &last_ms, &last_seq);
    return ms < last_ms || (ms == last_ms && seq <= last_seq);
}

enum result audit_fold_entry(struct audit_fold *f, const struct ledger_entry *e)
{
    struct audit_result *r = f->result;
    enum result result = RESULT_OK;
    f->entry = e;
    if (r->last_id[0] != '\0' && id_is_behind(e->id, r->last_id))
        audit_differ(r, "%s: comes after %s", e->id, r->last_id);
    if (r->first_id[0] == '\0')
        memcpy(r->first_id, e->id, sizeof r->first_id);
    memcpy(r->last_id, e->id, sizeof r->last_id);
    r->entries++;
    r->movements += e->movements_count;
    for (size_t i = 0; i < e->movements_count && result == RESULT_OK; i++) {
        const struct movement *m = &e->movements[i];
        result = m->hold.lines_count > 0 ? fold_hold(f, m) : fold_sku_movement(f, m);
    }
    for (size_t i = 0; i < e->counts_count && result == RESULT_OK; i++)
        result = fold_count(f, &e->counts[i]);
    for (size_t i = 0; i < e->movements_count && result == RESULT_OK; i++)
        check_told(f, &e->movements[i]);
    return result;
}

/* ---- against what is kept ---- */

void audit_fold_compare_row(struct audit_fold *f, const struct stock_count *kept, int64_t waiting)
{
    struct audit_sku *k = map_get(&f->skus, kept->sku.text);
    if (k == NULL) {
        audit_differ(f->result, "counters: %s is not in the ledger", kept->sku.text);
        return;
    }
    if (!same_units(&k->certificate.count, kept) || k->certificate.count.version != kept->version)
        differ_counts(f->result, "counters", "Redis", &k->certificate.count, kept);
    if (k->certificate.waiting != waiting)
        audit_differ(f->result, "counters: %s has %lld waiting, the movements say %lld", kept->sku.text,
                     (long long)waiting, (long long)k->certificate.waiting);
    k->certificate.count = *kept; /* certified is what is kept */
    k->is_told = false;           /* seen: audit_fold_close looks for those that were not */
}

void audit_fold_compare_hold(struct audit_fold *f, const struct hold *kept)
{
    const struct hold *h = map_get(&f->holds, kept->id.text);
    if (h == NULL)
        audit_differ(f->result, "holds: %s is not in the ledger", kept->id.text);
    else if (h->state != kept->state || h->expires_at_ms != kept->expires_at_ms || h->extends != kept->extends ||
             strcmp(h->order, kept->order) != 0 || !same_lines(h, kept))
        audit_differ(f->result, "holds: %s is kept as %s, the ledger says %s, or other terms", kept->id.text,
                     hold_state_name(kept->state), hold_state_name(h->state));
}

static void count_hold(struct audit_fold *f, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        struct audit_sku *k = map_get(&f->skus, h->lines[i].sku.text);
        struct audit_certificate *c = k == NULL ? NULL : &k->certificate;
        if (c == NULL)
            continue;
        c->holds_held += h->state == HOLD_HELD;
        c->holds_confirmed += h->state == HOLD_CONFIRMED;
        c->holds_released += h->state == HOLD_RELEASED;
        c->holds_expired += h->state == HOLD_EXPIRED;
        c->holds_void += h->state == HOLD_VOID;
    }
}

static int compare_certificates(const void *a, const void *b)
{
    return strcmp(((const struct audit_certificate *)a)->count.sku.text,
                  ((const struct audit_certificate *)b)->count.sku.text);
}

enum result audit_fold_close(struct audit_fold *f, const struct map *kept_holds)
{
    struct audit_result *r = f->result;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&f->holds, &at, &key, &value);) {
        const struct hold *h = value;
        count_hold(f, h);
        if (h->state == HOLD_HELD && map_get(kept_holds, key) == NULL)
            audit_differ(r, "holds: %s is open in the ledger and not kept", key);
    }
    r->skus = calloc(f->skus.count + 1, sizeof *r->skus);
    if (r->skus == NULL)
        return RESULT_NO_MEMORY;
    for (size_t at = 0; map_next(&f->skus, &at, &key, &value);) {
        const struct audit_sku *k = value;
        r->skus[r->skus_count++] = k->certificate;
        if (k->is_told)
            audit_differ(r, "counters: %s is in the ledger and not kept", key);
    }
    qsort(r->skus, r->skus_count, sizeof *r->skus, compare_certificates);
    return RESULT_OK;
}
