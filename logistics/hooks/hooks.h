/* logistics/hooks/hooks.h - the courier: tells the shop's own systems what is expected and what changed, by webhook and by the
 * Redis stream, and does not forget what it owes.
 *
 * Whoever leads a broadcast's estimate log delivers; on all other nodes the courier only knows the list of endpoints. What is owed is
 * not a queue but a place: per endpoint and broadcast the last change delivered and the last estimate delivered are kept in the
 * store, and what lies behind them is owed. A new leader goes on from there. At least once, each message with an id that is
 * the same at every repeat.
 *
 *   volumes.updated   the newest estimate alone is owed: it replaces those nobody fetched; at most one each `volumes_ms`
 *   promise.changed   each one, in order
 *   volumes.settled   once, behind all changes; again when something came after all, and the last estimate is another one
 *
 * A message that is not taken is tried again (hooks_retry_ms), then given up and listed. While news come it is tried about once a minute
 * besides; these tries do not count. Endpoints do not wait for one another;
 * one endpoint has one message under way on a node. Loop thread only. */
#ifndef LIVESHELF_LOGISTICS_HOOKS_HOOKS_H
#define LIVESHELF_LOGISTICS_HOOKS_HOOKS_H

#include "core/broadcast/hooks.h"
#include "core/broadcast/outcome.h"
#include "core/ports/clock.h"
#include "core/ports/feed.h"
#include "core/ports/store.h"
#include "core/ports/webhook.h"

struct hooks_limits {
    int64_t volumes_ms;     /* the least time between two volumes.updated of a broadcast to one endpoint */
    uint32_t in_flight_max; /* webhooks under way on this node; at least 1 */
};
extern const struct hooks_limits hooks_limits_default;

struct hooks_keep { /* the list of a shop, to be appended to its estimate log; owned by the courier until `done` */
    struct shop_id shop;
    struct hook_list list; /* borrowed until `done` */
    bool fenced;           /* it is what hooks_listed told: RESULT_CONFLICT when the log has more by now */
    enum result result;    /* RESULT_OK; RESULT_UNAVAILABLE, RESULT_NO_ANSWER, RESULT_CONFLICT */
    void (*done)(struct hooks_keep *keep); /* once, on the loop thread, never from inside the call */
    void *impl[8];
};

/* The board, asked. The wiring gives its functions; `ctx` is theirs. */
struct hooks_source {
    /* False: not open on this node, or not folded to its head. */
    bool (*view)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast, struct hook_view *ret);
    void (*keep)(void *ctx, struct hooks_keep *keep);
    /* Somebody asked about the shop's list and it is not known here: hooks_listed is to follow. */
    void (*fetch)(void *ctx, const struct shop_id *shop);
    /* Something is owed of a broadcast that may have been put away: see that a node leads it. False: there is no such broadcast. */
    bool (*wake)(void *ctx, const struct shop_id *shop, const struct broadcast_id *broadcast);
    void *ctx;
};

struct hooks_config {
    struct node_id node;
    uint64_t seed; /* of the jitter */
    struct clock *clock;
    struct store *store;
    struct webhook *webhook;
    struct feed *feed; /* NULL: no stream */
    struct hooks_source source;
    /* One change as a JSON object, ws/wire's. */
    void (*change_write)(struct bytes *out, const struct promise_change *change, const struct catalogue *catalogue);
    struct hooks_limits limits;
};

struct hooks;
MUST_USE enum result hooks_create(const struct hooks_config *config, struct hooks **ret);
void hooks_stop(struct hooks *h); /* nothing new is sent from here on; what is under way may end; NULL is fine */
void hooks_destroy(
    struct hooks *h); /* behind the ends of webhook, feed and store; the clock must still be there; NULL is fine */

/* ---- told by the board; `hooks` is a struct hooks. None of these asks the source from inside the call, but for hooks_owe, which reads
 * its view ---- */

/* An entry of the shop's estimate log, in order; `seq` is its number. When the log is known to its head: once with seq 0, and NULL, or
 * an empty list when it has none; before that nobody is told what the list is. */
void hooks_listed(void *hooks, const struct shop_id *shop, uint64_t seq, const struct hook_list *list);
void hooks_rewound(void *hooks, const struct shop_id *shop); /* the list is told again from the start */
/* This node leads the broadcast's estimate log, or does no longer. Repeats are harmless. */
void hooks_lead(void *hooks, const struct shop_id *shop, const struct broadcast_id *broadcast, bool leads);
/* An estimate was published, a change or the end was folded. Cheap; harmless when nothing is new or somebody else leads. */
void hooks_news(void *hooks, const struct shop_id *shop, const struct broadcast_id *broadcast);
/* This node leads it, and something is owed to somebody: keep leading, also when it is settled. */
bool hooks_owe(void *hooks, const struct shop_id *shop, const struct broadcast_id *broadcast);

/* ---- asked by people: the kinds of command_is_hooks ---- */
struct hooks_ask {
    struct shop_id shop;
    struct command *command; /* borrowed for the call; `hooks` may be taken */
    void (*answer)(void *ctx,
                   struct outcome *outcome); /* once, now or later; what it points to is borrowed for the call */
    void *ctx;
};
void hooks_command(void *hooks, const struct hooks_ask *ask);

/* How long to wait after so many tries (1..HOOKS_TRIES_MAX - 1) before the next one, without jitter: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h,
 * 14 h, 20 h, 24 h. */
#define HOOKS_TRIES_MAX 10
int64_t hooks_retry_ms(uint32_t tries);

void hooks_metrics_register(void); /* once per process */

#endif
