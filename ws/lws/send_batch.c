#include "ws/lws/send_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#ifdef LIVESHELF_URING
#include <liburing.h>
#endif

#include "base/log.h"
#include "ws/lws/meters.h"

#define SEND_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

static void run_plain(struct send_batch *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        struct delivery *d = &b->deliveries[i];
        ssize_t sent = send(d->fd, d->part.data, d->part.len, SEND_FLAGS);
        d->sent = sent < 0 ? -errno : sent;
    }
}

#ifdef LIVESHELF_URING

struct uring {
    struct io_uring ring;
};

/* 0, or -errno. */
static int uring_open(struct send_batch *b)
{
    struct io_uring_params params = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN};
    struct uring *u = malloc(sizeof *u);
    if (u == NULL)
        return -ENOMEM;
    int error = io_uring_queue_init_params(SEND_BATCH_MAX, &u->ring, &params);
    if (error != 0) {
        free(u);
        return error;
    }
    b->uring = u;
    return 0;
}

static void uring_close(struct send_batch *b)
{
    if (b->uring == NULL)
        return;
    io_uring_queue_exit(&b->uring->ring);
    free(b->uring);
    b->uring = NULL;
}

static uint32_t take_completions(struct send_batch *b)
{
    struct io_uring_cqe *cqe;
    unsigned head, count = 0;
    io_uring_for_each_cqe(&b->uring->ring, head, cqe)
    {
        b->deliveries[io_uring_cqe_get_data64(cqe)].sent = cqe->res;
        count++;
    }
    io_uring_cq_advance(&b->uring->ring, count);
    return count;
}

/* The kernel let us down in the middle of a batch. Of those without an answer nobody knows how much went out: they count as
 * dead, come back, and resume. From now on sends are plain. */
static void uring_give_up(struct send_batch *b, int error)
{
    log_error("send_path.lost", "path=io_uring error=%s", log_quote(strerror(error)));
    uring_close(b);
    metric_set(&meters.send_path[SEND_PATH_IO_URING], 0);
    metric_set(&meters.send_path[SEND_PATH_SEND], 1);
}

static void run_uring(struct send_batch *b)
{
    struct io_uring *ring = &b->uring->ring;
    for (uint32_t i = 0; i < b->count; i++) {
        struct delivery *d = &b->deliveries[i];
        struct io_uring_sqe *sqe = io_uring_get_sqe(ring); /* as many as a batch may have */
        io_uring_prep_send(sqe, d->fd, d->part.data, d->part.len, SEND_FLAGS);
        io_uring_sqe_set_data64(sqe, i);
        d->sent = -ECANCELED;
    }
    for (uint32_t done = 0; done < b->count;) {
        int submitted = io_uring_submit_and_wait(ring, b->count - done);
        done += take_completions(b);
        if (submitted < 0 && submitted != -EINTR) {
            uring_give_up(b, -submitted);
            return;
        }
    }
}

#else

static int uring_open(struct send_batch *b)
{
    (void)b;
    return -ENOSYS;
}
static void uring_close(struct send_batch *b) { (void)b; }
static void run_uring(struct send_batch *b) { run_plain(b); }

#endif

static void say(const struct send_batch *b, enum send_path wanted, int error)
{
    bool uring = b->uring != NULL;
    metric_set(&meters.send_path[SEND_PATH_IO_URING], uring);
    metric_set(&meters.send_path[SEND_PATH_SEND], !uring);
    if (wanted == SEND_PATH_IO_URING && !uring)
        log_error("send_path.refused", "wanted=io_uring used=send error=%s", log_quote(strerror(-error)));
    else
        log_info("send_path", "used=%s", uring ? "io_uring" : "send");
}

enum result send_batch_create(enum send_path path, struct send_batch **ret)
{
    struct send_batch *b = calloc(1, sizeof *b);
    if (b == NULL)
        return RESULT_NO_MEMORY;
    int error = path == SEND_PATH_SEND ? 0 : uring_open(b);
    say(b, path, error);
    *ret = b;
    return RESULT_OK;
}

void send_batch_destroy(struct send_batch *b)
{
    if (b == NULL)
        return;
    uring_close(b);
    free(b);
}

void send_batch_run(struct send_batch *b)
{
    if (b->uring != NULL)
        run_uring(b);
    else
        run_plain(b);
}
