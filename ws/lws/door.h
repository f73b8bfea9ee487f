/* ws/lws/door.h - may one more come in now, and what are they told if not?
 *
 * The address's limit comes first, then its portion (portions.h), then the bucket (admission.h): whatever an address is refused for takes
 * nothing from the others. The portion is asked for only while the bucket is less than half full: with room to spare one address may
 * have all of it, but never the lower half. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_DOOR_H
#define LIVESHELF_WS_LWS_DOOR_H

#include "ws/lws/admission.h"
#include "ws/lws/guard.h"
#include "ws/lws/meters.h"
#include "ws/lws/refusal.h"

struct door {
    struct admission *admission;
    struct guard *guard;
};
struct caller {
    struct sockaddr_storage peer;
    const char *forwarded_for; /* NULL: none */
};

/* False: *ret_why is REFUSED_ADDRESS, REFUSED_PORTION or REFUSED_ADMISSION. The first only looks; the second takes a join, which who
 * has a ticket gets whatever the portion and the bucket say. */
bool door_is_open(const struct door *d, const struct caller *c, int64_t now_ms, enum refusal *ret_why);
bool door_pass(const struct door *d, const struct caller *c, bool has_ticket, int64_t now_ms, enum refusal *ret_why);

/* The words for one who is refused for a while, and a time of their own. With REFUSED_ADMISSION it is a place in the line, which
 * counts for the portion as well; none is taken for who cannot read it (`unread`: a browser's WebSocket). The origin is left "". */
struct refusal_said door_refusal(const struct door *d, const struct caller *c, enum refusal why, bool unread,
                                 int64_t now_ms);

#endif
