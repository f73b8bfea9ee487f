#include "inventory/memory/truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool sku_is_valid(const struct inventory_request *r)
{
    return id_is_valid(r->sku.text, strnlen(r->sku.text, ID_LEN_MAX + 1));
}

static bool ref_is_valid(const char *ref)
{
    for (const char *c = ref; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '|' || *c == ',')
            return false;
    return ref[0] != '\0';
}

static void answer(struct inventory_request *r, enum inventory_answer what, const struct truth_sku *k)
{
    r->answer = what;
    r->count = truth_count(k);
}

/* One purchase order brings many SKUs, so a ref is a SKU's own. */
static void ref_key(char key[ID_LEN_MAX + REF_LEN_MAX + 2], const struct inventory_request *r)
{
    snprintf(key, ID_LEN_MAX + REF_LEN_MAX + 2, "%s/%s", r->sku.text, r->ref);
}

/* The move once done under this ref, or NULL. */
static const char *ref_find(const struct truth_call *c, const struct inventory_request *r)
{
    char key[ID_LEN_MAX + REF_LEN_MAX + 2];
    ref_key(key, r);
    return map_get(&c->shop->refs, key);
}

static void ref_text(char text[160], const struct inventory_request *r)
{
    snprintf(text, 160, "%c %s %" PRId64, r->op == INVENTORY_ALLOCATE ? 'A' : 'D', r->sku.text, r->units);
}

static void ref_keep(const struct truth_call *c, const struct inventory_request *r)
{
    char text[160], key[ID_LEN_MAX + REF_LEN_MAX + 2];
    ref_text(text, r);
    ref_key(key, r);
    char *copy = strdup(text);
    MUST(copy != NULL && map_set(&c->shop->refs, key, copy) == RESULT_OK);
}

static bool units_are_valid(const struct inventory_request *r)
{
    return sku_is_valid(r) && ref_is_valid(r->ref) && r->units >= 1 && r->units <= STOCK_UNITS_MAX;
}

/* True when the answer is given already: done before under this ref, or used for something else. */
static bool ref_answers(const struct truth_call *c, struct inventory_request *r)
{
    const char *before = ref_find(c, r);
    if (before == NULL)
        return false;
    char text[160];
    ref_text(text, r);
    if (strcmp(before, text) == 0)
        answer(r, INVENTORY_REPLAYED, truth_sku(c->shop, r->sku.text));
    else
        r->answer = INVENTORY_MISMATCH;
    return true;
}

static void note_ref(struct truth_call *c, enum movement_kind kind, const struct truth_sku *k,
                     const struct inventory_request *r)
{
    struct truth_move *move = truth_note_sku(c, kind, k, r->units);
    snprintf(move->ref, sizeof move->ref, "%s", r->ref);
}

void truth_allocate(struct truth_call *c, struct inventory_request *r)
{
    if (!units_are_valid(r) || ref_answers(c, r))
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    if (k->counts.allocated + r->units > STOCK_UNITS_MAX)
        return;
    counts_move(&k->counts, COUNTS_ALLOCATE, r->units);
    ref_keep(c, r);
    truth_changed(c, k);
    note_ref(c, MOVE_ALLOCATED, k, r);
    truth_serve(c, k);
    answer(r, INVENTORY_DONE, k);
}

void truth_withdraw(struct truth_call *c, struct inventory_request *r)
{
    if (!units_are_valid(r) || ref_answers(c, r))
        return;
    struct truth_sku *k = truth_sku(c->shop, r->sku.text);
    if (k == NULL) {
        r->answer = INVENTORY_SKU_UNKNOWN;
    } else if (k->counts.available < r->units) {
        answer(r, k->counts.held > 0 ? INVENTORY_HELD_OUT : INVENTORY_SOLD_OUT, k);
    } else {
        counts_move(&k->counts, COUNTS_WITHDRAW, r->units);
        ref_keep(c, r);
        truth_changed(c, k);
        note_ref(c, MOVE_WITHDRAWN, k, r);
        answer(r, INVENTORY_DONE, k);
    }
}

static bool sync_is_valid(const struct inventory_request *r)
{
    return r->units >= 0 && r->units <= STOCK_UNITS_MAX && r->gone >= 0 && r->gone <= STOCK_UNITS_MAX &&
           r->units + r->gone <= STOCK_UNITS_MAX && r->version >= 1 && r->version <= STOCK_VERSION_MAX &&
           r->counted_ms >= 0;
}

static void note_sync(struct truth_call *c, const struct truth_sku *k, int64_t change,
                      const struct inventory_request *r)
{
    struct truth_move *move = truth_note_sku(c, MOVE_SYNCED, k, change);
    move->gone = r->gone;
    move->version = r->version;
    move->delay_ms = counts_sync_delay_ms(r->counted_ms, c->now_ms);
}

void truth_sync(struct truth_call *c, struct inventory_request *r)
{
    if (!sku_is_valid(r) || !sync_is_valid(r))
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    int64_t change = 0;
    switch (counts_sync(&k->counts, r->units, r->gone, r->version, &change)) {
    case SYNC_MOVES:
        truth_changed(c, k);
        note_sync(c, k, change, r);
        truth_serve(c, k);
        answer(r, INVENTORY_DONE, k);
        break;
    case SYNC_IGNORED:
        answer(r, INVENTORY_IGNORED, k);
        break;
    case SYNC_BAD:
        break;
    }
}

void truth_stop(struct truth_call *c, struct inventory_request *r)
{
    if (!sku_is_valid(r))
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    if (k->counts.stopped) {
        answer(r, INVENTORY_REPLAYED, k);
        return;
    }
    k->counts.stopped = true;
    truth_changed(c, k);
    truth_note_sku(c, MOVE_STOPPED, k, 0);
    answer(r, INVENTORY_DONE, k);
}

void truth_open(struct truth_call *c, struct inventory_request *r)
{
    struct truth_sku *k = truth_sku(c->shop, r->sku.text);
    if (!sku_is_valid(r))
        return;
    if (k == NULL) {
        r->answer = INVENTORY_SKU_UNKNOWN;
        return;
    }
    if (!k->counts.stopped || k->counts.recall != LAW_NONE) {
        answer(r, k->counts.stopped ? INVENTORY_RECALLED : INVENTORY_REPLAYED, k);
        return;
    }
    k->counts.stopped = false;
    truth_changed(c, k);
    truth_note_sku(c, MOVE_OPENED, k, 0);
    truth_serve(c, k);
    answer(r, INVENTORY_DONE, k);
}

/* Counts back what viewers hold and bought of a SKU that gets its first limit. */
static void backfill(struct truth_call *c, struct truth_sku *k)
{
    k->tracked = true;
    const char *id = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&c->shop->holds, &at, &id, &value);) {
        const struct hold *h = &((const struct truth_hold *)value)->hold;
        for (size_t i = 0; (h->state == HOLD_HELD || h->state == HOLD_CONFIRMED) && i < h->lines_count; i++)
            if (ID_EQUAL(h->lines[i].sku, k->sku))
                truth_take(c->shop, k, h->viewer.text, h->lines[i].units);
    }
}

void truth_limit(struct truth_call *c, struct inventory_request *r)
{
    if (!sku_is_valid(r) || r->units < 0 || r->units > HOLD_UNITS_MAX)
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    if (k->counts.limit_per_viewer == r->units) {
        answer(r, INVENTORY_REPLAYED, k);
        return;
    }
    if (!k->tracked && k->counts.held + k->counts.sold > 0 && c->shop->holds.count > LIMIT_BACKFILL_HOLDS_MAX) {
        answer(r, INVENTORY_LIMIT_REACHED, k);
        return;
    }
    if (!k->tracked)
        backfill(c, k);
    k->counts.limit_per_viewer = r->units;
    truth_changed(c, k);
    truth_note_sku(c, MOVE_LIMIT, k, r->units);
    answer(r, INVENTORY_DONE, k);
}

void truth_recall(struct truth_call *c, struct inventory_request *r)
{
    if (!sku_is_valid(r) || (unsigned)r->recall >= RECALL_MODES)
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    if (!counts_recall(&k->counts, (enum recall_law)r->recall)) {
        answer(r, INVENTORY_REPLAYED, k);
        return;
    }
    truth_changed(c, k);
    truth_note_sku(c, MOVE_RECALL, k, 0)->recall = r->recall;
    truth_set_timers_of_sku(c->shop, &k->sku);
    answer(r, INVENTORY_DONE, k);
}

void truth_buffer(struct truth_call *c, struct inventory_request *r)
{
    if (!sku_is_valid(r) || r->units < 0 || r->units > STOCK_UNITS_MAX)
        return;
    struct truth_sku *k = truth_sku_make(c->shop, &r->sku);
    if (k->counts.buffer == r->units) {
        answer(r, INVENTORY_REPLAYED, k);
        return;
    }
    k->counts.buffer = r->units;
    truth_changed(c, k);
    truth_note_sku(c, MOVE_BUFFER, k, r->units);
    truth_serve(c, k);
    answer(r, INVENTORY_DONE, k);
}
