/* app/courier.h - the courier of one node, put together: its settings, its HTTP client, the Redis stream, and the board as its
 * source.
 *
 *   courier_create   before the board, whose listener tells courier_hooks()
 *   courier_attach   behind it: from here on it may ask
 *   courier_close    before Redis: what is under way is answered
 *   courier_destroy  behind Redis */
#ifndef LIVESHELF_APP_COURIER_H
#define LIVESHELF_APP_COURIER_H

#include "app/config.h"
#include "app/loop.h"
#include "inventory/redis/redis.h"
#include "logistics/board/board.h"
#include "logistics/hooks/hooks.h"

struct courier_options { /* all borrowed until courier_destroy */
    const struct config *config;
    struct loop *loop;
    struct redis_node *redis;
    struct node_id node;
    uint64_t seed;
};
struct courier;
/* *ret is set, and to be closed and destroyed, also when it is made by half; NULL before: nothing was. */
MUST_USE enum result courier_create(const struct courier_options *options, struct courier **ret);
struct hooks *courier_hooks(struct courier *c);
void courier_attach(struct courier *c, struct board *board);
void courier_close(struct courier *c, void (*closed)(void *ctx), void *ctx); /* once; never from inside the call */
void courier_destroy(struct courier *c);                                     /* NULL is fine */

#endif
