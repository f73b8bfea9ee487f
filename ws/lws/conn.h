/* ws/lws/conn.h - one WebSocket, from the upgrade to its end.
 *
 *   GREETING  waits for a valid hello                                    receive.c, greet.c
 *   OPENING   the broadcast is being folded
 *   RESUMING  sends what was missed: out of the ring, or one snapshot after falling off it
 *   LIVE      at the head of its ring, or near it
 *   CLOSING   said its last word; waits for the other side's, close_grace_ms at most
 *
 * The memory is libwebsockets' per-session memory: zeroed before the upgrade, gone after conn_gone. */
#ifndef LIVESHELF_WS_LWS_CONN_H
#define LIVESHELF_WS_LWS_CONN_H

#include "core/orchestrator/orchestrator.h"
#include "ws/lws/auth.h"
#include "ws/lws/channel.h"

struct address;
struct hub;
struct room;

#define CONN_HOLDS_MAX 16 /* own holds told again to one who resumed; open ones first */

enum conn_state { CONN_GREETING, CONN_OPENING, CONN_RESUMING, CONN_LIVE, CONN_CLOSING, CONN_STATES };

enum close_code {
    CLOSE_GOING_AWAY = 1001,
    CLOSE_NOT_TEXT = 1003,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_BIG = 1009,
    CLOSE_TRY_LATER = 1013,
    CLOSE_UNAUTHENTICATED = 4401,
    CLOSE_FORBIDDEN = 4403,
    CLOSE_HEARTBEAT = 4408,
    CLOSE_TOO_SLOW = 4413,
    CLOSE_TOO_MANY = 4429,
};

struct greeting { /* what is forgotten once a conn is live */
    struct orchestrator_open open;
    struct conn *conn;
    struct broadcast_id broadcast; /* from the path */
    struct shop_id shop;
    char re[ID_LEN_MAX + 1];
    char viewer_key[VIEWER_KEY_MAX]; /* for the welcome; "" when the token names the person */
    bool has_resume;
    struct epoch_id resume_epoch;
    uint64_t resume_seq;
    struct list waits; /* for a history, or its turn after it */
};

struct conn {
    struct outlet outlet;
    struct list link;          /* hub->conns[state] */
    struct list of_viewer;     /* circle of the same person's conns in the room */
    struct hub *hub;           /* NULL: not established, or gone */
    struct room *room;         /* from RESUMING or LIVE on */
    struct greeting *greeting; /* until then; owned */
    struct address *address;   /* whose conns are counted together; NULL: not counted */
    struct bytes *message;     /* fragments of a message that is not complete; owned, usually NULL */
    uint64_t id;
    int64_t since_ms; /* in this state */
    int64_t seen_ms;  /* last sign of life */
    int64_t tokens_at_ms;
    uint32_t tokens_milli; /* thousandths of messages it may send now */
    uint32_t refused_in_row;
    uint32_t malformed_in_row;
    uint32_t clock_slot; /* of LAG_SLOT_MS: in it was said last where the video is */
    enum conn_state state;
    enum role role;
    bool has_sub;             /* the token names the person; otherwise `viewer` is only this browser */
    struct viewer_id viewer;
};

/* ---- from libwebsockets, through server.c ---- */
void conn_established(struct conn *c, struct hub *hub, struct lws *wsi);
struct message_part {
    const char *data;
    size_t len;
    bool first, last, binary;
};
void conn_received(struct conn *c, const struct message_part *part);
void conn_seen(struct conn *c); /* any sign of life */
void conn_writable(struct conn *c);
/* A close frame came. -1: lws hangs up instead of answering it: ours was said already, or this is none that may be said back. */
int conn_peer_closes(struct conn *c, const char *payload, size_t len);
void conn_gone(struct conn *c); /* again: nothing */

/* ---- from the hub ---- */
void conn_answer(struct conn *c, const struct outcome *outcome);
void conn_close(struct conn *c, enum close_code code, const char *reason); /* CLOSING already: nothing */
void conn_close_slow(struct conn *c);
void conn_send_away(struct conn *c); /* draining: reconnect elsewhere */
void conn_lapped(struct outlet *o);
void conn_outdated(struct outlet *o);
void conn_caught_up(struct outlet *o);

/* ---- between conn.c, receive.c and greet.c ---- */
void conn_move(struct conn *c, enum conn_state next); /* the only writer of c->state */
struct bytes *conn_message(struct conn *c);           /* begin a message to it... */
void conn_send(struct conn *c);                       /* ...and send it */
void conn_send_frames(struct conn *c, struct span frames);
void conn_send_error(struct conn *c, const char *re, enum error_code code, const char *field, const char *detail,
                     int64_t retry_after_ms);
void conn_show(struct conn *c, const struct show_view *show); /* the whole state: a snapshot, or the volumes */
void conn_set_role(struct conn *c, enum role role);
void greet_hello(struct conn *c, struct command *hello);
void greet_go_on(struct greeting *g); /* what it waited for is there, or never will be */
void greet_finish(struct conn *c);    /* forgets the greeting, cancels what it waits for */

#endif
