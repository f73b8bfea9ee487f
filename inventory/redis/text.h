/* inventory/redis/text.h - the texts that inventory.lua keeps and speaks, as C values. Pure; what comes in may be anything.
 *
 *   hold    "id record", record "H1795177260000|viewer|broadcast|currency|sku:units:minor:version,...": H held, C confirmed,
 *           R released, X expired, V void, and a time in ms: held, its end on the broadcast's clock; otherwise when it ended,
 *           in server time. Behind the time stand, where there are any, "+1" extensions, "~" of an offer, "#order".
 *   claim   "viewer|broadcast|currency|lines", the part of a record that never changes; a shared claim lacks "viewer|"
 *   row     "available:held:sold:allocated:stopped:limit:version:waiting:tracked:recall:buffer", recall as enum recall_mode
 *   timer   of `x`: "t|broadcast|end|id id ..." the holds of one call with one end, on the broadcast's clock; "p|id id ..."
 *           to be purged; "u|lane" holds parked in this lane to be looked at. The score says when, in server time; of
 *           "p" behind TIMER_PURGE_BASE. What waits for a thaw or the end of a recall is parked: its score is
 *           TIMER_PARK_BASE + lane.
 *   clock   of `f`, of a broadcast: "stood|since|epoch|seq|lane"; lane: where its due timers are parked while since > 0 */
#ifndef LIVESHELF_INVENTORY_REDIS_TEXT_H
#define LIVESHELF_INVENTORY_REDIS_TEXT_H

#include "base/bytes.h"
#include "core/broadcast/movement.h"

struct text { /* a piece of a larger text */
    const char *at;
    size_t len;
};

/* Takes what stands before the next `mark`, and the mark; without one, the rest. False when nothing is left. */
bool text_take(struct text *from, char mark, struct text *ret);
size_t text_lines(struct text t); /* the last one need not end */
bool text_is(struct text t, const char *word);
bool text_number(struct text t, int64_t low, int64_t high, int64_t *ret); /* decimal, perhaps with '-', nothing else */
bool text_id(struct text t, char ret[ID_LEN_MAX + 1]);                    /* a valid id */
bool text_ref(struct text t, char ret[REF_LEN_MAX + 1]); /* visible ASCII without '|' and ','; may be empty */

/* RESULT_OK, or RESULT_MALFORMED with *ret in any state. */
MUST_USE enum result text_hold_record(struct text record, struct hold *ret); /* all but the id */
MUST_USE enum result text_hold(struct text text, struct hold *ret);
struct row_rest {    /* of a row, what the ports do not show */
    int64_t waiting; /* viewers in line */
    bool tracked;    /* units per viewer are counted */
};
MUST_USE enum result text_row(struct text row, struct stock_count *ret,
                              struct row_rest *ret_rest); /* all but the SKU */

/* "broadcast|currency|lines" of a hold that is not there yet: fills these, and the state HELD. */
MUST_USE enum result text_shared_claim(struct text claim, struct hold *ret);

#define TIMER_PARK_BASE INT64_C(1000000000000000)
#define TIMER_PURGE_BASE INT64_C(5000000000000000)
struct timer_text {
    char kind;                      /* 't', 'p' or 'u' */
    char broadcast[ID_LEN_MAX + 1]; /* "t" */
    int64_t expires_at_ms;          /* "t": on the clock of the broadcast */
    int64_t lane;                   /* "u" */
    struct text ids;                /* "t", "p": with a blank between them, for text_take; borrowed */
};
MUST_USE enum result text_timer(struct text timer, struct timer_text *ret);

struct clock_text {
    int64_t stood_ms, since_ms, seq, lane;
    struct epoch_id epoch;
};
MUST_USE enum result text_clock(struct text clock, struct clock_text *ret);

/* "viewer|broadcast|currency|lines": what a wish promises; and without the viewer. The hold's values must be valid ids. */
void text_claim_write(struct bytes *out, const struct hold *h);
void text_shared_claim_write(struct bytes *out, const struct hold *h);

#endif
