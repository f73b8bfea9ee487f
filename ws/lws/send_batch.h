/* ws/lws/send_batch.h - the sends of one slice of a sweep: gathered first, carried out together, settled last.
 *
 * Plain: one send() each. io_uring: all of them in one call, where the kernel lets us have a ring that only this thread uses and
 * whose completions wait for us (Linux 6.1; containers often forbid io_uring). Both leave the same in `sent`, so what
 * becomes of it is the same code. No send waits: a full socket is an answer. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_SEND_BATCH_H
#define LIVESHELF_WS_LWS_SEND_BATCH_H

#include <stdint.h>
#include <sys/types.h>

#include "base/result.h"
#include "ws/lws/frame.h"
#include "ws/lws/limits.h"

#define SEND_BATCH_MAX 256

struct delivery {
    struct span part;
    ssize_t sent; /* bytes taken, or -errno */
    uint32_t seat;
    int fd;
    int offer; /* enum offer: from which ring the part is */
};

struct uring; /* send_batch.c */

struct send_batch {
    uint32_t count;
    struct uring *uring; /* NULL: plain */
    struct delivery deliveries[SEND_BATCH_MAX];
};

/* SEND_PATH_AUTO and a kernel that refuses: plain, and the log says so. RESULT_NO_MEMORY. */
MUST_USE enum result send_batch_create(enum send_path path, struct send_batch **ret);
void send_batch_destroy(struct send_batch *b); /* takes NULL */
void send_batch_run(struct send_batch *b);     /* fills in `sent` of each */

#endif
