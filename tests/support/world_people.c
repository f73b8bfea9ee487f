#include "tests/support/world_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- people ---- */

struct world_person *world_person(struct world *w, const char *name, enum role role)
{
    for (size_t i = 0; i < w->people_count; i++)
        if (strcmp(w->people[i].name, name) == 0)
            return &w->people[i];
    MUST(w->people_count < WORLD_PEOPLE_MAX);
    struct world_person *p = &w->people[w->people_count++];
    *p = (struct world_person){.w = w, .role = role, .broadcast = world_broadcast_id};
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

void world_person_of(struct world_person *p, const char *broadcast)
{
    MUST(p->conn == 0);
    snprintf(p->broadcast.text, sizeof p->broadcast.text, "%s", broadcast);
}

uint64_t world_seen_seq(const struct world_person *p) { return p->seq; }
const char *world_last_answer(const struct world_person *p) { return p->answer == NULL ? "" : p->answer; }

const struct hold *world_truth(const struct world *w, const struct hold_id *hold)
{
    return memory_hold(w->memory, &world_shop_id, hold);
}

bool world_is_connected(const struct world_person *p) { return p->conn != 0; }
void world_last_hold(const struct world_person *p, struct hold_id *ret) { *ret = p->last_hold; }

static struct ring *ring_of(struct world_node *n, const struct broadcast_id *id)
{
    for (size_t i = 0; i < n->rings_count; i++)
        if (ID_EQUAL(n->rings[i].broadcast, *id))
            return &n->rings[i];
    MUST(n->rings_count < ARRAY_LEN(n->rings));
    struct ring *ring = &n->rings[n->rings_count++];
    *ring = (struct ring){.broadcast = *id, .first = 1};
    return ring;
}

/* "a/2" is viewer a, at another of their screens. */
static struct viewer_id viewer_of(const struct world_person *p)
{
    struct viewer_id viewer = {0};
    memcpy(viewer.text, p->name, strcspn(p->name, "/"));
    return viewer;
}

static struct asker asker_of(const struct world_person *p, uint64_t conn)
{
    struct asker asker = {.conn = conn, .role = p->role, .shop = world_shop_id};
    if (p->role != ROLE_INTEGRATOR) {
        asker.broadcast = p->broadcast;
        asker.viewer = viewer_of(p);
    }
    snprintf(asker.sub, sizeof asker.sub, "%s", p->name);
    asker.has_sub = strchr(p->name, '?') == NULL; /* "host?" came with a token that names nobody */
    return asker;
}

/* ---- coming and going ---- */

static void person_welcome(struct world_person *p)
{
    struct world *w = p->w;
    struct world_node *n = &w->nodes[p->node - 1];
    const struct show_view *show = orchestrator_show(n->o, &world_shop_id, &p->broadcast);
    const struct ring *ring = ring_of(n, &p->broadcast);
    if (show == NULL && w->forgot) { /* read to its end, and then it was seen that history was lost */
        world_line(w, p->name, "not let in: unavailable");
        return;
    }
    if (show == NULL)
        world_fail(w, "%s was let in where nothing is open", p->name);
    if (ring->head != show->broadcast->seq)
        world_fail(w, "node %u published up to %llu and is at %llu", p->node, (unsigned long long)ring->head,
                   (unsigned long long)show->broadcast->seq);
    bool recovers = p->seq > 0 && ID_EQUAL(p->epoch, ring->epoch) && p->seq + 1 >= ring->first && p->seq <= ring->head;
    if (recovers && p->seq < ring->head)
        world_line(w, p->name, "back, %llu missed", (unsigned long long)(ring->head - p->seq));
    else if (recovers)
        world_line(w, p->name, "back");
    else
        world_line(w, p->name, "snapshot at %llu", (unsigned long long)ring->head);
    p->epoch = ring->epoch;
    p->seq = ring->head;
    p->conn = ++w->conns;
    screen_snapshot(p);
    orchestrator_joined(n->o, &world_shop_id, &p->broadcast, p->role);
}

static void person_opened(struct orchestrator_open *open)
{
    struct world_person *p = container_of(open, struct world_person, open);
    p->opening = false;
    if (open->result == RESULT_OK)
        person_welcome(p);
    else
        world_line(p->w, p->name, "not let in: %s", result_name(open->result));
}

void world_come(struct world *w, struct world_person *p, unsigned node)
{
    world_go_away(w, p);
    p->node = node;
    p->opening = true;
    p->open = (struct orchestrator_open){.shop = world_shop_id, .broadcast = p->broadcast, .done = person_opened};
    orchestrator_open(w->nodes[node - 1].o, &p->open);
}

void world_go_away(struct world *w, struct world_person *p)
{
    if (p->opening)
        orchestrator_open_cancel(w->nodes[p->node - 1].o, &p->open);
    if (p->conn != 0)
        orchestrator_left(w->nodes[p->node - 1].o, &world_shop_id, &p->broadcast, p->role);
    p->opening = false;
    p->conn = 0;
}

void people_node_died(struct world_node *n)
{
    struct world *w = n->w;
    for (size_t i = 0; i < w->people_count; i++) {
        struct world_person *p = &w->people[i];
        if (p->node == n->number) {
            p->conn = 0;
            p->opening = false;
        }
    }
    for (size_t i = 0; i < w->asked_count; i++)
        if (w->asked[i].node == n->number)
            w->asked[i].used = false;
}

/* ---- asking ---- */

size_t world_unanswered(const struct world *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->asked_count; i++)
        count += w->asked[i].used;
    return count;
}

void people_asked(struct world *w, uint64_t conn, unsigned node, const struct command *c)
{
    size_t at = 0;
    while (at < w->asked_count && w->asked[at].used)
        at++;
    MUST(at < WORLD_ASKED_MAX);
    w->asked_count = at == w->asked_count ? at + 1 : w->asked_count;
    w->asked[at] = (struct asked){.used = true, .conn = conn, .node = node, .kind = c->kind, .ms = w->clock.now_ms};
    snprintf(w->asked[at].text, sizeof w->asked[at].text, "%.63s", c->kind == COMMAND_NOTICE ? c->text : "");
    memcpy(w->asked[at].re, c->id, sizeof w->asked[at].re);
}

static unsigned any_node(struct world *w)
{
    for (unsigned i = 1; i <= w->config.nodes; i++)
        if (w->nodes[i - 1].lives && !w->nodes[i - 1].off)
            return i;
    return 0;
}

bool world_submit(struct world *w, struct world_person *p, struct command *command)
{
    bool over_http = p->role == ROLE_INTEGRATOR;
    unsigned node = over_http ? any_node(w) : p->node;
    if (over_http ? node == 0 : p->conn == 0) {
        command_finish(command);
        return false;
    }
    p->commands++;
    if (!over_http && command->id[0] == '\0')
        snprintf(command->id, sizeof command->id, "%s-%u", p->name, p->commands);
    if (command->kind == COMMAND_RESERVE) {
        memcpy(command->hold.text, command->id, sizeof command->hold.text);
        p->last_hold = command->hold;
    }
    if (command->kind == COMMAND_RELEASE || command->kind == COMMAND_HOLD_RELEASE) {
        enum result result = map_set(&w->given_back, command->hold.text, w);
        MUST(result == RESULT_OK);
    }
    if (command->kind == COMMAND_RECALL && command->recall == RECALL_CANCEL) {
        enum result result = map_set(&w->recalled, command->sku.text, w);
        MUST(result == RESULT_OK);
    }
    struct asker asker = asker_of(p, over_http ? ++w->conns : p->conn);
    people_asked(w, asker.conn, node, command);
    orchestrator_command(w->nodes[node - 1].o, &asker, command);
    command_finish(command);
    return true;
}

/* ---- what people are sent ---- */

static struct world_node *node_of(struct audience *a) { return container_of(a, struct world_node, audience); }

static const char *all_of(const struct world_node *n)
{
    static const char *const names[] = {"*1", "*2", "*3", "*4", "*5"};
    return n->w->config.nodes == 1 ? "*" : names[n->number - 1];
}

static void told_note(struct world *w, const struct hold *hold)
{
    if (hold->state != HOLD_HELD && hold->state != HOLD_CONFIRMED) {
        free(map_remove(&w->told, hold->id.text));
        return;
    }
    struct told *told = map_get(&w->told, hold->id.text);
    if (told == NULL) {
        told = calloc(1, sizeof *told);
        MUST(told != NULL && map_set(&w->told, hold->id.text, told) == RESULT_OK);
    }
    *told = (struct told){.hold = hold->id,
                          .viewer = hold->viewer,
                          .confirmed = hold->state == HOLD_CONFIRMED || told->confirmed,
                          .expires_at_ms = hold->expires_at_ms,
                          .lines_count = hold->lines_count};
    memcpy(told->lines, hold->lines, hold->lines_count * sizeof hold->lines[0]);
}

void told_forget_all(struct world *w)
{
    size_t at = 0;
    const char *key;
    void *told;
    while (map_next(&w->told, &at, &key, &told))
        free(map_remove(&w->told, key));
}

static struct world_person *person_of_conn(struct world *w, uint64_t conn)
{
    for (size_t i = 0; i < w->people_count; i++)
        if (w->people[i].conn == conn)
            return &w->people[i];
    return NULL;
}

static const char *answer_word(const struct outcome *outcome)
{
    switch (outcome->kind) {
    case OUTCOME_ERROR:
        return error_code_name(outcome->error.code);
    case OUTCOME_OK:
    case OUTCOME_RECALL:
        return "ok";
    case OUTCOME_HOLD:
        return hold_state_name(outcome->hold.state);
    case OUTCOME_WAITLIST:
        return "in line";
    default:
        return "other";
    }
}

/* ---- one history ---- */

static void published_key(char key[256], const struct broadcast *b, uint64_t seq)
{
    snprintf(key, 256, "%s %s %llu", b->id.text, b->epoch.text, (unsigned long long)seq);
}

static void tally(struct world *w, const char *what, const char *which)
{
    char key[128];
    snprintf(key, sizeof key, "%s %s", what, which);
    enum result result = map_set(&w->tally, key, (void *)((uintptr_t)map_get(&w->tally, key) + 1));
    MUST(result == RESULT_OK);
}

static struct published *published_keep(struct map *map, const char *key, const struct published *from)
{
    struct published *kept = malloc(sizeof *kept);
    MUST(kept != NULL);
    *kept = *from;
    free(map_get(map, key));
    enum result result = map_set(map, key, kept);
    MUST(result == RESULT_OK);
    return kept;
}

/* People do not repeat themselves here: a notice that comes twice was appended twice. */
static void check_said_once(struct world *w, const char *text, const char *key)
{
    const char *before = map_get(&w->notices, text);
    if (before != NULL)
        world_fail(w, "the notice '%s' is %s and %s", text, before, key);
    char *kept = text[0] == '\0' ? NULL : strdup(key);
    MUST(kept == NULL || map_set(&w->notices, text, kept) == RESULT_OK);
}

/* Under one epoch and seq every node publishes the same event. After a fail-over a node that never saw what was lost may go
 * on under the old epoch, but not for long: whoever did see it begins a new one (check_torn). */
static void check_published(struct world_node *n, const struct broadcast *b, const struct event *e)
{
    struct world *w = n->w;
    char key[256];
    struct published now = {.node = n->number, .life = n->life};
    published_key(key, b, e->seq);
    snprintf(now.said, sizeof now.said, "%s %lld %s %.63s", event_kind_name(e->kind), (long long)e->ms, e->by,
             e->kind == EVENT_NOTICE ? e->u.notice.text : "");
    const struct published *before = map_get(&w->published, key);
    if (before != NULL && strcmp(before->said, now.said) == 0)
        return;
    if (before != NULL && !w->forgot)
        world_fail(w, "node %u published '%s' as %s, which was '%s'", n->number, now.said, key, before->said);
    if (before != NULL)
        published_keep(&w->torn, b->epoch.text, before);
    published_keep(&w->published, key, &now);
    if (e->kind == EVENT_NOTICE && !w->forgot)
        check_said_once(w, e->u.notice.text, key);
}

static void published_free(struct map *map)
{
    size_t at = 0;
    const char *key;
    void *published;
    while (map_next(map, &at, &key, &published))
        free(published);
    map_finish(map);
}

void published_forget_all(struct world *w)
{
    published_free(&w->published);
    published_free(&w->torn);
    published_free(&w->acknowledged);
    published_free(&w->notices);
}

/* An `ok` with a seq promises that event: looked for when all is quiet (check_acknowledged), since a host whose time is up is
 * told before this node has folded it. */
static void note_acknowledged(struct world_node *n, const struct world_person *p, const struct asked *asked,
                              const struct outcome *outcome)
{
    struct world *w = n->w;
    char key[256];
    const struct show_view *show = p == NULL ? NULL : orchestrator_show(n->o, &world_shop_id, &p->broadcast);
    if (outcome->kind != OUTCOME_OK || outcome->seq == 0 || show == NULL)
        return;
    published_key(key, show->broadcast, outcome->seq);
    free(map_get(&w->acknowledged, key));
    char *text = strdup(asked->text);
    MUST(text != NULL && map_set(&w->acknowledged, key, text) == RESULT_OK);
}

void check_acknowledged(struct world *w)
{
    size_t at = 0;
    const char *key;
    void *text;
    while (map_next(&w->acknowledged, &at, &key, &text)) {
        const struct published *published = map_get(&w->published, key);
        if (published == NULL && !w->forgot)
            world_fail(w, "somebody was told that %s is done, and nothing is there", key);
        if (!w->forgot && strstr(published->said, text) == NULL)
            world_fail(w, "somebody was told that %s is their notice '%s', which is '%s'", key, (const char *)text,
                       published->said);
        free(map_remove(&w->acknowledged, key));
    }
}

/* The oldest: the same may be asked twice before it is answered. */
static struct asked *asked_find(struct world *w, uint64_t conn, const char *re)
{
    struct asked *found = NULL;
    for (size_t i = 0; i < w->asked_count; i++) {
        struct asked *asked = &w->asked[i];
        if (asked->used && asked->conn == conn && strcmp(asked->re, re) == 0 &&
            (found == NULL || asked->ms < found->ms))
            found = asked;
    }
    return found;
}

static void people_send(struct audience *a, uint64_t conn, const struct outcome *outcome)
{
    struct world_node *n = node_of(a);
    struct world *w = n->w;
    struct asked *asked = asked_find(w, conn, outcome->re);
    if (asked == NULL)
        world_fail(w, "an answer to conn %llu re '%s' that nobody waits for", (unsigned long long)conn, outcome->re);
    if (asked->node != n->number || asked->kind != outcome->command)
        world_fail(w, "'%s' answered as %s, on node %u", outcome->re, command_kind_name(outcome->command), n->number);
    asked->used = false;
    if (outcome->kind == OUTCOME_HOLD || outcome->kind == OUTCOME_CONFIRMED)
        told_note(w, &outcome->hold);
    struct world_person *p = person_of_conn(w, conn);
    tally(w, command_kind_name(asked->kind), answer_word(outcome));
    if (p != NULL)
        p->answer = answer_word(outcome);
    note_acknowledged(n, p, asked, outcome);
    tell_outcome(w, p == NULL ? "shop" : p->name, outcome, false);
}

static void people_send_viewer(struct audience *a, const struct shop_id *shop, const struct broadcast_id *broadcast,
                               const struct viewer_id *viewer, const struct outcome *outcome)
{
    struct world_node *n = node_of(a);
    struct world *w = n->w;
    MUST(ID_EQUAL(*shop, world_shop_id) && outcome->re[0] == '\0' && outcome->kind == OUTCOME_HOLD);
    for (size_t i = 0; i < w->people_count; i++) {
        struct world_person *p = &w->people[i];
        struct viewer_id here = viewer_of(p);
        if (p->conn == 0 || p->node != n->number || !ID_EQUAL(here, *viewer) || !ID_EQUAL(p->broadcast, *broadcast))
            continue;
        told_note(w, &outcome->hold);
        tally(w, "pushed", answer_word(outcome));
        tell_outcome(w, p->name, outcome, true);
    }
}

static bool is_watched(const struct world_node *n, const struct broadcast_id *id)
{
    bool watched = false;
    for (size_t i = 0; i < n->w->people_count; i++) {
        const struct world_person *p = &n->w->people[i];
        watched = watched || (p->conn != 0 && p->node == n->number && ID_EQUAL(p->broadcast, *id));
    }
    return watched;
}

static void people_publish(struct audience *a, const struct show_view *show, const struct event *event)
{
    struct world_node *n = node_of(a);
    struct world *w = n->w;
    struct ring *ring = ring_of(n, &show->broadcast->id);
    if (event->seq == 1 && !is_watched(n, &show->broadcast->id))
        ring->head = 0; /* closed for lack of place, and opened again */
    if (event->seq != ring->head + 1)
        world_fail(w, "node %u published %llu after %llu", n->number, (unsigned long long)event->seq,
                   (unsigned long long)ring->head);
    if (event->seq > 1 && !ID_EQUAL(ring->epoch, show->broadcast->epoch))
        world_fail(w, "node %u published %llu of another epoch", n->number, (unsigned long long)event->seq);
    ring->epoch = show->broadcast->epoch;
    ring->head = event->seq;
    check_published(n, show->broadcast, event);
    tally(w, "published", event_kind_name(event->kind));
    for (size_t i = 0; i < w->people_count; i++) {
        struct world_person *p = &w->people[i];
        if (p->conn == 0 || p->node != n->number || !ID_EQUAL(p->broadcast, show->broadcast->id))
            continue;
        if (event->seq != p->seq + 1 || !ID_EQUAL(p->epoch, ring->epoch))
            world_fail(w, "%s has seen %llu and was sent %llu", p->name, (unsigned long long)p->seq,
                       (unsigned long long)event->seq);
        p->seq++;
    }
    tell_event(w, all_of(n), event);
}

static void people_reset(struct audience *a, const struct show_view *show)
{
    struct world_node *n = node_of(a);
    struct world *w = n->w;
    struct ring *ring = ring_of(n, &show->broadcast->id);
    ring->epoch = show->broadcast->epoch;
    ring->head = show->broadcast->seq;
    ring->first = ring->head + 1;
    for (size_t i = 0; i < w->people_count; i++) {
        struct world_person *p = &w->people[i];
        if (p->conn == 0 || p->node != n->number || !ID_EQUAL(p->broadcast, show->broadcast->id))
            continue;
        p->epoch = ring->epoch;
        p->seq = ring->head;
        p->screen.is_told = false;
    }
    tally(w, "published", "snapshot");
    world_line(w, all_of(n), "snapshot at %llu", (unsigned long long)ring->head);
}

static void people_publish_counts(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                  size_t count)
{
    struct world_node *n = node_of(a);
    screens_counts(n, show, skus, count);
    for (size_t i = 0; i < count; i++) {
        const struct claim_sku *sku = claims_sku(show->claims, skus[i].text);
        if (sku != NULL)
            world_line(n->w, all_of(n), "shelf %s %lld free, %lld held, %lld sold%s", skus[i].text,
                       (long long)sku->count.available, (long long)sku->count.held, (long long)sku->count.sold,
                       sku->count.stopped ? ", stopped" : "");
    }
}

static void people_publish_health(struct audience *a, const struct show_view *show)
{
    struct world_node *n = node_of(a);
    world_line(n->w, all_of(n), "selling %s", show->selling_available ? "ok" : "unavailable");
}

static void people_publish_hold_clock(struct audience *a, const struct show_view *show)
{
    struct world_node *n = node_of(a);
    struct claim_clock clock = claims_clock(show->claims, show->broadcast->id.text);
    n->w->paused = true;
    if (clock.frozen_since_ms > 0)
        world_line(n->w, all_of(n), "holds stand still");
    else
        world_line(n->w, all_of(n), "holds go on, %lld later", (long long)clock.stood_ms);
}

static void people_publish_demand(struct audience *a, const struct show_view *show)
{
    (void)a;
    for (size_t i = 0; i < show->demand_count; i++)
        MUST(show->demand[i].refused <= show->demand[i].attempts);
}

static void people_publish_stock(struct audience *a, const struct show_view *show, const struct sku_id *skus,
                                 size_t count)
{
    screens_stock(node_of(a), show, skus, count);
}

static void people_publish_audience(struct audience *a, const struct show_view *show, enum role role)
{
    struct world_node *n = node_of(a);
    screens_audience(n, show, role);
    if (!n->w->config.quiet && role == ROLE_HOST)
        world_line(n->w, all_of(n), "audience %llu", (unsigned long long)show->audience);
}

static void people_publish_lag(struct audience *a, const struct show_view *show)
{
    (void)a;
    MUST(show->lag.p50_ms <= show->lag.p95_ms);
}

static int64_t people_pace_ms(struct audience *a, const struct show_view *show)
{
    (void)a;
    (void)show;
    return 0;
}

static void people_publish_volumes(struct audience *a, const struct volumes_view *v)
{
    struct world_node *n = node_of(a);
    for (size_t i = 0; i < v->skus_count; i++)
        if (v->skus[i].held < 0 || v->skus[i].confirmed < 0)
            world_fail(n->w, "the board of node %u counts %lld held of %s", n->number, (long long)v->skus[i].held,
                       v->skus[i].sku.text);
}

void people_audience_init(struct world_node *n)
{
    n->audience = (struct audience){
        .send = people_send,
        .send_viewer = people_send_viewer,
        .publish = people_publish,
        .publish_stock = people_publish_stock,
        .publish_counts = people_publish_counts,
        .publish_demand = people_publish_demand,
        .publish_audience = people_publish_audience,
        .publish_lag = people_publish_lag,
        .publish_health = people_publish_health,
        .publish_hold_clock = people_publish_hold_clock,
        .publish_volumes = people_publish_volumes,
        .reset = people_reset,
        .pace_ms = people_pace_ms,
    };
}
