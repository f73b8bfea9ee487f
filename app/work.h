/* app/work.h - the work port on libuv's threads. */
#ifndef LIVESHELF_APP_WORK_H
#define LIVESHELF_APP_WORK_H

#include <stddef.h>
#include <uv.h>

#include "core/ports/work.h"

struct work_pool {
    struct work work;
    uv_loop_t *loop;
    size_t under_way;
    void (*idle)(void *ctx); /* of work_pool_stop */
    void *ctx;
};
void work_pool_init(struct work_pool *p, uv_loop_t *loop);
/* Nothing may be started any more. `idle` runs once every job's `done` ran; at once when none is under way. */
void work_pool_stop(struct work_pool *p, void (*idle)(void *ctx), void *ctx);

#endif
