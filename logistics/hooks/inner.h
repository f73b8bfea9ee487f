/* logistics/hooks/inner.h - what the files behind hooks.h share.
 *
 *   shop      its endpoints, and the broadcasts led here
 *   sink      one endpoint, or the stream
 *   duty      what one sink is owed of one broadcast: three lanes, each a row of messages with a place
 *   delivery  one message under way; outlives its duty
 */
#ifndef LIVESHELF_LOGISTICS_HOOKS_INNER_H
#define LIVESHELF_LOGISTICS_HOOKS_INNER_H

#include "base/list.h"
#include "base/map.h"
#include "base/metric.h"
#include "base/rng.h"
#include "core/broadcast/estimate.h"
#include "logistics/hooks/hooks.h"

#define HOOKS_SHOPS_MAX 100000
#define HOOKS_REPLAYS_MAX 256                      /* of an endpoint, remembered until they are done; the newest */
#define HOOKS_LETTERS_MAX 200                      /* given up, of one endpoint and broadcast; the newest */
#define HOOKS_KEEP_MS (INT64_C(90) * 86400 * 1000) /* places and letters */
#define HOOKS_AGAIN_MS 1000                        /* until the store, or the stream, is asked again */
#define HOOKS_NEWS_MS 60000                        /* between two tries that news are the reason of */
#define HOOKS_VIEW_AGAIN_MS 30000 /* until a broadcast that is being read anew is looked at again, at the latest */
#define HOOKS_JITTER 0.1          /* endpoints that failed together do not come back together */
#define HOOKS_ASKS_MAX 1000       /* people who wait for the list of a shop, over all shops */
#define SINK_STREAM "*"           /* the name of the stream where an endpoint has its id */

/* Places: of an estimate its seq; of a change its event's seq and its number among the changes of that event, so that a place says
 * where the row is also when one event made several. */
#define PLACE_BITS 10
#define PLACE_LAST ((UINT64_C(1) << PLACE_BITS) - 1)
static inline uint64_t place_of(uint64_t seq, uint64_t nth) { return seq << PLACE_BITS | nth; }

enum lane_kind {
    LANE_REPLAY,  /* single changes that were given up, sent again; place: number of the last replay done */
    LANE_CHANGES, /* changes, then the end */
    LANE_VOLUMES, /* the newest estimate */
    LANES,
};
struct lane {
    uint64_t place;     /* of the last message delivered or given up */
    int64_t ms;         /* its time: after a fail-over another message may stand in that place. 0: not known */
    uint32_t tries;     /* of the one at the head */
    int64_t next_ms;    /* not tried before */
    int64_t failing_ms; /* since when nothing was taken; 0: the last one was */
    /* ---- not kept ---- */
    int64_t early_ms; /* news came: tried then, before next_ms, and that try does not count; 0: none */
    int64_t quiet_ms; /* no news is a reason before that */
};

struct message { /* the one at the head of a lane */
    enum lane_kind lane;
    enum hook_type type;
    uint64_t seq, place;                 /* `place` of the lane once it is delivered */
    uint64_t identity;                   /* what its id is made of, beside endpoint, broadcast, type and time */
    int64_t ms;                          /* when it came to be */
    const struct promise_change *change; /* PROMISE_CHANGED; borrowed as the view is */
};

struct sink;
struct delivery;
struct duty {
    struct list link; /* of the sink */
    struct hooks *hooks;
    struct sink *sink; /* NULL: taken away, an answer of the store is awaited */
    struct shop_id shop;
    struct broadcast_id broadcast;
    struct lane lanes[LANES];
    uint64_t settled;          /* seq of the last document that was told as the end; 0: none */
    struct hook_dead *letters; /* room for HOOKS_LETTERS_MAX once there is one; owned */
    size_t letters_count;
    struct clock_timer timer; /* for the next message that may be tried */
    /* ---- kept.c ---- */
    enum { DUTY_LOADING_PLACES, DUTY_LOADING_LETTERS, DUTY_READY } state;
    bool places_dirty, letters_dirty;
    bool asking; /* `request` is under way */
    struct store_request request;
    struct clock_timer again;
};
struct replay {
    uint64_t number;
    struct hook_replay what;
};
struct sink {
    struct list link;    /* of the shop */
    struct list waiting; /* of hooks, until a webhook less is under way */
    struct hooks *hooks;
    struct shop_id shop;
    struct hook_endpoint endpoint; /* of the stream: its name and types */
    bool is_stream;
    struct list duties;
    struct delivery *busy;
    struct replay *replays; /* ascending; owned */
    size_t replays_count;
};
struct hooks_shop {
    struct shop_id id;
    struct list sinks; /* the stream first */
    struct map led;    /* broadcast -> the shop itself: a set */
    bool is_known;     /* its list was told */
    uint64_t number;   /* of the entry told last */
};
struct delivery {
    struct list link;
    struct hooks *hooks;
    struct sink *sink; /* NULL: taken away meanwhile */
    struct duty *duty; /* the same */
    struct hook_endpoint endpoint;
    struct message message;
    char id[HOOK_MESSAGE_LEN + 1], type[64];
    struct bytes body;
    struct webhook_post post;
    struct feed_append append;
};
struct hooks {
    struct hooks_config config;
    struct rng rng;
    struct map shops; /* struct hooks_shop * */
    struct list waiting, deliveries, asks;
    size_t asks_count;
    uint32_t in_flight; /* webhooks */
    bool stopped;
    struct clock_timer soon; /* a list came to be known: people wait for it */
    struct list orphans;     /* duties that wait for an answer of the store alone */
};

int64_t hooks_now_ms(struct hooks *h);

/* ---- hooks.c ---- */
struct hooks_shop *hooks_shop(struct hooks *h, const struct shop_id *id); /* made when new */
struct sink *shop_sink(struct hooks_shop *shop, const char *endpoint);    /* NULL: none; not the stream */
/* The endpoints as they are now, HOOKS_MAX of them at most; returns how many. */
size_t shop_endpoints(struct hooks_shop *shop, struct hook_endpoint ret[HOOKS_MAX]);

void duty_free(struct duty *duty); /* one that was taken away, once the store has answered it */

/* ---- message.c: pure ---- */
void message_id(char ret[HOOK_MESSAGE_LEN + 1], const struct duty *duty, const struct message *m);
void message_data(struct bytes *out, const struct duty *duty, const struct message *m, const struct hook_view *view);
/* The data in an envelope of CloudEvents 1.0. */
void message_envelope(struct bytes *out, const struct duty *duty, const struct message *m, const struct hook_view *view,
                      const char *id);
#define MESSAGE_TYPE_PREFIX "com.liveshelf."

/* ---- owed.c: pure, of a duty and a view ---- */
/* The message at the head of the lane; false: nothing is owed there. */
bool lane_head(const struct duty *duty, enum lane_kind lane, const struct hook_view *view, struct message *ret);
bool duty_is_replaying(const struct duty *duty); /* a replay was asked for, and is not done */
/* Applies what replays ask for, up to a single change that has to be sent. */
void duty_replay(struct duty *duty, const struct hook_view *view);
/* Something new is to be told: a receiver that was away may be back, and should not hear of a show when that is over. */
void lane_news(struct lane *lane, int64_t now_ms);
int64_t lane_due_ms(const struct lane *lane); /* not tried before */
void lane_delivered(struct duty *duty, const struct message *m, int64_t next_ms);
/* True: given up. `jitter`: 1 - HOOKS_JITTER .. 1 + HOOKS_JITTER. */
bool lane_failed(struct duty *duty, const struct message *m, int64_t now_ms, int64_t retry_after_ms, double jitter);
void letter_add(struct duty *duty, const struct hook_dead *letter);
void letter_remove(struct duty *duty, const char *message);

/* ---- kept.c: places and letters in the store ---- */
void duty_load(struct duty *duty);
void duty_save(struct duty *duty);          /* what is dirty */
void duty_again(struct clock_timer *timer); /* of `again`: load or save once more */
/* A question for all letters of an endpoint: the store's shares are by broadcast. */
void letters_question(struct store_request *ret, const struct shop_id *shop, const char *endpoint);
/* Reads its answer; `broadcast`: those of one alone, NULL: all. At most `max`, the newest, oldest first. */
size_t letters_read(const struct bytes *answer, const char *broadcast, struct hook_dead *ret, size_t max);

/* ---- deliver.c ---- */
void duty_look(struct duty *duty); /* sends what is due, or waits for it */
void duty_soon(struct duty *duty); /* the same, but not from inside the board that tells us */
void sink_look(struct sink *sink);
void duty_timer(struct clock_timer *timer);
void delivery_free(struct delivery *d);

/* ---- command.c ---- */
void hooks_keep_as_is(struct hooks *h, const struct shop_id *shop); /* the list as it is on this node, to the log */
void hooks_asks_look(struct hooks *h);                              /* a list may have come to be known */
void hooks_asks_free(struct hooks *h);

/* ---- metrics.c ---- */
struct hooks_metrics {
    struct metric *delivered, *failed, *given_up, *streamed, *in_flight, *delay;
};
extern const struct hooks_metrics hooks_metrics;

#endif
