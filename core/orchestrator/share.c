/* core/orchestrator/share.c - what each node counts alone and all show together: viewers now here, demand per SKU, lag (lag.c).
 *
 *   share_fire        every share_ms: this node's numbers of each broadcast into the store, everybody's out of it
 *     share_viewers_answered, share_demand_answered   own numbers live, the others' as they last said
 *
 * A share is kept under the node's name *since it opened the broadcast*, so that a restarted node never writes over what
 * its earlier run counted. Of a node that dies: its viewers count on for SHARES_TTL shares, then are gone; its demand
 * stays (DEMAND_TTL_MS), less what it counted after its last share: at most share_ms is lost, nothing is counted twice. */
#include "core/orchestrator/journeys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void share_show(struct show *show);
static void share_viewers_answered(struct store_request *ask);
static void share_demand_answered(struct store_request *ask);

void share_start(struct orchestrator *o)
{
    int64_t share_ms = o->config.limits.share_ms;
    int64_t jitter_ms = (int64_t)rng_below(&o->rng, (uint64_t)share_ms / 4 + 1);
    o->config.clock->start(o->config.clock, &o->share, share_ms - jitter_ms);
}

void share_fire(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, share);
    size_t shop_at = 0;
    const char *key;
    void *shop, *show;
    shows_close_missing(o); /* those that were asked for and do not exist */
    while (map_next(&o->shops, &shop_at, &key, &shop)) {
        size_t at = 0;
        while (map_next(&((struct shop *)shop)->shows, &at, &key, &show))
            if (show_is_ready(show) && ((struct show *)show)->b.seq > 0)
                share_show(show);
    }
    share_start(o);
}

/* ---- into the store ---- */

void share_ask(struct share *share, const char *topic, int64_t ttl_ms, void (*done)(struct store_request *ask))
{
    struct show *show = share->show;
    struct store *store = show->shop->o->config.store;
    share->busy = true;
    share->ask.op = STORE_SHARE;
    share->ask.shop = show->shop->id;
    share->ask.node = show->share_node;
    share->ask.ttl_ms = ttl_ms;
    share->ask.done = done;
    snprintf(share->ask.key, sizeof share->ask.key, "%s/%s", topic, show->b.id.text);
    store->ask(store, &share->ask);
}

static void share_show(struct show *show)
{
    int64_t share_ms = show->shop->o->config.limits.share_ms;
    show->share_viewers.show = show->share_demand.show = show;
    lag_share(show);
    if (!show->share_viewers.busy && (show->conns > 0 || show->viewers_shared > 0)) {
        bytes_clear(&show->share_viewers.ask.value);
        bytes_format(&show->share_viewers.ask.value, "%llu", (unsigned long long)show->viewers);
        show->viewers_shared = show->viewers;
        share_ask(&show->share_viewers, "viewers", SHARES_TTL * share_ms, share_viewers_answered);
    }
    if (!show->share_demand.busy && (show->conns > 0 || show->demand_unshared)) {
        struct bytes *value = &show->share_demand.ask.value;
        bytes_clear(value);
        bytes_text(value, "-"); /* never empty, also before the first wish */
        for (size_t i = 0; i < show->demand_count; i++)
            if (show->demand_rows[i]->own_attempts > 0)
                bytes_format(value, ",%s:%llu:%llu", show->demand[i].sku.text,
                             (unsigned long long)show->demand_rows[i]->own_attempts,
                             (unsigned long long)show->demand_rows[i]->own_refused);
        show->demand_unshared = false;
        share_ask(&show->share_demand, "demand", DEMAND_TTL_MS, share_demand_answered);
    }
}

/* ---- out of it: lines "node value\n" ---- */

void share_read(struct show *show, const struct bytes *lines, void (*take)(struct show *show, char *value))
{
    char *rest = lines->data;
    while (rest != NULL && *rest != '\0') {
        char *line = strsep(&rest, "\n");
        char *value = strchr(line, ' ');
        if (value == NULL)
            continue;
        *value++ = '\0';
        if (strcmp(line, show->share_node.text) != 0)
            take(show, value);
    }
}

static void viewers_take(struct show *show, char *value) { show->viewers_elsewhere += strtoull(value, NULL, 10); }

static void share_viewers_answered(struct store_request *ask)
{
    struct show *show = container_of(ask, struct share, ask)->show;
    show->share_viewers.busy = false;
    if (ask->result == RESULT_OK) {
        show->viewers_elsewhere = 0;
        share_read(show, &ask->value, viewers_take);
    }
    show_mark_audience(show); /* without the store: this node's, and the last word of others */
}

static bool demand_grow(struct show *show)
{
    if (show->demand_count < show->demand_capacity)
        return true;
    size_t capacity = show->demand_capacity == 0 ? 16 : show->demand_capacity * 2;
    struct demand_row **rows = realloc(show->demand_rows, capacity * sizeof *rows);
    if (rows != NULL)
        show->demand_rows = rows;
    struct demand *demand = realloc(show->demand, capacity * sizeof *demand);
    if (demand != NULL)
        show->demand = demand;
    if (rows == NULL || demand == NULL)
        return false;
    show->demand_capacity = capacity;
    return true;
}

/* Made when first named; NULL: no memory, no SKU, or one too many. */
static struct demand_row *demand_row(struct show *show, const char *sku)
{
    struct demand_row *row = map_get(&show->demand_at, sku);
    struct demand sums = {0};
    if (row != NULL)
        return row;
    row = ID_PARSE(&sums.sku, sku, strlen(sku)) == RESULT_OK && demand_grow(show) ? calloc(1, sizeof *row) : NULL;
    if (row == NULL || map_set(&show->demand_at, sku, row) != RESULT_OK) {
        free(row);
        return NULL;
    }
    row->at = show->demand_count++;
    show->demand_rows[row->at] = row;
    show->demand[row->at] = sums;
    return row;
}

/* ",sku:attempts:refused" again and again, behind a dash */
static void demand_take(struct show *show, char *value)
{
    char *word;
    while ((word = strsep(&value, ",")) != NULL) {
        char *sku = strsep(&word, ":"), *attempts = strsep(&word, ":"), *refused = word;
        struct demand_row *row = refused == NULL ? NULL : demand_row(show, sku);
        if (row == NULL)
            continue;
        row->others_attempts += strtoull(attempts, NULL, 10);
        row->others_refused += strtoull(refused, NULL, 10);
    }
}

static bool demand_sum(struct show *show, const struct demand_row *row)
{
    struct demand *sums = &show->demand[row->at];
    uint64_t attempts = row->own_attempts + row->others_attempts, refused = row->own_refused + row->others_refused;
    bool changed = sums->attempts != attempts || sums->refused != refused;
    sums->attempts = attempts;
    sums->refused = refused;
    return changed;
}

static void share_demand_answered(struct store_request *ask)
{
    struct show *show = container_of(ask, struct share, ask)->show;
    show->share_demand.busy = false;
    if (ask->result != RESULT_OK) {
        show->demand_unshared = true;
        return;
    }
    for (size_t i = 0; i < show->demand_count; i++)
        show->demand_rows[i]->others_attempts = show->demand_rows[i]->others_refused = 0;
    share_read(show, &ask->value, demand_take);
    bool changed = false;
    for (size_t i = 0; i < show->demand_count; i++)
        changed = demand_sum(show, show->demand_rows[i]) || changed;
    if (changed)
        show_mark_demand(show);
}

/* ---- counted here ---- */

void demand_count(struct show *show, const struct sku_id *sku, bool refused)
{
    struct demand_row *row = demand_row(show, sku->text);
    if (row == NULL)
        return;
    uint64_t *count = refused ? &row->own_refused : &row->own_attempts;
    (*count)++;
    show->demand_unshared = true;
    (void)demand_sum(show, row);
    show_mark_demand(show);
}
