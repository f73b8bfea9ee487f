/* logistics/board/publish.c - from the newest tick to what every planner sees.
 *
 *   publish_check     the leader's, of a tick that is done here and the last in the log
 *     compute_run       on another thread, on a frozen copy
 *     compute_done      the document
 *       put_done          is in the store, under its tick's seq
 *         append_done       and its summary in the log: only now it is published
 *   publish_seen      a summary came: of our own document, or
 *     publish_fetch     of one that is fetched; until then the former stays, with its age
 *
 * Somebody who no longer leads finds the head of the log taken, and what it made is dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "logistics/board/inner.h"

#define AWAY_MS 1000               /* after the store or the log could not be asked */
#define KEPT_MS_MIN INT64_C(60000) /* a document in the store: so long, and for so many periods */
#define KEPT_PERIODS 6
#define FETCH_AGAIN_MS 1000
#define FETCH_AGAIN_MS_MAX 30000
#define FETCH_ATTEMPTS_MAX 10 /* of the last document of all; of any other a newer one comes */

static void compute_run(struct work_job *job);
static void compute_done(struct work_job *job);
static void put_start(struct board_show *s);
static void put_done(struct store_request *put);
static void append_start(struct board_show *s);
static void append_done(struct book_wish *wish);
static bool append_again(struct board_show *s);
static void fetch_done(struct store_request *get);

void document_key(char *key, size_t size, const char *kind, const struct board_show *s, uint64_t seq)
{
    snprintf(key, size, "%s/%s/%llu", kind, s->id.text, (unsigned long long)seq);
}

static void document_take(struct document *to, struct document *from)
{
    bytes_finish(&to->text);
    *to = *from;
    *from = (struct document){0};
}

/* ---- computed ---- */

void publish_check(struct board_show *s)
{
    struct computing *c = &s->computing;
    struct tally *f = &s->tally;
    uint64_t wanted = s->settled_seq > 0 ? s->settled_seq : s->last_tick;
    bool is_due = tally_is_current(s) && f->done == wanted && s->estimate_seq < wanted;
    if (s->b->is_stopped || board_now(s->b) < c->wait_until_ms || append_again(s) || !is_due ||
        !id_equal(s->last_by, s->b->config.node.text))
        return;
    *c = (struct computing){.show = s,
                            .job = {.run = compute_run, .done = compute_done},
                            .step = COMPUTE_RUNS,
                            .generation = s->generation,
                            .tick = f->done,
                            .ms = f->done_ms,
                            .started_ms = board_now(s->b),
                            .cut = f->done_cut,
                            .is_last = s->settled_seq > 0,
                            .is_cut = f->is_cut};
    enum result result = estimator_freeze(f->estimator, show_seconds(s, f->done_ms), &c->state);
    MUST(result == RESULT_OK);
    s->b->config.work->start(s->b->config.work, &c->job);
}

static void compute_run(struct work_job *job)
{
    struct computing *c = container_of(job, struct computing, job);
    c->result = estimator_state_estimate(c->state, &c->estimate);
}

void compute_free(struct computing *c)
{
    estimator_state_destroy(c->state);
    estimate_finish(&c->estimate);
    bytes_finish(&c->made.text);
    bytes_finish(&c->put.value);
    c->state = NULL;
    c->step = COMPUTE_IDLE;
}

static void document_make(struct board_show *s, struct computing *c)
{
    const struct show_view *view = s->b->config.show(s->b->config.ctx, &s->shop->id, &s->id);
    char ledger_id[LEDGER_ID_LEN_MAX + 1];
    snprintf(ledger_id, sizeof ledger_id, "%llu-%llu", (unsigned long long)c->cut.ms, (unsigned long long)c->cut.seq);
    struct estimate_names names = {.broadcast = s->id,
                                   .title = view == NULL ? "" : view->broadcast->details.title,
                                   .state = view == NULL ? BROADCAST_LIVE : view->broadcast->state,
                                   .seq = c->tick,
                                   .as_of_ms = c->ms,
                                   .ledger_id = ledger_id,
                                   .start_ms = s->start_ms,
                                   .end_ms = s->end_ms,
                                   .plan = s->tally.plan,
                                   .catalogue = view == NULL ? NULL : view->catalogue};
    if (c->is_last)
        names.state = BROADCAST_SETTLED;
    s->b->config.document(&c->made.text, &c->estimate, &names);
    c->made.seq = c->tick;
    c->made.ms = c->ms;
}

static void entry_make(struct board_show *s, struct computing *c)
{
    c->entry = (struct journal){.kind = JOURNAL_ESTIMATE, .ms = board_now(s->b)};
    memcpy(c->entry.by, s->b->config.node.text, sizeof c->entry.by);
    c->entry.u.estimate.tick = c->tick;
    c->entry.u.estimate.as_of_ms = c->ms;
    for (size_t i = 0; i < c->estimate.skus_count; i++)
        c->entry.u.estimate.firm += c->estimate.skus[i].firm;
    if (c->estimate.loads_count > 0) {
        c->entry.u.estimate.units = c->estimate.loads[0].units;
        c->entry.u.estimate.parcels = c->estimate.loads[0].parcels;
    }
}

static void compute_done(struct work_job *job)
{
    struct computing *c = container_of(job, struct computing, job);
    struct board_show *s = c->show;
    metric_observe(&board_metrics[BOARD_COMPUTE], (double)(board_now(s->b) - c->started_ms) / 1000.0);
    MUST(c->result != RESULT_NO_MEMORY);
    if (c->result != RESULT_OK || c->generation != s->generation || s->b->is_stopped) {
        compute_free(c);
        publish_check(s);
        return;
    }
    if (c->is_cut)
        c->estimate.flags |= FLAG_HISTORY_CUT;
    document_make(s, c);
    entry_make(s, c);
    if (bytes_result(&c->made.text) != RESULT_OK) {
        log_error("board.document", "shop=%s broadcast=%s seq=%llu too large", s->shop->id.text, s->id.text,
                  (unsigned long long)c->tick);
        compute_free(c);
        return;
    }
    put_start(s);
}

/* A document is put under a number of its own: one that comes too late is read by nobody. */
static void put_start(struct board_show *s)
{
    struct computing *c = &s->computing;
    int64_t kept_ms = KEPT_PERIODS * lead_period_ms(s, c->ms);
    if (kept_ms < KEPT_MS_MIN)
        kept_ms = KEPT_MS_MIN;
    c->step = COMPUTE_PUTS;
    c->put = (struct store_request){.op = STORE_PUT,
                                    .shop = s->shop->id,
                                    .ttl_ms = c->is_last ? ESTIMATES_KEPT_YEAR_MS : kept_ms,
                                    .done = put_done};
    document_key(c->put.key, sizeof c->put.key, "estimate", s, c->tick);
    bytes_append(&c->put.value, c->made.text.data, c->made.text.len);
    s->b->config.store->ask(s->b->config.store, &c->put);
}

static void put_done(struct store_request *put)
{
    struct computing *c = container_of(put, struct computing, put);
    struct board_show *s = c->show;
    if (put->result != RESULT_OK || c->generation != s->generation) {
        c->wait_until_ms = put->result == RESULT_OK ? 0 : board_now(s->b) + AWAY_MS;
        compute_free(c);
        lead_check(s); /* once more, of the newest tick then */
        return;
    }
    append_start(s);
}

/* Something else may have come into the log meanwhile: another node's tick ends it. A newer one of ours does not, since where
 * computing takes longer than a period nothing would be told at all. */
static void append_start(struct board_show *s)
{
    struct computing *c = &s->computing;
    c->step = COMPUTE_APPENDS;
    if (!id_equal(s->last_by, s->b->config.node.text) || c->generation != s->generation || s->estimate_seq >= c->tick ||
        !book_write(&s->book, &c->entry, true, append_done, s))
        compute_free(c);
}

/* publish_seen ends it. Until then each look at the log decides: it may stand there although nobody said so, and what was said
 * to stand there may be lost. */
static void append_done(struct book_wish *wish)
{
    struct board_show *s = wish->ctx;
    struct computing *c = &s->computing;
    if (c->step != COMPUTE_APPENDS)
        return;
    c->step = COMPUTE_WAITS;
    if (wish->result == RESULT_OK)
        return;
    c->wait_until_ms = wish->result == RESULT_CONFLICT ? 0 : board_now(s->b) + AWAY_MS;
    lead_check(s);
}

/* False: there is nothing in the way of the next computation. */
static bool append_again(struct board_show *s)
{
    struct computing *c = &s->computing;
    if (c->step == COMPUTE_WAITS && s->book.is_caught_up && s->book.head >= s->book.written)
        append_start(s);
    return c->step != COMPUTE_IDLE;
}

/* ---- seen ---- */

static void fan_halve(struct board_show *s)
{
    size_t kept = 0;
    for (size_t i = (s->fan_count - 1) % 2; i < s->fan_count; i += 2)
        s->fan[kept++] = s->fan[i];
    s->fan_count = kept;
    s->fan_gap_ms *= 2;
}

/* The newest is always exact; those before it are at least fan_gap_ms apart. */
static void fan_add(struct board_show *s, const struct journal *j)
{
    if (s->fan == NULL)
        s->fan = calloc(FAN_POINTS_MAX, sizeof *s->fan);
    MUST(s->fan != NULL);
    if (s->fan_gap_ms == 0)
        s->fan_gap_ms = COURSE_GAP_MS;
    struct fan_point point = {.ms = j->u.estimate.as_of_ms, .firm = j->u.estimate.firm};
    memcpy(point.q, j->u.estimate.units.q, sizeof point.q);
    size_t n = s->fan_count;
    bool replaces = n >= 2 && s->fan[n - 1].ms - s->fan[n - 2].ms < s->fan_gap_ms;
    if (!replaces && n == FAN_POINTS_MAX)
        fan_halve(s);
    s->fan[replaces ? s->fan_count - 1 : s->fan_count++] = point;
}

static void document_tell(struct board_show *s)
{
    const struct board_listener *to = &s->b->config.listener;
    const struct document *d = &s->document;
    void *ctx = s->b->config.ctx;
    metric_set(&board_metrics[BOARD_NEWEST], (double)d->ms / 1000.0);
    if (d->seq > s->document_told && to->published != NULL)
        to->published(ctx, &s->shop->id, &s->id, d->seq, d->text.data, d->text.len);
    if (d->seq > s->document_told)
        s->document_told = d->seq;
    bool is_last = s->settled_seq > s->settled_told && d->seq >= s->settled_seq;
    if (is_last && to->settled != NULL)
        to->settled(ctx, &s->shop->id, &s->id, d->seq, d->text.data, d->text.len);
    if (is_last)
        s->settled_told = s->settled_seq;
    show_changed(s);
}

void publish_seen(struct board_show *s, const struct journal *j)
{
    struct computing *c = &s->computing;
    bool is_mine = c->step >= COMPUTE_APPENDS && c->tick == j->u.estimate.tick;
    if (j->u.estimate.tick <= s->estimate_seq)
        return;
    fan_add(s, j);
    settle_told(s, j);
    s->estimate_seq = j->u.estimate.tick;
    s->estimate_ms = j->u.estimate.as_of_ms;
    if (is_mine) {
        metric_add(&board_metrics[BOARD_PUBLISHED], 1);
        document_take(&s->document, &c->made);
        compute_free(c);
        document_tell(s);
    } else if (s->book.is_caught_up) {
        publish_fetch(s);
    }
}

/* ---- fetched ---- */

void publish_fetch(struct board_show *s)
{
    struct fetching *f = &s->fetching;
    if (f->is_busy || s->document.seq >= s->estimate_seq || s->b->is_stopped)
        return;
    f->show = s;
    f->is_busy = true;
    f->seq = s->estimate_seq;
    f->ms = s->estimate_ms;
    bytes_finish(&f->get.value);
    f->get = (struct store_request){.op = STORE_GET, .shop = s->shop->id, .done = fetch_done};
    document_key(f->get.key, sizeof f->get.key, "estimate", s, f->seq);
    s->b->config.store->ask(s->b->config.store, &f->get);
}

static void fetch_done(struct store_request *get)
{
    struct fetching *f = container_of(get, struct fetching, get);
    struct board_show *s = f->show;
    f->is_busy = false;
    if (get->result == RESULT_OK && f->seq > s->document.seq) {
        struct document fetched = {.text = get->value, .seq = f->seq, .ms = f->ms};
        get->value = (struct bytes){0};
        document_take(&s->document, &fetched);
        f->attempts = 0;
        document_tell(s);
    }
    if (s->document.seq >= s->estimate_seq)
        return;
    if (get->result == RESULT_OK) { /* a newer one came meanwhile */
        publish_fetch(s);
        return;
    }
    if (get->result == RESULT_NOT_FOUND && s->is_closed && f->attempts >= FETCH_ATTEMPTS_MAX) {
        log_warn("board.document_gone", "shop=%s broadcast=%s seq=%llu its last estimate is no longer kept",
                 s->shop->id.text, s->id.text, (unsigned long long)s->estimate_seq);
        return;
    }
    int64_t wait_ms = FETCH_AGAIN_MS << (f->attempts < 5 ? f->attempts : 5);
    f->attempts++;
    s->b->config.clock->start(s->b->config.clock, &f->again,
                              wait_ms < FETCH_AGAIN_MS_MAX ? wait_ms : FETCH_AGAIN_MS_MAX);
}

void fetch_again(struct clock_timer *timer) { publish_fetch(container_of(timer, struct board_show, fetching.again)); }
