/* core/broadcast/claims.c - folding the ledger: movements change holds and lines, then the entry's counts, which are
 * absolute, replace what was known. Doing an entry twice gives the same, so one that failed half way is done again. */
#include "core/broadcast/claims.h"

#include <stdlib.h>
#include <string.h>

struct claims_viewer { /* what `viewers` points to; gone when both lists are empty */
    struct list claims;
    struct list waits;
};
struct claims_entry {     /* what `skus` points to */
    struct claim_sku sku; /* first: this is what callers are shown */
    struct list line;     /* waits, the longest waiting first */
};
struct wait {
    struct list of_sku;
    struct list of_viewer;
    struct sku_id sku;
    struct viewer_id viewer;
};

void claims_init(struct claims *c)
{
    *c = (struct claims){0};
    map_init(&c->holds, CLAIMS_HOLDS_MAX);
    map_init(&c->viewers, CLAIMS_HOLDS_MAX);
    map_init(&c->skus, CATALOGUE_PRODUCTS_MAX);
}

static void map_free_all(struct map *m)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(m, &at, &key, &value))
        free(value);
    map_finish(m);
}

void claims_finish(struct claims *c)
{
    if (c == NULL)
        return;
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&c->viewers, &at, &key, &value))
        list_for_each (link, &((struct claims_viewer *)value)->waits)
            free(container_of(link, struct wait, of_viewer));
    map_free_all(&c->holds);
    map_free_all(&c->viewers);
    map_free_all(&c->skus);
    *c = (struct claims){0};
}

/* ---- viewers and SKUs, made when first named ---- */

static enum result viewer_make(struct claims *c, const char *id, struct claims_viewer **ret)
{
    *ret = map_get(&c->viewers, id);
    if (*ret != NULL)
        return RESULT_OK;
    struct claims_viewer *v = malloc(sizeof *v);
    enum result result = v == NULL ? RESULT_NO_MEMORY : map_set(&c->viewers, id, v);
    if (result != RESULT_OK) {
        free(v);
        return result;
    }
    list_init(&v->claims);
    list_init(&v->waits);
    *ret = v;
    return RESULT_OK;
}

static void viewer_drop_if_idle(struct claims *c, const char *id)
{
    struct claims_viewer *v = map_get(&c->viewers, id);
    if (v != NULL && list_is_empty(&v->claims) && list_is_empty(&v->waits))
        free(map_remove(&c->viewers, id));
}

static enum result entry_make(struct claims *c, const char *sku, struct claims_entry **ret)
{
    *ret = map_get(&c->skus, sku);
    if (*ret != NULL)
        return RESULT_OK;
    struct claims_entry *entry = calloc(1, sizeof *entry);
    enum result result = entry == NULL ? RESULT_NO_MEMORY : map_set(&c->skus, sku, entry);
    if (result != RESULT_OK) {
        free(entry);
        return result;
    }
    list_init(&entry->line);
    *ret = entry;
    return RESULT_OK;
}

/* ---- holds ---- */

static void claim_drop(struct claims *c, const char *hold)
{
    struct claim *claim = map_remove(&c->holds, hold);
    if (claim == NULL)
        return;
    list_remove(&claim->of_viewer);
    viewer_drop_if_idle(c, claim->hold.viewer.text);
    free(claim);
}

static enum result claim_add(struct claims *c, const struct hold *hold)
{
    struct claim *claim = malloc(offsetof(struct claim, hold) + HOLD_SIZE(hold->lines_count));
    if (claim == NULL)
        return RESULT_NO_MEMORY;
    hold_copy(&claim->hold, hold);
    struct claims_viewer *viewer = NULL;
    enum result result = viewer_make(c, hold->viewer.text, &viewer);
    if (result == RESULT_OK)
        result = map_set(&c->holds, hold->id.text, claim);
    if (result != RESULT_OK) {
        viewer_drop_if_idle(c, hold->viewer.text);
        free(claim);
        return result;
    }
    list_push_back(&viewer->claims, &claim->of_viewer);
    return RESULT_OK;
}

static enum result claim_keep(struct claims *c, const struct hold *hold, enum hold_state state)
{
    struct claim *claim = map_get(&c->holds, hold->id.text);
    if (claim != NULL && claim->hold.lines_count != hold->lines_count) {
        claim_drop(c, hold->id.text); /* its memory was cut for other lines */
        claim = NULL;
    }
    if (claim == NULL) {
        enum result result = claim_add(c, hold);
        if (result != RESULT_OK)
            return result;
        claim = map_get(&c->holds, hold->id.text);
    }
    hold_copy(&claim->hold, hold);
    claim->hold.state = state;
    return RESULT_OK;
}

/* ---- waitlists ---- */

static struct wait *wait_find(const struct claims *c, const char *sku, const char *viewer)
{
    const struct claims_viewer *v = map_get(&c->viewers, viewer);
    if (v == NULL)
        return NULL;
    list_for_each (link, &v->waits) {
        struct wait *wait = container_of(link, struct wait, of_viewer);
        if (id_equal(wait->sku.text, sku))
            return wait;
    }
    return NULL;
}

/* Joining again keeps the place in line. */
static enum result wait_join(struct claims *c, const struct sku_id *sku, const struct viewer_id *viewer)
{
    if (wait_find(c, sku->text, viewer->text) != NULL)
        return RESULT_OK;
    struct claims_entry *entry = NULL;
    struct claims_viewer *v = NULL;
    struct wait *wait = malloc(sizeof *wait);
    enum result result = wait == NULL ? RESULT_NO_MEMORY : entry_make(c, sku->text, &entry);
    if (result == RESULT_OK)
        result = viewer_make(c, viewer->text, &v);
    if (result != RESULT_OK) {
        free(wait);
        return result;
    }
    *wait = (struct wait){.sku = *sku, .viewer = *viewer};
    list_push_back(&entry->line, &wait->of_sku);
    list_push_back(&v->waits, &wait->of_viewer);
    entry->sku.waitlist++;
    return RESULT_OK;
}

static void wait_leave(struct claims *c, const char *sku, const char *viewer)
{
    struct wait *wait = wait_find(c, sku, viewer);
    if (wait == NULL)
        return;
    struct claims_entry *entry = map_get(&c->skus, sku);
    entry->sku.waitlist--;
    list_remove(&wait->of_sku);
    list_remove(&wait->of_viewer);
    free(wait);
    viewer_drop_if_idle(c, viewer);
}

/* ---- the fold ---- */

/* What a hold is after a movement; HOLD_NONE: it is forgotten, or the movement is not of a hold. */
static const enum hold_state hold_after[MOVE_KINDS] = {
    [MOVE_RESERVED] = HOLD_HELD,     [MOVE_OFFERED] = HOLD_HELD,        [MOVE_EXTENDED] = HOLD_HELD,
    [MOVE_RETAKEN] = HOLD_CONFIRMED, [MOVE_CONFIRMED] = HOLD_CONFIRMED,
};

static enum result movement_fold(struct claims *c, const struct movement *m)
{
    switch (m->kind) {
    case MOVE_OFFERED:
        for (uint8_t i = 0; i < m->hold.lines_count; i++)
            wait_leave(c, m->hold.lines[i].sku.text, m->hold.viewer.text);
        return claim_keep(c, &m->hold, hold_after[m->kind]);
    case MOVE_RESERVED:
    case MOVE_EXTENDED:
    case MOVE_CONFIRMED:
    case MOVE_RETAKEN:
        return claim_keep(c, &m->hold, hold_after[m->kind]);
    case MOVE_VOIDED:
    case MOVE_RELEASED:
    case MOVE_EXPIRED:
        claim_drop(c, m->hold.id.text);
        return RESULT_OK;
    case MOVE_WAITING:
        return wait_join(c, &m->sku, &m->hold.viewer);
    case MOVE_LEFT:
        wait_leave(c, m->sku.text, m->hold.viewer.text);
        return RESULT_OK;
    default: /* changes counts alone, and those come with the entry */
        return RESULT_OK;
    }
}

static enum result count_fold(struct claims *c, const struct stock_count *count)
{
    struct claims_entry *entry = NULL;
    enum result result = entry_make(c, count->sku.text, &entry);
    if (result != RESULT_OK)
        return result;
    entry->sku.count = *count;
    entry->sku.known = true;
    return RESULT_OK;
}

/* Decimal numbers of any length, as numbers. */
static int decimal_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
    for (; a_len > 0 && *a == '0'; a_len--)
        a++;
    for (; b_len > 0 && *b == '0'; b_len--)
        b++;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return memcmp(a, b, a_len);
}

/* "ms-seq" by ms, then seq, as numbers: as texts "9-0" would come after "10-0". "" comes before all. */
static int ledger_id_compare(const char *a, const char *b)
{
    size_t a_ms = strcspn(a, "-"), b_ms = strcspn(b, "-");
    int by_ms = decimal_compare(a, a_ms, b, b_ms);
    if (by_ms != 0 || a[a_ms] == '\0' || b[b_ms] == '\0')
        return by_ms != 0 ? by_ms : (a[a_ms] != '\0') - (b[b_ms] != '\0');
    return decimal_compare(a + a_ms + 1, strlen(a + a_ms + 1), b + b_ms + 1, strlen(b + b_ms + 1));
}

enum result claims_fold(struct claims *c, const struct ledger_entry *e)
{
    if (ledger_id_compare(e->id, c->ledger_id) <= 0)
        return RESULT_OK;
    enum result result = RESULT_OK;
    for (size_t i = 0; result == RESULT_OK && i < e->movements_count; i++)
        result = movement_fold(c, &e->movements[i]);
    for (size_t i = 0; result == RESULT_OK && i < e->counts_count; i++)
        result = count_fold(c, &e->counts[i]);
    if (result != RESULT_OK)
        return result;
    memcpy(c->ledger_id, e->id, sizeof c->ledger_id);
    c->version++;
    return RESULT_OK;
}

/* ---- questions ---- */

const struct claim_sku *claims_sku(const struct claims *c, const char *sku)
{
    const struct claims_entry *entry = map_get(&c->skus, sku);
    return entry == NULL ? NULL : &entry->sku;
}

const struct hold *claims_hold(const struct claims *c, const char *hold)
{
    const struct claim *claim = map_get(&c->holds, hold);
    return claim == NULL ? NULL : &claim->hold;
}

static size_t claims_in_state(const struct claims_viewer *v, enum hold_state state, const struct hold **ret, size_t max)
{
    size_t count = 0;
    list_for_each (link, &v->claims) {
        const struct claim *claim = container_of(link, struct claim, of_viewer);
        if (count < max && claim->hold.state == state)
            ret[count++] = &claim->hold;
    }
    return count;
}

size_t claims_of_viewer(const struct claims *c, const char *viewer, const struct hold **ret, size_t max)
{
    const struct claims_viewer *v = map_get(&c->viewers, viewer);
    if (v == NULL)
        return 0;
    size_t open = claims_in_state(v, HOLD_HELD, ret, max);
    return open + claims_in_state(v, HOLD_CONFIRMED, ret + open, max - open);
}

size_t claims_waits_of_viewer(const struct claims *c, const char *viewer, struct sku_id *ret, size_t max)
{
    const struct claims_viewer *v = map_get(&c->viewers, viewer);
    size_t count = 0;
    if (v == NULL)
        return 0;
    list_for_each (link, &v->waits)
        if (count < max)
            ret[count++] = container_of(link, struct wait, of_viewer)->sku;
    return count;
}

int64_t claims_ahead(const struct claims *c, const char *sku, const char *viewer)
{
    const struct wait *wait = wait_find(c, sku, viewer);
    if (wait == NULL)
        return -1;
    const struct claims_entry *entry = map_get(&c->skus, sku);
    int64_t ahead = 0;
    for (const struct list *at = wait->of_sku.prev; at != &entry->line; at = at->prev)
        ahead++;
    return ahead;
}

const char *stock_state_name(enum stock_state state)
{
    static const char *const names[] = {
        [STOCK_OK] = "ok",           [STOCK_LOW] = "low", [STOCK_HELD_OUT] = "held_out", [STOCK_SOLD_OUT] = "sold_out",
        [STOCK_STOPPED] = "stopped",
    };
    return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

enum stock_state stock_state_of(const struct stock_count *count)
{
    if (count->stopped)
        return STOCK_STOPPED;
    if (count->available <= 0)
        return count->held > 0 ? STOCK_HELD_OUT : STOCK_SOLD_OUT;
    return count->available <= STOCK_LOW_MAX ? STOCK_LOW : STOCK_OK;
}
