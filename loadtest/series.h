/* loadtest/series.h - one row a second: what went on, for the display, the report and its charts. A day's worth is kept; what
 * comes later is shown and not kept. */
#ifndef LOADTEST_SERIES_H
#define LOADTEST_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadtest/histogram.h"

#define SERIES_EVERY_MS 1000
#define SERIES_EVERY_US INT64_C(1000000)
#define SERIES_ROWS_MAX 86400
#define SERIES_MARKS_MAX 512

enum series_column { /* series_names has their names */
                     SERIES_T_MS,
                     SERIES_LIVE,
                     SERIES_EVENTS,
                     SERIES_DELIVERIES,
                     SERIES_PIN_P50,
                     SERIES_PIN_P99,
                     SERIES_RESERVE_P50,
                     SERIES_RESERVE_P99,
                     SERIES_ASKED,
                     SERIES_HELD,
                     SERIES_REFUSED,
                     SERIES_RECONNECTS,
                     SERIES_CPU,
                     SERIES_COLUMNS
};
extern const char *const series_names[SERIES_COLUMNS];

struct series_row {
    double at[SERIES_COLUMNS]; /* NAN: nothing happened in that second */
};

struct series_mark { /* something to draw a line at */
    int64_t t_ms;
    char what[16], text[64];
};

struct series {
    struct series_row *rows;
    size_t count, capacity;
    struct series_row last;        /* of rows; zeroes before the first */
    struct histogram pin, reserve; /* of the second that runs */
    int64_t next_us, before_us, cpu_before_us;
    uint64_t before[SERIES_COLUMNS]; /* of those columns that are rates: the counter a second ago */
    struct series_mark marks[SERIES_MARKS_MAX];
    size_t marks_count; /* further ones are not kept */
};

void series_init(struct series *s, int64_t now_us);
void series_finish(struct series *s);
/* Ends the second when it is over: `counters` are the running totals of the columns that are rates, others are ignored. */
bool series_tick(struct series *s, int64_t began_us, int64_t now_us, size_t live,
                 const uint64_t counters[SERIES_COLUMNS]);
void series_mark(struct series *s, int64_t t_ms, const char *what, const char *text);

#endif
