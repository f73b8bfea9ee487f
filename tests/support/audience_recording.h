/* tests/support/audience_recording.h - the audience port without sockets: conns join by number, and each keeps what it is
 * told, in order, as short lines:
 *
 *   re=h1 hold held | re=p1 ok 42 | re=r1 error sold_out | hold expired        answers, and words about own holds
 *   event 42 pin.set | event 43 none                                          by the kind's name; none: not for this role
 *   stock mug-red 7 low | counts mug-red 7/3/30 | demand | audience 412 | lag 412 6000/14000 | health ok | clock running | volumes
 *                                                                             values, each only to those it is for
 *   snapshot 44                                                               after the epoch changed
 *
 * Whoever wants more than lines gives a listener. */
#ifndef LIVESHELF_TESTS_SUPPORT_AUDIENCE_RECORDING_H
#define LIVESHELF_TESTS_SUPPORT_AUDIENCE_RECORDING_H

#include "core/ports/audience.h"

enum told_kind {
    TOLD_ANSWER,   /* outcome, with `re` */
    TOLD_PUSH,     /* outcome, without */
    TOLD_EVENT,    /* show, event */
    TOLD_STOCK,    /* show, skus, skus_count */
    TOLD_COUNTS,   /* show, skus, skus_count */
    TOLD_DEMAND,   /* show */
    TOLD_AUDIENCE, /* show, role */
    TOLD_LAG,      /* show */
    TOLD_HEALTH,   /* show */
    TOLD_CLOCK,    /* show: its clock of holds stands still or goes on */
    TOLD_VOLUMES,  /* volumes */
    TOLD_SNAPSHOT, /* show */
};
struct told {
    enum told_kind kind;
    const struct outcome *outcome;
    const struct show_view *show;
    const struct event *event;
    const struct sku_id *skus;
    size_t skus_count;
    enum role role;
    const struct volumes_view *volumes;
};

struct recorded_conn {
    uint64_t id;
    struct shop_id shop;
    struct broadcast_id broadcast;
    struct viewer_id viewer;
    enum role role;
    char **lines;
    size_t count, capacity;
};

struct audience_recording {
    struct audience audience; /* first */
    struct recorded_conn **conns;
    size_t count, capacity;
    int64_t pace_ms; /* what the core is answered when it asks for the pace */
    /* Told once per conn, before the line is kept. Events are told also when nobody is there: conn NULL. */
    void (*listener)(void *ctx, const struct recorded_conn *conn, const struct told *told);
    void *ctx;
};

void audience_recording_init(struct audience_recording *r);
void audience_recording_finish(struct audience_recording *r);
/* `id` is the asker.conn of its commands; never 0, never used again. */
struct recorded_conn *audience_recording_join(struct audience_recording *r, uint64_t id, const struct shop_id *shop,
                                              const struct broadcast_id *broadcast, enum role role,
                                              const struct viewer_id *viewer);
void audience_recording_leave(struct audience_recording *r, uint64_t id); /* and forgets its lines */
/* How many of its lines begin with `start`. */
size_t audience_recording_count(const struct recorded_conn *conn, const char *start);

#endif
