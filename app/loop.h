/* app/loop.h - one libuv loop, and the clock port on it.
 *
 * The clock is Unix time that never goes back: it runs on the monotonic clock and is pulled towards the wall clock, gently
 * when it is ahead or a little behind (CLOCK_SLEW_PER_MILLE), at once when the machine slept. One uv timer serves all
 * clock timers. */
#ifndef LIVESHELF_APP_LOOP_H
#define LIVESHELF_APP_LOOP_H

#include <stdbool.h>
#include <uv.h>

#include "base/must.h"
#include "base/result.h"
#include "core/ports/clock.h"

#define CLOCK_SLEW_PER_MILLE 50 /* at most 50 ms a second */
#define CLOCK_STEP_MS 2000      /* further behind than this: catch up in one step, forward */

struct loop {
    uv_loop_t uv;
    struct clock clock;
    uv_timer_t due;            /* the earliest clock timer */
    struct clock_timer **heap; /* by due time; timer->impl holds its place */
    size_t heap_count, heap_capacity;
    int64_t offset_ms, mono_seen_ms, told_ms; /* Unix time = monotonic + offset; the last time told */
    uv_signal_t signals[3];
    void (*signalled)(void *ctx, int signal);
    void *signalled_ctx;
    bool due_open, signals_open;
};

/* Fills the caller's struct; it may not move afterwards. */
MUST_USE enum result loop_init(struct loop *l);
/* Closes our own handles, runs the loop until everyone else's are closed too (at most `wait_ms`), frees. False when handles
 * were still open then: somebody forgot one; they are listed on standard error. */
bool loop_finish(struct loop *l, int64_t wait_ms);

/* SIGTERM, SIGINT (and SIGCHLD when `children`) are given to `signalled` on the loop thread; SIGPIPE is ignored. */
MUST_USE enum result loop_signals(struct loop *l, bool children, void (*signalled)(void *ctx, int signal), void *ctx);

void loop_run(struct loop *l);  /* until loop_stop */
void loop_stop(struct loop *l); /* ends loop_run after this turn */

/* The next offset: `wall_ms` says where it should be. Pure; for the tests. */
int64_t loop_offset_slew(int64_t offset_ms, int64_t mono_ms, int64_t elapsed_ms, int64_t wall_ms);

#endif
