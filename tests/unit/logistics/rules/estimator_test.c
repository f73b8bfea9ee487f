#include "logistics/rules/estimator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/prior.h"
#include "tests/unit/logistics/rules/sale_stream.h"
#include "tests/unit/unit.h"

static void feed(struct estimator *e, const struct sale_event *event)
{
    assert_int_equal(estimator_feed(e, event), RESULT_OK);
}

static struct estimator *create(const struct estimator_plan *plan, const struct prior *prior)
{
    struct estimator *e;
    assert_int_equal(estimator_create(plan, prior, &e), RESULT_OK);
    return e;
}

static struct estimate estimate(struct estimator *e, double t)
{
    struct estimate ret;
    assert_int_equal(estimator_estimate(e, t, &ret), RESULT_OK);
    return ret;
}

static bool spread_equal(const struct spread *a, const struct spread *b) { return memcmp(a, b, sizeof *a) == 0; }

static void assert_same(const struct estimate *a, const struct estimate *b)
{
    assert_int_equal(a->skus_count, b->skus_count);
    assert_int_equal(a->cells_count, b->cells_count);
    for (size_t i = 0; i < a->skus_count; i++) {
        assert_true(spread_equal(&a->skus[i].units, &b->skus[i].units));
        assert_memory_equal(a->skus[i].parts, b->skus[i].parts, sizeof a->skus[i].parts);
    }
    for (size_t i = 0; i < a->cells_count; i++)
        assert_true(spread_equal(&a->cells[i].units, &b->cells[i].units));
    assert_true(spread_equal(&a->loads[0].units, &b->loads[0].units));
    assert_true(spread_equal(&a->loads[0].parcels, &b->loads[0].parcels));
    assert_int_equal(a->flags, b->flags);
}

/* ---- what holds of every estimate ---- */

static void assert_spread(const struct spread *s, double floor, double ceiling)
{
    double last = floor;
    assert_true(isfinite(s->mean) && s->mean >= floor - 1e-6 && s->mean <= ceiling + 1e-6);
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++) {
        assert_true(isfinite(s->q[i]) && s->q[i] >= last - 1e-9);
        last = s->q[i];
    }
    assert_true(last <= ceiling + 1e-9);
}

static void assert_sku(const struct stream *s, const struct estimate_sku *sku, size_t i)
{
    bool known = i < s->options.skus;
    double stock = sku->stock < 0 ? INFINITY : (double)(sku->stock > sku->firm ? sku->stock : sku->firm);
    assert_spread(&sku->units, 0, stock);
    assert_int_equal(sku->firm, known ? s->firm[i] : 0);
    assert_int_equal(sku->held, known ? s->held[i] : 0);
    double sum = 0;
    for (size_t part = 0; part < ESTIMATE_PARTS; part++)
        sum += sku->parts[part];
    assert_true(fabs(sum - sku->units.mean) < 1e-6 * (1 + fabs(sum)));
    assert_true(sku->parts[PART_CANCELLED] <= 1e-9 && sku->parts[PART_HOLDS] >= 0 && sku->parts[PART_TAIL] >= 0);
    assert_true(isfinite(sku->lost) && sku->lost >= 0 && isfinite(sku->short_by) && sku->short_by >= 0);
}

/* Means add up over every way of cutting: draws are the same for all. */
static void assert_sums(const struct estimate *e)
{
    double skus = 0, cells = 0, sites = 0, waves = 0, pairs = 0;
    int64_t firm = 0;
    for (size_t i = 0; i < e->skus_count; i++) {
        skus += e->skus[i].units.mean;
        firm += e->skus[i].firm;
    }
    for (size_t i = 0; i < e->cells_count; i++)
        cells += e->cells[i].units.mean;
    for (size_t i = 1; i < e->loads_count; i++) {
        const struct estimate_load *l = &e->loads[i];
        *(l->wave == ESTIMATE_ALL ? &sites : l->site == ESTIMATE_ALL ? &waves : &pairs) += l->units.mean;
    }
    double all = e->loads[0].units.mean, slack = 1e-6 * (1 + all);
    assert_int_equal(e->loads[0].firm, firm);
    assert_true(fabs(skus - all) < slack && fabs(cells - all) < slack);
    assert_true(sites == 0 || fabs(sites - all) < slack);
    assert_true(waves == 0 || fabs(waves - all) < slack);
    assert_true(pairs == 0 || fabs(pairs - all) < slack);
}

static void assert_estimate(const struct stream *s, const struct estimate *e)
{
    for (size_t i = 0; i < e->skus_count; i++)
        assert_sku(s, &e->skus[i], i);
    for (size_t i = 0; i < e->loads_count; i++) {
        assert_spread(&e->loads[i].units, 0, INFINITY);
        assert_spread(&e->loads[i].parcels, 0, INFINITY);
    }
    for (size_t i = 0; i < e->cells_count; i++)
        assert_spread(&e->cells[i].units, 0, INFINITY);
    for (size_t i = 0; i < e->cartons_count; i++)
        assert_spread(&e->cartons[i].count, 0, INFINITY);
    assert_spread(&e->returns, 0, INFINITY);
    double because = 0;
    for (size_t part = 0; part < ESTIMATE_PARTS; part++) {
        assert_true(e->because[part] >= 0);
        because += e->because[part];
    }
    assert_true(fabs(because - 1) < 1e-6);
    assert_sums(e);
}

/* Plays a stream: live, the end, the replay. Estimates are checked on the way, `every` so many events. */
static struct estimator *play(struct stream *s, size_t events, size_t every, const struct prior *prior)
{
    struct estimator *e = create(&s->estimator_plan, prior);
    struct sale_event event;
    for (size_t i = 0; i < events; i++) {
        if (i == events / 2)
            stream_end(s, &event);
        else
            stream_next(s, &event);
        feed(e, &event);
        if (i % every != 0)
            continue;
        struct estimate now = estimate(e, s->t);
        assert_estimate(s, &now);
        estimate_finish(&now);
    }
    return e;
}

static struct stream *stream_of(const struct stream_options *options)
{
    struct stream *s = calloc(1, sizeof *s);
    assert_non_null(s);
    stream_open(s, options);
    return s;
}

static void every_estimate_keeps_its_promises(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct stream_options o = {.seed = seed,
                                   .skus = 1 + seed % 7,
                                   .sites = seed % 4,
                                   .waves = seed % 3,
                                   .cartons = seed % 2 * 3,
                                   .stock = seed % 5 == 0   ? -1
                                            : seed % 5 == 1 ? 0
                                                            : (int64_t)(20 * seed),
                                   .planned_s = 600,
                                   .hold_s = seed % 6 == 0 ? 0.5 : 120,
                                   .step_s = 1 + (double)(seed % 3),
                                   .hostile = seed % 2 == 0};
        struct stream *s = stream_of(&o);
        print_message("seed %u\n", (unsigned)seed);
        estimator_destroy(play(s, 800, 97, NULL));
        free(s);
    }
}

static void two_thousand_skus_are_a_broadcast(void **state)
{
    (void)state;
    struct stream_options o = {
        .seed = 7, .skus = ESTIMATOR_SKUS_MAX, .sites = 2, .stock = 5, .planned_s = 3600, .hold_s = 300, .step_s = 1};
    struct stream *s = stream_of(&o);
    struct estimator *e = play(s, 500, 400, NULL);
    struct sale_event more = {.kind = SALE_SKU, .t = s->t, .sku = "one-too-many"};
    assert_int_equal(estimator_feed(e, &more), RESULT_FULL);
    estimator_destroy(e);
    free(s);
}

/* ---- the same again ---- */

static void an_estimate_changes_nothing_and_the_same_events_give_the_same(void **state)
{
    (void)state;
    struct stream_options o = {.seed = 11,
                               .skus = 5,
                               .sites = 2,
                               .waves = 2,
                               .stock = 60,
                               .planned_s = 900,
                               .hold_s = 200,
                               .step_s = 1,
                               .hostile = true};
    struct stream *often = stream_of(&o), *once = stream_of(&o);
    struct estimator *a = play(often, 700, 3, NULL), *b = play(once, 700, 1000, NULL);
    struct estimate x = estimate(a, often->t + 50), y = estimate(b, once->t + 50);
    assert_same(&x, &y);
    estimate_finish(&x);
    estimate_finish(&y);
    struct digest *da, *db;
    struct bytes ta = {0}, tb = {0};
    assert_int_equal(estimator_digest(a, &da), RESULT_OK);
    assert_int_equal(estimator_digest(b, &db), RESULT_OK);
    assert_int_equal(digest_write(da, &ta), RESULT_OK);
    assert_int_equal(digest_write(db, &tb), RESULT_OK);
    assert_string_equal(ta.data, tb.data);
    bytes_finish(&ta);
    bytes_finish(&tb);
    digest_destroy(da);
    digest_destroy(db);
    estimator_destroy(a);
    estimator_destroy(b);
    free(often);
    free(once);
}

static void a_frozen_state_sees_nothing_of_what_comes_later(void **state)
{
    (void)state;
    struct stream_options o = {.seed = 5, .skus = 4, .stock = 100, .planned_s = 900, .hold_s = 200, .step_s = 1};
    struct stream *s = stream_of(&o);
    struct estimator *e = play(s, 300, 1000, NULL);
    struct estimator_state *frozen;
    double then = s->t;
    struct estimate before = estimate(e, then), after;
    assert_int_equal(estimator_freeze(e, then, &frozen), RESULT_OK);
    struct sale_event event;
    for (size_t i = 0; i < 300; i++) {
        stream_next(s, &event);
        feed(e, &event);
    }
    estimator_destroy(e);
    assert_int_equal(estimator_state_estimate(frozen, &after), RESULT_OK);
    assert_same(&before, &after);
    estimate_finish(&after);
    assert_int_equal(estimator_state_estimate(frozen, &after), RESULT_OK);
    assert_same(&before, &after);
    estimate_finish(&after);
    estimate_finish(&before);
    estimator_state_destroy(frozen);
    free(s);
}

/* ---- small exact cases ---- */

static const struct estimator_sku mug = {.sku = {"mug"}, .stock = {10, -1}, .grams = 400, .size_mm = {100, 100, 100}};

static struct estimator_plan plan_of(const struct estimator_sku *skus, size_t count)
{
    return (struct estimator_plan){
        .planned_s = 3600, .hold_s = 300, .tail_s = 259200, .skus = skus, .skus_count = count, .seed = 3};
}

static void sale(struct estimator *e, enum sale_kind kind, double t, const char *hold, const char *sku, int64_t units)
{
    feed(e, &(struct sale_event){
                .kind = kind, .t = t, .hold = hold, .sku = sku, .units = units, .site = ESTIMATE_ALL, .n = units});
}

static void a_line_counts_once_whatever_is_said_of_it(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 10, "h1", "mug", 2);
    sale(e, SALE_HOLD, 11, "h1", "mug", 2);
    struct estimate x = estimate(e, 12);
    assert_int_equal(x.skus[0].held, 2);
    assert_int_equal(x.skus[0].firm, 0);
    estimate_finish(&x);
    sale(e, SALE_CONFIRM, 20, "h1", NULL, 0);
    sale(e, SALE_CONFIRM, 21, "h1", "mug", 2);
    sale(e, SALE_EXPIRE, 400, "h1", "mug", 0);
    x = estimate(e, 400);
    assert_int_equal(x.skus[0].held, 0);
    assert_int_equal(x.skus[0].firm, 2);
    assert_false(x.flags & FLAG_LATE_EVENTS);
    estimate_finish(&x);
    sale(e, SALE_CANCEL, 500, "h1", "mug", 1);
    x = estimate(e, 500);
    assert_int_equal(x.skus[0].firm, 1);
    estimate_finish(&x);
    sale(e, SALE_CANCEL, 501, "h1", "mug", 0);
    sale(e, SALE_CANCEL, 502, "h1", "mug", 0);
    x = estimate(e, 502);
    assert_int_equal(x.skus[0].firm, 0);
    assert_true(x.loads[0].parcels.mean >= 0);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void what_cannot_be_is_flagged_and_paid_late_counts(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 10, "h1", "mug", 3);
    sale(e, SALE_EXPIRE, 310, "h1", "mug", 0);
    sale(e, SALE_CONFIRM, 330, "h1", "mug", 3); /* paid late, and still there */
    sale(e, SALE_CONFIRM, 340, "h2", "mug", 2); /* nobody saw the hold */
    struct estimate x = estimate(e, 340);
    assert_int_equal(x.skus[0].firm, 5);
    assert_false(x.flags & FLAG_LATE_EVENTS);
    estimate_finish(&x);
    sale(e, SALE_CONFIRM, 350, "h3", NULL, 0); /* of what? */
    x = estimate(e, 350);
    assert_true(x.flags & FLAG_LATE_EVENTS);
    assert_int_equal(x.skus[0].firm, 5);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void a_cart_is_several_lines_under_one_hold(void **state)
{
    (void)state;
    struct estimator_sku two[2] = {mug, mug};
    strcpy(two[1].sku.text, "cap");
    struct estimator_plan plan = plan_of(two, 2);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_HOLD, 1, "h1", "mug", 1);
    sale(e, SALE_HOLD, 1, "h1", "cap", 2);
    sale(e, SALE_CONFIRM, 9, "h1", "cap", 2);
    struct estimate x = estimate(e, 9);
    assert_int_equal(x.skus[0].held, 1);
    assert_int_equal(x.skus[1].firm, 2);
    assert_int_equal(x.skus[1].held, 0);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void stock_is_the_most_that_ships(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    char hold[16];
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 500);
    sale(e, SALE_PIN, 1, NULL, "mug", 0);
    for (int i = 0; i < 10; i++) {
        snprintf(hold, sizeof hold, "h%d", i);
        sale(e, SALE_HOLD, 10 + i, hold, "mug", 1);
        sale(e, SALE_CONFIRM, 40 + i, hold, "mug", 1);
    }
    struct estimate x = estimate(e, 600);
    assert_true(x.skus[0].units.q[4] <= 10);
    assert_true(x.skus[0].lost > 1 && x.skus[0].short_by > x.skus[0].lost); /* people went on wanting it */
    double short_by = x.skus[0].short_by;
    estimate_finish(&x);
    sale(e, SALE_STOCK, 601, NULL, "mug", 500); /* restocked: exposure counts again, and what was short comes */
    sale(e, SALE_VIEWERS, 700, NULL, NULL, 500);
    x = estimate(e, 700);
    assert_true(x.skus[0].units.q[4] > 10 && x.skus[0].units.mean > 11);
    assert_true(x.skus[0].short_by < short_by);
    estimate_finish(&x);
    estimator_destroy(e);
}

static void when_nothing_more_comes_all_is_firm(void **state)
{
    (void)state;
    for (size_t waves = 0; waves < 2; waves++) {
        struct stream_options o = {
            .seed = 9, .skus = 3, .stock = 400, .waves = waves, .planned_s = 600, .hold_s = 100, .step_s = 1};
        struct stream *s = stream_of(&o);
        struct estimator *e = play(s, 600, 100, NULL);
        sale(e, SALE_CLOSE, s->t + 1, NULL, NULL, 0); /* some are still open: they come to nothing */
        struct estimate x = estimate(e, s->t + 1);
        assert_int_equal(x.phase, ESTIMATE_CLOSED);
        assert_true(x.loads[0].units.q[0] == (double)x.loads[0].firm);
        assert_true(x.loads[0].units.q[4] == (double)x.loads[0].firm);
        assert_true(x.loads[0].parcels.q[4] - x.loads[0].parcels.q[0] < 1e-6);
        for (size_t i = 0; i < x.skus_count; i++)
            assert_true(x.skus[i].units.q[0] == (double)s->firm[i] && x.skus[i].units.q[4] == (double)s->firm[i]);
        estimate_finish(&x);
        estimator_destroy(e);
        free(s);
    }
}

/* Once its wave has left, an order cannot be cancelled. */
static void firm_is_the_least_when_nothing_can_be_cancelled(void **state)
{
    (void)state;
    struct stream_options o = {.seed = 9,
                               .skus = 3,
                               .stock = 400,
                               .waves = 1,
                               .planned_s = 600,
                               .hold_s = 100,
                               .step_s = 1,
                               .never_cancels = true};
    struct stream *s = stream_of(&o);
    struct estimator *e = play(s, 600, 100, NULL);
    struct estimate x = estimate(e, s->t + 4000);
    for (size_t i = 0; i < x.skus_count; i++)
        assert_true(x.skus[i].units.q[0] >= (double)x.skus[i].firm);
    assert_true(x.loads[0].units.q[4] > (double)x.loads[0].firm); /* the replay goes on */
    estimate_finish(&x);
    estimator_destroy(e);
    free(s);
}

static void a_sku_may_come_onto_the_shelf_on_air(void **state)
{
    (void)state;
    struct estimator_plan plan = plan_of(&mug, 1);
    struct estimator *e = create(&plan, NULL);
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 100);
    sale(e, SALE_SKU, 900, NULL, "hat", 0);
    struct estimate x = estimate(e, 900);
    assert_int_equal(x.skus_count, 2);
    assert_int_equal(x.skus[1].stock, -1);
    assert_true(x.skus[1].flags & FLAG_STOCK_UNKNOWN && x.skus[1].flags & FLAG_MASTER_DATA_MISSING);
    estimate_finish(&x);
    sale(e, SALE_STOCK, 901, NULL, "hat", 7);
    sale(e, SALE_HOLD, 902, "h1", "hat", 1);
    x = estimate(e, 950);
    assert_int_equal(x.skus[1].stock, 7);
    assert_int_equal(x.skus[1].held, 1);
    assert_true(isnan(x.loads[0].grams.mean)); /* nobody told what a hat weighs: unknown, not nothing */
    assert_true(isfinite(x.loads[0].units.mean));
    estimate_finish(&x);
    estimator_destroy(e);
}

/* 500 holds within a few seconds, of which none pays, against a SKU that sells as usual. */
static void holds_that_no_person_made_are_left_out(void **state)
{
    (void)state;
    struct estimator_sku two[2] = {mug, mug};
    strcpy(two[1].sku.text, "cap");
    two[0].stock[0] = two[1].stock[0] = 5000;
    struct estimator_plan plan = plan_of(two, 2);
    struct estimator *e = create(&plan, NULL);
    char hold[16];
    sale(e, SALE_VIEWERS, 0, NULL, NULL, 500);
    for (int i = 0; i < 100; i++) {
        snprintf(hold, sizeof hold, "p%d", i);
        sale(e, SALE_HOLD, i * 5, hold, "mug", 1);
        if (i >= 12) {
            snprintf(hold, sizeof hold, "p%d", i - 12);
            sale(e, SALE_CONFIRM, i * 5 + 1, hold, "mug", 1);
        }
    }
    for (int i = 0; i < 500; i++) {
        snprintf(hold, sizeof hold, "b%d", i);
        sale(e, SALE_HOLD, 500 + i / 100, hold, "cap", 1);
    }
    struct estimate at_once = estimate(e, 506), later = estimate(e, 700);
    assert_true(at_once.skus[1].parts[PART_HOLDS] > 100);
    assert_true(later.skus[1].parts[PART_HOLDS] < 15);
    assert_true(later.flags & FLAG_SUSPECT_HOLDS && later.suspect_holds > 450 && later.suspect_holds <= 500);
    estimate_finish(&at_once);
    estimate_finish(&later);
    estimator_destroy(e);
}

/* ---- sites and waves ---- */

static void each_wave_takes_what_is_confirmed_until_its_cut_off(void **state)
{
    (void)state;
    struct logistics_plan shop = {
        .sites_count = 2, .waves_count = 2, .sites = {{.id = {"W1"}, .share = 1}, {.id = {"W2"}, .share = 3}}};
    shop.waves[0] = (struct logistics_wave){.id = {"early"}, .cut_off_ms = 1000000 + 1800 * 1000};
    shop.waves[1] = (struct logistics_wave){.id = {"next"}, .after_end = true, .cut_off_ms = 3600 * 1000};
    struct estimator_sku sku = mug;
    sku.stock[0] = 100;
    sku.stock[1] = 100;
    struct estimator_plan plan = plan_of(&sku, 1);
    plan.logistics = &shop;
    plan.start_ms = 1000000;
    struct estimator *e = create(&plan, NULL);
    static const struct {
        const char *hold;
        double t;
        uint16_t site;
        int64_t units;
    } orders[] = {
        {"a", 100, 0, 3}, {"b", 1700, 1, 5}, {"c", 1900, 1, 2}, {"d", 3000, ESTIMATE_ALL, 4}, {"later", 9000, 0, 6}};
    for (size_t i = 0; i < 5; i++) {
        if (i == 4)
            sale(e, SALE_END, 3600, NULL, NULL, 0);
        struct sale_event event = {.kind = SALE_CONFIRM,
                                   .t = orders[i].t,
                                   .hold = orders[i].hold,
                                   .sku = "mug",
                                   .units = orders[i].units,
                                   .site = orders[i].site};
        feed(e, &event);
    }
    sale(e, SALE_CLOSE, 9001, NULL, NULL, 0);
    struct estimate x = estimate(e, 9001);
    int64_t wave[3] = {0}, site[2] = {0}, cells[3][2] = {{0}};
    for (size_t i = 0; i < x.loads_count; i++) {
        const struct estimate_load *l = &x.loads[i];
        if (l->site == ESTIMATE_ALL && l->wave != ESTIMATE_ALL)
            wave[l->wave] = l->firm;
        if (l->wave == ESTIMATE_ALL && l->site != ESTIMATE_ALL)
            site[l->site] = l->firm;
    }
    for (size_t i = 0; i < x.cells_count; i++)
        cells[x.cells[i].wave][x.cells[i].site] = x.cells[i].firm;
    assert_int_equal(wave[0], 8);
    assert_int_equal(wave[1], 6); /* c, and d, which lies nowhere yet */
    assert_int_equal(wave[2], 6);
    assert_int_equal(site[0], 9);
    assert_int_equal(site[1], 7);
    assert_int_equal(cells[0][0], 3);
    assert_int_equal(cells[0][1], 5);
    assert_int_equal(cells[1][1], 2);
    assert_int_equal(cells[2][0], 6);
    for (size_t i = 0; i < x.loads_count; i++) /* the first two have left: exactly these units */
        if (x.loads[i].site == ESTIMATE_ALL && x.loads[i].wave < 2)
            assert_true(x.loads[i].units.q[0] == x.loads[i].units.q[4] &&
                        x.loads[i].units.q[0] == (double)wave[x.loads[i].wave]);
    estimate_finish(&x);
    struct sale_event ship = {.kind = SALE_SHIP, .t = 9100, .hold = "d", .sku = "mug", .site = 0};
    feed(e, &ship);
    x = estimate(e, 9100);
    assert_int_equal(x.loads[1].site, 0);
    assert_int_equal(x.loads[1].firm, 13); /* it left from the first site after all */
    estimate_finish(&x);
    estimator_destroy(e);
}

static void parcels_are_what_one_buyer_gets_from_one_site(void **state)
{
    (void)state;
    struct logistics_plan shop = {.sites_count = 2, .sites = {{.id = {"W1"}, .share = 1}, {.id = {"W2"}, .share = 1}}};
    struct estimator_plan plan = plan_of(&mug, 1);
    plan.logistics = &shop;
    struct estimator *e = create(&plan, NULL);
    static const struct {
        const char *hold, *buyer;
        uint16_t site;
    } orders[] = {{"a", "ann", 0}, {"b", "ann", 0}, {"c", "ann", 1}, {"d", "bob", 0}, {"e", NULL, 0}, {"f", NULL, 0}};
    for (size_t i = 0; i < 6; i++) {
        struct sale_event event = {.kind = SALE_CONFIRM,
                                   .t = 10,
                                   .hold = orders[i].hold,
                                   .sku = "mug",
                                   .units = 1,
                                   .buyer = orders[i].buyer,
                                   .site = orders[i].site};
        feed(e, &event);
        event.kind = SALE_SHIP;
        feed(e, &event);
    }
    sale(e, SALE_CLOSE, 1e7, NULL, NULL, 0); /* long after anything is cancelled */
    struct estimate x = estimate(e, 1e7);
    assert_true(fabs(x.loads[0].parcels.mean - 5) < 0.01);
    assert_true(fabs(x.loads[1].parcels.mean - 4) < 0.01);
    assert_true(fabs(x.loads[2].parcels.mean - 1) < 0.01);
    assert_true(fabs(x.loads[0].grams.mean - 2400) < 5);
    estimate_finish(&x);
    estimator_destroy(e);
}

/* ---- earlier broadcasts ---- */

static struct digest *digest_of(uint64_t seed)
{
    struct stream_options o = {.seed = seed, .skus = 6, .stock = 200, .planned_s = 900, .hold_s = 200, .step_s = 0.8};
    struct stream *s = stream_of(&o);
    struct estimator *e = play(s, 1500, 10000, NULL);
    struct digest *d;
    assert_int_equal(estimator_digest(e, &d), RESULT_OK);
    estimator_destroy(e);
    free(s);
    return d;
}

static void history_narrows_and_is_flagged_when_it_is_not_there(void **state)
{
    (void)state;
    struct digest *digests[5];
    for (uint64_t i = 0; i < 5; i++)
        digests[i] = digest_of(100 + i);
    struct prior *prior;
    assert_int_equal(prior_create((const struct digest *const *)digests, 5, &prior), RESULT_OK);
    assert_int_equal(prior_shows(prior), 5);
    struct stream_options o = {.seed = 200, .skus = 7, .stock = 200, .planned_s = 900, .hold_s = 200, .step_s = 0.8};
    struct stream *s = stream_of(&o), *again = stream_of(&o);
    struct estimator *known = play(s, 300, 50, prior), *cold = play(again, 300, 50, NULL);
    struct estimate x = estimate(known, s->t), y = estimate(cold, again->t);
    assert_false(x.flags & FLAG_NO_HISTORY);
    assert_true(y.flags & FLAG_NO_HISTORY);
    assert_true(x.skus[6].flags & FLAG_SKU_UNKNOWN && !(x.skus[0].flags & FLAG_SKU_UNKNOWN));
    assert_true(x.loads[0].units.q[4] - x.loads[0].units.q[0] < y.loads[0].units.q[4] - y.loads[0].units.q[0]);
    estimate_finish(&x);
    estimate_finish(&y);
    estimator_destroy(known);
    estimator_destroy(cold);
    struct estimator_plan other = plan_of(&mug, 1); /* holds last 300 s instead of 200 */
    struct estimator *e = create(&other, prior);
    x = estimate(e, 1);
    assert_true(x.flags & FLAG_HOLD_TIME_CHANGED && x.flags & FLAG_AUDIENCE_MISSING);
    estimate_finish(&x);
    estimator_destroy(e);
    prior_destroy(prior);
    for (size_t i = 0; i < 5; i++)
        digest_destroy(digests[i]);
    free(s);
    free(again);
}

/* ---- limits ---- */

static void plans_out_of_range_are_refused(void **state)
{
    (void)state;
    struct estimator *e;
    struct estimator_plan plan = plan_of(&mug, 1);
    plan.planned_s = 0;
    assert_int_equal(estimator_create(&plan, NULL, &e), RESULT_MALFORMED);
    plan = plan_of(&mug, 1);
    plan.hold_s = NAN;
    assert_int_equal(estimator_create(&plan, NULL, &e), RESULT_MALFORMED);
    plan = plan_of(&mug, ESTIMATOR_SKUS_MAX + 1);
    assert_int_equal(estimator_create(&plan, NULL, &e), RESULT_MALFORMED);
}

static void a_hundred_thousand_holds_stay_small(void **state)
{
    (void)state;
    struct estimator_sku sku = mug;
    sku.stock[0] = 1000000;
    struct estimator_plan plan = plan_of(&sku, 1);
    struct estimator *e = create(&plan, NULL);
    char hold[16], buyer[16];
    for (int i = 0; i < 100000; i++) {
        snprintf(hold, sizeof hold, "h%d", i);
        snprintf(buyer, sizeof buyer, "b%d", i);
        struct sale_event event = {.kind = SALE_HOLD,
                                   .t = i / 50.0,
                                   .hold = hold,
                                   .sku = "mug",
                                   .units = 1,
                                   .buyer = buyer,
                                   .site = ESTIMATE_ALL};
        feed(e, &event);
        event.kind = SALE_CONFIRM;
        event.t += 1;
        feed(e, &event);
    }
    assert_true(estimator_memory(e) < 100 * 100000); /* every one confirmed, every one another buyer's */
    estimator_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_estimate_keeps_its_promises),
        cmocka_unit_test(two_thousand_skus_are_a_broadcast),
        cmocka_unit_test(an_estimate_changes_nothing_and_the_same_events_give_the_same),
        cmocka_unit_test(a_frozen_state_sees_nothing_of_what_comes_later),
        cmocka_unit_test(a_line_counts_once_whatever_is_said_of_it),
        cmocka_unit_test(what_cannot_be_is_flagged_and_paid_late_counts),
        cmocka_unit_test(a_cart_is_several_lines_under_one_hold),
        cmocka_unit_test(stock_is_the_most_that_ships),
        cmocka_unit_test(when_nothing_more_comes_all_is_firm),
        cmocka_unit_test(firm_is_the_least_when_nothing_can_be_cancelled),
        cmocka_unit_test(a_sku_may_come_onto_the_shelf_on_air),
        cmocka_unit_test(holds_that_no_person_made_are_left_out),
        cmocka_unit_test(each_wave_takes_what_is_confirmed_until_its_cut_off),
        cmocka_unit_test(parcels_are_what_one_buyer_gets_from_one_site),
        cmocka_unit_test(history_narrows_and_is_flagged_when_it_is_not_there),
        cmocka_unit_test(plans_out_of_range_are_refused),
        cmocka_unit_test(a_hundred_thousand_holds_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
