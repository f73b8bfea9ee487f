/* ws/lws/portions.h - how much of what the door gives each address has had lately, so that in a crowd one who comes again and again
 * leaves something for the others.
 *
 * An address may have PORTION_OF_RATE of the rate (PORTION_PER_SECOND_MIN at least), and what that brings in PORTION_BURST_MS at once. PORTIONS
 * addresses are remembered; a further one takes the place of one that has had little. Who has more addresses than that has
 * more portions: no memory of ours helps against it. Pure: time in, no clock. */
#ifndef LIVESHELF_WS_LWS_PORTIONS_H
#define LIVESHELF_WS_LWS_PORTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/must.h"
#include "base/result.h"

#define PORTIONS 4096 /* 24 bytes each */
#define PORTION_OF_RATE 0.1
#define PORTION_PER_SECOND_MIN 2
#define PORTION_BURST_MS 2000

struct portion {
    uint64_t who;
    double taken; /* and not yet given back by time */
    int64_t at_ms;
};
struct portions {
    struct portion *slots; /* owned; in sets, by `who` */
};

MUST_USE enum result portions_init(struct portions *s);
void portions_finish(struct portions *s); /* zeroed memory is fine */

/* `who`: a hash nobody outside can foresee; `per_second`: the rate of the door now. */
bool portions_is_left(const struct portions *s, uint64_t who, double per_second, int64_t now_ms);
void portions_take(struct portions *s, uint64_t who, double per_second, int64_t now_ms);

#endif
