/* tests/support/fake_clock.h - time that passes only when told to. Timers due at the same moment fire in the order in which
 * they were started. */
#ifndef LIVESHELF_TESTS_SUPPORT_FAKE_CLOCK_H
#define LIVESHELF_TESTS_SUPPORT_FAKE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/ports/clock.h"

struct fake_timer {
    int64_t due_ms;
    uint64_t order;
    struct clock_timer *timer;
};
struct fake_clock {
    struct clock clock;
    int64_t now_ms;
    uint64_t started;
    struct fake_timer *heap; /* soonest first; a timer's impl[0] holds its place + 1 */
    size_t count, capacity;
};

void fake_clock_init(struct fake_clock *f, int64_t now_ms);
void fake_clock_finish(struct fake_clock *f);
/* Moves on to the next timer due until `until_ms` and fires it; false, and it is `until_ms`, when there is none. */
bool fake_clock_step(struct fake_clock *f, int64_t until_ms);
void fake_clock_run_until(struct fake_clock *f, int64_t until_ms);

#endif
