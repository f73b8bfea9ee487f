#include "inventory/redis/audit_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN(t) (int)((t).len < 60 ? (t).len : 60), (t).at

void audit_kept_init(struct audit_kept *k, struct audit_fold *fold)
{
    *k = (struct audit_kept){.fold = fold};
    map_init(&k->places, AUDIT_MAP_MAX);
    map_init(&k->unparks, AUDIT_MAP_MAX);
}

void audit_kept_finish(struct audit_kept *k)
{
    map_finish(&k->places);
    map_finish(&k->unparks);
}

/* The map is a set. */
static void set_add(struct audit_kept *k, struct map *set, const char *key)
{
    static char here;
    if (map_set(set, key, &here) != RESULT_OK)
        k->failed = true;
}

/* Began the fold at a checkpoint, so that something older may be kept that it never saw? */
static bool is_young(const struct audit_kept *k) { return k->fold->begin_ms != 0; }

/* A text as a key of our maps; false: too long to be one of them. */
static bool text_key(struct text t, char ret[AUDIT_PAIR_MAX])
{
    if (t.len >= AUDIT_PAIR_MAX)
        return false;
    memcpy(ret, t.at, t.len);
    ret[t.len] = '\0';
    return true;
}

/* ---- counters ---- */

static void row_compare(struct audit_kept *k, struct text sku, struct text row)
{
    struct audit_result *r = k->fold->result;
    struct stock_count kept = {0};
    struct row_rest rest;
    if (!text_id(sku, kept.sku.text) || text_row(row, &kept, &rest) != RESULT_OK) {
        audit_differ(r, "counters: %.*s cannot be read", SHOWN(sku));
        return;
    }
    if (kept.available + kept.held + kept.sold != kept.allocated)
        audit_differ(r, "counters: %s does not add up", kept.sku.text);
    struct audit_sku *of = map_get(&k->fold->skus, kept.sku.text);
    if (of == NULL) {
        audit_differ(r, "counters: %s is not in the ledger", kept.sku.text);
        return;
    }
    of->kept = MARK_SEEN;
    if (!audit_same_count(&of->certificate.count, &kept))
        audit_differ_counts(r, "counters", "Redis", &of->certificate.count, &kept);
    if (of->certificate.waiting != rest.waiting)
        audit_differ(r, "counters: %s has %" PRId64 " waiting, the movements say %" PRId64, kept.sku.text, rest.waiting,
                     of->certificate.waiting);
    if (rest.tracked != of->is_tracked && (of->is_tracked || !is_young(k)))
        audit_differ(r, "counters: %s %s per viewer, against the ledger", kept.sku.text,
                     rest.tracked ? "is counted" : "is not counted");
}

/* ---- holds ---- */

static void hold_compare(struct audit_kept *k, struct text id, struct text record)
{
    struct audit_result *r = k->fold->result;
    struct hold kept = {0};
    if (!text_id(id, kept.id.text) || text_hold_record(record, &kept) != RESULT_OK) {
        audit_differ(r, "holds: %.*s cannot be read", SHOWN(id));
        return;
    }
    struct audit_hold *of = map_get(&k->fold->holds, kept.id.text);
    if (of == NULL) { /* it may have ended before the fold began */
        if (!is_young(k) || kept.state == HOLD_HELD || kept.expires_at_ms > k->fold->begin_ms)
            audit_differ(r, "holds: %s is not in the ledger", kept.id.text);
        return;
    }
    of->kept = MARK_SEEN;
    const struct hold *h = &of->hold;
    if (h->state != kept.state || h->expires_at_ms != kept.expires_at_ms || h->extends != kept.extends ||
        strcmp(h->order, kept.order) != 0 || !audit_same_terms(h, &kept))
        audit_differ(
            r, "holds: %s is kept as %s until %" PRId64 ", the ledger says %s until %" PRId64 ", or other terms",
            kept.id.text, hold_state_name(kept.state), kept.expires_at_ms, hold_state_name(h->state), h->expires_at_ms);
}

/* ---- limits ---- */

static void taken_compare(struct audit_kept *k, struct text pair, struct text units)
{
    char key[AUDIT_PAIR_MAX];
    int64_t counted = 0;
    struct audit_taken *of = text_key(pair, key) ? map_get(&k->fold->taken, key) : NULL;
    if (of != NULL)
        of->kept = MARK_SEEN;
    if (!text_number(units, 1, INT64_MAX, &counted))
        audit_differ(k->fold->result, "limits: %.*s cannot be read", SHOWN(pair));
    else if (of == NULL && !is_young(k))
        audit_differ(k->fold->result, "limits: %.*s counts %" PRId64 ", the ledger nothing", SHOWN(pair), counted);
    else if (of != NULL && (counted < of->low || counted > of->high))
        audit_differ(k->fold->result, "limits: %.*s counts %" PRId64 ", the ledger %" PRId64, SHOWN(pair), counted,
                     of->low);
}

/* ---- lines ---- */

static void place_keep(struct audit_kept *k, struct text place)
{
    char key[AUDIT_PAIR_MAX];
    if (text_key(place, key))
        set_add(k, &k->places, key);
}

void audit_kept_count_places(struct audit_kept *k, int64_t places)
{
    if (places != (int64_t)k->fold->waits.count)
        audit_differ(k->fold->result, "waitlist: %" PRId64 " places are kept, %zu viewers are in line", places,
                     k->fold->waits.count);
}

/* "sku|ticket" -> "ttl|viewer|broadcast|currency|sku:units:..." */
static void wish_compare(struct audit_kept *k, struct text place, struct text wish)
{
    char key[AUDIT_PAIR_MAX], pair[AUDIT_PAIR_MAX];
    struct text rest = place, sku, ttl, viewer = {0}, shown = wish;
    struct hold claim = {0};
    bool is_wish = text_key(place, key) && text_take(&rest, '|', &sku) && text_take(&wish, '|', &ttl) &&
                   text_take(&wish, '|', &viewer) && text_id(viewer, claim.viewer.text) &&
                   text_shared_claim(wish, &claim) == RESULT_OK && claim.lines_count == 1 &&
                   text_is(sku, claim.lines[0].sku.text);
    if (!is_wish) {
        audit_differ(k->fold->result, "waitlist: %.*s cannot be read: %.*s", SHOWN(place), SHOWN(shown));
        return;
    }
    snprintf(pair, sizeof pair, "%s/%s", claim.lines[0].sku.text, claim.viewer.text);
    struct audit_wait *of = map_get(&k->fold->waits, pair);
    if (of == NULL || of->units != claim.lines[0].units) {
        audit_differ(k->fold->result, "waitlist: %s wishes %" PRIu32 ", the ledger says otherwise", pair,
                     claim.lines[0].units);
        return;
    }
    of->kept = MARK_SEEN;
    if (of->placed == MARK_WANTED && map_get(&k->places, key) == NULL)
        audit_differ(k->fold->result, "waitlist: %s has no place", pair);
}

/* "sku/viewer" -> ticket, or the id of the open offer made from it */
static void fact_compare(struct audit_kept *k, struct text pair, struct text value)
{
    char key[AUDIT_PAIR_MAX], id[AUDIT_PAIR_MAX];
    bool is_offer = value.len > 0 && value.at[0] == '~';
    bool is_so = text_key(pair, key) && text_key(value, id);
    if (is_so && is_offer) {
        const struct audit_hold *offer = map_get(&k->fold->holds, id);
        is_so = offer != NULL && offer->hold.state == HOLD_HELD && offer->hold.offer;
    } else if (is_so) {
        is_so = map_get(&k->fold->waits, key) != NULL;
    }
    if (!is_so)
        audit_differ(k->fold->result, "waitlist: %.*s is %.*s, the ledger says otherwise", SHOWN(pair), SHOWN(value));
}

static void line_compare(struct audit_kept *k, struct text field, struct text value)
{
    if (memchr(field.at, '|', field.len) != NULL)
        wish_compare(k, field, value);
    else if (memchr(field.at, '/', field.len) != NULL)
        fact_compare(k, field, value);
}

/* ---- clocks ---- */

/* Beside clocks there are lanes, "|sku", and the library's own notes, "#...". */
static void clock_compare(struct audit_kept *k, struct text broadcast, struct text value)
{
    struct broadcast_id id = {0};
    struct clock_text kept;
    if (broadcast.len > 0 && (broadcast.at[0] == '|' || broadcast.at[0] == '#'))
        return;
    if (!text_id(broadcast, id.text) || text_clock(value, &kept) != RESULT_OK) {
        audit_differ(k->fold->result, "clocks: %.*s cannot be read", SHOWN(broadcast));
        return;
    }
    struct audit_clock *of = map_get(&k->fold->clocks, id.text);
    if (of == NULL || of->stood_ms != kept.stood_ms || of->since_ms != kept.since_ms)
        audit_differ(k->fold->result,
                     "clocks: %s stood still for %" PRId64 " ms and since %" PRId64 ", the ledger says %" PRId64
                     " and since %" PRId64,
                     id.text, kept.stood_ms, kept.since_ms, of == NULL ? 0 : of->stood_ms,
                     of == NULL ? 0 : of->since_ms);
    if (of != NULL)
        of->kept = MARK_SEEN;
}

/* ---- refs ---- */

/* "sku/ref" -> "A sku units" or "D sku units" */
static void ref_compare(struct audit_kept *k, struct text pair, struct text value)
{
    char key[AUDIT_PAIR_MAX], told[AUDIT_PAIR_MAX];
    struct audit_ref *of = text_key(pair, key) ? map_get(&k->fold->refs, key) : NULL;
    if (of == NULL) {
        if (!is_young(k))
            audit_differ(k->fold->result, "refs: %.*s is not in the ledger", SHOWN(pair));
        return;
    }
    of->kept = MARK_SEEN;
    snprintf(told, sizeof told, "%c %.*s %" PRId64, of->kind == MOVE_ALLOCATED ? 'A' : 'D', (int)strcspn(key, "/"), key,
             of->units);
    if (!text_is(value, told))
        audit_differ(k->fold->result, "refs: %s is %.*s, the ledger says %s", key, SHOWN(value), told);
}

/* ---- timers ---- */

static void lane_write(char ret[AUDIT_PAIR_MAX], int64_t lane) { snprintf(ret, AUDIT_PAIR_MAX, "%" PRId64, lane); }

static bool is_kept_back(const struct audit_kept *k, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct audit_sku *sku = map_get(&k->fold->skus, h->lines[i].sku.text);
        if (sku != NULL && sku->certificate.count.recall == RECALL_KEEP)
            return true;
    }
    return audit_clock_stands(k->fold, &h->broadcast);
}

/* An open hold is looked at when it is over, or before, under its present end (the timer of an earlier one does not count it);
 * or it is parked, and what it is parked for lasts. Ended, it is purged a day later, or after. */
static bool timer_is_in_time(const struct audit_kept *k, const struct timer_text *timer, int64_t score,
                             const struct hold *h)
{
    if (h->state != HOLD_HELD)
        return timer->kind == 'p' && score >= TIMER_PURGE_BASE + h->expires_at_ms + AUDIT_RETAIN_MS;
    if (timer->kind != 't' || timer->expires_at_ms != h->expires_at_ms ||
        strcmp(timer->broadcast, h->broadcast.text) != 0)
        return false;
    if (score < TIMER_PARK_BASE)
        return score <= h->expires_at_ms + audit_clock_stood(k->fold, &h->broadcast);
    char lane[AUDIT_PAIR_MAX];
    lane_write(lane, score - TIMER_PARK_BASE);
    return is_kept_back(k, h) || map_get(&k->unparks, lane) != NULL;
}

static void timer_of_hold(struct audit_kept *k, const struct timer_text *timer, int64_t score, struct text id)
{
    char key[AUDIT_PAIR_MAX];
    struct audit_hold *of = text_key(id, key) ? map_get(&k->fold->holds, key) : NULL;
    if (of == NULL) {
        if (!is_young(k))
            audit_differ(k->fold->result, "timers: %.*s is not in the ledger", SHOWN(id));
        return;
    }
    if (timer_is_in_time(k, timer, score, &of->hold))
        of->timed = MARK_SEEN;
}

static void timer_compare(struct audit_kept *k, struct text member, struct text score)
{
    struct timer_text timer;
    struct text id;
    int64_t at = 0;
    if (text_timer(member, &timer) != RESULT_OK || !text_number(score, 0, INT64_MAX, &at)) {
        audit_differ(k->fold->result, "timers: %.*s cannot be read", SHOWN(member));
        return;
    }
    char lane[AUDIT_PAIR_MAX];
    lane_write(lane, timer.lane);
    if (timer.kind == 'u')
        set_add(k, &k->unparks, lane);
    while (timer.kind != 'u' && text_take(&timer.ids, ' ', &id))
        timer_of_hold(k, &timer, at, id);
}

/* ---- what has to come ---- */

static struct map *part_map(struct audit_kept *k, enum audit_part part)
{
    struct map *maps[AUDIT_PARTS] = {
        [PART_ROWS] = &k->fold->skus,    [PART_HOLDS] = &k->fold->holds,  [PART_TAKEN] = &k->fold->taken,
        [PART_PLACES] = &k->fold->waits, [PART_WISHES] = &k->fold->waits, [PART_CLOCKS] = &k->fold->clocks,
        [PART_REFS] = &k->fold->refs,    [PART_TIMERS] = &k->fold->holds,
    };
    return maps[part];
}

/* The mark of a value; NULL: it need not come. */
static enum audit_mark *part_mark(enum audit_part part, void *value)
{
    struct audit_hold *h = value;
    struct audit_taken *taken = value;
    switch (part) {
    case PART_ROWS:
        return &((struct audit_sku *)value)->kept;
    case PART_HOLDS:
        return h->hold.state == HOLD_HELD ? &h->kept : NULL;
    case PART_TAKEN:
        return taken->low > 0 ? &taken->kept : NULL;
    case PART_PLACES:
        return &((struct audit_wait *)value)->placed;
    case PART_WISHES:
        return &((struct audit_wait *)value)->kept;
    case PART_CLOCKS:
        return &((struct audit_clock *)value)->kept;
    case PART_REFS:
        return &((struct audit_ref *)value)->kept;
    case PART_TIMERS: /* ended holds are purged some time: those whose record came must be */
        return h->hold.state == HOLD_HELD || h->kept == MARK_SEEN ? &h->timed : NULL;
    case AUDIT_PARTS:
        break;
    }
    return NULL;
}

void audit_kept_begin(struct audit_kept *k, enum audit_part part)
{
    struct map *map = part_map(k, part);
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(map, &at, &key, &value);) {
        enum audit_mark *mark = part_mark(part, value);
        if (mark != NULL)
            *mark = MARK_WANTED;
    }
}

void audit_kept_pair(struct audit_kept *k, enum audit_part part, struct text key, struct text value)
{
    static void (*const compare[AUDIT_PARTS])(struct audit_kept *, struct text, struct text) = {
        [PART_ROWS] = row_compare,     [PART_HOLDS] = hold_compare,   [PART_TAKEN] = taken_compare,
        [PART_WISHES] = line_compare,  [PART_CLOCKS] = clock_compare, [PART_REFS] = ref_compare,
        [PART_TIMERS] = timer_compare,
    };
    if (part == PART_PLACES)
        place_keep(k, key);
    else
        compare[part](k, key, value);
}

static void missing_tell(struct audit_kept *k, enum audit_part part, const char *key)
{
    static const char *const words[AUDIT_PARTS] = {
        [PART_ROWS] = "counters: %s is in the ledger and not kept",
        [PART_HOLDS] = "holds: %s is open in the ledger and not kept",
        [PART_TAKEN] = "limits: %s is not counted",
        [PART_WISHES] = "waitlist: %s is in line in the ledger and not kept",
        [PART_CLOCKS] = "clocks: %s stood still in the ledger and is not kept",
        [PART_REFS] = "refs: %s is in the ledger and not kept",
        [PART_TIMERS] = "timers: %s has none, or one that comes at the wrong time",
    };
    char text[AUDIT_TEXT_MAX];
    const char *word = words[part], *name = strchr(word, '%');
    snprintf(text, sizeof text, "%.*s%s%s", (int)(name - word), word, key, name + 2);
    audit_differ(k->fold->result, "%s", text);
}

enum result audit_kept_end(struct audit_kept *k, enum audit_part part, bool tells, uint64_t *ret_missing)
{
    struct map *map = part_map(k, part);
    const char *key = NULL;
    void *value = NULL;
    *ret_missing = 0;
    for (size_t at = 0; part != PART_PLACES && map_next(map, &at, &key, &value);) {
        const enum audit_mark *mark = part_mark(part, value);
        if (mark == NULL || *mark != MARK_WANTED)
            continue;
        ++*ret_missing;
        if (tells)
            missing_tell(k, part, key);
    }
    return k->failed ? RESULT_NO_MEMORY : RESULT_OK;
}
