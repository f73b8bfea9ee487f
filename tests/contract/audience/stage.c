#include "tests/contract/audience/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "ws/wire/event_codec.h"

/* ---- the clock ---- */

#define CLOCK_STEP_MS 2

int64_t stage_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct running { /* in clock_timer.impl */
    struct list link;
    int64_t due_ms;
};

static struct running *running_of(struct clock_timer *timer) { return (struct running *)(void *)timer->impl; }

static struct stage_clock *clock_of(struct clock *clock) { return container_of(clock, struct stage_clock, clock); }

static int64_t clock_now(struct clock *clock)
{
    const struct stage_clock *c = clock_of(clock);
    return (c->stands_ms != 0 ? c->stands_ms : stage_now_ms()) + c->ahead_ms;
}

static void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
    struct running *r = running_of(timer);
    list_remove(&r->link);
    r->due_ms = clock_now(clock) + delay_ms;
    list_push_back(&clock_of(clock)->running, &r->link);
}

static void clock_stop(struct clock *clock, struct clock_timer *timer)
{
    (void)clock;
    list_remove(&running_of(timer)->link);
}

static void on_clock(uv_timer_t *uv_timer)
{
    struct stage_clock *c = uv_timer->data;
    struct list due;
    list_init(&due);
    list_for_each (at, &c->running) {
        if (container_of(at, struct running, link)->due_ms <= clock_now(&c->clock))
            list_move(&due, at);
    }
    while (!list_is_empty(&due)) {
        struct running *r = container_of(due.next, struct running, link);
        struct clock_timer *timer = container_of((void *(*)[8])(void *)r, struct clock_timer, impl);
        list_remove(&r->link);
        timer->fire(timer);
    }
}

static void clock_open(struct stage_clock *c, uv_loop_t *loop)
{
    c->clock = (struct clock){.now_ms = clock_now, .start = clock_start, .stop = clock_stop};
    list_init(&c->running);
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    uv_timer_start(&c->timer, on_clock, CLOCK_STEP_MS, CLOCK_STEP_MS);
}

/* ---- the node ---- */

struct stage_options stage_options_default(void)
{
    struct stage_options options = {.limits = net_limits_default};
    options.limits.admit_per_second_min = options.limits.admit_per_second_max =
        100000;                                   /* tests of crowds say otherwise */
    const char *path = getenv("STAGE_SEND_PATH"); /* CMakeLists.txt runs the suites a second time with it */
    if (path != NULL && strcmp(path, "send") == 0)
        options.limits.send_path = SEND_PATH_SEND;
    return options;
}

static void auth_open(struct stage *s)
{
    char path[] = "/tmp/liveshelf-key-XXXXXX";
    int fd = mkstemp(path);
    struct auth_fault fault;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a key for tests only: 0123456789abcdef", 38), 38);
    close(fd);
    struct auth_config config = {.key_file = path};
    assert_int_equal(auth_create(&config, &s->auth, &fault), RESULT_OK);
    unlink(path);
}

static void server_open(struct stage *s, const struct stage_options *options)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    struct server_fault fault;
    struct server_config config = {
        .loop = &s->loop,
        .clock = &s->clock.clock,
        .store = memory_store(s->node),
        .auth = s->auth,
        .listen = listen,
        .listen_count = 1,
        .listen_fd = -1,
        .allowed_origins = options->origins,
        .web_dir = options->web_dir,
        .limits = options->limits,
    };
    if (server_create(&config, &s->server, &fault) != RESULT_OK)
        fail_msg("%s", fault.text);
}

static bool volumes_of(void *ctx, const struct show_view *show, struct volumes_view *ret)
{
    struct stage *s = ctx;
    s->volumes.broadcast = show->broadcast;
    s->volumes.catalogue = show->catalogue;
    *ret = s->volumes;
    return s->has_volumes;
}

static void told_ledger(void *ctx, const struct shop_id *id, const struct ledger_entry *entry)
{
    (void)ctx;
    (void)id;
    (void)entry;
}

static void told_rewound(void *ctx, const struct shop_id *id)
{
    (void)ctx;
    (void)id;
}

static void told_event(void *ctx, const struct show_view *show, const struct event *event)
{
    (void)ctx;
    (void)show;
    (void)event;
}

static void told_demand(void *ctx, const struct show_view *show)
{
    (void)ctx;
    (void)show;
}

static void core_open(struct stage *s, struct audience *audience)
{
    struct orchestrator_config config = {
        .node = {.text = "n1"},
        .seed = 1,
        .clock = &s->clock.clock,
        .log = memory_log(s->node),
        .inventory = memory_inventory(s->node),
        .ledger = memory_ledger(s->node),
        .store = memory_store(s->node),
        .audience = audience,
        .codec = {.encode = event_encode, .decode = event_decode},
        .observer = &s->observer,
        .limits = orchestrator_limits_default,
    };
    s->observer = (struct orchestrator_observer){.ledger_entry = told_ledger,
                                                 .ledger_rewound = told_rewound,
                                                 .event = told_event,
                                                 .demand = told_demand,
                                                 .volumes = volumes_of,
                                                 .ctx = s};
    assert_int_equal(orchestrator_create(&config, &s->o), RESULT_OK);
    orchestrator_stock_ready(s->o, true);
}

static void quiet(void *ctx, enum log_level level, const char *line, size_t len)
{
    (void)ctx;
    if (level >= LOG_ERROR || getenv("STAGE_LOG") != NULL)
        fprintf(stderr, "%.*s\n", (int)len, line);
}

static void show_begin(struct stage *s);

struct stage *stage_open(const struct stage_options *options)
{
    struct stage_options defaults = stage_options_default();
    struct stage *s = calloc(1, sizeof *s);
    assert_non_null(s);
    options = options == NULL ? &defaults : options;
    log_setup(quiet, NULL, NULL);
    log_level_set(getenv("STAGE_LOG") != NULL ? LOG_DEBUG : LOG_WARN);
    uv_loop_init(&s->loop);
    clock_open(&s->clock, &s->loop);
    struct memory_config memory = {.keeps_history = true};
    s->world = memory_world_create(&memory);
    s->node = memory_attach(s->world, &(struct node_id){.text = "n1"}, &s->clock.clock);
    auth_open(s);
    server_open(s, options);
    core_open(s, options->audience != NULL ? options->audience : server_audience(s->server));
    server_attach(s->server, s->o);
    show_begin(s);
    return s;
}

static void on_server_closed(void *ctx) { ((struct stage *)ctx)->closed = true; }

void stage_close(struct stage *s)
{
    STAGE_UNTIL(s, memory_is_quiet(s->world));
    stage_run_ms(s, 20); /* what was under way is answered */
    server_close(s->server, on_server_closed, s);
    STAGE_UNTIL(s, s->closed);
    memory_detach(s->node); /* the ports first, so that nothing is answered any more */
    orchestrator_destroy(s->o);
    memory_world_destroy(s->world);
    auth_destroy(s->auth);
    uv_close((uv_handle_t *)&s->clock.timer, NULL);
    while (uv_run(&s->loop, UV_RUN_NOWAIT) != 0)
        ;
    assert_int_equal(uv_loop_close(&s->loop), 0);
    free(s);
}

void stage_turn(struct stage *s) { uv_run(&s->loop, UV_RUN_ONCE); }

void stage_timers(struct stage *s) { on_clock(&s->clock.timer); }

void stage_run_ms(struct stage *s, int64_t ms)
{
    for (int64_t end = stage_now_ms() + ms; stage_now_ms() < end;)
        stage_turn(s);
}

char *stage_token(struct stage *s, enum role role, const char *broadcast, const char *sub, int64_t ttl_ms)
{
    struct bytes token = {0};
    int64_t now_ms = s->clock.clock.now_ms(&s->clock.clock);
    struct auth_mint mint = {.role = role,
                             .shop = STAGE_SHOP,
                             .broadcast = broadcast,
                             .sub = sub,
                             .issued_ms = now_ms,
                             .expires_ms = now_ms + ttl_ms};
    assert_int_equal(auth_mint(s->auth, &mint, &token), RESULT_OK);
    size_t len;
    return bytes_take(&token, &len);
}

double stage_metric(const char *sample)
{
    struct bytes all = {0};
    double value = -1;
    size_t len = strlen(sample);
    metric_write_all(&all);
    for (const char *line = all.data; line != NULL && *line != '\0';) {
        if (strncmp(line, sample, len) == 0 && line[len] == ' ')
            value = strtod(line + len, NULL);
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    bytes_finish(&all);
    return value;
}

/* ---- the show ---- */

static const char run_of_show[] =
    "{\"cues\":["
    "{\"id\":\"c1\",\"title\":\"Red "
    "mug\",\"sku\":\"mug-red\",\"slot\":0,\"price\":{\"amount\":990,\"currency\":\"EUR\"},"
    "\"card\":{\"say\":\"Look\",\"must_say\":[\"dishwasher safe\"],\"must_not_say\":[\"unbreakable\"],"
    "\"notes\":\"private words\"},\"viewer_text\":\"Hand-thrown\"},"
    "{\"id\":\"c2\",\"title\":\"Blue "
    "mug\",\"sku\":\"mug-blue\",\"slot\":1,\"price\":{\"amount\":1290,\"currency\":\"EUR\"}}]}";

static const struct shop_id shop = {.text = STAGE_SHOP};
static const struct broadcast_id broadcast = {.text = STAGE_SHOW};
static const struct sku_id red = {.text = "mug-red"};

const struct show_view *stage_show(struct stage *s) { return orchestrator_show(s->o, &shop, &broadcast); }

static void act(struct stage *s, struct command *command)
{
    enum role role = command_is_allowed(command->kind, ROLE_HOST) ? ROLE_HOST : ROLE_INTEGRATOR;
    struct asker asker = {.role = role, .shop = shop, .broadcast = broadcast, .sub = "stage"};
    if (command->kind != COMMAND_CATALOGUE_PUT)
        command->broadcast = broadcast;
    orchestrator_command(s->o, &asker, command);
    command_finish(command);
}

static void on_opened(struct orchestrator_open *open) { open->deadline_ms = -1; }

static void show_await(struct stage *s)
{
    struct orchestrator_open open;
    do { /* until the command that makes it has reached the log */
        open = (struct orchestrator_open){.shop = shop, .broadcast = broadcast, .done = on_opened};
        orchestrator_open(s->o, &open);
        STAGE_UNTIL(s, open.deadline_ms == -1);
    } while (open.result != RESULT_OK);
}

static void catalogue_put(struct stage *s)
{
    struct command put = {.kind = COMMAND_CATALOGUE_PUT, .products_count = 2};
    put.products = calloc(2, sizeof *put.products);
    assert_non_null(put.products);
    put.products[0] = (struct product){.sku = red, .title = "Red mug", .price = {990, "EUR"}};
    put.products[1] = (struct product){.sku = {.text = "mug-blue"}, .title = "Blue mug", .price = {1290, "EUR"}};
    act(s, &put);
}

static void show_begin(struct stage *s)
{
    catalogue_put(s);
    struct command create = {.kind = COMMAND_BROADCAST_CREATE, .details = {.title = "Spring drop", .hold_ms = 300000}};
    act(s, &create);
    show_await(s);
    struct command load = {
        .kind = COMMAND_RUN_LOAD, .document = strdup(run_of_show), .document_len = strlen(run_of_show)};
    act(s, &load);
    STAGE_UNTIL(s, stage_show(s)->broadcast->items_count == 2);
    struct command start = {.kind = COMMAND_START, .force = true};
    act(s, &start);
    STAGE_UNTIL(s, stage_show(s)->broadcast->state == BROADCAST_LIVE);
}

static void act_and_see(struct stage *s, struct command *command)
{
    uint64_t before = stage_show(s)->broadcast->seq;
    act(s, command);
    STAGE_UNTIL(s, stage_show(s)->broadcast->seq > before);
}

void stage_notice(struct stage *s, const char *text)
{
    struct command notice = {.kind = COMMAND_NOTICE};
    snprintf(notice.text, sizeof notice.text, "%s", text);
    act_and_see(s, &notice);
}

void stage_pin(struct stage *s, uint8_t slot)
{
    struct command pin = {.kind = COMMAND_PIN_SET, .slot = slot, .sku = red};
    act_and_see(s, &pin);
}

static int64_t available(struct stage *s)
{
    const struct claim_sku *sku = claims_sku(stage_show(s)->claims, red.text);
    return sku == NULL ? 0 : sku->count.available;
}

void stage_allocate(struct stage *s, int64_t units, const char *ref)
{
    struct command allocate = {.kind = COMMAND_STOCK_ALLOCATE, .sku = red, .units = units};
    int64_t wanted = available(s) + units;
    snprintf(allocate.ref, sizeof allocate.ref, "%s", ref);
    act(s, &allocate);
    STAGE_UNTIL(s, available(s) == wanted);
}

void stage_confirm(struct stage *s, const char *hold, int64_t minor)
{
    struct command confirm = {.kind = COMMAND_HOLD_CONFIRM, .ref = "A-17", .money = {minor, "EUR"}};
    snprintf(confirm.hold.text, sizeof confirm.hold.text, "%s", hold);
    act(s, &confirm);
    STAGE_UNTIL(s, claims_hold(stage_show(s)->claims, hold)->state == HOLD_CONFIRMED);
}

static void volumes_publish(struct stage *s)
{
    const struct show_view *show = stage_show(s);
    struct volumes_view v;
    assert_true(volumes_of(s, show, &v));
    volumes_since(&v, &s->volumes_told);
    s->volumes_told = volumes_mark(&v);
    server_audience(s->server)->publish_volumes(server_audience(s->server), &v);
}

static void stage_volumes_set(struct stage *s, int64_t confirmed)
{
    static struct volume_sku sku;
    static struct volume_point points[100];
    static char ledger_id[32];
    sku = (struct volume_sku){.sku = red, .allocated = 40, .available = 40 - confirmed, .confirmed = confirmed};
    points[confirmed] = (struct volume_point){.ms = 1000 * confirmed, .confirmed = confirmed};
    snprintf(ledger_id, sizeof ledger_id, "1-%lld", (long long)confirmed);
    s->has_volumes = true;
    s->volumes = (struct volumes_view){.as_of_ms = 1000 * confirmed,
                                       .ledger_id = ledger_id,
                                       .skus = &sku,
                                       .skus_count = 1,
                                       .series = points,
                                       .series_count = (size_t)confirmed + 1};
}

void stage_volumes(struct stage *s, int64_t confirmed)
{
    stage_volumes_set(s, confirmed);
    volumes_publish(s);
}

void stage_expect(struct stage *s, uint64_t step, size_t document_len)
{
    static struct fan_point fan[100];
    static struct promise_change changes[100];
    static char document[2 << 20];
    MUST(step > 0 && step < 100 && document_len < sizeof document);
    stage_volumes_set(s, (int64_t)step);
    int head = snprintf(document, sizeof document, "{\"seq\":%llu,\"pad\":\"", (unsigned long long)step);
    size_t len = document_len > (size_t)head + 8 ? document_len - 8 : (size_t)head;
    memset(document + head, 'x', len - (size_t)head);
    len += (size_t)snprintf(document + len, sizeof document - len, "<%llu>\"}", (unsigned long long)step);
    fan[step - 1] = (struct fan_point){.ms = 1000 * (int64_t)step, .firm = (int64_t)step};
    changes[step - 1] =
        (struct promise_change){.seq = step, .ms = 1000 * (int64_t)step, .kind = CHANGE_OPENED, .sku = red};
    s->volumes.estimate = document;
    s->volumes.estimate_len = len;
    s->volumes.estimate_seq = step;
    s->volumes.fan = fan;
    s->volumes.changes = changes;
    s->volumes.fan_count = s->volumes.changes_count = step;
    volumes_publish(s);
}
