/* core/orchestrator/lag.c - how much later than the host acts the viewers see it.
 *
 *   orchestrator_lag       a viewer said where their video is
 *     lag_share            every share_ms: this node's histogram into the store, everybody's out of it
 *       lag_answered       hosts are told the sum */
#include "core/orchestrator/journeys.h"

static void lag_answered(struct store_request *ask);

void orchestrator_lag(struct orchestrator *o, const struct shop_id *shop, const struct broadcast_id *broadcast,
                      int64_t playing_ms)
{
    struct show *show = show_find(o, shop, broadcast);
    if (show == NULL || show->b.seq == 0)
        return;
    int64_t now_ms = orchestrator_now(o);
    int64_t lag_ms = now_ms + show->b.details.pdt_offset_ms - playing_ms;
    if (lag_add(&show->lag.here, now_ms, lag_ms))
        metrics_observe(METRIC_LAG, (double)lag_ms / 1000);
    else
        metrics_add(METRIC_LAG_NONSENSE, 1);
}

void lag_share(struct show *show)
{
    struct show_lag *lag = &show->lag;
    struct lag_sum here = {0};
    lag->share.show = show;
    lag_sum_add(&here, &lag->here, orchestrator_now(show->shop->o));
    if (lag->share.busy || (show->conns == 0 && !lag->shared))
        return;
    bytes_clear(&lag->share.ask.value);
    lag_sum_write(&here, &lag->share.ask.value);
    lag->shared = here.said > 0;
    share_ask(&lag->share, "lag", SHARES_TTL * show->shop->o->config.limits.share_ms, lag_answered);
}

static void lag_take(struct show *show, char *value) { lag_sum_read(&show->lag.all, value); }

static void lag_answered(struct store_request *ask)
{
    struct show *show = container_of(ask, struct share, ask)->show;
    show->lag.share.busy = false;
    if (ask->result != RESULT_OK)
        return; /* what was known stays until the store is back */
    show->lag.all = (struct lag_sum){0};
    lag_sum_add(&show->lag.all, &show->lag.here, orchestrator_now(show->shop->o));
    share_read(show, &ask->value, lag_take);
    show->lag.view = lag_sum_view(&show->lag.all);
    show_mark_lag(show);
}
