/* core/orchestrator/vouched.c - what this node can say happened: the last movements the ledger told it of, and those it had an
 * answer for that the ledger did not tell yet. Bounded by VOUCHED_MAX, VOUCHED_AHEAD_MAX and VOUCHED_MS; past them the oldest goes,
 * and a fail-over that loses it loses it.
 *
 *   vouched_entry, vouched_answered   remembered, packed
 *   vouched_doubt                     the ledger is out of reach: an answer whose entry is not told afterwards was lost
 *   vouched_rewound                   all of it is in doubt
 *     vouched_entry                   what is told again is there, and so is all before it: what survives is a prefix
 *   vouched_caught_up                 the rest was lost; of that, what came to nothing anyway is dropped */
#include "core/orchestrator/journeys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_MS 1000 /* an entry that this old was told, when a newer one is */

/* ---- rings ---- */

static struct vouched **ring_at(const struct vouched_ring *r, size_t index)
{
    return &r->at[(r->first + index) % r->capacity];
}

static struct vouched *ring_pop(struct vouched_ring *r)
{
    struct vouched *record = *ring_at(r, 0);
    r->first = (r->first + 1) % r->capacity;
    r->count--;
    return record;
}

static bool ring_grow(struct vouched_ring *r)
{
    if (r->count < r->capacity)
        return true;
    size_t capacity = r->capacity == 0 ? 256 : r->capacity * 2;
    struct vouched **at = calloc(capacity, sizeof(struct vouched *));
    if (at == NULL)
        return false;
    for (size_t i = 0; i < r->count; i++)
        at[i] = *ring_at(r, i);
    free(r->at);
    *r = (struct vouched_ring){.at = at, .count = r->count, .capacity = capacity};
    return true;
}

/* Takes `record`, which may be NULL; the oldest goes when all `max` places are taken. */
static void ring_push(struct vouched_ring *r, struct vouched *record, size_t max)
{
    if (record == NULL)
        return;
    if (r->count >= max)
        free(ring_pop(r));
    if (!ring_grow(r)) {
        free(record);
        return;
    }
    r->count++;
    *ring_at(r, r->count - 1) = record;
}

static void ring_finish(struct vouched_ring *r)
{
    while (r->count > 0)
        free(ring_pop(r));
    free(r->at);
    *r = (struct vouched_ring){0};
}

void vouched_drop_lost(struct vouching *v)
{
    for (size_t i = 0; i < v->lost_count; i++)
        free(v->lost[i]);
    free(v->lost);
    v->lost = NULL;
    v->lost_count = v->lost_at = v->lost_present = 0;
}

void vouched_finish(struct vouching *v)
{
    ring_finish(&v->told);
    ring_finish(&v->ahead);
    vouched_drop_lost(v);
}

/* ---- told by the ledger ---- */

/* A place in line is told without its price: whoever had the answer knows it. */
static struct vouched *ahead_take(struct vouched_ring *ahead, const struct movement *m, uint64_t ms, uint64_t seq)
{
    uint64_t key = vouched_key(m);
    for (size_t i = 0; i < ahead->count && vouched_compare(*ring_at(ahead, i), ms, seq) <= 0; i++) {
        struct vouched *record = *ring_at(ahead, i);
        if (record->key != key || vouched_compare(record, ms, seq) != 0)
            continue;
        for (; i > 0; i--)
            *ring_at(ahead, i) = *ring_at(ahead, i - 1);
        (void)ring_pop(ahead);
        return record;
    }
    return NULL;
}

/* What the shelf held when the warehouse counted: allocated after the entry, less what later movements of it did, and `gone`. */
static int64_t count_said(const struct claims *claims, const struct ledger_entry *entry, size_t at)
{
    const struct movement *synced = &entry->movements[at];
    const struct claim_sku *sku = claims_sku(claims, synced->sku.text);
    int64_t allocated = sku == NULL ? 0 : sku->count.allocated;
    for (size_t i = at + 1; i < entry->movements_count; i++) {
        const struct movement *m = &entry->movements[i];
        if (!ID_EQUAL(m->sku, synced->sku))
            continue;
        if (m->kind == MOVE_ALLOCATED || m->kind == MOVE_SYNCED)
            allocated -= m->units;
        if (m->kind == MOVE_WITHDRAWN)
            allocated += m->units;
    }
    return allocated - synced->gone;
}

static void movement_remember(struct shop *shop, const struct ledger_entry *entry, size_t at, uint64_t ms, uint64_t seq)
{
    struct vouching *v = &shop->keeping.vouching;
    const struct movement *m = &entry->movements[at];
    if (m->kind == MOVE_FROZEN || m->kind == MOVE_THAWED || m->kind == MOVE_BUFFER)
        return; /* they follow by themselves */
    struct vouched *record = m->kind == MOVE_WAITING ? ahead_take(&v->ahead, m, ms, seq) : NULL;
    if (record == NULL)
        record = vouched_make(m, ms, seq);
    if (record == NULL)
        return;
    record->at_ms = entry->ms;
    record->order = at;
    if (movement_is_of_hold(m->kind))
        record->expires_ms = claims_expires_ms(&shop->claims, &m->hold, orchestrator_now(shop->o));
    if (m->kind == MOVE_SYNCED) {
        record->units = count_said(&shop->claims, entry, at);
        record->counted_ms = m->delay_ms >= 0 ? entry->ms - m->delay_ms : 0;
    }
    ring_push(&v->told, record, VOUCHED_MAX);
}

static bool entry_has(const struct ledger_entry *entry, uint64_t key)
{
    for (size_t i = 0; i < entry->movements_count; i++)
        if (vouched_key(&entry->movements[i]) == key)
            return true;
    return false;
}

/* Takes `record`. */
static void lost_add(struct vouching *v, struct vouched *record)
{
    struct vouched **lost = realloc(v->lost, (v->lost_count + 1) * sizeof(struct vouched *));
    if (lost == NULL) {
        free(record);
        return;
    }
    v->lost = lost;
    v->lost[v->lost_count++] = record;
}

/* While all is read again. What survived is a prefix: it ends with the first that is not told again, whatever comes after,
 * which others may have written since. */
static void lost_found(struct vouching *v, const struct ledger_entry *entry, uint64_t ms, uint64_t seq)
{
    for (; v->lost_at < v->lost_count && vouched_compare(v->lost[v->lost_at], ms, seq) <= 0; v->lost_at++) {
        const struct vouched *record = v->lost[v->lost_at];
        bool found = vouched_compare(record, ms, seq) == 0 && entry_has(entry, record->key);
        if (found && v->lost_present == v->lost_at)
            v->lost_present++;
    }
}

/* Of `record`, which was answered and is not told: its entry has just been told, or one after it. */
static void ahead_told(struct vouching *v, struct vouched *record, const struct ledger_entry *entry, uint64_t ms,
                       uint64_t seq)
{
    bool told = vouched_compare(record, ms, seq) == 0 && (entry->is_checkpoint || entry_has(entry, record->key));
    if (told || !v->doubted)
        free(record);
    else
        lost_add(v, record);
}

void vouched_entry(struct shop *shop, const struct ledger_entry *entry)
{
    struct vouching *v = &shop->keeping.vouching;
    uint64_t ms, seq;
    vouched_id_read(entry->id, &ms, &seq);
    if (!shop->claims.complete)
        lost_found(v, entry, ms, seq);
    if (!entry->is_checkpoint && entry->ms + VOUCHED_MS > orchestrator_now(shop->o)) /* a first reading may be long */
        for (size_t i = 0; i < entry->movements_count; i++)
            movement_remember(shop, entry, i, ms, seq);
    while (v->ahead.count > 0 && vouched_compare(*ring_at(&v->ahead, 0), ms, seq) <= 0)
        ahead_told(v, ring_pop(&v->ahead), entry, ms, seq);
    while (v->told.count > 0 && (*ring_at(&v->told, 0))->at_ms + VOUCHED_MS < entry->ms)
        free(ring_pop(&v->told));
}

/* ---- answered ---- */

/* What the stock did, as the ledger will tell it; false: it did nothing. */
static bool movement_of_answer(const struct inventory_request *ask, struct movement *ret)
{
    static const struct {
        bool moves;
        enum movement_kind kind;
    } of[INVENTORY_OPS] = {
        [INVENTORY_RESERVE] = {true, MOVE_RESERVED},    [INVENTORY_EXTEND] = {true, MOVE_EXTENDED},
        [INVENTORY_CONFIRM] = {true, MOVE_CONFIRMED},   [INVENTORY_RELEASE] = {true, MOVE_RELEASED},
        [INVENTORY_ALLOCATE] = {true, MOVE_ALLOCATED},  [INVENTORY_WITHDRAW] = {true, MOVE_WITHDRAWN},
        [INVENTORY_SYNC] = {true, MOVE_SYNCED},         [INVENTORY_STOP] = {true, MOVE_STOPPED},
        [INVENTORY_OPEN] = {true, MOVE_OPENED},         [INVENTORY_LIMIT] = {true, MOVE_LIMIT},
        [INVENTORY_RECALL] = {true, MOVE_RECALL},       [INVENTORY_WAITLIST_JOIN] = {true, MOVE_WAITING},
        [INVENTORY_WAITLIST_LEAVE] = {true, MOVE_LEFT},
    };
    bool voids = ask->op == INVENTORY_CONFIRM && ask->answer == INVENTORY_HOLD_EXPIRED && ask->hold.state == HOLD_VOID;
    bool did = ask->answer == INVENTORY_DONE || ask->answer == INVENTORY_LATE || ask->answer == INVENTORY_REPLAYED;
    if (!of[ask->op].moves || (!did && !voids))
        return false;
    *ret = (struct movement){.kind = of[ask->op].kind, .sku = ask->sku, .units = ask->units, .recall = ask->recall};
    hold_copy(&ret->hold, &ask->hold);
    if (voids)
        ret->kind = MOVE_VOIDED;
    else if (ask->answer == INVENTORY_LATE)
        ret->kind = MOVE_RETAKEN;
    else if (ask->op == INVENTORY_WAITLIST_JOIN && ask->hold.state == HOLD_HELD)
        ret->kind = MOVE_OFFERED;
    ret->gone = ask->gone;
    ret->version = ask->version;
    if (movement_is_of_hold(ret->kind))
        return true;
    memcpy(ret->ref, ask->ref, sizeof ret->ref);
    if (movement_is_of_line(ret->kind) && ask->hold.lines_count > 0) {
        ret->sku = ask->hold.lines[0].sku;
        ret->units = ask->hold.lines[0].units;
    }
    return true;
}

/* The ledger was faster than the answer. */
static void told_complete(struct vouched_ring *told, struct vouched *record)
{
    for (size_t i = told->count; i > 0 && vouched_compare(*ring_at(told, i - 1), record->ms, record->seq) >= 0; i--) {
        struct vouched **known = ring_at(told, i - 1);
        if ((*known)->key != record->key || vouched_compare(*known, record->ms, record->seq) != 0)
            continue;
        record->order = (*known)->order;
        free(*known);
        *known = record;
        return;
    }
    free(record);
}

/* By entry; those whose entry is not known come behind all that are. Takes `record`. */
static void ahead_push(struct vouched_ring *ahead, struct vouched *record)
{
    size_t count = ahead->count;
    ring_push(ahead, record, VOUCHED_AHEAD_MAX);
    if (ahead->count == count && count < VOUCHED_AHEAD_MAX)
        return; /* no memory */
    for (size_t i = ahead->count - 1; i > 0 && vouched_compare(*ring_at(ahead, i - 1), record->ms, record->seq) > 0;
         i--) {
        *ring_at(ahead, i) = *ring_at(ahead, i - 1);
        *ring_at(ahead, i - 1) = record;
    }
}

/* Done by an earlier call, whose answer did not come: is its entry still to be told? */
static bool replay_is_news(const struct shop *shop, const struct inventory_request *ask)
{
    const struct hold *known = claims_hold(&shop->claims, ask->hold.id.text);
    const struct hold *h = &ask->hold;
    switch (ask->op) {
    case INVENTORY_RESERVE:
        return known == NULL && (h->state == HOLD_HELD || h->state == HOLD_CONFIRMED);
    case INVENTORY_CONFIRM:
        return known == NULL || known->state != HOLD_CONFIRMED;
    case INVENTORY_RELEASE:
        return known != NULL && known->state == HOLD_HELD;
    case INVENTORY_WAITLIST_JOIN:
        return h->state == HOLD_HELD
                   ? known == NULL
                   : h->lines_count > 0 && claims_ahead(&shop->claims, h->lines[0].sku.text, h->viewer.text) < 0;
    case INVENTORY_ALLOCATE:
    case INVENTORY_WITHDRAW:
        return true; /* the ref tells, should it be asked again */
    default:
        return false;
    }
}

void vouched_answered(struct shop *shop, const struct inventory_request *ask)
{
    struct vouching *v = &shop->keeping.vouching;
    struct movement m;
    uint64_t ms, seq;
    bool replayed = ask->answer == INVENTORY_REPLAYED;
    if (ask->result != RESULT_OK || (replayed ? !replay_is_news(shop, ask) : ask->ledger_id[0] == '\0') ||
        !movement_of_answer(ask, &m))
        return;
    bool folded = !replayed && ledger_is_folded(shop, ask->ledger_id);
    if (folded && m.kind != MOVE_WAITING)
        return;
    m.ms = orchestrator_now(shop->o);
    vouched_id_read(ask->ledger_id, &ms, &seq);
    if (replayed) { /* which entry is not known: remembered until one is told that is surely behind it */
        ms = (uint64_t)m.ms + REPLAY_MS;
        seq = 0;
    }
    struct vouched *record = vouched_make(&m, ms, seq);
    if (record == NULL)
        return;
    record->counted_ms = ask->counted_ms;
    record->ttl_ms = ask->ttl_ms;
    if (folded)
        told_complete(&v->told, record);
    else
        ahead_push(&v->ahead, record);
}

/* ---- lost ---- */

static int compare_lost(const void *a, const void *b)
{
    const struct vouched *x = *(const struct vouched *const *)a, *y = *(const struct vouched *const *)b;
    int by_id = vouched_compare(x, y->ms, y->seq);
    return by_id != 0 ? by_id : (x->order > y->order) - (x->order < y->order);
}

/* How long a hold was to live, pauses and extensions included, is known better now than when it was made. */
static void lost_end(const struct shop *shop, struct vouched *record)
{
    const struct hold *known = claims_hold(&shop->claims, vouched_text(record, 0));
    bool made = record->kind == MOVE_RESERVED || record->kind == MOVE_OFFERED || record->kind == MOVE_EXTENDED;
    if (made && known != NULL && known->state == HOLD_HELD)
        record->expires_ms = claims_expires_ms(&shop->claims, known, orchestrator_now(shop->o));
}

void vouched_doubt(struct vouching *v) { v->doubted = true; }

void vouched_rewound(struct shop *shop)
{
    struct vouching *v = &shop->keeping.vouching;
    v->doubted = false; /* all is lost until it is told again */
    size_t count = v->lost_count + v->told.count + v->ahead.count;
    struct vouched **lost = count == 0 ? NULL : realloc(v->lost, count * sizeof(struct vouched *));
    if (lost == NULL)
        return;
    v->lost = lost;
    while (v->told.count > 0)
        v->lost[v->lost_count++] = ring_pop(&v->told);
    while (v->ahead.count > 0) {
        struct vouched *record = ring_pop(&v->ahead);
        record->order = SIZE_MAX / 2 + v->lost_count; /* behind what the ledger told of the same entry */
        v->lost[v->lost_count++] = record;
    }
    for (size_t i = 0; i < v->lost_count; i++) {
        v->lost[i]->done = false;
        lost_end(shop, v->lost[i]);
    }
    qsort(v->lost, v->lost_count, sizeof(struct vouched *), compare_lost);
    v->lost_at = v->lost_present = 0;
}

/* ---- what came to nothing ---- */

struct fates { /* what it is about -> the place in `lost` of the last record about it */
    struct map last;
    bool failed;
};

static void fate_key(char key[2 * ID_LEN_MAX + 8], const struct vouched *r)
{
    char family = movement_is_of_hold(r->kind)   ? 'h'
                  : movement_is_of_line(r->kind) ? 'w'
                  : r->kind == MOVE_STOPPED      ? 's'
                  : r->kind == MOVE_OPENED       ? 's'
                                                 : (char)('A' + r->kind);
    const char *viewer = movement_is_of_line(r->kind) ? vouched_text(r, 1) : "";
    snprintf(key, 2 * ID_LEN_MAX + 8, "%c/%s/%s", family, family == 'h' ? vouched_text(r, 0) : vouched_sku(r), viewer);
}

static void fate_set(struct fates *f, const char *key, struct vouched **place)
{
    if (map_set(&f->last, key, place) != RESULT_OK)
        f->failed = true; /* nothing is dropped then: it is asked, and answered as it is */
}

static const struct vouched *fate_of(const struct fates *f, const struct vouched *r)
{
    char key[2 * ID_LEN_MAX + 8];
    fate_key(key, r);
    struct vouched *const *place = map_get(&f->last, key);
    return place == NULL ? r : *place;
}

static void fates_read(struct fates *f, const struct vouching *v)
{
    char key[2 * ID_LEN_MAX + 8];
    map_init(&f->last, 4 * (v->lost_count + 1));
    for (size_t i = 0; i < v->lost_count; i++) {
        const struct vouched *r = v->lost[i];
        fate_key(key, r);
        fate_set(f, key, &v->lost[i]);
        if (r->kind != MOVE_OFFERED)
            continue;
        struct hold hold; /* an offer ends the wait it was made to */
        vouched_hold(r, &hold);
        snprintf(key, sizeof key, "w/%s/%s", hold.lines[0].sku.text, hold.viewer.text);
        fate_set(f, key, &v->lost[i]);
    }
}

static bool is_end(enum movement_kind kind)
{
    return kind == MOVE_RELEASED || kind == MOVE_EXPIRED || kind == MOVE_RECALLED || kind == MOVE_VOIDED;
}

/* A hold made and ended within what was lost; a wait that was left or offered to; a stop that was opened again. */
static bool came_to_nothing(const struct fates *f, const struct vouched *r, bool made_here)
{
    const struct vouched *last = fate_of(f, r);
    if (movement_is_of_hold(r->kind))
        return made_here && is_end(last->kind);
    switch (r->kind) {
    case MOVE_ALLOCATED:
    case MOVE_WITHDRAWN:
    case MOVE_SYNCED:
        return false; /* each by itself */
    default:
        return last != r;
    }
}

static void lost_drop(struct vouching *v, const struct fates *f)
{
    struct map made; /* holds that were made within what was lost */
    map_init(&made, v->lost_count + 1);
    for (size_t i = 0; i < v->lost_count; i++) {
        struct vouched *r = v->lost[i];
        const char *id = vouched_text(r, 0);
        if ((r->kind == MOVE_RESERVED || r->kind == MOVE_OFFERED) && map_set(&made, id, r) != RESULT_OK)
            continue;
        bool made_here = movement_is_of_hold(r->kind) && map_get(&made, id) != NULL;
        r->done = !f->failed && came_to_nothing(f, r, made_here);
    }
    map_finish(&made);
}

void vouched_caught_up(struct vouching *v)
{
    struct fates fates = {0};
    while (v->doubted && v->ahead.count > 0)
        lost_add(v, ring_pop(&v->ahead));
    v->doubted = false;
    if (v->lost_count == 0)
        return;
    for (size_t i = 0; i < v->lost_present; i++)
        free(v->lost[i]);
    v->lost_count -= v->lost_present;
    memmove(v->lost, v->lost + v->lost_present, v->lost_count * sizeof(struct vouched *));
    v->lost_present = 0;
    fates_read(&fates, v);
    lost_drop(v, &fates);
    map_finish(&fates.last);
}
