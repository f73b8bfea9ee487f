/* ws/lws/directory.h - from the id in `asker.conn` to whoever waits for the answer, in one step. Ids are never 0 and never
 * used again while the process lives: an answer to one who left finds nobody. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_DIRECTORY_H
#define LIVESHELF_WS_LWS_DIRECTORY_H

#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

enum resident { RESIDENT_NONE, RESIDENT_CONN, RESIDENT_REQUEST };

struct directory {
    struct directory_entry {
        uint64_t id; /* 0: free */
        enum resident kind;
        union {
            void *who;
            uint32_t next_free;
        } u;
    } * entries;
    uint32_t capacity, count, first_free, limit;
    uint64_t serial;
};

void directory_init(struct directory *d, uint32_t limit); /* at most so many at once */
void directory_finish(struct directory *d);
MUST_USE enum result directory_add(struct directory *d, enum resident kind, void *who, uint64_t *ret_id);
void directory_remove(struct directory *d, uint64_t id);                               /* not there: nothing */
void *directory_find(const struct directory *d, uint64_t id, enum resident *ret_kind); /* NULL: gone */

#endif
