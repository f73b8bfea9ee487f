/* core/orchestrator/tick.c - values to the screens: latest wins, at most once per tick and broadcast.
 *
 *   show_mark_...   something changed; the first mark starts the tick
 *   tick_fire       every broadcast with a mark: counts of its changed SKUs, demand, volumes */
#include "core/orchestrator/journeys.h"

#include <stdlib.h>

static void tick_publish(struct show *show);

static void show_mark(struct show *show)
{
    struct orchestrator *o = show->shop->o;
    if (!list_is_linked(&show->changed.link))
        list_push_back(&o->changed, &show->changed.link);
    if (!o->tick_armed)
        o->config.clock->start(o->config.clock, &o->tick, o->config.limits.tick_ms);
    o->tick_armed = true;
}

void show_mark_sku(struct show *show, const struct sku_id *sku)
{
    show_mark(show);
    show->changed.volumes = true;
    if (map_get(&show->changed.marked, sku->text) != NULL)
        return;
    if (show->changed.count == show->changed.capacity) {
        size_t capacity = show->changed.capacity == 0 ? 16 : show->changed.capacity * 2;
        struct sku_id *skus = realloc(show->changed.skus, capacity * sizeof *skus);
        if (skus == NULL)
            return; /* its next change is told */
        show->changed.skus = skus;
        show->changed.capacity = capacity;
    }
    if (map_set(&show->changed.marked, sku->text, show) == RESULT_OK)
        show->changed.skus[show->changed.count++] = *sku;
}

void show_mark_all(struct show *show)
{
    show_mark(show);
    show->changed.volumes = true;
    for (size_t i = 0; i < show->b.items_count; i++)
        show_mark_sku(show, &show->b.items[i].sku);
}

void show_mark_demand(struct show *show)
{
    show_mark(show);
    show->changed.demand = show->changed.volumes = true;
}

void show_mark_volumes(struct show *show)
{
    show_mark(show);
    show->changed.volumes = true;
}

void tick_fire(struct clock_timer *timer)
{
    struct orchestrator *o = container_of(timer, struct orchestrator, tick);
    o->tick_armed = false;
    list_for_each (link, &o->changed) {
        struct show *show = container_of(link, struct show, changed.link);
        list_remove(link);
        if (show_is_ready(show) && show->b.seq > 0)
            tick_publish(show);
        show->changed.count = 0;
        map_finish(&show->changed.marked);
        map_init(&show->changed.marked, SHELF_ITEMS_MAX);
        show->changed.demand = show->changed.volumes = false;
    }
}

static void tick_publish(struct show *show)
{
    struct orchestrator *o = show->shop->o;
    struct audience *audience = o->config.audience;
    const struct orchestrator_observer *observer = o->config.observer;
    const struct show_view *view = show_view(show);
    struct volumes_view volumes;
    metrics_add(METRIC_TICK_PUBLISHES, 1);
    if (show->changed.count > 0) {
        audience->publish_stock(audience, view, show->changed.skus, show->changed.count);
        audience->publish_counts(audience, view, show->changed.skus, show->changed.count);
    }
    if (show->changed.demand) {
        audience->publish_demand(audience, view);
        if (observer != NULL && observer->demand != NULL)
            observer->demand(observer->ctx, view);
    }
    if (show->changed.volumes && show_volumes(show, &volumes)) {
        audience->publish_volumes(audience, &volumes);
        if (volumes.series_count > 0)
            show->volumes_published_ms = volumes.series[volumes.series_count - 1].ms;
    }
}
