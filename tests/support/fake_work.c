#include "tests/support/fake_work.h"

#include <stdlib.h>

#include "base/must.h"

struct fake_job {
    struct clock_timer timer;
    struct list link;
    struct work_job *job;
};

static void job_fire(struct clock_timer *timer)
{
    struct fake_job *f = container_of(timer, struct fake_job, timer);
    struct work_job *job = f->job;
    list_remove(&f->link);
    free(f);
    job->done(job);
}

static void work_start(struct work *work, struct work_job *job)
{
    struct fake_work *f = container_of(work, struct fake_work, work);
    struct fake_job *j = calloc(1, sizeof *j);
    MUST(j != NULL);
    j->timer.fire = job_fire;
    j->job = job;
    list_push_back(&f->jobs, &j->link);
    job->run(job);
    f->clock->start(f->clock, &j->timer, f->takes_ms);
}

void fake_work_init(struct fake_work *f, struct clock *clock, int64_t takes_ms)
{
    *f = (struct fake_work){.work = {.start = work_start}, .clock = clock, .takes_ms = takes_ms};
    list_init(&f->jobs);
}

void fake_work_finish(struct fake_work *f)
{
    if (f->jobs.next == NULL)
        return;
    list_for_each (link, &f->jobs) {
        struct fake_job *j = container_of(link, struct fake_job, link);
        f->clock->stop(f->clock, &j->timer);
        free(j);
    }
    list_init(&f->jobs);
}
