/* app/wiring.h - one node, put together: the only place that knows every module.
 *
 *   wiring_create   in floor order: keys, Redis, sockets, board, orchestrator; then people are let in
 *   wiring_stop     nobody new, viewers are sent elsewhere, what is in flight is answered; then everything closes in reverse
 *   wiring_destroy  after `stopped`, when the loop holds nothing of it any more */
#ifndef LIVESHELF_APP_WIRING_H
#define LIVESHELF_APP_WIRING_H

#include "app/config.h"
#include "app/loop.h"
#include "base/types.h"

struct wiring_options {
    const struct config *config;
    struct loop *loop;
    struct node_id node;
    size_t index;   /* of this node among the parent's, from 0 */
    int metrics_fd; /* the metric board handed down; -1: none */
    uint64_t seed;
    bool demo;                                                /* the demo's own route: /demo/pay */
    void (*ready)(void *ctx, bool ready, const char *reason); /* told on every change, from the loop */
    void *ctx;
};

struct wiring;
MUST_USE enum result wiring_create(const struct wiring_options *options, struct wiring **ret, struct fault *ret_fault);
void wiring_stop(struct wiring *w, int64_t timeout_ms, void (*stopped)(void *ctx));
void wiring_destroy(struct wiring *w); /* takes NULL and the half-made (which it closes itself, running the loop) */

#endif
