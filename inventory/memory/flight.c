#include "inventory/memory/world.h"

#include <stdlib.h>

static void flight_wait(struct flight *f, int64_t ms) { f->node->clock->start(f->node->clock, &f->timer, ms); }

static void flight_silence(struct flight *f)
{
    int64_t ms = f->node->world->config.silence_ms;
    f->stage = FLIGHT_SILENT;
    flight_wait(f, ms == 0 ? MEMORY_SILENCE_MS : ms);
}

static void flight_end(struct flight *f, enum result result)
{
    list_remove(&f->link);
    f->node->world->flights--;
    f->land(f, result);
}

static bool flight_is_cut(const struct flight *f) { return f->node->off || f->cuts != f->node->cuts; }

static void flight_arrive(struct flight *f)
{
    if (f->fate.unavailable || flight_is_cut(f)) {
        flight_end(f, RESULT_UNAVAILABLE);
        return;
    }
    if (f->fate.lost) {
        flight_silence(f);
        return;
    }
    f->arrive(f);
    if (f->fate.repeated && f->channel == MEMORY_STOCK)
        f->arrive(f);
    if (f->fate.silent) {
        flight_silence(f);
    } else {
        f->stage = FLIGHT_BACK;
        flight_wait(f, f->fate.answer_ms);
    }
}

static void flight_fired(struct clock_timer *timer)
{
    struct flight *f = container_of(timer, struct flight, timer);
    if (f->stage == FLIGHT_OUT)
        flight_arrive(f);
    else
        flight_end(f, f->stage == FLIGHT_SILENT || flight_is_cut(f) ? RESULT_NO_ANSWER : RESULT_OK);
}

void flight_start(struct flight *f, struct memory_node *n, enum memory_channel channel, const struct shop_id *shop,
                  size_t count)
{
    const struct memory_config *config = &n->world->config;
    f->node = n;
    f->channel = channel;
    f->cuts = n->cuts;
    f->timer.fire = flight_fired;
    list_push_back(&n->flights, &f->link);
    n->world->flights++;
    struct memory_delivery delivery = {channel, &n->id, shop, count};
    if (config->fate != NULL)
        config->fate(config->ctx, &delivery, &f->fate);
    flight_wait(f, f->fate.after_ms);
}
