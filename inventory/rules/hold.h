/* inventory/rules/hold.h - the written law of one hold: what may become of it, and what everybody else hears.
 *
 * Pure: no I/O, no clock, no allocation. Times are milliseconds on the clock of the hold's broadcast (clock.h). A hold ends
 * exactly once; every later request is answered, and changes nothing. inventory/redis/inventory.lua is the same law where the truth lies; tests/contract
 * plays one game to both.
 *
 * Before the law of states comes the law of names, which the caller checks:
 *   - a reserve under a known id with any other viewer, broadcast, currency or line is a mismatch;
 *   - extend and release by any viewer but the hold's own hear `unknown`, as if there were no such hold;
 *   - what is done on behalf of the shop is asked by no viewer: a confirm, a take-back, a release that names none;
 *   - a confirm with another amount or currency than the hold's is a mismatch in every state, a repeated confirm
 *     under another order too;
 *   - ids that begin with HOLD_OFFER_MARK are given to offers from the waitlist; clients cannot take them. */
#ifndef LIVESHELF_INVENTORY_RULES_HOLD_H
#define LIVESHELF_INVENTORY_RULES_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#define HOLD_OFFER_MARK '~'
#define HOLD_TTL_MS_MAX INT64_C(604800000) /* a week */
#define HOLD_RETAIN_MS INT64_C(86400000)   /* how long a closed hold still answers; then it is purged */
#define HOLD_EXPIRE_BATCH_MAX 128          /* timers looked at by one call */
#define HOLD_EXTEND_GAIN(ttl_ms) ((ttl_ms) / 10)

/* The states, in the order of `enum hold_state` of core/broadcast, which this floor cannot see. */
enum hold_life { LIFE_NONE, LIFE_HELD, LIFE_CONFIRMED, LIFE_RELEASED, LIFE_EXPIRED, LIFE_VOID, HOLD_LIVES };

enum hold_act { ACT_RESERVE, ACT_EXTEND, ACT_CONFIRM, ACT_RELEASE, ACT_TAKE_BACK, ACT_EXPIRE, HOLD_ACTS };

enum hold_verdict {
    VERDICT_MOVES,   /* do it */
    VERDICT_REPLAYS, /* it is so already: answer with the hold as it is now */
    VERDICT_RETAKES, /* paid after expiry: take the units again, or void the hold for good */
    VERDICT_UNKNOWN,
    VERDICT_IS_CONFIRMED,
    VERDICT_IS_RELEASED,
    VERDICT_IS_EXPIRED,
    VERDICT_NOTHING, /* expiry of what is not held */
};

/* A reserve of an unknown id only MOVES if the counts allow it; a take-back only while a recall takes back. An overdue hold
 * that nobody expired yet is still held: its units are still its own, so it may be confirmed and extended. Before
 * a confirm of what is held or released comes the question of recall.h: a refused payment is told so. */
enum hold_verdict hold_judge(enum hold_act act, enum hold_life life);

enum extend_verdict {
    EXTEND_MOVES,   /* *ret_expires_at_ms is the new end; one extension is used */
    EXTEND_IS_SO,   /* would gain less than HOLD_EXTEND_GAIN: a repeat of a lost answer uses no second one */
    EXTEND_USED_UP, /* all `extends_max` used */
};
/* Of a hold that is held. Never shortens. */
enum extend_verdict hold_extend(int64_t expires_at_ms, unsigned extends, unsigned extends_max, int64_t now_ms,
                                int64_t ttl_ms, int64_t *ret_expires_at_ms);

/* The first millisecond of `expires_at_ms` is already too late. A due hold is spared by the call that brings its
 * confirm, or an extend that will be granted. */
bool hold_is_due(int64_t expires_at_ms, int64_t now_ms);

#endif
