/* inventory/redis/node.h - what the files behind redis.h share. */
#ifndef LIVESHELF_INVENTORY_REDIS_NODE_H
#define LIVESHELF_INVENTORY_REDIS_NODE_H

#include "base/list.h"
#include "base/map.h"
#include "inventory/redis/entry.h"
#include "inventory/redis/link.h"
#include "inventory/redis/redis.h"

/* Requests per call. One call per shop is under way at a time, which keeps the order of a shop's requests and makes the next
 * call larger by what arrives meanwhile: measured at 80 % of the throughput of four, with a third of their p99. With an fsync
 * per call, 256 cost Redis a fifth less CPU per request than 128; and a call of 256 reserves is over in a millisecond. */
#define BATCH_MAX 256
#define LANES_MAX 10000 /* shops asked about by one node */
#define STOCK_KEYS 9
#define KEY_MAX 320
#define TAIL_PAGE 64 /* entries per stream and read: a long history must not stop the loop */
#define TAIL_BLOCK_MS 1000

extern const char inventory_lua[];
extern const size_t inventory_lua_len;

/* Something to be told later: at the end of the turn, or when its time is over. */
struct waiter {
    struct list link;
    int64_t at_ms; /* loop time */
    void (*fire)(struct waiter *w);
};

struct setup { /* of a command link that has just connected */
    struct server_facts facts;
    bool failed;
};

struct tail_stream;
struct tail {
    struct list streams;
    struct tail_stream **slots; /* of the read under way, in the order of its keys */
    size_t slots_count, slots_capacity;
    size_t verifying;             /* streams being compared with what was delivered */
    bool is_reading, is_blocking; /* the read under way */
    bool wants_unblock, is_unblocking;
    int64_t client_id; /* of the news link, as Redis calls it */
    struct entry_room room;
};

struct redis_node {
    struct redis_config config;
    struct redis_url url;
    struct inventory inventory;
    struct log log;
    struct ledger ledger;
    struct store store;
    struct feed feed;

    struct link command, news;
    struct setup setup;
    bool is_ready, is_closing;
    char reason[LINK_REASON_MAX]; /* last told */

    uv_prepare_t turn;             /* runs when something is to be done before the loop waits again */
    uv_timer_t clock;              /* for the first of `deadlines` */
    struct list posted, deadlines; /* of struct waiter; all deadlines are equally far, so the list is in order */

    struct map lanes;      /* shop -> struct lane * */
    struct list lanes_due; /* with something to send */
    uint32_t queued;
    struct bytes scratch;

    struct list calls; /* of struct node_call, open */
    struct tail tail;

    unsigned handles_open; /* that must close before `closed` */
    void (*closed)(void *ctx);
    void *closed_ctx;
};

void node_wake(struct redis_node *n);                     /* a turn will be taken before the loop waits */
void node_post(struct redis_node *n, struct waiter *w);   /* fires at the end of the turn */
void node_expect(struct redis_node *n, struct waiter *w); /* fires after request_ms, unless removed from its list */
int64_t node_time(const struct redis_node *n);            /* what to give to Redis: 0 unless a test says otherwise */
void node_tell(struct redis_node *n, bool ready, const char *reason);
bool node_waits_for_replicas(const struct redis_node *n);
/* Asks Redis to wait for the replicas behind a write that was just sent. False as link_send. */
bool node_send_wait(struct redis_node *n, link_reply *reply, void *arg);
bool node_replicas_have_it(const struct redis_node *n, const redisReply *reply);

/* Keys: "ls:{shop.0}:c" and its sisters; "ls:{shop}:e:broadcast", "ls:{shop}:s:key", "ls:{shop}:n:topic",
 * "ls:{shop}:o:volumes". */
void key_stock(char ret[KEY_MAX], const char *shop, char letter);
void key_log(char ret[KEY_MAX], enum log_kind kind, const char *shop, const char *broadcast);
void key_store(char ret[KEY_MAX], const char *shop, char kind, const char *key);
extern const char stock_key_letters[STOCK_KEYS + 1]; /* in the order ls_exec wants them */

/* ---- setup.c: a new command link proves itself ---- */
bool setup_begin(struct link *l);

/* ---- inventory_redis.c ---- */
void batcher_setup(struct redis_node *n);
void batcher_turn(struct redis_node *n);   /* sends what may be sent */
void batcher_up(struct redis_node *n);     /* the link is up: all lanes send what they have */
void batcher_close(struct redis_node *n);  /* answers everyone */
void batcher_finish(struct redis_node *n); /* frees; the link is gone */

/* ---- call.c: one command, one answer, a deadline; never sent twice ---- */
struct node_call {
    struct waiter waiter;
    struct list link; /* open calls of the node */
    struct redis_node *node;
    void *owner; /* NULL once answered */
    enum result result;
    bool is_write; /* must reach the replicas as well */
    bool is_sent;
    enum result (*parse)(void *owner, const redisReply *reply); /* keeps the answer; not for error replies */
    void (*done)(void *owner, enum result result);
};
/* `command` is borrowed. `done` runs once, later. */
void call_start(struct redis_node *n, const struct bytes *command, void *owner, bool is_write,
                enum result (*parse)(void *owner, const redisReply *reply),
                void (*done)(void *owner, enum result result));
void calls_close(struct redis_node *n);

/* ---- tail.c: followed streams ---- */
struct tail_stream {
    struct list link;
    struct redis_node *node;
    char key[KEY_MAX];
    uint64_t at_ms, at_seq; /* id of the last entry delivered; 0-0: none */
    uint64_t hash;          /* of its content; 0: not known */
    bool is_verified;       /* since the last connect */
    bool is_caught_up;
    bool is_gone; /* unfollowed; freed when `calls_open` is 0 */
    unsigned calls_open;
    uint64_t last_seq; /* of logs: the number delivered last */
    void *follow;
    /* `fields`: the entry's name and value pairs. False: history makes no sense any more, begin again. */
    bool (*entry)(struct tail_stream *s, struct text id, const redisReply *fields);
    void (*caught_up)(struct tail_stream *s);
    void (*lost)(struct tail_stream *s); /* may be NULL */
    void (*rewound)(struct tail_stream *s);
};
void tail_setup(struct redis_node *n);
void tail_add(struct redis_node *n, struct tail_stream *s); /* takes `s` */
void tail_remove(struct tail_stream *s);
void tail_turn(struct redis_node *n);
bool tail_begin(struct link *l);
void tail_up(struct link *l);
void tail_down(struct link *l, const char *reason);
void tail_close(struct redis_node *n);
struct text reply_field(const redisReply *fields, const char *name);     /* empty: not there */
bool reply_is_entry(const redisReply *entry);                            /* of a stream: an id and its fields */
struct entry_text reply_entry(struct text id, const redisReply *fields); /* borrowed */

void ledger_setup(struct redis_node *n);
void log_redis_setup(struct redis_node *n);
void store_redis_setup(struct redis_node *n);
void feed_redis_setup(struct redis_node *n);

#endif
