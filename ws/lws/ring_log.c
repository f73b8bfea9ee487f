#include "ws/lws/ring_log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* No message about an event is shorter, so an index this fine never forgets a seq before its bytes are gone. */
#define EVENT_BYTES_MIN 32

static size_t capacity_rounded(size_t wanted)
{
    size_t capacity = (size_t)sysconf(_SC_PAGESIZE);
    while (capacity < wanted)
        capacity *= 2;
    return capacity;
}

/* Reserves two stretches of addresses in a row and maps the same memory into both. */
static char *map_twice(int fd, size_t capacity)
{
    char *at = mmap(NULL, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    for (size_t half = 0; half < 2; half++) {
        if (mmap(at + half * capacity, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
            munmap(at, 2 * capacity);
            return NULL;
        }
    }
    return at;
}

enum result ring_log_init(struct ring_log *r, size_t capacity)
{
    *r = (struct ring_log){.capacity = capacity_rounded(capacity)};
    int fd = memfd_create("liveshelf-ring", MFD_CLOEXEC);
    if (fd < 0)
        return RESULT_IO;
    if (ftruncate(fd, (off_t)r->capacity) == 0)
        r->bytes = map_twice(fd, r->capacity);
    close(fd); /* the maps keep the memory */
    if (r->bytes == NULL)
        return RESULT_IO;
    r->behind_mask = r->capacity / EVENT_BYTES_MIN - 1;
    r->behind = calloc(r->behind_mask + 1, sizeof *r->behind);
    if (r->behind == NULL) {
        ring_log_finish(r);
        return RESULT_NO_MEMORY;
    }
    return RESULT_OK;
}

void ring_log_finish(struct ring_log *r)
{
    if (r == NULL)
        return;
    if (r->bytes != NULL)
        munmap(r->bytes, 2 * r->capacity);
    free(r->behind);
    *r = (struct ring_log){0};
}

void ring_log_break(struct ring_log *r)
{
    r->head += r->capacity + 1; /* further than any cursor can follow */
    r->first_seq = r->last_seq = 0;
}

void ring_log_append(struct ring_log *r, const char *frame, size_t len)
{
    if (len > r->capacity) {
        ring_log_break(r);
        return;
    }
    memcpy(ring_log_at(r, r->head), frame, len);
    r->head += len;
}

void ring_log_append_event(struct ring_log *r, uint64_t seq, const char *frame, size_t len)
{
    ring_log_append(r, frame, len);
    if (r->last_seq == 0 || seq != r->last_seq + 1)
        r->first_seq = seq; /* what came before belongs to another history, or broke with the ring */
    r->last_seq = seq;
    r->behind[seq & r->behind_mask] = r->head;
    if (r->last_seq - r->first_seq > r->behind_mask)
        r->first_seq = r->last_seq - r->behind_mask;
}

bool ring_log_behind(const struct ring_log *r, uint64_t seq, uint64_t *ret_offset)
{
    if (r->last_seq == 0 || seq < r->first_seq || seq > r->last_seq)
        return false;
    uint64_t offset = r->behind[seq & r->behind_mask];
    if (!ring_log_holds(r, offset))
        return false;
    *ret_offset = offset;
    return true;
}
