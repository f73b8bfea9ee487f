#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inventory/redis/audit_fold.h"

static void add_held(struct audit_fold *f, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        struct audit_sku *k = map_get(&f->skus, h->lines[i].sku.text);
        if (k == NULL || !k->is_seen)
            audit_differ(f->result, "%s: the checkpoint has hold %s of %s, and no count of it", f->entry->id,
                         h->id.text, h->lines[i].sku.text);
        else
            k->held_by_holds += h->lines[i].units;
    }
}

/* ---- begun at ---- */

static enum result begin_count(struct audit_fold *f, const struct stock_count *told)
{
    struct audit_sku *k = audit_fold_sku(f, told->sku.text);
    if (k == NULL)
        return RESULT_NO_MEMORY;
    k->certificate.count = *told;
    k->is_tracked = told->limit_per_viewer > 0;
    return RESULT_OK;
}

static enum result begin_movement(struct audit_fold *f, const struct movement *m)
{
    if (m->kind == MOVE_KEPT) {
        f->result->holds++;
        return audit_keep_hold(f, &m->hold);
    }
    if (m->kind == MOVE_WAITING)
        return audit_fold_wait(f, m);
    if (m->kind != MOVE_FROZEN && m->kind != MOVE_THAWED)
        return RESULT_OK;
    struct audit_clock *clock = audit_at(&f->clocks, m->hold.broadcast.text, sizeof *clock);
    if (clock == NULL)
        return RESULT_NO_MEMORY;
    *clock = (struct audit_clock){.stood_ms = m->units, .since_ms = m->kind == MOVE_FROZEN ? m->gone : 0};
    return RESULT_OK;
}

static enum result begin(struct audit_fold *f, const struct ledger_entry *e)
{
    enum result result = RESULT_OK;
    bool is_of_nothing = e->counts_count == 0 && e->movements_count == 0; /* as if it began at the first entry of all */
    f->begin_ms = is_of_nothing ? 0 : e->ms;
    f->waits_for_checkpoint = false;
    f->result->begins_at_checkpoint = !is_of_nothing;
    for (size_t i = 0; i < e->counts_count && result == RESULT_OK; i++)
        result = begin_count(f, &e->counts[i]);
    for (size_t i = 0; i < e->movements_count && result == RESULT_OK; i++)
        result = begin_movement(f, &e->movements[i]);
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; result == RESULT_OK && map_next(&f->skus, &at, &key, &value);)
        if (((struct audit_sku *)value)->is_tracked)
            result = audit_track(f, value);
    return result;
}

/* ---- agreed with ---- */

static void agree_count(struct audit_fold *f, const struct stock_count *told)
{
    struct audit_sku *k = map_get(&f->skus, told->sku.text);
    if (k == NULL)
        audit_differ(f->result, "%s: the checkpoint has %s, the movements do not", f->entry->id, told->sku.text);
    else if (!audit_same_count(&k->certificate.count, told))
        audit_differ_counts(f->result, f->entry->id, "the checkpoint", &k->certificate.count, told);
}

static void agree_hold(struct audit_fold *f, const struct hold *told)
{
    struct audit_hold *h = map_get(&f->holds, told->id.text);
    if (h == NULL || h->hold.state != HOLD_HELD)
        audit_differ(f->result, "%s: the checkpoint keeps hold %s, which is not open", f->entry->id, told->id.text);
    else if (!audit_same_terms(&h->hold, told) || h->hold.expires_at_ms != told->expires_at_ms ||
             h->hold.extends != told->extends)
        audit_differ(f->result, "%s: the checkpoint keeps hold %s on other terms", f->entry->id, told->id.text);
    if (h != NULL)
        h->point = (uint32_t)f->result->checkpoints;
}

/* First come, first told. */
static void agree_wait(struct audit_fold *f, const struct movement *m)
{
    char pair[AUDIT_PAIR_MAX];
    snprintf(pair, sizeof pair, "%s/%s", m->sku.text, m->hold.viewer.text);
    struct audit_wait *wait = map_get(&f->waits, pair);
    struct audit_sku *k = map_get(&f->skus, m->sku.text);
    if (wait == NULL || k == NULL || wait->units != m->units) {
        audit_differ(f->result, "%s: the checkpoint has %s in line for %" PRId64 ", the movements do not", f->entry->id,
                     pair, m->units);
        return;
    }
    if (wait->ticket <= k->last_ticket)
        audit_differ(f->result, "%s: the checkpoint has %s out of its turn", f->entry->id, pair);
    k->last_ticket = wait->ticket;
    wait->point = (uint32_t)f->result->checkpoints;
}

static void agree_clock(struct audit_fold *f, const struct movement *m)
{
    struct audit_clock *clock = map_get(&f->clocks, m->hold.broadcast.text);
    int64_t since_ms = m->kind == MOVE_FROZEN ? m->gone : 0;
    if (clock == NULL || clock->stood_ms != m->units || clock->since_ms != since_ms)
        audit_differ(f->result,
                     "%s: the checkpoint has broadcast %s still for %" PRId64 " ms and since %" PRId64
                     ", the movements for %" PRId64 " and since %" PRId64,
                     f->entry->id, m->hold.broadcast.text, m->units, since_ms, clock == NULL ? 0 : clock->stood_ms,
                     clock == NULL ? 0 : clock->since_ms);
    if (clock != NULL)
        clock->point = (uint32_t)f->result->checkpoints;
}

static void agree_movement(struct audit_fold *f, const struct movement *m)
{
    if (m->kind == MOVE_KEPT)
        agree_hold(f, &m->hold);
    else if (m->kind == MOVE_WAITING)
        agree_wait(f, m);
    else if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED)
        agree_clock(f, m);
    else
        audit_differ(f->result, "%s: the checkpoint says that something was %s", f->entry->id,
                     movement_kind_name(m->kind));
}

/* Nothing folded may be missing in it. */
static void find_missing(struct audit_fold *f)
{
    const uint32_t point = (uint32_t)f->result->checkpoints;
    const char *key = NULL, *id = f->entry->id;
    void *value = NULL;
    for (size_t at = 0; map_next(&f->skus, &at, &key, &value);)
        if (!((const struct audit_sku *)value)->is_seen)
            audit_differ(f->result, "%s: the checkpoint lacks %s", id, key);
    for (size_t at = 0; map_next(&f->holds, &at, &key, &value);)
        if (((const struct audit_hold *)value)->hold.state == HOLD_HELD &&
            ((const struct audit_hold *)value)->point != point)
            audit_differ(f->result, "%s: the checkpoint lacks hold %s", id, key);
    for (size_t at = 0; map_next(&f->waits, &at, &key, &value);)
        if (((const struct audit_wait *)value)->point != point)
            audit_differ(f->result, "%s: the checkpoint lacks %s in line", id, key);
    for (size_t at = 0; map_next(&f->clocks, &at, &key, &value);)
        if (((const struct audit_clock *)value)->point != point)
            audit_differ(f->result, "%s: the checkpoint lacks the clock of broadcast %s", id, key);
}

static void agree(struct audit_fold *f, const struct ledger_entry *e)
{
    for (size_t i = 0; i < e->counts_count; i++)
        agree_count(f, &e->counts[i]);
    for (size_t i = 0; i < e->movements_count; i++)
        agree_movement(f, &e->movements[i]);
    find_missing(f);
}

/* ---- either way ---- */

static void see_counts(struct audit_fold *f, const struct ledger_entry *e)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&f->skus, &at, &key, &value);) {
        struct audit_sku *k = value;
        k->is_seen = false;
        k->held_by_holds = 0;
        k->last_ticket = 0;
    }
    for (size_t i = 0; i < e->counts_count; i++) {
        struct audit_sku *k = map_get(&f->skus, e->counts[i].sku.text);
        if (k == NULL)
            continue;
        k->is_seen = true;
        if (k->certificate.first_id[0] == '\0')
            memcpy(k->certificate.first_id, e->id, sizeof k->certificate.first_id);
        memcpy(k->certificate.last_id, e->id, sizeof k->certificate.last_id);
    }
}

/* It must agree with itself too: a fold that begins at it has nothing else. */
static void check_itself(struct audit_fold *f, const struct ledger_entry *e)
{
    for (size_t i = 0; i < e->movements_count; i++)
        if (e->movements[i].kind == MOVE_KEPT)
            add_held(f, &e->movements[i].hold);
    for (size_t i = 0; i < e->counts_count; i++) {
        const struct stock_count *c = &e->counts[i];
        const struct audit_sku *k = map_get(&f->skus, c->sku.text);
        if (c->available + c->held + c->sold != c->allocated)
            audit_differ(f->result, "%s: %s does not add up", e->id, c->sku.text);
        if (k != NULL && c->held != k->held_by_holds)
            audit_differ(f->result, "%s: the checkpoint says that %s holds %" PRId64 ", its open holds %" PRId64, e->id,
                         c->sku.text, c->held, k->held_by_holds);
    }
}

enum result audit_fold_checkpoint(struct audit_fold *f, const struct ledger_entry *e)
{
    bool begins = f->waits_for_checkpoint || f->result->entries == 1; /* this one is counted already */
    f->result->checkpoints++;
    enum result result = RESULT_OK;
    if (begins)
        result = begin(f, e);
    see_counts(f, e);
    if (!begins)
        agree(f, e);
    check_itself(f, e);
    return result;
}
