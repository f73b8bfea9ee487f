#include "logistics/board/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

const struct board_limits board_limits_default = {.estimate_ms = 5000, .takeover_ms = 4000, .unsettled_max = 200};

/* ---- made ---- */

enum result board_create(const struct board_config *config, struct board **ret)
{
    struct board *b = calloc(1, sizeof *b);
    if (b == NULL)
        return RESULT_NO_MEMORY;
    map_init(&b->shops, BOARD_SHOPS_MAX);
    list_init(&b->asks);
    if (config != NULL) {
        b->config = *config;
        b->estimates = true;
        board_metrics_register();
        unsettled_start(b);
    }
    *ret = b;
    return RESULT_OK;
}

/* NULL: one too many. */
static struct board_show *show_create(struct board_shop *shop, const struct broadcast_id *id)
{
    struct board_show *s = calloc(1, sizeof *s);
    MUST(s != NULL);
    enum result result = map_set(&shop->shows, id->text, s);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK) {
        log_warn("board.full", "shop=%s broadcast=%s", shop->id.text, id->text);
        free(s);
        return NULL;
    }
    s->b = shop->b;
    s->shop = shop;
    s->id = *id;
    volume_init(&s->volume);
    promise_init(&s->promise);
    map_init(&s->orders, CLAIMS_HOLDS_MAX);
    map_init(&s->actual_ids, BOARD_ACTUALS_MAX);
    actuals_forget(&s->told_units);
    list_init(&s->events);
    list_init(&s->asks);
    list_init(&s->of_shop);
    tally_init(&s->tally);
    s->timer.fire = lead_fire;
    s->fetching.again.fire = fetch_again;
    book_init(&s->book, s->b->config.log, &s->b->config.codec, &show_reader, &shop->id, id);
    return s;
}

struct board_shop *board_shop_make(struct board *b, const struct shop_id *id)
{
    struct board_shop *shop = map_get(&b->shops, id->text);
    if (shop != NULL)
        return shop;
    shop = calloc(1, sizeof *shop);
    MUST(shop != NULL);
    shop->b = b;
    shop->id = *id;
    map_init(&shop->shows, BOARD_BROADCASTS_MAX);
    map_init(&shop->digest_of, BOARD_BROADCASTS_MAX);
    list_init(&shop->on);
    list_init(&shop->digests);
    list_init(&shop->asks);
    book_init(&shop->book, b->config.log, &b->config.codec, &shop_reader, id, NULL);
    enum result result = map_set(&b->shops, id->text, shop);
    MUST(result == RESULT_OK);
    if (b->estimates && !b->is_stopped)
        book_follow(&shop->book);
    return shop;
}

struct board_show *board_show_make(struct board *b, const struct shop_id *shop_id, const struct broadcast_id *id)
{
    struct board_shop *shop = board_shop_make(b, shop_id);
    struct board_show *s = map_get(&shop->shows, id->text);
    return s != NULL ? s : show_create(shop, id);
}

struct board_show *board_show_find(struct board *b, const struct shop_id *shop_id, const struct broadcast_id *id)
{
    const struct board_shop *shop = map_get(&b->shops, shop_id->text);
    return shop == NULL ? NULL : map_get(&shop->shows, id->text);
}

void show_changed(struct board_show *s)
{
    const struct board_listener *to = &s->b->config.listener;
    if (to->changed != NULL && !s->b->is_stopped)
        to->changed(s->b->config.ctx, &s->shop->id, &s->id);
}

/* ---- stopped ---- */

static void each_show(struct board *b, void (*what)(struct board_show *s))
{
    size_t shop_at = 0;
    const char *key;
    void *shop, *show;
    while (map_next(&b->shops, &shop_at, &key, &shop)) {
        size_t at = 0;
        while (map_next(&((struct board_shop *)shop)->shows, &at, &key, &show))
            what(show);
    }
}

static void show_stop(struct board_show *s)
{
    struct clock *clock = s->b->config.clock;
    clock->stop(clock, &s->timer);
    clock->stop(clock, &s->fetching.again);
    asks_stop(&s->asks);
    book_stop(&s->book);
}

void board_stop(struct board *b)
{
    size_t at = 0;
    const char *key;
    void *value;
    if (b == NULL || !b->estimates || b->is_stopped)
        return;
    b->is_stopped = true;
    b->config.clock->stop(b->config.clock, &b->sweep);
    each_show(b, show_stop);
    while (map_next(&b->shops, &at, &key, &value)) {
        struct board_shop *shop = value;
        reading_stop(shop);
        asks_stop(&shop->asks);
        book_stop(&shop->book);
    }
    book_stop(&b->all);
}

static void show_destroy(struct board_show *s)
{
    volume_finish(&s->volume);
    promise_finish(&s->promise);
    free(s->rows);
    orders_free(s);
    map_finish(&s->actual_ids);
    actuals_forget(&s->told_units);
    map_finish(&s->told_units);
    inputs_free(&s->events);
    journal_finish(&s->begun);
    tally_finish(&s->tally);
    book_finish(&s->book);
    free(s->stamps);
    free(s->fan);
    free(s->told);
    bytes_finish(&s->document.text);
    compute_free(&s->computing);
    bytes_finish(&s->fetching.get.value);
    free(s);
}

void board_destroy(struct board *b)
{
    size_t at = 0;
    const char *key;
    void *value;
    if (b == NULL)
        return;
    asks_abandon(&b->asks);
    each_show(b, show_destroy);
    while (map_next(&b->shops, &at, &key, &value)) {
        struct board_shop *shop = value;
        map_finish(&shop->shows);
        shop_log_finish(shop);
        free(shop);
    }
    map_finish(&b->shops);
    if (b->estimates)
        unsettled_finish(b);
    free(b);
}

/* ---- observers ---- */

void board_ledger_entry(void *board, const struct shop_id *id, const struct ledger_entry *entry)
{
    struct board_shop *shop = board_shop_make(board, id);
    observed_entry(shop, entry);
    shop->position = place_of(entry->id);
    list_for_each (link, &shop->on) {
        struct board_show *s = container_of(link, struct board_show, of_shop);
        if (s->tally.is_reading || s->tally.wants_reading)
            continue; /* it comes to them that way */
        inputs_entry(s, entry);
        tally_run(s);
        if (s->end_ms > 0)
            lead_check(s); /* what comes late is told soon */
    }
    for (size_t i = 0; i < entry->movements_count; i++) {
        struct board_show *s = board_show_find(shop->b, id, &entry->movements[i].hold.broadcast);
        if (s != NULL)
            settle_late(s);
    }
}

/* Estimates are folded again too: what the ledger has now is what counts. */
void board_ledger_rewound(void *board, const struct shop_id *id)
{
    struct board_shop *shop = map_get(&((struct board *)board)->shops, id->text);
    if (shop == NULL)
        return;
    observed_rewound(shop);
    shop->position = (struct place){0};
    list_for_each (link, &shop->on)
        show_start_over(container_of(link, struct board_show, of_shop));
}

/* Events are told from the start again: what was folded of them is not so any more. */
static void show_off(struct board_show *s)
{
    bool was_on = s->is_on;
    s->is_on = false;
    s->start_ms = s->end_ms = 0;
    s->events_seq = s->end_seq = 0;
    s->tally.event = NULL;
    inputs_free(&s->events);
    s->events_count = 0;
    if (was_on && !s->is_closed)
        tally_forget(s);
}

static void show_on(struct board_show *s)
{
    struct board_shop *shop = s->shop;
    if (s->is_closed)
        return;
    if (!list_is_linked(&s->of_shop))
        list_push_back(&shop->on, &s->of_shop);
    if (s->book.is_followed) {
        show_start_over(s);
        return;
    }
    book_follow(&s->book);
}

void board_event(void *board, const struct show_view *view, const struct event *e)
{
    struct board *b = board;
    struct board_show *s = board_show_make(b, &view->broadcast->shop, &view->broadcast->id);
    if (s == NULL)
        return;
    observed_event(s, e);
    if (!b->estimates || b->is_stopped)
        return;
    size_t changes = promise_fold(&s->promise, view->broadcast, e);
    const struct board_listener *to = &b->config.listener;
    for (size_t i = s->promise.count - changes; i < s->promise.count && to->promise_changed != NULL; i++)
        to->promise_changed(b->config.ctx, view, &s->promise.changes[i]);
    if (e->kind == EVENT_BEGUN)
        show_off(s);
    bool was_on = s->is_on;
    inputs_event(s, view, e);
    if (s->is_on && !was_on)
        show_on(s);
    else if (s->is_on && !s->is_closed)
        tally_run(s);
    if (s->end_ms == e->ms)
        lead_check(s);
}

/* ---- read ---- */

/* What was estimated is being read, or its document fetched for the first time: "nothing" would be wrong. */
static bool document_is_awaited(const struct board_show *s)
{
    bool is_read = s->book.is_followed && !s->book.is_caught_up;
    bool is_fetched = s->estimate_seq > 0 && s->fetching.is_busy && s->fetching.attempts == 0;
    return s->b->estimates && !s->b->is_stopped && s->document.seq == 0 && (is_read || is_fetched);
}

bool board_volumes(void *board, const struct show_view *view, struct volumes_view *ret)
{
    struct board_show *s = board_show_make(board, &view->broadcast->shop, &view->broadcast->id);
    if (s == NULL || document_is_awaited(s))
        return false;
    observed_volumes(s, view, ret);
    ret->estimate = s->document.text.data;
    ret->estimate_len = s->document.text.len;
    ret->estimate_seq = s->document.seq > 0 ? s->document.seq : s->document_told;
    ret->estimate_ms = s->document.ms;
    ret->fan = s->fan;
    ret->fan_count = s->fan_count;
    ret->changes = s->promise.changes;
    ret->changes_count = s->promise.count;
    ret->stamps = s->stamps;
    ret->stamps_count = s->stamps_count;
    ret->plan = s->shop->plan;
    ret->last = shop_last_show(s->shop, &s->id, s->start_ms);
    return true;
}

/* ---- the courier ---- */

bool board_hook_view(struct board *b, const struct shop_id *shop, const struct broadcast_id *broadcast,
                     struct hook_view *ret)
{
    const struct board_show *s = board_show_find(b, shop, broadcast);
    const struct show_view *view = b->config.show(b->config.ctx, shop, broadcast);
    if (s == NULL || view == NULL || !s->is_on || !s->book.is_caught_up)
        return false;
    *ret = (struct hook_view){.estimate = s->document.text.data,
                              .estimate_len = s->document.text.len,
                              .estimate_seq = s->document.seq,
                              .estimate_ms = s->document.ms,
                              .changes = s->promise.changes,
                              .changes_count = s->promise.count,
                              .catalogue = view->catalogue,
                              .settled = s->settled_seq > 0 && s->document.seq >= s->settled_seq};
    return true;
}

void board_shop_follow(struct board *b, const struct shop_id *shop) { (void)board_shop_make(b, shop); }

bool board_wake(struct board *b, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct board_show *s = board_show_find(b, shop, broadcast);
    bool is_kept = map_get(&board_shop_make(b, shop)->digest_of, broadcast->text) != NULL;
    if (!is_kept && (s == NULL || !s->is_on))
        return false;
    s = s != NULL ? s : board_show_make(b, shop, broadcast);
    if (s != NULL)
        unsettled_write(s, true);
    return s != NULL;
}
