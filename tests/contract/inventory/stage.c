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

static void open_memory(struct stage *s)
{
    fake_clock_init(&s->clock, s->now_ms);
    s->world = memory_world_create(&(struct memory_config){.keeps_history = s->config.keeps_history});
    for (size_t i = 0; i < s->config.nodes; i++) {
        struct stage_node *n = &s->nodes[i];
        struct node_id id = {0};
        snprintf(id.text, sizeof id.text, "n%zu", i);
        n->stage = s;
        n->memory = memory_attach(s->world, &id, &s->clock.clock);
        n->inventory = memory_inventory(n->memory);
        n->log = memory_log(n->memory);
        n->ledger = memory_ledger(n->memory);
        n->store = memory_store(n->memory);
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
    if (s->config.kind == STAGE_MEMORY) {
        MUST(ms >= 0);
        fake_clock_run_until(&s->clock, s->now_ms);
    }
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
        MUST(fake_clock_step(&s->clock, s->now_ms)); /* or it will never come */
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

/* ---- the ledger as text ---- */

struct reading {
    struct ledger_follow follow;
    struct bytes *out;
    bool caught_up;
};

void stage_write_hold(struct bytes *out, const struct hold *h)
{
    bytes_format(out, "%s %s %s %lld %u%s %s %s [%s]", h->id.text, hold_state_name(h->state), h->viewer.text,
                 (long long)h->expires_at_ms, h->extends, h->offer ? " offer" : "", h->broadcast.text, h->currency,
                 h->order);
    for (size_t i = 0; i < h->lines_count; i++)
        bytes_format(out, " %s:%u:%lld:%u", h->lines[i].sku.text, h->lines[i].units, (long long)h->lines[i].unit_minor,
                     h->lines[i].price_version);
}

void stage_write_count(struct bytes *out, const struct stock_count *c)
{
    bytes_format(out, "%s %lld/%lld/%lld of %lld%s limit %u version %lld", c->sku.text, (long long)c->available,
                 (long long)c->held, (long long)c->sold, (long long)c->allocated, c->stopped ? " stopped" : "",
                 c->limit_per_viewer, (long long)c->version);
}

static void write_movement(struct bytes *out, const struct movement *m)
{
    bytes_format(out, "  %s ", movement_kind_name(m->kind));
    if (m->hold.lines_count > 0)
        stage_write_hold(out, &m->hold);
    else
        bytes_format(out, "%s %lld %s %s", m->sku.text, (long long)m->units, m->ref, m->hold.viewer.text);
    bytes_text(out, "\n");
}

static void read_entry(struct ledger_follow *follow, const struct ledger_entry *e)
{
    struct reading *reading = container_of(follow, struct reading, follow);
    bytes_format(reading->out, "at %lld\n", (long long)(e->ms - STAGE_START_MS));
    for (size_t i = 0; i < e->movements_count; i++) {
        MUST(e->movements[i].ms == e->ms);
        write_movement(reading->out, &e->movements[i]);
    }
    for (size_t i = 0; i < e->counts_count; i++) {
        const struct stock_count *c = &e->counts[i];
        MUST(c->available + c->held + c->sold == c->allocated);
        bytes_text(reading->out, "  = ");
        stage_write_count(reading->out, c);
        bytes_text(reading->out, "\n");
    }
}

static void read_to_end(struct ledger_follow *follow)
{
    container_of(follow, struct reading, follow)->caught_up = true;
}

void stage_ledger(struct stage *s, size_t node, const char *shop, struct bytes *out)
{
    struct reading reading = {.out = out, .follow = {.entry = read_entry, .caught_up = read_to_end}};
    struct ledger *ledger = s->nodes[node].ledger;
    snprintf(reading.follow.shop.text, sizeof reading.follow.shop.text, "%s", shop);
    ledger->follow(ledger, &reading.follow);
    MUST(!reading.caught_up);
    stage_run(s, &reading.caught_up);
    ledger->unfollow(ledger, &reading.follow);
}

/* The library's own check: skus, holds, open holds, and a line per breach. */
static void library_check(struct stage *s, const char *shop)
{
    const char *text = redis_server_command(&s->server,
                                            "FCALL_RO ls_check 8 ls:{%s.0}:c ls:{%s.0}:h ls:{%s.0}:x ls:{%s.0}:l "
                                            "ls:{%s.0}:g ls:{%s.0}:w ls:{%s.0}:y ls:{%s.0}:r",
                                            shop, shop, shop, shop, shop, shop, shop, shop);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    if (lines != 3)
        fprintf(stderr, "ls_check: %s", text);
    MUST(lines == 3);
}

void stage_audit(struct stage *s, const char *shop)
{
    library_check(s, shop);
    struct audit_result result;
    struct shop_id id = {0};
    const char *why = NULL;
    snprintf(id.text, sizeof id.text, "%s", shop);
    enum result ran = audit_run(s->server.url, &id, &result, &why);
    if (ran == RESULT_OK && result.differences_total > 0) {
        struct bytes text = {0};
        audit_write(&result, &text);
        fprintf(stderr, "%s", text.data);
    }
    if (ran != RESULT_OK)
        fprintf(stderr, "audit: %s\n", why);
    MUST(ran == RESULT_OK && result.differences_total == 0 && result.entries > 0 && result.skus_count > 0);
    audit_finish(&result);
}
