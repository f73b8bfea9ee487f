#include "loadtest/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

const char *const series_names[SERIES_COLUMNS] = {
    [SERIES_T_MS] = "t_ms",
    [SERIES_LIVE] = "live",
    [SERIES_EVENTS] = "events_per_s",
    [SERIES_DELIVERIES] = "deliveries_per_s",
    [SERIES_PIN_P50] = "pin_p50_ms",
    [SERIES_PIN_P99] = "pin_p99_ms",
    [SERIES_RESERVE_P50] = "reserve_p50_ms",
    [SERIES_RESERVE_P99] = "reserve_p99_ms",
    [SERIES_ASKED] = "asked_per_s",
    [SERIES_HELD] = "held_per_s",
    [SERIES_REFUSED] = "refused_per_s",
    [SERIES_RECONNECTS] = "reconnects_per_s",
    [SERIES_CPU] = "own_cpu_percent",
};

static const enum series_column rates[] = {SERIES_EVENTS, SERIES_DELIVERIES, SERIES_ASKED,
                                           SERIES_HELD,   SERIES_REFUSED,    SERIES_RECONNECTS};

static int64_t cpu_us(void)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) != 0)
        return 0;
    return (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

void series_init(struct series *s, int64_t now_us)
{
    *s = (struct series){.before_us = now_us, .next_us = now_us + SERIES_EVERY_US, .cpu_before_us = cpu_us()};
}

void series_finish(struct series *s)
{
    free(s->rows);
    s->rows = NULL;
    s->count = s->capacity = 0;
}

static void row_keep(struct series *s)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity == 0 ? 256 : 2 * s->capacity;
        struct series_row *rows = s->count < SERIES_ROWS_MAX ? realloc(s->rows, capacity * sizeof *rows) : NULL;
        if (rows == NULL)
            return;
        s->rows = rows;
        s->capacity = capacity;
    }
    s->rows[s->count++] = s->last;
}

static void times_take(struct histogram *h, double *ret_p50, double *ret_p99)
{
    *ret_p50 = h->count == 0 ? NAN : histogram_ms(h, 0.5);
    *ret_p99 = h->count == 0 ? NAN : histogram_ms(h, 0.99);
    memset(h, 0, sizeof *h);
}

bool series_tick(struct series *s, int64_t began_us, int64_t now_us, size_t live,
                 const uint64_t counters[SERIES_COLUMNS])
{
    if (now_us < s->next_us)
        return false;
    struct series_row *row = &s->last;
    double seconds = (double)(now_us - s->before_us) / 1e6;
    int64_t cpu = cpu_us();
    row->at[SERIES_T_MS] = floor((double)(now_us - began_us) / 1000);
    row->at[SERIES_LIVE] = (double)live;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        enum series_column c = rates[i];
        row->at[c] = (double)(counters[c] - s->before[c]) / seconds;
        s->before[c] = counters[c];
    }
    times_take(&s->pin, &row->at[SERIES_PIN_P50], &row->at[SERIES_PIN_P99]);
    times_take(&s->reserve, &row->at[SERIES_RESERVE_P50], &row->at[SERIES_RESERVE_P99]);
    row->at[SERIES_CPU] = (double)(cpu - s->cpu_before_us) / 1e4 / seconds;
    s->cpu_before_us = cpu;
    s->before_us = now_us;
    s->next_us += SERIES_EVERY_US;
    if (s->next_us <= now_us) /* this process did not run for longer than a row: the row says so by its time */
        s->next_us = now_us + SERIES_EVERY_US;
    row_keep(s);
    return true;
}

void series_mark(struct series *s, int64_t t_ms, const char *what, const char *text)
{
    if (s->marks_count == SERIES_MARKS_MAX)
        return;
    struct series_mark *m = &s->marks[s->marks_count++];
    m->t_ms = t_ms;
    snprintf(m->what, sizeof m->what, "%.15s", what);
    snprintf(m->text, sizeof m->text, "%.63s", text);
}
