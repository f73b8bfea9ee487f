/* logistics/rules/volume.h - what of one broadcast the warehouse will have to pack: units held and sold per SKU, and how
 * that went over time. Observed numbers, no estimate.
 *
 * Pure. Told of every movement once, in order; whoever is told the same has the same. */
#ifndef LIVESHELF_LOGISTICS_RULES_VOLUME_H
#define LIVESHELF_LOGISTICS_RULES_VOLUME_H

#include "base/list.h"
#include "base/map.h"
#include "base/types.h"

#define VOLUME_SKUS_MAX 20000 /* of one broadcast */
#define COURSE_POINTS_MAX 720
#define COURSE_GAP_MS 5000 /* between points, to begin with: an hour at full resolution */

/* A course keeps a bounded number of points. Neighbours are at least `gap_ms` apart, except the newest, which is always
 * exact. When all places are taken every second point goes and the gap doubles. */
struct course_point {
    int64_t ms, confirmed, held;
};
struct course {
    struct course_point points[COURSE_POINTS_MAX]; /* oldest first */
    size_t count;
    int64_t gap_ms;
};
void course_init(struct course *c);
void course_add(struct course *c, int64_t ms, int64_t confirmed,
                int64_t held); /* `ms` before the newest counts as it */

enum volume_move {
    VOLUME_TAKEN,    /* available -> held */
    VOLUME_RETURNED, /* held -> available */
    VOLUME_SOLD,     /* held -> sold */
    VOLUME_RETAKEN,  /* paid after expiry: available -> sold */
};
struct volume_row {
    struct list link;
    struct sku_id sku;
    int64_t confirmed, held;
};
struct volume {
    struct map at;           /* sku -> struct volume_row *, owned */
    struct list rows;        /* in the order in which they were first moved */
    int64_t confirmed, held; /* over all SKUs */
    int64_t orders;          /* confirmed holds */
    struct course course;
};
void volume_init(struct volume *v);
void volume_finish(struct volume *v); /* zeroed memory is fine */
/* RESULT_NO_MEMORY; RESULT_FULL at VOLUME_SKUS_MAX: nothing was counted. */
MUST_USE enum result volume_move(struct volume *v, enum volume_move move, const char *sku, int64_t units);
const struct volume_row *volume_row(const struct volume *v, const char *sku); /* NULL: never moved */
/* Once after all moves of one moment. */
void volume_mark(struct volume *v, int64_t ms);

#endif
