/* tests/fuzz/frames_stranger.h - a made-up client of the server: a socket that sends whatever it is told to, and a judge of all that
 * comes back. Whatever the client did, what the server sends is an HTTP head first, then, after 101, whole unmasked frames of valid
 * JSON text, PINGs, PONGs, and no message behind a close frame. */
#ifndef LIVESHELF_TESTS_FUZZ_FRAMES_STRANGER_H
#define LIVESHELF_TESTS_FUZZ_FRAMES_STRANGER_H

#include "base/bytes.h"
#include "tests/contract/audience/stage.h"

enum stranger_stage {
    STRANGER_HEAD,
    STRANGER_FRAMES,
    STRANGER_OTHER,
    STRANGER_CLOSED
}; /* OTHER: an HTTP answer's body, or a second answer */

struct stranger {
    struct stage *stage;
    int fd; /* -1: none */
    enum stranger_stage in;
    struct bytes received; /* and not judged yet */
    uint8_t piece;         /* bytes of one send(), the loop turned between them; 0: all at once */
    bool deaf;             /* reads nothing: its socket fills up */
};

void stranger_turn(struct stage *s, unsigned turns); /* of the loop, without waiting */
void stranger_open(struct stranger *l, struct stage *s);
void stranger_send(struct stranger *l, const void *data,
                   size_t len);         /* what the socket does not take is lost, as on a bad line */
void stranger_read(struct stranger *l); /* and judge */
void stranger_half_close(struct stranger *l);
void stranger_cut(struct stranger *l); /* with a reset: nothing waits in TIME_WAIT */

/* How a frame lies about itself. */
struct frame_lie {
    bool unmasked;
    uint8_t length_form; /* 0: the shortest; 1: 16 bits; 2: 64 bits; 3: 64 bits and `declared` */
    uint64_t declared;
    size_t payload_cut; /* bytes at the end that never come */
};
void stranger_frame(struct stranger *l, uint8_t first_byte, const void *payload, size_t len,
                    const struct frame_lie *lie);

#endif
