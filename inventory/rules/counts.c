#include "inventory/rules/counts.h"

#include "base/must.h"

bool counts_add_up(const struct counts *c)
{
    return c->held >= 0 && c->sold >= 0 && c->buffer >= 0 && c->available + c->held + c->sold == c->allocated &&
           (c->stopped || c->recall == LAW_NONE);
}

int64_t counts_sellable(const struct counts *c) { return c->available - c->buffer; }

static enum take_verdict fits(const struct counts *c, int64_t there, int64_t units)
{
    if (there >= units)
        return TAKE_MAY;
    return c->held > 0 ? TAKE_HELD_OUT : TAKE_SOLD_OUT;
}

static enum take_verdict may_take_of(const struct counts *c, int64_t there, int64_t units, int64_t has)
{
    if (c->stopped)
        return TAKE_STOPPED;
    if (c->limit_per_viewer > 0 && has + units > c->limit_per_viewer)
        return TAKE_LIMIT;
    return fits(c, there, units);
}

enum take_verdict counts_may_take(const struct counts *c, int64_t units, int64_t has)
{
    return may_take_of(c, counts_sellable(c), units, has);
}

enum take_verdict counts_may_retake(const struct counts *c, int64_t units, int64_t has)
{
    return may_take_of(c, c->available, units, has);
}

enum take_verdict counts_may_restore(const struct counts *c, int64_t units, int64_t has)
{
    (void)has;
    return fits(c, c->available, units);
}

/* What each move does to available, held, sold, allocated. */
static const struct {
    int available, held, sold, allocated;
} moves[COUNTS_MOVES] = {
    [COUNTS_HOLD] = {-1, +1, 0, 0},   [COUNTS_FREE] = {+1, -1, 0, 0},     [COUNTS_SELL] = {0, -1, +1, 0},
    [COUNTS_RETAKE] = {-1, 0, +1, 0}, [COUNTS_ALLOCATE] = {+1, 0, 0, +1}, [COUNTS_WITHDRAW] = {-1, 0, 0, -1},
};

void counts_move(struct counts *c, enum counts_move move, int64_t units)
{
    MUST((unsigned)move < COUNTS_MOVES && units > 0);
    MUST(moves[move].available >= 0 || c->available >= units); /* units are taken from what is there */
    c->available += moves[move].available * units;
    c->held += moves[move].held * units;
    c->sold += moves[move].sold * units;
    c->allocated += moves[move].allocated * units;
    MUST(counts_add_up(c));
}

enum sync_verdict counts_sync(struct counts *c, int64_t count, int64_t gone, int64_t version, int64_t *ret_change)
{
    if (version <= c->version)
        return SYNC_IGNORED;
    if (gone > c->sold)
        return SYNC_BAD;
    int64_t change = count + gone - c->allocated;
    c->allocated += change;
    c->available += change;
    c->version = version;
    MUST(counts_add_up(c));
    *ret_change = change;
    return SYNC_MOVES;
}

int64_t counts_sync_delay_ms(int64_t counted_ms, int64_t now_ms)
{
    if (counted_ms == 0)
        return -1;
    return now_ms > counted_ms ? now_ms - counted_ms : 0;
}

bool counts_recall(struct counts *c, enum recall_law mode)
{
    if (c->recall == mode)
        return false;
    c->recall = mode;
    c->stopped = true;
    return true;
}
