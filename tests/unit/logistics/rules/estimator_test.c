#include "logistics/rules/estimator.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/prior.h"
#include "tests/unit/logistics/rules/estimator_help.h"
#include "tests/unit/unit.h"

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
    int64_t firm = 0, cells_firm = 0;
    for (size_t i = 0; i < e->skus_count; i++) {
        skus += e->skus[i].units.mean;
        firm += e->skus[i].firm;
    }
    for (size_t i = 0; i < e->cells_count; i++) {
        cells += e->cells[i].units.mean;
        cells_firm += e->cells[i].firm;
    }
    for (size_t i = 1; i < e->loads_count; i++) {
        const struct estimate_load *l = &e->loads[i];
        *(l->wave == ESTIMATE_ALL ? &sites : l->site == ESTIMATE_ALL ? &waves : &pairs) += l->units.mean;
    }
    double all = e->loads[0].units.mean, slack = 1e-6 * (1 + all);
    assert_int_equal(e->loads[0].firm, firm);
    assert_int_equal(cells_firm, firm);
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

/* ---- when all is known ---- */

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
        cmocka_unit_test(when_nothing_more_comes_all_is_firm),
        cmocka_unit_test(firm_is_the_least_when_nothing_can_be_cancelled),
        cmocka_unit_test(history_narrows_and_is_flagged_when_it_is_not_there),
        cmocka_unit_test(plans_out_of_range_are_refused),
        cmocka_unit_test(a_hundred_thousand_holds_stay_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
