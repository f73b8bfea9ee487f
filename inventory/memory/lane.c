/* inventory/memory/lane.c - inventory requests on their way, as in inventory/redis:
 *
 *   lane_ask       joins the queue of its shop
 *   lane_gather    at the end of the turn: what is queued flies as one batch, one batch at a time per shop
 *   batch_arrive   the truth does it
 *   batch_land     everyone is answered, the next batch may fly */
#include "inventory/memory/world.h"

#include <stdlib.h>

struct batch;
struct lane { /* of one node to one shop */
    struct list link;
    struct shop_id shop;
    struct list queue; /* of struct inventory_request, by impl */
    struct batch *flying;
};

struct batch {
    struct flight flight;
    struct lane *lane;
    size_t count;
    struct inventory_request *requests[MEMORY_BATCH_MAX];
    struct inventory_request *answers; /* copies: the caller's must not change when no answer comes */
};

static struct list *request_link(struct inventory_request *r) { return (struct list *)(void *)r->impl; }

static struct inventory_request *request_of(struct list *link)
{
    return container_of(link, struct inventory_request, impl);
}

static void request_copy(struct inventory_request *to, const struct inventory_request *from)
{
    *to = *from;
    to->ledger_id[0] = '\0';
}

static void batch_arrive(struct flight *f)
{
    struct batch *b = container_of(f, struct batch, flight);
    struct memory_node *n = f->node;
    int64_t now_ms = n->clock->now_ms(n->clock);
    struct truth_shop *shop = world_shop(n->world, &b->lane->shop);
    size_t entries = shop->entries_count;
    for (size_t i = 0; i < b->count; i++)
        request_copy(&b->answers[i], b->requests[i]);
    history_keep_batch(n->world, &b->lane->shop, now_ms, b->answers, b->count);
    truth_exec(shop, now_ms, b->answers, b->count);
    if (shop->entries_count > entries)
        follow_wake_ledger(n->world, &b->lane->shop);
}

static void request_answer(struct inventory_request *r, const struct inventory_request *from, enum result result)
{
    r->result = result;
    if (result == RESULT_OK) {
        r->answer = from->answer;
        r->fault_line = from->fault_line;
        r->ahead = from->ahead;
        r->count = from->count;
        r->hold.state = HOLD_NONE;
        if (from->hold.state != HOLD_NONE)
            hold_copy(&r->hold, &from->hold);
        for (size_t i = 0; i < sizeof r->ledger_id; i++)
            r->ledger_id[i] = from->ledger_id[i];
    }
    r->done(r);
}

static void batch_drop(struct flight *f)
{
    struct batch *b = container_of(f, struct batch, flight);
    b->lane->flying = NULL;
    free(b->answers);
    free(b);
}

static void gather_soon(struct memory_node *n) { n->clock->start(n->clock, &n->gather, 0); }

static void batch_land(struct flight *f, enum result result)
{
    struct batch *b = container_of(f, struct batch, flight);
    b->lane->flying = NULL;
    if (!list_is_empty(&b->lane->queue))
        gather_soon(f->node);
    for (size_t i = 0; i < b->count; i++)
        request_answer(b->requests[i], &b->answers[i], result);
    free(b->answers);
    free(b);
}

static void lane_fly(struct memory_node *n, struct lane *lane)
{
    struct batch *b = truth_alloc(sizeof *b);
    b->flight.arrive = batch_arrive;
    b->flight.land = batch_land;
    b->flight.drop = batch_drop;
    b->lane = lane;
    lane->flying = b;
    list_for_each (at, &lane->queue) {
        if (b->count == MEMORY_BATCH_MAX)
            break;
        list_remove(at);
        b->requests[b->count++] = request_of(at);
    }
    b->answers = truth_alloc(b->count * sizeof *b->answers);
    flight_start(&b->flight, n, MEMORY_STOCK, &lane->shop, b->count);
}

static void lane_gather(struct clock_timer *timer)
{
    struct memory_node *n = container_of(timer, struct memory_node, gather);
    list_for_each (at, &n->lanes) {
        struct lane *lane = container_of(at, struct lane, link);
        if (lane->flying == NULL && !list_is_empty(&lane->queue))
            lane_fly(n, lane);
    }
}

static struct lane *lane_of(struct memory_node *n, const struct shop_id *shop)
{
    list_for_each (at, &n->lanes) {
        struct lane *lane = container_of(at, struct lane, link);
        if (ID_EQUAL(lane->shop, *shop))
            return lane;
    }
    struct lane *lane = truth_alloc(sizeof *lane);
    lane->shop = *shop;
    list_init(&lane->queue);
    list_push_back(&n->lanes, &lane->link);
    return lane;
}

static void lane_ask(struct inventory *inventory, struct inventory_request *r)
{
    struct memory_node *n = container_of(inventory, struct memory_node, inventory);
    struct lane *lane = lane_of(n, &r->shop);
    list_push_back(&lane->queue, request_link(r));
    if (lane->flying == NULL)
        gather_soon(n);
}

/* What waits was never asked: were it asked of a truth that lost its end, it could take what is about to be put back. */
void lane_cut(struct memory_node *n)
{
    struct list cut;
    list_init(&cut);
    list_for_each (lane_at, &n->lanes)
        list_for_each (at, &container_of(lane_at, struct lane, link)->queue)
            list_move(&cut, at);
    while (!list_is_empty(&cut)) {
        struct list *at = cut.next;
        list_remove(at);
        request_answer(request_of(at), NULL, RESULT_UNAVAILABLE);
    }
}

void lane_setup(struct memory_node *n)
{
    list_init(&n->lanes);
    n->inventory.ask = lane_ask;
    n->gather.fire = lane_gather;
}

bool lane_is_quiet(const struct memory_node *n)
{
    list_for_each (at, &n->lanes)
        if (!list_is_empty(&container_of(at, struct lane, link)->queue))
            return false;
    return true;
}

void lane_drop_all(struct memory_node *n)
{
    n->clock->stop(n->clock, &n->gather);
    list_for_each (at, &n->lanes)
        free(container_of(at, struct lane, link));
    list_init(&n->lanes);
}
