/* logistics/board/begin.c - what is believed before a broadcast: written once, as the first entry of its estimate log, and made into
 * an estimator by every node that reads it.
 *
 *   begin_write   the run of show, the shelf with weights, sizes and stock, which plan and which earlier broadcasts count
 *   begin_tally    waits for those, then begins; the ledger is read from its start, so that all nodes fold the same of it */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "core/ports/run_plan.h"
#include "logistics/board/inner.h"

#define HOLD_MS_DEFAULT INT64_C(300000)
#define TAIL_HOURS_DEFAULT 72

/* ---- written ---- */

static void begin_run(struct journal *j, const struct run_of_show *run)
{
    j->u.begun.run = calloc(CUES_MAX, sizeof *j->u.begun.run);
    MUST(j->u.begun.run != NULL);
    j->u.begun.planned_ms = run_plan(run, j->u.begun.run, &j->u.begun.run_count);
}

static void begin_skus(struct journal *j, const struct show_view *view)
{
    const struct broadcast *b = view->broadcast;
    if (b->items_count == 0)
        return;
    j->u.begun.skus = calloc(b->items_count, sizeof *j->u.begun.skus);
    MUST(j->u.begun.skus != NULL);
    j->u.begun.skus_count = b->items_count;
    for (size_t i = 0; i < b->items_count; i++) {
        struct journal_sku *k = &j->u.begun.skus[i];
        const struct claim_sku *stock = claims_sku(view->claims, b->items[i].sku.text);
        const struct product *product = catalogue_find(view->catalogue, b->items[i].sku.text);
        *k = (struct journal_sku){.sku = b->items[i].sku, .available = -1, .grams = b->items[i].weight_g};
        if (stock != NULL && stock->known)
            k->available = stock_to_come(&stock->count);
        if (product != NULL) {
            k->grams = product->weight_g;
            memcpy(k->size_mm, product->size_mm, sizeof k->size_mm);
        }
    }
}

/* The same for the whole of a broadcast, so that estimates move by events alone. */
static uint64_t begin_seed(const struct board_show *s)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    const char *const texts[] = {s->shop->id.text, "/", s->id.text};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (const char *c = texts[i]; *c != '\0'; c++)
            hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    return hash >> 12; /* what a JSON number holds exactly */
}

bool begin_write(struct board_show *s, const struct show_view *view)
{
    const struct board_shop *shop = s->shop;
    struct journal j = {.kind = JOURNAL_BEGUN, .ms = board_now(s->b)};
    if (s->is_asking || !shop->book.is_caught_up)
        return false;
    memcpy(j.by, s->b->config.node.text, sizeof j.by);
    j.u.begun.start_ms = s->start_ms;
    j.u.begun.hold_ms = view->broadcast->details.hold_ms > 0 ? view->broadcast->details.hold_ms : HOLD_MS_DEFAULT;
    j.u.begun.plan_seq = shop->plan == NULL ? 0 : shop->plan->version;
    j.u.begun.shop_seq = s->begun.seq == 0 ? shop->book.head : s->begun.u.begun.shop_seq; /* a new plan: as believed */
    j.u.begun.seed = begin_seed(s);
    memcpy(j.u.begun.ledger_id, view->claims->ledger_id, sizeof j.u.begun.ledger_id);
    begin_run(&j, view->run);
    begin_skus(&j, view);
    s->is_asking = book_write(&s->book, &j, true, lead_written, s);
    journal_finish(&j);
    return s->is_asking;
}

/* ---- believed ---- */

static enum result begin_prior(const struct board_show *s, struct prior **ret)
{
    const struct digest *digests[ESTIMATOR_HISTORY_MAX];
    size_t count = 0;
    for (struct list *link = s->shop->digests.prev; link != &s->shop->digests && count < ESTIMATOR_HISTORY_MAX;
         link = link->prev) {
        const struct shop_digest *d = container_of(link, struct shop_digest, link);
        if (d->seq <= s->begun.u.begun.shop_seq && !ID_EQUAL(d->broadcast, s->id))
            digests[count++] = d->digest;
    }
    for (size_t i = 0; i < count / 2; i++) { /* oldest first */
        const struct digest *swap = digests[i];
        digests[i] = digests[count - 1 - i];
        digests[count - 1 - i] = swap;
    }
    return prior_create(digests, count, ret);
}

static void begin_plan(struct board_show *s)
{
    struct tally *f = &s->tally;
    if (s->shop->plan == NULL)
        return;
    f->plan = calloc(1, sizeof *f->plan);
    MUST(f->plan != NULL);
    enum result result = logistics_plan_copy(f->plan, s->shop->plan);
    MUST(result == RESULT_OK);
}

static void begin_sku(struct board_show *s, const struct journal_sku *from, struct estimator_sku *to)
{
    struct tally_sku *k = tally_sku(&s->tally, from->sku.text, true);
    *to = (struct estimator_sku){.sku = from->sku, .grams = from->grams};
    memcpy(to->size_mm, from->size_mm, sizeof to->size_mm);
    for (size_t i = 0; i < SITES_MAX; i++)
        to->stock[i] = -1;
    k->is_known = true;
    k->available = from->available;
    if (k->available < 0)
        return;
    int64_t split[SITES_MAX];
    stock_split(s, from->sku.text, k->available, split);
    for (size_t i = 0; i < SITES_MAX; i++)
        to->stock[i] = i < stock_sites(s) ? split[i] : 0;
    memcpy(k->told, to->stock, sizeof k->told);
}

static enum result begin_estimator(struct board_show *s, const struct prior *prior)
{
    size_t skus_count = s->begun.u.begun.skus_count, run_count = s->begun.u.begun.run_count;
    struct estimator_sku *skus = calloc(skus_count + 1, sizeof *skus);
    struct planned_pin *run = calloc(run_count + 1, sizeof *run);
    MUST(skus != NULL && run != NULL);
    for (size_t i = 0; i < skus_count; i++)
        begin_sku(s, &s->begun.u.begun.skus[i], &skus[i]);
    for (size_t i = 0; i < run_count; i++)
        run[i] = (struct planned_pin){.t = (double)s->begun.u.begun.run[i].after_ms / 1000.0,
                                      .sku = s->begun.u.begun.run[i].sku};
    uint32_t tail_hours =
        s->tally.plan == NULL || s->tally.plan->tail_hours == 0 ? TAIL_HOURS_DEFAULT : s->tally.plan->tail_hours;
    struct estimator_plan plan = {.planned_s = (double)s->begun.u.begun.planned_ms / 1000.0,
                                  .hold_s = (double)s->begun.u.begun.hold_ms / 1000.0,
                                  .tail_s = 3600.0 * tail_hours,
                                  .skus = skus,
                                  .skus_count = skus_count,
                                  .run = run,
                                  .run_count = run_count,
                                  .logistics = s->tally.plan,
                                  .start_ms = s->start_ms,
                                  .seed = s->begun.u.begun.seed};
    const struct board_config *config = &s->b->config;
    if (config->recorder.begun != NULL)
        config->recorder.begun(config->ctx, &s->id, &plan);
    enum result result = estimator_create(&plan, prior, &s->tally.estimator);
    free(skus);
    free(run);
    return result;
}

void begin_tally(struct board_show *s)
{
    struct board_shop *shop = s->shop;
    struct prior *prior = NULL;
    if (!s->is_on || s->begun.seq == 0 || !s->book.is_caught_up || s->tally.estimator != NULL || s->is_closed)
        return;
    if (!shop->book.is_caught_up)
        return; /* comes back when it is */
    enum result result = begin_prior(s, &prior);
    begin_plan(s);
    if (result == RESULT_OK)
        result = begin_estimator(s, prior);
    prior_destroy(prior);
    MUST(result != RESULT_NO_MEMORY);
    if (result != RESULT_OK) {
        log_error("board.begin", "shop=%s broadcast=%s result=%s it is not estimated", shop->id.text, s->id.text,
                  result_name(result));
        s->is_closed = true;
        return;
    }
    reading_want(s); /* also here from the start: who stood in line, and what was left, before it */
    tally_run(s);
}
