/* loadtest/fan/fan.h - the one client of ./dev bench fanout: the same sockets, reads and books for every server it measures.
 *
 * One thread, one epoll. What differs between servers is a dialect (fan_dialect.c): the path, the first words, how an event is
 * published and how its answer looks. Every event carries a mark, "~S" and eight hex digits, counted up in each room; a viewer
 * that sees a mark out of turn is a gap. Times are microseconds of the monotonic clock.
 *
 *   fan_main.c     words of the command line, commands on standard input, one JSON line each
 *   fan_phase.c    flood, pins, buying, cut lines: who publishes when, and what is waited for
 *   fan_conn.c     sockets: connect, upgrade, frames in and out
 *   fan_dialect.c  the servers' tongues
 *   fan_samples.c  latencies and their percentiles */
#ifndef LOADTEST_FAN_H
#define LOADTEST_FAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define FAN_SLOTS 1024      /* events of a room under way at once; a power of two */
#define FAN_OPENING_MAX 256 /* handshakes under way while an audience gathers; a cut one comes back all at once */
#define FAN_ADDRESS_CONNS                                                                                              \
    5000 /* from one source address, 127.0.0.2 and up; the kernel finds a free port slowly among many taken */
#define FAN_EVENT_BYTES 400 /* of the payload of one event, as a viewer gets it */
#define FAN_WORD_BYTES 4096 /* the longest thing said to a server */
#define FAN_KEY_BYTES 128
#define FAN_PATIENCE_MS 60000 /* for anything to come to its end, when not said */

enum fan_state { FAN_CLOSED, FAN_WAITING, FAN_CONNECTING, FAN_UPGRADING, FAN_GREETING, FAN_LIVE };

struct fan_conn {
    int fd; /* -1: none */
    enum fan_state state;
    bool host;    /* publishes; what it gets is read and not counted */
    bool buyer;   /* also claims units */
    bool stalled; /* does not read any more */
    uint32_t index, room;
    uint32_t mark;    /* of the last event seen; 0: none */
    int64_t seq;      /* Liveshelf's own number of it, for the resume */
    char *key;        /* Liveshelf's name for this viewer; NULL before the first welcome */
    int64_t retry_us; /* while waiting: when to connect again */
    int64_t asked_us; /* a buyer's claim was due then; 0: none is open */
    char *rest;       /* a message cut by the end of a read; NULL: none */
    size_t rest_len;
};

struct fan_room {
    struct fan_conn host;
    char epoch[64];     /* Liveshelf's */
    size_t viewers;     /* who read */
    uint32_t published; /* the last mark */
    uint32_t completed; /* of those: seen by all */
    uint32_t seen[FAN_SLOTS];
    int64_t sent_us[FAN_SLOTS];
};

/* Latencies: all of them until `FAN_SAMPLES_MAX`, from then on every 2nd, 4th, ... */
#define FAN_SAMPLES_MAX (1u << 20)
struct fan_samples {
    uint32_t *us; /* made by the first sample */
    size_t count, stride, skipped;
};
void fan_samples_add(struct fan_samples *s, int64_t us);
double fan_samples_ms(struct fan_samples *s, double share); /* 0.5: the median; sorts; 0 when empty */
void fan_samples_clear(struct fan_samples *s);
void fan_samples_finish(struct fan_samples *s);

struct fan;
struct fan_dialect {
    const char *name;
    const char *viewer_path, *host_path;             /* %u is the room */
    const char *headers;                             /* further request lines, each with its end */
    bool binary;                                     /* frames of bytes */
    bool greets;                                     /* more than an upgrade is needed: live when `message` says so */
    void (*open)(struct fan *f, struct fan_conn *c); /* upgraded; may be NULL */
    void (*message)(struct fan *f, struct fan_conn *c, const char *text, size_t len); /* greeting or live */
    size_t (*event)(struct fan *f, uint32_t mark, char *ret); /* what a host sends; FAN_WORD_BYTES */
};
const struct fan_dialect *fan_dialect_find(const char *name); /* NULL: unknown */

struct fan_books {
    uint64_t deliveries;         /* events at viewers who read */
    uint64_t recvs;              /* reads that brought any */
    uint64_t gaps, duplicates;   /* against the mark, and Liveshelf's seq */
    uint64_t lost;               /* live lines that ended unasked */
    uint64_t failed;             /* connects and upgrades that came to nothing */
    uint64_t refused;            /* upgrades told to come again later */
    uint64_t resumed, snapshots; /* welcomes, by what followed */
    uint64_t held, held_not;     /* answers to claims */
};

struct fan {
    const struct fan_dialect *dialect;
    unsigned port, host_port;       /* of the server; where hosts connect, the same when not said */
    const char *token, *host_token; /* Liveshelf's; NULL: none */
    struct fan_conn *conns;         /* viewers */
    size_t conns_max, conns_count;  /* places; taken */
    size_t tiny_from;               /* from this index on: the smallest receive buffer */
    size_t buyers;                  /* the first so many */
    struct fan_room *rooms;
    size_t rooms_count;
    int epoll;
    size_t opening, live, waiting; /* viewers and hosts in these states */
    size_t event_len, text_len;    /* of the last event; of its filling, so that events have FAN_EVENT_BYTES */
    size_t scanned;                /* who was looked at last for being due to connect */
    uint64_t wishes;               /* claims so far; names them */
    struct fan_books books;
    struct fan_samples each, last, claims;
    int64_t patience_us; /* a phase that is not over by then has failed */
    bool stdin_ready;
};

int64_t fan_now_us(void);

/* ---- fan_conn.c ---- */
MUST_USE enum result fan_init(struct fan *f); /* after its options are set */
void fan_finish(struct fan *f);
void fan_turn(struct fan *f, int64_t wait_us); /* waits for at most so long, then serves what came */
void fan_connect(struct fan *f, struct fan_conn *c);
void fan_drop(struct fan *f, struct fan_conn *c); /* resets the line; the conn is closed */
void fan_retry(struct fan *f, struct fan_conn *c, int64_t delay_us);
void fan_is_live(struct fan *f, struct fan_conn *c);
void fan_stall(struct fan *f, struct fan_conn *c);
void fan_send(struct fan *f, struct fan_conn *c, const char *text, size_t len); /* one masked frame */

/* ---- fan_dialect.c ---- */
size_t fan_request(const struct fan *f, const struct fan_conn *c, char *ret); /* FAN_WORD_BYTES */
void fan_claim(struct fan *f, struct fan_conn *buyer, int64_t due_us);        /* Liveshelf's dialect alone */

/* ---- fan_phase.c ---- */
struct fan_phase {
    unsigned window;        /* at most so many events of a room under way; 0: no flood */
    int64_t pin_every_us;   /* an event to each room this often; 0: none */
    size_t pins;            /* at most; 0: until the end */
    int64_t claim_every_us; /* one of the buyers claims a unit this often; 0: none */
    int64_t last_us;        /* how long; what is under way then is waited for */
    bool cuts; /* every viewer but the buyers loses the line; lasts until all are live and have seen the last event */
};
struct fan_report {
    double seconds, client_busy, back_s; /* back_s: until the last viewer was live again */
    uint64_t published;
    struct fan_books books;
};
MUST_USE enum result fan_gather(struct fan *f, size_t viewers,
                                struct fan_report *ret); /* all hosts, and viewers up to so many */
MUST_USE enum result fan_run(struct fan *f, const struct fan_phase *phase, struct fan_report *ret);
void fan_leave(struct fan *f);
void fan_rest(struct fan *f, int64_t last_us);

#endif
