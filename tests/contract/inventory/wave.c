#include "tests/contract/inventory/wave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stage stage;

void stage_open_redis(const struct stage_config *config)
{
    struct stage_config c = *config;
    c.kind = STAGE_REDIS;
    if (!stage_open(&stage, &c))
        skip();
}

struct inventory_request wave_reserve(const char *name, unsigned number)
{
    struct inventory_request r = {.op = INVENTORY_RESERVE, .shop = {"demo"}, .ttl_ms = 3600000};
    snprintf(r.hold.id.text, sizeof r.hold.id.text, "%s-%u", name, number);
    memcpy(r.hold.viewer.text, "v", 2);
    memcpy(r.hold.currency, "EUR", 4);
    r.hold.lines_count = 1;
    r.hold.lines[0] = (struct line){.sku = {"mug"}, .units = 1, .unit_minor = 990, .price_version = 1};
    return r;
}

void wave_allocate(void)
{
    struct inventory_request r = {
        .op = INVENTORY_ALLOCATE, .shop = {"demo"}, .sku = {"mug"}, .units = WAVE_UNITS, .ref = "po1"};
    do /* a replica that has just come may need a moment more */
        stage_ask(&stage, 0, &r, 1);
    while (r.result == RESULT_NO_ANSWER);
    assert_int_equal(RESULT_OK, r.result);
}

struct stock_count wave_count(void)
{
    struct inventory_request r = {.op = INVENTORY_OPEN, .shop = {"demo"}, .sku = {"mug"}};
    stage_ask(&stage, 0, &r, 1);
    assert_int_equal(RESULT_OK, r.result);
    return r.count;
}

static struct wave *flying;

static void wave_answered(struct inventory_request *r)
{
    (void)r;
    flying->is_done = --flying->open == 0;
}

void wave_ask(struct wave *w)
{
    flying = w;
    w->open = w->count;
    for (size_t i = 0; i < w->count; i++) {
        w->requests[i].done = wave_answered;
        stage.nodes[0].inventory->ask(stage.nodes[0].inventory, &w->requests[i]);
    }
}

void wave_start(struct wave *w, const char *name, size_t count)
{
    *w = (struct wave){.requests = calloc(count, sizeof *w->requests), .count = count};
    assert_non_null(w->requests);
    for (size_t i = 0; i < count; i++)
        w->requests[i] = wave_reserve(name, (unsigned)i);
    wave_ask(w);
}

void wave_end(struct wave *w) { stage_run(&stage, &w->is_done); }

size_t wave_with(const struct wave *w, enum result result)
{
    size_t n = 0;
    for (size_t i = 0; i < w->count; i++)
        n += w->requests[i].result == result;
    return n;
}

void wave_is_held(const struct wave *w)
{
    for (size_t i = 0; i < w->count; i++) {
        assert_int_equal(RESULT_OK, w->requests[i].result);
        assert_true(w->requests[i].answer == INVENTORY_DONE || w->requests[i].answer == INVENTORY_REPLAYED);
        assert_int_equal(HOLD_HELD, w->requests[i].hold.state);
    }
}
