#include "tests/support/fake_clock.h"

#include <stdlib.h>

#include "base/must.h"

static bool sooner(const struct fake_timer *a, const struct fake_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void place(struct fake_clock *f, size_t at, struct fake_timer timer)
{
    f->heap[at] = timer;
    timer.timer->impl[0] = (void *)(uintptr_t)(at + 1);
}

static void sift_up(struct fake_clock *f, size_t at)
{
    struct fake_timer timer = f->heap[at];
    for (; at > 0 && sooner(&timer, &f->heap[(at - 1) / 2]); at = (at - 1) / 2)
        place(f, at, f->heap[(at - 1) / 2]);
    place(f, at, timer);
}

static void sift_down(struct fake_clock *f, size_t at)
{
    struct fake_timer timer = f->heap[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < f->count && sooner(&f->heap[child + 1], &f->heap[child]))
            child++;
        if (child >= f->count || !sooner(&f->heap[child], &timer))
            break;
        place(f, at, f->heap[child]);
        at = child;
    }
    place(f, at, timer);
}

static void take_out(struct fake_clock *f, struct clock_timer *timer)
{
    size_t at = (size_t)(uintptr_t)timer->impl[0] - 1;
    MUST(at < f->count && f->heap[at].timer == timer);
    timer->impl[0] = NULL;
    f->count--;
    if (at == f->count)
        return;
    place(f, at, f->heap[f->count]);
    sift_up(f, at);
    sift_down(f, (size_t)(uintptr_t)f->heap[at].timer->impl[0] - 1);
}

static int64_t clock_now_ms(struct clock *clock) { return container_of(clock, struct fake_clock, clock)->now_ms; }

static void clock_stop(struct clock *clock, struct clock_timer *timer)
{
    if (timer->impl[0] != NULL)
        take_out(container_of(clock, struct fake_clock, clock), timer);
}

static void clock_start(struct clock *clock, struct clock_timer *timer, int64_t delay_ms)
{
    struct fake_clock *f = container_of(clock, struct fake_clock, clock);
    MUST(timer->fire != NULL && delay_ms >= 0);
    clock_stop(clock, timer);
    if (f->count == f->capacity) {
        f->capacity = f->capacity == 0 ? 64 : 2 * f->capacity;
        f->heap = realloc(f->heap, f->capacity * sizeof *f->heap);
        MUST(f->heap != NULL);
    }
    f->heap[f->count] = (struct fake_timer){.due_ms = f->now_ms + delay_ms, .order = f->started++, .timer = timer};
    f->count++;
    sift_up(f, f->count - 1);
}

void fake_clock_init(struct fake_clock *f, int64_t now_ms)
{
    *f = (struct fake_clock){.clock = {clock_now_ms, clock_start, clock_stop}, .now_ms = now_ms};
}

void fake_clock_finish(struct fake_clock *f)
{
    free(f->heap);
    *f = (struct fake_clock){0};
}

bool fake_clock_step(struct fake_clock *f, int64_t until_ms)
{
    if (f->count == 0 || f->heap[0].due_ms > until_ms) {
        f->now_ms = until_ms > f->now_ms ? until_ms : f->now_ms;
        return false;
    }
    struct fake_timer next = f->heap[0];
    f->now_ms = next.due_ms > f->now_ms ? next.due_ms : f->now_ms;
    take_out(f, next.timer);
    next.timer->fire(next.timer);
    return true;
}

void fake_clock_run_until(struct fake_clock *f, int64_t until_ms)
{
    while (fake_clock_step(f, until_ms))
        ;
}
