#include "app/work.h"

#include "base/must.h"

/* What the port leaves us is room for a request of libuv and the way back to the pool. */
struct queued {
    uv_work_t request;
    struct work_pool *pool;
};
_Static_assert(sizeof(struct queued) <= sizeof(((struct work_job *)0)->impl), "fits what the port leaves us");

static struct work_job *job_of(uv_work_t *request)
{
    struct queued *queued = container_of(request, struct queued, request);
    return container_of((void *)queued, struct work_job, impl);
}

static void job_run(uv_work_t *request)
{
    struct work_job *job = job_of(request);
    job->run(job);
}

static void job_done(uv_work_t *request, int status)
{
    struct work_job *job = job_of(request);
    struct work_pool *p = container_of(request, struct queued, request)->pool;
    MUST(status == 0); /* nobody cancels */
    p->under_way--;
    job->done(job);
    if (p->under_way == 0 && p->idle != NULL)
        p->idle(p->ctx); /* last: the pool may be gone after it */
}

static void pool_start(struct work *work, struct work_job *job)
{
    struct work_pool *p = container_of(work, struct work_pool, work);
    struct queued *queued = (struct queued *)(void *)job->impl;
    MUST(p->idle == NULL);
    queued->pool = p;
    p->under_way++;
    int result = uv_queue_work(p->loop, &queued->request, job_run, job_done);
    MUST(result == 0);
}

void work_pool_init(struct work_pool *p, uv_loop_t *loop)
{
    *p = (struct work_pool){.work = {.start = pool_start}, .loop = loop};
}

void work_pool_stop(struct work_pool *p, void (*idle)(void *ctx), void *ctx)
{
    p->idle = idle;
    p->ctx = ctx;
    if (p->under_way == 0)
        idle(ctx);
}
