/* How wide ranges are: what earlier shows' totals missed makes the next ones' wider, and only those of sums; a first show's are wide. */
#include <stdio.h>

#include "logistics/rules/digest.h"
#include "logistics/rules/estimator.h"
#include "logistics/rules/prior.h"
#include "tests/unit/unit.h"

#define SHOWS 8

static struct estimator *half_a_show(const struct prior *prior)
{
    static const struct estimator_sku mug = {.sku = {"mug"}, .stock = {1000, -1}, .grams = 420};
    static const struct planned_pin run[] = {{0, {"mug"}}};
    struct estimator_plan plan = {.planned_s = 3600,
                                  .hold_s = 600,
                                  .tail_s = 259200,
                                  .skus = &mug,
                                  .skus_count = 1,
                                  .run = run,
                                  .run_count = 1,
                                  .seed = 7};
    struct estimator *e;
    assert_int_equal(estimator_create(&plan, prior, &e), RESULT_OK);
    struct sale_event viewers = {.kind = SALE_VIEWERS, .n = 500}, pin = {.kind = SALE_PIN, .sku = "mug"};
    assert_int_equal(estimator_feed(e, &viewers), RESULT_OK);
    assert_int_equal(estimator_feed(e, &pin), RESULT_OK);
    for (int i = 0; i < 60; i++) {
        char hold[16];
        snprintf(hold, sizeof hold, "h%d", i);
        struct sale_event event = {
            .kind = SALE_HOLD, .t = 30 * i, .hold = hold, .sku = "mug", .units = 1, .site = ESTIMATE_ALL};
        assert_int_equal(estimator_feed(e, &event), RESULT_OK);
        event.kind = SALE_CONFIRM;
        event.t += 20;
        assert_int_equal(estimator_feed(e, &event), RESULT_OK);
    }
    return e;
}

/* The 90 % range of the total at half of the plan, and of the one SKU, behind shows whose totals came to `shipped`, told 100 (90 to 110). */
static void ranges(double shipped, double *ret_total, double *ret_sku)
{
    struct digest *digests[SHOWS];
    struct prior *prior;
    struct estimate estimate;
    for (size_t i = 0; i < SHOWS; i++) {
        struct estimator *e = half_a_show(NULL);
        assert_int_equal(estimator_digest(e, &digests[i]), RESULT_OK);
        digest_score(digests[i], 0, &(struct spread){.mean = 100, .q = {90, 95, 100, 105, 110}}, shipped);
        estimator_destroy(e);
    }
    assert_int_equal(prior_create((const struct digest *const *)digests, SHOWS, &prior), RESULT_OK);
    struct estimator *e = half_a_show(prior);
    assert_int_equal(estimator_estimate(e, 1800, &estimate), RESULT_OK);
    *ret_total = estimate.loads[0].units.q[4] - estimate.loads[0].units.q[0];
    *ret_sku = estimate.skus[0].units.q[4] - estimate.skus[0].units.q[0];
    assert_true(estimate.loads[0].units.q[0] >= (double)estimate.loads[0].firm * 0.8);
    assert_true(estimate.loads[0].units.q[4] <= 1000);
    estimate_finish(&estimate);
    estimator_destroy(e);
    prior_destroy(prior);
    for (size_t i = 0; i < SHOWS; i++)
        digest_destroy(digests[i]);
}

static void totals_that_were_missed_widen_the_next(void **state)
{
    (void)state;
    double held, held_sku, missed, missed_sku;
    ranges(100, &held, &held_sku);
    ranges(200, &missed, &missed_sku);
    assert_true(missed > 1.5 * held);
    assert_true(held == held_sku); /* eight of eight held: no reason to promise more */
    assert_true(held_sku == missed_sku);
}

/* Nothing was seen yet: neither "nothing" nor "all of the stock" may be what is told. */
static void a_first_show_begins_wide_and_not_absurd(void **state)
{
    (void)state;
    static const struct estimator_sku mug = {.sku = {"mug"}, .stock = {1000, -1}, .grams = 420};
    struct estimator_plan plan = {
        .planned_s = 3600, .hold_s = 600, .tail_s = 259200, .skus = &mug, .skus_count = 1, .seed = 7};
    struct estimator *e;
    struct estimate estimate;
    assert_int_equal(estimator_create(&plan, NULL, &e), RESULT_OK);
    struct sale_event viewers = {.kind = SALE_VIEWERS, .n = 0};
    assert_int_equal(estimator_feed(e, &viewers), RESULT_OK);
    assert_int_equal(estimator_estimate(e, 0.005, &estimate), RESULT_OK);
    const struct spread *units = &estimate.loads[0].units;
    assert_true(units->q[0] <= 2 && units->q[2] > 0 && units->q[2] < 100 && units->q[4] > 20 && units->q[4] < 1000);
    assert_true(estimate.skus[0].short_by < 1);
    assert_true(estimate.flags & FLAG_NO_HISTORY);
    assert_true(estimate.flags & FLAG_AUDIENCE_MISSING);
    estimate_finish(&estimate);
    viewers.n = 800;
    assert_int_equal(estimator_feed(e, &viewers), RESULT_OK);
    assert_int_equal(estimator_estimate(e, 0.005, &estimate), RESULT_OK);
    assert_false(estimate.flags & FLAG_AUDIENCE_MISSING);
    estimate_finish(&estimate);
    estimator_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(totals_that_were_missed_widen_the_next),
                                       cmocka_unit_test(a_first_show_begins_wide_and_not_absurd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
