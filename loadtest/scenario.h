/* loadtest/scenario.h - a JSON file that says what the crowd does, phase by phase. scenarios/ has examples; every phase names
 * what it needs, unknown members are refused:
 *
 *   {"do":"start"}                                                    the host starts the show (forced; started already is fine)
 *   {"do":"allocate","sku":"mug-red","units":100}
 *   {"do":"pins","skus":["mug-red","mug-blue"],"count":40,"every_ms":500}
 *   {"do":"reserve","sku":"mug-red","qty":1,"seconds":10,"per_second":500,"then":"keep"}     or "release"; per_second 0: closed loop
 *   {"do":"drop","share":0.5}   {"do":"return","within_ms":2000,"wait_ms":30000}   {"do":"wait","ms":500} */
#ifndef LOADTEST_SCENARIO_H
#define LOADTEST_SCENARIO_H

#include "loadtest/crowd.h"

#define SCENARIO_PHASES_MAX 100

struct scenario;
struct scenario_fault {
    char text[256];
};
MUST_USE enum result scenario_load(const char *file, struct scenario **ret, struct scenario_fault *ret_fault);
void scenario_destroy(struct scenario *s);
const char *scenario_name(const struct scenario *s);
double scenario_ramp(const struct scenario *s); /* joins per second */
/* Runs all phases; false when one could not be done (crowd_is_sound judges the rest). */
bool scenario_play(const struct scenario *s, struct crowd *c);

#endif
