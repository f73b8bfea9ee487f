#include "tests/unit/logistics/rules/sale_stream.h"

#include <stdio.h>
#include <string.h>

static double unit(struct stream *s) { return rng_unit(&s->rng); }
static size_t below(struct stream *s, size_t bound) { return (size_t)rng_below(&s->rng, bound); }

static void plan_make(struct stream *s)
{
    struct logistics_plan *p = &s->plan;
    const struct stream_options *o = &s->options;
    *p = (struct logistics_plan){.sites_count = o->sites,
                                 .waves_count = o->waves,
                                 .cartons_count = o->cartons,
                                 .fill_per_mille = 700,
                                 .tail_hours = 72};
    for (size_t i = 0; i < o->sites; i++) {
        snprintf(p->sites[i].id.text, sizeof p->sites[i].id.text, "W%zu", i);
        p->sites[i].share = (uint32_t)(i + 1);
    }
    for (size_t i = 0; i < o->waves; i++) {
        snprintf(p->waves[i].id.text, sizeof p->waves[i].id.text, "w%zu", i);
        p->waves[i].after_end = true;
        p->waves[i].cut_off_ms = (int64_t)(i + 1) * 3600 * 1000;
    }
    for (size_t i = 0; i < o->cartons; i++) {
        uint32_t side = (uint32_t)(150 * (i + 1));
        snprintf(p->cartons[i].id.text, sizeof p->cartons[i].id.text, "C%zu", i);
        p->cartons[i] = (struct logistics_carton){p->cartons[i].id, {side, side, side}, (uint32_t)(3000 * (i + 1)), 80};
    }
}

static void sku_make(struct stream *s, size_t i)
{
    struct estimator_sku *k = &s->skus[i];
    *k = (struct estimator_sku){.grams = 100 + (uint32_t)below(s, 2000), .size_mm = {100, 80, 60}};
    snprintf(k->sku.text, sizeof k->sku.text, "S%zu", i);
    for (size_t site = 0; site < SITES_MAX; site++)
        k->stock[site] = s->options.stock < 0 ? -1 : 0;
    size_t sites = s->options.sites == 0 ? 1 : s->options.sites;
    for (size_t site = 0; s->options.stock > 0 && site < sites; site++)
        k->stock[site] = (int64_t)below(s, (size_t)s->options.stock * 2 / sites + 1);
}

void stream_open(struct stream *s, const struct stream_options *options)
{
    memset(s, 0, sizeof *s);
    s->options = *options;
    rng_seed(&s->rng, options->seed);
    plan_make(s);
    for (size_t i = 0; i < options->skus; i++)
        sku_make(s, i);
    size_t run = options->skus < 200 ? options->skus : 200;
    for (size_t i = 0; i < run; i++)
        s->run[i] = (struct planned_pin){options->planned_s * (double)i / (double)run, s->skus[i].sku};
    s->estimator_plan = (struct estimator_plan){.planned_s = options->planned_s,
                                                .hold_s = options->hold_s,
                                                .tail_s = 259200,
                                                .skus = s->skus,
                                                .skus_count = options->skus,
                                                .run = s->run,
                                                .run_count = run,
                                                .logistics = &s->plan,
                                                .seed = options->seed};
}

static void event_name(struct stream *s, struct sale_event *e, const struct stream_line *line)
{
    snprintf(s->other_text, sizeof s->other_text, "%s", line->hold);
    snprintf(s->sku_text, sizeof s->sku_text, "S%zu", line->sku);
    e->hold = s->other_text;
    e->sku = below(s, 3) == 0 ? NULL : s->sku_text;
    e->units = line->units;
    e->site = line->site;
}

static void hold_begin(struct stream *s, struct sale_event *e)
{
    if (s->lines_count == STREAM_LINES_MAX) {
        *e = (struct sale_event){.kind = SALE_VIEWERS, .t = s->t, .n = 100};
        return;
    }
    struct stream_line *line = &s->lines[s->lines_count];
    snprintf(line->hold, sizeof line->hold, "H%zu", s->lines_count++);
    line->sku = below(s, s->options.skus);
    line->units = s->options.hostile && below(s, 50) == 0 ? 5000 : 1 + (int64_t)below(s, 3);
    line->site = s->options.sites == 0 || below(s, 5) == 0 ? ESTIMATE_ALL : (uint16_t)below(s, s->options.sites);
    line->t = s->t;
    line->state = STREAM_OPEN;
    s->held[line->sku] += line->units;
    e->kind = SALE_HOLD;
    event_name(s, e, line);
    e->sku = s->sku_text;
    snprintf(s->buyer_text, sizeof s->buyer_text, "B%zu", below(s, s->lines_count + 1));
    e->buyer = below(s, 6) == 0 ? NULL : s->buyer_text;
}

static void line_end(struct stream *s, struct stream_line *line)
{
    if (line->state == STREAM_OPEN) {
        s->held[line->sku] -= line->units;
        line->state = STREAM_ENDED;
    }
}

/* Moves a line as the event kind says, whether or not that can be. */
static void line_move(struct stream *s, struct sale_event *e, struct stream_line *line)
{
    event_name(s, e, line);
    switch (e->kind) {
    case SALE_CONFIRM:
        if (line->state <= STREAM_ENDED) {
            line_end(s, line);
            line->state = STREAM_CONFIRMED;
            s->firm[line->sku] += line->units;
        }
        break;
    case SALE_CANCEL:
        e->units = line->units > 1 && below(s, 2) == 0 ? 1 : 0;
        if (line->state == STREAM_CONFIRMED) {
            int64_t units = e->units == 0 ? line->units : e->units;
            s->firm[line->sku] -= units;
            line->units -= units;
            if (line->units == 0)
                line->state = STREAM_GONE;
        }
        break;
    case SALE_SHIP:
        if (line->state == STREAM_CONFIRMED)
            line->state = STREAM_SHIPPED;
        break;
    case SALE_RETURN:
        if (line->state == STREAM_CONFIRMED || line->state == STREAM_SHIPPED)
            line->state = STREAM_GONE;
        break;
    case SALE_EXTEND:
        break;
    default:
        line_end(s, line);
    }
}

static enum sale_kind kind_pick(struct stream *s)
{
    static const enum sale_kind usual[] = {SALE_CONFIRM, SALE_CONFIRM, SALE_CONFIRM, SALE_CONFIRM, SALE_CONFIRM,
                                           SALE_RELEASE, SALE_EXPIRE,  SALE_EXPIRE,  SALE_EXTEND,  SALE_CANCEL};
    static const enum sale_kind hostile[] = {SALE_CANCEL, SALE_SHIP,    SALE_RETURN,
                                             SALE_EXTEND, SALE_CONFIRM, SALE_RELEASE};
    bool is_hostile = s->options.hostile && below(s, 3) == 0;
    enum sale_kind kind = is_hostile ? hostile[below(s, sizeof hostile / sizeof *hostile)]
                                     : usual[below(s, sizeof usual / sizeof *usual)];
    return s->options.never_cancels && (kind == SALE_CANCEL || kind == SALE_RETURN) ? SALE_CONFIRM : kind;
}

/* What is nobody's line, or changes the shelf. */
static void event_odd(struct stream *s, struct sale_event *e)
{
    static const enum sale_kind kinds[] = {SALE_VIEWERS, SALE_VIEWERS, SALE_PIN, SALE_PIN, SALE_WAIT, SALE_LEAVE};
    e->kind = kinds[below(s, sizeof kinds / sizeof *kinds)];
    snprintf(s->sku_text, sizeof s->sku_text, "S%zu", below(s, s->options.skus));
    e->sku = s->sku_text;
    e->n = (int64_t)below(s, 3000);
    if (!s->options.hostile || below(s, 4) != 0)
        return;
    e->kind = below(s, 2) == 0 ? SALE_CONFIRM : SALE_CANCEL; /* of a hold that nobody knows */
    e->hold = "nobody";
    e->sku = NULL;
}

void stream_next(struct stream *s, struct sale_event *ret)
{
    s->t += unit(s) * 2 * s->options.step_s;
    *ret = (struct sale_event){.t = s->t, .site = ESTIMATE_ALL};
    if (s->options.hostile && below(s, 10) == 0)
        ret->t -= 100 * unit(s); /* a clock that went back */
    size_t dice = below(s, 10);
    if (dice < 4 || s->lines_count == 0) {
        hold_begin(s, ret);
    } else if (dice < 8) {
        size_t recent = s->lines_count < 40 ? s->lines_count : 40;
        ret->kind = kind_pick(s);
        line_move(s, ret, &s->lines[s->lines_count - 1 - below(s, recent)]);
    } else {
        event_odd(s, ret);
    }
}

void stream_end(struct stream *s, struct sale_event *ret)
{
    s->ended = true;
    *ret = (struct sale_event){.kind = SALE_END, .t = s->t};
}
