/* loadtest/run.h - one run of a scenario: what each phase came to, and what is demanded of the figures. */
#ifndef LOADTEST_RUN_H
#define LOADTEST_RUN_H

#include "loadtest/crowd.h"

#define RUN_PHASES_MAX 100
#define RUN_THRESHOLDS_MAX 64
#define RUN_NAME_MAX 64

enum times_of { TIMES_JOIN, TIMES_PIN, TIMES_PIN_LAST, TIMES_RESERVE, TIMES_RESERVE_UNBROKEN, TIMES_RESUME, TIMES };
enum times_figure { FIGURE_COUNT, FIGURE_P50, FIGURE_P90, FIGURE_P95, FIGURE_P99, FIGURE_P999, FIGURE_MAX, FIGURES };
extern const char *const times_names[TIMES];
extern const char *const figure_names[FIGURES];

struct times { /* of one kind: milliseconds, but for the count */
    double at[FIGURES];
};
const struct histogram *crowd_times(const struct crowd *c, enum times_of which);
void times_take(const struct histogram *h, struct times *ret);

struct run_phase {
    const char *name;           /* its "do" */
    int64_t began_ms, ended_ms; /* since the run began */
    bool passed, interrupted;   /* interrupted: neither done nor failed */
    char detail[96];
    struct times times[TIMES]; /* of what came while it lasted */
};

struct threshold {
    char name[RUN_NAME_MAX], of[RUN_NAME_MAX]; /* `of` not "": the quotient of the two is judged */
    bool has_most, has_least;
    double most, least;
    /* ---- after threshold_judge ---- */
    bool measured, passed;
    double value;
};

struct run {
    const char *scenario;
    struct crowd *crowd;
    struct run_phase phases[RUN_PHASES_MAX];
    size_t phases_count;
    int64_t planned_ms;
    size_t phase_at, phases_planned; /* the one that is played, from 1; of so many */
    bool phases_passed, complete;    /* all were played, and none failed */
    struct threshold thresholds[RUN_THRESHOLDS_MAX];
    size_t thresholds_count;
    int64_t ended_unix_ms;
};

/* ---- numbers.c: every figure by its name ----
 *
 *   counts.gaps   answers.held   pin_last_ms.p99   phase3.pin_ms.p99 */
bool number_is_known(const char *name, size_t phases);
bool number_read(const struct run *r, const char *name, double *ret); /* false: nothing of the kind was measured */
/* The counts in the order of the report; false at the end. */
bool number_count(const struct crowd *c, size_t at, const char **ret_name, double *ret);

/* ---- thresholds.c ---- */
/* "pin_ms.p99<=500", "answers.held>=1". RESULT_MALFORMED, RESULT_NOT_FOUND: there is no such figure; RESULT_FULL. */
MUST_USE enum result threshold_parse(struct run *r, const char *text, size_t phases);
MUST_USE enum result threshold_add(struct run *r, const struct threshold *t, size_t phases);
bool thresholds_judge(struct run *r); /* true: all hold */

/* ---- account.c ---- */
bool run_is_sound(const struct run *r);
void run_report(const struct run *r, struct bytes *out); /* one JSON object */
void run_print(const struct run *r, FILE *to);

#endif
