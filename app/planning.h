/* app/planning.h - the planner's board and the courier on this node: their ports, their place at the orchestrator, and the broadcasts
 * they keep open although nobody is there. */
#ifndef LIVESHELF_APP_PLANNING_H
#define LIVESHELF_APP_PLANNING_H

#include "app/courier.h"
#include "app/work.h"
#include "core/orchestrator/orchestrator.h"

struct planning {
    struct board *board;
    struct courier *courier;
    struct orchestrator *orchestrator;
    struct work_pool work;
    struct list opening; /* struct planning_open */
    void (*stopped)(void *ctx);
    void *ctx;
};
/* Fills the caller's struct, which may not move afterwards. What failed is stopped and finished all the same. */
MUST_USE enum result planning_init(struct planning *p, const struct courier_options *options);
void planning_observe(struct planning *p, struct orchestrator_observer *ret);
void planning_attach(struct planning *p, struct orchestrator *o); /* before anything comes from Redis */
/* While Redis still answers: nothing more is asked for. `stopped` runs once no arithmetic and no webhook is under way; never from
 * inside the call. */
void planning_stop(struct planning *p, void (*stopped)(void *ctx), void *ctx);
void planning_finish(struct planning *p); /* after the orchestrator's and Redis's end; zeroed memory is fine */

#endif
