#include "inventory/redis/hiredis_uv.h"

#include <stdlib.h>
#include <string.h>

#include "base/must.h"

struct attachment {
    uv_poll_t poll;
    redisAsyncContext *redis; /* NULL once hiredis let go */
    int events;
};

static void attachment_ready(uv_poll_t *poll, int status, int events)
{
    struct attachment *a = poll->data;
    /* On an error libuv has stopped the handle; hiredis finds the reason itself when it reads. */
    if (status < 0)
        events = UV_READABLE;
    if (a->redis != NULL && (events & UV_READABLE))
        redisAsyncHandleRead(a->redis);
    if (a->redis != NULL && (events & UV_WRITABLE))
        redisAsyncHandleWrite(a->redis);
}

static void attachment_listen(struct attachment *a, int events)
{
    a->events = events;
    int status = events == 0 ? uv_poll_stop(&a->poll) : uv_poll_start(&a->poll, events, attachment_ready);
    MUST(status == 0); /* both only fail on a handle being closed */
}

static void add_read(void *data)
{
    struct attachment *a = data;
    attachment_listen(a, a->events | UV_READABLE);
}

static void del_read(void *data)
{
    struct attachment *a = data;
    attachment_listen(a, a->events & ~UV_READABLE);
}

static void add_write(void *data)
{
    struct attachment *a = data;
    attachment_listen(a, a->events | UV_WRITABLE);
}

static void del_write(void *data)
{
    struct attachment *a = data;
    attachment_listen(a, a->events & ~UV_WRITABLE);
}

static void attachment_closed(uv_handle_t *handle) { free(handle->data); }

/* hiredis closes the socket right after this; uv_close takes it out of the poll set first. The hooks are taken back:
 * not every version of hiredis remembers that it has cleaned up. */
static void cleanup(void *data)
{
    struct attachment *a = data;
    memset(&a->redis->ev, 0, sizeof a->redis->ev);
    a->redis = NULL;
    uv_close((uv_handle_t *)&a->poll, attachment_closed);
}

enum result hiredis_uv_attach(redisAsyncContext *redis, uv_loop_t *loop)
{
    struct attachment *a = calloc(1, sizeof *a);
    if (a == NULL)
        return RESULT_NO_MEMORY;
    if (uv_poll_init(loop, &a->poll, redis->c.fd) != 0) {
        free(a);
        return RESULT_IO;
    }
    a->poll.data = a;
    a->redis = redis;
    redis->ev.data = a;
    redis->ev.addRead = add_read;
    redis->ev.delRead = del_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = del_write;
    redis->ev.cleanup = cleanup;
    return RESULT_OK;
}
