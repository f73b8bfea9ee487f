/* core/ports/work.h - long arithmetic on copied state, away from the loop. Real: app/work (libuv's threads). Stand-in:
 * tests/support.
 *
 * A job is owned by the caller until its `done` ran: exactly once, on the loop thread, never from inside the call that
 * started it. `run` sees nothing but what the job carries. */
#ifndef LIVESHELF_CORE_PORTS_WORK_H
#define LIVESHELF_CORE_PORTS_WORK_H

struct work_job {
    void (*run)(struct work_job *job);  /* on another thread */
    void (*done)(struct work_job *job); /* the last touch of the job */
    void *impl[24];                     /* the implementation's */
};
struct work {
    void (*start)(struct work *work, struct work_job *job);
};

#endif
