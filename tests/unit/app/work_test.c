#include "tests/unit/unit.h"

#include <pthread.h>

#include "app/loop.h"
#include "app/work.h"

struct sum {
    struct work_job job;
    struct loop *loop;
    pthread_t ran_on;
    int from, to, result, done;
    struct sum *next; /* started when this one is done */
};
static struct work_pool pool;
static int idle;

static void sum_run(struct work_job *job)
{
    struct sum *s = container_of(job, struct sum, job);
    s->ran_on = pthread_self();
    for (int i = s->from; i <= s->to; i++)
        s->result += i;
}

static void sum_done(struct work_job *job)
{
    struct sum *s = container_of(job, struct sum, job);
    s->done++;
    if (s->next != NULL)
        pool.work.start(&pool.work, &s->next->job);
    else
        loop_stop(s->loop);
}

static void pool_idle(void *ctx)
{
    idle++;
    if (ctx != NULL)
        loop_stop(ctx);
}

static void jobs_run_elsewhere_and_end_here(void **state)
{
    (void)state;
    struct loop loop;
    assert_int_equal(RESULT_OK, loop_init(&loop));
    work_pool_init(&pool, &loop.uv);
    struct sum second = {.job = {.run = sum_run, .done = sum_done}, .loop = &loop, .from = 1, .to = 10};
    struct sum first = {
        .job = {.run = sum_run, .done = sum_done}, .loop = &loop, .from = 1, .to = 100, .next = &second};
    pool.work.start(&pool.work, &first.job);
    assert_int_equal(0, first.done);
    loop_run(&loop);
    assert_int_equal(5050, first.result);
    assert_int_equal(55, second.result);
    assert_int_equal(1, first.done);
    assert_int_equal(1, second.done);
    assert_false(pthread_equal(pthread_self(), first.ran_on));
    idle = 0;
    work_pool_stop(&pool, pool_idle, NULL); /* nothing is under way */
    assert_int_equal(1, idle);
    assert_true(loop_finish(&loop, 1000));
}

static void a_stop_waits_for_what_runs(void **state)
{
    (void)state;
    struct loop loop;
    assert_int_equal(RESULT_OK, loop_init(&loop));
    work_pool_init(&pool, &loop.uv);
    struct sum only = {.job = {.run = sum_run, .done = sum_done}, .loop = &loop, .from = 1, .to = 3};
    idle = 0;
    pool.work.start(&pool.work, &only.job);
    work_pool_stop(&pool, pool_idle, &loop);
    assert_int_equal(0, idle);
    loop_run(&loop);
    assert_int_equal(1, only.done);
    assert_int_equal(1, idle);
    assert_true(loop_finish(&loop, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_elsewhere_and_end_here),
        cmocka_unit_test(a_stop_waits_for_what_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
