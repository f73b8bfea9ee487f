#include "app/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/must.h"

/* ---- time ---- */

static int64_t clock_read_ms(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t loop_offset_slew(int64_t offset_ms, int64_t mono_ms, int64_t elapsed_ms, int64_t wall_ms)
{
    int64_t wanted = wall_ms - mono_ms, most = elapsed_ms * CLOCK_SLEW_PER_MILLE / 1000;
    int64_t missing = wanted - offset_ms;
    if (missing > CLOCK_STEP_MS)
        return wanted;
    if (missing > most)
        missing = most;
    if (missing < -most)
        missing = -most;
    return offset_ms + missing;
}

static int64_t loop_now_ms(struct clock *clock)
{
    struct loop *l = container_of(clock, struct loop, clock);
    int64_t mono = clock_read_ms(CLOCK_MONOTONIC), elapsed = mono - l->mono_seen_ms;
    if (elapsed >= 1000) {
        l->offset_ms = loop_offset_slew(l->offset_ms, mono, elapsed, clock_read_ms(CLOCK_REALTIME));
        l->mono_seen_ms = mono;
    }
    if (l->told_ms < mono + l->offset_ms)
        l->told_ms = mono + l->offset_ms;
    return l->told_ms;
}

/* ---- timers: a binary heap ---- */

struct timer_impl {
    size_t place; /* in the heap, from 1; 0: not running */
    int64_t due_ms;
};
_Static_assert(sizeof(struct timer_impl) <= sizeof(((struct clock_timer *)0)->impl), "fits what the port leaves us");

/* By copy: the port's room is pointers, and ours are numbers. */
static struct timer_impl impl_get(const struct clock_timer *t)
{
    struct timer_impl impl;
    memcpy(&impl, t->impl, sizeof impl);
    return impl;
}

static void impl_set(struct clock_timer *t, size_t place, int64_t due_ms)
{
    struct timer_impl impl = {.place = place, .due_ms = due_ms};
    memcpy(t->impl, &impl, sizeof impl);
}

static size_t timer_place(const struct clock_timer *t) { return impl_get(t).place; }
static int64_t timer_due(const struct clock_timer *t) { return impl_get(t).due_ms; }

static void heap_put(struct loop *l, size_t place, struct clock_timer *t)
{
    l->heap[place - 1] = t;
    impl_set(t, place, timer_due(t));
}

static void heap_rise(struct loop *l, size_t place, struct clock_timer *t)
{
    while (place > 1 && timer_due(l->heap[place / 2 - 1]) > timer_due(t)) {
        heap_put(l, place, l->heap[place / 2 - 1]);
        place /= 2;
    }
    heap_put(l, place, t);
}

static void heap_sink(struct loop *l, size_t place, struct clock_timer *t)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > l->heap_count)
            break;
        if (child < l->heap_count && timer_due(l->heap[child]) < timer_due(l->heap[child - 1]))
            child++;
        if (timer_due(l->heap[child - 1]) >= timer_due(t))
            break;
        heap_put(l, place, l->heap[child - 1]);
        place = child;
    }
    heap_put(l, place, t);
}

static void heap_remove(struct loop *l, struct clock_timer *t)
{
    size_t place = timer_place(t);
    struct clock_timer *last = l->heap[--l->heap_count];
    impl_set(t, 0, 0);
    if (last == t)
        return;
    if (place > 1 && timer_due(l->heap[place / 2 - 1]) > timer_due(last))
        heap_rise(l, place, last);
    else
        heap_sink(l, place, last);
}

static void timers_due(uv_timer_t *handle);

static void timers_arm(struct loop *l)
{
    if (!l->due_open)
        return;
    if (l->heap_count == 0) {
        uv_timer_stop(&l->due);
        return;
    }
    uv_update_time(&l->uv);
    int64_t wait = timer_due(l->heap[0]) - clock_read_ms(CLOCK_MONOTONIC);
    uv_timer_start(&l->due, timers_due, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* Only what was due when we came: a timer that starts itself again with no delay waits for the next turn. */
static void timers_due(uv_timer_t *handle)
{
    struct loop *l = container_of(handle, struct loop, due);
    int64_t now = clock_read_ms(CLOCK_MONOTONIC);
    while (l->heap_count > 0 && timer_due(l->heap[0]) <= now) {
        struct clock_timer *t = l->heap[0];
        heap_remove(l, t);
        t->fire(t);
    }
    timers_arm(l);
}

static void timer_stop(struct clock *clock, struct clock_timer *t)
{
    struct loop *l = container_of(clock, struct loop, clock);
    if (timer_place(t) != 0)
        heap_remove(l, t); /* an early wake-up of the uv timer finds nothing due and sets itself right */
}

static void timer_start(struct clock *clock, struct clock_timer *t, int64_t delay_ms)
{
    struct loop *l = container_of(clock, struct loop, clock);
    timer_stop(clock, t);
    if (l->heap_count == l->heap_capacity) {
        size_t capacity = l->heap_capacity == 0 ? 64 : 2 * l->heap_capacity;
        struct clock_timer **grown = realloc(l->heap, capacity * sizeof *grown);
        MUST(grown != NULL); /* timers are embedded in limited objects; without them nothing would ever end */
        l->heap = grown;
        l->heap_capacity = capacity;
    }
    int64_t delay = delay_ms > 0 ? delay_ms : 0;
    impl_set(t, 0, clock_read_ms(CLOCK_MONOTONIC) + delay + (delay == 0)); /* never within this turn */
    l->heap_count++;
    heap_rise(l, l->heap_count, t);
    if (l->heap[0] == t)
        timers_arm(l);
}

/* ---- signals, begin and end ---- */

static void signal_came(uv_signal_t *handle, int signal)
{
    struct loop *l = handle->data;
    l->signalled(l->signalled_ctx, signal);
}

enum result loop_signals(struct loop *l, bool children, void (*signalled)(void *ctx, int signal), void *ctx)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGCHLD};
    l->signalled = signalled;
    l->signalled_ctx = ctx;
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        MUST(uv_signal_init(&l->uv, &l->signals[i]) == 0);
        l->signals[i].data = l;
    }
    l->signals_open = true;
    for (size_t i = 0; i < ARRAY_LEN(numbers) - !children; i++)
        if (uv_signal_start(&l->signals[i], signal_came, numbers[i]) != 0)
            return RESULT_IO;
    return RESULT_OK;
}

enum result loop_init(struct loop *l)
{
    *l = (struct loop){.clock = {.now_ms = loop_now_ms, .start = timer_start, .stop = timer_stop}};
    if (uv_loop_init(&l->uv) != 0)
        return RESULT_IO;
    MUST(uv_timer_init(&l->uv, &l->due) == 0);
    l->due_open = true;
    l->mono_seen_ms = clock_read_ms(CLOCK_MONOTONIC);
    l->offset_ms = clock_read_ms(CLOCK_REALTIME) - l->mono_seen_ms;
    return RESULT_OK;
}

void loop_run(struct loop *l) { uv_run(&l->uv, UV_RUN_DEFAULT); }
void loop_stop(struct loop *l) { uv_stop(&l->uv); }

static void loop_close_own(struct loop *l)
{
    uv_close((uv_handle_t *)&l->due, NULL);
    l->due_open = false;
    for (size_t i = 0; l->signals_open && i < ARRAY_LEN(l->signals); i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
    l->signals_open = false;
}

bool loop_finish(struct loop *l, int64_t wait_ms)
{
    int64_t until = clock_read_ms(CLOCK_MONOTONIC) + wait_ms;
    const struct timespec pause = {.tv_nsec = 1000000};
    loop_close_own(l);
    while (uv_run(&l->uv, UV_RUN_NOWAIT) != 0 && clock_read_ms(CLOCK_MONOTONIC) < until)
        nanosleep(&pause, NULL);
    bool all = uv_loop_close(&l->uv) == 0;
    if (!all)
        uv_print_all_handles(&l->uv, stderr);
    free(l->heap);
    l->heap = NULL;
    return all;
}
