/* logistics/board/tally.c - what a tick cuts is fed to the estimator, in one order on every node.
 *
 *   tally_run      as long as ledger and events reach as far as the next tick
 *     tick_do     what it covers of ledger and events, by time, then by source, then in the order of each; actuals; the audience
 *       input_feed
 *
 * Where everything is in the log's order and nothing in that of arrival, two nodes cannot differ. */
#include <stdlib.h>
#include <string.h>

#include "logistics/board/inner.h"

void tally_init(struct tally *f)
{
    *f = (struct tally){0};
    map_init(&f->skus, CATALOGUE_PRODUCTS_MAX);
    list_init(&f->ledger);
    list_init(&f->actuals);
    list_init(&f->ticks);
}

void tally_finish(struct tally *f)
{
    size_t at = 0;
    const char *sku;
    void *value;
    if (f->ledger.next == NULL)
        return;
    while (map_next(&f->skus, &at, &sku, &value))
        free(value);
    map_finish(&f->skus);
    inputs_free(&f->ledger);
    inputs_free(&f->actuals);
    list_for_each (link, &f->ticks)
        free(container_of(link, struct tick, link));
    estimator_destroy(f->estimator);
    if (f->plan != NULL)
        logistics_plan_finish(f->plan);
    free(f->plan);
    *f = (struct tally){0};
}

void tally_feed(struct board_show *s, const struct sale_event *e)
{
    const struct board_config *config = &s->b->config;
    if (config->recorder.fed != NULL)
        config->recorder.fed(config->ctx, &s->id, e);
    enum result result = estimator_feed(s->tally.estimator, e);
    MUST(result != RESULT_NO_MEMORY); /* at a limit the estimate says so */
}

static bool tick_is_covered(const struct board_show *s, const struct tick *tick)
{
    return place_order(tick->cut, s->tally.covered) <= 0 && tick->event_seq <= s->events_seq;
}

/* ---- one input ---- */

/* `grams`: what the shelf says that a unit weighs; 0: it did not. */
static void feed_sku(struct board_show *s, const char *sku, double t, int64_t grams)
{
    struct tally_sku *k = tally_sku(&s->tally, sku, true);
    if (k->is_known)
        return;
    k->is_known = true;
    tally_feed(s, &(struct sale_event){.kind = SALE_SKU, .t = t, .sku = sku, .site = ESTIMATE_ALL, .n = grams});
    if (k->is_stopped)
        tally_feed(s, &(struct sale_event){.kind = SALE_STOP, .t = t, .sku = sku, .site = ESTIMATE_ALL});
    stock_feed(s, sku, t);
}

static void feed_hold(struct board_show *s, const struct input *in, const struct sale_event *like, enum sale_kind kind)
{
    struct tally_sku *k = tally_sku(&s->tally, like->sku, true);
    struct sale_event e = *like;
    feed_sku(s, like->sku, like->t, 0);
    k->held += kind == SALE_HOLD ? in->units : kind == SALE_EXTEND || in->kind == INPUT_RETAKEN ? 0 : -in->units;
    k->firm += kind == SALE_CONFIRM ? in->units : 0;
    e.kind = kind;
    tally_feed(s, &e);
}

static int64_t line_units(const struct board_show *s, const struct sale_event *of)
{
    struct estimator_line line = {0};
    (void)estimator_line(s->tally.estimator, of->hold, of->sku, &line);
    return line.units;
}

/* What the estimator takes away and no more: not what is left of a line that was cancelled already, or has shipped. */
static void feed_cancel(struct board_show *s, const struct sale_event *like)
{
    struct tally_sku *k = like->sku == NULL ? NULL : tally_sku(&s->tally, like->sku, false);
    struct sale_event e = *like;
    e.kind = SALE_CANCEL;
    int64_t before = line_units(s, like);
    tally_feed(s, &e);
    int64_t gone = before - line_units(s, like);
    if (k == NULL || gone == 0)
        return;
    k->firm -= gone;
    stock_feed(s, like->sku, like->t);
}

static void feed_stopped(struct board_show *s, struct tally_sku *k, const char *sku, double t, bool is_stopped)
{
    bool is_new = k->is_stopped != is_stopped;
    k->is_stopped = is_stopped;
    if (k->is_known && is_new)
        tally_feed(s, &(struct sale_event){
                          .kind = is_stopped ? SALE_STOP : SALE_OPEN, .t = t, .sku = sku, .site = ESTIMATE_ALL});
}

static void feed_count(struct board_show *s, const struct input *in, double t)
{
    const char *sku = in->text + in->sku;
    struct tally_sku *k = tally_sku(&s->tally, sku, true);
    k->available = in->units;
    k->before = NULL; /* it is done with */
    feed_stopped(s, k, sku, t, in->is_stopped);
    if (k->is_known)
        stock_feed(s, sku, t);
}

static void feed_as(struct board_show *s, const struct sale_event *like, enum sale_kind kind)
{
    struct sale_event e = *like;
    e.kind = kind;
    tally_feed(s, &e);
}

/* Of a SKU that this broadcast has nothing to do with, a line counts for nothing. */
static void feed_wait(struct board_show *s, const struct sale_event *like, enum sale_kind kind)
{
    const struct tally_sku *k = tally_sku(&s->tally, like->sku, false);
    if (k != NULL && k->is_known)
        feed_as(s, like, kind);
}

static uint16_t site_of(const struct tally *f, const char *site)
{
    for (size_t i = 0; f->plan != NULL && i < f->plan->sites_count; i++)
        if (id_equal(f->plan->sites[i].id.text, site))
            return (uint16_t)i;
    return ESTIMATE_ALL;
}

static const char *text_or_null(const char *text) { return *text == '\0' ? NULL : text; }

static void input_feed(struct board_show *s, const struct input *in)
{
    bool is_actual = in->kind == INPUT_CANCEL || in->kind == INPUT_RETURN || in->kind == INPUT_SHIP;
    const char *last = in->text + in->buyer;
    const struct sale_event e = {.t = show_seconds(s, in->ms),
                                 .hold = text_or_null(in->text),
                                 .sku = text_or_null(in->text + in->sku),
                                 .buyer = is_actual ? NULL : text_or_null(last),
                                 .site = is_actual ? site_of(&s->tally, last) : ESTIMATE_ALL,
                                 .units = in->units};
    static const enum sale_kind holds[] = {
        [INPUT_HOLD] = SALE_HOLD,       [INPUT_CONFIRM] = SALE_CONFIRM, [INPUT_RETAKEN] = SALE_CONFIRM,
        [INPUT_RELEASE] = SALE_RELEASE, [INPUT_EXPIRE] = SALE_EXPIRE,   [INPUT_EXTEND] = SALE_EXTEND};
    switch (in->kind) {
    case INPUT_HOLD:
    case INPUT_CONFIRM:
    case INPUT_RETAKEN:
    case INPUT_RELEASE:
    case INPUT_EXPIRE:
    case INPUT_EXTEND:
        feed_hold(s, in, &e, holds[in->kind]);
        break;
    case INPUT_WAIT:
        feed_wait(s, &e, SALE_WAIT);
        break;
    case INPUT_LEAVE:
        feed_wait(s, &e, SALE_LEAVE);
        break;
    case INPUT_COUNT:
        feed_count(s, in, e.t);
        break;
    case INPUT_PIN:
        feed_sku(s, e.sku, e.t, 0);
        feed_as(s, &e, SALE_PIN);
        break;
    case INPUT_SKU:
        feed_sku(s, e.sku, e.t, in->units);
        break;
    case INPUT_END:
        feed_as(s, &e, SALE_END);
        break;
    case INPUT_CANCEL:
        feed_cancel(s, &e);
        break;
    case INPUT_RETURN:
        feed_as(s, &e, SALE_RETURN);
        break;
    case INPUT_SHIP:
        feed_as(s, &e, SALE_SHIP);
        break;
    }
}

/* ---- one tick ---- */

static struct input *input_first(const struct list *after, const struct list *head, struct place cut)
{
    if (after->next == head)
        return NULL;
    struct input *in = container_of(after->next, struct input, link);
    return place_order(in->at, cut) <= 0 ? in : NULL;
}

/* The next one that `tick` covers; NULL: no more. Of two at the same time the ledger's comes first, then the events'. Actuals come
 * last, by whichever clock: what is cancelled or has shipped was confirmed before. */
static struct input *input_next(const struct board_show *s, const struct tick *tick)
{
    const struct tally *f = &s->tally;
    const struct list *event = f->event == NULL ? &s->events : f->event;
    struct input *of[] = {
        input_first(&f->ledger, &f->ledger, tick->cut),
        input_first(event, &s->events, (struct place){.seq = tick->event_seq}),
    };
    struct input *next = NULL;
    for (size_t i = 0; i < ARRAY_LEN(of); i++)
        if (of[i] != NULL && (next == NULL || of[i]->ms < next->ms))
            next = of[i];
    return next != NULL ? next : input_first(&f->actuals, &f->actuals, (struct place){.seq = tick->seq});
}

static void input_done(struct board_show *s, struct input *in)
{
    bool is_event = in->kind == INPUT_PIN || in->kind == INPUT_SKU || in->kind == INPUT_END;
    if (is_event) {
        s->tally.event = &in->link;
        return;
    }
    s->tally.moves -= in->kind <= INPUT_EXTEND;
    list_remove(&in->link);
    free(in);
}

static void tick_do(struct board_show *s, const struct tick *tick)
{
    struct tally *f = &s->tally;
    struct input *in;
    while ((in = input_next(s, tick)) != NULL) {
        input_feed(s, in);
        input_done(s, in);
    }
    double t = show_seconds(s, tick->ms);
    if (tick->audience >= 0)
        tally_feed(s, &(struct sale_event){.kind = SALE_VIEWERS, .t = t, .n = tick->audience, .site = ESTIMATE_ALL});
    if (tick->is_last)
        tally_feed(s, &(struct sale_event){.kind = SALE_CLOSE, .t = t, .site = ESTIMATE_ALL});
    if (s->b->config.recorder.ticked != NULL)
        s->b->config.recorder.ticked(s->b->config.ctx, &s->id, t);
    f->done = tick->seq;
    f->done_ms = tick->ms;
    f->done_cut = tick->cut;
}

void tally_run(struct board_show *s)
{
    struct tally *f = &s->tally;
    uint64_t done = f->done;
    while (f->estimator != NULL && !f->wants_reading && !list_is_empty(&f->ticks)) {
        struct tick *tick = container_of(f->ticks.next, struct tick, link);
        if (!tick_is_covered(s, tick)) {
            if (f->blocked_ms == 0)
                f->blocked_ms = board_now(s->b);
            break;
        }
        f->blocked_ms = 0;
        list_remove(&tick->link);
        tick_do(s, tick);
        free(tick);
    }
    if (f->done != done && list_is_empty(&f->ticks))
        publish_check(s);
    if (tally_is_current(s) && s->book.is_caught_up && s->shop->book.is_caught_up)
        asks_go_on(&s->asks);
}

bool tally_is_current(const struct board_show *s)
{
    const struct tally *f = &s->tally;
    return f->estimator != NULL && !f->wants_reading && !f->is_reading && list_is_empty(&f->ticks);
}
