/* inventory/memory/truth_check.c - the laws, checked from the holds themselves. */
#include "inventory/memory/truth.h"

#include <stdlib.h>
#include <string.h>

struct sums {         /* counted from the holds */
    struct map held;  /* sku -> int64_t * */
    struct map taken; /* "sku/viewer" -> int64_t *: held or bought, of holds that are still kept */
    size_t timers;
};

static void sum_add(struct map *m, const char *key, int64_t units)
{
    int64_t *sum = map_get(m, key);
    if (sum == NULL) {
        sum = truth_alloc(sizeof *sum);
        MUST(map_set(m, key, sum) == RESULT_OK);
    }
    *sum += units;
}

static void sums_finish(struct map *m)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(m, &at, &key, &value);)
        free(value);
    map_finish(m);
}

static void check_timer(const struct truth_shop *s, const struct truth_hold *h)
{
    MUST(h->timer_ms == truth_timer(s, &h->hold));
    MUST(h->timer_ms == TRUTH_PARKED || timers_has(&s->timers, h->timer_ms, &h->hold.id));
}

static void check_hold(const struct truth_shop *s, const struct truth_hold *h, struct sums *sums)
{
    bool is_held = h->hold.state == HOLD_HELD, is_taken = is_held || h->hold.state == HOLD_CONFIRMED;
    check_timer(s, h);
    sums->timers += h->timer_ms != TRUTH_PARKED;
    for (size_t i = 0; i < h->hold.lines_count; i++) {
        const struct line *line = &h->hold.lines[i];
        char key[2 * ID_LEN_MAX + 2];
        truth_pair_key(key, line->sku.text, h->hold.viewer.text);
        if (is_held)
            sum_add(&sums->held, line->sku.text, line->units);
        if (is_taken)
            sum_add(&sums->taken, key, line->units);
        const struct truth_sku *k = truth_sku(s, line->sku.text);
        const int64_t *taken = map_get(&sums->taken, key);
        MUST(k != NULL); /* more may have been bought than is still kept, never less */
        MUST(!k->tracked || taken == NULL || truth_taken(s, k, h->hold.viewer.text) >= *taken);
    }
}

static void check_sku(const struct truth_sku *k, const struct sums *sums)
{
    const int64_t *held = map_get(&sums->held, k->sku.text);
    MUST(counts_add_up(&k->counts));
    MUST(k->counts.held == (held == NULL ? 0 : *held));
    MUST(k->known || (k->counts.allocated == 0 && k->counts.buffer == 0 && k->counts.recall == LAW_NONE));
    int64_t len = 0;
    list_for_each (at, &k->waitlist.line)
        len += at != NULL;
    MUST(len == k->waitlist.len);
}

/* What is remembered as the open offer of a viewer is one. */
static void check_offer(const struct truth_hold *h) { MUST(h != NULL && h->hold.state == HOLD_HELD && h->hold.offer); }

static void check_clock(const struct show_clock *clock)
{
    MUST(clock->stood_ms >= 0 && clock->since_ms >= 0 && clock->seq > 0 && !ID_IS_NONE(clock->epoch));
}

void truth_check(const struct truth_shop *s)
{
    struct sums sums = {0};
    map_init(&sums.held, TRUTH_MAP_MAX);
    map_init(&sums.taken, TRUTH_MAP_MAX);
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&s->holds, &at, &key, &value);)
        check_hold(s, value, &sums);
    MUST(s->timers.count == sums.timers);
    for (size_t at = 0; map_next(&s->offers, &at, &key, &value);)
        check_offer(map_get(&s->holds, value));
    for (size_t at = 0; map_next(&s->skus, &at, &key, &value);)
        check_sku(value, &sums);
    for (size_t at = 0; map_next(&s->clocks, &at, &key, &value);)
        check_clock(&((const struct truth_clock *)value)->clock);
    sums_finish(&sums.held);
    sums_finish(&sums.taken);
}
