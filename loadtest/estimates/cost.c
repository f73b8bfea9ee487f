/* loadtest/estimates/cost.c - what the estimates cost: CPU of one estimate, of one event, and memory, up to a million holds.
 *
 *     liveshelf-estimate-cost [holds]        default: 1000000
 *
 * CPU times are of this thread alone; beside each stands the same time in units of a reference, a million steps of a plain xorshift
 * generator, so that machines can be compared. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "logistics/rules/estimator.h"

#define SHOW_S 3600.0
#define ROUNDS 15

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static volatile uint64_t reference_end; /* so that it is worked out */

static double reference_ms(void)
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = cpu_ms();
        uint64_t x = 88172645463325252u;
        for (int i = 0; i < 1000000; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        reference_end = x;
        double took = cpu_ms() - began;
        best = took < best ? took : best;
    }
    return best;
}

static void feed(struct estimator *e, const struct sale_event *event)
{
    enum result result = estimator_feed(e, event);
    MUST(result == RESULT_OK);
}

/* A show of an hour with so many SKUs, pinned in turn, each with stock to spare. */
static struct estimator *show_begin(size_t skus, struct sku_id names[], const struct logistics_plan *logistics)
{
    struct estimator_sku *sku = calloc(skus, sizeof *sku);
    struct planned_pin *run = calloc(skus, sizeof *run);
    struct estimator *e;
    MUST(sku != NULL && run != NULL);
    for (size_t i = 0; i < skus; i++) {
        snprintf(names[i].text, sizeof names[i].text, "S%03zu", i);
        sku[i] = (struct estimator_sku){.sku = names[i], .grams = 400, .size_mm = {110, 90, 95}};
        for (size_t site = 0; site < SITES_MAX; site++)
            sku[i].stock[site] = 10000000;
        run[i] = (struct planned_pin){.t = SHOW_S * (double)i / (double)skus, .sku = names[i]};
    }
    struct estimator_plan plan = {.planned_s = SHOW_S,
                                  .hold_s = 600,
                                  .tail_s = 72 * 3600,
                                  .skus = sku,
                                  .skus_count = skus,
                                  .run = run,
                                  .run_count = skus,
                                  .logistics = logistics,
                                  .seed = 7};
    enum result result = estimator_create(&plan, NULL, &e);
    MUST(result == RESULT_OK);
    free(sku);
    free(run);
    return e;
}

/* Holds up to half of the show, six of ten paid after a minute or so; returns CPU microseconds per event of the last tenth. */
static double show_run(struct estimator *e, struct sku_id names[], size_t skus, size_t holds)
{
    struct rng rng;
    rng_seed(&rng, 11);
    char hold[24], buyer[24];
    double last_ms = 0;
    size_t last_events = 0, pinned = 0;
    for (size_t i = 0; i < holds; i++) {
        double t = SHOW_S / 2 * (double)i / (double)holds, began = cpu_ms();
        size_t events = 1;
        if (i % (holds / 200 + 1) == 0)
            feed(e, &(struct sale_event){.kind = SALE_VIEWERS, .t = t, .n = 5000});
        for (; pinned < skus && SHOW_S * (double)pinned / (double)skus <= t; pinned++)
            feed(e, &(struct sale_event){.kind = SALE_PIN, .t = t, .sku = names[pinned].text});
        snprintf(hold, sizeof hold, "h%zu", i);
        snprintf(buyer, sizeof buyer, "b%" PRIu64, rng_below(&rng, holds));
        feed(e, &(struct sale_event){.kind = SALE_HOLD,
                                     .t = t,
                                     .hold = hold,
                                     .sku = names[rng_below(&rng, skus)].text,
                                     .buyer = buyer,
                                     .site = ESTIMATE_ALL,
                                     .units = 1});
        size_t paid = holds / 30; /* a minute of holds */
        if (i >= paid && i % 10 < 6) {
            snprintf(hold, sizeof hold, "h%zu", i - paid);
            feed(e, &(struct sale_event){.kind = SALE_CONFIRM, .t = t, .hold = hold});
            events++;
        }
        if (i >= holds / 10 * 9) {
            last_ms += cpu_ms() - began;
            last_events += events;
        }
    }
    return last_ms * 1e3 / (double)last_events;
}

static double estimate_ms(struct estimator *e, double *freeze_ms)
{
    double best = 1e9;
    *freeze_ms = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        struct estimator_state *state;
        struct estimate estimate = {0};
        double began = cpu_ms();
        enum result result = estimator_freeze(e, SHOW_S / 2, &state);
        double frozen = cpu_ms();
        MUST(result == RESULT_OK);
        result = estimator_state_estimate(state, &estimate);
        double took = cpu_ms() - frozen;
        MUST(result == RESULT_OK);
        best = took < best ? took : best;
        *freeze_ms = frozen - began < *freeze_ms ? frozen - began : *freeze_ms;
        estimate_finish(&estimate);
        estimator_state_destroy(state);
    }
    return best;
}

static void measure(size_t skus, size_t holds, const struct logistics_plan *logistics, double reference)
{
    struct sku_id *names = calloc(skus, sizeof *names);
    MUST(names != NULL);
    struct estimator *e = show_begin(skus, names, logistics);
    double event_us = show_run(e, names, skus, holds), freeze_ms;
    double took = estimate_ms(e, &freeze_ms);
    printf("| %4zu | %7zu | %5zu | %5zu | %8.2f | %7.2f | %8.2f | %8.2f | %6.0f |\n", skus, holds,
           logistics == NULL ? (size_t)0 : logistics->sites_count,
           logistics == NULL ? (size_t)0 : logistics->waves_count, took, took / reference, freeze_ms, event_us,
           (double)estimator_memory(e) / (double)holds);
    estimator_destroy(e);
    free(names);
}

int main(int argc, char **argv)
{
    size_t most = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1000000;
    struct logistics_plan plan = {
        .sites = {{.id = {"W1"}, .share = 60}, {.id = {"W2"}, .share = 40}},
        .waves = {{.id = {"w1"}, .after_end = true, .cut_off_ms = 7200000},
                  {.id = {"w2"}, .after_end = true, .cut_off_ms = 90000000}},
        .cartons = {{.id = {"S"}, .size_mm = {200, 150, 120}, .weight_max_g = 2000, .tare_g = 80}},
        .sites_count = 2,
        .waves_count = 2,
        .cartons_count = 1,
        .fill_per_mille = 700,
        .tail_hours = 72};
    struct logistics_plan sites = plan;
    sites.waves_count = 0;
    double reference = reference_ms();
    printf("reference: a million steps of xorshift in %.2f ms\n\n", reference);
    puts("| SKUs | holds   | sites | waves | estimate, CPU ms | x reference | freeze, ms | one event at the end, us "
         "| bytes a hold |");
    puts("|---|---|---|---|---|---|---|---|---|");
    measure(25, 20000, NULL, reference);
    measure(25, 20000, &sites, reference);
    measure(25, 20000, &plan, reference);
    measure(200, 50000, NULL, reference);
    measure(200, 50000, &sites, reference);
    measure(200, 50000, &plan, reference);
    measure(25, 100000, &plan, reference);
    measure(25, most, &plan, reference);
    return EXIT_SUCCESS;
}
