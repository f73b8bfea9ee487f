#include "app/metric_board.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/metric.h"
#include "base/must.h"

#define FIRST_FD 16 /* children have their own uses for the lowest */
#define READ_TRIES 100

struct metric_slot {
    atomic_uint_fast64_t turn; /* odd while it is being written; 0: never was */
    int64_t written_ms;
    uint64_t count;
    struct metric_values values[METRIC_BOARD_METRICS_MAX];
};

static size_t board_bytes(size_t nodes) { return nodes * sizeof(struct metric_slot); }

int metric_board_create(size_t nodes)
{
    int fd = memfd_create("liveshelf-metrics", MFD_CLOEXEC);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
    if (fd >= 0)
        close(fd);
    if (high >= 0 && ftruncate(high, (off_t)board_bytes(nodes)) != 0) {
        close(high);
        high = -1;
    }
    return high;
}

static int64_t now_ms(const struct metric_board *b) { return b->clock->now_ms(b->clock); }

static void slot_write(struct metric_board *b)
{
    struct metric_slot *slot = &b->slots[b->own];
    uint_fast64_t turn =
        atomic_load_explicit(&slot->turn, memory_order_relaxed) | 1; /* a run before us may have died at it */
    atomic_store_explicit(&slot->turn, turn, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    slot->written_ms = now_ms(b);
    slot->count = metric_count();
    metric_copy(slot->values);
    atomic_store_explicit(&slot->turn, turn + 1, memory_order_release);
}

static void due(struct clock_timer *timer)
{
    struct metric_board *b = container_of(timer, struct metric_board, timer);
    slot_write(b);
    b->clock->start(b->clock, timer, METRIC_BOARD_EVERY_MS);
}

enum result metric_board_open(struct metric_board *b, int fd, size_t nodes, size_t index, struct clock *clock)
{
    *b = (struct metric_board){.clock = clock, .nodes = nodes, .own = index, .timer = {.fire = due}};
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (index >= nodes || size < 0 || (size_t)size != board_bytes(nodes) || metric_count() > METRIC_BOARD_METRICS_MAX)
        return RESULT_IO;
    void *at = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return RESULT_IO;
    b->slots = at;
    due(&b->timer);
    return RESULT_OK;
}

/* A whole copy of what node `i` last wrote; false: dead, not started yet, or of another program. */
static bool slot_read(const struct metric_board *b, size_t i, struct metric_values *ret)
{
    const struct metric_slot *slot = &b->slots[i];
    for (int tries = 0; tries < READ_TRIES; tries++) {
        uint_fast64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn == 0)
            return false;
        if (turn % 2 != 0)
            continue;
        int64_t written_ms = slot->written_ms;
        uint64_t count = slot->count;
        memcpy(ret, slot->values, sizeof slot->values);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&slot->turn, memory_order_relaxed) == turn)
            return count == metric_count() && now_ms(b) - written_ms < METRIC_BOARD_FRESH_MS;
    }
    return false;
}

static size_t sources_read(struct metric_board *b, struct metric_values (*room)[METRIC_BOARD_METRICS_MAX],
                           char (*labels)[32], struct metric_source *ret)
{
    size_t count = 0;
    slot_write(b); /* ours are those of now */
    for (size_t i = 0; i < b->nodes; i++) {
        if (!slot_read(b, i, room[count]))
            continue;
        snprintf(labels[count], sizeof labels[count], "node=\"n%zu\"", i + 1);
        ret[count] = (struct metric_source){.label = labels[count], .values = room[count]};
        count++;
    }
    return count;
}

void metric_board_write(struct metric_board *b, struct bytes *out)
{
    if (b->slots == NULL || b->nodes == 1) {
        metric_write_all(out);
        return;
    }
    struct metric_values(*room)[METRIC_BOARD_METRICS_MAX] = calloc(b->nodes, sizeof *room);
    char(*labels)[32] = calloc(b->nodes, sizeof *labels);
    struct metric_source *sources = calloc(b->nodes, sizeof *sources);
    if (room != NULL && labels != NULL && sources != NULL)
        metric_write_sources(out, sources, sources_read(b, room, labels, sources));
    else
        out->failed = true;
    free(room);
    free(labels);
    free(sources);
}

void metric_board_close(struct metric_board *b)
{
    if (b->clock != NULL)
        b->clock->stop(b->clock, &b->timer);
    if (b->slots != NULL)
        munmap(b->slots, board_bytes(b->nodes));
    *b = (struct metric_board){0};
}
