/* logistics/hooks/hooks.c - who is told of which broadcast here: endpoints as listed, broadcasts as led, a duty for each pair. */
#include "logistics/hooks/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/hooks/inner.h"

const struct hooks_limits hooks_limits_default = {.volumes_ms = 30000, .in_flight_max = 16};

int64_t hooks_now_ms(struct hooks *h) { return h->config.clock->now_ms(h->config.clock); }

/* ---- duties ---- */

static void duty_open(struct sink *sink, const char *broadcast)
{
    struct duty *duty = calloc(1, sizeof *duty);
    MUST(duty != NULL);
    duty->hooks = sink->hooks;
    duty->sink = sink;
    duty->shop = sink->shop;
    MUST(ID_PARSE(&duty->broadcast, broadcast, strlen(broadcast)) == RESULT_OK);
    duty->timer.fire = duty_timer;
    duty->again.fire = duty_again;
    list_push_back(&sink->duties, &duty->link);
    duty_load(duty);
}

void duty_free(struct duty *duty)
{
    list_remove(&duty->link);
    bytes_finish(&duty->request.value);
    free(duty->letters);
    free(duty);
}

static void duty_close(struct duty *duty)
{
    struct clock *clock = duty->hooks->config.clock;
    struct delivery *busy = duty->sink->busy;
    clock->stop(clock, &duty->timer);
    clock->stop(clock, &duty->again);
    if (busy != NULL && busy->duty == duty)
        busy->duty = NULL; /* whatever is answered to it, somebody else goes on from what was kept */
    duty->sink = NULL;
    list_move(&duty->hooks->orphans, &duty->link);
    if (!duty->asking)
        duty_free(duty);
}

static struct duty *sink_duty(struct sink *sink, const char *broadcast)
{
    list_for_each (at, &sink->duties) {
        struct duty *duty = container_of(at, struct duty, link);
        if (strcmp(duty->broadcast.text, broadcast) == 0)
            return duty;
    }
    return NULL;
}

/* ---- sinks ---- */

static void sink_open_duties(struct hooks_shop *shop, struct sink *sink)
{
    const char *broadcast = NULL;
    void *value = NULL;
    for (size_t at = 0; map_next(&shop->led, &at, &broadcast, &value);)
        duty_open(sink, broadcast);
}

static struct sink *sink_create(struct hooks *h, struct hooks_shop *shop, const struct hook_endpoint *endpoint)
{
    struct sink *sink = calloc(1, sizeof *sink);
    MUST(sink != NULL);
    sink->hooks = h;
    sink->shop = shop->id;
    sink->endpoint = *endpoint;
    list_init(&sink->duties);
    list_push_back(&shop->sinks, &sink->link);
    return sink;
}

static void sink_destroy(struct sink *sink)
{
    list_for_each (at, &sink->duties)
        duty_close(container_of(at, struct duty, link));
    if (sink->busy != NULL)
        sink->busy->sink = NULL;
    list_remove(&sink->waiting);
    list_remove(&sink->link);
    free(sink->replays);
    explicit_bzero(&sink->endpoint, sizeof sink->endpoint);
    free(sink);
}

static void stream_create(struct hooks *h, struct hooks_shop *shop)
{
    struct hook_endpoint endpoint = {.id = SINK_STREAM, .types = BIT(HOOK_TYPES) - 1};
    if (h->config.feed != NULL)
        sink_create(h, shop, &endpoint)->is_stream = true;
}

struct sink *shop_sink(struct hooks_shop *shop, const char *endpoint)
{
    list_for_each (at, &shop->sinks) {
        struct sink *sink = container_of(at, struct sink, link);
        if (!sink->is_stream && strcmp(sink->endpoint.id, endpoint) == 0)
            return sink;
    }
    return NULL;
}

size_t shop_endpoints(struct hooks_shop *shop, struct hook_endpoint ret[HOOKS_MAX])
{
    size_t count = 0;
    list_for_each (at, &shop->sinks) {
        const struct sink *sink = container_of(at, struct sink, link);
        if (!sink->is_stream)
            ret[count++] = sink->endpoint;
    }
    return count;
}

struct hooks_shop *hooks_shop(struct hooks *h, const struct shop_id *id)
{
    struct hooks_shop *shop = map_get(&h->shops, id->text);
    if (shop != NULL)
        return shop;
    shop = calloc(1, sizeof *shop);
    MUST(shop != NULL);
    shop->id = *id;
    list_init(&shop->sinks);
    map_init(&shop->led, HOOKS_SHOPS_MAX);
    enum result result = map_set(&h->shops, id->text, shop);
    MUST(result == RESULT_OK);
    stream_create(h, shop);
    return shop;
}

/* ---- the list ---- */

static const struct hook_endpoint *listed(const struct hook_list *list, const char *id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->endpoints[i].id, id) == 0)
            return &list->endpoints[i];
    return NULL;
}

/* A person changed something: worth a try at once. */
static void sink_put(struct sink *sink, const struct hook_endpoint *endpoint)
{
    bool same = strcmp(sink->endpoint.url, endpoint->url) == 0 &&
                strcmp(sink->endpoint.secret, endpoint->secret) == 0 && sink->endpoint.disabled == endpoint->disabled;
    sink->endpoint = *endpoint;
    list_for_each (at, &sink->duties) {
        struct duty *duty = container_of(at, struct duty, link);
        for (enum lane_kind i = 0; i < LANES && !same; i++)
            if (duty->lanes[i].failing_ms > 0)
                duty->lanes[i].next_ms = 0;
    }
}

static void replay_add(struct hooks_shop *shop, uint64_t number, const struct hook_replay *what)
{
    struct sink *sink = shop_sink(shop, what->endpoint);
    if (sink == NULL)
        return;
    if (sink->replays == NULL) {
        sink->replays = calloc(HOOKS_REPLAYS_MAX, sizeof *sink->replays);
        MUST(sink->replays != NULL);
    }
    if (sink->replays_count == HOOKS_REPLAYS_MAX)
        memmove(sink->replays, sink->replays + 1, --sink->replays_count * sizeof *sink->replays);
    sink->replays[sink->replays_count++] = (struct replay){.number = number, .what = *what};
}

static void sink_soon(struct sink *sink)
{
    list_for_each (at, &sink->duties)
        duty_soon(container_of(at, struct duty, link));
}

static void soon_fired(struct clock_timer *timer)
{
    struct hooks *h = container_of(timer, struct hooks, soon);
    if (!h->stopped)
        hooks_asks_look(h);
}

void hooks_listed(void *hooks, const struct shop_id *id, uint64_t seq, const struct hook_list *list)
{
    struct hooks *h = hooks;
    struct hooks_shop *shop = hooks_shop(h, id);
    shop->is_known |= seq == 0;
    if (list == NULL)
        h->config.clock->start(h->config.clock, &h->soon, 0);
    if (list == NULL || (seq > 0 && seq <= shop->number))
        return;
    shop->number = seq;
    list_for_each (at, &shop->sinks) {
        struct sink *sink = container_of(at, struct sink, link);
        if (!sink->is_stream && listed(list, sink->endpoint.id) == NULL)
            sink_destroy(sink);
    }
    for (size_t i = 0; i < list->count; i++) {
        struct sink *sink = shop_sink(shop, list->endpoints[i].id);
        if (sink != NULL)
            sink_put(sink, &list->endpoints[i]);
        else
            sink_open_duties(shop, sink_create(h, shop, &list->endpoints[i]));
    }
    if (list->replay.endpoint[0] != '\0')
        replay_add(shop, seq, &list->replay);
    list_for_each (at, &shop->sinks)
        sink_soon(container_of(at, struct sink, link));
    h->config.clock->start(h->config.clock, &h->soon, 0);
}

void hooks_rewound(void *hooks, const struct shop_id *id)
{
    struct hooks_shop *shop = hooks_shop(hooks, id);
    shop->is_known = false;
    shop->number = 0;
    list_for_each (at, &shop->sinks) {
        struct sink *sink = container_of(at, struct sink, link);
        sink->replays_count = 0;
    }
}

/* ---- the lead ---- */

void hooks_lead(void *hooks, const struct shop_id *id, const struct broadcast_id *broadcast, bool leads)
{
    struct hooks_shop *shop = hooks_shop(hooks, id);
    bool led = map_get(&shop->led, broadcast->text) != NULL;
    if (leads == led)
        return;
    if (leads && map_set(&shop->led, broadcast->text, shop) != RESULT_OK) {
        log_warn("hooks.full", "shop=%s broadcast=%s", id->text, broadcast->text);
        return;
    }
    if (!leads)
        map_remove(&shop->led, broadcast->text);
    list_for_each (at, &shop->sinks) {
        struct sink *sink = container_of(at, struct sink, link);
        struct duty *duty = sink_duty(sink, broadcast->text);
        if (leads)
            duty_open(sink, broadcast->text);
        else if (duty != NULL)
            duty_close(duty);
    }
}

void hooks_news(void *hooks, const struct shop_id *id, const struct broadcast_id *broadcast)
{
    struct hooks *h = hooks;
    struct hooks_shop *shop = map_get(&h->shops, id->text);
    if (shop == NULL || map_get(&shop->led, broadcast->text) == NULL)
        return;
    list_for_each (at, &shop->sinks) {
        struct duty *duty = sink_duty(container_of(at, struct sink, link), broadcast->text);
        for (enum lane_kind i = 0; duty != NULL && i < LANES; i++)
            lane_news(&duty->lanes[i], hooks_now_ms(h));
        if (duty != NULL)
            duty_soon(duty);
    }
}

static bool duty_owes(const struct duty *duty)
{
    const struct hooks_source *source = &duty->hooks->config.source;
    struct hook_view view = {0};
    struct message m;
    if (duty->state != DUTY_READY || duty->places_dirty || duty->letters_dirty || duty->asking ||
        duty_is_replaying(duty))
        return true;
    if (!source->view(source->ctx, &duty->shop, &duty->broadcast, &view))
        return true; /* it is being read anew: nobody knows yet */
    for (enum lane_kind i = 0; i < LANES; i++)
        if (lane_head(duty, i, &view, &m))
            return true;
    return false;
}

bool hooks_owe(void *hooks, const struct shop_id *id, const struct broadcast_id *broadcast)
{
    struct hooks *h = hooks;
    struct hooks_shop *shop = map_get(&h->shops, id->text);
    if (shop == NULL || h->stopped)
        return false;
    list_for_each (at, &shop->sinks) {
        struct sink *sink = container_of(at, struct sink, link);
        const struct duty *duty = sink_duty(sink, broadcast->text);
        if (duty != NULL && !sink->endpoint.disabled && duty_owes(duty))
            return true;
    }
    return false;
}

/* ---- from beginning to end ---- */

enum result hooks_create(const struct hooks_config *config, struct hooks **ret)
{
    struct hooks *h = calloc(1, sizeof *h);
    if (h == NULL)
        return RESULT_NO_MEMORY;
    h->config = *config;
    rng_seed(&h->rng, config->seed);
    map_init(&h->shops, HOOKS_SHOPS_MAX);
    list_init(&h->waiting);
    list_init(&h->deliveries);
    list_init(&h->asks);
    list_init(&h->orphans);
    h->soon.fire = soon_fired;
    *ret = h;
    return RESULT_OK;
}

void hooks_stop(struct hooks *h)
{
    if (h != NULL)
        h->stopped = true;
}

static void shop_destroy(struct hooks_shop *shop)
{
    list_for_each (at, &shop->sinks)
        sink_destroy(container_of(at, struct sink, link));
    map_finish(&shop->led);
    free(shop);
}

void hooks_destroy(struct hooks *h)
{
    const char *key = NULL;
    void *shop = NULL;
    if (h == NULL)
        return;
    h->config.clock->stop(h->config.clock, &h->soon);
    for (size_t at = 0; map_next(&h->shops, &at, &key, &shop);)
        shop_destroy(shop);
    map_finish(&h->shops);
    list_for_each (at, &h->orphans)
        duty_free(container_of(at, struct duty, link));
    list_for_each (at, &h->deliveries)
        delivery_free(container_of(at, struct delivery, link));
    hooks_asks_free(h);
    free(h);
}
