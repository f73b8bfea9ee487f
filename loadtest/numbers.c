/* loadtest/numbers.c - every figure of a run by its name: for the report, and for what is demanded of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loadtest/run.h"

const char *const times_names[TIMES] = {"join_ms",  "pin_ms", "pin_last_ms", "reserve_ms", "reserve_unbroken_ms",
                                        "resume_ms"};
const char *const figure_names[FIGURES] = {"count", "p50", "p90", "p95", "p99", "p999", "max"};
static const double figure_shares[FIGURES] = {0, 0.5, 0.9, 0.95, 0.99, 0.999, 1};

const struct histogram *crowd_times(const struct crowd *c, enum times_of which)
{
    const struct histogram *const all[TIMES] = {&c->join,  &c->pin, &c->pin_last, &c->reserve, &c->reserve_unbroken,
                                                &c->resume};
    return all[which];
}

void times_take(const struct histogram *h, struct times *ret)
{
    ret->at[FIGURE_COUNT] = (double)h->count;
    for (size_t i = FIGURE_P50; i < FIGURES; i++)
        ret->at[i] = histogram_ms(h, figure_shares[i]);
}

/* ---- counts ---- */

static double outstanding_most(const struct crowd *c)
{
    int64_t most = 0;
    for (size_t i = 0; i < c->books.skus_count; i++)
        most += c->books.skus[i].most;
    return (double)most;
}

static double allocated(const struct crowd *c) { return (double)books_allocated(&c->books); }
static double outstanding(const struct crowd *c) { return (double)books_outstanding(&c->books); }
static double oversold(const struct crowd *c) { return (double)books_oversold_units(&c->books); }
static double live(const struct crowd *c) { return (double)c->live; }
static double level(const struct crowd *c) { return (double)c->level; }
static double faults(const struct crowd *c) { return (double)(c->faults_count + c->fault_open); }

static double all_back_most_ms(const struct crowd *c)
{
    double most = 0;
    for (size_t i = 0; i < c->faults_count; i++) {
        double ms = (double)(c->faults[i].ended_us - c->faults[i].began_us) / 1000;
        most = ms > most ? ms : most;
    }
    return most;
}

#define OF_VIEWERS(member) #member, VIEWERS, offsetof(struct load_viewer, member), NULL
#define OF_CROWD(member) #member, CROWD, offsetof(struct crowd_counts, member), NULL
#define COUNTED(name, function) name, COMPUTED, 0, function

static const struct {
    const char *name;
    enum { VIEWERS, CROWD, COMPUTED } from;
    size_t offset;
    double (*compute)(const struct crowd *c);
} counts[] = {
    {COUNTED("live", live)},
    {COUNTED("level", level)},
    {OF_VIEWERS(events)},
    {OF_VIEWERS(gaps)},
    {OF_VIEWERS(duplicates)},
    {OF_VIEWERS(malformed)},
    {OF_VIEWERS(resumes)},
    {OF_VIEWERS(snapshots)},
    {OF_CROWD(received)},
    {OF_CROWD(joins)},
    {OF_CROWD(reconnects)},
    {OF_CROWD(lost)},
    {OF_CROWD(moved)},
    {OF_CROWD(refused_joins)},
    {OF_CROWD(pins)},
    {OF_CROWD(pins_incomplete)},
    {OF_CROWD(pins_interrupted)},
    {OF_CROWD(asked)},
    {OF_CROWD(asked_again)},
    {OF_CROWD(held)},
    {OF_CROWD(refused)},
    {OF_CROWD(unanswered)},
    {OF_CROWD(skipped)},
    {OF_CROWD(paid)},
    {OF_CROWD(pay_refused)},
    {OF_CROWD(missing)},
    {OF_CROWD(stock_mismatches)},
    {COUNTED("outstanding", outstanding)},
    {COUNTED("outstanding_max", outstanding_most)},
    {COUNTED("allocated", allocated)},
    {COUNTED("oversold", oversold)},
    {COUNTED("faults", faults)},
    {COUNTED("all_back_max_ms", all_back_most_ms)},
};

bool number_count(const struct crowd *c, size_t at, const char **ret_name, double *ret)
{
    uint64_t counted = 0;
    if (at >= ARRAY_LEN(counts))
        return false;
    *ret_name = counts[at].name;
    if (c == NULL)
        return true; /* the name alone was asked for */
    if (counts[at].from == VIEWERS)
        counted = crowd_sum(c, counts[at].offset);
    else if (counts[at].from == CROWD)
        memcpy(&counted, (const char *)&c->counts + counts[at].offset, sizeof counted);
    *ret = counts[at].from == COMPUTED ? counts[at].compute(c) : (double)counted;
    return true;
}

/* ---- names ---- */

static const char *const answer_codes[] = {
    "held",        "sold_out",       "held_out",        "limit_reached", "price_changed", "not_live",
    "paused",      "recalled",       "stopped",         "sku_unknown",   "hold_unknown",  "hold_expired",
    "conflict",    "hold_confirmed", "hold_released",   "forbidden",     "rate_limited",  "overloaded",
    "bad_request", "unavailable",    "unauthenticated", "mismatch",      "not_found"};

static bool begins(const char *name, const char *with, const char **ret_rest)
{
    size_t len = strlen(with);
    *ret_rest = name + len;
    return strncmp(name, with, len) == 0;
}

/* "pin_ms.p99" */
static bool times_parse(const char *name, size_t *ret_which, size_t *ret_figure)
{
    for (size_t i = 0; i < TIMES; i++) {
        const char *rest;
        if (!begins(name, times_names[i], &rest) || *rest != '.')
            continue;
        for (size_t k = 0; k < FIGURES; k++)
            if (strcmp(rest + 1, figure_names[k]) == 0) {
                *ret_which = i;
                *ret_figure = k;
                return true;
            }
    }
    return false;
}

/* "phase3.pin_ms.p99": returns the number of the phase, 0 when it is none. */
static size_t phase_parse(const char *name, const char **ret_rest)
{
    char *end;
    if (!begins(name, "phase", ret_rest) || **ret_rest < '1' || **ret_rest > '9')
        return 0;
    unsigned long number = strtoul(*ret_rest, &end, 10);
    *ret_rest = end + 1;
    return *end == '.' && number <= RUN_PHASES_MAX ? number : 0;
}

static bool count_find(const char *name, const struct crowd *c, double *ret)
{
    const char *counted;
    for (size_t i = 0; number_count(c, i, &counted, ret); i++)
        if (strcmp(counted, name) == 0)
            return true;
    return false;
}

bool number_is_known(const char *name, size_t phases)
{
    const char *rest;
    size_t which, figure, number = phase_parse(name, &rest);
    if (number > 0)
        return number <= phases && times_parse(rest, &which, &figure);
    if (begins(name, "counts.", &rest))
        return count_find(rest, NULL, NULL);
    if (begins(name, "answers.", &rest)) {
        for (size_t i = 0; i < ARRAY_LEN(answer_codes); i++)
            if (strcmp(rest, answer_codes[i]) == 0)
                return true;
        return false;
    }
    return times_parse(name, &which, &figure);
}

bool number_read(const struct run *r, const char *name, double *ret)
{
    const char *rest;
    size_t which, figure, number = phase_parse(name, &rest);
    struct times times;
    if (begins(name, "answers.", &rest)) {
        *ret = (double)books_answered(&r->crowd->books, rest);
        return true;
    }
    if (begins(name, "counts.", &rest))
        return count_find(rest, r->crowd, ret);
    if (number > r->phases_count)
        return false;
    if (number > 0) {
        (void)phase_parse(name, &name);
        times = r->phases[number - 1].times[0];
    }
    if (!times_parse(name, &which, &figure))
        return false;
    if (number > 0)
        times = r->phases[number - 1].times[which];
    else
        times_take(crowd_times(r->crowd, (enum times_of)which), &times);
    *ret = times.at[figure];
    return figure == FIGURE_COUNT || times.at[FIGURE_COUNT] > 0;
}
