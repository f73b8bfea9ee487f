#include "inventory/rules/clock.h"

bool show_clock_is_frozen(const struct show_clock *c) { return c->since_ms != 0; }

int64_t show_clock_shift_ms(const struct show_clock *c, int64_t now_ms)
{
    int64_t pause = show_clock_is_frozen(c) && now_ms > c->since_ms ? now_ms - c->since_ms : 0;
    return c->stood_ms + pause;
}

enum clock_verdict show_clock_set(struct show_clock *c, bool frozen, const struct epoch_id *epoch, int64_t seq,
                                  int64_t now_ms)
{
    if (frozen == show_clock_is_frozen(c))
        return CLOCK_IS_SO;
    if (ID_EQUAL(*epoch, c->epoch) && seq <= c->seq)
        return CLOCK_IS_OLD;
    c->stood_ms = show_clock_shift_ms(c, now_ms);
    c->since_ms = frozen ? now_ms : 0;
    c->epoch = *epoch;
    c->seq = seq;
    return CLOCK_MOVES;
}
