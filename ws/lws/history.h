/* ws/lws/history.h - what a ring has forgotten: the events of one broadcast for one role, read again from its log, framed
 * once for all who come back from further away than the ring reaches.
 *
 *   history_wait      a greeting waits; the first one starts the reading
 *     history_event     each event framed into a channel of the history's own, until the room's ring goes on from there
 *     history_done      everyone who waits is greeted, a few per turn of the loop (history_greet_some)
 *   history_served    who has been sent all of it follows the room's ring from there: no gap, no duplicate
 *   history_tick      the reading took too long: snapshots instead; it was kept for resume_keep_ms: forgotten, unless
 *                     somebody still follows it, and then some time later
 *
 * Who was on a node that is ahead of this one waits until it has caught up. Whoever is slow has a cursor in it like in any
 * channel, and costs no memory. At most one reading at a time, of at most resume_events_max events; at most resume_bytes_max
 * of frames are kept, the last ones. Loop thread only. */
#ifndef LIVESHELF_WS_LWS_HISTORY_H
#define LIVESHELF_WS_LWS_HISTORY_H

#include "core/orchestrator/orchestrator.h"
#include "ws/lws/channel.h"

struct hub;
struct room;
struct greeting;

struct history {
    struct room *room;
    enum role role;         /* ROLE_VIEWER, ROLE_HOST */
    struct channel channel; /* open as long as anything is kept, or somebody still follows it */
    enum history_state { HISTORY_NONE, HISTORY_READING, HISTORY_READY } state;
    struct orchestrator_replay replay;
    struct epoch_id epoch; /* of the last event in it */
    uint64_t until_seq;    /* the last event in it */
    int64_t since_ms;      /* in this state */
    uint64_t began_ns;     /* of the reading */
    struct list waiting;   /* struct greeting, by `waits`: for the reading */
    struct list ahead;     /* the same: who has seen more than this node has yet */
};

void history_init(struct history *h, struct room *room, enum role role);
void history_finish(struct history *h); /* everyone must have left; zeroed memory is fine */

/* Where one who has seen everything up to `seq` of this epoch goes on in it; false when it does not reach back so far, or the
 * room's ring does not go on where it ends. */
bool history_behind(const struct history *h, const struct epoch_id *epoch, uint64_t seq, uint64_t *ret_cursor);
/* True: `g` waits for a reading that may hold what comes after its resume_seq; greet_go_on is called when that is over,
 * unless the greeting is forgotten before. False: it cannot help. */
bool history_wait(struct history *h, const struct show_view *show, struct greeting *g);
void history_reset(struct history *h); /* another epoch: nothing of it is history any more */
void history_tick(struct history *h);

/* Greets some of those whose waiting is over. True: more are left, come back without sleeping. */
bool history_greet_some(struct hub *hub);

#endif
