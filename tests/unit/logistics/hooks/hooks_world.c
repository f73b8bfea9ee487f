#include "tests/unit/logistics/hooks/hooks_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct world w;
const struct shop_id the_shop = {"demo"};

struct world_show *world_show(const char *name)
{
    for (size_t i = 0; i < w.shows_count; i++)
        if (strcmp(w.shows[i].name, name) == 0)
            return &w.shows[i];
    assert_true(w.shows_count < WORLD_SHOWS);
    struct world_show *show = &w.shows[w.shows_count++];
    snprintf(show->name, sizeof show->name, "%s", name);
    return show;
}

static struct broadcast_id id_of(const char *show)
{
    struct broadcast_id id = {0};
    snprintf(id.text, sizeof id.text, "%s", show);
    return id;
}

/* ---- the board ---- */

static bool source_view(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast,
                        struct hook_view *ret)
{
    struct world_show *show = world_show(broadcast->text);
    (void)ctx;
    assert_false(w.telling);
    assert_string_equal(the_shop.text, shop->text);
    *ret = (struct hook_view){.changes = show->changes,
                              .changes_count = show->changes_count,
                              .estimate = show->estimate_seq == 0 ? NULL : show->estimate,
                              .estimate_len = strlen(show->estimate),
                              .estimate_seq = show->estimate_seq,
                              .estimate_ms = show->estimate_ms,
                              .settled = show->settled};
    return !show->away;
}

static void list_tell(size_t node, uint64_t seq)
{
    struct hook_list list = {.endpoints = w.endpoints, .count = w.endpoints_count};
    if (seq > 0)
        list.replay = w.replays[seq - 1];
    w.telling = true;
    if (w.nodes[node].hooks != NULL)
        hooks_listed(w.nodes[node].hooks, &the_shop, seq, &list);
    w.telling = false;
}

static void list_append(const struct hook_replay *replay)
{
    assert_true(w.seq < ARRAY_LEN(w.replays));
    w.replays[w.seq++] = *replay;
    for (size_t i = 0; i < WORLD_NODES; i++)
        list_tell(i, w.seq);
}

struct world_keep {
    struct clock_timer timer;
    struct hooks_keep *keep;
};

static void keep_fired(struct clock_timer *timer)
{
    struct world_keep *k = container_of(timer, struct world_keep, timer);
    struct hooks_keep *keep = k->keep;
    free(k);
    keep->result = w.keeps;
    if (w.conflicts > 0) {
        assert_true(keep->fenced);
        w.conflicts--;
        keep->result = RESULT_CONFLICT;
    }
    if (keep->result == RESULT_OK) {
        memcpy(w.endpoints, keep->list.endpoints, keep->list.count * sizeof w.endpoints[0]);
        w.endpoints_count = keep->list.count;
        list_append(&keep->list.replay);
    }
    keep->done(keep);
}

static void source_keep(void *ctx, struct hooks_keep *keep)
{
    struct world_keep *k = calloc(1, sizeof *k);
    (void)ctx;
    assert_non_null(k);
    k->keep = keep;
    k->timer.fire = keep_fired;
    w.clock.clock.start(&w.clock.clock, &k->timer, 1);
}

static void source_fetch(void *ctx, const struct shop_id *shop)
{
    (void)ctx;
    (void)shop;
    w.fetched++;
}

static bool source_wake(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    (void)ctx;
    (void)shop;
    (void)broadcast;
    return !w.asleep;
}

static void change_write(struct bytes *out, const struct promise_change *change, const struct catalogue *catalogue)
{
    (void)catalogue;
    bytes_format(out, "{\"seq\":%llu,\"sku\":\"%s\"}", (unsigned long long)change->seq, change->sku.text);
}

/* ---- nodes ---- */

static void store_fate(void *ctx, const struct memory_delivery *delivery, struct memory_fate *fate)
{
    (void)ctx;
    fate->silent = w.store_silent && delivery->channel == MEMORY_STORE;
}

void world_node_open(size_t node)
{
    struct world_node *n = &w.nodes[node];
    struct node_id id = {0};
    snprintf(id.text, sizeof id.text, "n%zu", node);
    n->memory = memory_attach(w.memory, &id, &w.clock.clock);
    webhook_recording_init(&n->web);
    struct hooks_config config = {
        .node = id,
        .seed = node + 7,
        .clock = &w.clock.clock,
        .store = memory_store(n->memory),
        .webhook = &n->web.webhook,
        .feed = memory_feed(n->memory),
        .source = {.view = source_view, .keep = source_keep, .fetch = source_fetch, .wake = source_wake},
        .change_write = change_write,
        .limits = w.limits,
    };
    assert_int_equal(RESULT_OK, hooks_create(&config, &n->hooks));
    for (uint64_t seq = w.seq == 0 ? 0 : 1; seq <= w.seq; seq++)
        list_tell(node, seq);
    if (w.seq > 0)
        hooks_listed(n->hooks, &the_shop, 0, NULL);
}

/* As a crash: what is under way is never answered, what was not written is lost. */
void world_node_kill(size_t node)
{
    struct world_node *n = &w.nodes[node];
    hooks_stop(n->hooks);
    memory_detach(n->memory);
    hooks_destroy(n->hooks);
    webhook_recording_finish(&n->web);
    n->hooks = NULL;
    n->memory = NULL;
}

void world_open(void)
{
    memset(&w, 0, sizeof w);
    w.limits = hooks_limits_default;
    fake_clock_init(&w.clock, WORLD_START_MS);
    w.memory = memory_world_create(&(struct memory_config){.fate = store_fate, .silence_ms = 50});
    for (size_t i = 0; i < WORLD_NODES; i++)
        world_node_open(i);
}

void world_close(void)
{
    for (size_t i = 0; i < WORLD_NODES; i++)
        if (w.nodes[i].hooks != NULL)
            world_node_kill(i);
    memory_world_destroy(w.memory);
    fake_clock_finish(&w.clock);
}

/* ---- acts ---- */

void world_put(void) { list_append(&(struct hook_replay){0}); }

void world_list(const char *a, const char *b, const char *c)
{
    const char *names[] = {a, b, c};
    w.endpoints_count = 0;
    for (size_t i = 0; i < ARRAY_LEN(names) && names[i] != NULL; i++) {
        struct hook_endpoint *e = &w.endpoints[w.endpoints_count++];
        *e = (struct hook_endpoint){.types = ALL, .secret = "whsec_c2VjcmV0"};
        snprintf(e->id, sizeof e->id, "%s", names[i]);
        snprintf(e->url, sizeof e->url, "https://%s.example/", names[i]);
    }
    world_put();
}

void world_lead(size_t node, const char *show, bool leads)
{
    struct broadcast_id id = id_of(show);
    w.telling = true;
    hooks_lead(w.nodes[node].hooks, &the_shop, &id, leads);
    w.telling = false;
    world_run(1);
}

static void news(const char *show)
{
    struct broadcast_id id = id_of(show);
    w.telling = true;
    for (size_t i = 0; i < WORLD_NODES; i++)
        if (w.nodes[i].hooks != NULL)
            hooks_news(w.nodes[i].hooks, &the_shop, &id);
    w.telling = false;
    world_run(1);
}

void world_estimate(const char *name)
{
    struct world_show *show = world_show(name);
    show->estimate_seq++;
    show->estimate_ms = w.clock.now_ms;
    snprintf(show->estimate, sizeof show->estimate, "{\"seq\":%llu}", (unsigned long long)show->estimate_seq);
    news(name);
}

void world_change(const char *name, uint64_t seq)
{
    struct world_show *show = world_show(name);
    assert_true(show->changes_count < ARRAY_LEN(show->changes));
    show->changes[show->changes_count++] =
        (struct promise_change){.seq = seq, .ms = w.clock.now_ms, .sku = {"mug-red"}};
    news(name);
}

void world_lose(const char *name, size_t changes, uint64_t estimates)
{
    struct world_show *show = world_show(name);
    assert_true(show->changes_count >= changes && show->estimate_seq >= estimates);
    show->changes_count -= changes;
    show->estimate_seq -= estimates;
    news(name);
}

void world_settle(const char *name)
{
    world_show(name)->settled = true;
    news(name);
}

void world_run(int64_t ms) { fake_clock_run_until(&w.clock, w.clock.now_ms + ms); }

/* ---- looking ---- */

static void url_of(char *ret, size_t size, const char *endpoint)
{
    snprintf(ret, size, "https://%s.example/", endpoint);
}

struct recorded_post *world_post(size_t node, const char *endpoint)
{
    char url[128];
    url_of(url, sizeof url, endpoint);
    struct recorded_post *p = webhook_recording_open(&w.nodes[node].web, url);
    if (p == NULL)
        fail_msg("nothing is under way to %s", endpoint);
    return p;
}

bool world_quiet(size_t node, const char *endpoint)
{
    char url[128];
    url_of(url, sizeof url, endpoint);
    return webhook_recording_open(&w.nodes[node].web, url) == NULL;
}

void world_answer(size_t node, const char *endpoint, int status)
{
    webhook_recording_answer(&w.nodes[node].web, world_post(node, endpoint), status, 0);
    world_run(1);
}

void world_take_all(size_t node, const char *endpoint)
{
    while (!world_quiet(node, endpoint))
        world_answer(node, endpoint, 200);
}

const char *world_told(size_t node, const char *endpoint)
{
    static char text[8192];
    const struct webhook_recording *web = &w.nodes[node].web;
    char url[128];
    size_t len = 0;
    text[0] = '\0';
    url_of(url, sizeof url, endpoint);
    for (size_t i = 0; i < web->count; i++) {
        const char *type = strstr(web->posts[i].body, "\"type\":\"com.liveshelf."), *seq;
        if (strcmp(web->posts[i].url, url) != 0)
            continue;
        assert_non_null(type);
        type = strchr(type + strlen("\"type\":\"com.liveshelf."), '.') + 1;
        seq = strstr(type, "\"seq\":");
        assert_non_null(seq);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.*s %d", len == 0 ? "" : ", ",
                                (int)strcspn(type, "\""), type, atoi(seq + 6));
    }
    return text;
}

bool world_owes(size_t node, const char *show)
{
    struct broadcast_id id = id_of(show);
    return hooks_owe(w.nodes[node].hooks, &the_shop, &id);
}
