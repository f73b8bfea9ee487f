/* tests/unit/ws/wire/sample.h - one show in one state, with everything in it that a message can tell: the state behind
 * docs/protocol/examples. All that is not for viewers contains SAMPLE_PRIVATE. */
#ifndef LIVESHELF_TESTS_UNIT_WS_WIRE_SAMPLE_H
#define LIVESHELF_TESTS_UNIT_WS_WIRE_SAMPLE_H

#include "ws/wire/message.h"

#define SAMPLE_PRIVATE "(between us)"
#define SAMPLE_NOW_MS INT64_C(1795177200000)
#define SAMPLE_VIEWER "v_8f2k3"
#define SAMPLE_OTHER_VIEWER "v_zz9" /* nothing of theirs is for SAMPLE_VIEWER */

struct sample {
    struct broadcast broadcast;
    struct run_of_show run;
    struct claims claims;
    struct catalogue catalogue;
    struct demand demand[2];
    struct preflight preflight;
    struct volume_sku volume_skus[2];
    struct volume_point points[2];
    struct volume_pin pins[1];
    struct show_view show;
    struct volumes_view volumes;
    struct bytes document; /* of the estimate */
    struct message_context context;
};
void sample_init(struct sample *s);
void sample_finish(struct sample *s);
/* An event of that kind as it is after its step; the caller finishes it. */
struct event sample_event(enum event_kind kind);
struct hold sample_hold(void); /* h_7Qx, held by SAMPLE_VIEWER */

/* clang-format off */
#define SAMPLE_ID(id) {.text = id} /* NOLINT(bugprone-macro-parentheses): only a bare text initialises an array */
/* clang-format on */

#endif
