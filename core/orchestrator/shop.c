/* core/orchestrator/shop.c - a shop as this node knows it: its own log, its ledger, its open broadcasts.
 *
 * A shop is opened when first named and stays; when all places are taken, an idle one makes room. */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void shop_log_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len);
static void shop_log_caught_up(struct log_follow *follow);
static void shop_log_rewound(struct log_follow *follow);

struct shop *shop_find(struct orchestrator *o, const struct shop_id *id) { return map_get(&o->shops, id->text); }

bool shop_is_ready(const struct shop *shop)
{
    return shop->log.caught_up && !shop->log.broken && shop->claims.complete;
}

/* While the ledger cannot be reached a loss of its end would go unseen, and what it promised be sold to others. */
bool shop_may_ask(const struct shop *shop)
{
    return !shop->ledger_lost && !shop->ledger_rewound && !restore_is_under_way(shop);
}

const char *shop_selling_why(const struct shop *shop)
{
    if (shop->differences > 0)
        return "The books of the stock do not add up. Nothing is sold until they were checked and this node restarted.";
    if (!shop->o->stock_ready || shop->ledger_lost)
        return "The stock cannot be reached.";
    if (shop->ledger_rewound || restore_is_under_way(shop))
        return "The stock lost its last moments in a fail-over. What was promised is being put back.";
    return shop->claims.complete ? "" : "The stock is being read.";
}

bool shop_is_selling(const struct shop *shop) { return shop_selling_why(shop)[0] == '\0'; }

const char *shop_selling_words(const struct shop *shop)
{
    return shop_is_selling(shop) ? shop->keeping.failed_words : shop_selling_why(shop);
}

static enum result shop_create(struct orchestrator *o, const struct shop_id *id, struct shop **ret)
{
    struct shop *shop = calloc(1, sizeof *shop);
    if (shop == NULL)
        return RESULT_NO_MEMORY;
    shop->o = o;
    shop->id = *id;
    logbook_init(&shop->log);
    catalogue_init(&shop->catalogue);
    claims_init(&shop->claims);
    map_init(&shop->shows, o->config.limits.broadcasts_max);
    map_init(&shop->asking, o->config.limits.requests_in_flight_max);
    map_init(&shop->reserving, o->config.limits.requests_in_flight_max);
    map_init(&shop->answered, CLAIMS_HOLDS_MAX);
    keeping_init(&shop->keeping);
    list_init(&shop->folds);
    list_init(&shop->waiters);
    enum result result = map_set(&o->shops, id->text, shop);
    if (result != RESULT_OK) {
        shop_free(shop);
        return result;
    }
    *ret = shop;
    return RESULT_OK;
}

enum result shop_open(struct orchestrator *o, const struct shop_id *id, struct shop **ret)
{
    *ret = shop_find(o, id);
    if (*ret != NULL)
        return RESULT_OK;
    if (o->shops.count >= o->config.limits.shops_max)
        shop_close_idle(o);
    enum result result = shop_create(o, id, ret);
    if (result != RESULT_OK)
        return result;
    struct shop *shop = *ret;
    shop->log.follow = (struct log_follow){
        .shop = *id, .entry = shop_log_entry, .caught_up = shop_log_caught_up, .rewound = shop_log_rewound};
    o->config.log->follow(o->config.log, &shop->log.follow);
    ledger_follow_start(shop);
    log_info("shop.open", "shop=%s", id->text);
    return RESULT_OK;
}

void shop_free(struct shop *shop)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&shop->shows, &at, &key, &value))
        show_free(value);
    map_finish(&shop->shows);
    map_finish(&shop->asking);
    at = 0;
    while (map_next(&shop->reserving, &at, &key, &value))
        free(value);
    map_finish(&shop->reserving);
    keeping_finish(shop);
    ledger_forget(shop);
    catalogue_finish(&shop->catalogue);
    free(shop->listed);
    free(shop);
}

/* ---- room for another ---- */

static bool shop_has_journeys(const struct list *journeys, const struct shop *shop)
{
    for (const struct list *at = journeys->next; at != journeys; at = at->next)
        if (ID_EQUAL(container_of(at, struct journey, link)->asker.shop, shop->id))
            return true;
    return false;
}

static bool shop_is_idle(const struct shop *shop)
{
    return shop->shows.count == 0 && list_is_empty(&shop->waiters) && list_is_empty(&shop->log.appends) &&
           !shop->expiring && shop->differences == 0 && keeping_is_idle(shop) &&
           !shop_has_journeys(&shop->o->unanswered, shop) && !shop_has_journeys(&shop->o->late, shop);
}

void shop_close_idle(struct orchestrator *o)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&o->shops, &at, &key, &value)) {
        struct shop *shop = value;
        const struct orchestrator_observer *observer = o->config.observer;
        if (!shop_is_idle(shop))
            continue;
        o->config.log->unfollow(o->config.log, &shop->log.follow);
        o->config.ledger->unfollow(o->config.ledger, &shop->ledger);
        if (observer != NULL && observer->ledger_rewound != NULL)
            observer->ledger_rewound(observer->ctx, &shop->id); /* opened again it is told all from the start */
        map_remove(&o->shops, key);
        shop_free(shop);
        return;
    }
}

/* ---- the shop's own log ---- */

const struct broadcast_listed *shop_listed(const struct shop *shop, const char *broadcast)
{
    for (size_t i = 0; i < shop->listed_count; i++)
        if (id_equal(shop->listed[i].id.text, broadcast))
            return &shop->listed[i];
    return NULL;
}

static enum result listed_fold(struct shop *shop, const struct event *e)
{
    for (size_t i = 0; i < shop->listed_count; i++) {
        if (ID_EQUAL(shop->listed[i].id, e->u.listed.broadcast)) {
            memcpy(shop->listed[i].title, e->u.listed.title, sizeof shop->listed[i].title);
            return RESULT_OK;
        }
    }
    if (shop->listed_count == shop->listed_capacity) {
        size_t capacity = shop->listed_capacity == 0 ? 16 : shop->listed_capacity * 2;
        struct broadcast_listed *listed = realloc(shop->listed, capacity * sizeof *listed);
        if (listed == NULL)
            return RESULT_NO_MEMORY;
        shop->listed = listed;
        shop->listed_capacity = capacity;
    }
    struct broadcast_listed *new = &shop->listed[shop->listed_count++];
    *new = (struct broadcast_listed){.id = e->u.listed.broadcast, .created_ms = e->ms};
    memcpy(new->title, e->u.listed.title, sizeof new->title);
    return RESULT_OK;
}

static enum result shop_fold(struct shop *shop, const struct event *e)
{
    if (e->kind == EVENT_LISTED)
        return listed_fold(shop, e);
    enum result result = catalogue_apply(&shop->catalogue, e);
    return result == RESULT_MALFORMED ? RESULT_OK : result; /* a stray part of a catalogue changes nothing */
}

static void shop_log_entry(struct log_follow *follow, uint64_t seq, const char *data, size_t len)
{
    struct shop *shop = container_of(follow, struct shop, log.follow);
    struct event e = {0};
    if (shop->log.broken)
        return;
    logbook_delivered(&shop->log, seq, data, len);
    enum result result = shop->o->config.codec.decode(data, len, &e);
    e.seq = seq;
    if (result == RESULT_OK)
        result = shop_fold(shop, &e);
    event_finish(&e);
    if (result == RESULT_OK) {
        logbook_folded(&shop->log, seq);
        return;
    }
    log_error("log.broken", "shop=%s seq=%llu result=%s", shop->id.text, (unsigned long long)seq, result_name(result));
    logbook_broke(&shop->log);
    shop_check_waiters(shop);
}

static void shop_log_caught_up(struct log_follow *follow)
{
    struct shop *shop = container_of(follow, struct shop, log.follow);
    logbook_caught_up(&shop->log);
    shop_check_waiters(shop);
}

/* Nobody resumes the shop's own log, so it needs no new epoch: what is there now is read again, and that is all. */
static void shop_log_rewound(struct log_follow *follow)
{
    struct shop *shop = container_of(follow, struct shop, log.follow);
    log_error("log.rewound", "shop=%s seen=%llu", shop->id.text, (unsigned long long)shop->log.seq);
    metrics_add(METRIC_REWINDS_EVENTS, 1);
    logbook_rewound(&shop->log);
    catalogue_finish(&shop->catalogue);
    catalogue_init(&shop->catalogue);
    shop->listed_count = 0;
}

void epoch_new(struct orchestrator *o, struct epoch_id *ret)
{
    *ret = (struct epoch_id){.text = "e"};
    rng_text(&o->rng, ret->text + 1, 12);
}

size_t shop_begun_event(struct shop *shop, struct event *ret)
{
    if (shop->log.seq > 0)
        return 0;
    *ret = (struct event){.kind = EVENT_BEGUN, .ms = orchestrator_now(shop->o)};
    epoch_new(shop->o, &ret->u.begun.epoch);
    return 1;
}
