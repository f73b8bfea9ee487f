#include <stdlib.h>

#include "base/must.h"
#include "loadtest/fan/fan.h"

void fan_samples_add(struct fan_samples *s, int64_t us)
{
    if (s->us == NULL) {
        s->us = calloc(FAN_SAMPLES_MAX, sizeof *s->us);
        MUST(s->us != NULL);
        s->stride = 1;
    }
    if (++s->skipped < s->stride)
        return;
    s->skipped = 0;
    if (s->count == FAN_SAMPLES_MAX) {
        s->count /= 2;
        s->stride *= 2;
        for (size_t i = 0; i < s->count; i++)
            s->us[i] = s->us[2 * i];
    }
    s->us[s->count++] = us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

double fan_samples_ms(struct fan_samples *s, double share)
{
    if (s->count == 0)
        return 0;
    qsort(s->us, s->count, sizeof *s->us, compare);
    return s->us[(size_t)(share * (double)(s->count - 1))] / 1e3;
}

void fan_samples_clear(struct fan_samples *s)
{
    s->count = s->skipped = 0;
    s->stride = 1;
}

void fan_samples_finish(struct fan_samples *s)
{
    free(s->us);
    *s = (struct fan_samples){0};
}
