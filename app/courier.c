#include "app/courier.h"

#include <stdlib.h>

#include "ws/lws/webhook_client.h"
#include "ws/wire/logistics_parts.h"

struct courier {
    struct hooks *hooks;
    struct webhook_client *client; /* NULL: closed */
    struct board *board;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* ---- the board, as the courier asks it ---- */

static bool source_view(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast,
                        struct hook_view *ret)
{
    struct courier *c = ctx;
    if (!board_hook_view(c->board, shop, broadcast, ret))
        return false;
    if (ret->estimate_len == 0)
        ret->estimate = NULL;
    return true;
}

struct kept {
    struct board_put put;
    struct hooks_keep *keep;
};
_Static_assert(sizeof(struct kept) <= sizeof((struct hooks_keep *)0)->impl, "a question to the board fits into `impl`");

static void source_kept(struct board_put *put)
{
    struct hooks_keep *keep = container_of(put, struct kept, put)->keep;
    keep->result = put->result;
    keep->done(keep);
}

static void source_keep(void *ctx, struct hooks_keep *keep)
{
    struct courier *c = ctx;
    struct kept *kept = (struct kept *)(void *)keep->impl;
    *kept = (struct kept){.put = {.fenced = keep->fenced, .done = source_kept}, .keep = keep};
    board_hooks_put(c->board, &keep->shop, &keep->list, &kept->put);
}

static void source_fetch(void *ctx, const struct shop_id *shop)
{
    struct courier *c = ctx;
    board_shop_follow(c->board, shop);
}

static bool source_wake(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast)
{
    struct courier *c = ctx;
    return board_wake(c->board, shop, broadcast);
}

/* ---- from beginning to end ---- */

static enum result hooks_make(struct courier *c, const struct courier_options *o)
{
    struct hooks_config config = {
        .node = o->node,
        .seed = o->seed,
        .clock = &o->loop->clock,
        .store = redis_store(o->redis),
        .webhook = webhook_client_port(c->client),
        .feed = redis_feed(o->redis),
        .source = {.view = source_view, .keep = source_keep, .fetch = source_fetch, .wake = source_wake, .ctx = c},
        .change_write = change_write,
        .limits = {.volumes_ms = config_number(o->config, SETTING_WEBHOOK_VOLUMES_MS),
                   .in_flight_max = (uint32_t)config_number(o->config, SETTING_WEBHOOKS_IN_FLIGHT_MAX)},
    };
    return hooks_create(&config, &c->hooks);
}

enum result courier_create(const struct courier_options *options, struct courier **ret)
{
    struct courier *c = calloc(1, sizeof *c);
    if (c == NULL)
        return RESULT_NO_MEMORY;
    struct webhook_client_config config = {
        .loop = &options->loop->uv,
        .clock = &options->loop->clock,
        .private_networks = config_number(options->config, SETTING_WEBHOOK_PRIVATE_NETWORKS) == 1,
    };
    enum result result = webhook_client_create(&config, &c->client);
    if (result != RESULT_OK) {
        free(c);
        return result;
    }
    *ret = c; /* from here on the loop has something of it: the caller closes it, also after a failure */
    return hooks_make(c, options);
}

struct hooks *courier_hooks(struct courier *c) { return c->hooks; }

void courier_attach(struct courier *c, struct board *board) { c->board = board; }

static void client_closed(void *ctx)
{
    struct courier *c = ctx;
    c->client = NULL;
    c->closed(c->closed_ctx);
}

void courier_close(struct courier *c, void (*closed)(void *ctx), void *ctx)
{
    c->closed = closed;
    c->closed_ctx = ctx;
    hooks_stop(c->hooks);
    webhook_client_close(c->client, client_closed, c);
}

void courier_destroy(struct courier *c)
{
    if (c == NULL)
        return;
    hooks_destroy(c->hooks);
    free(c);
}
