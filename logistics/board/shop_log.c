/* logistics/board/shop_log.c - a shop's estimate log: its plan, its webhooks, and what its broadcasts taught. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

static void plan_free(struct board_shop *shop)
{
    if (shop->plan != NULL)
        logistics_plan_finish(shop->plan);
    free(shop->plan);
    shop->plan = NULL;
}

static void digest_forget(struct shop_digest *d)
{
    list_remove(&d->link);
    digest_destroy(d->digest);
    free(d->points);
    d->digest = NULL;
    d->points = NULL;
}

static void digests_free(struct board_shop *shop)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->digest_of, &at, &key, &value)) {
        digest_forget(value);
        free(value);
    }
    map_finish(&shop->digest_of);
    shop->digests_count = 0;
}

void shop_log_finish(struct board_shop *shop)
{
    plan_free(shop);
    digests_free(shop);
    asks_stop(&shop->asks);
    book_finish(&shop->book);
}

/* ---- entries ---- */

static void each_show(struct board_shop *shop, void (*what)(struct board_show *s))
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->shows, &at, &key, &value))
        if (((struct board_show *)value)->is_on)
            what(value);
}

static void seen_plan(struct board_shop *shop, struct journal *j)
{
    plan_free(shop);
    shop->plan = j->u.plan; /* taken */
    j->u.plan = NULL;
    if (shop->plan != NULL)
        shop->plan->version = j->seq;
}

static void view_make(struct shop_digest *d, const struct journal *j)
{
    free(d->points);
    d->points_count = j->u.digest.points_count;
    d->points = calloc(d->points_count + 1, sizeof *d->points);
    MUST(d->points != NULL);
    for (size_t i = 0; i < d->points_count; i++)
        d->points[i] = (struct last_point){.s = j->u.digest.points[i].s, .firm = j->u.digest.points[i].firm};
    d->view = (struct last_show){.broadcast = j->u.digest.broadcast,
                                 .shipped = j->u.digest.shipped,
                                 .points = d->points,
                                 .points_count = d->points_count};
    memcpy(d->view.title, j->u.digest.title, sizeof d->view.title);
}

static void seen_digest(struct board_shop *shop, const struct journal *j)
{
    struct shop_digest *d;
    d = map_get(&shop->digest_of, j->u.digest.broadcast.text);
    if (d != NULL) { /* settled again: what the first taught may have been learned already, and stays */
        d->ms = j->ms > d->ms ? j->ms : d->ms;
        if (d->digest != NULL)
            view_make(d, j);
        return;
    }
    d = calloc(1, sizeof *d);
    MUST(d != NULL);
    d->seq = j->seq;
    d->ms = j->ms;
    d->start_ms = j->u.digest.start_ms;
    d->broadcast = j->u.digest.broadcast;
    enum result result = map_set(&shop->digest_of, d->broadcast.text, d);
    MUST(result != RESULT_NO_MEMORY);
    if (result == RESULT_OK)
        result = digest_read(j->u.digest.text, j->u.digest.text_len, &d->digest);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK) {
        log_warn("board.digest_unread", "shop=%s broadcast=%s result=%s it teaches nothing", shop->id.text,
                 d->broadcast.text, result_name(result));
        return;
    }
    view_make(d, j);
    list_push_back(&shop->digests, &d->link);
    if (++shop->digests_count > DIGESTS_KEPT) {
        shop->digests_count--;
        digest_forget(container_of(shop->digests.next, struct shop_digest, link));
    }
}

static void hooks_tell(struct board_shop *shop, uint64_t seq, const struct hook_list *list)
{
    const struct board_listener *to = &shop->b->config.listener;
    shop->has_hooks |= seq > 0;
    if (to->hooks != NULL)
        to->hooks(shop->b->config.ctx, &shop->id, seq, list);
}

/* A replay of a broadcast that was closed while it was asked for: whoever sees that opens it again, so that somebody leads it. */
static void replay_wake(struct board_shop *shop, const struct broadcast_id *broadcast)
{
    struct board_show *s = board_show_find(shop->b, &shop->id, broadcast);
    if (s != NULL && s->is_closed)
        unsettled_write(s, true);
}

static void settled_check(struct board_show *s)
{
    settle_seen(s);
    lead_check(s);
}

static void shop_read_entry(struct book *book, struct journal *j)
{
    struct board_shop *shop = container_of(book, struct board_shop, book);
    switch (j->kind) {
    case JOURNAL_PLAN:
        seen_plan(shop, j);
        break;
    case JOURNAL_DIGEST:
        seen_digest(shop, j);
        break;
    case JOURNAL_HOOKS:
        hooks_tell(
            shop, j->seq,
            &(struct hook_list){.endpoints = j->u.hooks.list, .count = j->u.hooks.count, .replay = j->u.hooks.replay});
        break;
    default: /* of a broadcast: not here */
        break;
    }
    if (!book->is_caught_up)
        return;
    if (j->kind == JOURNAL_HOOKS && j->u.hooks.replay.endpoint[0] != '\0')
        replay_wake(shop, &j->u.hooks.replay.broadcast);
    each_show(shop, show_changed);
    each_show(shop, settled_check);
}

static void shop_read_caught_up(struct book *book)
{
    size_t at = 0;
    const char *key;
    void *value;
    struct board_shop *shop = container_of(book, struct board_shop, book);
    hooks_tell(shop, 0, shop->has_hooks ? NULL : &(struct hook_list){0});
    each_show(shop, settle_seen);
    while (map_next(&shop->shows, &at, &key, &value))
        settle_late(value);
    each_show(shop, begin_tally);
    each_show(shop, lead_check);
    asks_go_on(&shop->asks);
}

static void shop_read_rewound(struct book *book)
{
    struct board_shop *shop = container_of(book, struct board_shop, book);
    const struct board_listener *to = &shop->b->config.listener;
    plan_free(shop);
    digests_free(shop);
    map_init(&shop->digest_of, BOARD_BROADCASTS_MAX);
    list_init(&shop->digests);
    shop->has_hooks = false;
    if (to->hooks_rewound != NULL)
        to->hooks_rewound(shop->b->config.ctx, &shop->id);
}

const struct book_reader shop_reader = {
    .entry = shop_read_entry, .caught_up = shop_read_caught_up, .rewound = shop_read_rewound};

/* ---- read ---- */

const struct last_show *shop_last_show(const struct board_shop *shop, const struct broadcast_id *but, int64_t before_ms)
{
    const struct shop_digest *last = NULL;
    list_for_each (link, &shop->digests) {
        const struct shop_digest *d = container_of(link, const struct shop_digest, link);
        bool is_before = before_ms == 0 || d->start_ms < before_ms;
        if (is_before && !ID_EQUAL(d->broadcast, *but) && (last == NULL || d->start_ms >= last->start_ms))
            last = d;
    }
    return last == NULL ? NULL : &last->view;
}
