/* tests/sim/replay.c - the log read again while all kinds of things happen to it, from a seed.
 *
 * Hosts act on several nodes; wake-ups come late and in any order, answers are lost, nodes die, are cut off and come back, in every third
 * show the stock and the logs lose their last writes. Meanwhile readers read the broadcast's log again, from any place, are
 * stopped or change their minds. Each must be told each event once, in order, never more than its node knows itself, with the bytes that
 * were published when it was live, and must come to an end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/world_inner.h"
#include "ws/wire/message.h"

#define HOSTS 2
#define READERS 6
#define ACTS 2500
#define SEEDS 6
#define VERSIONS_MAX 4 /* of one event's bytes: more than one only where history was lost */
#define LIVE_MAX 100000

struct live { /* an event as it was published */
    char *bytes[VERSIONS_MAX];
    size_t count;
};
struct reader {
    struct orchestrator_replay ask;
    struct sim *s;
    unsigned node; /* 0: reads nothing */
    uint64_t last, head;
    bool enough;
};
struct sim {
    struct world *w;
    struct rng *rng;
    bool forgets;
    struct world_person *hosts[HOSTS],
        *viewers[WORLD_NODES_MAX]; /* one viewer on each node, so that it follows the show */
    struct reader readers[READERS];
    struct map live; /* "role epoch seq" -> struct live * */
    unsigned said;
    uint64_t compared, ended;
};
static struct sim *now; /* the one under way: publishes find it */
static void (*publish_really)(struct audience *a, const struct show_view *show, const struct event *event);

static uint64_t dice(struct sim *s, uint64_t sides) { return rng_below(s->rng, sides); }

/* ---- what was live ---- */

static void live_key(char *ret, size_t size, enum role role, const struct show_view *show, const struct event *event)
{
    snprintf(ret, size, "%d %s %llu", (int)role, show->broadcast->epoch.text, (unsigned long long)event->seq);
}

static char *written(const struct show_view *show, const struct event *event, enum role role)
{
    struct bytes out = {0};
    size_t len;
    message_event(&out, show, event, role);
    return bytes_take(&out, &len);
}

static bool live_has(const struct live *live, const char *bytes)
{
    for (size_t i = 0; i < live->count; i++)
        if (strcmp(live->bytes[i], bytes) == 0)
            return true;
    return false;
}

static void live_keep(struct sim *s, enum role role, const struct show_view *show, const struct event *event)
{
    char key[160];
    live_key(key, sizeof key, role, show, event);
    struct live *live = map_get(&s->live, key);
    if (live == NULL) {
        live = calloc(1, sizeof *live);
        MUST(live != NULL && map_set(&s->live, key, live) == RESULT_OK);
    }
    char *bytes = written(show, event, role);
    if (live_has(live, bytes)) {
        free(bytes);
        return;
    }
    if (live->count > 0 && !s->forgets)
        world_fail(s->w, "two nodes publish event %llu differently:\n%s\n%s", (unsigned long long)event->seq,
                   live->bytes[0], bytes);
    MUST(live->count < VERSIONS_MAX);
    live->bytes[live->count++] = bytes;
}

/* What hosts are told of a shelf says how the stock is now. */
static bool same_for_all_times(const struct event *event, enum role role)
{
    return role == ROLE_VIEWER || event->kind != EVENT_SHELF;
}

static void publish(struct audience *a, const struct show_view *show, const struct event *event)
{
    for (enum role role = ROLE_VIEWER; role <= ROLE_HOST; role++)
        if (same_for_all_times(event, role))
            live_keep(now, role, show, event);
    publish_really(a, show, event);
}

static void listen_to(struct sim *s, unsigned node)
{
    struct audience *a = &s->w->nodes[node - 1].audience;
    if (a->publish != publish)
        publish_really = a->publish;
    a->publish = publish;
    char name[16];
    snprintf(name, sizeof name, "v%u", node);
    s->viewers[node - 1] = world_person(s->w, name, ROLE_VIEWER);
    if (!world_is_connected(s->viewers[node - 1]))
        world_come(s->w, s->viewers[node - 1], node);
}

/* ---- readers ---- */

static const struct show_view *show_of(struct sim *s, unsigned node)
{
    return orchestrator_show(world_orchestrator(s->w, node), &world_shop_id, &world_broadcast_id);
}

static void compare(struct reader *r, const struct show_view *show, const struct event *event)
{
    struct sim *s = r->s;
    enum role role = r->ask.for_hosts ? ROLE_HOST : ROLE_VIEWER;
    char key[160];
    live_key(key, sizeof key, role, show, event);
    const struct live *live = map_get(&s->live, key);
    if (live == NULL || !same_for_all_times(event, role))
        return; /* before anybody listened, or of no bytes of its own */
    char *bytes = written(show, event, role);
    if (!live_has(live, bytes))
        world_fail(s->w, "event %llu was\n%s\nand is read as\n%s", (unsigned long long)event->seq, live->bytes[0],
                   bytes);
    free(bytes);
    s->compared++;
}

static bool told(struct orchestrator_replay *ask, const struct show_view *show, const struct event *event)
{
    struct reader *r = container_of(ask, struct reader, ask);
    const struct show_view *own = show_of(r->s, r->node);
    if (event->seq != r->last + 1 || show->broadcast->seq != event->seq)
        world_fail(r->s->w, "a reader was told %llu after %llu, at %llu", (unsigned long long)event->seq,
                   (unsigned long long)r->last, (unsigned long long)show->broadcast->seq);
    if (own != NULL && event->seq > own->broadcast->seq)
        world_fail(r->s->w, "a reader knows %llu, its node %llu", (unsigned long long)event->seq,
                   (unsigned long long)own->broadcast->seq);
    r->last = event->seq;
    if (event->kind != EVENT_EPOCH) /* that one is not published: everybody is sent a snapshot */
        compare(r, show, event);
    r->enough = dice(r->s, 400) == 0;
    return !r->enough;
}

static void done(struct orchestrator_replay *ask)
{
    struct reader *r = container_of(ask, struct reader, ask);
    bool whole = ask->result == RESULT_OK && !r->enough;
    if (whole && !r->s->forgets && r->last < r->head)
        world_fail(r->s->w, "a reader was told up to %llu, and its node knew %llu", (unsigned long long)r->last,
                   (unsigned long long)r->head);
    if (ask->result != RESULT_OK && !r->s->forgets)
        world_fail(r->s->w, "a reader ended with %s", result_name(ask->result));
    r->node = 0;
    r->s->ended++;
}

static void read_again(struct sim *s, struct reader *r, unsigned node, bool from_start)
{
    const struct show_view *show = world_node_lives(s->w, node) ? show_of(s, node) : NULL;
    if (show == NULL)
        return;
    r->s = s;
    r->head = show->broadcast->seq;
    r->enough = false;
    r->last = from_start ? 0 : dice(s, r->head + 1);
    r->ask = (struct orchestrator_replay){.shop = world_shop_id,
                                          .broadcast = world_broadcast_id,
                                          .after_seq = r->last,
                                          .for_hosts = dice(s, 2) == 0,
                                          .event = told,
                                          .done = done};
    if (orchestrator_replay(world_orchestrator(s->w, node), &r->ask) != RESULT_OK)
        world_fail(s->w, "a log that is open cannot be read again");
    r->node = node;
}

static void reader_acts(struct sim *s)
{
    struct reader *r = &s->readers[dice(s, READERS)];
    if (r->node == 0) {
        read_again(s, r, 1 + (unsigned)dice(s, s->w->config.nodes), dice(s, 2) == 0);
    } else if (dice(s, 8) == 0) {
        orchestrator_replay_cancel(&r->ask);
        orchestrator_replay_cancel(&r->ask); /* harmless */
        r->node = 0;
    }
}

/* ---- hosts and faults ---- */

static void host_acts(struct sim *s)
{
    static const enum command_kind kinds[] = {COMMAND_PIN_SET,     COMMAND_PIN_CLEAR, COMMAND_CUE_NEXT,
                                              COMMAND_PRICE_SET,   COMMAND_NOTICE,    COMMAND_STOCK_STOP,
                                              COMMAND_STOCK_OPEN,  COMMAND_UNDO,      COMMAND_OFFER_STOP,
                                              COMMAND_OFFER_START, COMMAND_EXTRA_ADD, COMMAND_EXTRA_END};
    struct world_person *host = s->hosts[dice(s, HOSTS)];
    unsigned node = 1 + (unsigned)dice(s, s->w->config.nodes);
    if (!world_is_connected(host) && world_node_lives(s->w, node))
        world_come(s->w, host, node);
    struct command c = {.kind = kinds[dice(s, ARRAY_LEN(kinds))], .slot = (uint8_t)dice(s, 3), .for_ms = 5000};
    c.money = (struct money){.minor = 900 + (int64_t)dice(s, 90), .currency = "EUR"};
    snprintf(c.sku.text, sizeof c.sku.text, "%s", dice(s, 2) == 0 ? "mug-red" : "cap-blue");
    c.extra = (struct extra){.sku = c.sku, .adds_units = 1 + (uint32_t)dice(s, 3), .text = "a gift"};
    snprintf(c.text, sizeof c.text, "word %u", ++s->said);
    world_submit(s->w, host, &c);
}

static void node_dies(struct sim *s, unsigned node)
{
    world_node_die(s->w, node);
    for (size_t i = 0; i < READERS; i++) {
        struct reader *r = &s->readers[i];
        if (r->node != node)
            continue;
        orchestrator_replay_cancel(&r->ask); /* forgotten by its orchestrator: harmless */
        r->node = 0;
    }
}

static void something_breaks(struct sim *s)
{
    unsigned node = 1 + (unsigned)dice(s, s->w->config.nodes);
    uint64_t what = dice(s, 10);
    if (what < 3) {
        struct world_faults faults = {.slow = 300, .slow_ms_max = 1 + (int64_t)dice(s, 900), .lost = 20, .silent = 20};
        world_set_faults(s->w, &faults);
    } else if (what < 6 && world_node_lives(s->w, node)) {
        world_node_cut(s->w, node, dice(s, 2) == 0);
    } else if (what < 8 && world_node_lives(s->w, node)) {
        node_dies(s, node);
    } else if (!world_node_lives(s->w, node)) {
        world_node_start(s->w, node);
        listen_to(s, node);
    } else if (s->forgets && what == 9) {
        world_fail_over(s->w, 1 + (size_t)dice(s, 4), false);
    }
}

static void act(struct sim *s)
{
    uint64_t choice = dice(s, 100);
    if (choice < 60)
        host_acts(s);
    else if (choice < 94)
        reader_acts(s);
    else
        something_breaks(s);
    static const int64_t most_ms[] = {0, 1, 5, 40, 300};
    int64_t until_ms = world_now_ms(s->w) + (int64_t)dice(s, (uint64_t)most_ms[dice(s, ARRAY_LEN(most_ms))] + 1);
    while (world_step(s->w, until_ms))
        ;
}

/* ---- the whole ---- */

static void all_is_well(struct sim *s)
{
    world_set_faults(s->w, &(struct world_faults){0});
    for (unsigned node = 1; node <= s->w->config.nodes; node++) {
        if (!world_node_lives(s->w, node))
            world_node_start(s->w, node);
        world_node_cut(s->w, node, false);
        listen_to(s, node);
    }
    world_run_ms(s->w, 12000);
    world_check_all(s->w);
    for (size_t i = 0; i < READERS; i++)
        if (s->readers[i].node != 0)
            world_fail(s->w, "a reader never came to an end");
}

static void whole_log_is_read(struct sim *s)
{
    for (unsigned node = 1; node <= s->w->config.nodes; node++) {
        struct reader *r = &s->readers[node - 1];
        while (r->last < show_of(s, node)->broadcast->seq || r->enough) { /* until no die stops it */
            read_again(s, r, node, true);
            world_run_ms(s->w, 2000);
        }
    }
}

static void sim_run(uint64_t seed)
{
    struct sim s = {.forgets = seed % 3 == 0};
    struct world_config config = {
        .seed = seed, .nodes = 2 + (unsigned)(seed % 2), .quiet = true, .can_forget = s.forgets};
    config.limits = orchestrator_limits_default;
    config.limits.price_guard_percent = 0;
    s.w = world_open(&config);
    s.rng = world_rng(s.w);
    now = &s;
    map_init(&s.live, LIVE_MAX);
    for (unsigned node = 1; node <= config.nodes; node++)
        listen_to(&s, node);
    s.hosts[0] = world_person(s.w, "host", ROLE_HOST);
    s.hosts[1] = world_person(s.w, "host2", ROLE_HOST);
    for (unsigned i = 1; i <= ACTS; i++) {
        act(&s);
        if (i % 250 == 0)
            all_is_well(&s);
    }
    all_is_well(&s);
    whole_log_is_read(&s);
    printf("seed %llu: %llu readers, %llu events compared, %llu in the log\n", (unsigned long long)seed,
           (unsigned long long)s.ended, (unsigned long long)s.compared,
           (unsigned long long)show_of(&s, 1)->broadcast->seq);
    MUST(s.ended > 50 && s.compared > 1000);
    world_close(s.w);
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&s.live, &at, &key, &value)) {
        struct live *live = value;
        for (size_t i = 0; i < live->count; i++)
            free(live->bytes[i]);
        free(live);
    }
    map_finish(&s.live);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        sim_run(strtoull(argv[1], NULL, 10));
        return 0;
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        sim_run(seed);
    return 0;
}
