/* core/ports/clock.h - time as the core sees it: asked for, never taken. Real: app/loop. Fake: tests/support.
 * Timers fire on the loop thread, never from inside the call that started them. */
#ifndef LIVESHELF_CORE_PORTS_CLOCK_H
#define LIVESHELF_CORE_PORTS_CLOCK_H

#include <stdint.h>

struct clock_timer {
    void (*fire)(struct clock_timer *timer); /* one shot; set before start; may start itself again */
    void *impl[8];                           /* the implementation's; zero before first use */
};
struct clock {
    int64_t (*now_ms)(struct clock *clock);  /* Unix ms; never goes back within one process */
    void (*start)(struct clock *clock, struct clock_timer *timer, int64_t delay_ms); /* re-arms when running */
    void (*stop)(struct clock *clock, struct clock_timer *timer);                    /* harmless when not running */
};

#endif
