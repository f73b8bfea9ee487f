#include "inventory/rules/hold.h"

#include "base/must.h"

/* clang-format off */
static const enum hold_verdict law[HOLD_ACTS][HOLD_LIVES] = {
    /*                 none             held             confirmed             released             expired             void */
    [ACT_RESERVE] = { VERDICT_MOVES,   VERDICT_REPLAYS, VERDICT_REPLAYS,      VERDICT_REPLAYS,     VERDICT_REPLAYS,    VERDICT_REPLAYS },
    [ACT_EXTEND]  = { VERDICT_UNKNOWN, VERDICT_MOVES,   VERDICT_IS_CONFIRMED, VERDICT_IS_RELEASED, VERDICT_IS_EXPIRED, VERDICT_IS_EXPIRED },
    [ACT_CONFIRM] = { VERDICT_UNKNOWN, VERDICT_MOVES,   VERDICT_REPLAYS,      VERDICT_IS_RELEASED, VERDICT_RETAKES,    VERDICT_IS_EXPIRED },
    [ACT_RELEASE] = { VERDICT_UNKNOWN, VERDICT_MOVES,   VERDICT_IS_CONFIRMED, VERDICT_REPLAYS,     VERDICT_IS_EXPIRED, VERDICT_IS_EXPIRED },
    [ACT_TAKE_BACK] = { VERDICT_UNKNOWN, VERDICT_MOVES, VERDICT_IS_CONFIRMED, VERDICT_REPLAYS,     VERDICT_IS_EXPIRED, VERDICT_IS_EXPIRED },
    [ACT_EXPIRE]  = { VERDICT_NOTHING, VERDICT_MOVES,   VERDICT_NOTHING,      VERDICT_NOTHING,     VERDICT_NOTHING,    VERDICT_NOTHING },
};
/* clang-format on */

enum hold_verdict hold_judge(enum hold_act act, enum hold_life life)
{
    MUST((unsigned)act < HOLD_ACTS && (unsigned)life < HOLD_LIVES);
    return law[act][life];
}

enum extend_verdict hold_extend(int64_t expires_at_ms, unsigned extends, unsigned extends_max, int64_t now_ms,
                                int64_t ttl_ms, int64_t *ret_expires_at_ms)
{
    int64_t gain = now_ms + ttl_ms - expires_at_ms;
    if (gain <= 0 || gain < HOLD_EXTEND_GAIN(ttl_ms))
        return EXTEND_IS_SO;
    if (extends >= extends_max)
        return EXTEND_USED_UP;
    *ret_expires_at_ms = now_ms + ttl_ms;
    return EXTEND_MOVES;
}

bool hold_is_due(int64_t expires_at_ms, int64_t now_ms) { return expires_at_ms <= now_ms; }
