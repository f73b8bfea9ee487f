#include <stdlib.h>

#include "inventory/memory/world.h"

struct feed_flight {
    struct flight flight;
    struct feed_append *append;
};

static struct world_log *world_feed(struct memory_world *w, const struct shop_id *shop)
{
    struct world_log *feed = map_get(&w->feeds, shop->text);
    if (feed == NULL) {
        feed = truth_alloc(sizeof *feed);
        MUST(map_set(&w->feeds, shop->text, feed) == RESULT_OK);
    }
    return feed;
}

/* "type broadcast seq id data" */
static void feed_arrive(struct flight *f)
{
    const struct feed_append *append = container_of(f, struct feed_flight, flight)->append;
    struct world_log *feed = world_feed(f->node->world, &append->shop);
    struct bytes entry = {0};
    bytes_format(&entry, "%s %s %llu %s ", append->type, append->broadcast.text, (unsigned long long)append->seq,
                 append->id);
    bytes_append(&entry, append->data->data, append->data->len);
    world_log_append(feed, &entry, 1);
    bytes_finish(&entry);
}

static void feed_drop(struct flight *f) { free(container_of(f, struct feed_flight, flight)); }

static void feed_land(struct flight *f, enum result result)
{
    struct feed_append *append = container_of(f, struct feed_flight, flight)->append;
    append->result = result;
    feed_drop(f);
    append->done(append);
}

static void feed_append(struct feed *feed, struct feed_append *append)
{
    struct memory_node *n = container_of(feed, struct memory_node, feed);
    struct feed_flight *f = truth_alloc(sizeof *f);
    f->append = append;
    f->flight.arrive = feed_arrive;
    f->flight.land = feed_land;
    f->flight.drop = feed_drop;
    flight_start(&f->flight, n, MEMORY_STORE, &append->shop, 1);
}

void feed_port_setup(struct memory_node *n) { n->feed.append = feed_append; }

size_t memory_feed_count(const struct memory_world *w, const struct shop_id *shop)
{
    const struct world_log *feed = map_get(&w->feeds, shop->text);
    return feed == NULL ? 0 : feed->count;
}

const char *memory_feed_entry(const struct memory_world *w, const struct shop_id *shop, size_t at)
{
    const struct world_log *feed = map_get(&w->feeds, shop->text);
    MUST(feed != NULL && at < feed->count);
    return feed->entries[at].data;
}
