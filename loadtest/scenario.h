/* loadtest/scenario.h - a JSON file that says what the crowd does, phase by phase, what goes on beside it, and what is demanded of
 * the figures. README.md has the table of all members; scenarios/ has examples. Strict: a member that is not known, missing, of
 * another kind or out of its range is refused with the file, the phase's number and the member's name. */
#ifndef LOADTEST_SCENARIO_H
#define LOADTEST_SCENARIO_H

#include <jansson.h>

#include "loadtest/run.h"

#define SCENARIO_PHASES_MAX RUN_PHASES_MAX

enum phase_kind {
    PHASE_START,
    PHASE_ALLOCATE,
    PHASE_STOCK,
    PHASE_PINS,
    PHASE_RESERVE,
    PHASE_DROP,
    PHASE_RETURN,
    PHASE_SLOW,
    PHASE_JOIN,
    PHASE_WAIT,
    PHASE_MARK,
    PHASES
};

struct phase { /* texts are borrowed from the document; durations as written */
    enum phase_kind kind;
    const char *sku, *then, *text;
    const char *skus[CROWD_SKUS_MAX];
    size_t skus_count;
    double units, available, qty, count, every_ms, seconds, per_second, at_once, within_ms, wait_ms, share, ms;
    double read_every_ms, read_bytes, ping_every_ms;
    bool once, stay_away;
};

struct scenario {
    json_t *document;
    char name[64];
    struct crowd_step ramp[CROWD_RAMP_MAX];
    size_t ramp_count;
    double ramp_per_second; /* 0: `ramp` says it */
    struct phase phases[SCENARIO_PHASES_MAX];
    size_t phases_count;
    struct crowd_manner manners[CROWD_MANNERS_MAX];
    size_t manners_count;
    struct threshold thresholds[RUN_THRESHOLDS_MAX];
    size_t thresholds_count;
    bool needs_host; /* a phase is the host's */
};

struct scenario_fault {
    char text[400]; /* for a person: file, where, what */
};
MUST_USE enum result scenario_load(const char *file, struct scenario **ret, struct scenario_fault *ret_fault);
void scenario_destroy(struct scenario *s);
int64_t scenario_planned_ms(const struct scenario *s,
                            size_t viewers); /* as written, at speed 1; what it waits for not counted */

/* play.c: runs it all on `r->crowd`, thresholds included; false when it was not sound, or short of what is demanded. */
bool scenario_play(const struct scenario *s, struct run *r);

#endif
