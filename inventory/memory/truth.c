#include "inventory/memory/truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rules cannot see these states, so their order is promised here. */
_Static_assert((int)LIFE_HELD == HOLD_HELD && (int)LIFE_CONFIRMED == HOLD_CONFIRMED &&
                   (int)LIFE_RELEASED == HOLD_RELEASED && (int)LIFE_EXPIRED == HOLD_EXPIRED &&
                   (int)LIFE_VOID == HOLD_VOID,
               "inventory/rules/hold.h and core/broadcast/movement.h name the same states");
_Static_assert((int)LAW_NONE == RECALL_NONE && (int)LAW_KEEP == RECALL_KEEP && (int)LAW_CANCEL == RECALL_CANCEL &&
                   (int)LAW_HONOUR == RECALL_HONOUR && (int)RECALL_LAWS == RECALL_MODES,
               "inventory/rules/recall.h and core/broadcast/movement.h name the same modes");

void *truth_alloc(size_t size)
{
    void *memory = calloc(1, size);
    MUST(memory != NULL);
    return memory;
}

struct truth_shop *truth_create(const struct shop_id *shop)
{
    struct truth_shop *s = truth_alloc(sizeof *s);
    s->shop = *shop;
    map_init(&s->skus, TRUTH_MAP_MAX);
    map_init(&s->holds, TRUTH_MAP_MAX);
    map_init(&s->taken, TRUTH_MAP_MAX);
    map_init(&s->offers, TRUTH_MAP_MAX);
    map_init(&s->clocks, TRUTH_MAP_MAX);
    map_init(&s->refs, TRUTH_MAP_MAX);
    return s;
}

static void sku_destroy(struct truth_sku *k)
{
    list_for_each (at, &k->waitlist.line)
        free(container_of(at, struct truth_wish, waiting.link));
    free(k);
}

static void map_finish_values(struct map *m)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(m, &at, &key, &value);)
        free(value);
    map_finish(m);
}

static void entry_finish(struct truth_entry *e)
{
    for (size_t i = 0; i < e->moves_count; i++)
        free(e->moves[i].hold);
    free(e->moves);
    free(e->counts);
}

void truth_destroy(struct truth_shop *s)
{
    if (s == NULL)
        return;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&s->skus, &at, &key, &value);)
        sku_destroy(value);
    map_finish(&s->skus);
    map_finish_values(&s->holds);
    map_finish_values(&s->taken);
    map_finish_values(&s->offers);
    map_finish_values(&s->clocks);
    map_finish_values(&s->refs);
    timers_finish(&s->timers);
    for (size_t i = 0; i < s->entries_count; i++)
        entry_finish(&s->entries[i]);
    free(s->entries);
    free(s);
}

struct truth_sku *truth_sku(const struct truth_shop *s, const char *sku)
{
    struct truth_sku *k = map_get(&s->skus, sku);
    return k != NULL && k->known ? k : NULL;
}

struct truth_sku *truth_sku_make(struct truth_shop *s, const struct sku_id *sku)
{
    struct truth_sku *k = map_get(&s->skus, sku->text);
    if (k != NULL)
        return k;
    k = truth_alloc(sizeof *k);
    k->sku = *sku;
    waitlist_init(&k->waitlist);
    MUST(map_set(&s->skus, sku->text, k) == RESULT_OK);
    return k;
}

struct stock_count truth_count(const struct truth_sku *k)
{
    return (struct stock_count){
        .sku = k->sku,
        .available = k->counts.available,
        .held = k->counts.held,
        .sold = k->counts.sold,
        .allocated = k->counts.allocated,
        .stopped = k->counts.stopped,
        .recall = (enum recall_mode)k->counts.recall,
        .limit_per_viewer = (uint32_t)k->counts.limit_per_viewer,
        .version = k->counts.version,
        .buffer = k->counts.buffer,
    };
}

/* ---- units per viewer ---- */

void truth_pair_key(char key[2 * ID_LEN_MAX + 2], const char *sku, const char *viewer)
{
    snprintf(key, 2 * ID_LEN_MAX + 2, "%s/%s", sku, viewer);
}

int64_t truth_taken(const struct truth_shop *s, const struct truth_sku *k, const char *viewer)
{
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, k->sku.text, viewer);
    const int64_t *taken = map_get(&s->taken, key);
    return taken == NULL ? 0 : *taken;
}

void truth_take(struct truth_shop *s, const struct truth_sku *k, const char *viewer, int64_t units)
{
    if (!k->tracked)
        return;
    char key[2 * ID_LEN_MAX + 2];
    truth_pair_key(key, k->sku.text, viewer);
    int64_t *taken = map_get(&s->taken, key);
    if (taken == NULL) {
        taken = truth_alloc(sizeof *taken);
        MUST(map_set(&s->taken, key, taken) == RESULT_OK);
    }
    *taken += units;
    MUST(*taken >= 0);
    if (*taken == 0)
        free(map_remove(&s->taken, key));
}

/* ---- the ledger entry of a call ---- */

void truth_changed(struct truth_call *c, struct truth_sku *k)
{
    k->known = true;
    for (size_t i = 0; i < c->changed_count; i++)
        if (c->changed[i] == k)
            return;
    MUST(c->changed_count < ARRAY_LEN(c->changed));
    c->changed[c->changed_count++] = k;
}

static void *grown(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity == 0 ? 4 : 2 * *capacity;
    void *larger = realloc(array, *capacity * size);
    MUST(larger != NULL);
    return larger;
}

struct truth_move *truth_entry_note(struct truth_entry *e, enum movement_kind kind, const struct hold *hold)
{
    e->moves = grown(e->moves, e->moves_count, &e->moves_capacity, sizeof *e->moves);
    struct truth_move *move = &e->moves[e->moves_count++];
    *move = (struct truth_move){.kind = kind};
    if (hold != NULL) {
        move->hold = truth_alloc(HOLD_SIZE(hold->lines_count));
        hold_copy(move->hold, hold);
    }
    return move;
}

void truth_entry_count(struct truth_entry *e, const struct truth_sku *k)
{
    e->counts = grown(e->counts, e->counts_count, &e->counts_capacity, sizeof *e->counts);
    e->counts[e->counts_count++] = truth_count(k);
}

struct truth_move *truth_note(struct truth_call *c, enum movement_kind kind, const struct hold *hold)
{
    return truth_entry_note(c->entry, kind, hold);
}

struct truth_move *truth_note_sku(struct truth_call *c, enum movement_kind kind, const struct truth_sku *k,
                                  int64_t units)
{
    struct truth_move *move = truth_note(c, kind, NULL);
    move->sku = k->sku;
    move->units = units;
    return move;
}

/* Ids grow even when the clock does not. */
void truth_entry_keep(struct truth_shop *s, struct truth_entry *e)
{
    if (e->ms > s->id_ms) {
        s->id_ms = e->ms;
        s->id_seq = 0;
    } else {
        s->id_seq++;
    }
    snprintf(e->id, sizeof e->id, "%" PRId64 "-%" PRIu64, s->id_ms, s->id_seq);
    s->entries = grown(s->entries, s->entries_count, &s->entries_capacity, sizeof *s->entries);
    s->entries[s->entries_count++] = *e;
}

static void call_close(struct truth_call *c, struct inventory_request *requests, size_t count)
{
    struct truth_shop *s = c->shop;
    size_t entries = s->entries_count;
    for (size_t i = 0; i < c->changed_count; i++)
        truth_entry_count(c->entry, c->changed[i]);
    MUST(c->entry->moves_count > 0 || c->changed_count == 0);
    if (c->entry->moves_count > 0)
        truth_entry_keep(s, c->entry);
    if (c->checkpoint != NULL)
        truth_checkpoint_write(c);
    for (size_t i = 0; s->entries_count > entries && i < count; i++)
        memcpy(requests[i].ledger_id, s->entries[s->entries_count - 1].id, sizeof requests[i].ledger_id);
}

static void expire_only(struct truth_call *c, struct inventory_request *r)
{
    (void)c;
    r->answer = INVENTORY_DONE;
}

static truth_op *const ops[INVENTORY_OPS] = {
    [INVENTORY_RESERVE] = truth_reserve,
    [INVENTORY_EXTEND] = truth_extend,
    [INVENTORY_CONFIRM] = truth_confirm,
    [INVENTORY_RELEASE] = truth_release,
    [INVENTORY_TAKE_BACK] = truth_take_back,
    [INVENTORY_WAITLIST_JOIN] = truth_join,
    [INVENTORY_WAITLIST_LEAVE] = truth_leave,
    [INVENTORY_ALLOCATE] = truth_allocate,
    [INVENTORY_WITHDRAW] = truth_withdraw,
    [INVENTORY_SYNC] = truth_sync,
    [INVENTORY_STOP] = truth_stop,
    [INVENTORY_OPEN] = truth_open,
    [INVENTORY_LIMIT] = truth_limit,
    [INVENTORY_RECALL] = truth_recall,
    [INVENTORY_BUFFER] = truth_buffer,
    [INVENTORY_FREEZE] = truth_freeze,
    [INVENTORY_CHECKPOINT] = truth_checkpoint,
    [INVENTORY_HOLD_GET] = truth_get,
    [INVENTORY_EXPIRE] = expire_only,
};

void truth_exec(struct truth_shop *s, int64_t now_ms, struct inventory_request *requests, size_t count)
{
    struct truth_entry entry = {.ms = now_ms};
    struct truth_call *c = truth_alloc(sizeof *c);
    c->shop = s;
    c->now_ms = now_ms;
    c->entry = &entry;
    truth_expire_due(c, requests, count);
    for (size_t i = 0; i < count; i++) {
        struct inventory_request *r = &requests[i];
        MUST((unsigned)r->op < INVENTORY_OPS);
        r->answer = INVENTORY_BAD;
        r->fault_line = 0;
        r->ahead = 0;
        r->count = (struct stock_count){0};
        r->ledger_id[0] = '\0';
        r->hold.state = HOLD_NONE;
        ops[r->op](c, r);
    }
    call_close(c, requests, count);
    free(c);
}
