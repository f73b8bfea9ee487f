#include "inventory/redis/audit_kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN(t) (int)((t).len < 60 ? (t).len : 60), (t).at

struct kept_hold {
    enum hold_state state;
    int64_t expires_at_ms;
    bool has_timer;
};
struct kept_sku {
    struct stock_count count;
    struct row_rest rest;
    int64_t held, places; /* by the open holds; in the line */
};

void audit_kept_init(struct audit_kept *k, struct audit_fold *fold)
{
    *k = (struct audit_kept){.fold = fold};
    map_init(&k->holds, AUDIT_MAP_MAX);
    map_init(&k->skus, AUDIT_MAP_MAX);
    map_init(&k->taken, AUDIT_MAP_MAX);
}

static void map_free_all(struct map *m)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(m, &at, &key, &value);)
        free(value);
    map_finish(m);
}

void audit_kept_finish(struct audit_kept *k)
{
    map_free_all(&k->holds);
    map_free_all(&k->skus);
    map_free_all(&k->taken);
}

/* The value of the key, made of zeroes when new; NULL and `failed` without memory. */
static void *map_at(struct audit_kept *k, struct map *m, const char *key, size_t size)
{
    void *value = map_get(m, key);
    if (value != NULL)
        return value;
    value = calloc(1, size);
    if (value == NULL || map_set(m, key, value) != RESULT_OK) {
        free(value);
        k->failed = true;
        return NULL;
    }
    return value;
}

void audit_kept_row(struct audit_kept *k, struct text sku, struct text row)
{
    struct stock_count count = {0};
    struct row_rest rest;
    if (!text_id(sku, count.sku.text) || text_row(row, &count, &rest) != RESULT_OK) {
        audit_differ(k->fold->result, "counters: %.*s cannot be read", SHOWN(sku));
        return;
    }
    if (count.available + count.held + count.sold != count.allocated)
        audit_differ(k->fold->result, "counters: %s does not add up", count.sku.text);
    audit_fold_compare_row(k->fold, &count, rest.waiting);
    struct kept_sku *kept = map_at(k, &k->skus, count.sku.text, sizeof *kept);
    if (kept == NULL)
        return;
    kept->count = count;
    kept->rest = rest;
}

static void count_line(struct audit_kept *k, const struct hold *h, const struct line *line)
{
    struct kept_sku *sku = map_get(&k->skus, line->sku.text);
    if (sku == NULL)
        return; /* told by the fold already */
    if (h->state == HOLD_HELD)
        sku->held += line->units;
    if (!sku->rest.tracked || (h->state != HOLD_HELD && h->state != HOLD_CONFIRMED))
        return;
    char pair[2 * ID_LEN_MAX + 2];
    snprintf(pair, sizeof pair, "%s/%s", line->sku.text, h->viewer.text);
    int64_t *units = map_at(k, &k->taken, pair, sizeof *units);
    if (units != NULL)
        *units += line->units;
}

void audit_kept_hold(struct audit_kept *k, struct text id, struct text record)
{
    struct hold hold = {0};
    if (!text_id(id, hold.id.text) || text_hold_record(record, &hold) != RESULT_OK) {
        audit_differ(k->fold->result, "holds: %.*s cannot be read", SHOWN(id));
        return;
    }
    audit_fold_compare_hold(k->fold, &hold);
    struct kept_hold *kept = map_at(k, &k->holds, hold.id.text, sizeof *kept);
    if (kept != NULL)
        *kept = (struct kept_hold){.state = hold.state, .expires_at_ms = hold.expires_at_ms};
    for (size_t i = 0; i < hold.lines_count; i++)
        count_line(k, &hold, &hold.lines[i]);
}

void audit_kept_timer(struct audit_kept *k, struct text id, struct text ms)
{
    struct hold_id name = {0};
    int64_t at_ms = -1;
    struct kept_hold *kept = text_id(id, name.text) ? map_get(&k->holds, name.text) : NULL;
    if (kept == NULL) {
        audit_differ(k->fold->result, "timers: %.*s is no hold that is kept", SHOWN(id));
        return;
    }
    kept->has_timer = true;
    if (kept->state == HOLD_HELD && (!text_number(ms, 0, INT64_MAX, &at_ms) || at_ms != kept->expires_at_ms))
        audit_differ(k->fold->result, "timers: %s is due at %.*s, the hold ends at %lld", name.text, SHOWN(ms),
                     (long long)kept->expires_at_ms);
}

/* More may have been bought than holds are still kept, never less. */
void audit_kept_taken(struct audit_kept *k, struct text pair, struct text units)
{
    char key[2 * ID_LEN_MAX + 2];
    int64_t counted = 0;
    snprintf(key, sizeof key, "%.*s", (int)(pair.len < sizeof key ? pair.len : 0), pair.at);
    int64_t *held = map_get(&k->taken, key);
    if (!text_number(units, 1, INT64_MAX, &counted) || (held != NULL && counted < *held))
        audit_differ(k->fold->result, "limits: %.*s counts %.*s, the holds more", SHOWN(pair), SHOWN(units));
    if (held != NULL)
        *held = 0;
}

void audit_kept_place(struct audit_kept *k, struct text place)
{
    struct text rest = place, sku;
    struct sku_id name = {0};
    bool is_place = text_take(&rest, '|', &sku) && text_id(sku, name.text);
    struct kept_sku *kept = is_place ? map_get(&k->skus, name.text) : NULL;
    if (kept == NULL)
        audit_differ(k->fold->result, "waitlist: %.*s is in line for nothing", SHOWN(place));
    else
        kept->places++;
}

static void check_skus(struct audit_kept *k)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&k->skus, &at, &key, &value);) {
        const struct kept_sku *sku = value;
        if (sku->count.held != sku->held)
            audit_differ(k->fold->result, "counters: %s holds %lld, the open holds %lld", key,
                         (long long)sku->count.held, (long long)sku->held);
        if (sku->rest.waiting != sku->places)
            audit_differ(k->fold->result, "waitlist: %s counts %lld, %lld are in line", key,
                         (long long)sku->rest.waiting, (long long)sku->places);
    }
}

enum result audit_kept_close(struct audit_kept *k)
{
    const char *key = NULL;
    void *value = NULL;
    check_skus(k);
    for (size_t at = 0; map_next(&k->holds, &at, &key, &value);)
        if (!((const struct kept_hold *)value)->has_timer)
            audit_differ(k->fold->result, "timers: %s has none", key);
    for (size_t at = 0; map_next(&k->taken, &at, &key, &value);)
        if (*(const int64_t *)value > 0)
            audit_differ(k->fold->result, "limits: %s is not counted", key);
    return k->failed ? RESULT_NO_MEMORY : audit_fold_close(k->fold, &k->holds);
}
