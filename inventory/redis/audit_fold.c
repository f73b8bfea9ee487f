#include "inventory/redis/audit_fold.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum result audit_fold_init(struct audit_fold *f, struct audit_result *result)
{
    *f = (struct audit_fold){.result = result};
    struct map *maps[] = {&f->skus, &f->holds, &f->waits, &f->clocks, &f->taken, &f->refs};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++)
        map_init(maps[i], AUDIT_MAP_MAX);
    result->differences = calloc(AUDIT_DIFFERENCES_MAX, sizeof *result->differences);
    result->remarks = calloc(AUDIT_REMARKS_MAX, sizeof *result->remarks);
    return result->differences == NULL || result->remarks == NULL ? RESULT_NO_MEMORY : RESULT_OK;
}

void audit_fold_finish(struct audit_fold *f)
{
    struct map *maps[] = {&f->skus, &f->holds, &f->waits, &f->clocks, &f->taken, &f->refs};
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        const char *key = NULL;
        void *value = NULL;
        for (size_t at = 0; map_next(maps[i], &at, &key, &value);)
            free(value);
        map_finish(maps[i]);
    }
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

void audit_remark(struct audit_result *r, const char *format, ...)
{
    r->remarks_total++;
    if (r->remarks_count == AUDIT_REMARKS_MAX)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(r->remarks[r->remarks_count++], AUDIT_TEXT_MAX, format, args);
    va_end(args);
}

void *audit_at(struct map *m, const char *key, size_t size)
{
    void *value = map_get(m, key);
    if (value != NULL)
        return value;
    value = calloc(1, size);
    if (value == NULL || map_set(m, key, value) != RESULT_OK) {
        free(value);
        return NULL;
    }
    return value;
}

struct audit_sku *audit_fold_sku(struct audit_fold *f, const char *sku)
{
    struct audit_sku *k = audit_at(&f->skus, sku, sizeof *k);
    if (k != NULL && ID_IS_NONE(k->certificate.count.sku))
        snprintf(k->certificate.count.sku.text, sizeof k->certificate.count.sku.text, "%s", sku);
    return k;
}

/* ---- units ---- */

enum side { SIDE_NONE, SIDE_OUTSIDE, SIDE_AVAILABLE, SIDE_HELD, SIDE_SOLD };
static const struct {
    enum side from, to;
} moves[MOVE_KINDS] = {
    [MOVE_RESERVED] = {SIDE_AVAILABLE, SIDE_HELD},     [MOVE_OFFERED] = {SIDE_AVAILABLE, SIDE_HELD},
    [MOVE_CONFIRMED] = {SIDE_HELD, SIDE_SOLD},         [MOVE_RETAKEN] = {SIDE_AVAILABLE, SIDE_SOLD},
    [MOVE_RELEASED] = {SIDE_HELD, SIDE_AVAILABLE},     [MOVE_EXPIRED] = {SIDE_HELD, SIDE_AVAILABLE},
    [MOVE_RECALLED] = {SIDE_HELD, SIDE_AVAILABLE},     [MOVE_ALLOCATED] = {SIDE_OUTSIDE, SIDE_AVAILABLE},
    [MOVE_WITHDRAWN] = {SIDE_AVAILABLE, SIDE_OUTSIDE}, [MOVE_SYNCED] = {SIDE_OUTSIDE, SIDE_AVAILABLE},
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

enum result audit_move_units(struct audit_fold *f, const char *sku, enum movement_kind kind, int64_t units)
{
    struct audit_sku *k = audit_fold_sku(f, sku);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    struct stock_count *c = &k->certificate.count;
    side_add(c, moves[kind].from, -units);
    side_add(c, moves[kind].to, units);
    k->is_moved = k->is_moved || moves[kind].from != SIDE_NONE;
    /* Only a count of what is really there may leave less than nothing; whoever takes, takes what there is. */
    if (moves[kind].from == SIDE_AVAILABLE && c->available < 0)
        audit_differ(f->result, "%s: %s %s below zero", f->entry->id, sku,
                     kind == MOVE_WITHDRAWN ? "withdrawn" : "sold");
    else if ((kind == MOVE_RESERVED || kind == MOVE_OFFERED) && c->available < c->buffer)
        audit_remark(f->result, "%s: %s %s out of its buffer", f->entry->id, sku, movement_kind_name(kind));
    if (c->held < 0)
        audit_differ(f->result, "%s: %s frees more than is held", f->entry->id, sku);
    return RESULT_OK;
}

/* ---- movements of a SKU ---- */

/* One delivery is counted once. */
static enum result fold_ref(struct audit_fold *f, const struct movement *m)
{
    char pair[AUDIT_PAIR_MAX];
    snprintf(pair, sizeof pair, "%s/%s", m->sku.text, m->ref);
    if (map_get(&f->refs, pair) != NULL)
        audit_differ(f->result, "%s: %s %s a second time as %s", f->entry->id, m->sku.text, movement_kind_name(m->kind),
                     m->ref);
    struct audit_ref *ref = audit_at(&f->refs, pair, sizeof *ref);
    if (ref == NULL)
        return RESULT_NO_MEMORY;
    ref->kind = m->kind;
    ref->units = m->units;
    if (m->units < 1)
        audit_differ(f->result, "%s: %s %s %" PRId64, f->entry->id, m->sku.text, movement_kind_name(m->kind), m->units);
    return audit_move_units(f, m->sku.text, m->kind, m->units);
}

static enum result fold_sync(struct audit_fold *f, struct audit_sku *k, const struct movement *m)
{
    struct stock_count *c = &k->certificate.count;
    if (m->version <= c->version)
        audit_differ(f->result, "%s: %s synced to version %" PRId64 " after %" PRId64, f->entry->id, m->sku.text,
                     m->version, c->version);
    if (m->gone < 0 || m->gone > c->sold)
        audit_differ(f->result, "%s: %s synced with %" PRId64 " gone of %" PRId64 " sold", f->entry->id, m->sku.text,
                     m->gone, c->sold);
    c->version = m->version;
    return audit_move_units(f, m->sku.text, m->kind, m->units);
}

static void fold_open(struct audit_fold *f, struct stock_count *c)
{
    if (c->recall != RECALL_NONE)
        audit_differ(f->result, "%s: %s opened, but it is recalled", f->entry->id, c->sku.text);
    c->stopped = false;
}

static enum result fold_limit(struct audit_fold *f, struct audit_sku *k, int64_t units)
{
    k->certificate.count.limit_per_viewer = (uint32_t)units;
    if (k->is_tracked)
        return RESULT_OK;
    k->is_tracked = true;
    return audit_track(f, k);
}

static enum result fold_stock(struct audit_fold *f, const struct movement *m)
{
    struct audit_sku *k = audit_fold_sku(f, m->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    struct stock_count *c = &k->certificate.count;
    k->is_moved = true;
    switch (m->kind) {
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
        return fold_ref(f, m);
    case MOVE_SYNCED:
        return fold_sync(f, k, m);
    case MOVE_STOPPED:
        c->stopped = true;
        return RESULT_OK;
    case MOVE_OPENED:
        fold_open(f, c);
        return RESULT_OK;
    case MOVE_LIMIT:
        return fold_limit(f, k, m->units);
    case MOVE_RECALL:
        c->recall = m->recall;
        c->stopped = true;
        return RESULT_OK;
    case MOVE_BUFFER:
        c->buffer = m->units;
        return RESULT_OK;
    case MOVE_WAITING:
    case MOVE_LEFT:
        return audit_fold_wait(f, m);
    default:
        return RESULT_OK;
    }
}

static enum result fold_movement(struct audit_fold *f, const struct movement *m)
{
    if (m->kind == MOVE_KEPT) {
        audit_differ(f->result, "%s: hold %s kept outside of a checkpoint", f->entry->id, m->hold.id.text);
        return RESULT_OK;
    }
    if (movement_is_of_hold(m->kind))
        return audit_fold_hold(f, m);
    return m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED ? audit_fold_clock(f, m) : fold_stock(f, m);
}

/* ---- counts ---- */

bool audit_same_count(const struct stock_count *a, const struct stock_count *b)
{
    return a->available == b->available && a->held == b->held && a->sold == b->sold && a->allocated == b->allocated &&
           a->stopped == b->stopped && a->recall == b->recall && a->limit_per_viewer == b->limit_per_viewer &&
           a->version == b->version && a->buffer == b->buffer;
}

static void count_write(const struct stock_count *c, char ret[AUDIT_TEXT_MAX])
{
    snprintf(ret, AUDIT_TEXT_MAX,
             "%" PRId64 "+%" PRId64 "+%" PRId64 "=%" PRId64 "%s, recall %s, limit %" PRIu32 ", version %" PRId64
             ", buffer %" PRId64,
             c->available, c->held, c->sold, c->allocated, c->stopped ? " stopped" : "", recall_mode_name(c->recall),
             c->limit_per_viewer, c->version, c->buffer);
}

void audit_differ_counts(struct audit_result *r, const char *where, const char *whose,
                         const struct stock_count *by_moves, const struct stock_count *told)
{
    char theirs[AUDIT_TEXT_MAX], ours[AUDIT_TEXT_MAX];
    count_write(told, theirs);
    count_write(by_moves, ours);
    audit_differ(r, "%s: %s %s says %s; the movements say %s", where, told->sku.text, whose, theirs, ours);
}

static enum result fold_count(struct audit_fold *f, const struct stock_count *told)
{
    struct audit_sku *k = audit_fold_sku(f, told->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    if (told->available + told->held + told->sold != told->allocated)
        audit_differ(f->result, "%s: %s does not add up", f->entry->id, told->sku.text);
    if (!audit_same_count(&k->certificate.count, told))
        audit_differ_counts(f->result, f->entry->id, "the entry", &k->certificate.count, told);
    k->is_told = true;
    k->is_moved = false;
    if (k->certificate.first_id[0] == '\0')
        memcpy(k->certificate.first_id, f->entry->id, sizeof k->certificate.first_id);
    memcpy(k->certificate.last_id, f->entry->id, sizeof k->certificate.last_id);
    return RESULT_OK;
}

static void check_told_sku(struct audit_fold *f, const char *sku)
{
    struct audit_sku *k = map_get(&f->skus, sku);
    if (k == NULL || !k->is_moved)
        return;
    audit_differ(f->result, "%s: %s moved, but its count is missing", f->entry->id, sku);
    k->is_moved = false;
}

/* Every SKU that moved must have been told. */
static void check_told(struct audit_fold *f, const struct movement *m)
{
    if (!movement_is_of_hold(m->kind))
        check_told_sku(f, m->sku.text);
    for (size_t i = 0; movement_is_of_hold(m->kind) && i < m->hold.lines_count; i++)
        check_told_sku(f, m->hold.lines[i].sku.text);
}

/* ---- entries ---- */

static bool id_is_behind(const char *id, const char *last)
{
    unsigned long long ms = 0, seq = 0, last_ms = 0, last_seq = 0;
    sscanf(id, "%llu-%llu", &ms, &seq);
    sscanf(last, "%llu-%llu", &last_ms, &last_seq);
    return ms < last_ms || (ms == last_ms && seq <= last_seq);
}

static enum result fold_moves(struct audit_fold *f, const struct ledger_entry *e)
{
    enum result result = RESULT_OK;
    for (size_t i = 0; i < e->movements_count && result == RESULT_OK; i++)
        result = fold_movement(f, &e->movements[i]);
    for (size_t i = 0; i < e->counts_count && result == RESULT_OK; i++)
        result = fold_count(f, &e->counts[i]);
    for (size_t i = 0; i < e->movements_count && result == RESULT_OK; i++)
        check_told(f, &e->movements[i]);
    return result;
}

enum result audit_fold_entry(struct audit_fold *f, const struct ledger_entry *e)
{
    struct audit_result *r = f->result;
    f->entry = e;
    if (r->last_id[0] != '\0' && id_is_behind(e->id, r->last_id))
        audit_differ(r, "%s: comes after %s", e->id, r->last_id);
    memcpy(r->last_id, e->id, sizeof r->last_id);
    if (f->waits_for_checkpoint && !e->is_checkpoint) {
        r->unchecked++;
        return RESULT_OK;
    }
    if (r->first_id[0] == '\0')
        memcpy(r->first_id, e->id, sizeof r->first_id);
    r->entries++;
    r->movements += e->is_checkpoint ? 0 : e->movements_count;
    return e->is_checkpoint ? audit_fold_checkpoint(f, e) : fold_moves(f, e);
}

/* ---- the end ---- */

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

enum result audit_fold_close(struct audit_fold *f)
{
    struct audit_result *r = f->result;
    const char *key = NULL;
    void *value = NULL;
    if (f->waits_for_checkpoint)
        audit_differ(r, "ledger: its beginning was cut, and no checkpoint is left");
    for (size_t at = 0; map_next(&f->holds, &at, &key, &value);)
        count_hold(f, &((const struct audit_hold *)value)->hold);
    r->skus = calloc(f->skus.count + 1, sizeof *r->skus);
    if (r->skus == NULL)
        return RESULT_NO_MEMORY;
    for (size_t at = 0; map_next(&f->skus, &at, &key, &value);)
        r->skus[r->skus_count++] = ((const struct audit_sku *)value)->certificate;
    qsort(r->skus, r->skus_count, sizeof *r->skus, compare_certificates);
    return RESULT_OK;
}
