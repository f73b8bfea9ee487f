#include "inventory/memory/world.h"

#include <stdlib.h>
#include <string.h>

struct append {
    struct flight flight;
    struct log_append *append;
    enum result result;
    uint64_t head;
};

void world_log_append(struct world_log *log, const struct bytes *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (log->count == log->capacity) {
            log->capacity = log->capacity == 0 ? 16 : 2 * log->capacity;
            log->entries = realloc(log->entries, log->capacity * sizeof *log->entries);
            MUST(log->entries != NULL);
        }
        struct world_entry *e = &log->entries[log->count++];
        e->len = entries[i].len;
        e->data = truth_alloc(e->len + 1);
        if (e->len > 0)
            memcpy(e->data, entries[i].data, e->len);
    }
}

void world_log_destroy(struct world_log *log)
{
    for (size_t i = 0; i < log->count; i++)
        free(log->entries[i].data);
    free(log->entries);
    free(log);
}

static void append_arrive(struct flight *f)
{
    struct append *a = container_of(f, struct append, flight);
    struct log_append *append = a->append;
    struct memory_world *w = f->node->world;
    struct world_log *log = world_log(w, append->kind, &append->shop, &append->broadcast);
    a->result = log->count == append->expected_seq ? RESULT_OK : RESULT_CONFLICT;
    if (a->result == RESULT_OK) {
        history_keep_append(w, append);
        world_log_append(log, append->entries, append->count);
        follow_wake_log(w, append);
    }
    a->head = log->count;
}

static void append_land(struct flight *f, enum result result)
{
    struct append *a = container_of(f, struct append, flight);
    struct log_append *append = a->append;
    append->result = result == RESULT_OK ? a->result : result;
    if (result == RESULT_OK)
        append->head = a->head;
    free(a);
    append->done(append);
}

static void append_drop(struct flight *f) { free(container_of(f, struct append, flight)); }

static void log_append(struct log *log, struct log_append *append)
{
    struct memory_node *n = container_of(log, struct memory_node, log);
    MUST(append->count >= 1 && append->count <= EVENT_BATCH_MAX);
    struct append *a = truth_alloc(sizeof *a);
    a->append = append;
    a->flight.arrive = append_arrive;
    a->flight.land = append_land;
    a->flight.drop = append_drop;
    flight_start(&a->flight, n, MEMORY_APPEND, &append->shop, append->count);
}

void log_port_setup(struct memory_node *n) { n->log.append = log_append; }
