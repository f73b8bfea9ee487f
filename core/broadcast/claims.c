/* core/broadcast/claims.c - what the fold keeps: holds by id, by viewer and by SKU, the lines, the clocks. */
#include <stdlib.h>
#include <string.h>

#include "core/broadcast/claims_inner.h"

#define CLAIM_CLOCKS_MAX 100000

void claims_init(struct claims *c)
{
    *c = (struct claims){0};
    map_init(&c->holds, CLAIMS_HOLDS_MAX);
    map_init(&c->viewers, CLAIMS_HOLDS_MAX);
    map_init(&c->skus, CATALOGUE_PRODUCTS_MAX);
    map_init(&c->clocks, CLAIM_CLOCKS_MAX);
    list_init(&c->taken_back);
    c->sync_delay.last_ms = c->sync_delay.p95_ms = -1;
}

static void taken_back_drop(struct claims *c);

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
    while (c->taken_back_count > 0)
        taken_back_drop(c);
    at = 0;
    while (map_next(&c->skus, &at, &key, &value))
        free(((struct claims_entry *)value)->sales);
    map_free_all(&c->holds);
    map_free_all(&c->viewers);
    map_free_all(&c->skus);
    map_free_all(&c->clocks);
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

enum result claims_entry_make(struct claims *c, const char *sku, struct claims_entry **ret)
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
    memcpy(entry->sku.count.sku.text, sku, strlen(sku));
    list_init(&entry->line);
    list_init(&entry->open);
    list_init(&entry->sold);
    list_init(&entry->back);
    *ret = entry;
    return RESULT_OK;
}

/* ---- holds ---- */

/* Behind the hold, which is cut after its last line. */
struct claim_line *claim_lines(const struct claim *claim)
{
    _Static_assert(offsetof(struct claim, hold) % _Alignof(struct claim_line) == 0 &&
                       HOLD_SIZE(0) % _Alignof(struct claim_line) == 0 &&
                       sizeof(struct line) % _Alignof(struct claim_line) == 0,
                   "claim lines follow the hold without a gap");
    return (struct claim_line *)(void *)((char *)(uintptr_t)&claim->hold + HOLD_SIZE(claim->hold.lines_count));
}

struct claim *claim_find(const struct claims *c, const char *hold) { return map_get(&c->holds, hold); }

static void claim_list(struct claims *c, struct claim *claim)
{
    struct claim_line *lines = claim_lines(claim);
    bool open = claim->hold.state == HOLD_HELD;
    c->open += open;
    for (uint8_t i = 0; i < claim->hold.lines_count; i++)
        list_push_back(open ? &lines[i].entry->open : &lines[i].entry->sold, &lines[i].of_sku);
}

static void claim_unlist(struct claims *c, struct claim *claim)
{
    struct claim_line *lines = claim_lines(claim);
    c->open -= claim->hold.state == HOLD_HELD;
    for (uint8_t i = 0; i < claim->hold.lines_count; i++)
        list_remove(&lines[i].of_sku);
}

void claim_drop(struct claims *c, struct claim *claim)
{
    map_remove(&c->holds, claim->hold.id.text);
    claim_unlist(c, claim);
    list_remove(&claim->of_viewer);
    viewer_drop_if_idle(c, claim->hold.viewer.text);
    free(claim);
}

/* The oldest; nothing else knows of it. */
static void taken_back_drop(struct claims *c)
{
    struct claim *claim = container_of(c->taken_back.next, struct claim, of_viewer);
    claim_unlist(c, claim);
    list_remove(&claim->of_viewer);
    c->taken_back_count--;
    free(claim);
}

void claim_take_back(struct claims *c, struct claim *claim, const struct hold *ended)
{
    struct claim_line *lines = claim_lines(claim);
    map_remove(&c->holds, claim->hold.id.text);
    claim_unlist(c, claim);
    list_remove(&claim->of_viewer);
    viewer_drop_if_idle(c, claim->hold.viewer.text);
    hold_copy(&claim->hold, ended);
    claim->hold.state = HOLD_RELEASED;
    for (uint8_t i = 0; i < claim->hold.lines_count; i++)
        list_push_back(&lines[i].entry->back, &lines[i].of_sku);
    list_push_back(&c->taken_back, &claim->of_viewer);
    if (++c->taken_back_count > CLAIMS_TAKEN_BACK_MAX)
        taken_back_drop(c);
}

static enum result claim_lines_make(struct claims *c, struct claim *claim)
{
    enum result result = RESULT_OK;
    struct claim_line *lines = claim_lines(claim);
    for (uint8_t i = 0; result == RESULT_OK && i < claim->hold.lines_count; i++) {
        lines[i] = (struct claim_line){.claim = claim};
        result = claims_entry_make(c, claim->hold.lines[i].sku.text, &lines[i].entry);
    }
    return result;
}

static enum result claim_add(struct claims *c, const struct hold *hold, struct claim **ret)
{
    size_t size =
        offsetof(struct claim, hold) + HOLD_SIZE(hold->lines_count) + hold->lines_count * sizeof(struct claim_line);
    struct claim *claim = malloc(size);
    if (claim == NULL)
        return RESULT_NO_MEMORY;
    hold_copy(&claim->hold, hold);
    struct claims_viewer *viewer = NULL;
    enum result result = claim_lines_make(c, claim);
    if (result == RESULT_OK)
        result = viewer_make(c, hold->viewer.text, &viewer);
    if (result == RESULT_OK)
        result = map_set(&c->holds, hold->id.text, claim);
    if (result != RESULT_OK) {
        viewer_drop_if_idle(c, hold->viewer.text);
        free(claim);
        return result;
    }
    list_push_back(&viewer->claims, &claim->of_viewer);
    *ret = claim;
    return RESULT_OK;
}

static bool lines_are_of(const struct hold *a, const struct hold *b)
{
    bool same = a->lines_count == b->lines_count;
    for (uint8_t i = 0; same && i < a->lines_count; i++)
        same = ID_EQUAL(a->lines[i].sku, b->lines[i].sku);
    return same && ID_EQUAL(a->viewer, b->viewer);
}

enum result claim_keep(struct claims *c, const struct hold *hold, enum hold_state state, int64_t now_ms,
                       struct claim **ret)
{
    struct claim *claim = map_get(&c->holds, hold->id.text);
    if (claim != NULL && !lines_are_of(&claim->hold, hold)) {
        claim_drop(c, claim); /* its memory was cut for other lines, and it is on other lists */
        claim = NULL;
    }
    if (claim != NULL) {
        claim_unlist(c, claim);
    } else {
        enum result result = claim_add(c, hold, &claim);
        if (result != RESULT_OK)
            return result;
    }
    hold_copy(&claim->hold, hold);
    claim->hold.state = state;
    claim->since_ms = now_ms;
    claim_list(c, claim);
    *ret = claim;
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
enum result wait_join(struct claims *c, const struct sku_id *sku, const struct viewer_id *viewer)
{
    if (wait_find(c, sku->text, viewer->text) != NULL)
        return RESULT_OK;
    struct claims_entry *entry = NULL;
    struct claims_viewer *v = NULL;
    struct wait *wait = malloc(sizeof *wait);
    enum result result = wait == NULL ? RESULT_NO_MEMORY : claims_entry_make(c, sku->text, &entry);
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
    c->waiting++;
    return RESULT_OK;
}

void wait_leave(struct claims *c, const char *sku, const char *viewer)
{
    struct wait *wait = wait_find(c, sku, viewer);
    if (wait == NULL)
        return;
    struct claims_entry *entry = map_get(&c->skus, sku);
    entry->sku.waitlist--;
    c->waiting--;
    list_remove(&wait->of_sku);
    list_remove(&wait->of_viewer);
    free(wait);
    viewer_drop_if_idle(c, viewer);
}

/* ---- clocks ---- */

enum result clock_set(struct claims *c, const char *broadcast, struct claim_clock now)
{
    struct claim_clock *clock = map_get(&c->clocks, broadcast);
    if (clock == NULL) {
        clock = malloc(sizeof *clock);
        enum result result = clock == NULL ? RESULT_NO_MEMORY : map_set(&c->clocks, broadcast, clock);
        if (result != RESULT_OK) {
            free(clock);
            return result;
        }
    }
    *clock = now;
    return RESULT_OK;
}

struct claim_clock claims_clock(const struct claims *c, const char *broadcast)
{
    const struct claim_clock *clock = map_get(&c->clocks, broadcast);
    return clock == NULL ? (struct claim_clock){0} : *clock;
}

int64_t claims_expires_ms(const struct claims *c, const struct hold *hold, int64_t now_ms)
{
    if (hold->state != HOLD_HELD)
        return hold->expires_at_ms;
    struct claim_clock clock = claims_clock(c, hold->broadcast.text);
    int64_t stands_ms =
        clock.frozen_since_ms > 0 && now_ms > clock.frozen_since_ms ? now_ms - clock.frozen_since_ms : 0;
    return hold->expires_at_ms + clock.stood_ms + stands_ms;
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

static void each_line(const struct list *lines, void (*found)(void *ctx, const struct hold *hold), void *ctx)
{
    for (const struct list *at = lines->next; at != lines; at = at->next)
        found(ctx, &container_of(at, struct claim_line, of_sku)->claim->hold);
}

void claims_each_of_sku(const struct claims *c, const char *sku, void (*found)(void *ctx, const struct hold *hold),
                        void *ctx)
{
    const struct claims_entry *entry = map_get(&c->skus, sku);
    if (entry == NULL)
        return;
    each_line(&entry->open, found, ctx);
    each_line(&entry->sold, found, ctx);
}

void claims_taken_back_of_sku(const struct claims *c, const char *sku,
                              void (*found)(void *ctx, const struct hold *hold), void *ctx)
{
    const struct claims_entry *entry = map_get(&c->skus, sku);
    if (entry != NULL)
        each_line(&entry->back, found, ctx);
}

size_t claims_open_of_sku(const struct claims *c, const char *sku, const struct hold **ret, size_t max)
{
    const struct claims_entry *entry = map_get(&c->skus, sku);
    size_t count = 0;
    if (entry == NULL)
        return 0;
    for (const struct list *at = entry->open.next; count < max && at != &entry->open; at = at->next)
        ret[count++] = &container_of(at, struct claim_line, of_sku)->claim->hold;
    return count;
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
    int64_t left = stock_left(count);
    if (left == 0)
        return count->held > 0 ? STOCK_HELD_OUT : STOCK_SOLD_OUT;
    return left <= STOCK_LOW_MAX ? STOCK_LOW : STOCK_OK;
}
