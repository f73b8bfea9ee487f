/* logistics/board/unsettled.c - the log of all shops: broadcasts of which more is to come, so that late payments, expiries and
 * webhooks go on with nobody connected, on whichever node lives.
 *
 * Every node reads it and asks that what is unsettled stays open; the first limits.unsettled_max of them, in the order of their start.
 * It is looked at again every SWEEP_MS: one that was closed for want of room is asked for again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

#define SWEEP_MS 30000
#define UNSETTLED_KNOWN_MAX 100000

struct unsettled {
    struct list link;
    struct shop_id shop;
    struct broadcast_id broadcast;
};

#define UNSETTLED_KEY_MAX (2 * ID_LEN_MAX + 2)
static void unsettled_key(char key[UNSETTLED_KEY_MAX], const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    snprintf(key, UNSETTLED_KEY_MAX, "%s/%s", shop->text, broadcast->text);
}

static void unsettled_forget(struct board *b, struct unsettled *u)
{
    char key[UNSETTLED_KEY_MAX];
    unsettled_key(key, &u->shop, &u->broadcast);
    map_remove(&b->unsettled, key);
    list_remove(&u->link);
    free(u);
    metric_add(&board_metrics[BOARD_UNSETTLED], -1);
}

/* What was said to stand in a log and did not come until now is lost: whoever waits for it asks again. */
static void lost_forget(struct board *b)
{
    size_t at = 0, show_at;
    const char *key;
    void *value;
    if (book_is_idle(&b->all))
        b->all.written = b->all.head;
    while (map_next(&b->shops, &at, &key, &value)) {
        struct board_shop *shop = value;
        if (book_is_idle(&shop->book))
            shop->book.written = shop->book.head;
        show_at = 0;
        while (book_is_idle(&b->all) && map_next(&shop->shows, &show_at, &key, &value))
            ((struct board_show *)value)->is_registering = false;
    }
}

static void sweep(struct board *b)
{
    size_t asked = 0;
    lost_forget(b);
    const struct board_listener *to = &b->config.listener;
    list_for_each (link, &b->unsettled_order) {
        const struct unsettled *u = container_of(link, const struct unsettled, link);
        if (asked++ == b->config.limits.unsettled_max)
            break;
        bool is_open = b->config.show(b->config.ctx, &u->shop, &u->broadcast) != NULL;
        if (!is_open && to->wanted != NULL)
            to->wanted(b->config.ctx, &u->shop, &u->broadcast);
    }
    b->config.clock->start(b->config.clock, &b->sweep, SWEEP_MS);
}

static void sweep_fire(struct clock_timer *timer) { sweep(container_of(timer, struct board, sweep)); }

/* ---- the log ---- */

static void show_check(struct board *b, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct board_show *s = board_show_find(b, shop, broadcast);
    if (s == NULL)
        return;
    s->is_registering = false;
    lead_check(s);
}

static void seen_opened(struct board *b, const struct journal *j)
{
    char key[UNSETTLED_KEY_MAX];
    unsettled_key(key, &j->u.show.shop, &j->u.show.broadcast);
    if (map_get(&b->unsettled, key) != NULL)
        return;
    struct unsettled *u = calloc(1, sizeof *u);
    MUST(u != NULL);
    u->shop = j->u.show.shop;
    u->broadcast = j->u.show.broadcast;
    enum result result = map_set(&b->unsettled, key, u);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK) {
        log_warn("board.unsettled_full", "shop=%s broadcast=%s it goes on while somebody watches", u->shop.text,
                 u->broadcast.text);
        free(u);
        return;
    }
    list_push_back(&b->unsettled_order, &u->link);
    metric_add(&board_metrics[BOARD_UNSETTLED], 1);
}

static void unsettled_entry(struct book *book, struct journal *j)
{
    struct board *b = container_of(book, struct board, all);
    char key[UNSETTLED_KEY_MAX];
    if (j->kind != JOURNAL_OPENED && j->kind != JOURNAL_CLOSED)
        return;
    struct shop_id shop = j->u.show.shop;
    struct broadcast_id broadcast = j->u.show.broadcast;
    unsettled_key(key, &shop, &broadcast);
    struct unsettled *known = map_get(&b->unsettled, key);
    if (j->kind == JOURNAL_OPENED)
        seen_opened(b, j);
    else if (known != NULL)
        unsettled_forget(b, known);
    if (!book->is_caught_up)
        return;
    show_check(b, &shop, &broadcast);
    if (j->kind == JOURNAL_OPENED && known == NULL)
        sweep(b);
}

static void unsettled_caught_up(struct book *book)
{
    struct board *b = container_of(book, struct board, all);
    list_for_each (link, &b->unsettled_order) {
        const struct unsettled *u = container_of(link, const struct unsettled, link);
        show_check(b, &u->shop, &u->broadcast);
    }
    sweep(b);
}

static void unsettled_rewound(struct book *book)
{
    struct board *b = container_of(book, struct board, all);
    list_for_each (link, &b->unsettled_order)
        unsettled_forget(b, container_of(link, struct unsettled, link));
}

const struct book_reader unsettled_reader = {
    .entry = unsettled_entry, .caught_up = unsettled_caught_up, .rewound = unsettled_rewound};

void unsettled_start(struct board *b)
{
    const struct shop_id all = {JOURNAL_ALL_SHOPS};
    map_init(&b->unsettled, UNSETTLED_KNOWN_MAX);
    list_init(&b->unsettled_order);
    b->sweep.fire = sweep_fire;
    book_init(&b->all, b->config.log, &b->config.codec, &unsettled_reader, &all, NULL);
    book_follow(&b->all);
}

void unsettled_finish(struct board *b)
{
    list_for_each (link, &b->unsettled_order)
        unsettled_forget(b, container_of(link, struct unsettled, link));
    map_finish(&b->unsettled);
    book_finish(&b->all);
}

/* ---- of a show ---- */

bool unsettled_has(const struct board_show *s)
{
    char key[UNSETTLED_KEY_MAX];
    unsettled_key(key, &s->shop->id, &s->id);
    return !s->b->all.is_caught_up || map_get(&s->b->unsettled, key) != NULL;
}

static void written(struct book_wish *wish)
{
    struct board_show *s = wish->ctx;
    if (wish->result != RESULT_OK)
        s->is_registering = false; /* the next look at it tries again */
}

void unsettled_write(struct board_show *s, bool is_open)
{
    if (!s->b->all.is_caught_up || s->is_registering || unsettled_has(s) == is_open)
        return;
    struct journal j = {.kind = is_open ? JOURNAL_OPENED : JOURNAL_CLOSED, .ms = board_now(s->b)};
    memcpy(j.by, s->b->config.node.text, sizeof j.by);
    j.u.show.shop = s->shop->id;
    j.u.show.broadcast = s->id;
    s->is_registering = book_write(&s->b->all, &j, false, written, s);
}
