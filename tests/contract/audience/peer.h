/* tests/contract/audience/peer.h - a client that shares no code with the server: sockets, HTTP and WebSocket frames by hand. */
#ifndef LIVESHELF_TESTS_CONTRACT_AUDIENCE_PEER_H
#define LIVESHELF_TESTS_CONTRACT_AUDIENCE_PEER_H

#include "tests/contract/audience/stage.h"

struct peer {
    struct stage *stage;
    int fd;
    struct bytes in;     /* received and not consumed */
    bool closed;         /* the other side has closed, or reset */
    uint16_t close_code; /* of its close frame; 0: none came */
    unsigned pings;
    bool silent;     /* answers no PING */
    bool no_body;    /* HEAD was asked */
    bool deaf;       /* reads nothing: its socket fills up */
    char **messages; /* text messages, in order */
    size_t messages_count, messages_capacity;
    size_t looked_at; /* messages that peer_expect has passed */
};

void peer_connect(struct peer *p, struct stage *s);
void peer_connect_small(struct peer *p, struct stage *s, int receive_buffer_bytes);
void peer_finish(struct peer *p);
void peer_send(struct peer *p, const char *data, size_t len); /* raw bytes */
void peer_send_text(struct peer *p, const char *text);
void peer_pump(struct peer *p);     /* takes what has come, without waiting */
void peer_pump_raw(struct peer *p); /* the same, left in p->in as it came */
void peer_drop(struct peer *p);     /* the same, and throws it away */
void peer_run_ms(struct peer *p, int64_t ms);

/* HTTP: the next whole answer; its head, and its body in *ret_body (may be NULL). Freed with free(). */
char *peer_answer(struct peer *p, char **ret_body);
int peer_status(struct peer *p, const char *request_text); /* sends, returns the status; the body is dropped */

/* WebSocket. */
void peer_upgrade_sent(struct peer *p, const char *path, const char *more_headers);
int peer_upgrade(struct peer *p, const char *more_headers); /* of the stage's show: the status */
void peer_frame(struct peer *p, unsigned first_byte, const char *data, size_t len); /* masked */
void peer_say(struct peer *p, const char *text);                                    /* one text frame */
void peer_hello(struct peer *p, const char *token, const char *more);               /* more: further members, ",..." */
/* Connected, greeted, welcomed, and has its snapshot. */
void peer_join(struct peer *p, struct stage *s, enum role role, const char *sub);
/* The next message that contains `part`; fails the test when the conn closes or nothing comes. Borrowed. */
const char *peer_expect(struct peer *p, const char *part);
void peer_expect_close(struct peer *p, uint16_t code);
size_t peer_count(const struct peer *p, const char *part); /* messages so far that contain it */

#endif
