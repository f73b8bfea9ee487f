#include "tests/contract/inventory/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t stage_time(void *ctx) { return ((struct stage_node *)ctx)->stage->now_ms; }

static void stage_ready(void *ctx, bool ready, const char *reason)
{
    struct stage_node *n = ctx;
    n->is_ready = ready;
    snprintf(n->reason, sizeof n->reason, "%s", reason);
}

/* ---- memory's clock: its timers never step back, its time does ---- */

static struct clock *timers_of(struct clock *clock)
{
    return &container_of(clock, struct stage, server_clock)->clock.clock;
}
static int64_t server_now_ms(struct clock *clock) { return container_of(clock, struct stage, server_clock)->now_ms; }
static void server_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
    timers_of(clock)->start(timers_of(clock), timer, delay_ms);
}
static void server_stop(struct clock *clock, struct clock_timer *timer)
{
    timers_of(clock)->stop(timers_of(clock), timer);
}

static void open_memory(struct stage *s)
{
    fake_clock_init(&s->clock, s->now_ms);
    s->server_clock = (struct clock){server_now_ms, server_start, server_stop};
    s->world = memory_world_create(&(struct memory_config){.keeps_history = s->config.keeps_history});
    for (size_t i = 0; i < s->config.nodes; i++) {
        struct stage_node *n = &s->nodes[i];
        struct node_id id = {0};
        snprintf(id.text, sizeof id.text, "n%zu", i);
        n->stage = s;
        n->memory = memory_attach(s->world, &id, &s->server_clock);
        n->inventory = memory_inventory(n->memory);
        n->log = memory_log(n->memory);
        n->ledger = memory_ledger(n->memory);
        n->store = memory_store(n->memory);
        n->feed = memory_feed(n->memory);
        n->is_ready = true;
    }
}

static void open_redis_node(struct stage *s, size_t i)
{
    const struct stage_config *c = &s->config;
    struct stage_node *n = &s->nodes[i];
    char url[300];
    snprintf(url, sizeof url, "unix://%s%s", c->login == NULL ? "" : c->login, s->server.socket);
    struct redis_config config = {
        .loop = &s->loop,
        .url = url,
        .durability = c->durability,
        .replicas = c->replicas,
        .queue_max = c->queue_max,
        .feed_entries = c->feed_entries,
        .seed = i + 1,
        .request_ms = c->request_ms == 0 ? STAGE_PATIENCE_MS : c->request_ms,
        .silence_ms = c->silence_ms,
        .connect_ms = c->connect_ms,
        .ready = stage_ready,
        .now_ms = c->redis_clock ? NULL : stage_time,
        .ctx = n,
    };
    snprintf(config.node.text, sizeof config.node.text, "n%zu", i);
    n->stage = s;
    MUST(redis_node_create(&config, &n->redis, NULL) == RESULT_OK);
    n->inventory = redis_inventory(n->redis);
    n->log = redis_log(n->redis);
    n->ledger = redis_ledger(n->redis);
    n->store = redis_store(n->redis);
    n->feed = redis_feed(n->redis);
}

static void open_redis(struct stage *s)
{
    MUST(uv_loop_init(&s->loop) == 0);
    if (s->config.prepare != NULL)
        s->config.prepare(&s->server);
    for (size_t i = 0; i < s->config.nodes; i++)
        open_redis_node(s, i);
    for (size_t i = 0; i < s->config.nodes && !s->config.unready; i++)
        stage_wait_ready(s, i, true);
}

bool stage_open(struct stage *s, const struct stage_config *config)
{
    memset(s, 0, sizeof *s);
    s->config = *config;
    s->now_ms = STAGE_START_MS;
    if (s->config.nodes == 0)
        s->config.nodes = 1;
    if (config->kind == STAGE_MEMORY)
        open_memory(s);
    else if (redis_server_start(&s->server, config->durable))
        open_redis(s);
    else
        return false;
    return true;
}

static void node_closed(void *ctx) { ((struct stage *)ctx)->closing--; }

void stage_close(struct stage *s)
{
    for (size_t i = 0; i < s->config.nodes; i++) {
        memory_detach(s->nodes[i].memory);
        if (s->nodes[i].redis == NULL)
            continue;
        s->closing++;
        redis_node_close(s->nodes[i].redis, node_closed, s);
    }
    if (s->config.kind == STAGE_MEMORY) {
        memory_world_destroy(s->world);
        fake_clock_finish(&s->clock);
        return;
    }
    uv_run(&s->loop, UV_RUN_DEFAULT);
    MUST(s->closing == 0);
    MUST(uv_loop_close(&s->loop) == 0); /* nothing was left on it */
    redis_server_finish(&s->server);
}

void stage_pass(struct stage *s, int64_t ms)
{
    s->now_ms += ms;
    if (s->config.kind == STAGE_MEMORY && ms > 0)
        fake_clock_run_until(&s->clock, s->clock.now_ms + ms);
}

static void out_of_patience(uv_timer_t *timer)
{
    bool it_came = timer == NULL;
    MUST(it_came);
}

static void patience_start(struct stage *s, uv_timer_t *patience)
{
    uv_timer_init(&s->loop, patience);
    uv_timer_start(patience, out_of_patience, STAGE_PATIENCE_MS, 0);
}

static void patience_end(struct stage *s, uv_timer_t *patience)
{
    uv_close((uv_handle_t *)patience, NULL);
    uv_run(&s->loop, UV_RUN_NOWAIT); /* lets go of the timer */
}

/* Turn by turn until *until is `value`. */
static void run_redis(struct stage *s, const bool *until, bool value)
{
    uv_timer_t patience;
    patience_start(s, &patience);
    while (*until != value)
        uv_run(&s->loop, UV_RUN_ONCE);
    patience_end(s, &patience);
}

void stage_wait_reason(struct stage *s, size_t node, const char *part)
{
    uv_timer_t patience;
    patience_start(s, &patience);
    while (s->nodes[node].is_ready || strstr(s->nodes[node].reason, part) == NULL)
        uv_run(&s->loop, UV_RUN_ONCE);
    patience_end(s, &patience);
}

void stage_run(struct stage *s, const bool *until)
{
    if (s->config.kind == STAGE_REDIS)
        run_redis(s, until, true);
    while (!*until)
        MUST(fake_clock_step(&s->clock, s->clock.now_ms)); /* or it will never come */
}

void stage_wait_ready(struct stage *s, size_t node, bool ready)
{
    if (s->config.kind == STAGE_REDIS)
        run_redis(s, &s->nodes[node].is_ready, ready);
}

/* ---- asking ---- */

static size_t open_requests;
static bool all_answered;

static void answered(struct inventory_request *r)
{
    (void)r;
    if (--open_requests == 0)
        all_answered = true;
}

void stage_ask(struct stage *s, size_t node, struct inventory_request *requests, size_t count)
{
    open_requests = count;
    all_answered = count == 0;
    for (size_t i = 0; i < count; i++) {
        requests[i].done = answered;
        s->nodes[node].inventory->ask(s->nodes[node].inventory, &requests[i]);
    }
    MUST(open_requests == count); /* nobody is answered from inside the call */
    stage_run(s, &all_answered);
}
