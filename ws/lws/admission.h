/* ws/lws/admission.h - how many may come in now, and when the others should try again.
 *
 *   a bucket of joins   filled at `per_second`, between two named bounds; a calm node stands ready for a quarter of the most
 *   what the node keeps the *lag*: how long the turn of the loop was that a request coming at any moment would have fallen into
 *                       (the sum of all turns squared, over the time). A loop that rests counts as nothing, one that is always
 *                       busy as the length of its turns: one number says how much there is to do and how long selling waits for it.
 *                       In windows of ADMISSION_WINDOW_MS: over the target the rate falls by a fifth; under it, while the bucket is
 *                       wanted, it grows by a fiftieth of the most.
 *   a line of places    everyone refused is given one behind the last: they come back one after the other, not all at once. The
 *                       line is laid out for twice the rate of late: a refusal costs little, an idle node costs viewers. It is
 *                       never longer than ADMISSION_RETRY_MAX_MS, and while the bucket is full it shrinks tenfold: who does
 *                       not come leaves no gap for those who do.
 *
 * Nobody is told apart: who resumes and who is new wait alike; what one address may have is door.h. Hosts carry a ticket (auth.h).
 * Pure: time in, no clock. */
#ifndef LIVESHELF_WS_LWS_ADMISSION_H
#define LIVESHELF_WS_LWS_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

#define ADMISSION_WINDOW_MS 100
#define ADMISSION_BURST_MS 500 /* the bucket holds what this time brings */
#define ADMISSION_RETRY_MIN_MS 500
#define ADMISSION_RETRY_MAX_MS 30000 /* the end of the line; places there are scattered over the later half of this */

struct admission_limits {
    uint32_t per_second_min,
        per_second_max; /* joins; the same: fixed. min >= 1; a max below the min counts as the min */
    int64_t lag_target_ms;
};

struct admission {
    struct admission_limits limits;
    double per_second; /* now */
    double usual_per_second;
    double joins; /* in the bucket; below 0 after tickets */
    int64_t filled_at_ms;
    double last_place_ms; /* of the line */
    int64_t placed_at_ms;
    /* this window */
    int64_t window_at_ms;
    double turns_squared_ms; /* the sum */
    uint32_t taken;
    bool wanted; /* somebody was refused */
    struct rng rng;
};

void admission_init(struct admission *a, const struct admission_limits *limits, uint64_t seed, int64_t now_ms);

bool admission_take(struct admission *a, int64_t now_ms);          /* one join; false: refused, ask admission_place */
void admission_take_ticket(struct admission *a, int64_t now_ms);   /* one join, whatever the bucket says */
bool admission_is_open(struct admission *a, int64_t now_ms);       /* admission_take would say yes */
bool admission_is_near_limit(struct admission *a, int64_t now_ms); /* the bucket is less than half full */

/* When to try again, from now on: a place of one's own at the end of the line, with a little jitter. */
int64_t admission_place(struct admission *a, int64_t now_ms);
/* The same for who will not read it (a browser's WebSocket) but ask again by HTTP: the line does not grow. */
int64_t admission_place_unread(struct admission *a, int64_t now_ms);
/* Who waits for something else than the line: `usual_ms`, evenly from half of it to one and a half. */
int64_t admission_scatter(struct admission *a, int64_t usual_ms);

void admission_turn(struct admission *a, int64_t busy_ns); /* the loop worked for so long between two rests */
void admission_tick(struct admission *a, int64_t now_ms);  /* at least every ADMISSION_WINDOW_MS, about */

#endif
