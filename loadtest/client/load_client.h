/* loadtest/client/load_client.h - thousands of WebSockets, and the odd HTTP request, on one epoll in one thread.
 *
 * Used by liveshelf-load and by the demo's crowd. It is used like a foreign library, #include <load_client.h>: it knows nothing
 * of the server and shares none of its code about sockets, so that it cannot share its mistakes either. Callbacks run inside
 * load_turn and may start, send and close anything. Times are milliseconds of the monotonic clock. */
#ifndef LOAD_CLIENT_H
#define LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/result.h"
#include "base/rng.h"

#define LOAD_WHEEL 4096              /* slots of a millisecond; a timer may be due many turns later */
#define LOAD_MESSAGE_MAX (8u << 20)  /* of one message; a longer one closes the conn */
#define LOAD_CONNS_PER_ADDRESS 20000 /* source ports of one loopback address */

struct load_timer {
    void (*fire)(struct load_timer *timer); /* one shot; may start itself again */
    int64_t due_ms;
    struct list link;
};

enum load_state { LOAD_IDLE, LOAD_CONNECTING, LOAD_WAITING, LOAD_OPEN, LOAD_ENDED };

struct load_conn; /* below */
struct load_handler {
    void (*open)(struct load_conn *c);                                  /* upgraded: messages may be sent */
    void (*message)(struct load_conn *c, const char *text, size_t len); /* borrowed; not NUL-terminated */
    void (*closed)(struct load_conn *c, int code, const char *why);     /* once; the close code, 0 without one */
};

struct load_conn { /* embedded by the caller; zero before the first use; may be opened again once it is closed */
    const struct load_handler *handler;
    void *ctx;
    /* ---- ours ---- */
    struct load_set *set;
    int fd;
    enum load_state state;
    struct bytes in, out, message; /* unread rest, unsent rest, fragments so far */
    struct load_http *http;        /* NULL: a WebSocket */
    struct list ending;            /* in set->ending while `closed` is still to be told */
    int close_code;
    bool paused;            /* nothing is read but by load_read_some */
    int status;             /* of the answer that refused the upgrade; 0: none came, or it was not refused */
    int64_t retry_after_ms; /* said with that refusal; 0: nothing was said */
    char why[96];
    uint64_t received_bytes;
};

struct load_target {
    char host[64]; /* numeric */
    unsigned port;
};

/* The members of a message that everybody looks at, found without building a tree. Texts are borrowed from the message, or
 * from the set's copy of it: they last until the callback returns. */
struct load_peek {
    const char *t, *re; /* NULL: absent. Not NUL-terminated */
    size_t t_len, re_len;
    bool has_seq, recovered;
    int64_t seq, ms; /* 0: absent */
    const char *epoch;
    size_t epoch_len;
    const char *d; /* the value of "d" */
    size_t d_len;
};

/* What is published comes to every viewer as the same bytes: it is looked at once, and then only compared. */
#define LOAD_SEEN 4
#define LOAD_SEEN_BYTES 4096
struct load_seen {
    size_t len; /* 0: empty */
    char text[LOAD_SEEN_BYTES];
    struct load_peek peek;
};

struct load_set {
    struct load_target target;
    int epoll;
    struct rng rng;
    struct list wheel[LOAD_WHEEL];
    int64_t wheel_ms;
    struct list ending;
    char *buffer;
    struct load_seen *seen; /* LOAD_SEEN of them */
    size_t seen_next;
    size_t conns;          /* opened and not ended */
    uint64_t opened_total; /* chooses the source address */
    bool spread;           /* the target is a loopback address: take 127.0.0.2 and up in turn */
};

/* "ws://127.0.0.1:8080", "http://[::1]:8080/": scheme, numeric host and port; what follows is ignored. */
MUST_USE enum result load_target_parse(const char *url, struct load_target *ret);
MUST_USE enum result load_set_init(struct load_set *s, const struct load_target *target, uint64_t seed);
void load_set_finish(struct load_set *s); /* conns still open are the caller's to close before */

int64_t load_now_ms(void);
int64_t load_now_us(void);
/* Waits for at most `wait_ms`, then runs what came and what is due. */
void load_turn(struct load_set *s, int wait_ms);
void load_timer_start(struct load_set *s, struct load_timer *t, int64_t delay_ms); /* re-arms when running */
void load_timer_stop(struct load_timer *t);

/* Opens a WebSocket on `path` with subprotocol liveshelf.v1. `headers` are further request lines, each ending in \r\n, or
 * NULL. Failing at once also comes through `closed`. */
void load_open(struct load_set *s, struct load_conn *c, const char *path, const char *headers);
void load_send(struct load_conn *c, const char *text, size_t len); /* one masked text frame; nothing when not open */
void load_sendf(struct load_conn *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Says goodbye with a close frame (code 0: none, the line just drops) and ends; `closed` follows in the same or next turn. */
void load_close(struct load_conn *c, int code);
bool load_is_open(const struct load_conn *c);
/* A slow reader: a paused conn reads only what load_read_some asks for, still sends, and does not answer pings it has not
 * read. Opening again ends the pause. `bytes` of the receive buffer are the kernel's to round; 0 leaves it as it is. */
void load_pause(struct load_conn *c, bool paused, int receive_buffer_bytes);
void load_read_some(struct load_conn *c, size_t bytes); /* at most so many, once; messages come from inside */

/* One HTTP request on a conn of its own. Owned by the caller until `done`. */
struct load_http {
    const char *method, *path, *token; /* token NULL: none. Borrowed until done */
    const char *idempotency_key;       /* NULL: none */
    const char *content_type;          /* NULL: application/json */
    const char *body;                  /* NULL: none */
    size_t body_len;
    void (*done)(struct load_http *h, int status, const char *body, size_t len); /* status 0: no answer */
    void *ctx;
    struct load_conn conn;
};
void load_http_start(struct load_set *s, struct load_http *h);

MUST_USE enum result load_peek(const char *text, size_t len, struct load_peek *ret);
/* The same, for a message that others of the set may have had just before. */
MUST_USE enum result load_peek_seen(struct load_set *s, const char *text, size_t len, struct load_peek *ret);
bool load_is(const char *text, size_t len, const char *word);
/* A member of an object, such as the "d" of a message: its value as it stands, quotes included. False: there is none. */
bool load_find(const char *text, size_t len, const char *name, const char **ret, size_t *ret_len);

#endif
