#include "logistics/rules/digest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "logistics/rules/digest_inner.h"
#include "logistics/rules/prior.h"
#include "logistics/rules/prior_inner.h"
#include "tests/unit/logistics/rules/sale_stream.h"
#include "tests/unit/unit.h"

static struct digest *digest_of(uint64_t seed, size_t skus)
{
    struct stream_options o = {
        .seed = seed, .skus = skus, .stock = 300, .planned_s = 900, .hold_s = 200, .step_s = 0.8};
    struct stream *s = calloc(1, sizeof *s);
    struct estimator *e;
    struct sale_event event;
    struct digest *d;
    assert_non_null(s);
    stream_open(s, &o);
    assert_int_equal(estimator_create(&s->estimator_plan, NULL, &e), RESULT_OK);
    for (size_t i = 0; i < 1500; i++) {
        if (i == 1000)
            stream_end(s, &event);
        else
            stream_next(s, &event);
        assert_int_equal(estimator_feed(e, &event), RESULT_OK);
    }
    assert_int_equal(estimator_digest(e, &d), RESULT_OK);
    estimator_destroy(e);
    free(s);
    return d;
}

static struct bytes text_of(const struct digest *d)
{
    struct bytes text = {0};
    assert_int_equal(digest_write(d, &text), RESULT_OK);
    return text;
}

static enum result read_text(const char *text)
{
    struct digest *d = NULL;
    enum result result = digest_read(text, strlen(text), &d);
    if (result == RESULT_OK)
        digest_destroy(d);
    return result;
}

/* ---- as text ---- */

static void what_is_written_reads_the_same(void **state)
{
    (void)state;
    struct digest *d = digest_of(1, 5), *again;
    digest_score(d, 1, &(struct spread){10.5, {8, 9, 10, 12, 14}}, 11);
    struct bytes text = text_of(d);
    assert_int_equal(digest_read(text.data, text.len, &again), RESULT_OK);
    struct bytes twice = text_of(again);
    assert_string_equal(text.data, twice.data);
    assert_int_equal(again->skus_count, 5);
    assert_true(again->scores[1].told && !again->scores[0].told);
    assert_true(again->scores[1].shipped == 11 && again->scores[1].spread.q[4] == 14);
    assert_true(again->lessons.orders == d->lessons.orders && d->lessons.orders > 100);
    bytes_finish(&text);
    bytes_finish(&twice);
    digest_destroy(d);
    digest_destroy(again);
}

static void later_versions_may_say_more_and_earlier_ones_less(void **state)
{
    (void)state;
    struct digest *d;
    const char *text = "liveshelf-digest 1\nweather sunny 21\n\nholds 7\n";
    assert_int_equal(digest_read(text, strlen(text), &d), RESULT_OK);
    assert_true(d->lessons.holds == 7 && d->lessons.orders == 0);
    digest_destroy(d);
}

static void what_is_no_digest_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "liveshelf-digest 2\n",
        "liveshelf-digest 1 \n",
        "liveshelf-digest 1\nholds\n",
        "liveshelf-digest 1\nholds -1\n",
        "liveshelf-digest 1\nholds nan\n",
        "liveshelf-digest 1\nholds inf\n",
        "liveshelf-digest 1\nholds 1e16\n",
        "liveshelf-digest 1\nholds 7x\n",
        "liveshelf-digest 1\nconfirms 1 2 3\n",
        "liveshelf-digest 1\nsku a/b 0 0 0\n",
        "liveshelf-digest 1\nsku a 0 0\n",
        "liveshelf-digest 1\nsku a 0 0 0 0 0 99 1 1\n",
        "liveshelf-digest 1\nscore 5 1 1 1 1 1 1 1\n",
        "liveshelf-digest 1\nscore 0 1 1 5 4 3 2 1\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_text(bad[i]), RESULT_MALFORMED);
}

static void a_digest_has_a_limit_of_skus(void **state)
{
    (void)state;
    struct bytes text = {0};
    bytes_text(&text, "liveshelf-digest 1\n");
    for (int i = 0; i <= ESTIMATOR_SKUS_MAX; i++)
        bytes_format(&text, "sku s%d 0 1 1 0 0 10 1 5\n", i);
    assert_int_equal(read_text(text.data), RESULT_FULL);
    bytes_finish(&text);
}

/* ---- pooled ---- */

static struct prior *prior_of(struct digest **digests, size_t count)
{
    struct prior *p;
    assert_int_equal(prior_create((const struct digest *const *)digests, count, &p), RESULT_OK);
    return p;
}

static void without_history_there_are_guesses(void **state)
{
    (void)state;
    struct prior *p = prior_of(NULL, 0);
    assert_int_equal(prior_shows(p), 0);
    assert_true(p->beliefs.rate > 0 && p->beliefs.hold_s == 600);
    assert_true(p->beliefs.tail_done[0] == 0 && fabs(p->beliefs.tail_done[TAIL_BINS] - 1) < 1e-12);
    assert_null(prior_sku(p, "S0"));
    prior_destroy(p);
}

static void shares_ascend_and_numbers_are_finite(void **state)
{
    (void)state;
    struct digest *digests[25];
    for (uint64_t i = 0; i < 25; i++)
        digests[i] = digest_of(i + 1, 3 + i % 3);
    struct prior *p = prior_of(digests, 25);
    assert_int_equal(prior_shows(p), ESTIMATOR_HISTORY_MAX);
    const struct beliefs *b = &p->beliefs;
    for (size_t i = 0; i < TAIL_BINS; i++)
        assert_true(b->tail_done[i] <= b->tail_done[i + 1] && b->cancel_done[i] <= b->cancel_done[i + 1]);
    assert_true(b->rate > 0 && isfinite(b->rate) && b->shape >= 0.5 && b->shape <= 12);
    assert_true(b->cancel_share > 0.005 && b->cancel_share < 0.3);
    assert_true(b->units_per_line > 1.7 && b->units_per_line < 2.3); /* one to three units a line */
    assert_true(b->viewers > 500 && b->viewers < 3000);
    assert_non_null(prior_sku(p, "S0"));
    assert_non_null(prior_sku(p, "S4"));
    assert_null(prior_sku(p, "S5"));
    assert_null(prior_sku(p, "not an id"));
    prior_destroy(p);
    for (size_t i = 0; i < 25; i++)
        digest_destroy(digests[i]);
}

/* An empty digest, and one that knows next to nothing, must not spoil the pool. */
static void shows_without_sales_are_history_too(void **state)
{
    (void)state;
    static const char *const texts[] = {"liveshelf-digest 1\n", "liveshelf-digest 1\nhold_s 600\nsku a 0 0 0 0 0\n"};
    struct digest *digests[2];
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(digest_read(texts[i], strlen(texts[i]), &digests[i]), RESULT_OK);
    struct prior *p = prior_of(digests, 2);
    struct stream_options o = {.seed = 3, .skus = 3, .stock = 50, .planned_s = 900, .hold_s = 200, .step_s = 2};
    struct stream *s = calloc(1, sizeof *s);
    struct estimator *e;
    struct estimate x;
    struct sale_event event;
    assert_non_null(s);
    stream_open(s, &o);
    assert_int_equal(estimator_create(&s->estimator_plan, p, &e), RESULT_OK);
    for (size_t i = 0; i < 200; i++) {
        stream_next(s, &event);
        assert_int_equal(estimator_feed(e, &event), RESULT_OK);
    }
    assert_int_equal(estimator_estimate(e, s->t, &x), RESULT_OK);
    for (size_t i = 0; i < x.skus_count; i++)
        assert_true(isfinite(x.skus[i].units.mean) && isfinite(x.skus[i].units.q[4]));
    estimate_finish(&x);
    estimator_destroy(e);
    prior_destroy(p);
    free(s);
    for (size_t i = 0; i < 2; i++)
        digest_destroy(digests[i]);
}

static void how_the_last_shows_did_is_told(void **state)
{
    (void)state;
    struct digest *digests[3];
    static const double shipped[] = {100, 150, 90};
    for (size_t i = 0; i < 3; i++) {
        digests[i] = digest_of(i + 1, 3);
        digest_score(digests[i], 2, &(struct spread){100, {80, 90, 100, 110, 120}}, shipped[i]);
    }
    struct prior *p = prior_of(digests, 3);
    const struct estimate_accuracy *a = &p->beliefs.accuracy[2];
    assert_int_equal(a->shows, 3);
    assert_true(fabs(a->off - 10.0 / 90) < 1e-9); /* off by 0, a third, a ninth */
    assert_true(fabs(a->covered - 2.0 / 3) < 1e-9);
    assert_int_equal(p->beliefs.accuracy[0].shows, 0);
    prior_destroy(p);
    for (size_t i = 0; i < 3; i++)
        digest_destroy(digests[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_the_same),
        cmocka_unit_test(later_versions_may_say_more_and_earlier_ones_less),
        cmocka_unit_test(what_is_no_digest_is_refused),
        cmocka_unit_test(a_digest_has_a_limit_of_skus),
        cmocka_unit_test(without_history_there_are_guesses),
        cmocka_unit_test(shares_ascend_and_numbers_are_finite),
        cmocka_unit_test(shows_without_sales_are_history_too),
        cmocka_unit_test(how_the_last_shows_did_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
