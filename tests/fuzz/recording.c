/* tests/fuzz/recording.c - any bytes as a recorded broadcast: what is let in the estimator may trust, and what is refused names
 * its line. */
#include <stdio.h>
#include <string.h>

#include "app/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_start(const struct recording *r)
{
    const struct estimator_plan *plan = &r->plan;
    MUST(plan->planned_s >= 1 && plan->hold_s >= 1 && plan->tail_s >= 1 && plan->start_ms >= 0);
    MUST(plan->skus_count >= 1 && plan->skus_count <= ESTIMATOR_SKUS_MAX && plan->run_count <= ESTIMATOR_RUN_MAX);
    MUST(plan->logistics == &r->logistics && r->logistics.sites_count <= SITES_MAX);
    for (size_t i = 0; i < plan->skus_count; i++) {
        MUST(id_is_valid(plan->skus[i].sku.text, strlen(plan->skus[i].sku.text)));
        for (size_t j = 0; j < SITES_MAX; j++)
            MUST(plan->skus[i].stock[j] >= -1 && (j < r->logistics.sites_count || plan->skus[i].stock[j] == -1));
    }
    for (size_t i = 1; i < plan->run_count; i++)
        MUST(plan->run[i].t >= plan->run[i - 1].t);
}

static void check_event(const struct recording *r, const struct sale_event *e)
{
    bool of_hold = e->kind == SALE_HOLD || e->kind == SALE_CONFIRM || e->kind == SALE_RELEASE ||
                   e->kind == SALE_EXPIRE || e->kind == SALE_EXTEND || e->kind == SALE_CANCEL ||
                   e->kind == SALE_RETURN || e->kind == SALE_SHIP;
    MUST(e->t >= 0 && e->t <= RECORDING_TIME_MAX_S && e->n >= 0 && e->units >= 0);
    MUST(e->site == ESTIMATE_ALL || e->site < r->logistics.sites_count);
    MUST((e->hold != NULL) == of_hold && (e->hold == NULL || strlen(e->hold) <= RECORDING_TEXT_MAX));
    MUST(e->sku == NULL || id_is_valid(e->sku, strlen(e->sku)));
    MUST(e->kind != SALE_HOLD || (e->sku != NULL && e->units >= 1 && e->units <= HOLD_UNITS_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct recording r;
    struct sale_event event;
    FILE *from = fmemopen((void *)(uintptr_t)(size == 0 ? (const uint8_t *)"\n" : data), size == 0 ? 1 : size, "r");
    MUST(from != NULL);
    enum result result = recording_open(&r, from, NULL);
    if (result == RESULT_OK)
        check_start(&r);
    while (result == RESULT_OK && (result = recording_next(&r, &event)) == RESULT_OK)
        check_event(&r, &event);
    MUST(result == RESULT_NOT_FOUND || (result == RESULT_MALFORMED && strncmp(r.why, "line ", 5) == 0));
    recording_close(&r);
    fclose(from);
    return 0;
}
