#include "logistics/rules/volume.h"

#include <stdlib.h>
#include <string.h>

/* ---- course ---- */

void course_init(struct course *c) { *c = (struct course){.gap_ms = COURSE_GAP_MS}; }

/* Keeps the newest, and every second before it. */
static void course_halve(struct course *c)
{
    size_t kept = 0;
    for (size_t i = (c->count - 1) % 2; i < c->count; i += 2)
        c->points[kept++] = c->points[i];
    c->count = kept;
    c->gap_ms *= 2;
}

void course_add(struct course *c, int64_t ms, int64_t confirmed, int64_t held)
{
    struct course_point *newest = c->count == 0 ? NULL : &c->points[c->count - 1];
    if (newest != NULL && ms < newest->ms)
        ms = newest->ms;
    bool replaces = newest != NULL && (ms == newest->ms || (c->count >= 2 && newest->ms - newest[-1].ms < c->gap_ms));
    if (!replaces && c->count == COURSE_POINTS_MAX)
        course_halve(c);
    c->points[replaces ? c->count - 1 : c->count++] =
        (struct course_point){.ms = ms, .confirmed = confirmed, .held = held};
}

/* ---- volume ---- */

void volume_init(struct volume *v)
{
    *v = (struct volume){0};
    map_init(&v->at, VOLUME_SKUS_MAX);
    list_init(&v->rows);
    course_init(&v->course);
}

void volume_finish(struct volume *v)
{
    size_t at = 0;
    const char *sku;
    void *row;
    while (map_next(&v->at, &at, &sku, &row))
        free(row);
    map_finish(&v->at);
    *v = (struct volume){0};
}

const struct volume_row *volume_row(const struct volume *v, const char *sku) { return map_get(&v->at, sku); }

static enum result row_make(struct volume *v, const char *sku, struct volume_row **ret)
{
    *ret = map_get(&v->at, sku);
    if (*ret != NULL)
        return RESULT_OK;
    struct volume_row *row = calloc(1, sizeof *row);
    enum result result = row == NULL ? RESULT_NO_MEMORY : ID_PARSE(&row->sku, sku, strlen(sku));
    if (result == RESULT_OK)
        result = map_set(&v->at, sku, row);
    if (result != RESULT_OK) {
        free(row);
        return result;
    }
    list_push_back(&v->rows, &row->link);
    *ret = row;
    return RESULT_OK;
}

enum result volume_move(struct volume *v, enum volume_move move, const char *sku, int64_t units)
{
    struct volume_row *row;
    enum result result = row_make(v, sku, &row);
    if (result != RESULT_OK)
        return result;
    int64_t held = move == VOLUME_TAKEN ? units : move == VOLUME_RETAKEN ? 0 : -units;
    int64_t confirmed = move == VOLUME_SOLD || move == VOLUME_RETAKEN ? units : 0;
    row->held += held;
    row->confirmed += confirmed;
    v->held += held;
    v->confirmed += confirmed;
    return RESULT_OK;
}

void volume_mark(struct volume *v, int64_t ms) { course_add(&v->course, ms, v->confirmed, v->held); }
