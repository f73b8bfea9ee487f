#include "inventory/memory/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory_world *memory_world_create(const struct memory_config *config)
{
    struct memory_world *w = truth_alloc(sizeof *w);
    if (config != NULL)
        w->config = *config;
    map_init(&w->shops, TRUTH_MAP_MAX);
    map_init(&w->logs, TRUTH_MAP_MAX);
    map_init(&w->values, TRUTH_MAP_MAX);
    map_init(&w->feeds, TRUTH_MAP_MAX);
    list_init(&w->nodes);
    list_init(&w->history);
    return w;
}

static void world_empty(struct memory_world *w)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&w->shops, &at, &key, &value);)
        truth_destroy(value);
    map_finish(&w->shops);
    for (size_t at = 0; map_next(&w->logs, &at, &key, &value);)
        world_log_destroy(value);
    map_finish(&w->logs);
    for (size_t at = 0; map_next(&w->values, &at, &key, &value);) {
        bytes_finish(&((struct world_value *)value)->bytes);
        free(value);
    }
    map_finish(&w->values);
    map_init(&w->shops, TRUTH_MAP_MAX);
    map_init(&w->logs, TRUTH_MAP_MAX);
    map_init(&w->values, TRUTH_MAP_MAX);
}

/* Streams are what others read: a fail-over of theirs is not played here. */
static void feeds_finish(struct memory_world *w)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&w->feeds, &at, &key, &value);)
        world_log_destroy(value);
    map_finish(&w->feeds);
}

void memory_world_destroy(struct memory_world *w)
{
    if (w == NULL)
        return;
    MUST(list_is_empty(&w->nodes));
    world_empty(w);
    feeds_finish(w);
    world_history_finish(w);
    free(w);
}

struct truth_shop *world_shop(struct memory_world *w, const struct shop_id *shop)
{
    struct truth_shop *s = map_get(&w->shops, shop->text);
    if (s == NULL) {
        s = truth_create(shop);
        MUST(map_set(&w->shops, shop->text, s) == RESULT_OK);
    }
    return s;
}

struct world_log *world_log(struct memory_world *w, enum log_kind kind, const struct shop_id *shop,
                            const struct broadcast_id *broadcast)
{
    char key[WORLD_KEY_MAX];
    snprintf(key, sizeof key, "%d/%s/%s", (int)kind, shop->text, broadcast->text);
    struct world_log *log = map_get(&w->logs, key);
    if (log == NULL) {
        log = truth_alloc(sizeof *log);
        MUST(map_set(&w->logs, key, log) == RESULT_OK);
    }
    return log;
}

struct memory_node *memory_attach(struct memory_world *w, const struct node_id *node, struct clock *clock)
{
    struct memory_node *n = truth_alloc(sizeof *n);
    n->world = w;
    n->clock = clock;
    n->id = *node;
    list_init(&n->flights);
    lane_setup(n);
    follow_setup(n);
    log_port_setup(n);
    store_port_setup(n);
    feed_port_setup(n);
    list_push_back(&w->nodes, &n->link);
    return n;
}

void memory_detach(struct memory_node *n)
{
    if (n == NULL)
        return;
    list_for_each (at, &n->flights) {
        struct flight *f = container_of(at, struct flight, link);
        list_remove(at);
        n->world->flights--;
        n->clock->stop(n->clock, &f->timer);
        f->drop(f);
    }
    lane_drop_all(n);
    follow_drop_all(n);
    list_remove(&n->link);
    free(n);
}

struct inventory *memory_inventory(struct memory_node *n) { return &n->inventory; }
struct log *memory_log(struct memory_node *n) { return &n->log; }
struct ledger *memory_ledger(struct memory_node *n) { return &n->ledger; }
struct store *memory_store(struct memory_node *n) { return &n->store; }
struct feed *memory_feed(struct memory_node *n) { return &n->feed; }

void memory_cut(struct memory_node *n, bool off)
{
    if (n->off == off)
        return;
    n->off = off;
    n->cuts += off;
    follow_cut(n, off); /* followers hear first */
    if (off)
        lane_cut(n);
}

/* ---- history: what changed the truth, so that it can be forgotten ---- */

struct world_write {
    struct list link;
    enum memory_channel channel;
    enum log_kind log;
    struct shop_id shop;
    struct broadcast_id broadcast;
    int64_t now_ms;
    size_t count;
    struct inventory_request *requests;
    struct bytes entries[EVENT_BATCH_MAX];
    struct store_request store;
};

static struct world_write *history_new(struct memory_world *w, enum memory_channel channel, const struct shop_id *shop)
{
    if (!w->config.keeps_history)
        return NULL;
    struct world_write *write = truth_alloc(sizeof *write);
    write->channel = channel;
    write->shop = *shop;
    list_push_back(&w->history, &write->link);
    return write;
}

void history_keep_batch(struct memory_world *w, const struct shop_id *shop, int64_t now_ms,
                        const struct inventory_request *requests, size_t count)
{
    struct world_write *write = history_new(w, MEMORY_STOCK, shop);
    if (write == NULL)
        return;
    write->now_ms = now_ms;
    write->count = count;
    write->requests = truth_alloc(count * sizeof *requests);
    memcpy(write->requests, requests, count * sizeof *requests);
}

void history_keep_append(struct memory_world *w, const struct log_append *append)
{
    struct world_write *write = history_new(w, MEMORY_APPEND, &append->shop);
    if (write == NULL)
        return;
    write->log = append->kind;
    write->broadcast = append->broadcast;
    write->count = append->count;
    for (size_t i = 0; i < append->count; i++)
        bytes_append(&write->entries[i], append->entries[i].data, append->entries[i].len);
}

void history_keep_store(struct memory_world *w, const struct store_request *r, int64_t now_ms)
{
    struct world_write *write = r->op == STORE_GET ? NULL : history_new(w, MEMORY_STORE, &r->shop);
    if (write == NULL)
        return;
    write->now_ms = now_ms;
    write->store = *r;
    write->store.value = (struct bytes){0};
    bytes_append(&write->store.value, r->value.data, r->value.len);
}

static void write_destroy(struct world_write *write)
{
    list_remove(&write->link);
    free(write->requests);
    for (size_t i = 0; i < EVENT_BATCH_MAX; i++)
        bytes_finish(&write->entries[i]);
    bytes_finish(&write->store.value);
    free(write);
}

void world_history_finish(struct memory_world *w)
{
    list_for_each (at, &w->history)
        write_destroy(container_of(at, struct world_write, link));
}

static void write_replay(struct memory_world *w, struct world_write *write)
{
    switch (write->channel) {
    case MEMORY_STOCK: {
        struct inventory_request *again = truth_alloc(write->count * sizeof *again);
        memcpy(again, write->requests, write->count * sizeof *again);
        truth_exec(world_shop(w, &write->shop), write->now_ms, again, write->count);
        free(again);
        break;
    }
    case MEMORY_APPEND:
        world_log_append(world_log(w, write->log, &write->shop, &write->broadcast), write->entries, write->count);
        break;
    default: {
        struct store_request again = write->store;
        again.value = (struct bytes){0};
        bytes_append(&again.value, write->store.value.data, write->store.value.len);
        store_apply(w, &again, write->now_ms);
        bytes_finish(&again.value);
    }
    }
}

size_t memory_forget(struct memory_world *w, size_t count)
{
    MUST(w->config.keeps_history);
    size_t forgotten = 0;
    while (forgotten < count && !list_is_empty(&w->history)) {
        write_destroy(container_of(w->history.prev, struct world_write, link));
        forgotten++;
    }
    world_empty(w);
    list_for_each (at, &w->history)
        write_replay(w, container_of(at, struct world_write, link));
    return forgotten;
}

/* ---- looking ---- */

bool memory_count(const struct memory_world *w, const struct shop_id *shop, const struct sku_id *sku,
                  struct stock_count *ret)
{
    const struct truth_shop *s = map_get(&w->shops, shop->text);
    const struct truth_sku *k = s == NULL ? NULL : truth_sku(s, sku->text);
    if (k == NULL)
        return false;
    *ret = truth_count(k);
    return true;
}

const struct hold *memory_hold(const struct memory_world *w, const struct shop_id *shop, const struct hold_id *id)
{
    const struct truth_shop *s = map_get(&w->shops, shop->text);
    const struct truth_hold *h = s == NULL ? NULL : map_get(&s->holds, id->text);
    return h == NULL ? NULL : &h->hold;
}

static int compare_holds(const void *a, const void *b)
{
    return strcmp((*(const struct hold *const *)a)->id.text, (*(const struct hold *const *)b)->id.text);
}

size_t memory_holds(const struct memory_world *w, const struct shop_id *shop, const struct hold **ret, size_t max)
{
    const struct truth_shop *s = map_get(&w->shops, shop->text);
    if (s == NULL)
        return 0;
    size_t count = 0;
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&s->holds, &at, &key, &value);)
        if (count < max)
            ret[count++] = &((const struct truth_hold *)value)->hold;
    if (count > 0)
        qsort(ret, count, sizeof *ret, compare_holds);
    return s->holds.count;
}

int64_t memory_waiting(const struct memory_world *w, const struct shop_id *shop, const struct sku_id *sku)
{
    const struct truth_shop *s = map_get(&w->shops, shop->text);
    const struct truth_sku *k = s == NULL ? NULL : truth_sku(s, sku->text);
    return k == NULL ? 0 : k->waitlist.len;
}

void memory_check(const struct memory_world *w)
{
    const char *key = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&w->shops, &at, &key, &value);)
        truth_check(value);
}

bool memory_is_quiet(const struct memory_world *w)
{
    if (w->flights > 0)
        return false;
    list_for_each (at, &w->nodes) {
        const struct memory_node *n = container_of(at, struct memory_node, link);
        if (!lane_is_quiet(n) || !follow_is_quiet(n))
            return false;
    }
    return true;
}
