/* tests/support/world_board.c - the board of a node: with ports and a thread that is none, where a world makes estimates; otherwise
 * counting alone. */
#include "tests/support/world_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"
#include "ws/wire/estimate_document.h"
#include "ws/wire/journal_codec.h"

#define COMPUTE_MS 20

struct world_wanted { /* kept open for want of visitors */
    struct orchestrator_open open;
    struct list link;
};

static const struct show_view *board_show(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct world_node *n = ctx;
    return n->o == NULL ? NULL : orchestrator_show(n->o, shop, broadcast);
}

static void board_changed(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct world_node *n = ctx;
    if (n->o != NULL)
        orchestrator_volumes_changed(n->o, shop, broadcast);
}

static void wanted_opened(struct orchestrator_open *open)
{
    struct world_wanted *wanted = container_of(open, struct world_wanted, open);
    list_remove(&wanted->link);
    free(wanted);
}

static void board_wanted(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct world_node *n = ctx;
    struct world_wanted *wanted = calloc(1, sizeof *wanted);
    MUST(wanted != NULL);
    wanted->open = (struct orchestrator_open){.shop = *shop, .broadcast = *broadcast, .done = wanted_opened};
    list_push_back(&n->wanted, &wanted->link);
    orchestrator_open(n->o, &wanted->open);
}

static void board_published(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, uint64_t seq,
                            const char *document, size_t len)
{
    struct world_node *n = ctx;
    (void)shop;
    if (!ID_EQUAL(*broadcast, world_broadcast_id))
        return;
    if (seq <= n->published_seq && !n->w->forgot) /* what a fail-over lost is told anew, from where the log ends */
        world_fail(n->w, "node %u: estimate %llu after %llu", n->number, (unsigned long long)seq,
                   (unsigned long long)n->published_seq);
    if (len == 0 || document[0] != '{')
        world_fail(n->w, "node %u: estimate %llu without a document", n->number, (unsigned long long)seq);
    n->published_seq = seq;
    n->published++;
}

static void board_settled(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, uint64_t seq,
                          const char *document, size_t len)
{
    struct world_node *n = ctx;
    (void)shop;
    (void)broadcast;
    (void)seq;
    (void)document;
    (void)len;
    n->settled++;
}

/* ---- at one tick every node has the same, bit for bit ---- */

struct world_ticked {
    uint64_t fed; /* a hash of all that was fed */
    struct spread units, parcels;
};

static struct world_fold *fold_of(struct world_node *n, const struct broadcast_id *broadcast)
{
    struct world_fold *f = n->folds;
    while (f->broadcast.text[0] != '\0' && !ID_EQUAL(f->broadcast, *broadcast))
        MUST(++f < n->folds + WORLD_FOLDS_MAX);
    f->broadcast = *broadcast;
    return f;
}

static void mix(struct world_fold *f, const void *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        f->fed = (f->fed ^ ((const unsigned char *)data)[i]) * UINT64_C(1099511628211);
}

static void record_begun(void *ctx, const struct broadcast_id *broadcast, const struct estimator_plan *plan)
{
    struct world_fold *f = fold_of(ctx, broadcast);
    f->fed = plan->seed;
    f->plan = plan->logistics == NULL ? 0 : plan->logistics->version;
}

static void record_fed(void *ctx, const struct broadcast_id *broadcast, const struct sale_event *e)
{
    struct world_fold *f = fold_of(ctx, broadcast);
    const char *const texts[] = {e->hold, e->sku, e->buyer};
    mix(f, &e->kind, sizeof e->kind);
    mix(f, &e->t, sizeof e->t);
    mix(f, &e->units, sizeof e->units);
    mix(f, &e->n, sizeof e->n);
    mix(f, &e->site, sizeof e->site);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        mix(f, texts[i] == NULL ? "-" : texts[i], texts[i] == NULL ? 1 : strlen(texts[i]));
}

static void record_ticked(void *ctx, const struct broadcast_id *broadcast, double t)
{
    struct world_node *n = ctx;
    struct world *w = n->w;
    char key[200];
    struct estimate e = {0};
    const struct world_fold *f = fold_of(n, broadcast);
    struct world_ticked now = {.fed = f->fed};
    const struct board_show *s = board_show_find(n->board, &world_shop_id, broadcast);
    enum result result = estimator_estimate(s->tally.estimator, t, &e);
    MUST(result == RESULT_OK);
    now.units = e.loads[0].units;
    now.parcels = e.loads[0].parcels;
    estimate_finish(&e);
    snprintf(key, sizeof key, "%s %llu %.3f", broadcast->text, (unsigned long long)f->plan, t);
    struct world_ticked *before = map_get(&w->ticked, key);
    w->ticks_compared += before != NULL;
    if (before != NULL && memcmp(before, &now, sizeof now) != 0)
        world_fail(w, "node %u has other numbers than another at %s: %.17g, not %.17g", n->number, key, now.units.mean,
                   before->units.mean);
    if (before != NULL || w->forgot) /* what a fail-over lost is folded otherwise afterwards */
        return;
    before = calloc(1, sizeof *before);
    MUST(before != NULL);
    *before = now;
    result = map_set(&w->ticked, key, before);
    MUST(result == RESULT_OK);
}

void world_ticked_forget(struct world *w)
{
    size_t at = 0;
    const char *key;
    void *value;
    while (map_next(&w->ticked, &at, &key, &value))
        free(value);
    map_finish(&w->ticked);
    map_init(&w->ticked, 1000000);
}

size_t world_ticks_compared(const struct world *w) { return w->ticks_compared; }

/* ---- when nothing is wrong ---- */

/* Why not all have the same, in words; NULL: they do. */
static const char *estimates_differ(const struct world *w)
{
    const struct board_show *first = NULL;
    unsigned leading = 0;
    for (unsigned i = 0; i < w->config.nodes; i++) {
        const struct world_node *n = &w->nodes[i];
        const struct board_show *s = n->lives ? board_show_find(n->board, &world_shop_id, &world_broadcast_id) : NULL;
        if (s == NULL)
            continue;
        leading += s->leads;
        if (!tally_is_current(s) || s->estimate_seq != s->tally.done || s->document.seq != s->estimate_seq)
            return "a node is behind";
        first = first == NULL ? s : first;
        if (s->tally.done != first->tally.done || s->document.text.len != first->document.text.len ||
            memcmp(s->document.text.data, first->document.text.data, s->document.text.len) != 0)
            return "two nodes have other documents";
        if (s->told[s->told_count - 1].firm != s->volume.confirmed)
            return "what is firm is not what was confirmed";
    }
    return leading == 1 ? NULL : leading == 0 ? "nobody leads" : "two lead";
}

void world_check_estimates(struct world *w)
{
    const char *why = "";
    for (int ms = 0; w->config.estimates && why != NULL; ms += 50) {
        if (ms > 60000)
            world_fail(w, "estimates: %s", why);
        world_run_ms(w, 50);
        why = estimates_differ(w);
    }
}

/* ---- up and down ---- */

void world_board_up(struct world_node *n, const struct node_id *id)
{
    list_init(&n->wanted);
    fake_work_init(&n->work, &n->w->clock.clock, COMPUTE_MS);
    struct board_config config = {
        .node = *id,
        .seed = n->w->config.seed + n->number * 700,
        .clock = &n->w->clock.clock,
        .log = memory_log(n->memory),
        .ledger = memory_ledger(n->memory),
        .store = memory_store(n->memory),
        .work = &n->work.work,
        .codec = {.encode = journal_encode, .decode = journal_decode},
        .document = estimate_write,
        .show = board_show,
        .listener = {.changed = board_changed,
                     .wanted = board_wanted,
                     .published = board_published,
                     .settled = board_settled},
        .recorder = {.begun = record_begun, .fed = record_fed, .ticked = record_ticked},
        .ctx = n,
        .limits = board_limits_default,
    };
    enum result result = board_create(n->w->config.estimates ? &config : NULL, &n->board);
    MUST(result == RESULT_OK);
}

void world_board_stop(struct world_node *n)
{
    board_stop(n->board);
    fake_work_finish(&n->work);
}

void world_board_down(struct world_node *n)
{
    board_destroy(n->board);
    list_for_each (link, &n->wanted)
        free(container_of(link, struct world_wanted, link));
}

struct board *world_board(struct world *w, unsigned node) { return w->nodes[node - 1].board; }
uint64_t world_published(const struct world *w, unsigned node) { return w->nodes[node - 1].published_seq; }
unsigned world_settled(const struct world *w, unsigned node) { return w->nodes[node - 1].settled; }
