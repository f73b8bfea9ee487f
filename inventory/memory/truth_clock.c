/* inventory/memory/truth_clock.c - the clocks of broadcasts, and where they put the timers of their holds. Here a pause looks
 * at every hold; in Redis it may not. What both answer is the same. */
#include "inventory/memory/truth.h"

#include <string.h>

static const struct show_clock never_stood;

const struct show_clock *truth_clock(const struct truth_shop *s, const struct broadcast_id *broadcast)
{
    const struct truth_clock *k = map_get(&s->clocks, broadcast->text);
    return k == NULL ? &never_stood : &k->clock;
}

int64_t truth_clock_now(const struct truth_call *c, const struct broadcast_id *broadcast)
{
    return c->now_ms - show_clock_shift_ms(truth_clock(c->shop, broadcast), c->now_ms);
}

/* ---- timers ---- */

static bool is_kept(const struct truth_shop *s, const struct hold *h)
{
    for (size_t i = 0; i < h->lines_count; i++) {
        const struct truth_sku *k = truth_sku(s, h->lines[i].sku.text);
        if (k != NULL && recall_parks(k->counts.recall))
            return true;
    }
    return false;
}

int64_t truth_timer(const struct truth_shop *s, const struct hold *h)
{
    if (h->state != HOLD_HELD)
        return h->expires_at_ms + HOLD_RETAIN_MS;
    const struct show_clock *clock = truth_clock(s, &h->broadcast);
    return show_clock_is_frozen(clock) || is_kept(s, h) ? TRUTH_PARKED : h->expires_at_ms + clock->stood_ms;
}

void truth_set_timer(struct truth_shop *s, struct truth_hold *h)
{
    int64_t ms = truth_timer(s, &h->hold);
    if (ms == h->timer_ms)
        return;
    if (h->timer_ms != TRUTH_PARKED)
        timers_remove(&s->timers, h->timer_ms, &h->hold.id);
    if (ms != TRUTH_PARKED)
        timers_set(&s->timers, ms, &h->hold.id);
    h->timer_ms = ms;
}

static bool has_sku(const struct hold *h, const struct sku_id *sku)
{
    for (size_t i = 0; i < h->lines_count; i++)
        if (ID_EQUAL(h->lines[i].sku, *sku))
            return true;
    return false;
}

void truth_set_timers_of_sku(struct truth_shop *s, const struct sku_id *sku)
{
    const char *id = NULL;
    void *hold = NULL;
    for (size_t at = 0; map_next(&s->holds, &at, &id, &hold);)
        if (has_sku(&((struct truth_hold *)hold)->hold, sku))
            truth_set_timer(s, hold);
}

static void set_timers_of_broadcast(struct truth_shop *s, const struct broadcast_id *broadcast)
{
    const char *id = NULL;
    void *hold = NULL;
    for (size_t at = 0; map_next(&s->holds, &at, &id, &hold);)
        if (ID_EQUAL(((struct truth_hold *)hold)->hold.broadcast, *broadcast))
            truth_set_timer(s, hold);
}

/* ---- a pause, and its end ---- */

static void clock_keep(struct truth_shop *s, const struct broadcast_id *broadcast, const struct show_clock *clock)
{
    struct truth_clock *k = map_get(&s->clocks, broadcast->text);
    if (k == NULL) {
        k = truth_alloc(sizeof *k);
        k->broadcast = *broadcast;
        MUST(map_set(&s->clocks, broadcast->text, k) == RESULT_OK);
    }
    k->clock = *clock;
}

static bool event_is_valid(const struct inventory_request *r)
{
    return id_is_valid(r->hold.broadcast.text, strnlen(r->hold.broadcast.text, ID_LEN_MAX + 1)) &&
           id_is_valid(r->epoch.text, strnlen(r->epoch.text, ID_LEN_MAX + 1)) && r->version >= 1 &&
           r->version <= STOCK_VERSION_MAX;
}

void truth_freeze(struct truth_call *c, struct inventory_request *r)
{
    if (!event_is_valid(r))
        return;
    const struct broadcast_id *broadcast = &r->hold.broadcast;
    struct show_clock clock = *truth_clock(c->shop, broadcast);
    enum clock_verdict verdict = show_clock_set(&clock, r->frozen, &r->epoch, r->version, c->now_ms);
    r->answer = verdict == CLOCK_IS_SO ? INVENTORY_REPLAYED : INVENTORY_IGNORED;
    if (verdict != CLOCK_MOVES)
        return;
    clock_keep(c->shop, broadcast, &clock);
    set_timers_of_broadcast(c->shop, broadcast);
    struct hold of = {.broadcast = *broadcast};
    struct truth_move *move = truth_note(c, r->frozen ? MOVE_FROZEN : MOVE_THAWED, &of);
    move->units = r->frozen ? 0 : clock.stood_ms;
    r->answer = INVENTORY_DONE;
}
