/* ws/lws/outlet.h - what channel.c and outlet.c tell each other; everyone else includes channel.h. */
#ifndef LIVESHELF_WS_LWS_OUTLET_H
#define LIVESHELF_WS_LWS_OUTLET_H

#include "ws/lws/channel.h"

enum offer { OFFER_NOTHING, OFFER_EVENTS, OFFER_VALUES, OFFER_LAPPED, OFFER_OUTDATED };

MUST_USE enum result channel_seat(struct channel *c, struct outlet *o, uint64_t cursor);
void channel_unseat(struct outlet *o);
/* What a seat is to be sent next: events before values. *ret_part for OFFER_EVENTS and OFFER_VALUES. */
enum offer seat_offer(const struct channel *c, const struct seat *seat, struct span *ret_part);

/* Of what the socket was offered it took `sent` bytes (or -errno): moves the cursor, hands the rest of a cut frame over, waits
 * or kills. Calls nobody back. True: it may be sent more. */
bool outlet_settle(struct outlet *o, enum offer offer, struct span part, ssize_t sent);
void outlet_wait(struct outlet *o); /* asks lws for WRITEABLE; sweeps pass it by until then */

#endif
