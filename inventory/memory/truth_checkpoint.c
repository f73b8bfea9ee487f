/* inventory/memory/truth_checkpoint.c - the whole state of a shop as one entry of its ledger: holds, SKUs and clocks by name,
 * each line in its own order. */
#include "inventory/memory/truth.h"

#include <stdlib.h>
#include <string.h>

void truth_checkpoint(struct truth_call *c, struct inventory_request *r)
{
    if (r->ttl_ms < 0 || r->ttl_ms > HOLD_TTL_MS_MAX)
        return;
    r->answer = INVENTORY_REPLAYED;
    if (c->checkpoint == NULL)
        c->checkpoint = r;
}

struct named {
    const char *name;
    void *value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* All of a map; the array is the caller's. */
static struct named *in_order(const struct map *m)
{
    struct named *all = truth_alloc((m->count + 1) * sizeof *all);
    size_t count = 0;
    for (size_t at = 0; map_next(m, &at, &all[count].name, &all[count].value);)
        count++;
    MUST(count == m->count);
    qsort(all, count, sizeof *all, by_name);
    return all;
}

static void write_holds(struct truth_entry *e, const struct truth_shop *s)
{
    struct named *all = in_order(&s->holds);
    for (size_t i = 0; i < s->holds.count; i++) {
        const struct truth_hold *h = all[i].value;
        if (h->hold.state == HOLD_HELD)
            truth_entry_note(e, MOVE_KEPT, &h->hold);
    }
    free(all);
}

static void write_line(struct truth_entry *e, const struct truth_sku *k)
{
    list_for_each (at, &k->waitlist.line) {
        const struct truth_wish *wish = container_of(at, struct truth_wish, waiting.link);
        struct hold viewer = {.viewer = wish->hold.viewer};
        struct truth_move *move = truth_entry_note(e, MOVE_WAITING, &viewer);
        move->sku = k->sku;
        move->units = wish->waiting.units;
    }
}

static void write_skus(struct truth_entry *e, const struct truth_shop *s)
{
    struct named *all = in_order(&s->skus);
    for (size_t i = 0; i < s->skus.count; i++) {
        const struct truth_sku *k = all[i].value;
        if (!k->known)
            continue;
        truth_entry_count(e, k);
        write_line(e, k);
    }
    free(all);
}

static void write_clocks(struct truth_entry *e, const struct truth_shop *s)
{
    struct named *all = in_order(&s->clocks);
    for (size_t i = 0; i < s->clocks.count; i++) {
        const struct truth_clock *k = all[i].value;
        struct hold of = {.broadcast = k->broadcast};
        struct truth_move *move = truth_entry_note(e, show_clock_is_frozen(&k->clock) ? MOVE_FROZEN : MOVE_THAWED, &of);
        move->units = k->clock.stood_ms;
        move->gone = k->clock.since_ms;
    }
    free(all);
}

/* Holds that are open and viewers in line. */
static int64_t state_size(const struct truth_shop *s)
{
    int64_t size = 0;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&s->holds, &at, &key, &value);)
        size += ((const struct truth_hold *)value)->hold.state == HOLD_HELD;
    for (size_t at = 0; map_next(&s->skus, &at, &key, &value);)
        size += ((const struct truth_sku *)value)->waitlist.len;
    return size;
}

void truth_checkpoint_write(struct truth_call *c)
{
    struct truth_shop *s = c->shop;
    if (s->has_checkpoint && c->now_ms - s->checkpoint_ms < c->checkpoint->ttl_ms)
        return; /* REPLAYED, as was said */
    c->checkpoint->answer = INVENTORY_BUSY;
    if (state_size(s) > CHECKPOINT_HOLDS_MAX)
        return;
    struct truth_entry entry = {.ms = c->now_ms, .is_checkpoint = true};
    write_holds(&entry, s);
    write_skus(&entry, s);
    write_clocks(&entry, s);
    truth_entry_keep(s, &entry);
    s->has_checkpoint = true;
    s->checkpoint_ms = c->now_ms;
    c->checkpoint->answer = INVENTORY_DONE;
}
