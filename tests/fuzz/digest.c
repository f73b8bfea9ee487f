/* tests/fuzz/digest.c - any bytes: a digest that reads writes what reads to the same, and a broadcast estimated on it, alone and
 * beside itself, has numbers and not nonsense. */
#include <math.h>
#include <string.h>

#include "logistics/rules/estimator.h"
#include "logistics/rules/prior.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_written(const struct digest *d)
{
    struct bytes once = {0}, twice = {0};
    struct digest *again;
    MUST(digest_write(d, &once) == RESULT_OK);
    MUST(digest_read(once.data, once.len, &again) == RESULT_OK);
    MUST(digest_write(again, &twice) == RESULT_OK);
    MUST(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    bytes_finish(&once);
    bytes_finish(&twice);
    digest_destroy(again);
}

static void feed(struct estimator *e, enum sale_kind kind, double t, const char *hold)
{
    struct sale_event event = {
        .kind = kind, .t = t, .hold = hold, .sku = "a", .units = 1, .n = 100, .site = ESTIMATE_ALL};
    MUST(estimator_feed(e, &event) == RESULT_OK);
}

static void check_spread(const struct spread *s)
{
    MUST(isfinite(s->mean));
    for (size_t i = 0; i < ESTIMATE_QUANTILES; i++)
        MUST(isfinite(s->q[i]) && s->q[i] >= 0 && (i == 0 || s->q[i] >= s->q[i - 1]));
}

static void check_estimate(struct estimator *e, double t)
{
    struct estimate x;
    MUST(estimator_estimate(e, t, &x) == RESULT_OK);
    for (size_t i = 0; i < x.skus_count; i++)
        check_spread(&x.skus[i].units);
    check_spread(&x.loads[0].units);
    check_spread(&x.loads[0].parcels);
    estimate_finish(&x);
}

static void check_believed(const struct digest *const *digests, size_t count)
{
    static const struct estimator_sku skus[] = {{.sku = {"a"}, .stock = {100}}, {.sku = {"b"}, .stock = {-1}}};
    struct estimator_plan plan = {
        .planned_s = 600, .hold_s = 100, .tail_s = 259200, .skus = skus, .skus_count = 2, .seed = 1};
    struct prior *p;
    struct estimator *e;
    MUST(prior_create(digests, count, &p) == RESULT_OK);
    MUST(estimator_create(&plan, p, &e) == RESULT_OK);
    feed(e, SALE_VIEWERS, 0, NULL);
    feed(e, SALE_PIN, 1, NULL);
    feed(e, SALE_HOLD, 2, "h");
    feed(e, SALE_CONFIRM, 20, "h");
    feed(e, SALE_HOLD, 30, "i");
    check_estimate(e, 40);
    feed(e, SALE_END, 500, NULL);
    check_estimate(e, 900);
    estimator_destroy(e);
    prior_destroy(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct digest *d;
    if (digest_read((const char *)data, size, &d) != RESULT_OK)
        return 0;
    check_written(d);
    check_believed((const struct digest *const[]){d}, 1);
    check_believed((const struct digest *const[]){d, d, d}, 3);
    digest_destroy(d);
    return 0;
}
