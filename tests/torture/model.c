#include "tests/torture/model.h"

#include <stdlib.h>
#include <string.h>

#include "inventory/rules/hold.h"

#define RECORDS_MAX 1000000
#define HEADROOM 64

void model_init(struct model *m)
{
    *m = (struct model){.checkpoint_ms = -1};
    map_init(&m->skus, RECORDS_MAX);
    map_init(&m->holds, RECORDS_MAX);
    map_init(&m->clocks, RECORDS_MAX);
    list_init(&m->all_skus);
    list_init(&m->all_holds);
    list_init(&m->all_clocks);
}

static void finish_map_of_values(struct map *map)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(map, &at, &key, &value);)
        free(value);
    map_finish(map);
}

void model_finish(struct model *m)
{
    list_for_each (at, &m->all_skus) {
        struct model_sku *s = container_of(at, struct model_sku, link);
        list_for_each (place, &s->line)
            free(container_of(place, struct model_wait, link));
        finish_map_of_values(&s->taken);
        finish_map_of_values(&s->refs);
    }
    finish_map_of_values(&m->skus);
    finish_map_of_values(&m->holds);
    finish_map_of_values(&m->clocks);
    free(m->timers);
    free(m->parked);
    free(m->due);
    free(m->told);
    *m = (struct model){0};
}

/* ---- what is known ---- */

struct model_sku *model_sku(const struct model *m, const char *sku) { return map_get(&m->skus, sku); }

struct model_sku *model_sku_make(struct model *m, const char *sku)
{
    struct model_sku *s = model_sku(m, sku);
    if (s != NULL)
        return s;
    s = calloc(1, sizeof *s);
    MUST(s != NULL && map_set(&m->skus, sku, s) == RESULT_OK);
    memcpy(s->count.sku.text, sku, strlen(sku) + 1);
    map_init(&s->taken, RECORDS_MAX);
    map_init(&s->refs, RECORDS_MAX);
    list_init(&s->line);
    list_push_back(&m->all_skus, &s->link);
    return s;
}

int64_t model_taken(const struct model_sku *s, const char *viewer)
{
    const int64_t *units = map_get(&s->taken, viewer);
    return units == NULL ? 0 : *units;
}

void model_take(struct model_sku *s, const char *viewer, int64_t units)
{
    int64_t *taken = map_get(&s->taken, viewer);
    if (!s->is_tracked)
        return;
    if (taken == NULL) {
        taken = calloc(1, sizeof *taken);
        MUST(taken != NULL && map_set(&s->taken, viewer, taken) == RESULT_OK);
    }
    *taken += units;
}

const struct model_hold *model_hold_find(const struct model *m, const char *id) { return map_get(&m->holds, id); }

size_t model_holds_open(const struct model *m)
{
    size_t open = 0;
    list_for_each (at, &m->all_holds)
        open += container_of(at, struct model_hold, link)->hold.state == HOLD_HELD;
    return open;
}

bool model_has_recall(const struct model *m, const struct hold *h, enum recall_mode a, enum recall_mode b)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct model_sku *s = model_sku(m, h->lines[i].sku.text);
        if (s != NULL && (s->count.recall == a || s->count.recall == b))
            return true;
    }
    return false;
}

/* ---- clocks ---- */

struct model_clock *model_clock_of(struct model *m, const char *broadcast)
{
    struct model_clock *c = map_get(&m->clocks, broadcast);
    if (c != NULL)
        return c;
    c = calloc(1, sizeof *c);
    MUST(c != NULL && map_set(&m->clocks, broadcast, c) == RESULT_OK);
    memcpy(c->broadcast.text, broadcast, strlen(broadcast) + 1);
    list_push_back(&m->all_clocks, &c->link);
    return c;
}

static int64_t stood_until(const struct model *m, const char *broadcast, int64_t now_ms)
{
    const struct model_clock *c = map_get(&m->clocks, broadcast);
    if (c == NULL)
        return 0;
    return c->stood_ms + (c->is_frozen && now_ms > c->since_ms ? now_ms - c->since_ms : 0);
}

static int64_t stood_so_far(const struct model *m, const char *broadcast)
{
    return stood_until(m, broadcast, m->now_ms);
}

int64_t model_clock_at(const struct model *m, const char *broadcast, int64_t now_ms)
{
    return now_ms - stood_until(m, broadcast, now_ms);
}

int64_t model_clock_now(const struct model *m, const char *broadcast) { return m->now_ms - stood_so_far(m, broadcast); }

bool model_is_parked(const struct model *m, const struct hold *h)
{
    const struct model_clock *c = map_get(&m->clocks, h->broadcast.text);
    return (c != NULL && c->is_frozen) || model_has_recall(m, h, RECALL_KEEP, RECALL_KEEP);
}

struct hold model_shown(const struct model *m, const struct hold *h)
{
    struct hold shown;
    hold_copy(&shown, h);
    if (h->state == HOLD_HELD)
        shown.expires_at_ms += stood_so_far(m, h->broadcast.text);
    return shown;
}

/* ---- movements ---- */

struct movement *model_tell(struct model *m, enum movement_kind kind)
{
    if (m->told_count == m->told_capacity) {
        m->told_capacity = m->told_capacity * 2 + HEADROOM;
        m->told = realloc(m->told, m->told_capacity * sizeof *m->told);
        MUST(m->told != NULL);
    }
    struct movement *told = &m->told[m->told_count++];
    memset(told, 0, offsetof(struct movement, hold.lines));
    told->sku = (struct sku_id){0};
    told->units = told->gone = told->version = 0;
    told->delay_ms = 0;
    told->recall = RECALL_NONE;
    told->ref[0] = '\0';
    told->kind = kind;
    told->ms = m->now_ms;
    return told;
}

void model_tell_hold(struct model *m, enum movement_kind kind, const struct hold *h)
{
    hold_copy(&model_tell(m, kind)->hold, h);
}

void model_wake_at(struct model *m, int64_t at_ms)
{
    if (at_ms < m->quiet_until_ms)
        m->quiet_until_ms = at_ms;
}

/* ---- timers: how many may be due ---- */

static void timer_push(struct model *m, struct model_timer timer)
{
    if (m->timers_count == m->timers_capacity) {
        m->timers_capacity = m->timers_capacity * 2 + HEADROOM;
        m->timers = realloc(m->timers, m->timers_capacity * sizeof *m->timers);
        MUST(m->timers != NULL);
    }
    size_t i = m->timers_count++;
    for (; i > 0 && m->timers[(i - 1) / 2].at_ms > timer.at_ms; i = (i - 1) / 2)
        m->timers[i] = m->timers[(i - 1) / 2];
    m->timers[i] = timer;
}

static struct model_timer timer_pop(struct model *m)
{
    struct model_timer first = m->timers[0], last = m->timers[--m->timers_count];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < m->timers_count; i = child) {
        if (child + 1 < m->timers_count && m->timers[child + 1].at_ms < m->timers[child].at_ms)
            child++;
        if (m->timers[child].at_ms >= last.at_ms)
            break;
        m->timers[i] = m->timers[child];
    }
    m->timers[i] = last;
    return first;
}

void model_timer_arm(struct model *m, const struct hold *h)
{
    struct model_clock *c = ID_IS_NONE(h->broadcast) ? NULL : model_clock_of(m, h->broadcast.text);
    int64_t at_ms = h->expires_at_ms + (c == NULL ? 0 : c->stood_ms);
    timer_push(m, (struct model_timer){at_ms, h->expires_at_ms, c});
    model_wake_at(m, at_ms);
}

void model_timers_again(struct model *m, size_t count)
{
    for (size_t i = 0; i < count; i++)
        timer_push(m, (struct model_timer){m->now_ms, m->now_ms, NULL});
}

static void timer_park(struct model *m, struct model_timer timer)
{
    if (m->parked_count == m->parked_capacity) {
        m->parked_capacity = m->parked_capacity * 2 + HEADROOM;
        m->parked = realloc(m->parked, m->parked_capacity * sizeof *m->parked);
        MUST(m->parked != NULL);
    }
    m->parked[m->parked_count++] = timer;
}

void model_timers_unpark(struct model *m, const struct model_clock *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->parked_count; i++)
        if (m->parked[i].clock == c)
            timer_push(m, (struct model_timer){m->now_ms, m->parked[i].expires_ms, m->parked[i].clock});
        else
            m->parked[kept++] = m->parked[i];
    m->parked_count = kept;
}

/* Timers that are due: looked at, parked with their broadcast, or found to be early since it stood still. */
static void count_timers(struct model *m)
{
    while (m->timers_count > 0 && m->timers[0].at_ms <= m->now_ms) {
        struct model_timer t = timer_pop(m);
        m->owed++;
        if (t.clock != NULL && t.clock->is_frozen)
            timer_park(m, t);
        else if (t.clock != NULL && t.expires_ms + t.clock->stood_ms > m->now_ms)
            timer_push(m, (struct model_timer){t.expires_ms + t.clock->stood_ms, t.expires_ms, t.clock});
    }
}

/* ---- holds begin and end ---- */

struct model_hold *model_hold_open(struct model *m, const struct hold *claim, int64_t ttl_ms)
{
    struct model_hold *h = calloc(1, offsetof(struct model_hold, hold) + sizeof h->hold);
    MUST(h != NULL);
    hold_copy(&h->hold, claim);
    h->hold.state = HOLD_HELD;
    h->hold.expires_at_ms = model_clock_now(m, claim->broadcast.text) + ttl_ms;
    h->hold.extends = 0;
    h->hold.order[0] = '\0';
    for (size_t i = 0; i < claim->lines_count; i++) {
        struct model_sku *s = model_sku(m, claim->lines[i].sku.text);
        s->count.available -= claim->lines[i].units;
        s->count.held += claim->lines[i].units;
        model_take(s, claim->viewer.text, claim->lines[i].units);
    }
    MUST(map_set(&m->holds, claim->id.text, h) == RESULT_OK);
    list_push_back(&m->all_holds, &h->link);
    model_timer_arm(m, &h->hold);
    return h;
}

/* Units are moved by the caller: to sold, or back. */
void model_hold_end(struct model *m, struct model_hold *h, enum hold_state state)
{
    h->hold.state = state;
    h->hold.expires_at_ms = m->now_ms;
    model_wake_at(m, m->now_ms + HOLD_RETAIN_MS);
}

static void expire(struct model *m, struct model_hold *h)
{
    for (size_t i = 0; i < h->hold.lines_count; i++) {
        struct model_sku *s = model_sku(m, h->hold.lines[i].sku.text);
        s->count.held -= h->hold.lines[i].units;
        s->count.available += h->hold.lines[i].units;
        model_take(s, h->hold.viewer.text, -(int64_t)h->hold.lines[i].units);
    }
    model_hold_end(m, h, HOLD_EXPIRED);
    model_tell_hold(m, MOVE_EXPIRED, &h->hold);
    model_serve_lines(m, &h->hold);
}

static void purge(struct model *m, struct model_hold *h)
{
    int64_t forgotten_ms = h->hold.expires_at_ms + HOLD_RETAIN_MS;
    if (forgotten_ms > m->forgotten_ms)
        m->forgotten_ms = forgotten_ms;
    list_remove(&h->link);
    map_remove(&m->holds, h->hold.id.text);
    free(h);
}

/* ---- the head of a call ---- */

static bool is_due(const struct model *m, const struct hold *h)
{
    return !model_is_parked(m, h) && h->expires_at_ms <= model_clock_now(m, h->broadcast.text);
}

/* Whoever pays, or is granted more time, by this very call has not come too late. Matters for those in m->due alone. */
static void spare(struct model *m, const struct inventory_request *r)
{
    struct model_hold *h = map_get(&m->holds, r->hold.id.text);
    if (h == NULL || h->hold.state != HOLD_HELD || !is_due(m, &h->hold) || !model_valid(r))
        return;
    if (r->op == INVENTORY_CONFIRM)
        h->is_spared = true;
    if (r->op == INVENTORY_EXTEND && ID_EQUAL(r->hold.viewer, h->hold.viewer) &&
        model_grant(m, &h->hold, r->ttl_ms) == GRANT_MOVES)
        h->is_spared = true;
}

static void add_due(struct model *m, struct model_hold *h)
{
    if (m->due_count == m->due_capacity) {
        m->due_capacity = m->due_capacity * 2 + HEADROOM;
        m->due = realloc(m->due, m->due_capacity * sizeof(struct model_hold *));
        MUST(m->due != NULL);
    }
    m->due[m->due_count++] = h;
}

static int by_end(const void *left, const void *right)
{
    const struct hold *a = &(*(struct model_hold *const *)left)->hold, *b = &(*(struct model_hold *const *)right)->hold;
    if (a->expires_at_ms != b->expires_at_ms)
        return a->expires_at_ms < b->expires_at_ms ? -1 : 1;
    return strcmp(a->id.text, b->id.text);
}

/* Purges what has been known for a day, and finds what is due. */
static void look_at_holds(struct model *m)
{
    m->due_count = 0;
    if (m->now_ms < m->quiet_until_ms)
        return;
    m->quiet_until_ms = INT64_MAX;
    list_for_each (at, &m->all_holds) {
        struct model_hold *h = container_of(at, struct model_hold, link);
        bool is_held = h->hold.state == HOLD_HELD;
        int64_t at_ms = is_held ? h->hold.expires_at_ms + stood_so_far(m, h->hold.broadcast.text)
                                : h->hold.expires_at_ms + HOLD_RETAIN_MS;
        if (is_held && is_due(m, &h->hold))
            add_due(m, h);
        else if (!is_held && at_ms <= m->now_ms)
            purge(m, h);
        else if (!is_held || !model_is_parked(m, &h->hold))
            model_wake_at(m, at_ms);
    }
}

/* In the order of server time, so clocks are added for the comparison. */
static void sort_due(struct model *m)
{
    for (size_t i = 0; i < m->due_count; i++)
        m->due[i]->hold.expires_at_ms += stood_so_far(m, m->due[i]->hold.broadcast.text);
    if (m->due_count > 0)
        qsort(m->due, m->due_count, sizeof(struct model_hold *), by_end);
    for (size_t i = 0; i < m->due_count; i++)
        m->due[i]->hold.expires_at_ms -= stood_so_far(m, m->due[i]->hold.broadcast.text);
}

/* Marks what the entry says; false: one of these holds is not due. */
static bool name_expired(struct model *m, const struct ledger_entry *entry)
{
    size_t named = 0, found = 0;
    for (size_t i = 0; entry != NULL && i < entry->movements_count; i++) {
        struct model_hold *h = map_get(&m->holds, entry->movements[i].hold.id.text);
        bool is_expired = entry->movements[i].kind == MOVE_EXPIRED;
        named += is_expired;
        if (is_expired && h != NULL)
            h->is_named = true;
    }
    for (size_t i = 0; i < m->due_count; i++)
        found += m->due[i]->is_named;
    return found == named;
}

/* Too many are due for one call: it must end as many as it may. */
static bool enough_are_named(const struct model *m)
{
    size_t named = 0;
    for (size_t i = 0; i < m->due_count; i++)
        named += m->due[i]->is_named;
    return named == HOLD_EXPIRE_BATCH_MAX;
}

static size_t count_unspared(const struct model *m)
{
    size_t count = 0;
    for (size_t i = 0; i < m->due_count; i++)
        count += !m->due[i]->is_spared;
    return count;
}

static bool end_due(struct model *m, const struct ledger_entry *entry)
{
    count_timers(m);
    bool is_blind = m->owed > MODEL_TIMERS_SEEN, is_right = true;
    bool is_crowded = is_blind || count_unspared(m) > HOLD_EXPIRE_BATCH_MAX;
    m->owed = is_crowded && m->owed > HOLD_EXPIRE_BATCH_MAX ? m->owed - HOLD_EXPIRE_BATCH_MAX : 0;
    if (m->due_count == 0)
        return true;
    sort_due(m);
    if (is_crowded)
        is_right = name_expired(m, entry) && (is_blind || enough_are_named(m));
    for (size_t i = 0; i < m->due_count; i++) {
        struct model_hold *h = m->due[i];
        if (!h->is_spared && (h->is_named || !is_crowded))
            expire(m, h);
        h->is_named = false;
    }
    return is_right;
}

/* What was spared and not changed is due at the next call, and so is what this one did not look at. */
static void leave_due(struct model *m)
{
    for (size_t i = 0; i < m->due_count; i++) {
        struct model_hold *h = m->due[i];
        if (h->hold.state == HOLD_HELD && h->is_spared)
            model_timer_arm(m, &h->hold);
        if (h->hold.state == HOLD_HELD)
            m->quiet_until_ms = INT64_MIN;
        h->is_spared = false;
    }
}

static void begin(struct model *m, int64_t now_ms)
{
    list_for_each (at, &m->all_skus) {
        struct model_sku *s = container_of(at, struct model_sku, link);
        s->told = s->count;
    }
    m->now_ms = now_ms;
    m->told_count = 0;
    m->writes_checkpoint = false;
    m->checkpoint = NULL;
}

static void check_sums(const struct model *m)
{
    list_for_each (at, &m->all_skus) {
        const struct stock_count *c = &container_of(at, struct model_sku, link)->count;
        MUST(c->available + c->held + c->sold == c->allocated && c->held >= 0 && c->sold >= 0);
    }
}

static enum inventory_answer answer(struct model *m, const struct inventory_request *r, struct model_answer *a)
{
    static enum inventory_answer (*const law[INVENTORY_OPS])(struct model *, const struct inventory_request *,
                                                             struct model_answer *) = {
        [INVENTORY_RESERVE] = model_reserve,     [INVENTORY_EXTEND] = model_extend,
        [INVENTORY_CONFIRM] = model_confirm,     [INVENTORY_RELEASE] = model_release,
        [INVENTORY_TAKE_BACK] = model_take_back, [INVENTORY_HOLD_GET] = model_hold_get,
        [INVENTORY_WAITLIST_JOIN] = model_join,  [INVENTORY_WAITLIST_LEAVE] = model_leave,
        [INVENTORY_FREEZE] = model_freeze,
    };
    if (!model_valid(r))
        return INVENTORY_BAD;
    if (r->op == INVENTORY_EXPIRE)
        return INVENTORY_DONE;
    if (r->op == INVENTORY_CHECKPOINT) {
        if (m->checkpoint == NULL) {
            m->checkpoint = r;
            m->checkpoint_answer = a;
        }
        return INVENTORY_REPLAYED; /* unless it is the first of the call: that is decided at the end */
    }
    return (law[r->op] == NULL ? model_stock : law[r->op])(m, r, a);
}

bool model_call(struct model *m, const struct inventory_request *asked, size_t count, int64_t now_ms,
                const struct ledger_entry *entry, struct model_answer *ret)
{
    begin(m, now_ms);
    look_at_holds(m);
    for (size_t i = 0; i < count; i++)
        if (asked[i].op == INVENTORY_CONFIRM || asked[i].op == INVENTORY_EXTEND)
            spare(m, &asked[i]);
    bool is_right = end_due(m, entry);
    for (size_t i = 0; i < count; i++) {
        struct model_answer *a = &ret[i];
        a->has_line = a->has_hold = a->has_ahead = a->has_count = false;
        a->answer = answer(m, &asked[i], a);
    }
    leave_due(m);
    m->told_kept = m->told_count;
    if (m->checkpoint != NULL)
        model_checkpoint(m);
    check_sums(m);
    return is_right;
}
