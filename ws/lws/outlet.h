/* ws/lws/outlet.h - what channel.c and outlet.c tell each other; everyone else includes channel.h. */
#ifndef LIVESHELF_WS_LWS_OUTLET_H
#define LIVESHELF_WS_LWS_OUTLET_H

#include "ws/lws/channel.h"

MUST_USE enum result channel_seat(struct channel *c, struct outlet *o, uint64_t cursor);
void channel_unseat(struct outlet *o);
void outlet_wait(struct outlet *o); /* asks lws for WRITEABLE; sweeps pass it by until then */

#endif
