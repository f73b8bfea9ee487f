#include "tests/support/world_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/orchestrator/journeys.h"
#include "ws/wire/event_codec.h"

#define TRACE_KEPT 20000 /* bytes of a quiet trace */

const struct shop_id world_shop_id = {"demo"};
const struct broadcast_id world_broadcast_id = {"spring-drop"};

struct rng *world_rng(struct world *w) { return &w->rng; }
int64_t world_now_ms(const struct world *w) { return w->clock.now_ms - WORLD_START_MS; }
void world_set_faults(struct world *w, const struct world_faults *faults) { w->faults = *faults; }

/* ---- the trace ---- */

PRINTF_LIKE(2, 0) static void trace_append(struct world *w, const char *format, va_list arguments)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, arguments);
    bytes_text(&w->trace, text);
}

void world_line(struct world *w, const char *who, const char *format, ...)
{
    va_list arguments;
    bytes_format(&w->trace, "[%5lld] %-5s ", (long long)world_now_ms(w), who);
    va_start(arguments, format);
    trace_append(w, format, arguments);
    va_end(arguments);
    bytes_text(&w->trace, "\n");
    if (w->config.quiet && w->trace.len > 2 * TRACE_KEPT) {
        size_t cut = w->trace.len - TRACE_KEPT;
        memmove(w->trace.data, w->trace.data + cut, TRACE_KEPT + 1);
        w->trace.len = TRACE_KEPT;
    }
}

void world_forget_trace(struct world *w) { bytes_clear(&w->trace); }

static const char *trace_end(const struct world *w, size_t lines)
{
    const char *at = w->trace.data + w->trace.len;
    for (; at > w->trace.data; at--)
        if (*at == '\n' && lines-- == 0)
            return at + 1;
    return at;
}

void world_fail(struct world *w, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "\n---- the end of the trace ----\n%s", w->trace.len == 0 ? "" : trace_end(w, 60));
    fprintf(stderr, "---- seed %llu, at %lld ms: ", (unsigned long long)w->config.seed, (long long)world_now_ms(w));
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    abort();
}

static void trace_print_as_code(const char *trace)
{
    printf("----\n");
    for (const char *c = trace; *c != '\0'; c++) {
        if (c == trace || c[-1] == '\n')
            printf("\"");
        if (*c == '\n')
            printf("\\n\"\n");
        else
            putchar(*c);
    }
}

void world_expect(struct world *w, const char *trace)
{
    const char *got = w->trace.data == NULL ? "" : w->trace.data;
    if (getenv("WORLD_PRINT") != NULL) {
        trace_print_as_code(got);
        bytes_clear(&w->trace);
        return;
    }
    if (strcmp(got, trace) != 0) {
        fprintf(stderr, "\n---- expected ----\n%s---- got (seed %llu) ----\n%s", trace,
                (unsigned long long)w->config.seed, got);
        abort();
    }
    bytes_clear(&w->trace);
}

void world_print_tally(const struct world *w)
{
    size_t at = 0;
    const char *key;
    void *count;
    while (map_next(&w->tally, &at, &key, &count))
        printf("%6zu %s\n", (size_t)(uintptr_t)count, key);
}

/* ---- faults ---- */

static bool happens(struct world *w, unsigned permille) { return permille > 0 && rng_below(&w->rng, 1000) < permille; }

static void world_fate(void *ctx, const struct memory_delivery *delivery, struct memory_fate *fate)
{
    struct world *w = ctx;
    const struct world_faults *f = &w->faults;
    bool wakes = delivery->channel == MEMORY_LEDGER_WAKE || delivery->channel == MEMORY_LOG_WAKE;
    if (happens(w, f->slow))
        fate->after_ms = (int64_t)rng_below(&w->rng, (uint64_t)f->slow_ms_max + 1);
    if (happens(w, f->slow) && !wakes)
        fate->answer_ms = (int64_t)rng_below(&w->rng, (uint64_t)f->slow_ms_max + 1);
    fate->repeated = happens(w, f->repeated);
    if (wakes)
        return;
    fate->unavailable = happens(w, f->unavailable);
    fate->lost = happens(w, f->lost);
    fate->silent = happens(w, f->silent);
}

/* ---- nodes ---- */

static void observe_entry(void *ctx, const struct shop_id *shop, const struct ledger_entry *entry)
{
    struct world_node *n = ctx;
    n->w->checkpoints += entry->is_checkpoint;
    board_ledger_entry(n->board, shop, entry);
}

static void observe_rewound(void *ctx, const struct shop_id *shop)
{
    board_ledger_rewound(((struct world_node *)ctx)->board, shop);
}

static void observe_event(void *ctx, const struct show_view *show, const struct event *event)
{
    board_event(((struct world_node *)ctx)->board, show, event);
}

static bool observe_volumes(void *ctx, const struct show_view *show, struct volumes_view *ret)
{
    return board_volumes(((struct world_node *)ctx)->board, show, ret);
}

static void node_up(struct world *w, unsigned number)
{
    struct world_node *n = &w->nodes[number - 1];
    struct node_id id;
    snprintf(id.text, sizeof id.text, "n%u", number);
    *n = (struct world_node){.w = w, .number = number, .life = n->life + 1, .lives = true};
    n->memory = memory_attach(w->memory, &id, &w->clock.clock);
    people_audience_init(n);
    world_board_up(n, &id);
    n->observer = (struct orchestrator_observer){.ledger_entry = observe_entry,
                                                 .ledger_rewound = observe_rewound,
                                                 .event = observe_event,
                                                 .volumes = observe_volumes,
                                                 .ctx = n};
    struct orchestrator_config config = {
        .node = id,
        .seed = rng_next(&w->rng),
        .clock = &w->clock.clock,
        .log = memory_log(n->memory),
        .inventory = memory_inventory(n->memory),
        .ledger = memory_ledger(n->memory),
        .store = memory_store(n->memory),
        .audience = &n->audience,
        .codec = {.encode = event_encode, .decode = event_decode},
        .observer = &n->observer,
        .limits = w->config.limits.request_timeout_ms > 0 ? w->config.limits : orchestrator_limits_default,
    };
    enum result result = orchestrator_create(&config, &n->o);
    MUST(result == RESULT_OK);
}

static void node_down(struct world_node *n)
{
    world_board_stop(n);
    memory_detach(n->memory);
    orchestrator_destroy(n->o);
    world_board_down(n);
    people_node_died(n);
    n->lives = n->off = false;
}

bool world_node_lives(const struct world *w, unsigned node) { return w->nodes[node - 1].lives; }

bool world_count(const struct world *w, const struct sku_id *sku, struct stock_count *ret)
{
    return memory_count(w->memory, &world_shop_id, sku, ret);
}

const struct claims *world_claims(const struct world *w, unsigned node)
{
    return &shop_find(w->nodes[node - 1].o, &world_shop_id)->claims;
}

size_t world_checkpoints(const struct world *w) { return w->checkpoints; }

struct orchestrator *world_orchestrator(struct world *w, unsigned node) { return w->nodes[node - 1].o; }

void world_node_die(struct world *w, unsigned node)
{
    MUST(w->nodes[node - 1].lives);
    node_down(&w->nodes[node - 1]);
}

void world_node_start(struct world *w, unsigned node)
{
    MUST(!w->nodes[node - 1].lives);
    node_up(w, node);
}

void world_node_cut(struct world *w, unsigned node, bool off)
{
    struct world_node *n = &w->nodes[node - 1];
    MUST(n->lives);
    n->off = off;
    memory_cut(n->memory, off);
}

bool world_sells(const struct world *w)
{
    bool all = true;
    for (unsigned i = 0; i < w->config.nodes; i++) {
        const struct shop *shop = w->nodes[i].lives ? shop_find(w->nodes[i].o, &world_shop_id) : NULL;
        all = all && (shop == NULL || shop_is_selling(shop));
    }
    return all;
}

void world_corrupt(struct world *w, unsigned node)
{
    struct shop *shop = shop_find(w->nodes[node - 1].o, &world_shop_id);
    struct movement m = {.kind = MOVE_EXPIRED, .hold = {.id = {"nobodys"}, .viewer = {"nobody"}, .lines_count = 1}};
    struct ledger_entry entry = {.ms = w->clock.now_ms, .movements = &m, .movements_count = 1};
    m.hold.state = HOLD_EXPIRED;
    m.hold.lines[0] = (struct line){.sku = {"mug-red"}, .units = 1};
    snprintf(entry.id, sizeof entry.id, "%.40s9", shop->claims.ledger_id); /* between it and the next */
    w->corrupt = true;
    shop->ledger.entry(&shop->ledger, &entry);
    world_settle(w);
}

void world_fail_over(struct world *w, size_t writes, bool vouched)
{
    for (unsigned i = 0; i < w->config.nodes; i++)
        if (w->nodes[i].lives)
            memory_cut(w->nodes[i].memory, true);
    memory_forget(w->memory, writes);
    if (!vouched)
        told_forget_all(w);
    w->forgot = true;
    world_ticked_forget(w);
    w->mending = vouched;
    for (unsigned i = 0; i < w->config.nodes; i++)
        if (w->nodes[i].lives && !w->nodes[i].off)
            memory_cut(w->nodes[i].memory, false);
}

/* ---- time ---- */

bool world_step(struct world *w, int64_t until_ms)
{
    bool fired = fake_clock_step(&w->clock, WORLD_START_MS + until_ms);
    w->mending = w->mending && !world_sells(w);
    world_check(w);
    return fired;
}

void world_run_ms(struct world *w, int64_t ms)
{
    int64_t until_ms = world_now_ms(w) + ms;
    while (world_step(w, until_ms))
        ;
}

void world_settle(struct world *w)
{
    while (world_step(w, world_now_ms(w)))
        ;
}

/* ---- the whole ---- */

static void no_log(void *ctx, enum log_level level, const char *line, size_t len)
{
    (void)ctx;
    (void)level;
    (void)line;
    (void)len;
}

static void world_set_up(struct world *w)
{
    world_do(w, "shop replaces; shop creates spring-drop Spring drop; host loads");
    if (!w->config.draft)
        world_do(w, "host forces");
    world_run_ms(w, 1000); /* the first tick and share are over */
    world_forget_trace(w);
}

struct world *world_open(const struct world_config *config)
{
    struct world *w = calloc(1, sizeof *w);
    MUST(w != NULL);
    log_setup(no_log, NULL, NULL);
    w->config = *config;
    w->config.nodes = config->nodes == 0 ? 1 : config->nodes;
    rng_seed(&w->rng, config->seed);
    fake_clock_init(&w->clock, WORLD_START_MS - 1000);
    map_init(&w->told, 100000);
    map_init(&w->given_back, 100000);
    map_init(&w->recalled, 1000);
    map_init(&w->published, 1000000);
    map_init(&w->torn, 1000);
    map_init(&w->notices, 1000000);
    map_init(&w->acknowledged, 1000000);
    map_init(&w->tally, 1000);
    map_init(&w->ticked, 1000000);
    w->memory =
        memory_world_create(&(struct memory_config){.fate = world_fate, .ctx = w, .keeps_history = config->can_forget});
    for (unsigned i = 1; i <= w->config.nodes; i++)
        node_up(w, i);
    world_set_up(w);
    return w;
}

/* Journeys that lost their way would stay here for ever. */
static void check_nothing_under_way(struct world *w)
{
    if (world_unanswered(w) > 0)
        world_fail(w, "%zu commands were never answered", world_unanswered(w));
    for (unsigned i = 0; i < w->config.nodes; i++) {
        const struct orchestrator *o = w->nodes[i].o;
        if (w->nodes[i].lives && (pool_in_use(&o->journeys) > 0 || o->errands > 0))
            world_fail(w, "node %u: %zu journeys, %zu errands did not end", i + 1, pool_in_use(&o->journeys),
                       o->errands);
    }
}

void world_close(struct world *w)
{
    w->faults = (struct world_faults){0};
    for (unsigned i = 1; i <= w->config.nodes; i++)
        if (w->nodes[i - 1].lives && w->nodes[i - 1].off)
            world_node_cut(w, i, false);
    world_run_ms(w, 20000);
    check_nothing_under_way(w);
    world_check_all(w);
    for (unsigned i = 0; i < w->config.nodes; i++)
        if (w->nodes[i].lives)
            node_down(&w->nodes[i]);
    memory_world_destroy(w->memory);
    told_forget_all(w);
    map_finish(&w->told);
    published_forget_all(w);
    map_finish(&w->tally);
    world_ticked_forget(w);
    map_finish(&w->ticked);
    map_finish(&w->given_back);
    map_finish(&w->recalled);
    bytes_finish(&w->trace);
    MUST(w->clock.count == 0); /* a timer left behind would fire into freed memory */
    fake_clock_finish(&w->clock);
    free(w);
}
