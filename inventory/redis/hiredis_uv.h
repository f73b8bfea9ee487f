/* inventory/redis/hiredis_uv.h - hiredis on a libuv loop. hiredis's own adapter is not always installed, and some of its
 * versions free a handle that libuv still holds or forget errors; this one does neither, with 0.14 and with 1.x. */
#ifndef LIVESHELF_INVENTORY_REDIS_HIREDIS_UV_H
#define LIVESHELF_INVENTORY_REDIS_HIREDIS_UV_H

#include <hiredis/async.h>
#include <uv.h>

#include "base/result.h"

/* Attaches a context whose connect was just started. The handle frees itself: on redisAsyncFree, or when hiredis gives
 * up; the loop must turn once more after that. RESULT_NO_MEMORY, RESULT_IO: the caller frees the context. */
enum result hiredis_uv_attach(redisAsyncContext *redis, uv_loop_t *loop);

#endif
