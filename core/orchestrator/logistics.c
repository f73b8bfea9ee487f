/* core/orchestrator/logistics.c - what logistics asks is decided by the observer; here it is opened, waited for and answered.
 *
 *   logistics_start
 *     logistics_opened      to the observer, which answers now or later
 *       orchestrator_answer the one way out */
#include "core/orchestrator/journeys.h"

static void logistics_opened(struct errand *e);

void logistics_start(struct errand *e) { errand_open(e, !ID_IS_NONE(e->j.broadcast), logistics_opened); }

static void logistics_opened(struct errand *e)
{
    const struct orchestrator_observer *observer = e->j.o->config.observer;
    struct show *show = journey_show(&e->j);
    bool is_there = ID_IS_NONE(e->j.broadcast) ? journey_shop(&e->j) != NULL : show != NULL;
    if (!is_there || observer == NULL || observer->command == NULL) {
        journey_refuse_unavailable(&e->j);
        return;
    }
    e->asked_of = (struct orchestrator_ask){.shop = e->j.asker.shop,
                                            .asker = &e->j.asker,
                                            .command = &e->command,
                                            .show = ID_IS_NONE(e->j.broadcast) ? NULL : show_view(show)};
    observer->command(observer->ctx, &e->asked_of);
}

void orchestrator_answer(struct orchestrator_ask *ask, const struct outcome *outcome)
{
    struct outcome answer = *outcome;
    struct errand *e = container_of(ask, struct errand, asked_of);
    journey_end(&e->j, &answer);
}
